use collaudo_record::Instant;
use der::Decode;
use x509_cert::{name::Name, time::Time};

use super::{
    Certificate, asn1,
    certificate::{instant, tbs_octets},
    signature::Algorithm,
};

/// A list of revoked certificates (RFC 5280 §5), of either version.
#[derive(Clone, Debug, PartialEq)]
pub struct Crl {
    /// When it was made.
    pub this_update: Instant,
    /// When the next one is there at the latest; none where it does not say.
    pub next_update: Option<Instant>,
    issuer: Name,
    /// Serial numbers and when they were revoked.
    entries: Vec<(Vec<u8>, Instant)>,
}

/// A list whose authority is not known yet: the messages that it is held against bring it along.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct UnverifiedCrl {
    octets: Vec<u8>,
    list: Crl,
}

impl UnverifiedCrl {
    /// Reads a list in DER.
    pub(crate) fn read(octets: &[u8]) -> Option<Self> {
        Some(Self { octets: octets.to_vec(), list: Crl::parse(tbs_octets(octets)?)? })
    }

    /// The list, where this authority is the one that signed it.
    pub(crate) fn verified(&self, authority: &Certificate) -> Option<&Crl> {
        is_signed_by(&self.octets, &self.list, authority).filter(|is_signed| *is_signed).map(|_| &self.list)
    }
}

fn is_signed_by(octets: &[u8], list: &Crl, authority: &Certificate) -> Option<bool> {
    if !authority.is_authority() || !authority.is_subject(&list.issuer) {
        return Some(false);
    }
    let mut outer = asn1::Values(asn1::first(octets)?.value);
    let tbs = outer.tagged(asn1::SEQUENCE)?.whole;
    let mut algorithm = asn1::Values(outer.tagged(asn1::SEQUENCE)?.value);
    let algorithm = Algorithm::of(&der::asn1::ObjectIdentifier::from_der(algorithm.next()?.whole).ok()?, None)?;
    // The first octet of a bit string counts unused bits.
    let value = outer.tagged(asn1::BIT_STRING)?.value.get(1..)?;
    Some(algorithm.verifies(authority, tbs, value))
}

impl Crl {
    /// Reads a list in DER that one of these authorities has signed.
    pub fn read(octets: &[u8], authorities: &[Certificate]) -> Option<Self> {
        let list = Self::parse(tbs_octets(octets)?)?;
        authorities.iter().find(|authority| is_signed_by(octets, &list, authority) == Some(true))?;
        Some(list)
    }

    fn parse(tbs: &[u8]) -> Option<Self> {
        let mut fields = asn1::Values(asn1::first(tbs)?.value);
        fields.tagged(asn1::INTEGER);
        fields.tagged(asn1::SEQUENCE)?;
        let issuer = Name::from_der(fields.tagged(asn1::SEQUENCE)?.whole).ok()?;
        let this_update = time(fields.next()?)?;
        let mut ahead = fields;
        let next_update = ahead.next().and_then(time);
        if next_update.is_some() {
            fields = ahead;
        }
        let revoked = fields.tagged(asn1::SEQUENCE).map_or(&[][..], |list| list.value);
        let entry = |entry: asn1::Tlv<'_>| {
            let mut parts = asn1::Values(entry.value);
            let serial = parts.tagged(asn1::INTEGER)?.value.to_vec();
            Some((serial, time(parts.next()?)?))
        };
        let entries = asn1::Values(revoked).map(entry).collect::<Option<_>>()?;
        Some(Self { this_update, next_update, issuer, entries })
    }

    /// When a certificate was revoked; none where the list does not have it.
    pub fn revoked(&self, certificate: &Certificate) -> Option<Instant> {
        let mut entries = self.entries.iter();
        let is_it = |(serial, _): &&(Vec<u8>, Instant)| certificate.is_named(&self.issuer, serial);
        entries.find(is_it).map(|(_, at)| *at)
    }

    /// Whether it still counts then.
    pub fn holds_at(&self, at: Instant) -> bool {
        self.next_update.is_none_or(|next| at <= next)
    }
}

fn time(tlv: asn1::Tlv<'_>) -> Option<Instant> {
    Time::from_der(tlv.whole).ok().map(|time| instant(time.to_unix_duration()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ISSUER, REVOCABLE, list_of_revoked};

    fn read(der: &[u8]) -> Certificate {
        Certificate::read(der).expect("a fixture")
    }

    #[test]
    fn a_list_names_what_is_revoked_and_since_when() {
        let (issuer, leaf) = (read(ISSUER), read(REVOCABLE));
        let empty = Crl::read(list_of_revoked(false), std::slice::from_ref(&issuer)).expect("a list");
        let full = Crl::read(list_of_revoked(true), std::slice::from_ref(&issuer)).expect("a list");
        assert_eq!(empty.revoked(&leaf), None);
        assert_eq!(full.revoked(&leaf), Some(full.this_update));
        assert_eq!(full.revoked(&issuer), None);
        let next = empty.next_update.expect("it says so");
        assert_eq!(next.since(empty.this_update), collaudo_record::Span::from_hours(6));
        assert!(empty.holds_at(next) && !empty.holds_at(next.after(collaudo_record::Span(1))));
    }

    #[test]
    fn a_list_of_another_authority_or_with_other_octets_is_none() {
        let issuer = read(ISSUER);
        assert_eq!(Crl::read(list_of_revoked(true), &[read(crate::fixture::AUTHORITY)]), None);
        let mut altered = list_of_revoked(true).to_vec();
        let serial = altered.len() / 2;
        altered[serial] ^= 1;
        assert_eq!(Crl::read(&altered, &[issuer]), None);
    }
}
