//! The verdict at a glance, and how to read the page.

use collaudo_record::{Answer, Answers, Outcome, RunRecord, Totals};
use maud::{Markup, html};

use super::{chip, label, recalled, report::Report, sign};
use crate::{
    lang::Lang,
    words::{self, duration},
};

pub(super) fn header(report: &Report<'_>) -> Markup {
    let (record, lang) = (report.record, report.lang);
    let verdict = Verdict::of(record, lang);
    html! {
        header.top {
            p.kicker {
                "Collaudo " span aria-hidden="true" { "\u{b7}" } " "
                (lang.of(
                    "certified mail (PEC) examined against RFC 6109 and DM 2 November 2005",
                    "la posta elettronica certificata (PEC) esaminata secondo la RFC 6109 e il DM 2 novembre 2005",
                ))
            }
            h1 { (lang.of("Examination of", "Esame di")) " " em { (record.subject) } }
            div class={ "verdict " (verdict.class) } role="status" {
                span.sign aria-hidden="true" { (verdict.sign) }
                div {
                    p.word { (verdict.word) }
                    p { (verdict.sentence) }
                }
            }
            (tiles(lang, &record.totals))
            (bar(lang, &record.totals))
            (facts(report))
            nav aria-label=(lang.of("Parts of this report", "Parti di questo rapporto")) {
                @if verdict.class != "pass" { a href="#problems" { (lang.of("What to look at", "Che cosa guardare")) } }
                a href="#requirements" { (lang.of("Clause map", "Mappa dei requisiti")) }
                a href="#scenarios" { (lang.of("Scenarios", "Scenari")) }
                a href="#reading" { (lang.of("How to read this", "Come leggere")) }
            }
        }
    }
}

struct Verdict {
    class: &'static str,
    sign: &'static str,
    word: &'static str,
    sentence: String,
}

impl Verdict {
    fn of(record: &RunRecord, lang: Lang) -> Self {
        let totals = &record.totals;
        let (outcome, word) = match totals {
            t if t.failed > 0 || t.scenarios_failed > 0 => (Outcome::Fail, lang.of("Failed", "Non superato")),
            _ if said(record, Answer::No) => (
                Outcome::Fail,
                lang.of(
                    "A person found a requirement not fulfilled",
                    "Una persona ha trovato un requisito non rispettato",
                ),
            ),
            t if t.unknown > 0 || t.scenarios_unknown > 0 => (Outcome::Unknown, lang.of("Not decided", "Indeciso")),
            _ if said(record, Answer::Partly) => (
                Outcome::Unknown,
                lang.of(
                    "A person found a requirement fulfilled in part",
                    "Una persona ha trovato un requisito rispettato in parte",
                ),
            ),
            t if t.exercised == 0 => {
                (Outcome::NotExercised, lang.of("Nothing was examined", "Nulla è stato esaminato"))
            }
            _ => (Outcome::Pass, lang.of("Passed, as far as examined", "Superato, per quanto esaminato")),
        };
        let (class, sign) = sign(outcome);
        let sentence = match lang {
            Lang::En => english(record),
            Lang::It => italian(record),
        };
        Self { class, sign, word, sentence }
    }
}

/// Whether a person answered so to a question that is a duty.
fn said(record: &RunRecord, answer: Answer) -> bool {
    let duties = record.clauses.iter().filter(|clause| clause.requirement.level != "MAY");
    duties.filter_map(|clause| clause.review.as_ref()).any(|review| review.answer == answer)
}

fn english(record: &RunRecord) -> String {
    let totals = &record.totals;
    let mut said = format!(
        "{} of {} scenarios passed. {} passed of {} exercised; {}; {} could not be decided.",
        totals.scenarios_passed,
        totals.scenarios,
        Lang::En.count(totals.passed as usize, ("requirement", "requirements"), ("", "")),
        totals.exercised,
        if totals.failed == 0 { "none failed".to_owned() } else { format!("{} failed", totals.failed) },
        totals.unknown
    );
    said += &match totals.deviation {
        0 => String::new(),
        1 => " One deviation that deployed practice tolerates is on record.".to_owned(),
        n => format!(" {n} deviations that deployed practice tolerates are on record."),
    };
    said += &match recalled_of(record) {
        0 => String::new(),
        n => format!(" {n} of those exercised rest on a source that was not read: they are marked recalled."),
    };
    let asked = format!("{} asked of a person, {} excused", totals.questions, totals.exceptions);
    said +=
        &format!(" Of {} catalogued, {} are not checked by machine: {asked}.", totals.catalogued, unchecked(totals));
    match totals.answers {
        Answers { yes: 0, no: 0, partly: 0, not_applicable: 0 } => said,
        Answers { yes, no, partly, not_applicable } => {
            said + &format!(
                " Persons answered yes {yes}, no {no}, partly {partly}, not applicable {not_applicable} times."
            )
        }
    }
}

fn italian(record: &RunRecord) -> String {
    let totals = &record.totals;
    let mut said = format!(
        "Superati {} scenari su {}. Superati {} requisiti su {} sollecitati; {}; {} indecisi.",
        totals.scenarios_passed,
        totals.scenarios,
        totals.passed,
        totals.exercised,
        if totals.failed == 0 { "nessuno violato".to_owned() } else { format!("{} violati", totals.failed) },
        totals.unknown
    );
    said += &match totals.deviation {
        0 => String::new(),
        1 => " È registrato uno scostamento che la prassi dei gestori tollera.".to_owned(),
        n => format!(" Sono registrati {n} scostamenti che la prassi dei gestori tollera."),
    };
    said += &match recalled_of(record) {
        0 => String::new(),
        n => format!(" {n} di quelli sollecitati si fondano su una fonte che non è stata letta: sono segnati."),
    };
    let asked = format!("{} chiesti a una persona, {} esclusi", totals.questions, totals.exceptions);
    said += &format!(
        " Dei {} catalogati, {} non sono verificati da una macchina: {asked}.",
        totals.catalogued,
        unchecked(totals)
    );
    match totals.answers {
        Answers { yes: 0, no: 0, partly: 0, not_applicable: 0 } => said,
        Answers { yes, no, partly, not_applicable } => {
            said + &format!(
                " Risposte di persone: sì {yes}, no {no}, in parte {partly}, non applicabile {not_applicable}."
            )
        }
    }
}

/// Exercised rows that no text which was read confirms.
fn recalled_of(record: &RunRecord) -> usize {
    record
        .clauses
        .iter()
        .filter(|c| c.checked && c.outcome >= Outcome::Pass && c.requirement.confidence != "read")
        .count()
}

const fn unchecked(totals: &Totals) -> u32 {
    totals.catalogued.saturating_sub(totals.checked)
}

fn tiles(lang: Lang, totals: &Totals) -> Markup {
    let rest = unchecked(totals);
    let quiet = |class, n| if n == 0 { "none" } else { class };
    html! {
        ul.tiles {
            (tile("pass", &format!("{}/{}", totals.scenarios_passed, totals.scenarios), lang.of("scenarios passed", "scenari superati")))
            (tile(quiet("pass", totals.passed), &totals.passed.to_string(), lang.of("requirements passed", "requisiti superati")))
            (tile(quiet("fail", totals.failed), &totals.failed.to_string(), lang.of("failed", "violati")))
            (tile(quiet("deviation", totals.deviation), &totals.deviation.to_string(), lang.of("deviations", "scostamenti")))
            (tile(quiet("unknown", totals.unknown), &totals.unknown.to_string(), lang.of("unknown", "indecisi")))
            (tile(quiet("idle", totals.not_exercised), &totals.not_exercised.to_string(), lang.of("not exercised", "non sollecitati")))
            @if totals.not_supported > 0 { (tile("idle", &totals.not_supported.to_string(), lang.of("not supported", "non offerti"))) }
            (tile(quiet("open", rest), &rest.to_string(), lang.of("not by machine", "non da una macchina")))
        }
    }
}

fn tile(class: &str, number: &str, word: &str) -> Markup {
    html! { li class=(class) { b { (number) } " " span { (word) } } }
}

/// The whole catalogue as one bar; its numbers stand in the tiles.
fn bar(lang: Lang, totals: &Totals) -> Markup {
    let pieces = [
        ("pass", totals.passed, lang.of("passed", "superati")),
        ("deviation", totals.deviation, lang.of("deviation", "scostamenti")),
        ("unknown", totals.unknown, lang.of("unknown", "indecisi")),
        ("fail", totals.failed, lang.of("failed", "violati")),
        (
            "idle",
            totals.not_exercised + totals.not_supported,
            lang.of("not exercised or not supported", "non sollecitati o non offerti"),
        ),
        ("open", unchecked(totals), lang.of("not checked by machine", "non verificati da una macchina")),
    ];
    let mut x = 0;
    let placed = pieces.map(|(class, n, word)| {
        x += n;
        (class, x - n, n, word)
    });
    html! {
        @if totals.catalogued > 0 {
            svg.bar viewBox={ "0 0 " (totals.catalogued) " 4" } preserveAspectRatio="none" role="img" aria-labelledby="bar-title" {
                title #bar-title {
                    (totals.catalogued) " " (lang.of("catalogued requirements", "requisiti catalogati")) ": "
                    @for (n, (_, _, count, word)) in placed.iter().enumerate() { @if n > 0 { ", " } (count) " " (word) }
                }
                @for (class, x, n, word) in placed {
                    @if n > 0 { rect class=(class) x=(x) y="0" width=(n) height="4" { title { (n) " " (word) } } }
                }
            }
        }
    }
}

fn facts(report: &Report<'_>) -> Markup {
    let (record, lang) = (report.record, report.lang);
    let time = match words::is_simulated(record) {
        true => lang.of("Simulated time", "Tempo simulato"),
        false => lang.of("Time in all scenarios", "Tempo di tutti gli scenari"),
    };
    html! {
        dl.facts {
            div { dt { (lang.of("Seed", "Seme")) } dd { code { (record.seed) } } }
            div { dt { (time) } dd { (duration(record.totals.simulated_seconds)) } }
            @if let Some(measured) = report.measured {
                div { dt { (lang.of("Run", "Esecuzione")) } dd { (words::date(&measured.began)) } }
                div { dt { (lang.of("Took", "Durata")) } dd { (measured.wall_ms / 1_000) (lang.of(".", ",")) (measured.wall_ms % 1_000 / 100) " s" } }
            }
            div.wide { dt { (lang.of("SHA-256 of all traces", "SHA-256 di tutte le tracce")) } dd { code { (record.trace_sha256) } } }
        }
    }
}

/// What the words of the page mean.
pub(super) fn how_to_read(lang: Lang) -> Markup {
    html! {
        section #reading {
            h2 { (lang.of("How to read this", "Come leggere")) }
            p {
                (lang.of(
                    "A scenario stirs the examined providers; what crossed the wires and what they declared is recorded in a trace; \
                     a judge that shares no code with them reads the trace alone and holds every clause of the catalogue against it. \
                     Each verdict names the bound provider and the lines of the trace that it rests on.",
                    "Uno scenario sollecita i gestori esaminati; ciò che è passato in rete e ciò che essi hanno dichiarato è registrato \
                     in una traccia; un giudice che con loro non ha codice in comune legge la sola traccia e vi confronta ogni requisito \
                     del catalogo. Ogni giudizio nomina il gestore tenuto e le righe della traccia su cui si fonda.",
                ))
            }
            dl.words { (outcomes(lang)) (tags(lang)) }
            p {
                (lang.of("Offsets such as ", "Scarti come ")) code { "+12h00m00s" }
                (lang.of(
                    " count from the start of the scenario's clock, in simulated time. \
                     Line numbers are those of the scenario's trace file, whose first line is its header; ",
                    " contano dall'inizio dell'orologio dello scenario, in tempo simulato. \
                     I numeri di riga sono quelli del file della traccia, la cui prima riga è l'intestazione; ",
                ))
                code { "12:88" } (lang.of(" is line 88 of scenario 12.", " è la riga 88 dello scenario 12."))
            }
        }
    }
}

fn outcomes(lang: Lang) -> Markup {
    let never = lang.of("Never counted as passed.", "Non conta mai come superato.");
    html! {
        dt { (chip(lang, Outcome::Pass)) }
        dd { (lang.of("At least one event of the trace was looked at, and all of them are what the clause asks for.", "Almeno un evento della traccia è stato guardato, e tutti sono ciò che il requisito chiede.")) }
        dt { (chip(lang, Outcome::Fail)) }
        dd { (lang.of("Something is not what the clause asks for; the replay line repeats the run byte for byte.", "Qualcosa non è ciò che il requisito chiede; la riga di ripetizione rifà l'esecuzione ottetto per ottetto.")) }
        dt { (chip(lang, Outcome::Deviation)) }
        dd { (lang.of("Not what the clause says, but tolerated in deployed practice; recorded.", "Non ciò che il requisito dice, ma tollerato nella prassi dei gestori; registrato.")) }
        dt { (chip(lang, Outcome::Unknown)) }
        dd { (lang.of("The check could not decide.", "La verifica non ha potuto decidere.")) " " (never) }
        dt { (chip(lang, Outcome::NotExercised)) }
        dd { (lang.of("Checked by machine, but nothing in this run called for it.", "Verificato da una macchina, ma nulla in questa esecuzione lo ha chiamato in causa.")) " " (never) }
        dt { (chip(lang, Outcome::NotSupported)) }
        dd { (lang.of("The provider says that it does not offer it.", "Il gestore dice di non offrirlo.")) " " (never) }
    }
}

fn tags(lang: Lang) -> Markup {
    html! {
        dt { (label("open", "?", lang.of("asked of a person", "chiesto a una persona"))) }
        dd { (lang.of("No machine can tell; the reviewer's checklist has the question. The answer stands beside what the machine found, never for it.", "Nessuna macchina può dirlo; la domanda è nella lista del revisore. La risposta sta accanto a ciò che la macchina ha trovato, mai al suo posto.")) }
        dt { (label("open", "\u{2013}", lang.of("excused", "escluso"))) }
        dd { (lang.of("Neither checked nor asked, for the reason given.", "Né verificato né chiesto, per il motivo indicato.")) }
        dt { (recalled(lang)) }
        dd { (lang.of("The clause comes from knowledge; no text was read that confirms it, and a verdict on it is worth no more.", "Il requisito viene da conoscenza; nessun testo letto lo conferma, e un giudizio su di esso non vale di più.")) }
        dt { span.tag { (lang.of("declared", "dichiarato")) } }
        dd { (lang.of("Rests in part or whole on what the provider says of itself (its log, its store), not on what was seen on the wire.", "Si fonda in tutto o in parte su ciò che il gestore dice di sé (il registro, l'archivio), non su ciò che si è visto in rete.")) }
    }
}
