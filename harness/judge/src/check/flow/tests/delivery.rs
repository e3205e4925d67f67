use collaudo_record::{Ordinary, Outcome};

use super::{
    fails, passes,
    reception::{PLAIN, anomaly},
    silent, verdicts,
};
use crate::story::testing::{Act, ID, ORIGINAL, Pec, Script, at, crossing, stored, undelivered, wire};

fn good() -> Script {
    crossing(ORIGINAL)
}

fn without_receipt(script: Script) -> Script {
    script.without("consegna").without("consegna-filed")
}

#[test]
fn what_is_stored_gives_one_delivery_receipt() {
    passes(
        &good(),
        &[
            "2.1.1.1.1-05 beta",
            "2.2.3-01 beta",
            "2.2.3-02 beta",
            "2.2.3-03 beta",
            "2.2.3-04 beta",
            "3.3.1-01 beta",
            "3.3.2-01 beta",
            "3.3.2-02 beta",
            "3.3.2.1-07 beta",
            "DM.6-03 beta",
            "DPR.6-01 beta",
        ],
    );
    let none = [
        "2.2.3-01 beta",
        "3.3.1-01 beta",
        "3.3.2-02 beta",
        "3.3.2.1-07 beta",
        "3.5-01 beta",
        "DM.6-03 beta",
        "DPR.6-01 beta",
    ];
    fails(&without_receipt(good()), &none);
    fails(&good().twice("consegna").twice("consegna-filed"), &["3.3.2.1-07 beta", "DM.6-03 beta"]);
}

#[test]
fn the_receipt_comes_after_the_message() {
    let early = ["2.1.1.1.1-05 beta", "2.2.3-02 beta", "3.3.2-01 beta"];
    fails(&good().moved("busta-stored", at(5)), &early);
    fails(
        &good().without("busta-stored"),
        &["2.1.1.1.1-05 beta", "2.2.2-05 beta", "2.2.3-02 beta", "3.3.2-01 beta", "3.5-01 beta"],
    );
}

#[test]
fn a_receipt_without_an_envelope_is_no_receipt() {
    let invented = Script::default().add("consegna", at(4), stored("anna@alfa.test", &good().message("consegna")));
    fails(&invented, &["2.2.2-01 alfa", "2.2.3-03 beta"]);
}

/// Ordinary mail lies at beta in an anomaly envelope, and somebody says that it was delivered.
#[test]
fn a_delivery_receipt_for_ordinary_mail_is_laid_to_who_made_it() {
    let said_by = |issuer: &'static str| {
        let receipt = Pec::new("avvenuta-consegna", issuer, "anna@alfa.test", 3)
            .data("<ricevuta tipo=\"completa\"/><consegna>bruno@beta.test</consegna>")
            .enclosing(PLAIN);
        let receipt = receipt.write().replace(ID, "strange@x");
        let script = Script { ordinary: Some(Ordinary::Anomaly), ..Script::default() }
            .add("comes", at(1), wire("mail.test", "beta", "x@mail.test", &["bruno@beta.test"], PLAIN))
            .add("lies", at(2), stored("bruno@beta.test", &anomaly(PLAIN)))
            .add("said", at(3), stored("anna@alfa.test", &receipt));
        let failed = verdicts(&script, Outcome::Fail);
        ["2.2.3-01", "2.2.3-03", "3.3.1-01", "3.3.2-01", "3.3.2-03"]
            .into_iter()
            .filter(|row| failed.contains(&format!("{row} beta")))
            .collect::<Vec<_>>()
    };
    assert_eq!(said_by("beta"), ["2.2.3-01", "2.2.3-03", "3.3.1-01", "3.3.2-01", "3.3.2-03"]);
    assert!(said_by("alfa").is_empty());
}

#[test]
fn what_arrives_is_stored_once_and_unchanged() {
    fails(&good().text("busta-stored", "testo", "altro"), &["2.2.3-04 beta"]);
    fails(&good().twice("busta-stored"), &["2.2.2-05 beta"]);
    let filed = good().text("consegna-filed", "testo", "altro");
    fails(&filed, &["2.2.2-06 alfa", "2.2.3-04 alfa", "3.3.2-03 alfa"]);
    let lost = without_receipt(good()).without("busta-stored").without("log-deliver");
    fails(&lost, &["2.2.2-05 beta", "2.2.3-01 beta", "3.3.1-01 beta", "3.5-01 beta"]);
}

#[test]
fn an_envelope_that_was_not_taken_is_nobodys_duty() {
    let cut_off = |act: &mut Act| {
        if let Act::Wire { code, .. } = act {
            *code = None;
        }
    };
    let lost =
        without_receipt(good()).without("busta-stored").without("presa").without("presa-filed").bent("busta", cut_off);
    silent(&lost, &["2.2.2-05 beta", "3.2.1-01 beta", "3.3.2.1-07 beta", "3.5-01 beta", "2.2.3-05 beta"]);
}

#[test]
fn an_unknown_mailbox_gives_a_notice_with_its_code() {
    let unknown = || undelivered("nobody@beta.test", "5.1.1");
    passes(&unknown(), &["2.2.3-05 beta", "3.3.3-01 beta", "AGID.12-01 beta", "2.2.3-01 beta", "2.2.2-05 beta"]);
    let untold = unknown().without("mancata").without("mancata-filed");
    fails(&untold, &["2.2.3-01 beta", "2.2.3-05 beta", "3.3.1-01 beta", "3.3.3-01 beta"]);
    fails(&unknown().twice("mancata").twice("mancata-filed"), &["2.2.3-05 beta", "3.3.3-01 beta"]);
    fails(&undelivered("nobody@beta.test", "5.2.2"), &["AGID.12-01 beta"]);
    let only_certified = |script: Script, name: &str| script.text(name, "\r\n\r\n5.1.1 - beta", "\r\n\r\nbeta");
    fails(&only_certified(only_certified(unknown(), "mancata"), "mancata-filed"), &["AGID.12-01 beta"]);
}

#[test]
fn a_full_mailbox_gives_a_notice_with_its_own_code() {
    let full = |code: &str| Script { quota: Some(0), ..undelivered("bruno@beta.test", code) };
    passes(&full("5.2.2"), &["2.2.3-05 beta", "3.3.3-01 beta", "AGID.12-01 beta", "AGID.12-02 beta"]);
    fails(&full("5.1.1"), &["AGID.12-01 beta", "AGID.12-02 beta"]);
}

#[test]
fn no_notice_for_what_lies_in_the_mailbox() {
    let notice = undelivered("bruno@beta.test", "5.1.1").message("mancata");
    let both = good().add("mancata", at(5), stored("anna@alfa.test", &notice));
    fails(&both, &["2.2.3-01 beta", "2.3-08 beta", "3.3.1-01 beta"]);
}
