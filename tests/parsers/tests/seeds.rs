//! Goal: no octets from outside make a parser panic. Method: the seeds of the fuzzer as they are, cut short, with octets
//! overwritten, and with pieces of one another. The fuzzer itself goes on from there: `tests/fuzz`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use collaudo_parsers::{PARSERS, run};
use proptest::{prelude::*, sample::Index};

#[test]
fn every_parser_has_seeds_and_survives_them() {
    for (name, parser) in PARSERS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seeds under {}", home(name).display());
        seeds.iter().for_each(|seed| parser(seed));
    }
}

#[test]
fn every_folder_of_seeds_has_a_parser_and_a_fuzz_target() {
    let targets = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/Cargo.toml"))
        .expect("the fuzz targets are declared");
    let declared: Vec<_> = targets.lines().filter_map(|line| line.strip_prefix("name = \"")).skip(1).collect();
    let parsers: Vec<_> = PARSERS.iter().map(|(name, _)| format!("{name}\"")).collect();
    assert_eq!(declared, parsers);
    let corpus = home("").read_dir().expect("there are seeds");
    let mut folders: Vec<_> = corpus.flatten().map(|entry| entry.file_name()).collect();
    let mut names: Vec<std::ffi::OsString> = PARSERS.iter().map(|(name, _)| (*name).into()).collect();
    folders.sort();
    names.sort();
    assert_eq!(folders, names);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bent_seeds_are_survived(bends in prop::collection::vec(bend(), 1..6), chosen in any::<Index>()) {
        for (name, _) in PARSERS {
            let seeds = seeds(name);
            let mut octets = chosen.get(&seeds).clone();
            bends.iter().for_each(|bend| bend.apply(&mut octets, &seeds));
            run(name, &octets);
        }
    }
}

/// One change to a seed.
#[derive(Clone, Debug)]
enum Bend {
    Cut(Index),
    Overwrite(Index, Vec<u8>),
    Repeat(Index, Index, u8),
    Graft(Index, Index, Index),
}

fn bend() -> impl Strategy<Value = Bend> {
    let octets = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..8),
        prop::sample::select(vec![
            b"\r\n".to_vec(),
            b"\n".to_vec(),
            b"\0".to_vec(),
            b"\xff\xff\xff\xff".to_vec(),
            b"\"".to_vec()
        ]),
    ];
    prop_oneof![
        any::<Index>().prop_map(Bend::Cut),
        (any::<Index>(), octets).prop_map(|(at, octets)| Bend::Overwrite(at, octets)),
        (any::<Index>(), any::<Index>(), any::<u8>()).prop_map(|(from, to, times)| Bend::Repeat(from, to, times)),
        (any::<Index>(), any::<Index>(), any::<Index>()).prop_map(|(at, seed, from)| Bend::Graft(at, seed, from)),
    ]
}

impl Bend {
    fn apply(&self, octets: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let place = |index: &Index, octets: &[u8]| index.index(octets.len() + 1);
        match self {
            Self::Cut(at) => octets.truncate(place(at, octets)),
            Self::Overwrite(at, new) => {
                let at = place(at, octets);
                let end = (at + new.len()).min(octets.len());
                octets.splice(at..end, new.iter().copied());
            }
            Self::Repeat(from, to, times) => {
                let (a, b) = (place(from, octets), place(to, octets));
                let piece = octets[a.min(b)..a.max(b)].repeat(usize::from(*times % 8));
                octets.splice(a..a, piece);
            }
            Self::Graft(at, seed, from) => {
                let seed = seed.get(seeds);
                let at = place(at, octets);
                octets.truncate(at);
                octets.extend_from_slice(&seed[place(from, seed)..]);
            }
        }
    }
}

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let Ok(files) = home(name).read_dir() else { return Vec::new() };
    let mut paths: Vec<_> = files.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a seed can be read")).collect()
}

fn home(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(name)
}
