//! Providers of every family: what differs in form says the same.

use collaudo_node::{BodyId, Bytes};

use super::{mime::content_type, samples::*, tests::*, *};
use crate::Family;

/// The house's own family, and some as they are deployed.
pub(super) fn families() -> Vec<Family> {
    let deployed = Family {
        original_first: true,
        html: true,
        inline: true,
        micalg: "sha256".into(),
        signature_type: "application/pkcs7-signature".into(),
        data_encoding: "quoted-printable".into(),
        preamble: true,
    };
    vec![
        Family::default(),
        deployed.clone(),
        Family { data_encoding: "7bit".into(), original_first: false, ..deployed },
        Family { preamble: true, inline: true, ..Family::default() },
    ]
}

fn deployed() -> Family {
    families().swap_remove(1)
}

/// One kind, as a family makes it.
fn made(family: &Family, name: &str) -> Bytes {
    every_kind_of(family).into_iter().find(|(found, _)| *found == name).unwrap().1
}

#[test]
fn every_family_says_the_same() {
    let plain = BodyId::of(b"");
    let read = |message: &Bytes| match incoming(message) {
        Incoming::Envelope { envelope, .. } => format!("{:?}", EnvelopeRead { identity: plain, ..*envelope }),
        Incoming::Receipt { receipt, .. } => format!("{:?}", ReceiptRead { identity: plain, ..*receipt }),
        Incoming::Anomaly { reason, .. } => reason,
        other => panic!("{other:?}"),
    };
    for family in families() {
        for ((name, message), (_, own)) in every_kind_of(&family).iter().zip(every_kind()) {
            assert_eq!(read(message), read(&own), "{name} of {family:?}");
        }
    }
}

#[test]
fn a_family_shows_in_the_signature_and_in_the_parts() {
    let message = made(&deployed(), "envelope");
    let outer = value(&message, "Content-Type");
    assert!(outer.contains("protocol=\"application/pkcs7-signature\"; micalg=\"sha256\""), "{outer}");
    let text = String::from_utf8_lossy(&message);
    assert!(text.contains("\r\n\r\nQuesto messaggio e' in formato MIME"));
    let parts = parts_of(&message);
    let kinds: Vec<String> = parts.iter().map(|part| content_type(part).value().to_owned()).collect();
    assert_eq!(kinds, ["multipart/alternative", "message/rfc822", "application/xml"]);
    let field = |part: &Message, name: &str| part.get(name).unwrap().text();
    assert_eq!(field(&parts[1], "Content-Disposition"), "inline; filename=\"postacert.eml\"");
    assert_eq!(field(&parts[2], "Content-Transfer-Encoding"), "quoted-printable");
    let plain = parts_of(&made(&Family::default(), "envelope"));
    let kinds: Vec<String> = plain.iter().map(|part| content_type(part).value().to_owned()).collect();
    assert_eq!(kinds, ["text/plain", "application/xml", "message/rfc822"]);
    assert_eq!(field(&plain[1], "Content-Disposition"), "attachment; filename=\"daticert.xml\"");
}

#[test]
fn certification_data_in_seven_bits_is_ascii_and_keeps_its_lines_short() {
    let seven = Family { data_encoding: "7bit".into(), ..Family::default() };
    let data = |message: &Bytes| parts_of(message).swap_remove(1);
    let part = data(&made(&seven, "acceptance"));
    assert_eq!(part.get("Content-Transfer-Encoding").unwrap().text(), "7bit");
    assert!(part.body().is_ascii());
    let long = "è".repeat(400);
    let submission = submission(&format!("Subject: {long}\r\n"));
    let message = ALFA.seal(&acceptance(&issuer().in_family(&seven), STAMP, &submission.certified));
    assert_eq!(data(&message).get("Content-Transfer-Encoding").unwrap().text(), "quoted-printable");
    assert_eq!(daticert_of(&message).certified.subject.unwrap().text, long);
}

#[test]
fn html_says_exactly_what_the_text_says() {
    let html = Family { html: true, ..Family::default() };
    let hostile = submission("Subject: <script src=\"http://x\">&amp;</script> =?utf-8?B?4oKs?=\r\n");
    let issuer = issuer().in_family(&html);
    let message = ALFA.seal(&envelope(&issuer, NOW, &hostile));
    let alternative = parts_of(&message).swap_remove(0);
    let both: Vec<Message> =
        mime::parts(&alternative).unwrap().iter().map(|range| mime::part(&alternative, range)).collect();
    let [text, page] = both.as_slice() else { panic!() };
    assert_eq!((content_type(text).value(), content_type(page).value()), ("text/plain", "text/html"));
    assert_eq!(content_type(page).parameter("charset"), Some("iso-8859-1"));
    let (text, page) = (latin(text), latin(page));
    assert!(!page.contains("<script") && !page.contains("src=\"") && page.contains("&lt;script"), "{page}");
    assert!(text.contains("</script> ?") && page.contains("&lt;/script&gt; ?"), "{page}");
}

#[test]
fn an_anomaly_envelope_of_any_family_has_the_text_and_the_message_alone() {
    for family in families() {
        let message = made(&family, "anomaly");
        let kinds: Vec<String> = parts_of(&message).iter().map(|part| content_type(part).value().to_owned()).collect();
        assert_eq!(kinds, ["text/plain", "message/rfc822"], "{family:?}");
        assert!(!String::from_utf8_lossy(&message).contains("daticert"));
        assert_eq!(value(&message, "X-Trasporto"), "errore");
    }
}
