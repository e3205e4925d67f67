//! What the tests share: the scenario library, single runs, and programs that nobody here wrote.

pub mod message;
pub mod shape;
pub mod stranger;
pub mod subject;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use collaudo::{scenarios::Library, subjects, way};
use collaudo_record::Trace;
use collaudo_scenario::{Plan, Scenario, Vocabulary};

/// The seed of tests that need no other.
pub const SEED: u64 = 0x5eed;

/// The workspace's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in the root").to_owned()
}

/// The scenarios of the project; panics where one does not read.
pub fn library() -> Vec<Scenario> {
    let Library { scenarios, errors } =
        Library::open(&root().join("scenarios")).expect("the folder of scenarios is there");
    assert!(errors.is_empty(), "{errors:?}");
    scenarios
}

/// The trace of a scenario of the project.
pub fn trace_of(id: &str, seed: u64) -> Trace {
    let scenario =
        library().into_iter().find(|scenario| scenario.id() == id).unwrap_or_else(|| panic!("no scenario {id}"));
    trace(&scenario.plan(seed))
}

/// The trace of a plan against the reference; panics where the world falls over.
pub fn trace(plan: &Plan) -> Trace {
    let run = way::stir(plan, &subjects::reference()).expect("the world runs");
    assert_eq!(run.problem, None);
    run.trace
}

/// A scenario written in a test, among the project's topologies.
pub fn scenario(text: &str) -> Scenario {
    let scenarios = root().join("scenarios");
    let vocabulary = Vocabulary { catalogued: &[], checked: &[] };
    let mut read =
        Scenario::parse(text, &scenarios.join("test.toml"), &scenarios, &vocabulary).expect("the scenario reads");
    read.remove(0)
}

/// Makes a folder of scenarios with the topologies of the project, and these in it, as `quick/NAME`.
pub fn small_library(folder: &Path, scenarios: &[(&str, &str)]) {
    for part in ["topologies", "profiles"] {
        fs::create_dir_all(folder.join(part)).expect("a folder");
        for file in fs::read_dir(root().join("scenarios").join(part)).expect("it is there").flatten() {
            fs::copy(file.path(), folder.join(part).join(file.file_name())).expect("a copy");
        }
    }
    fs::create_dir_all(folder.join("quick")).expect("a folder");
    for (name, text) in scenarios {
        fs::write(folder.join(format!("quick/{name}.toml")), text).expect("a file");
    }
}

/// Whether a program is here; says in plain words that its test skips where it is not.
pub fn have(program: &str, test: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .stdin(Stdio::null())
        .status();
    if found.is_err() {
        eprintln!("{test}: skipped, this machine has no {program}");
    }
    found.is_ok()
}

/// What the work says of each item, where it says something; as many threads as there are processors.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> Option<R> + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut found = Vec::new();
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.extend(work(item));
        }
        found
    };
    thread::scope(|scope| {
        let workers: Vec<_> =
            (0..thread::available_parallelism().map_or(1, usize::from)).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no worker panics")).collect()
    })
}
