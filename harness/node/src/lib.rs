//! What a host of the world is: bytes, hosts, instants and opaque ids go in, effects come out.
//!
//! A [`Node`] does no IO and reads no clock. Whoever drives it hands it an [`Input`] and the instant, carries out the
//! [`Effect`]s in their order, and calls again at [`Node::next_deadline`]. The words here are those of a wire and a disk;
//! what the bytes mean is the node's own affair, so nothing that two sides share can misread it.

mod id;
mod log;
mod time;

pub use bytes::Bytes;
pub use id::{BodyId, ConnId, Host, Ticket};
pub use log::{Body, DurableLog};
pub use time::Timestamp;

/// A state machine that stands on one host.
///
/// A node is always born by [`Node::recover`]: the first start finds a log that holds nothing but its founding record,
/// a restart finds what was committed before the crash.
pub trait Node {
    /// Takes one input that happened at `now`; appends to `effects`, in the order in which they are to be carried out.
    ///
    /// `now` never goes back between two calls.
    fn handle(&mut self, now: Timestamp, input: Input, effects: &mut Vec<Effect>);

    /// The instant at which the node wants [`Input::Deadline`]; `None` while it waits for nothing but inputs.
    ///
    /// It may lie in the past: the driver then calls at once.
    fn next_deadline(&self) -> Option<Timestamp>;

    /// Rebuilds the node from what was committed. Connections, tickets and all else that was not committed are gone.
    fn recover(log: &dyn DurableLog, now: Timestamp) -> Self
    where
        Self: Sized;
}

/// What happens to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The node was just recovered; the first input of its life.
    Started,
    /// A peer has connected to `port`; the id is the driver's choice, [`ConnId::Incoming`].
    Opened {
        /// The new connection.
        conn: ConnId,
        /// The local port.
        port: u16,
        /// Who connected.
        peer: Host,
    },
    /// The connection asked for by [`Effect::Connect`] stands.
    Connected {
        /// The connection, [`ConnId::Outgoing`].
        conn: ConnId,
    },
    /// The handshake asked for by [`Effect::StartTls`] is done; bytes from now on came under TLS.
    Secured {
        /// The connection.
        conn: ConnId,
    },
    /// Bytes arrived, in any cut.
    Bytes {
        /// The connection.
        conn: ConnId,
        /// At least one octet.
        bytes: Bytes,
    },
    /// All that was written to the connection so far has been taken by the transport.
    Drained {
        /// The connection.
        conn: ConnId,
    },
    /// The connection is gone, or never came to be; its id is not used again.
    Closed {
        /// The connection.
        conn: ConnId,
        /// How it ended.
        end: End,
    },
    /// An instant given by [`Node::next_deadline`] has come.
    Deadline,
    /// What [`Effect::Commit`] asked for is on disk.
    Committed {
        /// The commit's ticket.
        ticket: Ticket,
    },
    /// What [`Effect::Commit`] asked for is not on disk, no part of it.
    StoreFailed {
        /// The commit's ticket.
        ticket: Ticket,
    },
    /// Answers [`Effect::Load`].
    Loaded {
        /// The load's ticket.
        ticket: Ticket,
        /// The body, or `None` where the store has none of that id.
        bytes: Option<Bytes>,
    },
    /// Answers [`Effect::Sign`]: an RSASSA-PKCS1-v1_5 signature with SHA-256, 256 octets for RSA-2048.
    Signed {
        /// The ticket of the request.
        ticket: Ticket,
        /// The raw signature.
        signature: Bytes,
    },
    /// Answers [`Effect::Scan`].
    Scanned {
        /// The ticket of the request.
        ticket: Ticket,
        /// What the scanner says.
        finding: Finding,
    },
    /// Answers [`Effect::CheckPassword`].
    PasswordChecked {
        /// The ticket of the request.
        ticket: Ticket,
        /// Whether account and secret belong together.
        ok: bool,
    },
    /// Answers [`Effect::Resolve`].
    Resolved {
        /// The ticket of the request.
        ticket: Ticket,
        /// The hosts that serve the domain, the preferred first; empty where the domain does not exist.
        hosts: Vec<Host>,
    },
    /// Answers [`Effect::Fetch`].
    Fetched {
        /// The ticket of the request.
        ticket: Ticket,
        /// The document, or `None` where it could not be had.
        document: Option<Bytes>,
    },
}

/// What a node wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Connect to `host`; the answer is [`Input::Connected`] or [`Input::Closed`].
    Connect {
        /// The node's choice, [`ConnId::Outgoing`], never used before in this life.
        conn: ConnId,
        /// The host, as [`Input::Resolved`] named it.
        host: Host,
        /// The port.
        port: u16,
    },
    /// Send bytes, behind all that was written before; the answer, in its time, is [`Input::Drained`].
    Write {
        /// The connection.
        conn: ConnId,
        /// What to send.
        bytes: Bytes,
    },
    /// Begin TLS behind all that was written before, as server on an incoming connection, as client on an outgoing one.
    /// The answer is [`Input::Secured`], or [`Input::Closed`] where the handshake failed.
    StartTls {
        /// The connection.
        conn: ConnId,
    },
    /// Close behind all that was written before. A connection that does not stand yet is given up. No answer.
    Close {
        /// The connection.
        conn: ConnId,
    },
    /// Put records and bodies on disk, all or nothing; the answer is [`Input::Committed`] or [`Input::StoreFailed`].
    Commit {
        /// The node's choice.
        ticket: Ticket,
        /// Appended to the log in this order.
        records: Vec<Bytes>,
        /// Kept by content; one that is there already costs nothing.
        bodies: Vec<Body>,
    },
    /// Read a body back; the answer is [`Input::Loaded`].
    Load {
        /// The node's choice.
        ticket: Ticket,
        /// Which body.
        body: BodyId,
    },
    /// Sign `message` with the node's own key; the answer is [`Input::Signed`].
    Sign {
        /// The node's choice.
        ticket: Ticket,
        /// What is hashed and signed.
        message: Bytes,
    },
    /// Keep a state from which [`Node::recover`] can start: the log up to here is then needed no more, nor kept. The answer
    /// is [`Input::Committed`] or [`Input::StoreFailed`], which leaves the log as it was.
    Snapshot {
        /// The node's choice.
        ticket: Ticket,
        /// What [`DurableLog::snapshot`] will give back.
        state: Bytes,
    },
    /// Have a scanner look for hostile content; the answer is [`Input::Scanned`].
    Scan {
        /// The node's choice.
        ticket: Ticket,
        /// What is looked at, whole.
        bytes: Bytes,
    },
    /// Check a secret; the answer is [`Input::PasswordChecked`].
    CheckPassword {
        /// The node's choice.
        ticket: Ticket,
        /// Whose.
        account: String,
        /// As the peer gave it.
        secret: String,
    },
    /// Ask who serves a domain; the answer is [`Input::Resolved`].
    Resolve {
        /// The node's choice.
        ticket: Ticket,
        /// A domain name.
        domain: String,
    },
    /// Fetch a document by the name that it has in the node's configuration; the answer is [`Input::Fetched`].
    Fetch {
        /// The node's choice.
        ticket: Ticket,
        /// The document's name.
        name: String,
    },
}

/// What a scanner says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It knows nothing against it.
    Clean,
    /// It is hostile.
    Hostile {
        /// The scanner's name for it.
        name: String,
    },
    /// The scanner gave no answer.
    Unavailable,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The peer closed it in order.
    Finished,
    /// It broke.
    Reset,
    /// It never stood: nobody listens, or no way leads there.
    Refused,
    /// The TLS handshake failed.
    TlsFailed,
}
