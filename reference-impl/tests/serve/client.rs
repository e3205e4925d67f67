//! Clients of the tests' own: SMTP, POP3 and IMAP as far as the tests speak them, blocking, under TLS.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

/// Silence after which a server is taken for dead.
const SILENCE: Duration = Duration::from_secs(60);

/// A client of TLS that trusts an authority, given in PEM.
pub(crate) fn trusting(authority: &[u8]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority).expect("a certificate")).expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Arc::new(config.expect("versions").with_root_certificates(roots).with_no_client_auth())
}

/// A conversation line by line under TLS.
pub(crate) struct Talk(BufReader<StreamOwned<ClientConnection, TcpStream>>);

impl Talk {
    pub(crate) fn begin(port: u16, tls: &Arc<ClientConfig>) -> io::Result<Self> {
        Self::over(connect(port)?, tls)
    }

    fn over(stream: TcpStream, tls: &Arc<ClientConfig>) -> io::Result<Self> {
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let session = ClientConnection::new(tls.clone(), name).map_err(io::Error::other)?;
        Ok(Self(BufReader::new(StreamOwned::new(session, stream))))
    }

    /// A reader over IMAP that is logged in and waits for news (IDLE).
    pub(crate) fn idle(port: u16, tls: &Arc<ClientConfig>, address: &str, password: &str) -> io::Result<Self> {
        let mut talk = Self::begin(port, tls)?;
        talk.line()?;
        let commands = [
            (format!("a LOGIN {address} {password}"), "a OK"),
            ("b SELECT INBOX".into(), "b OK"),
            ("c IDLE".into(), "+"),
        ];
        for (command, end) in commands {
            talk.say(&command)?;
            talk.until(end)?;
        }
        Ok(talk)
    }

    /// Reads up to a line of IMAP that begins so; one that says no or bad is an error.
    pub(crate) fn until(&mut self, begin: &str) -> io::Result<String> {
        loop {
            let line = self.line()?;
            if line.starts_with(begin) {
                return Ok(line);
            }
            if !line.starts_with("* ") || line.starts_with("* BYE") {
                return Err(io::Error::other(line));
            }
        }
    }

    /// Takes the server for dead after this silence.
    pub(crate) fn be_patient_for(&self, silence: Duration) -> io::Result<()> {
        self.0.get_ref().sock.set_read_timeout(Some(silence))
    }

    pub(crate) fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        self.0.get_mut().write_all(octets)?;
        self.0.get_mut().flush()
    }

    /// A line, without its end.
    pub(crate) fn line(&mut self) -> io::Result<String> {
        read_line(&mut self.0)
    }

    fn say(&mut self, line: &str) -> io::Result<()> {
        self.send(format!("{line}\r\n").as_bytes())
    }
}

/// A conversation in the clear, which only listens.
pub(crate) struct Clear(BufReader<TcpStream>);

impl Clear {
    pub(crate) fn begin(port: u16) -> io::Result<Self> {
        connect(port).map(BufReader::new).map(Self)
    }

    pub(crate) fn line(&mut self) -> io::Result<String> {
        read_line(&mut self.0)
    }
}

fn connect(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(SILENCE))?;
    Ok(stream)
}

fn read_line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    from.read_until(b'\n', &mut line)?;
    match line.strip_suffix(b"\r\n") {
        Some(line) => Ok(String::from_utf8_lossy(line).into_owned()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// The last line of a reply of SMTP.
fn reply(from: &mut impl BufRead) -> io::Result<String> {
    loop {
        let line = read_line(from)?;
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(line);
        }
    }
}

fn expect(reply: String, code: &str) -> io::Result<String> {
    if reply.starts_with(code) { Ok(reply) } else { Err(io::Error::other(reply)) }
}

/// SMTP, after STARTTLS.
pub(crate) struct Smtp(Talk);

impl Smtp {
    pub(crate) fn begin(port: u16, tls: &Arc<ClientConfig>) -> io::Result<Self> {
        let mut clear = BufReader::new(connect(port)?);
        expect(reply(&mut clear)?, "220")?;
        for (command, code) in [("EHLO client.test\r\n", "250"), ("STARTTLS\r\n", "220")] {
            clear.get_mut().write_all(command.as_bytes())?;
            expect(reply(&mut clear)?, code)?;
        }
        let mut smtp = Self(Talk::over(clear.into_inner(), tls)?);
        smtp.command("EHLO client.test", "250")?;
        Ok(smtp)
    }

    /// Says a line and reads the reply to it, which must have this code.
    pub(crate) fn command(&mut self, line: &str, code: &str) -> io::Result<String> {
        self.0.say(line)?;
        expect(reply(&mut self.0.0)?, code)
    }

    /// The next reply.
    pub(crate) fn reply(&mut self) -> io::Result<String> {
        reply(&mut self.0.0)
    }

    pub(crate) fn login(&mut self, address: &str, password: &str) -> io::Result<String> {
        let response = STANDARD.encode(format!("\0{address}\0{password}"));
        self.command(&format!("AUTH PLAIN {response}"), "235")
    }

    /// Submits a message of a few lines. *Gives* the reply to the final dot: the provider has it.
    pub(crate) fn submit(&mut self, from: &str, to: &str, subject: &str) -> io::Result<String> {
        let message = format!("From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nBuongiorno.\r\n");
        self.0.send(format!("MAIL FROM:<{from}>\r\nRCPT TO:<{to}>\r\nDATA\r\n").as_bytes())?;
        for code in ["250", "250", "354"] {
            expect(reply(&mut self.0.0)?, code)?;
        }
        self.0.send(format!("{message}.\r\n").as_bytes())?;
        expect(reply(&mut self.0.0)?, "250")
    }
}

/// POP3 under TLS.
pub(crate) struct Pop3(Talk);

impl Pop3 {
    pub(crate) fn begin(port: u16, tls: &Arc<ClientConfig>) -> io::Result<Self> {
        let mut talk = Talk::begin(port, tls)?;
        expect(talk.line()?, "+OK")?;
        Ok(Self(talk))
    }

    fn command(&mut self, line: &str) -> io::Result<String> {
        self.0.say(line)?;
        expect(self.0.line()?, "+OK")
    }

    pub(crate) fn login(&mut self, address: &str, password: &str) -> io::Result<String> {
        self.command(&format!("USER {address}"))?;
        self.command(&format!("PASS {password}"))
    }

    /// How many messages there are.
    pub(crate) fn count(&mut self) -> io::Result<usize> {
        let stat = self.command("STAT")?;
        Ok(stat.split(' ').nth(1).and_then(|count| count.parse().ok()).unwrap_or_default())
    }

    /// Takes a message out of the mailbox, and leaves.
    pub(crate) fn delete(mut self, number: usize) -> io::Result<String> {
        self.command(&format!("DELE {number}"))?;
        self.command("QUIT")
    }

    /// The headers of all messages.
    pub(crate) fn headers(&mut self) -> io::Result<Vec<String>> {
        let count = self.count()?;
        let mut headers = Vec::with_capacity(count);
        for lot in (1..=count).collect::<Vec<_>>().chunks(100) {
            let commands: String = lot.iter().map(|number| format!("TOP {number} 0\r\n")).collect();
            self.0.send(commands.as_bytes())?;
            for _ in lot {
                expect(self.0.line()?, "+OK")?;
                headers.push(self.text()?);
            }
        }
        Ok(headers)
    }

    /// The lines up to the dot.
    fn text(&mut self) -> io::Result<String> {
        let mut text = String::new();
        loop {
            match self.0.line()? {
                line if line == "." => return Ok(text),
                line => text += &(line + "\n"),
            }
        }
    }
}

/// The kind of a message by its header, as the wire names it.
pub(crate) fn kind(header: &str) -> String {
    field(header, "X-Ricevuta").or_else(|| field(header, "X-Trasporto")).unwrap_or_default()
}

pub(crate) fn subject(header: &str) -> String {
    field(header, "Subject").unwrap_or_default()
}

/// A field's value, where it stands on one line.
fn field(header: &str, name: &str) -> Option<String> {
    let value = header.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))?;
    Some(value.to_owned())
}
