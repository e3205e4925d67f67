use std::{cell::RefCell, io, rc::Rc};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

use crate::{
    content::{CONTENT_OCTETS_MAX, Content, Taken},
    net::{Io, TlsSide},
    tap::Tap,
    transport::Link,
};

/// The most octets of a line, its end included.
const LINE_OCTETS_MAX: u64 = 64 * 1024;

/// A connection as the actors hold it: lines, counted octets, contents that end with a dot.
pub(super) struct Dialogue {
    io: BufReader<Box<dyn Io>>,
    /// Reads along at a connecting end.
    tap: Option<Rc<RefCell<Tap>>>,
}

impl Dialogue {
    pub(super) fn new(io: Box<dyn Io>) -> Self {
        Self { io: BufReader::with_capacity(16 * 1024, io), tap: None }
    }

    /// A connection at its connecting end.
    pub(super) fn over(link: Link) -> Self {
        Self { tap: link.tap, ..Self::new(link.io) }
    }

    /// Begins TLS; what came before it and was not read is gone.
    pub(super) async fn secure(self, side: &TlsSide) -> io::Result<Self> {
        let secured = Self { tap: self.tap, ..Self::new(side.secure(self.io.into_inner()).await?) };
        secured.tapped(Tap::secured);
        Ok(secured)
    }

    pub(super) async fn say(&mut self, octets: &[u8]) -> io::Result<()> {
        self.tapped(|tap| tap.up(octets));
        self.io.write_all(octets).await?;
        self.io.flush().await
    }

    /// Closes in order.
    pub(super) async fn close(mut self) -> io::Result<()> {
        self.io.shutdown().await
    }

    /// The next line with its line end; an error where the other side has gone, or never ends the line.
    pub(super) async fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        (&mut self.io).take(LINE_OCTETS_MAX).read_until(b'\n', &mut line).await?;
        self.tapped(|tap| tap.down(&line));
        match line.last() {
            Some(b'\n') => Ok(line),
            _ if line.len() as u64 == LINE_OCTETS_MAX => Err(wrong("a line without end")),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// The next line as text, without its line end, which has to be CRLF.
    pub(super) async fn text_line(&mut self) -> io::Result<String> {
        let line = self.line().await?;
        let line = line.strip_suffix(b"\r\n").ok_or_else(|| wrong("a line that does not end with CRLF"))?;
        Ok(String::from_utf8_lossy(line).into_owned())
    }

    /// So many octets, as they come.
    pub(super) async fn exactly(&mut self, octets: usize) -> io::Result<Vec<u8>> {
        if octets > CONTENT_OCTETS_MAX {
            return Err(wrong("a literal beyond all measure"));
        }
        let mut read = vec![0; octets];
        self.io.read_exact(&mut read).await?;
        self.tapped(|tap| tap.down(&read));
        Ok(read)
    }

    fn tapped(&self, read: impl FnOnce(&mut Tap)) {
        if let Some(tap) = &self.tap {
            read(&mut tap.borrow_mut());
        }
    }

    /// A content up to its final dot; `heard` gets its octets as they come.
    pub(super) async fn content(&mut self, mut heard: impl FnMut(&[u8])) -> io::Result<Vec<u8>> {
        let mut content = Content::default();
        loop {
            let octets = self.io.fill_buf().await?;
            if octets.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let (taken, ended) = match content.take(octets) {
                Taken::All => (octets.len(), false),
                Taken::Ended(taken) => (taken, true),
                Taken::TooMuch => return Err(wrong("a content without end")),
            };
            heard(octets.get(..taken).unwrap_or_default());
            self.io.consume(taken);
            if ended {
                return Ok(content.into_octets());
            }
        }
    }
}

/// The other side does not speak as it should.
pub(super) fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_contents_and_octets_follow_one_another() {
        let read = heard(b"220 here\r\n.\r\n..two\r\n.\r\nabc* OK\r\nbare\n", async |dialogue| {
            let line = dialogue.text_line().await?;
            let mut heard = Vec::new();
            let empty = dialogue.content(|octets| heard.extend_from_slice(octets)).await?;
            let content = dialogue.content(|octets| heard.extend_from_slice(octets)).await?;
            let octets = dialogue.exactly(3).await?;
            let behind = dialogue.text_line().await?;
            assert_eq!((line.as_str(), behind.as_str()), ("220 here", "* OK"));
            assert_eq!(
                (empty.as_slice(), content.as_slice(), octets.as_slice()),
                (&b""[..], &b".two\r\n"[..], &b"abc"[..])
            );
            assert_eq!(heard, b".\r\n..two\r\n.\r\n");
            dialogue.text_line().await
        });
        assert!(read.is_err_and(|error| error.to_string().contains("CRLF")), "a bare line end is none");
    }

    #[test]
    fn a_line_without_end_is_an_error() {
        let endless = vec![b'x'; 2 * usize::try_from(LINE_OCTETS_MAX).expect("it is small")];
        let read = heard(&endless, async |dialogue| dialogue.line().await);
        assert_eq!(read.map_err(|error| error.kind()), Err(io::ErrorKind::InvalidData));
    }

    #[test]
    fn what_breaks_off_is_an_error() {
        for octets in [&b"220 he"[..], b""] {
            let read = heard(octets, async |dialogue| dialogue.line().await);
            assert_eq!(read.map_err(|error| error.kind()), Err(io::ErrorKind::UnexpectedEof));
        }
        let read = heard(b"one\r\n", async |dialogue| dialogue.content(|_| {}).await);
        assert_eq!(read.map_err(|error| error.kind()), Err(io::ErrorKind::UnexpectedEof));
        let read = heard(b"", async |dialogue| dialogue.exactly(usize::MAX).await);
        assert_eq!(read.map_err(|error| error.kind()), Err(io::ErrorKind::InvalidData));
    }

    fn heard<T>(octets: &[u8], read: impl AsyncFnOnce(&mut Dialogue) -> io::Result<T>) -> io::Result<T> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(async {
            let (mut far, near) = tokio::io::duplex(octets.len().max(1));
            far.write_all(octets).await?;
            drop(far);
            read(&mut Dialogue::new(Box::new(near))).await
        })
    }
}
