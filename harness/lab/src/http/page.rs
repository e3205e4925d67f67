//! The page, for people: it reads without scripts, and its forms are plain forms.

use bytes::Bytes;
use collaudo_record::Instant;
use http_body_util::Full;
use hyper::{Method, Response, StatusCode, header};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    api,
    app::{App, Call},
    diagram,
    routes::{Answer, Fault},
};
use crate::{
    HEADER, Outcome,
    story::{Message, Story, Thread},
};

const STYLE: &str = include_str!("style.css");

/// Answers a request for anything but the API.
pub(crate) fn answer(app: &App, call: &Call) -> Result<Response<Full<Bytes>>, Fault> {
    match (&call.head.method, call.path()) {
        (&Method::GET, "/") => whole(app),
        (&Method::GET, path) => thread(app, path),
        (&Method::POST, "/leap") => {
            let hours = call.form("hours").and_then(|hours| hours.parse().ok());
            let hours = hours.ok_or_else(|| Fault::new(StatusCode::BAD_REQUEST, "hours is no number"))?;
            api::leap_by(app, api::hours_from(hours)?)?;
            Ok(back())
        }
        (&Method::POST, "/next") => {
            app.lab.leap_to_message(api::NEXT_WITHIN)?;
            Ok(back())
        }
        (&Method::POST, "/reset") => {
            app.reset()?;
            Ok(back())
        }
        (method, path) => {
            Err(Fault::new(StatusCode::NOT_FOUND, format!("{method} {path} is not there; the page is at /")))
        }
    }
}

/// To the page, so that loading it again does nothing twice.
fn back() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::LOCATION, header::HeaderValue::from_static("/"));
    response
}

fn whole(app: &App) -> Result<Response<Full<Bytes>>, Fault> {
    let (story, now) = (app.story()?, app.lab.now()?);
    Ok(shown(
        "Collaudo lab",
        &html! {
            header {
                p.kicker { "Collaudo lab: stand-in providers of certified mail on this machine" }
                h1 { (clock(now)) }
                p.soft { "the lab's time, in Rome; it follows the machine's clock and leaps when it is told to" }
                (controls())
            }
            main {
                section { h2 #messages { "Messages" } (threads(&story)) }
                section { h2 #special { "Special addresses" } (special(app)) }
                section { h2 #providers { "Providers" } (providers(app)) }
            }
            footer { "API for test suites: " a href="/api/openapi.json" { (app.ready.api) "/openapi.json" } }
        },
    ))
}

fn controls() -> Markup {
    let leap = |hours: u32| {
        html! {
            form method="post" action="/leap" {
                button name="hours" value=(hours) { "Leap " (hours) " h" }
            }
        }
    };
    html! {
        div.controls {
            form method="post" action="/next" { button.first { "Leap to the next message" } }
            (leap(1)) (leap(12)) (leap(24))
            form method="post" action="/reset" { button.away { "Reset" } }
            a.again href="/" { "Look again" }
        }
    }
}

fn threads(story: &Story) -> Markup {
    if story.threads.is_empty() {
        return html! { p.empty { "Nothing has crossed yet. Submit a message to one of the providers below, then look again." } };
    }
    html! {
        @for (n, thread) in story.threads.iter().enumerate().rev() {
            @let message = thread.hops.first().and_then(|hop| story.message(&hop.body));
            details.thread open[n + 1 == story.threads.len()] {
                summary {
                    span.subject { (subject(message)) }
                    span.soft { (message.map(|message| message.from.as_str()).unwrap_or_default()) " to "
                        (message.map(|message| message.to.join(", ")).unwrap_or_default()) }
                    span.kinds { @for kind in answers(story, thread) { (chip(&kind)) } }
                }
                (table(story, thread))
                p.soft { a href={ "/threads/" (n + 1) } { "Sequence diagram" } }
            }
        }
    }
}

fn subject(message: Option<&Message>) -> &str {
    message.map(|message| message.subject.as_str()).filter(|subject| !subject.is_empty()).unwrap_or("(no subject)")
}

/// The kinds of all that came of a message, each once.
fn answers(story: &Story, thread: &Thread) -> Vec<String> {
    let mut kinds: Vec<String> = Vec::new();
    for kind in thread.hops.iter().filter_map(|hop| Some(&story.message(&hop.body)?.kind)) {
        if kind != "ordinary" && kind != "posta-certificata" && !kinds.contains(kind) {
            kinds.push(kind.clone());
        }
    }
    kinds
}

fn chip(kind: &str) -> Markup {
    html! { span.chip.(tone(kind)) { (kind) } }
}

/// What the colour of a kind says: a message, a receipt, a notice.
pub(super) fn tone(kind: &str) -> &'static str {
    match kind {
        "accettazione" | "presa-in-carico" | "avvenuta-consegna" => "receipt",
        "ordinary" | "posta-certificata" => "mail",
        _ => "notice",
    }
}

fn table(story: &Story, thread: &Thread) -> Markup {
    html! {
        div.scroll { table {
            thead { tr { th { "when" } th { "kind" } th { "from" } th { "to" } th { "addressed to" } th { "" } } }
            tbody {
                @for hop in &thread.hops {
                    @let message = story.message(&hop.body);
                    tr.refused[hop.refused.is_some()] {
                        td.when { (clock(hop.at)) }
                        td { a href={ "/api/messages/" (hop.body) } { (chip(message.map_or("ordinary", |m| &m.kind))) } }
                        td { (hop.from) }
                        td { (hop.to) }
                        td { (message.map(|message| message.to.join(", ")).unwrap_or_default()) }
                        td {
                            @if let Some(reply) = &hop.refused { (reply) @if hop.times > 1 { " (" (hop.times) " times)" } }
                            @else if hop.to.contains('@') { "in the mailbox" }
                        }
                    }
                }
            }
        } }
    }
}

fn special(app: &App) -> Markup {
    html! {
        p { "Each provider has them; write to one from another provider. Anything else is delivered, with an acceptance and a "
            "delivery receipt; " code { "X-TipoRicevuta: breve" } " or " code { "sintetica" } " asks for its form. The field "
            code { (HEADER) } " asks for an outcome on one message to a user of another provider: "
            @for (n, outcome) in Outcome::ALL.into_iter().enumerate() { @if n > 0 { ", " } code { (outcome.name()) } } "." }
        div.scroll { table {
            thead { tr { th { "address" } th { "what happens" } th { "the sender's mailbox gets" } } }
            tbody {
                @for special in &app.ready.special {
                    tr {
                        td { code { (special.address) } }
                        td { (special.what) }
                        td { @for kind in &special.brings { (chip(kind)) " " } }
                    }
                }
            }
        } }
    }
}

fn providers(app: &App) -> Markup {
    html! {
        p { "Everything is at " code { "127.0.0.1" } ". Programs have to trust " code { (app.ready.ca.display()) } ": "
            code { "openssl s_client -CAfile" } ", Python's " code { "ssl.create_default_context(cafile=...)" } ", "
            code { "swaks --tls-verify --tls-ca-path" } "." }
        @for (provider, plan) in app.ready.providers.iter().zip(&app.providers) {
            article {
                h3 { (provider.domain) " " span.soft { (provider.title) } }
                p.ports {
                    @for (name, at) in [
                        ("submission", &provider.submission), ("submission", &provider.submissions), ("IMAP", &provider.imap),
                        ("POP3", &provider.pop3), ("relay", &provider.relay), ("LDAP", &provider.ldap),
                    ] {
                        @if let Some(at) = at { span { (name) " " b { (at.port) } " " span.soft { (at.tls) } } }
                    }
                }
                @if provider.users.is_empty() { p.soft { "Played by a script, without mailboxes: " (plan.users.iter().map(|user| user.address.as_str()).collect::<Vec<_>>().join(", ")) } }
                @else {
                    p.soft { "Messages of " (plan.max_octets / 1_000_000) " MB, " (plan.max_recipients) " recipients; "
                        (family(&plan.family)) }
                    dl.users { @for user in &provider.users { div { dt { (user.address) } dd { code { (user.password) } } } } }
                }
            }
        }
    }
}

/// What sets a provider's messages apart from another's.
fn family(family: &collaudo_scenario::Family) -> String {
    let order =
        if family.original_first { "postacert.eml before daticert.xml" } else { "daticert.xml before postacert.eml" };
    let text = if family.html { "text and HTML" } else { "text alone" };
    let disposition = if family.inline { "inline" } else { "attachment" };
    format!("{order}, {text}, {disposition}, {}, daticert.xml in {}", family.signature_type, family.data_encoding)
}

fn thread(app: &App, path: &str) -> Result<Response<Full<Bytes>>, Fault> {
    let none = || Fault::new(StatusCode::NOT_FOUND, format!("{path} is not there; the page is at /"));
    let number = path.strip_prefix("/threads/").and_then(|number| number.parse::<usize>().ok()).ok_or_else(none)?;
    let story = app.story()?;
    let thread = number.checked_sub(1).and_then(|place| story.threads.get(place)).ok_or_else(none)?;
    let message = thread.hops.first().and_then(|hop| story.message(&hop.body));
    Ok(shown(
        subject(message),
        &html! {
            header {
                p.kicker { a href="/" { "Collaudo lab" } }
                h1 { (subject(message)) }
                p.soft { (message.map(|message| message.from.as_str()).unwrap_or_default()) " to "
                    (message.map(|message| message.to.join(", ")).unwrap_or_default()) }
            }
            main { figure { (diagram::svg(&story, thread)) } (table(&story, thread)) }
        },
    ))
}

fn shown(title: &str, body: &Markup) -> Response<Full<Bytes>> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    Answer { kind: "text/html; charset=utf-8", octets: page.into_string().into_bytes() }.response()
}

/// For people: the day and the hour in Rome.
pub(super) fn clock(at: Instant) -> String {
    let zoned = jiff::Timestamp::from_microsecond(at.0).and_then(|at| at.in_tz("Europe/Rome"));
    zoned.map(|at| at.strftime("%d/%m/%Y %H:%M:%S").to_string()).unwrap_or_default()
}
