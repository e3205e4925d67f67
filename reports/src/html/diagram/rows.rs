//! What the diagram shows, row by row, before anything is drawn.

use std::collections::BTreeSet;

use collaudo_record::{Event, FaultPhase, Player, ScenarioRecord, Span, Transfer, What};

use crate::{
    html::{
        report::message_of,
        story::{self, Fate},
    },
    lang::Lang,
};

/// The host that people's clients run on.
const PEOPLE: &str = "users";
/// A longer silence is cut out.
const SILENCE: Span = Span::from_secs(60);
/// So many rows are drawn; the trace's list has them all.
const ROWS: usize = 160;

/// Lanes from left to right, rows from top to bottom.
pub(super) struct Diagram<'a> {
    pub(super) title: &'a str,
    pub(super) lanes: Vec<Lane<'a>>,
    pub(super) rows: Vec<Row>,
}

/// One host.
pub(super) struct Lane<'a> {
    pub(super) host: &'a str,
    pub(super) below: &'a str,
}

/// One line of the diagram.
pub(super) struct Row {
    pub(super) offset: Span,
    pub(super) mark: Mark,
    /// The place of its event; none for what is no event.
    pub(super) event: Option<u32>,
}

/// What a row shows; hosts are places among the lanes, messages places in the scenario.
pub(super) enum Mark {
    /// A mail transaction.
    Arrow {
        from: usize,
        to: usize,
        label: String,
        tone: Tone,
        fate: Fate,
        again: Option<Again>,
        message: Option<usize>,
    },
    /// A message put in a mailbox, as the provider declares.
    Stored { lane: usize, label: String, tone: Tone, message: Option<usize> },
    /// A fault begins or ends.
    Fault { number: u32, lanes: (usize, usize), label: String, begins: bool },
    /// A host stops or runs again.
    Host { lane: usize, label: String, up: bool },
    /// A step that could not be carried out.
    Failed { lane: usize, label: String },
    /// Silence, cut out.
    Silence(Span),
    /// The end of the run.
    End,
    /// So many further rows were not drawn.
    More(usize),
}

/// The same refusal again and again.
pub(super) struct Again {
    pub(super) times: u32,
    pub(super) last: Span,
}

/// What kind of message it is, for its colour.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// What people write, and the envelopes that carry it.
    Mail,
    /// Receipts.
    Receipt,
    /// Notices that something went wrong.
    Notice,
}

impl<'a> Diagram<'a> {
    pub(super) fn of(lang: Lang, scenario: &'a ScenarioRecord) -> Self {
        let lanes = lanes(lang, scenario);
        let mut rows = Vec::new();
        let mut stopped = BTreeSet::new();
        for (place, event) in in_order_of_cause(story::before_the_end(&scenario.events)) {
            if let Some(row) = row(lang, scenario, &lanes, (place, event), &mut stopped) {
                fold_in(&mut rows, row);
            }
        }
        if rows.len() > ROWS {
            let left = rows.split_off(ROWS);
            let offset = left.first().map_or(Span::default(), |row| row.offset);
            rows.push(Row { offset, mark: Mark::More(left.len()), event: None });
        } else if !lanes.is_empty() {
            rows.push(Row { offset: scenario.simulated, mark: Mark::End, event: None });
        }
        Self { title: &scenario.title, lanes, rows: with_silence(rows) }
    }
}

/// A transaction ends with its reply, but what it brought was there with its final dot: before anything that followed.
fn in_order_of_cause(events: &[Event]) -> Vec<(u32, &Event)> {
    let mut ordered: Vec<_> = (0..).zip(events).collect();
    ordered.sort_by_key(|(_, event)| match &event.what {
        What::Transfer(transfer) => (transfer.body_at.unwrap_or(event.at), false),
        _ => (event.at, true),
    });
    ordered
}

/// People first, then the providers that anything happened to, in the record's order, then hosts that it does not name.
fn lanes(lang: Lang, scenario: &ScenarioRecord) -> Vec<Lane<'_>> {
    let mut seen: Vec<&str> = Vec::new();
    for event in story::before_the_end(&scenario.events) {
        let hosts: Vec<&str> = match &event.what {
            What::Transfer(t) => vec![&t.session.client, &t.session.server],
            What::Stored { provider, .. } | What::Retained { provider, .. } => vec![provider],
            What::StepFailed { .. } => vec![PEOPLE],
            What::Host { host, up: false } => vec![host],
            What::Fault { hosts, .. } => hosts.iter().map(String::as_str).collect(),
            What::Opened(_)
            | What::Secured(_)
            | What::Closed { .. }
            | What::Logged { .. }
            | What::Sealed { .. }
            | What::Fetched { .. }
            | What::Published { .. }
            | What::Consulted { .. }
            | What::Requested(_)
            | What::Terms(_)
            | What::Announced { .. }
            | What::Resolved { .. }
            | What::Entered { .. }
            | What::Host { up: true, .. } => vec![],
        };
        for host in hosts {
            if !seen.contains(&host) {
                seen.push(host);
            }
        }
    }
    seen.sort_by_key(|host| match *host {
        PEOPLE => 0,
        host => 1 + scenario.providers.iter().position(|p| p.name == host).unwrap_or(scenario.providers.len()),
    });
    seen.into_iter().map(|host| Lane { host, below: below(lang, scenario, host) }).collect()
}

fn below<'a>(lang: Lang, scenario: &'a ScenarioRecord, host: &str) -> &'a str {
    match scenario.providers.iter().find(|p| p.name == host) {
        Some(provider) if provider.player == Player::Peer => lang.of("scripted peer", "gestore di scena"),
        Some(provider) => &provider.display_name,
        None if host == PEOPLE => lang.of("people's clients", "programmi degli utenti"),
        None => "",
    }
}

fn row<'a>(
    lang: Lang,
    scenario: &ScenarioRecord,
    lanes: &[Lane<'_>],
    (place, event): (u32, &'a Event),
    stopped: &mut BTreeSet<&'a str>,
) -> Option<Row> {
    let lane = |host: &str| lanes.iter().position(|lane| lane.host == host);
    let mark = match &event.what {
        What::Transfer(transfer) => {
            arrow(lang, scenario, transfer, lane(&transfer.session.client)?, lane(&transfer.session.server)?)
        }
        What::Stored { provider, mailbox, body } => {
            let message = message_of(scenario, body).map(|(place, _)| place);
            let label = format!("{mailbox} \u{2190} {}", story::message(lang, scenario, body));
            Mark::Stored { lane: lane(provider)?, label, tone: tone(scenario, message), message }
        }
        What::Retained { provider, body } => {
            let message = message_of(scenario, body).map(|(place, _)| place);
            let label =
                format!("{} \u{2190} {}", lang.of("put aside", "messo da parte"), story::message(lang, scenario, body));
            Mark::Stored { lane: lane(provider)?, label, tone: tone(scenario, message), message }
        }
        What::StepFailed { step, why } => Mark::Failed {
            lane: lane(PEOPLE)?,
            label: format!("{step} {}: {why}", lang.of("not carried out", "non eseguito")),
        },
        What::Host { host, up: false } => {
            stopped.insert(host);
            Mark::Host { lane: lane(host)?, label: format!("{host} {}", lang.of("stops", "si ferma")), up: false }
        }
        // That every host starts at first is no news.
        What::Host { host, up: true } => stopped
            .remove(host.as_str())
            .then(|| lane(host))
            .flatten()
            .map(|lane| Mark::Host { lane, label: format!("{host} {}", lang.of("runs again", "riparte")), up: true })?,
        What::Fault { fault, kind, hosts, phase } => {
            // A fault of no host in particular concerns them all.
            let places: Vec<usize> = match hosts.as_slice() {
                [] => (0..lanes.len()).collect(),
                hosts => hosts.iter().filter_map(|host| lane(host)).collect(),
            };
            let lanes = (*places.iter().min()?, *places.iter().max()?);
            let label = story::fault(lang, kind, hosts, *phase);
            Mark::Fault { number: *fault, lanes, label, begins: *phase == FaultPhase::Injected }
        }
        What::Opened(_)
        | What::Secured(_)
        | What::Closed { .. }
        | What::Logged { .. }
        | What::Sealed { .. }
        | What::Fetched { .. }
        | What::Published { .. }
        | What::Consulted { .. }
        | What::Requested(_)
        | What::Terms(_)
        | What::Announced { .. }
        | What::Resolved { .. }
        | What::Entered { .. } => return None,
    };
    let at = if let What::Transfer(transfer) = &event.what { transfer.body_at } else { None };
    let offset = at.unwrap_or(event.at).since(scenario.epoch);
    Some(Row { offset, mark, event: Some(place) })
}

fn arrow(lang: Lang, scenario: &ScenarioRecord, transfer: &Transfer, from: usize, to: usize) -> Mark {
    let message = transfer.body.as_ref().and_then(|body| message_of(scenario, body)).map(|(place, _)| place);
    let what = match &transfer.body {
        Some(body) => story::message(lang, scenario, body),
        None => {
            let none = lang.of("no message", "nessun messaggio");
            transfer.step.as_ref().map_or(none.to_owned(), |step| format!("{step}: {none}"))
        }
    };
    let fate = story::fate(transfer);
    let label = match &fate {
        Fate::Taken => {
            match transfer.forward_paths.iter().filter(|f| f.reply.as_ref().is_some_and(|r| r.code >= 400)).count() {
                0 => what,
                n => {
                    let of = transfer.forward_paths.len();
                    format!("{what} ({n}/{of} {})", lang.of("recipients refused", "destinatari rifiutati"))
                }
            }
        }
        Fate::Refused(reply) => format!("{what} \u{2014} {}: {reply}", lang.of("refused", "rifiutato")),
        Fate::Broken => format!("{what} \u{2014} {}", lang.of("broken off", "interrotto")),
    };
    Mark::Arrow { from, to, label, tone: tone(scenario, message), fate, again: None, message }
}

fn tone(scenario: &ScenarioRecord, message: Option<usize>) -> Tone {
    match message.and_then(|place| scenario.messages.get(place)).map(|anatomy| anatomy.kind.as_str()) {
        Some("accettazione" | "presa-in-carico" | "avvenuta-consegna") => Tone::Receipt,
        Some(
            "non-accettazione" | "errore-consegna" | "preavviso-errore-consegna" | "rilevazione-virus" | "anomalia",
        ) => Tone::Notice,
        _ => Tone::Mail,
    }
}

/// Adds a row; a refusal that repeats one of an unbroken series of refusals is counted with it.
fn fold_in(rows: &mut Vec<Row>, new: Row) {
    if let Mark::Arrow { from, to, label, fate, .. } = &new.mark
        && *fate != Fate::Taken
    {
        let series =
            rows.iter_mut().rev().take_while(|r| matches!(&r.mark, Mark::Arrow { fate, .. } if *fate != Fate::Taken));
        for row in series {
            if let Mark::Arrow { from: f, to: t, label: l, again, .. } = &mut row.mark
                && (*f, *t, &*l) == (*from, *to, label)
            {
                let times = again.as_ref().map_or(1, |again| again.times) + 1;
                *again = Some(Again { times, last: new.offset });
                return;
            }
        }
    }
    rows.push(new);
}

/// Puts a row of silence where nothing happened for long, the time before the first row included.
fn with_silence(rows: Vec<Row>) -> Vec<Row> {
    let mut out: Vec<Row> = Vec::with_capacity(rows.len());
    let mut last = Span::default();
    for row in rows {
        let silent = Span(row.offset.0.saturating_sub(last.0));
        if silent > SILENCE {
            out.push(Row { offset: last, mark: Mark::Silence(silent), event: None });
        }
        last = match &row.mark {
            Mark::Arrow { again: Some(again), .. } => last.max(again.last),
            _ => last.max(row.offset),
        };
        out.push(row);
    }
    out
}
