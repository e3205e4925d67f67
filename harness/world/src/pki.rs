//! Test keys and the certificates issued from them: fixed keys, serials and dates, so the same bytes in every run.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_lc_rs::{rand::SystemRandom, rsa, signature::RSA_PKCS1_SHA256};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_record::Instant;
use collaudo_scenario::Plan;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason, RevokedCertParams,
    SanType, SerialNumber, date_time_ymd,
};
use sha1::{Digest, Sha1};

use crate::{WorldError, live::foreign::Foreign};

/// How many providers there are keys for.
pub const MAX_PROVIDERS: usize = PROVIDER_KEYS.len();

const AUTHORITY_KEY: &str = include_str!("../keys/ca.pem");
const FOREIGN_KEY: &str = include_str!("../keys/foreign.pem");
const INDEX_KEY: &str = include_str!("../keys/index.pem");
const TLS_KEY: &str = include_str!("../keys/tls.pem");
const PROVIDER_KEYS: [&str; 20] = [
    include_str!("../keys/provider-01.pem"),
    include_str!("../keys/provider-02.pem"),
    include_str!("../keys/provider-03.pem"),
    include_str!("../keys/provider-04.pem"),
    include_str!("../keys/provider-05.pem"),
    include_str!("../keys/provider-06.pem"),
    include_str!("../keys/provider-07.pem"),
    include_str!("../keys/provider-08.pem"),
    include_str!("../keys/provider-09.pem"),
    include_str!("../keys/provider-10.pem"),
    include_str!("../keys/provider-11.pem"),
    include_str!("../keys/provider-12.pem"),
    include_str!("../keys/provider-13.pem"),
    include_str!("../keys/provider-14.pem"),
    include_str!("../keys/provider-15.pem"),
    include_str!("../keys/provider-16.pem"),
    include_str!("../keys/provider-17.pem"),
    include_str!("../keys/provider-18.pem"),
    include_str!("../keys/provider-19.pem"),
    include_str!("../keys/provider-20.pem"),
];

/// An RSA key and the certificate (DER) that goes with it.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Signs.
    pub key: Arc<SigningKey>,
    /// Says whose the key is.
    pub certificate: Arc<[u8]>,
}

/// An RSA-2048 key that signs.
#[derive(Debug)]
pub struct SigningKey {
    /// The key as PKCS#8 DER.
    pub pkcs8: Vec<u8>,
    pair: rsa::KeyPair,
}

impl SigningKey {
    /// RSASSA-PKCS1-v1_5 with SHA-256 over `message`: the same message gives the same 256 octets.
    ///
    /// # Errors
    /// [`WorldError::Key`] where the library refuses.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, WorldError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        // PKCS#1 v1.5 draws nothing; the parameter is there for PSS.
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| WorldError::Key("signing was refused"))?;
        Ok(signature)
    }
}

/// Every key and certificate of one run.
#[derive(Clone, Debug)]
pub struct Pki {
    /// Issues signing certificates: the trust anchor.
    pub authority: Identity,
    /// Signs the provider index.
    pub index: Identity,
    /// One for each provider, in the plan's order.
    pub providers: Vec<Identity>,
    tls_authority: Arc<[u8]>,
    tls_key: Arc<[u8]>,
}

impl Pki {
    /// Issues a certificate to each provider: its `providerName` and the address that it signs with.
    ///
    /// # Errors
    /// [`WorldError::Providers`] for more than [`MAX_PROVIDERS`]; [`WorldError::Key`] where a key does not read.
    pub fn issue(providers: &[(&str, &str)]) -> Result<Self, WorldError> {
        if providers.len() > MAX_PROVIDERS {
            return Err(WorldError::Providers(providers.len()));
        }
        Self::issue_at((0..).zip(providers.iter().copied()))
    }

    /// [`Self::issue`] for providers at any places: those that are [`MAX_PROVIDERS`] apart have the same key, and no others.
    pub(crate) fn issue_at<'a>(
        providers: impl Iterator<Item = (usize, (&'a str, &'a str))>,
    ) -> Result<Self, WorldError> {
        let authority = AUTHORITY.identity()?;
        let index = issued(2, INDEX_KEY, ["Collaudo", "Indice dei gestori", "indice@index.test"], SOUND)?;
        let providers = providers
            .map(|(place, (name, address))| {
                issued(number(place, 0), key_at(place), [name, "Posta Certificata", address], SOUND)
            })
            .collect::<Result<_, _>>()?;
        let tls_key = pem_der(TLS_KEY)?.into();
        Ok(Self { authority, index, providers, tls_authority: tls_authority()?, tls_key })
    }

    /// Gives a foreign provider's own certificate the place of the one that was issued to it; its key is nowhere here.
    pub(crate) fn admit(&mut self, plan: &Plan, foreign: &Foreign) {
        let place = plan.providers.iter().position(|provider| provider.name == foreign.provider);
        if let Some(identity) = place.and_then(|place| self.providers.get_mut(place)) {
            identity.certificate = foreign.signer.as_slice().into();
        }
    }

    /// The certificate (DER) of a secondary environment of the provider at that place: its key under a name of its own.
    pub(crate) fn unit_certificate(place: usize, provider: &str, address: &str) -> Result<Arc<[u8]>, WorldError> {
        Ok(issued(number(place, 1), key_at(place), [provider, "Ambiente secondario", address], SOUND)?.certificate)
    }

    /// A certificate (DER) of the provider at that place beside its own: for the same key, and with something wrong.
    pub(crate) fn flawed_certificate(
        place: usize,
        provider: &str,
        address: &str,
        flaw: Flaw,
    ) -> Result<Arc<[u8]>, WorldError> {
        let (row, terms) = match flaw {
            Flaw::Expired => (2, Terms { years: (2023, 2025), ..SOUND }),
            Flaw::Future => (3, Terms { years: (2029, 2033), ..SOUND }),
            Flaw::Foreign => (4, Terms { authority: FOREIGN, ..SOUND }),
            Flaw::OnlyHashed => (5, SOUND),
            Flaw::Earlier => (6, Terms { years: (2023, 2027), ..SOUND }),
        };
        Ok(issued(number(place, row), key_at(place), [provider, "Posta Certificata", address], terms)?.certificate)
    }

    /// The certificate (DER) of an authority that nobody trusts.
    pub(crate) fn foreign_authority() -> Result<Arc<[u8]>, WorldError> {
        Ok(FOREIGN.identity()?.certificate)
    }

    /// The list (DER) of the signing certificates that the authority has revoked: each by the place of its provider, with
    /// the second in which it was revoked. The same list is the same bytes: once a process is enough.
    pub(crate) fn revocation_list(from: u64, until: u64, revoked: &[(usize, u64)]) -> Result<Arc<[u8]>, WorldError> {
        type Key = (u64, u64, Vec<(usize, u64)>);
        static LISTS: Mutex<BTreeMap<Key, Arc<[u8]>>> = Mutex::new(BTreeMap::new());
        let key = (from, until, revoked.to_vec());
        if let Some(known) = LISTS.lock().ok().and_then(|lists| lists.get(&key).cloned()) {
            return Ok(known);
        }
        let list = revocation_list(from, until, revoked)?;
        if let Ok(mut lists) = LISTS.lock() {
            lists.insert(key, list.clone());
        }
        Ok(list)
    }

    pub(crate) fn tls_authority(&self) -> &[u8] {
        &self.tls_authority
    }

    pub(crate) fn tls_key(&self) -> &[u8] {
        &self.tls_key
    }

    /// A certificate (DER) for TLS, of a machine under these names.
    pub(crate) fn tls_certificate(&self, hosts: &[&str]) -> Result<Vec<u8>, WorldError> {
        self.tls_certificate_at(hosts, &[])
    }

    /// [`Self::tls_certificate`] of a machine that is called by addresses, too.
    pub(crate) fn tls_certificate_at(&self, hosts: &[&str], addresses: &[IpAddr]) -> Result<Vec<u8>, WorldError> {
        let mut params = params(2, &[(DnType::CommonName, hosts.first().copied().unwrap_or_default())]);
        let name = |host: &&str| Ok(SanType::DnsName((*host).try_into()?));
        params.subject_alt_names = hosts.iter().map(name).collect::<Result<_, rcgen::Error>>()?;
        params.subject_alt_names.extend(addresses.iter().copied().map(SanType::IpAddress));
        let issuer = Issuer::new(tls_authority_params(), KeyPair::from_pem(TLS_KEY)?);
        Ok(params.signed_by(&KeyPair::from_pem(TLS_KEY)?, &issuer)?.der().to_vec())
    }
}

/// Whether signing certificates are valid then.
pub(crate) fn are_valid_at(instant: Instant) -> bool {
    let from = |year| date_time_ymd(year, 1, 1).unix_timestamp();
    (from(VALID.0)..from(VALID.1)).contains(&instant.0.div_euclid(1_000_000))
}

/// What is peculiar to a certificate beside a provider's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flaw {
    /// It ended before the run.
    Expired,
    /// It begins after the run.
    Future,
    /// Another authority issued it.
    Foreign,
    /// The index has its hash, and in its place another certificate.
    OnlyHashed,
    /// None: it is the one that the provider's own follows.
    Earlier,
}

/// Who issues certificates.
#[derive(Clone, Copy)]
struct Authority {
    name: &'static str,
    pem: &'static str,
}

/// What all certificates of a sort have in common: who issues them, and the years at whose beginning they begin and end.
#[derive(Clone, Copy)]
struct Terms {
    authority: Authority,
    years: (i32, i32),
}

const AUTHORITY: Authority = Authority { name: "Autorità di prova", pem: AUTHORITY_KEY };
const FOREIGN: Authority = Authority { name: "Altra autorità di prova", pem: FOREIGN_KEY };
const SOUND: Terms = Terms { authority: AUTHORITY, years: VALID };
/// The years at whose beginning sound certificates begin and end.
pub(crate) const VALID: (i32, i32) = (2025, 2029);

impl Authority {
    fn identity(self) -> Result<Identity, WorldError> {
        static KNOWN: Mutex<BTreeMap<&str, Identity>> = Mutex::new(BTreeMap::new());
        if let Some(known) = KNOWN.lock().ok().and_then(|known| known.get(self.name).cloned()) {
            return Ok(known);
        }
        let certificate = self.params()?.self_signed(&KeyPair::from_pem(self.pem)?)?;
        let identity = Identity { key: key(self.pem)?, certificate: certificate.der().to_vec().into() };
        if let Ok(mut known) = KNOWN.lock() {
            known.insert(self.name, identity.clone());
        }
        Ok(identity)
    }

    fn params(self) -> Result<CertificateParams, WorldError> {
        let mut params = params(1, &[(DnType::OrganizationName, "Collaudo"), (DnType::CommonName, self.name)]);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.key_identifier_method = KeyIdMethod::PreSpecified(key_identifier(self.pem)?);
        Ok(params)
    }

    fn issuer(self) -> Result<Issuer<'static, KeyPair>, WorldError> {
        Ok(Issuer::new(self.params()?, KeyPair::from_pem(self.pem)?))
    }
}

fn revocation_list(from: u64, until: u64, revoked: &[(usize, u64)]) -> Result<Arc<[u8]>, WorldError> {
    let at = |unix_seconds| date_time_ymd(1970, 1, 1) + Duration::from_secs(unix_seconds);
    let list = CertificateRevocationListParams {
        this_update: at(from),
        next_update: at(until),
        // It must grow with each list.
        crl_number: SerialNumber::from((from << 8) | (revoked.len() as u64)),
        issuing_distribution_point: None,
        revoked_certs: revoked
            .iter()
            .map(|(place, when)| RevokedCertParams {
                serial_number: SerialNumber::from(number(*place, 0)),
                revocation_time: at(*when),
                reason_code: Some(RevocationReason::KeyCompromise),
                invalidity_date: None,
            })
            .collect(),
        key_identifier_method: KeyIdMethod::PreSpecified(key_identifier(AUTHORITY_KEY)?),
    };
    Ok(list.signed_by(&AUTHORITY.issuer()?)?.der().to_vec().into())
}

/// The certificate of that number for an organisation, a common name and an address. Reading an RSA key checks it, which
/// costs more than a signature, and the same certificate is the same bytes: once a process is enough.
fn issued(number: u64, pem: &str, subject: [&str; 3], terms: Terms) -> Result<Identity, WorldError> {
    static ISSUED: Mutex<BTreeMap<(u64, [String; 3]), Identity>> = Mutex::new(BTreeMap::new());
    let name = (number, subject.map(str::to_owned));
    if let Some(known) = ISSUED.lock().ok().and_then(|issued| issued.get(&name).cloned()) {
        return Ok(known);
    }
    let identity = issue(number, pem, subject, terms)?;
    if let Ok(mut issued) = ISSUED.lock() {
        issued.insert(name, identity.clone());
    }
    Ok(identity)
}

//= PEC-5.5.1-01
//= PEC-5.5.1-02
//= PEC-5.5.2-01
fn issue(
    number: u64,
    pem: &str,
    [organisation, common_name, address]: [&str; 3],
    Terms { authority, years: (from, until) }: Terms,
) -> Result<Identity, WorldError> {
    let mut params = params(number, &[(DnType::OrganizationName, organisation), (DnType::CommonName, common_name)]);
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
    params.subject_alt_names = vec![SanType::Rfc822Name(address.try_into()?)];
    // `NoCa` leaves Basic Constraints out, as the profile asks, and with it the Subject Key Identifier.
    params.is_ca = IsCa::NoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
    params.use_authority_key_identifier_extension = true;
    params.custom_extensions = vec![subject_key_identifier(&key_identifier(pem)?)];
    let certificate = params.signed_by(&KeyPair::from_pem(pem)?, &authority.issuer()?)?;
    Ok(Identity { key: key(pem)?, certificate: certificate.der().to_vec().into() })
}

fn tls_authority() -> Result<Arc<[u8]>, WorldError> {
    let certificate = tls_authority_params().self_signed(&KeyPair::from_pem(TLS_KEY)?)?;
    Ok(certificate.der().to_vec().into())
}

fn tls_authority_params() -> CertificateParams {
    let mut params = params(1, &[(DnType::CommonName, "Collaudo TLS")]);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

/// The serial number of a certificate of the provider at that place: its own are row 0.
fn number(place: usize, row: usize) -> u64 {
    let (round, place) = (place / MAX_PROVIDERS, place % MAX_PROVIDERS);
    u64::try_from(place + (row + round * ROWS) * MAX_PROVIDERS + 3).unwrap_or(u64::MAX)
}

/// More than the certificates that one provider may have.
const ROWS: usize = 10;

fn key_at(place: usize) -> &'static str {
    PROVIDER_KEYS[place % MAX_PROVIDERS]
}

/// Everything fixed: serial, dates, name.
fn params(serial: u64, name: &[(DnType, &str)]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.serial_number = Some(SerialNumber::from(serial));
    (params.not_before, params.not_after) = (date_time_ymd(VALID.0, 1, 1), date_time_ymd(VALID.1, 1, 1));
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "IT");
    for (kind, value) in name {
        params.distinguished_name.push(kind.clone(), *value);
    }
    params
}

fn subject_key_identifier(identifier: &[u8]) -> CustomExtension {
    // An OCTET STRING of 20 octets inside the extension's own.
    let mut content = vec![0x04, 0x14];
    content.extend_from_slice(identifier);
    CustomExtension::from_oid_content(&[2, 5, 29, 14], content)
}

/// SHA-1 of the public key, method 1 of RFC 5280 §4.2.1.2.
fn key_identifier(pem: &str) -> Result<Vec<u8>, WorldError> {
    Ok(Sha1::digest(KeyPair::from_pem(pem)?.public_key_raw()).to_vec())
}

fn key(pem: &str) -> Result<Arc<SigningKey>, WorldError> {
    let pkcs8 = pem_der(pem)?;
    let pair = rsa::KeyPair::from_pkcs8(&pkcs8).map_err(|_| WorldError::Key("not an RSA key in PKCS#8"))?;
    Ok(Arc::new(SigningKey { pkcs8, pair }))
}

fn pem_der(pem: &str) -> Result<Vec<u8>, WorldError> {
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(text).map_err(|_| WorldError::Key("not PEM"))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;

    #[test]
    fn certificates_are_the_same_bytes_every_time() {
        let providers = [("Alfa PEC S.p.A.", "posta-certificata@alfa.test")];
        let (one, two) = (Pki::issue(&providers).expect("issues"), Pki::issue(&providers).expect("issues"));
        assert_eq!(one.providers[0].certificate, two.providers[0].certificate);
        let tls = |pki: &Pki| pki.tls_certificate(&["mx.alfa.test"]).expect("issues");
        assert_eq!(tls(&one), tls(&two));
        let anew =
            issue(3, PROVIDER_KEYS[0], ["Alfa PEC S.p.A.", "Posta Certificata", "posta-certificata@alfa.test"], SOUND);
        assert_eq!(anew.expect("issues").certificate, one.providers[0].certificate, "the remembered one is another");
    }

    #[test]
    fn the_tls_key_is_ed25519() {
        let key = Ed25519KeyPair::from_pkcs8(&pem_der(TLS_KEY).expect("PEM")).expect("an Ed25519 key");
        assert_eq!(key.public_key().as_ref().len(), 32);
    }

    #[test]
    fn more_providers_than_keys_are_refused() {
        let many = vec![("x", "x@x.test"); MAX_PROVIDERS + 1];
        assert!(matches!(Pki::issue(&many), Err(WorldError::Providers(21))));
    }
}
