use crate::{
    Daticert, Entity, Fields, Moment, Opened, Signer, Xml, decode_words,
    mime::hex,
    open,
    parts::{data, enclosed, seal},
    text::{lines, text},
    words::encode_words_in,
};
use sha2::{Digest as _, Sha256};

/// Who writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerIdentity {
    /// `providerName` of the index.
    pub display_name: String,
    /// The mail domain.
    pub domain: String,
    /// What `From` says, such as `posta-certificata@gamma.test`.
    pub certified_address: String,
}

/// A recipient and whether its domain is certified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The address.
    pub address: String,
    /// Whether its domain is certified.
    pub certified: bool,
}

/// What every text and every certification data says of the original.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certified {
    /// The sender, as the reverse path has it.
    pub sender: String,
    /// The recipients.
    pub recipients: Vec<Recipient>,
    /// Where answers go.
    pub reply_to: String,
    /// The subject, decoded.
    pub subject: String,
    /// The provider's identifier, without angle brackets.
    pub identifier: String,
    /// The client's identifier, with angle brackets.
    pub msgid: Option<String>,
    /// The delivery receipt asked for.
    pub form: Form,
}

/// The forms of a delivery receipt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// With the original.
    #[default]
    Complete,
    /// With hashes in place of attachments.
    Brief,
    /// Without the original.
    Concise,
}

/// Receipts and notices, with what is peculiar to each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// Acceptance receipt.
    Acceptance,
    /// Non-acceptance notice for a formal fault.
    NonAcceptance {
        /// The fault, in Italian.
        why: &'a str,
    },
    /// Non-acceptance notice for a virus.
    NonAcceptanceVirus {
        /// What was found.
        why: &'a str,
    },
    /// Take-charge receipt.
    TakeCharge {
        /// The recipients that it covers.
        recipients: &'a [String],
    },
    /// Delivery receipt.
    Delivery {
        /// The one recipient.
        recipient: &'a str,
        /// What `ricevuta` says.
        form: Form,
        /// `postacert.eml`, where it goes along.
        original: Option<&'a [u8]>,
    },
    /// Non-delivery notice.
    NonDelivery {
        /// The one recipient.
        recipient: &'a str,
        /// `postacert/@errore`.
        error: &'a str,
        /// `errore-esteso`.
        why: &'a str,
    },
    /// Timeout notice.
    Timeout {
        /// The one recipient.
        recipient: &'a str,
        /// Whether it is the one of the twenty-fourth hour.
        second: bool,
    },
    /// Virus-detection notice.
    VirusDetection {
        /// The one recipient.
        recipient: &'a str,
        /// What was found.
        why: &'a str,
    },
    /// Non-delivery notice for a virus.
    NonDeliveryVirus {
        /// The one recipient.
        recipient: &'a str,
        /// What was found.
        why: &'a str,
    },
}

impl Form {
    /// The wire value.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Complete => "completa",
            Self::Brief => "breve",
            Self::Concise => "sintetica",
        }
    }

    /// Reads a wire value; all that is not another form is the complete one.
    //= PEC-3.3.2.1-01
    pub fn read(wire: &str) -> Self {
        match wire.trim().to_ascii_lowercase().as_str() {
            "breve" => Self::Brief,
            "sintetica" => Self::Concise,
            _ => Self::Complete,
        }
    }
}

impl Certified {
    /// What a transport envelope says, as far as it can be read; its certification data goes before its header.
    pub fn of_envelope(envelope: &[u8]) -> Self {
        let opened = open(envelope).ok();
        let fields = opened.as_ref().map_or_else(|| Entity::read(envelope).fields, |opened| opened.fields().clone());
        let xml = Xml(opened.as_ref().and_then(Opened::daticert).unwrap_or_default());
        let header = |name: &str| fields.get(name);
        let kinds = recipient_kinds(&xml);
        let subject = header("Subject").map(|subject| decode_words(&subject)).unwrap_or_default();
        let subject = subject.strip_prefix("POSTA CERTIFICATA:").map_or(subject.as_str(), str::trim).to_owned();
        Self {
            sender: xml.text("mittente").or_else(|| header("Reply-To")).unwrap_or_default(),
            recipients: kinds,
            reply_to: xml.text("risposte").or_else(|| header("Reply-To")).unwrap_or_default(),
            subject: xml.text("oggetto").unwrap_or(subject),
            identifier: xml.text("identificativo").unwrap_or_else(|| bare(&header("Message-ID").unwrap_or_default())),
            msgid: xml.text("msgid").or_else(|| header("X-Riferimento-Message-ID")),
            form: Form::read(&header("X-TipoRicevuta").unwrap_or_default()),
        }
    }
}

/// A receipt or notice, whole and signed.
pub fn receipt(
    kind: Kind<'_>,
    certified: &Certified,
    peer: &PeerIdentity,
    to: &str,
    signer: &Signer,
    at_unix_micros: i64,
) -> Vec<u8> {
    let (moment, style) = (Moment::at_micros(at_unix_micros), signer.style());
    let original = match kind {
        Kind::Delivery { original: Some(original), .. } => Some(enclosed(original, "postacert.eml", style)),
        _ => None,
    };
    let seed = format!("{}{}{:?}{at_unix_micros}", kind.wire(), certified.identifier, kind.concerned());
    let mut header = format!("X-Ricevuta: {}\r\n", kind.wire());
    if matches!(kind, Kind::NonDeliveryVirus { .. } | Kind::NonAcceptanceVirus { .. }) {
        header.push_str("X-VerificaSicurezza: errore\r\n");
    }
    if matches!(kind, Kind::VirusDetection { .. }) {
        header.push_str(&format!("X-Mittente: {}\r\n", certified.sender));
    }
    header.push_str(&format!(
        "Date: {}\r\nSubject: {}\r\nFrom: {}\r\nTo: {to}\r\nMessage-ID: <{}@{}>\r\n",
        style.date(&moment),
        encode_words_in(&format!("{}{}", kind.prefix(), certified.subject), style.words),
        peer.certified_address,
        fresh_id(&seed),
        peer.domain
    ));
    certified.msgid.iter().for_each(|msgid| header.push_str(&format!("X-Riferimento-Message-ID: {msgid}\r\n")));
    let certification = data(&certification(kind, certified, peer).write_in(style.layout, &moment), style);
    let text = text(kind, certified, &moment, &style.zone(&moment));
    seal(&header, &text, original, Some(certification), signer, at_unix_micros)
}

/// The original as `postacert.eml` holds it: the provider's identifier in place of the client's.
//= PEC-2.2.1-12
//= PEC-2.2.1-13
pub fn rewritten_original(original: &[u8], identifier: &str) -> Vec<u8> {
    let mut message = Entity::read(original);
    let msgid = message.fields.get("Message-ID");
    message.fields.set("Message-ID", &format!("<{identifier}>"));
    message.fields.remove("X-Riferimento-Message-ID");
    msgid.iter().for_each(|msgid| message.fields.push("X-Riferimento-Message-ID", msgid));
    message.to_bytes()
}

/// A transport envelope around a rewritten original.
//= PEC-3.1.5-01
pub fn envelope(
    postacert: &[u8],
    certified: &Certified,
    peer: &PeerIdentity,
    signer: &Signer,
    at_unix_micros: i64,
) -> Vec<u8> {
    let (moment, style) = (Moment::at_micros(at_unix_micros), signer.style());
    let original = Entity::read(postacert).fields;
    let mut header = inherited(&original, &["Received", "Return-Path", "To", "Cc", "Reply-To"]);
    if original.get("Reply-To").is_none() {
        header.push_str(&format!("Reply-To: {}\r\n", certified.sender));
    }
    let from = format!("\"Per conto di: {}\" <{}>", certified.sender, peer.certified_address);
    header.push_str(&format!(
        "X-Trasporto: posta-certificata\r\nX-TipoRicevuta: {}\r\nDate: {}\r\nSubject: {}\r\nFrom: {from}\r\n\
         Sender: {from}\r\nMessage-ID: <{}>\r\n",
        certified.form.wire(),
        style.date(&moment),
        encode_words_in(&format!("POSTA CERTIFICATA: {}", certified.subject), style.words),
        certified.identifier
    ));
    certified.msgid.iter().for_each(|msgid| header.push_str(&format!("X-Riferimento-Message-ID: {msgid}\r\n")));
    let text = format!(
        "Messaggio di posta certificata\r\n\r\nIl giorno {} alle ore {} ({}) il messaggio\r\n\"{}\" è stato inviato da \
         \"{}\"\r\ne indirizzato a:\r\n{}Il messaggio originale è incluso in allegato.\r\n\
         Identificativo del messaggio: {}\r\n",
        moment.day,
        moment.hour,
        style.zone(&moment),
        certified.subject,
        certified.sender,
        lines(certified.recipients.iter().map(|recipient| recipient.address.clone())),
        certified.identifier
    );
    let certification = Daticert {
        kind: "posta-certificata".into(),
        error: "nessuno".into(),
        form: Some(certified.form.wire().into()),
        ..daticert(certified, peer)
    };
    let original = enclosed(postacert, "postacert.eml", style);
    let certification = data(&certification.write_in(style.layout, &moment), style);
    seal(&header, &text, Some(original), Some(certification), signer, at_unix_micros)
}

/// An anomaly envelope around a message as it was received.
//= PEC-3.2.2-02
//= PEC-3.2.2-14
pub fn anomaly(
    received: &[u8],
    sender: &str,
    recipients: &[String],
    why: &str,
    peer: &PeerIdentity,
    signer: &Signer,
    at_unix_micros: i64,
) -> Vec<u8> {
    let (moment, style) = (Moment::at_micros(at_unix_micros), signer.style());
    let original = Entity::read(received).fields;
    let subject = decode_words(&original.get("Subject").unwrap_or_default());
    let mut header = inherited(&original, &["Received", "Return-Path", "To", "Cc", "Reply-To", "Message-ID"]);
    if original.get("Reply-To").is_none() {
        header.push_str(&format!("Reply-To: {sender}\r\n"));
    }
    header.push_str(&format!(
        "X-Trasporto: errore\r\nDate: {}\r\nSubject: {}\r\nFrom: \"Per conto di: {sender}\" <{}>\r\n",
        style.date(&moment),
        encode_words_in(&format!("ANOMALIA MESSAGGIO: {subject}"), style.words),
        peer.certified_address
    ));
    let text = format!(
        "Anomalia nel messaggio\r\n\r\nIl giorno {} alle ore {} ({}) è stato ricevuto il messaggio\r\n\"{subject}\" \
         proveniente da \"{sender}\"\r\ne indirizzato a:\r\n{}Tali dati non sono stati certificati per il seguente \
         errore:\r\n{why}\r\nIl messaggio originale è incluso in allegato.\r\n",
        moment.day,
        moment.hour,
        style.zone(&moment),
        lines(recipients.iter().cloned())
    );
    let original = enclosed(received, "messaggio.eml", style);
    seal(&header, &text, Some(original), None, signer, at_unix_micros)
}

impl Kind<'_> {
    fn wire(self) -> &'static str {
        match self {
            Self::Acceptance => "accettazione",
            Self::NonAcceptance { .. } | Self::NonAcceptanceVirus { .. } => "non-accettazione",
            Self::TakeCharge { .. } => "presa-in-carico",
            Self::Delivery { .. } => "avvenuta-consegna",
            Self::NonDelivery { .. } | Self::NonDeliveryVirus { .. } => "errore-consegna",
            Self::Timeout { .. } => "preavviso-errore-consegna",
            Self::VirusDetection { .. } => "rilevazione-virus",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Acceptance => "ACCETTAZIONE: ",
            Self::NonAcceptance { .. } => "AVVISO DI NON ACCETTAZIONE: ",
            Self::NonAcceptanceVirus { .. } => "AVVISO DI NON ACCETTAZIONE PER VIRUS: ",
            Self::TakeCharge { .. } => "PRESA IN CARICO: ",
            Self::Delivery { .. } => "CONSEGNA: ",
            Self::NonDelivery { .. } => "AVVISO DI MANCATA CONSEGNA: ",
            Self::NonDeliveryVirus { .. } => "AVVISO DI MANCATA CONSEGNA PER VIRUS: ",
            Self::Timeout { .. } => "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: ",
            Self::VirusDetection { .. } => "PROBLEMA DI SICUREZZA: ",
        }
    }

    /// Whether the text speaks of the message itself, and not of a fault found in it.
    pub(crate) fn is_about_message(&self) -> bool {
        !matches!(self.error(), "virus") && !matches!(self, Self::NonAcceptance { .. } | Self::NonDelivery { .. })
    }

    pub(crate) fn concerned(&self) -> Option<&str> {
        match self {
            Self::Acceptance
            | Self::NonAcceptance { .. }
            | Self::NonAcceptanceVirus { .. }
            | Self::TakeCharge { .. } => None,
            Self::Delivery { recipient, .. }
            | Self::NonDelivery { recipient, .. }
            | Self::Timeout { recipient, .. }
            | Self::VirusDetection { recipient, .. }
            | Self::NonDeliveryVirus { recipient, .. } => Some(recipient),
        }
    }

    fn error(&self) -> &str {
        match self {
            Self::Acceptance | Self::TakeCharge { .. } | Self::Delivery { .. } => "nessuno",
            Self::NonAcceptance { .. } | Self::Timeout { .. } => "altro",
            Self::NonDelivery { error, .. } => error,
            Self::NonAcceptanceVirus { .. } | Self::VirusDetection { .. } | Self::NonDeliveryVirus { .. } => "virus",
        }
    }
}

fn certification(kind: Kind<'_>, certified: &Certified, peer: &PeerIdentity) -> Daticert {
    let mut data = Daticert {
        kind: kind.wire().into(),
        error: kind.error().into(),
        delivered_to: kind.concerned().map(str::to_owned),
        ..daticert(certified, peer)
    };
    match kind {
        Kind::TakeCharge { recipients } => data.received_for = recipients.to_vec(),
        Kind::Delivery { form, .. } => data.form = Some(form.wire().into()),
        Kind::NonAcceptance { why }
        | Kind::NonAcceptanceVirus { why }
        | Kind::NonDelivery { why, .. }
        | Kind::VirusDetection { why, .. }
        | Kind::NonDeliveryVirus { why, .. } => data.explanation = Some(why.into()),
        Kind::Timeout { second, .. } => {
            let hours = if second { "5.4.1 - non consegnato entro 24 ore" } else { "non consegnato entro 12 ore" };
            data.explanation = Some(hours.into());
        }
        Kind::Acceptance => {}
    }
    data
}

fn daticert(certified: &Certified, peer: &PeerIdentity) -> Daticert {
    let kind = |recipient: &Recipient| if recipient.certified { "certificato" } else { "esterno" };
    Daticert {
        sender: certified.sender.clone(),
        recipients: certified.recipients.iter().map(|each| (each.address.clone(), kind(each).to_owned())).collect(),
        reply_to: certified.reply_to.clone(),
        subject: Some(certified.subject.clone()).filter(|subject| !subject.is_empty()),
        issuer: peer.display_name.clone(),
        identifier: certified.identifier.clone(),
        msgid: certified.msgid.clone(),
        ..Daticert::default()
    }
}

fn inherited(original: &Fields, names: &[&str]) -> String {
    let raw = names.iter().flat_map(|name| original.raw(name));
    raw.map(String::from_utf8_lossy).collect()
}

fn recipient_kinds(xml: &Xml) -> Vec<Recipient> {
    let mut rest = xml.clone();
    let mut recipients = Vec::new();
    while let Some(address) = rest.text("destinatari") {
        let certified = rest.attribute("destinatari", "tipo").as_deref() != Some("esterno");
        recipients.push(Recipient { address, certified });
        rest.remove("destinatari");
    }
    recipients
}

fn bare(msgid: &str) -> String {
    msgid.trim().trim_start_matches('<').trim_end_matches('>').to_owned()
}

fn fresh_id(seed: &str) -> String {
    hex(Sha256::digest(seed).get(..12).unwrap_or_default())
}
