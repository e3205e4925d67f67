//! Addresses of header fields (RFC 5322 §3.4) and of SMTP paths.

/// Whether two addresses are the same mailbox: local parts octet by octet, domains ignoring case.
pub fn same_address(one: &str, other: &str) -> bool {
    mailbox_key(one).is_some_and(|key| mailbox_key(other) == Some(key))
}

/// What is equal for all spellings of one mailbox; `None` for what has no domain.
pub(super) fn mailbox_key(address: &str) -> Option<String> {
    let address = normal(address);
    let (local, domain) = address.rsplit_once('@')?;
    Some([local, "@", &domain.to_ascii_lowercase()].concat())
}

/// The domain of an address, where it has one.
pub fn domain_of(address: &str) -> Option<&str> {
    address.rsplit_once('@').map(|(_, domain)| domain)
}

/// Reads the value of an address field; groups give their members.
///
/// *Takes* an unfolded value. *Gives* addresses without display name, quotes only where the local part needs them, in
/// their order; `None` where the value is no address list. Empty list elements are passed over; routes, and white space
/// or comments around the dots of an address, are refused, since readers disagree about them.
pub(super) fn read_list(value: &[u8]) -> Option<Vec<String>> {
    let tokens = tokens(value)?;
    let mut addresses = Vec::new();
    let mut rest = tokens.as_slice();
    let mut in_group = false;
    while let Some(token) = rest.first() {
        match token.kind {
            Kind::Special(b',') => rest = rest.get(1..)?,
            Kind::Special(b';') if in_group => {
                in_group = false;
                rest = rest.get(1..)?;
                if !matches!(rest.first().map(|token| &token.kind), None | Some(Kind::Special(b','))) {
                    return None;
                }
            }
            _ => {
                let end = rest.iter().position(Token::ends_item).unwrap_or(rest.len());
                let (item, tail) = rest.split_at(end);
                rest = tail;
                if rest.first().is_some_and(|token| token.is(b':')) {
                    if in_group || item.is_empty() || !item.iter().all(Token::is_of_phrase) {
                        return None;
                    }
                    in_group = true;
                    rest = rest.get(1..)?;
                } else {
                    addresses.push(mailbox(item)?);
                }
            }
        }
    }
    (!in_group).then_some(addresses)
}

/// Reads the value of From: one address, in no list and no group, so that every reader sees the same author.
pub(super) fn read_author(value: &[u8]) -> Option<String> {
    mailbox(&tokens(value)?)
}

/// An address as [`read_list`] writes it; what is no address stays as it is.
fn normal(address: &str) -> String {
    if !address.contains('"') {
        return address.into();
    }
    read_list(address.as_bytes()).and_then(|list| list.into_iter().next()).unwrap_or_else(|| address.into())
}

/// `[phrase] "<" addr-spec ">"` or `addr-spec`.
fn mailbox(item: &[Token]) -> Option<String> {
    let Some(open) = item.iter().position(|token| token.is(b'<')) else {
        return addr_spec(item);
    };
    let (phrase, angle) = item.split_at(open);
    let (last, inner) = angle.get(1..)?.split_last()?;
    if !phrase.iter().all(Token::is_of_phrase) || !last.is(b'>') {
        return None;
    }
    addr_spec(inner)
}

fn addr_spec(tokens: &[Token]) -> Option<String> {
    let at = tokens.iter().position(|token| token.is(b'@'))?;
    let (local, domain) = tokens.split_at(at);
    let domain = domain.get(1..)?;
    let local = match local {
        [Token { kind: Kind::Quoted(text), .. }] => quote_if_needed(text)?,
        _ => dot_atom(local)?,
    };
    let domain = match domain {
        [Token { kind: Kind::Literal(text), .. }] => text.clone(),
        _ => dot_atom(domain)?,
    };
    // RFC 5321 §4.5.3.1; what lies beyond could not be an SMTP path.
    (local.len() <= 64 && domain.len() <= 255).then(|| [&*local, "@", &*domain].concat())
}

/// Atoms parted by single dots, with nothing between them.
fn dot_atom(tokens: &[Token]) -> Option<String> {
    let mut text = String::new();
    for (number, token) in tokens.iter().enumerate() {
        if number > 0 && token.spaced {
            return None;
        }
        match &token.kind {
            Kind::Atom(atom) if number % 2 == 0 && atom.is_ascii() => text.push_str(atom),
            Kind::Special(b'.') if number % 2 == 1 => text.push('.'),
            _ => return None,
        }
    }
    (tokens.len() % 2 == 1).then_some(text)
}

fn quote_if_needed(local: &str) -> Option<String> {
    if !local.bytes().all(|octet| matches!(octet, b' '..=b'~')) {
        return None;
    }
    if local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext)) {
        return Some(local.into());
    }
    Some(format!("\"{}\"", local.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// A word or a sign, with what stood before it.
struct Token {
    kind: Kind,
    /// White space or a comment stands before it.
    spaced: bool,
}

enum Kind {
    Atom(String),
    Quoted(String),
    Literal(String),
    Special(u8),
}

impl Token {
    fn is(&self, sign: u8) -> bool {
        matches!(self.kind, Kind::Special(found) if found == sign)
    }

    fn ends_item(&self) -> bool {
        self.is(b',') || self.is(b';') || self.is(b':')
    }

    /// Words; and dots, which people write in names without quotes.
    fn is_of_phrase(&self) -> bool {
        matches!(self.kind, Kind::Atom(_) | Kind::Quoted(_) | Kind::Special(b'.'))
    }
}

fn tokens(value: &[u8]) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = value;
    let mut spaced = false;
    while let Some(first) = rest.first() {
        let (kind, length) = match first {
            b' ' | b'\t' => (None, 1),
            b'(' => (None, comment(rest)?),
            b'"' => enclosed(rest, b'"').map(|(text, length)| (Some(Kind::Quoted(text)), length))?,
            b'[' => enclosed(rest, b']').map(|(text, length)| (Some(Kind::Literal(format!("[{text}]"))), length))?,
            b'<' | b'>' | b',' | b';' | b':' | b'@' | b'.' => (Some(Kind::Special(*first)), 1),
            _ => {
                let length = rest.iter().position(|octet| !is_word(*octet)).unwrap_or(rest.len());
                let text = rest.get(..length)?;
                if text.is_empty() {
                    return None;
                }
                (Some(Kind::Atom(String::from_utf8_lossy(text).into_owned())), length)
            }
        };
        match kind {
            Some(kind) => tokens.push(Token { kind, spaced: std::mem::take(&mut spaced) }),
            None => spaced = true,
        }
        rest = rest.get(length..)?;
    }
    Some(tokens)
}

/// The length of the comment that opens at the first octet; comments nest.
fn comment(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, octet) in text.iter().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => depth += 1,
            b')' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// What stands between the first octet and its `close`, without escapes, and the length of the whole.
fn enclosed(text: &[u8], close: u8) -> Option<(String, usize)> {
    let mut inner = Vec::new();
    let mut escaped = false;
    for (at, octet) in text.iter().enumerate().skip(1) {
        match octet {
            _ if escaped => {
                inner.push(*octet);
                escaped = false;
            }
            b'\\' => escaped = true,
            octet if *octet == close => return Some((String::from_utf8_lossy(&inner).into_owned(), at + 1)),
            _ => inner.push(*octet),
        }
    }
    None
}

fn is_word(octet: u8) -> bool {
    is_atext(octet) || octet >= 128
}

fn is_atext(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&octet)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(value: &str) -> Option<Vec<String>> {
        read_list(value.as_bytes())
    }

    #[test]
    fn lists_groups_comments_and_quotes_are_read() {
        assert_eq!(list("a@b.it, \"Rossi, Anna\" <anna@alfa.test>").unwrap(), ["a@b.it", "anna@alfa.test"]);
        assert_eq!(list("Gruppo: a@b.it, B <b@b.it>;, c@b.it").unwrap(), ["a@b.it", "b@b.it", "c@b.it"]);
        assert_eq!(list("Anna (capo (vero)) Q. Rossi <anna@alfa.test> (qui)").unwrap(), ["anna@alfa.test"]);
        assert_eq!(list("=?utf-8?Q?Ann=C3=A0?= <anna@alfa.test>").unwrap(), ["anna@alfa.test"]);
        assert_eq!(list("\"a b\"@c.it, \"d\"@c.it").unwrap(), ["\"a b\"@c.it", "d@c.it"]);
        assert_eq!(list("a @ b.it").unwrap(), ["a@b.it"]);
        assert_eq!(list("a@[192.0.2.1]").unwrap(), ["a@[192.0.2.1]"]);
    }

    #[test]
    fn lists_without_address_are_empty() {
        assert!(list("").unwrap().is_empty());
        assert!(list(" , (nobody), ").unwrap().is_empty());
        assert!(list("undisclosed-recipients:;").unwrap().is_empty());
    }

    #[test]
    fn what_readers_disagree_about_is_refused() {
        for value in [
            "anna",
            "anna@",
            "@alfa.test",
            "a@b@c.it",
            "a..b@c.it",
            ".a@c.it",
            "a@c.it.",
            "a . b@c.it",
            "a@c. it",
            "<@x.it,@y.it:a@b.it>",
            "a@b.it c@d.it",
            "A <a@b.it> x",
            "<a@b.it",
            "a@b.it>",
            "G: a@b.it",
            "a;b@c.it",
            "G: H: a@b.it;;",
            "G: a@b.it; c@b.it",
            ": a@b.it;",
            "\"x",
            "(x",
            "a@b.it\u{1}",
            "à@b.it",
            "a@è.it",
            "<>",
        ] {
            assert_eq!(list(value), None, "{value}");
        }
    }

    #[test]
    fn an_author_is_one_address_alone() {
        let author = |value: &str| read_author(value.as_bytes());
        assert_eq!(author("Anna Q. Rossi (capo) <anna@alfa.test>").as_deref(), Some("anna@alfa.test"));
        assert_eq!(author("\"anna\"@alfa.test").as_deref(), Some("anna@alfa.test"));
        for value in ["", "a@b.it, c@d.it", "a@b.it,", "G: a@b.it;", "a@b.it;", "<a@b.it> <c@d.it>", "a@b.it <c@d.it>"]
        {
            assert_eq!(author(value), None, "{value}");
        }
    }

    #[test]
    fn domains_ignore_case_and_local_parts_do_not() {
        assert!(same_address("anna@Alfa.Test", "anna@alfa.test"));
        assert!(same_address("\"anna\"@alfa.test", "anna@alfa.test"));
        assert!(!same_address("Anna@alfa.test", "anna@alfa.test"));
        assert!(!same_address("anna", "anna"));
    }

    #[test]
    fn deep_comments_cost_no_stack() {
        assert_eq!(list(&"(".repeat(1 << 20)), None);
    }
}
