//! What a reader must get from a message: made from what was asked for, not from the message.

use collaudo_forge::{Certified, Form, Kind};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use crate::{
    case::What,
    house::Provider,
    letter::{Letter, Original, Route},
};

/// What a reader must get from a message. Times are RFC 3339 with the offset that the message has.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Description {
    /// The wire value, or `anomalia`.
    pub(crate) kind: &'static str,
    provider: Author,
    header: Header,
    sender: String,
    recipients: Vec<Addressee>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    /// The original's, decoded; none where it has none.
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identificativo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msgid: Option<String>,
    date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    errore: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errore_esteso: Option<String>,
    /// The form of receipt that the sender asked for, in envelopes and delivery receipts.
    #[serde(skip_serializing_if = "Option::is_none")]
    form_requested: Option<&'static str>,
    /// The form that a delivery receipt has.
    #[serde(skip_serializing_if = "Option::is_none")]
    form_issued: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consegna: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ricezione: Vec<String>,
    /// Which timeout notice it is: after 12 hours, after 24.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice_hours: Option<u8>,
    /// Why an anomaly envelope certifies nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    anomaly: Option<&'static str>,
    attached: Option<Attached>,
    signature: Signature,
    /// Rows that the letter of the law has otherwise and deployed providers do not keep.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) deviations: Vec<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
struct Author {
    name: &'static str,
    domain: &'static str,
}

/// Fields of the outer header, decoded; `from` is the address alone.
#[derive(Clone, Debug, Serialize)]
struct Header {
    from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Addressee {
    address: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
}

/// The attached message.
#[derive(Clone, Debug, Serialize)]
struct Attached {
    /// Its file name, or that of the message that an anomaly envelope encloses.
    name: &'static str,
    /// SHA-256 of its octets, lines with CRLF.
    sha256: String,
    octets: usize,
    /// Hashes that stand in the place of parts, in a brief receipt.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
}

#[derive(Clone, Debug, Serialize)]
struct Hash {
    name: String,
    sha1: String,
}

#[derive(Clone, Debug, Serialize)]
struct Signature {
    verdict: &'static str,
    digest: &'static str,
    signer: String,
    signed_at: String,
    encoding: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// What a description is about: the data certified, who certifies, and when.
pub(crate) struct Subject<'a> {
    pub(crate) certified: &'a Certified,
    pub(crate) author: &'static Provider,
    /// Seconds since 1970.
    pub(crate) at: i64,
}

impl Subject<'_> {
    pub(crate) fn envelope(&self, letter: &Letter, route: Route, attached: &[u8]) -> Description {
        let on_behalf = format!("Per conto di: {}", self.certified.sender);
        let mut description = self.common("posta-certificata", "POSTA CERTIFICATA: ");
        description.header.display_name = Some(on_behalf);
        description.header.message_id = Some(format!("<{}>", letter.identifier(route)));
        description.form_requested = Some(letter.form().wire());
        description.attached = Some(attachment("postacert.eml", attached, Vec::new()));
        description
    }

    pub(crate) fn receipt(&self, what: What, kind: Kind<'_>, to: &str, original: Option<&Original>) -> Description {
        let mut description = self.common(what.kind(), prefix(what));
        description.header.to = Some(to.to_owned());
        if let What::VirusDetection = what {
            // The comments of the DTD know the value in two other kinds alone.
            description.deviations.push("PEC-4.4-05");
        }
        match kind {
            Kind::Acceptance => {}
            Kind::NonAcceptance { why } => description.fails("altro", why),
            Kind::NonAcceptanceVirus { why } => description.fails("virus", why),
            Kind::TakeCharge { recipients } => description.ricezione = recipients.to_vec(),
            Kind::Delivery { recipient, form, .. } => {
                let issued = if original.is_some() { form } else { Form::Concise };
                (description.form_requested, description.form_issued) = (Some(form.wire()), Some(issued.wire()));
                description.consegna = Some(recipient.to_owned());
                let hashed = if form == Form::Brief { original.map(hashes).unwrap_or_default() } else { Vec::new() };
                description.attached = original.map(|original| attachment("postacert.eml", &original.octets, hashed));
            }
            Kind::NonDelivery { recipient, error, why } => {
                description.consegna = Some(recipient.to_owned());
                description.fails(error, why);
            }
            Kind::Timeout { recipient, second } => {
                description.consegna = Some(recipient.to_owned());
                description.notice_hours = Some(if second { 24 } else { 12 });
                let why = if second { "5.4.1 - non consegnato entro 24 ore" } else { "non consegnato entro 12 ore" };
                description.fails("altro", why);
            }
            Kind::VirusDetection { recipient, why } | Kind::NonDeliveryVirus { recipient, why } => {
                description.consegna = Some(recipient.to_owned());
                description.fails("virus", why);
            }
        }
        description
    }

    pub(crate) fn anomaly(&self, recipients: &[String], why: &'static str, enclosed: &[u8]) -> Description {
        let mut description = self.common("anomalia", "ANOMALIA MESSAGGIO: ");
        description.header.display_name = Some(format!("Per conto di: {}", self.certified.sender));
        description.recipients =
            recipients.iter().map(|address| Addressee { address: address.clone(), kind: None }).collect();
        (description.identificativo, description.reply_to, description.errore) = (None, None, None);
        description.anomaly = Some(why);
        description.attached = Some(attachment("messaggio.eml", enclosed, Vec::new()));
        description
    }

    fn common(&self, kind: &'static str, prefix: &str) -> Description {
        let Certified { sender, recipients, reply_to, subject, identifier, msgid, .. } = self.certified;
        let kind_of = |certified| if certified { "certificato" } else { "esterno" };
        Description {
            kind,
            provider: Author { name: self.author.name, domain: self.author.domain },
            header: Header {
                from: self.author.address(),
                display_name: None,
                to: None,
                subject: format!("{prefix}{subject}").trim_end().to_owned(),
                message_id: None,
            },
            sender: sender.clone(),
            recipients: recipients
                .iter()
                .map(|each| Addressee { address: each.address.clone(), kind: Some(kind_of(each.certified)) })
                .collect(),
            reply_to: Some(reply_to.clone()),
            subject: Some(subject.clone()).filter(|subject| !subject.is_empty()),
            identificativo: Some(identifier.clone()),
            msgid: msgid.clone(),
            date: local(self.at),
            errore: Some("nessuno".to_owned()),
            errore_esteso: None,
            form_requested: None,
            form_issued: None,
            consegna: None,
            ricezione: Vec::new(),
            notice_hours: None,
            anomaly: None,
            attached: None,
            signature: Signature {
                verdict: "valid",
                digest: "sha-256",
                signer: self.author.address(),
                signed_at: utc(self.at),
                encoding: if self.author.style.ber { "BER" } else { "DER" },
                kind: self.author.style.signature_type,
            },
            deviations: Vec::new(),
        }
    }
}

impl Description {
    fn fails(&mut self, error: &str, why: &str) {
        self.errore = Some(error.to_owned());
        self.errore_esteso = Some(why.to_owned());
    }
}

/// Which parts of the original a brief receipt replaces: all that are named; of an opaque one none, and the signature of a
/// signed one stays.
//= PEC-3.3.2.2-06
//= PEC-3.3.2.2-07
fn hashes(original: &Original) -> Vec<Hash> {
    let hash =
        |(name, octets): &(&str, Vec<u8>)| Hash { name: format!("{name}.hash"), sha1: hex(&Sha1::digest(octets)) };
    original.named.iter().map(hash).collect()
}

fn attachment(name: &'static str, octets: &[u8], hashes: Vec<Hash>) -> Attached {
    Attached { name, sha256: hex(&Sha256::digest(octets)), octets: octets.len(), hashes }
}

fn prefix(what: What) -> &'static str {
    match what {
        What::Acceptance => "ACCETTAZIONE: ",
        What::Refusal(_) => "AVVISO DI NON ACCETTAZIONE: ",
        What::VirusRefusal => "AVVISO DI NON ACCETTAZIONE PER VIRUS: ",
        What::Envelope => "POSTA CERTIFICATA: ",
        What::TakeCharge => "PRESA IN CARICO: ",
        What::Delivery(_) => "CONSEGNA: ",
        What::NonDelivery(..) => "AVVISO DI MANCATA CONSEGNA: ",
        What::FirstNotice | What::SecondNotice => "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: ",
        What::VirusDetection => "PROBLEMA DI SICUREZZA: ",
        What::VirusNonDelivery => "AVVISO DI MANCATA CONSEGNA PER VIRUS: ",
        What::Anomaly(_) => "ANOMALIA MESSAGGIO: ",
    }
}

pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn local(unix: i64) -> String {
    let rome = TimeZone::get("Europe/Rome").unwrap_or(TimeZone::UTC);
    let zoned = Timestamp::from_second(unix).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(rome);
    zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn utc(unix: i64) -> String {
    Timestamp::from_second(unix).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}
