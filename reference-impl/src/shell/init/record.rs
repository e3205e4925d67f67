//! The provider index as LDIF (RFC 6109 §4.5).

use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::{Digest, Sha1};

use super::{
    keys::{Provider, der, name_of},
    settings::{Neighbour, SERVICE},
};
use crate::shell::Error;

/// The records of a network, its root first.
//= PEC-4.5-02
pub(super) fn ldif(providers: &[Provider], network: &[Neighbour]) -> Result<String, Error> {
    let location = network.first().map(Neighbour::index_url).unwrap_or_default();
    let mut ldif = format!(
        "version: 1\n\ndn: o=postacert\nobjectclass: top\nobjectclass: organization\nobjectClass: LDIFLocationURLObject\n\
         o: postacert\nLDIFLocationURL: {location}\n"
    );
    for (provider, neighbour) in providers.iter().zip(network) {
        let (name, domain) = (name_of(&provider.domain), &provider.domain);
        let certificate = der(&provider.signing_certificate)?;
        let hash: String = Sha1::digest(&certificate).iter().map(|octet| format!("{octet:02X}")).collect();
        ldif += &format!("\ndn: providerName={name},o=postacert\nobjectclass: top\nobjectclass: provider\n");
        ldif += &format!("providerName: {name}\nproviderCertificateHash: {hash}\n");
        ldif += &folded(&format!("providerCertificate;binary:: {}", STANDARD.encode(&certificate)));
        ldif += &format!("mailReceipt: {SERVICE}@{domain}\nmanagedDomains: {domain}\n");
        ldif += &format!("LDIFLocationURL: {}\n", neighbour.index_url());
    }
    Ok(ldif)
}

/// A line in pieces of 76 (RFC 2849).
fn folded(line: &str) -> String {
    let pieces: Vec<&str> = line.as_bytes().chunks(76).filter_map(|piece| std::str::from_utf8(piece).ok()).collect();
    pieces.join("\n ") + "\n"
}
