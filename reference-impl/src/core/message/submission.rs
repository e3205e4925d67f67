use std::collections::BTreeSet;

use collaudo_node::Bytes;

use super::{
    Certified, Form, Malformed, Message, Recipient,
    address::{mailbox_key, read_author, read_list, same_address},
    header::MAX_LINE_OCTETS,
};

/// A user's message that passed the formal checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// What the user sent.
    pub message: Message,
    /// What is certified about it.
    pub certified: Certified,
}

/// A user's message that failed a formal check, with what could be told of it for the notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormalFault {
    /// What is wrong.
    pub fault: Fault,
    /// What the notice tells of the message.
    pub certified: Box<Certified>,
}

/// The formal exceptions of §3.1.1; `Display` is Italian, for it becomes the notice's "errore-esteso".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The header is not one of RFC 5322.
    #[error("intestazione non conforme: {0}")]
    Header(#[from] Malformed),
    /// A line of the body is no line of RFC 5322.
    #[error("corpo del messaggio non conforme: {0}")]
    Body(&'static str),
    /// A field that may occur once occurs again.
    #[error("il campo {0} è presente più di una volta")]
    Repeated(&'static str),
    /// From is missing, or does not hold exactly one address.
    #[error("il campo From manca o non contiene un solo indirizzo valido")]
    From,
    /// To is missing, or holds no address, or something that is none.
    #[error("il campo To manca o non contiene indirizzi validi")]
    To,
    /// Cc holds something that is no address.
    #[error("il campo Cc contiene un indirizzo non valido")]
    Cc,
    /// Message-ID cannot be repeated in other messages.
    #[error("il campo Message-ID contiene caratteri non ammessi")]
    MessageId,
    /// The reverse path is not the address in From.
    #[error("il mittente {reverse_path} non coincide con l'indirizzo del campo From, {from}")]
    Sender {
        /// As given in MAIL FROM.
        reverse_path: String,
        /// As read from the field.
        from: String,
    },
    /// A recipient stands neither in To nor in Cc.
    #[error("il destinatario {0} non compare nei campi To e Cc")]
    Recipient(String),
    /// Bcc has a value.
    #[error("il campo Bcc contiene un valore")]
    Bcc,
    /// Size times recipients is over the limit.
    #[error(
        "la dimensione del messaggio per il numero dei destinatari ({octets} x {recipients} byte) supera il limite di {max} byte"
    )]
    Size {
        /// Of the message as it came in DATA.
        octets: u64,
        /// Of the transaction.
        recipients: u64,
        /// The limit.
        max: u64,
    },
}

/// Fields that RFC 5322 §3.6 allows once; what one reader takes from the first, another takes from the last.
pub(super) const ONCE: [&str; 11] =
    ["From", "To", "Message-ID", "Cc", "Bcc", "Sender", "Reply-To", "Subject", "Date", "In-Reply-To", "References"];

/// Checks a submission (§3.1.1).
///
/// *Takes* the octets of DATA, dots unstuffed; the paths of the transaction without angle brackets; the limit of size
/// times recipients in octets; the identifier set aside for the message, without angle brackets; and whether an
/// address belongs to a domain of the index. *Errors* with the first exception found, in the order of §3.1.1.
pub fn formal_check(
    bytes: &Bytes,
    reverse_path: &str,
    forward_paths: &[String],
    max_octets: u64,
    pec_msgid: &str,
    is_certified: &dyn Fn(&str) -> bool,
) -> Result<Submission, FormalFault> {
    // A path given twice is one recipient: one copy is delivered, one receipt follows.
    let mut seen = BTreeSet::new();
    let recipients = forward_paths
        .iter()
        .filter(|path| seen.insert(mailbox_key(path).unwrap_or_else(|| (*path).clone())))
        .map(|path| Recipient { address: path.clone(), certified: is_certified(path) })
        .collect();
    let certify = |message: &Message| certified(message, reverse_path, recipients, pec_msgid);
    let message = match Message::read(bytes.clone()) {
        Ok(message) => message,
        Err(fault) => {
            let message = Message::read_leniently(bytes.clone());
            return Err(FormalFault { fault: fault.into(), certified: Box::new(certify(&message)) });
        }
    };
    let certified = certify(&message);
    match check(&message, reverse_path, &certified.recipients, max_octets) {
        Ok(()) => Ok(Submission { message, certified }),
        Err(fault) => Err(FormalFault { fault, certified: Box::new(certified) }),
    }
}

/// The certification data: paths from the transaction, the rest from the header as far as it can be read.
fn certified(message: &Message, reverse_path: &str, recipients: Vec<Recipient>, pec_msgid: &str) -> Certified {
    let msgid = message.get("Message-ID").map(|field| field.unfolded()).filter(|value| is_identifier(value));
    let reply_to = message.get("Reply-To").map(|field| match read_list(&field.unfolded()) {
        Some(list) if !list.is_empty() => list.join(", "),
        _ => field.text(),
    });
    //= PEC-2.1-13
    Certified {
        sender: reverse_path.into(),
        recipients,
        reply_to: reply_to.filter(|value| !value.is_empty()).unwrap_or_else(|| reverse_path.into()),
        subject: message.subject(),
        pec_msgid: pec_msgid.into(),
        msgid: msgid.map(|value| String::from_utf8_lossy(&value).into_owned()),
        form: message.all("X-TipoRicevuta").find_map(|field| Form::from_wire(&field.text())).unwrap_or_default(),
    }
}

fn is_identifier(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(|octet| matches!(octet, b' '..=b'~' | b'\t'))
}

fn check(message: &Message, reverse_path: &str, recipients: &[Recipient], max_octets: u64) -> Result<(), Fault> {
    //= PEC-3.1.1-01
    if let Some(name) = ONCE.into_iter().find(|name| message.all(name).nth(1).is_some()) {
        return Err(Fault::Repeated(name));
    }
    check_body(&message.body())?;
    let msgid = message.get("Message-ID").map(|field| field.unfolded()).unwrap_or_default();
    if !msgid.is_empty() && !is_identifier(&msgid) {
        return Err(Fault::MessageId);
    }
    //= PEC-3.1.1-02
    let from = message.get("From").and_then(|field| read_author(&field.unfolded())).ok_or(Fault::From)?;
    //= PEC-3.1.1-03
    let mut named = message.get("To").and_then(|field| read_list(&field.unfolded())).ok_or(Fault::To)?;
    if named.is_empty() {
        return Err(Fault::To);
    }
    if let Some(cc) = message.get("Cc") {
        named.extend(read_list(&cc.unfolded()).ok_or(Fault::Cc)?);
    }
    //= PEC-3.1.1-04
    if !same_address(&from, reverse_path) {
        return Err(Fault::Sender { reverse_path: reverse_path.into(), from });
    }
    //= PEC-3.1.1-05
    let named: BTreeSet<_> = named.iter().filter_map(|address| mailbox_key(address)).collect();
    let is_named = |address: &str| mailbox_key(address).is_some_and(|key| named.contains(&key));
    if let Some(recipient) = recipients.iter().find(|recipient| !is_named(&recipient.address)) {
        return Err(Fault::Recipient(recipient.address.clone()));
    }
    //= PEC-3.1.1-06
    //= PEC-2.1-15
    if message.get("Bcc").is_some_and(|field| !field.unfolded().is_empty()) {
        return Err(Fault::Bcc);
    }
    check_size(message.bytes().len(), recipients.len(), max_octets)
}

/// RFC 5322 §2.3: no line over 998 octets, no NUL.
fn check_body(body: &[u8]) -> Result<(), Fault> {
    let mut line = 0_usize;
    for octet in body {
        match octet {
            0 => return Err(Fault::Body("contiene un carattere nullo")),
            b'\r' | b'\n' => line = 0,
            _ => line += 1,
        }
        if line > MAX_LINE_OCTETS {
            return Err(Fault::Body("contiene una riga di oltre 998 caratteri"));
        }
    }
    Ok(())
}

fn check_size(octets: usize, recipients: usize, max: u64) -> Result<(), Fault> {
    //= PEC-3.1.1-07
    //= PEC-3.1.1-08
    let octets = u64::try_from(octets).unwrap_or(u64::MAX);
    let recipients = u64::try_from(recipients).unwrap_or(u64::MAX).max(1);
    match octets.checked_mul(recipients) {
        Some(product) if product <= max => Ok(()),
        _ => Err(Fault::Size { octets, recipients, max }),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Subject, *};

    const HEADER: &str = "From: Anna <anna@alfa.test>\r\nTo: bruno@beta.test\r\nCc: carla@gamma.test\r\n";

    fn check_as(text: &str, from: &str, to: &[&str], max: u64) -> Result<Submission, FormalFault> {
        let to: Vec<String> = to.iter().map(|path| path.to_string()).collect();
        let certified = |address: &str| address.ends_with("beta.test");
        formal_check(&Bytes::from(text.to_owned()), from, &to, max, "id1@alfa.test", &certified)
    }

    fn check_text(text: &str) -> Result<Submission, FormalFault> {
        check_as(text, "anna@alfa.test", &["bruno@beta.test"], 30_000_000)
    }

    fn fault(text: &str) -> Fault {
        check_text(text).unwrap_err().fault
    }

    fn with(fields: &str) -> String {
        format!("{HEADER}{fields}\r\nciao\r\n")
    }

    #[test]
    fn a_well_formed_message_is_certified_from_its_paths() {
        let text = with("Subject: Ciao\r\nMessage-ID: <a@b>\r\nX-TipoRicevuta: BREVE\r\n");
        let both = ["bruno@Beta.test", "carla@gamma.test"];
        let certified = check_as(&text, "anna@ALFA.test", &both, 30_000_000).unwrap().certified;
        assert_eq!(certified.sender, "anna@ALFA.test");
        assert_eq!(certified.recipients.iter().map(|to| to.certified).collect::<Vec<_>>(), [false, false]);
        assert_eq!(certified.recipients[0].address, "bruno@Beta.test");
        assert_eq!(certified.reply_to, "anna@ALFA.test");
        assert_eq!(certified.subject, Some(Subject { text: "Ciao".into(), wire: Some("Ciao".into()) }));
        assert_eq!((certified.msgid.as_deref(), certified.pec_msgid.as_str()), (Some("<a@b>"), "id1@alfa.test"));
        assert_eq!(certified.form, Form::Brief);
    }

    #[test]
    fn what_the_client_leaves_out_stays_out() {
        let certified = check_text(&with("Message-ID:\r\nX-TipoRicevuta: boh\r\n")).unwrap().certified;
        assert_eq!((certified.msgid, certified.subject, certified.form), (None, None, Form::Complete));
    }

    #[test]
    fn reply_to_is_certified_where_there_is_one() {
        let certified = check_text(&with("Reply-To: \"Studio\" <studio@alfa.test>\r\n")).unwrap().certified;
        assert_eq!(certified.reply_to, "studio@alfa.test");
    }

    #[test]
    fn submission_with_bcc_is_refused() {
        assert_eq!(fault(&with("Bcc: carla@gamma.test\r\n")), Fault::Bcc);
        assert_eq!(fault(&with("Bcc: (x)\r\n")), Fault::Bcc);
    }

    #[test]
    fn submission_with_empty_bcc_is_accepted() {
        assert!(check_text(&with("Bcc: \r\n")).is_ok());
        assert!(check_text(&with("Bcc:\r\n")).is_ok());
    }

    #[test]
    fn repeated_fields_are_refused() {
        assert_eq!(fault(&with("From: x@y.it\r\n")), Fault::Repeated("From"));
        assert_eq!(fault(&with("TO: x@y.it\r\n")), Fault::Repeated("To"));
        assert_eq!(fault(&with("Message-ID: <a@b>\r\nMessage-Id: <a@b>\r\n")), Fault::Repeated("Message-ID"));
        assert_eq!(fault(&with("Subject: a\r\nsubject: a\r\n")), Fault::Repeated("Subject"));
        assert_eq!(fault(&with("Bcc:\r\nBcc: x@y.it\r\n")), Fault::Repeated("Bcc"));
    }

    #[test]
    fn from_needs_one_address() {
        for from in [
            "",
            "From: \r\n",
            "From: anna\r\n",
            "From: anna@alfa.test, x@y.it\r\n",
            "From: g: ;\r\n",
            "From: g: anna@alfa.test;\r\n",
            "From: =?utf-8?Q?anna=40alfa.test?=\r\n",
        ] {
            assert_eq!(fault(&format!("{from}To: bruno@beta.test\r\n\r\n")), Fault::From, "{from}");
        }
    }

    #[test]
    fn to_needs_an_address() {
        for to in [
            "",
            "To: \r\n",
            "To: undisclosed-recipients:;\r\n",
            "To: G: H: bruno@beta.test;;\r\n",
            "To: bruno\r\n",
            "To: a b@c.it\r\n",
        ] {
            assert_eq!(fault(&format!("From: anna@alfa.test\r\n{to}Cc: bruno@beta.test\r\n\r\n")), Fault::To, "{to}");
        }
    }

    #[test]
    fn cc_must_hold_addresses() {
        for cc in ["<>", "G: carla@gamma.test"] {
            assert_eq!(fault(&format!("From: anna@alfa.test\r\nTo: bruno@beta.test\r\nCc: {cc}\r\n\r\n")), Fault::Cc);
        }
    }

    #[test]
    fn members_of_groups_are_named_and_an_empty_group_names_nobody() {
        let check = |fields: &str, to: &[&str]| {
            check_as(&format!("From: anna@alfa.test\r\n{fields}\r\n\r\n"), "anna@alfa.test", to, 30_000_000)
        };
        let to = "To: Condomini: bruno@beta.test, Carla <carla@gamma.test>;";
        assert!(check(to, &["bruno@beta.test", "carla@gamma.test"]).is_ok());
        let stranger = check(to, &["dario@beta.test"]).unwrap_err().fault;
        assert_eq!(stranger, Fault::Recipient("dario@beta.test".into()));
        let cc = "To: bruno@beta.test\r\nCc: undisclosed-recipients:;";
        assert!(check(cc, &["bruno@beta.test"]).is_ok());
        assert!(check("To: undisclosed-recipients:;, bruno@beta.test", &["bruno@beta.test"]).is_ok());
    }

    #[test]
    fn reverse_path_must_be_the_author() {
        let refused = check_as(&with(""), "mario@alfa.test", &["bruno@beta.test"], 30_000_000).unwrap_err();
        assert!(matches!(refused.fault, Fault::Sender { .. }));
        assert_eq!(refused.certified.sender, "mario@alfa.test");
    }

    #[test]
    fn recipient_outside_to_and_cc_is_refused() {
        let refused = check_as(&with(""), "anna@alfa.test", &["bruno@beta.test", "dario@beta.test"], 30_000_000);
        assert_eq!(refused.unwrap_err().fault, Fault::Recipient("dario@beta.test".into()));
    }

    #[test]
    fn address_in_to_without_path_is_accepted() {
        assert!(check_as(&with(""), "anna@alfa.test", &["carla@gamma.test"], 30_000_000).is_ok());
    }

    #[test]
    fn size_times_recipients_is_bounded() {
        let text = with("");
        let octets = text.len() as u64;
        let both = ["bruno@beta.test", "carla@gamma.test"];
        assert!(check_as(&text, "anna@alfa.test", &both, 2 * octets).is_ok());
        let refused = check_as(&text, "anna@alfa.test", &both, 2 * octets - 1).unwrap_err().fault;
        assert_eq!(refused, Fault::Size { octets, recipients: 2, max: 2 * octets - 1 });
    }

    #[test]
    fn a_path_given_twice_is_one_recipient() {
        let text = with("");
        let twice = ["bruno@beta.test", "bruno@BETA.test"];
        let accepted = check_as(&text, "anna@alfa.test", &twice, text.len() as u64).unwrap();
        assert_eq!(accepted.certified.recipients.len(), 1);
    }

    #[test]
    fn a_broken_header_is_refused_and_told_as_far_as_it_goes() {
        let refused = check_text("Subject: Ciao\r\nMessage-ID: <a@b>\r\nrotto\r\n\r\n").unwrap_err();
        assert_eq!(refused.fault, Fault::Header(Malformed::NotAField(3)));
        assert_eq!(refused.certified.subject.unwrap().text, "Ciao");
        assert_eq!(refused.certified.msgid.as_deref(), Some("<a@b>"));
    }

    #[test]
    fn an_identifier_that_cannot_be_repeated_is_refused() {
        assert_eq!(fault(&with("Message-ID: <\u{e8}@b>\r\n")), Fault::MessageId);
    }

    #[test]
    fn lines_of_the_body_are_bounded() {
        assert!(check_text(&with(&format!("\r\n{}\r\n", "x".repeat(998)))).is_ok());
        assert!(matches!(fault(&with(&format!("\r\n{}\r\n", "x".repeat(999)))), Fault::Body(_)));
        assert!(matches!(fault(&with("\r\n\0\r\n")), Fault::Body(_)));
    }
}
