//! The API for test suites.

use std::{collections::BTreeMap, time::Duration};

use collaudo_record::{BodyHash, Instant, What};
use collaudo_world::Injection;
use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    app::{App, Call, rfc3339},
    routes::{Answer, Fault},
};
use crate::{HEADER, Outcome};

/// How far the next message is looked for.
pub(crate) const NEXT_WITHIN: Duration = Duration::from_secs(48 * 3600);

/// The longest leap.
const LEAP_MAX: Duration = Duration::from_secs(744 * 3600);

pub(crate) fn state(app: &App, _: &Call, _: &str) -> Result<Answer, Fault> {
    let ready = &app.ready;
    let providers = ready.providers.iter().map(|provider| {
        let mut value = json!(provider);
        if let Some(submissions) = &provider.submissions {
            value["submissions"] = json!(submissions);
        }
        value
    });
    Ok(Answer::json(&json!({
        "now": rfc3339(app.lab.now()?),
        "providers": providers.collect::<Vec<_>>(),
        "special": ready.special,
        "outcomes": Outcome::ALL.map(Outcome::name),
        "header": HEADER,
        "ca": app.lab.authority(),
    })))
}

pub(crate) fn reset(app: &App, _: &Call, _: &str) -> Result<Answer, Fault> {
    app.reset()?;
    Ok(time(app.lab.now()?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leap {
    hours: Option<f64>,
    until: Option<String>,
}

pub(crate) fn leap(app: &App, call: &Call, _: &str) -> Result<Answer, Fault> {
    let by = match read::<Leap>(call)? {
        Leap { hours: Some(hours), until: None } => hours_from(hours)?,
        Leap { hours: None, until: Some(until) } => {
            let at: jiff::Timestamp = until
                .parse()
                .map_err(|_| bad(format!("until \"{until}\"; expected RFC 3339, such as 2026-03-02T21:00:00Z")))?;
            let span = Instant(at.as_microsecond()).since(app.lab.now()?);
            u64::try_from(span.0)
                .map(Duration::from_micros)
                .map_err(|_| bad("until lies in the past; the clock only goes on"))?
        }
        _ => return Err(bad("expected either hours or until")),
    };
    leap_by(app, by).map(time)
}

/// Reads a number of hours.
pub(crate) fn hours_from(hours: f64) -> Result<Duration, Fault> {
    let by =
        Duration::try_from_secs_f64(hours * 3600.0).map_err(|_| bad(format!("hours {hours}; expected more than 0")))?;
    if by.is_zero() { Err(bad("hours 0; expected more")) } else { Ok(by) }
}

pub(crate) fn leap_by(app: &App, by: Duration) -> Result<Instant, Fault> {
    if by > LEAP_MAX {
        let most = LEAP_MAX.as_secs() / 3600;
        return Err(bad(format!("a leap of {} hours; expected {most} at the most", by.as_secs() / 3600)));
    }
    Ok(app.lab.leap(by)?)
}

pub(crate) fn leap_next(app: &App, _: &Call, _: &str) -> Result<Answer, Fault> {
    let stored = app.lab.leap_to_message(NEXT_WITHIN)?.is_some();
    Ok(Answer::json(&json!({ "now": rfc3339(app.lab.now()?), "stored": stored })))
}

pub(crate) fn messages(app: &App, call: &Call, _: &str) -> Result<Answer, Fault> {
    let story = app.story()?;
    let (mailbox, kind) = (call.query("mailbox"), call.query("kind"));
    let mut listed: Vec<Value> = Vec::new();
    let mut places: BTreeMap<&BodyHash, usize> = BTreeMap::new();
    for (thread, n) in story.threads.iter().zip(1..) {
        for hop in &thread.hops {
            let Some(message) = story.message(&hop.body) else { continue };
            let crossing = json!({
                "at": rfc3339(hop.at), "from": hop.from, "to": hop.to, "refused": hop.refused, "times": hop.times,
            });
            let place = *places.entry(&hop.body).or_insert_with(|| {
                listed.push(json!({
                    "sha256": hop.body, "kind": message.kind, "from": message.from, "to": message.to,
                    "subject": message.subject, "octets": message.octets, "thread": n, "crossings": [],
                }));
                listed.len() - 1
            });
            if let Some(Value::Array(crossings)) = listed.get_mut(place).and_then(|value| value.get_mut("crossings")) {
                crossings.push(crossing);
            }
        }
    }
    let lies_in = |value: &Value, mailbox: &str| {
        let crossings = value["crossings"].as_array().into_iter().flatten();
        crossings.into_iter().any(|crossing| crossing["to"].as_str().is_some_and(|to| to.eq_ignore_ascii_case(mailbox)))
    };
    listed.retain(|value| mailbox.as_ref().is_none_or(|mailbox| lies_in(value, mailbox)));
    listed.retain(|value| kind.as_ref().is_none_or(|kind| value["kind"] == **kind));
    Ok(Answer::json(&json!({ "messages": listed })))
}

pub(crate) fn message(app: &App, _: &Call, sha256: &str) -> Result<Answer, Fault> {
    let none = || {
        Fault::new(StatusCode::NOT_FOUND, format!("no message \"{sha256}\"; /api/messages lists those that there are"))
    };
    let octets = app.lab.body(&BodyHash(sha256.to_ascii_lowercase()))?.ok_or_else(none)?;
    Ok(Answer { kind: "message/rfc822", octets: octets.to_vec() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    account: Option<String>,
    from: Option<String>,
    to: Vec<String>,
    message: Option<String>,
    subject: Option<String>,
    text: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

pub(crate) fn inject(app: &App, call: &Call, _: &str) -> Result<Answer, Fault> {
    let wanted = read::<Wanted>(call)?;
    let from = wanted.from.clone().or_else(|| wanted.account.clone());
    let from = from.ok_or_else(|| bad("neither from nor account; expected one"))?;
    if wanted.to.is_empty() {
        return Err(bad("to is empty; expected addresses"));
    }
    let paths = || wanted.to.iter().chain([&from]);
    if let Some(odd) = paths().find(|path| path.contains(|c: char| c.is_control() || c == '<' || c == '>' || c == ' '))
    {
        return Err(bad(format!("\"{}\" is no address", odd.escape_debug())));
    }
    let id = app.next_id();
    let message = match (&wanted.message, &wanted.subject, &wanted.text) {
        (Some(message), None, None) if wanted.headers.is_empty() => with_crlf(message),
        (None, ..) => composed(&wanted, &from, &id, app.lab.now()?)?,
        _ => return Err(bad("message beside subject, text or headers; expected one or the other")),
    };
    let message: std::sync::Arc<[u8]> = message.into_bytes().into();
    let (seen, body) = (app.lab.events(0)?.len(), BodyHash::of(&message));
    let handed =
        Injection { id: id.clone(), account: wanted.account, reverse_path: from, forward_paths: wanted.to, message };
    app.lab.inject(handed)?;
    let reply = app.lab.events(seen)?.into_iter().find_map(|event| match event.what {
        What::Transfer(transfer) if transfer.step.as_ref() == Some(&id) => transfer.reply,
        // Of mail from outside no step is told.
        What::Transfer(transfer) if transfer.body.as_ref() == Some(&body) => transfer.reply,
        _ => None,
    });
    let reply = reply.map(|reply| format!("{} {}", reply.code, reply.text));
    Ok(Answer::json(&json!({ "now": rfc3339(app.lab.now()?), "reply": reply })))
}

/// A plain message of what was wanted.
fn composed(wanted: &Wanted, from: &str, id: &str, now: Instant) -> Result<String, Fault> {
    let date = jiff::Timestamp::from_microsecond(now.0).map_err(|error| bad(error.to_string()))?;
    let date = jiff::fmt::rfc2822::to_string(&date.to_zoned(jiff::tz::TimeZone::UTC))
        .map_err(|error| bad(error.to_string()))?;
    let domain = from.rsplit_once('@').map_or("lab.test", |(_, domain)| domain);
    let fields = [
        ("From", from.to_owned()),
        ("To", wanted.to.join(", ")),
        ("Subject", collaudo_forge::encode_words(wanted.subject.as_deref().unwrap_or("Prova"))),
        ("Date", date),
        ("Message-ID", format!("<{id}.{}@{domain}>", now.0)),
        ("MIME-Version", "1.0".to_owned()),
        ("Content-Type", "text/plain; charset=utf-8".to_owned()),
        ("Content-Transfer-Encoding", "8bit".to_owned()),
    ];
    let own = |name: &str| wanted.headers.keys().any(|own| own.eq_ignore_ascii_case(name));
    let given = wanted.headers.iter().map(|(name, value)| (name.as_str(), value.clone()));
    let mut text = String::new();
    for (name, value) in fields.into_iter().filter(|(name, _)| !own(name)).chain(given) {
        let named = !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_graphic() && octet != b':');
        if !named || value.contains(['\r', '\n', '\0']) {
            return Err(bad(format!(
                "the header field \"{}\"; expected a name without colon and one line",
                name.escape_debug()
            )));
        }
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    Ok(format!("{text}\r\n{}\r\n", with_crlf(wanted.text.as_deref().unwrap_or("Una prova."))))
}

/// Lines as they cross, however they were written.
fn with_crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

fn read<T: for<'a> Deserialize<'a>>(call: &Call) -> Result<T, Fault> {
    serde_json::from_slice(&call.body)
        .map_err(|error| bad(format!("the request: {error}; /api/openapi.json says what is expected")))
}

fn time(now: Instant) -> Answer {
    Answer::json(&json!({ "now": rfc3339(now) }))
}

fn bad(why: impl Into<String>) -> Fault {
    Fault::new(StatusCode::BAD_REQUEST, why)
}
