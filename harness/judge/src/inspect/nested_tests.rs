//! Certified messages inside other things.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_record::{Inspection, SignatureVerdict};

use super::tests::{complaints, stored};
use super::*;
use crate::fixture::{EPOCH, Signing, signed_data};

fn found(octets: &[u8]) -> Vec<Inspection> {
    inspect(octets, &Anchors::default(), Profile::Deployed)
}

/// Kind, place and signature of each.
fn told(found: &[Inspection]) -> Vec<(&str, &str, SignatureVerdict)> {
    found.iter().map(|one| (one.kind.as_str(), one.place.as_str(), one.signature.verdict)).collect()
}

fn text(octets: Vec<u8>) -> String {
    String::from_utf8(octets).expect("the fixture's messages are text")
}

/// A forward: a text and what is forwarded, as that part.
fn forward(part: &str) -> String {
    format!(
        "From: anna@altrove.test\r\nTo: carla@altrove.test\r\nSubject: Fwd: ricevuta\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"inoltro\"\r\n\r\n--inoltro\r\nContent-Type: text/plain\r\n\r\nEcco.\r\n\
         --inoltro\r\n{part}\r\n--inoltro--\r\n"
    )
}

use SignatureVerdict::{Absent, Valid};

#[test]
fn a_forwarded_receipt_is_judged_at_its_place() {
    let receipt = text(stored("accettazione", |_| {}));
    let as_message = format!("Content-Type: message/rfc822\r\n\r\n{receipt}");
    let as_file = format!(
        "Content-Type: application/octet-stream; name=\"ricevuta.eml\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        STANDARD.encode(&receipt)
    );
    for (part, place) in [(as_message, "part 2 > message/rfc822"), (as_file, "part 2 > application/octet-stream")] {
        let found = found(forward(&part).as_bytes());
        assert_eq!(told(&found), [("accettazione", place, Valid)]);
        assert_eq!(complaints(&found[0]), Vec::<String>::new());
    }
}

#[test]
fn a_receipt_that_a_mailing_list_wrapped_is_judged() {
    let receipt = text(stored("accettazione", |_| {}));
    let (header, body) = receipt.split_once("Content-Type: multipart/signed").expect("it is signed");
    let wrapped = format!(
        "{header}List-Id: <lista.test>\r\nContent-Type: multipart/mixed; boundary=\"lista\"\r\n\r\n--lista\r\n\
         Content-Type: multipart/signed{body}\r\n--lista\r\nContent-Type: text/plain\r\n\r\nTo unsubscribe ...\r\n--lista--\r\n"
    );
    let found = found(wrapped.as_bytes());
    assert_eq!(told(&found), [("accettazione", "part 1 > multipart/signed", Valid)]);
    assert_eq!(complaints(&found[0]), Vec::<String>::new());
}

/// Goal: a certified message that holds another is judged as if it held none. Method: an original that forwards a receipt.
#[test]
fn what_an_original_encloses_is_told_and_disturbs_nothing() {
    // Encoded, for the fixture's boundaries are all the same.
    let receipt = STANDARD.encode(stored("consegna", |_| {}));
    let enclosed =
        forward(&format!("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{receipt}"));
    let (_, content) = enclosed.split_once("MIME-Version: 1.0\r\n").expect("its content");
    let octets =
        stored("busta", |draft| draft.swap("Content-Type: text/plain\r\n\r\nIn allegato il contratto.\r\n", content));
    let found = found(&octets);
    assert_eq!(
        told(&found),
        [("posta-certificata", "", Valid), ("avvenuta-consegna", "postacert.eml > part 2 > message/rfc822", Valid),]
    );
    assert!(found.iter().all(|one| complaints(one).is_empty()), "{:#?}", complaints(&found[0]));
}

#[test]
fn that_a_user_wrote_a_field_of_ours_makes_no_certified_message() {
    let octets = stored("busta", |draft| {
        draft.swap(
            "Content-Type: text/plain\r\n\r\nIn",
            "X-Ricevuta: accettazione\r\nContent-Type: text/plain; name=\"a.eml\"\r\n\r\nIn",
        );
    });
    assert_eq!(told(&found(&octets)), [("posta-certificata", "", Valid)]);
}

#[test]
fn a_file_of_signed_data_is_opened() {
    let receipt = stored("accettazione", |_| {});
    let der = signed_data(&receipt, Signing::Beta, EPOCH, true);
    let digits = STANDARD.encode(&der);
    let lines: Vec<&str> = digits.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    let lines = lines.join("\n");
    let pem = format!("-----BEGIN PKCS7-----\n{lines}\n-----END PKCS7-----\n");
    for file in [der, lines.into_bytes(), pem.into_bytes()] {
        assert_eq!(told(&found(&file)), [("accettazione", "signed file", Valid)]);
    }
}

#[test]
fn a_part_of_signed_data_is_opened_where_a_message_lies_in_it() {
    let attached = |content: &[u8]| {
        let digits = STANDARD.encode(signed_data(content, Signing::Beta, EPOCH, true));
        let head = "Content-Type: application/pkcs7-mime; name=\"a.p7m\"\r\nContent-Transfer-Encoding: base64";
        found(forward(&format!("{head}\r\n\r\n{digits}")).as_bytes())
    };
    let receipt = attached(&stored("accettazione", |_| {}));
    assert_eq!(told(&receipt), [("accettazione", "part 2 > application/pkcs7-mime", Valid)]);
    assert_eq!(told(&attached(b"%PDF-1.7 ...")), [("ordinary", "", Absent)]);
}

#[test]
fn an_opaque_signature_over_bare_content_is_judged_and_its_form_fails() {
    let mut content = String::new();
    stored("accettazione", |draft| assert!(draft.content.starts_with("Content-Type: multipart/mixed")));
    for draft in crate::fixture::drafts() {
        if draft.name == "accettazione" {
            content.clone_from(&draft.content);
        }
    }
    let der = signed_data(content.as_bytes(), Signing::Alfa, EPOCH, true);
    let bare = found(&der);
    assert_eq!(told(&bare), [("accettazione", "", Valid)]);
    let message = format!(
        "X-Ricevuta: accettazione\r\nFrom: posta-certificata@alfa.test\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data; \
         name=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        STANDARD.encode(&der)
    );
    let found = found(message.as_bytes());
    assert_eq!(told(&found), [("accettazione", "", Valid)]);
    assert!(complaints(&found[0]).iter().any(|words| words.starts_with("Fail PEC-2.1-02")));
}

#[test]
fn ordinary_mail_is_told_as_such() {
    let plain = found(b"From: a@b.test\r\nSubject: x\r\n\r\nciao\r\n");
    assert_eq!(told(&plain), [("ordinary", "", Absent)]);
    assert!(plain[0].verdicts.is_empty() && plain[0].facts.is_none() && plain[0].provider.is_empty());
    assert_eq!(told(&found(b"")), [("ordinary", "", Absent)]);
    assert_eq!(told(&found(&[0x30, 0x82, 1, 2, 3])), [("ordinary", "", SignatureVerdict::Invalid)]);
    let signed = signed_data(b"%PDF-1.7 ...", Signing::Alfa, EPOCH, true);
    assert_eq!(told(&found(&signed)), [("ordinary", "", Valid)]);
}

#[test]
fn nesting_without_end_ends() {
    let mut octets = stored("accettazione", |_| {});
    for _ in 0..40 {
        octets = [&b"Subject: Fwd\r\nContent-Type: message/rfc822\r\n\r\n"[..], &octets].concat();
    }
    assert_eq!(told(&found(&octets)), [("ordinary", "", Absent)]);
}
