//! The directory's host: LDAP under TLS from the first octet.

use std::{cell::RefCell, io, net::SocketAddr, rc::Rc, sync::Arc};

use rustls::ServerConfig;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    task::spawn_local,
};
use turmoil::net::{TcpListener, TcpStream};

use crate::{
    directory::Session,
    net::{DIRECTORY, DIRECTORY_PORT, Metered, Net, TlsSide},
    tap::Tap,
};

pub(super) async fn run(net: Rc<Net>, server_tls: Arc<ServerConfig>) -> turmoil::Result {
    let listener = TcpListener::bind(("0.0.0.0", DIRECTORY_PORT)).await?;
    loop {
        let (stream, from) = listener.accept().await?;
        net.stir();
        let (net, side) = (net.clone(), TlsSide::Server(server_tls.clone()));
        spawn_local(async move {
            // The client has gone: there is nobody to tell.
            let _ = serve(&net, &side, stream, from).await;
            net.stir();
        });
    }
}

async fn serve(net: &Net, side: &TlsSide, stream: TcpStream, from: SocketAddr) -> io::Result<()> {
    let client = turmoil::reverse_lookup(from.ip()).unwrap_or_else(|| from.ip().to_string());
    let seen = net.recorder.session(client.clone(), DIRECTORY.into(), DIRECTORY_PORT);
    let tap = Rc::new(RefCell::new(Tap::new(net.recorder.clone(), seen, from.port())));
    if net.documents.ask(&client).is_none() {
        return Ok(());
    }
    let mut io = side.secure(Box::new(Metered { inner: stream, tap: tap.clone() })).await?;
    tap.borrow_mut().secured();
    let (mut session, mut octets) = (Session::default(), Vec::new());
    loop {
        net.stir();
        octets.clear();
        if io.read_buf(&mut octets).await? == 0 {
            return io.shutdown().await;
        }
        let Some(edition) = net.documents.ask(&client) else { return Ok(()) };
        let answer = session.take(&octets, &edition.entries);
        for _ in 0..answer.searches {
            net.documents.told(&client, &edition);
        }
        io.write_all(&answer.octets).await?;
        io.flush().await?;
        if answer.ends {
            return io.shutdown().await;
        }
    }
}
