//! `gestore.toml`: what a person wrote, and what the server makes of it.

mod read;

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use serde::{Deserialize, Deserializer, de};

pub(super) use read::read;

/// The file's name in a provider's folder.
pub(super) const FILE: &str = "gestore.toml";
/// Seconds of a day: public documents are asked for at least as often.
pub(super) const DAY: u64 = 24 * 3600;

/// All that `gestore.toml` says. Paths in it are relative to its folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// The folder that the file lies in.
    #[serde(skip)]
    pub(super) folder: PathBuf,
    pub(super) domain: String,
    pub(super) host: String,
    pub(super) name: String,
    pub(super) service_mailbox: String,
    #[serde(default = "loopback")]
    pub(super) listen: IpAddr,
    pub(super) ports: Ports,
    #[serde(default, rename = "user")]
    pub(super) users: Vec<User>,
    #[serde(default)]
    pub(super) files: Files,
    pub(super) index: Index,
    #[serde(default)]
    pub(super) crl: Option<Crl>,
    #[serde(default)]
    pub(super) relay: Relay,
    /// Where hosts and domains are found that no DNS knows.
    #[serde(default)]
    pub(super) routes: BTreeMap<String, SocketAddr>,
    #[serde(default)]
    pub(super) limits: Limits,
    #[serde(default)]
    pub(super) logins: Logins,
    #[serde(default)]
    pub(super) scanner: Scanner,
}

/// Local ports; 0 is a free one, and what is left out is not served.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ports {
    pub(super) submissions: Option<u16>,
    pub(super) submission: Option<u16>,
    pub(super) relay: Option<u16>,
    pub(super) imap: Option<u16>,
    pub(super) pop3: Option<u16>,
    pub(super) ldap: Option<u16>,
    pub(super) https: Option<u16>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub(super) address: String,
    pub(super) quota_octets: Option<u64>,
    #[serde(default)]
    pub(super) ordinary: Ordinary,
}

/// What becomes of mail that is not certified.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Ordinary {
    #[default]
    Refuse,
    Anomaly,
    Forward(String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Files {
    pub(super) signing_key: PathBuf,
    pub(super) signing_certificate: PathBuf,
    pub(super) tls_key: PathBuf,
    pub(super) tls_certificate: PathBuf,
    /// Authorities of signing certificates and of TLS certificates alike.
    pub(super) authority: PathBuf,
    pub(super) passwords: PathBuf,
    pub(super) store: PathBuf,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            signing_key: "signing.key.pem".into(),
            signing_certificate: "signing.crt.pem".into(),
            tls_key: "tls.key.pem".into(),
            tls_certificate: "tls.crt.pem".into(),
            authority: "authority.crt.pem".into(),
            passwords: "passwords".into(),
            store: "store.db".into(),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Index {
    /// A file, `https://...` or `ldaps://host:port`.
    pub(super) from: String,
    #[serde(default = "index_signer")]
    pub(super) signer: PathBuf,
    #[serde(default = "day", deserialize_with = "within_a_day")]
    pub(super) refresh_seconds: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Crl {
    /// A file or `https://...`.
    pub(super) from: String,
    #[serde(default = "day", deserialize_with = "within_a_day")]
    pub(super) refresh_seconds: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Relay {
    /// Whether the certificate of another host must lead to the authority and bear the host's name.
    pub(super) verify: bool,
    /// The DNS server that is asked; without one, `routes` is all there is.
    pub(super) dns: Option<SocketAddr>,
    /// Connections to one other host at once.
    pub(super) couriers: usize,
}

impl Default for Relay {
    fn default() -> Self {
        Self { verify: false, dns: None, couriers: 20 }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) max_octets: u64,
    pub(super) max_recipients: u32,
    pub(super) connections: usize,
    pub(super) connections_per_peer: usize,
    pub(super) handshake_seconds: u64,
    pub(super) smtp_idle_seconds: u64,
    pub(super) smtp_session_seconds: u64,
    pub(super) imap_idle_seconds: u64,
    pub(super) pop3_idle_seconds: u64,
    /// How long a peer may leave unread what it was sent.
    pub(super) stall_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_octets: 30_000_000,
            max_recipients: 500,
            connections: 2000,
            connections_per_peer: 1000,
            handshake_seconds: 30,
            smtp_idle_seconds: 300,
            smtp_session_seconds: 7200,
            imap_idle_seconds: 1800,
            pop3_idle_seconds: 600,
            stall_seconds: 300,
        }
    }
}

/// How often a wrong password may be given.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Logins {
    pub(super) failures_per_account: u32,
    pub(super) failures_per_peer: u32,
    /// How long failures count, and how long who had too many is kept out.
    pub(super) window_seconds: u64,
    /// How long a wrong password waits for its answer.
    pub(super) delay_milliseconds: u64,
}

impl Default for Logins {
    fn default() -> Self {
        Self { failures_per_account: 10, failures_per_peer: 50, window_seconds: 900, delay_milliseconds: 1000 }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Scanner {
    /// A clamd: `127.0.0.1:3310`, or the path of its socket. Without one, the built-in scanner looks.
    pub(super) clamd: Option<String>,
}

fn loopback() -> IpAddr {
    IpAddr::from([127, 0, 0, 1])
}

fn day() -> u64 {
    DAY
}

fn within_a_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let seconds = u64::deserialize(deserializer)?;
    match seconds {
        1..=DAY => Ok(seconds),
        _ => Err(de::Error::custom(format!("found {seconds}, expected seconds from 1 to {DAY}, which is a day"))),
    }
}

fn index_signer() -> PathBuf {
    "index-signer.crt.pem".into()
}

impl Settings {
    pub(super) fn path(&self, name: &std::path::Path) -> PathBuf {
        self.folder.join(name)
    }
}
