//! The original as a brief delivery receipt carries it (§3.3.2.2).

use std::{fmt::Write as _, ops::Range};

use collaudo_node::Bytes;
use sha1::{Digest, Sha1};

use super::{
    Message,
    mime::{content_type, file_name, parts},
};

/// Parts nested deeper stay as they are: nobody attaches a file there, and the depth is the sender's choice.
const MAX_DEPTH: usize = 32;

/// Replaces every named part of the original, and every attached message, by a text file that holds its hash.
///
/// The hash is SHA-1 over the part's content as it travels, transfer encoding and all (PEC-3.3.2.2-05); the fields of
/// the part are not content. The line end before the delimiter is not of the part.
pub(super) fn brief(original: &Bytes) -> Bytes {
    let message = Message::read_leniently(original.clone());
    let mut changes = Vec::new();
    //= PEC-3.3.2.2-09
    match content_type(&message).value() {
        //= PEC-3.3.2.2-11
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => {}
        //= PEC-3.3.2.2-10
        "multipart/signed" => {
            if let Some(signed) = parts(&message).unwrap_or_default().first() {
                visit(&message, signed, &mut changes);
            }
        }
        kind if kind.starts_with("multipart/") => {
            for range in parts(&message).unwrap_or_default() {
                visit(&message, &range, &mut changes);
            }
        }
        _ => replace_body(&message, &mut changes),
    }
    apply(original, changes)
}

/// Octets of the original and what stands in their place.
type Change = (Range<usize>, Vec<u8>);

/// Finds what is to be replaced in one part of the original.
fn visit(original: &Message, range: &Range<usize>, changes: &mut Vec<Change>) {
    // Headers are read one at a time: all of a hostile message's at once would take many times its size.
    let begin = original.body_at();
    let mut open = vec![(begin + range.start..begin + range.end, 0_usize)];
    while let Some((span, depth)) = open.pop() {
        let entity = Message::read_leniently(original.bytes().slice(span.clone()));
        let kind = content_type(&entity).value();
        //= PEC-3.3.2.2-03
        //= PEC-3.3.2.2-12
        let attached = (kind == "message/rfc822").then(|| "messaggio.eml".to_owned());
        if let Some(name) = file_name(&entity).or(attached) {
            changes.push((span, hash_part(&name, &entity.body())));
        } else if kind.starts_with("multipart/") && depth < MAX_DEPTH {
            let body = span.start + entity.body_at();
            let ranges = parts(&entity).unwrap_or_default();
            open.extend(ranges.iter().map(|range| (body + range.start..body + range.end, depth + 1)));
        }
    }
}

/// A message that is one file: its content fields and its body give way, the rest of its header stays.
fn replace_body(message: &Message, changes: &mut Vec<Change>) {
    let Some(name) = file_name(message) else { return };
    let (head, hash) = (hash_header(&name), hash(&message.body()));
    let of_content = ["Content-Type", "Content-Disposition", "Content-Transfer-Encoding"];
    let replaced =
        message.fields().iter().filter(|field| of_content.iter().any(|name| field.name().eq_ignore_ascii_case(name)));
    let mut head = Some(head.into_bytes());
    changes.extend(replaced.map(|field| (field.span(), head.take().unwrap_or_default())));
    changes.push((message.body_at()..message.bytes().len(), format!("{hash}\r\n").into_bytes()));
}

fn hash_part(name: &str, content: &[u8]) -> Vec<u8> {
    format!("{}\r\n{}", hash_header(name), hash(content)).into_bytes()
}

//= PEC-3.3.2.2-06
//= PEC-3.3.2.2-08
fn hash_header(name: &str) -> String {
    let name = format!("{name}.hash");
    format!(
        "Content-Type: text/plain;\r\n {}\r\nContent-Disposition: attachment;\r\n {}\r\nContent-Transfer-Encoding: 7bit\r\n",
        parameter("name", &name),
        parameter("filename", &name)
    )
}

/// A parameter in quotes; by RFC 2231 where it holds more than ASCII.
fn parameter(key: &str, value: &str) -> String {
    if value.bytes().all(|octet| matches!(octet, b' '..=b'~')) && value.len() < 200 {
        return format!("{key}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
    }
    let mut out = String::new();
    let mut piece = String::new();
    let mut number = 0;
    for octet in value.bytes() {
        if piece.len() > 60 {
            let _ = write!(out, "{key}*{number}*={piece};\r\n ");
            (number, piece) = (number + 1, String::new());
        }
        if number == 0 && piece.is_empty() {
            piece.push_str("utf-8''");
        }
        match octet {
            b'.' | b'-' | b'_' => piece.push(char::from(octet)),
            _ if octet.is_ascii_alphanumeric() => piece.push(char::from(octet)),
            _ => {
                let _ = write!(piece, "%{octet:02X}");
            }
        }
    }
    let mark = if number == 0 { "*".to_owned() } else { format!("*{number}*") };
    let _ = write!(out, "{key}{mark}={piece}");
    out
}

//= PEC-3.3.2.2-04
//= PEC-3.3.2.2-05
//= PEC-3.3.2.2-07
fn hash(content: &[u8]) -> String {
    Sha1::digest(content).iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Carries out the changes, which do not overlap.
fn apply(original: &Bytes, mut changes: Vec<Change>) -> Bytes {
    if changes.is_empty() {
        return original.clone();
    }
    changes.sort_by_key(|(range, _)| range.start);
    let mut out = Vec::new();
    let mut kept = 0;
    for (range, text) in changes {
        out.extend_from_slice(original.get(kept..range.start).unwrap_or_default());
        out.extend_from_slice(&text);
        kept = range.end;
    }
    out.extend_from_slice(original.get(kept..).unwrap_or_default());
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brief_of(text: &str) -> String {
        String::from_utf8(brief(&Bytes::from(text.to_owned())).to_vec()).unwrap()
    }

    const HEAD: &str = "From: a@x.it\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";

    #[test]
    fn named_parts_give_way_to_the_hash_of_what_travels() {
        let text = format!(
            "{HEAD}--b\r\n\r\ntesto\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nY2lhbw==\r\n--b--\r\n"
        );
        // printf 'Y2lhbw==' | sha1sum
        let expected = format!(
            "{HEAD}--b\r\n\r\ntesto\r\n--b\r\nContent-Type: text/plain;\r\n name=\"a.pdf.hash\"\r\nContent-Disposition: attachment;\r\n filename=\"a.pdf.hash\"\r\nContent-Transfer-Encoding: 7bit\r\n\r\n{}\r\n--b--\r\n",
            hash(b"Y2lhbw==")
        );
        assert_eq!(brief_of(&text), expected);
    }

    #[test]
    fn the_hash_is_sha_1_in_forty_digits() {
        assert_eq!(hash(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }

    #[test]
    fn parts_without_name_stay_and_nested_ones_are_found() {
        let inner = "Content-Type: multipart/related; boundary=c\r\n\r\n--c\r\nContent-Type: image/png\r\n\r\nx\r\n--c\r\nContent-Disposition: inline; filename=l.png\r\n\r\ny\r\n--c--";
        let out = brief_of(&format!("{HEAD}--b\r\n{inner}\r\n--b--\r\n"));
        assert!(out.contains("Content-Type: image/png\r\n\r\nx\r\n--c\r\n"));
        assert!(out.contains(&format!(
            "filename=\"l.png.hash\"\r\nContent-Transfer-Encoding: 7bit\r\n\r\n{}\r\n--c--\r\n--b--\r\n",
            hash(b"y")
        )));
    }

    #[test]
    fn an_attached_message_is_replaced_whole() {
        let out =
            brief_of(&format!("{HEAD}--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n--b--\r\n"));
        assert!(
            out.contains("messaggio.eml.hash")
                && out.contains(&hash(b"Subject: x\r\n\r\ny"))
                && !out.contains("Subject: x")
        );
    }

    #[test]
    fn the_signature_of_a_signed_original_is_untouched() {
        let head = HEAD.replace("mixed", "signed");
        let signature = "--b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nMIIx\r\n--b--\r\n";
        let file =
            "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: x/y; name=f\r\n\r\nz\r\n--c--";
        let out = brief_of(&format!("{head}--b\r\n{file}\r\n{signature}"));
        assert!(out.ends_with(signature) && out.contains("f.hash") && out.contains(&hash(b"z")));
        let single = brief_of(&format!("{head}--b\r\nContent-Type: x/y; name=f\r\n\r\nz\r\n{signature}"));
        assert!(single.ends_with(signature) && single.contains(&hash(b"z")));
    }

    #[test]
    fn an_opaque_signed_original_stays_whole() {
        let text = "Content-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\nMIIx\r\n";
        assert_eq!(brief_of(text), text);
    }

    #[test]
    fn a_message_that_is_one_file_keeps_the_rest_of_its_header() {
        let out = brief_of(
            "From: a@x.it\r\nContent-Type: x/y; name=f\r\nSubject: s\r\nContent-Transfer-Encoding: base64\r\n\r\nY2lhbw==\r\n",
        );
        assert!(out.starts_with("From: a@x.it\r\nContent-Type: text/plain;\r\n name=\"f.hash\"\r\n"));
        assert!(out.ends_with(&format!("7bit\r\nSubject: s\r\n\r\n{}\r\n", hash(b"Y2lhbw==\r\n"))));
        assert_eq!(out.matches("Content-Transfer-Encoding").count(), 1);
    }

    #[test]
    fn names_beyond_ascii_survive() {
        for name in ["città.pdf", &"è".repeat(90), &"x".repeat(300)] {
            let header = hash_header(name);
            assert!(header.lines().all(|line| line.len() < 250));
            let read = Message::read(format!("{header}\r\n").into()).unwrap();
            assert_eq!(file_name(&read).unwrap(), format!("{name}.hash"));
        }
    }

    #[test]
    fn depth_is_bounded() {
        let mut text = String::from("From: a@x.it\r\n");
        for depth in 0..2000 {
            text += &format!("Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n");
        }
        for depth in (0..2000).rev() {
            text += &format!("\r\n--b{depth}--");
        }
        assert_eq!(brief_of(&text), text);
    }
}
