use collaudo_record::{FaultPhase, LogEntry, Outcome};

use super::{fails, passes, silent, verdicts};
use crate::{
    fixture::{Signing, signed_data},
    story::testing::{Act, HOUR, ORIGINAL, Script, accepted, at, consulted, crossing, fault, fetched, sealed},
};

const LDIF: &str = "dn: o=postacert\nLDIFLocationURL: https://index.test/indice.ldif.p7m\n\n\
    dn: providerName=alfa PEC,o=postacert\nproviderName: alfa PEC\nmanagedDomains: alfa.test\n\n\
    dn: providerName=beta PEC,o=postacert\nproviderName: beta PEC\nmanagedDomains: beta.test\n";

fn looks(script: Script, name: &str, seconds: i64) -> Script {
    script.add(name, at(seconds), consulted("alfa", "ldap", Some(LDIF.as_bytes()))).add(
        name,
        at(seconds),
        consulted("beta", "ldap", Some(LDIF.as_bytes())),
    )
}

#[test]
fn the_index_is_looked_for_daily() {
    let first = || looks(Script::default(), "first", 1);
    let daily = looks(first(), "second", 24 * HOUR).add("end", at(30 * HOUR), Act::End);
    passes(&daily, &["4.5-10 alfa", "4.5-10 beta"]);
    let once = first().add("second", at(24 * HOUR), consulted("beta", "ldap", Some(LDIF.as_bytes())));
    fails(&once.add("end", at(30 * HOUR), Act::End), &["4.5-10 alfa"]);
    silent(&first().add("end", at(20 * HOUR), Act::End), &["4.5-10 alfa", "4.5-10 beta"]);
    let of_beta = |opaque| {
        let script = Script { opaque, ..Script::default() };
        let first = script.add("first", at(1), consulted("beta", "ldap", Some(LDIF.as_bytes())));
        first.add("second", at(24 * HOUR), consulted("beta", "ldap", Some(LDIF.as_bytes()))).add(
            "end",
            at(30 * HOUR),
            Act::End,
        )
    };
    fails(&of_beta(false), &["4.5-10 alfa"]);
    silent(&of_beta(true), &["4.5-10 alfa"]);
    let down = first()
        .add("second", at(24 * HOUR), consulted("beta", "ldap", Some(LDIF.as_bytes())))
        .add("down", at(20 * HOUR), fault("crash", "alfa", FaultPhase::Injected))
        .add("end", at(30 * HOUR), Act::End);
    fails(&down, &[]);
}

/// Between a good index and the next one alfa gets something else, and accepts a message to beta.
fn meanwhile(document: Option<&[u8]>) -> Script {
    let mut script = accepted(ORIGINAL, &["bruno@beta.test"]);
    for (_, at, _) in &mut script.events {
        *at = at.after(collaudo_record::Span::from_secs(100));
    }
    looks(script, "first", 1).add("bad", at(50), consulted("alfa", "https", document))
}

#[test]
fn the_last_good_index_is_kept() {
    let unsigned = LDIF.replace("beta.test", "gamma.test");
    for document in [None, Some(unsigned.as_bytes())] {
        let (kept, lost) = (meanwhile(document), meanwhile(document).text("accettazione", "certificato", "esterno"));
        let good = verdicts(&kept, Outcome::Pass);
        assert!(good.contains("4.5-10 alfa") && good.contains("4.5-09 alfa") == document.is_some(), "{good:?}");
        let bad = verdicts(&lost, Outcome::Fail);
        let expected: &[&str] = if document.is_some() {
            &["2.2.1-07 alfa", "4.5-09 alfa", "4.5-10 alfa"]
        } else {
            &["2.2.1-07 alfa", "4.5-10 alfa"]
        };
        assert!(expected.iter().all(|one| bad.contains(*one)), "{bad:?}");
        assert!(!verdicts(&kept, Outcome::Fail).iter().any(|one| expected.contains(&one.as_str())));
    }
}

#[test]
fn a_correct_envelope_is_not_refused_for_a_bad_index() {
    let good = || looks(crossing(ORIGINAL), "first", 0).add("bad", at(1), consulted("beta", "https", None));
    passes(&good(), &["4.5-10 beta"]);
    let refuse = |reply: u16| {
        let only = ["presa", "presa-filed", "busta-stored", "log-take", "log-deliver", "consegna", "consegna-filed"];
        let alone = only.into_iter().fold(good(), Script::without);
        alone.bent("busta", |act| {
            if let Act::Wire { code, .. } = act {
                *code = Some(reply);
            }
        })
    };
    let failed = verdicts(&refuse(550), Outcome::Fail);
    assert!(failed.contains("4.5-10 beta") && failed.contains("2.2.2-05 beta"), "{failed:?}");
    assert!(verdicts(&refuse(451), Outcome::Fail).contains("4.5-10 beta"));
    let full = refuse(451).add("full", at(1), fault("disk-full", "beta", FaultPhase::Injected));
    assert!(!verdicts(&full, Outcome::Fail).contains("4.5-10 beta"));
}

const DAY: i64 = 14 * HOUR;

/// The first day of a script's log is over fourteen hours after its epoch; both providers close it.
fn closed(bend: impl Fn(String) -> String) -> Script {
    let seal = |text: &str, signing| signed_data(text.as_bytes(), signing, at(DAY), true);
    let (alfa, beta) = ("accettazione pec1@alfa.test\r\n", "ricezione pec1@alfa.test\r\nconsegna pec1@alfa.test\r\n");
    crossing(ORIGINAL)
        .add("seal-alfa", at(DAY + 60), sealed("alfa", "2026-06-01", seal(&bend(alfa.to_owned()), Signing::Alfa)))
        .add("seal-beta", at(DAY + 60), sealed("beta", "2026-06-01", seal(beta, Signing::Beta)))
        .add("end", at(DAY + 2 * HOUR), Act::End)
}

#[test]
fn each_day_of_the_log_is_closed_whole() {
    passes(&closed(|text| text), &["2.3-10 alfa", "2.3-10 beta", "DM.10-01 alfa", "DM.10-01 beta"]);
    fails(&closed(|text| text.replace("pec1", "pec2")), &["2.3-10 alfa"]);
    fails(&closed(|text| text).without("seal-alfa"), &["DM.10-01 alfa"]);
    let closed_world = Script { opaque: true, log_declared: true, ..closed(|text| text).without("seal-alfa") };
    silent(&closed_world, &["DM.10-01 alfa"]);
    passes(&closed(|text| text).twice("seal-alfa"), &["DM.10-01 alfa"]);
    let broken = closed(|text| text).bent("seal-alfa", |act| {
        let Act::Note { octets, .. } = act.clone() else { return };
        let cut = octets.len() - 9;
        let mut octets = octets;
        octets[cut] ^= 1;
        *act = sealed("alfa", "2026-06-01", octets);
    });
    fails(&broken, &["2.3-10 alfa"]);
    let fast =
        closed(|text| text).without("seal-alfa").add("fast", at(0), fault("clock", "alfa", FaultPhase::Injected));
    silent(&fast, &["DM.10-01 alfa"]);
}

#[test]
fn a_clock_that_is_wrong_is_no_fault_of_the_log() {
    let later = |script: Script| {
        script.bent("log-accept", |act| {
            if let Act::Logged { entry: LogEntry { at: own, .. }, .. } = act {
                *own = at(HOUR);
            }
        })
    };
    assert!(verdicts(&later(crossing(ORIGINAL)), Outcome::Fail).contains("2.3-03 alfa"));
    let fast = later(crossing(ORIGINAL)).add("fast", at(0), fault("clock", "alfa", FaultPhase::Injected));
    assert!(!verdicts(&fast, Outcome::Fail).contains("2.3-03 alfa"));
}

#[test]
fn a_mailbox_gives_what_lies_there_under_tls() {
    let lying = crossing(ORIGINAL).message("busta-stored");
    let visit =
        |secured, message: &str| crossing(ORIGINAL).add("visit", at(9), fetched("bruno@beta.test", secured, message));
    passes(&visit(true, &lying), &["2.2.3-04 beta", "5.3-01 beta", "5.3-02 beta"]);
    fails(&visit(true, &lying.replace("ciao", "miao")), &["2.2.3-04 beta"]);
    fails(&visit(false, &lying), &["5.3-01 beta", "5.3-02 beta"]);
}
