//! An event told in one sentence.

use collaudo_record::{BodyHash, Event, FaultPhase, Reply, ScenarioRecord, Transfer, What};

use super::anchor::place_of;
use crate::words::octets;

/// How a mail transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Taken by the server, though perhaps not for every forward path.
    Taken,
    /// Refused, with the reply that did it.
    Refused(String),
    /// The connection went before the last reply.
    Broken,
}

pub(super) fn fate(transfer: &Transfer) -> Fate {
    let refusal = |reply: &Reply| reply.code >= 400;
    if let Some(reply) = &transfer.reply {
        return if refusal(reply) { Fate::Refused(said(reply)) } else { Fate::Taken };
    }
    if let Some(reply) = transfer.reverse_reply.as_ref().filter(|r| refusal(r)) {
        return Fate::Refused(said(reply));
    }
    let mut paths = transfer.forward_paths.iter().map(|f| f.reply.as_ref());
    match transfer.forward_paths.first().and_then(|f| f.reply.as_ref()) {
        Some(first) if paths.all(|r| r.is_some_and(refusal)) => Fate::Refused(said(first)),
        _ => Fate::Broken,
    }
}

/// A message as the judge calls it, with the step that it is about.
pub(super) fn message(scenario: &ScenarioRecord, body: &BodyHash) -> String {
    let Some(anatomy) = place_of(scenario, body).and_then(|place| scenario.messages.get(place)) else {
        return "a message".to_owned();
    };
    match &anatomy.step {
        Some(step) if !anatomy.label.contains(step.as_str()) => format!("{step}: {}", anatomy.label),
        _ => anatomy.label.clone(),
    }
}

/// What a fault does, as a headline: `partition of alfa, beta begins`.
pub(super) fn fault(kind: &str, hosts: &[String], phase: FaultPhase) -> String {
    let word = match phase {
        FaultPhase::Injected => "begins",
        FaultPhase::Healed => "is over",
    };
    let whose = if hosts.is_empty() { String::new() } else { format!(" of {}", hosts.join(", ")) };
    format!("{kind}{whose} {word}")
}

/// The whole event, without its instant.
pub(super) fn sentence(scenario: &ScenarioRecord, event: &Event) -> String {
    match &event.what {
        What::Opened(s) => format!("connection {} opened, {} to {} port {}", s.session, s.client, s.server, s.port),
        What::Secured(s) => format!("connection {} under TLS", s.session),
        What::Closed { session: s, wire } => {
            format!(
                "connection {} closed after {} up, {} down",
                s.session,
                octets(wire.octets_up),
                octets(wire.octets_down)
            )
        }
        What::Transfer(transfer) => transaction(scenario, transfer),
        What::Stored { mailbox, body, provider } => {
            format!("{provider} stores {} in {mailbox}", message(scenario, body))
        }
        What::Retained { provider, body } => format!("{provider} puts {} aside", message(scenario, body)),
        What::Sealed { provider, day, .. } => format!("{provider} seals its log of {day}"),
        What::Fetched { mailbox, over, body, .. } => {
            format!("{} fetched from {mailbox} over {}", message(scenario, body), over.to_ascii_uppercase())
        }
        What::Published { document, body } => {
            format!("{document} {}", if body.is_some() { "is published anew" } else { "can be had no more" })
        }
        What::Consulted { host, document, over, body } => {
            let got = if body.is_some() { "gets" } else { "does not get" };
            format!("{host} {got} {document} over {}", over.to_ascii_uppercase())
        }
        What::Logged { provider, entry } => {
            let id = entry.pec_msgid.as_ref().map_or(String::new(), |id| format!(", message {id}"));
            format!("{provider} logs {}{id}", entry.event)
        }
        What::StepFailed { step, why } => format!("step {step} could not be carried out: {why}"),
        What::Host { host, up } => format!("{host} {}", if *up { "runs" } else { "stops" }),
        What::Fault { kind, hosts, phase, .. } => fault(kind, hosts, *phase),
    }
}

fn transaction(scenario: &ScenarioRecord, transfer: &Transfer) -> String {
    let what = transfer.body.as_ref().map_or("no message".to_owned(), |body| message(scenario, body));
    let paths: Vec<String> = transfer
        .forward_paths
        .iter()
        .map(|f| match &f.reply {
            Some(reply) if reply.code >= 400 => format!("<{}> (refused: {})", f.path, said(reply)),
            _ => format!("<{}>", f.path),
        })
        .collect();
    let end = match fate(transfer) {
        Fate::Taken => transfer.reply.as_ref().map_or(String::new(), |reply| format!("taken: {}", said(reply))),
        Fate::Refused(reply) => format!("refused: {reply}"),
        Fate::Broken => "broken off before the last reply".to_owned(),
    };
    format!(
        "{} to {}: {what}, from <{}> to {}{}; {end}",
        transfer.session.client,
        transfer.session.server,
        transfer.reverse_path,
        paths.join(", "),
        if transfer.secured { "" } else { ", without TLS" },
    )
}

fn said(reply: &Reply) -> String {
    format!("{} {}", reply.code, reply.text).trim_end().to_owned()
}

/// The events without those of the end, when every host stops with the run: that is no news of any of them.
pub(super) fn before_the_end(events: &[Event]) -> &[Event] {
    let stops = |event: &&Event| matches!(event.what, What::Host { up: false, .. });
    let ending = events.iter().rev().take_while(stops).count();
    events.get(..events.len() - ending).unwrap_or_default()
}
