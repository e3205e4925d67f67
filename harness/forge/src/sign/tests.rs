//! What the forger signs is read by a program that nobody here wrote.

use std::{fs, path::PathBuf, process::Command};

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_RSA_SHA256, SanType, SerialNumber, date_time_ymd,
};

use super::*;
use crate::{
    Certified, DateForm, Encoding, Kind, Layout, PeerIdentity, Quotes, Recipient, Words, Xml, envelope, open,
    open_index, open_log, parameter, receipt, reseal, seal_index, seal_log,
};

const NOON: i64 = 1_752_000_000;

fn pem(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../world/keys/{name}.pem"));
    fs::read_to_string(path).unwrap()
}

pub(crate) fn key(name: &str) -> Arc<Key> {
    Arc::new(Key::from_pem(&pem(name)).unwrap())
}

fn dates(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2039, 1, 1);
}

fn authority() -> (CertificateParams, Vec<u8>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "Test CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.serial_number = Some(SerialNumber::from(1));
    dates(&mut params);
    let certificate = params.self_signed(&KeyPair::from_pem(&pem("ca")).unwrap()).unwrap();
    (params, certificate.der().to_vec())
}

/// A provider's signer, and the authority's certificate.
pub(crate) fn signer(key_name: &str, address: &str) -> (Signer, Vec<u8>) {
    let (ca, ca_der) = authority();
    let ca_key = KeyPair::from_pem(&pem("ca")).unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::OrganizationName, "Alfa PEC S.p.A.");
    params.subject_alt_names = vec![SanType::Rfc822Name(address.try_into().unwrap())];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.serial_number = Some(SerialNumber::from(2));
    let email_protection = [0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x04];
    let usage = CustomExtension::from_oid_content(&[2, 5, 29, 37], email_protection.to_vec());
    params.custom_extensions.push(usage);
    dates(&mut params);
    let pair = KeyPair::from_pem_and_sign_algo(&pem(key_name), &PKCS_RSA_SHA256).unwrap();
    let leaf = params.signed_by(&pair, &Issuer::new(ca, ca_key)).unwrap();
    (Signer::new(key(key_name), leaf.der(), &[]).unwrap(), ca_der)
}

/// Whether `openssl cms -verify` takes the message; none where the machine has no openssl.
fn accepted(name: &str, message: &[u8], ca: &[u8]) -> Option<bool> {
    let dir = std::env::temp_dir().join(format!("collaudo-forge-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    let (mail, anchor) = (dir.join(format!("{name}.eml")), dir.join(format!("{name}.pem")));
    fs::write(&mail, message).unwrap();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n", mime::base64_lines(ca));
    fs::write(&anchor, pem.replace('\r', "")).unwrap();
    let run = Command::new("openssl")
        .args(["cms", "-verify", "-attime", &NOON.to_string(), "-in"])
        .arg(&mail)
        .arg("-CAfile")
        .arg(&anchor)
        .args(["-out", "/dev/null"])
        .output();
    run.ok().map(|output| output.status.success())
}

pub(crate) fn certified() -> Certified {
    Certified {
        sender: "anna@alfa.test".into(),
        recipients: vec![Recipient { address: "bruno@beta.test".into(), certified: true }],
        reply_to: "anna@alfa.test".into(),
        subject: "Perché <no>?".into(),
        identifier: "1.2@alfa.test".into(),
        msgid: Some("<m1@client.test>".into()),
        ..Certified::default()
    }
}

pub(crate) fn peer() -> PeerIdentity {
    PeerIdentity {
        display_name: "Alfa PEC S.p.A.".into(),
        domain: "alfa.test".into(),
        certified_address: "posta-certificata@alfa.test".into(),
    }
}

fn sample_envelope(signer: &Signer) -> Vec<u8> {
    let original = b"From: anna@alfa.test\r\nTo: bruno@beta.test\r\nMessage-ID: <m1@client.test>\r\n\r\nciao\r\n";
    let original = crate::rewritten_original(original, "1.2@alfa.test");
    envelope(&original, &certified(), &peer(), signer, NOON * 1_000_000)
}

#[test]
fn openssl_accepts_every_style_but_what_is_bent() {
    let (signer, ca) = signer("provider-01", "posta-certificata@alfa.test");
    let good = sample_envelope(&signer);
    let opened = open(&good).unwrap();
    if accepted("good", &good, &ca).is_none() {
        eprintln!("skipped: openssl is not installed");
        return;
    }
    assert_eq!(accepted("good", &good, &ca), Some(true));
    let sha1 = Style { digest: Digest::Sha1, ..Style::default() };
    assert_eq!(accepted("sha1", &opened.sealed(&signer, NOON, sha1), &ca), Some(true));
    let bare = Style { bare: true, ..Style::default() };
    assert_eq!(accepted("bare", &opened.sealed(&signer, NOON, bare), &ca), Some(true));
    let nobody = Style { certificates: Certificates::None, ..Style::default() };
    assert_eq!(accepted("nobody", &opened.sealed(&signer, NOON, nobody), &ca), Some(false));
    let mut bent = opened.clone();
    bent.texts_mut().first_mut().unwrap().set_text("altro");
    assert_eq!(accepted("bent", &bent.to_bytes(), &ca), Some(false));
    assert_eq!(accepted("resealed", &reseal(&bent, &signer, NOON), &ca), Some(true));
    let (fields, body) = signed_opaque(&opened.content().to_bytes(), &signer, NOON, Style::default());
    assert_eq!(accepted("opaque", &[fields.as_bytes(), b"\r\n", &body].concat(), &ca), Some(true));
}

#[test]
fn every_kind_is_signed_and_read_back() {
    let (signer, ca) = signer("provider-02", "posta-certificata@alfa.test");
    let received = vec!["bruno@beta.test".to_owned()];
    let recipient = "bruno@beta.test";
    let kinds = [
        Kind::Acceptance,
        Kind::NonAcceptance { why: "Ccn" },
        Kind::NonAcceptanceVirus { why: "EICAR" },
        Kind::TakeCharge { recipients: &received },
        Kind::Delivery { recipient, form: crate::Form::Complete, original: Some(b"From: a@b\r\n\r\nx\r\n") },
        Kind::NonDelivery { recipient, error: "no-dest", why: "5.1.1 - casella inesistente" },
        Kind::Timeout { recipient, second: false },
        Kind::Timeout { recipient, second: true },
        Kind::VirusDetection { recipient, why: "EICAR" },
        Kind::NonDeliveryVirus { recipient, why: "EICAR" },
    ];
    for (n, kind) in kinds.into_iter().enumerate() {
        let message = receipt(kind, &certified(), &peer(), "anna@alfa.test", &signer, NOON * 1_000_000);
        assert_ne!(accepted(&format!("kind-{n}"), &message, &ca), Some(false), "{kind:?}");
        let opened = open(&message).unwrap();
        assert_eq!(opened.to_bytes(), message);
        assert_eq!(opened.signed_at(), Some(NOON));
        let xml = Xml(opened.daticert().unwrap());
        assert_eq!(xml.attribute("postacert", "tipo"), opened.fields().get("X-Ricevuta"));
        assert_eq!(xml.text("oggetto").as_deref(), Some("Perché <no>?"));
    }
}

#[test]
fn a_take_charge_receipt_says_what_the_envelope_says() {
    let (signer, ca) = signer("provider-03", "posta-certificata@alfa.test");
    let envelope = sample_envelope(&signer);
    assert_eq!(Certified::of_envelope(&envelope), certified());
    let recipients = ["bruno@beta.test".to_owned()];
    let message = crate::take_charge(&envelope, &signer, &peer(), &recipients, "servizio@alfa.test", NOON * 1_000_000);
    assert_ne!(accepted("take-charge", &message, &ca), Some(false));
    let opened = open(&message).unwrap();
    assert_eq!(opened.fields().get("To").as_deref(), Some("servizio@alfa.test"));
    let xml = Xml(opened.daticert().unwrap());
    assert_eq!(xml.texts("ricezione"), recipients);
    assert_eq!(xml.text("identificativo").as_deref(), Some("1.2@alfa.test"));
}

#[test]
fn garbage_still_gets_a_receipt_and_never_a_panic() {
    let (signer, _) = signer("provider-03", "posta-certificata@alfa.test");
    let envelope = sample_envelope(&signer);
    for cut in (0..envelope.len()).step_by(7) {
        let part = envelope.get(..cut).unwrap();
        assert!(!crate::take_charge(part, &signer, &peer(), &[], "x@y", 0).is_empty());
    }
}

#[test]
fn an_index_comes_back_as_it_went() {
    let (signer, _) = signer("provider-03", "posta-certificata@alfa.test");
    for at in [Some(NOON), None] {
        let sealed = seal_index("dn: o=postacert\n", &signer, at);
        assert_eq!(open_index(&sealed).unwrap(), ("dn: o=postacert\n".to_owned(), at));
    }
}

#[test]
fn a_sealed_log_comes_back_as_it_went_and_openssl_accepts_it() {
    let (signer, ca) = signer("provider-03", "posta-certificata@alfa.test");
    let sealed = seal_log("a\nb\n", &signer, NOON);
    assert_eq!(open_log(&sealed).unwrap(), ("a\nb\n".to_owned(), Some(NOON)));
    let mail = format!(
        "Content-Type: application/pkcs7-mime; name=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        mime::base64_lines(&sealed)
    );
    assert_ne!(accepted("log", mail.as_bytes(), &ca), Some(false));
}

#[test]
fn a_family_shows_in_every_part_and_openssl_accepts_it() {
    let (signer, ca) = signer("provider-01", "posta-certificata@alfa.test");
    for data_encoding in [Encoding::Base64, Encoding::QuotedPrintable, Encoding::SevenBit] {
        let newest = data_encoding == Encoding::QuotedPrintable;
        let style = Style {
            ber: !newest,
            more_attributes: newest,
            text_encoding: data_encoding,
            layout: if newest { Layout::Terse } else { Layout::Tabs },
            quotes: if newest { Quotes::None } else { Quotes::All },
            date: if newest { DateForm::Universal } else { DateForm::Commented },
            words: if newest { Words::Latin } else { Words::Utf8Quoted },
            first_fields: &["Subject", "MIME-Version"],
            own_fields: "X-Priority: 3\r\n",
            zone_colon: newest,
            micalg: Some("sha256"),
            signature_type: "application/pkcs7-signature",
            preamble: false,
            html: true,
            original_first: false,
            inline: true,
            data_encoding,
            ..Style::default()
        };
        let message = sample_envelope(&signer.in_style(style));
        assert_ne!(accepted(&format!("family-{data_encoding:?}"), &message, &ca), Some(false));
        let mut opened = open(&message).unwrap();
        assert!(message.starts_with(b"Subject: =?") && opened.signature().starts_with(&[0x30, 0x80]) != newest);
        assert_eq!(opened.fields().get("X-Priority").as_deref(), Some("3"));
        let kind = opened.fields().get("Content-Type").unwrap();
        assert_eq!(parameter(&kind, "micalg").as_deref(), Some("sha256"));
        assert_eq!(parameter(&kind, "protocol").as_deref(), Some("application/pkcs7-signature"));
        let names: Vec<_> = opened.content().parts().filter_map(crate::Entity::file_name).collect();
        assert_eq!(names, ["daticert.xml", "postacert.eml"]);
        let dispositions = opened.content().parts().filter_map(|part| part.fields.get("Content-Disposition"));
        assert_eq!(dispositions.filter(|value| value.starts_with("inline")).count(), 2);
        let xml = Xml(opened.daticert().unwrap());
        assert_eq!(xml.text("oggetto").as_deref(), Some("Perché <no>?"));
        let texts: Vec<_> = opened.texts_mut().iter().map(|leaf| (leaf.content_type(), leaf.text())).collect();
        assert!(matches!(texts.as_slice(), [(plain, _), (html, _)] if plain == "text/plain" && html == "text/html"));
        assert!(texts.iter().any(|(_, text)| text.contains("\"Perché &lt;no&gt;?\"")));
    }
}
