use std::{collections::BTreeMap, sync::Arc};

use collaudo_node::Timestamp;
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

use super::{address::domain_of, certificate::Known, mime::unbase64, signature::SignedData, write::hex};

/// The national index has about a hundred records and tens of thousands of domains; a file beyond this is no index.
const MAX_OCTETS: usize = 64 << 20;

/// One record of the provider index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// providerName.
    pub name: String,
    /// providerUnit, for a secondary environment.
    pub unit: Option<String>,
    /// mailReceipt: the service mailbox.
    pub mail_receipt: String,
    /// managedDomains, in lower case.
    pub managed_domains: Vec<String>,
    /// LDIFLocationURL: where the record's own LDIF lies.
    pub ldif_location: Option<String>,
    certificates: Vec<Vec<u8>>,
}

impl Provider {
    /// Whether the domain of an address is one of the record's, ignoring case.
    pub fn manages(&self, address: &str) -> bool {
        let domain = domain_of(address).unwrap_or_default();
        self.managed_domains.iter().any(|managed| managed.eq_ignore_ascii_case(domain))
    }
}

/// An entry of the directory, as LDAP gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its distinguished name.
    pub dn: String,
    /// Each attribute's name, with its options, and its values.
    pub attributes: Vec<(String, Vec<Vec<u8>>)>,
}

/// The index of all providers.
#[derive(Clone, Debug, Default)]
pub struct Index {
    signed_at: Option<Timestamp>,
    by_hash: BTreeMap<String, Vec<Arc<Provider>>>,
    by_domain: BTreeMap<String, Arc<Provider>>,
}

/// Why an index cannot be used; the last good one stays in force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexFault {
    /// It is over the limit of size.
    #[error("index of {0} octets is too large")]
    Large(usize),
    /// It is no CMS structure with its content inside.
    #[error("index is no signed file (.p7m)")]
    NotSigned,
    /// Another certificate than the configured one has signed it, or that one cannot be read.
    #[error("index is not signed by the configured certificate")]
    Signer,
    /// The signature does not verify.
    #[error("signature of the index is not valid: {0}")]
    Signature(&'static str),
    /// It has no provider at all.
    #[error("index lists no provider")]
    Empty,
    /// A line of the LDIF cannot be read.
    #[error("index, line {line}: {what}")]
    Line {
        /// Counted from 1, in the LDIF.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A provider's record lacks something.
    #[error("index, record \"{dn}\": {what}")]
    Record {
        /// Its distinguished name.
        dn: String,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl Index {
    /// Reads a signed index (`.p7m`, LDIF inside), which must be signed by exactly the certificate `signer`.
    pub fn read(p7m: &[u8], signer: &[u8]) -> Result<Self, IndexFault> {
        let (signed_at, entries) = Self::open(p7m, signer)?;
        Ok(Self { signed_at, ..Self::from_entries(&entries)? })
    }

    /// The entries of a signed index, as a directory would give them, in the order of the file.
    pub fn entries(p7m: &[u8], signer: &[u8]) -> Result<Vec<Entry>, IndexFault> {
        Self::open(p7m, signer).map(|(_, entries)| entries)
    }

    fn open(p7m: &[u8], signer: &[u8]) -> Result<(Option<Timestamp>, Vec<Entry>), IndexFault> {
        if p7m.len() > MAX_OCTETS {
            return Err(IndexFault::Large(p7m.len()));
        }
        //= PEC-4.5-08
        let signed = SignedData::read(p7m).ok_or(IndexFault::NotSigned)?;
        let ldif = signed.content.as_deref().ok_or(IndexFault::NotSigned)?;
        let signer = Known::read(signer).map_err(|_| IndexFault::Signer)?;
        if !signed.names(&signer) {
            return Err(IndexFault::Signer);
        }
        //= PEC-4.5-07
        signed.verify(ldif, &signer).map_err(IndexFault::Signature)?;
        Ok((signed.signing_time(), entries(ldif)?))
    }

    /// Reads the entries of the directory; nobody has signed them, so what they are worth is the connection's affair.
    pub fn from_entries(entries: &[Entry]) -> Result<Self, IndexFault> {
        let mut index = Self::default();
        for record in entries.iter().map(Record::of) {
            //= PEC-4.5.9-01
            if !record.all("objectclass").any(|class| class.eq_ignore_ascii_case("provider")) {
                continue;
            }
            let provider = Arc::new(record.provider()?);
            //= PEC-4.5.1-01
            for hash in record.all("providercertificatehash") {
                index.by_hash.entry(hash.trim().to_ascii_lowercase()).or_default().push(provider.clone());
            }
            //= PEC-4.5.5-01
            for domain in &provider.managed_domains {
                index.by_domain.entry(domain.clone()).or_insert_with(|| provider.clone());
            }
        }
        if index.by_hash.is_empty() { Err(IndexFault::Empty) } else { Ok(index) }
    }

    /// When the index was signed, where its signature tells that: an older one must not take a newer one's place.
    pub fn signed_at(&self) -> Option<Timestamp> {
        self.signed_at
    }

    /// The record that holds this very certificate.
    ///
    /// The hash leads to the record; the certificate itself decides.
    pub fn by_certificate(&self, certificate: &[u8]) -> Option<&Arc<Provider>> {
        //= PEC-2.2.2-11
        //= PEC-2.2.2-12
        //= PEC-2.2.2-13
        self.by_hash(&sha_1(certificate), certificate)
    }

    /// [`Self::by_certificate`] for a certificate that was read.
    pub(super) fn by_known(&self, known: &Known) -> Option<&Arc<Provider>> {
        self.by_hash(known.sha_1(), known.der())
    }

    fn by_hash(&self, hash: &str, certificate: &[u8]) -> Option<&Arc<Provider>> {
        let records = self.by_hash.get(hash)?;
        records.iter().find(|provider| provider.certificates.iter().any(|known| known == certificate))
    }

    /// The record that manages a domain, ignoring case.
    pub fn by_domain(&self, domain: &str) -> Option<&Arc<Provider>> {
        //= PEC-2.2.1-07
        //= PEC-4.5-05
        self.by_domain.get(&domain.to_ascii_lowercase())
    }

    /// Whether the address is one of certified mail.
    pub fn is_certified(&self, address: &str) -> bool {
        domain_of(address).is_some_and(|domain| self.by_domain(domain).is_some())
    }
}

/// What an index names a certificate by.
pub(super) fn sha_1(certificate: &[u8]) -> String {
    hex(&Sha1::digest(certificate))
}

/// A record of the LDIF: attribute names in lower case, without options.
struct Record {
    dn: String,
    attributes: Vec<(String, Vec<u8>)>,
}

impl Record {
    fn of(entry: &Entry) -> Self {
        let named = |(name, values): &(String, Vec<Vec<u8>>)| {
            let name = bare_name(name.as_bytes());
            values.iter().map(move |value| (name.clone(), value.clone())).collect::<Vec<_>>()
        };
        Self { dn: entry.dn.clone(), attributes: entry.attributes.iter().flat_map(named).collect() }
    }

    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + 'a {
        self.attributes.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_slice())
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.values(name).filter_map(|value| std::str::from_utf8(value).ok())
    }

    fn single(&self, name: &str, what: &'static str) -> Result<Option<String>, IndexFault> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value.map(|value| value.trim().into())),
            _ => Err(self.fault(what)),
        }
    }

    fn provider(&self) -> Result<Provider, IndexFault> {
        let missing = |what| move || self.fault(what);
        //= PEC-4.5.3-01
        let name = self.single("providername", "providerName is given twice")?;
        //= PEC-4.5.4-01
        let mail_receipt = self.single("mailreceipt", "mailReceipt is given twice")?;
        let certificates: Vec<Vec<u8>> = self.values("providercertificate").map(<[u8]>::to_vec).collect();
        let managed_domains: Vec<_> =
            self.all("manageddomains").map(|domain| domain.trim().to_ascii_lowercase()).collect();
        let provider = Provider {
            name: name.ok_or_else(missing("providerName is missing"))?,
            unit: self.single("providerunit", "providerUnit is given twice")?,
            mail_receipt: mail_receipt.ok_or_else(missing("mailReceipt is missing"))?,
            managed_domains,
            //= PEC-4.5.6-01
            ldif_location: self.single("ldiflocationurl", "LDIFLocationURL is given twice")?,
            certificates,
        };
        match () {
            () if self.all("providercertificatehash").next().is_none() => {
                Err(self.fault("providerCertificateHash is missing"))
            }
            () if provider.certificates.is_empty() => Err(self.fault("providerCertificate is missing")),
            () if provider.managed_domains.is_empty() => Err(self.fault("managedDomains is missing")),
            () => Ok(provider),
        }
    }

    fn fault(&self, what: &'static str) -> IndexFault {
        IndexFault::Record { dn: self.dn.clone(), what }
    }
}

/// Reads LDIF content records (RFC 2849). A `dn` begins a record also without an empty line before it, as in the
/// example of RFC 6109 §4.5.10.
fn entries(ldif: &[u8]) -> Result<Vec<Entry>, IndexFault> {
    let mut entries: Vec<Entry> = Vec::new();
    for (line, text) in logical_lines(ldif) {
        let fault = |what| IndexFault::Line { line, what };
        let colon =
            text.iter().position(|octet| *octet == b':').ok_or(fault("no colon behind the attribute's name"))?;
        let (name, value) = text.split_at(colon);
        let (name, bare) = (String::from_utf8_lossy(name).trim().to_owned(), bare_name(name));
        let value = match value {
            [b':', b':', encoded @ ..] => unbase64(encoded).ok_or(fault("value is no base64"))?,
            [b':', b'<', ..] => return Err(fault("value lies at a URL, which is not fetched")),
            [b':', plain @ ..] => plain.trim_ascii().to_vec(),
            _ => return Err(fault("no value")),
        };
        match (bare.as_str(), entries.last_mut()) {
            ("version", None) => {}
            ("dn", _) => {
                let dn = String::from_utf8(value).map_err(|_| fault("name is not in UTF-8"))?;
                entries.push(Entry { dn, attributes: Vec::new() });
            }
            ("changetype", _) => return Err(fault("changes are no content")),
            (_, Some(entry)) => {
                match entry.attributes.last_mut().filter(|(last, _)| last.eq_ignore_ascii_case(&name)) {
                    Some((_, values)) => values.push(value),
                    None => entry.attributes.push((name, vec![value])),
                }
            }
            (_, None) => return Err(fault("attribute before the first dn")),
        }
    }
    Ok(entries)
}

/// An attribute's name in lower case, without its options (`;binary`).
fn bare_name(name: &[u8]) -> String {
    let name = name.split(|octet| *octet == b';').next().unwrap_or_default();
    String::from_utf8_lossy(name).trim().to_ascii_lowercase()
}

/// The lines of LDIF with their numbers, folds undone, comments and empty lines left out.
fn logical_lines(ldif: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let mut lines: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut foldable = false;
    for (number, line) in ldif.split(|octet| *octet == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line.strip_prefix(b" ") {
            Some(more) if foldable => lines.last_mut().into_iter().for_each(|(_, text)| text.extend_from_slice(more)),
            _ => {
                foldable = !line.is_empty();
                lines.push((number + 1, line.to_vec()));
            }
        }
    }
    lines.retain(|(_, line)| !line.trim_ascii().is_empty() && !line.starts_with(b"#"));
    lines
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};

    fn read(ldif: &str) -> Result<Index, IndexFault> {
        Index::read(&p7m(ldif, &INDEX), INDEX.certificate)
    }

    #[test]
    fn providers_are_found_by_certificate_and_by_domain_ignoring_case() {
        let index = index();
        let beta = index.by_certificate(BETA.certificate).unwrap();
        assert_eq!((beta.name.as_str(), beta.mail_receipt.as_str()), ("Beta Certificata S.p.A.", "ricevute@beta.test"));
        assert_eq!(index.by_domain("PEC.Beta.Test").unwrap(), beta);
        assert!(
            index.is_certified("x@pec.beta.test") && !index.is_certified("x@gamma.test") && !index.is_certified("x")
        );
        assert!(beta.manages("x@PEC.beta.test") && !beta.manages("x@alfa.test"));
        assert_eq!(index.by_certificate(CA), None);
    }

    #[test]
    fn a_hash_alone_identifies_nobody() {
        let alfa = record("Alfa", "alfa.test", ALFA.certificate);
        let beta = record("Beta", "beta.test", BETA.certificate);
        let line = |record: &str| record.lines().find(|line| line.contains("Hash")).unwrap().to_owned();
        let forged = read(&alfa.replace(&line(&alfa), &line(&beta))).unwrap();
        assert_eq!(forged.by_certificate(BETA.certificate), None);
        assert_eq!(forged.by_certificate(ALFA.certificate), None);
        assert!(read(&alfa.to_lowercase().replace(&record("", "", ALFA.certificate).to_lowercase(), "")).is_ok());
    }

    #[test]
    fn hashes_match_in_either_case() {
        let alfa = record("Alfa", "alfa.test", ALFA.certificate);
        let hash = alfa.lines().find(|line| line.contains("Hash")).unwrap().to_owned();
        let lower = hash.replace("providerCertificateHash", "PROVIDERCERTIFICATEHASH").to_lowercase();
        assert!(read(&alfa.replace(&hash, &lower)).unwrap().by_certificate(ALFA.certificate).is_some());
    }

    #[test]
    fn records_need_no_empty_line_between_them() {
        let dense = ldif().replace("\n\n", "\r\n");
        assert!(read(&dense).unwrap().by_domain("beta.test").is_some());
    }

    #[test]
    fn only_the_configured_certificate_signs() {
        assert_eq!(Index::read(&p7m(&ldif(), &ALFA), INDEX.certificate).unwrap_err(), IndexFault::Signer);
        assert_eq!(Index::read(ldif().as_bytes(), INDEX.certificate).unwrap_err(), IndexFault::NotSigned);
        let mut altered = p7m(&ldif(), &INDEX);
        let at = altered.windows(9).position(|window| window == b"alfa.test").unwrap();
        altered[at] = b'b';
        assert!(matches!(Index::read(&altered, INDEX.certificate), Err(IndexFault::Signature(_))));
    }

    #[test]
    fn faults_name_their_place() {
        let alfa = record("Alfa", "alfa.test", ALFA.certificate);
        let without = |name: &str| {
            alfa.lines().filter(|line| !line.starts_with(name)).map(|line| format!("{line}\n")).collect::<String>()
        };
        for name in ["providerName", "mailReceipt", "managedDomains", "providerCertificateHash"] {
            let fault = read(&without(name)).unwrap_err();
            assert!(fault.to_string().contains(name) && fault.to_string().contains("providerName=Alfa"), "{fault}");
        }
        let twice = format!("{}mailReceipt: x@y.it\n", alfa.trim_end().to_owned() + "\n");
        assert!(matches!(read(&twice), Err(IndexFault::Record { what: "mailReceipt is given twice", .. })));
        assert_eq!(read("o: x\n").unwrap_err(), IndexFault::Line { line: 1, what: "attribute before the first dn" });
        assert_eq!(
            read("dn: x\n# c\nboh\n").unwrap_err(),
            IndexFault::Line { line: 3, what: "no colon behind the attribute's name" }
        );
        assert_eq!(read("dn: x\na:: %\n").unwrap_err(), IndexFault::Line { line: 2, what: "value is no base64" });
        assert!(matches!(read("dn: x\na:< file:///etc/passwd\n"), Err(IndexFault::Line { line: 2, .. })));
    }

    #[test]
    fn an_index_tells_when_it_was_signed() {
        assert_eq!(index().signed_at(), Some(NOW));
    }

    #[test]
    fn an_index_without_providers_is_none() {
        assert_eq!(read("dn: o=postacert\nobjectClass: top\n").unwrap_err(), IndexFault::Empty);
        assert_eq!(Index::from_entries(&[]).unwrap_err(), IndexFault::Empty);
    }

    #[test]
    fn entries_of_the_directory_make_the_same_index() {
        let value =
            |name: &str, values: &[&[u8]]| (name.to_owned(), values.iter().map(|value| value.to_vec()).collect());
        let hash = sha_1(ALFA.certificate).to_uppercase();
        let entry = Entry {
            dn: "providerName=Alfa,o=postacert".into(),
            attributes: vec![
                value("objectClass", &[b"top", b"provider"]),
                value("providerName", &[b"Alfa"]),
                value("providerCertificateHash", &[hash.as_bytes()]),
                value("providerCertificate;binary", &[ALFA.certificate]),
                value("mailReceipt", &[b"ricevute@alfa.test"]),
                value("managedDomains", &[b"alfa.test", b"PEC.alfa.test"]),
            ],
        };
        let index = Index::from_entries(std::slice::from_ref(&entry)).unwrap();
        assert_eq!(index.by_certificate(ALFA.certificate), index.by_domain("pec.ALFA.test"));
        assert_eq!((index.by_domain("alfa.test").unwrap().name.as_str(), index.signed_at()), ("Alfa", None));
        for (number, (name, _)) in entry.attributes.iter().enumerate().skip(1) {
            let mut without = entry.clone();
            without.attributes.remove(number);
            let fault = Index::from_entries(&[without]).unwrap_err().to_string();
            assert!(fault.contains(name.trim_end_matches(";binary")) && fault.contains(&entry.dn), "{fault}");
        }
    }

    #[test]
    fn names_in_base64_are_read() {
        let ldif = record("Città", "alfa.test", ALFA.certificate);
        let ldif = ldif.replace("providerName: Città", "providerName:: Q2l0dMOg");
        assert_eq!(read(&ldif).unwrap().by_domain("alfa.test").unwrap().name, "Città");
    }
}
