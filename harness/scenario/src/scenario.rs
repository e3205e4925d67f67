use std::{path::Path, sync::Arc, time::Duration};

use collaudo_record::{Instant, Place, ScenarioBrief};

use crate::{
    Error, Fault, Flaw, Forgery, Guest, Inquiry, Plan, ProviderPlan, Step, Submit, Visit,
    cast::Cast,
    compose::{self, Sending},
    expect, fault, find,
    letter::Letter,
    measure,
    source::{Item, Source, Table},
    step,
};

/// The clauses that a scenario may name.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary<'a> {
    /// Every id of the catalogue.
    pub catalogued: &'a [&'a str],
    /// Of these the MUST and SHOULD rows that the judge has a check for: what a star stands for.
    pub checked: &'a [&'a str],
}

/// A driver of plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum World {
    /// Simulated TCP.
    Sim,
    /// An event loop.
    Explore,
    /// Real sockets and real time.
    Live,
}

impl World {
    /// The word for it in scenario files and traces.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sim => "sim",
            Self::Explore => "explore",
            Self::Live => "live",
        }
    }
}

/// What a person wrote, understood: every name resolved, every file read, nothing left to the run but its seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    brief: ScenarioBrief,
    worlds: Vec<World>,
    epoch: Instant,
    until: Duration,
    providers: Vec<ProviderPlan>,
    latency: (Duration, Duration),
    steps: Vec<Draft>,
    visits: Vec<Visit>,
    inquiries: Vec<Inquiry>,
    faults: Vec<Fault>,
}

/// A step whose message may still wait for the seed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draft {
    pub(crate) at: Duration,
    pub(crate) id: String,
    pub(crate) provider: String,
    pub(crate) domain: String,
    pub(crate) account: String,
    pub(crate) password: String,
    pub(crate) reverse_path: String,
    pub(crate) forward_paths: Vec<String>,
    pub(crate) message: Message,
    pub(crate) implicit_tls: bool,
    pub(crate) session: Option<String>,
    pub(crate) forged: Option<Forgery>,
}

/// What a step submits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Message {
    /// A file's octets.
    File(Arc<[u8]>),
    /// To be written down.
    Letter(Box<Letter>),
}

impl Scenario {
    /// Reads a scenario file, the topology and the message files that it names.
    ///
    /// Gives one scenario, or two where it says `swap = true`: the second, with `~swapped` behind its id, has the parts
    /// of the topology's first two providers exchanged. Topologies lie in `topologies/` of the nearest folder above.
    ///
    /// # Errors
    /// [`Error`], with the first thing that is wrong and its place.
    pub fn read(path: &Path, vocabulary: &Vocabulary<'_>) -> Result<Vec<Self>, Error> {
        Self::understand(&Source::open(path)?, path, &find::root_of(path)?, vocabulary, Wanted::default())
    }

    /// Reads the scenario of that id out of a file with a guest in the place of one of its providers.
    ///
    /// *Gives* none where the file has no scenario of that id.
    ///
    /// # Errors
    /// As [`Scenario::read`]; a user for whom the guest has nobody is unknown.
    pub fn read_with(path: &Path, vocabulary: &Vocabulary<'_>, id: &str, guest: &Guest) -> Result<Option<Self>, Error> {
        let source = Source::open(path)?;
        let wanted = Wanted { id: Some(id), guest: Some(guest) };
        let read = Self::understand(&source, path, &find::root_of(path)?, vocabulary, wanted)?;
        Ok(read.into_iter().next())
    }

    /// The same scenario with another beginning.
    pub fn beginning(self, epoch: Instant) -> Self {
        Self { epoch, ..self }
    }

    /// Reads a text as if it stood at `path`, with topologies in `root/topologies`; `path` itself need not exist.
    ///
    /// # Errors
    /// As [`Scenario::read`].
    pub fn parse(text: &str, path: &Path, root: &Path, vocabulary: &Vocabulary<'_>) -> Result<Vec<Self>, Error> {
        Self::understand(&Source::of(path, text), path, root, vocabulary, Wanted::default())
    }

    /// The path under `scenarios/` without extension, such as `flows/cross-provider~swapped`.
    pub fn id(&self) -> &str {
        &self.brief.id
    }

    /// What it says of itself.
    pub fn brief(&self) -> &ScenarioBrief {
        &self.brief
    }

    /// Where it is to be run; never empty.
    pub fn worlds(&self) -> &[World] {
        &self.worlds
    }

    /// Who takes part.
    pub fn providers(&self) -> &[ProviderPlan] {
        &self.providers
    }

    /// What goes wrong in it.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Fixes all that the seed decides. The same scenario and seed give the same plan, on any machine.
    pub fn plan(&self, seed: u64) -> Plan {
        let mut steps: Vec<Step> = self.steps.iter().map(|draft| self.step(draft, seed)).collect();
        steps.sort_by_key(|step| step.at);
        let mut visits = self.visits.clone();
        visits.sort_by_key(|visit| visit.at);
        let mut inquiries = self.inquiries.clone();
        inquiries.sort_by_key(|inquiry| inquiry.at);
        Plan {
            brief: self.brief.clone(),
            seed,
            epoch: self.epoch,
            until: self.until,
            providers: self.providers.clone(),
            steps,
            visits,
            inquiries,
            faults: self.faults.clone(),
            latency: self.latency,
        }
    }

    fn step(&self, draft: &Draft, seed: u64) -> Step {
        let at = self.epoch.after(measure::span(draft.at));
        let message = match &draft.message {
            Message::File(octets) => octets.clone(),
            Message::Letter(letter) => {
                compose::write(letter, &Sending { id: &draft.id, at, domain: &draft.domain, seed })
            }
        };
        let submit = Submit {
            provider: draft.provider.clone(),
            account: draft.account.clone(),
            password: draft.password.clone(),
            reverse_path: draft.reverse_path.clone(),
            forward_paths: draft.forward_paths.clone(),
            message,
            implicit_tls: draft.implicit_tls,
            session: draft.session.clone(),
            forged: draft.forged,
        };
        Step { at: draft.at, id: draft.id.clone(), submit }
    }

    fn understand(
        source: &Source,
        path: &Path,
        root: &Path,
        vocabulary: &Vocabulary<'_>,
        wanted: Wanted<'_>,
    ) -> Result<Vec<Self>, Error> {
        let parsed = source.parse()?;
        let table = source.root(&parsed, "scenario").only(&KEYS)?;
        let cast = Cast::of(&table.need("topology", "the name of a topology")?, root)?;
        let id = find::id_of(path, root);
        // The place that a trace carries must not depend on where the program was started.
        let folder = root.file_name().map_or_else(String::new, |name| format!("{}/", name.to_string_lossy()));
        let reading = Reading { table, path, place: format!("{folder}{id}.toml"), vocabulary };
        let mut casts = vec![(id.clone(), cast.clone())];
        if let Some(swap) = table.get("swap")
            && swap.truth()?
        {
            casts.push((format!("{id}~swapped"), cast.exchange(&swap)?));
        }
        casts.retain(|(id, _)| wanted.id.is_none_or(|wanted| wanted == id));
        let seated = casts.into_iter().map(|(id, mut cast)| {
            wanted.guest.into_iter().for_each(|guest| cast.seat(guest));
            reading.scenario(id, cast)
        });
        seated.collect()
    }
}

/// Which scenarios of a file are wanted, and with whom.
#[derive(Clone, Copy, Default)]
struct Wanted<'a> {
    id: Option<&'a str>,
    guest: Option<&'a Guest>,
}

/// One reading of a file, for one distribution of parts.
struct Reading<'a> {
    table: Table<'a>,
    path: &'a Path,
    place: String,
    vocabulary: &'a Vocabulary<'a>,
}

impl Reading<'_> {
    fn scenario(&self, id: String, mut cast: Cast) -> Result<Scenario, Error> {
        let table = self.table;
        // What one mailbox has for itself goes before what its provider gives to all.
        table.get("provider").map_or(Ok(()), |item| cast.override_providers(item.table("provider")?))?;
        table.get("mailbox").map_or(Ok(()), |item| cast.override_mailboxes(item.table("mailbox")?))?;
        let steps = table.need("step", "an array of steps")?;
        let steps = step::read(&steps, &cast, self.path)?;
        let last = steps.last();
        let until = table.get("until").map_or(Ok(last + QUIET), |item| ends(&item, last))?;
        let faults = table.get("fault").map_or(Ok(Vec::new()), |item| fault::read(&item, &cast, until))?;
        let expect = table.get("expect").map_or(Ok(Vec::new()), |item| {
            let place = |line| Place { file: self.place.clone(), line };
            expect::read(&item, &cast, &steps, until, &place)
        })?;
        let brief = ScenarioBrief {
            id,
            title: table.need("title", "one line of text")?.line_of_text("title")?,
            why: table.need("why", "one line of text")?.line_of_text("why")?,
            covers: covers(&table.need("covers", "an array of clauses")?, self.vocabulary)?,
            expect,
        };
        Ok(Scenario {
            brief,
            worlds: table.get("worlds").map_or(Ok(vec![World::Sim]), |item| worlds(&item))?,
            epoch: table.get("epoch").map_or(Ok(EPOCH), |item| measure::instant(&item))?,
            until,
            providers: cast.providers().to_vec(),
            latency: table.get("latency").map_or(Ok(LATENCY), |item| measure::window(&item))?,
            steps: steps.drafts,
            visits: steps.visits,
            inquiries: steps.inquiries,
            faults,
        })
    }
}

fn ends(item: &Item<'_>, last: Duration) -> Result<Duration, Error> {
    let until = measure::duration(item)?;
    match until < last {
        true => {
            let expected = format!("no less than {}, when the last step is taken", measure::worded(last));
            Err(item.error(Flaw::bad("until", measure::worded(until), expected)))
        }
        false => Ok(until),
    }
}

fn worlds(item: &Item<'_>) -> Result<Vec<World>, Error> {
    let items = item.list("an array of worlds")?;
    let mut worlds = Vec::new();
    for item in &items {
        let world = match item.word("world", &["sim", "explore", "live"])? {
            "sim" => World::Sim,
            "explore" => World::Explore,
            _ => World::Live,
        };
        if worlds.contains(&world) {
            return Err(item.error(Flaw::Twice { what: "world", found: world.name().to_owned() }));
        }
        worlds.push(world);
    }
    match worlds.is_empty() {
        true => Err(item.error(Flaw::bad("worlds", "[]", "at least one of \"sim\", \"explore\" and \"live\""))),
        false => Ok(worlds),
    }
}

/// Clauses in the file's order, stars spelled out, each once.
fn covers(item: &Item<'_>, vocabulary: &Vocabulary<'_>) -> Result<Vec<String>, Error> {
    let mut clauses: Vec<String> = Vec::new();
    for item in item.list("an array of clauses")? {
        let found = item.text()?;
        let named: Vec<&str> = match found.strip_suffix('*') {
            None => vocabulary.catalogued.iter().copied().filter(|id| *id == found).collect(),
            Some(prefix) => vocabulary.checked.iter().copied().filter(|id| id.starts_with(prefix)).collect(),
        };
        if named.is_empty() {
            return Err(item.error(no_clause(found, vocabulary)));
        }
        for id in named {
            if !clauses.iter().any(|there| there == id) {
                clauses.push(id.to_owned());
            }
        }
    }
    Ok(clauses)
}

fn no_clause(found: &str, vocabulary: &Vocabulary<'_>) -> Flaw {
    match found.strip_suffix('*') {
        Some(prefix) if vocabulary.catalogued.iter().any(|id| id.starts_with(prefix)) => {
            Flaw::bad("clause", found, "a prefix of clauses of which at least one is checked")
        }
        _ => Flaw::unknown("clause", found, vocabulary.catalogued.iter().copied()),
    }
}

const KEYS: [&str; 14] = [
    "title", "why", "topology", "swap", "worlds", "covers", "until", "epoch", "latency", "step", "fault", "mailbox",
    "provider", "expect",
];
/// 2026-03-02T09:00:00+01:00, a Monday morning in Rome.
const EPOCH: Instant = Instant(1_772_438_400_000_000);
/// How long a run goes on behind its last step, where the scenario does not say.
const QUIET: Duration = Duration::from_secs(600);
const LATENCY: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(10));
