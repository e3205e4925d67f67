//! What messages cost the reference: to build and sign them, and to check those of others.

use aws_lc_rs::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};
use base64::{Engine, engine::general_purpose::STANDARD};
use collaudo_node::{Bytes, Timestamp};
use criterion::{Criterion, criterion_group, criterion_main};
use gestore::core::message::{
    Draft, EnvelopeRead, Form, Incoming, Index, Issuer, Stamp, Submission, Trust, classify, delivery, envelope,
    formal_check,
};

/// 2026-03-02T10:00:00Z.
const NOW: Timestamp = Timestamp::from_unix_micros(1_772_445_600_000_000);
const BRUNO: &str = "bruno@beta.test";

const KEY: &str = include_str!("../tests/keys/alfa.key.pem");
const CERTIFICATE: &str = include_str!("../tests/keys/alfa.crt.pem");
const AUTHORITY: &str = include_str!("../tests/keys/authority.crt.pem");
const INDEX: &[u8] = include_bytes!("../tests/keys/index.ldif.p7m");

/// A provider with its key.
struct Alfa {
    issuer: Issuer,
    key: KeyPair,
}

impl Alfa {
    fn new() -> Self {
        let certificate = pem(CERTIFICATE);
        let issuer = Issuer::new("posta-certificata@alfa.test", "Gestore Alfa S.p.A.", &certificate, &[]);
        Self { issuer: issuer.expect("a certificate"), key: KeyPair::from_pkcs8(&pem(KEY)).expect("an RSA key") }
    }

    fn sign(&self, draft: &Draft) -> Bytes {
        let mut signature = vec![0; self.key.public_modulus_len()];
        let signed = self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &draft.to_sign(), &mut signature);
        signed.expect("an RSA signature");
        draft.seal(&signature)
    }
}

fn pem(text: &str) -> Vec<u8> {
    let base64: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(base64).expect("PEM holds base64")
}

/// A submission with a text, or with a file of so many octets.
fn submission(attached: Option<usize>) -> Submission {
    let head = format!("From: anna@alfa.test\r\nTo: {BRUNO}\r\nSubject: Contratto\r\nMessage-ID: <mio@client>\r\n");
    let text = match attached {
        None => format!("{head}\r\nBuongiorno.\r\n"),
        Some(octets) => {
            let lines = "0123456789abcdef".repeat(4) + "\r\n";
            format!(
                "{head}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nBuongiorno.\r\n\
                 --b\r\nContent-Type: application/pdf; name=contratto.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n\
                 {}--b--\r\n",
                lines.repeat(octets / lines.len())
            )
        }
    };
    let to = [BRUNO.to_owned()];
    formal_check(&text.into(), "anna@alfa.test", &to, 30_000_000, "id1@alfa.test", &|_| true).expect("a good message")
}

fn messages(criterion: &mut Criterion) {
    let alfa = Alfa::new();
    let plain = submission(None);
    let sealed = alfa.sign(&envelope(&alfa.issuer, NOW, &plain));
    let index = Index::read(INDEX, &pem(AUTHORITY)).expect("an index");
    let trust = Trust::new(&[pem(AUTHORITY).into()]).expect("an authority");
    assert!(matches!(classify(&sealed, &index, &trust, None, NOW), Incoming::Envelope { .. }));

    let large = alfa.sign(&envelope(&alfa.issuer, NOW, &submission(Some(1_000_000))));
    let large = EnvelopeRead::read(&large).expect("a good envelope");
    let stamp = Stamp { id: "id2@alfa.test", at: NOW };

    criterion.bench_function("envelope, built and signed", |bencher| {
        bencher.iter(|| alfa.sign(&envelope(&alfa.issuer, NOW, &plain)));
    });
    criterion.bench_function("envelope, built", |bencher| {
        bencher.iter(|| envelope(&alfa.issuer, NOW, &plain).seal(&[0; 256]));
    });
    criterion.bench_function("envelope, checked", |bencher| {
        bencher.iter(|| classify(&sealed, &index, &trust, None, NOW));
    });
    criterion.bench_function("brief receipt of 1 MB, built", |bencher| {
        bencher.iter(|| delivery(&alfa.issuer, stamp, &large, BRUNO, Form::Brief).seal(&[0; 256]));
    });
}

criterion_group!(benches, messages);
criterion_main!(benches);
