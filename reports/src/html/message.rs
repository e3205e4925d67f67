//! A message to open: what the judge read in it, and its octets.

use std::borrow::Cow;

use collaudo_record::{Anatomy, BodyHash, ScenarioRecord, Signature};
use maud::{Markup, html};

use super::{
    anchor, cut, label, pretty,
    report::{RAW_OF_A_MESSAGE, Report, plain},
};
use crate::{lang::Lang, words::octets};

/// So many octets of what was read are shown.
const TEXT: usize = 3 << 10;
/// So many header fields, and parts, are shown.
const LINES: usize = 100;
/// So many octets of one header field are shown.
const FIELD: usize = 1_000;

/// Those that the page tells here in full, then the others, a line each.
pub(super) fn list(report: &Report<'_>, place: usize, scenario: &ScenarioRecord) -> Markup {
    let here = |m: usize, anatomy: &Anatomy| report.told_at(&anatomy.body) == Some((place, m));
    let messages = || scenario.messages.iter().enumerate();
    let others: Vec<_> = messages().filter(|(m, anatomy)| !here(*m, anatomy)).collect();
    html! {
        @for (m, anatomy) in messages().filter(|(m, anatomy)| here(*m, anatomy)) {
            (one(report, scenario, anatomy, (place, m)))
        }
        @if !others.is_empty() {
            details.fold {
                summary {
                    (report.lang.count(others.len(), ("more message", "more messages"), ("altro messaggio", "altri messaggi")))
                    (report.lang.of(" of these kinds, a line each", " di questi tipi, una riga ciascuno"))
                }
                ul.brief { @for (m, anatomy) in &others { (in_brief(report, anatomy, (place, *m))) } }
            }
        }
    }
}

fn in_brief(report: &Report<'_>, anatomy: &Anatomy, place: (usize, usize)) -> Markup {
    let lang = report.lang;
    html! {
        li id=(anchor::of_message(place)) {
            code { (anatomy.kind) } " " (anatomy.label) ", " (octets(lang, anatomy.octets)) ", " (signature_word(lang, anatomy.signature.as_ref())) ", "
            (file(&anatomy.body))
            @if let Some(told) = report.told_at(&anatomy.body) {
                ", " a href={ "#" (anchor::of_message(told)) } { (lang.of("told elsewhere", "raccontato altrove")) }
            }
        }
    }
}

fn one(report: &Report<'_>, scenario: &ScenarioRecord, anatomy: &Anatomy, place: (usize, usize)) -> Markup {
    let lang = report.lang;
    let first = scenario.events.get(anatomy.first_seen as usize).map(|event| event.at.since(scenario.epoch));
    html! {
        details.message {
            summary {
                span.kind { (anatomy.kind) }
                span.what { @if let Some(step) = &anatomy.step { @if !anatomy.label.contains(step.as_str()) { code { (step) } " " } } (anatomy.label) }
                span.n { @if let Some(first) = first { (first) } }
                span.n { (octets(lang, anatomy.octets)) }
                (signature_chip(lang, anatomy.signature.as_ref()))
            }
            div.inside {
                p id=(anchor::of_message(place)) { (signature_words(lang, anatomy.signature.as_ref())) }
                (headers(lang, anatomy))
                @if !anatomy.text.is_empty() { h5 { (lang.of("Readable text", "Testo leggibile")) } (excerpt(lang, &anatomy.text)) }
                @if let Some(daticert) = &anatomy.daticert {
                    h5 { (lang.of("Certification data", "Dati di certificazione")) " (daticert.xml)" }
                    (excerpt(lang, &pretty::xml(cut(daticert, TEXT).0)))
                    @if cut(daticert, TEXT).1 { (cut_short(lang, TEXT)) }
                }
                (parts(lang, anatomy))
                (raw(report, anatomy, place))
            }
        }
    }
}

const fn signature_word(lang: Lang, signature: Option<&Signature>) -> &'static str {
    match signature {
        None => lang.of("not signed", "non firmato"),
        Some(Signature { valid: true, .. }) => lang.of("signature valid", "firma valida"),
        Some(_) => lang.of("signature invalid", "firma non valida"),
    }
}

fn signature_chip(lang: Lang, signature: Option<&Signature>) -> Markup {
    let (class, sign) = match signature {
        None => ("idle", "\u{25cb}"),
        Some(s) if s.valid => ("pass", "\u{2713}"),
        Some(_) => ("fail", "\u{2715}"),
    };
    label(class, sign, signature_word(lang, signature))
}

fn signature_words(lang: Lang, signature: Option<&Signature>) -> Markup {
    html! {
        @match signature {
            None => (lang.of("Not signed: it is not multipart/signed.", "Non firmato: non è multipart/signed.")),
            Some(s) => {
                @if s.valid { (lang.of("Signature valid", "Firma valida")) } @else { b { (lang.of("Signature not valid", "Firma non valida")) } ": " (s.reason) }
                "; " (s.digest) ", " (s.signer) "; "
                @if s.signed_at.is_empty() { (lang.of("no time of signing", "senza ora della firma")) }
                @else { (lang.of("by its own claim at", "a suo dire alle")) " " (s.signed_at) }
                "."
            }
        }
    }
}

fn headers(lang: Lang, anatomy: &Anatomy) -> Markup {
    let more = anatomy.headers.len().saturating_sub(LINES);
    html! {
        @if !anatomy.headers.is_empty() {
            pre.head {
                @for (name, value) in anatomy.headers.iter().take(LINES) {
                    @let (value, long) = cut(value, FIELD);
                    b { (cut(name, FIELD).0) } ": " (plain(&on_one_line(value))) @if long { "\u{2026}" } "\n"
                }
            }
            @if more > 0 { p.source { (more) (lang.of(" more fields are not shown.", " altri campi non sono mostrati.")) } }
        }
    }
}

/// A field that was unfolded has no line ends; one that has them none the less shall not look like two.
fn on_one_line(value: &str) -> Cow<'_, str> {
    if value.contains('\n') { value.replace('\n', "\u{240a}").into() } else { value.into() }
}

fn parts(lang: Lang, anatomy: &Anatomy) -> Markup {
    let more = anatomy.parts.len().saturating_sub(LINES);
    html! {
        @if !anatomy.parts.is_empty() {
            h5 { (lang.of("Parts", "Parti")) }
            pre.parts {
                @for part in anatomy.parts.iter().take(LINES) {
                    @for _ in 0..part.depth.min(8) { "  " }
                    (cut(&part.content_type, FIELD).0) " "
                    @if !part.name.is_empty() { b { (on_one_line(cut(&part.name, FIELD).0)) } " " }
                    (octets(lang, part.octets)) "\n"
                }
            }
            @if more > 0 { p.source { (more) (lang.of(" more parts are not shown.", " altre parti non sono mostrate.")) } }
        }
    }
}

fn excerpt(lang: Lang, text: &str) -> Markup {
    let (shown, long) = cut(text, TEXT);
    html! {
        pre tabindex="0" { (plain(shown)) }
        @if long { (cut_short(lang, TEXT)) }
    }
}

fn raw(report: &Report<'_>, anatomy: &Anatomy, place: (usize, usize)) -> Markup {
    let lang = report.lang;
    if !report.embeds(place) {
        return html! { p { (lang.of("Octets as they crossed", "Ottetti come sono passati")) ": " (file(&anatomy.body)) } };
    }
    html! {
        details.raw {
            summary { (lang.of("Octets as they crossed", "Ottetti come sono passati")) }
            p { (file(&anatomy.body)) }
            @match (report.bodies)(&anatomy.body) {
                Some(bytes) => {
                    @let limit = RAW_OF_A_MESSAGE as usize;
                    @let (shown, rest) = bytes.split_at_checked(limit).unwrap_or((&bytes, &[]));
                    pre tabindex="0" { (plain(&String::from_utf8_lossy(shown))) }
                    @if !rest.is_empty() { (cut_short(lang, limit)) }
                }
                None => p.source { (lang.of("They were not kept with this run.", "Non sono stati conservati con questa esecuzione.")) },
            }
        }
    }
}

fn cut_short(lang: Lang, octets_shown: usize) -> Markup {
    html! { p.source { (lang.of("Cut after", "Troncato dopo")) " " (octets(lang, octets_shown as u64)) "." } }
}

/// The file beside this page that holds the octets.
fn file(body: &BodyHash) -> Markup {
    let named = body.0.len() == 64 && body.0.chars().all(|c| c.is_ascii_hexdigit());
    html! {
        @if named { a href={ "messages/" (body) ".eml" } { "SHA-256 " (body.0.split_at(12).0) "\u{2026}" } }
        @else { "SHA-256 " code { (body) } }
    }
}
