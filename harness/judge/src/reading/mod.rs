//! Readers: from octets to what the law speaks of. They take anything and never fail: what cannot be read is said so.

mod alone;
mod asn1;
mod certificate;
mod crl;
mod daticert;
mod essence;
mod head;
mod index;
mod mime;
mod signature;
mod structured;
mod transfer;
mod trust;
pub(crate) mod virus;
mod word;
mod xml;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use collaudo_record::{BodyHash, SignatureCause, Trace, What};
use mail_parser::decoders::html::html_to_text;

pub(crate) use alone::{is_cms, joined};
pub(crate) use certificate::hex;
pub use certificate::{Certificate, Extension, oid};
pub use crl::Crl;
pub(crate) use crl::UnverifiedCrl;
pub(crate) use daticert::zone_minutes;
pub use daticert::{Daticert, Flaw, FlawAt};
pub(crate) use essence::TRACE_FIELDS;
pub use head::{Field, Head, Mailbox};
pub use index::{Index, Record};
pub use mime::{Attached, Entity};
pub use signature::{Broken, Signature};
pub use trust::Trust;
pub use virus::Virus;
pub use word::Word;

/// Every message of a trace, each body read once.
#[derive(Debug, Default)]
pub struct Readings(BTreeMap<BodyHash, Reading>);

/// A message as read.
#[derive(Debug)]
pub struct Reading {
    /// Its octets.
    pub body: BodyHash,
    /// Its octets without the trace fields that lead it: what stays the same from hop to hop. Of what lies in a mailbox
    /// under more fields, that of what came.
    pub essence: BodyHash,
    /// How many octets it has.
    pub octets: u64,
    /// What it says it is: a claim of its header, which the signature does not cover.
    pub kind: Kind,
    /// Its own header.
    pub head: Arc<Head>,
    /// The root of its tree; attached messages are not entered.
    pub root: Entity,
    /// What is signed, where a message that calls itself ours encloses it in the signature.
    opaque: Option<Entity>,
    /// None where it is not `multipart/signed`.
    pub signature: Option<Signature>,
    /// The readable text: its `text/plain`, else what its `text/html` shows; empty where there is none.
    pub text: String,
    /// `daticert.xml`, where it is a direct child of the content.
    pub daticert: Option<Daticert>,
    /// The enclosed message, where it is a direct child of the content: `postacert.eml`, else the first `message/rfc822`.
    pub postacert: Option<Attached>,
    /// What it carries, its enclosed message included.
    pub virus: Virus,
}

/// What a message says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Acceptance receipt.
    Accettazione,
    /// Non-acceptance notice, formal or for a virus.
    NonAccettazione,
    /// Transport envelope.
    PostaCertificata,
    /// Take-charge receipt.
    PresaInCarico,
    /// Delivery receipt.
    AvvenutaConsegna,
    /// Non-delivery notice, plain or for a virus.
    ErroreConsegna,
    /// Timeout notice, 12 h or 24 h.
    PreavvisoErroreConsegna,
    /// Virus-detection notice.
    RilevazioneVirus,
    /// Anomaly envelope.
    Anomalia,
    /// Anything else.
    Ordinary,
}

/// The form of a delivery receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// With the whole original.
    Complete,
    /// With an original whose named parts are hashes.
    Brief,
    /// Without the original.
    Concise,
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
}

impl Kind {
    /// The wire value; `anomalia` and `ordinary` stand for those that have none.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Accettazione => "accettazione",
            Self::NonAccettazione => "non-accettazione",
            Self::PostaCertificata => "posta-certificata",
            Self::PresaInCarico => "presa-in-carico",
            Self::AvvenutaConsegna => "avvenuta-consegna",
            Self::ErroreConsegna => "errore-consegna",
            Self::PreavvisoErroreConsegna => "preavviso-errore-consegna",
            Self::RilevazioneVirus => "rilevazione-virus",
            Self::Anomalia => "anomalia",
            Self::Ordinary => "ordinary",
        }
    }
}

impl Readings {
    /// Reads every message of the trace.
    pub fn of(trace: &Trace) -> Self {
        let anchors = trace.header.trust.iter().filter_map(|hash| trace.body(hash)).filter_map(Certificate::read);
        let trust = Trust::new(anchors);
        let mut readings = BTreeMap::new();
        for hash in trace.events.iter().filter_map(|event| message_of(&event.what)) {
            if let Some(octets) = trace.body(hash)
                && !readings.contains_key(hash)
            {
                readings.insert(hash.clone(), Reading::of(hash.clone(), octets, &trust));
            }
        }
        essence::recognise(trace, &mut readings);
        Self(readings)
    }

    /// The reading of one body.
    pub fn get(&self, body: &BodyHash) -> Option<&Reading> {
        self.0.get(body)
    }

    /// All readings, ordered by hash.
    pub fn iter(&self) -> impl Iterator<Item = &Reading> {
        self.0.values()
    }
}

/// The message that an event carries.
pub(crate) fn message_of(what: &What) -> Option<&BodyHash> {
    match what {
        What::Transfer(transfer) => transfer.body.as_ref(),
        What::Stored { body, .. } => Some(body),
        _ => None,
    }
}

/// Why a message is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// It crossed a network among others.
    Trace,
    /// It was stored, and is looked at alone: what only a trace asks for is left out.
    Alone,
}

impl Reading {
    /// Reads one message. Should a decoder of others crash on it, its octets are all that is known of it.
    pub fn of(body: BodyHash, octets: &[u8], trust: &Trust) -> Self {
        let read = catch_unwind(AssertUnwindSafe(|| {
            let root = Entity::read(octets);
            let signature = (root.media_type == "multipart/signed").then(|| signature_of(&root, octets, trust));
            let opaque = opaque_content(&root);
            let mut reading = Self::from(body.clone(), octets, root, signature, opaque, Purpose::Trace);
            reading.essence = BodyHash::of(essence::essential(&reading.head, octets));
            let enclosed = reading.postacert.as_ref().map(|enclosed| Virus::of(&enclosed.root));
            reading.virus = Virus::of(&reading.root).max(enclosed.unwrap_or_default());
            reading
        }));
        read.unwrap_or_else(|_| Self::unreadable(body, octets))
    }

    /// A message of which nothing is known but its octets.
    fn unreadable(body: BodyHash, octets: &[u8]) -> Self {
        Self {
            essence: body.clone(),
            body,
            octets: count(octets),
            kind: Kind::Ordinary,
            head: Arc::default(),
            root: Entity::default(),
            opaque: None,
            signature: None,
            text: String::new(),
            daticert: None,
            postacert: None,
            virus: Virus::None,
        }
    }

    fn from(
        body: BodyHash,
        octets: &[u8],
        root: Entity,
        signature: Option<Signature>,
        opaque: Option<Entity>,
        purpose: Purpose,
    ) -> Self {
        let mut reading = Self { head: root.head.clone(), root, signature, opaque, ..Self::unreadable(body, octets) };
        let page = || Some(html_to_text(&reading.html_part()?.text()));
        reading.text = reading.text_part().map(Entity::text).or_else(page).unwrap_or_default();
        reading.daticert = reading.daticert_part().map(|part| Daticert::read(&part.decoded));
        reading.postacert = reading.take_postacert(purpose);
        reading.kind = reading.kind(purpose);
        reading
    }

    /// The entity that the law calls the content: the first part of `multipart/signed`, or what an opaque signature
    /// encloses; where that is missing the root.
    pub fn content(&self) -> &Entity {
        match &self.opaque {
            Some(content) => content,
            None if self.root.media_type == "multipart/signed" => self.root.children.first().unwrap_or(&self.root),
            None => &self.root,
        }
    }

    /// Whether what is signed is enclosed in the signature, out of sight.
    pub fn is_opaque(&self) -> bool {
        self.opaque.is_some()
    }

    /// The parts that the law speaks of: direct children of a multipart content, else the content alone. What is nested
    /// deeper belongs to a message that somebody forwards.
    pub fn parts(&self) -> &[Entity] {
        let content = self.content();
        if content.children.is_empty() { std::slice::from_ref(content) } else { &content.children }
    }

    /// The part that people read, perhaps in two forms: by the law the first.
    pub fn readable_part(&self) -> Option<&Entity> {
        let is_text = |part: &Entity| matches!(part.media_type.as_str(), "text/plain" | "text/html");
        let is_readable = |part: &&Entity| is_text(part) || part.children.iter().any(is_text);
        self.parts().iter().find(is_readable)
    }

    /// The readable text as `text/plain`.
    pub fn text_part(&self) -> Option<&Entity> {
        self.text_form("text/plain")
    }

    /// The readable text as `text/html`.
    pub fn html_part(&self) -> Option<&Entity> {
        self.text_form("text/html")
    }

    fn text_form(&self, media_type: &str) -> Option<&Entity> {
        let readable = self.readable_part()?;
        std::iter::once(readable)
            .chain(&readable.children)
            .find(|part| part.media_type == media_type && part.children.is_empty())
    }

    /// The part that holds the certification data: by its name, else by its type.
    pub fn daticert_part(&self) -> Option<&Entity> {
        let by_type = |part: &&Entity| matches!(part.media_type.as_str(), "application/xml" | "text/xml");
        let parts = || self.parts().iter().filter(|part| part.children.is_empty());
        parts().find(|part| part.is_named("daticert.xml")).or_else(|| parts().find(by_type))
    }

    /// The part that holds evidence of a registered delivery (ETSI EN 319 522-3): an XML document `Evidence` of its namespace.
    pub fn evidence_part(&self) -> Option<&Entity> {
        let is_of_erds = |(name, value): &(String, String)| name.starts_with("xmlns") && value.contains("/19522/");
        self.parts().iter().filter(|part| part.children.is_empty()).find(|part| {
            let root = part.media_type.ends_with("xml").then(|| xml::document(&part.text()).root).flatten();
            root.is_some_and(|root| {
                root.name.rsplit(':').next() == Some("Evidence") && root.attributes.iter().any(is_of_erds)
            })
        })
    }

    /// The part that holds the enclosed message: by its name, else by its type.
    pub fn postacert_part(&self) -> Option<&Entity> {
        self.postacert_place().and_then(|place| self.parts().get(place))
    }

    fn postacert_place(&self) -> Option<usize> {
        // A message that is not multipart is no enclosure of another, whatever it calls itself.
        let parts = &self.content().children;
        let by_name = parts.iter().position(|part| part.is_named("postacert.eml") && part.children.is_empty());
        by_name.or_else(|| parts.iter().position(|part| part.media_type == "message/rfc822"))
    }

    fn take_postacert(&mut self, purpose: Purpose) -> Option<Attached> {
        let place = self.postacert_place()?;
        let is_wrapped = self.root.media_type == "multipart/signed" && !self.root.children.is_empty();
        let content = match &mut self.opaque {
            Some(content) => content,
            None if is_wrapped => self.root.children.first_mut()?,
            None => &mut self.root,
        };
        let part = content.children.get_mut(place)?;
        let (name, octets) = (part.name.clone().unwrap_or_default(), std::mem::take(&mut part.decoded));
        Some(Attached::read(name, octets, purpose))
    }

    /// Whether a notice is about a virus: two of the three places that tell it say so, its own field, its certification data
    /// and its subject.
    pub fn is_about_virus(&self) -> bool {
        let errore = self.daticert.as_ref().and_then(|daticert| daticert.errore.as_deref());
        let subject = self.head.subject.as_deref().unwrap_or_default();
        let told = [
            self.head.first("X-VerificaSicurezza").is_some(),
            errore == Some("virus"),
            subject.split(':').next().is_some_and(|prefix| prefix.contains("PER VIRUS")),
        ];
        self.kind == Kind::RilevazioneVirus || told.into_iter().filter(|told| *told).count() > 1
    }

    /// The form of a delivery receipt, as its parts show it; an original without named parts looks the same complete and
    /// brief, and is what the certification data call it. None for other kinds.
    pub fn form(&self) -> Option<Form> {
        let says_brief = self.daticert.as_ref().and_then(|daticert| daticert.ricevuta.as_deref()) == Some("breve");
        match &self.postacert {
            _ if self.kind != Kind::AvvenutaConsegna => None,
            None => Some(Form::Concise),
            Some(original)
                if original.root.any(|part| part.name.as_deref().is_some_and(|name| name.ends_with(".hash"))) =>
            {
                Some(Form::Brief)
            }
            Some(original) if says_brief && !original.root.any(|part| part.name.is_some()) => Some(Form::Brief),
            Some(_) => Some(Form::Complete),
        }
    }

    /// What it says it is. Where its own field is missing or unknown, what the certification data and the subject say
    /// counts, if it comes signed by an address that it bears: a message with one fault should be judged as what it is.
    fn kind(&self, purpose: Purpose) -> Kind {
        let tipo = self.daticert.as_ref().and_then(|daticert| daticert.tipo.as_deref());
        let transport = self.head.value("X-Trasporto").and_then(Kind::of_trasporto);
        let receipt = self.head.value("X-Ricevuta").and_then(Kind::of_ricevuta);
        // Where it says both, the certification data decide.
        let certified = receipt.filter(|receipt| tipo == Some(receipt.wire()));
        if let Some(kind) = certified.or(transport).or(receipt) {
            return kind;
        }
        let signature = self.signature.as_ref();
        let is_from = |address: &String| self.head.from.iter().any(|from| from.address.eq_ignore_ascii_case(address));
        // What was cut out of its message has no From to compare with.
        let is_cut_out =
            |signature: &Signature| purpose == Purpose::Alone && self.head.from.is_empty() && signature.valid;
        let is_theirs = |signature: &Signature| signature.addresses().iter().any(is_from) || is_cut_out(signature);
        if !signature.is_some_and(is_theirs) {
            return Kind::Ordinary;
        }
        let is_anomaly =
            || self.head.subject.as_deref().is_some_and(|subject| subject.starts_with("ANOMALIA MESSAGGIO:"));
        match tipo.and_then(|tipo| Kind::of_ricevuta(tipo).or_else(|| Kind::of_trasporto(tipo))) {
            Some(kind) => kind,
            None if is_anomaly() => Kind::Anomalia,
            None => Kind::Ordinary,
        }
    }
}

impl Kind {
    /// Whether this is the wire value of some kind, in `X-Trasporto` or in `X-Ricevuta`.
    pub(crate) fn is_named(value: &str) -> bool {
        Self::of_trasporto(value).or_else(|| Self::of_ricevuta(value)).is_some()
    }

    fn of_trasporto(value: &str) -> Option<Self> {
        match value.to_ascii_lowercase().as_str() {
            "posta-certificata" => Some(Self::PostaCertificata),
            "errore" => Some(Self::Anomalia),
            _ => None,
        }
    }

    fn of_ricevuta(value: &str) -> Option<Self> {
        const RECEIPTS: [Kind; 7] = [
            Kind::Accettazione,
            Kind::NonAccettazione,
            Kind::PresaInCarico,
            Kind::AvvenutaConsegna,
            Kind::ErroreConsegna,
            Kind::PreavvisoErroreConsegna,
            Kind::RilevazioneVirus,
        ];
        RECEIPTS.into_iter().find(|kind| kind.wire().eq_ignore_ascii_case(value))
    }
}

/// What stands before and behind the first of these octets, which is an ASCII one.
pub(crate) fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let place = memchr::memchr(at, text.as_bytes())?;
    Some((text.get(..place)?, text.get(place + 1..)?))
}

fn count(octets: &[u8]) -> u64 {
    u64::try_from(octets.len()).unwrap_or(u64::MAX)
}

/// What an opaque signature encloses, of a message that says in its header that it is ours: the law wants it detached, yet
/// its other faults are to be told apart from that.
fn opaque_content(root: &Entity) -> Option<Entity> {
    let is_ours = ["X-Ricevuta", "X-Trasporto"].into_iter().any(|name| root.head.first(name).is_some());
    let is_cms = matches!(root.media_type.as_str(), "application/pkcs7-mime" | "application/x-pkcs7-mime");
    let (_, content) = (is_ours && is_cms).then(|| Signature::read(&root.decoded, &[], &Trust::default()))?;
    content.map(|content| Entity::read(&content))
}

/// The signature of a `multipart/signed` root: its second part over its first.
fn signature_of(root: &Entity, octets: &[u8], trust: &Trust) -> Signature {
    let [content, structure, ..] = root.children.as_slice() else {
        return Signature::unreadable("multipart/signed has not two parts");
    };
    let signed = octets.get(content.whole.clone()).unwrap_or_default();
    let mut signature = signature_over(signed, &structure.decoded, trust);
    [signature.protocol, signature.micalg] =
        root.parameters(["protocol", "micalg"]).map(|own| own.to_ascii_lowercase());
    signature
}

/// RFC 5751 §3.1.1: what is signed ends its lines with CRLF, however it was stored since. Should neither that form nor the
/// octets as they stand fit, line ends may have been damaged: a CR too many, or a CR alone.
fn signature_over(signed: &[u8], structure: &[u8], trust: &Trust) -> Signature {
    let is_canonical = !has_bare_line_feed(signed);
    let first = if is_canonical { Cow::Borrowed(signed) } else { Cow::Owned(with_crlf(signed)) };
    let (signature, _) = Signature::read(structure, &[&first], trust);
    if signature.valid {
        return signature;
    }
    let restored = with_restored_line_ends(signed);
    if is_canonical && restored == signed {
        return signature;
    }
    let (as_stored, _) = Signature::read(structure, &[signed], trust);
    let (mut put_right, _) = Signature::read(structure, &[&restored], trust);
    if put_right.valid {
        put_right.cause = SignatureCause::HoldsRestored;
    }
    [as_stored, put_right].into_iter().find(|one| one.valid).unwrap_or(signature)
}

fn has_bare_line_feed(octets: &[u8]) -> bool {
    memchr::memchr_iter(b'\n', octets).any(|at| at == 0 || octets.get(at - 1) != Some(&b'\r'))
}

fn with_crlf(octets: &[u8]) -> Vec<u8> {
    let mut canonical = Vec::with_capacity(octets.len() + octets.len() / 32);
    for line in octets.split_inclusive(|b| *b == b'\n') {
        match line.strip_suffix(b"\n").filter(|line| !line.ends_with(b"\r")) {
            Some(bare) => {
                canonical.extend_from_slice(bare);
                canonical.extend_from_slice(b"\r\n");
            }
            None => canonical.extend_from_slice(line),
        }
    }
    canonical
}

/// Any run of CR with or without LF behind it, and any LF alone, becomes one CRLF.
fn with_restored_line_ends(octets: &[u8]) -> Vec<u8> {
    let mut restored = Vec::with_capacity(octets.len());
    let mut rest = octets.iter().copied().peekable();
    while let Some(b) = rest.next() {
        if b == b'\r' {
            while rest.next_if_eq(&b'\r').is_some() {}
            rest.next_if_eq(&b'\n');
        }
        match b {
            b'\r' | b'\n' => restored.extend_from_slice(b"\r\n"),
            _ => restored.push(b),
        }
    }
    restored
}
