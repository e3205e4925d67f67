//! Messages of every kind: built, read back and bent.

use std::sync::LazyLock;

use collaudo_node::Bytes;
use proptest::prelude::*;

use super::{samples::*, *};
use crate::Family;

pub(super) const STAMP: Stamp<'static> = Stamp { id: "ric1@beta.test", at: NOW };

pub(super) fn sealed_envelope() -> Bytes {
    ALFA.seal(&envelope(&issuer(), NOW, &titled()))
}

fn titled() -> Submission {
    submission("Subject: Perché =?utf-8?B?ZSBhbGxlZ2F0aQ==?=\r\nMessage-ID: <client-1@pc>\r\n")
}

pub(super) fn envelope_read() -> EnvelopeRead {
    EnvelopeRead::read(&sealed_envelope()).unwrap()
}

pub(super) fn incoming(message: &[u8]) -> Incoming {
    classify(&Bytes::copy_from_slice(message), &index(), &trust(), Some(&revocations(&[])), NOW)
}

pub(super) fn received(message: &[u8]) -> ReceiptRead {
    match incoming(message) {
        Incoming::Receipt { receipt, .. } => *receipt,
        other => panic!("{other:?}"),
    }
}

fn anomaly_of(message: &[u8]) -> String {
    match incoming(message) {
        Incoming::Anomaly { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

fn ordinary(message: &[u8]) -> String {
    match incoming(message) {
        Incoming::Ordinary { reason } => reason,
        other => panic!("{other:?}"),
    }
}

pub(super) fn replaced(message: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(message.to_vec()).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    text.replacen(from, to, 1).into_bytes()
}

pub(super) fn value(message: &Bytes, name: &str) -> String {
    Message::read(message.clone()).unwrap().get(name).unwrap_or_else(|| panic!("{name}")).text()
}

/// Every kind, sealed, with its name.
pub(super) fn every_kind() -> Vec<(&'static str, Bytes)> {
    every_kind_of(&Family::default())
}

/// Every kind, as providers of that family make it.
pub(super) fn every_kind_of(family: &Family) -> Vec<(&'static str, Bytes)> {
    let (issuer, beta) = (|| issuer().in_family(family), || beta().in_family(family));
    let (certified, read) = (certified(), envelope_read());
    let refused = formal_check(
        &"Subject: x\r\n\r\n".into(),
        "anna@alfa.test",
        &["bruno@beta.test".into()],
        1,
        "pec2@alfa.test",
        &|_| true,
    );
    let bruno = "bruno@beta.test";
    let taken = [bruno.to_owned(), "dario@beta.test".to_owned()];
    let ordinary = Bytes::from_static(
        b"From: x@y.it\r\nTo: bruno@beta.test\r\nMessage-ID: <o@y.it>\r\nSubject: citt\xe0\r\n\r\nciao \xe0\r\n",
    );
    let arrival = Arrival {
        received: &ordinary,
        sender: "x@y.it",
        recipients: &taken,
        reason: "il messaggio non contiene una firma S/MIME",
    };
    let alfa = |draft: Draft| ALFA.seal(&draft);
    let beta_ = |draft: Draft| BETA.seal(&draft);
    let to_alfa = "ricevute@alfa.test";
    let detection = beta_(virus_detection(&beta(), STAMP, &read.certified, to_alfa, bruno, "EICAR-Test-File"));
    let asked = |form| {
        let mut read = envelope_read();
        read.certified.form = form;
        read
    };
    vec![
        ("acceptance", alfa(acceptance(&issuer(), STAMP, &certified))),
        ("non-acceptance", alfa(non_acceptance(&issuer(), STAMP, &refused.unwrap_err()))),
        ("envelope", alfa(envelope(&issuer(), NOW, &titled()))),
        ("take-charge", beta_(take_charge(&beta(), STAMP, &read.certified, "ricevute@alfa.test", &taken))),
        ("delivery-complete", beta_(delivery(&beta(), STAMP, &read, bruno, Form::Complete))),
        ("delivery-brief", beta_(delivery(&beta(), STAMP, &asked(Form::Brief), bruno, Form::Brief))),
        ("delivery-concise", beta_(delivery(&beta(), STAMP, &read, "dario@beta.test", Form::Concise))),
        ("non-delivery-unknown", beta_(non_delivery(&beta(), STAMP, &read.certified, bruno, &Cause::UnknownMailbox))),
        ("non-delivery-full", beta_(non_delivery(&beta(), STAMP, &read.certified, bruno, &Cause::MailboxFull))),
        ("non-delivery-domain", alfa(non_delivery(&issuer(), STAMP, &certified, bruno, &Cause::UnknownDomain))),
        (
            "non-delivery-refused",
            alfa(non_delivery(
                &issuer(),
                STAMP,
                &certified,
                bruno,
                &Cause::Refused { code: "5.7.1".into(), text: "no".into() },
            )),
        ),
        ("timeout-12", alfa(timeout(&issuer(), STAMP, &certified, bruno, Timeout::TwelveHours))),
        ("timeout-24", alfa(timeout(&issuer(), STAMP, &certified, bruno, Timeout::TwentyFourHours))),
        ("non-acceptance-virus", alfa(virus_non_acceptance(&issuer(), STAMP, &certified, "EICAR-Test-File"))),
        ("virus-detection", detection.clone()),
        ("non-delivery-virus", alfa(virus_non_delivery(&issuer(), STAMP, &received(&detection)).unwrap())),
        ("anomaly", beta_(anomaly(&beta(), STAMP, arrival))),
    ]
}

#[test]
fn every_kind_comes_in_as_what_it_is() {
    for (name, message) in every_kind() {
        let kind = match incoming(&message) {
            Incoming::Envelope { provider, .. } => {
                assert_eq!(provider.mail_receipt, "ricevute@alfa.test");
                Some(Kind::Envelope)
            }
            Incoming::Receipt { receipt, .. } => Some(receipt.kind),
            Incoming::Anomaly { reason, .. } if name == "anomaly" => {
                assert!(reason.contains("daticert.xml"), "{reason}");
                None
            }
            other => panic!("{name}: {other:?}"),
        };
        let expected = match name.split_once('-').map_or(name, |(head, _)| head) {
            "envelope" => Some(Kind::Envelope),
            "acceptance" => Some(Kind::Acceptance),
            "take" => Some(Kind::TakeCharge),
            "virus" => Some(Kind::VirusDetection),
            "delivery" => Some(Kind::Delivery),
            "timeout" => Some(Kind::Timeout),
            "non" if name.starts_with("non-acceptance") => Some(Kind::NonAcceptance),
            "non" => Some(Kind::NonDelivery),
            _ => None,
        };
        assert_eq!(kind, expected, "{name}");
    }
}

#[test]
fn a_notice_of_non_acceptance_tells_the_fault_in_its_data() {
    //= PEC-3.1.2-05
    //= type=test
    let (_, message) = every_kind().remove(1);
    let Incoming::Receipt { receipt, .. } = incoming(&message) else { panic!("no receipt") };
    assert!(receipt.error.is_some_and(|fault| fault.contains("From")));
}

#[test]
fn the_same_message_is_made_of_the_same_octets() {
    assert_eq!(every_kind(), every_kind());
}

#[test]
fn envelope_inherits_and_sets_its_fields() {
    let message = sealed_envelope();
    let text = String::from_utf8(message.to_vec()).unwrap();
    let header = text.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
    for line in [
        "Received: from pc by alfa",
        "X-Trasporto: posta-certificata",
        "Date: Mon, 02 Mar 2026 09:00:00 +0100",
        "From: \"Per conto di: anna@alfa.test\" <posta-certificata@alfa.test>",
        "Sender: \"Per conto di: anna@alfa.test\" <posta-certificata@alfa.test>",
        "To: Bruno <bruno@beta.test>, carla@ordinaria.test",
        "Cc: dario@beta.test",
        "Reply-To: anna@alfa.test",
        "Message-ID: <pec1@alfa.test>",
        "X-Riferimento-Message-ID: <client-1@pc>",
        "X-TipoRicevuta: completa",
    ] {
        assert_eq!(header.lines().filter(|found| *found == line).count(), 1, "{line} in {header}");
    }
    assert_eq!(value(&message, "Subject"), "POSTA CERTIFICATA: Perché e allegati");
}

#[test]
fn envelope_keeps_reply_to_and_kind_fields_of_the_user_stay_inside() {
    let fields = "Reply-To: \"Studio\"\r\n <studio@alfa.test>\r\nX-Ricevuta: accettazione\r\nX-Trasporto: errore\r\nX-TipoRicevuta: Sintetica\r\n";
    let message = ALFA.seal(&envelope(&issuer(), NOW, &submission(fields)));
    let read = Message::read(message.clone()).unwrap();
    assert_eq!(&read.get("Reply-To").unwrap().raw()[..], b"Reply-To: \"Studio\"\r\n <studio@alfa.test>\r\n");
    assert!(read.get("X-Ricevuta").is_none());
    assert_eq!(read.all("X-Trasporto").count(), 1);
    let Incoming::Envelope { envelope, .. } = incoming(&message) else { panic!() };
    assert_eq!((envelope.certified.form, envelope.certified.reply_to.as_str()), (Form::Concise, "studio@alfa.test"));
    assert!(envelope.original.windows(fields.len()).any(|window| window == fields.as_bytes()));
}

#[test]
fn envelope_gives_back_the_original_and_its_data() {
    let read = envelope_read();
    let original = String::from_utf8(read.original.to_vec()).unwrap();
    assert!(original.contains("Message-ID: <pec1@alfa.test>\r\nX-Riferimento-Message-ID: <client-1@pc>\r\n"));
    assert!(original.ends_with("\r\n\r\nciao\r\n"));
    assert_eq!(read.certified.recipients.iter().map(|to| to.certified).collect::<Vec<_>>(), [true, false, true]);
    let forms = Forms::of(&read);
    assert_eq!(forms.of_recipient("bruno@beta.test"), Form::Complete);
    assert_eq!(forms.of_recipient("dario@beta.test"), Form::Concise);
    let again =
        EnvelopeRead::read(&replaced(&sealed_envelope(), "Received:", "Received: by relay\r\nReceived:").into())
            .unwrap();
    assert_eq!(again.identity, read.identity);
}

#[test]
fn originals_of_eight_bits_and_odd_ends_come_back() {
    for body in ["à\r\n", "", "\r\n\r\n", "--=_x\r\n", "senza fine"] {
        let mut text = b"From: anna@alfa.test\r\nTo: bruno@beta.test, carla@ordinaria.test, dario@beta.test\r\nMessage-ID: <1@c>\r\n\r\n".to_vec();
        text.extend_from_slice(body.as_bytes());
        let sealed = ALFA.seal(&envelope(&issuer(), NOW, &submission_of(text.clone().into())));
        let Incoming::Envelope { envelope, .. } = incoming(&sealed) else { panic!("{body}") };
        assert!(envelope.original.ends_with(format!("\r\n\r\n{body}").as_bytes()));
        let labels = String::from_utf8_lossy(&sealed).matches("Content-Transfer-Encoding: 8bit").count();
        assert_eq!(labels, if body.is_ascii() { 0 } else { 3 }, "{body}");
    }
}

#[test]
fn delivery_forms_carry_what_they_should() {
    let file = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nciao\r\n--b\r\nContent-Type: x/y; name=f\r\n\r\nsegreto\r\n--b--\r\n";
    let sealed = ALFA.seal(&envelope(&issuer(), NOW, &submission(file)));
    let read = EnvelopeRead::read(&sealed).unwrap();
    let receipt = |form| BETA.seal(&delivery(&beta(), STAMP, &read, "bruno@beta.test", form));
    let holds = |message: &Bytes, text: &str| String::from_utf8_lossy(message).contains(text);
    assert!(receipt(Form::Complete).windows(read.original.len()).any(|window| window == read.original));
    let brief = receipt(Form::Brief);
    assert!(holds(&brief, "postacert.eml") && holds(&brief, "f.hash") && !holds(&brief, "segreto"));
    assert!(!holds(&receipt(Form::Concise), "postacert.eml"));
    for form in [Form::Complete, Form::Brief, Form::Concise] {
        assert_eq!(daticert_of(&receipt(form)).form, Some(Form::Complete));
        let read = received(&receipt(form));
        assert_eq!(read.delivered_to.as_deref(), Some("bruno@beta.test"));
        assert_eq!(read.certified.pec_msgid, "pec1@alfa.test");
    }
}

/// The parts of what is signed.
pub(super) fn parts_of(message: &Bytes) -> Vec<Message> {
    let signed = signature::Signed::find(&Message::read(message.clone()).unwrap()).unwrap();
    let mixed = mime::entity(signed.content);
    mime::parts(&mixed).unwrap().iter().map(|range| mime::part(&mixed, range)).collect()
}

pub(super) fn daticert_of(message: &Bytes) -> daticert::Daticert {
    let parts = parts_of(message);
    let named = |part: &&Message| mime::file_name(part).as_deref() == Some("daticert.xml");
    daticert::read(&mime::decoded(parts.iter().find(named).unwrap()).unwrap()).unwrap()
}

#[test]
fn notices_tell_their_class_of_error() {
    let class = |name: &str| {
        let message = every_kind().into_iter().find(|(found, _)| *found == name).unwrap().1;
        daticert_of(&message).error
    };
    for (name, error) in [
        ("acceptance", "nessuno"),
        ("envelope", "nessuno"),
        ("take-charge", "nessuno"),
        ("delivery-complete", "nessuno"),
        ("non-acceptance", "altro"),
        ("non-delivery-unknown", "no-dest"),
        ("non-delivery-domain", "no-dominio"),
        ("non-delivery-full", "altro"),
        ("non-delivery-refused", "altro"),
        ("timeout-12", "altro"),
        ("timeout-24", "altro"),
        ("non-acceptance-virus", "virus"),
        ("virus-detection", "virus"),
        ("non-delivery-virus", "virus"),
    ] {
        assert_eq!(class(name), error, "{name}");
    }
}

#[test]
fn notices_tell_their_cause() {
    let error = |cause: &Cause| {
        let read = received(&BETA.seal(&non_delivery(&beta(), STAMP, &certified(), "bruno@beta.test", cause)));
        (read.error.unwrap(), read.delivered_to.unwrap())
    };
    let bruno = || "bruno@beta.test".to_owned();
    assert_eq!(
        error(&Cause::UnknownMailbox),
        ("5.1.1 - Beta Certificata S.p.A. - indirizzo non valido".into(), bruno())
    );
    assert_eq!(error(&Cause::MailboxFull), ("5.2.2 - Beta Certificata S.p.A. - casella piena".into(), bruno()));
    let taken = received(&BETA.seal(&take_charge(&beta(), STAMP, &certified(), "ricevute@alfa.test", &[bruno()])));
    assert_eq!((taken.taken, taken.certified.msgid.as_deref()), (vec![bruno()], Some("<client-1@pc>")));
}

#[test]
fn a_changed_content_is_ordinary_mail() {
    let message = replaced(&sealed_envelope(), "ciao", "addio");
    assert!(ordinary(&message).contains("alterato"));
}

#[test]
fn a_signature_of_another_message_is_ordinary_mail() {
    let draft = envelope(&issuer(), NOW, &submission("Subject: a\r\n"));
    assert!(ordinary(&draft.seal(&ALFA.sign(b"other"))).contains("valore della firma"));
    assert!(ordinary(&draft.seal(&BETA.sign(&draft.to_sign()))).contains("valore della firma"));
    assert!(ordinary(&draft.seal(&[])).contains("valore della firma"));
}

#[test]
fn a_signer_outside_the_index_is_ordinary_mail() {
    let stranger = Issuer::new("posta-certificata@alfa.test", "Alfa", INDEX.certificate, &[]).unwrap();
    let message = INDEX.seal(&envelope(&stranger, NOW, &submission("")));
    assert!(ordinary(&message).contains("non è di un gestore"));
}

#[test]
fn a_certificate_out_of_its_time_or_trust_is_ordinary_mail() {
    let message = sealed_envelope();
    let late = Timestamp::from_unix_micros(2_600_000_000_000_000);
    let trust = trust();
    // That its authority has signed it is remembered from the first time; its time is not.
    assert!(matches!(classify(&message, &index(), &trust, None, NOW), Incoming::Envelope { .. }));
    assert!(
        matches!(classify(&message, &index(), &trust, None, late), Incoming::Ordinary { reason } if reason.contains("non è valido"))
    );
    assert!(
        matches!(classify(&message, &index(), &Trust::default(), None, NOW), Incoming::Ordinary { reason } if reason.contains("autorità"))
    );
}

#[test]
fn a_revoked_certificate_is_ordinary_mail() {
    let message = sealed_envelope();
    let (trust, revoked) = (trust(), revocations(&[ALFA.certificate]));
    let other = classify(&message, &index(), &trust, Some(&revocations(&[BETA.certificate])), NOW);
    assert!(matches!(other, Incoming::Envelope { .. }));
    for now in [NOW, later(-3600), later(7 * 3600)] {
        let incoming = classify(&message, &index(), &trust, Some(&revoked), now);
        assert!(matches!(incoming, Incoming::Ordinary { reason } if reason.contains("revocato")));
    }
}

#[test]
fn a_list_out_of_its_time_proves_nothing() {
    let list = revocations(&[]);
    let stale = |message: &[u8]| {
        classify(&Bytes::copy_from_slice(message), &index(), &trust(), Some(&list), later(6 * 3600 + 1))
    };
    assert!(matches!(stale(&sealed_envelope()), Incoming::Deferred { .. }));
    // What fails for another reason needs no list.
    assert!(matches!(stale(&replaced(&sealed_envelope(), "ciao", "addio")), Incoming::Ordinary { .. }));
}

#[test]
fn plain_mail_that_looks_certified_is_ordinary_mail() {
    let text = "From: \"Per conto di: x\" <posta-certificata@alfa.test>\r\nX-Trasporto: posta-certificata\r\nSubject: POSTA CERTIFICATA: x\r\n\r\nciao\r\n";
    assert!(ordinary(text.as_bytes()).contains("firma S/MIME"));
    assert!(ordinary(b"").contains("firma S/MIME"));
}

#[test]
fn a_third_part_beside_the_signature_is_no_signature() {
    let text = String::from_utf8(sealed_envelope().to_vec()).unwrap();
    let boundary = text.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let wrapped = text.replacen(
        &format!("\r\n--{boundary}\r\n"),
        &format!("\r\n--{boundary}\r\n\r\nestraneo\r\n--{boundary}\r\n"),
        1,
    );
    assert!(ordinary(wrapped.as_bytes()).contains("firma S/MIME"));
    let appended = text.replacen(
        &format!("\r\n--{boundary}--"),
        &format!("\r\n--{boundary}\r\n\r\nestraneo\r\n--{boundary}--"),
        1,
    );
    assert!(ordinary(appended.as_bytes()).contains("firma S/MIME"));
}

#[test]
fn a_second_signer_is_no_signature() {
    let text = String::from_utf8(sealed_envelope().to_vec()).unwrap();
    let message = Message::read(text.clone().into()).unwrap();
    let cms = signature::Signed::find(&message).unwrap().cms;
    let (begin, end) = (text.find("MII").unwrap(), text.rfind("\r\n--=_").unwrap());
    let with = |cms: &[u8]| [&text.as_bytes()[..begin], &write::base64(cms), &text.as_bytes()[end..]].concat();
    assert!(matches!(incoming(&with(&cms)), Incoming::Envelope { .. }));
    assert!(ordinary(&with(&draft::signed_twice(&cms, BETA.certificate))).contains("struttura"));
}

#[test]
fn an_author_outside_the_domains_of_the_signer_is_an_anomaly() {
    let moved = ldif().replace("managedDomains: alfa.test", "managedDomains: altra.test");
    let index = Index::read(&p7m(&moved, &INDEX), INDEX.certificate).unwrap();
    let incoming = classify(&sealed_envelope(), &index, &trust(), None, NOW);
    assert!(matches!(incoming, Incoming::Anomaly { reason, .. } if reason.contains("dominio")));
}

#[test]
fn an_anomaly_envelope_names_all_to_whom_the_message_is_addressed() {
    let received = Bytes::from_static(
        b"From: ugo@y.it\r\nTo: Bruno <bruno@beta.test>\r\nCc: G: carla@gamma.test;\r\n\r\nciao\r\n",
    );
    let to = ["bruno@BETA.test".to_owned(), "dora@beta.test".to_owned()];
    let arrival = Arrival { received: &received, sender: "ugo@y.it", recipients: &to, reason: "motivo" };
    let message = BETA.seal(&anomaly(&beta(), STAMP, arrival));
    let named = "indirizzato a:\r\nbruno@beta.test\r\ncarla@gamma.test\r\ndora@beta.test\r\nI dati";
    assert!(String::from_utf8_lossy(&message).contains(named));
}

/// A message of `kind` by its header, whose certification data says `told` and `extra`.
fn bent(kind: Kind, prefix: &str, told: Kind, extra: daticert::Extra<'_>, original: Option<&Bytes>) -> Vec<u8> {
    let (issuer, certified, time) = (issuer(), certified(), legal::LegalTime::of(NOW));
    let mut header = write::Header::default();
    header.add("X-Ricevuta", kind.wire());
    header.add("Date", &time.date);
    header.subject(prefix, certified.subject.as_ref());
    header.add("From", issuer.certified_address());
    header.add("To", "anna@alfa.test");
    header.add_if("X-Riferimento-Message-ID", certified.msgid.as_deref());
    let xml = daticert::write(told, &issuer, &time, &certified, extra);
    let original = original.map(|original| ("postacert.eml", original));
    let content = parts::Content { text: "testo\n", bare: false, daticert: Some(&xml), original };
    ALFA.seal(&Draft::new(&issuer, "x@alfa.test", NOW, header, &content)).to_vec()
}

#[test]
fn receipts_that_lack_or_contradict_their_data_are_an_anomaly() {
    let none = daticert::Extra::default();
    let one = daticert::Extra { delivered_to: Some("bruno@beta.test"), ..none };
    let timeout = "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: ";
    let original = Bytes::from_static(b"Subject: x\r\n\r\n");
    assert_eq!(received(&bent(Kind::Delivery, "CONSEGNA: ", Kind::Delivery, one, None)).kind, Kind::Delivery);
    assert!(anomaly_of(&bent(Kind::Delivery, "CONSEGNA: ", Kind::Delivery, none, None)).contains("consegna"));
    assert!(
        anomaly_of(&bent(Kind::TakeCharge, "PRESA IN CARICO: ", Kind::TakeCharge, none, None)).contains("ricezione")
    );
    assert!(anomaly_of(&bent(Kind::Delivery, "CONSEGNA: ", Kind::NonDelivery, one, None)).contains("X-Ricevuta"));
    assert!(
        anomaly_of(&bent(Kind::Envelope, "POSTA CERTIFICATA: ", Kind::Envelope, none, None)).contains("X-Ricevuta")
    );
    assert!(anomaly_of(&bent(Kind::Delivery, "ACCETTAZIONE: ", Kind::Delivery, one, None)).contains("Subject"));
    assert!(anomaly_of(&bent(Kind::Timeout, timeout, Kind::Timeout, one, Some(&original))).contains("originale"));
}

#[test]
fn another_author_than_the_certificate_is_an_anomaly() {
    assert!(
        anomaly_of(&replaced(&sealed_envelope(), "<posta-certificata@alfa.test>", "<posta-certificata@beta.test>"))
            .contains("certificato")
    );
    let claimed = Issuer::new("posta-certificata@beta.test", "Beta", ALFA.certificate, &[]).unwrap();
    assert!(anomaly_of(&ALFA.seal(&envelope(&claimed, NOW, &submission("")))).contains("certificato"));
}

#[test]
fn headers_that_contradict_the_certification_data_are_an_anomaly() {
    let message =
        ALFA.seal(&envelope(&issuer(), NOW, &submission("Subject: Contratto\r\nMessage-ID: <client-1@pc>\r\n")));
    for (from, to) in [
        ("Message-ID: <pec1@", "Message-ID: <pec2@"),
        ("X-Riferimento-Message-ID: <client-1@", "X-Riferimento-Message-ID: <client-2@"),
        ("X-TipoRicevuta: completa", "X-TipoRicevuta: breve"),
        ("X-TipoRicevuta: completa", "X-TipoRicevuta: lunga"),
        ("Subject: POSTA CERTIFICATA: Contratto", "Subject: POSTA CERTIFICATA: Disdetta"),
        ("Subject: POSTA CERTIFICATA: Contratto", "Subject: Contratto"),
        ("X-Trasporto: posta-certificata", "X-Trasporto: errore"),
        ("X-Trasporto: posta-certificata", "X-Boh: x"),
        ("X-Trasporto: posta-certificata", "X-Trasporto: posta-certificata\r\nX-Ricevuta: accettazione"),
        ("X-Trasporto: posta-certificata", "X-Ricevuta: avvenuta-consegna"),
        ("Date: ", "X-Date: "),
        ("To: Bruno", "X-To: Bruno"),
        ("From: ", "From: x@y.it\r\nFrom: "),
        ("\r\n\r\n--=_", "\r\nContent-Type: text/html\r\n\r\n--=_"),
        ("MIME-Version: ", "Subject: POSTA CERTIFICATA: Disdetta\r\nMIME-Version: "),
        ("MIME-Version: ", "X-TipoRicevuta: breve\r\nMIME-Version: "),
    ] {
        assert!(!anomaly_of(&replaced(&message, from, to)).is_empty(), "{to}");
    }
}

#[test]
fn a_reference_left_out_of_the_header_is_read_in_the_certification_data() {
    let message =
        ALFA.seal(&envelope(&issuer(), NOW, &submission("Subject: Contratto\r\nMessage-ID: <client-1@pc>\r\n")));
    let bare = replaced(&message, "X-Riferimento-Message-ID: <client-1@pc>\r\nX-Tipo", "X-Tipo");
    let Incoming::Envelope { envelope, .. } = incoming(&bare) else { panic!() };
    assert_eq!(envelope.certified.msgid.as_deref(), Some("<client-1@pc>"));
}

#[test]
fn certification_data_that_contradicts_the_original_is_an_anomaly() {
    let bend = |bend: &dyn Fn(&mut Certified)| {
        let mut submission = submission("Subject: a\r\nMessage-ID: <1@c>\r\n");
        bend(&mut submission.certified);
        anomaly_of(&ALFA.seal(&envelope(&issuer(), NOW, &submission)))
    };
    assert!(bend(&|certified| certified.sender = "mario@alfa.test".into()).contains("mittente"));
    assert!(
        bend(&|certified| certified.subject = Some(Subject { text: "b".into(), wire: Some("b".into()) }))
            .contains("oggetto")
    );
}

#[test]
fn hostile_messages_cost_an_answer() {
    let nested = "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n".repeat(10_000);
    let parts = format!("Content-Type: multipart/signed; boundary=b\r\n\r\n{}--b--\r\n", "--b\r\n".repeat(1_000_000));
    let header = "X: y\r\n".repeat(1_000_000);
    let boundary = format!("Content-Type: multipart/signed; boundary={}\r\n\r\nx", "b".repeat(1 << 19));
    for text in [nested, parts, header, boundary] {
        assert!(!ordinary(text.as_bytes()).is_empty());
    }
}

#[test]
fn an_anomaly_envelope_holds_the_text_and_the_whole_message() {
    let received = Bytes::from_static(
        b"Received: from y\r\nFrom: Ugo <ugo@y.it>\r\nTo: bruno@beta.test\r\nSubject: s\r\n\r\nciao\r\n",
    );
    let to = ["bruno@beta.test".to_owned()];
    let arrival = Arrival { received: &received, sender: "", recipients: &to, reason: "motivo" };
    let message = BETA.seal(&anomaly(&beta(), STAMP, arrival));
    assert_eq!(value(&message, "From"), "\"Per conto di: ugo@y.it\" <posta-certificata@beta.test>");
    assert_eq!(value(&message, "Subject"), "ANOMALIA MESSAGGIO: s");
    assert_eq!(value(&message, "Message-ID"), "<ric1@beta.test>");
    assert_eq!(value(&message, "Reply-To"), "ugo@y.it");
    assert_eq!(value(&message, "Received"), "from y");
    let text = String::from_utf8_lossy(&message);
    assert!(text.contains(std::str::from_utf8(&received).unwrap()) && !text.contains("daticert"));
    let named = Bytes::from_static(b"message-id: <a@b>\r\n\r\n");
    let message = BETA.seal(&anomaly(&beta(), STAMP, Arrival { received: &named, ..arrival }));
    assert_eq!(Message::read(message.clone()).unwrap().all("Message-ID").count(), 1);
    assert_eq!(value(&message, "Message-ID"), "<a@b>");
    assert_eq!(anomaly(&beta(), STAMP, Arrival { received: &named, ..arrival }).message_id(), "a@b");
}

/// The text of a part in ISO-8859-1.
pub(super) fn latin(part: &Message) -> String {
    mime::decoded(part).unwrap().iter().copied().map(char::from).collect()
}

#[test]
fn readable_text_tells_what_the_law_asks() {
    let texts = |name: &str| {
        let message = every_kind().into_iter().find(|(found, _)| *found == name).unwrap().1;
        latin(&parts_of(&message)[0])
    };
    for name in [
        "acceptance",
        "envelope",
        "take-charge",
        "delivery-complete",
        "non-delivery-full",
        "timeout-12",
        "timeout-24",
        "non-acceptance-virus",
        "virus-detection",
        "non-delivery-virus",
    ] {
        let text = texts(name);
        for item in
            ["02/03/2026", "09:00:00 (+0100)", "allegati", "anna@alfa.test", "bruno@beta.test", "pec1@alfa.test"]
        {
            assert!(text.contains(item), "{item} in {text}");
        }
    }
    assert!(texts("acceptance").contains("carla@ordinaria.test (\"posta ordinaria\")"));
    assert!(texts("non-delivery-full").contains("5.2.2"));
    for (name, end) in [
        ("non-acceptance-virus", "Il messaggio non è stato accettato."),
        ("virus-detection", "Per questo motivo il messaggio non è stato consegnato."),
        ("non-delivery-virus", "Il messaggio non è stato consegnato."),
    ] {
        let text = texts(name);
        assert!(
            text.contains("problema di sicurezza") && text.contains("EICAR-Test-File]") && text.contains(end),
            "{text}"
        );
    }
    assert!(texts("timeout-12").contains("12 ore") && texts("timeout-24").contains("24 ore"));
    assert!(texts("non-acceptance").contains("non è stato accettato"));
    assert!(texts("anomaly").contains("non contiene una firma S/MIME"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Goal: whoever bends a message on its way changes nothing of what it certifies. Method: one octet anywhere.
    #[test]
    fn a_bent_octet_changes_nothing_that_is_certified(at in any::<prop::sample::Index>(), octet: u8) {
        // Made once: keys are slow.
        static MADE: LazyLock<(Bytes, Index, Trust, Revocations)> =
            LazyLock::new(|| (sealed_envelope(), index(), trust(), revocations(&[])));
        let (sealed, index, trust, list) = &*MADE;
        let mut message = sealed.to_vec();
        let at = at.index(message.len());
        message[at] = octet;
        if let Incoming::Envelope { envelope, .. } = classify(&message.into(), index, trust, Some(list), NOW) {
            prop_assert_eq!(*envelope, EnvelopeRead::read(sealed).unwrap());
        }
    }
}
