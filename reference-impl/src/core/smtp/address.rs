/// Whether this is an address as MAIL and RCPT take it: a dot-atom or quoted local part, and a domain name.
///
/// Control characters and octets beyond ASCII are in neither, so nothing that passes here can break a line.
pub(crate) fn is_mailbox(address: &str) -> bool {
    if address.len() > 254 {
        return false;
    }
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    !local.is_empty() && local.len() <= 64 && (is_dot_atom(local) || is_quoted(local)) && is_domain(domain)
}

fn is_dot_atom(local: &str) -> bool {
    local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

fn is_atext(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&octet)
}

fn is_quoted(local: &str) -> bool {
    let Some(inner) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return false };
    let mut escaped = false;
    for octet in inner.bytes() {
        match (escaped, octet) {
            (_, octet) if !(b' '..=b'~').contains(&octet) => return false,
            (true, _) => escaped = false,
            (false, b'\\') => escaped = true,
            (false, b'"') => return false,
            _ => {}
        }
    }
    !escaped
}

fn is_domain(domain: &str) -> bool {
    domain.split('.').all(|label| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_grammar_pass() {
        for address in ["anna@alfa.test", "a.b+c@x", "\"a b\\\"c\"@alfa.test", "o'neil@alfa-1.test"] {
            assert!(is_mailbox(address), "{address}");
        }
    }

    #[test]
    fn all_else_is_no_address() {
        let no =
            ["", "anna", "@alfa.test", "anna@", "a..b@x", ".a@x", "a b@x", "a@-x", "a@x..y", "\"a@x", "\"a\"b\"@x"];
        for address in no.into_iter().chain(["a\r\n@x", "è@x", "a@è", "\"a\\\"@x", "a@[127.0.0.1]", "a>b@x"]) {
            assert!(!is_mailbox(address), "{address:?}");
        }
    }
}
