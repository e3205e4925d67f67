//! A mailbox in one file: messages one after another, each behind a line that begins with `From ` and follows an empty one.

use std::{
    io::{self, Read},
    ops::ControlFlow,
};

use memchr::memchr;

use crate::{quoting::is_quoted, window::Window};

/// The longest line that is taken for a postmark, and what is looked at of the line behind it.
const LINE_OCTETS: usize = 998;

/// A file that lies about its lengths so often is not asked again: each lie costs a look ahead.
const MOST_LIES: u32 = 8;

/// The messages of a mailbox in one file, read in pieces: no more than one message is held.
#[derive(Debug)]
pub struct Mbox<R> {
    window: Window<R>,
    limit_octets: u64,
    lies: u32,
}

/// A message of a mailbox in one file.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// The message.
    Message {
        /// Where its first octet is in the file.
        octet: u64,
        /// Its octets as stored, without the empty line behind it.
        octets: Vec<u8>,
        /// Whether some of its lines may be quoted.
        quoted: bool,
    },
    /// A message above the limit, read over.
    TooLarge {
        /// Where its first octet is in the file.
        octet: u64,
        /// How many it has.
        octets: u64,
    },
}

impl<R: Read> Mbox<R> {
    /// Takes octets whose first line that is not empty is a postmark, and the most octets of a message that is given.
    pub fn new(input: R, limit_octets: u64) -> Self {
        Self { window: Window::new(input), limit_octets, lies: 0 }
    }

    /// How far it was read, in octets.
    pub fn offset(&self) -> u64 {
        self.window.offset()
    }

    /// The next message; none where there is no other.
    ///
    /// # Errors
    /// What the input says.
    pub fn piece(&mut self) -> io::Result<Option<Piece>> {
        while matches!(self.window.peek(1)?.first(), Some(b'\r' | b'\n')) {
            self.window.consume(1);
        }
        if self.window.peek(1)?.is_empty() {
            return Ok(None);
        }
        // The postmark.
        self.line(|_, _| ())?;
        let mut draft = Draft { octet: self.window.offset(), limit_octets: self.limit_octets, ..Draft::default() };
        while !self.window.peek(1)?.is_empty() {
            let ends = draft.after_empty_line && self.at_separator()?;
            if ends && !self.is_within_claimed_length(&mut draft)? {
                break;
            }
            self.line(|piece, begins| draft.take(piece, begins))?;
        }
        Ok(Some(draft.finish()))
    }

    /// Consumes one line and gives it, in pieces where it is long, each with whether it begins the line.
    fn line(&mut self, mut give: impl FnMut(&[u8], bool)) -> io::Result<()> {
        let mut begins = true;
        loop {
            let ahead = self.window.peek(LINE_OCTETS)?;
            let end = memchr(b'\n', ahead).map(|at| at + 1);
            let piece = &ahead[..end.unwrap_or(ahead.len())];
            give(piece, begins);
            let octets = piece.len();
            self.window.consume(octets);
            if end.is_some() || octets == 0 {
                return Ok(());
            }
            begins = false;
        }
    }

    fn at_separator(&mut self) -> io::Result<bool> {
        if !self.window.peek(5)?.starts_with(b"From ") {
            return Ok(false);
        }
        Ok(is_separator(self.window.peek(2 * LINE_OCTETS)?))
    }

    /// Whether the message says by its `Content-Length` that what looks like the next postmark is still its own, and
    /// the file bears it out: at the end of that length there is another postmark, or the end of the file.
    fn is_within_claimed_length(&mut self, draft: &mut Draft) -> io::Result<bool> {
        let Some(missing) = draft.claimed_octets.and_then(|claimed| claimed.checked_sub(draft.body_octets)) else {
            return Ok(false);
        };
        // The empty line before a postmark may or may not be counted as the message's own.
        let is_all = missing <= 2;
        if is_all || self.lies >= MOST_LIES || draft.octets + missing > self.limit_octets {
            return Ok(false);
        }
        let Ok(missing) = usize::try_from(missing) else { return Ok(false) };
        let ahead = self.window.peek(missing.saturating_add(4 + 2 * LINE_OCTETS))?;
        let fits = ahead.get(missing..).is_some_and(|rest| {
            let line_ends = rest.iter().take(4).take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
            rest.len() == line_ends || is_separator(&rest[line_ends..])
        });
        if !fits {
            draft.claimed_octets = None;
            self.lies += 1;
        }
        Ok(fits)
    }
}

/// What is known of a message while it is read.
#[derive(Debug, Default)]
struct Draft {
    octet: u64,
    kept: Vec<u8>,
    octets: u64,
    limit_octets: u64,
    after_empty_line: bool,
    in_body: bool,
    body_octets: u64,
    claimed_octets: Option<u64>,
    quoted: bool,
}

impl Draft {
    fn take(&mut self, piece: &[u8], begins: bool) {
        let is_empty_line = begins && matches!(piece, b"\n" | b"\r\n");
        self.octets += piece.len() as u64;
        if self.octets <= self.limit_octets {
            self.kept.extend_from_slice(piece);
        } else {
            self.kept = Vec::new();
        }
        if self.in_body {
            self.body_octets += piece.len() as u64;
        } else if begins {
            self.in_body = is_empty_line;
            self.claimed_octets = self.claimed_octets.or_else(|| content_length(piece));
        }
        self.quoted |= begins && is_quoted(piece);
        self.after_empty_line = is_empty_line;
    }

    fn finish(mut self) -> Piece {
        if self.octets > self.limit_octets {
            return Piece::TooLarge { octet: self.octet, octets: self.octets };
        }
        if self.after_empty_line {
            let line_end = if self.kept.ends_with(b"\r\n") { 2 } else { 1 };
            self.kept.truncate(self.kept.len() - line_end);
        }
        Piece::Message { octet: self.octet, octets: self.kept, quoted: self.quoted }
    }
}

fn content_length(line: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"content-length:";
    let (name, value) = line.split_at_checked(NAME.len())?;
    let value = name.eq_ignore_ascii_case(NAME).then_some(value)?;
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

/// Whether a message of a mailbox begins here: a postmark, then a header field, or a line end, or nothing. Text that only
/// begins with the word `From ` has no date or no field behind it.
pub(crate) fn is_separator(ahead: &[u8]) -> bool {
    let Some(end) = memchr(b'\n', ahead) else { return false };
    let (postmark, behind) = (&ahead[..end], &ahead[end + 1..]);
    let Some(words) = postmark.strip_prefix(b"From ") else { return false };
    end <= LINE_OCTETS && is_postmark(words.trim_ascii()) && begins_header(behind)
}

/// `anna@alfa.example Mon Mar  2 11:00:00 2026`: a time of day and a year; or the sender alone.
fn is_postmark(words: &[u8]) -> bool {
    let names_sender = words == b"-" || words.contains(&b'@');
    let is_alone = !words.contains(&b' ');
    let has_time = words.windows(5).any(|five| {
        matches!(five, [a, b, b':', c, d] if (*a == b' ' || a.is_ascii_digit()) && [b, c, d].into_iter().all(u8::is_ascii_digit))
    });
    let is_year = |word: &[u8]| word.len() == 4 && word.iter().all(u8::is_ascii_digit);
    (has_time && words.split(|octet| *octet == b' ').any(is_year)) || (is_alone && names_sender)
}

fn begins_header(line: &[u8]) -> bool {
    // Some programs leave a second, quoted postmark behind the first.
    let nothing = line.is_empty() || line.starts_with(b"\n") || line.starts_with(b"\r\n");
    nothing || is_quoted(line) || is_field(line)
}

/// Whether a line begins with a header field's name.
pub(crate) fn is_field(line: &[u8]) -> bool {
    let name = line.iter().take(128).try_fold(0, |octets, octet| match octet {
        b':' => ControlFlow::Break(octets),
        b'!'..=b'~' => ControlFlow::Continue(octets + 1),
        _ => ControlFlow::Break(0),
    });
    matches!(name, ControlFlow::Break(1..))
}
