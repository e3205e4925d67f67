//! A message to open: what the judge read in it, and its octets.

use collaudo_record::{Anatomy, BodyHash, ScenarioRecord, Signature};
use maud::{Markup, html};

use super::{Report, anchor, cut, label, pretty};
use crate::words::octets;

/// So many octets of one message are shown.
pub(super) const RAW_OF_A_MESSAGE: u64 = 64 << 10;
/// So many octets of all messages are on a page; beyond it they are linked alone.
pub(super) const RAW_OF_A_PAGE: u64 = 6 << 20;
/// So many octets of what was read are shown.
const TEXT: usize = 4 << 10;
/// So many header fields, and parts, are shown.
const LINES: usize = 100;
/// So many octets of one header field are shown.
const FIELD: usize = 1_000;

pub(super) fn list(report: &Report<'_>, scenario_place: usize, scenario: &ScenarioRecord) -> Markup {
    html! {
        @for (place, anatomy) in scenario.messages.iter().enumerate() {
            (one(report, scenario, anatomy, (scenario_place, place)))
        }
    }
}

fn one(report: &Report<'_>, scenario: &ScenarioRecord, anatomy: &Anatomy, place: (usize, usize)) -> Markup {
    let first = scenario.events.get(anatomy.first_seen as usize).map(|event| event.at.since(scenario.epoch));
    html! {
        details.message {
            summary {
                span.kind { (anatomy.kind) }
                span.what { @if let Some(step) = &anatomy.step { @if !anatomy.label.contains(step.as_str()) { code { (step) } " " } } (anatomy.label) }
                span.n { @if let Some(first) = first { (first) } }
                span.n { (octets(anatomy.octets)) }
                (signature_chip(anatomy.signature.as_ref()))
            }
            div.inside {
                span.anchor id=(anchor::of_message(scenario, place.1)) {}
                p { (signature_words(anatomy.signature.as_ref())) }
                (headers(anatomy))
                @if !anatomy.text.is_empty() { h5 { "Readable text" } (excerpt(&anatomy.text, "text")) }
                @if let Some(daticert) = &anatomy.daticert {
                    h5 { "Certification data (daticert.xml, laid out for reading)" }
                    (excerpt(&pretty::xml(cut(daticert, TEXT).0), "xml"))
                    @if cut(daticert, TEXT).1 { (cut_short(TEXT)) }
                }
                (parts(anatomy))
                (raw(report, anatomy, place))
            }
        }
    }
}

fn signature_chip(signature: Option<&Signature>) -> Markup {
    match signature {
        None => label("idle", "\u{25cb}", "not signed"),
        Some(s) if s.valid => label("pass", "\u{2713}", "signature valid"),
        Some(_) => label("fail", "\u{2715}", "signature invalid"),
    }
}

fn signature_words(signature: Option<&Signature>) -> Markup {
    html! {
        @match signature {
            None => "Not signed: it is not multipart/signed.",
            Some(s) => {
                @if s.valid { "The signature is valid: content, signature and certificate belong together." }
                @else { "The signature is " b { "not valid" } ": " (s.reason) "." }
                " Digest " (s.digest) ", signed by " span.quoted { (s.signer) }
                @if s.signed_at.is_empty() { ", without a time of signing." } @else { ", at " (s.signed_at) " by its own claim." }
            }
        }
    }
}

fn headers(anatomy: &Anatomy) -> Markup {
    html! {
        @if !anatomy.headers.is_empty() {
            div.scroll {
                table.fields {
                    caption.unseen { "Header fields, unfolded and decoded" }
                    thead.unseen { tr { th scope="col" { "Field" } th scope="col" { "Value" } } }
                    tbody {
                        @for (name, value) in anatomy.headers.iter().take(LINES) {
                            @let (value, long) = cut(value, FIELD);
                            tr { th scope="row" { (cut(name, FIELD).0) } td { (value) @if long { "\u{2026} " span.source { "cut short" } } } }
                        }
                    }
                }
            }
            @if anatomy.headers.len() > LINES { p.source { (anatomy.headers.len() - LINES) " more fields are not shown." } }
        }
    }
}

fn parts(anatomy: &Anatomy) -> Markup {
    html! {
        @if !anatomy.parts.is_empty() {
            h5 { "Parts" }
            table.fields.parts {
                caption.unseen { "Parts of the message, outermost first" }
                thead { tr { th scope="col" { "Type" } th scope="col" { "File name" } th scope="col" { "Size" } } }
                tbody {
                    @for part in anatomy.parts.iter().take(LINES) {
                        tr {
                            td class={ "depth-" (part.depth.min(8)) } { (cut(&part.content_type, FIELD).0) }
                            td { (cut(&part.name, FIELD).0) }
                            td { (octets(part.octets)) }
                        }
                    }
                }
            }
            @if anatomy.parts.len() > LINES { p.source { (anatomy.parts.len() - LINES) " more parts are not shown." } }
        }
    }
}

fn excerpt(text: &str, class: &str) -> Markup {
    let (shown, long) = cut(text, TEXT);
    html! {
        pre class=(class) tabindex="0" { (shown) }
        @if long { (cut_short(TEXT)) }
    }
}

fn raw(report: &Report<'_>, anatomy: &Anatomy, place: (usize, usize)) -> Markup {
    let bytes = if report.embedded.contains(&place) { (report.bodies)(&anatomy.body) } else { None };
    html! {
        details.raw {
            summary { "Octets as they crossed" }
            p { (file(&anatomy.body)) }
            @match bytes {
                Some(bytes) => {
                    @let limit = RAW_OF_A_MESSAGE as usize;
                    @let (shown, rest) = bytes.split_at_checked(limit).unwrap_or((&bytes, &[]));
                    pre tabindex="0" { (String::from_utf8_lossy(shown)) }
                    @if !rest.is_empty() { (cut_short(limit)) }
                }
                None if report.embedded.contains(&place) => p.source { "They were not kept with this run." },
                None => p.source { "They are left out here, to keep this page small." },
            }
        }
    }
}

fn cut_short(octets_shown: usize) -> Markup {
    html! { p.source { "Cut after " (octets(octets_shown as u64)) "." } }
}

/// The file beside this page that holds the octets.
fn file(body: &BodyHash) -> Markup {
    let named = body.0.len() == 64 && body.0.chars().all(|c| c.is_ascii_hexdigit());
    html! {
        "SHA-256 " code { (body) }
        @if named { " " a href={ "messages/" (body) ".eml" } { "open the file" } }
    }
}
