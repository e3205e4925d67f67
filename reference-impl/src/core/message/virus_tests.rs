//! Messages about viruses: from one provider to the other, and on to the sender.

use base64::{Engine, engine::general_purpose::STANDARD};
use collaudo_node::{Bytes, Finding};

use super::{samples::*, tests::*, *};
use crate::scan;

fn detected(threat: &str) -> ReceiptRead {
    let certified = envelope_read().certified;
    received(&BETA.seal(&virus_detection(&beta(), STAMP, &certified, "ricevute@alfa.test", "bruno@beta.test", threat)))
}

fn made(name: &str) -> collaudo_node::Bytes {
    every_kind().into_iter().find(|(found, _)| *found == name).unwrap().1
}

#[test]
fn a_refused_user_is_told_of_the_virus() {
    let message = made("non-acceptance-virus");
    for (name, expected) in [
        ("X-Ricevuta", "non-accettazione"),
        ("X-VerificaSicurezza", "errore"),
        ("Subject", "AVVISO DI NON ACCETTAZIONE PER VIRUS: Contratto e allegati <1>"),
        ("From", "posta-certificata@alfa.test"),
        ("To", "anna@alfa.test"),
        ("X-Riferimento-Message-ID", "<client-1@pc>"),
    ] {
        assert_eq!(value(&message, name), expected);
    }
    assert_eq!(parts_of(&message).len(), 2);
    let error = daticert_of(&message).error_text.unwrap();
    assert_eq!(error, "5.5.1 - Alfa Certificata S.p.A. - rilevato un problema di sicurezza: EICAR-Test-File");
}

#[test]
fn the_sending_provider_learns_who_sent_a_virus_to_whom() {
    let message = made("virus-detection");
    for (name, expected) in [
        ("X-Ricevuta", "rilevazione-virus"),
        ("X-Mittente", "anna@alfa.test"),
        ("Subject", "PROBLEMA DI SICUREZZA: Perché e allegati"),
        ("From", "posta-certificata@beta.test"),
        ("To", "ricevute@alfa.test"),
        ("X-Riferimento-Message-ID", "<client-1@pc>"),
    ] {
        assert_eq!(value(&message, name), expected);
    }
    assert!(Message::read(message.clone()).unwrap().get("X-VerificaSicurezza").is_none());
    assert_eq!(parts_of(&message).len(), 2);
    let read = received(&message);
    assert_eq!(
        (read.kind, read.virus, read.delivered_to.as_deref()),
        (Kind::VirusDetection, true, Some("bruno@beta.test"))
    );
    assert_eq!(
        (read.certified.sender.as_str(), read.certified.pec_msgid.as_str()),
        ("anna@alfa.test", "pec1@alfa.test")
    );
}

#[test]
fn the_sender_is_told_what_the_other_provider_found() {
    let message = made("non-delivery-virus");
    for (name, expected) in [
        ("X-Ricevuta", "errore-consegna"),
        ("X-VerificaSicurezza", "errore"),
        ("Subject", "AVVISO DI MANCATA CONSEGNA PER VIRUS: Perché e allegati"),
        ("From", "posta-certificata@alfa.test"),
        ("To", "anna@alfa.test"),
        ("X-Riferimento-Message-ID", "<client-1@pc>"),
    ] {
        assert_eq!(value(&message, name), expected);
    }
    let read = received(&message);
    assert_eq!((read.kind, read.virus, read.certified.pec_msgid.as_str()), (Kind::NonDelivery, true, "pec1@alfa.test"));
    assert_eq!(read.error, detected("EICAR-Test-File").error);
}

#[test]
fn only_messages_about_viruses_speak_of_security() {
    for (name, message) in every_kind() {
        let security = Message::read(message).unwrap().get("X-VerificaSicurezza").is_some();
        assert_eq!(security, ["non-acceptance-virus", "non-delivery-virus"].contains(&name), "{name}");
    }
}

#[test]
fn what_a_scanner_says_is_bounded_and_harmless() {
    let told = detected(&format!("a\r\nBcc: x\u{0}<b>{}", "x".repeat(5000))).error.unwrap();
    assert!(told.contains("a  Bcc: x <b>xxx") && told.len() < 400, "{told}");
    assert!(detected(" ").error.unwrap().ends_with("problema di sicurezza: non precisato"));
    let untold = ReceiptRead { error: None, ..detected("x") };
    let message = ALFA.seal(&virus_non_delivery(&issuer(), STAMP, &untold).unwrap());
    assert!(received(&message).error.unwrap().ends_with("non precisato"));
    let nobody = ReceiptRead { delivered_to: None, ..detected("x") };
    assert!(virus_non_delivery(&issuer(), STAMP, &nobody).is_none());
}

#[test]
fn a_virus_in_an_original_is_found_in_its_envelope_and_in_a_complete_receipt() {
    let eicar =
        STANDARD.encode([br"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-", &b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"[..]].concat());
    let file = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: x/y; name=f\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{eicar}\r\n--b--\r\n"
    );
    let sealed = ALFA.seal(&envelope(&issuer(), NOW, &submission(&file)));
    let read = EnvelopeRead::read(&sealed).unwrap();
    let receipt = |form| BETA.seal(&delivery(&beta(), STAMP, &read, "bruno@beta.test", form));
    let is_found = |message: &[u8]| matches!(scan(&Bytes::copy_from_slice(message)), Finding::Hostile { .. });
    assert!(is_found(&sealed) && is_found(&receipt(Form::Complete)));
    // The brief receipt has a hash in its place.
    assert!(!is_found(&receipt(Form::Brief)) && !is_found(&sealed_envelope()));
}

#[test]
fn a_sender_in_the_header_is_that_of_the_data() {
    let message = made("virus-detection");
    let other = replaced(&message, "X-Mittente: anna@", "X-Mittente: mario@");
    assert!(matches!(incoming(&other), Incoming::Anomaly { reason, .. } if reason.contains("X-Mittente")));
    assert!(matches!(incoming(&replaced(&message, "X-Mittente: anna@alfa.test\r\n", "")), Incoming::Receipt { .. }));
}
