use collaudo_record::{FaultPhase, Outcome};

use super::{fails, passes, silent, verdicts};
use crate::story::testing::{
    Act, HOUR, ORIGINAL, Script, at, crossing, delivery, silence, taken_and_lost, timeout_at, undelivered,
};

const FIRST: [&str; 3] = ["2.1.1.1.2-01 alfa", "3.1.6-01 alfa", "DM.13-01 alfa"];
const SECOND: [&str; 3] = ["2.1.1.1.2-02 alfa", "3.1.6-02 alfa", "DM.13-02 alfa"];

fn host(up: bool) -> Act {
    Act::Host { host: "alfa".into(), up }
}

fn sorted<'a>(clauses: &[&'a str]) -> Vec<&'a str> {
    let mut clauses = clauses.to_vec();
    clauses.sort_unstable();
    clauses
}

/// Cut off until then; the envelope crosses and all else follows.
fn late(hours: i64) -> Script {
    let moved = ["log-take", "log-deliver", "busta", "busta-stored", "consegna", "consegna-filed"];
    let script = crossing(ORIGINAL).without("presa").without("presa-filed").without("log-accept");
    let script =
        moved.iter().zip(0..).fold(script, |script, (name, second)| script.moved(name, at(hours * HOUR + second)));
    let mut receipt = delivery(ORIGINAL);
    receipt.at = at(hours * HOUR + 3);
    let dated = |act: &mut Act| *act.message() = receipt.write();
    script
        .bent("consegna", dated)
        .bent("consegna-filed", dated)
        .without("log-take")
        .without("log-deliver")
        .add("cut", at(0), Act::Partition { phase: FaultPhase::Injected })
        .add("end", at(30 * HOUR), Act::End)
}

#[test]
fn nothing_came_back_gives_both_notices() {
    passes(&silence(), &FIRST);
    passes(&silence(), &SECOND);
    passes(&silence(), &["3.1.6-03 alfa", "3.1.6-06 alfa", "3.1.6-16 alfa", "DPR.8-01 alfa", "2.2.2-03 alfa"]);
    fails(&silence().without("first"), &sorted(&[&FIRST[..], &["3.1.6-06 alfa"]].concat()));
    // The first notice has told the sender; the second is owed all the same.
    let no_second = silence().without("second");
    fails(&no_second, &sorted(&[&SECOND[..], &["3.1.6-06 alfa"]].concat()));
    let held = verdicts(&no_second, Outcome::Pass);
    assert!(["2.2.2-03 alfa", "DPR.8-01 alfa"].iter().all(|one| held.contains(*one)), "{held:?}");
    let none = [&FIRST[..], &SECOND[..], &["2.2.2-03 alfa", "3.1.6-06 alfa", "DPR.8-01 alfa"]].concat();
    fails(&no_second.without("first"), &sorted(&none));
}

#[test]
fn notices_keep_their_windows() {
    fails(&silence().moved("first", at(11 * HOUR)), &sorted(&[&FIRST[..], &["3.1.6-06 alfa"]].concat()));
    let thirteen = silence().moved("first", at(13 * HOUR));
    fails(&thirteen, &[]);
    assert_eq!(verdicts(&thirteen, Outcome::Deviation).into_iter().collect::<Vec<_>>(), FIRST);
    // However late it is, it is the first; unless something came in time, and only the second was owed.
    let eighteen = silence().moved("first", at(18 * HOUR));
    fails(&eighteen, &[]);
    assert_eq!(verdicts(&eighteen, Outcome::Deviation).into_iter().collect::<Vec<_>>(), FIRST);
    fails(&taken_and_lost().moved("second", at(18 * HOUR)), &["3.1.6-03 alfa", "3.1.6-04 alfa"]);
    let late = ["2.1.1.1.2-02 alfa", "3.1.6-03 alfa", "3.1.6-06 alfa", "DM.13-02 alfa"];
    fails(&silence().moved("second", at(25 * HOUR)), &late);
    fails(&silence().moved("second", at(21 * HOUR)), &["3.1.6-03 alfa", "3.1.6-06 alfa"]);
    passes(&silence().moved("second", at(22 * HOUR + 1)), &["3.1.6-03 alfa"]);
    passes(&silence().moved("second", at(24 * HOUR + 1)), &["3.1.6-03 alfa"]);
}

#[test]
fn each_notice_comes_once_and_names_one_recipient() {
    fails(&silence().twice("second"), &["2.1.1.1.2-02 alfa", "3.1.6-06 alfa", "3.1.6-16 alfa"]);
    let third = silence().add("third", at(27 * HOUR), timeout_at(27 * HOUR));
    fails(&third, &["2.1.1.1.2-02 alfa", "3.1.6-06 alfa"]);
    let stranger = silence().text("first", "<consegna>bruno@beta.test", "<consegna>dario@beta.test");
    fails(&stranger, &sorted(&[&FIRST[..], &["3.1.6-06 alfa", "3.1.6-16 alfa"]].concat()));
}

#[test]
fn a_duty_that_is_not_yet_due_is_not_exercised() {
    let short = silence().without("first").without("second").moved("end", at(12 * HOUR + 600));
    silent(&short, &FIRST);
    silent(&short, &SECOND);
    let half = silence().without("second").moved("end", at(23 * HOUR));
    passes(&half, &FIRST);
    silent(&half, &SECOND);
    silent(&half, &["3.1.6-06 alfa"]);
    silent(&half.without("first"), &["DPR.8-01 alfa", "2.2.2-03 alfa"]);
}

#[test]
fn taken_in_charge_and_never_delivered_gives_the_second_notice_alone() {
    passes(&taken_and_lost(), &["3.1.6-04 alfa", "3.1.6-02 alfa", "3.1.6-03 alfa"]);
    silent(&taken_and_lost(), &FIRST);
    let both = taken_and_lost().add("first", at(12 * HOUR + 100), timeout_at(12 * HOUR + 100));
    fails(&both, &sorted(&[&FIRST[..], &["3.1.6-04 alfa"]].concat()));
    let none = taken_and_lost().without("second");
    fails(&none, &sorted(&[&SECOND[..], &["3.1.6-04 alfa", "DPR.8-01 alfa"]].concat()));
}

#[test]
fn delivered_between_the_notices_gives_the_first_alone() {
    let first = |script: Script| script.add("first", at(12 * HOUR + 100), timeout_at(12 * HOUR + 100));
    let second = |script: Script| script.add("second", at(23 * HOUR), timeout_at(23 * HOUR));
    passes(&first(late(13)), &["3.1.6-05 alfa", "3.1.6-01 alfa"]);
    silent(&first(late(13)), &["3.1.6-02 alfa", "3.1.6-03 alfa"]);
    fails(&late(13), &sorted(&[&FIRST[..], &["3.1.6-05 alfa"]].concat()));
    fails(&second(first(late(13))), &sorted(&[&SECOND[..], &["3.1.6-05 alfa"]].concat()));
}

#[test]
fn delivered_between_22_and_24_hours_allows_either() {
    let first = |script: Script| script.add("first", at(12 * HOUR + 100), timeout_at(12 * HOUR + 100));
    fails(&first(late(23)), &[]);
    fails(&first(late(23)).add("second", at(22 * HOUR + 60), timeout_at(22 * HOUR + 60)), &[]);
}

#[test]
fn delivered_or_failed_in_time_gives_no_notice() {
    let well = crossing(ORIGINAL).without("log-accept").without("log-take").without("log-deliver").add(
        "end",
        at(30 * HOUR),
        Act::End,
    );
    silent(&well, &FIRST);
    silent(&well, &SECOND);
    fails(&well.add("first", at(12 * HOUR + 100), timeout_at(12 * HOUR + 100)), &FIRST);
    let failed = undelivered("bruno@beta.test", "5.2.2").add("end", at(30 * HOUR), Act::End);
    let failed = Script { quota: Some(0), ..failed };
    passes(&failed, &["DPR.8-01 alfa"]);
    silent(&failed, &["2.2.2-03 alfa"]);
    fails(&failed.add("second", at(23 * HOUR), timeout_at(23 * HOUR)), &SECOND);
}

#[test]
fn a_deadline_binds_while_the_provider_runs() {
    let down = silence().without("first").without("second").add("down", at(11 * HOUR), host(false));
    silent(&down, &FIRST);
    silent(&down, &SECOND);
    let back = || down.clone().add("back", at(26 * HOUR), host(true));
    let caught_up = back().add("first", at(26 * HOUR + 5), timeout_at(26 * HOUR + 5)).add(
        "second",
        at(26 * HOUR + 6),
        timeout_at(26 * HOUR + 6),
    );
    passes(&caught_up, &["3.1.6-01 alfa", "3.1.6-02 alfa", "3.1.6-03 alfa", "DPR.8-01 alfa"]);
    let never = [&FIRST[..], &SECOND[..], &["2.2.2-03 alfa", "3.1.6-06 alfa", "DPR.8-01 alfa"]].concat();
    fails(&back(), &sorted(&never));
}

#[test]
fn nothing_is_sent_after_a_day() {
    let script = silence().add("busta", at(25 * HOUR), {
        let mut busta = crossing(ORIGINAL).events.into_iter().find(|(name, ..)| name == "busta").map(|(.., act)| act);
        if let Some(Act::Wire { code, .. }) = &mut busta {
            *code = None;
        }
        busta.unwrap_or(Act::End)
    });
    fails(&script, &["2.2.2-03 alfa"]);
}
