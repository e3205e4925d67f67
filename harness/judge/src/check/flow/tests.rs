//! Each group of rules on a trace that keeps it and on traces bent in one place. The sets are exact: what fails must fail,
//! and nothing else may.

use std::collections::BTreeSet;

use collaudo_record::{Outcome, Span};

use super::{super::Findings, CHECKS};
use crate::{
    story::testing::{
        Act, HOUR, ID, ORIGINAL, Pec, Script, accepted, at, brief, crossing, delivery, enclosed, envelope, internal,
        refused, silence, stored, submit, taken_and_lost, timeout_at, undelivered, wire,
    },
    verdict::aggregate,
};

/// `id provider` of every clause with that outcome.
fn verdicts(script: &Script, outcome: Outcome) -> BTreeSet<String> {
    script.with(|view| {
        let mut findings = Findings::default();
        for check in CHECKS {
            let before = findings.0.len();
            (check.run)(view, &mut findings);
            let strays = findings.0.iter().skip(before).find(|finding| !check.clauses.contains(&finding.clause));
            assert!(strays.is_none(), "a check spoke of a clause that it does not list: {strays:?}");
        }
        let verdicts = aggregate(findings.0);
        assert!(verdicts.iter().all(|one| !one.evidence.is_empty()), "a verdict without evidence");
        let chosen = verdicts.iter().filter(|one| one.outcome == outcome);
        chosen.map(|one| format!("{} {}", one.clause.trim_start_matches("PEC-"), one.provider)).collect()
    })
}

fn fails(script: &Script) -> Vec<String> {
    verdicts(script, Outcome::Fail).into_iter().collect()
}

#[track_caller]
fn all_well(script: &Script) {
    assert_eq!(fails(script), Vec::<String>::new());
}

#[track_caller]
fn passes(script: &Script, expected: &[&str]) {
    all_well(script);
    let passed = verdicts(script, Outcome::Pass);
    let missing: Vec<_> = expected.iter().filter(|one| !passed.contains(**one)).collect();
    assert!(missing.is_empty(), "not passed: {missing:?}; passed: {passed:#?}");
}

fn cases() -> Vec<(&'static str, Script)> {
    let good = || crossing(ORIGINAL);
    let copy = || crossing(&ORIGINAL.replace("To: bruno@beta.test", "To: dario@beta.test\r\nCc: bruno@beta.test"));
    let concise = |script: Script| {
        let mut receipt = delivery(ORIGINAL);
        receipt.original = None;
        let text = receipt.write();
        script
            .bent("consegna", |act| act.message().clone_from(&text))
            .bent("consegna-filed", |act| act.message().clone_from(&text))
    };
    let asking = |word: &str| ORIGINAL.replace("Subject:", &format!("X-TipoRicevuta: {word}\r\nSubject:"));
    let bcc = ORIGINAL.replace("Subject:", "Bcc: dario@beta.test\r\nSubject:");
    let both = |script: Script, name: &str, old: &str, new: &str| {
        script.text(name, old, new).text(&format!("{name}-filed"), old, new)
    };
    vec![
        ("no acceptance", good().without("accettazione")),
        ("two acceptances", good().twice("accettazione")),
        ("acceptance of another second", good().text("accettazione", "<ora>10:00:01", "<ora>10:00:41")),
        (
            "acceptance elsewhere",
            good().bent("accettazione", |act| *act = stored("carla@alfa.test", &act.clone().message().clone())),
        ),
        ("wrong certified recipients", good().text("accettazione", "certificato\">bruno", "esterno\">bruno")),
        (
            "header recipients certified",
            good().text("busta", "</destinatari>", "</destinatari><destinatari>dario@beta.test</destinatari>").text(
                "busta-stored",
                "</destinatari>",
                "</destinatari><destinatari>dario@beta.test</destinatari>",
            ),
        ),
        (
            "envelope without reference",
            good().text("busta", "X-Riferimento-Message-ID: <m1@client>\r\nReply", "Reply").text(
                "busta-stored",
                "X-Riferimento-Message-ID: <m1@client>\r\nReply",
                "Reply",
            ),
        ),
        (
            "envelope other To",
            good()
                .text("busta", "To: bruno@beta.test\r\nSubject: x", "To: Bruno <bruno@beta.test>\r\nSubject: x")
                .text("busta-stored", "To: bruno@beta.test\r\nSubject: x", "To: Bruno <bruno@beta.test>\r\nSubject: x"),
        ),
        ("envelope other original", good().text("busta", "ciao", "miao").text("busta-stored", "ciao", "miao")),
        ("stored other", good().text("busta-stored", "testo", "altro")),
        (
            "client id kept as own",
            good()
                .text(
                    "busta",
                    &format!("<{ID}>\r\nX-Riferimento-Message-ID: <m1@client>\r\nMIME"),
                    "<m1@client>\r\nMIME",
                )
                .text(
                    "busta-stored",
                    &format!("<{ID}>\r\nX-Riferimento-Message-ID: <m1@client>\r\nMIME"),
                    "<m1@client>\r\nMIME",
                ),
        ),
        (
            "other paths",
            good().bent("busta", |act| {
                if let Act::Wire { reverse, .. } = act {
                    *reverse = "posta-certificata@alfa.test".into()
                }
            }),
        ),
        ("in the clear", good()),
        ("no take-charge", good().without("presa").without("presa-filed").without("log-take")),
        ("two take-charges", good().twice("presa").twice("presa-filed")),
        (
            "take-charge to a user",
            good()
                .bent("presa", |act| {
                    *act = wire("beta", "alfa", "", &["anna@alfa.test"], &act.clone().message().clone())
                })
                .bent("presa-filed", |act| *act = stored("anna@alfa.test", &act.clone().message().clone())),
        ),
        ("take-charge for another", both(good(), "presa", "<ricezione>bruno", "<ricezione>dario")),
        ("take-charge not filed", good().without("presa-filed")),
        ("delivered, no receipt", good().without("consegna").without("consegna-filed").without("log-deliver")),
        ("two receipts", good().twice("consegna").twice("consegna-filed")),
        ("receipt before storing", good().moved("busta-stored", at(5))),
        ("receipt, never stored", good().without("busta-stored")),
        ("receipt not filed", good().without("consegna-filed")),
        (
            "receipt to reply-to",
            good()
                .bent("consegna", |act| {
                    *act = wire("beta", "alfa", "", &["carla@alfa.test"], &act.clone().message().clone())
                })
                .bent("consegna-filed", |act| *act = stored("carla@alfa.test", &act.clone().message().clone())),
        ),
        ("concise for To", concise(good())),
        ("complete for Cc", copy()),
        ("brief asked, complete given", crossing(&asking("breve"))),
        ("concise asked, complete given", crossing(&asking("sintetica"))),
        (
            "asked not passed on",
            crossing(&asking("breve")).text("busta", "X-TipoRicevuta: breve\r\nReply", "Reply").text(
                "busta-stored",
                "X-TipoRicevuta: breve\r\nReply",
                "Reply",
            ),
        ),
        ("stored twice", good().twice("busta-stored")),
        (
            "neither stored nor refused",
            good().without("busta-stored").without("consegna").without("consegna-filed").without("log-deliver"),
        ),
        ("bcc accepted", crossing(&bcc)),
        ("bcc silently dropped", refused(&bcc, &["bruno@beta.test"]).without("avviso")),
        ("bcc refused", refused(&bcc, &["bruno@beta.test"])),
        ("good one refused", refused(ORIGINAL, &["bruno@beta.test"])),
        (
            "unknown without notice",
            undelivered("nobody@beta.test", "5.1.1").without("mancata").without("mancata-filed"),
        ),
        ("unknown with another code", undelivered("nobody@beta.test", "5.2.2")),
        (
            "log without subject",
            good().bent("log-accept", |act| {
                if let Act::Logged { entry, .. } = act {
                    entry.subject.clear()
                }
            }),
        ),
        (
            "log without relation",
            good().bent("log-take", |act| {
                if let Act::Logged { entry, .. } = act {
                    entry.related.clear()
                }
            }),
        ),
        ("log without delivery", good().without("log-deliver")),
        ("no first", silence().without("first")),
        ("first at 11 h", silence().moved("first", at(11 * HOUR))),
        ("first at 13 h", silence().moved("first", at(13 * HOUR))),
        ("no second", silence().without("second")),
        ("second at 25 h", silence().moved("second", at(25 * HOUR))),
        ("second at 21 h", silence().moved("second", at(21 * HOUR))),
        ("two seconds", silence().twice("second")),
        ("taken and lost", taken_and_lost()),
        ("taken and lost, first too", taken_and_lost().add("first", at(12 * HOUR + 100), timeout_at(12 * HOUR + 100))),
        (
            "bare original crosses",
            good().add("bare", at(6), wire("alfa", "beta", "anna@alfa.test", &["bruno@beta.test"], ORIGINAL)),
        ),
        (
            "bare original stored",
            good().add("bare", at(6), wire("alfa", "beta", "anna@alfa.test", &["bruno@beta.test"], ORIGINAL)).add(
                "lies",
                at(6),
                stored("bruno@beta.test", ORIGINAL),
            ),
        ),
    ]
}

#[test]
fn print_everything() {
    for (name, script) in cases() {
        println!("{name} {:?} DEV {:?}", fails(&script), verdicts(&script, Outcome::Deviation));
    }
}
