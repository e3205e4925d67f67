//! The simulated network: turmoil's hosts and links under a clock that leaps.

mod conn;
mod faults;
mod host;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use collaudo_forge::{Key, PeerIdentity, Signer};
use collaudo_node::Bytes;
use collaudo_record::{FORMAT, Header, Player, Provider, Trace, User, What};
use collaudo_scenario::{Forgery, Plan, PlayerPlan, ProviderPlan, Step};

use self::{faults::Faults, host::Machine};
use crate::{
    CRL_NAME, Founding, INDEX_NAME, Subject, WorldError, actors,
    chance::Chance,
    clock::{Clock, span},
    index,
    net::{DIRECTORY_HOST, Net, USERS},
    pki::Pki,
    recorder::Recorder,
    store::Store,
    tls,
};

/// One step of the network.
const TICK: Duration = Duration::from_millis(1);

/// Steps without a leap after which a run counts as stuck: about a quarter of an hour of traffic without a pause.
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
        let index = publish(plan, &pki)?;
        let clock = Clock::new(plan.epoch);
        let recorder = Recorder::new(clock);
        let header = header(plan, &pki, &index, &recorder);
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
                store.commit(&[subject.found(&founding)], Vec::new());
                Ok(Rc::new(Machine {
                    name: provider.name.clone(),
                    subject: subject.clone(),
                    identity: identity.clone(),
                    server_tls: tls::server_config(&pki, &mx(provider))?,
                    store: RefCell::new(store),
                }))
            })
            .collect::<Result<_, WorldError>>()?;
        let net = Rc::new(Net {
            recorder,
            epoch: plan.epoch,
            hosts: plan.providers.iter().map(|p| (mx(p), p.name.clone())).collect(),
            mx: plan.providers.iter().map(|p| (p.domain.to_ascii_lowercase(), mx(p))).collect(),
            passwords: plan
                .providers
                .iter()
                .flat_map(|p| &p.users)
                .map(|user| (user.address.to_ascii_lowercase(), user.password.clone()))
                .collect(),
            index,
            client_tls: tls::client_config(&pki)?,
            offsets: RefCell::default(),
            full: RefCell::default(),
            unscanned: RefCell::default(),
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
            .min_message_latency(self.plan.latency.0)
            .max_message_latency(self.plan.latency.0)
            .build();
        for machine in &self.machines {
            let (net, machine) = (self.net.clone(), machine.clone());
            sim.host(machine.name.clone(), move || host::run(net.clone(), machine.clone()));
        }
        for (n, provider) in self.plan.providers.iter().enumerate() {
            if let PlayerPlan::Peer(behaviour) = provider.player {
                let peer = Rc::new(self.peer(n, provider, behaviour)?);
                let net = self.net.clone();
                let steps =
                    Rc::new(self.steps(|step| step.submit.forged.is_some() && step.submit.provider == provider.name));
                sim.host(provider.name.clone(), move || actors::peer::run(net.clone(), peer.clone(), steps.clone()));
            }
        }
        let steps = Rc::new(self.steps(|step| step.submit.forged.is_none()));
        let net = self.net.clone();
        sim.host(USERS, move || actors::sender::run(net.clone(), steps.clone()));

        let problem = self.drive(&mut sim)?;
        self.close();
        let seen = self.net.recorder.take();
        let effects = self.net.effects.take();
        Ok(Run { effects, trace: Trace { header: self.header, events: seen.events, bodies: seen.bodies }, problem })
    }

    /// Every host stops at the end: the trace says for how long nothing more was seen.
    fn close(&self) {
        let down = self.net.down.borrow();
        for provider in self.plan.providers.iter().filter(|provider| !down.contains(&provider.name)) {
            self.net.recorder.observed(What::Host { host: provider.name.clone(), up: false });
        }
    }

    fn steps(&self, whose: impl Fn(&&Step) -> bool) -> Vec<Step> {
        self.plan.steps.iter().filter(whose).cloned().collect()
    }

    fn peer(
        &self,
        n: usize,
        provider: &ProviderPlan,
        behaviour: collaudo_scenario::PeerBehaviour,
    ) -> Result<actors::peer::Peer, WorldError> {
        let identity = self.pki.providers.get(n).ok_or(WorldError::Providers(n))?;
        let key = Arc::new(Key::from_der(&identity.key.pkcs8)?);
        let issuers = [self.pki.authority.certificate.to_vec()];
        Ok(actors::peer::Peer {
            name: provider.name.clone(),
            host: mx(provider),
            identity: PeerIdentity {
                display_name: provider.display_name.clone(),
                domain: provider.domain.clone(),
                certified_address: certified_address(provider),
            },
            signer: Signer::new(key, &identity.certificate, &issuers)?,
            expired: Signer::new(
                Arc::new(Key::from_der(&identity.key.pkcs8)?),
                &Pki::expired_certificate(n, &provider.display_name, &certified_address(provider))?,
                &issuers,
            )?,
            // The authority signs certificates; as a provider nobody lists it.
            unlisted: Signer::new(
                Arc::new(Key::from_der(&self.pki.authority.key.pkcs8)?),
                &self.pki.authority.certificate,
                &[],
            )?,
            behaviour,
            server_tls: tls::server_config(&self.pki, &mx(provider))?,
            service_mailboxes: self.plan.providers.iter().map(|p| (p.domain.clone(), service_mailbox(p))).collect(),
        })
    }

    /// Steps the network and leaps over its rests until the plan is over; says what went wrong, if anything did.
    fn drive(&self, sim: &mut turmoil::Sim<'_>) -> Result<Option<String>, WorldError> {
        let clock = self.net.recorder.clock();
        let end = self.plan.epoch.after(span(self.plan.until));
        let mut latency = Chance::new(self.plan.seed, LATENCY);
        let mut faults = Faults::new(&self.plan)?;
        let mut restless = 0;
        self.draw_latencies(sim, &mut latency);
        while clock.now() < end {
            faults.strike(sim, &self.net);
            clock.ring();
            tls::set_time(u64::try_from(clock.now().0 / 1_000_000).unwrap_or_default());
            let before = self.net.activity.get();
            if let Err(error) = sim.step() {
                return Ok(Some(error.to_string()));
            }
            clock.advance(TICK);
            faults.take_down_fallen(sim, &self.net);
            restless += 1;
            if restless > MAX_RESTLESS_TICKS {
                return Ok(Some(format!("no leap in {MAX_RESTLESS_TICKS} ticks; the network is stuck")));
            }
            if self.net.activity.get() == before && faults.under_way(sim) == 0 {
                let alarm = clock.next_alarm();
                let next = [alarm, faults.next()].into_iter().flatten().min().unwrap_or(end).min(end);
                if clock.leap_to(next) {
                    restless = 0;
                    // Not for a fault: one that never bites must leave no trace, not even in the latencies.
                    if alarm == Some(next) {
                        self.draw_latencies(sim, &mut latency);
                    }
                }
            }
        }
        Ok(None)
    }

    /// Every link's latency anew. Drawn here, from integers, because turmoil would draw it from floats.
    fn draw_latencies(&self, sim: &turmoil::Sim<'_>, chance: &mut Chance) {
        let micros = |d: Duration| u64::try_from(d.as_micros()).unwrap_or(u64::MAX);
        let (low, high) = (micros(self.plan.latency.0), micros(self.plan.latency.1));
        let hosts: Vec<_> = self.plan.providers.iter().map(|p| p.name.as_str()).chain([USERS]).collect();
        for (n, a) in hosts.iter().enumerate() {
            for b in hosts.iter().skip(n + 1) {
                sim.set_link_latency(*a, *b, Duration::from_micros(chance.between(low, high)));
            }
        }
    }
}

fn publish(plan: &Plan, pki: &Pki) -> Result<Bytes, WorldError> {
    let mut records = Vec::new();
    for (place, (provider, identity)) in plan.providers.iter().zip(&pki.providers).enumerate() {
        let display_name = provider.display_name.clone();
        let mut certificates = vec![identity.certificate.clone()];
        if signs_with_the_expired(plan, provider) {
            certificates.push(Pki::expired_certificate(place, &display_name, &certified_address(provider))?);
        }
        records.push(index::Record {
            display_name: display_name.clone(),
            unit: None,
            service_mailbox: service_mailbox(provider),
            domain: provider.domain.clone(),
            certificates,
        });
        if let Some(unit) = &provider.unit {
            let address = format!("posta-certificata@{}", unit.domain);
            records.push(index::Record {
                certificates: vec![Pki::unit_certificate(place, &display_name, &address)?],
                display_name,
                unit: Some(unit.name.clone()),
                service_mailbox: format!("servizio@{}", unit.domain),
                domain: unit.domain.clone(),
            });
        }
    }
    let signer = Signer::new(
        Arc::new(Key::from_der(&pki.index.key.pkcs8)?),
        &pki.index.certificate,
        &[pki.authority.certificate.to_vec()],
    )?;
    Ok(index::publish(&records, &signer, plan.epoch.0 / 1_000_000).into())
}

/// Whether a provider that a peer plays still signs with the certificate that it had before, which is listed all the same.
fn signs_with_the_expired(plan: &Plan, provider: &ProviderPlan) -> bool {
    let submits = plan.steps.iter().map(|step| &step.submit);
    submits.into_iter().any(|submit| submit.provider == provider.name && submit.forged == Some(Forgery::ExpiredSigner))
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

fn mx(provider: &ProviderPlan) -> String {
    format!("mx.{}", provider.domain)
}

//= PEC-2.2.6-01
fn certified_address(provider: &ProviderPlan) -> String {
    format!("posta-certificata@{}", provider.domain)
}

//= PEC-4.5.4-01
fn service_mailbox(provider: &ProviderPlan) -> String {
    format!("servizio@{}", provider.domain)
}
