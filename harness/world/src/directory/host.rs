//! The directory's host: LDAP under TLS from the first octet.

use std::{cell::RefCell, io, rc::Rc, sync::Arc};

use rustls::ServerConfig;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    task::spawn_local,
};

use super::Session;
use crate::{
    net::{DIRECTORY, DIRECTORY_PORT, Ended, Metered, Net, TlsSide},
    tap::Tap,
    transport::Arrival,
};

pub(crate) async fn run(net: Rc<Net>, server_tls: Arc<ServerConfig>) -> Ended {
    let mut listener = net.transport.listen(DIRECTORY, DIRECTORY_PORT).await?;
    loop {
        let arrival = listener.accept().await?;
        net.stir();
        let (net, side) = (net.clone(), TlsSide::Server(server_tls.clone()));
        spawn_local(async move {
            // The client has gone: there is nobody to tell.
            let _ = serve(&net, &side, arrival).await;
            net.stir();
        });
    }
}

async fn serve(net: &Net, side: &TlsSide, arrival: Arrival) -> io::Result<()> {
    let Arrival { io, client, port } = arrival;
    let seen = net.recorder.session(client.clone(), DIRECTORY.into(), DIRECTORY_PORT);
    let tap = Rc::new(RefCell::new(Tap::new(net.recorder.clone(), seen, port)));
    if net.documents.ask(&client).is_none() {
        return Ok(());
    }
    let mut io = side.secure(Box::new(Metered { inner: io, tap: tap.clone(), calls: false })).await?;
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
