//! `collaudo lab`: stand-in providers on this machine, for people who write applications that send certified mail.
//!
//! Several providers on the loopback interface, reached with any mail program; addresses that behave as named, and a field
//! that asks one message for any outcome ([`Outcome`]); a page and an API on which every message that crossed can be seen,
//! and the clock be moved. Here is what a person has to be told and can ask for; the network itself is
//! [`collaudo_world::Lab`], and who plays the providers is told by the caller.

mod http;
mod network;
mod outcome;
mod ports;
mod ready;
mod standin;
mod story;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};

use collaudo_world::{Lab, LabError, LabSettings, Subject};

pub use self::{
    http::Served,
    network::{DEFAULT_NETWORK, providers},
    outcome::{HEADER, Outcome, SPECIALS, Special},
    ports::{BASE, Ports},
    ready::Ready,
};

/// What a lab is made of, as a person says it.
#[derive(Debug)]
pub struct Settings {
    /// A topology file, as `scenarios/README.md` has it; [`DEFAULT_NETWORK`] where it is none.
    pub network: Option<PathBuf>,
    /// The folder of the profiles that it may name.
    pub profiles: PathBuf,
    /// Which ports.
    pub ports: Ports,
    /// Where the certificate of the lab's authority is written.
    pub ca: PathBuf,
}

/// Why there is no lab.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The network file does not read.
    #[error("{0}")]
    Network(#[from] collaudo_scenario::Error),
    /// The network cannot be built: above all, a port is taken.
    #[error("{0} (--ports BASE takes other ports, --ports 0 free ones)")]
    Lab(#[from] LabError),
    /// The page has no port.
    #[error("127.0.0.1:{port}, for the page: {why}; give another base with --ports, or --ports 0 for free ones")]
    Page {
        /// The port.
        port: u16,
        /// What the system says.
        why: std::io::Error,
    },
    /// The authority's certificate cannot be written.
    #[error("{path}: {why}", path = path.display())]
    Ca {
        /// Where to.
        path: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
}

/// Starts providers, page and API; they are there when this returns, and gone when what it gives is dropped.
///
/// # Errors
/// [`StartError`].
pub fn start(settings: &Settings, subject: Arc<dyn Subject>) -> Result<(Served, Ready), StartError> {
    let providers = providers(settings.network.as_deref(), &settings.profiles)?;
    let lab = Lab::start(LabSettings {
        subject: standin::around(subject),
        border: None,
        ports: settings.ports.places(&providers),
        epoch: None,
        providers: providers.clone(),
    })?;
    write(&settings.ca, lab.authority())?;
    let port = settings.ports.page();
    let at = |why| StartError::Page { port, why };
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).map_err(at)?;
    let page = listener.local_addr().map_err(at)?.port();
    let ca = std::path::absolute(&settings.ca).unwrap_or_else(|_| settings.ca.clone());
    let ready = Ready::new(&providers, lab.places(), page, ca);
    let served = http::serve(lab, providers, ready.clone(), listener).map_err(at)?;
    Ok((served, ready))
}

fn write(path: &Path, pem: &str) -> Result<(), StartError> {
    let at = |why| StartError::Ca { path: path.to_owned(), why };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(at)?;
    }
    std::fs::write(path, pem).map_err(at)
}

/// Where everything is.
type Places = BTreeMap<collaudo_world::Place, SocketAddr>;
