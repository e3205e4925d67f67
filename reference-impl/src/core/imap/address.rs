//! Addresses as ENVELOPE tells them (RFC 3501 §7.4.2): names as they were written, groups with their ends.

use imap_codec::imap_types::{core::NString, envelope::Address};

use super::describe::nstring;

/// Reads the unfolded value of an address field; what is no address is told as far as it can be.
pub(super) fn read(value: &[u8]) -> Vec<Address<'static>> {
    let mut found = Vec::new();
    let mut item = Item::default();
    let mut in_group = false;
    for word in words(value) {
        match word {
            Word::Sign(b':') if !in_group && item.angle.is_none() => {
                in_group = true;
                found.push(mark(Some(std::mem::take(&mut item).text)));
            }
            Word::Sign(b',') => found.extend(std::mem::take(&mut item).address()),
            Word::Sign(b';') => {
                found.extend(std::mem::take(&mut item).address());
                if std::mem::take(&mut in_group) {
                    found.push(mark(None));
                }
            }
            other => item.take(other),
        }
    }
    found.extend(item.address());
    if in_group {
        found.push(mark(None));
    }
    found
}

/// The beginning of a group, which has a name, or its end.
fn mark(name: Option<Vec<u8>>) -> Address<'static> {
    let none = || NString(None);
    Address { name: none(), adl: none(), mailbox: name.map_or(none(), |name| nstring(name.trim_ascii())), host: none() }
}

/// What stands between two commas.
#[derive(Default)]
struct Item {
    text: Vec<u8>,
    angle: Option<Vec<u8>>,
    comment: Option<Vec<u8>>,
}

impl Item {
    fn take(&mut self, word: Word) {
        match word {
            Word::Comment(text) => self.comment = Some(text),
            Word::Angle(text) => self.angle = Some(text),
            Word::Text(text) => self.text.extend(text),
            Word::Sign(sign) => self.text.push(sign),
        }
    }

    fn address(self) -> Option<Address<'static>> {
        let text = self.text.trim_ascii();
        let (name, spec) = match &self.angle {
            Some(angle) => (Some(text).filter(|name| !name.is_empty()), angle.as_slice()),
            None => (self.comment.as_deref(), text),
        };
        if spec.is_empty() && name.is_none() {
            return None;
        }
        // A source route is taken off.
        let spec = match spec.first() {
            Some(b'@') => {
                spec.iter().position(|octet| *octet == b':').and_then(|at| spec.get(at + 1..)).unwrap_or(spec)
            }
            _ => spec,
        };
        let at = spec.iter().rposition(|octet| *octet == b'@');
        let (mailbox, host) = at.map_or((spec, &b""[..]), |at| spec.split_at(at));
        let host = host.strip_prefix(b"@").unwrap_or(host);
        let name = name.map_or(NString(None), nstring);
        Some(Address {
            name,
            adl: NString(None),
            mailbox: nstring(mailbox.trim_ascii()),
            host: nstring(host.trim_ascii()),
        })
    }
}

enum Word {
    /// Text outside of all brackets, or a quoted string without its quotes.
    Text(Vec<u8>),
    /// What stood between angle brackets.
    Angle(Vec<u8>),
    Comment(Vec<u8>),
    Sign(u8),
}

fn words(value: &[u8]) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = value.iter().copied().peekable();
    while let Some(first) = rest.next() {
        words.push(match first {
            b'"' => Word::Text(enclosed(&mut rest, b'"', None)),
            b'(' => Word::Comment(enclosed(&mut rest, b')', Some(b'('))),
            b'<' => Word::Angle(enclosed(&mut rest, b'>', None)),
            b',' | b':' | b';' => Word::Sign(first),
            _ => {
                let mut text = vec![first];
                while let Some(octet) = rest.next_if(|octet| !b"\"(<,:;".contains(octet)) {
                    text.push(octet);
                }
                Word::Text(text)
            }
        });
    }
    words
}

/// What stands up to `close`, or up to the end, without escapes; `open` nests.
fn enclosed(rest: &mut impl Iterator<Item = u8>, close: u8, open: Option<u8>) -> Vec<u8> {
    let mut inner = Vec::new();
    let mut depth = 0_usize;
    while let Some(octet) = rest.next() {
        match octet {
            b'\\' => inner.extend(rest.next()),
            _ if octet == close && depth == 0 => break,
            _ => {
                if octet == close {
                    depth -= 1;
                } else if Some(octet) == open {
                    depth += 1;
                }
                inner.push(octet);
            }
        }
    }
    inner
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(value: &str) -> Vec<String> {
        let text = |string: NString<'_>| {
            string.into_option().map_or("NIL".to_owned(), |octets| String::from_utf8_lossy(&octets).into_owned())
        };
        let all = read(value.as_bytes()).into_iter();
        all.map(|one| format!("{}|{}|{}", text(one.name), text(one.mailbox), text(one.host))).collect()
    }

    #[test]
    fn names_stay_as_they_were_written() {
        assert_eq!(told("anna@alfa.test"), ["NIL|anna|alfa.test"]);
        assert_eq!(
            told("\"Rossi, Anna\" <anna@alfa.test>, b@c (Bruno (B))"),
            ["Rossi, Anna|anna|alfa.test", "Bruno (B)|b|c"]
        );
        assert_eq!(told("=?utf-8?Q?Ann=C3=A0?= <a@b>"), ["=?utf-8?Q?Ann=C3=A0?=|a|b"]);
        assert_eq!(
            told("\"Per conto di: anna@alfa.test\" <posta-certificata@alfa.test>"),
            ["Per conto di: anna@alfa.test|posta-certificata|alfa.test"]
        );
        assert_eq!(told("<@r:a@b>"), ["NIL|a|b"]);
    }

    #[test]
    fn groups_have_a_beginning_and_an_end() {
        assert_eq!(told("Gruppo: a@b, c@d;, e@f"), ["NIL|Gruppo|NIL", "NIL|a|b", "NIL|c|d", "NIL|NIL|NIL", "NIL|e|f"]);
        assert_eq!(told("nessuno:"), ["NIL|nessuno|NIL", "NIL|NIL|NIL"]);
    }

    #[test]
    fn what_is_no_address_is_told_as_far_as_it_can_be() {
        assert_eq!(told("anna"), ["NIL|anna|"]);
        assert_eq!(told(" , ;"), Vec::<String>::new());
        assert_eq!(told("\"x"), ["NIL|x|"]);
        assert_eq!(told("<a@b"), ["NIL|a|b"]);
        assert_eq!(read(&[b'('; 100_000]).len(), 1);
    }
}
