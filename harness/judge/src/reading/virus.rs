//! The judge's own finder of the EICAR test file: it looks into decoded parts, never at a message's raw octets.

use super::{Entity, Signature, Trust};

/// What a message carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Virus {
    /// Nothing that this finder knows.
    #[default]
    None,
    /// The test file's octets in a place where by its own definition they are no virus: a scanner may find them or not.
    Unclear,
    /// The test file, as a part of its own.
    Found,
}

/// The 68 octets, in two pieces so that no scanner takes this source for them.
const EICAR: &[u8] = concat!("X5O!P%@AP[4\\PZX54(P^)7CC)7}", "$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*").as_bytes();

/// The longest file that is the test file, white space at its end included.
const LONGEST: usize = 128;

/// How deep messages and signed contents may nest.
const MAX_DEPTH: u32 = 12;

impl Virus {
    /// What a MIME tree carries, in messages that are attached and contents that are signed too.
    pub(super) fn of(entity: &Entity) -> Self {
        inside(entity, 0)
    }
}

fn inside(entity: &Entity, depth: u32) -> Virus {
    if !entity.children.is_empty() {
        return entity.children.iter().map(|child| inside(child, depth)).max().unwrap_or_default();
    }
    if depth >= MAX_DEPTH {
        return plain(&entity.decoded);
    }
    if matches!(entity.media_type.as_str(), "message/rfc822" | "message/global") {
        return inside(&Entity::read(&entity.decoded), depth + 1);
    }
    let is_cms = matches!(entity.media_type.as_str(), "application/pkcs7-mime" | "application/x-pkcs7-mime");
    let is_signed_file = || entity.name.as_deref().is_some_and(|name| name.to_ascii_lowercase().ends_with(".p7m"));
    let enclosed = || Signature::read(&entity.decoded, &[], &Trust::default()).1;
    match (is_cms || is_signed_file()).then(enclosed).flatten() {
        Some(content) => plain(&content).max(inside(&Entity::read(&content), depth + 1)),
        None => plain(&entity.decoded),
    }
}

/// What the octets of one file are.
fn plain(octets: &[u8]) -> Virus {
    let Some(at) = find(octets) else { return Virus::None };
    let behind = octets.get(at + EICAR.len()..).unwrap_or_default();
    let is_blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | 0x1a);
    match at == 0 && octets.len() <= LONGEST && behind.iter().all(is_blank) {
        true => Virus::Found,
        false => Virus::Unclear,
    }
}

fn find(octets: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = octets.get(from..)?.iter().position(|b| Some(b) == EICAR.first()) {
        from += at;
        if octets.get(from..)?.starts_with(EICAR) {
            return Some(from);
        }
        from += 1;
    }
    None
}

#[cfg(test)]
pub(crate) fn eicar() -> String {
    String::from_utf8(EICAR.to_vec()).expect("it is text")
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::*;
    use crate::fixture::{EPOCH, Signing, signed_data};

    fn virus(message: &str) -> Virus {
        Virus::of(&Entity::read(message.as_bytes()))
    }

    fn attached(encoding: &str, body: &str) -> String {
        format!(
            "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nciao\r\n--a\r\n\
             Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}\r\n--a--\r\n"
        )
    }

    #[test]
    fn the_file_is_found_in_every_encoding_and_at_every_depth() {
        let base64 = attached("base64", &STANDARD.encode(eicar()));
        let quoted = attached("quoted-printable", &eicar().replace('P', "=50").replace("EICAR", "EIC=\r\nAR"));
        for message in [&base64, &quoted, &attached("7bit", &eicar())] {
            assert_eq!(virus(message), Virus::Found, "{message}");
            let nested = format!("Content-Type: message/rfc822\r\n\r\n{message}");
            assert_eq!(virus(&format!("Content-Type: message/rfc822\r\n\r\n{nested}")), Virus::Found);
        }
        assert_eq!(virus(&format!("Subject: x\r\n\r\n{}\r\n", eicar())), Virus::Found);
    }

    #[test]
    fn the_file_is_found_inside_an_opaque_signature() {
        for content in [eicar(), attached("base64", &STANDARD.encode(eicar()))] {
            let signed = STANDARD.encode(signed_data(content.as_bytes(), Signing::Alfa, EPOCH, true));
            let head = "Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n";
            assert_eq!(virus(&format!("{head}{signed}")), Virus::Found);
        }
    }

    #[test]
    fn its_octets_elsewhere_are_no_virus_or_unclear() {
        assert_eq!(virus(&format!("Subject: {}\r\n\r\nciao", eicar())), Virus::None);
        assert_eq!(virus(&format!("Content-Type: text/plain\r\n\r\nEcco: {}", eicar())), Virus::Unclear);
        assert_eq!(
            virus(&attached("base64", &STANDARD.encode(format!("{}{}", eicar(), " ".repeat(61))))),
            Virus::Unclear
        );
        assert_eq!(virus(&attached("7bit", &STANDARD.encode(eicar()))), Virus::None);
        assert_eq!(virus(""), Virus::None);
    }
}
