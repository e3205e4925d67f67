use std::{sync::Arc, time::Duration};

use collaudo_record::{Instant, ScenarioBrief};

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
    /// Who plays it.
    pub player: PlayerPlan,
    /// Its mailboxes.
    pub users: Vec<UserPlan>,
    /// The most that size in octets times recipients may come to.
    pub max_octets: u64,
    /// Its secondary environment, where the index has one.
    pub unit: Option<UnitPlan>,
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
    /// The provider that it is handed to.
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
    /// The word for it in scenario files and traces.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Partition { .. } => "partition",
            Self::Hold { .. } => "hold",
            Self::Crash { .. } => "crash",
        }
    }

    /// The hosts concerned.
    pub fn hosts(&self) -> Vec<String> {
        match self {
            Self::Partition { a, b } | Self::Hold { a, b } => vec![a.clone(), b.clone()],
            Self::Crash { host, .. } => vec![host.clone()],
        }
    }
}
