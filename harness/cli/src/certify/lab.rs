//! `LAB.toml`: where the subject is, what it is known by, and where it finds us.

mod wider;

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use collaudo_record::{Instant, ScenarioBrief};
use collaudo_scenario::{
    Family, Forgery, IndexSource, Plan, PlayerPlan, ProviderPlan, Step, Submit, UserPlan, topology,
};
use collaudo_world::{CRL_SECONDS, Counters, Foreign, Listed, Mailbox, MovableClock, certificates};
use serde::Deserialize;

use super::{
    CertifyError,
    clock::ClockTable,
    log::LogTable,
    services::Service,
    shell::Commands,
    users::{self, Group, Passwords, Person, User},
};

pub(crate) use self::wider::Width;

/// The subject's short name where it is in no part of a scenario.
pub(super) const SUBJECT: &str = "subject";

/// The topology whose providers are ours: every other one has some of them, in the same order.
const TOPOLOGY: &str = "twenty-providers";

/// Who has a second mail exchanger in DNS: the one for whom a scenario wants it.
const TWICE: &str = "beta";

/// The topology that says who of them has a secondary environment.
const UNITS: &str = "secondary-environment";

/// What stands for a user's name in a path.
const USER: &str = "{user}";

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
    /// None where its clock cannot be moved.
    clock: Option<ClockTable>,
    /// None where its log cannot be read.
    pub(super) log: Option<LogTable>,
    pub(crate) subject: SubjectTable,
    /// Where the subject finds our providers, by domain.
    pub(crate) ours: BTreeMap<String, SocketAddr>,
    pub(crate) index: IndexTable,
    #[serde(default)]
    pub(super) commands: Commands,
    /// Services that the subject says that it does not offer.
    #[serde(default)]
    pub(super) not_offered: Vec<Service>,
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
    /// None where its service mailbox cannot be read, or the file of passwords has it.
    service_password: Option<String>,
    /// Where that is a Maildir.
    service_maildir: Option<PathBuf>,
    /// Lines of an address and a password, for those who have none here.
    passwords: Option<PathBuf>,
    signing_certificate: PathBuf,
    authorities: Vec<PathBuf>,
    tls_authorities: Vec<PathBuf>,
    pub(crate) max_octets: u64,
    pub(crate) max_recipients: u32,
    at: Places,
    #[serde(default, rename = "user")]
    users: Vec<User>,
    #[serde(default, rename = "group")]
    groups: Vec<Group>,
    #[serde(skip)]
    people: Vec<Person>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Places {
    submission: Option<SocketAddr>,
    submissions: Option<SocketAddr>,
    relay: SocketAddr,
    imap: Option<SocketAddr>,
    pop3: Option<SocketAddr>,
    /// Where each mailbox is a Maildir, with `{user}` for what stands before the at sign.
    maildir: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IndexTable {
    /// In seconds since 1970.
    signed_at: i64,
    /// Where index and list of revoked certificates are served, if the subject fetches them.
    https: Option<SocketAddr>,
    /// Where the directory is served, if the subject reads the index there.
    ldap: Option<SocketAddr>,
    /// What the subject calls our server by, beside its address.
    #[serde(default)]
    names: Vec<String>,
    /// How often the subject reads the index.
    #[serde(default = "a_day")]
    pub(crate) refresh_seconds: u64,
    /// How often it reads the list of revoked certificates.
    #[serde(default = "six_hours")]
    pub(crate) crl_refresh_seconds: u64,
}

impl IndexTable {
    /// Where the subject fetches what changes; none where everything was handed out once.
    pub(crate) fn counters(&self) -> Option<Counters> {
        let counters = Counters { https: Some(self.https?), ldap: self.ldap, names: self.names.clone() };
        Some(counters)
    }
}

/// As long as a list of ours lasts.
fn six_hours() -> u64 {
    6 * 3600
}

fn a_day() -> u64 {
    24 * 3600
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

/// The providers that we play around a subject, with all that any scenario wants the index to say of them.
pub(crate) fn ours(folder: &Path) -> Result<Ours, CertifyError> {
    let read = |name| topology(&folder.join(format!("topologies/{name}.toml")), &folder.join("profiles"));
    let (mut ours, units) = (read(TOPOLOGY)?, read(UNITS)?);
    for provider in &mut ours {
        let there = units.iter().find(|one| one.name == provider.name);
        provider.unit = there.and_then(|one| one.unit.clone());
        provider.renewed = true;
        provider.backup = provider.name == TWICE;
    }
    Ok(ours)
}

/// The lane in which ours stand under the domains that topologies have.
pub(crate) const FIRST_LANE: u32 = 1;

/// How many of ours most scenarios take: so many a lane has at least.
pub(crate) const A_LANE: usize = 3;

/// The most lanes: so many scenarios at once.
const MOST_LANES: u32 = 99;

/// The domain of one of ours in a lane: `alfa.test`, in the second `alfa-2.test`.
pub(crate) fn in_lane(domain: &str, lane: u32) -> String {
    match domain.split_once('.') {
        Some((name, rest)) if lane != FIRST_LANE => format!("{name}-{lane}.{rest}"),
        _ => domain.to_owned(),
    }
}

/// Where a scenario is run, of how many places.
#[derive(Clone, Copy)]
pub(crate) struct Lane {
    pub(crate) number: u32,
    pub(crate) of: usize,
}

impl Lane {
    /// Alone.
    pub(crate) const ONLY: Self = Self { number: FIRST_LANE, of: 1 };

    fn is_shared(self) -> bool {
        self.of > 1
    }

    /// How often mailboxes are looked into: the more lanes, the less often, for the subject has to bear them all.
    fn every(self) -> Duration {
        LOOK.saturating_mul(u32::try_from(self.of.div_ceil(LANES_A_LOOK)).unwrap_or(u32::MAX))
    }
}

const LOOK: Duration = Duration::from_millis(250);
const LANES_A_LOOK: usize = 24;
/// What has come shows in the second look at the latest, and is about something that came before.
const LOOKS_A_REST: u32 = 4;

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
        let wrong = |what: String| CertifyError::Lab(format!("{}: {what}", file.display()));
        let subject = &mut lab.subject;
        let passwords = Passwords::read(subject.passwords.as_ref().map(|path| lab.folder.join(path)).as_deref())?;
        subject.service_password = passwords.of(&subject.service_mailbox, subject.service_password.as_ref());
        let people = users::everyone(&subject.users, &subject.groups, &subject.domain, &passwords);
        subject.people = people.map_err(wrong)?;
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
        let addresses = self.subject.people.iter().map(|one| one.plan.address.as_str());
        if let Some(address) = addresses.chain([self.subject.service_mailbox.as_str()]).find(abroad) {
            return wrong(format!("\"{address}\" is no address of {domain}; correct it, or subject.domain"));
        }
        if self.commands.lacks_half() {
            return wrong("one of commands.kill and commands.start without the other; expected both, or none".into());
        }
        if let Some(Err(what)) = self.log.as_ref().map(LogTable::check) {
            return wrong(what);
        }
        if self.index.ldap.is_some() && self.index.https.is_none() {
            return wrong("index.ldap without index.https, where the list of revoked certificates is served".into());
        }
        if self.subject.people.is_empty() {
            return wrong("no [[subject.user]]; expected at least one, better those that --init proposes".into());
        }
        let Places { submission, imap, pop3, maildir, .. } = &self.subject.at;
        if submission.is_none() {
            return wrong("subject.at.submission is missing; expected where users submit with STARTTLS".into());
        }
        if maildir.as_ref().is_some_and(|path| !path.contains(USER)) {
            return wrong(format!("subject.at.maildir has no \"{USER}\"; expected a Maildir for each user"));
        }
        let unread = |one: &&Person| imap.or(*pop3).is_none() && self.maildir_of(one).is_none();
        match self.subject.people.iter().find(unread) {
            Some(one) => wrong(format!(
                "nothing says how the mailbox of {} is read; expected imap, pop3 or maildir in [subject.at], or its maildir",
                one.plan.address
            )),
            None => Ok(()),
        }
    }

    fn maildir_of(&self, one: &Person) -> Option<PathBuf> {
        self.maildir(&one.plan.address, one.maildir.as_ref())
    }

    /// Where a mailbox is a Maildir, if it is one.
    fn maildir(&self, address: &str, own: Option<&PathBuf>) -> Option<PathBuf> {
        let user = address.split('@').next().unwrap_or_default();
        let usual = || self.subject.at.maildir.as_ref().map(|path| PathBuf::from(path.replace(USER, user)));
        own.cloned().or_else(usual).map(|path| self.folder.join(path))
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
        self.subject.people.iter().map(|one| one.plan.clone()).collect()
    }

    /// The lanes for which the file has addresses.
    pub(crate) fn lanes(&self, ours: &Ours) -> Vec<u32> {
        let has = |lane: &u32| ours.iter().any(|one| self.ours.contains_key(&in_lane(&one.domain, *lane)));
        (FIRST_LANE..=MOST_LANES).filter(|lane| *lane == FIRST_LANE || has(lane)).collect()
    }

    /// Ours in every lane, those of the first before all others: so the index has them.
    pub(crate) fn everyone(&self, first: Ours) -> Ours {
        let lanes = self.lanes(&first).into_iter().filter(|lane| *lane != FIRST_LANE);
        let others = lanes.flat_map(|lane| first.iter().map(move |one| of_lane(one, lane)));
        let others: Vec<_> = others.filter(|one| self.ours.contains_key(&one.domain)).collect();
        first.into_iter().chain(others).collect()
    }

    /// Of many alike the first.
    pub(crate) fn samples(&self) -> Vec<String> {
        let people = &self.subject.people;
        let sample = people.iter().find(|one| one.is_one_of_many);
        sample.map(|one| one.plan.address.clone()).into_iter().collect()
    }

    /// Where the subject reads the index.
    pub(crate) fn index_source(&self) -> IndexSource {
        if self.index.ldap.is_some() { IndexSource::Ldap } else { IndexSource::Ldif }
    }

    /// Where commands run.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the subject says that it does not offer a service, or names no address for it.
    pub(super) fn offers(&self, service: Service) -> bool {
        let Places { submissions, imap, pop3, .. } = &self.subject.at;
        let held = |one: &Person| imap.is_none() && self.maildir_of(one).is_none();
        let has_address = match service {
            Service::Imap => imap.is_some(),
            // Where we look into mailboxes over POP3 ourselves nobody else can: it lets one in at a time.
            Service::Pop3 => pop3.is_some() && !self.subject.people.iter().any(held),
            Service::ImplicitTls => submissions.is_some(),
            _ => true,
        };
        has_address && !self.not_offered.contains(&service)
    }

    pub(crate) fn service_mailbox(&self) -> &str {
        &self.subject.service_mailbox
    }

    /// The subject in the place of a provider of a plan, among those of ours. Of users of whom there are many, the
    /// mailboxes of these people alone are looked into; so of all users, where others have parts in other lanes.
    pub(crate) fn foreign(&self, plays: &str, ours: &Ours, people: &[String], lane: Lane) -> Foreign {
        let Places { submission, submissions, relay, imap, pop3, .. } = self.subject.at;
        let places = [(25, Some(relay)), (587, submission), (465, submissions), (993, imap), (995, pop3)];
        let here = |provider: &ProviderPlan| {
            Some((provider.name.clone(), *self.ours.get(&in_lane(&provider.domain, lane.number))?))
        };
        let others = ours.iter().filter(|provider| provider.name != plays);
        Foreign {
            provider: plays.to_owned(),
            host: self.subject.host.clone(),
            ports: places.into_iter().filter_map(|(port, at)| Some((port, at?))).collect(),
            tls_authorities: self.certificates.tls_authorities.clone(),
            signer: self.certificates.signer.clone(),
            authorities: self.certificates.authorities.clone(),
            ours: others.filter_map(here).collect(),
            mailboxes: self.mailboxes(people, lane),
            every: lane.every(),
            listed: Listed { plan: self.listed(ours), signed_at: self.index.signed_at },
            clock: None,
            kiosk: None,
            keeper: self.commands.keeper(&self.folder),
            log: None,
        }
    }

    /// Those that are looked into: its users', and its own where that may be.
    fn mailboxes(&self, people: &[String], lane: Lane) -> Vec<Mailbox> {
        let reads = |address: &str, password: &str, maildir, submits: bool| Mailbox {
            address: address.to_owned(),
            password: password.to_owned(),
            submits,
            is_shared: lane.is_shared() && !submits,
            maildir,
        };
        let has_a_part =
            |one: &&Person| !(one.is_one_of_many || lane.is_shared()) || people.contains(&one.plan.address);
        let users = self.subject.people.iter().filter(has_a_part);
        let users = users.map(|one| reads(&one.plan.address, &one.plan.password, self.maildir_of(one), true));
        let (password, service) = (self.subject.service_password.as_deref(), &self.subject.service_mailbox);
        let maildir = self.maildir(service, self.subject.service_maildir.as_ref());
        let may_be_read = password.is_some() || maildir.is_some();
        let service = may_be_read.then(|| reads(service, password.unwrap_or_default(), maildir, false));
        users.chain(service).collect()
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
            name: SUBJECT.to_owned(),
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

    /// A plan in which nobody but the subject is there and nothing happens, for so long.
    pub(crate) fn idle_plan(&self, now: Instant, until: Duration) -> Plan {
        let plan = empty_plan("nothing", self.seed, now, vec![self.plan()], Vec::new());
        Plan { until, ..plan }
    }

    /// Whether its clock can be moved.
    pub(crate) fn has_clock(&self) -> bool {
        self.clock.is_some()
    }

    /// Its clock, where it can be moved; with so many lanes it rests for at least a few looks into each mailbox.
    pub(crate) fn clock(&self, of: usize) -> Result<Option<MovableClock>, CertifyError> {
        let rest = Lane { of, ..Lane::ONLY }.every() * LOOKS_A_REST;
        self.clock.as_ref().map(|table| table.movable(&self.folder, rest)).transpose()
    }

    /// Until when the list of revoked certificates is good that the subject was given, in seconds since 1970.
    pub(crate) fn lasts_until(&self) -> i64 {
        self.index.signed_at.saturating_add(CRL_SECONDS)
    }
}

/// One of ours in a further lane: of what is peculiar to it in the first, nothing.
fn of_lane(provider: &ProviderPlan, lane: u32) -> ProviderPlan {
    let domain = in_lane(&provider.domain, lane);
    let local = provider.service_mailbox.split('@').next().unwrap_or_default();
    ProviderPlan {
        name: format!("{}-{lane}", provider.name),
        display_name: format!("{} {lane}", provider.display_name),
        service_mailbox: format!("{local}@{domain}"),
        domain,
        users: Vec::new(),
        unit: None,
        backup: false,
        renewed: false,
        ..provider.clone()
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
        every: LOOK,
        listed: Listed { plan: empty_plan("index", 0, epoch, ours.clone(), flawed_steps(ours)), signed_at },
        clock: None,
        kiosk: None,
        keeper: None,
        log: None,
    }
}

/// A file that cannot be read or written.
pub(crate) fn at(path: &Path, why: std::io::Error) -> CertifyError {
    CertifyError::File { path: path.display().to_string(), why }
}
