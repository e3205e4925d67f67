use collaudo_record::{Inspection, Instant, SignatureVerdict, StoryFacts};

/// What a story needs of one inspected message: some hundred octets, so that those of a whole archive fit into memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub(super) message: u64,
    /// The first octets of its SHA-256: copies have the same.
    pub(super) content: u64,
    pub(super) kind: StoryKind,
    pub(super) signature: SignatureVerdict,
    pub(super) hours: Option<u32>,
    pub(super) at: Option<Instant>,
    pub(super) identifier: Box<str>,
    pub(super) msgid: Box<str>,
    pub(super) mittente: Box<str>,
    pub(super) oggetto: Box<str>,
    pub(super) consegna: Box<str>,
    /// Recipients in lower case with whether they are certified: all of them where the sender's provider tells them, else
    /// the first few.
    pub(super) recipients: Box<[(Box<str>, bool)]>,
    /// Whether these are all.
    pub(super) is_whole: bool,
    /// Those whom a take-charge receipt names as taken in charge, in lower case.
    pub(super) taken: Box<[Box<str>]>,
}

/// What a message is to a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StoryKind {
    Acceptance,
    Refusal,
    Envelope,
    TakeCharge,
    Delivery,
    Failure,
    Timeout,
    Detection,
}

impl StoryKind {
    const ALL: [(Self, &str, &str); 8] = [
        (Self::Acceptance, "accettazione", "acceptance receipt"),
        (Self::Refusal, "non-accettazione", "non-acceptance notice"),
        (Self::Envelope, "posta-certificata", "transport envelope"),
        (Self::TakeCharge, "presa-in-carico", "take-charge receipt"),
        (Self::Delivery, "avvenuta-consegna", "delivery receipt"),
        (Self::Failure, "errore-consegna", "non-delivery notice"),
        (Self::Timeout, "preavviso-errore-consegna", "timeout notice"),
        (Self::Detection, "rilevazione-virus", "virus-detection notice"),
    ];

    fn of(wire: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, own, _)| *own == wire).map(|(kind, ..)| kind)
    }

    pub(super) fn wire(self) -> &'static str {
        Self::ALL.into_iter().find(|(kind, ..)| *kind == self).map_or("", |(_, wire, _)| wire)
    }

    pub(super) fn words(self) -> &'static str {
        Self::ALL.into_iter().find(|(kind, ..)| *kind == self).map_or("", |(.., words)| words)
    }
}

/// How many recipients a message keeps that is about one of them.
const FEW: usize = 4;
/// How many the sender's provider may tell.
const MANY: usize = 1_000;
/// Octets kept of a subject.
const SUBJECT: usize = 160;
/// Octets kept of anything else.
const TEXT: usize = 254;

impl Summary {
    /// Sums up an inspected message under the number that whoever walked the files gave it. None for what tells no story:
    /// ordinary mail, anomaly envelopes, and what names no identifier.
    pub fn of(message: u64, inspection: &Inspection) -> Option<Self> {
        let facts = inspection.facts.as_ref()?;
        let kind = StoryKind::of(&inspection.kind)?;
        let identifier = cut(facts.identificativo.as_deref(), TEXT);
        let msgid = cut(facts.msgid.as_deref(), TEXT);
        if identifier.is_empty() && msgid.is_empty() {
            return None;
        }
        let tells_all = matches!(kind, StoryKind::Acceptance | StoryKind::Refusal | StoryKind::Envelope);
        let kept = if tells_all { MANY } else { FEW };
        Some(Self {
            message,
            content: u64::from_str_radix(inspection.sha256.0.get(..16).unwrap_or_default(), 16).unwrap_or_default(),
            kind,
            signature: inspection.signature.verdict,
            hours: facts.hours,
            at: facts.data,
            identifier,
            msgid,
            mittente: cut(facts.mittente.as_deref(), TEXT),
            oggetto: cut(facts.oggetto.as_deref(), SUBJECT),
            consegna: lower(facts.consegna.as_deref()),
            recipients: recipients(facts, kept),
            taken: facts.ricezione.iter().take(MANY).map(|address| lower(Some(address))).collect(),
            is_whole: !facts.destinatari.is_empty() && facts.destinatari.len() <= kept,
        })
    }

    /// How many octets it takes, those on the heap included.
    pub fn octets(&self) -> usize {
        let texts = [&self.identifier, &self.msgid, &self.mittente, &self.oggetto, &self.consegna];
        let list = self.recipients.iter().map(|(address, _)| size_of::<(Box<str>, bool)>() + address.len());
        let taken = self.taken.iter().map(|address| size_of::<Box<str>>() + address.len());
        size_of::<Self>()
            + taken.sum::<usize>()
            + texts.iter().map(|text| text.len()).sum::<usize>()
            + list.sum::<usize>()
    }
}

fn recipients(facts: &StoryFacts, kept: usize) -> Box<[(Box<str>, bool)]> {
    let all = facts.destinatari.iter().take(kept);
    all.map(|(address, certified)| (lower(Some(address)), *certified)).collect()
}

fn cut(text: Option<&str>, octets: usize) -> Box<str> {
    let text = text.unwrap_or_default().trim();
    text.get(..text.floor_char_boundary(octets)).unwrap_or_default().into()
}

fn lower(address: Option<&str>) -> Box<str> {
    cut(address, TEXT).to_ascii_lowercase().into()
}
