use collaudo_record::{Ordinary, What};

use super::{
    fails, passes,
    reception::{PLAIN, anomaly},
    silent,
};
use crate::story::testing::{Act, Pec, Script, at, stored, wire};

fn comes(ordinary: Ordinary) -> Script {
    let script = Script { ordinary: Some(ordinary), ..Script::default() };
    script.add("comes", at(1), wire("mail.test", "beta", "x@mail.test", &["bruno@beta.test"], PLAIN))
}

fn refused(script: Script) -> Script {
    script.bent("comes", |act| {
        if let Act::Wire { code, .. } = act {
            *code = Some(550);
        }
    })
}

const BOTH: [&str; 2] = ["3.2.2-17 beta", "PRACT-04 beta"];

#[test]
fn ordinary_mail_is_treated_as_the_mailboxs_holder_chose() {
    let lies = |script: Script| script.add("lies", at(2), stored("bruno@beta.test", &anomaly(PLAIN)));
    passes(&refused(comes(Ordinary::Refuse)), &BOTH);
    fails(&lies(comes(Ordinary::Refuse)), &BOTH);
    passes(&lies(comes(Ordinary::Anomaly)), &BOTH);
    fails(&comes(Ordinary::Anomaly), &BOTH);
    fails(&refused(comes(Ordinary::Anomaly)), &BOTH);
    let too_many = refused(comes(Ordinary::Anomaly)).text("comes", "ciao", "ci\nao");
    silent(&too_many, &BOTH);
}

#[test]
fn ordinary_mail_is_sent_on_and_not_stored() {
    let forward = || comes(Ordinary::Forward { to: "altrove@alfa.test".to_owned() });
    let on = wire("beta", "alfa", "x@mail.test", &["altrove@alfa.test"], &format!("Received: from x\r\n{PLAIN}"));
    let sent = || forward().add("on", at(2), on.clone());
    passes(&sent(), &BOTH);
    fails(&forward(), &BOTH);
    let stored_too = sent().add("lies", at(2), stored("bruno@beta.test", &anomaly(PLAIN)));
    fails(&stored_too, &BOTH);
}

#[test]
fn ordinary_mail_that_cannot_be_delivered_gives_no_notice() {
    let nobody = || {
        comes(Ordinary::Refuse).bent("comes", |act| {
            *act = wire("mail.test", "beta", "x@mail.test", &["nessuno@beta.test"], PLAIN);
        })
    };
    passes(&refused(nobody()), &["2.2.3-06 beta"]);
    let notice = Pec::new("errore-consegna", "beta", "x@mail.test", 2).data("<consegna>nessuno@beta.test</consegna>");
    let text = notice.write().replace("<identificativo>pec1@alfa.test", "<identificativo>strange@x");
    let told = nobody().add("told", at(2), wire("beta", "alfa", "", &["anna@alfa.test"], &text));
    let failed = super::verdicts(&told, collaudo_record::Outcome::Fail);
    assert!(failed.contains("2.2.3-06 beta"), "{failed:?}");
}

/// Goal: whoever has no TLS is heard. Method: the reply to `MAIL FROM` of an ordinary host changed.
#[test]
fn ordinary_mail_may_come_without_tls() {
    let clear = || Script { clear: true, ..refused(comes(Ordinary::Refuse)) };
    passes(&clear(), &["5.3-05 beta"]);
    let wants = |script: &Script| {
        script.altered(|trace| {
            for event in &mut trace.events {
                if let What::Transfer(transfer) = &mut event.what {
                    transfer.reverse_reply = Some(collaudo_record::Reply { code: 530, text: "STARTTLS first".into() });
                }
            }
        })
    };
    assert_eq!(wants(&clear()), ["5.3-05 beta"]);
}
