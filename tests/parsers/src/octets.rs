//! Documents: messages and what stands inside them, the index, files.

use std::{path::Path, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_forge::{Entity, Key, Signer, decode_words, open, seal_index};
use collaudo_judge::judge;
use collaudo_node::Bytes;
use collaudo_record::{
    Basis, BodyHash, Event, FORMAT, Header, Instant, Ordinary, Player, Provider, ScenarioBrief, Trace, User, What,
};
use collaudo_scenario::{Scenario, Vocabulary};
use gestore::core::message::{EnvelopeRead, Index, Message, Revocations, Trust, classify};

use crate::node::{NOW, der};

/// A whole message, by all three hands.
pub(crate) fn mime(octets: &[u8]) {
    let bytes = Bytes::copy_from_slice(octets);
    if let Ok(message) = Message::read(bytes.clone()) {
        let _ = message.subject();
    }
    let _ = EnvelopeRead::read(&bytes);
    let (index, trust) = (Index::read(INDEX, &der(AUTHORITY)), Trust::new(&[der(AUTHORITY).into()]));
    if let (Ok(index), Ok(trust)) = (index, trust) {
        classify(&bytes, &index, &trust, None, NOW);
    }
    gestore::scan(&bytes);
    let entity = Entity::read(octets);
    assert_eq!(entity.to_bytes(), octets, "the forger gives back other octets than it read");
    let _ = open(octets);
    judge(&holding(octets));
}

/// A signature (DER or BER) on a message.
pub(crate) fn cms(octets: &[u8]) {
    let signature = STANDARD.encode(octets);
    mime(&message(DATA, &signature));
}

/// Certification data in a message.
pub(crate) fn xml(octets: &[u8]) {
    mime(&message(octets, "MIIB"));
}

/// The text of a provider index.
pub(crate) fn ldif(octets: &[u8]) {
    thread_local!(static PUBLISHER: Signer = publisher());
    let text = String::from_utf8_lossy(octets);
    let index = PUBLISHER.with(|publisher| seal_index(&text, publisher, None));
    let _ = Index::read(&index, &der(AUTHORITY));
    let mut trace = holding(b"");
    trace.header.index = trace.keep(index);
    judge(&trace);
}

/// A list of revoked certificates.
pub(crate) fn crl(octets: &[u8]) {
    if let Ok(trust) = Trust::new(&[der(AUTHORITY).into()]) {
        let _ = Revocations::read(octets, &trust);
    }
}

/// A scenario file.
pub(crate) fn scenario(octets: &[u8]) {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let vocabulary = Vocabulary { catalogued: &["PEC-3.1.1-06"], checked: &["PEC-3.1.1-06"] };
    let text = String::from_utf8_lossy(octets);
    match Scenario::parse(&text, &scenarios.join("fuzz.toml"), &scenarios, &vocabulary) {
        Ok(scenarios) => scenarios.iter().for_each(|scenario| drop(scenario.plan(7))),
        Err(error) => drop(error.to_string()),
    }
}

/// A stored trace.
pub(crate) fn trace(octets: &[u8]) {
    if let Ok(trace) = Trace::from_jsonl(&String::from_utf8_lossy(octets)) {
        judge(&trace);
    }
}

/// The value of a header field.
pub(crate) fn words(octets: &[u8]) {
    decode_words(&String::from_utf8_lossy(octets));
    mime(
        &[b"Subject: ", octets, b"\r\nFrom: ", octets, b"\r\nTo: ", octets, b"\r\nDate: ", octets, b"\r\n\r\nx\r\n"]
            .concat(),
    );
}

/// A delivery receipt with this certification data and this signature (base64).
fn message(data: &[u8], signature: &str) -> Vec<u8> {
    let head = "X-Ricevuta: avvenuta-consegna\r\nDate: Mon, 02 Mar 2026 11:00:00 +0100\r\nSubject: CONSEGNA: Prova\r\n\
                From: posta-certificata@alfa.test\r\nTo: anna@alfa.test\r\nMessage-ID: <r1@alfa.test>\r\n\
                MIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol=\"application/x-pkcs7-signature\";\r\n \
                micalg=\"sha-256\"; boundary=\"s\"\r\n\r\n--s\r\nContent-Type: multipart/mixed; boundary=\"m\"\r\n\r\n--m\r\n\
                Content-Type: text/plain; charset=iso-8859-1\r\n\r\nRicevuta di avvenuta consegna\r\n--m\r\n\
                Content-Type: application/xml; name=\"daticert.xml\"\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    let between = "\r\n--m\r\nContent-Type: message/rfc822; name=\"postacert.eml\"\r\n\r\nSubject: Prova\r\n\r\nx\r\n--m--\r\n\
                   \r\n--s\r\nContent-Type: application/x-pkcs7-signature; name=\"smime.p7s\"\r\n\
                   Content-Transfer-Encoding: base64\r\n\r\n";
    [head, &STANDARD.encode(data), between, signature, "\r\n--s--\r\n"].concat().into_bytes()
}

const DATA: &[u8] = include_bytes!("../daticert.xml");

/// A trace in which a provider has stored this.
fn holding(octets: &[u8]) -> Trace {
    let mut trace = Trace { header: header(), events: Vec::new(), bodies: Default::default() };
    trace.header.trust = vec![trace.keep(der(AUTHORITY))];
    trace.header.index_signer = trace.keep(der(AUTHORITY));
    trace.header.index = trace.keep(INDEX);
    let body = trace.keep(octets);
    let what = What::Stored { provider: "alfa".into(), mailbox: "anna@alfa.test".into(), body };
    trace.events.push(Event { at: Instant(1_772_445_600_000_000), basis: Basis::Declared, what });
    trace
}

const AUTHORITY: &str = include_str!("../../../reference-impl/tests/keys/authority.crt.pem");
const INDEX: &[u8] = include_bytes!("../../../reference-impl/tests/keys/index.ldif.p7m");

fn header() -> Header {
    let nothing = BodyHash::of(b"");
    Header {
        format: FORMAT,
        scenario: ScenarioBrief {
            id: "fuzz".into(),
            title: String::new(),
            why: String::new(),
            covers: Vec::new(),
            expect: Vec::new(),
        },
        world: "file".into(),
        opaque: true,
        log_declared: false,
        seed: 0,
        epoch: Instant(1_772_438_400_000_000),
        providers: vec![Provider {
            name: "alfa".into(),
            display_name: "Gestore Alfa S.p.A.".into(),
            player: Player::Subject,
            domains: vec!["alfa.test".into()],
            certified_address: "posta-certificata@alfa.test".into(),
            service_mailbox: "ricevute@alfa.test".into(),
            max_octets: 30_000_000,
            max_recipients: 500,
            users: vec![User { address: "anna@alfa.test".into(), quota_octets: None, ordinary: Ordinary::Refuse }],
        }],
        index: nothing.clone(),
        trust: Vec::new(),
        index_signer: nothing,
    }
}

/// Signs the index.
fn publisher() -> Signer {
    let key = Key::from_pem(include_str!("../../../reference-impl/tests/keys/authority.key.pem"));
    let signer = key.and_then(|key| Signer::new(Arc::new(key), &der(AUTHORITY), &[]));
    signer.expect("the test keys read")
}
