use collaudo_reports::{Lang, clause_map, html, json, junit, text};

use crate::fixture;

#[test]
fn the_text_of_a_run_reads_from_seed_to_replay_lines() {
    let (record, ..) = fixture::run();
    let options = text::TextOptions { report: Some("runs/0x5eed/report.html".into()), ..Default::default() };
    insta::assert_snapshot!(text::run(&record, &options));
}

#[test]
fn a_person_s_answer_is_told_as_one() {
    let (record, ..) = fixture::reviewed();
    let said = text::run(&record, &text::TextOptions::default());
    assert!(
        said.contains("NO PEC-2.3-01  log\n  rests on  the answer of M. Rossi, 2026-03-02; no machine saw it\n"),
        "{said}"
    );
    assert!(
        said.contains("2 questions for a person: 0 yes, 1 no, 0 partly, 0 not applicable, 1 not answered"),
        "{said}"
    );
    assert!(!text::run(&fixture::run().0, &text::TextOptions::default()).contains("questions for a person"));
}

#[test]
fn time_on_real_sockets_is_not_called_simulated() {
    let (mut record, bodies, measured) = fixture::run();
    record.scenarios.iter_mut().for_each(|scenario| "live".clone_into(&mut scenario.world));
    let said = text::run(&record, &text::TextOptions::default());
    assert!(said.contains("1 d 09 h in all of them") && !said.contains("simulated"), "{said}");
    let page = html::run(&record, Some(&measured), Lang::En, &|hash| bodies.get(hash).cloned());
    assert!(page.contains("<dt>Time in all scenarios</dt>") && !page.contains("Simulated time</dt>"));
}

#[test]
fn a_scenario_is_one_line() {
    let (record, ..) = fixture::run();
    let lines: Vec<String> = record.scenarios.iter().map(text::scenario_line).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn no_line_but_a_scenario_or_a_command_is_wider_than_asked() {
    let (record, ..) = fixture::run();
    let text = text::run(&record, &text::TextOptions { scenarios: false, ..Default::default() });
    let wide: Vec<&str> = text.lines().filter(|l| l.chars().count() > 100 && !l.contains("replay")).collect();
    assert!(wide.is_empty(), "{wide:#?}");
}

#[test]
fn colour_changes_nothing_but_colour() {
    let (record, ..) = fixture::run();
    let plain = text::run(&record, &text::TextOptions::default());
    let coloured = text::run(&record, &text::TextOptions { colour: true, ..Default::default() });
    assert!(!plain.contains('\x1b'), "a hostile subject reaches the terminal");
    let mut bare = String::new();
    for (n, piece) in coloured.split("\x1b[").enumerate() {
        bare.push_str(if n == 0 { piece } else { piece.split_once('m').map_or(piece, |(_, rest)| rest) });
    }
    assert!(coloured.contains("\x1b["));
    assert_eq!(bare, plain);
}

#[test]
fn a_clause_that_fails_everywhere_is_told_three_times_and_then_named() {
    let (mut record, ..) = fixture::run();
    let verdict = record.scenarios[6].verdicts[0].clone();
    for scenario in &mut record.scenarios[..6] {
        scenario.verdicts.push(verdict.clone());
    }
    let text = text::run(&record, &text::TextOptions::default());
    assert_eq!(text.matches("FAIL PEC-3.1.6-02  alfa").count(), 3);
    assert!(text.contains("FAIL PEC-3.1.6-02  also in 4: flows/crash-before-250, flows/unreadable"), "{text}");
}

#[test]
fn a_verdict_on_a_recalled_clause_says_that_no_text_confirms_it() {
    let (mut record, ..) = fixture::run();
    let told = |record: &_| {
        text::run(record, &text::TextOptions::default()).matches("source    recalled, not confirmed by a text").count()
    };
    assert_eq!(told(&record), 0);
    record.scenarios[6].verdicts[0].source_read = false;
    assert_eq!(told(&record), 1);
}

#[test]
fn the_json_of_a_run_has_the_fields_of_the_contract() {
    let (record, ..) = fixture::run();
    insta::assert_snapshot!(json::run(&record, 1_234, "runs/0x5eed"));
}

#[test]
fn the_json_of_the_clauses_has_the_fields_of_the_contract() {
    let (record, ..) = fixture::reviewed();
    insta::assert_snapshot!(json::clauses(&record.clauses[2..5]));
}

#[test]
fn junit_has_a_case_a_scenario() {
    let (record, _, measured) = fixture::run();
    let xml = junit::run(&record, Some(&measured));
    insta::assert_snapshot!(xml);
}

#[test]
fn the_clause_map_has_a_line_for_each_row_with_its_verdicts() {
    let (record, ..) = fixture::run();
    let map = clause_map::json(&record);
    let read: serde_json::Value = serde_json::from_str(&map).expect("it is JSON");
    let rows = read["clauses"].as_array().expect("a list");
    assert_eq!(rows.len(), record.clauses.len());
    assert_eq!(map.lines().count(), rows.len() + 2);
    let row = rows.iter().find(|row| row["id"] == "PEC-3.1.6-02").expect("it is there");
    insta::assert_snapshot!(serde_json::to_string_pretty(row).expect("it was read"));
    let told: usize = rows.iter().map(|row| row["verdicts"].as_array().map_or(0, Vec::len)).sum();
    assert_eq!(told, record.scenarios.iter().map(|s| s.verdicts.len()).sum::<usize>());
}
