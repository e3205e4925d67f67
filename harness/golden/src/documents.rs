//! What goes along with the messages: the authority's certificate, its list of revoked ones, the provider index.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_forge::{ForgeError, base64_lines, revocation_list, seal_index};
use sha1::{Digest as _, Sha1};

use crate::{
    File,
    describe::hex,
    house::{Keys, PROVIDERS, Provider},
};

/// 1 January 2026 and 1 January 2028, between which all messages of the set lie.
const YEARS: (i64, i64) = (1_767_225_600, 1_830_297_600);

/// The serial number of a certificate that the authority revoked, and when: it signed nothing in the set.
const REVOKED: (u64, i64) = (4_711, 1_767_225_600);

pub(crate) fn documents(keys: &Keys) -> Result<Vec<File>, ForgeError> {
    let ldif = ldif(keys)?;
    let list = revocation_list(&keys.authority, &keys.authority_key, YEARS, &[REVOKED])?;
    let signed = seal_index(&ldif, &keys.index, Some(YEARS.0));
    Ok(vec![
        File::new("trust/autorita.pem", pem("CERTIFICATE", &keys.authority)),
        File::new("trust/autorita.crl", list.clone()),
        File::new("trust/autorita.crl.pem", pem("X509 CRL", &list)),
        File::new("trust/indice.ldif", ldif),
        File::new("trust/indice.ldif.p7m", signed),
    ])
}

//= PEC-4.5-02
fn ldif(keys: &Keys) -> Result<String, ForgeError> {
    let mut text = String::from("version: 1\n\n");
    let root =
        ["dn: o=postacert", "objectClass: top", "objectClass: organization", "objectClass: LDIFLocationURLObject"];
    root.iter().for_each(|line| fold(line, &mut text));
    text.push_str("o: postacert\nLDIFLocationURL: https://indice.test/indice.ldif.p7m\n");
    for (place, provider) in PROVIDERS.iter().enumerate() {
        text.push('\n');
        record(provider, keys.provider(place)?.certificate(), &mut text);
    }
    Ok(text)
}

//= PEC-4.5.1-01
//= PEC-4.5.9-01
fn record(provider: &Provider, certificate: &[u8], text: &mut String) {
    let dn = format!("providerName={},o=postacert", provider.name);
    let mut line = |name: &str, value: &str| fold(&value_line(name, value), text);
    line("dn", &dn);
    line("objectClass", "top");
    line("objectClass", "provider");
    line("providerName", provider.name);
    line("providerCertificateHash", &hex(&Sha1::digest(certificate)).to_ascii_uppercase());
    line("mailReceipt", &provider.service_mailbox());
    line("managedDomains", provider.domain);
    line("LDIFLocationURL", &format!("https://indice.{}/gestore.ldif.p7m", provider.domain));
    fold(&format!("providerCertificate;binary:: {}", STANDARD.encode(certificate)), text);
}

/// RFC 2849: what is not ASCII goes in base64, behind two colons.
fn value_line(name: &str, value: &str) -> String {
    if value.is_ascii() { format!("{name}: {value}") } else { format!("{name}:: {}", STANDARD.encode(value)) }
}

/// LDIF folds long lines: a new line and one space. The line is ASCII.
fn fold(line: &str, text: &mut String) {
    let mut rest = line;
    let mut width = 76;
    while let Some((head, behind)) = rest.split_at_checked(width).filter(|(_, behind)| !behind.is_empty()) {
        text.push_str(head);
        text.push_str("\n ");
        rest = behind;
        width = 75;
    }
    text.push_str(rest);
    text.push('\n');
}

fn pem(label: &str, der: &[u8]) -> String {
    let lines = base64_lines(der).replace("\r\n", "\n");
    format!("-----BEGIN {label}-----\n{lines}-----END {label}-----\n")
}
