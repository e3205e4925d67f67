//! SMTP as the actors speak it.

use std::{io, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::dialogue::{Dialogue, wrong};
use crate::{
    content::stuffed,
    net::{Net, RELAY_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT, TlsSide},
};

/// Where a client comes in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Entrance {
    /// Between providers.
    Relay,
    /// As those come in who do not know TLS.
    Clear,
    /// From people.
    Submission {
        /// TLS begins with the first octet, and not by `STARTTLS`.
        implicit_tls: bool,
    },
}

/// A message and where it goes.
#[derive(Clone)]
pub(super) struct Letter {
    pub(super) reverse_path: String,
    pub(super) forward_paths: Vec<String>,
    pub(super) message: Arc<[u8]>,
}

/// Who connects: its host, and the name that it says.
#[derive(Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) host: &'a str,
    pub(super) name: &'a str,
}

/// A client behind its greeting, under TLS where it can be had.
pub(super) struct Client {
    dialogue: Dialogue,
    pipelining: bool,
    /// The last transaction stopped before its content.
    given_up: bool,
}

impl Client {
    /// Connects and begins TLS, up to the last `EHLO`. `claims` are the steps that the connection carries out.
    pub(super) async fn connect(
        net: &Net,
        me: Caller<'_>,
        host: &str,
        entrance: Entrance,
        claims: &[String],
    ) -> io::Result<Self> {
        let link = net.connect(me.host, host, entrance.port()).await?;
        if !claims.is_empty() {
            net.recorder.claim(me.host, link.port, claims.iter().cloned());
        }
        let side = TlsSide::Client(net.client_tls.clone(), host.to_owned());
        let mut client = Self { dialogue: Dialogue::over(link), pipelining: false, given_up: false };
        if entrance == (Entrance::Submission { implicit_tls: true }) {
            client.dialogue = client.dialogue.secure(&side).await?;
        }
        client.reply().await?;
        client.hello(me.name).await?;
        let starts_tls = matches!(entrance, Entrance::Relay | Entrance::Submission { implicit_tls: false });
        if starts_tls && client.ask("STARTTLS").await? == 220 {
            client.dialogue = client.dialogue.secure(&side).await?;
            client.hello(me.name).await?;
        }
        net.stir();
        Ok(client)
    }

    pub(super) async fn login(&mut self, account: &str, password: &str) -> io::Result<()> {
        let secret = STANDARD.encode(format!("\0{account}\0{password}"));
        match self.ask(&format!("AUTH PLAIN {secret}")).await? {
            235 => Ok(()),
            _ => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }

    /// One mail transaction, a command at a time; stops at the first that is refused for all. Gives the paths that are put
    /// off: those whose last reply says that they may succeed another time.
    pub(super) async fn transact(&mut self, letter: &Letter) -> io::Result<Vec<String>> {
        if std::mem::take(&mut self.given_up) {
            self.ask("RSET").await?;
        }
        let put_off = |code| if is_put_off(code) { letter.forward_paths.clone() } else { Vec::new() };
        let reply = self.ask(&mail_from(letter)).await?;
        if reply >= 400 {
            return Ok(put_off(reply));
        }
        let (mut accepted, mut later) = (0, Vec::new());
        for path in &letter.forward_paths {
            match self.ask(&rcpt_to(path)).await? {
                code if is_put_off(code) => later.push(path.clone()),
                code => accepted += usize::from(code < 400),
            }
        }
        self.given_up = true;
        if accepted == 0 {
            return Ok(later);
        }
        let mut reply = self.ask("DATA").await?;
        if reply == 354 {
            self.dialogue.say(&stuffed(&letter.message)).await?;
            reply = self.reply().await?;
            self.given_up = false;
        }
        Ok(if reply >= 400 { put_off(reply) } else { later })
    }

    /// Transactions one behind the other; counts those that are `done`.
    pub(super) async fn transact_all(&mut self, letters: &[Letter], done: &mut usize) -> io::Result<()> {
        if self.pipelining {
            return self.pipeline(letters, done).await;
        }
        for letter in letters {
            self.transact(letter).await?;
            *done += 1;
        }
        Ok(())
    }

    /// The server takes commands without waiting (RFC 2920): a message goes out together with the next one's commands.
    async fn pipeline(&mut self, letters: &[Letter], done: &mut usize) -> io::Result<()> {
        let mut octets = Vec::new();
        for (n, letter) in letters.iter().enumerate() {
            octets.extend(commands(letter));
            self.dialogue.say(&octets).await?;
            if n > 0 {
                self.reply().await?;
                *done += 1;
            }
            self.reply().await?;
            let mut accepted = 0;
            for _ in &letter.forward_paths {
                accepted += usize::from(self.reply().await? < 400);
            }
            octets = match self.reply().await? {
                354 if accepted > 0 => stuffed(&letter.message),
                // A server may take the content of a message that has no recipient: it gets none.
                354 => stuffed(b""),
                _ => b"RSET\r\n".to_vec(),
            };
        }
        if !octets.is_empty() {
            self.dialogue.say(&octets).await?;
            self.reply().await?;
            *done += 1;
        }
        Ok(())
    }

    pub(super) async fn quit(mut self) -> io::Result<()> {
        self.ask("QUIT").await?;
        self.dialogue.close().await
    }

    async fn hello(&mut self, me: &str) -> io::Result<()> {
        self.dialogue.say(format!("EHLO {me}\r\n").as_bytes()).await?;
        self.pipelining = false;
        loop {
            let (_, text, is_last) = self.reply_line().await?;
            self.pipelining |= text.eq_ignore_ascii_case("PIPELINING");
            if is_last {
                return Ok(());
            }
        }
    }

    /// Says a command, gives the code of its reply.
    async fn ask(&mut self, command: &str) -> io::Result<u16> {
        self.dialogue.say(format!("{command}\r\n").as_bytes()).await?;
        self.reply().await
    }

    /// The code of the next reply.
    async fn reply(&mut self) -> io::Result<u16> {
        loop {
            let (code, _, is_last) = self.reply_line().await?;
            if is_last {
                return Ok(code);
            }
        }
    }

    /// Code and text of the next line, and whether it is the last of its reply.
    async fn reply_line(&mut self) -> io::Result<(u16, String, bool)> {
        let line = self.dialogue.line().await?;
        let text = String::from_utf8_lossy(&line);
        let (code, rest) = text.trim_end().split_at_checked(3).ok_or_else(|| wrong("a reply without a code"))?;
        let code = code.parse().map_err(|_| wrong("a reply without a code"))?;
        Ok((code, rest.get(1..).unwrap_or_default().to_owned(), !rest.starts_with('-')))
    }
}

impl Entrance {
    fn port(self) -> u16 {
        match self {
            Self::Relay | Self::Clear => RELAY_PORT,
            Self::Submission { implicit_tls: false } => SUBMISSION_PORT,
            Self::Submission { implicit_tls: true } => SUBMISSIONS_PORT,
        }
    }
}

fn is_put_off(code: u16) -> bool {
    (400..500).contains(&code)
}

fn mail_from(letter: &Letter) -> String {
    format!("MAIL FROM:<{}>", letter.reverse_path)
}

fn rcpt_to(path: &str) -> String {
    format!("RCPT TO:<{path}>")
}

/// A transaction up to its content.
fn commands(letter: &Letter) -> Vec<u8> {
    let mut lines = vec![mail_from(letter)];
    lines.extend(letter.forward_paths.iter().map(|path| rcpt_to(path)));
    lines.push("DATA\r\n".to_owned());
    lines.join("\r\n").into_bytes()
}
