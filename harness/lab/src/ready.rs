//! What a person, or a program, has to know to use a lab.

use std::{fmt, net::SocketAddr, path::PathBuf};

use collaudo_scenario::{PlayerPlan, ProviderPlan};
use collaudo_world::Service;
use serde::Serialize;

use crate::{HEADER, Outcome, Places, SPECIALS, network::silent, outcome::Special};

/// The object that `--format json` prints: a contract.
#[derive(Clone, Debug, Serialize)]
pub struct Ready {
    format: u32,
    pub(crate) providers: Vec<Provider>,
    pub(crate) ca: PathBuf,
    pub(crate) page: String,
    pub(crate) api: String,
    #[serde(skip)]
    pub(crate) special: Vec<Listed>,
}

/// A provider; what it does not offer is left out.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Provider {
    pub(crate) domain: String,
    #[serde(skip)]
    pub(crate) title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) submission: Option<Reached>,
    #[serde(skip)]
    pub(crate) submissions: Option<Reached>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) imap: Option<Reached>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pop3: Option<Reached>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) relay: Option<Reached>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ldap: Option<Reached>,
    pub(crate) users: Vec<User>,
}

/// Where something is.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Reached {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// `starttls` or `implicit`.
    pub(crate) tls: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct User {
    pub(crate) address: String,
    pub(crate) password: String,
}

/// A special address, as lists have it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Listed {
    /// With its domain, or `local@` where each provider has one.
    pub(crate) address: String,
    pub(crate) outcome: &'static str,
    /// The kinds that the sender's mailbox gets, in order.
    pub(crate) brings: Vec<&'static str>,
    /// The kind that arrives at the address.
    pub(crate) arrives: Option<&'static str>,
    pub(crate) what: &'static str,
}

impl Ready {
    pub(crate) fn new(providers: &[ProviderPlan], places: &Places, page: u16, ca: PathBuf) -> Self {
        let page = format!("http://127.0.0.1:{page}/");
        let provider = |provider: &ProviderPlan| Provider {
            domain: provider.domain.clone(),
            title: provider.display_name.clone(),
            submission: reached(places, &provider.name, Service::Submission),
            submissions: reached(places, &provider.name, Service::Submissions),
            imap: reached(places, &provider.name, Service::Imap),
            pop3: reached(places, &provider.name, Service::Pop3),
            relay: reached(places, &provider.name, Service::Relay),
            ldap: directory(places),
            users: match provider.player {
                PlayerPlan::Subject => provider.users.iter().map(user).collect(),
                PlayerPlan::Peer(_) => Vec::new(),
            },
        };
        Self {
            format: 1,
            providers: providers.iter().map(provider).collect(),
            ca,
            api: format!("{page}api"),
            page,
            special: SPECIALS.iter().map(listed).chain(silent(providers).map(never_answers)).collect(),
        }
    }
}

fn reached(places: &Places, provider: &str, service: Service) -> Option<Reached> {
    places.get(&(provider.to_owned(), service)).map(|at| at_port(*at, service))
}

/// One for all, whatever its place is called.
fn directory(places: &Places) -> Option<Reached> {
    let found = places.iter().find(|((_, service), _)| *service == Service::Directory);
    found.map(|(_, at)| at_port(*at, Service::Directory))
}

fn at_port(at: SocketAddr, service: Service) -> Reached {
    let tls = if matches!(service, Service::Submission | Service::Relay) { "starttls" } else { "implicit" };
    Reached { host: at.ip().to_string(), port: at.port(), tls }
}

fn user(plan: &collaudo_scenario::UserPlan) -> User {
    User { address: plan.address.clone(), password: plan.password.clone() }
}

fn listed(special: &Special) -> Listed {
    Listed {
        address: format!("{}@", special.local),
        outcome: special.outcome.name(),
        brings: special.brings.to_vec(),
        arrives: special.arrives,
        what: special.what,
    }
}

fn never_answers(address: &str) -> Listed {
    Listed {
        address: address.to_owned(),
        outcome: Outcome::Silent.name(),
        brings: vec!["accettazione", "preavviso-errore-consegna", "preavviso-errore-consegna"],
        arrives: None,
        what: "its provider never answers: the notices of 12 and 24 hours",
    }
}

/// For people.
impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "page  {}\napi   {}  (described at {}/openapi.json)\nca    {}\n",
            self.page,
            self.api,
            self.api,
            self.ca.display()
        )?;
        for provider in &self.providers {
            writeln!(f, "{}  {}, everything at 127.0.0.1", provider.domain, provider.title)?;
            let services = [
                ("submission", &provider.submission),
                ("submission", &provider.submissions),
                ("imap", &provider.imap),
                ("pop3", &provider.pop3),
                ("relay", &provider.relay),
                ("ldap", &provider.ldap),
            ];
            let told = services.iter().filter_map(|(name, at)| Some((name, at.as_ref()?)));
            let told: Vec<_> = told.map(|(name, at)| format!("{name} {} ({})", at.port, at.tls)).collect();
            writeln!(f, "  {}", told.join(", "))?;
            for user in &provider.users {
                writeln!(f, "  {:<24} {}", user.address, user.password)?;
            }
        }
        self.trust(f)?;
        writeln!(f, "\nspecial addresses, at each provider; write to one from another provider")?;
        for special in &self.special {
            writeln!(f, "  {:<16} {}", special.address, special.what)?;
        }
        writeln!(
            f,
            "  any other address has an acceptance and a delivery receipt; X-TipoRicevuta: breve, or sintetica, asks for its form"
        )?;
        writeln!(f, "\nany outcome on one message: {HEADER}: {}", Outcome::ALL.map(Outcome::name).join(" | "))?;
        write!(f, "\nCtrl-C ends it.")
    }
}

impl Ready {
    fn trust(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ca = self.ca.display();
        let first =
            self.providers.iter().find_map(|p| Some((p.submission.as_ref()?, p.imap.as_ref()?, p.users.first()?)));
        let Some((submission, imap, user)) = first else { return Ok(()) };
        writeln!(f, "\nto trust it")?;
        writeln!(f, "  openssl s_client -connect 127.0.0.1:{} -CAfile {ca}", imap.port)?;
        writeln!(f, "  python  ssl.create_default_context(cafile=\"{ca}\")")?;
        writeln!(
            f,
            "  swaks --server 127.0.0.1:{} --tls --tls-verify --tls-ca-path {ca} --auth LOGIN --auth-user {} \
             --auth-password {} --from {1} --to ...",
            submission.port, user.address, user.password
        )
    }
}
