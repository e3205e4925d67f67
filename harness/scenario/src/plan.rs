use std::{sync::Arc, time::Duration};

use collaudo_record::{Instant, Ordinary, ScenarioBrief};

/// A scenario and a seed, with every instant and every random choice fixed: the world has nothing left to decide.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What the scenario says of itself, addresses and clauses spelled out.
    pub brief: ScenarioBrief,
    /// The one seed of the run.
    pub seed: u64,
    /// When the world's clock begins.
    pub epoch: Instant,
    /// How long the run lasts; it ends no earlier, for notices may be due.
    pub until: Duration,
    /// Who takes part; at most 20.
    pub providers: Vec<ProviderPlan>,
    /// What people do, ordered by instant.
    pub steps: Vec<Step>,
    /// Who looks into a mailbox, ordered by instant.
    pub visits: Vec<Visit>,
    /// Who asks for the provider index without being entitled to it, ordered by instant.
    pub inquiries: Vec<Inquiry>,
    /// What goes wrong, in the scenario's order.
    pub faults: Vec<Fault>,
    /// The latency of each message lies between these, both included.
    pub latency: (Duration, Duration),
}

/// One provider.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderPlan {
    /// Its short name and its host's, such as `alfa`: lower-case letters, digits, hyphens.
    pub name: String,
    /// `providerName` of the index.
    pub display_name: String,
    /// Its certified domain, such as `alfa.test`.
    pub domain: String,
    /// `mailReceipt` of the index, such as `servizio@alfa.test`.
    pub service_mailbox: String,
    /// Who plays it.
    pub player: PlayerPlan,
    /// Its mailboxes.
    pub users: Vec<UserPlan>,
    /// The most that size in octets times recipients may come to.
    pub max_octets: u64,
    /// The most recipients that a message may have.
    pub max_recipients: u32,
    /// Its secondary environment, where the index has one.
    pub unit: Option<UnitPlan>,
    /// What its messages look like, within what the law leaves free.
    pub family: Family,
    /// Where it takes the provider index from.
    pub index_source: IndexSource,
    /// Whether the index still has the signing certificate that its own follows.
    pub renewed: bool,
    /// Whether DNS has a second mail exchanger for it.
    pub backup: bool,
    /// The longest that an acceptance receipt may take, as agreed with its users; none where nothing was agreed.
    pub acceptance: Option<Duration>,
}

/// How a provider builds its messages, as the deployed ones differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// Which comes first in the signed part behind the text: `postacert.eml` or `daticert.xml`.
    pub original_first: bool,
    /// Whether the text stands in HTML too, as an alternative.
    pub html: bool,
    /// Whether attached parts say `inline` and not `attachment`.
    pub inline: bool,
    /// The digest as `micalg` spells it: `sha-256`, `sha256`.
    pub micalg: String,
    /// The signature's type: `application/x-pkcs7-signature` or `application/pkcs7-signature`.
    pub signature_type: String,
    /// The transfer encoding of `daticert.xml`: `base64`, `quoted-printable`, `7bit`.
    pub data_encoding: String,
    /// Whether lines of prose stand before the first boundary.
    pub preamble: bool,
}

impl Default for Family {
    fn default() -> Self {
        Self {
            original_first: false,
            html: false,
            inline: false,
            micalg: "sha-256".into(),
            signature_type: "application/x-pkcs7-signature".into(),
            data_encoding: "base64".into(),
            preamble: false,
        }
    }
}

/// Where a provider takes the provider index from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexSource {
    /// The signed LDIF file, over HTTPS.
    Ldif,
    /// The directory, over LDAP under TLS.
    Ldap,
}

/// A secondary environment of a provider: a record of its own in the index, and nobody there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitPlan {
    /// `providerUnit` of the index.
    pub name: String,
    /// Its certified domain, such as `prova.alfa.test`.
    pub domain: String,
}

/// Who plays a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayerPlan {
    /// The provider under examination.
    Subject,
    /// The scripted peer.
    Peer(PeerBehaviour),
}

/// What the scripted peer does with an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerBehaviour {
    /// Takes it, sends a take-charge receipt, then nothing.
    TakesChargeOnly,
    /// Takes it, then nothing.
    Silent,
    /// Takes it, sends a take-charge receipt and a delivery receipt for each recipient.
    Proper,
    /// As [`Self::Proper`], but the delivery receipts go out so long after it took the envelope.
    DeliversLate(Duration),
    /// As [`Self::Proper`], and sends each delivery receipt once more, the same octets.
    DeliversTwice,
    /// As [`Self::Proper`], without a take-charge receipt.
    DeliversUnannounced,
    /// Takes it, sends a take-charge receipt and delivery receipts whose signer the index does not list.
    ForgesReceipts,
    /// Takes it, sends a take-charge receipt and a virus notice.
    FindsVirus,
    /// Answers each message with 451, as long as it runs.
    Defers,
    /// As [`Self::Proper`], but waits so long before each reply.
    Slow(Duration),
}

/// One mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPlan {
    /// Its address.
    pub address: String,
    /// What it logs in with.
    pub password: String,
    /// The most octets that it holds.
    pub quota_octets: Option<u64>,
    /// What becomes of mail for it that is not certified.
    pub ordinary: Ordinary,
}

/// Someone logs into a mailbox and fetches all that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// How long after the epoch.
    pub at: Duration,
    /// Its id, such as `v1`.
    pub id: String,
    /// The provider.
    pub provider: String,
    /// The account, an address.
    pub account: String,
    /// Its password.
    pub password: String,
    /// How.
    pub over: Access,
    /// Whether each message is deleted behind the fetch.
    pub deletes: bool,
}

/// Someone who is no part of the network asks for the provider index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// How long after the epoch.
    pub at: Duration,
    /// Its id, such as `a1`.
    pub id: String,
}

/// Who a submission is handed to where it is none: someone outside the network sends ordinary mail.
pub const OUTSIDE: &str = "esterno";

/// How a mailbox is read, under TLS from the first octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Port 993.
    Imap,
    /// Port 995.
    Pop3,
}

/// Something that a person does.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// How long after the epoch.
    pub at: Duration,
    /// Its id, such as `m1`.
    pub id: String,
    /// What is submitted.
    pub submit: Submit,
}

/// A submission, down to its octets.
#[derive(Clone, Debug, PartialEq)]
pub struct Submit {
    /// The provider that it is handed to; [`OUTSIDE`] where someone outside the network sends it to the recipients' providers.
    pub provider: String,
    /// The account that logs in, an address.
    pub account: String,
    /// Its password.
    pub password: String,
    /// `MAIL FROM`, without angle brackets.
    pub reverse_path: String,
    /// `RCPT TO`, without angle brackets.
    pub forward_paths: Vec<String>,
    /// The message with CRLF, not dot-stuffed.
    pub message: Arc<[u8]>,
    /// Whether TLS begins with the first octet (port 465) and not by STARTTLS (587).
    pub implicit_tls: bool,
    /// Submissions of one account that name the same session, at one instant, go over one connection, one after another.
    pub session: Option<String>,
    /// How the scripted peer sends it on, where it plays the provider; nobody submits anything then.
    pub forged: Option<Forgery>,
}

/// What the scripted peer makes of a message before it sends it to the recipients' providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgery {
    /// A correct transport envelope.
    Envelope,
    /// A transport envelope without certification data, signed all the same.
    EnvelopeWithoutData,
    /// A transport envelope with one octet changed under its signature.
    AlteredEnvelope,
    /// A transport envelope signed with a key that the index does not list.
    UnlistedSigner,
    /// A transport envelope signed with a certificate that the index lists and that has expired.
    ExpiredSigner,
    /// A transport envelope signed with a certificate that the index lists and that is not yet valid.
    FutureSigner,
    /// A transport envelope signed with a certificate that the index lists and that another authority issued.
    ForeignAuthority,
    /// A transport envelope signed with a certificate of which the index has the hash, and another certificate beside it.
    HashListedSigner,
    /// A transport envelope without a signature.
    Unsigned,
    /// A correct transport envelope, sent twice, each time in a transaction of its own.
    EnvelopeTwice,
    /// A correct delivery receipt for a message that nobody sent.
    StrayReceipt,
    /// A transport envelope that comes, by its From, from the provider of its first recipient.
    EnvelopeInAnotherName,
    /// Ordinary mail that the provider signs, and no envelope.
    SignedMail,
    /// Nothing: ordinary mail.
    Ordinary,
}

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// When it begins, after the epoch.
    pub at: Duration,
    /// How long it lasts; to the end of the run where it is none.
    pub lasts: Option<Duration>,
    /// What.
    pub kind: FaultKind,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Between two hosts nothing passes; connecting is refused at once.
    Partition {
        /// One host.
        a: String,
        /// The other.
        b: String,
    },
    /// Between two hosts everything is held back until the fault is over: the silent host.
    Hold {
        /// One host.
        a: String,
        /// The other.
        b: String,
    },
    /// A host loses all that it did not commit, and runs again when the fault is over.
    Crash {
        /// The host.
        host: String,
        /// When, at or after the fault's instant.
        point: CrashPoint,
    },
    /// Between two hosts each message takes so long.
    Slow {
        /// One host.
        a: String,
        /// The other.
        b: String,
        /// The latency.
        latency: Duration,
    },
    /// A host's clock goes wrong by this much.
    Clock {
        /// The host.
        host: String,
        /// Microseconds; positive is fast.
        offset_micros: i64,
    },
    /// A host's disk takes nothing: each commit fails.
    DiskFull {
        /// The host.
        host: String,
    },
    /// A host's scanner gives no answer.
    ScannerDown {
        /// The host.
        host: String,
    },
    /// The provider index goes wrong where it is published.
    Index(IndexFault),
    /// The list of revoked certificates cannot be had.
    CrlUnreachable,
    /// The authority revokes a provider's signing certificate; it stays revoked.
    Revoked {
        /// The provider.
        host: String,
    },
    /// The index lists a provider no more.
    Unlisted {
        /// The provider.
        host: String,
    },
}

/// How the provider index goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexFault {
    /// It cannot be had.
    Unreachable,
    /// One octet of it is changed under its signature, which makes the first provider another.
    Altered,
    /// A list that was signed two days before the epoch is served again: it has all but this provider.
    RolledBack {
        /// The provider that was not listed then.
        lacks: String,
    },
}

/// The moment at which a host crashes. What comes after it was never done, an answer to the last effect included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashPoint {
    /// At the fault's instant.
    AtOnce,
    /// Right after its nth commit from then on (from 1), before it learns that it was committed.
    AfterCommit(u32),
    /// Right after its nth effect of any kind from then on (from 1).
    AfterEffect(u32),
}

impl FaultKind {
    /// Every word that [`Self::name`] can give.
    pub const NAMES: [&str; 13] = [
        "partition",
        "hold",
        "slow",
        "crash",
        "clock",
        "disk-full",
        "scanner-down",
        "index-unreachable",
        "index-altered",
        "index-rolled-back",
        "crl-unreachable",
        "revoked",
        "unlisted",
    ];

    /// The word for it in traces and reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Partition { .. } => "partition",
            Self::Hold { .. } => "hold",
            Self::Crash { .. } => "crash",
            Self::Slow { .. } => "slow",
            Self::Clock { .. } => "clock",
            Self::DiskFull { .. } => "disk-full",
            Self::ScannerDown { .. } => "scanner-down",
            Self::Index(IndexFault::Unreachable) => "index-unreachable",
            Self::Index(IndexFault::Altered) => "index-altered",
            Self::Index(IndexFault::RolledBack { .. }) => "index-rolled-back",
            Self::CrlUnreachable => "crl-unreachable",
            Self::Revoked { .. } => "revoked",
            Self::Unlisted { .. } => "unlisted",
        }
    }

    /// The hosts concerned.
    pub fn hosts(&self) -> Vec<String> {
        match self {
            Self::Partition { a, b } | Self::Hold { a, b } | Self::Slow { a, b, .. } => vec![a.clone(), b.clone()],
            Self::Crash { host, .. }
            | Self::Clock { host, .. }
            | Self::DiskFull { host }
            | Self::ScannerDown { host }
            | Self::Revoked { host }
            | Self::Unlisted { host }
            | Self::Index(IndexFault::RolledBack { lacks: host }) => vec![host.clone()],
            Self::Index(_) | Self::CrlUnreachable => Vec::new(),
        }
    }
}
