//! One connection over a real socket, of which both ends are ours: each counts what it sends and takes, so that the world
//! knows what is still under way, and obeys what a fault makes of the road between their hosts.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use collaudo_record::Instant;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use crate::{
    clock::{Clock, span},
    faults::Way,
    net::Activity,
};

/// The most that is taken off a socket at once where it has to wait.
const CHUNK_OCTETS: usize = 16 * 1024;

/// The road between two hosts, over which all their connections go.
#[derive(Default)]
pub(crate) struct Road {
    way: Cell<Way>,
    waiting: RefCell<Vec<Waker>>,
}

impl Road {
    pub(crate) fn way(&self) -> Way {
        self.way.get()
    }

    /// Whoever waits looks again.
    pub(crate) fn settle(&self, way: Way) {
        self.way.set(way);
        self.waiting.take().into_iter().for_each(Waker::wake);
    }

    pub(crate) fn wait(&self, cx: &Context<'_>) {
        self.waiting.borrow_mut().push(cx.waker().clone());
    }
}

/// What both ends of a connection know of it.
pub(crate) struct Pair {
    road: Rc<Road>,
    up: Lane,
    down: Lane,
    /// The accepting end is there.
    accepted: bool,
}

/// One direction.
#[derive(Default)]
struct Lane {
    sent: u64,
    taken: u64,
    /// Whoever writes has finished.
    ended: bool,
    /// Whoever reads knows that it has ended, or reads no more.
    over: bool,
    /// Something was lost: nothing behind it arrives any more, not even the end.
    lost: bool,
}

impl Lane {
    fn carries(&self) -> bool {
        !self.over && !self.lost && (self.sent > self.taken || self.ended)
    }
}

impl Pair {
    pub(crate) fn over(road: Rc<Road>) -> Self {
        Self { road, up: Lane::default(), down: Lane::default(), accepted: false }
    }

    pub(crate) fn accept(&mut self) {
        self.accepted = true;
    }

    /// Whether something is on its way to somebody, and no fault keeps it there.
    pub(crate) fn carries(&self) -> bool {
        let way = self.road.way();
        !way.held && !way.parted && (!self.accepted || self.up.carries() || self.down.carries())
    }
}

/// An end of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// What an end shares with others.
#[derive(Clone)]
pub(crate) struct Ties {
    pub(crate) pair: Rc<RefCell<Pair>>,
    pub(crate) road: Rc<Road>,
    pub(crate) clock: Clock,
    pub(crate) activity: Activity,
}

/// One end of a connection.
pub(crate) struct Line {
    socket: TcpStream,
    side: Side,
    ties: Ties,
    /// What was taken off the socket and may not be read before its instant; the end of all is empty.
    late: VecDeque<(Instant, Vec<u8>)>,
    nap: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

impl Line {
    pub(crate) fn new(socket: TcpStream, side: Side, ties: Ties) -> Self {
        Self { socket, side, ties, late: VecDeque::new(), nap: None }
    }

    fn incoming<T>(&self, work: impl FnOnce(&mut Lane) -> T) -> T {
        let mut pair = self.ties.pair.borrow_mut();
        work(if self.side == Side::Client { &mut pair.down } else { &mut pair.up })
    }

    fn outgoing<T>(&self, work: impl FnOnce(&mut Lane) -> T) -> T {
        let mut pair = self.ties.pair.borrow_mut();
        work(if self.side == Side::Client { &mut pair.up } else { &mut pair.down })
    }

    /// Reads off the socket; the end, orderly or not, is hidden behind what was lost.
    fn poll_socket(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.socket).poll_read(cx, buf));
        let octets = buf.filled().len() - before;
        let is_end = octets == 0 && (read.is_err() || buf.remaining() > 0);
        if is_end && self.incoming(|lane| lane.lost) {
            return Poll::Pending;
        }
        self.incoming(|lane| lane.taken += octets as u64);
        self.ties.activity.stir();
        Poll::Ready(read)
    }

    fn over(&self) {
        self.incoming(|lane| lane.over = true);
    }

    fn poll_at_once(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = ready!(self.poll_socket(cx, buf));
        if read.is_err() || (buf.filled().len() == before && buf.remaining() > 0) {
            self.over();
        }
        Poll::Ready(read)
    }

    /// Reads what has been on its way for long enough.
    fn poll_late(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>, latency: Duration) -> Poll<io::Result<()>> {
        self.gather(cx, latency);
        loop {
            let Some((due, octets)) = self.late.front_mut() else { return Poll::Pending };
            if *due <= self.ties.clock.now() {
                let part = octets.len().min(buf.remaining());
                buf.put_slice(octets.get(..part).unwrap_or_default());
                octets.drain(..part);
                if part == 0 && buf.remaining() > 0 {
                    self.over();
                } else if octets.is_empty() {
                    self.late.pop_front();
                }
                self.ties.activity.stir();
                return Poll::Ready(Ok(()));
            }
            let (clock, due) = (self.ties.clock.clone(), *due);
            let nap = self.nap.get_or_insert_with(|| Box::pin(async move { clock.sleep_until(due).await }));
            ready!(nap.as_mut().poll(cx));
            self.nap = None;
        }
    }

    /// Takes all that is there off the socket and notes when it arrives.
    fn gather(&mut self, cx: &mut Context<'_>, latency: Duration) {
        let mut chunk = vec![0; CHUNK_OCTETS];
        while self.late.back().is_none_or(|(_, octets)| !octets.is_empty()) {
            let mut buf = ReadBuf::new(&mut chunk);
            let Poll::Ready(read) = self.poll_socket(cx, &mut buf) else { return };
            // A connection that breaks ends here.
            let octets = read.map_or(Vec::new(), |()| buf.filled().to_vec());
            self.late.push_back((self.ties.clock.now().after(span(latency)), octets));
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        let way = line.ties.road.way();
        if way.parted || way.held {
            line.ties.road.wait(cx);
            return Poll::Pending;
        }
        match way.slow {
            None if line.late.is_empty() => line.poll_at_once(cx, buf),
            latency => line.poll_late(cx, buf, latency.unwrap_or_default()),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        let parted = line.ties.road.way().parted;
        let lost = line.outgoing(|lane| {
            lane.lost |= parted;
            lane.lost
        });
        if lost {
            return Poll::Ready(Ok(octets.len()));
        }
        let written = ready!(Pin::new(&mut line.socket).poll_write(cx, octets))?;
        line.outgoing(|lane| lane.sent += written as u64);
        line.ties.activity.stir();
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        line.finish();
        Pin::new(&mut line.socket).poll_shutdown(cx)
    }
}

impl Line {
    fn finish(&self) {
        let parted = self.ties.road.way().parted;
        self.outgoing(|lane| {
            lane.lost |= parted && !lane.ended;
            lane.ended = true;
        });
        self.ties.activity.stir();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.finish();
        self.over();
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    const PARTED: Way = Way { parted: true, held: false, slow: None };
    const HELD: Way = Way { parted: false, held: true, slow: None };

    #[test]
    fn octets_are_under_way_until_they_are_read_and_so_is_the_end() {
        between(async |mut one, mut other, road| {
            let carries = |line: &Line| line.ties.pair.borrow().carries();
            assert!(!carries(&one), "nothing was said");
            one.write_all(b"ab").await?;
            assert!(carries(&one));
            let mut octets = [0; 2];
            other.read_exact(&mut octets[..1]).await?;
            assert!(carries(&one), "half of it is still under way");
            road.settle(HELD);
            assert!(!carries(&one), "what is held is not on its way");
            road.settle(Way::default());
            other.read_exact(&mut octets[1..]).await?;
            assert!(!carries(&one));
            one.shutdown().await?;
            assert!(carries(&one), "the other side does not know of the end");
            assert_eq!((octets, other.read(&mut [0]).await?), (*b"ab", 0));
            assert!(!carries(&one));
            Ok(())
        });
    }

    #[test]
    fn what_was_held_arrives_behind_the_hold_and_what_was_lost_never() {
        between(async |mut one, mut other, road| {
            road.settle(HELD);
            one.write_all(b"held").await?;
            assert!(silent(&mut other).await, "the hold let it through");
            road.settle(Way::default());
            let mut octets = [0; 4];
            other.read_exact(&mut octets).await?;
            road.settle(PARTED);
            one.write_all(b"lost").await?;
            road.settle(Way::default());
            one.write_all(b"behind").await?;
            one.shutdown().await?;
            assert!(silent(&mut other).await, "something came behind what was lost, the end perhaps");
            assert_eq!(octets, *b"held");
            assert!(!one.ties.pair.borrow().carries(), "what is lost is not on its way");
            Ok(())
        });
    }

    /// Whether a read finds nothing, though the kernel has had its turns.
    async fn silent(line: &mut Line) -> bool {
        let (mut read, mut octet) = (false, [0]);
        for _ in 0..10 {
            tokio::task::yield_now().await;
            let mut reading = std::pin::pin!(line.read(&mut octet));
            read |= std::future::poll_fn(|cx| Poll::Ready(reading.as_mut().poll(cx).is_ready())).await;
        }
        !read
    }

    fn between(talk: impl AsyncFnOnce(Line, Line, Rc<Road>) -> io::Result<()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        let talked: io::Result<()> = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let client = TcpStream::connect(listener.local_addr()?).await?;
            let (server, _) = listener.accept().await?;
            let road = Rc::new(Road::default());
            let pair = Rc::new(RefCell::new(Pair::over(road.clone())));
            pair.borrow_mut().accept();
            let (clock, activity) = (Clock::new(Instant(0)), Activity::default());
            let ties = Ties { pair, road: road.clone(), clock, activity };
            talk(Line::new(client, Side::Client, ties.clone()), Line::new(server, Side::Server, ties), road).await
        });
        talked.expect("the machine has sockets");
    }
}
