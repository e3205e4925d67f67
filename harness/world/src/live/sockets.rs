//! Real TCP on the loopback interface. Hosts have no addresses of their own there: a table says where each of their ports
//! is, and who is behind a connection.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    future::poll_fn,
    io,
    net::{Ipv4Addr, SocketAddr},
    rc::{Rc, Weak},
    task::Poll,
};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::yield_now,
};

use super::line::{Line, Pair, Road, Side, Ties};
use crate::{
    clock::{Clock, span},
    net::{Activity, OUTSIDE, RELAY_PORT, USERS},
    transport::{Arrival, Later, Link, Listener, Transport},
};

/// A host's short name and the port that it believes in.
pub(crate) type Door = (String, u16);

/// The sockets of one world.
pub(crate) struct Sockets {
    pub(crate) clock: Clock,
    pub(crate) activity: Activity,
    /// Real ports that were asked for; any free one elsewhere.
    allotted: BTreeMap<Door, u16>,
    open: RefCell<BTreeMap<Door, SocketAddr>>,
    /// Connections that nobody has accepted yet, by the address at their connecting end.
    dialled: RefCell<BTreeMap<SocketAddr, Dialled>>,
    roads: RefCell<BTreeMap<(String, String), Rc<Road>>>,
    pairs: RefCell<Vec<Weak<RefCell<Pair>>>>,
    foreign: Option<Abroad>,
}

/// A host that nobody here plays: where it is, and where it finds ours.
#[derive(Clone, Default)]
pub(crate) struct Abroad {
    /// Its short name.
    pub(crate) host: String,
    /// Its ports, by the number that each has by right.
    pub(crate) ports: BTreeMap<u16, SocketAddr>,
    /// Our doors, where it looks for them.
    pub(crate) here: BTreeMap<Door, SocketAddr>,
}

struct Dialled {
    client: String,
    to: Door,
    ties: Ties,
}

impl Sockets {
    pub(crate) fn new(clock: Clock, activity: Activity, allotted: BTreeMap<Door, u16>) -> Self {
        Self {
            clock,
            activity,
            allotted,
            open: RefCell::default(),
            dialled: RefCell::default(),
            roads: RefCell::default(),
            pairs: RefCell::default(),
            foreign: None,
        }
    }

    /// With a host that nobody here plays.
    pub(crate) fn abroad(self, foreign: Abroad) -> Self {
        Self { foreign: Some(foreign), ..self }
    }

    /// The road between two hosts.
    pub(crate) fn road(&self, a: &str, b: &str) -> Rc<Road> {
        let ends = (a.min(b).to_owned(), a.max(b).to_owned());
        self.roads.borrow_mut().entry(ends).or_default().clone()
    }

    /// Whether octets are on their way that nothing holds back.
    pub(crate) fn carry(&self) -> bool {
        let mut pairs = self.pairs.borrow_mut();
        pairs.retain(|pair| pair.strong_count() > 0);
        pairs.iter().any(|pair| pair.upgrade().is_some_and(|pair| pair.borrow().carries()))
    }

    /// Where every port is that somebody listens at.
    pub(crate) fn doors(&self) -> BTreeMap<Door, SocketAddr> {
        self.open.borrow().clone()
    }

    async fn dial(&self, from: &str, to: &str, port: u16) -> io::Result<Link> {
        // Whoever begins at this same instant is listening by then.
        yield_now().await;
        let road = self.road(from, to);
        enter(&road).await?;
        if let Some(latency) = road.way().slow {
            // There and back.
            self.clock.sleep_until(self.clock.now().after(span(2 * latency))).await;
            self.activity.stir();
            enter(&road).await?;
        }
        if let Some(foreign) = self.foreign.as_ref().filter(|foreign| foreign.host == to) {
            return self.call_abroad(foreign, road, port).await;
        }
        let to = (to.to_owned(), port);
        let there = self.open.borrow().get(&to).copied().ok_or(io::ErrorKind::ConnectionRefused)?;
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let here = socket.local_addr()?;
        let pair = Rc::new(RefCell::new(Pair::over(road.clone())));
        let ties = Ties { pair, road, clock: self.clock.clone(), activity: self.activity.clone() };
        self.pairs.borrow_mut().push(Rc::downgrade(&ties.pair));
        self.dialled.borrow_mut().insert(here, Dialled { client: from.to_owned(), to, ties: ties.clone() });
        let undo = Undo { sockets: self, here: Some(here) };
        let stream = socket.connect(there).await?;
        stream.set_nodelay(true)?;
        undo.done();
        Ok(Link { io: Box::new(Line::new(stream, Side::Client, ties)), port: here.port(), tap: None })
    }

    /// Connects to a port of the host that nobody here plays.
    async fn call_abroad(&self, foreign: &Abroad, road: Rc<Road>, port: u16) -> io::Result<Link> {
        let there = foreign.ports.get(&port).copied().ok_or(io::ErrorKind::ConnectionRefused)?;
        let stream = TcpStream::connect(there).await?;
        stream.set_nodelay(true)?;
        let port = stream.local_addr()?.port();
        Ok(Link { io: Box::new(Line::new(stream, Side::Client, self.ties(road))), port, tap: None })
    }

    /// What our end of a connection shares whose other end is nobody of ours: what is under way there, nobody here knows.
    fn ties(&self, road: Rc<Road>) -> Ties {
        let pair = Rc::new(RefCell::new(Pair::over(road.clone())));
        Ties { pair, road, clock: self.clock.clone(), activity: self.activity.clone() }
    }

    /// Whoever has connected and is no host of ours: the foreign one, at the port where it hands over mail.
    fn visitor(&self, stream: TcpStream, port: u16, door: &Door) -> Arrival {
        let Some(foreign) = self.foreign.as_ref().filter(|_| door.1 == RELAY_PORT) else {
            return Arrival { io: Box::new(stream), client: stranger(door.1).to_owned(), port };
        };
        let ties = self.ties(self.road(&foreign.host, &door.0));
        ties.pair.borrow_mut().accept();
        Arrival { io: Box::new(Line::new(stream, Side::Server, ties)), client: foreign.host.clone(), port }
    }

    /// Whether nothing of a foreign host passes to a host of ours now.
    fn parts_from_abroad(&self, host: &str) -> bool {
        self.foreign.as_ref().is_some_and(|foreign| self.road(&foreign.host, host).way().parted)
    }
}

/// An error where nothing passes between two hosts; waits where everything is held back.
async fn enter(road: &Road) -> io::Result<()> {
    poll_fn(|cx| match road.way() {
        way if way.parted => Poll::Ready(Err(io::ErrorKind::ConnectionRefused.into())),
        way if way.held => {
            road.wait(cx);
            Poll::Pending
        }
        _ => Poll::Ready(Ok(())),
    })
    .await
}

/// A call that does not come through, or that nobody waits for any more, is forgotten.
struct Undo<'a> {
    sockets: &'a Sockets,
    here: Option<SocketAddr>,
}

impl Undo<'_> {
    fn done(mut self) {
        self.here = None;
    }
}

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        if let Some(here) = self.here {
            self.sockets.dialled.borrow_mut().remove(&here);
        }
    }
}

/// The sockets as a transport.
pub(crate) struct Real(pub(crate) Rc<Sockets>);

impl Transport for Real {
    fn listen<'a>(&'a self, host: &'a str, port: u16) -> Later<'a, Box<dyn Listener>> {
        Box::pin(async move {
            let door = (host.to_owned(), port);
            let real = self.0.allotted.get(&door).copied().unwrap_or(0);
            let here = self.0.foreign.as_ref().and_then(|foreign| foreign.here.get(&door).copied());
            let at = here.unwrap_or((Ipv4Addr::LOCALHOST, real).into());
            let taken = |error: io::Error| {
                io::Error::new(error.kind(), format!("cannot listen at {at} for {host}:{port}: {error}"))
            };
            let listener = TcpListener::bind(at).await.map_err(taken)?;
            self.0.open.borrow_mut().insert(door.clone(), listener.local_addr()?);
            Ok(Box::new(Bound { listener, door, sockets: self.0.clone() }) as Box<dyn Listener>)
        })
    }

    fn connect<'a>(&'a self, from: &'a str, to: &'a str, port: u16) -> Later<'a, Link> {
        Box::pin(self.0.dial(from, to, port))
    }
}

struct Bound {
    listener: TcpListener,
    door: Door,
    sockets: Rc<Sockets>,
}

impl Listener for Bound {
    fn accept(&mut self) -> Later<'_, Arrival> {
        Box::pin(async {
            let (stream, from) = loop {
                let (stream, from) = self.listener.accept().await?;
                let is_ours = self.sockets.dialled.borrow().contains_key(&from);
                // Whom nothing reaches finds nobody: as near to a refusal as an open port comes.
                if is_ours || !self.sockets.parts_from_abroad(&self.door.0) {
                    break (stream, from);
                }
            };
            stream.set_nodelay(true)?;
            self.sockets.activity.stir();
            let port = from.port();
            let dialled = self.sockets.dialled.borrow_mut().remove(&from);
            Ok(match dialled {
                Some(Dialled { client, ties, .. }) => {
                    ties.pair.borrow_mut().accept();
                    Arrival { io: Box::new(Line::new(stream, Side::Server, ties)), client, port }
                }
                None => self.sockets.visitor(stream, port, &self.door),
            })
        })
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        self.sockets.open.borrow_mut().remove(&self.door);
        // Whoever has not been accepted never will be.
        self.sockets.dialled.borrow_mut().retain(|_, dialled| dialled.to != self.door);
    }
}

/// Who connects from outside the world: to other providers' port those who are no part of the network, to all others people.
fn stranger(port: u16) -> &'static str {
    match port {
        RELAY_PORT => OUTSIDE,
        _ => USERS,
    }
}
