//! How hosts reach one another: the one seam between what they say and what they stand on. Whoever listens and whoever
//! connects is written once, for simulated TCP and for real sockets.

use std::{cell::RefCell, io, pin::Pin, rc::Rc};

use crate::{net::Io, tap::Tap};

/// What a transport will give.
pub(crate) type Later<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + 'a>>;

/// A network of hosts, each known by its short name.
pub(crate) trait Transport {
    /// Has `host` listen at a port.
    fn listen<'a>(&'a self, host: &'a str, port: u16) -> Later<'a, Box<dyn Listener>>;

    /// Connects one host to a port of another.
    fn connect<'a>(&'a self, from: &'a str, to: &'a str, port: u16) -> Later<'a, Link>;
}

/// Where a host listens.
pub(crate) trait Listener {
    /// The next who connects.
    fn accept(&mut self) -> Later<'_, Arrival>;
}

/// A connection at its connecting end.
pub(crate) struct Link {
    pub(crate) io: Box<dyn Io>,
    /// The port at this end.
    pub(crate) port: u16,
    /// Reads along at this end, where nobody of ours is at the other.
    pub(crate) tap: Option<Rc<RefCell<Tap>>>,
}

/// A connection at its accepting end.
pub(crate) struct Arrival {
    pub(crate) io: Box<dyn Io>,
    /// The host that connected.
    pub(crate) client: String,
    /// Its port.
    pub(crate) port: u16,
}
