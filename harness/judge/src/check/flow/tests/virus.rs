use collaudo_record::{FaultPhase, Outcome};

use super::{
    fails, passes,
    reception::{PLAIN, anomaly},
    silent, verdicts,
};
use crate::{
    reading::virus::eicar,
    story::testing::{
        Act, ORIGINAL, Pec, Script, accepted, at, enclosed, envelope, fault, refused, retained, stored, submit, wire,
    },
};

const TO: &[&str] = &["bruno@beta.test"];

fn infected() -> String {
    ORIGINAL.replace("1;2", &eicar())
}

/// Handed in at alfa, refused, the user told, put aside.
fn turned_away() -> Script {
    refused(&infected(), TO)
        .text("avviso", "Subject: x: ", "X-VerificaSicurezza: errore\r\nSubject: AVVISO PER VIRUS: ")
        .add("aside", at(1), retained("alfa", &format!("Received: from client\r\n{}", infected())))
}

#[test]
fn a_submission_with_a_virus_is_refused_told_of_and_put_aside() {
    let all = ["2.2.1-04 alfa", "2.2.4-01 alfa", "3.1.3-01 alfa", "3.1.3-02 alfa", "5.4-01 alfa", "DPR.12-01 alfa"];
    passes(&turned_away(), &all);
    fails(&turned_away().without("aside"), &["2.2.1-04 alfa", "2.2.4-01 alfa", "DPR.12-01 alfa"]);
    let altered = turned_away().bent("aside", |act| *act = retained("alfa", &infected().replace("ciao", "addio")));
    fails(&altered, &["2.2.1-04 alfa", "2.2.4-01 alfa", "DPR.12-01 alfa"]);
    fails(&turned_away().without("avviso"), &["2.2.1-04 alfa", "3.1.3-02 alfa", "DPR.12-01 alfa"]);
    fails(&turned_away().twice("avviso"), &["3.1.3-02 alfa"]);
    fails(&accepted(&infected(), TO), &all);
}

#[test]
fn who_went_down_with_a_virus_in_hand_may_have_told_nobody() {
    let down = Act::Host { host: "alfa".into(), up: false };
    let untold = turned_away().without("avviso").add("down", at(2), down).add("end", at(9), Act::End);
    silent(&untold, &["3.1.3-02 alfa"]);
}

#[test]
fn a_clean_submission_is_no_virus() {
    let clean = refused(ORIGINAL, TO).text(
        "avviso",
        "Subject: x: ",
        "X-VerificaSicurezza: errore\r\nSubject: AVVISO PER VIRUS: ",
    );
    fails(&clean, &["2.2.1-02 alfa"]);
    let unclear = ORIGINAL.replace("ciao", &format!("ecco {}", eicar()));
    silent(&refused(&unclear, TO), &["2.2.1-02 alfa", "3.1.3-01 alfa", "3.1.3-02 alfa"]);
}

#[test]
fn nothing_is_accepted_while_the_scanner_gives_no_answer() {
    let blind = |script: Script| {
        script.add("down", at(0), fault("scanner-down", "alfa", FaultPhase::Injected)).add(
            "up",
            at(90),
            fault("scanner-down", "alfa", FaultPhase::Healed),
        )
    };
    let deferred = Script::default().add("submit", at(1), submit(ORIGINAL, TO)).bent("submit", |act| {
        if let Act::Submit { code, .. } = act {
            *code = 451;
        }
    });
    passes(&blind(deferred), &["3.1.3-01 alfa", "5.4-01 alfa"]);
    fails(&blind(accepted(ORIGINAL, TO)), &["3.1.3-01 alfa", "5.4-01 alfa"]);
}

/// An envelope with a virus comes from alfa, a peer; beta keeps it back.
fn stopped() -> Script {
    let envelope = envelope(&infected()).write();
    let mut notice =
        Pec::new("rilevazione-virus", "beta", "servizio@alfa.test", 3).data("<consegna>bruno@beta.test</consegna>");
    notice.fields = "X-Mittente: anna@alfa.test\r\n".to_owned();
    let notice = notice.write();
    let script = Script { peer: Some("alfa"), ..Script::default() };
    script
        .add("busta", at(2), wire("alfa", "beta", "anna@alfa.test", TO, &envelope))
        .add("aside", at(3), retained("beta", &envelope))
        .add("notice", at(3), wire("beta", "alfa", "posta-certificata@beta.test", &["servizio@alfa.test"], &notice))
}

const TRIO: [&str; 2] = ["2.2.2-19 beta", "DPR.12-02 beta"];

#[test]
fn an_envelope_with_a_virus_is_kept_back_told_of_and_put_aside() {
    let all = [
        "2.2.2-18 beta",
        "2.2.2-19 beta",
        "2.2.2-22 beta",
        "2.2.4-01 beta",
        "3.2.3-01 beta",
        "3.2.3-02 beta",
        "3.2.3-03 beta",
        "3.2.3-04 beta",
        "5.4-01 beta",
        "DPR.12-02 beta",
    ];
    passes(&stopped(), &all);
    fails(&stopped().without("aside"), &["2.2.2-19 beta", "2.2.4-01 beta", "DPR.12-02 beta"]);
    fails(
        &stopped().without("notice"),
        &["2.2.2-19 beta", "2.2.2-22 beta", "3.2.3-02 beta", "3.2.3-03 beta", "DPR.12-02 beta"],
    );
    let envelope = stopped().message("busta");
    let said = Pec::new("avvenuta-consegna", "beta", "anna@alfa.test", 4)
        .data("<ricevuta tipo=\"completa\"/><consegna>bruno@beta.test</consegna>")
        .enclosing(&enclosed(&infected()));
    let said = stopped().add("said", at(4), wire("beta", "alfa", "", &["anna@alfa.test"], &said.write()));
    fails(&said, &["2.1.1.1.1-05 beta", "2.2.3-02 beta", "3.3.2-01 beta"]);
    let delivered = stopped().add("lies", at(4), stored("bruno@beta.test", &envelope));
    fails(&delivered, &[TRIO[0], "3.2.3-01 beta", TRIO[1]]);
    let unseen = stopped().without("notice").without("aside").add("lies", at(4), stored("bruno@beta.test", &envelope));
    assert!(verdicts(&unseen, Outcome::Fail).contains("5.4-01 beta"));
    let wrapped = stopped().add("lies", at(4), stored("bruno@beta.test", &anomaly(&envelope)));
    let expected = [
        "2.2.2-04 beta",
        "2.2.2-18 beta",
        "2.2.2-19 beta",
        "3.2.2-01 beta",
        "3.2.2-07 beta",
        "3.2.3-01 beta",
        "DPR.12-02 beta",
    ];
    fails(&wrapped, &expected);
    let refused = stopped().without("notice").without("aside").bent("busta", |act| {
        if let Act::Wire { code, .. } = act {
            *code = Some(554);
        }
    });
    fails(&refused, &["2.2.2-22 beta", "3.2.3-02 beta"]);
}

#[test]
fn a_virus_notice_speaks_of_one_recipient_and_goes_to_the_service_mailbox() {
    let again = stopped().message("notice").replace("rilevazione-virus3@", "rilevazione-virus4@");
    let twice = stopped().add("more", at(4), wire("beta", "alfa", "", &["servizio@alfa.test"], &again));
    fails(&twice, &["3.2.3-03 beta"]);
    fails(&stopped().text("notice", "<consegna>bruno", "<consegna>dario"), &["3.2.3-03 beta"]);
    let to_anna = stopped().bent("notice", |act| {
        *act = wire("beta", "alfa", "", &["anna@alfa.test"], &act.message().clone());
    });
    fails(&to_anna, &["3.2.3-04 beta"]);
    // Neither a receipt nor an anomaly envelope: it was called nothing.
    silent(&stopped().without("notice"), &["2.2.2-18 beta"]);
    let take =
        Pec::new("presa-in-carico", "beta", "servizio@alfa.test", 2).data("<ricezione>bruno@beta.test</ricezione>");
    let taken = stopped().without("notice").add(
        "presa",
        at(2),
        wire("beta", "alfa", "", &["servizio@alfa.test"], &take.write()),
    );
    assert!(verdicts(&taken, Outcome::Pass).contains("2.2.2-18 beta"));
    let unsigned = stopped().text("busta", "From: <posta-certificata@alfa.test>", "From: <mario@alfa.test>");
    fails(&unsigned, &["2.2.2-21 beta", "3.2.3-04 beta"]);
}

/// Beta, a peer, says that it found a virus; alfa tells anna.
fn told() -> Script {
    let notice = Pec::new("rilevazione-virus", "beta", "servizio@alfa.test", 3)
        .data("<consegna>bruno@beta.test</consegna><errore-esteso>Worm</errore-esteso>")
        .write();
    let mut answer = Pec::new("errore-consegna", "alfa", "anna@alfa.test", 4)
        .data("<consegna>bruno@beta.test</consegna><errore-esteso>Worm</errore-esteso>");
    answer.fields = "X-VerificaSicurezza: errore\r\n".to_owned();
    let script = Script { peer: Some("beta"), ..accepted(ORIGINAL, TO) };
    script
        .add("busta", at(2), wire("alfa", "beta", "anna@alfa.test", TO, &envelope(ORIGINAL).write()))
        .add("notice", at(3), wire("beta", "alfa", "", &["servizio@alfa.test"], &notice))
        .add("filed", at(3), stored("servizio@alfa.test", &notice))
        .add(
            "answer",
            at(4),
            stored("anna@alfa.test", &answer.write().replace("Subject: x: ", "Subject: AVVISO PER VIRUS: ")),
        )
}

#[test]
fn a_virus_notice_leads_to_one_notice_for_the_user() {
    passes(&told(), &["2.2.2-24 alfa", "3.2.4-01 alfa", "3.2.4-10 alfa"]);
    fails(&told().without("answer"), &["2.2.2-24 alfa", "3.2.4-01 alfa"]);
    fails(&told().twice("answer"), &["3.2.4-01 alfa"]);
    fails(&told().text("answer", "<errore-esteso>Worm", "<errore-esteso>Tempo scaduto"), &["3.2.4-10 alfa"]);
    fails(&told().text("answer", "<oggetto>Contratto", "<oggetto>Altro"), &["3.2.4-10 alfa"]);
    fails(&told().without("notice").without("filed"), &["3.2.4-01 alfa"]);
    let stray =
        |id: &str| told().without("answer").text("notice", "pec1@alfa.test", id).text("filed", "pec1@alfa.test", id);
    silent(&stray("pec7@alfa.test"), &["2.2.2-24 alfa", "3.2.4-01 alfa"]);
}

#[test]
fn ordinary_mail_with_a_virus_ends_at_the_reception_point() {
    let plain = PLAIN.replace("ciao", &eicar());
    let comes = || Script::default().add("comes", at(1), wire("mail.test", "beta", "x@mail.test", TO, &plain));
    passes(&comes(), &["2.2.2-20 beta", "2.2.2-21 beta"]);
    let lies = Script { ordinary: Some(collaudo_record::Ordinary::Anomaly), ..comes() };
    fails(&lies.add("lies", at(2), stored("bruno@beta.test", &anomaly(&plain))), &["2.2.2-20 beta", "5.4-01 beta"]);
    let mut notice = Pec::new("errore-consegna", "beta", "x@mail.test", 2).data("<consegna>bruno@beta.test</consegna>");
    notice.recipients = vec!["bruno@beta.test".to_owned()];
    let text = notice.write().replace("<identificativo>pec1@alfa.test", "<identificativo>strange@x");
    let answered = comes().add("told", at(2), wire("beta", "alfa", "", &["anna@alfa.test"], &text));
    let failed = super::verdicts(&answered, collaudo_record::Outcome::Fail);
    assert!(failed.contains("2.2.2-21 beta"), "{failed:?}");
}
