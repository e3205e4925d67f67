//! The provider index as its publisher makes it (RFC 6109 §4.5): entries, which LDAP answers with as they are and a
//! signed LDIF text writes down.

use std::{collections::BTreeSet, fmt::Write as _, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_forge::{Signer, seal_index};
use collaudo_node::Bytes;
use collaudo_scenario::{Forgery, Plan, ProviderPlan};
use sha1::{Digest, Sha1};

use crate::{
    WorldError,
    pki::{Flaw, Pki},
};

/// The name under which a provider fetches the index.
pub const INDEX_NAME: &str = "indice.ldif.p7m";

/// The name under which a provider fetches the list of revoked certificates.
pub const CRL_NAME: &str = "autorita.crl";

/// The distinguished name under which all records stand.
pub(crate) const ROOT: &str = "o=postacert";

/// One record of the index.
#[derive(Clone)]
pub(crate) struct Record {
    /// The provider's short name in the world.
    pub(crate) provider: String,
    display_name: String,
    /// The secondary environment that it is of; none of the main one.
    unit: Option<String>,
    service_mailbox: String,
    domain: String,
    /// More than one where a certificate follows another.
    certificates: Vec<Arc<[u8]>>,
    /// Certificates of which it has the hashes alone.
    only_hashed: Vec<Arc<[u8]>>,
}

/// The index as it was signed at an instant.
pub(crate) struct Edition {
    /// Binary DER around the LDIF text.
    pub(crate) signed: Bytes,
    pub(crate) entries: Vec<Entry>,
}

/// An entry of the directory, its attributes in order.
pub(crate) struct Entry {
    pub(crate) dn: String,
    pub(crate) attributes: Vec<(&'static str, Value)>,
}

pub(crate) enum Value {
    Text(String),
    Binary(Arc<[u8]>),
}

//= PEC-2.2.6-01
pub(crate) fn certified_address(provider: &ProviderPlan) -> String {
    format!("posta-certificata@{}", provider.domain)
}

/// Everyone in the plan, in its order.
pub(crate) fn records(plan: &Plan, pki: &Pki) -> Result<Vec<Record>, WorldError> {
    let mut records = Vec::new();
    for (place, (provider, identity)) in plan.providers.iter().zip(&pki.providers).enumerate() {
        let (name, display_name) = (provider.name.clone(), provider.display_name.clone());
        let (mut certificates, mut only_hashed) = (vec![identity.certificate.clone()], Vec::new());
        for flaw in flaws(plan, provider) {
            let list = if flaw == Flaw::OnlyHashed { &mut only_hashed } else { &mut certificates };
            list.push(Pki::flawed_certificate(place, &display_name, &certified_address(provider), flaw)?);
        }
        records.push(Record {
            provider: name.clone(),
            display_name: display_name.clone(),
            unit: None,
            //= PEC-4.5.4-01
            service_mailbox: provider.service_mailbox.clone(),
            domain: provider.domain.clone(),
            certificates,
            only_hashed,
        });
        if let Some(unit) = &provider.unit {
            let address = format!("posta-certificata@{}", unit.domain);
            records.push(Record {
                provider: name,
                certificates: vec![Pki::unit_certificate(place, &display_name, &address)?],
                only_hashed: Vec::new(),
                display_name,
                unit: Some(unit.name.clone()),
                service_mailbox: format!("servizio@{}", unit.domain),
                domain: unit.domain.clone(),
            });
        }
    }
    Ok(records)
}

/// What is peculiar to the certificates that the index lists for a provider besides its own.
fn flaws(plan: &Plan, provider: &ProviderPlan) -> BTreeSet<Flaw> {
    let own = plan.steps.iter().map(|step| &step.submit).filter(|submit| submit.provider == provider.name);
    let forged = own.filter_map(|submit| match submit.forged? {
        Forgery::ExpiredSigner => Some(Flaw::Expired),
        Forgery::FutureSigner => Some(Flaw::Future),
        Forgery::ForeignAuthority => Some(Flaw::Foreign),
        Forgery::HashListedSigner => Some(Flaw::OnlyHashed),
        _ => None,
    });
    //= PEC-4.5-04
    forged.chain(provider.renewed.then_some(Flaw::Earlier)).collect()
}

impl Edition {
    //= PEC-4.5-07
    //= PEC-4.5-08
    pub(crate) fn sign<'a>(records: impl Iterator<Item = &'a Record>, signer: &Signer, unix_seconds: i64) -> Self {
        let entries: Vec<_> = std::iter::once(root()).chain(records.map(entry)).collect();
        let signed = seal_index(&ldif(&entries), signer, Some(unix_seconds)).into();
        Self { signed, entries }
    }
}

fn root() -> Entry {
    let text = |name, value: &str| (name, Value::Text(value.to_owned()));
    Entry {
        dn: ROOT.to_owned(),
        attributes: vec![
            text("objectClass", "top"),
            text("objectClass", "organization"),
            text("objectClass", "LDIFLocationURLObject"),
            text("o", "postacert"),
            text("LDIFLocationURL", "https://index.test/indice.ldif.p7m"),
        ],
    }
}

/// Where a provider keeps the file of its own records.
fn record_url(domain: &str) -> String {
    format!("https://index.{domain}/record.ldif.p7m")
}

/// The file of its own records that a provider keeps for the publisher, signed by itself, beside its URL.
//= PEC-4.5-11
pub(crate) fn own_file(
    provider: &ProviderPlan,
    records: &[Record],
    signer: &Signer,
    unix_seconds: i64,
) -> (String, Bytes) {
    let entries: Vec<_> = records.iter().filter(|record| record.provider == provider.name).map(entry).collect();
    (record_url(&provider.domain), seal_index(&ldif(&entries), signer, Some(unix_seconds)).into())
}

//= PEC-4.5.1-01
//= PEC-4.5.6-03
//= PEC-4.5.7-02
fn entry(record: &Record) -> Entry {
    let hash = |certificate: &Arc<[u8]>| -> String {
        Sha1::digest(certificate).iter().map(|octet| format!("{octet:02X}")).collect()
    };
    let name = &record.display_name;
    let of_unit = record.unit.iter().map(|unit| format!("providerUnit={unit},")).collect::<String>();
    let text = |name, value: &str| (name, Value::Text(value.to_owned()));
    let mut attributes = vec![text("objectClass", "top"), text("objectClass", "provider"), text("providerName", name)];
    let certificates = &record.certificates;
    let hashed = certificates.iter().chain(&record.only_hashed);
    attributes.extend(hashed.map(|one| ("providerCertificateHash", Value::Text(hash(one)))));
    attributes.extend(certificates.iter().map(|one| ("providerCertificate;binary", Value::Binary(one.clone()))));
    attributes.push(text("mailReceipt", &record.service_mailbox));
    attributes.push(text("managedDomains", &record.domain));
    attributes.push(match &record.unit {
        Some(unit) => text("providerUnit", unit),
        None => ("LDIFLocationURL", Value::Text(record_url(&record.domain))),
    });
    Entry { dn: format!("{of_unit}providerName={name},{ROOT}"), attributes }
}

//= PEC-4.5-02
fn ldif(entries: &[Entry]) -> String {
    let mut text = String::from("version: 1\n");
    for entry in entries {
        text.push('\n');
        fold(&format!("dn: {}", entry.dn), &mut text);
        for (name, value) in &entry.attributes {
            let line = match value {
                Value::Text(value) => format!("{name}: {value}"),
                Value::Binary(octets) => format!("{name}:: {}", STANDARD.encode(octets)),
            };
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
