//! `collaudo certify`: a provider that nobody here made, on real sockets and in real time.

mod clock;
mod crew;
mod dns;
mod fit;
mod init;
mod kept;
mod lab;
mod listing;
mod preflight;
mod publish;
mod rejudge;
mod rooms;
mod services;
mod shell;
mod users;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use collaudo_record::{FORMAT, Measured, RunRecord};
use collaudo_reports::{Lang, json, text};
use collaudo_scenario::matches;
use collaudo_world::{Kiosk, MovableClock};

use self::{
    fit::{Fit, Part},
    kept::Kept,
    lab::Lab,
    rooms::{Rooms, Waiting},
};
use crate::{
    command::{CertifyArgs, Ending, Format},
    mutants, out, record, run,
    scenarios::Library,
    stopwatch::{self, Stopwatch},
};

pub use rejudge::judge;

/// Why a certification cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CertifyError {
    /// The folder of scenarios cannot be listed, or has no topology to take our providers from.
    #[error("{0}")]
    Scenarios(#[from] collaudo_scenario::Error),
    /// A file cannot be read or written.
    #[error("{path}: {why}")]
    File {
        /// Where.
        path: String,
        /// What the machine says.
        why: std::io::Error,
    },
    /// The file does not say what it must, in words with its place.
    #[error("{0}")]
    Lab(String),
    /// Something that must answer does not; what, and what to do, was told.
    #[error("{0} of the trials before the run failed; nothing was run")]
    Preflight(usize),
    /// The network around the subject cannot be built.
    #[error("{0}")]
    World(#[from] collaudo_world::WorldError),
    /// The command that moves the subject's clock fails; what has ended is kept.
    #[error("the subject's clock cannot be moved: {0}; what has ended is kept, go on with --resume")]
    Clock(String),
    /// The run's folder cannot be written.
    #[error("cannot write {0}")]
    Out(#[from] out::OutError),
    /// What was kept cannot be gone on with, in words.
    #[error("{0}")]
    Kept(String),
}

/// What each scenario is run in.
#[derive(Clone, Copy)]
struct Setting<'a> {
    lab: &'a Lab,
    ours: &'a lab::Ours,
    /// The subject's, where it can be moved.
    clock: Option<&'a MovableClock>,
    kept: &'a Kept,
    /// Where the subject fetches what is published, if it does.
    kiosk: Option<&'a Kiosk>,
}

/// A scenario that is not run, and why.
type Idle = (String, String);

/// Does what the arguments say: prepares a folder, or examines the provider of a file.
///
/// # Errors
/// [`CertifyError`], before anything was run; a scenario that fails is no error.
pub fn run(args: &CertifyArgs) -> Result<Ending, CertifyError> {
    if let Some(folder) = &args.init {
        return init::init(folder, &args.place.folder(), args.lanes);
    }
    let Some(file) = &args.lab else {
        return Err(CertifyError::Lab("expected LAB.toml, or --init DIR, which writes one".into()));
    };
    let lab = Lab::read(file)?;
    let folder = args.place.folder();
    let ours = lab.everyone(lab::ours(&folder)?);
    let library = Library::open(&folder)?;
    let programme = Programme::of(&library, args, &lab, &ours);
    if args.list {
        return Ok(listing::show(&programme, args.format));
    }
    if let Some(at) = lab.dns {
        let served = dns::Zone::of(&lab, &ours).serve(at);
        served.map_err(|why| CertifyError::Lab(format!("dns = \"{at}\": {why}; free the port, or name another")))?;
    }
    let clock = lab.clock(lab.lanes(&ours).len())?;
    let whole = lab.foreign(lab::SUBJECT, &ours, &[], lab::Lane::ONLY);
    let kiosk = publish::open(&lab, &whole, clock.as_ref())?;
    preflight::fly(&lab, &ours, clock.as_ref(), kiosk.as_ref())?;
    let out = args.resume.as_ref().or(args.out.as_ref()).cloned().unwrap_or_else(|| "runs/certify".into());
    let kept = Kept::open(&out, &lab, args.resume.is_some())?;
    let setting = Setting { lab: &lab, ours: &ours, clock: clock.as_ref(), kept: &kept, kiosk: kiosk.as_ref() };
    let rooms = Rooms::new(&lab, &ours, &folder);
    foretell(&setting, &rooms, &programme);
    examine(args, &setting, rooms, &programme)
}

/// What is run, and what is not.
struct Programme {
    /// The untimed first, and of these first what disturbs nobody; last what changes what all scenarios share.
    parts: Vec<Part>,
    idle: Vec<Idle>,
    /// Rows that come up only where a service is wanted that the subject does not offer.
    unsupported: BTreeSet<String>,
}

impl Programme {
    fn of(library: &Library, args: &CertifyArgs, lab: &Lab, ours: &lab::Ours) -> Self {
        let asked = |id: &str| args.patterns.is_empty() || args.patterns.iter().any(|pattern| matches(pattern, id));
        let (mut parts, mut idle) = (Vec::new(), Vec::new());
        let (mut lacking, mut offered) = (BTreeSet::new(), BTreeSet::new());
        for scenario in &library.scenarios {
            let prospect = fit::fit(scenario, lab, ours, args.skip_timed, &args.place.folder());
            let covers = scenario.brief().covers.iter().cloned();
            if prospect.lacks_service {
                lacking.extend(covers)
            } else {
                offered.extend(covers)
            }
            match prospect.fit {
                _ if !asked(scenario.id()) => {}
                Fit::Runs(part) => parts.push(*part),
                Fit::Not(why) => idle.push((scenario.id().to_owned(), why)),
            }
        }
        // The longest begin first: the others go on beside them.
        parts.sort_by_key(|part| (part.alone, part.timed, part.disturbs, Reverse(part.lasts)));
        Self { parts, idle, unsupported: lacking.difference(&offered).cloned().collect() }
    }
}

fn examine(
    args: &CertifyArgs,
    setting: &Setting<'_>,
    rooms: Rooms<'_>,
    programme: &Programme,
) -> Result<Ending, CertifyError> {
    let Setting { lab, kept, .. } = setting;
    let Programme { parts, idle, unsupported } = programme;
    let (began, stopwatch) = (stopwatch::today(), Stopwatch::start());
    let jobs = u32::try_from(rooms.count()).unwrap_or(u32::MAX);
    let mut over = crew::run(parts, rooms, setting)?;
    over.sort_by(|a, b| a.record.id.cmp(&b.record.id));
    let scenario_ms = over.iter().map(|one| (one.record.id.clone(), one.ms)).collect();
    let (records, traces): (Vec<_>, Vec<_>) = over.into_iter().map(|one| (one.record, one.trace)).unzip();
    let mut record = record::run(&lab.subject.name, lab.seed, records, &mutants::by_clause(), BTreeMap::new());
    services::note(&mut record, unsupported);
    kept.note_unsupported(unsupported)?;
    let measured = Measured { format: FORMAT, began, wall_ms: stopwatch.elapsed_ms(), jobs, scenario_ms };
    out::write(kept.out(), &record, &measured, &traces, args.lang)?;
    kept.note_idle(idle)?;
    show(&record, idle, &measured, args, kept);
    Ok(run::ending(&record))
}

/// Says beforehand how long it takes.
fn foretell(setting: &Setting<'_>, rooms: &Rooms<'_>, Programme { parts, idle, .. }: &Programme) {
    let (lab, clock) = (setting.lab, setting.clock);
    let fresh: Vec<_> = parts.iter().filter(|part| !setting.kept.has(part.scenario.id())).collect();
    let short = Duration::from_millis(lab.quiet_ms) + BESIDES;
    let (lasts, at_once) =
        rooms.foresee(Waiting::new(fresh.clone(), clock.is_some()), |part| match (part.timed, clock) {
            (true, Some(clock)) => clock.takes(part.lasts),
            (true, None) => part.lasts,
            (false, _) => part.lasts + short,
        });
    let timed = fresh.iter().filter(|part| part.timed).count();
    eprintln!("{}: {} scenarios, {} are not run", lab.subject.name, parts.len(), idle.len());
    eprintln!(
        "{} of them kept before; {timed} wait for hours; at most {at_once} at once, in {} lanes; about {} in all",
        parts.len() - fresh.len(),
        rooms.count(),
        measured(lasts)
    );
}

/// What a short scenario takes beside its own time and the quiet behind it.
const BESIDES: Duration = Duration::from_secs(2);

fn measured(lasts: Duration) -> String {
    let minutes = lasts.as_secs().div_ceil(60);
    if minutes < 90 { format!("{minutes} min") } else { format!("{} h {} min", minutes / 60, minutes % 60) }
}

fn show(record: &RunRecord, idle: &[Idle], measured: &Measured, args: &CertifyArgs, kept: &Kept) {
    let out = kept.out();
    match args.format {
        Format::Json => println!("{}", json::run(record, measured.wall_ms, &out.display().to_string())),
        Format::Text => {
            let report = Some(out.join("report.html").display().to_string());
            print!("{}", text::run(record, &text::TextOptions { report, ..text::TextOptions::default() }));
            if !idle.is_empty() {
                println!("not run ({}; each in {}):", idle.len(), out.join(kept::IDLE).display());
            }
            listing::reasons(idle).iter().for_each(|(why, times)| println!("  {times:>3}  {why}"));
        }
    }
}

/// The language of a report where nobody has asked for one.
pub(crate) const LANG: Lang = Lang::En;
