//! The provider index as its publisher makes it: an LDIF text inside a signed DER structure (RFC 6109 §4.5).

use std::{fmt::Write as _, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_forge::{Signer, seal_index};
use sha1::{Digest, Sha1};

/// The name under which a provider fetches the index.
pub const INDEX_NAME: &str = "indice.ldif.p7m";

/// The name under which a provider fetches the list of revoked certificates.
pub const CRL_NAME: &str = "autorita.crl";

/// One record of the index.
pub(crate) struct Record {
    pub(crate) display_name: String,
    /// The secondary environment that it is of; none of the main one.
    pub(crate) unit: Option<String>,
    pub(crate) service_mailbox: String,
    pub(crate) domain: String,
    /// More than one where a certificate follows another.
    pub(crate) certificates: Vec<Arc<[u8]>>,
}

/// The signed index, binary DER.
//= PEC-4.5-07
//= PEC-4.5-08
pub(crate) fn publish(records: &[Record], signer: &Signer, unix_seconds: i64) -> Vec<u8> {
    seal_index(&ldif(records), signer, Some(unix_seconds))
}

//= PEC-4.5-02
fn ldif(records: &[Record]) -> String {
    let mut text = String::from(
        "version: 1\n\ndn: o=postacert\nobjectClass: top\nobjectClass: organization\nobjectClass: LDIFLocationURLObject\n\
         o: postacert\nLDIFLocationURL: https://index.test/indice.ldif.p7m\n",
    );
    for record in records {
        text.push('\n');
        for line in lines(record) {
            fold(&line, &mut text);
        }
    }
    text
}

//= PEC-4.5.1-01
//= PEC-4.5.6-03
//= PEC-4.5.7-02
fn lines(record: &Record) -> Vec<String> {
    let hash = |certificate: &Arc<[u8]>| -> String {
        Sha1::digest(certificate).iter().map(|octet| format!("{octet:02X}")).collect()
    };
    let name = &record.display_name;
    let of_unit = record.unit.iter().map(|unit| format!("providerUnit={unit},")).collect::<String>();
    let mut lines = vec![
        format!("dn: {of_unit}providerName={name},o=postacert"),
        "objectClass: top".into(),
        "objectClass: provider".into(),
        format!("providerName: {name}"),
    ];
    let certificates = &record.certificates;
    lines.extend(certificates.iter().map(|one| format!("providerCertificateHash: {}", hash(one))));
    lines.extend(certificates.iter().map(|one| format!("providerCertificate;binary:: {}", STANDARD.encode(one))));
    lines.extend([format!("mailReceipt: {}", record.service_mailbox), format!("managedDomains: {}", record.domain)]);
    lines.push(match &record.unit {
        Some(unit) => format!("providerUnit: {unit}"),
        None => format!("LDIFLocationURL: https://index.{}/record.ldif.p7m", record.domain),
    });
    lines
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
