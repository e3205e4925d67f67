//! The command line: a contract. Verbs, options and exit status stay as they are here.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand, ValueEnum};

use collaudo_reports::Lang;

use crate::{certify, golden, inspect, lab, list, mutants, review::ReviewArgs, run};

/// Examines certified mail (PEC, RFC 6109): runs scenarios in a simulated network of providers and judges what crossed
/// it, clause by clause.
#[derive(Debug, Parser)]
#[command(name = "collaudo", version)]
pub struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run scenarios against the reference; write the run's folder; print the table and the report's path
    Run(RunArgs),
    /// Examine a provider that is elsewhere, on real sockets and in real time
    Certify(CertifyArgs),
    /// Judge traces again that `certify` has kept
    Judge(JudgeArgs),
    /// Run one scenario again, byte for byte
    Replay(ReplayArgs),
    /// Judge stored messages: files, folders, Maildirs, mailboxes in one file, archives
    Inspect(InspectArgs),
    /// Bend good traces, and good providers, in one point at a time; show that the checks see it
    Mutants {
        /// Mutants whose id holds one of these, or is one with stars; all where there is none
        pattern: Vec<String>,
        /// A folder for the bent traces
        #[arg(long)]
        out: Option<PathBuf>,
        /// What goes to standard output
        #[arg(long, default_value = "text")]
        format: Format,
        #[command(flatten)]
        place: Place,
    },
    /// Write a signed example of every kind of message, right and wrong, with its description
    Golden {
        /// The folder that it goes to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Start stand-in providers on this machine, for those who write mail applications; Ctrl-C ends them
    Lab(LabArgs),
    /// What there is
    List {
        /// Of what
        what: Listed,
        /// What goes to standard output
        #[arg(long, default_value = "text")]
        format: ListFormat,
        #[command(flatten)]
        place: Place,
    },
}

/// Options of `run`.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// Parts of scenario ids, `*` for any run of characters; all scenarios where none is given
    pub patterns: Vec<String>,
    /// The one seed of the run, decimal or 0x and hexadecimal
    #[arg(long, default_value = "0x5eed", value_parser = seed)]
    pub seed: u64,
    /// Where hosts stand: sim, simulated TCP; live, real sockets of this machine, and of the scenarios those marked for it
    #[arg(long, default_value = "sim")]
    pub world: RunWorld,
    /// Worker threads; as many as there are processors where none is given
    #[arg(long)]
    pub jobs: Option<usize>,
    /// Where the run's folder goes
    #[arg(long, default_value = "runs/latest")]
    pub out: PathBuf,
    /// The language of report.html: en or it
    #[arg(long, default_value = "en")]
    pub lang: Lang,
    /// What goes to standard output
    #[arg(long, default_value = "text")]
    pub format: Format,
    #[command(flatten)]
    /// What a reviewer answered
    pub review: ReviewArgs,
    #[command(flatten)]
    /// Where the scenarios are
    pub place: Place,
}

/// Options of `certify`.
#[derive(Clone, Debug, Args)]
pub struct CertifyArgs {
    /// Where the provider is and what it is known by: the file that --init writes
    #[arg(value_name = "LAB.toml", required_unless_present = "init")]
    pub lab: Option<PathBuf>,
    /// Parts of scenario ids, `*` for any run of characters; all that can be run where none is given
    pub patterns: Vec<String>,
    /// Write LAB.toml, where it is not there yet, and all that the provider needs of us
    #[arg(long, value_name = "DIR", conflicts_with_all = ["lab", "resume", "out"])]
    pub init: Option<PathBuf>,
    /// With --init: for how many scenarios at once LAB.toml has addresses of ours, where it is written anew
    #[arg(long, value_name = "N", default_value_t = 36, requires = "init", value_parser = clap::value_parser!(u32).range(1..=99))]
    pub lanes: u32,
    /// Leave out the scenarios that wait for hours
    #[arg(long)]
    pub skip_timed: bool,
    /// Run also what is left out otherwise where the clock cannot be moved: scenarios that last longer than a day, and those
    /// that have to be alone for hours; one that is named is run without this
    #[arg(long)]
    pub days: bool,
    /// Say which scenarios would be run, in whose part, and which not, and why; nobody is asked anything
    #[arg(long, conflicts_with_all = ["init", "resume", "out"])]
    pub list: bool,
    /// Go on in the folder of a run that was broken off
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    pub resume: Option<PathBuf>,
    /// Where the run's folder goes; runs/certify where it is not given
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The language of report.html: en or it
    #[arg(long, default_value = "en")]
    pub lang: Lang,
    /// What goes to standard output
    #[arg(long, default_value = "text")]
    pub format: Format,
    #[command(flatten)]
    /// Where the scenarios are
    pub place: Place,
}

/// Options of `judge`.
#[derive(Clone, Debug, Args)]
pub struct JudgeArgs {
    /// Traces, as they lie in the folder `kept` of a certification
    #[arg(required = true, value_name = "TRACE")]
    pub traces: Vec<PathBuf>,
    /// Where a run's folder goes; none is written where it is not given
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What goes to standard output
    #[arg(long, default_value = "text")]
    pub format: Format,
}

/// A world that scenarios are run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RunWorld {
    /// Simulated TCP: one seed tells the whole run
    Sim,
    /// Real sockets on the loopback interface, and a clock that leaps as in the simulation
    Live,
}

impl RunWorld {
    /// The word for it in traces and records.
    pub fn name(self) -> &'static str {
        self.as_scenario().name()
    }

    /// What scenarios are marked with.
    pub(crate) fn as_scenario(self) -> collaudo_scenario::World {
        match self {
            Self::Sim => collaudo_scenario::World::Sim,
            Self::Live => collaudo_scenario::World::Live,
        }
    }
}

/// Options of `inspect`.
#[derive(Clone, Debug, Args)]
pub struct InspectArgs {
    /// Files and folders; - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The index of providers: as LDIF, or as the signed file
    #[arg(long, value_name = "LDIF")]
    pub index: Option<PathBuf>,
    /// Certificates to trust, in PEM or DER
    #[arg(long, value_name = "PEM")]
    pub trust: Vec<PathBuf>,
    /// A list of revoked certificates, in DER or PEM
    #[arg(long, value_name = "FILE")]
    pub crl: Vec<PathBuf>,
    /// How what deployed providers do against the letter of the law is counted
    #[arg(long, default_value = "deployed")]
    pub profile: Profile,
    /// What goes to standard output
    #[arg(long, default_value = "text")]
    pub format: Format,
    /// Where an opinion document for a court file goes, as HTML
    #[arg(long, value_name = "FILE")]
    pub opinion: Option<PathBuf>,
    /// The language of the text and of the opinion document: en or it
    #[arg(long, default_value = "en")]
    pub lang: Lang,
    /// Worker threads; as many as there are processors where none is given
    #[arg(long)]
    pub jobs: Option<usize>,
    #[command(flatten)]
    /// What a reviewer answered
    pub review: ReviewArgs,
    /// The most octets of a message that is loaded, such as 256MiB
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = size)]
    pub max_message: u64,
}

/// How what deployed providers do against the letter of the law is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// As a failure
    Strict,
    /// As a deviation
    Deployed,
}

impl From<Profile> for collaudo_judge::Profile {
    fn from(profile: Profile) -> Self {
        match profile {
            Profile::Strict => Self::Strict,
            Profile::Deployed => Self::Deployed,
        }
    }
}

#[derive(Debug, Args)]
struct ReplayArgs {
    /// `SCENARIO@SEED`, as the replay line of a failure has it
    what: String,
    /// Where the run's folder goes
    #[arg(long, default_value = "runs/replay")]
    out: PathBuf,
    /// What goes to standard output
    #[arg(long, default_value = "text")]
    format: Format,
    #[command(flatten)]
    place: Place,
}

/// Options of `lab`.
#[derive(Clone, Debug, Args)]
pub struct LabArgs {
    /// Who takes part, as a topology has it (scenarios/README.md); three providers and one that never answers where it is left out
    #[arg(value_name = "LAB.toml")]
    pub network: Option<PathBuf>,
    /// Where ports begin: the page there, the directory behind it, ten for each provider from 11 above on; 0 for free ones
    #[arg(long, value_name = "BASE|0", default_value_t = collaudo_lab::BASE.to_string())]
    pub ports: String,
    /// Where the certificate goes that programs have to trust
    #[arg(long, value_name = "PEM", default_value = "runs/lab/ca.pem")]
    pub ca: PathBuf,
    /// What goes to standard output
    #[arg(long, default_value = "text")]
    pub format: Format,
    /// Where the profiles are that LAB.toml names
    #[command(flatten)]
    pub place: Place,
}

/// Where the scenarios are.
#[derive(Clone, Debug, Args)]
pub struct Place {
    /// The folder of scenario files; `scenarios` here, or else the one that the program was built with
    #[arg(long, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,
}

/// What goes to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// One JSON object and nothing else
    Json,
}

/// What `list` can print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people
    Text,
    /// One JSON object and nothing else
    Json,
    /// Of questions alone: a file of answers to fill in, for `--review`
    Toml,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Listed {
    /// Scenario ids and titles
    Scenarios,
    /// Rows of the catalogue, whether they are checked, asked of a person or excused, by what they are proved
    Clauses,
    /// What a reviewer is asked, and the evidence to ask for
    Questions,
    /// Mutants and the rows that each must make fail
    Mutants,
    /// Kinds of fault and the scenarios that inject each
    Faults,
}

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All passed.
    Passed,
    /// Something failed.
    Failed,
    /// Usage or unreadable input.
    Unreadable,
    /// Nothing failed, but something is unknown, or not exercised though a scenario says that it covers it.
    Unknown,
    /// Somebody stopped it.
    Interrupted,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        Self::from(match ending {
            Ending::Passed => 0,
            Ending::Failed => 1,
            Ending::Unreadable => 2,
            Ending::Unknown => 3,
            Ending::Interrupted => inspect::interrupt::STATUS,
        })
    }
}

impl Command {
    /// Does what it says; errors go to standard error.
    pub fn run(self) -> ExitCode {
        let ended = match self.verb {
            Verb::Run(args) => told(run::run(&args)),
            Verb::Certify(args) => told(certify::run(&args)),
            Verb::Judge(args) => told(certify::judge(&args)),
            Verb::Replay(args) => told(replay(args)),
            Verb::Inspect(args) => told(inspect::run(&args)),
            Verb::Mutants { pattern, out, format, place } => {
                told(mutants::run(&pattern, out.as_deref(), format, &place))
            }
            Verb::Golden { out } => told(golden::write(&out)),
            Verb::Lab(args) => told(lab::run(&args)),
            Verb::List { what, format, place } => told(list::list(what, format, &place)),
        };
        ended.into()
    }
}

fn told<E: std::fmt::Display>(ended: Result<Ending, E>) -> Ending {
    ended.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        Ending::Unreadable
    })
}

fn replay(args: ReplayArgs) -> Result<Ending, run::RunError> {
    let ReplayArgs { what, out, format, place } = args;
    let unread = || run::RunError::Replay(what.clone());
    let (scenario, text) = what.rsplit_once('@').ok_or_else(unread)?;
    let seed = seed(text).map_err(|_| unread())?;
    let review = ReviewArgs::default();
    let (patterns, world, jobs, lang) = (Vec::new(), RunWorld::Sim, Some(1), Lang::En);
    run::run_exactly(scenario, &RunArgs { patterns, seed, world, jobs, out, lang, format, review, place })
}

fn seed(text: &str) -> Result<u64, String> {
    let read = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    read.map_err(|_| format!("\"{text}\" is no seed; expected a number such as 24301 or 0x5eed"))
}

fn size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 7] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("kB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("B", 1),
    ];
    let unit = UNITS.iter().find_map(|(unit, octets)| Some((text.strip_suffix(unit)?, *octets)));
    let (number, octets) = unit.unwrap_or((text, 1));
    let read = number.trim().parse::<u64>().ok().and_then(|number| number.checked_mul(octets));
    read.ok_or_else(|| format!("\"{text}\" is no size; expected a number of octets, such as 268435456 or 256MiB"))
}
