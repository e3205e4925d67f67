//! Where the sources of this program cite each clause, as they were when it was built.

use std::collections::BTreeMap;

use collaudo_record::Place;

include!(concat!(env!("OUT_DIR"), "/cited.rs"));

/// The places of each cited clause, by file and line.
pub(crate) fn by_clause() -> BTreeMap<&'static str, Vec<Place>> {
    let mut places: BTreeMap<&str, Vec<Place>> = BTreeMap::new();
    for (clause, file, line) in CITED {
        places.entry(clause).or_default().push(Place { file: (*file).to_owned(), line: *line });
    }
    places
}

#[cfg(test)]
mod tests {
    use super::by_clause;

    #[test]
    fn the_program_knows_the_lines_that_cite_a_clause() {
        let places = by_clause();
        let of = |root: &str| places["PEC-3.1.1-06"].iter().find(|place| place.file.starts_with(root)).cloned();
        assert!(of("reference-impl/src/").is_some() && of("harness/judge/src/").is_some(), "{places:?}");
        let place = of("harness/judge/src/").expect("just seen");
        let root = crate::citations::source_tree().expect("tests run where the sources are");
        let text = std::fs::read_to_string(root.join(&place.file)).expect("it is there");
        let line = text.lines().nth(place.line as usize - 1).expect("so long");
        assert_eq!(line.trim(), "//= PEC-3.1.1-06");
    }
}
