//! Address lists as RFC 5322 writes them, read strictly: a list that breaks the grammar is not guessed at.

/// The addresses of a field's value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Addresses {
    /// Each addr-spec, comments and white space left out.
    pub(crate) list: Vec<String>,
    /// Whether a group was among them.
    pub(crate) group: bool,
}

/// Reads an address list. None where it is not one, or holds nothing.
pub(crate) fn addresses(value: &[u8]) -> Option<Addresses> {
    let mut found = Addresses::default();
    let mut entry = Vec::new();
    for token in tokens(value)? {
        match token {
            Token::Sign(b',') => take(&mut entry, &mut found)?,
            Token::Sign(b':') if !found.group && !entry.iter().any(Token::is_angle) => {
                entry.clear();
                found.group = true;
            }
            Token::Sign(b';') if found.group => take(&mut entry, &mut found)?,
            other => entry.push(other),
        }
    }
    take(&mut entry, &mut found)?;
    (found.group || !found.list.is_empty()).then_some(found)
}

/// Whether two addresses name the same mailbox; case does not tell mailboxes apart here.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.trim().eq_ignore_ascii_case(other.trim())
}

/// The part behind the last at sign, in lower case; empty where there is none.
pub(crate) fn domain(address: &str) -> String {
    address.rsplit_once('@').map(|(_, domain)| domain.trim().to_ascii_lowercase()).unwrap_or_default()
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// A run of characters that may stand in an atom, dots included.
    Word(Vec<u8>),
    /// A quoted string, quotes included.
    Quoted(Vec<u8>),
    /// A domain literal, brackets included.
    Literal(Vec<u8>),
    /// `<`, `>`, `@`, `,`, `:`, `;`.
    Sign(u8),
}

impl Token {
    fn is_angle(&self) -> bool {
        matches!(self, Self::Sign(b'<' | b'>'))
    }
}

/// One entry between commas: nothing (which old syntax allows), an addr-spec, or a phrase and an addr-spec in angles.
fn take(entry: &mut Vec<Token>, found: &mut Addresses) -> Option<()> {
    let tokens = std::mem::take(entry);
    if tokens.is_empty() {
        return Some(());
    }
    let spec = match tokens.iter().position(|token| *token == Token::Sign(b'<')) {
        Some(open) => {
            let (phrase, behind) = tokens.split_at(open);
            phrase.iter().all(|token| matches!(token, Token::Word(_) | Token::Quoted(_))).then_some(())?;
            match behind {
                [_, spec @ .., Token::Sign(b'>')] => spec,
                _ => return None,
            }
        }
        None => tokens.as_slice(),
    };
    found.list.push(addr_spec(spec)?);
    Some(())
}

fn addr_spec(tokens: &[Token]) -> Option<String> {
    let octets = match tokens {
        [Token::Word(local), Token::Sign(b'@'), Token::Word(domain)] if dot_atom(local) && dot_atom(domain) => {
            [local, &b"@"[..], domain].concat()
        }
        [Token::Word(local), Token::Sign(b'@'), Token::Literal(domain)] if dot_atom(local) => {
            [local, &b"@"[..], domain].concat()
        }
        [Token::Quoted(local), Token::Sign(b'@'), Token::Word(domain)] if dot_atom(domain) => {
            [local, &b"@"[..], domain].concat()
        }
        [Token::Quoted(local), Token::Sign(b'@'), Token::Literal(domain)] => [local, &b"@"[..], domain].concat(),
        _ => return None,
    };
    String::from_utf8(octets).ok()
}

fn dot_atom(word: &[u8]) -> bool {
    word.is_ascii() && word.split(|octet| *octet == b'.').all(|atom| !atom.is_empty())
}

fn tokens(value: &[u8]) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = value;
    while let Some((first, behind)) = rest.split_first() {
        let taken = match first {
            b' ' | b'\t' | b'\r' | b'\n' => {
                rest = behind;
                continue;
            }
            b'(' => {
                rest = rest.get(comment(rest)?..)?;
                continue;
            }
            b'"' => 1 + closing(behind, b'"')?,
            b'[' => 1 + closing(behind, b']')?,
            b'<' | b'>' | b'@' | b',' | b':' | b';' => 1,
            octet if in_word(*octet) => rest.iter().take_while(|octet| in_word(**octet)).count(),
            _ => return None,
        };
        let (token, behind) = rest.split_at_checked(taken)?;
        tokens.push(match first {
            b'"' => Token::Quoted(token.to_vec()),
            b'[' => Token::Literal(token.to_vec()),
            sign if taken == 1 && !in_word(*sign) => Token::Sign(*sign),
            _ => Token::Word(token.to_vec()),
        });
        rest = behind;
    }
    Some(tokens)
}

/// Atom characters, the dot, and octets above 127, which may stand in a name but make no address.
fn in_word(octet: u8) -> bool {
    octet >= 128 || octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&octet)
}

/// How many octets up to and with the closing sign that no backslash escapes.
fn closing(octets: &[u8], sign: u8) -> Option<usize> {
    let mut escaped = false;
    let at = octets.iter().position(|octet| {
        let closes = !escaped && *octet == sign;
        escaped = !escaped && *octet == b'\\';
        closes
    })?;
    Some(at + 1)
}

/// How many octets a comment takes; comments nest.
fn comment(octets: &[u8]) -> Option<usize> {
    let (mut depth, mut escaped) = (0_usize, false);
    let at = octets.iter().position(|octet| {
        match octet {
            b'(' if !escaped => depth += 1,
            b')' if !escaped => depth -= 1,
            _ => {}
        }
        escaped = !escaped && *octet == b'\\';
        depth == 0
    })?;
    Some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(value: &str) -> Option<Vec<String>> {
        addresses(value.as_bytes()).map(|found| found.list)
    }

    #[test]
    fn names_comments_and_quotes_stand_around_addresses() {
        let value =
            " \"Rossi, Anna\" <anna@alfa.test> (a (nested) one),\r\n bruno@beta.test, J. Q. <\"x y\"@[127.0.0.1]>";
        assert_eq!(
            list(value),
            Some(vec!["anna@alfa.test".into(), "bruno@beta.test".into(), "\"x y\"@[127.0.0.1]".into()])
        );
    }

    #[test]
    fn what_breaks_the_grammar_is_no_address_list() {
        for value in [
            "",
            "  ",
            "anna",
            "anna@",
            "@alfa.test",
            "a b@alfa.test",
            "anna@alfa..test",
            ".a@b",
            "<anna@alfa.test",
            "(x",
            "\"x",
        ] {
            assert_eq!(list(value), None, "{value}");
        }
    }

    #[test]
    fn an_empty_group_is_a_group_without_addresses() {
        assert_eq!(addresses(b"undisclosed-recipients:;"), Some(Addresses { list: vec![], group: true }));
        assert!(addresses(b"team: a@b.test, c@d.test;").is_some_and(|found| found.group && found.list.len() == 2));
    }

    #[test]
    fn deep_comments_cost_no_stack() {
        assert_eq!(list(&"(".repeat(100_000)), None);
    }
}
