//! Whatever stands in a file, reading it gives a scenario or an error, never a panic.

use std::{fs, path::Path, sync::LazyLock};

use collaudo_scenario::{Scenario, Vocabulary, discover};
use proptest::{prelude::*, test_runner::RngSeed};

/// Every shipped scenario, topology and profile as text; all are read as scenarios, for any text will do here.
static SEEDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let folders = [root.clone(), root.join("topologies"), root.join("profiles")];
    let paths = folders.iter().flat_map(|folder| discover(folder).unwrap());
    paths.map(|path| fs::read_to_string(path).unwrap()).collect()
});

fn survives(text: &str) -> Result<(), TestCaseError> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let clauses = ["PEC-3.1.1-05", "PEC-3.1.1-06"];
    let vocabulary = Vocabulary { catalogued: &clauses, checked: &clauses };
    match Scenario::parse(text, &root.join("flows/mangled.toml"), &root, &vocabulary) {
        Ok(scenarios) => scenarios.iter().for_each(|scenario| drop(scenario.plan(1))),
        Err(why) => prop_assert!(why.to_string().contains("mangled.toml") || why.to_string().contains("topologies/")),
    }
    Ok(())
}

/// A word that may mean something where another stands.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::from("99999999999999999999h")),
        Just(String::from("10000h")),
        Just(String::from("9999999999999 MB")),
        Just(String::from("2099-12-31T23:59:59Z")),
        Just(String::from("~*@ \u{e8}\u{1f600}")),
        Just(String::from("../../Cargo.toml")),
        Just(String::new()),
        "[a-z0-9@.*~ -]{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        rng_seed: RngSeed::Fixed(0x5eed),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_scenario_with_octets_changed_is_read_or_refused(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        let mut octets = which.get(&SEEDS).clone().into_bytes();
        for (place, octet, how) in edits {
            let place = place.index(octets.len());
            match how {
                0 => octets[place] = octet,
                1 => octets.insert(place, octet),
                _ => drop(octets.remove(place)),
            }
        }
        survives(&String::from_utf8_lossy(&octets))?;
    }

    #[test]
    fn a_scenario_with_a_string_exchanged_is_read_or_refused(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        word in word(),
    ) {
        // Between two quotation marks the pieces of odd number are strings.
        let mut pieces: Vec<String> = which.get(&SEEDS).split('"').map(str::to_owned).collect();
        let place = place.index(pieces.len() / 2) * 2 + 1;
        pieces[place] = word;
        survives(&pieces.join("\""))?;
    }
}
