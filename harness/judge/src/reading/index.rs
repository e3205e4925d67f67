use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_record::Trace;

use super::{Certificate, Signature, Trust, asn1, head::decode_octets};

/// The provider index as published.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    /// Why it cannot be relied on: its signature does not hold, or it cannot be read. None where all is well.
    pub problem: Option<String>,
    /// Its signature.
    pub signature: Option<Signature>,
    /// Its LDIF text.
    pub ldif: String,
    /// Records in order, the root record included.
    pub records: Vec<Record>,
    /// Managed domains in lower case, each with the place of its record: a national index has tens of thousands.
    by_domain: BTreeMap<String, usize>,
}

/// A record of the index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Distinguished name.
    pub dn: String,
    /// Attributes in order: name in lower case with its options, value.
    pub attributes: Vec<(String, Vec<u8>)>,
    /// `providerName`, else what its distinguished name says.
    pub name: String,
    /// `providerUnit`.
    pub unit: Option<String>,
    /// `mailReceipt`.
    pub mail_receipt: Option<String>,
    /// `managedDomains` in lower case.
    pub domains: Vec<String>,
    /// `providerCertificate` (DER).
    pub certificates: Vec<Vec<u8>>,
    /// `providerCertificateHash` in lower case.
    pub hashes: Vec<String>,
}

impl Index {
    /// Reads the trace's index and verifies it against the trace's index signer.
    pub fn of(trace: &Trace) -> Self {
        let Some(octets) = trace.body(&trace.header.index) else {
            return Self { problem: Some("the trace holds no index".to_owned()), ..Self::default() };
        };
        Self::read(octets, trace.body(&trace.header.index_signer).and_then(Certificate::read).as_ref())
    }

    /// Reads a signed index and verifies it against its publisher's certificate.
    pub fn read(octets: &[u8], signer: Option<&Certificate>) -> Self {
        let anchors = Trust::new(signer.cloned());
        let (signature, content) = Signature::read(octets, &[], &anchors);
        let problem = match (&content, signer) {
            _ if !signature.valid => Some(signature.reason.clone()),
            (None, _) => Some("it encloses no text".to_owned()),
            (_, None) => Some("the certificate of its publisher cannot be read".to_owned()),
            (_, Some(signer)) if signature.signer.as_ref().is_none_or(|own| own.der != signer.der) => {
                Some("it is signed by another than its publisher".to_owned())
            }
            _ => None,
        };
        let ldif = decode_octets(&content.unwrap_or_default());
        let records = records(&ldif);
        Self { problem, signature: Some(signature), by_domain: by_domain(&records), records, ldif }
    }

    /// Reads what a directory gave: the signed file that it was made from, an LDIF text, or entries of LDAP. A directory
    /// vouches for itself, so there is no signature to verify.
    pub fn of_directory(octets: &[u8], signer: Option<&Certificate>) -> Self {
        let signed = Self::read(octets, signer);
        if !signed.records.is_empty() {
            return signed;
        }
        let text = decode_octets(octets);
        let read = records(&text);
        let records = if read.is_empty() { entries(octets) } else { read };
        let problem = records.is_empty().then(|| "the directory gave no record".to_owned());
        Self { problem, signature: None, ldif: text, by_domain: by_domain(&records), records }
    }

    /// The record that manages a domain, in any case.
    pub fn managing(&self, domain: &str) -> Option<&Record> {
        let place = match self.by_domain.get(domain) {
            Some(place) => place,
            None => self.by_domain.get(&domain.to_ascii_lowercase())?,
        };
        self.records.get(*place)
    }

    /// The record that lists a certificate.
    pub fn listing(&self, der: &[u8]) -> Option<&Record> {
        self.records.iter().find(|record| record.certificates.iter().any(|listed| listed == der))
    }
}

impl Record {
    /// All values of an attribute, its options left out of account, as text.
    pub fn values(&self, name: &str) -> Vec<String> {
        self.octets(name).map(decode_octets).collect()
    }

    /// The pieces of its distinguished name, first to last: attribute and value.
    pub fn path(&self) -> Vec<(String, String)> {
        pieces(&self.dn)
    }

    fn named(&self, attribute: &str) -> Option<String> {
        let mut path = self.path().into_iter();
        path.find(|(name, _)| name.eq_ignore_ascii_case(attribute)).map(|(_, value)| value)
    }

    fn octets<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + 'a {
        let is_it = move |key: &str| key.split(';').next().is_some_and(|key| key.eq_ignore_ascii_case(name));
        self.attributes.iter().filter(move |(key, _)| is_it(key)).map(|(_, value)| value.as_slice())
    }

    fn of(dn: String, attributes: Vec<(String, Vec<u8>)>) -> Self {
        let record = Self { dn, attributes, ..Self::default() };
        let first = |name| record.values(name).into_iter().next();
        let lower = |name| record.values(name).iter().map(|value| value.to_ascii_lowercase()).collect();
        Self {
            name: first("providerName").or_else(|| record.named("providerName")).unwrap_or_default(),
            unit: first("providerUnit"),
            mail_receipt: first("mailReceipt"),
            domains: lower("managedDomains"),
            certificates: record.octets("providerCertificate").map(<[u8]>::to_vec).collect(),
            hashes: lower("providerCertificateHash"),
            ..record.clone()
        }
    }
}

fn by_domain(records: &[Record]) -> BTreeMap<String, usize> {
    let mut places = BTreeMap::new();
    for (place, record) in records.iter().enumerate() {
        for domain in &record.domains {
            // The first record that has it counts.
            places.entry(domain.clone()).or_insert(place);
        }
    }
    places
}

/// The records of an LDIF text (RFC 2849), changes left out of account.
fn records(ldif: &str) -> Vec<Record> {
    let unfolded = ldif.replace("\r\n", "\n").replace("\n ", "");
    let mut records = Vec::new();
    for block in unfolded.split("\n\n") {
        let mut attributes = Vec::new();
        let mut dn = None;
        for (name, value) in block.lines().filter(|line| !line.starts_with('#')).filter_map(attribute) {
            match name.as_str() {
                // What stands before it, such as the version, is no attribute of the record.
                "dn" => {
                    dn = Some(decode_octets(&value));
                    attributes.clear();
                }
                _ => attributes.push((name, value)),
            }
        }
        if let Some(dn) = dn {
            records.push(Record::of(dn, attributes));
        }
    }
    records
}

/// The entries among messages of LDAP (RFC 4511 §4.5.2).
fn entries(octets: &[u8]) -> Vec<Record> {
    const ENTRY: u8 = 0x64;
    const STRING: u8 = 0x04;
    let entry = |message: asn1::Tlv<'_>| {
        let mut fields = asn1::Values(asn1::Values(message.value).find(|tlv| tlv.tag == ENTRY)?.value);
        let dn = decode_octets(fields.tagged(STRING)?.value);
        let mut attributes = Vec::new();
        for attribute in asn1::Values(fields.tagged(asn1::SEQUENCE)?.value) {
            let mut parts = asn1::Values(attribute.value);
            let name = decode_octets(parts.tagged(STRING)?.value).to_ascii_lowercase();
            let values = asn1::Values(parts.tagged(asn1::SET)?.value);
            attributes.extend(values.map(|value| (name.clone(), value.value.to_vec())));
        }
        Some(Record::of(dn, attributes))
    };
    asn1::Values(octets).filter_map(entry).collect()
}

/// The pieces of a distinguished name; a comma behind a backslash belongs to its value.
fn pieces(dn: &str) -> Vec<(String, String)> {
    let mut pieces = vec![String::new()];
    let mut characters = dn.chars();
    while let Some(character) = characters.next() {
        let piece = match character {
            '\\' => characters.next(),
            ',' => None,
            other => Some(other),
        };
        match (piece, pieces.last_mut()) {
            (Some(character), Some(last)) => last.push(character),
            _ => pieces.push(String::new()),
        }
    }
    let split = |piece: &String| match piece.split_once('=') {
        Some((name, value)) => (name.trim().to_owned(), value.trim().to_owned()),
        None => (piece.trim().to_owned(), String::new()),
    };
    pieces.iter().map(split).collect()
}

fn attribute(line: &str) -> Option<(String, Vec<u8>)> {
    let (name, rest) = line.split_once(':')?;
    let value = match rest.strip_prefix(':') {
        Some(digits) => STANDARD.decode(digits.trim()).ok()?,
        None => rest.trim_start_matches(' ').as_bytes().to_vec(),
    };
    Some((name.trim().to_ascii_lowercase(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_and_encoded_lines_are_read() {
        let text = "version: 1\r\n\r\n# comment\r\ndn: providerName=Alfa S.p\r\n .A.,o=postacert\r\nproviderName:: QWxmYQ==\r\n\
            managedDomains: Alfa.Test\r\nmanagedDomains: b.test\r\nproviderCertificate;binary:: AQI=\r\n";
        let records = records(text);
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].dn, "providerName=Alfa S.p.A.,o=postacert");
        assert_eq!(records[0].name, "Alfa");
        assert_eq!(records[0].domains, ["alfa.test", "b.test"]);
        assert_eq!(records[0].certificates, [vec![1, 2]]);
    }

    #[test]
    fn a_directory_answers_with_text_or_with_entries() {
        let text = "dn: providerName=Alfa,o=postacert\nproviderName: Alfa\nmanagedDomains: alfa.test\n";
        assert!(Index::of_directory(text.as_bytes(), None).managing("ALFA.test").is_some());
        let string = |text: &str| [&[4, text.len() as u8][..], text.as_bytes()].concat();
        let wrap = |tag: u8, inner: Vec<u8>| [&[tag, inner.len() as u8][..], &inner].concat();
        let attribute = |name: &str, value: &str| wrap(0x30, [string(name), wrap(0x31, string(value))].concat());
        let attributes =
            wrap(0x30, [attribute("providerName", "Alfa"), attribute("managedDomains", "alfa.test")].concat());
        let entry = wrap(0x64, [string("providerName=Alfa,o=postacert"), attributes].concat());
        let message = wrap(0x30, [vec![2, 1, 7], entry].concat());
        let index = Index::of_directory(&message, None);
        assert_eq!(index.managing("alfa.test").map(|record| record.name.as_str()), Some("Alfa"));
        assert!(Index::of_directory(b"\x30\x03\x02\x01\x00", None).problem.is_some());
    }

    #[test]
    fn a_record_without_its_name_is_named_by_where_it_hangs() {
        let records = records("dn: providerName=Alfa\\, S.p.A., o=postacert\nmailReceipt: a@b.test\n");
        assert_eq!(records[0].name, "Alfa, S.p.A.");
        assert_eq!(records[0].path().len(), 2);
        assert!(records[0].values("providerName").is_empty());
    }
}
