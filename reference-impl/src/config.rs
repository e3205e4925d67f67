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
    /// The name of the index for [`collaudo_node::Effect::Fetch`].
    pub index_name: String,
}

/// A user of the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The address, which is also the account's name.
    pub address: String,
    /// What the mailbox can hold; `None` is no limit.
    pub quota_octets: Option<u64>,
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
