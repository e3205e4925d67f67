//! Goal: for any well-formed message of a user, `postacert.eml` gives the user's octets back but for the rewritten fields.
//! Method: messages drawn from a grammar of header and body shapes go the whole way through two providers.

use std::sync::Arc;

use collaudo_scenario::Plan;
use collaudo_tests::{
    SEED,
    message::{count, postacert, shown, without_rewritten},
    scenario, trace,
};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn postacert_gives_back_what_was_submitted(message in message()) {
        let submitted = octets(&message);
        let mut plan = plan();
        plan.steps[0].submit.message = Arc::from(submitted.as_slice());
        let trace = trace(&plan);
        let postacert = postacert(&trace, "bruno@beta.test");
        prop_assert!(postacert.is_some(), "a well-formed message was not delivered");
        let returned = postacert.unwrap_or_default();
        prop_assert_eq!(shown(&without_rewritten(&returned)), shown(&without_rewritten(&submitted)));
        prop_assert_eq!(count(&returned, "message-id"), 1);
        prop_assert_eq!(count(&returned, "x-riferimento-message-id"), usize::from(message.message_id.is_some()));
    }
}

#[derive(Clone, Debug)]
struct Message {
    message_id: Option<String>,
    fields: Vec<(String, Vec<String>)>,
    body: Vec<String>,
}

fn message() -> impl Strategy<Value = Message> {
    let name = "X-[A-Za-z]{1,12}".prop_filter("a field of the law", |name| {
        !["X-Riferimento-Message-ID", "X-TipoRicevuta"].iter().any(|law| law.eq_ignore_ascii_case(name))
    });
    let value = "[!-~][ -~\\t]{0,60}";
    let folds = prop::collection::vec(value, 1..4);
    let line = prop_oneof![
        "[ -~]{0,120}",
        Just(".".to_owned()),
        Just("..".to_owned()),
        Just("From x".to_owned()),
        Just(String::new())
    ];
    (
        prop::option::of("<[a-z0-9.]{1,20}@client\\.alfa\\.test>"),
        prop::collection::vec((name, folds), 0..5),
        prop::collection::vec(line, 0..12),
    )
        .prop_map(|(message_id, fields, body)| Message { message_id, fields, body })
}

fn octets(message: &Message) -> Vec<u8> {
    let mut text = String::from("Date: Mon, 02 Mar 2026 09:00:00 +0100\r\nFrom: Anna <anna@alfa.test>\r\n");
    for (name, folds) in &message.fields {
        text.push_str(&format!("{name}: {}\r\n", folds.join("\r\n ")));
    }
    text.push_str("To: bruno@beta.test\r\nSubject: Prova\r\n");
    if let Some(message_id) = &message.message_id {
        text.push_str(&format!("Message-ID: {message_id}\r\n"));
    }
    text.push_str("\r\n");
    for line in &message.body {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.into_bytes()
}

fn plan() -> Plan {
    let text = "title = \"Any message\"\nwhy = \"Octets.\"\ntopology = \"two-providers\"\ncovers = []\nuntil = \"1m\"\n\
                step = [{ at = \"0s\", submit = { id = \"m1\", from = \"anna\", to = [\"bruno\"] } }]\n";
    scenario(text).plan(SEED)
}
