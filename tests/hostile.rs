//! Goal: a hostile message inside a run costs at most a verdict.
//! Method: messages that no honest program writes are submitted by a person, and sent as they are by another provider,
//! signed and unsigned; the run must come to its end, be judged, and leave the next message unharmed.

use std::sync::Arc;

use collaudo_record::What;
use collaudo_scenario::Plan;
use collaudo_tests::{SEED, scenario, trace};

#[test]
fn a_hostile_submission_costs_at_most_a_verdict() {
    for (name, octets) in hostile() {
        let mut plan = plan("anna", "");
        plan.steps[0].submit.message = Arc::from(octets.as_slice());
        survives(&plan, name);
    }
}

#[test]
fn a_hostile_message_of_another_provider_costs_at_most_a_verdict() {
    for forgery in ["ordinary", "envelope"] {
        for (name, octets) in hostile() {
            let mut plan = plan("carla", &format!(", forge = \"{forgery}\""));
            plan.steps[0].submit.message = Arc::from(octets.as_slice());
            survives(&plan, name);
        }
    }
}

/// Whatever became of the hostile message, the honest one after it arrives.
fn survives(plan: &Plan, name: &str) {
    let trace = trace(plan);
    let judgement = collaudo_judge::judge(&trace);
    assert!(!judgement.messages.is_empty(), "{name}: nothing was read");
    let honest = trace.events.iter().any(|event| {
        matches!(&event.what, What::Stored { mailbox, body, .. }
            if mailbox == "bianca@beta.test" && trace.body(body).is_some_and(|octets| contains(octets, b"Onesto")))
    });
    assert!(honest, "{name}: the honest message after it did not arrive");
}

fn plan(from: &str, forge: &str) -> Plan {
    let text = format!(
        "title = \"Hostile\"\nwhy = \"Survival.\"\ntopology = \"three-providers\"\ncovers = []\nuntil = \"5m\"\n\
         provider = {{ gamma = {{ play = \"peer\", behaviour = \"silent\" }} }}\n\
         step = [\n\
         {{ at = \"1s\", submit = {{ id = \"bad\", from = \"{from}\", to = [\"bruno\"]{forge} }} }},\n\
         {{ at = \"1m\", submit = {{ id = \"good\", from = \"anna\", to = [\"bianca\"], subject = \"Onesto\" }} }},\n]\n"
    );
    scenario(&text).plan(SEED)
}

fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let head = |from: &str| {
        format!("From: {from}\r\nTo: bruno@beta.test\r\nDate: Mon, 02 Mar 2026 09:00:00 +0100\r\nSubject: x\r\n")
            .into_bytes()
    };
    let with = |extra: &[u8]| [head("anna@alfa.test"), extra.to_vec()].concat();
    vec![
        ("nothing", Vec::new()),
        ("one octet", b"x".to_vec()),
        ("no end of header", with(b"")),
        ("every octet", with(&[b"\r\n".as_slice(), &(0..=255).collect::<Vec<u8>>(), b"\r\n"].concat())),
        ("nul in header", with(b"X-Nul: a\0b\r\n\r\nx\r\n")),
        ("endless field", with(&[b"X-Long: ".as_slice(), &vec![b'a'; 300_000], b"\r\n\r\nx\r\n"].concat())),
        ("many fields", with(&[b"X-Many: y\r\n".repeat(20_000), b"\r\nx\r\n".to_vec()].concat())),
        ("many folds", with(&[b"X-Fold: y\r\n".to_vec(), b" y\r\n".repeat(20_000), b"\r\nx\r\n".to_vec()].concat())),
        ("deep multiparts", with(&deep(2_000))),
        ("deep messages", with(&b"Content-Type: message/rfc822\r\n\r\n".repeat(2_000))),
        ("many parts", with(&many(20_000))),
        ("empty boundary", with(b"Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n\r\n----\r\n")),
        ("a boundary that never ends", with(b"Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\n\r\nx\r\n")),
        ("nested comments", [head(&format!("{}anna@alfa.test", "(".repeat(5_000))), b"\r\nx\r\n".to_vec()].concat()),
        ("a signature of junk", with(
            b"Content-Type: multipart/signed; boundary=\"b\"; protocol=\"application/pkcs7-signature\"; micalg=sha1\r\n\r\n\
              --b\r\nContent-Type: multipart/mixed; boundary=\"c\"\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b\r\n\
              Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n\
              MIIB/////w==\r\n--b--\r\n",
        )),
        ("entities in certification data", with(
            b"Content-Type: multipart/mixed; boundary=\"b\"\r\nX-Ricevuta: avvenuta-consegna\r\n\r\n--b\r\n\
              Content-Type: application/xml; name=daticert.xml\r\n\r\n<!DOCTYPE a [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]>\
              <postacert tipo=\"&b;\">&b;<!ENTITY x SYSTEM \"file:///etc/passwd\">\r\n--b--\r\n",
        )),
        ("an encoded word without end", with(b"Subject: =?utf-8?b?////\r\nX-Y: =?x?q?=?=\r\n\r\nx\r\n")),
    ]
}

fn deep(levels: usize) -> Vec<u8> {
    let mut octets = Vec::new();
    for n in 0..levels {
        octets.extend_from_slice(
            format!("Content-Type: multipart/mixed; boundary=\"b{n}\"\r\n\r\n--b{n}\r\n").as_bytes(),
        );
    }
    octets.extend_from_slice(b"\r\nx\r\n");
    octets
}

fn many(parts: usize) -> Vec<u8> {
    let mut octets = b"Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n".to_vec();
    octets.extend_from_slice(&b"--b\r\nContent-Type: text/plain; name=x\r\n\r\nx\r\n".repeat(parts));
    octets.extend_from_slice(b"--b--\r\n");
    octets
}

fn contains(octets: &[u8], sought: &[u8]) -> bool {
    octets.windows(sought.len()).any(|window| window == sought)
}
