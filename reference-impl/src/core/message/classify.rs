use std::{borrow::Cow, sync::Arc};

use collaudo_node::{BodyId, Bytes, Timestamp};

use super::{
    Certified, Form, Index, Kind, Malformed, Message, Provider, Revocations, Subject, Trust,
    address::{read_author, read_list, same_address},
    certificate::Known,
    daticert::{self, Daticert},
    header::Field,
    mime::{content_type, decoded, entity, file_name, part, parts},
    revocation::Standing,
    signature::{Signed, SignedData},
    submission::ONCE,
};

/// What a message that came in is (§2.2.2).
#[derive(Clone, Debug)]
pub enum Incoming {
    /// A correct transport envelope.
    Envelope {
        /// What it holds.
        envelope: Box<EnvelopeRead>,
        /// Who signed it.
        provider: Arc<Provider>,
    },
    /// A correct receipt or notice.
    Receipt {
        /// What it says.
        receipt: Box<ReceiptRead>,
        /// Who signed it.
        provider: Arc<Provider>,
    },
    /// Signed by a provider of the index, but no correct envelope or receipt.
    Anomaly {
        /// Who signed it.
        provider: Arc<Provider>,
        /// What is wrong, in Italian, for the anomaly envelope's text.
        reason: String,
    },
    /// Ordinary mail: signature existence, origin or validity failed.
    Ordinary {
        /// Which, in Italian.
        reason: String,
    },
    /// Nothing speaks against the signature, but whether its certificate was revoked cannot be told now.
    Deferred {
        /// Why, in Italian.
        reason: String,
    },
}

/// A transport envelope, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeRead {
    /// What it certifies.
    pub certified: Certified,
    /// The octets of postacert.eml.
    pub original: Bytes,
    /// Names the signed content: the same envelope, sent twice, has the same.
    pub identity: BodyId,
}

impl EnvelopeRead {
    /// Reads an envelope again that was classified before; its signature is not looked at.
    pub fn read(bytes: &Bytes) -> Result<Self, String> {
        let message = Message::read_leniently(bytes.clone());
        let signed = Signed::find(&message).ok_or("non è un messaggio firmato")?;
        let content = Content::read(&signed.content, BodyId::of(&signed.content))?;
        envelope(&message, content)
    }
}

/// A receipt or notice, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptRead {
    /// Which.
    pub kind: Kind,
    /// What it certifies; `certified.pec_msgid` is the identifier of the envelope that it is about.
    pub certified: Certified,
    /// "consegna": the one recipient that it is about.
    pub delivered_to: Option<String>,
    /// "ricezione": the recipients taken in charge.
    pub taken: Vec<String>,
    /// Whether "errore" is "virus".
    pub virus: bool,
    /// "errore-esteso".
    pub error: Option<String>,
    /// Names the signed content: the same receipt, sent twice, has the same.
    pub identity: BodyId,
}

/// Runs the four tests of §2.2.2 on a message that came in: signature existence, origin and validity, formal correctness.
///
/// *Takes* the last good list of revoked certificates; one that is not current proves nothing, and mail that is to be
/// certified waits for the next. Without any, revocation is not looked at.
//= PEC-2.2.2-04
pub fn classify(
    bytes: &Bytes,
    index: &Index,
    trust: &Trust,
    revocations: Option<&Revocations>,
    now: Timestamp,
) -> Incoming {
    let (message, fault) = match Message::read(bytes.clone()) {
        Ok(message) => (message, None),
        Err(fault) => (Message::read_leniently(bytes.clone()), Some(fault)),
    };
    //= PEC-2.2.2-08
    let origin = match origin(&message, index, trust, revocations, now) {
        Ok(found) => found,
        Err(Doubt::Refuted(reason)) => return Incoming::Ordinary { reason: reason.into() },
        Err(Doubt::Open(reason)) => return Incoming::Deferred { reason: reason.into() },
    };
    //= PEC-2.2.2-07
    let formal = formal(&message, fault, &origin);
    let provider = origin.provider;
    match formal {
        Ok(Correct::Envelope(envelope)) => Incoming::Envelope { envelope, provider },
        Ok(Correct::Receipt(receipt)) => Incoming::Receipt { receipt, provider },
        Err(reason) => Incoming::Anomaly { provider, reason },
    }
}

/// Who has signed what.
struct Origin {
    provider: Arc<Provider>,
    /// The certificate of the signature.
    signer: Arc<Known>,
    content: Bytes,
    /// Names the content.
    identity: BodyId,
}

/// Why a signature proves no origin.
enum Doubt {
    /// It never will.
    Refuted(&'static str),
    /// It may yet.
    Open(&'static str),
}

impl From<&'static str> for Doubt {
    fn from(reason: &'static str) -> Self {
        Self::Refuted(reason)
    }
}

/// Existence, origin and validity of the signature.
fn origin(
    message: &Message,
    index: &Index,
    trust: &Trust,
    revocations: Option<&Revocations>,
    now: Timestamp,
) -> Result<Origin, Doubt> {
    let signed = Signed::find(message).ok_or("il messaggio non contiene una firma S/MIME")?;
    let cms = SignedData::read(&signed.cms).ok_or("la struttura della firma non è leggibile")?;
    let pool = cms.certificates(trust.memory());
    let signer = pool.iter().find(|known| cms.names(known)).cloned();
    let signer = signer.ok_or("la firma non contiene il certificato del firmatario")?;
    let provider = index.by_known(&signer).ok_or("il certificato di firma non è di un gestore dell'indice")?;
    let identity = cms.verify(&signed.content, &signer)?;
    let path = trust.check(&signer, &pool, now)?;
    if let Some(revocations) = revocations {
        let standings: Vec<_> = path.iter().map(|known| revocations.standing(known, now)).collect();
        match () {
            () if standings.contains(&Standing::Revoked) => return Err("il certificato di firma è revocato".into()),
            () if standings.contains(&Standing::Unknown) => {
                return Err(Doubt::Open("la lista dei certificati revocati non è aggiornata"));
            }
            () => {}
        }
    }
    Ok(Origin { provider: provider.clone(), signer, content: signed.content, identity })
}

enum Correct {
    Envelope(Box<EnvelopeRead>),
    Receipt(Box<ReceiptRead>),
}

/// Fields that a certified message has once, besides those of RFC 5322.
const ONCE_HERE: [&str; 6] =
    ["MIME-Version", "Content-Type", "Content-Transfer-Encoding", "X-Trasporto", "X-Ricevuta", "X-TipoRicevuta"];

/// Formal correctness: the header of the kind, the parts, and certification data that agrees with both.
//= PEC-2.2.2-17
fn formal(message: &Message, fault: Option<Malformed>, origin: &Origin) -> Result<Correct, String> {
    let Origin { provider, signer, content, identity } = origin;
    if let Some(fault) = fault {
        return Err(format!("intestazione non conforme: {fault}"));
    }
    // The message's own header is not signed: a second field, added on the way, would be the first to some readers.
    if let Some(name) = ONCE.into_iter().chain(ONCE_HERE).find(|name| message.all(name).nth(1).is_some()) {
        return Err(format!("campo {name} ripetuto"));
    }
    let from =
        read_author(&single(message, "From")?.unfolded()).ok_or("il campo From non contiene un solo indirizzo")?;
    if !signer.emails().iter().any(|address| address.eq_ignore_ascii_case(&from)) {
        return Err(format!("l'indirizzo del campo From, {from}, non è quello del certificato"));
    }
    //= PEC-7-02
    if !provider.manages(&from) {
        return Err(format!("il dominio di {from} non è del gestore che ha firmato"));
    }
    single(message, "Date")?;
    if read_list(&single(message, "To")?.unfolded()).is_none_or(|list| list.is_empty()) {
        return Err("campo To non valido".into());
    }
    let content = Content::read(content, *identity)?;
    match (message.get("X-Trasporto"), message.get("X-Ricevuta")) {
        (Some(_), None) => envelope(message, content).map(|envelope| Correct::Envelope(Box::new(envelope))),
        (None, Some(_)) => receipt(message, content).map(|receipt| Correct::Receipt(Box::new(receipt))),
        _ => Err("il messaggio non è né una busta né una ricevuta".into()),
    }
}

/// Parts of a certified message: three, and what a provider adds for services of its own.
const MAX_PARTS: usize = 100;

/// What is signed: multipart/mixed with a readable text, daticert.xml and, in some kinds, postacert.eml.
struct Content {
    daticert: Daticert,
    original: Option<Bytes>,
    identity: BodyId,
}

impl Content {
    /// *Takes* the octets that are signed, and their name.
    fn read(octets: &Bytes, identity: BodyId) -> Result<Self, String> {
        let mixed = entity(octets.clone());
        if content_type(&mixed).value() != "multipart/mixed" {
            return Err("il contenuto firmato non è multipart/mixed".into());
        }
        let ranges = parts(&mixed).map_err(|fault| format!("le parti del messaggio non sono leggibili: {fault}"))?;
        if ranges.len() > MAX_PARTS {
            return Err(format!("il contenuto firmato ha più di {MAX_PARTS} parti"));
        }
        let parts: Vec<Message> = ranges.iter().map(|range| part(&mixed, range)).collect();
        let is_text = |part: &Message| matches!(content_type(part).value(), "text/plain" | "multipart/alternative");
        if !parts.first().is_some_and(is_text) {
            return Err("la prima parte non è un testo".into());
        }
        let files: Vec<_> = parts.iter().map(file_name).collect();
        // Only direct children count: a forwarded certified message nests other files of these names.
        let named = |name: &str, kinds: &[&str]| {
            let is_named = |file: &Option<String>| file.as_ref().is_some_and(|found| found.eq_ignore_ascii_case(name));
            let mut found = parts.iter().zip(&files).filter(|(_, file)| is_named(file)).map(|(part, _)| part);
            match (found.next(), found.next()) {
                (Some(part), None) if kinds.contains(&content_type(part).value()) => Ok(Some(part)),
                (None, _) => Ok(None),
                _ => Err(format!("allegato {name} ripetuto o di tipo errato")),
            }
        };
        let daticert =
            named("daticert.xml", &["application/xml", "text/xml"])?.ok_or("allegato daticert.xml mancante")?;
        let xml = decoded(daticert).ok_or("daticert.xml non è leggibile")?;
        let daticert = daticert::read(&xml).map_err(|fault| format!("daticert.xml: {fault}"))?;
        let original = match named("postacert.eml", &["message/rfc822"])? {
            Some(part) => Some(decoded(part).ok_or("postacert.eml non è leggibile")?),
            None => None,
        };
        Ok(Self { daticert, original, identity })
    }
}

fn envelope(message: &Message, content: Content) -> Result<EnvelopeRead, String> {
    let Content { daticert, original, identity } = content;
    let kind = single(message, "X-Trasporto")?.text();
    if Kind::from_wire(&kind) != Some(Kind::Envelope) || daticert.kind != Kind::Envelope {
        return Err("il tipo di busta non è posta-certificata".into());
    }
    let original = original.ok_or("allegato postacert.eml mancante")?;
    let inner = Message::read_leniently(original.clone());
    let pec_msgid = &daticert.certified.pec_msgid;
    for identified in [message, &inner] {
        if identifier(single(identified, "Message-ID")?) != *pec_msgid {
            return Err("il campo Message-ID e l'identificativo in daticert.xml non coincidono".into());
        }
    }
    check_reference(message, &daticert)?;
    let author = inner.get("From").and_then(|field| read_author(&field.unfolded()));
    if !author.is_some_and(|author| same_address(&author, &daticert.certified.sender)) {
        return Err("il mittente in daticert.xml non è quello del messaggio originale".into());
    }
    //= PEC-3.3.2.1-01
    let asked =
        message.get("X-TipoRicevuta").map(|field| Form::from_wire(&field.text()).ok_or("X-TipoRicevuta sconosciuto"));
    if asked.transpose()?.unwrap_or_default() != daticert.certified.form {
        return Err("X-TipoRicevuta e daticert.xml non coincidono".into());
    }
    let told = daticert.certified.subject.as_ref();
    check_subject(message, "POSTA CERTIFICATA:", told)?;
    let subject = inner.subject();
    if !agree(subject.as_ref(), told) {
        return Err("l'oggetto in daticert.xml non è quello del messaggio originale".into());
    }
    Ok(EnvelopeRead { certified: Certified { subject, ..daticert.certified }, original, identity })
}

fn receipt(message: &Message, content: Content) -> Result<ReceiptRead, String> {
    let Content { daticert, original, identity } = content;
    let kind = Kind::from_wire(&single(message, "X-Ricevuta")?.text()).ok_or("tipo di ricevuta sconosciuto")?;
    if kind == Kind::Envelope || kind != daticert.kind {
        return Err("il campo X-Ricevuta e daticert.xml non coincidono".into());
    }
    check_reference(message, &daticert)?;
    let virus = daticert.error == "virus";
    let prefix = match kind {
        Kind::Acceptance => "ACCETTAZIONE:",
        Kind::NonAcceptance if virus => "AVVISO DI NON ACCETTAZIONE PER VIRUS:",
        Kind::NonAcceptance => "AVVISO DI NON ACCETTAZIONE:",
        Kind::TakeCharge => "PRESA IN CARICO:",
        Kind::Delivery => "CONSEGNA:",
        Kind::NonDelivery if virus => "AVVISO DI MANCATA CONSEGNA PER VIRUS:",
        Kind::NonDelivery => "AVVISO DI MANCATA CONSEGNA:",
        Kind::Timeout => "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO:",
        Kind::VirusDetection => "PROBLEMA DI SICUREZZA:",
        Kind::Envelope => return Err("una busta non è una ricevuta".into()),
    };
    check_subject(message, prefix, daticert.certified.subject.as_ref())?;
    // The sender stands in the certification data too; a field that was left out contradicts nothing.
    let sender = message.get("X-Mittente").map(identifier).filter(|_| kind == Kind::VirusDetection);
    let about_one = matches!(kind, Kind::Delivery | Kind::NonDelivery | Kind::Timeout | Kind::VirusDetection);
    match () {
        () if about_one && daticert.delivered_to.is_none() => Err("elemento consegna mancante".into()),
        () if kind == Kind::TakeCharge && daticert.taken.is_empty() => Err("elemento ricezione mancante".into()),
        () if sender.is_some_and(|sender| !same_address(&sender, &daticert.certified.sender)) => {
            Err("il campo X-Mittente e daticert.xml non coincidono".into())
        }
        () if original.is_some() && !matches!(kind, Kind::Delivery | Kind::NonDelivery) => {
            Err("la ricevuta contiene il messaggio originale".into())
        }
        () => Ok(ReceiptRead {
            kind,
            certified: daticert.certified,
            delivered_to: daticert.delivered_to,
            taken: daticert.taken,
            virus,
            error: daticert.error_text,
            identity,
        }),
    }
}

/// The one field of that name.
fn single<'a>(message: &'a Message, name: &'a str) -> Result<&'a Field, String> {
    let mut found = message.all(name);
    match (found.next(), found.next()) {
        (Some(field), None) => Ok(field),
        (None, _) => Err(format!("campo {name} mancante")),
        _ => Err(format!("campo {name} ripetuto")),
    }
}

/// An identifier without its angle brackets.
fn identifier(field: &Field) -> String {
    bare(&String::from_utf8_lossy(&field.unfolded())).into()
}

fn bare(identifier: &str) -> &str {
    let identifier = identifier.trim();
    identifier.strip_prefix('<').and_then(|inner| inner.strip_suffix('>')).unwrap_or(identifier)
}

/// X-Riferimento-Message-ID, where it stands, is "msgid". Only the XML is to be parsed (§3.1.5), so a field that was
/// left out contradicts nothing.
fn check_reference(message: &Message, daticert: &Daticert) -> Result<(), String> {
    let field = message.get("X-Riferimento-Message-ID").map(identifier).filter(|found| !found.is_empty());
    let told = daticert.certified.msgid.as_deref().map(|msgid| plain(bare(msgid)));
    match field.is_none_or(|field| Some(plain(&field)) == told) {
        true => Ok(()),
        false => Err("il campo X-Riferimento-Message-ID e daticert.xml non coincidono".into()),
    }
}

/// The outer subject is the prefix and the subject of the certification data.
fn check_subject(message: &Message, prefix: &str, told: Option<&Subject>) -> Result<(), String> {
    let outer = message.subject().ok_or("campo Subject mancante")?;
    let text = plain(&outer.text);
    let rest = text.get(..prefix.len()).filter(|head| head.eq_ignore_ascii_case(prefix)).and(text.get(prefix.len()..));
    let rest = rest.map(|rest| Subject { text: rest.into(), wire: outer.wire });
    match rest.is_some_and(|rest| agree(Some(&rest), told)) {
        true => Ok(()),
        false => Err("il campo Subject non concorda con daticert.xml".into()),
    }
}

/// Whether a message's subject reads as the certification data tells it. White space and control characters count
/// alike; where a character set is unknown here, or not told at all, nothing can be compared.
fn agree(subject: Option<&Subject>, told: Option<&Subject>) -> bool {
    let (found, told) = (shown(subject), shown(told));
    let unreadable = |text: &str| text.contains(char::REPLACEMENT_CHARACTER) || text.contains("=?");
    let raw = subject.is_some_and(|subject| subject.wire.is_none());
    found == told || raw || unreadable(&found) || unreadable(&told)
}

fn shown(subject: Option<&Subject>) -> Cow<'_, str> {
    subject.map(|subject| plain(&subject.text)).unwrap_or_default()
}

/// A text whose white space and control characters, however many, are one space between two words.
fn plain(text: &str) -> Cow<'_, str> {
    let is_space = |c: char| c.is_whitespace() || c.is_control();
    let mut words = text.split(is_space).filter(|word| !word.is_empty());
    let Some(first) = words.next() else { return Cow::default() };
    match words.next() {
        None => first.into(),
        Some(second) => {
            let mut joined = String::with_capacity(text.len());
            [first, " ", second].iter().for_each(|piece| joined.push_str(piece));
            words.for_each(|word| [" ", word].iter().for_each(|piece| joined.push_str(piece)));
            joined.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_content_may_have_a_hundred_parts_and_no_more() {
        let fault = |count: usize| {
            let parts = "--b\r\nContent-Type: text/plain\r\n\r\nciao\r\n".repeat(count);
            let mixed = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n");
            Content::read(&mixed.into(), BodyId::of(b"")).err().unwrap_or_default()
        };
        assert!(!fault(MAX_PARTS).contains("parti"), "{}", fault(MAX_PARTS));
        for count in [MAX_PARTS + 1, MAX_PARTS + 2] {
            assert!(fault(count).contains(&format!("più di {MAX_PARTS} parti")), "{count}: {}", fault(count));
        }
    }
}
