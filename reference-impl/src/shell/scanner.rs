//! The scanner: the built-in one, or a clamd.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use collaudo_node::{Bytes, Finding};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tracing::warn;

use super::{Error, clock};

/// How long a scan may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Octets that go to clamd at a time.
const CHUNK: usize = 64 * 1024;
/// Octets of an answer.
const ANSWER: u64 = 4096;

#[derive(Clone)]
pub(super) enum Scanner {
    BuiltIn,
    Clamd(Arc<Clamd>),
}

/// A ClamAV daemon.
pub(super) enum Clamd {
    Tcp(SocketAddr),
    #[cfg(unix)]
    Unix(PathBuf),
}

impl Scanner {
    /// Reads what the configuration says: nothing, an address with its port, or the path of a socket.
    pub(super) fn read(clamd: Option<&str>) -> Result<Self, Error> {
        let Some(clamd) = clamd else { return Ok(Self::BuiltIn) };
        let clamd = match clamd.parse() {
            Ok(address) => Clamd::Tcp(address),
            #[cfg(unix)]
            Err(_) if clamd.starts_with('/') => Clamd::Unix(PathBuf::from(clamd)),
            Err(_) => {
                let what =
                    format!("clamd at \"{clamd}\": expected an address such as 127.0.0.1:3310, or a socket's path");
                return Err(Error::Other(what));
            }
        };
        Ok(Self::Clamd(Arc::new(clamd)))
    }
}

impl Clamd {
    /// Has a message looked at.
    pub(super) async fn scan(&self, octets: &Bytes) -> Finding {
        let fault = match clock::within(PATIENCE, self.ask(octets)).await {
            Some(Ok(answer)) => match read(&answer) {
                Some(finding) => return finding,
                None => format!("it says \"{}\"", answer.escape_default()),
            },
            Some(Err(error)) => error.to_string(),
            None => "it is silent".to_owned(),
        };
        warn!(fault, "clamd gives no answer that is one");
        Finding::Unavailable
    }

    async fn ask(&self, octets: &Bytes) -> io::Result<String> {
        match self {
            Self::Tcp(address) => converse(TcpStream::connect(address).await?, octets).await,
            #[cfg(unix)]
            Self::Unix(path) => converse(tokio::net::UnixStream::connect(path).await?, octets).await,
        }
    }
}

/// clamd(8), INSTREAM: chunks with their lengths, an empty one at the end.
async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, octets: &Bytes) -> io::Result<String> {
    stream.write_all(b"zINSTREAM\0").await?;
    for chunk in octets.chunks(CHUNK) {
        stream.write_u32(u32::try_from(chunk.len()).map_err(io::Error::other)?).await?;
        stream.write_all(chunk).await?;
    }
    stream.write_u32(0).await?;
    stream.flush().await?;
    let mut answer = String::new();
    stream.take(ANSWER).read_to_string(&mut answer).await?;
    Ok(answer)
}

/// `stream: OK`, `stream: NAME FOUND`; everything else is no answer.
fn read(answer: &str) -> Option<Finding> {
    let said = answer.trim_end_matches(['\0', '\n']).strip_prefix("stream: ")?;
    match said.strip_suffix(" FOUND") {
        Some(name) => Some(Finding::Hostile { name: name.to_owned() }),
        None => (said == "OK").then_some(Finding::Clean),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A clamd that finds a word, answers the second question with nonsense, and is then gone.
    async fn clamd() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            for nonsense in [false, false, true] {
                let (mut stream, _) = listener.accept().await.expect("a client");
                let mut command = [0; 10];
                stream.read_exact(&mut command).await.expect("a command");
                assert_eq!(&command, b"zINSTREAM\0");
                let mut whole = Vec::new();
                loop {
                    let length = stream.read_u32().await.expect("a length");
                    if length == 0 {
                        break;
                    }
                    let mut chunk = vec![0; length as usize];
                    stream.read_exact(&mut chunk).await.expect("a chunk");
                    whole.append(&mut chunk);
                }
                let found = whole.windows(6).any(|window| window == b"malvas");
                let answer: &[u8] = match (nonsense, found) {
                    (true, _) => b"INSTREAM size limit exceeded. ERROR\0",
                    (false, true) => b"stream: Win.Test.Malvas FOUND\0",
                    (false, false) => b"stream: OK\0",
                };
                stream.write_all(answer).await.expect("an answer");
            }
        });
        at
    }

    #[test]
    fn clamd_is_asked_and_what_is_no_answer_is_none() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let clamd = Clamd::Tcp(clamd().await);
            let large = Bytes::from(vec![b'a'; 3 * CHUNK + 7]);
            assert_eq!(clamd.scan(&large).await, Finding::Clean);
            let hostile = Bytes::from([&large[..], b"malvas"].concat());
            assert_eq!(clamd.scan(&hostile).await, Finding::Hostile { name: "Win.Test.Malvas".into() });
            assert_eq!(clamd.scan(&large).await, Finding::Unavailable, "nonsense");
            assert_eq!(clamd.scan(&large).await, Finding::Unavailable, "nobody there");
        });
    }
}
