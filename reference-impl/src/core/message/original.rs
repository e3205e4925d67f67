//! The original, as postacert.eml carries it.

use collaudo_node::Bytes;

use super::{Certified, Message, write::Header};

const REFERENCE: &str = "X-Riferimento-Message-ID";

/// Sets the identifiers of an original: its Message-ID becomes the PEC identifier, the client's one moves to
/// X-Riferimento-Message-ID; every other octet stays (§2.2.1).
///
/// They stand where the client's Message-ID stood, at the end of the header where there was none. An
/// X-Riferimento-Message-ID of the user's own would tell a second identifier, so it goes.
pub(super) fn rewrite(message: &Message, certified: &Certified) -> Bytes {
    //= PEC-2.2.1-11
    //= PEC-2.2.1-12
    let mut identifiers = Header::default();
    identifiers.add("Message-ID", &format!("<{}>", certified.pec_msgid));
    //= PEC-2.2.1-13
    identifiers.add_if(REFERENCE, certified.msgid.as_deref());
    let mut identifiers = Some(identifiers.into_bytes());

    let bytes = message.bytes();
    let mut out = Vec::with_capacity(bytes.len() + 512);
    let mut kept = 0;
    for field in message.fields() {
        let is_identifier = field.name().eq_ignore_ascii_case("Message-ID");
        if !is_identifier && !field.name().eq_ignore_ascii_case(REFERENCE) {
            continue;
        }
        let span = field.span();
        out.extend_from_slice(bytes.get(kept..span.start).unwrap_or_default());
        kept = span.end;
        if is_identifier {
            out.extend(identifiers.take().into_iter().flatten());
        }
    }
    let fields_end = message.fields().last().map_or(0, |field| field.span().end);
    out.extend_from_slice(bytes.get(kept..fields_end).unwrap_or_default());
    out.extend(identifiers.into_iter().flatten());
    //= PEC-3.1.5-17
    //= PEC-3.3.2.2-14
    //= PEC-DPR.11-02
    out.extend_from_slice(bytes.get(fields_end..).unwrap_or_default());
    out.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::formal_check, *};

    fn rewritten(text: &[u8]) -> Vec<u8> {
        let to = ["b@y.it".to_owned()];
        let submission =
            formal_check(&Bytes::copy_from_slice(text), "a@x.it", &to, 1 << 30, "pec1@x.it", &|_| true).unwrap();
        rewrite(&submission.message, &submission.certified).to_vec()
    }

    /// What must not change: all but the two fields, which a reader of its own cuts out here.
    fn without_identifiers(text: &[u8]) -> Vec<u8> {
        let (mut out, mut skipping, mut in_header) = (Vec::new(), false, true);
        for line in text.split_inclusive(|octet| *octet == b'\n') {
            in_header &= line != b"\r\n";
            if in_header && !matches!(line.first(), Some(b' ' | b'\t')) {
                let name = line.split(|octet| *octet == b':').next().unwrap().to_ascii_lowercase();
                skipping = name == b"message-id" || name == b"x-riferimento-message-id";
            }
            if !in_header || !skipping {
                out.extend_from_slice(line);
            }
        }
        out
    }

    #[test]
    fn the_client_identifier_moves_aside_in_its_place() {
        assert_eq!(
            rewritten(b"From: a@x.it\r\nmessage-id:\r\n <1@c>\r\nTo: b@y.it\r\n\r\nx\r\n"),
            b"From: a@x.it\r\nMessage-ID: <pec1@x.it>\r\nX-Riferimento-Message-ID: <1@c>\r\nTo: b@y.it\r\n\r\nx\r\n"
        );
    }

    #[test]
    fn a_message_without_identifier_gets_one_and_no_reference() {
        let bare = b"From: a@x.it\r\nX-Riferimento-Message-ID: <forged@c>\r\nTo: b@y.it\r\n\r\nx\r\n";
        assert_eq!(rewritten(bare), b"From: a@x.it\r\nTo: b@y.it\r\nMessage-ID: <pec1@x.it>\r\n\r\nx\r\n");
        assert_eq!(
            rewritten(b"From: a@x.it\r\nTo: b@y.it\r\n"),
            b"From: a@x.it\r\nTo: b@y.it\r\nMessage-ID: <pec1@x.it>\r\n"
        );
    }

    fn field() -> impl Strategy<Value = String> {
        let names =
            "(Message-Id|X-Riferimento-Message-ID|Received|X-Trasporto|X-Ricevuta|Bcc|Comments|X-[A-Za-z0-9-]{1,12})";
        (names, "[!-~]([ -~\t]{0,60}[!-~])?", "(\r\n[ \t][!-~]{1,30}){0,3}").prop_map(|(name, value, folds)| {
            let value = if name == "Bcc" { String::new() } else { value + &folds };
            format!("{name}: {value}\r\n")
        })
    }

    fn body() -> impl Strategy<Value = Vec<u8>> {
        let octet = any::<u8>().prop_filter("no NUL, CR, LF", |octet| !matches!(octet, 0 | b'\r' | b'\n'));
        let line = proptest::collection::vec(octet, 0..90).prop_map(|mut line| {
            line.extend_from_slice(b"\r\n");
            line
        });
        proptest::collection::vec(line, 0..12).prop_map(|lines| lines.concat())
    }

    proptest! {
        /// Goal: postacert.eml gives back the user's octets but for the rewritten fields. Method: any header with at
        /// most one of each field that may occur once, around From and To, and any body of lines.
        #[test]
        fn every_other_octet_stays(mut fields in proptest::collection::vec(field(), 0..10), at in any::<prop::sample::Index>(), body in body()) {
            for once in ["Message-Id", "Bcc"] {
                let mut seen = false;
                fields.retain(|field| !field.starts_with(once) || !std::mem::replace(&mut seen, true));
            }
            fields.insert(at.index(fields.len() + 1), "From: a@x.it\r\nTo: b@y.it\r\n".into());
            let text = [fields.concat().as_bytes(), b"\r\n", body.as_slice()].concat();
            let out = rewritten(&text);
            prop_assert_eq!(without_identifiers(&out), without_identifiers(&text));
            let read = Message::read(out.into()).unwrap();
            prop_assert_eq!(read.all("Message-ID").count(), 1);
            prop_assert_eq!(read.get("Message-ID").unwrap().unfolded(), &b"<pec1@x.it>"[..]);
            let original = Message::read(text.into()).unwrap();
            let had = original.get("Message-ID").map(|field| field.unfolded());
            prop_assert_eq!(read.get(REFERENCE).map(|field| field.unfolded()), had);
        }
    }
}
