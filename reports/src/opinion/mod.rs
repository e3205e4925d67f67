//! The opinion document of `collaudo inspect`: what was examined, with what, what was found and what that does not prove,
//! for a court file. One HTML file that opens offline, runs no script and prints on A4.
//!
//! It says what was found and no more: no conclusion in law is drawn, and each claim of a message is told as a claim.

mod answers;
mod examined;
mod limits;
mod message;
mod story;
mod told;

use collaudo_record::{BodyHash, Inspection, Outcome, PathVerdict, Requirement, SignatureVerdict, StoredStory};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{answered::Answered, lang::Lang, words};

const STYLE: &str = include_str!("style.css");

/// It fetches nothing, sends nothing and runs nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// All that the document is made from.
#[derive(Clone, Copy, Debug)]
pub struct Opinion<'a> {
    /// The language; what the judge found is quoted in its own words, which are English.
    pub lang: Lang,
    /// The program and its version, such as `collaudo 0.1.0`.
    pub program: &'a str,
    /// When it was examined, RFC 3339; empty where that shall not be told.
    pub made: &'a str,
    /// Whether what deployed practice tolerates counts as a deviation or, strictly, as a failure.
    pub strict: bool,
    /// What messages were held against besides themselves, in the order given.
    pub anchors: &'a [Document],
    /// The files that were examined, in the order of the walk.
    pub files: &'a [Document],
    /// The messages, in the order of their numbers.
    pub messages: &'a [Examined],
    /// What was not examined, with the reason.
    pub not_examined: &'a [NotExamined],
    /// What the messages tell together.
    pub stories: &'a [StoredStory],
    /// What a person answered to rows that no message shows, in the catalogue's order.
    pub answers: &'a [Answered],
    /// Whether the examination was broken off before its end.
    pub interrupted: bool,
    /// The catalogue.
    pub law: &'a [Requirement],
}

/// A file that took part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What for.
    pub role: Role,
    /// Its name as it was given, or found.
    pub name: String,
    /// Its size in octets.
    pub octets: u64,
    /// SHA-256 of the whole file; none where it could not be had, as of standard input.
    pub sha256: Option<BodyHash>,
}

/// What a file was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It was examined.
    Input,
    /// Certificates to trust.
    Trust,
    /// An index of providers.
    Index,
    /// A list of revoked certificates.
    Revocation,
    /// A reviewer's answers.
    Review,
}

/// A message with its verdicts.
#[derive(Clone, Debug, PartialEq)]
pub struct Examined {
    /// Its number, from 1, by which stories name it.
    pub number: u64,
    /// Its file.
    pub file: String,
    /// What the judge says of it.
    pub inspection: Inspection,
}

/// Something that was not examined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotExamined {
    /// Where it is.
    pub place: String,
    /// Why, in words.
    pub why: String,
}

/// The whole document.
pub fn page(opinion: &Opinion<'_>) -> String {
    // Nothing that escaping leaves alone may turn the text around it or act on a screen.
    words::visible(&document(opinion).into_string()).into_owned()
}

fn document(opinion: &Opinion<'_>) -> Markup {
    let lang = opinion.lang;
    let title = lang.of(
        "Technical examination of certified mail (PEC)",
        "Esame tecnico di messaggi di posta elettronica certificata (PEC)",
    );
    html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (title) }
                    p.made {
                        (lang.of("Made by the program ", "Redatto dal programma ")) (opinion.program)
                        @if !opinion.made.is_empty() { ", " (words::date(opinion.made)) }
                        "."
                    }
                    p.caution {
                        (lang.of(
                            "This document tells what a program found in the files named below, and with what it looked. It draws no conclusion in law.",
                            "Questo documento riferisce ciò che un programma ha trovato nei file indicati più sotto, e con quali mezzi. Non trae conclusioni di diritto.",
                        ))
                    }
                }
                main {
                    (summary(opinion))
                    (examined::files(opinion))
                    (examined::means(opinion))
                    (message::section(opinion))
                    (story::section(opinion))
                    (answers::section(opinion))
                    (limits::section(opinion))
                    (examined::again(lang))
                }
                footer { (signature_lines(lang)) }
            }
        }
    }
}

/// The document in few sentences and a table of the messages.
fn summary(opinion: &Opinion<'_>) -> Markup {
    let lang = opinion.lang;
    let certified: Vec<&Examined> = opinion.messages.iter().filter(|m| m.is_certified()).collect();
    let ordinary = opinion.messages.len() - certified.len();
    let signed = |wanted| certified.iter().filter(|m| m.inspection.signature.verdict == wanted).count();
    html! {
        section #summary {
            h2 { (lang.of("1. In brief", "1. In breve")) }
            p {
                (lang.count(certified.len(), ("certified message was examined", "certified messages were examined"), ("messaggio certificato esaminato", "messaggi certificati esaminati")))
                @if ordinary > 0 { "; " (lang.count(ordinary, ("ordinary message", "ordinary messages"), ("messaggio ordinario", "messaggi ordinari"))) (lang.of(" carries no certification and was not judged", ": senza certificazione, non giudicati")) }
                ". " (lang.of("Signatures: ", "Firme: "))
                (lang.of("holding ", "reggono ")) (signed(SignatureVerdict::Valid)) ", "
                (lang.of("not holding ", "non reggono ")) (signed(SignatureVerdict::Invalid)) ", "
                (lang.of("absent ", "mancano ")) (signed(SignatureVerdict::Absent)) "."
                @if opinion.interrupted { " " b { (lang.of("The examination was broken off before its end: this is not all.", "L'esame è stato interrotto prima della fine: questo non è tutto.")) } }
            }
            @if !certified.is_empty() { (table(lang, &certified)) }
        }
    }
}

fn table(lang: Lang, certified: &[&Examined]) -> Markup {
    let heads = match lang {
        Lang::En => ["No.", "Message", "Signature", "Against the rules", "Tolerated"],
        Lang::It => ["N.", "Messaggio", "Firma", "Contro le regole", "Tollerato"],
    };
    html! {
        table {
            thead { tr { @for head in heads { th scope="col" { (head) } } } }
            tbody {
                @for message in certified {
                    tr {
                        td { a href={ "#m" (message.number) } { (message.number) } }
                        td { (words::kind(lang, &message.inspection.kind)) @if !message.inspection.provider.is_empty() { ", " (lang.of("by", "di")) " " bdi { (message.inspection.provider) } } }
                        td class=(message.standing()) { (told::signature(lang, message.inspection.signature.verdict)) }
                        td.num { (message.came_to(Outcome::Fail)) }
                        td.num { (message.came_to(Outcome::Deviation)) }
                    }
                }
            }
        }
    }
}

fn signature_lines(lang: Lang) -> Markup {
    html! {
        div.sign {
            p { (lang.of("Place and date", "Luogo e data")) }
            p { (lang.of("The person who presents this document", "Chi presenta questo documento")) }
        }
    }
}

impl Examined {
    fn is_certified(&self) -> bool {
        self.inspection.kind != "ordinary"
    }

    fn came_to(&self, wanted: Outcome) -> usize {
        self.inspection.verdicts.iter().filter(|verdict| verdict.verdict == wanted).count()
    }

    /// The class of its signature: something speaks against it, or for it, or nothing is said.
    fn standing(&self) -> &'static str {
        let signature = &self.inspection.signature;
        let path = [&signature.path.trust, &signature.path.index, &signature.path.revocation];
        match signature.verdict {
            SignatureVerdict::Invalid => "against",
            _ if path.iter().any(|check| check.verdict == PathVerdict::Fails) => "against",
            SignatureVerdict::Valid => "for",
            SignatureVerdict::Absent => "open",
        }
    }
}
