use collaudo_record::{FaultPhase, Ordinary, Outcome};

use super::{fails, passes, silent, verdicts};
use crate::story::testing::{
    Act, HOUR, ORIGINAL, Pec, Script, accepted, at, crossing, enclosed, envelope, fault, stored, wire,
};

fn good() -> Script {
    crossing(ORIGINAL)
}

/// A message from alfa to bruno that is not what it should be, with what beta makes of it.
fn arrival(message: &str) -> Script {
    Script::default().add("comes", at(1), wire("alfa", "beta", "anna@alfa.test", &["bruno@beta.test"], message))
}

/// Beta's anomaly envelope around a message.
pub(super) fn anomaly(message: &str) -> String {
    format!(
        "X-Trasporto: errore\r\nFrom: <posta-certificata@beta.test>\r\nTo: bruno@beta.test\r\nMessage-ID: <strange@x>\r\n\
         Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain\r\n\r\ntesto\r\n\
         --a\r\nContent-Type: message/rfc822\r\n\r\n{message}\r\n--a--\r\n"
    )
}

pub(super) const PLAIN: &str =
    "From: x@mail.test\r\nTo: bruno@beta.test\r\nMessage-ID: <strange@x>\r\nSubject: y\r\n\r\nciao\r\n";

/// An envelope of alfa without certification data.
fn headless() -> String {
    PLAIN.replace("From: x@mail.test", "X-Trasporto: posta-certificata\r\nFrom: posta-certificata@alfa.test")
}

/// Delivery may put fields on top: the message is bare all the same, and only a field that tells nothing of its way is a
/// change (R-0102).
#[test]
fn what_lies_bare_under_more_fields_lies_bare() {
    let lies = |top: &str| {
        let lying = format!("{top}{}", headless());
        verdicts(&arrival(&headless()).add("lies", at(2), stored("bruno@beta.test", &lying)), Outcome::Fail)
    };
    let bare = lies("");
    assert!(bare.contains("3.2.2-01 beta") && !bare.contains("2.2.3-04 beta"), "{bare:?}");
    let trace = "Return-Path: <x@mail.test>\r\nX-Original-To: bruno@beta.test\r\nDelivered-To: bruno@beta.test\r\n";
    assert_eq!(lies(trace), bare);
    let mut changed = lies(&format!("{trace}X-Filtro: passato\r\n"));
    assert!(changed.remove("2.2.3-04 beta"));
    assert_eq!(changed, bare);
}

#[test]
fn who_went_down_may_send_the_same_receipt_again() {
    let again = |script: Script, name: &str| script.twice(name).moved(&format!("{name}-again"), at(90));
    let resent = again(again(good(), "presa"), "consegna");
    fails(&resent, &["3.2.1-02 beta", "3.3.2.1-07 beta", "DM.6-03 beta"]);
    let down = resent.add("down", at(5), fault("crash", "beta", FaultPhase::Injected)).add(
        "up",
        at(65),
        fault("crash", "beta", FaultPhase::Healed),
    );
    passes(&down, &["3.2.1-02 beta", "3.3.2.1-07 beta", "DM.6-03 beta"]);
}

#[test]
fn an_envelope_is_taken_in_charge_once_for_all() {
    passes(
        &good(),
        &["2.2.2-05 beta", "3.2.1-01 beta", "3.2.1-02 beta", "3.2.1-04 beta", "3.2.1-11 beta", "2.1.1.1.1-03 beta"],
    );
    let none = good().without("presa").without("presa-filed");
    fails(&none, &["2.2.2-05 beta", "3.2.1-01 beta", "3.2.1-04 beta", "3.5-01 beta"]);
    fails(&good().twice("presa").twice("presa-filed"), &["3.2.1-02 beta"]);
    let other = |script: Script, name: &str| script.text(name, "<ricezione>bruno", "<ricezione>dario");
    let wrong = other(other(good(), "presa"), "presa-filed");
    fails(&wrong, &["2.2.2-05 beta", "3.2.1-02 beta", "3.2.1-04 beta", "3.5-01 beta"]);
}

#[test]
fn a_take_charge_receipt_that_cannot_leave_is_not_missed() {
    let cut = good().without("presa").without("presa-filed").add(
        "cut",
        at(2),
        Act::Partition { phase: FaultPhase::Injected },
    );
    silent(&cut, &["3.2.1-01 beta", "3.2.1-04 beta", "2.2.2-05 beta"]);
    let healed = cut.add("heal", at(9), Act::Partition { phase: FaultPhase::Healed });
    silent(&healed, &["3.2.1-01 beta"]);
    let long_over = healed.add("end", at(3 * HOUR), Act::End);
    fails(&long_over, &["2.2.2-05 beta", "3.2.1-01 beta", "3.2.1-04 beta", "3.5-01 beta"]);
}

#[test]
fn one_receipt_names_all_recipients_of_a_transaction() {
    let to = ["bruno@beta.test", "dario@beta.test"];
    let original = ORIGINAL.replace("To: bruno@beta.test", "To: bruno@beta.test, dario@beta.test");
    let mut busta = envelope(&original);
    busta.recipients = to.iter().map(|one| (*one).to_owned()).collect();
    let take =
        |data: &str, seconds| Pec::new("presa-in-carico", "beta", "servizio@alfa.test", seconds).data(data).write();
    let taken = |receipts: &[String]| {
        let script =
            accepted(&original, &to).add("busta", at(2), wire("alfa", "beta", "anna@alfa.test", &to, &busta.write()));
        receipts.iter().fold(script, |script, one| {
            let filed = stored("servizio@alfa.test", one);
            script.add("presa", at(2), wire("beta", "alfa", "", &["servizio@alfa.test"], one)).add(
                "filed",
                at(2),
                filed,
            )
        })
    };
    let (bruno, dario) = ("<ricezione>bruno@beta.test</ricezione>", "<ricezione>dario@beta.test</ricezione>");
    let failed = |script: &Script| super::verdicts(script, collaudo_record::Outcome::Fail);
    let whole = failed(&taken(&[take(&format!("{bruno}{dario}"), 2)]));
    assert!(!whole.iter().any(|one| one.starts_with("3.2.1-")), "{whole:?}");
    let apart = failed(&taken(&[take(bruno, 2), take(dario, 3)]));
    assert!(apart.contains("3.2.1-02 beta") && !apart.contains("3.2.1-04 beta"), "{apart:?}");
    assert!(failed(&taken(&[take(bruno, 2)])).contains("3.2.1-04 beta"));
}

#[test]
fn the_take_charge_receipt_goes_to_the_service_mailbox_alone() {
    let to_anna = |act: &mut Act| *act = wire("beta", "alfa", "", &["anna@alfa.test"], &act.message().clone());
    let by_anna = |act: &mut Act| *act = stored("anna@alfa.test", &act.message().clone());
    let to_a_user = good().bent("presa", to_anna).bent("presa-filed", by_anna);
    fails(&to_a_user, &["2.1.1.1.1-03 beta", "2.2.2-05 beta", "3.2.1-01 beta", "3.2.1-11 beta"]);
    fails(&good().bent("presa-filed", by_anna), &["2.1.1.1.1-03 alfa", "2.2.2-06 alfa", "3.2.1-14 alfa"]);
    let unfiled = good().without("presa-filed");
    fails(&unfiled, &["2.2.2-06 alfa", "3.2.1-14 alfa", "3.5-01 alfa"]);
    let receipt = good().message("accettazione");
    fails(&good().add("strange", at(6), stored("servizio@alfa.test", &receipt)), &["2.1-10 alfa", "2.2.5-01 alfa"]);
}

#[test]
fn a_receipt_that_comes_back_is_filed() {
    passes(&good(), &["2.2.2-06 alfa", "3.5-02 alfa", "2.2.5-01 alfa", "3.2.1-14 alfa"]);
    fails(&good().without("consegna-filed"), &["2.2.2-06 alfa", "3.5-01 alfa"]);
}

#[test]
fn a_take_charge_receipt_that_went_to_a_user_may_be_filed_where_it_belongs() {
    let to_anna = |act: &mut Act| *act = wire("beta", "alfa", "", &["anna@alfa.test"], &act.message().clone());
    fails(&good().bent("presa", to_anna), &["2.1.1.1.1-03 beta", "3.2.1-11 beta"]);
}

/// A receipt that comes again under another identifier, the same in all that is signed.
#[test]
fn the_same_receipt_under_another_identifier_need_not_be_filed_twice() {
    let twin =
        good().message("consegna").replace("Message-ID: <avvenuta-consegna", "Message-ID: <bis.avvenuta-consegna");
    assert_ne!(twin, good().message("consegna"));
    let again = || good().add("twin", at(9), wire("beta", "alfa", "", &["anna@alfa.test"], &twin));
    let filed = again().add("twin-filed", at(9), stored("anna@alfa.test", &twin));
    for script in [again(), filed.clone()] {
        let failed = super::verdicts(&script, collaudo_record::Outcome::Fail);
        assert!(!failed.iter().any(|one| one.ends_with(" alfa")), "{failed:?}");
    }
    let too_often = filed.add("twin-again", at(9), stored("anna@alfa.test", &twin));
    assert!(super::verdicts(&too_often, collaudo_record::Outcome::Fail).contains("2.2.2-06 alfa"));
    let changed = good().text("consegna-filed", "Message-ID: <avvenuta-consegna", "Message-ID: <altro");
    assert!(super::verdicts(&changed, collaudo_record::Outcome::Fail).contains("2.2.2-06 alfa"));
}

#[test]
fn a_forged_receipt_is_not_filed_as_one() {
    let forged = good().message("consegna").replace("From: <posta-certificata@beta.test>", "From: <mario@beta.test>");
    let comes = || Script::default().add("comes", at(1), wire("mail.test", "alfa", "", &["anna@alfa.test"], &forged));
    passes(&comes(), &["2.2.2-08 alfa", "2.2.2-10 alfa", "3.5-02 alfa"]);
    let mut expected = ["2.2.2-04 alfa", "2.2.2-08 alfa", "2.2.2-09 alfa", "2.2.2-10 alfa", "3.5-02 alfa"];
    expected.sort_unstable();
    let filed = comes().add("lies", at(2), stored("anna@alfa.test", &forged));
    let failed = super::verdicts(&filed, collaudo_record::Outcome::Fail);
    assert!(expected.iter().all(|one| failed.contains(*one)), "{failed:?}");
}

#[test]
fn ordinary_mail_is_enclosed_or_kept_out() {
    let no = |act: &mut Act| {
        if let Act::Wire { code, .. } = act {
            *code = Some(554);
        }
    };
    let from_outside = |act: &mut Act| {
        if let Act::Wire { from, .. } = act {
            *from = "mail.test".into();
        }
    };
    let comes = || arrival(PLAIN).bent("comes", from_outside);
    passes(&comes().bent("comes", no), &["2.2.2-04 beta", "2.2.2-08 beta", "2.2.2-10 beta"]);
    let comes = || Script { ordinary: Some(Ordinary::Anomaly), ..comes() };
    let wrapped = comes().add("lies", at(2), stored("bruno@beta.test", &anomaly(PLAIN)));
    passes(
        &wrapped,
        &[
            "2.2.2-09 beta",
            "3.2.2-01 beta",
            "3.2.2-02 beta",
            "3.2.2-04 beta",
            "3.2.2-07 beta",
            "3.2.2-15 beta",
            "3.3.2-03 beta",
        ],
    );
    fails(&wrapped.clone().text("lies", "ciao", "miao"), &["3.2.2-02 beta"]);
    let other_to = wrapped.clone().text("lies", "test>\r\nTo: bruno@", "test>\r\nTo: dario@");
    fails(&other_to, &["2.1.1.2-03 beta", "3.2.2-04 beta"]);
    fails(&wrapped.text("lies", "<strange@x>\r\nContent", "<own@beta>\r\nContent"), &["3.2.2-07 beta"]);
    let bare = comes().add("lies", at(2), stored("bruno@beta.test", PLAIN));
    let all = ["2.2.2-04 beta", "2.2.2-08 beta", "2.2.2-09 beta", "2.2.2-10 beta", "3.2.2-01 beta"];
    fails(&bare, &[&["2.1.1.2-01 beta"], &all[..]].concat());
}

#[test]
fn a_providers_malformed_message_reaches_the_recipient_enclosed() {
    let message = headless();
    fails(&arrival(&message), &["2.2.2-07 beta", "2.2.2-17 beta", "3.2.2-01 beta"]);
    let wrapped = arrival(&message).add("lies", at(2), stored("bruno@beta.test", &anomaly(&message)));
    passes(&wrapped, &["2.2.2-04 beta", "2.2.2-07 beta", "2.2.2-17 beta", "3.2.2-01 beta", "3.2.2-02 beta"]);
    let bare = arrival(&message).add("lies", at(2), stored("bruno@beta.test", &message));
    fails(&bare, &["2.2.2-04 beta", "2.2.2-07 beta", "2.2.2-17 beta", "3.2.2-01 beta"]);
    let mut taken = Pec::new("presa-in-carico", "beta", "servizio@alfa.test", 2);
    taken.own = "t@beta.test".into();
    let text = taken.write().replace("<identificativo>pec1@alfa.test", "<identificativo>strange@x");
    let answered = wrapped.add("presa", at(2), wire("beta", "alfa", "", &["servizio@alfa.test"], &text));
    fails(&answered, &["2.2.2-04 beta", "2.2.2-06 alfa", "2.2.2-07 beta", "2.2.2-17 beta", "3.2.1-14 alfa"]);
}

#[test]
fn a_correct_envelope_is_not_an_anomaly() {
    let wrapped = good().add("odd", at(5), stored("bruno@beta.test", &anomaly(&good().message("busta"))));
    fails(&wrapped, &["2.2.2-04 beta", "3.2.2-01 beta", "3.2.2-07 beta"]);
}

#[test]
fn nothing_crosses_bare() {
    let bare =
        good().add("bare", at(6), wire("alfa", "beta", "anna@alfa.test", &["bruno@beta.test"], &enclosed(ORIGINAL)));
    fails(&bare, &["2.1.1.2-01 alfa"]);
}
