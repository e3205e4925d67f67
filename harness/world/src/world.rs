//! A network as a plan wants it, before its first instant; who stands in it is the same in every world.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    pin::Pin,
    rc::Rc,
    sync::Arc,
};

use collaudo_forge::{Key, PeerIdentity, Signer};
use collaudo_node::{Bytes, Timestamp};
use collaudo_record::{Header, Terms, Trace, What};
use collaudo_scenario::{PeerBehaviour, Plan, PlayerPlan, ProviderPlan};
use rustls::{ClientConfig, ServerConfig};

use crate::{
    CRL_NAME, Founding, INDEX_NAME, Subject, WorldError,
    actors::{self, mailbox::Mark},
    clock::{Clock, span},
    directory,
    header::header,
    host::{self, Border, Machine},
    index::certified_address,
    live::{
        self, Pace,
        foreign::{Foreign, is_foreign},
        sockets::Sockets,
        strays,
    },
    net::{
        Activity, DIRECTORY, DIRECTORY_HOST, Ended, Net, OUTSIDE, USERS, exchangers, has_directory, has_outsiders, mx,
    },
    pki::{Flaw, Identity, MAX_PROVIDERS, Pki},
    publisher::publisher,
    recorder::Recorder,
    sim,
    store::Store,
    tls,
    transport::Transport,
};

/// A network that is built and has not run yet.
pub struct World {
    pub(crate) plan: Plan,
    header: Header,
    machines: Vec<Rc<Machine>>,
    pub(crate) net: Rc<Net>,
    pki: Rc<Pki>,
    channel: Rc<dyn Channel>,
    pub(crate) ground: Ground,
    directory: bool,
    pub(crate) foreign: Option<Rc<Foreign>>,
    /// By which place each provider's keys go.
    places: Vec<usize>,
    /// Of mailboxes that others look into at the same time, by address: where this run's part begins.
    pub(crate) marks: Rc<RefCell<BTreeMap<String, Mark>>>,
}

/// What a network is built on.
pub(crate) struct Base {
    /// The world's name in the trace.
    pub(crate) name: &'static str,
    pub(crate) clock: Clock,
    pub(crate) activity: Activity,
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) ground: Ground,
    /// Whether the directory stands though no provider asks it.
    pub(crate) directory: bool,
    /// What hosts say who they are with; the world's own where it is none.
    pub(crate) channel: Option<Rc<dyn Channel>>,
    /// What stands between every node and the world.
    pub(crate) border: Option<Border>,
    /// A provider that no host of this world plays.
    pub(crate) foreign: Option<Foreign>,
}

/// Who steps a network.
#[derive(Clone)]
pub(crate) enum Ground {
    /// The simulator.
    Simulated,
    /// Real sockets, and a clock that follows real time.
    Live(Rc<Sockets>, Pace),
}

/// TLS on both sides of a connection.
pub(crate) trait Channel {
    /// For a server of these names.
    fn server(&self, hosts: &[&str]) -> Result<Arc<ServerConfig>, WorldError>;

    /// For everyone who connects.
    fn client(&self) -> Result<Arc<ClientConfig>, WorldError>;
}

impl Channel for Pki {
    fn server(&self, hosts: &[&str]) -> Result<Arc<ServerConfig>, WorldError> {
        tls::server_config(self, hosts)
    }

    fn client(&self) -> Result<Arc<ClientConfig>, WorldError> {
        Ok(tls::client_config(self)?)
    }
}

impl Base {
    fn simulated(plan: &Plan) -> Self {
        Self {
            name: "sim",
            clock: Clock::new(plan.epoch),
            activity: Activity::default(),
            transport: Box::new(sim::transport::Simulated),
            ground: Ground::Simulated,
            directory: false,
            channel: None,
            border: None,
            foreign: None,
        }
    }
}

/// What a run gave.
#[derive(Debug)]
pub struct Run {
    /// What was seen, to the end or to where it went wrong.
    pub trace: Trace,
    /// What went wrong with the run itself, for people: a node that panicked, a network that never came to rest.
    pub problem: Option<String>,
    /// How many effects each provider's node had carried out: the points at which it can crash.
    pub effects: BTreeMap<String, u32>,
}

/// The host of those who look after a foreign provider's mailboxes.
const WATCH: &str = "#mailboxes";

/// What a host does from its start on.
pub(crate) type Start = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Ended>>>>;

impl World {
    /// Builds the simulated network: keys, certificates, index, hosts with their founding records.
    ///
    /// # Errors
    /// [`WorldError`], where the plan asks for what cannot be built.
    pub fn build(plan: &Plan, subject: &Arc<dyn Subject>) -> Result<Self, WorldError> {
        Self::on(Base::simulated(plan), plan, subject)
    }

    /// Builds the same network on real sockets of the loopback interface; in real time the plan's epoch should be now.
    ///
    /// # Errors
    /// As [`World::build`].
    pub fn build_live(plan: &Plan, subject: &Arc<dyn Subject>, pace: Pace) -> Result<Self, WorldError> {
        Self::on(live::base(plan, pace, BTreeMap::new()).0, plan, subject)
    }

    /// Builds a network on what a base gives.
    pub(crate) fn on(base: Base, plan: &Plan, subject: &Arc<dyn Subject>) -> Result<Self, WorldError> {
        let Base { name, clock, activity, transport, ground, directory, channel, border, foreign } = base;
        let foreign = foreign.map(Rc::new);
        let directory = directory || has_directory(plan);
        let identities: Vec<_> =
            plan.providers.iter().map(|p| (p.display_name.as_str(), certified_address(p))).collect();
        let identities: Vec<_> = identities.iter().map(|(name, address)| (*name, address.as_str())).collect();
        let places = match &foreign {
            Some(foreign) => foreign.places(plan),
            None => (0..identities.len()).collect(),
        };
        if places.len() > MAX_PROVIDERS {
            return Err(WorldError::Providers(places.len()));
        }
        let mut pki = Pki::issue_at(places.iter().copied().zip(identities))?;
        if let Some(foreign) = &foreign {
            pki.admit(plan, foreign);
        }
        let pki = Rc::new(pki);
        let channel = channel.unwrap_or_else(|| pki.clone());
        let recorder = Recorder::new(clock);
        let documents = publisher(plan, &pki, &recorder, foreign.as_deref())?;
        let header = header(plan, name, &pki, &documents.index(), &recorder, foreign.as_deref());
        let players = plan.providers.iter().zip(&pki.providers);
        let machines = players
            .filter(|(provider, _)| provider.player == PlayerPlan::Subject && !is_foreign(foreign.as_deref(), provider))
            .map(|(provider, identity)| {
                Ok(Rc::new(Machine {
                    name: provider.name.clone(),
                    subject: subject.clone(),
                    border: border.clone(),
                    identity: identity.clone(),
                    server_tls: server_tls(&*channel, provider)?,
                    store: RefCell::new(founded(subject, provider, identity, &pki, foreign.as_deref())),
                    told: Cell::new(Timestamp::from_unix_micros(i64::MIN)),
                }))
            })
            .collect::<Result<_, WorldError>>()?;
        let directory_host = directory.then(|| (DIRECTORY_HOST.to_owned(), DIRECTORY.to_owned()));
        let net = Rc::new(Net {
            transport,
            recorder,
            hosts: plan.providers.iter().flat_map(|p| names(p, foreign.as_deref())).chain(directory_host).collect(),
            mx: plan
                .providers
                .iter()
                .map(|p| (p.domain.to_ascii_lowercase(), machine_names(p, foreign.as_deref())))
                .collect(),
            resolved: RefCell::default(),
            passwords: plan
                .providers
                .iter()
                .flat_map(|p| &p.users)
                .map(|user| (user.address.to_ascii_lowercase(), user.password.clone()))
                .collect(),
            documents,
            client_tls: channel.client()?,
            in_force: RefCell::default(),
            down: RefCell::default(),
            activity,
            effects: RefCell::default(),
            armed: RefCell::default(),
            fallen: RefCell::default(),
            foreign: foreign.as_ref().map(|foreign| foreign.provider.clone()),
        });
        Ok(Self {
            plan: plan.clone(),
            header,
            machines,
            net,
            pki,
            channel,
            ground,
            directory,
            foreign,
            places,
            marks: Rc::default(),
        })
    }

    /// Keys and certificates of this world.
    pub fn pki(&self) -> &Pki {
        &self.pki
    }

    /// Runs the plan to its end.
    ///
    /// # Errors
    /// [`WorldError::Host`], where a fault names a host that is not there.
    pub fn run(self) -> Result<Run, WorldError> {
        match &self.ground {
            Ground::Simulated => sim::run(self),
            Ground::Live(sockets, pace) => {
                let (sockets, pace) = (sockets.clone(), *pace);
                live::run(self, &sockets, pace)
            }
        }
    }

    /// Everyone who has a host, by its short name, with what is done there.
    pub(crate) fn cast(&self) -> Result<Vec<(String, Start)>, WorldError> {
        let mut cast: Vec<(String, Start)> = Vec::new();
        for machine in &self.machines {
            let (net, machine) = (self.net.clone(), machine.clone());
            let name = machine.name.clone();
            cast.push((name, Box::new(move || Box::pin(host::run(net.clone(), machine.clone())))));
        }
        for (n, provider) in self.plan.providers.iter().enumerate() {
            if let PlayerPlan::Peer(behaviour) = provider.player {
                let (net, peer) = (self.net.clone(), Rc::new(self.peer(n, provider, behaviour)?));
                let name = provider.name.clone();
                cast.push((name, Box::new(move || Box::pin(actors::peer::run(net.clone(), peer.clone())))));
            }
        }
        let (net, agenda) = (self.net.clone(), Rc::new(actors::people::agenda(&self.plan)));
        cast.push((USERS.to_owned(), Box::new(move || Box::pin(actors::people::run(net.clone(), agenda.clone())))));
        if has_outsiders(&self.plan) {
            let (net, agenda) = (self.net.clone(), Rc::new(actors::outsider::agenda(&self.plan)));
            let start: Start = Box::new(move || Box::pin(actors::outsider::run(net.clone(), agenda.clone())));
            cast.push((OUTSIDE.to_owned(), start));
        }
        if let Some(foreign) = &self.foreign {
            let (net, foreign, marks) = (self.net.clone(), foreign.clone(), self.marks.clone());
            let start: Start =
                Box::new(move || Box::pin(actors::watch::run(net.clone(), foreign.clone(), marks.clone())));
            cast.push((WATCH.to_owned(), start));
        }
        if self.directory {
            let (net, server_tls) = (self.net.clone(), self.channel.server(&[DIRECTORY_HOST])?);
            let start: Start = Box::new(move || Box::pin(directory::host::run(net.clone(), server_tls.clone())));
            cast.push((DIRECTORY.to_owned(), start));
        }
        Ok(cast)
    }

    /// Whether a node stands on that host.
    pub(crate) fn has_node(&self, host: &str) -> bool {
        self.machines.iter().any(|machine| machine.name == host)
    }

    /// What was seen so far.
    pub(crate) fn so_far(&self) -> Trace {
        let (events, bodies) = self.net.recorder.copy();
        Trace { header: self.header.clone(), events, bodies }
    }

    /// What the run gave, once every host is gone: nodes and disks share octets with the trace, which are then its alone.
    pub(crate) fn harvest(self, problem: Option<String>) -> Run {
        drop(self.machines);
        let (events, bodies) = self.net.recorder.take();
        let effects = self.net.effects.take();
        let mut trace = Trace { header: self.header, events, bodies };
        if let Some(foreign) = &self.foreign {
            strays::leave_out(&mut trace, foreign);
        }
        Run { effects, trace, problem }
    }

    /// What providers say of themselves, and what is published, when the run begins.
    pub(crate) fn open(&self) -> Result<(), WorldError> {
        self.declare();
        self.net.documents.open()
    }

    fn declare(&self) {
        for provider in &self.plan.providers {
            self.net.recorder.declared(What::Terms(Terms {
                provider: provider.name.clone(),
                machines: machine_names(provider, self.foreign.as_deref()),
                acceptance: provider.acceptance.map(span),
                qualified: false,
            }));
        }
    }

    /// Every host stops at the end: the trace says for how long nothing more was seen.
    pub(crate) fn close(&self) {
        let down = self.net.down.borrow();
        for provider in self.plan.providers.iter().filter(|provider| !down.contains(&provider.name)) {
            self.net.recorder.observed(What::Host { host: provider.name.clone(), up: false });
        }
    }

    fn peer(
        &self,
        n: usize,
        provider: &ProviderPlan,
        behaviour: PeerBehaviour,
    ) -> Result<actors::peer::Peer, WorldError> {
        let identity = self.pki.providers.get(n).ok_or(WorldError::Providers(n))?;
        let key = Arc::new(Key::from_der(&identity.key.pkcs8)?);
        let (authority, foreign) = (self.pki.authority.certificate.to_vec(), Pki::foreign_authority()?.to_vec());
        let flawed = |flaw, issuer: &Vec<u8>| -> Result<Signer, WorldError> {
            let place = self.places.get(n).copied().unwrap_or(n);
            let certificate =
                Pki::flawed_certificate(place, &provider.display_name, &certified_address(provider), flaw)?;
            Ok(Signer::new(key.clone(), &certificate, std::slice::from_ref(issuer))?)
        };
        Ok(actors::peer::Peer {
            name: provider.name.clone(),
            host: mx(provider),
            identity: PeerIdentity {
                display_name: provider.display_name.clone(),
                domain: provider.domain.clone(),
                certified_address: certified_address(provider),
            },
            signer: Signer::new(key.clone(), &identity.certificate, std::slice::from_ref(&authority))?,
            expired: flawed(Flaw::Expired, &authority)?,
            future: flawed(Flaw::Future, &authority)?,
            foreign: flawed(Flaw::Foreign, &foreign)?,
            only_hashed: flawed(Flaw::OnlyHashed, &authority)?,
            // The authority signs certificates; as a provider nobody lists it.
            unlisted: Signer::new(
                Arc::new(Key::from_der(&self.pki.authority.key.pkcs8)?),
                &self.pki.authority.certificate,
                &[],
            )?,
            behaviour,
            server_tls: server_tls(&*self.channel, provider)?,
            service_mailboxes: self
                .plan
                .providers
                .iter()
                .map(|p| (p.domain.clone(), p.service_mailbox.clone()))
                .collect(),
            agenda: actors::peer::agenda(&self.plan, &provider.name),
        })
    }
}

/// Each name under which a provider's machine is known, with the machine.
fn names(provider: &ProviderPlan, foreign: Option<&Foreign>) -> Vec<(String, String)> {
    machine_names(provider, foreign).into_iter().map(|name| (name, provider.name.clone())).collect()
}

/// The names of a provider's machines, the first choice first.
fn machine_names(provider: &ProviderPlan, foreign: Option<&Foreign>) -> Vec<String> {
    match foreign {
        Some(foreign) if foreign.provider == provider.name => vec![foreign.host.clone()],
        _ => exchangers(provider),
    }
}

fn server_tls(channel: &dyn Channel, provider: &ProviderPlan) -> Result<Arc<ServerConfig>, WorldError> {
    let exchangers = exchangers(provider);
    channel.server(&exchangers.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A provider's disk before its first start.
fn founded(
    subject: &Arc<dyn Subject>,
    provider: &ProviderPlan,
    identity: &Identity,
    pki: &Pki,
    foreign: Option<&Foreign>,
) -> Store {
    let further = foreign.iter().flat_map(|foreign| &foreign.authorities);
    let founding = Founding {
        provider,
        host: mx(provider),
        certified_address: certified_address(provider),
        service_mailbox: provider.service_mailbox.clone(),
        certificate: Bytes::copy_from_slice(&identity.certificate),
        authority: Bytes::copy_from_slice(&pki.authority.certificate),
        further_authorities: further.cloned().map(Bytes::from).collect(),
        index_signer: Bytes::copy_from_slice(&pki.index.certificate),
        index_name: INDEX_NAME,
        directory_host: DIRECTORY_HOST,
        // The one list that is published is of one authority.
        crl_name: if foreign.is_some() { "" } else { CRL_NAME },
    };
    let mut store = Store::default();
    store.commit(&[subject.found(&founding)], std::iter::empty());
    store
}
