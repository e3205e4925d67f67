use std::collections::BTreeSet;

use collaudo_node::{Bytes, Timestamp};

use super::{
    Draft, Issuer, Kind, Message, Stamp, Submission,
    address::{mailbox_key, read_list},
    daticert::{self, Extra},
    draft::bracketed,
    legal::LegalTime,
    original::rewrite,
    parts::Content,
    text::{self, Text},
    write::{Header, harmless},
};

/// The transport envelope of an accepted submission (§3.1.5); its Message-ID is the PEC identifier.
pub fn envelope(issuer: &Issuer, at: Timestamp, submission: &Submission) -> Draft {
    let Submission { message, certified } = submission;
    let time = LegalTime::of(at);
    let mut header = Header::default();
    //= PEC-3.1.5-02
    //= PEC-3.1.5-05
    copy(&mut header, message, &["Received", "Return-Path"]);
    //= PEC-3.1.5-07
    header.add("X-Trasporto", Kind::Envelope.wire());
    header.add("Date", &time.date);
    //= PEC-3.1.5-09
    header.subject("POSTA CERTIFICATA: ", certified.subject.as_ref());
    //= PEC-2.1-06
    //= PEC-2.1-07
    //= PEC-3.1.5-10
    let from = on_behalf_of(&certified.sender, issuer);
    header.add("From", &from);
    header.add("Sender", &from);
    //= PEC-3.1.5-03
    //= PEC-3.1.5-04
    copy(&mut header, message, &["To", "Cc"]);
    reply_to(&mut header, message, &certified.sender);
    //= PEC-3.1.5-12
    header.add("Message-ID", &bracketed(&certified.pec_msgid));
    //= PEC-3.1.5-13
    header.add_if("X-Riferimento-Message-ID", certified.msgid.as_deref());
    //= PEC-3.1.5-14
    //= PEC-3.3.2-10
    //= PEC-3.1.5-15
    header.add("X-TipoRicevuta", certified.form.wire());
    let extra = Extra { form: Some(certified.form), ..Extra::default() };
    let content = Content {
        text: &Text { time: &time, certified }.envelope(),
        bare: false,
        //= PEC-3.1.5-18
        daticert: Some(&daticert::write(Kind::Envelope, issuer, &time, certified, extra)),
        //= PEC-4.3.2-01
        original: Some(("postacert.eml", &rewrite(message, certified))),
    };
    Draft::new(issuer, &certified.pec_msgid, at, header, &content)
}

/// A message that came in and cannot be certified.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The whole message.
    pub received: &'a Bytes,
    /// The reverse path; empty for the null path.
    pub sender: &'a str,
    /// The forward paths of the transaction.
    pub recipients: &'a [String],
    /// Why it is not certified, in words.
    pub reason: &'a str,
}

impl Arrival<'_> {
    /// Who sent it: the reverse path, else the address in From.
    pub fn author(&self, message: &Message) -> String {
        let from = || message.get("From").and_then(|field| read_list(&field.unfolded())?.into_iter().next());
        if self.sender.is_empty() { from().unwrap_or_default() } else { self.sender.into() }
    }

    /// Whom it is addressed to: those in To and Cc as far as they can be read, and those of the forward paths who stand
    /// in neither.
    fn addressees(&self, message: &Message) -> Vec<String> {
        let fields =
            message.fields().iter().filter(|field| ["to", "cc"].contains(&&*field.name().to_ascii_lowercase()));
        let named = fields.filter_map(|field| read_list(&field.unfolded())).flatten();
        let mut seen = BTreeSet::new();
        let all = named.chain(self.recipients.iter().cloned());
        all.filter(|address| seen.insert(mailbox_key(address).unwrap_or_else(|| address.clone()))).collect()
    }
}

/// The anomaly envelope of a message that came in (§3.2.2); the message's own Message-ID is kept, `stamp.id` stands in
/// where it has none.
pub fn anomaly(issuer: &Issuer, stamp: Stamp<'_>, arrival: Arrival<'_>) -> Draft {
    let message = Message::read_leniently(arrival.received.clone());
    let time = LegalTime::of(stamp.at);
    let sender = arrival.author(&message);
    let subject = message.subject();
    let mut header = Header::default();
    //= PEC-3.2.2-03
    //= PEC-3.2.2-06
    copy(&mut header, &message, &["Received", "Return-Path"]);
    //= PEC-3.2.2-08
    header.add("X-Trasporto", "errore");
    //= PEC-3.2.2-09
    header.add("Date", &time.date);
    //= PEC-3.2.2-10
    header.subject("ANOMALIA MESSAGGIO: ", subject.as_ref());
    //= PEC-3.2.2-11
    header.add("From", &on_behalf_of(&sender, issuer));
    //= PEC-3.2.2-04
    //= PEC-3.2.2-05
    copy(&mut header, &message, &["To", "Cc"]);
    //= PEC-3.2.2-12
    reply_to(&mut header, &message, &sender);
    //= PEC-3.2.2-07
    let named = message.get("Message-ID").map(|field| String::from_utf8_lossy(&field.unfolded()).into_owned());
    let id = match named.map(|id| id.trim_matches(['<', '>']).to_owned()) {
        Some(id) if !id.is_empty() => {
            // A second one would name another message.
            message.get("Message-ID").into_iter().for_each(|field| header.copy(field));
            id
        }
        _ => {
            header.add("Message-ID", &bracketed(stamp.id));
            stamp.id.to_owned()
        }
    };
    let subject = subject.map(|subject| subject.text).unwrap_or_default();
    //= PEC-3.2.2-02
    //= PEC-3.2.2-14
    let content = Content {
        text: &text::anomaly(&time, &subject, &sender, &arrival.addressees(&message), arrival.reason),
        bare: true,
        daticert: None,
        original: Some(("messaggio.eml", arrival.received)),
    };
    Draft::new(issuer, &id, stamp.at, header, &content)
}

//= PEC-2.1.1.2-02
//= PEC-2.1.1.2-03
//= PEC-2.1.1.2-04
//= PEC-2.1.1.2-05
fn copy(header: &mut Header, message: &Message, names: &[&str]) {
    for name in names {
        message.all(name).for_each(|field| header.copy(field));
    }
}

//= PEC-2.1-08
//= PEC-2.1.1.2-06
//= PEC-3.1.5-06
//= PEC-2.1-09
fn reply_to(header: &mut Header, message: &Message, sender: &str) {
    match message.get("Reply-To") {
        Some(_) => copy(header, message, &["Reply-To"]),
        None if sender.is_empty() => {}
        None => header.add("Reply-To", sender),
    }
}

/// `"Per conto di: <sender>" <posta-certificata@domain>`.
fn on_behalf_of(sender: &str, issuer: &Issuer) -> String {
    let sender = harmless(sender).replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"Per conto di: {sender}\" <{}>", issuer.certified_address())
}
