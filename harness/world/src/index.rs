//! The provider index as its publisher makes it: an LDIF text inside a signed DER structure (RFC 6109 §4.5).

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_forge::{Signer, seal_index};
use sha1::{Digest, Sha1};

/// The name under which a provider fetches the index.
pub const INDEX_NAME: &str = "indice.ldif.p7m";

/// One record of the index.
pub(crate) struct Record<'a> {
    pub(crate) display_name: &'a str,
    pub(crate) service_mailbox: &'a str,
    pub(crate) domain: &'a str,
    pub(crate) certificate: &'a [u8],
}

/// The signed index, binary DER.
//= PEC-4.5-07
//= PEC-4.5-08
pub(crate) fn publish(records: &[Record<'_>], signer: &Signer, unix_seconds: i64) -> Vec<u8> {
    seal_index(&ldif(records), signer, Some(unix_seconds))
}

//= PEC-4.5-02
//= PEC-4.5.1-01
fn ldif(records: &[Record<'_>]) -> String {
    let mut text = String::from(
        "version: 1\n\ndn: o=postacert\nobjectClass: top\nobjectClass: organization\nobjectClass: LDIFLocationURLObject\n\
         o: postacert\nLDIFLocationURL: https://index.test/indice.ldif.p7m\n",
    );
    for record in records {
        let hash: String = Sha1::digest(record.certificate).iter().map(|octet| format!("{octet:02X}")).collect();
        let name = record.display_name;
        let lines = [
            format!("dn: providerName={name},o=postacert"),
            "objectClass: top".into(),
            "objectClass: provider".into(),
            format!("providerName: {name}"),
            format!("providerCertificateHash: {hash}"),
            format!("providerCertificate;binary:: {}", STANDARD.encode(record.certificate)),
            format!("mailReceipt: {}", record.service_mailbox),
            format!("managedDomains: {}", record.domain),
            format!("LDIFLocationURL: https://index.{}/record.ldif.p7m", record.domain),
        ];
        text.push('\n');
        for line in lines {
            fold(&line, &mut text);
        }
    }
    text
}

/// LDIF folds long lines: a new line and one space.
fn fold(line: &str, text: &mut String) {
    let mut width = 0;
    for character in line.chars() {
        if width == 76 {
            text.push_str("\n ");
            width = 1;
        }
        text.push(character);
        width += 1;
    }
    let _ = writeln!(text);
}
