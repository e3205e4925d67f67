//! SMTP as the actors speak it.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::net::{Io, Net, TlsSide};

/// A dialogue, one line at a time.
pub(crate) struct Dialogue {
    io: Box<dyn Io>,
    unread: Vec<u8>,
}

impl Dialogue {
    pub(crate) fn new(io: Box<dyn Io>) -> Self {
        Self { io, unread: Vec::new() }
    }

    pub(crate) async fn secure(self, side: &TlsSide) -> io::Result<Self> {
        Ok(Self::new(side.secure(self.io).await?))
    }

    pub(crate) async fn say(&mut self, octets: &[u8]) -> io::Result<()> {
        self.io.write_all(octets).await?;
        self.io.flush().await
    }

    /// Closes in order.
    pub(crate) async fn close(mut self) -> io::Result<()> {
        self.io.shutdown().await
    }

    /// The next line with its line end; an error where the other side has gone.
    pub(crate) async fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = self.unread.iter().position(|b| *b == b'\n') {
                return Ok(self.unread.drain(..=end).collect());
            }
            if self.io.read_buf(&mut self.unread).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// The code of the next reply.
    pub(crate) async fn reply(&mut self) -> io::Result<u16> {
        loop {
            let line = self.line().await?;
            let text = String::from_utf8_lossy(&line);
            let code = text.get(..3).and_then(|code| code.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
            if text.as_bytes().get(3) != Some(&b'-') {
                return Ok(code);
            }
        }
    }

    /// Says a command, gives the code of its reply.
    pub(crate) async fn ask(&mut self, command: &str) -> io::Result<u16> {
        self.say(format!("{command}\r\n").as_bytes()).await?;
        self.reply().await
    }
}

/// Connects and begins TLS, up to the second `EHLO`.
pub(crate) async fn connect(net: &Net, me: &str, host: &str, port: u16, step: Option<&str>) -> io::Result<Dialogue> {
    let stream = net.connect(host, port).await?;
    if let Some(step) = step {
        net.recorder.claim(crate::net::USERS, stream.local_addr()?.port(), step);
    }
    let mut dialogue = Dialogue::new(Box::new(stream));
    dialogue.reply().await?;
    dialogue.ask(&format!("EHLO {me}")).await?;
    if dialogue.ask("STARTTLS").await? == 220 {
        dialogue = dialogue.secure(&TlsSide::Client(net.client_tls.clone(), host.to_owned())).await?;
        dialogue.ask(&format!("EHLO {me}")).await?;
    }
    net.stir();
    Ok(dialogue)
}

/// One mail transaction; stops at the first command that is refused for all.
pub(crate) async fn transact(
    dialogue: &mut Dialogue,
    reverse_path: &str,
    forward_paths: &[String],
    message: &[u8],
) -> io::Result<()> {
    if dialogue.ask(&format!("MAIL FROM:<{reverse_path}>")).await? >= 400 {
        return Ok(());
    }
    let mut accepted = 0;
    for path in forward_paths {
        accepted += usize::from(dialogue.ask(&format!("RCPT TO:<{path}>")).await? < 400);
    }
    if accepted == 0 || dialogue.ask("DATA").await? != 354 {
        return Ok(());
    }
    dialogue.say(&stuffed(message)).await?;
    dialogue.reply().await?;
    Ok(())
}

/// Dots at the beginning of a line doubled, the final dot line appended.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(message.len() + 64);
    for line in message.split_inclusive(|b| *b == b'\n') {
        if line.first() == Some(&b'.') {
            octets.push(b'.');
        }
        octets.extend_from_slice(line);
    }
    if !octets.ends_with(b"\r\n") {
        octets.extend_from_slice(b"\r\n");
    }
    octets.extend_from_slice(b".\r\n");
    octets
}
