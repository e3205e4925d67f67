//! Puts a provider together and runs it.

use std::{
    fs::{File, TryLockError},
    net::SocketAddr,
    num::NonZero,
    path::Path,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
    thread::available_parallelism,
    time::Duration,
};

use collaudo_node::Node;
use tokio::{
    runtime::{Builder, Runtime},
    signal,
    sync::{
        mpsc::{UnboundedSender, unbounded_channel},
        watch,
    },
};
use tracing::{debug, info};

use super::{
    Error,
    clock::{self, Stopwatch},
    config::{self, Settings},
    crew::Crew,
    dns::Dns,
    documents::Documents,
    driver::{Driver, Event, Hands},
    identity::{self, Signer},
    logins::{Failures, Passwords},
    net::{Dialer, Door, Gate, Service, Times, open},
    public::{Public, Way},
    scanner::Scanner,
    store::{Log, Store},
    tls::Tls,
};
use crate::{Gestore, Patience, Refresh, found};

/// Processors that are few.
const FEW: usize = 4;
/// How long connections have to take our last word once the server ends.
const FAREWELL: Duration = Duration::from_secs(3);

/// Serves the provider of a folder until Ctrl-C or SIGTERM.
///
/// *Takes* a folder that [`super::init`] made, and whom to tell where each service is found, once all are.
///
/// *Errors*: what is wrong with the configuration, the files, the store or the ports, before anything is served; a store
/// that breaks while it serves is told to the clients, and no error.
pub fn serve(folder: &Path, ready: impl FnOnce(&[(&str, SocketAddr)])) -> Result<(), Error> {
    let settings = config::read(folder)?;
    let _lock = lock(folder)?;
    let runtime = runtime()?;
    let (events, inbox) = unbounded_channel();
    let (stop, stopped) = watch::channel(false);
    let uptime = Stopwatch::start();
    let failures = Arc::new(Mutex::new(Failures::new(settings.logins)));
    let gate = Gate::new(settings.limits.connections, settings.limits.connections_per_peer);
    let tls = Tls::read(&settings)?;
    let public = Public::new(&settings)?;
    let (node, store) = recover(&settings, &events)?;
    let times = Times {
        handshake: Duration::from_secs(settings.limits.handshake_seconds),
        stall: Duration::from_secs(settings.limits.stall_seconds),
    };
    let dialer = Dialer {
        routes: Arc::new(settings.routes.iter().map(|(name, at)| (name.to_ascii_lowercase(), *at)).collect()),
        dns: settings.relay.dns.map(Dns::new),
        tls: tls.clone(),
        verify: settings.relay.verify,
        times,
        stop: stopped.clone(),
    };
    let hands = Hands {
        events: events.clone(),
        runtime: runtime.handle().clone(),
        crew: Crew::start()?,
        store,
        documents: Documents::new(&settings, public.clone()),
        scanner: Scanner::read(settings.scanner.clamd.as_deref())?,
        signer: Arc::new(Signer::read(&settings.path(&settings.files.signing_key))?),
        passwords: Arc::new(Passwords::read(&settings.path(&settings.files.passwords))?),
        failures: failures.clone(),
        uptime,
        delay: Duration::from_millis(settings.logins.delay_milliseconds),
        dialer,
        stop,
        desk: Default::default(),
    };
    let is_barred =
        move |peer| failures.lock().unwrap_or_else(PoisonError::into_inner).is_barred(peer, uptime.elapsed());
    let door = Door {
        acceptor: tls.acceptor,
        events: events.clone(),
        public: public.clone(),
        gate: gate.clone(),
        is_barred: Arc::new(is_barred),
        times,
        opened: Arc::new(AtomicU64::new(0)),
        stop: stopped,
    };
    let places = runtime.block_on(open_all(&settings, &door))?;
    runtime.block_on(heed_signals(events))?;
    info!(domain = settings.domain, "serving");
    ready(&places);
    runtime.block_on(Driver { node, inbox, hands }.run())?;
    leave(runtime, &gate);
    info!("ended");
    Ok(())
}

/// Where there are few processors the node's own thread carries the connections too: to wake another costs more than that
/// one could help.
fn runtime() -> Result<Runtime, Error> {
    let processors = available_parallelism().map_or(1, NonZero::get);
    let mut builder = match processors {
        ..=FEW => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    // Connections are light beside the node and its crew. One thread alone takes no notice of the number.
    let runtime = builder.worker_threads(processors.div_ceil(2)).enable_all().build();
    runtime.map_err(|error| Error::Other(error.to_string()))
}

/// The lock of a folder: two servers on one store would each believe to know it.
fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let file = File::create(&path).map_err(|error| Error::at(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::at(folder, "is served already by another process")),
        Err(TryLockError::Error(error)) => Err(Error::at(&path, error)),
    }
}

/// Rebuilds the node from its store, and starts the store's threads.
fn recover(settings: &Settings, events: &UnboundedSender<Event>) -> Result<(Gestore, Store), Error> {
    let path = settings.path(&settings.files.store);
    let mut log = Log::open(&path, &found(&identity::node_config(settings)?))?;
    let limits = settings.limits;
    let node = Gestore::recover(&log, clock::now()).with_patience(Patience {
        smtp_idle: Duration::from_secs(limits.smtp_idle_seconds),
        smtp_session: Duration::from_secs(limits.smtp_session_seconds),
        imap_idle: Duration::from_secs(limits.imap_idle_seconds),
        pop3_idle: Duration::from_secs(limits.pop3_idle_seconds),
    });
    let node = node.with_couriers(settings.relay.couriers).with_refresh(Refresh {
        index: Duration::from_secs(settings.index.refresh_seconds),
        revocations: Duration::from_secs(settings.crl.as_ref().map_or(config::DAY, |crl| crl.refresh_seconds)),
    });
    match node.fault() {
        Some(fault) => Err(Error::at(&path, fault)),
        None => {
            let count = log.sweep(&path, &node.bodies())?;
            debug!(count, "bodies to which nothing refers any more were dropped");
            Ok((node, Store::start(&path, log, events.clone())?))
        }
    }
}

async fn open_all(settings: &Settings, door: &Door) -> Result<Vec<(&'static str, SocketAddr)>, Error> {
    let ports = settings.ports;
    let services = [
        ("submissions", Service::Submissions, ports.submissions),
        ("submission", Service::Submission, ports.submission),
        ("relay", Service::Relay, ports.relay),
        ("imap", Service::Imap, ports.imap),
        ("pop3", Service::Pop3, ports.pop3),
        ("ldap", Service::Public(Way::Ldap), ports.ldap),
        ("https", Service::Public(Way::Https), ports.https),
    ];
    let mut places = Vec::new();
    for (name, service, port) in services {
        if let Some(port) = port {
            places.push((name, open(door, service, SocketAddr::new(settings.listen, port)).await?));
        }
    }
    Ok(places)
}

/// Has Ctrl-C and SIGTERM end the server, from now on: whoever hears that it is ready may end it at once.
async fn heed_signals(events: UnboundedSender<Event>) -> Result<(), Error> {
    let refused = |error| Error::Other(format!("signals cannot be heeded: {error}"));
    #[cfg(unix)]
    let (mut interrupt, mut terminate) = {
        use signal::unix::{SignalKind, signal};
        (signal(SignalKind::interrupt()).map_err(refused)?, signal(SignalKind::terminate()).map_err(refused)?)
    };
    #[cfg(windows)]
    let (mut interrupt, mut terminate) =
        (signal::windows::ctrl_c().map_err(refused)?, signal::windows::ctrl_close().map_err(refused)?);
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        let _ = events.send(Event::Stop);
    });
    Ok(())
}

/// Lets those who are connected take our last word.
fn leave(runtime: Runtime, gate: &Gate) {
    runtime.block_on(clock::within(FAREWELL, async {
        while !gate.is_empty() {
            clock::pause(Duration::from_millis(10)).await;
        }
    }));
    runtime.shutdown_background();
}
