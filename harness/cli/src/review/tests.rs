use super::*;

const GOOD: &str = "[[answer]]\nrow = \"PEC-DM.20-01\"\nanswer = \"yes\"\nevidence = \"certificate 1234\"\nwho = \"M. Rossi\"\n\
                    date = \"2026-03-02\"\n";

fn mistakes(text: &str) -> Vec<String> {
    let catalogue = collaudo_judge::catalogue();
    let found = parse(text, &catalogue).expect_err("mistakes");
    Mistakes { file: "review.toml".into(), found }.to_string().lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn an_answer_is_read_with_what_it_rests_on() {
    let reviews = parse(GOOD, &collaudo_judge::catalogue()).expect("no mistake");
    let expected = Review {
        answer: Answer::Yes,
        evidence: "certificate 1234".into(),
        who: "M. Rossi".into(),
        date: "2026-03-02".into(),
    };
    assert_eq!(reviews.into_iter().collect::<Vec<_>>(), [("PEC-DM.20-01".to_owned(), expected)]);
}

#[test]
fn a_date_may_stand_without_quotation_marks() {
    let text = GOOD.replace("\"2026-03-02\"", "2026-03-02");
    let reviews = parse(&text, &collaudo_judge::catalogue()).expect("no mistake");
    assert_eq!(reviews["PEC-DM.20-01"].date, "2026-03-02");
}

#[test]
fn the_checklist_reads_as_a_file_without_answers() {
    let catalogue = collaudo_judge::catalogue();
    let text = checklist(&catalogue);
    assert_eq!(text.matches("[[answer]]").count(), catalogue.iter().filter(|row| row.question.is_some()).count());
    assert_eq!(parse(&text, &catalogue), Ok(Reviews::new()));
}

#[test]
fn an_unknown_clause_is_told_with_its_line_and_the_nearest() {
    let text = GOOD.replace("PEC-DM.20-01", "PEC-DM.20-1");
    assert_eq!(mistakes(&text), ["review.toml:2: unknown clause \"PEC-DM.20-1\"; nearest is \"PEC-DM.20-01\""]);
}

#[test]
fn a_row_that_a_machine_judges_takes_no_answer() {
    let told = mistakes(&GOOD.replace("PEC-DM.20-01", "PEC-3.1.1-06"));
    assert!(
        told[0].starts_with("review.toml:2: PEC-3.1.1-06 asks nothing of a person: a machine judges it"),
        "{told:?}"
    );
}

#[test]
fn an_excused_row_takes_no_answer() {
    let told = mistakes(&GOOD.replace("PEC-DM.20-01", "PEC-PRACT-03"));
    assert!(told[0].contains("harness/spec/exceptions.toml excuses it"), "{told:?}");
}

#[test]
fn every_mistake_is_told_at_its_line() {
    let bent = [
        (
            "\"yes\"",
            "\"perhaps\"",
            "review.toml:3: bad answer \"perhaps\"; expected one of yes, no, partly, not-applicable",
        ),
        ("\"yes\"", "true", "review.toml:3: \"answer\" is no text; expected it in quotation marks"),
        ("certificate 1234", " ", "review.toml:4: nothing stands here; expected what the answer rests on"),
        ("M. Rossi", "", "review.toml:5: nothing stands here; expected the name of who answered"),
        ("2026-03-02", "2026-02-30", "review.toml:6: bad date \"2026-02-30\"; expected the day of the answer"),
        ("who =", "whom =", "review.toml:5: unknown key \"whom\"; expected row, answer, evidence, who, date"),
        ("[[answer]]", "[[answers]]", "review.toml:1: unknown key \"answers\"; expected \"answer\""),
        ("[[answer]]", "[answer]", "review.toml:1: \"answer\" is no list of tables"),
        ("row = ", "row ", "review.toml:2: not TOML: "),
    ];
    for (good, bad, expected) in bent {
        let told = mistakes(&GOOD.replacen(good, bad, 1));
        assert!(told.iter().any(|line| line.starts_with(expected)), "{expected}: {told:#?}");
    }
    assert_eq!(
        mistakes(&format!("{GOOD}\n{GOOD}")),
        ["review.toml:9: PEC-DM.20-01 stands here for the second time; expected one answer to each row"]
    );
    assert_eq!(mistakes(&format!("{}\n{}", GOOD.replace("yes", "si"), GOOD.replace("20-01", "20-1"))).len(), 2);
}
