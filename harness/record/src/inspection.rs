use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{BodyHash, Instant, Outcome};

/// What the judge says of one stored message, looked at alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// Where in its file it lies: empty where it is the file, else the way to it, such as `part 2 > message/rfc822`.
    pub place: String,
    /// SHA-256 over its octets.
    pub sha256: BodyHash,
    /// Its size in octets.
    pub octets: u64,
    /// The wire value of its kind, `anomalia` or `ordinary`.
    pub kind: String,
    /// For people: `delivery receipt (complete) for bruno@beta.test`.
    pub label: String,
    /// Who issued it, as far as it says itself: the signer's organization, else the address of its From; empty for
    /// ordinary mail. A claim of the certificate, whose worth [`SignaturePath`] tells.
    pub provider: String,
    /// The addresses of its From.
    pub from: Vec<String>,
    /// Its signature.
    pub signature: InspectedSignature,
    /// One for each row that this message alone decides, in the catalogue's order.
    pub verdicts: Vec<ClauseVerdict>,
    /// What ties it to other messages; none for ordinary mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<StoryFacts>,
}

/// The signature of a stored message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InspectedSignature {
    /// Whether content, signature and certificate belong together; what the certificate is worth is said apart.
    pub verdict: SignatureVerdict,
    /// Why, for programs and translators.
    pub cause: SignatureCause,
    /// Why, in words that a clerk understands.
    pub reason: String,
    /// Digest algorithm, such as `sha256`; empty where there is none or it cannot be read.
    pub digest: String,
    /// The signer's subject, such as `CN=Posta Certificata, O=Alfa PEC S.p.A., C=IT`; empty where unknown.
    pub signer: String,
    /// The addresses that the signer's certificate names.
    pub addresses: Vec<String>,
    /// Who issued the certificate.
    pub issuer: String,
    /// RFC 3339: the signer's own claim, by its own clock, that nobody else confirms; empty where it makes none.
    pub signed_at: String,
    /// What the certificate is worth.
    pub path: SignaturePath,
}

/// Whether a signature holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignatureVerdict {
    /// The content is the one that was signed, with the key of the enclosed certificate.
    Valid,
    /// It is not, or it cannot be shown to be.
    Invalid,
    /// There is none.
    Absent,
}

/// Why a signature holds or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureCause {
    /// It holds.
    Holds,
    /// It holds once line ends that storage damaged were put right.
    HoldsRestored,
    /// The content was changed after it was signed.
    ContentChanged,
    /// The signature value does not fit the certificate that came with it.
    WrongKey,
    /// The signer's certificate did not come with it.
    NoCertificate,
    /// The signed attributes lack what they must hold.
    Incomplete,
    /// An algorithm that is not known here.
    UnknownAlgorithm,
    /// No signer, or several.
    Signers,
    /// The structure cannot be read.
    Unreadable,
    /// There is none.
    Absent,
}

/// What speaks for the signer's certificate besides itself, as of the time that the signer claims.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignaturePath {
    /// Whether certificates lead from the signer to a given anchor of trust.
    pub trust: PathCheck,
    /// Whether the given index of providers lists the certificate.
    pub index: PathCheck,
    /// Whether a given list of revoked certificates has it.
    pub revocation: PathCheck,
}

/// One thing that was looked up, or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathCheck {
    /// What came of it.
    pub verdict: PathVerdict,
    /// In words that a clerk understands.
    pub words: String,
}

/// What came of a look-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PathVerdict {
    /// It speaks for the certificate.
    Holds,
    /// Nothing was given to look it up in: nothing is said.
    #[default]
    NotGiven,
    /// Something was given, which does not decide it.
    Undecided,
    /// It speaks against the certificate.
    Fails,
}

/// What one row of the catalogue came to for one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClauseVerdict {
    /// Such as `PEC-3.1.4-03`.
    pub clause: Cow<'static, str>,
    /// What it came to.
    pub verdict: Outcome,
    /// The bound party, as the catalogue has it.
    pub party: Cow<'static, str>,
    /// What the law asks for here, in words; empty for a pass.
    pub expected: String,
    /// What was found, in words; empty for a pass.
    pub observed: String,
    /// The reading that it rests on, such as `R-0060`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Cow<'static, str>>,
    /// `read`, or `recalled` where no text was read that confirms the row.
    pub source: Cow<'static, str>,
}

/// What ties a certified message to others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryFacts {
    /// The PEC identifier of the transport envelope, without angle brackets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identificativo: Option<String>,
    /// The client's identifier, without angle brackets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msgid: Option<String>,
    /// Sender of the original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mittente: Option<String>,
    /// Subject of the original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oggetto: Option<String>,
    /// Recipients of the original, each with whether it is certified.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destinatari: Vec<(String, bool)>,
    /// The one recipient concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consegna: Option<String>,
    /// Recipients taken in charge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ricezione: Vec<String>,
    /// `postacert/@tipo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tipo: Option<String>,
    /// `postacert/@errore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errore: Option<String>,
    /// The certified time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Instant>,
    /// Of a timeout notice: 12 or 24, as its text says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<u32>,
}

/// What a set of stored messages tells of one message that somebody sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredStory {
    /// The PEC identifier; where no message of the set tells it the client's.
    pub identifier: String,
    /// The client's identifiers that its messages name; more than one is told in `contradictions`.
    pub msgid: Vec<String>,
    /// Sender of the original.
    pub mittente: String,
    /// Subject of the original.
    pub oggetto: String,
    /// When it was accepted, by the certified time of the acceptance receipt, else of the envelope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Instant>,
    /// What the set holds of it, by certified time; a message that was stored twice stands once.
    pub messages: Vec<StoryLine>,
    /// One for each recipient that is known.
    pub recipients: Vec<StoryRecipient>,
    /// What a whole set would hold and this one lacks.
    pub missing: Vec<StoryRemark>,
    /// What cannot all be true, or does not count.
    pub contradictions: Vec<StoryRemark>,
    /// What came later than the 12 and 24 hours of the law.
    pub late: Vec<StoryRemark>,
}

/// A remark on a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryRemark {
    /// What it says, for programs and translators.
    pub code: RemarkCode,
    /// The recipient that it is about; empty where it is about the whole.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub recipient: String,
    /// The number of the message that it is about; none where it is about what several say or lack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<u64>,
    /// In words that a clerk understands.
    pub words: String,
}

/// What a remark on a story says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemarkCode {
    /// Missing: receipts there are, an acceptance receipt not.
    NoAcceptance,
    /// Missing: no receipt and no notice on a certified recipient.
    NoOutcome,
    /// Missing: a 12 h notice, or a take-charge receipt, and no later word.
    NoLaterWord,
    /// Contradiction: accepted and not accepted.
    AcceptedAndRefused,
    /// Contradiction: delivered and not delivered to one recipient.
    DeliveredAndNot,
    /// Contradiction: several different receipts where there can be one.
    Repeated,
    /// Contradiction: messages under one identifier name different senders, subjects, recipients or client's identifiers.
    Differing,
    /// Contradiction: a receipt on somebody whom the acceptance receipt does not name.
    StrangeRecipient,
    /// Contradiction: a certified time before that of the acceptance.
    BeforeAcceptance,
    /// Contradiction: a notice before its hour.
    EarlyNotice,
    /// A message whose signature does not hold, and which does not count.
    DoesNotCount,
    /// Late: delivered more than 24 hours after the acceptance.
    LateDelivery,
    /// Late: told of the failure more than 24 hours after the acceptance.
    LateFailure,
    /// Late: a notice later than its hour.
    LateNotice,
}

/// One message of a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryLine {
    /// The number that whoever walked the files gave it.
    pub message: u64,
    /// Its kind, as [`Inspection::kind`].
    pub kind: String,
    /// Its signature.
    pub signature: SignatureVerdict,
    /// Its certified time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Instant>,
    /// The one recipient concerned; empty where it concerns all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub consegna: String,
    /// How often the set holds the same octets.
    pub copies: u32,
}

/// What became of one recipient, as far as the set tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryRecipient {
    /// Its address in lower case.
    pub address: String,
    /// Whether the sender's provider certified it as a recipient of certified mail; none where no message says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certified: Option<bool>,
    /// What became of it.
    pub state: RecipientState,
    /// When, by the certified time of the message that tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
}

/// What became of one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecipientState {
    /// A delivery receipt tells that it was delivered.
    Delivered,
    /// A non-delivery notice tells that it was not.
    NotDelivered,
    /// A 24 h notice tells that nobody knows.
    TimedOut,
    /// A 12 h notice alone: another word is to come.
    Overdue,
    /// A take-charge receipt alone.
    TakenInCharge,
    /// The set holds no word on it.
    Unknown,
    /// Ordinary mail: no word is to be had.
    Ordinary,
}
