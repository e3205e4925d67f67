//! What goes along with the messages: the authority's certificate, its list of revoked ones, the provider index.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_forge::{ForgeError, base64_lines, revocation_list, seal_index};
use sha1::{Digest as _, Sha1};

use crate::{
    File,
    describe::hex,
    house::{Keys, PROVIDERS, Provider},
    wrong::Wrong,
};

/// 1 June 2027 and 1 June 2028: the list of revoked certificates was made behind all messages, and counts for a year.
const YEAR: (i64, i64) = (1_811_808_000, 1_843_430_400);

/// The serial number of a certificate that the authority revoked, and when: it signed nothing in the set.
const REVOKED: (u64, i64) = (4_711, 1_767_225_600);

pub(crate) fn documents(keys: &Keys, wrong: &[Wrong]) -> Result<Vec<File>, ForgeError> {
    let ldif = ldif(keys, wrong)?;
    let list = revocation_list(&keys.authority, &keys.authority_key, YEAR, &[REVOKED])?;
    let signed = seal_index(&ldif, &keys.index, Some(YEAR.0));
    Ok(vec![
        File::new("trust/autorita.pem", pem("CERTIFICATE", &keys.authority)),
        File::new("trust/autorita.crl", list.clone()),
        File::new("trust/autorita.crl.pem", pem("X509 CRL", &list)),
        File::new("trust/indice.ldif", ldif),
        File::new("trust/indice.ldif.p7m", signed),
    ])
}

//= PEC-4.5-02
fn ldif(keys: &Keys, wrong: &[Wrong]) -> Result<String, ForgeError> {
    let mut text = String::from("version: 1\n\n");
    let root =
        ["dn: o=postacert", "objectClass: top", "objectClass: organization", "objectClass: LDIFLocationURLObject"];
    root.iter().for_each(|line| fold(line, &mut text));
    text.push_str("o: postacert\nLDIFLocationURL: https://indice.test/indice.ldif.p7m\n");
    for (place, provider) in PROVIDERS.iter().enumerate() {
        text.push('\n');
        let mut certificates = vec![keys.provider(place)?.certificate().to_vec()];
        certificates
            .extend(wrong.iter().filter(|wrong| wrong.author == place).filter_map(|wrong| wrong.certificate.clone()));
        record(provider, &certificates, &mut text);
    }
    Ok(text)
}

/// Besides the one that a provider signs with the record has those of wrong messages whose fault is not that they are
/// unknown.
//= PEC-4.5-03
//= PEC-4.5.1-01
//= PEC-4.5.9-01
fn record(provider: &Provider, certificates: &[Vec<u8>], text: &mut String) {
    let dn = format!("providerName={},o=postacert", provider.name);
    let mut line = |name: &str, value: &str| fold(&value_line(name, value), text);
    line("dn", &dn);
    line("objectClass", "top");
    line("objectClass", "provider");
    line("providerName", provider.name);
    for certificate in certificates {
        line("providerCertificateHash", &hex(&Sha1::digest(certificate)).to_ascii_uppercase());
    }
    line("mailReceipt", &provider.service_mailbox());
    line("managedDomains", provider.domain);
    line("LDIFLocationURL", &format!("https://indice.{}/gestore.ldif.p7m", provider.domain));
    for certificate in certificates {
        fold(&format!("providerCertificate;binary:: {}", STANDARD.encode(certificate)), text);
    }
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
