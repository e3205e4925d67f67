use std::collections::BTreeSet;

use collaudo_record::{Answer, Exception, Outcome, Question, Review, RunRecord};
use collaudo_reports::{Lang, html};
use quick_xml::{Reader, XmlVersion, events::Event};

use crate::{
    fixture::{self, HOSTILE},
    story::Bodies,
};

/// An element's name and its attributes.
pub(crate) type Element = (String, Vec<(String, String)>);

const VOID: [&str; 2] = ["meta", "input"];

fn page(record: &RunRecord, bodies: &Bodies) -> String {
    html::run(record, None, Lang::En, &|hash| bodies.get(hash).cloned())
}

fn sample() -> (RunRecord, Bodies, String) {
    let (record, bodies, measured) = fixture::run();
    let page = html::run(&record, Some(&measured), Lang::En, &|hash| bodies.get(hash).cloned());
    (record, bodies, page)
}

/// Every element of the page in order with its attributes, and all text; fails where elements do not nest.
pub(crate) fn read(page: &str) -> (Vec<Element>, String) {
    let mut reader = Reader::from_str(page);
    reader.config_mut().check_end_names = false;
    let (mut open, mut elements, mut text) = (Vec::new(), Vec::new(), String::new());
    loop {
        match reader.read_event().expect("the page is well-formed") {
            Event::Eof => break,
            Event::Start(start) => {
                let name = start.name().as_ref().to_owned();
                let attributes = start.html_attributes().map(|a| {
                    let a = a.expect("an attribute is well-formed");
                    let value = a.normalized_value(XmlVersion::Implicit1_0).expect("a value is escaped");
                    (a.key.as_ref().to_owned(), value.into_owned())
                });
                elements.push((name.clone(), attributes.collect()));
                if !VOID.contains(&name.as_str()) {
                    open.push(name);
                }
            }
            Event::End(end) => {
                let name = end.name().as_ref().to_owned();
                assert_eq!(open.pop(), Some(name), "elements nest");
            }
            Event::Text(piece) => text.push_str(&piece),
            Event::GeneralRef(reference) => text.push_str(match &*reference {
                "lt" => "<",
                "gt" => ">",
                "amp" => "&",
                "quot" => "\"",
                other => panic!("unknown reference &{other};"),
            }),
            Event::Empty(_) => panic!("no element closes itself in HTML"),
            _ => {}
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    (elements, text)
}

fn attributes<'a>(elements: &'a [Element], name: &str) -> Vec<&'a str> {
    elements.iter().flat_map(|(_, a)| a).filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
}

#[test]
fn the_page_is_well_formed_and_every_link_within_it_has_a_place() {
    let (_, _, page) = sample();
    let (elements, _) = read(&page);
    let ids = attributes(&elements, "id");
    let distinct: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), distinct.len(), "an id names one place");
    let within: Vec<&str> =
        attributes(&elements, "href").into_iter().filter_map(|href| href.strip_prefix('#')).collect();
    assert!(within.len() > 60, "{}", within.len());
    for id in within {
        assert!(distinct.contains(id), "no place is called {id}");
    }
    for labels in attributes(&elements, "aria-labelledby") {
        assert!(labels.split(' ').all(|id| distinct.contains(id)), "{labels}");
    }
}

#[test]
fn the_page_fetches_nothing() {
    let (_, _, page) = sample();
    let (elements, _) = read(&page);
    assert!(attributes(&elements, "src").is_empty());
    assert!(
        !elements.iter().any(|(name, _)| ["link", "iframe", "img", "object", "base", "form"].contains(&name.as_str()))
    );
    let outside = attributes(&elements, "href").into_iter().filter(|href| !href.starts_with('#'));
    assert!(outside.clone().count() > 20);
    let of_the_run = |href: &str| {
        href.starts_with("messages/") && href.ends_with(".eml")
            || href.starts_with("traces/") && href.ends_with(".jsonl")
    };
    assert!(outside.clone().all(of_the_run), "only files of the run are linked");
    assert!(outside.clone().any(|href| href == "traces/flows/cross-provider.jsonl"));
    assert!(page.contains("Content-Security-Policy"));
}

#[test]
fn every_message_is_linked_and_the_octets_of_failed_scenarios_are_on_the_page() {
    let (record, _, page) = sample();
    let (elements, text) = read(&page);
    let hrefs = attributes(&elements, "href");
    for anatomy in record.scenarios.iter().flat_map(|s| &s.messages) {
        assert!(hrefs.contains(&format!("messages/{}.eml", anatomy.body).as_str()), "{}", anatomy.label);
    }
    assert!(text.contains("X-About: acceptance receipt, timeouts/destination-down-24h"));
    assert!(text.contains("<b>nessun markup</b>"));
}

#[test]
fn a_hostile_subject_is_shown_and_does_nothing() {
    let (_, _, page) = sample();
    let (elements, text) = read(&page);
    assert_eq!(elements.iter().filter(|(name, _)| name == "script").count(), 1, "the page's own");
    assert!(attributes(&elements, "onclick").is_empty() && attributes(&elements, "onload").is_empty());
    assert!(text.contains("<script>alert('x')</script> \"&\" \u{27e8}U+202E\u{27e9}gpj.exe\u{27e8}U+001B\u{27e9}[31m"));
    assert!(!page.contains(HOSTILE) && !page.contains('\u{202e}') && !page.contains('\x1b'));
}

#[test]
fn a_name_that_leads_elsewhere_is_no_link() {
    let (mut record, bodies, _) = fixture::run();
    record.scenarios[2].id = "../../etc/passwd".into();
    record.scenarios[2].messages[0].body.0 = "../../etc/passwd\" onclick=\"x".into();
    let page = page(&record, &bodies);
    let (elements, _) = read(&page);
    assert!(attributes(&elements, "href").iter().all(|href| href.starts_with('#') || !href.contains("..")));
    assert!(attributes(&elements, "onclick").is_empty());
}

#[test]
fn every_row_of_the_catalogue_is_on_the_page_with_what_it_came_to() {
    let (record, _, page) = sample();
    let (elements, text) = read(&page);
    let ids = attributes(&elements, "id");
    for clause in &record.clauses {
        assert!(ids.contains(&format!("clause-{}", clause.requirement.id).as_str()));
        assert!(text.contains(&clause.requirement.statement));
    }
    let unchecked = record.clauses.iter().filter(|c| !c.checked).count();
    let open = |a: &[(String, String)]| a.iter().any(|(key, value)| key == "class" && value.ends_with(" open"));
    let rows = elements.iter().filter(|(name, a)| name == "tr" && open(a)).count();
    assert_eq!(rows, unchecked);
}

#[test]
fn failed_scenarios_are_open_and_the_others_closed() {
    let (_, _, page) = sample();
    let (elements, _) = read(&page);
    let open: Vec<bool> = elements
        .iter()
        .filter(|(name, a)| name == "details" && a.contains(&("class".into(), "scenario".into())))
        .map(|(_, a)| a.iter().any(|(key, _)| key == "open"))
        .collect();
    assert_eq!(open, [false, false, false, false, false, true, true]);
}

#[test]
fn a_failure_is_told_with_law_evidence_and_replay() {
    let (_, _, page) = sample();
    let (_, rest) = page.split_once("<section id=\"problems\">").expect("it has a section");
    let (section, _) = rest.split_once("</section>").expect("that ends");
    let (_, problems) = read(section);
    for said in [
        "even when a take-charge receipt did arrive.",
        "1 timeout notice at anna between +22h and +24h after dispatch of m1",
        "none by +30h",
        "8\u{2013}9, 12",
        "collaudo replay timeouts/destination-down-24h@0x5eed",
        "the fault never bit",
        "nearest is \"PEC-3.1.1-06\"",
    ] {
        assert!(problems.contains(said), "{said}");
    }
}

#[test]
fn idle_hours_are_cut_out_and_offsets_printed() {
    let (_, _, page) = sample();
    let (_, text) = read(&page);
    for said in [
        "11h59m59s in which nothing crosses",
        "13h59m59s in which nothing crosses",
        "+12h00m00s",
        "+26h00m05s",
        "end of the run",
    ] {
        assert!(text.contains(said), "{said}");
    }
}

#[test]
fn refusals_that_repeat_are_one_row() {
    let (_, _, page) = sample();
    let (_, text) = read(&page);
    assert!(text.contains("4\u{d7} until +20m00s"));
    assert!(text.contains("broken off"));
    assert!(text.contains("refused: 550 5.7.1 Mittente diverso dall'account"));
}

#[test]
fn the_same_record_makes_the_same_page() {
    let (record, bodies, _) = fixture::run();
    assert_eq!(page(&record, &bodies), page(&record, &bodies));
}

#[test]
fn nothing_that_failed_reads_as_passed() {
    let (record, bodies, _) = fixture::run();
    let mut only = record.clone();
    only.scenarios.truncate(3);
    let passed = fixture::record_of(only.scenarios, fixture::catalogue());
    assert!(passed.clauses.iter().all(|c| c.outcome < Outcome::Unknown));
    let word = |record: &RunRecord| read(&page(record, &bodies)).1.contains("Passed, as far as examined");
    assert!(word(&passed));
    assert!(!word(&record));
    assert!(!word(&fixture::record_of(Vec::new(), fixture::catalogue())));
}

#[test]
fn thirty_scenarios_of_ten_large_messages_stay_a_page_that_opens() {
    let (record, _, _) = fixture::run();
    let mut scenarios = Vec::new();
    for n in 0..30 {
        let mut scenario = record.scenarios[2].clone();
        scenario.id = format!("flows/many-{n:02}");
        let twin: Vec<_> = scenario.messages.clone();
        scenario.messages.extend(twin);
        for anatomy in &mut scenario.messages {
            anatomy.octets = 2_000_000;
        }
        scenarios.push(scenario);
    }
    let record = fixture::record_of(scenarios, fixture::catalogue());
    let large: std::sync::Arc<[u8]> = vec![b'x'; 2_000_000].into();
    let page = html::run(&record, None, Lang::En, &|_| Some(large.clone()));
    assert!(page.contains("Cut after 64.0 KiB"));
    assert!(page.len() < 4 << 20, "{} octets", page.len());
}

#[test]
fn a_crowd_and_a_flood_still_make_a_diagram() {
    let (record, bodies) = fixture::crowd();
    let (_, text) = read(&page(&record, &bodies));
    assert!(text.contains("2 providers without a part in it are left out"), "those that did nothing");
    assert!(text.contains("240 more rows are in the trace"));
    assert!(text.contains("submission m1"));
}

#[test]
fn what_rests_on_a_source_that_was_not_read_says_so() {
    let (_, _, page) = sample();
    let row = row_of(&page, "PEC-3.1.4-09");
    assert!(row.contains("recalled") && row.contains("rests on a source that was not read"), "{row}");
    assert!(!row_of(&page, "PEC-3.1.4-01").contains("not read"));
    assert!(read(&page).1.contains("1 of those exercised rest on a source that was not read"));
}

#[test]
fn every_verdict_has_its_line_in_the_clause_map() {
    let (record, _, page) = sample();
    for (number, scenario) in (1..).zip(&record.scenarios) {
        for verdict in &scenario.verdicts {
            let first = verdict.evidence.iter().min().expect("it cites something") + 2;
            let row = row_of(&page, &verdict.clause);
            assert!(row.contains(&format!("{number}:{first}")), "{} of {}: {row}", verdict.clause, scenario.id);
            assert!(row.contains(&verdict.provider));
        }
    }
}

#[test]
fn a_row_tells_code_mutants_and_what_it_restates() {
    let (mut record, bodies, _) = fixture::run();
    record.clauses[4].requirement.restates = vec!["PEC-3.1.4-01".into()];
    let row = row_of(&page(&record, &bodies), "PEC-3.1.1-06");
    for said in ["says the same as PEC-3.1.4-01", "harness/judge/src/check/sample.rs:12", "bent-pec-3.1.1-06"] {
        assert!(row.contains(said), "{said}: {row}");
    }
}

#[test]
fn a_row_that_no_machine_checks_shows_question_answer_or_excuse() {
    let (mut record, bodies, _) = fixture::run();
    let both = |text: &str| (text.to_owned(), format!("{text} (it)"));
    let ((ask, ask_it), (evidence, evidence_it)) = (both("Is the log kept?"), both("The contract of the archive"));
    record.clauses[3].requirement.question = Some(Question { ask, ask_it, evidence, evidence_it });
    let asked = row_of(&page(&record, &bodies), "PEC-2.3-01");
    assert!(asked.contains("Is the log kept?") && asked.contains("asked of a person"), "{asked}");
    let (who, date) = ("R. Revisore".to_owned(), "2026-07-02".to_owned());
    record.clauses[3].review = Some(Review { answer: Answer::Partly, evidence: "seen in part".into(), who, date });
    let answered = row_of(&page(&record, &bodies), "PEC-2.3-01");
    for said in ["a person says: in part", "R. Revisore, 2026-07-02: seen in part"] {
        assert!(answered.contains(said), "{said}: {answered}");
    }
    let page_of_it = page(&record, &bodies);
    let (_, problems) = page_of_it.split_once("<section id=\"problems\">").expect("there is much");
    let (problems, _) = problems.split_once("</section>").expect("that ends");
    assert!(problems.contains("R. Revisore, 2026-07-02"), "a person's word is looked at, too");
    let (reason, reason_it) = both("only real sockets can show it");
    let needs = Some("live".to_owned());
    record.clauses[2].requirement.exception = Some(Exception { reason, reason_it, needs, variants: Vec::new() });
    let excused = row_of(&page(&record, &bodies), "PEC-2.2.2-01");
    assert!(excused.contains("excused") && excused.contains("only real sockets can show it live"), "{excused}");
    let italian = html::run(&record, None, Lang::It, &|_| None);
    assert!(row_of(&italian, "PEC-2.2.2-01").contains("only real sockets can show it (it)"));
}

#[test]
fn a_persons_no_is_no_pass() {
    let (record, bodies, _) = fixture::run();
    let mut passed = fixture::record_of(record.scenarios[..3].to_vec(), fixture::catalogue());
    let answered = |answer| Review { answer, evidence: "seen".into(), who: "R.".into(), date: "2026-07-02".into() };
    for (answer, word) in [
        (Answer::Yes, "Passed, as far as examined"),
        (Answer::No, "A person found a requirement not fulfilled"),
        (Answer::Partly, "A person found a requirement fulfilled in part"),
    ] {
        passed.clauses[3].review = Some(answered(answer));
        let page = page(&passed, &bodies);
        assert!(read(&page).1.contains(word), "{word}");
        assert_eq!(page.contains("id=\"problems\""), answer != Answer::Yes, "{word}");
    }
}

#[test]
fn the_map_is_filtered_by_level_party_and_outcome_without_a_script() {
    let (record, _, page) = sample();
    let (elements, _) = read(&page);
    let ids = attributes(&elements, "id");
    for clause in &record.clauses {
        for (facet, value) in [("l", &clause.requirement.level), ("p", &clause.requirement.party)] {
            assert!(ids.contains(&format!("f-{facet}-{value}").as_str()), "{value}");
            let rule = format!("#requirements:has(#f-{facet}-{value}:checked) tr.row:not(.{facet}-{value})");
            assert!(page.contains(&rule), "{rule}");
        }
    }
    assert!(ids.contains(&"f-s-pass") && ids.contains(&"f-s-open"));
}

#[test]
fn the_page_speaks_italian() {
    let (mut record, bodies, _) = fixture::run();
    record.clauses[4].requirement.statement_it = "Il campo Ccn non ha valore.".into();
    let page = html::run(&record, None, Lang::It, &|hash| bodies.get(hash).cloned());
    let (elements, text) = read(&page);
    assert!(elements.iter().any(|(name, a)| name == "html" && a.contains(&("lang".into(), "it".into()))));
    assert!(row_of(&page, "PEC-3.1.1-06").contains("Il campo Ccn non ha valore."));
    for said in
        ["Mappa dei requisiti", "Che cosa guardare", "punto di accesso", "firma valida", "11h59m59s in cui nulla passa"]
    {
        assert!(text.contains(said), "{said}");
    }
    for english in ["Deviations on record", "access point", "Trace line", "signature valid", "not exercised"] {
        assert!(!text.contains(english), "{english}");
    }
}

#[test]
fn what_passed_costs_little_space() {
    let (record, bodies, _) = fixture::run();
    let passed = |copies: usize| {
        let copy = |n| collaudo_record::ScenarioRecord { id: format!("flows/same-{n}"), ..record.scenarios[2].clone() };
        page(&fixture::record_of((0..copies).map(copy).collect(), fixture::catalogue()), &bodies).len()
    };
    let (few, many) = (passed(10), passed(110));
    assert!((many - few) / 100 < 13 << 10, "{} octets for one more", (many - few) / 100);
}

/// The text of a clause's row.
fn row_of(page: &str, clause: &str) -> String {
    let start = page.find(&format!("<tr id=\"clause-{clause}\"")).expect("it has a row");
    let (row, _) = page[start..].split_once("</tr>").expect("that ends");
    read(&format!("{row}</tr>")).1
}
