//! A library that others wrote, as a program for mail would use it: async-imap reads, and waits for what comes.

use std::time::Duration;

use async_imap::{Client, Session, extensions::idle::IdleResponse};
use futures_util::TryStreamExt;
use rustls::pki_types::ServerName;
use tokio::{net::TcpStream, runtime::Builder};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::house::Network;

const ANNA: &str = "anna@alfa.test";
const BRUNO: &str = "bruno@beta.test";

/// How long it waits for news.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn async_imap_reads_a_mailbox_and_hears_of_what_comes_while_it_waits() {
    let mut network = Network::new("library", &["alfa.test", "beta.test"]);
    network.serve("alfa.test");
    network.serve("beta.test");
    network.submit(ANNA).submit(ANNA, BRUNO, "Prima").expect("a message taken");
    network.wait_for(BRUNO, 1);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let subjects = runtime.block_on(read(&network)).expect("no error");
    assert_eq!(subjects, ["POSTA CERTIFICATA: Prima", "POSTA CERTIFICATA: Seconda"]);
}

/// What is there, then what comes; the first is marked as read and the second put away.
async fn read(network: &Network) -> async_imap::error::Result<Vec<String>> {
    let mut session = login(network).await?;
    assert_eq!(session.select("INBOX").await?.exists, 1);
    let mut subjects = subjects(&mut session, "1:*").await?;
    let mut waiting = session.idle();
    waiting.init().await?;
    network.submit(ANNA).submit(ANNA, BRUNO, "Seconda").expect("a message taken");
    let heard = waiting.wait_with_timeout(PATIENCE).0.await?;
    assert!(matches!(heard, IdleResponse::NewData(_)), "{heard:?}");
    let mut session = waiting.done().await?;
    subjects.extend(self::subjects(&mut session, "2").await?);
    session.store("1", "+FLAGS (\\Seen)").await?.try_collect::<Vec<_>>().await?;
    session.store("2", "+FLAGS (\\Deleted)").await?.try_collect::<Vec<_>>().await?;
    session.expunge().await?.try_collect::<Vec<_>>().await?;
    let (unseen, all) = (session.search("UNSEEN").await?, session.search("ALL").await?);
    assert_eq!((unseen.len(), all.len()), (0, 1));
    session.logout().await?;
    Ok(subjects)
}

async fn login(network: &Network) -> async_imap::error::Result<Session<TlsStream<TcpStream>>> {
    let stream = TcpStream::connect(("127.0.0.1", network.port("beta.test", "imap"))).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = TlsConnector::from(network.tls.clone()).connect(name, stream).await?;
    let mut client = Client::new(stream);
    client.read_response().await?.expect("a greeting");
    client.login(BRUNO, network.password(BRUNO)).await.map_err(|(error, _)| error)
}

async fn subjects(session: &mut Session<TlsStream<TcpStream>>, which: &str) -> async_imap::error::Result<Vec<String>> {
    let fetched: Vec<_> = session.fetch(which, "(UID BODY.PEEK[HEADER])").await?.try_collect().await?;
    let subject = |header: &[u8]| crate::client::subject(&String::from_utf8_lossy(header).replace("\r\n", "\n"));
    Ok(fetched.iter().filter_map(|message| message.header()).map(subject).collect())
}
