//! Every kind of message that the reference writes, whole and readable. A change of wording or structure shows here
//! before anyone reads it in a mailbox.

use collaudo_record::Anatomy;
use collaudo_tests::{SEED, trace_of};
use insta::assert_snapshot;

#[test]
fn acceptance_receipt() {
    assert_snapshot!(message("flows/cross-provider", "accettazione", ""));
}

#[test]
fn non_acceptance_notice() {
    assert_snapshot!(message("access-point/bcc-field", "non-accettazione", ""));
}

#[test]
fn transport_envelope() {
    assert_snapshot!(message("flows/cross-provider", "posta-certificata", ""));
}

#[test]
fn take_charge_receipt() {
    assert_snapshot!(message("flows/cross-provider", "presa-in-carico", ""));
}

#[test]
fn anomaly_envelope() {
    assert_snapshot!(message("reception-point/anomaly-from-listed-provider", "anomalia", ""));
}

#[test]
fn delivery_receipt_complete() {
    assert_snapshot!(message("delivery-point/receipt-complete", "avvenuta-consegna", "(complete)"));
}

#[test]
fn delivery_receipt_brief() {
    assert_snapshot!(message("delivery-point/receipt-brief", "avvenuta-consegna", "(brief)"));
}

#[test]
fn delivery_receipt_concise() {
    assert_snapshot!(message("delivery-point/receipt-concise", "avvenuta-consegna", "(concise)"));
}

#[test]
fn non_delivery_notice_unknown_mailbox() {
    assert_snapshot!(message("delivery-point/unknown-mailbox", "errore-consegna", ""));
}

#[test]
fn non_delivery_notice_mailbox_full() {
    assert_snapshot!(message("delivery-point/mailbox-full", "errore-consegna", ""));
}

#[test]
fn non_acceptance_notice_virus() {
    assert_snapshot!(message("attacks/virus-in-base64", "non-accettazione", ""));
}

#[test]
fn virus_detection_notice() {
    assert_snapshot!(message("attacks/virus-from-outside", "rilevazione-virus", ""));
}

#[test]
fn non_delivery_notice_virus() {
    assert_snapshot!(message("attacks/virus-found-elsewhere", "errore-consegna", ""));
}

#[test]
fn anomaly_envelope_around_ordinary_mail() {
    assert_snapshot!(message("reception-point/ordinary-in-anomaly-envelope", "anomalia", ""));
}

#[test]
fn delivery_receipt_of_the_html_family() {
    assert_snapshot!(message("flows/html-family", "avvenuta-consegna", ""));
}

#[test]
fn delivery_receipt_of_the_plain_family() {
    assert_snapshot!(message("flows/plain-family", "avvenuta-consegna", ""));
}

#[test]
fn timeout_notice_12_h() {
    assert_snapshot!(nth_message("timeouts/destination-down-26h", "preavviso-errore-consegna", "", 0));
}

#[test]
fn timeout_notice_24_h() {
    assert_snapshot!(nth_message("timeouts/destination-down-26h", "preavviso-errore-consegna", "", 1));
}

fn message(scenario: &str, kind: &str, label: &str) -> String {
    nth_message(scenario, kind, label, 0)
}

/// A message of a kind whose label holds `label`, the nth in time: its octets, the signature told in one line, the
/// certification data once more as text.
fn nth_message(scenario: &str, kind: &str, label: &str, nth: usize) -> String {
    let trace = trace_of(scenario, SEED);
    let messages = collaudo_judge::judge(&trace).messages;
    let wanted = |message: &&Anatomy| message.kind == kind && message.label.contains(label);
    let found = messages.iter().filter(wanted).nth(nth).unwrap_or_else(|| {
        let labels: Vec<_> = messages.iter().map(|message| &message.label).collect();
        panic!("{scenario} has no {kind} {label}; it has {labels:#?}")
    });
    let octets = trace.body(&found.body).expect("a message of the trace");
    let text: String = octets.iter().map(|octet| char::from(*octet)).collect();
    let data = found.daticert.as_deref().map(|xml| format!("\n[daticert.xml decoded]\n{}", xml.replace("\r\n", "\n")));
    with_signature_in_one_line(&text.replace("\r\n", "\n")) + &data.unwrap_or_default()
}

fn with_signature_in_one_line(text: &str) -> String {
    let Some(at) = text.rfind("smime.p7s") else { return text.to_owned() };
    let Some(begin) = text[at..].find("\n\n").map(|n| at + n + 2) else { return text.to_owned() };
    let Some(end) = text[begin..].find("\n--").map(|n| begin + n) else { return text.to_owned() };
    let characters = text[begin..end].chars().filter(|c| !c.is_whitespace()).count();
    format!("{}[{characters} characters of base64]{}", &text[..begin], &text[end..])
}
