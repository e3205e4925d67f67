//! The provider as a program: `gestore init` makes its folder, `gestore serve` runs it.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use gestore::shell::{DAYS, Error, Plan, Renewal, init, log, renew, serve, set_password};
use mimalloc::MiMalloc;
use tracing_subscriber::EnvFilter;

/// What one thread takes another gives back here, all the time: octets that were read, bodies, answers.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The reference provider of certified mail.
#[derive(Parser)]
#[command(name = "gestore", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Makes a provider: keys, certificates, index, users and a commented gestore.toml.
    ///
    /// With several domains a small network, one folder each, which exchange mail at once.
    Init {
        /// An empty folder, or one that is not there yet.
        dir: PathBuf,
        /// A domain of certified mail; each has a provider of its own.
        #[arg(long = "domain", value_name = "DOMAIN", default_value = "alfa.test")]
        domains: Vec<String>,
        /// A user, without the domain; each provider has one of that name.
        #[arg(long = "user", value_name = "NAME", default_values = ["anna", "bruno"])]
        users: Vec<String>,
    },
    /// Gives a user a new password, and prints it; a server that runs takes it up when it is started again.
    Password {
        /// The provider's folder.
        dir: PathBuf,
        /// The user's address, as gestore.toml has it.
        address: String,
    },
    /// Makes a new list of revoked certificates, and lays it where each provider of the folder reads it.
    Crl {
        /// The folder that `gestore init` made, with the authority in it.
        dir: PathBuf,
        /// A certificate in PEM that is revoked from now on; who was revoked before stays so.
        #[arg(long, value_name = "CERTIFICATE")]
        revoke: Vec<PathBuf>,
        /// How long the list is good.
        #[arg(long, default_value_t = DAYS)]
        days: u32,
    },
    /// Prints the message log, a JSON object a line: the lines of all days that are not closed yet.
    ///
    /// Each has at, event, pec_msgid, msgid, sender, recipients, subject, related and sending_provider (RFC 6109, 2.3).
    Log {
        /// The provider's folder; its server may be running.
        dir: PathBuf,
    },
    /// Serves the provider of a folder until Ctrl-C.
    Serve {
        /// The folder, as `gestore init` made it.
        dir: PathBuf,
        /// What is logged to standard error: error, warn, info, debug, trace, or a filter of tracing; also GESTORE_LOG.
        #[arg(long, value_name = "FILTER")]
        log: Option<String>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where even standard error is gone, the exit status is all that can be told.
            let _ = writeln!(io::stderr(), "gestore: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(verb: Verb) -> Result<(), Error> {
    match verb {
        Verb::Init { dir, domains, users } => print(&init(&Plan { folder: dir, domains, users })?),
        Verb::Password { dir, address } => print(&(set_password(&dir, &address)? + "\n")),
        Verb::Crl { dir, revoke, days } => print(&renew(&Renewal { folder: dir, revoke, days })?),
        Verb::Log { dir } => print(&log(&dir)?),
        Verb::Serve { dir, log } => {
            start_log(log)?;
            serve(&dir, |places| {
                let lines: Vec<String> = places.iter().map(|(name, at)| format!("{name:<12} {at}\n")).collect();
                // A server whose output nobody reads serves all the same.
                let _ = print(&format!("{}ready\n", lines.concat()));
            })
        }
    }
}

fn print(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| Error::Other(format!("standard output: {error}")))
}

fn start_log(filter: Option<String>) -> Result<(), Error> {
    let filter = filter.or_else(|| std::env::var("GESTORE_LOG").ok()).unwrap_or_else(|| "info".to_owned());
    let filter =
        EnvFilter::try_new(&filter).map_err(|error| Error::Other(format!("log filter \"{filter}\": {error}")))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    Ok(())
}
