//! The findings, message by message.

use std::{cmp::Reverse, collections::BTreeSet};

use collaudo_record::{
    ClauseVerdict, InspectedSignature, Outcome, PathCheck, PathVerdict, SignatureCause, SignatureVerdict, StoryFacts,
};
use maud::{Markup, html};

use super::{Examined, Opinion, told};
use crate::{
    chapter::in_sections,
    lang::Lang,
    words::{self, octets, party},
};

pub(super) fn section(opinion: &Opinion<'_>) -> Markup {
    let lang = opinion.lang;
    html! {
        section #messages {
            h2 { (lang.of("4. Findings, message by message", "4. Risultanze, messaggio per messaggio")) }
            @for message in opinion.messages.iter().filter(|message| message.is_certified()) { (one(opinion, message)) }
            (ordinary(opinion))
        }
    }
}

fn one(opinion: &Opinion<'_>, message: &Examined) -> Markup {
    let (lang, inspection) = (opinion.lang, &message.inspection);
    let says = told::says(lang, &inspection.kind);
    html! {
        article id={ "m" (message.number) } {
            h3 { (lang.of("Message", "Messaggio")) " " (message.number) ": " (words::kind(lang, &inspection.kind)) }
            @if !says.is_empty() {
                p {
                    (says)
                    @if inspection.signature.verdict != SignatureVerdict::Valid {
                        " " b { (lang.of("No signature that holds stands for this one.", "Per questo messaggio non sta alcuna firma che regga.")) }
                    }
                }
            }
            dl {
                dt { "File" }
                dd { bdi.name { (message.file) } @if !inspection.place.is_empty() { ", " bdi { (inspection.place) } } }
                dt { (lang.of("Its octets", "I suoi ottetti")) }
                dd { (octets(lang, inspection.octets)) ", SHA-256 " code { (inspection.sha256) } }
                dt { (lang.of("Issued by", "Emesso da")) }
                dd {
                    @if inspection.provider.is_empty() { (lang.of("not told", "non detto")) } @else { bdi { (inspection.provider) } }
                    @if !inspection.from.is_empty() { " \u{2013} From: " bdi { (inspection.from.join(", ")) } }
                    " " span.claim { (lang.of("by its own word", "secondo quanto esso dice")) }
                }
                @if let Some(facts) = &inspection.facts { (certified(lang, facts)) }
                (signature(lang, &inspection.signature))
            }
            (findings(opinion, &inspection.verdicts))
        }
    }
}

/// What the certification data say.
fn certified(lang: Lang, facts: &StoryFacts) -> Markup {
    let recipients: Vec<&str> = facts.destinatari.iter().map(|(address, _)| address.as_str()).collect();
    let fields = [
        (lang.of("Identifier", "Identificativo"), facts.identificativo.as_deref()),
        (lang.of("Sender of the original", "Mittente dell'originale"), facts.mittente.as_deref()),
        (lang.of("Subject of the original", "Oggetto dell'originale"), facts.oggetto.as_deref()),
        (lang.of("On the recipient", "Riguardo al destinatario"), facts.consegna.as_deref()),
        (lang.of("Error told", "Errore indicato"), facts.errore.as_deref().filter(|error| *error != "nessuno")),
    ];
    html! {
        @for (name, value) in fields { @if let Some(value) = value { dt { (name) } dd { bdi { (value) } } } }
        @if !recipients.is_empty() { dt { (lang.of("Recipients", "Destinatari")) } dd { bdi { (few(lang, &recipients)) } } }
        @if let Some(data) = facts.data { dt { (lang.of("Certified time", "Ora certificata")) } dd { (words::instant(data)) } }
    }
}

/// Of many recipients the first.
fn few(lang: Lang, recipients: &[&str]) -> String {
    const SHOWN: usize = 20;
    let shown = recipients.get(..SHOWN).unwrap_or(recipients).join(", ");
    match recipients.len().checked_sub(SHOWN) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} {} {more}", lang.of("and more:", "e altri:")),
    }
}

fn signature(lang: Lang, signature: &InspectedSignature) -> Markup {
    let path = &signature.path;
    html! {
        dt { (lang.of("Signature", "Firma")) }
        dd {
            b { (told::signature(lang, signature.verdict)) } ". " (told::cause(lang, signature.cause))
            @if signature.cause != SignatureCause::Holds { (quoted(lang, told::cause(Lang::En, signature.cause), &signature.reason)) }
            @if !signature.digest.is_empty() { " " (lang.of("Digest: ", "Impronta: ")) (signature.digest) "." }
        }
        @if !signature.signer.is_empty() {
            dt { (lang.of("Signer's certificate", "Certificato del firmatario")) }
            dd {
                bdi { (signature.signer) }
                @if !signature.addresses.is_empty() { ", " bdi { (signature.addresses.join(", ")) } }
                @if !signature.issuer.is_empty() { "; " (lang.of("issued by ", "emesso da ")) bdi { (signature.issuer) } }
            }
        }
        @if !signature.signed_at.is_empty() {
            dt { (lang.of("Time of signing", "Ora della firma")) }
            dd { (words::date(&signature.signed_at)) " " span.claim { (lang.of("the signer's own claim, by its own clock", "affermazione del firmatario, secondo il suo orologio")) } }
        }
        @if signature.cause != SignatureCause::Absent {
            (look_up(lang, lang.of("Authority", "Autorità"), told::LookedUp::Trust, &path.trust))
            (look_up(lang, lang.of("Index of providers", "Indice dei gestori"), told::LookedUp::Index, &path.index))
            (look_up(lang, lang.of("Revocation", "Revoca"), told::LookedUp::Revocation, &path.revocation))
        }
    }
}

fn look_up(lang: Lang, name: &str, what: told::LookedUp, check: &PathCheck) -> Markup {
    let said = told::look_up(lang, what, check);
    html! {
        dt { (name) }
        dd {
            @if check.verdict == PathVerdict::Fails { b { (said) } } @else { (said) }
            @if check.verdict != PathVerdict::NotGiven { (quoted(lang, said, &check.words)) }
        }
    }
}

/// The program's own words, where they say more than was said.
fn quoted(lang: Lang, said: &str, own: &str) -> Markup {
    let (open, close) = (lang.of("\u{201c}", "\u{ab}"), lang.of("\u{201d}", "\u{bb}"));
    html! { @if !own.is_empty() && own != said { " " q.own lang="en" { (open) (own) (close) } } }
}

/// Worst first; of what conforms the rows alone.
fn findings(opinion: &Opinion<'_>, verdicts: &[ClauseVerdict]) -> Markup {
    let lang = opinion.lang;
    let mut told: Vec<&ClauseVerdict> = verdicts
        .iter()
        .filter(|v| matches!(v.verdict, Outcome::Fail | Outcome::Unknown | Outcome::Deviation))
        .collect();
    told.sort_by_key(|verdict| Reverse(verdict.verdict));
    let of = |wanted| verdicts.iter().filter(move |v| v.verdict == wanted).map(|v| &*v.clause);
    let passed: BTreeSet<&str> = of(Outcome::Pass).collect();
    html! {
        @if told.is_empty() {
            p { (lang.of("Nothing against the rules was found in what could be examined.", "In ciò che si è potuto esaminare non si è trovato nulla contro le regole.")) }
        }
        @for verdict in told { (finding(opinion, verdict)) }
        @if !passed.is_empty() {
            p.passed {
                (lang.count(passed.len(), ("requirement was found fulfilled", "requirements were found fulfilled"), ("requisito risulta rispettato", "requisiti risultano rispettati"))) ":"
                @for (key, rows) in in_sections(&passed) { " " b { (key) } " " (rows) }
            }
        }
    }
}

fn finding(opinion: &Opinion<'_>, verdict: &ClauseVerdict) -> Markup {
    let lang = opinion.lang;
    let (class, word) = match verdict.verdict {
        Outcome::Fail => ("against", lang.of("Against the rules", "Contro le regole")),
        Outcome::Deviation => ("tolerated", lang.of("Tolerated in practice", "Tollerato nella prassi")),
        _ => ("open", lang.of("Not decided", "Non deciso")),
    };
    let row = opinion.law.iter().find(|row| row.id == verdict.clause);
    html! {
        div.finding.(class) {
            p {
                b { (word) } ": "
                @match row {
                    Some(row) => { (words::statement(lang, row)) " " span.law { "(" (row.source) ", " (row.level) ", " (row.id) ")" } },
                    None => span.law { (verdict.clause) },
                }
            }
            dl {
                dt { (lang.of("Bound", "Chi vi è tenuto")) } dd { (party(lang, &verdict.party)) }
                @if !verdict.expected.is_empty() { dt { (lang.of("Expected", "Atteso")) } dd { bdi lang="en" { (verdict.expected) } } }
                @if !verdict.observed.is_empty() { dt { (lang.of("Found", "Trovato")) } dd { bdi lang="en" { (verdict.observed) } } }
                @if let Some(reading) = &verdict.reading { dt { (lang.of("Reading", "Lettura")) } dd { (lang.of("the text of the rules is unclear here; read as in ", "il testo delle regole qui non è chiaro; letto come in ")) (reading) } }
                @if verdict.source != "read" {
                    dt { (lang.of("Source", "Fonte")) }
                    dd { (lang.of("The text behind this requirement was not read by its authors: confirm it before relying on this finding.", "Il testo di questo requisito non è stato letto dai suoi autori: va riscontrato prima di fondarvisi.")) }
                }
            }
        }
    }
}

/// Mail without certification: named, not judged.
fn ordinary(opinion: &Opinion<'_>) -> Markup {
    let lang = opinion.lang;
    let ordinary: Vec<&Examined> = opinion.messages.iter().filter(|message| !message.is_certified()).collect();
    html! {
        @if !ordinary.is_empty() {
            h3 { (lang.of("Ordinary mail", "Posta ordinaria")) }
            p { (lang.of("It carries no certification; there was nothing to judge.", "Non porta certificazione; non c'era nulla da giudicare.")) }
            ul {
                @for message in ordinary {
                    li id={ "m" (message.number) } {
                        (message.number) ": " bdi.name { (message.file) } @if !message.inspection.place.is_empty() { ", " bdi { (message.inspection.place) } }
                        ", SHA-256 " code { (message.inspection.sha256) }
                    }
                }
            }
        }
    }
}
