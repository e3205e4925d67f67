use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// Who a provider is and what it manages; the founding record of its log holds it.
///
/// Certificates are DER. Passwords are not here: they are the driver's affair ([`collaudo_node::Effect::CheckPassword`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The host's name, as EHLO and greetings say it.
    pub host: String,
    /// The provider's name, as its index record and its certificate have it.
    pub display_name: String,
    /// The mail domain that the provider manages.
    pub domain: String,
    /// The address in From of all that the provider makes: `posta-certificata@` and the domain.
    pub certified_address: String,
    /// The mailbox for take-charge receipts and virus notices of other providers (`mailReceipt` of the index).
    pub service_mailbox: String,
    /// The limit for a message's size times the number of its recipients, in octets.
    pub max_octets: u64,
    /// The most recipients that a message may have.
    pub max_recipients: u32,
    /// What the provider's messages look like, within what the law leaves free.
    pub family: Family,
    /// The users, in the order in which they were written down.
    pub users: Vec<User>,
    /// The signing certificate.
    #[serde(with = "der")]
    pub certificate: Vec<u8>,
    /// Certificates of the issuers, sent along with each signature.
    #[serde(with = "ders")]
    pub issuers: Vec<Vec<u8>>,
    /// The anchors to which every provider's certificate must lead.
    #[serde(with = "ders")]
    pub trust: Vec<Vec<u8>>,
    /// The certificate that signs the provider index.
    #[serde(with = "der")]
    pub index_signer: Vec<u8>,
    /// Where the index is taken from.
    pub index_source: IndexSource,
    /// The name of the signed index for [`collaudo_node::Effect::Fetch`].
    pub index_name: String,
    /// The name of the list of revoked certificates for [`collaudo_node::Effect::Fetch`]; empty where there is none to be
    /// looked at.
    pub crl_name: String,
}

/// Where a provider takes the provider index from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum IndexSource {
    /// The signed LDIF file.
    Ldif,
    /// The directory, over LDAP under TLS from the first octet.
    Ldap {
        /// The directory's host.
        host: String,
        /// Its port.
        port: u16,
    },
}

/// How a provider builds its messages, as the deployed ones differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Which comes first in the signed part behind the text: `postacert.eml` or `daticert.xml`.
    pub original_first: bool,
    /// Whether the text stands in HTML too, as an alternative.
    pub html: bool,
    /// Whether attached parts say `inline` and not `attachment`.
    pub inline: bool,
    /// The digest as `micalg` spells it: `sha-256`, `sha256`.
    pub micalg: String,
    /// The signature's type: `application/x-pkcs7-signature` or `application/pkcs7-signature`.
    pub signature_type: String,
    /// The transfer encoding of `daticert.xml`: `base64`, `quoted-printable`, `7bit`.
    pub data_encoding: String,
    /// Whether lines of prose stand before the first boundary.
    pub preamble: bool,
}

impl Default for Family {
    fn default() -> Self {
        Self {
            original_first: false,
            html: false,
            inline: false,
            micalg: "sha-256".into(),
            signature_type: "application/x-pkcs7-signature".into(),
            data_encoding: "base64".into(),
            preamble: false,
        }
    }
}

/// A user of the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The address, which is also the account's name.
    pub address: String,
    /// What the mailbox can hold; `None` is no limit.
    pub quota_octets: Option<u64>,
    /// What becomes of mail for it that is not certified.
    pub ordinary: Ordinary,
}

/// What becomes of mail that is not certified (§3.2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ordinary {
    /// It is refused.
    Refuse,
    /// It is delivered in an anomaly envelope.
    Anomaly,
    /// It is sent on as it is, and nothing is stored.
    Forward {
        /// To this address.
        to: String,
    },
}

mod der {
    use super::*;

    pub(super) fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(octets))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

mod ders {
    use super::*;

    pub(super) fn serialize<S: Serializer>(all: &[Vec<u8>], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(all.iter().map(|octets| STANDARD.encode(octets)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<u8>>, D::Error> {
        Vec::<String>::deserialize(deserializer)?
            .iter()
            .map(|text| STANDARD.decode(text).map_err(D::Error::custom))
            .collect()
    }
}
