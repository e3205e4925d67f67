use collaudo_record::{Outcome, What};

use super::{fails, passes, silent, verdicts};
use crate::story::testing::{
    Act, ORIGINAL, Script, announced, at, crossing, entered, fault, resolved, submit, terms, wire,
};

#[test]
fn what_lies_at_another_provider_came_by_smtp() {
    passes(&crossing(ORIGINAL), &["2.2.2-01 alfa", "2.2.2-01 beta"]);
    let carried = crossing(ORIGINAL).without("busta");
    assert!(verdicts(&carried, Outcome::Fail).contains("2.2.2-01 beta"));
}

#[test]
fn messages_are_submitted_on_a_port_for_it() {
    passes(&crossing(ORIGINAL), &["3.1-01 alfa"]);
    let through = |port: u16| {
        crossing(ORIGINAL).altered(|trace| {
            for event in &mut trace.events {
                if let What::Transfer(transfer) = &mut event.what
                    && transfer.step.is_some()
                {
                    transfer.session.port = port;
                }
            }
        })
    };
    assert!(through(25).contains(&"3.1-01 alfa".to_owned()));
    assert!(!through(465).contains(&"3.1-01 alfa".to_owned()));
}

#[test]
fn a_reception_point_announces_starttls() {
    let announces =
        |port, extensions: &[&str]| Script::default().add("hello", at(1), announced("beta", port, extensions));
    passes(&announces(25, &["8BITMIME", "starttls"]), &["5.3-04 beta"]);
    fails(&announces(25, &["8BITMIME", "SIZE 100"]), &["5.3-04 beta"]);
    silent(&announces(465, &[]), &["5.3-04 beta"]);
}

/// Whose choice it was that an envelope came in the clear.
#[test]
fn what_comes_in_the_clear_is_laid_to_who_sends_it_so() {
    let in_clear = |client: &'static str, others: bool| {
        crossing(ORIGINAL).altered(move |trace| {
            for event in &mut trace.events {
                if let What::Transfer(transfer) = &mut event.what
                    && transfer.session.port == 25
                {
                    transfer.secured = others && transfer.session.client != client;
                }
            }
        })
    };
    let blamed =
        |failed: Vec<String>| -> Vec<String> { failed.into_iter().filter(|one| one.starts_with("5.3-03")).collect() };
    assert_eq!(blamed(in_clear("alfa", true)), ["5.3-03 alfa"]);
    assert_eq!(blamed(in_clear("alfa", false)), ["5.3-03 alfa", "5.3-03 beta"], "each for what it sends");
    let to_a_third = crossing(ORIGINAL).altered(|trace| {
        for event in &mut trace.events {
            if let What::Transfer(transfer) = &mut event.what
                && transfer.session.port == 25
            {
                transfer.secured = false;
            }
        }
        let place = trace
            .events
            .iter()
            .position(|event| matches!(&event.what, What::Transfer(one) if one.session.client == "alfa"));
        let mut elsewhere = trace.events[place.expect("an envelope")].clone();
        if let What::Transfer(transfer) = &mut elsewhere.what {
            (transfer.session.server, transfer.secured) = ("mail.test".into(), true);
        }
        trace.events.push(elsewhere);
        trace.events.retain(|event| !matches!(&event.what, What::Transfer(one) if one.session.client == "beta"));
    });
    assert_eq!(blamed(to_a_third), ["5.3-03 alfa", "5.3-03 beta"], "with others alfa uses TLS");
}

fn with_terms(script: Script) -> Script {
    let of = |name: &str| terms(name, &[&format!("mx.{name}.test")], None, false);
    script.add("terms-alfa", at(0), of("alfa")).add("terms-beta", at(0), of("beta"))
}

#[test]
fn certified_mail_passes_through_machines_of_providers_alone() {
    let script = || {
        with_terms(crossing(ORIGINAL)).text("busta-stored", "from alfa by beta", "from mx.alfa.test by MX.beta.test")
    };
    passes(&script(), &["5.3-06 alfa"]);
    let detour =
        "from relay.esterno.example by mx.beta.test;\r\n\tnow\r\nReceived: from mx.alfa.test by relay.esterno.example";
    fails(&script().text("busta-stored", "from mx.alfa.test by MX.beta.test", detour), &["5.3-06 alfa"]);
    silent(&crossing(ORIGINAL), &["5.3-06 alfa"]);
    let handed = wire("alfa", "relay", "anna@alfa.test", &["bruno@beta.test"], &script().message("busta"));
    assert!(verdicts(&script().add("handed", at(5), handed), Outcome::Fail).contains("5.3-06 alfa"));
}

/// An envelope repeats the trace fields of the original, which came from the user's own network.
#[test]
fn the_trace_of_an_original_is_no_way_of_its_envelope() {
    let own = "Received: from ufficio.example by casa.example; Mon, 1 Jun 2026 09:00:00 +0200\r\n";
    let original = format!("{own}{ORIGINAL}");
    let script = crossing(&original).text("busta", "X-Trasporto", &format!("{own}X-Trasporto")).text(
        "busta-stored",
        "X-Trasporto",
        &format!("{own}X-Trasporto"),
    );
    let script = with_terms(script).text("busta-stored", "from alfa by beta", "from mx.alfa.test by mx.beta.test");
    passes(&script, &["5.3-06 alfa"]);
}

#[test]
fn a_second_exchanger_is_a_machine_of_the_provider() {
    let resolves = |exchangers: &[&str], machines: &[&str]| {
        let owned = terms("beta", machines, None, false);
        Script::default().add("terms", at(0), owned).add("mx", at(1), resolved("alfa", "beta.test", exchangers))
    };
    let (first, second) = ("mx.beta.test", "mx2.beta.test");
    passes(&resolves(&[first, second], &[first, second]), &["5.3-08 beta"]);
    fails(&resolves(&[first, "mx.altri.example"], &[first, second]), &["5.3-08 beta"]);
    silent(&resolves(&[first], &[first]), &["5.3-08 beta"]);
}

#[test]
fn the_right_password_opens_a_mailbox() {
    let visits = |admitted| Script::default().add("visit", at(1), entered("bruno@beta.test", admitted));
    passes(&visits(true), &["6-02 beta"]);
    fails(&visits(false), &["6-02 beta"]);
    let down = visits(false).add("down", at(0), fault("disk-full", "beta", collaudo_record::FaultPhase::Injected));
    silent(&down, &["6-02 beta"]);
}

/// What a clean message carries, seen at its sender's and in its recipient's mailbox.
#[test]
fn a_clean_message_arrives_with_the_content_that_was_sent() {
    passes(&crossing(ORIGINAL), &["5.4-02 beta"]);
    let scanned = |new: &str| crossing(ORIGINAL).text("busta", "1;2", new).text("busta-stored", "1;2", new);
    for taken in ["", "1;2;3", "attachment removed"] {
        assert!(verdicts(&scanned(taken), Outcome::Fail).contains("5.4-02 alfa"), "{taken}");
    }
    let footer = |script: Script, name| script.text(name, "1;2\r\n", "1;2\r\n--o\r\n\r\nNo virus found.\r\n");
    let added = footer(footer(crossing(ORIGINAL), "busta"), "busta-stored");
    assert!(verdicts(&added, Outcome::Fail).contains("5.4-02 alfa"));
    let at_home = footer(crossing(ORIGINAL), "busta-stored");
    assert!(verdicts(&at_home, Outcome::Fail).contains("5.4-02 beta"));
    let stranger =
        Script::default().add("submit", at(1), submit(ORIGINAL, &["bruno@beta.test"])).add("end", at(2), Act::End);
    silent(&stranger, &["5.4-02 beta"]);
}
