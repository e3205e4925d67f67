//! What the judging of stored messages costs, beside what nobody can do without: mail-parser's parse of the same message and
//! one RSA verification of its octets. Prints both rates and their ratio for messages of three sizes.
//!
//! Warm is what is warm in a folder of one provider's messages: its certificates, and whether one signed the other, are known
//! from the message before. The signature of each message is verified each time.

use std::hint::black_box;

use aws_lc_rs::signature::{RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_judge::{Anchors, Profile, inspect};
use collaudo_record::{Instant, SignatureVerdict};
use criterion::{
    Criterion, criterion_group, criterion_main,
    measurement::{Measurement, WallTime},
};
use mail_parser::MessageParser;

/// The fixture's own writer of signatures; what it takes from the fixture's world stands here.
#[path = "../src/fixture/cms.rs"]
#[expect(dead_code, reason = "the fixture signs in more ways than a bench needs")]
mod cms;

const REVOCABLE: &[u8] = include_bytes!("../tests/fixtures/revocable.der");
const AUTHORITY: &[u8] = include_bytes!("../tests/fixtures/authority.der");
/// 2026-07-01T08:00:01Z.
const SIGNED_AT: Instant = Instant(1_782_892_801_000_000);

const TEXT: &str = "Messaggio di posta certificata\r\n\r\nIl giorno 01/07/2026 alle ore 10:00:01 (+0200) il messaggio\r\n\
    \"Contratto\" è stato inviato da \"anna@alfa.test\"\r\nindirizzato a:\r\nbruno@beta.test\r\n\
    Il messaggio originale è incluso in allegato.\r\nIdentificativo messaggio: p1.1@alfa.test\r\n";

/// A transport envelope of about so many octets, most of them an attachment of the original.
fn envelope(octets: usize) -> Vec<u8> {
    let latin: String = TEXT.replace('è', "=E8");
    let html = latin.replace("\r\n", "<br>\r\n");
    let line = "UXVlc3RvIGUnIGwnYWxsZWdhdG8gZGkgdW4gY29udHJhdHRvIGNoZSBuZXNzdW5vIGxlZ2dl\r\n";
    let attachment = line.repeat(octets.saturating_sub(7_000) / line.len());
    let original = format!(
        "From: anna@alfa.test\r\nTo: bruno@beta.test\r\nSubject: Contratto\r\nDate: Wed, 1 Jul 2026 10:00:00 +0200\r\n\
         Message-ID: <p1.1@alfa.test>\r\nX-Riferimento-Message-ID: <m1@client.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"utente\"\r\n\r\n--utente\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         In allegato il contratto.\r\n--utente\r\nContent-Type: application/pdf; name=\"contratto.pdf\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{attachment}\r\n--utente--\r\n"
    );
    let data = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<postacert tipo=\"posta-certificata\" errore=\"nessuno\"><intestazione>\
        <mittente>anna@alfa.test</mittente><destinatari tipo=\"certificato\">bruno@beta.test</destinatari>\
        <risposte>anna@alfa.test</risposte><oggetto>Contratto</oggetto></intestazione><dati>\
        <gestore-emittente>Alfa PEC S.p.A.</gestore-emittente><data zona=\"+0200\"><giorno>01/07/2026</giorno>\
        <ora>10:00:01</ora></data><identificativo>p1.1@alfa.test</identificativo><msgid>&lt;m1@client.test&gt;</msgid>\
        <ricevuta tipo=\"completa\"/></dati></postacert>\r\n";
    let content = format!(
        "Content-Type: multipart/mixed; boundary=\"corpo\"\r\n\r\n--corpo\r\nContent-Type: multipart/alternative; \
         boundary=\"forme\"\r\n\r\n--forme\r\nContent-Type: text/plain; charset=\"iso-8859-1\"\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n{latin}\r\n--forme\r\nContent-Type: text/html; \
         charset=\"iso-8859-1\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<html><body>{html}</body></html>\r\n\
         --forme--\r\n--corpo\r\nContent-Type: application/xml; name=\"daticert.xml\"\r\nContent-Disposition: inline; \
         filename=\"daticert.xml\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--corpo\r\nContent-Type: message/rfc822; \
         name=\"postacert.eml\"\r\nContent-Disposition: inline; filename=\"postacert.eml\"\r\n\r\n{original}\r\n--corpo--\r\n",
        lines(data.as_bytes())
    );
    let structure = cms::signed_data(content.as_bytes(), cms::Signing::Alfa, SIGNED_AT, false);
    let author = "\"Per conto di: anna@alfa.test\" <posta-certificata@alfa.test>";
    format!(
        "Return-Path: <anna@alfa.test>\r\nReceived: from mx.alfa.test (mx.alfa.test [192.0.2.1])\r\n\tby mx.beta.test; \
         Wed, 1 Jul 2026 10:00:03 +0200\r\nX-Trasporto: posta-certificata\r\nX-TipoRicevuta: completa\r\n\
         Date: Wed, 1 Jul 2026 10:00:01 +0200\r\nSubject: POSTA CERTIFICATA: Contratto\r\nFrom: {author}\r\nSender: {author}\r\n\
         Reply-To: anna@alfa.test\r\nTo: bruno@beta.test\r\nMessage-ID: <p1.1@alfa.test>\r\n\
         X-Riferimento-Message-ID: <m1@client.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/signed; \
         protocol=\"application/x-pkcs7-signature\"; micalg=\"sha-256\"; boundary=\"firma\"\r\n\r\n--firma\r\n{content}\r\n\
         --firma\r\nContent-Type: application/x-pkcs7-signature; name=\"smime.p7s\"\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n{}\r\n--firma--\r\n",
        lines(&structure)
    )
    .into_bytes()
}

fn lines(octets: &[u8]) -> String {
    let digits = STANDARD.encode(octets);
    let lines: Vec<&str> = digits.as_bytes().chunks(76).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    lines.join("\r\n")
}

/// What nobody can do without.
struct Least {
    key: Vec<u8>,
    value: Vec<u8>,
    message: Vec<u8>,
}

impl Least {
    fn of(message: &[u8]) -> Self {
        use aws_lc_rs::{
            rand::SystemRandom,
            rsa::KeyPair,
            signature::{KeyPair as _, RSA_PKCS1_SHA256},
        };
        let key = KeyPair::from_pkcs8(include_bytes!("../tests/fixtures/alfa.key.der")).expect("a fixture's key");
        let mut value = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut value).expect("RSA signs");
        Self { key: key.public_key().as_ref().to_vec(), value, message: message.to_vec() }
    }

    fn run(&self) {
        black_box(MessageParser::default().parse(&self.message)).expect("a message");
        let key = UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, &self.key);
        key.verify(&self.message, &self.value).expect("the signature fits");
    }
}

/// Seconds for each of so many turns.
fn seconds(turns: u32, mut turn: impl FnMut()) -> f64 {
    let began = WallTime.start();
    (0..turns).for_each(|_| turn());
    WallTime.end(began).as_secs_f64() / f64::from(turns)
}

/// Turn and turn about, so that what else the machine does falls on both; the median of the rounds counts.
fn compare(name: &str, message: &[u8], anchors: &Anchors) {
    let least = Least::of(message);
    const ROUNDS: usize = 15;
    let turns = u32::try_from(4_000_000 / message.len()).unwrap_or(u32::MAX).clamp(4, 400);
    let mut rounds: Vec<(f64, f64)> = (0..ROUNDS)
        .map(|_| {
            let full = seconds(turns, || _ = black_box(inspect(message, anchors, Profile::Deployed)));
            (full, seconds(turns, || least.run()))
        })
        .collect();
    rounds.sort_by(|one, other| (one.1 / one.0).total_cmp(&(other.1 / other.0)));
    let (full, bare) = rounds[ROUNDS / 2];
    println!(
        "{name} ({} octets): inspect {:.0}/s, mail-parser and one RSA verification {:.0}/s, ratio {:.0} %",
        message.len(),
        1.0 / full,
        1.0 / bare,
        100.0 * bare / full
    );
}

fn inspection(criterion: &mut Criterion) {
    let anchors = Anchors::read(&[AUTHORITY], None, &[]).expect("a certificate");
    for (name, octets) in [("8 KB", 8_000), ("33 KB", 33_000), ("1 MB", 1_000_000)] {
        let message = envelope(octets);
        let found = inspect(&message, &anchors, Profile::Strict);
        assert_eq!(found[0].signature.verdict, SignatureVerdict::Valid, "{}", found[0].signature.reason);
        assert!(found[0].verdicts.iter().all(|one| one.verdict == collaudo_record::Outcome::Pass), "{found:#?}");
        compare(name, &message, &anchors);
        criterion.bench_function(&format!("inspect, {name}"), |bencher| {
            bencher.iter(|| inspect(black_box(&message), &anchors, Profile::Deployed));
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).without_plots();
    targets = inspection
}
criterion_main!(benches);
