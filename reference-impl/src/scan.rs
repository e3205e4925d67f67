//! The built-in scanner: it knows one virus, the one that every scanner knows and that harms nobody.

use std::sync::LazyLock;

use collaudo_node::{Bytes, Finding};
use memchr::memmem::Finder;

use crate::core::message::leaves;

/// The test string of EICAR in two pieces, or scanners would find it in this file.
const EICAR: [&[u8]; 2] = [br"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-", b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"];
const NAME: &str = "EICAR-Test-File";

/// Looks for the EICAR test string in every part of a message, transfer encodings undone: attachments, attached
/// messages, originals inside envelopes, signed contents, opaque ones included.
///
/// A message that cannot be looked through to the end is hostile and not [`Finding::Unavailable`]: it would be no easier
/// to look through later, so its sender is told now. What is encrypted stays closed to every scanner and is clean.
//= PEC-5.4-02
pub fn scan(message: &Bytes) -> Finding {
    static WHOLE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(&EICAR.concat()).into_owned());
    let eicar = &*WHOLE;
    let mut found = false;
    match leaves(message.clone(), |leaf| found |= eicar.find(leaf).is_some()) {
        _ if found => Finding::Hostile { name: NAME.into() },
        Ok(()) => Finding::Clean,
        Err(fault) => Finding::Hostile { name: format!("contenuto non esaminabile: {fault}") },
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use proptest::prelude::*;

    use super::*;

    fn eicar() -> String {
        String::from_utf8(EICAR.concat()).unwrap()
    }

    fn is_found(message: &str) -> bool {
        match scan(&Bytes::copy_from_slice(message.as_bytes())) {
            Finding::Hostile { name } if name == NAME => true,
            Finding::Clean => false,
            other => panic!("{other:?}"),
        }
    }

    fn part(header: &str, body: &str) -> String {
        format!(
            "From: a@x.it\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nciao\r\n--b\r\n{header}\r\n\r\n{body}\r\n--b--\r\n"
        )
    }

    fn base64(octets: &[u8]) -> String {
        STANDARD.encode(octets).as_bytes().chunks(60).map(|line| String::from_utf8_lossy(line) + "\r\n").collect()
    }

    /// CMS SignedData with this content, in DER or in BER whose octets come in pieces; nobody has signed it.
    fn opaque(content: &[u8], ber: bool) -> Vec<u8> {
        let tlv = |tag: u8, inner: &[u8]| {
            let length = u32::try_from(inner.len()).unwrap().to_be_bytes();
            [&[tag, 0x84][..], &length, inner].concat()
        };
        let pieces = |content: &[u8]| {
            let pieces: Vec<u8> = content.chunks(7).flat_map(|piece| tlv(4, piece)).collect();
            [&[0x24, 0x80][..], &pieces, &[0, 0]].concat()
        };
        let octets = if ber { pieces(content) } else { tlv(4, content) };
        let data = [&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 7, 1][..], &tlv(0xa0, &octets)].concat();
        let signed = [&[2, 1, 1, 0x31, 0][..], &tlv(0x30, &data), &[0x31, 0]].concat();
        let info = [&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 7, 2][..], &tlv(0xa0, &tlv(0x30, &signed))].concat();
        tlv(0x30, &info)
    }

    #[test]
    fn it_is_found_in_every_encoding() {
        let eicar = eicar();
        let quoted = eicar.replace('=', "=3D").replace('X', "=58").replace("EICAR", "EIC=\r\nAR");
        assert!(is_found(&format!("From: a@x.it\r\n\r\n{eicar}\r\n")));
        assert!(is_found(&part("Content-Type: text/plain", &eicar)));
        assert!(is_found(&part("Content-Transfer-Encoding: 8bit", &format!("à {eicar}"))));
        assert!(is_found(&part("Content-Transfer-Encoding: quoted-printable", &quoted)));
        assert!(is_found(&part("Content-Transfer-Encoding: BASE64 (x)", &base64(eicar.as_bytes()))));
        let ragged = base64(eicar.as_bytes()).replace("\r\n", "\r\n!* ");
        assert!(is_found(&part("Content-Transfer-Encoding: base64", ragged.trim_end_matches(['=', '\r', '\n']))));
        let twice = format!("{}{}", base64(b"x"), base64(eicar.as_bytes()));
        assert!(is_found(&part("Content-Transfer-Encoding: base64", &twice)), "readers go on behind the padding");
    }

    #[test]
    fn it_is_found_however_deep_it_lies() {
        let inner = part("Content-Transfer-Encoding: base64", &base64(eicar().as_bytes()));
        assert!(is_found(&part("Content-Type: message/rfc822; name=postacert.eml", &inner)));
        let encoded = format!(
            "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
            base64(inner.as_bytes())
        );
        let (header, body) = encoded.split_once("\r\n\r\n").unwrap();
        assert!(is_found(&part(header, body)));
        assert!(is_found(&part("Content-Disposition: attachment; filename=x.EML", &inner)));
        assert!(is_found(&part(&inner.replace("boundary=b", "boundary=c").replace("--b", "--c"), "")));
        let signed = "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n";
        assert!(is_found(&format!(
            "{signed}{inner}\r\n--s\r\nContent-Type: application/pkcs7-signature\r\n\r\nMII=\r\n--s--\r\n"
        )));
    }

    #[test]
    fn it_is_found_in_opaque_signed_content() {
        let eicar = eicar();
        let entity = part("Content-Transfer-Encoding: base64", &base64(eicar.as_bytes()));
        let opaque_part = |octets: &[u8]| {
            let header = "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64";
            format!("From: a@x.it\r\n{header}\r\n\r\n{}", base64(octets))
        };
        for ber in [false, true] {
            assert!(is_found(&opaque_part(&opaque(entity.as_bytes(), ber))));
            let twice = opaque(&opaque(eicar.as_bytes(), ber), !ber);
            assert!(is_found(&opaque_part(&twice)), "a file that was signed twice");
        }
        assert!(!is_found(&opaque_part(&opaque(b"Content-Type: text/plain\r\n\r\nciao\r\n", false))));
    }

    #[test]
    fn what_no_reader_would_decode_is_not_found() {
        let eicar = eicar();
        assert!(
            !is_found(&part("Content-Type: text/plain", &base64(eicar.as_bytes()))),
            "a text that looks like base64"
        );
        assert!(!is_found(&format!("Subject: {eicar}\r\n\r\nciao\r\n")), "a field is no part");
        let (head, tail) = eicar.split_at(30);
        let split = format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{head}\r\n--b\r\n\r\n{tail}\r\n--b--\r\n"
        );
        assert!(!is_found(&split), "pieces in two parts");
        assert!(!is_found("From: a@x.it\r\n\r\nEICAR-STANDARD-ANTIVIRUS-TEST-FILE\r\n"), "a mention");
    }

    #[test]
    fn a_multipart_that_never_closes_hides_nothing() {
        let whole = part("Content-Transfer-Encoding: base64", &base64(eicar().as_bytes()));
        assert!(is_found(whole.trim_end_matches("--b--\r\n")));
        assert!(is_found(&whole.replacen("ciao\r\n", "ciao\r\n--b--\r\n", 1)), "parts behind the closing delimiter");
        assert!(is_found(&format!("Content-Type: multipart/mixed\r\n\r\n{}", eicar())), "no boundary");
    }

    #[test]
    fn fields_that_readers_take_in_different_ways_hide_nothing() {
        let whole = part("Content-Transfer-Encoding: base64", &base64(eicar().as_bytes()));
        for other in ["Content-Type: text/plain", "Content-Type: multipart/mixed; boundary=c", "Content-Type:"] {
            assert!(is_found(&format!("{other}\r\n{whole}")), "{other}");
            assert!(is_found(&whole.replacen("\r\n\r\n", &format!("\r\n{other}\r\n\r\n"), 1)), "{other}");
        }
        for other in ["7bit", "quoted-printable", "x"] {
            let twice = format!("Content-Transfer-Encoding: {other}\r\nContent-Transfer-Encoding: base64");
            assert!(is_found(&part(&twice, &base64(eicar().as_bytes()))), "{other}");
        }
    }

    #[test]
    fn what_cannot_be_looked_through_is_hostile() {
        let hostile = |message: &str| match scan(&Bytes::copy_from_slice(message.as_bytes())) {
            Finding::Hostile { name } => assert!(name.contains("non esaminabile"), "{name}"),
            other => panic!("{other:?}"),
        };
        hostile(&"Content-Type: message/rfc822\r\n\r\n".repeat(100_000));
        let nested = |depth: u32| format!("Content-Type: multipart/mixed; boundary={depth}\r\n\r\n--{depth}\r\n");
        hostile(&(0..10_000).map(nested).collect::<String>());
        hostile(&format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", "--b\r\n\r\n".repeat(1_000_000)));
        let quoted =
            "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n".replace('=', "=3D");
        hostile(&(quoted.repeat(20) + &"x\r\n".repeat(10_000)));
    }

    #[test]
    fn a_long_chain_of_forwards_is_looked_through() {
        let mut message = part("Content-Transfer-Encoding: base64", &base64(eicar().as_bytes()));
        for level in 0..20 {
            let (from, to) = (format!("f{level}"), "Content-Type: message/rfc822");
            message = format!(
                "Content-Type: multipart/mixed; boundary={from}\r\n\r\n--{from}\r\n{to}\r\n\r\n{message}\r\n--{from}--\r\n"
            );
        }
        assert!(is_found(&message));
    }

    proptest! {
        #[test]
        fn any_octets_are_scanned(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            scan(&octets.into());
        }

        #[test]
        fn any_mail_is_scanned(text in "((Content-Type: (multipart/mixed; boundary=b|message/rfc822|x)|Content-Transfer-Encoding: (base64|quoted-printable)|--b|--b--|MIIA|=41)?(\r\n|\n)){0,20}") {
            scan(&text.into());
        }
    }
}
