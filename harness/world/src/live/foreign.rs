//! A provider of the plan that no host of this world plays: it is elsewhere, and this world is around it.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::poll_fn,
    net::SocketAddr,
    path::PathBuf,
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_forge::{Key, Signer};
use collaudo_scenario::{Plan, ProviderPlan};
use rustls::{
    ClientConfig, ServerConfig,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use super::{
    Pace, base, channel,
    keeper::Keeper,
    kiosk::Kiosk,
    logbook::LogBook,
    movable::Follower,
    runtime,
    sockets::{Abroad, Real, Sockets},
    stage::Stage,
    watch::Timer,
};
use crate::{
    Subject, World, WorldError,
    actors::preflight::{self, Preflight},
    index::{Edition, Record, certified_address, records},
    net::RELAY_PORT,
    pki::{Identity, Pki},
    world::{Base, Channel, Ground},
};

/// For how many seconds the list of revoked certificates is good that is handed out: longer than any certification takes.
pub const CRL_SECONDS: i64 = 90 * 24 * 3600;

/// Where a foreign provider is, and what it is known by.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// The short name of the provider of the plan that it plays.
    pub provider: String,
    /// The name that its TLS certificate bears.
    pub host: String,
    /// Where it is: by the port that each service has by right (25, 465, 587, 993, 995).
    pub ports: BTreeMap<u16, SocketAddr>,
    /// Certificates (DER) in which the paths of its TLS certificates end.
    pub tls_authorities: Vec<Vec<u8>>,
    /// The certificate (DER) that it signs with; empty where nothing is known of it yet, and the index lists others alone.
    pub signer: Vec<u8>,
    /// Certificates (DER) in which the path of that one ends.
    pub authorities: Vec<Vec<u8>>,
    /// Where it finds the other providers of the plan, by short name.
    pub ours: BTreeMap<String, SocketAddr>,
    /// Mailboxes that are read, for what is put there is not seen otherwise.
    pub mailboxes: Vec<Mailbox>,
    /// How often these are looked into.
    pub every: Duration,
    /// The index that it has, in which each scenario finds its providers.
    pub listed: Listed,
    /// Its clock, where it can be moved: this world leaps with it.
    pub clock: Option<Follower>,
    /// Where it fetches index and list of revoked certificates, where it does not have them from a file.
    pub kiosk: Option<Kiosk>,
    /// Who stops and starts it, where somebody can.
    pub keeper: Option<Keeper>,
    /// Its log, where it can be read.
    pub log: Option<LogBook>,
}

/// A mailbox of a foreign provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Its address, which logs in too.
    pub address: String,
    /// Its password.
    pub password: String,
    /// Whether it is a user's, who may submit, and not the provider's own.
    pub submits: bool,
    /// Whether others look into it at the same time: then it is not emptied before a run.
    pub is_shared: bool,
    /// Where it is a Maildir; else it is read over IMAP, and over POP3 where there is no IMAP.
    pub maildir: Option<PathBuf>,
}

/// What the published index holds.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The plan whose providers, and whose forgeries, it is made for; the foreign provider is its last.
    pub plan: Plan,
    /// When it was signed, in seconds since 1970.
    pub signed_at: i64,
}

/// What a foreign provider is given; certificates in PEM, the rest in DER.
#[derive(Clone, Debug)]
pub struct Handout {
    /// The signed index.
    pub index: Vec<u8>,
    /// The certificate that signs it.
    pub index_signer: String,
    /// The authority of the other providers' signing certificates.
    pub authority: String,
    /// The authority of our hosts' TLS certificates.
    pub tls_authority: String,
    /// The authority's list of revoked certificates, good for ninety days.
    pub revoked: Vec<u8>,
}

impl World {
    /// Builds a network around a provider that is elsewhere. The subject plays the others that no peer plays; they are not
    /// examined. Time is real; with `quiet` the run ends when the plan is done and nothing has stirred for so long.
    ///
    /// # Errors
    /// As [`World::build`].
    pub fn build_around(
        plan: &Plan,
        subject: &Arc<dyn Subject>,
        foreign: &Foreign,
        quiet: Option<Duration>,
    ) -> Result<Self, WorldError> {
        let pace = quiet.map_or(Pace::Real, Pace::Until);
        let here = foreign.ours.iter().map(|(host, at)| ((host.clone(), RELAY_PORT), *at)).collect();
        let abroad = Abroad { host: foreign.provider.clone(), ports: foreign.ports.clone(), here };
        let (base, _) = base(plan, pace, BTreeMap::new());
        let sockets = Sockets::new(base.clock.clone(), base.activity.clone(), BTreeMap::new()).abroad(abroad);
        let sockets = Rc::new(sockets);
        let base = Base {
            transport: Box::new(Real(sockets.clone())),
            ground: Ground::Live(sockets, pace),
            channel: Some(Rc::new(Frontier::new(foreign)?)),
            foreign: Some(looked_after(foreign, plan)),
            ..base
        };
        Self::on(base, plan, subject)
    }
}

impl World {
    /// Tries everything that a run around a foreign provider needs of it.
    ///
    /// # Errors
    /// [`WorldError::Machine`], where the machine gives no sockets. What the provider does not do is no error.
    pub fn preflight(self) -> Result<Preflight, WorldError> {
        let Ground::Live(sockets, _) = &self.ground else { return Ok(Preflight::default()) };
        let Some(foreign) = self.foreign.clone() else { return Ok(Preflight::default()) };
        let runtime = runtime()?;
        let stage = Stage::alone(&self, sockets);
        let flown = runtime.block_on(stage.play(async {
            let (mut timer, mut flight) = (Timer::default(), pin!(preflight::run(&stage.net, &foreign)));
            poll_fn(|cx| {
                loop {
                    stage.clock().ring();
                    if let Poll::Ready(flight) = flight.as_mut().poll(cx) {
                        return Poll::Ready(flight);
                    }
                    let next = stage.clock().next_alarm();
                    if stage.poll_due(cx, &mut timer, next).is_pending() {
                        return Poll::Pending;
                    }
                }
            })
            .await
        }));
        flown.map_err(|problem| WorldError::Machine(std::io::Error::other(problem)))
    }
}

impl Foreign {
    /// What it needs before a run.
    ///
    /// # Errors
    /// As [`World::build`].
    pub fn handout(&self) -> Result<Handout, WorldError> {
        let pki = self.pki()?;
        let (records, signer) = self.index()?;
        let from = self.listed.signed_at;
        let edition = Edition::sign(records.iter(), &signer, from);
        let unsigned = |seconds: i64| u64::try_from(seconds).unwrap_or_default();
        let revoked = Pki::revocation_list(unsigned(from), unsigned(from.saturating_add(CRL_SECONDS)), &[])?;
        Ok(Handout {
            index: edition.signed.to_vec(),
            index_signer: pem(&pki.index.certificate),
            authority: pem(&pki.authority.certificate),
            tls_authority: pem(pki.tls_authority()),
            revoked: revoked.to_vec(),
        })
    }

    /// The places that the providers of a plan have in the index: their keys go by these.
    pub(crate) fn places(&self, plan: &Plan) -> Vec<usize> {
        let listed = &self.listed.plan.providers;
        let place = |own: &ProviderPlan| listed.iter().position(|one| one.domain == own.domain);
        plan.providers.iter().map(|own| place(own).unwrap_or(listed.len())).collect()
    }

    /// What the index holds that it has, and who signs it.
    pub(crate) fn index(&self) -> Result<(Vec<Record>, Signer), WorldError> {
        let pki = self.pki()?;
        let (key, certificate) = (Key::from_der(&pki.index.key.pkcs8)?, &pki.index.certificate);
        let signer = Signer::new(Arc::new(key), certificate, &[pki.authority.certificate.to_vec()])?;
        Ok((records(&self.listed.plan, &pki)?, signer))
    }

    /// The keys and certificates of everyone in the index. The foreign provider, its last, has a key that nobody here knows.
    fn pki(&self) -> Result<Pki, WorldError> {
        let mut providers = self.listed.plan.providers.as_slice();
        let is_known = !self.signer.is_empty();
        if let Some((_, ours)) = providers.split_last().filter(|_| is_known) {
            providers = ours;
        }
        let identities: Vec<_> = providers.iter().map(|p| (p.display_name.as_str(), certified_address(p))).collect();
        let identities: Vec<_> = identities.iter().map(|(name, address)| (*name, address.as_str())).collect();
        let mut pki = Pki::issue_at((0..).zip(identities))?;
        if is_known {
            let key = pki.index.key.clone();
            pki.providers.push(Identity { key, certificate: self.signer.as_slice().into() });
        }
        Ok(pki)
    }
}

/// The certificates (DER) of a file, which has any number of them in PEM, or one in DER; none where it has none.
pub fn certificates(file: &[u8]) -> Vec<Vec<u8>> {
    let in_pem =
        CertificateDer::pem_slice_iter(file).filter_map(Result::ok).map(|one| one.to_vec()).collect::<Vec<_>>();
    let is_der = in_pem.is_empty() && file.first() == Some(&0x30);
    if is_der { vec![file.to_vec()] } else { in_pem }
}

fn pem(certificate: &[u8]) -> String {
    let text = STANDARD.encode(certificate);
    let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n");
    format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
}

/// The mailboxes of those who submit first: receipts come there.
fn looked_after(foreign: &Foreign, plan: &Plan) -> Foreign {
    let mut foreign = foreign.clone();
    let submits = |mailbox: &Mailbox| plan.steps.iter().any(|step| step.submit.account == mailbox.address);
    foreign.mailboxes.sort_by_key(|mailbox| !submits(mailbox));
    foreign
}

/// Whether a provider of the plan is the foreign one.
pub(crate) fn is_foreign(foreign: Option<&Foreign>, provider: &ProviderPlan) -> bool {
    foreign.is_some_and(|foreign| foreign.provider == provider.name)
}

/// TLS with somebody whom nobody here made: every version and suite that is sound, chance of the machine.
struct Frontier {
    pki: Pki,
    tls_authorities: Vec<Vec<u8>>,
}

impl Frontier {
    fn new(foreign: &Foreign) -> Result<Self, WorldError> {
        Ok(Self { pki: Pki::issue(&[])?, tls_authorities: foreign.tls_authorities.clone() })
    }
}

impl Channel for Frontier {
    /// Under the machine's names, and under its domain's: who goes by a table of routes may know no other.
    fn server(&self, hosts: &[&str]) -> Result<Arc<ServerConfig>, WorldError> {
        let domains: Vec<_> = hosts.iter().filter_map(|host| host.strip_prefix("mx.")).collect();
        let second: Vec<_> = domains.iter().map(|domain| format!("mx2.{domain}")).collect();
        let names: BTreeSet<_> =
            hosts.iter().copied().chain(domains).chain(second.iter().map(String::as_str)).collect();
        let names: Vec<_> = names.into_iter().collect();
        channel::server(self.pki.tls_certificate(&names)?.to_vec(), self.pki.tls_key().to_vec())
    }

    fn client(&self) -> Result<Arc<ClientConfig>, WorldError> {
        channel::client(self.tls_authorities.iter().map(Vec::as_slice).chain([self.pki.tls_authority()]))
    }
}
