//! A mail transaction, at the provider's own end of the connection.

use collaudo_forge::Entity;

use crate::pick::{Kind, kind_of};

/// What goes, or comes, in one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mail {
    /// The reverse path, without angle brackets.
    pub(crate) from: String,
    /// Parameters of `MAIL`, a blank before each; its size left out, which may change.
    pub(crate) parameters: String,
    /// The forward paths, without angle brackets.
    pub(crate) to: Vec<String>,
    /// The message, dots of its own undoubled, with CRLF.
    pub(crate) message: Vec<u8>,
}

impl Mail {
    /// Begins with a line that is `MAIL FROM:<...>`; none where it is another command.
    pub(crate) fn begun(line: &str) -> Option<Self> {
        let (path, rest) = path(strip_verb(line, "MAIL FROM:")?);
        let parameters = rest.split_whitespace().filter(|word| !word.to_ascii_uppercase().starts_with("SIZE="));
        let parameters = parameters.map(|word| format!(" {word}")).collect();
        Some(Self { from: path, parameters, ..Self::default() })
    }

    /// The address of a line that is `RCPT TO:<...>`.
    pub(crate) fn recipient(line: &str) -> Option<String> {
        Some(path(strip_verb(line, "RCPT TO:")?).0)
    }

    /// What the message says that it is.
    pub(crate) fn kind(&self) -> Option<Kind> {
        kind_of(&Entity::read(&self.message).fields)
    }

    /// What is written to carry it out, each behind the reply to the one before.
    pub(crate) fn script(&self) -> Vec<Vec<u8>> {
        let mut script = vec![format!("MAIL FROM:<{}>{}\r\n", self.from, self.parameters).into_bytes()];
        script.extend(self.to.iter().map(|to| format!("RCPT TO:<{to}>\r\n").into_bytes()));
        script.extend([b"DATA\r\n".to_vec(), stuffed(&self.message)]);
        script
    }
}

/// A message as it crosses: dots doubled, the final dot behind it.
pub(crate) fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(message.len() + 3);
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b".") {
            octets.push(b'.');
        }
        octets.extend_from_slice(line);
    }
    if !octets.is_empty() && !octets.ends_with(b"\r\n") {
        octets.extend_from_slice(b"\r\n");
    }
    octets.extend_from_slice(b".\r\n");
    octets
}

/// Takes a whole message off the front of what came; none while its final dot is not there.
pub(crate) fn take_message(octets: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = if octets.starts_with(b".\r\n") {
        0
    } else {
        octets.windows(5).position(|window| window == b"\r\n.\r\n").map(|n| n + 2)?
    };
    let message: Vec<u8> = octets.drain(..end + 3).take(end).collect();
    let lines = message.split_inclusive(|octet| *octet == b'\n');
    Some(lines.flat_map(|line| line.strip_prefix(b".").unwrap_or(line)).copied().collect())
}

/// Takes a line off the front of what came, without its line break.
pub(crate) fn take_line(octets: &mut Vec<u8>) -> Option<String> {
    let end = octets.windows(2).position(|window| window == b"\r\n")?;
    let line: Vec<u8> = octets.drain(..end + 2).take(end).collect();
    Some(String::from_utf8_lossy(&line).into_owned())
}

fn strip_verb<'a>(line: &'a str, verb: &str) -> Option<&'a str> {
    let (found, rest) = line.split_at_checked(verb.len())?;
    found.eq_ignore_ascii_case(verb).then_some(rest)
}

fn path(text: &str) -> (String, &str) {
    let text = text.trim_start();
    match text.strip_prefix('<').and_then(|text| text.split_once('>')) {
        Some((path, rest)) => (path.to_owned(), rest),
        None => text.split_once(' ').map_or((text.to_owned(), ""), |(path, rest)| (path.to_owned(), rest)),
    }
}
