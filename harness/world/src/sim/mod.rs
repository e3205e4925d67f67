//! The simulated network: turmoil's hosts and links under a clock that leaps.

mod conn;
mod directory;
mod faults;
mod host;
mod links;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use collaudo_forge::{Key, PeerIdentity, Signer};
use collaudo_node::{Bytes, Timestamp};
use collaudo_record::{FORMAT, Header, Player, Provider, Terms, Trace, User, What};
use collaudo_scenario::{Plan, PlayerPlan, ProviderPlan};

use self::{
    faults::Faults,
    host::Machine,
    links::{Links, NEVER},
};
use crate::{
    CRL_NAME, Founding, INDEX_NAME, Subject, WorldError, actors,
    chance::Chance,
    clock::{Clock, span},
    documents::{Documents, Office},
    index::{Record, certified_address, own_file, records, service_mailbox},
    net::{DIRECTORY, DIRECTORY_HOST, Net, OUTSIDE, USERS, exchangers, has_directory, has_outsiders, mx},
    pki::{Flaw, Identity, Pki},
    recorder::Recorder,
    store::Store,
    tls,
};

/// One step of the network.
const TICK: Duration = Duration::from_millis(1);

/// Steps without a rest after which a run counts as stuck: more than a quarter of an hour of traffic without a pause.
const MAX_RESTLESS_TICKS: u32 = 1_000_000;

const LATENCY: u64 = 1;
const TLS: u64 = 2;

/// A network that is built and has not run yet.
pub struct World {
    plan: Plan,
    header: Header,
    machines: Vec<Rc<Machine>>,
    net: Rc<Net>,
    pki: Rc<Pki>,
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

impl World {
    /// Builds the network: keys, certificates, index, hosts with their founding records.
    ///
    /// # Errors
    /// [`WorldError`], where the plan asks for what cannot be built.
    pub fn build(plan: &Plan, subject: &Arc<dyn Subject>) -> Result<Self, WorldError> {
        let identities: Vec<_> =
            plan.providers.iter().map(|p| (p.display_name.as_str(), certified_address(p))).collect();
        let identities: Vec<_> = identities.iter().map(|(name, address)| (*name, address.as_str())).collect();
        let pki = Rc::new(Pki::issue(&identities)?);
        let recorder = Recorder::new(Clock::new(plan.epoch));
        let documents = publisher(plan, &pki, &recorder)?;
        let header = header(plan, &pki, &documents.index(), &recorder);
        let machines = plan
            .providers
            .iter()
            .zip(&pki.providers)
            .filter(|(provider, _)| provider.player == PlayerPlan::Subject)
            .map(|(provider, identity)| {
                let founding = Founding {
                    provider,
                    host: mx(provider),
                    certified_address: certified_address(provider),
                    service_mailbox: service_mailbox(provider),
                    certificate: Bytes::copy_from_slice(&identity.certificate),
                    authority: Bytes::copy_from_slice(&pki.authority.certificate),
                    index_signer: Bytes::copy_from_slice(&pki.index.certificate),
                    index_name: INDEX_NAME,
                    directory_host: DIRECTORY_HOST,
                    crl_name: CRL_NAME,
                };
                let mut store = Store::default();
                store.commit(&[subject.found(&founding)], std::iter::empty());
                Ok(Rc::new(Machine {
                    name: provider.name.clone(),
                    subject: subject.clone(),
                    identity: identity.clone(),
                    server_tls: server_tls(&pki, provider)?,
                    store: RefCell::new(store),
                    told: Cell::new(Timestamp::from_unix_micros(i64::MIN)),
                }))
            })
            .collect::<Result<_, WorldError>>()?;
        let directory = has_directory(plan).then(|| (DIRECTORY_HOST.to_owned(), DIRECTORY.to_owned()));
        let net = Rc::new(Net {
            recorder,
            hosts: plan.providers.iter().flat_map(names).chain(directory).collect(),
            mx: plan.providers.iter().map(|p| (p.domain.to_ascii_lowercase(), exchangers(p))).collect(),
            resolved: RefCell::default(),
            passwords: plan
                .providers
                .iter()
                .flat_map(|p| &p.users)
                .map(|user| (user.address.to_ascii_lowercase(), user.password.clone()))
                .collect(),
            documents,
            client_tls: tls::client_config(&pki)?,
            in_force: RefCell::default(),
            down: RefCell::default(),
            activity: Cell::new(0),
            effects: RefCell::default(),
            armed: RefCell::default(),
            fallen: RefCell::default(),
        });
        Ok(Self { plan: plan.clone(), header, machines, net, pki })
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
        tls::seed(Chance::new(self.plan.seed, TLS));
        let mut sim = turmoil::Builder::new()
            .rng_seed(self.plan.seed)
            .tick_duration(TICK)
            .simulation_duration(Duration::MAX)
            .tcp_capacity(1024)
            .min_message_latency(NEVER)
            .max_message_latency(NEVER)
            .build();
        for machine in &self.machines {
            let (net, machine) = (self.net.clone(), machine.clone());
            sim.host(machine.name.clone(), move || host::run(net.clone(), machine.clone()));
        }
        for (n, provider) in self.plan.providers.iter().enumerate() {
            if let PlayerPlan::Peer(behaviour) = provider.player {
                let peer = Rc::new(self.peer(n, provider, behaviour)?);
                let net = self.net.clone();
                sim.host(provider.name.clone(), move || actors::peer::run(net.clone(), peer.clone()));
            }
        }
        let agenda = Rc::new(actors::people::agenda(&self.plan));
        let net = self.net.clone();
        sim.host(USERS, move || actors::people::run(net.clone(), agenda.clone()));
        if has_outsiders(&self.plan) {
            let (net, agenda) = (self.net.clone(), Rc::new(actors::outsider::agenda(&self.plan)));
            sim.host(OUTSIDE, move || actors::outsider::run(net.clone(), agenda.clone()));
        }
        if has_directory(&self.plan) {
            let (net, server_tls) = (self.net.clone(), tls::server_config(&self.pki, &[DIRECTORY_HOST])?);
            sim.host(DIRECTORY, move || directory::run(net.clone(), server_tls.clone()));
        }

        let problem = self.drive(&mut sim)?;
        self.close();
        // Nodes and disks go first: what they share with the trace is then the trace's alone.
        drop(sim);
        drop(self.machines);
        let (events, bodies) = self.net.recorder.take();
        let effects = self.net.effects.take();
        Ok(Run { effects, trace: Trace { header: self.header, events, bodies }, problem })
    }

    /// What providers say of themselves.
    fn declare(&self) {
        for provider in &self.plan.providers {
            self.net.recorder.declared(What::Terms(Terms {
                provider: provider.name.clone(),
                machines: exchangers(provider),
                acceptance: provider.acceptance.map(span),
                qualified: false,
            }));
        }
    }

    /// Every host stops at the end: the trace says for how long nothing more was seen.
    fn close(&self) {
        let down = self.net.down.borrow();
        for provider in self.plan.providers.iter().filter(|provider| !down.contains(&provider.name)) {
            self.net.recorder.observed(What::Host { host: provider.name.clone(), up: false });
        }
    }

    fn peer(
        &self,
        n: usize,
        provider: &ProviderPlan,
        behaviour: collaudo_scenario::PeerBehaviour,
    ) -> Result<actors::peer::Peer, WorldError> {
        let identity = self.pki.providers.get(n).ok_or(WorldError::Providers(n))?;
        let key = Arc::new(Key::from_der(&identity.key.pkcs8)?);
        let (authority, foreign) = (self.pki.authority.certificate.to_vec(), Pki::foreign_authority()?.to_vec());
        let flawed = |flaw, issuer: &Vec<u8>| -> Result<Signer, WorldError> {
            let certificate = Pki::flawed_certificate(n, &provider.display_name, &certified_address(provider), flaw)?;
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
            server_tls: server_tls(&self.pki, provider)?,
            service_mailboxes: self.plan.providers.iter().map(|p| (p.domain.clone(), service_mailbox(p))).collect(),
            agenda: actors::peer::agenda(&self.plan, &provider.name),
        })
    }

    /// Steps the network and leaps over its rests until the plan is over; says what went wrong, if anything did.
    fn drive(&self, sim: &mut turmoil::Sim<'_>) -> Result<Option<String>, WorldError> {
        let clock = self.net.recorder.clock();
        let end = self.plan.epoch.after(span(self.plan.until));
        let mut faults = Faults::new(&self.plan)?;
        let mut links = self.links(sim);
        let mut restless = 0;
        self.declare();
        self.net.documents.open()?;
        while clock.now() < end {
            faults.strike(sim, &mut links, &self.net)?;
            clock.ring();
            links.deliver(clock.now(), sim);
            tls::set_time(u64::try_from(clock.now().0 / 1_000_000).unwrap_or_default());
            let before = self.net.activity.get();
            if let Err(error) = sim.step() {
                return Ok(Some(error.to_string()));
            }
            links.look(clock.now(), sim);
            clock.advance(TICK);
            faults.take_down_fallen(sim, &self.net);
            restless += 1;
            if restless > MAX_RESTLESS_TICKS {
                return Ok(Some(format!("no rest in {MAX_RESTLESS_TICKS} ticks; the network is stuck")));
            }
            let (message, alarm) = (links.next(), clock.next_alarm());
            let rests = message.is_none() && self.net.activity.get() == before;
            if message.is_none() && !rests {
                continue;
            }
            let next = [message, alarm, faults.next()].into_iter().flatten().min().unwrap_or(end).min(end);
            if clock.leap_to(next) && rests {
                restless = 0;
                // Not for a fault: one that never bites must leave no trace, not even in the latencies.
                if alarm == Some(next) {
                    links.draw();
                }
            }
        }
        Ok(None)
    }

    fn links(&self, sim: &turmoil::Sim<'_>) -> Links {
        let directory = has_directory(&self.plan).then_some(DIRECTORY);
        let outside = has_outsiders(&self.plan).then_some(OUTSIDE);
        let providers = self.plan.providers.iter().map(|p| p.name.as_str());
        let hosts: Vec<_> = providers.chain([USERS]).chain(directory).chain(outside).collect();
        Links::new(&hosts, Chance::new(self.plan.seed, LATENCY), self.plan.latency, sim)
    }
}

fn publisher(plan: &Plan, pki: &Pki, recorder: &Recorder) -> Result<Documents, WorldError> {
    let signer = Signer::new(
        Arc::new(Key::from_der(&pki.index.key.pkcs8)?),
        &pki.index.certificate,
        &[pki.authority.certificate.to_vec()],
    )?;
    let names = plan.providers.iter().map(|provider| provider.name.clone()).collect();
    let mut licensed = BTreeMap::new();
    for provider in &plan.providers {
        let exchangers = exchangers(provider);
        let names: Vec<_> = exchangers.iter().map(String::as_str).collect();
        licensed.insert(provider.name.clone(), tls::licensed_config(pki, &names)?);
    }
    let office = Office {
        host: DIRECTORY_HOST,
        server: tls::publisher_config(pki, DIRECTORY_HOST)?,
        licensed,
        anyone: tls::client_config(pki)?,
        anchor: Bytes::copy_from_slice(pki.tls_authority()),
    };
    let records = records(plan, pki)?;
    let own_files = own_files(plan, pki, &records)?;
    Ok(Documents::new(recorder.clone(), records, own_files, signer, names, office))
}

/// The files of those who have more than one record: of a single one the index says all.
fn own_files(plan: &Plan, pki: &Pki, records: &[Record]) -> Result<Vec<(String, Bytes)>, WorldError> {
    let with_units = plan.providers.iter().zip(&pki.providers).filter(|(provider, _)| provider.unit.is_some());
    let file = |(provider, identity): (&ProviderPlan, &Identity)| {
        let authority = pki.authority.certificate.to_vec();
        let signer = Signer::new(Arc::new(Key::from_der(&identity.key.pkcs8)?), &identity.certificate, &[authority])?;
        Ok(own_file(provider, records, &signer, plan.epoch.0.div_euclid(1_000_000)))
    };
    with_units.map(file).collect()
}

/// Each name under which a provider's machine is known, with the machine.
fn names(provider: &ProviderPlan) -> Vec<(String, String)> {
    exchangers(provider).into_iter().map(|name| (name, provider.name.clone())).collect()
}

fn server_tls(pki: &Pki, provider: &ProviderPlan) -> Result<Arc<rustls::ServerConfig>, WorldError> {
    let exchangers = exchangers(provider);
    tls::server_config(pki, &exchangers.iter().map(String::as_str).collect::<Vec<_>>())
}

fn header(plan: &Plan, pki: &Pki, index: &[u8], recorder: &Recorder) -> Header {
    Header {
        format: FORMAT,
        scenario: plan.brief.clone(),
        world: "sim".into(),
        seed: plan.seed,
        epoch: plan.epoch,
        providers: plan.providers.iter().map(declared_provider).collect(),
        index: recorder.keep(index),
        trust: vec![recorder.keep(&pki.authority.certificate)],
        index_signer: recorder.keep(&pki.index.certificate),
    }
}

fn declared_provider(provider: &ProviderPlan) -> Provider {
    Provider {
        name: provider.name.clone(),
        display_name: provider.display_name.clone(),
        player: match provider.player {
            PlayerPlan::Subject => Player::Subject,
            PlayerPlan::Peer(_) => Player::Peer,
        },
        domains: vec![provider.domain.to_ascii_lowercase()],
        certified_address: certified_address(provider),
        service_mailbox: service_mailbox(provider),
        max_octets: provider.max_octets,
        max_recipients: provider.max_recipients,
        users: provider
            .users
            .iter()
            .map(|user| User {
                address: user.address.clone(),
                quota_octets: user.quota_octets,
                ordinary: user.ordinary.clone(),
            })
            .collect(),
    }
}
