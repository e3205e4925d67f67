//! `collaudo certify`: a provider that nobody here made, on real sockets and in real time.

mod clock;
mod crew;
mod dns;
mod fit;
mod forecast;
mod init;
mod kept;
mod lab;
mod listing;
mod log;
mod preflight;
mod programme;
mod publish;
mod rejudge;
mod rooms;
mod services;
mod shell;
mod users;

use std::collections::BTreeMap;

use collaudo_record::{FORMAT, Measured, RunRecord};
use collaudo_reports::{Lang, json, text};
use collaudo_world::{Kiosk, MovableClock};

use self::{
    forecast::Forecast,
    kept::Kept,
    lab::Lab,
    log::Log,
    programme::{Idle, Programme},
    rooms::Rooms,
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
    /// The subject's, where it can be read.
    log: Option<&'a Log>,
}

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
    let first = lab::ours(&folder)?;
    let ours = lab.everyone(first.clone());
    let library = Library::open(&folder)?;
    let clock = lab.clock(lab.lanes(&ours).len())?;
    let is_kept = |id: &str| args.resume.as_ref().is_some_and(|out| Kept::holds(out, id));
    let programme = Programme::of(&library, args, &lab, &ours, is_kept);
    let fresh: Vec<_> = programme.parts.iter().filter(|part| !is_kept(part.scenario.id())).collect();
    let forecast = Forecast::of(&lab, &first, clock.as_ref(), &folder, &fresh);
    if args.list {
        return Ok(listing::show(&programme, &forecast, args.format));
    }
    if let Some(at) = lab.dns {
        let served = dns::Zone::of(&lab, &ours).serve(at);
        served.map_err(|why| CertifyError::Lab(format!("dns = \"{at}\": {why}; free the port, or name another")))?;
    }
    let whole = lab.foreign(lab::SUBJECT, &ours, &[], lab::Lane::ONLY);
    let kiosk = publish::open(&lab, &whole, clock.as_ref())?;
    let log = preflight::fly(&lab, &ours, clock.as_ref(), kiosk.as_ref())?;
    let out = args.resume.as_ref().or(args.out.as_ref()).cloned().unwrap_or_else(|| "runs/certify".into());
    let kept = Kept::open(&out, &lab, args.resume.is_some())?;
    let (clock, kiosk, log) = (clock.as_ref(), kiosk.as_ref(), log.as_ref());
    let setting = Setting { lab: &lab, ours: &ours, clock, kept: &kept, kiosk, log };
    let rooms = Rooms::new(&lab, &first, &folder);
    foretell(&lab, &programme, fresh.len(), &forecast);
    examine(args, &setting, rooms, &programme)
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
    setting.log.and_then(Log::left_out).iter().for_each(|told| eprintln!("{told}"));
    over.sort_by(|a, b| a.record.id.cmp(&b.record.id));
    let scenario_ms = over.iter().map(|one| (one.record.id.clone(), one.ms)).collect();
    let (records, traces): (Vec<_>, Vec<_>) = over.into_iter().map(|one| (one.record, one.trace)).unzip();
    let mut record = record::run(&lab.subject.name, lab.seed, records, &mutants::by_clause(), BTreeMap::new());
    services::note(&mut record, unsupported);
    kept.note_unsupported(unsupported)?;
    let measured = Measured { format: FORMAT, began, wall_ms: stopwatch.elapsed_ms(), jobs, scenario_ms };
    out::write(kept.out(), &record, Some(&measured), &traces, args.lang)?;
    kept.note_idle(idle)?;
    show(&record, idle, &measured, args, kept);
    Ok(run::ending(&record))
}

/// Says beforehand what is run and what is not, and how long it takes.
fn foretell(lab: &Lab, Programme { parts, idle, .. }: &Programme, fresh: usize, forecast: &Forecast) {
    eprintln!("{}: {} scenarios, {} are not run", lab.subject.name, parts.len(), idle.len());
    forecast::reasons(idle).iter().for_each(|(why, times)| eprintln!("  {times:>3}  {why}"));
    let kept = parts.len() - fresh;
    eprintln!("{kept} of them kept before; {}", forecast.told());
    forecast.advised().iter().for_each(|advice| eprintln!("{advice}; SHEET.md says how"));
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
            forecast::reasons(idle).iter().for_each(|(why, times)| println!("  {times:>3}  {why}"));
        }
    }
}

/// The language of a report where nobody has asked for one.
pub(crate) const LANG: Lang = Lang::En;
