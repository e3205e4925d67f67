//! A network of providers that stays: on real sockets, for programs that nobody here wrote, under a clock that follows real
//! time and leaps when it is told to. Nothing of a plan happens in it; people's clients are the world outside.

mod authority;
mod engine;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use collaudo_record::{BodyHash, Event, Instant, Trace};
use collaudo_scenario::ProviderPlan;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use self::engine::{Order, Ready, Reply};
use crate::{
    Border, Subject, WorldError,
    net::{DIRECTORY, DIRECTORY_PORT, IMAPS_PORT, POP3S_PORT, RELAY_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT},
};

/// What a lab is made of.
#[derive(Clone)]
pub struct LabSettings {
    /// Who takes part, as a topology has them. A peer that is silent is a provider that never answers.
    pub providers: Vec<ProviderPlan>,
    /// Who plays the providers that no peer plays.
    pub subject: Arc<dyn Subject>,
    /// What stands between each of their nodes and the world.
    pub border: Option<Border>,
    /// Real ports of the loopback interface, by provider (for the directory: any) and service; a free one where none is given.
    pub ports: BTreeMap<Place, u16>,
    /// When the lab's clock begins; with the machine's where it is none. No signature is valid before 2025 or after 2028.
    pub epoch: Option<Instant>,
}

/// A provider's short name, and what is had from it.
pub type Place = (String, Service);

/// What a host of a lab offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Submission with `STARTTLS`, port 587.
    Submission,
    /// Submission under TLS from the first octet, port 465.
    Submissions,
    /// From other providers and from outside, with `STARTTLS`, port 25.
    Relay,
    /// Mailboxes over IMAP under TLS from the first octet, port 993.
    Imap,
    /// Mailboxes over POP3 under TLS from the first octet, port 995.
    Pop3,
    /// The provider index over LDAP under TLS from the first octet, port 636; one for all, at the host `index`.
    Directory,
}

/// A message that did not come through a socket.
#[derive(Clone, Debug)]
pub struct Injection {
    /// What the trace calls it: the step of the transaction.
    pub id: String,
    /// The account that submits it; none where it is ordinary mail from outside the network.
    pub account: Option<String>,
    /// `MAIL FROM`, without angle brackets.
    pub reverse_path: String,
    /// `RCPT TO`, without angle brackets.
    pub forward_paths: Vec<String>,
    /// With CRLF, not dot-stuffed.
    pub message: Arc<[u8]>,
}

/// Why a lab could not be made, or could not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// It could not be built: a port that is taken, more providers than there are keys.
    #[error("the lab cannot be built: {0}")]
    World(#[from] WorldError),
    /// Something broke while it ran, in words; it is over.
    #[error("the lab has stopped: {0}")]
    Stopped(String),
    /// It did not do what it was told, in words; it goes on.
    #[error("{0}")]
    Refused(String),
}

/// A lab that runs, on a thread of its own. Dropped, it ends.
#[derive(Debug)]
pub struct Lab {
    orders: UnboundedSender<Order>,
    thread: Option<JoinHandle<()>>,
    places: BTreeMap<Place, SocketAddr>,
    authority: String,
}

impl Lab {
    /// Builds it, and returns when every port listens.
    ///
    /// # Errors
    /// [`LabError::World`], where it cannot be built.
    pub fn start(settings: LabSettings) -> Result<Self, LabError> {
        let ((orders, taken), (ready, begun)) = (unbounded_channel(), mpsc::channel());
        let thread = thread::Builder::new().name("lab".into()).spawn(move || engine::run(settings, taken, ready));
        let thread = thread.map_err(WorldError::from)?;
        match begun.recv() {
            Ok(Ok(Ready { doors, authority })) => {
                let places = doors.into_iter().filter_map(|((host, port), at)| Some(((host, Service::at(port)?), at)));
                Ok(Self { orders, places: places.collect(), thread: Some(thread), authority })
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(LabError::Stopped("it fell over at its start".into())),
        }
    }

    /// Where everything is, by provider and service; the directory at `index`.
    pub fn places(&self) -> &BTreeMap<Place, SocketAddr> {
        &self.places
    }

    /// The certificate (PEM) that clients have to trust; every host shows one that it issued for `localhost` and `127.0.0.1`.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The lab's own time.
    ///
    /// # Errors
    /// [`LabError::Stopped`], as for all that follows.
    pub fn now(&self) -> Result<Instant, LabError> {
        self.ask(Order::Now)
    }

    /// Lets so much time pass, each timer on the way at its instant; returns when the network rests, with the lab's time.
    ///
    /// # Errors
    /// [`LabError::Refused`], where the network does not come to rest.
    pub fn leap(&self, by: Duration) -> Result<Instant, LabError> {
        self.ask(|reply| Order::Leap(by, reply))
    }

    /// Leaps to the next timer of any host; none where there is none.
    ///
    /// # Errors
    /// As [`Lab::leap`].
    pub fn leap_to_next(&self) -> Result<Option<Instant>, LabError> {
        self.ask(Order::LeapToNext)
    }

    /// Leaps until a message is put in some mailbox; none where that does not happen within so much time, which is then over.
    ///
    /// # Errors
    /// As [`Lab::leap`].
    pub fn leap_to_message(&self, within: Duration) -> Result<Option<Instant>, LabError> {
        self.ask(|reply| Order::LeapToMessage(within, reply))
    }

    /// Begins anew: mailboxes and logs are empty, connections are gone, the clock is at its beginning; ports stay.
    ///
    /// # Errors
    /// [`LabError::World`], where it cannot be built again.
    pub fn reset(&self) -> Result<(), LabError> {
        self.ask(Order::Reset)
    }

    /// All that was seen so far.
    ///
    /// # Errors
    /// [`LabError::Stopped`].
    pub fn trace(&self) -> Result<Trace, LabError> {
        self.ask(Order::Trace)
    }

    /// What was seen from that place in the trace on.
    ///
    /// # Errors
    /// [`LabError::Stopped`].
    pub fn events(&self, from: usize) -> Result<Vec<Event>, LabError> {
        self.ask(|reply| Order::Events(from, reply))
    }

    /// The octets that an event names.
    ///
    /// # Errors
    /// [`LabError::Stopped`].
    pub fn body(&self, hash: &BodyHash) -> Result<Option<Arc<[u8]>>, LabError> {
        self.ask(|reply| Order::Body(hash.clone(), reply))
    }

    /// Submits a message as a user's client does, or sends ordinary mail as the world outside does; returns when that is over.
    /// What the provider answered stands in the trace.
    ///
    /// # Errors
    /// [`LabError::Refused`], where it could not be handed over.
    pub fn inject(&self, injection: Injection) -> Result<(), LabError> {
        self.ask(|reply| Order::Inject(injection, reply))
    }

    fn ask<T>(&self, order: impl FnOnce(Reply<T>) -> Order) -> Result<T, LabError> {
        let (reply, answer) = mpsc::channel();
        let over = || LabError::Stopped("nobody answers".into());
        self.orders.send(order(reply)).map_err(|_| over())?;
        answer.recv().map_err(|_| over())?
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::Stop);
        if let Some(thread) = self.thread.take() {
            // What it died of was told to whoever asked it something.
            let _ = thread.join();
        }
    }
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Submission, Self::Submissions, Self::Relay, Self::Imap, Self::Pop3, Self::Directory];

    /// The port that it has by right.
    pub fn port(self) -> u16 {
        match self {
            Self::Submission => SUBMISSION_PORT,
            Self::Submissions => SUBMISSIONS_PORT,
            Self::Relay => RELAY_PORT,
            Self::Imap => IMAPS_PORT,
            Self::Pop3 => POP3S_PORT,
            Self::Directory => DIRECTORY_PORT,
        }
    }

    fn at(port: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.port() == port)
    }
}

/// The host and the port that a place means inside the world.
fn door((provider, service): &Place) -> (String, u16) {
    let host = if *service == Service::Directory { DIRECTORY } else { provider };
    (host.to_owned(), service.port())
}
