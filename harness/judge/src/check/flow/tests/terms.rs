use collaudo_record::{Basis, Event, FaultPhase, LogEntry, Outcome, Span};

use super::{fails, passes, silent, verdicts};
use crate::{
    fixture::{self, Draft},
    judge,
    story::testing::{Act, HOUR, ORIGINAL, Script, accepted, at, crossing, fault, refused, submit, terms},
};

const BRUNO: &[&str] = &["bruno@beta.test"];

/// A message of so many octets, which is over the limit.
fn heavy(octets: usize) -> String {
    format!("{ORIGINAL}{}\r\n", "x".repeat(octets - ORIGINAL.len() - 2))
}

/// One message that is told of by a notice, and one that SMTP refuses.
fn over(noticed: usize, refused_at: usize, code: u16) -> Script {
    let large = heavy(refused_at).replace("m1@client", "m2@client");
    refused(&heavy(noticed), BRUNO).add("smtp", at(60), submit(&large, BRUNO)).bent("smtp", |act| {
        if let Act::Submit { code: own, .. } = act {
            *own = code;
        }
    })
}

const OVER: usize = 32_000_000;
const FAR_OVER: usize = 60_000_000;

#[test]
fn a_notice_tells_of_what_is_a_little_too_large_and_smtp_of_the_rest() {
    passes(&over(OVER, FAR_OVER, 552), &["3.1.2-02 alfa"]);
    fails(&over(FAR_OVER, OVER, 552), &["3.1.2-02 alfa"]);
    let vague = verdicts(&over(OVER, FAR_OVER, 550), Outcome::Deviation);
    assert!(vague.contains("3.1.2-02 alfa"), "{vague:?}");
    silent(&crossing(ORIGINAL), &["3.1.2-02 alfa"]);
}

/// Every line of the logs so many seconds off.
fn log_off(seconds: i64) -> Script {
    let names = ["log-accept", "log-take", "log-deliver"];
    names.into_iter().fold(crossing(ORIGINAL), |script, name| {
        script.bent(name, |act| {
            if let Act::Logged { entry: LogEntry { at: own, .. }, .. } = act {
                *own = own.after(Span::from_secs(seconds));
            }
        })
    })
}

/// What the certification data of the receipts give so many seconds off, or what Date gives.
fn off(script: Script, place: &str, seconds: i64) -> Script {
    // Those of the first, second and third second of the tenth hour.
    let seen = [("accettazione", 1), ("presa", 2), ("presa-filed", 2), ("consegna", 3), ("consegna-filed", 3)];
    seen.into_iter().fold(script, |script, (name, second)| {
        let stamp = jiff::Timestamp::from_microsecond(at(second + seconds).0).expect("an instant");
        let clock = stamp.in_tz("Europe/Rome").expect("the zone").strftime("%H:%M:%S");
        script.text(name, &format!("{place}10:00:{second:02}"), &format!("{place}{clock}"))
    })
}

const CERTIFIED: &str = "<ora>";
const DATE: &str = "Jun 2026 ";

/// All that the providers say of the time.
fn all_off(seconds: i64) -> Script {
    off(off(log_off(seconds), CERTIFIED, seconds), DATE, seconds)
}

#[test]
fn a_providers_time_is_within_a_second_of_the_true_time() {
    let both = ["4.1-01 alfa", "4.1-01 beta", "DM.9-02 alfa", "DM.9-02 beta"];
    let told =
        |script: &Script, outcome| both.into_iter().filter(|one| verdicts(script, outcome).contains(*one)).count();
    assert_eq!(told(&crossing(ORIGINAL), Outcome::Pass), 4);
    for near in [1, -1] {
        assert_eq!(told(&all_off(near), Outcome::Pass), 4, "{near}");
    }
    for far in [3, -3, 3_600, -3_600] {
        assert_eq!(told(&all_off(far), Outcome::Fail), 4, "{far}");
    }
    // The receipts have the right time: then it is the log that is wrong.
    assert_eq!(told(&log_off(3), Outcome::Pass), 4);
    // Here Date alone has it.
    assert_eq!(told(&off(log_off(3_600), CERTIFIED, 3_600), Outcome::Pass), 4);
}

#[test]
fn what_a_fault_did_to_a_clock_is_no_offset() {
    let faulty = all_off(3).add("fast", at(0), fault("clock", "beta", FaultPhase::Injected));
    silent(&faulty, &["4.1-01 beta", "DM.9-02 beta"]);
}

#[test]
fn an_acceptance_receipt_comes_within_the_time_agreed() {
    let after = |seconds: i64| {
        let agreed = terms("alfa", &[], Some(1_800), false);
        accepted(ORIGINAL, BRUNO).moved("accettazione", at(1 + seconds)).add("terms", at(0), agreed)
    };
    let term = "DM.12-07 alfa";
    assert!(verdicts(&after(1_800), Outcome::Pass).contains(term));
    assert!(verdicts(&after(1_801), Outcome::Fail).contains(term));
    silent(&accepted(ORIGINAL, BRUNO).moved("accettazione", at(HOUR)), &[term]);
    let down = after(HOUR).add("down", at(60), Act::Host { host: "alfa".into(), up: false }).add(
        "up",
        at(HOUR - 60),
        Act::Host { host: "alfa".into(), up: true },
    );
    assert!(!verdicts(&down, Outcome::Fail).contains(term));
}

#[test]
fn who_is_no_qualified_service_does_not_support_its_evidence() {
    let script = |qualified| crossing(ORIGINAL).add("terms", at(0), terms("alfa", &[], None, qualified));
    assert!(verdicts(&script(false), Outcome::NotSupported).contains("REM.532-03 alfa"));
    assert!(verdicts(&script(true), Outcome::Fail).contains("REM.532-03 alfa"));
    silent(&crossing(ORIGINAL), &["REM.532-03 alfa"]);
}

/// Goal: a signature alone makes no evidence. Method: all that alfa signed, as certified mail and with evidence in the place of
/// the certification data.
#[test]
fn a_qualified_service_signs_evidence_and_no_certification_data() {
    let outcome = |bend: fn(&mut Draft)| {
        let mut trace = fixture::trace(bend);
        let Act::Note { what, .. } = terms("alfa", &[], None, true) else { panic!("a note") };
        trace.events.insert(0, Event { at: fixture::EPOCH, basis: Basis::Declared, what });
        let mut verdicts = judge(&trace).verdicts.into_iter();
        verdicts.find(|one| one.clause == "PEC-REM.532-03" && one.provider == "alfa").map(|one| one.outcome)
    };
    assert_eq!(outcome(|_| {}), Some(Outcome::Fail));
    let evidence = |draft: &mut Draft| {
        let named = draft.content.replace("daticert.xml", "evidence.xml");
        let opened = named.replace("<postacert ", "<Evidence xmlns=\"http://uri.etsi.org/19522/v1#\" ");
        draft.content = opened.replace("</postacert>", "</Evidence>");
    };
    assert_eq!(outcome(evidence), Some(Outcome::Pass));
}

#[test]
fn a_message_to_fifty_recipients_is_accepted_wherever_it_is_answered() {
    let fifty: Vec<String> = (0..50).map(|number| format!("r{number}@beta.test")).collect();
    let to: Vec<&str> = fifty.iter().map(String::as_str).collect();
    let message = ORIGINAL.replace("bruno@beta.test", &fifty.join(",\r\n "));
    let row = "DM.12-02 alfa";
    assert!(verdicts(&accepted(&message, &to), Outcome::Pass).contains(row));
    assert!(verdicts(&refused(&message, &to), Outcome::Fail).contains(row));
    let answered = |answer: u16| {
        Script::default().add("submit", at(1), submit(&message, &to)).bent("submit", |act| {
            if let Act::Submit { code, .. } = act {
                *code = answer;
            }
        })
    };
    assert!(verdicts(&answered(552), Outcome::Fail).contains(row));
    silent(&answered(451), &[row]);
}
