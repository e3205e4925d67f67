//! One connection of a node: octets in, orders out, in the order in which they were given.

use std::{cell::RefCell, rc::Rc};

use collaudo_node::{Bytes, ConnId, End, Input};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    select,
    sync::mpsc::{UnboundedReceiver, UnboundedSender},
};

use crate::{
    net::{DIRECTORY_HOST, Io, Net, TlsSide},
    tap::Tap,
};

/// The most that one read takes.
const READ_OCTETS: usize = 64 * 1024;

pub(crate) enum Order {
    Write(Bytes),
    StartTls,
    Close,
}

/// A connection's ties to its node.
pub(crate) struct Wires {
    pub(crate) conn: ConnId,
    pub(crate) net: Rc<Net>,
    pub(crate) orders: UnboundedReceiver<Order>,
    pub(crate) inputs: UnboundedSender<Input>,
    pub(crate) tap: Option<Rc<RefCell<Tap>>>,
    /// Whether this is the connecting end.
    pub(crate) calls: bool,
}

/// Connects, then serves; `me` is the host that connects.
pub(crate) async fn outgoing(mut wires: Wires, me: &str, host: String, port: u16) {
    let net = wires.net.clone();
    let connected = select! {
        biased;
        connected = net.connect(me, &host, port) => Some(connected),
        () = given_up(&mut wires.orders) => None,
    };
    if host == DIRECTORY_HOST && !matches!(connected, Some(Ok(_))) {
        net.documents.missed(me);
    }
    match connected {
        Some(Ok(link)) => {
            wires.tap = link.tap;
            wires.tell(Input::Connected { conn: wires.conn });
            let side = TlsSide::Client(net.client_tls.clone(), host);
            serve(wires, link.io, side).await;
        }
        Some(Err(_)) => wires.closed(End::Refused),
        None => {}
    }
}

/// Before a connection stands, the only order that means anything is to close it.
async fn given_up(orders: &mut UnboundedReceiver<Order>) {
    while let Some(order) = orders.recv().await {
        if matches!(order, Order::Close) {
            return;
        }
    }
}

/// Reads and writes until one side has had enough.
pub(crate) async fn serve(mut wires: Wires, mut io: Box<dyn Io>, side: TlsSide) {
    let mut buffer = Vec::with_capacity(READ_OCTETS);
    loop {
        buffer.clear();
        select! {
            biased;
            order = wires.orders.recv() => match order {
                Some(Order::Write(bytes)) => {
                    if write(&mut io, &bytes).await.is_err() {
                        return wires.closed(End::Reset);
                    }
                    wires.said(&bytes);
                    if wires.orders.is_empty() {
                        wires.tell(Input::Drained { conn: wires.conn });
                    }
                }
                Some(Order::StartTls) => match side.secure(io).await {
                    Ok(secured) => {
                        io = secured;
                        wires.secured();
                        wires.tell(Input::Secured { conn: wires.conn });
                    }
                    Err(_) => return wires.closed(End::TlsFailed),
                },
                Some(Order::Close) | None => {
                    // The peer may be gone already, which is what closing wants.
                    let _ = io.shutdown().await;
                    return wires.net.stir();
                }
            },
            read = io.read_buf(&mut buffer) => match read {
                Ok(0) => return wires.closed(End::Finished),
                Ok(_) => {
                    wires.heard(&buffer);
                    wires.tell(Input::Bytes { conn: wires.conn, bytes: Bytes::copy_from_slice(&buffer) });
                }
                Err(_) => return wires.closed(End::Reset),
            },
        }
    }
}

async fn write(io: &mut Box<dyn Io>, bytes: &[u8]) -> std::io::Result<()> {
    io.write_all(bytes).await?;
    io.flush().await
}

impl Wires {
    fn tell(&self, input: Input) {
        self.net.stir();
        // The node is gone only where its host has crashed.
        let _ = self.inputs.send(input);
    }

    fn closed(&self, end: End) {
        self.tell(Input::Closed { conn: self.conn, end });
    }

    fn heard(&self, octets: &[u8]) {
        self.tapped(|tap| if self.calls { tap.down(octets) } else { tap.up(octets) });
    }

    fn said(&self, octets: &[u8]) {
        self.tapped(|tap| if self.calls { tap.up(octets) } else { tap.down(octets) });
    }

    fn secured(&self) {
        self.tapped(Tap::secured);
    }

    fn tapped(&self, read: impl FnOnce(&mut Tap)) {
        if let Some(tap) = &self.tap {
            read(&mut tap.borrow_mut());
        }
    }
}
