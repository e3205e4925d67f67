//! What a provider sends because of a message that came, made from its octets alone.

use crate::{
    Certified, Entity, Form, Kind, Moment, Opened, PeerIdentity, Recipient, Signer, Xml, brief, decode_words, open,
    receipt,
};

/// A take-charge receipt for an envelope, to the sending provider's service mailbox.
//= PEC-3.2.1-02
pub fn take_charge(
    envelope: &[u8],
    signer: &Signer,
    peer: &PeerIdentity,
    recipients: &[String],
    to: &str,
    at_unix_micros: i64,
) -> Vec<u8> {
    receipt(Kind::TakeCharge { recipients }, &Certified::of_envelope(envelope), peer, to, signer, at_unix_micros)
}

/// A delivery receipt for an envelope, in the form that its recipient owes by `To` and `Cc`, to the original sender.
//= PEC-3.3.2.1-02
//= PEC-3.3.2.1-04
//= PEC-3.3.2.2-02
//= PEC-3.3.2.3-01
pub fn delivery(
    envelope: &[u8],
    signer: &Signer,
    peer: &PeerIdentity,
    recipient: &str,
    to: &str,
    at_unix_micros: i64,
) -> Vec<u8> {
    let certified = Certified::of_envelope(envelope);
    let whole = open(envelope).ok().and_then(|opened| opened.original());
    let original = match certified.form {
        _ if is_copy(envelope, recipient) => None,
        Form::Complete => whole,
        Form::Brief => whole.map(|original| brief(&original)),
        Form::Concise => None,
    };
    let kind = Kind::Delivery { recipient, form: certified.form, original: original.as_deref() };
    receipt(kind, &certified, peer, to, signer, at_unix_micros)
}

/// A virus-detection notice for an envelope, about one recipient, to the sending provider's service mailbox.
//= PEC-3.2.3-03
//= PEC-3.2.3-04
pub fn virus_detection(
    envelope: &[u8],
    signer: &Signer,
    peer: &PeerIdentity,
    recipient: &str,
    why: &str,
    to: &str,
    at_unix_micros: i64,
) -> Vec<u8> {
    let kind = Kind::VirusDetection { recipient, why };
    receipt(kind, &Certified::of_envelope(envelope), peer, to, signer, at_unix_micros)
}

/// The non-delivery notice that a virus-detection notice asks for; all that it says is in that one.
//= PEC-3.2.4-01
//= PEC-3.2.4-10
pub fn virus_non_delivery(notice: &[u8], signer: &Signer, peer: &PeerIdentity, at_unix_micros: i64) -> Vec<u8> {
    let opened = open(notice).ok();
    let xml = Xml(opened.as_ref().and_then(Opened::daticert).unwrap_or_default());
    let fields = opened.map_or_else(|| Entity::read(notice).fields, |opened| opened.fields().clone());
    let subject = fields.get("Subject").map(|subject| decode_words(&subject)).unwrap_or_default();
    let subject = subject.strip_prefix("PROBLEMA DI SICUREZZA:").map_or(subject.as_str(), str::trim).to_owned();
    let sender = fields.get("X-Mittente").or_else(|| xml.text("mittente")).unwrap_or_default();
    let certified = Certified {
        sender: sender.clone(),
        subject: xml.text("oggetto").unwrap_or(subject),
        ..Certified::of_envelope(notice)
    };
    let recipient = xml.text("consegna").unwrap_or_default();
    let why = xml.text("errore-esteso").unwrap_or_default();
    let kind = Kind::NonDeliveryVirus { recipient: &recipient, why: &why };
    receipt(kind, &certified, peer, &sender, signer, at_unix_micros)
}

/// A correct delivery receipt for a message that nobody sent.
pub fn stray_receipt(to: &str, recipient: &str, signer: &Signer, peer: &PeerIdentity, at_unix_micros: i64) -> Vec<u8> {
    let moment = Moment::at_micros(at_unix_micros);
    let domain = to.rsplit('@').next().unwrap_or_default();
    let identifier = format!("mai.spedito.{at_unix_micros}@{domain}");
    let original = format!(
        "From: {to}\r\nTo: {recipient}\r\nSubject: Mai spedito\r\nDate: {}\r\nMessage-ID: <{identifier}>\r\n\
         X-Riferimento-Message-ID: <mai.spedito@{domain}>\r\nMIME-Version: 1.0\r\n\r\nMai spedito.\r\n",
        moment.date
    );
    let certified = Certified {
        sender: to.to_owned(),
        recipients: vec![Recipient { address: recipient.to_owned(), certified: true }],
        reply_to: to.to_owned(),
        subject: "Mai spedito".to_owned(),
        identifier,
        msgid: Some(format!("<mai.spedito@{domain}>")),
        form: Form::Complete,
    };
    let kind = Kind::Delivery { recipient, form: Form::Complete, original: Some(original.as_bytes()) };
    receipt(kind, &certified, peer, to, signer, at_unix_micros)
}

/// A signed message without its signature: what was signed stands under its header as it is.
pub fn unsigned(message: &[u8]) -> Vec<u8> {
    let Ok(opened) = open(message) else { return message.to_vec() };
    let content = opened.content();
    let mut whole = content.clone();
    whole.fields = opened.fields().clone();
    for name in ["MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition"] {
        whole.fields.remove(name);
    }
    whole.fields.push("MIME-Version", "1.0");
    whole.fields.0.extend(content.fields.0.iter().cloned());
    whole.to_bytes()
}

/// Whether a recipient stands in `Cc` alone; one that stands in both, or in none, counts as primary.
fn is_copy(envelope: &[u8], recipient: &str) -> bool {
    let fields = Entity::read(envelope).fields;
    let holds = |name: &str| fields.get(name).is_some_and(|value| names(&value, recipient));
    holds("Cc") && !holds("To")
}

/// Whether a list of addresses holds this one, and not merely one that ends or begins with it.
fn names(list: &str, address: &str) -> bool {
    let separators = [',', ';', '<', '>', ' ', '\t', ':'];
    list.split(separators).any(|word| word.eq_ignore_ascii_case(address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign::tests::{certified, peer, signer};
    use crate::{envelope, rewritten_original};

    const NOON: i64 = 1_752_000_000_000_000;
    const LETTER: &str = "From: anna@alfa.test\r\nTo: bruno@beta.test, \"C\" <both@beta.test>\r\n\
        Cc: carla@beta.test, both@beta.test\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nciao\r\n--x\r\n\
        Content-Type: text/csv; name=a.csv\r\n\r\n1,2\r\n--x--\r\n";

    fn sent(form: Form) -> (Signer, Vec<u8>) {
        let (signer, _) = signer("provider-02", "posta-certificata@beta.test");
        let original = rewritten_original(LETTER.as_bytes(), "1.2@alfa.test");
        let envelope = envelope(&original, &Certified { form, ..certified() }, &peer(), &signer, NOON);
        (signer, envelope)
    }

    #[test]
    fn the_form_of_a_delivery_receipt_follows_to_and_cc() {
        let forms = [(Form::Complete, Some("1,2")), (Form::Brief, Some("a.csv.hash")), (Form::Concise, None)];
        for (form, primary) in forms {
            let (signer, envelope) = sent(form);
            let recipients = [
                ("bruno@beta.test", primary),
                ("carla@beta.test", None),
                ("both@beta.test", primary),
                ("no@x", primary),
            ];
            for (recipient, holds) in recipients {
                let message = delivery(&envelope, &signer, &peer(), recipient, "anna@alfa.test", NOON);
                let opened = open(&message).unwrap();
                let original = opened.original().map(|octets| String::from_utf8(octets).unwrap());
                assert_eq!(original.is_some(), holds.is_some(), "{form:?} {recipient}");
                assert!(original.is_none_or(|original| original.contains(holds.unwrap())), "{form:?} {recipient}");
                let xml = Xml(opened.daticert().unwrap());
                assert_eq!(xml.text("consegna").as_deref(), Some(recipient));
                assert_eq!(xml.attribute("ricevuta", "tipo").as_deref(), Some(form.wire()));
            }
        }
    }

    #[test]
    fn a_virus_notice_gives_all_that_the_users_notice_says() {
        let (signer, envelope) = sent(Form::Complete);
        let to = "servizio@alfa.test";
        let notice = virus_detection(&envelope, &signer, &peer(), "bruno@beta.test", "EICAR", to, NOON);
        let opened = open(&notice).unwrap();
        assert_eq!(opened.fields().get("X-Mittente").as_deref(), Some("anna@alfa.test"));
        assert_eq!(opened.fields().get("To").as_deref(), Some(to));
        let mut told = open(&virus_non_delivery(&notice, &signer, &peer(), NOON)).unwrap();
        let said = |name: &str| told.fields().get(name).map(|value| decode_words(&value));
        assert_eq!(said("X-Ricevuta").as_deref(), Some("errore-consegna"));
        assert_eq!(said("X-VerificaSicurezza").as_deref(), Some("errore"));
        assert_eq!(said("To").as_deref(), Some("anna@alfa.test"));
        assert_eq!(said("Subject").as_deref(), Some("AVVISO DI MANCATA CONSEGNA PER VIRUS: Perch\u{e9} <no>?"));
        assert_eq!(said("X-Riferimento-Message-ID").as_deref(), Some("<m1@client.test>"));
        let xml = Xml(told.daticert().unwrap());
        assert_eq!(xml.attribute("postacert", "errore").as_deref(), Some("virus"));
        assert_eq!(xml.text("consegna").as_deref(), Some("bruno@beta.test"));
        assert_eq!(xml.text("identificativo").as_deref(), Some("1.2@alfa.test"));
        assert!(told.texts_mut().first().unwrap().text().contains("EICAR"));
    }

    #[test]
    fn an_unsigned_envelope_keeps_header_and_parts() {
        let (_, envelope) = sent(Form::Complete);
        let bare = Entity::read(&unsigned(&envelope));
        assert_eq!(bare.content_type(), "multipart/mixed");
        assert_eq!(bare.fields.get("X-Trasporto").as_deref(), Some("posta-certificata"));
        assert_eq!(bare.fields.raw("Content-Type").count(), 1);
        let names: Vec<_> = bare.parts().filter_map(Entity::file_name).collect();
        assert_eq!(names, ["postacert.eml", "daticert.xml"]);
        assert_eq!(unsigned(b"ciao"), b"ciao");
    }

    #[test]
    fn a_stray_receipt_is_about_nothing_that_was_sent() {
        let (signer, _) = signer("provider-02", "posta-certificata@beta.test");
        let message = stray_receipt("anna@alfa.test", "bruno@beta.test", &signer, &peer(), NOON);
        let opened = open(&message).unwrap();
        let xml = Xml(opened.daticert().unwrap());
        assert_eq!(xml.text("identificativo"), Some(format!("mai.spedito.{NOON}@alfa.test")));
        assert!(String::from_utf8(opened.original().unwrap()).unwrap().contains(&format!("<mai.spedito.{NOON}@")));
    }

    #[test]
    fn garbage_is_answered_without_a_panic() {
        let (signer, envelope) = sent(Form::Brief);
        for cut in (0..envelope.len()).step_by(101) {
            let part = envelope.get(..cut).unwrap();
            assert!(!delivery(part, &signer, &peer(), "x@y", "z@w", 0).is_empty());
            assert!(!virus_non_delivery(part, &signer, &peer(), 0).is_empty());
            unsigned(part);
        }
    }
}
