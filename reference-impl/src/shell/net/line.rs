//! One connection: octets go to the node, its orders come back.
//!
//! Back-pressure: at most [`AHEAD`] pieces of what was read lie unheard before the node; then nothing more is read, and
//! TCP tells the peer. What is to be sent is bounded by the node, which waits for [`Input::Drained`].

use std::{
    collections::VecDeque,
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::BytesMut;
use collaudo_node::{Bytes, ConnId, End, Input};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc::UnboundedSender, watch},
};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_util::{io::poll_read_buf, sync::PollSemaphore};
use tracing::debug;

use super::{
    way::{Listener, Lot, Order},
    wire::Wire,
};
use crate::shell::{clock, driver::Event};

/// Pieces that may be on their way to the node.
const AHEAD: usize = 2;
/// Octets of a piece.
const PIECE: usize = 32 * 1024;
/// What goes out together where it is small: one TLS record and one packet, not many.
const SMALL: usize = 16 * 1024;
/// How long a peer is heard out whom we have closed on, so that it reads our last word and not a reset.
const LINGER: Duration = Duration::from_secs(2);

/// How TLS begins on a connection.
#[derive(Clone)]
pub(in crate::shell) enum Secure {
    Accept(TlsAcceptor),
    Connect(TlsConnector, ServerName<'static>),
}

#[derive(Clone, Copy, Debug)]
pub(in crate::shell) struct Times {
    pub(in crate::shell) handshake: Duration,
    pub(in crate::shell) stall: Duration,
}

/// A connection that stands, as its task holds it.
pub(in crate::shell) struct Line {
    pub(in crate::shell) conn: ConnId,
    pub(in crate::shell) events: UnboundedSender<Event>,
    pub(in crate::shell) listener: Listener,
    pub(in crate::shell) secure: Secure,
    /// Whether TLS begins with the first octet: nothing is read in the clear, however early the peer speaks.
    pub(in crate::shell) is_implicit: bool,
    pub(in crate::shell) times: Times,
    /// True once the server is on its way down: nothing more is read.
    pub(in crate::shell) stop: watch::Receiver<bool>,
}

/// What happened on a connection.
enum Happened {
    Ordered(Lot),
    /// The node has forgotten the connection.
    Released,
    Read(Bytes, OwnedSemaphorePermit),
    Ended,
    /// All that was to be written has gone.
    Drained,
    /// The server is on its way down.
    Stopped,
}

impl Line {
    /// Serves the connection until it ends, and tells the node how.
    pub(in crate::shell) async fn serve(mut self, stream: TcpStream) {
        // A reply waits for no second one.
        let _ = stream.set_nodelay(true);
        if let Some(end) = self.converse(stream).await {
            self.tell(Input::Closed { conn: self.conn, end }, None);
        }
    }

    /// *Gives* how the peer ended the connection; `None` where the node did.
    async fn converse(&mut self, stream: TcpStream) -> Option<End> {
        let mut wire = Wire::Clear(stream);
        let mut desk = Desk::default();
        let mut credit = PollSemaphore::new(Arc::new(Semaphore::new(AHEAD)));
        loop {
            match desk.orders.front() {
                Some(Order::Write(_)) => desk.gather(),
                Some(Order::StartTls) if desk.is_drained() => {
                    desk.orders.pop_front();
                    wire = match self.handshake(wire, &mut desk).await? {
                        Ok(wire) => wire,
                        Err(()) => return Some(End::TlsFailed),
                    };
                    self.tell(Input::Secured { conn: self.conn }, None);
                    continue;
                }
                Some(Order::Close) if desk.is_drained() => {
                    leave(wire).await;
                    return None;
                }
                _ => {}
            }
            match self.next(&mut wire, &mut desk, &mut credit).await {
                Ok(Happened::Ordered(lot)) => desk.take_on(lot),
                Ok(Happened::Released) => desk.orders.push_back(Order::Close),
                Ok(Happened::Read(bytes, permit)) => {
                    self.tell(Input::Bytes { conn: self.conn, bytes }, Some(permit));
                }
                Ok(Happened::Ended) => return Some(End::Finished),
                Ok(Happened::Drained) => {
                    self.listener.sent(std::mem::take(&mut desk.octets));
                    if std::mem::take(&mut desk.is_awaited) {
                        self.tell(Input::Drained { conn: self.conn }, None);
                    }
                }
                Ok(Happened::Stopped) => {}
                Err(error) => {
                    debug!(conn = ?self.conn, %error, "connection broke");
                    return Some(End::Reset);
                }
            }
        }
    }

    /// Waits for what happens next; who leaves unread what was sent is not waited for longer than the limit.
    async fn next(&mut self, wire: &mut Wire, desk: &mut Desk, credit: &mut PollSemaphore) -> io::Result<Happened> {
        let (is_drained, stall) = (desk.is_drained(), self.times.stall);
        let is_stopped = *self.stop.borrow();
        let is_early = self.is_implicit && matches!(wire, Wire::Clear(_));
        let listener = &mut self.listener;
        let happened = poll_fn(|cx| {
            if let Poll::Ready(written) = desk.poll_send(wire, cx) {
                return Poll::Ready(written.map(|()| Happened::Drained));
            }
            if !desk.is_released {
                match listener.poll_hear(cx) {
                    Poll::Ready(Some(lot)) => return Poll::Ready(Ok(Happened::Ordered(lot))),
                    Poll::Ready(None) => {
                        desk.is_released = true;
                        return Poll::Ready(Ok(Happened::Released));
                    }
                    Poll::Pending => {}
                }
            }
            // Behind a StartTls nothing is read in the clear, and behind a Close nothing at all.
            if desk.is_deaf() || is_early || is_stopped { Poll::Pending } else { desk.poll_hear(wire, credit, cx) }
        });
        let stopped = async {
            // Wakes the loop once, which then reads no more; a stop that will never come is waited for for ever.
            if is_stopped || self.stop.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            happened = async {
                if is_drained { Some(happened.await) } else { clock::within(stall, happened).await }
            } => happened.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into())),
            () = stopped => Ok(Happened::Stopped),
        }
    }

    /// Begins TLS. *Gives* nothing where the node gave the connection up meanwhile.
    async fn handshake(&mut self, wire: Wire, desk: &mut Desk) -> Option<Result<Wire, ()>> {
        let Wire::Clear(stream) = wire else { return Some(Err(())) };
        let handshake = async {
            match &self.secure {
                Secure::Accept(acceptor) => acceptor.accept(stream).await.map(Into::into),
                Secure::Connect(connector, name) => connector.connect(name.clone(), stream).await.map(Into::into),
            }
        };
        let mut handshake = Box::pin(clock::within(self.times.handshake, handshake));
        loop {
            tokio::select! {
                done = &mut handshake => {
                    let told = match done {
                        Some(Ok(stream)) => return Some(Ok(Wire::Tls(Box::new(stream)))),
                        Some(Err(error)) => error.to_string(),
                        None => "too slow".to_owned(),
                    };
                    debug!(conn = ?self.conn, fault = told, "TLS failed");
                    return Some(Err(()));
                }
                lot = self.listener.hear() => match lot {
                    Some(lot) if !lot.closes() => desk.take_on(lot),
                    _ => return None,
                },
            }
        }
    }

    fn tell(&self, input: Input, permit: Option<OwnedSemaphorePermit>) {
        // Nobody listens once the server is down.
        let _ = self.events.send(Event::Wire(input, permit));
    }
}

/// What lies between the node and the wire.
#[derive(Default)]
struct Desk {
    orders: VecDeque<Order>,
    out: VecDeque<Bytes>,
    /// Octets that were taken up and of which it was not told yet that they have gone.
    octets: usize,
    /// Whether the node waits to be told so.
    is_awaited: bool,
    unflushed: bool,
    inflow: BytesMut,
    permit: Option<OwnedSemaphorePermit>,
    is_released: bool,
}

impl Desk {
    fn is_drained(&self) -> bool {
        self.out.is_empty() && !self.unflushed
    }

    /// Whether what the peer says is not to be read now.
    fn is_deaf(&self) -> bool {
        self.orders.iter().any(|order| matches!(order, Order::StartTls | Order::Close))
    }

    fn take_on(&mut self, lot: Lot) {
        self.is_awaited |= lot.is_awaited;
        self.orders.extend(lot.orders);
    }

    /// Takes up what is to be written next; small pieces become one.
    fn gather(&mut self) {
        let mut small = BytesMut::new();
        while let Some(Order::Write(_)) = self.orders.front() {
            let Some(Order::Write(bytes)) = self.orders.pop_front() else { return };
            self.octets += bytes.len();
            if small.is_empty() && !matches!(self.orders.front(), Some(Order::Write(_))) {
                self.out.push_back(bytes);
                break;
            }
            if small.len() + bytes.len() <= SMALL {
                small.extend_from_slice(&bytes);
                continue;
            }
            if !small.is_empty() {
                self.out.push_back(small.split().freeze());
            }
            self.out.push_back(bytes);
        }
        if !small.is_empty() {
            self.out.push_back(small.freeze());
        }
        // A Write of nothing is answered, too.
        self.unflushed = true;
    }

    /// Sends what is to be sent; ready once all of it has gone, pending where there is nothing.
    fn poll_send(&mut self, wire: &mut Wire, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(first) = self.out.front_mut() {
            if first.is_empty() {
                self.out.pop_front();
                continue;
            }
            let written = ready!(Pin::new(&mut *wire).poll_write(cx, first))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let _ = first.split_to(written);
        }
        if !self.unflushed {
            return Poll::Pending;
        }
        ready!(Pin::new(wire).poll_flush(cx))?;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }

    /// Hears what the peer says, where the node has room for it.
    fn poll_hear(
        &mut self,
        wire: &mut Wire,
        credit: &mut PollSemaphore,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Happened>> {
        if self.permit.is_none() {
            self.permit = ready!(credit.poll_acquire(cx));
        }
        if self.inflow.capacity() < PIECE / 8 {
            self.inflow.reserve(PIECE);
        }
        let count = ready!(poll_read_buf(Pin::new(wire), cx, &mut self.inflow))?;
        Poll::Ready(Ok(match self.permit.take() {
            Some(permit) if count > 0 => Happened::Read(self.inflow.split().freeze(), permit),
            _ => Happened::Ended,
        }))
    }
}

/// Closes in order: our end first, then theirs is heard out for a moment.
async fn leave(mut wire: Wire) {
    let farewell = async {
        wire.shutdown().await?;
        let mut rest = [0; 4096];
        while wire.read(&mut rest).await? > 0 {}
        io::Result::Ok(())
    };
    // Whether the peer takes it or not, this is the end.
    let _ = clock::within(LINGER, farewell).await;
}

#[cfg(test)]
mod tests {
    use tokio::{
        net::TcpListener,
        runtime::Builder,
        sync::mpsc::{UnboundedReceiver, unbounded_channel},
    };

    use super::{super::way::way, *};

    /// Runs a connection with these orders against a peer; *gives* what the node was told.
    fn run<F: Future<Output = ()>>(orders: Vec<Order>, peer: impl FnOnce(TcpStream) -> F) -> UnboundedReceiver<Event> {
        let (events, told) = unbounded_channel();
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let stream = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
            let (far, _) = listener.accept().await.expect("a peer");
            let (speaker, listener) = way();
            let (_stop, stopped) = watch::channel(false);
            speaker.say(orders);
            let config =
                rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
            let config = config.with_safe_default_protocol_versions().expect("versions");
            let config = config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
            let line = Line {
                conn: ConnId::Incoming(0),
                events,
                listener,
                secure: Secure::Connect(Arc::new(config).into(), ServerName::try_from("localhost").expect("a name")),
                is_implicit: false,
                times: Times { handshake: Duration::from_millis(200), stall: Duration::from_millis(200) },
                stop: stopped,
            };
            let peer = async {
                peer(far).await;
                // The node forgets the connection, at the latest.
                drop(speaker);
            };
            tokio::join!(line.serve(stream), peer);
        });
        told
    }

    fn events(mut told: UnboundedReceiver<Event>) -> Vec<Event> {
        std::iter::from_fn(|| told.try_recv().ok()).collect()
    }

    fn inputs(told: UnboundedReceiver<Event>) -> Vec<Input> {
        let input = |event| match event {
            Event::Wire(input, _) => Some(input),
            _ => None,
        };
        events(told).into_iter().filter_map(input).collect()
    }

    const CONN: ConnId = ConnId::Incoming(0);

    #[test]
    fn a_peer_that_takes_nothing_is_given_up() {
        let much = Bytes::from(vec![b'x'; 32 << 20]);
        let told = run(vec![Order::Write(much)], |far| async move {
            clock::pause(Duration::from_secs(1)).await;
            drop(far);
        });
        assert_eq!(inputs(told), [Input::Closed { conn: CONN, end: End::Reset }]);
    }

    #[test]
    fn a_last_word_arrives_before_the_end() {
        let orders =
            vec![Order::Write(Bytes::from_static(b"uno ")), Order::Write(Bytes::from_static(b"due")), Order::Close];
        let told = run(orders, |mut far| async move {
            // What the peer still has to say does not keep it from reading.
            far.write_all(b"QUIT\r\n").await.expect("room");
            let mut read = String::new();
            far.read_to_string(&mut read).await.expect("a last word");
            assert_eq!(read, "uno due");
        });
        assert_eq!(inputs(told), [], "the node has closed it, and is told nothing of that");
    }

    #[test]
    fn what_was_much_is_told_once_it_was_taken() {
        let much = 100_000;
        let told = run(vec![Order::Write(Bytes::from(vec![b'x'; much]))], |mut far| async move {
            let mut read = vec![0; much];
            far.read_exact(&mut read).await.expect("all of it");
        });
        assert_eq!(inputs(told), [Input::Drained { conn: CONN }]);
    }

    #[test]
    fn a_handshake_without_an_answer_fails() {
        let told = run(vec![Order::StartTls], |far| async move {
            clock::pause(Duration::from_secs(1)).await;
            drop(far);
        });
        assert_eq!(inputs(told), [Input::Closed { conn: CONN, end: End::TlsFailed }]);
    }

    #[test]
    fn no_more_is_read_than_the_node_has_room_for() {
        let told = run(Vec::new(), |mut far| async move {
            for _ in 0..10 {
                far.write_all(b"NOOP\r\n").await.expect("room");
                clock::pause(Duration::from_millis(20)).await;
            }
        });
        assert_eq!(events(told).len(), AHEAD, "the node has heard none of them");
    }
}
