//! `LAB.toml`: where the subject is, what it is known by, and where it finds us.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use collaudo_record::{Instant, Ordinary, ScenarioBrief};
use collaudo_scenario::{
    Family, Forgery, IndexSource, Plan, PlayerPlan, ProviderPlan, Step, Submit, UserPlan, topology,
};
use collaudo_world::{Foreign, Listed, Mailbox, certificates};
use serde::Deserialize;

use super::CertifyError;

/// The topology whose providers are ours.
const TOPOLOGY: &str = "three-providers";

/// All that the file says; paths are relative to its folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lab {
    #[serde(skip)]
    folder: PathBuf,
    /// The text itself.
    #[serde(skip)]
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) seed: u64,
    /// How long nothing must stir before an untimed scenario is over.
    #[serde(default = "quiet_ms")]
    pub(crate) quiet_ms: u64,
    /// Where the zone of our providers is served, if anywhere.
    pub(crate) dns: Option<SocketAddr>,
    /// How far the subject's clock may be off.
    #[serde(default = "clock_seconds")]
    pub(crate) clock_seconds: i64,
    pub(crate) subject: SubjectTable,
    /// Where the subject finds our providers, by domain.
    pub(crate) ours: BTreeMap<String, SocketAddr>,
    pub(crate) index: IndexTable,
    #[serde(skip)]
    certificates: Certificates,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubjectTable {
    pub(crate) name: String,
    pub(crate) domain: String,
    host: String,
    service_mailbox: String,
    /// None where its service mailbox cannot be read.
    service_password: Option<String>,
    signing_certificate: PathBuf,
    authorities: Vec<PathBuf>,
    tls_authorities: Vec<PathBuf>,
    pub(crate) max_octets: u64,
    pub(crate) max_recipients: u32,
    at: Places,
    #[serde(default, rename = "user")]
    pub(crate) users: Vec<User>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Places {
    submission: Option<SocketAddr>,
    submissions: Option<SocketAddr>,
    relay: SocketAddr,
    imap: SocketAddr,
    pop3: Option<SocketAddr>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct User {
    pub(crate) address: String,
    password: String,
    pub(crate) quota_octets: Option<u64>,
    #[serde(default)]
    ordinary: Policy,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Policy {
    #[default]
    Refuse,
    Anomaly,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IndexTable {
    /// In seconds since 1970.
    signed_at: i64,
}

/// What the files hold that it names, in DER.
#[derive(Clone, Debug, Default)]
struct Certificates {
    signer: Vec<u8>,
    authorities: Vec<Vec<u8>>,
    tls_authorities: Vec<Vec<u8>>,
}

/// Our providers, in the topology's order.
pub(crate) type Ours = Vec<ProviderPlan>;

/// The providers that we play around a subject.
pub(crate) fn ours(folder: &Path) -> Result<Ours, CertifyError> {
    Ok(topology(&folder.join(format!("topologies/{TOPOLOGY}.toml")), &folder.join("profiles"))?)
}

fn quiet_ms() -> u64 {
    5_000
}

fn clock_seconds() -> i64 {
    5
}

impl Lab {
    /// Reads the file and all that it names.
    pub(crate) fn read(file: &Path) -> Result<Self, CertifyError> {
        let text = fs::read_to_string(file).map_err(|why| at(file, why))?;
        let told = |error: toml::de::Error| CertifyError::Lab(format!("{}: {error}", file.display()));
        let mut lab: Self = toml::from_str(&text).map_err(told)?;
        lab.text = text;
        lab.folder = file.parent().unwrap_or(Path::new("")).to_owned();
        let signer = lab.certificates(std::slice::from_ref(&lab.subject.signing_certificate))?;
        lab.certificates = Certificates {
            signer: signer.into_iter().next().unwrap_or_default(),
            authorities: lab.certificates(&lab.subject.authorities)?,
            tls_authorities: lab.certificates(&lab.subject.tls_authorities)?,
        };
        lab.check(file)?;
        Ok(lab)
    }

    fn check(&self, file: &Path) -> Result<(), CertifyError> {
        let wrong = |what: String| Err(CertifyError::Lab(format!("{}: {what}", file.display())));
        let domain = &self.subject.domain;
        if self.ours.contains_key(domain) {
            return wrong(format!("subject.domain \"{domain}\" is one of ours; expected another domain"));
        }
        let abroad =
            |address: &&str| !address.to_ascii_lowercase().ends_with(&format!("@{}", domain.to_ascii_lowercase()));
        let addresses = self.subject.users.iter().map(|user| user.address.as_str());
        if let Some(address) = addresses.chain([self.subject.service_mailbox.as_str()]).find(abroad) {
            return wrong(format!("\"{address}\" is no address of {domain}; correct it, or subject.domain"));
        }
        if self.subject.users.is_empty() {
            return wrong("no [[subject.user]]; expected at least one, better four".into());
        }
        match (self.subject.at.submission, self.subject.at.submissions) {
            (None, _) => wrong("subject.at.submission is missing; expected where users submit with STARTTLS".into()),
            _ => Ok(()),
        }
    }

    fn certificates(&self, paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, CertifyError> {
        let mut found = Vec::new();
        for path in paths {
            let path = self.folder.join(path);
            let octets = fs::read(&path).map_err(|why| at(&path, why))?;
            let read = certificates(&octets);
            if read.is_empty() {
                let path = path.display();
                return Err(CertifyError::Lab(format!("{path}: no certificate found; expected PEM, or one in DER")));
            }
            found.extend(read);
        }
        Ok(found)
    }

    /// Its users, with what becomes of ordinary mail for each.
    pub(crate) fn users(&self) -> Vec<UserPlan> {
        let plan = |user: &User| UserPlan {
            address: user.address.clone(),
            password: user.password.clone(),
            quota_octets: user.quota_octets,
            ordinary: match user.ordinary {
                Policy::Refuse => Ordinary::Refuse,
                Policy::Anomaly => Ordinary::Anomaly,
            },
        };
        self.subject.users.iter().map(plan).collect()
    }

    pub(crate) fn service_mailbox(&self) -> &str {
        &self.subject.service_mailbox
    }

    /// Whether mailboxes are read over POP3, too.
    pub(crate) fn has_pop3(&self) -> bool {
        self.subject.at.pop3.is_some()
    }

    /// Whether users submit under TLS from the first octet, too.
    pub(crate) fn has_implicit_tls(&self) -> bool {
        self.subject.at.submissions.is_some()
    }

    /// The subject in the place of a provider of a plan, among those of ours.
    pub(crate) fn foreign(&self, plays: &str, ours: &Ours) -> Foreign {
        let Places { submission, submissions, relay, imap, pop3 } = self.subject.at;
        let places = [(25, Some(relay)), (587, submission), (465, submissions), (993, Some(imap)), (995, pop3)];
        let reads = |address: &str, password: &str, submits| Mailbox {
            address: address.to_owned(),
            password: password.to_owned(),
            submits,
        };
        let service = self.subject.service_password.as_ref();
        let service = service.map(|password| reads(&self.subject.service_mailbox, password, false));
        let users = self.subject.users.iter().map(|user| reads(&user.address, &user.password, true));
        let here = |provider: &ProviderPlan| Some((provider.name.clone(), *self.ours.get(&provider.domain)?));
        let others = ours.iter().filter(|provider| provider.name != plays);
        Foreign {
            provider: plays.to_owned(),
            host: self.subject.host.clone(),
            ports: places.into_iter().filter_map(|(port, at)| Some((port, at?))).collect(),
            tls_authorities: self.certificates.tls_authorities.clone(),
            signer: self.certificates.signer.clone(),
            authorities: self.certificates.authorities.clone(),
            ours: others.filter_map(here).collect(),
            mailboxes: users.chain(service).collect(),
            listed: Listed { plan: self.listed(ours), signed_at: self.index.signed_at },
        }
    }

    /// Everyone in the index: ours, each with every certificate that a forgery may need, and the subject.
    fn listed(&self, ours: &Ours) -> Plan {
        let epoch = Instant(self.index.signed_at.saturating_mul(1_000_000));
        let providers = ours.iter().cloned().chain([self.plan()]).collect();
        empty_plan("index", self.seed, epoch, providers, flawed_steps(ours))
    }

    /// The subject as a provider of a plan.
    fn plan(&self) -> ProviderPlan {
        ProviderPlan {
            name: "subject".into(),
            display_name: self.subject.name.clone(),
            domain: self.subject.domain.clone(),
            service_mailbox: self.subject.service_mailbox.clone(),
            player: PlayerPlan::Subject,
            users: self.users(),
            max_octets: self.subject.max_octets,
            max_recipients: self.subject.max_recipients,
            unit: None,
            family: Family::default(),
            index_source: IndexSource::Ldif,
            renewed: false,
            backup: false,
            acceptance: None,
        }
    }

    /// A plan in which the subject and all of ours are there and nothing happens.
    pub(crate) fn idle_plan(&self, ours: &Ours) -> Plan {
        let providers = ours.iter().cloned().chain([self.plan()]).collect();
        empty_plan("preflight", self.seed, crate::stopwatch::now(), providers, Vec::new())
    }
}

/// The forgeries for which the index has to list a certificate beside the provider's own.
const FLAWED: [Forgery; 4] =
    [Forgery::ExpiredSigner, Forgery::FutureSigner, Forgery::ForeignAuthority, Forgery::HashListedSigner];

fn flawed_steps(ours: &Ours) -> Vec<Step> {
    ours.iter().flat_map(|provider| FLAWED.map(|forgery| flawed(&provider.name, forgery))).collect()
}

fn flawed(provider: &str, forgery: Forgery) -> Step {
    Step {
        at: Duration::ZERO,
        id: "index".into(),
        submit: Submit {
            provider: provider.to_owned(),
            account: String::new(),
            password: String::new(),
            reverse_path: String::new(),
            forward_paths: Vec::new(),
            message: Vec::new().into(),
            implicit_tls: false,
            session: None,
            forged: Some(forgery),
        },
    }
}

fn empty_plan(id: &str, seed: u64, epoch: Instant, providers: Vec<ProviderPlan>, steps: Vec<Step>) -> Plan {
    let brief = ScenarioBrief {
        id: id.to_owned(),
        title: String::new(),
        why: String::new(),
        covers: Vec::new(),
        expect: Vec::new(),
    };
    Plan {
        brief,
        seed,
        epoch,
        until: Duration::ZERO,
        providers,
        steps,
        visits: Vec::new(),
        inquiries: Vec::new(),
        faults: Vec::new(),
        latency: (Duration::ZERO, Duration::ZERO),
    }
}

/// A subject of which nothing is known yet: the index lists ours alone.
pub(crate) fn nobody(ours: &Ours, signed_at: i64) -> Foreign {
    let epoch = Instant(signed_at.saturating_mul(1_000_000));
    Foreign {
        provider: String::new(),
        host: String::new(),
        ports: BTreeMap::new(),
        tls_authorities: Vec::new(),
        signer: Vec::new(),
        authorities: Vec::new(),
        ours: BTreeMap::new(),
        mailboxes: Vec::new(),
        listed: Listed { plan: empty_plan("index", 0, epoch, ours.clone(), flawed_steps(ours)), signed_at },
    }
}

/// A file that cannot be read or written.
pub(crate) fn at(path: &Path, why: std::io::Error) -> CertifyError {
    CertifyError::File { path: path.display().to_string(), why }
}
