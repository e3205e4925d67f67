//! Simulated TCP: the host that listens or connects is the one whose code runs.

use std::io;

use turmoil::net::{TcpListener, TcpStream};

use crate::transport::{Arrival, Later, Link, Listener, Transport};

pub(crate) struct Simulated;

impl Transport for Simulated {
    fn listen<'a>(&'a self, _: &'a str, port: u16) -> Later<'a, Box<dyn Listener>> {
        Box::pin(async move {
            let listener = TcpListener::bind(("0.0.0.0", port)).await?;
            Ok(Box::new(Bound(listener)) as Box<dyn Listener>)
        })
    }

    fn connect<'a>(&'a self, _: &'a str, to: &'a str, port: u16) -> Later<'a, Link> {
        Box::pin(async move {
            let stream = TcpStream::connect((to, port)).await?;
            let port = stream.local_addr()?.port();
            Ok(Link { io: Box::new(stream), port, tap: None })
        })
    }
}

struct Bound(TcpListener);

impl Listener for Bound {
    fn accept(&mut self) -> Later<'_, Arrival> {
        Box::pin(async {
            let (stream, from) = self.0.accept().await?;
            let client = turmoil::reverse_lookup(from.ip()).ok_or(io::ErrorKind::NotFound)?;
            Ok(Arrival { io: Box::new(stream), client, port: from.port() })
        })
    }
}
