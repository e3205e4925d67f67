//! `gestore.toml` as a new provider has it: every key there, with what it is for.

use super::keys::name_of;

/// The name of the service mailbox.
pub(super) const SERVICE: &str = "ricevute";
/// As many providers have ports: each has a thousand of its own.
pub(super) const MOST: usize = 50;

/// A provider of the network, as its neighbours know it.
pub(super) struct Neighbour {
    pub(super) domain: String,
    /// What its ports begin at.
    base: u16,
}

impl Neighbour {
    /// The n-th provider of a network, counted from 0.
    pub(super) fn new(n: u16, domain: &str) -> Self {
        Self { domain: domain.to_owned(), base: 2000 + n.saturating_mul(1000) }
    }

    pub(super) fn name(&self) -> String {
        name_of(&self.domain)
    }

    fn port(&self, offset: u16) -> u16 {
        self.base.saturating_add(offset)
    }

    pub(super) fn index_url(&self) -> String {
        format!("https://mx.{}:{}/indice.ldif.p7m", self.domain, self.port(443))
    }

    /// Where its services are found, in one line.
    pub(super) fn services(&self) -> String {
        let (smtps, smtp, relay) = (self.port(465), self.port(587), self.port(525));
        let (imap, pop3) = (self.port(993), self.port(995));
        format!(
            "127.0.0.1: submission {smtps} (TLS) and {smtp} (STARTTLS), IMAP {imap} (TLS), POP3 {pop3} (TLS), relay {relay}"
        )
    }

    /// Its `gestore.toml`.
    pub(super) fn settings(&self, network: &[Self], users: &[String]) -> String {
        let domain = &self.domain;
        let mut text = format!(
            "# A provider of certified mail. `gestore serve` reads this when it starts; paths are relative to this folder.\n\
             \n\
             domain = \"{domain}\"\n\
             host = \"mx.{domain}\"                 # as EHLO and greetings say it\n\
             name = \"{name}\"   # as the index and the signing certificate have it\n\
             service_mailbox = \"{SERVICE}@{domain}\"   # take-charge receipts of other providers go there\n\
             listen = \"127.0.0.1\"                  # \"0.0.0.0\" is everybody\n",
            name = self.name(),
        );
        text += &self.ports();
        text += &users_of(domain, users);
        text += &self.rest();
        text += "\n# Where hosts and domains are found that DNS does not know: name = \"address:port\".\n[routes]\n";
        for other in network {
            text += &format!("\"{}\" = \"127.0.0.1:{}\"\n", other.domain, other.port(525));
        }
        text
    }

    fn ports(&self) -> String {
        format!(
            "\n# 0 is a free port, which `gestore serve` prints; a line that is left out is not served.\n\
             [ports]\n\
             submissions = {}   # SMTP of users, TLS from the first octet (465)\n\
             submission = {}    # SMTP of users, STARTTLS (587)\n\
             relay = {}         # SMTP of other providers, STARTTLS (25)\n\
             imap = {}          # TLS (993)\n\
             pop3 = {}          # TLS (995)\n\
             ldap = {}          # the provider index, for anybody to read; TLS (636)\n\
             https = {}         # /indice.ldif.p7m and /lista-revoche.crl, for anybody to read; TLS (443)\n",
            self.port(465),
            self.port(587),
            self.port(525),
            self.port(993),
            self.port(995),
            self.port(636),
            self.port(443),
        )
    }

    fn rest(&self) -> String {
        "\n\
         [index]\n\
         from = \"indice.ldif.p7m\"              # a file, \"https://...\", or \"ldaps://host:port\"\n\
         signer = \"index-signer.crt.pem\"       # who must have signed it\n\
         refresh_seconds = 86_400               # asked for again so often; a day at most\n\
         \n\
         # The authority's `gestore crl` makes the next one, and revokes.\n\
         [crl]\n\
         from = \"lista-revoche.crl\"            # a file or \"https://...\"; without this section none is looked at\n\
         refresh_seconds = 86_400               # asked for again so often, or at half of its time\n\
         \n\
         # Keys and certificates in PEM, passwords as Argon2id hashes, the store an SQLite file.\n\
         [files]\n\
         signing_key = \"signing.key.pem\"\n\
         signing_certificate = \"signing.crt.pem\"\n\
         tls_key = \"tls.key.pem\"\n\
         tls_certificate = \"tls.crt.pem\"\n\
         authority = \"authority.crt.pem\"\n\
         passwords = \"passwords\"\n\
         store = \"store.db\"\n\
         \n\
         [relay]\n\
         verify = true     # certificates of other hosts lead to the authority and bear the host's name\n\
         couriers = 20     # connections to one other host at once, where much waits for it\n\
         # dns = \"127.0.0.1:53\"   # asked for MX and A of what is not in [routes]; without it nothing else exists\n\
         \n\
         [limits]\n\
         max_octets = 30_000_000          # size of a message times its recipients\n\
         max_recipients = 500\n\
         connections = 2000               # beyond: 421\n\
         connections_per_peer = 1000      # of one address; beyond: 421\n\
         handshake_seconds = 30           # for TLS to stand\n\
         smtp_idle_seconds = 300          # beyond: 421\n\
         smtp_session_seconds = 7200      # beyond: 421\n\
         imap_idle_seconds = 1800\n\
         pop3_idle_seconds = 600\n\
         stall_seconds = 300              # for a peer to take what it is sent\n\
         \n\
         # Wrong passwords: each waits for its 535; an account with too many answers 535 to any password, and a peer\n\
         # with too many is met with 421, until the window has passed without another.\n\
         [logins]\n\
         failures_per_account = 10\n\
         failures_per_peer = 50\n\
         window_seconds = 900\n\
         delay_milliseconds = 1000\n\
         \n\
         [scanner]\n\
         # clamd = \"127.0.0.1:3310\"   # or the path of its socket; without it a scanner that knows the EICAR test file\n"
            .to_owned()
    }
}

fn users_of(domain: &str, users: &[String]) -> String {
    let mut text =
        "\n# `gestore password` gives a new one a password. ordinary: what becomes of mail that is not certified:\n\
        # \"refuse\", \"anomaly\" (delivered in an anomaly envelope), { forward = \"name@elsewhere\" }.\n"
            .to_owned();
    for user in users {
        text +=
            &format!("[[user]]\naddress = \"{user}@{domain}\"\nquota_octets = 1_000_000_000\nordinary = \"anomaly\"\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_says_the_defaults_that_hold() {
        let network = [Neighbour::new(0, "alfa.test"), Neighbour::new(1, "beta.test")];
        let text = network[1].settings(&network, &["anna".to_owned()]);
        let folder = std::env::temp_dir().join(format!("gestore-settings-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(crate::shell::config::FILE), &text).expect("a file");
        let settings = crate::shell::config::read(&folder).expect("a good file");
        assert_eq!((settings.domain.as_str(), settings.ports.imap), ("beta.test", Some(3993)));
        assert_eq!(settings.routes["alfa.test"].to_string(), "127.0.0.1:2525");
        let defaults =
            format!("{:?}{:?}", crate::shell::config::Limits::default(), crate::shell::config::Logins::default());
        assert_eq!(format!("{:?}{:?}", settings.limits, settings.logins), defaults);
    }
}
