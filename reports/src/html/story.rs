//! An event told in one sentence.

use collaudo_record::{BodyHash, Event, FaultPhase, Reply, Request, ScenarioRecord, Terms, Transfer, What};

use super::report::message_of;
use crate::{lang::Lang, words::octets};

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
pub(super) fn message(lang: Lang, scenario: &ScenarioRecord, body: &BodyHash) -> String {
    let Some((_, anatomy)) = message_of(scenario, body) else {
        return lang.of("a message", "un messaggio").to_owned();
    };
    match &anatomy.step {
        Some(step) if !anatomy.label.contains(step.as_str()) => format!("{step}: {}", anatomy.label),
        _ => anatomy.label.clone(),
    }
}

/// What a fault does, as a headline: `partition of alfa, beta begins`.
pub(super) fn fault(lang: Lang, kind: &str, hosts: &[String], phase: FaultPhase) -> String {
    let word = match phase {
        FaultPhase::Injected => lang.of("begins", "comincia"),
        FaultPhase::Healed => lang.of("is over", "finisce"),
    };
    let whose = if hosts.is_empty() { String::new() } else { format!(" {} {}", lang.of("of", "di"), hosts.join(", ")) };
    format!("{kind}{whose} {word}")
}

/// The whole event, without its instant.
pub(super) fn sentence(lang: Lang, scenario: &ScenarioRecord, event: &Event) -> String {
    let message = |body: &BodyHash| message(lang, scenario, body);
    match &event.what {
        What::Opened(s) => format!(
            "{} {} {}, {} \u{2192} {} {} {}",
            connection(lang),
            s.session,
            lang.of("opened", "aperta"),
            s.client,
            s.server,
            lang.of("port", "porta"),
            s.port
        ),
        What::Secured(s) => format!("{} {} {}", connection(lang), s.session, lang.of("under TLS", "sotto TLS")),
        What::Closed { session: s, wire } => format!(
            "{} {} {} {} \u{2191}, {} \u{2193}",
            connection(lang),
            s.session,
            lang.of("closed after", "chiusa dopo"),
            octets(lang, wire.octets_up),
            octets(lang, wire.octets_down)
        ),
        What::Transfer(transfer) => transaction(lang, scenario, transfer),
        What::Stored { mailbox, body, provider } => {
            format!("{provider} {} {} {} {mailbox}", lang.of("stores", "conserva"), message(body), lang.of("in", "in"))
        }
        What::Retained { provider, body } => {
            format!("{provider} {} {}", lang.of("puts aside", "mette da parte"), message(body))
        }
        What::Sealed { provider, day, .. } => {
            format!("{provider} {} {day}", lang.of("seals its log of", "sigilla il registro del"))
        }
        What::Entered { mailbox, over, admitted, .. } => {
            let fate = match admitted {
                true => lang.of("opens over", "si apre per"),
                false => lang.of("does not open over", "non si apre per"),
            };
            format!("{mailbox} {fate} {}", over.to_ascii_uppercase())
        }
        What::Fetched { mailbox, over, body, .. } => {
            let over = over.to_ascii_uppercase();
            let (from, by) = (lang.of("fetched from", "prelevato da"), lang.of("over", "per"));
            format!("{} {from} {mailbox} {by} {over}", message(body))
        }
        What::Published { document, body: Some(_) } => {
            format!("{document} {}", lang.of("is published anew", "è pubblicato di nuovo"))
        }
        What::Published { document, body: None } => {
            format!("{document} {}", lang.of("can be had no more", "non si può più avere"))
        }
        What::Consulted { host, document, over, body } => {
            let got = match body {
                Some(_) => lang.of("gets", "ottiene"),
                None => lang.of("does not get", "non ottiene"),
            };
            format!("{host} {got} {document} {} {}", lang.of("over", "per"), over.to_ascii_uppercase())
        }
        What::Requested(request) => self::request(lang, request),
        What::Terms(terms) => self::terms(lang, terms),
        What::Announced { session: s, extensions } => format!(
            "{} {}: {} {} {}",
            connection(lang),
            s.session,
            s.server,
            lang.of("announces", "annuncia"),
            extensions.join(", ")
        ),
        What::Resolved { host, domain, exchangers } => {
            let learns = lang.of("learns where the mail goes of", "apprende dove va la posta di");
            format!("{host} {learns} {domain}: {}", exchangers.join(", "))
        }
        What::Logged { provider, entry } => {
            let id = entry.pec_msgid.as_ref().map_or(String::new(), |id| format!(", {id}"));
            format!("{provider} {} {}{id}", lang.of("logs", "registra"), entry.event)
        }
        What::StepFailed { step, why } => {
            format!("{step} {}: {why}", lang.of("could not be carried out", "non si è potuto eseguire"))
        }
        What::Host { host, up: true } => format!("{host} {}", lang.of("runs", "è in funzione")),
        What::Host { host, up: false } => format!("{host} {}", lang.of("stops", "si ferma")),
        What::Fault { kind, hosts, phase, .. } => fault(lang, kind, hosts, *phase),
    }
}

const fn connection(lang: Lang) -> &'static str {
    lang.of("connection", "connessione")
}

fn transaction(lang: Lang, scenario: &ScenarioRecord, transfer: &Transfer) -> String {
    let none = lang.of("no message", "nessun messaggio").to_owned();
    let what = transfer.body.as_ref().map_or(none, |body| message(lang, scenario, body));
    let refused = lang.of("refused", "rifiutato");
    let paths: Vec<String> = transfer
        .forward_paths
        .iter()
        .map(|f| match &f.reply {
            Some(reply) if reply.code >= 400 => format!("<{}> ({refused}: {})", f.path, said(reply)),
            _ => format!("<{}>", f.path),
        })
        .collect();
    let end = match fate(transfer) {
        Fate::Taken => {
            let taken = lang.of("taken", "preso");
            transfer.reply.as_ref().map_or(String::new(), |reply| format!("{taken}: {}", said(reply)))
        }
        Fate::Refused(reply) => format!("{refused}: {reply}"),
        Fate::Broken => lang.of("broken off before the last reply", "interrotto prima dell'ultima risposta").to_owned(),
    };
    format!(
        "{} \u{2192} {}: {what}, {} <{}> {} {}{}; {end}",
        transfer.session.client,
        transfer.session.server,
        lang.of("from", "da"),
        transfer.reverse_path,
        lang.of("to", "a"),
        paths.join(", "),
        if transfer.secured { "" } else { lang.of(", without TLS", ", senza TLS") },
    )
}

fn request(lang: Lang, request: &Request) -> String {
    let shown = match request.client {
        Some(_) => lang.of("with a certificate", "con un certificato"),
        None => lang.of("without a certificate", "senza certificato"),
    };
    let none = || lang.of("no reply", "nessuna risposta").to_owned();
    let status = request.status.map_or_else(none, |status| status.to_string());
    let asks = lang.of("asks over HTTPS", "chiede per HTTPS");
    format!("{} {asks}, {shown}, {} \u{2192} {}: {status}", request.host, request.document, request.server_name)
}

fn terms(lang: Lang, terms: &Terms) -> String {
    let within = |within| format!(", {} {within}", lang.of("acceptance within", "accettazione entro"));
    let acceptance = terms.acceptance.map_or_else(String::new, within);
    let qualified = if terms.qualified { lang.of(", a qualified service", ", servizio qualificato") } else { "" };
    let controls = lang.of("controls", "controlla");
    format!("{} {controls} {}{acceptance}{qualified}", terms.provider, terms.machines.join(", "))
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
