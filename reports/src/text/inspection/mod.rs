//! What `collaudo inspect` prints of a stored message, of a story, and at the end.

mod story;
mod words;

use collaudo_record::{
    Answer, ClauseVerdict, Inspection, InspectionCounts, Outcome, PathCheck, PathVerdict, Requirement, SignaturePath,
    SignatureVerdict,
};

use super::Pen;
use crate::{answered::Answered, lang::Lang, standing::Standing, words::visible};

/// How to tell what was found in stored messages.
#[derive(Clone, Copy, Debug)]
pub struct InspectionText {
    pen: Pen,
    lang: Lang,
}

impl InspectionText {
    /// Takes whether to colour words with ANSI escapes, and the language.
    pub fn new(colour: bool, lang: Lang) -> Self {
        Self { pen: Pen { colour, ..Pen::PLAIN }, lang }
    }

    /// A block on one message, ended by an empty line; one line where it is ordinary mail.
    ///
    /// *Takes* its number, where it is, and the rows of the catalogue by id.
    pub fn message<'a>(
        &self,
        number: u64,
        place: &str,
        inspection: &Inspection,
        law: &dyn Fn(&str) -> Option<&'a Requirement>,
    ) -> String {
        let Self { pen, lang } = *self;
        if inspection.kind == "ordinary" {
            let word = format!("{number}  {}", lang.of("ordinary", "ordinario"));
            return format!("{} {}\n", pen.faint(&word), line(place));
        }
        let label = words::label(inspection, lang);
        let mut lines = vec![format!("{number}  {} {}", self.word(worst(inspection), 0), pen.bold(&line(&label)))];
        lines.push(pen.field(lang.of("in", "in"), place));
        lines.push(pen.field(lang.of("kind", "tipo"), &inspection.kind));
        lines.push(pen.field(lang.of("provider", "gestore"), &provider(inspection)));
        lines.extend(self.signature(inspection));
        lines.push(pen.field(lang.of("rows", "norme"), &self.rows(&inspection.verdicts)));
        let mut told: Vec<_> = inspection.verdicts.iter().filter(|verdict| is_told(verdict)).collect();
        told.sort_by_key(|verdict| std::cmp::Reverse(verdict.verdict));
        lines.extend(told.into_iter().flat_map(|told| self.verdict(told, law(&told.clause))));
        ended(lines)
    }

    /// One line on something that was not examined.
    ///
    /// *Takes* a word for what became of it, where it is, and why.
    pub fn not_examined(&self, word: &str, place: &str, why: &str) -> String {
        format!("{} {}: {}\n", self.pen.faint(word), line(place), line(why))
    }

    /// A block on what a person answered, ended by an empty line; nothing where nobody answered anything.
    pub fn answers(&self, answers: &[Answered]) -> String {
        let Self { pen, lang } = *self;
        let told = answers.iter().flat_map(|Answered { row, review }| {
            let word = Standing::Answered(review.answer).word(lang);
            let word = match review.answer {
                Answer::No => pen.red(word),
                Answer::Partly => pen.yellow(word),
                Answer::Yes | Answer::NotApplicable => word.to_owned(),
            };
            let whose = format!(
                "{}, {}; {}",
                review.who,
                review.date,
                lang.of("no machine saw it", "nessuna macchina l'ha visto")
            );
            [
                pen.hang("  ", 12, &format!("{word} {}, {}", row.id, row.source)),
                pen.field(lang.of("law", "norma"), lang.of(&row.statement, &row.statement_it)),
                pen.field(lang.of("evidence", "riscontri"), &review.evidence),
                pen.field(lang.of("answered", "risposta"), &whose),
            ]
        });
        let lines: Vec<_> = told.collect();
        if lines.is_empty() {
            String::new()
        } else {
            ended([vec![lang.of("REVIEW", "REVISIONE").to_owned()], lines].concat())
        }
    }

    /// What it all came to.
    pub fn counts(&self, counts: &InspectionCounts, interrupted: bool) -> String {
        let Self { pen, lang } = *self;
        let InspectionCounts { signatures, verdicts, .. } = counts;
        let sum = |whole: u64, parts: &[(&str, &str, u64)]| {
            let parts: Vec<_> = parts.iter().map(|(en, it, n)| format!("{} {n}", lang.of(en, it))).collect();
            format!("{whole}: {}", parts.join(", "))
        };
        let files = [
            ("with mail", "con posta", counts.files_with_mail),
            ("archives", "archivi", counts.archives),
            ("not mail", "altro", counts.not_mail),
            ("skipped", "saltati", counts.skipped),
            ("unreadable", "illeggibili", counts.unreadable),
        ];
        let messages = [
            ("certified", "certificati", counts.certified),
            ("ordinary", "ordinari", counts.ordinary),
            ("not examined", "non esaminati", counts.unread),
        ];
        let signed = [
            ("valid", "valide", signatures.valid),
            ("invalid", "non valide", signatures.invalid),
            ("absent", "assenti", signatures.absent),
        ];
        let rows = [
            ("passed", "rispettate", verdicts.pass),
            ("tolerated as deviations", "tollerate", verdicts.deviation),
            ("unknown", "ignote", verdicts.unknown),
            ("failed", "violate", verdicts.fail),
        ];
        let before = format!("; {} {}", lang.of("stored before", "già visti"), counts.duplicates);
        let interrupted = interrupted.then(|| {
            pen.red(lang.of("interrupted: what follows is all until then", "interrotto: quanto segue vale fin lì"))
        });
        let lines = [
            pen.field(lang.of("files", "file"), &sum(counts.files, &files)),
            pen.field(lang.of("messages", "messaggi"), &(sum(counts.messages, &messages) + &before)),
            pen.field(lang.of("signed", "firme"), &sum(counts.judged, &signed)),
            pen.field(lang.of("rows", "norme"), &sum(rows.iter().map(|(.., n)| n).sum(), &rows)),
        ];
        interrupted.into_iter().chain(lines).map(|line| line + "\n").collect()
    }

    fn signature(&self, inspection: &Inspection) -> Vec<String> {
        let Self { pen, lang } = *self;
        let signature = &inspection.signature;
        let (word, is_good) = match signature.verdict {
            SignatureVerdict::Valid => (lang.of("valid", "valida"), true),
            SignatureVerdict::Invalid => (lang.of("INVALID", "NON VALIDA"), false),
            SignatureVerdict::Absent => (lang.of("ABSENT", "ASSENTE"), false),
        };
        let digest = if signature.digest.is_empty() { String::new() } else { format!(" ({})", signature.digest) };
        let told = format!("{word}{digest}: {}", words::reason(signature, lang));
        let name = lang.of("signature", "firma");
        let mut lines = vec![if is_good { pen.field(name, &told) } else { pen.alarm(name, &told) }];
        let mut field = |name: &str, text: &str| {
            if !text.is_empty() {
                lines.push(pen.field(name, text));
            }
        };
        field(lang.of("signer", "titolare"), &signature.signer);
        field(lang.of("issuer", "emittente"), &signature.issuer);
        if !signature.signed_at.is_empty() {
            let whose =
                lang.of("by the signer's own clock and word", "secondo l'orologio e la parola di chi ha firmato");
            field(lang.of("signed at", "firmato"), &format!("{}, {whose}", signature.signed_at));
        }
        if signature.verdict != SignatureVerdict::Absent {
            lines.extend(self.path(&signature.path));
        }
        lines
    }

    /// What was looked up; what was not, on one line.
    fn path(&self, path: &SignaturePath) -> Vec<String> {
        let Self { pen, lang } = *self;
        let mut lines = Vec::new();
        let mut wanting = Vec::new();
        for ((name, it, option), check) in NAMES.into_iter().zip(checks(path)) {
            let told = || words::path(option, check, lang);
            match check.verdict {
                PathVerdict::NotGiven => wanting.push(option),
                PathVerdict::Fails => lines.push(pen.alarm(lang.of(name, it), told())),
                PathVerdict::Holds | PathVerdict::Undecided => lines.push(pen.field(lang.of(name, it), told())),
            }
        }
        if !wanting.is_empty() {
            let words = lang.of("not examined, for want of", "non esaminato, in mancanza di");
            let own_word = match wanting.contains(&"--trust") && wanting.contains(&"--index") {
                true => lang
                    .of(": who signed is the certificate's own word", ": chi ha firmato lo dice il solo certificato"),
                false => "",
            };
            let words = format!("{words} {}{own_word}", wanting.join(", "));
            lines.push(pen.field(lang.of("path", "percorso"), &words));
        }
        lines
    }

    fn rows(&self, verdicts: &[ClauseVerdict]) -> String {
        let of = |outcome| verdicts.iter().filter(|verdict| verdict.verdict == outcome).count();
        let counted = [
            (of(Outcome::Pass), "passed", "rispettate"),
            (of(Outcome::Deviation), "tolerated as deviations", "tollerate"),
            (of(Outcome::Unknown), "unknown", "ignote"),
            (of(Outcome::Fail), "failed", "violate"),
        ];
        let told = counted.iter().filter(|(n, ..)| *n > 0);
        let told: Vec<_> = told.map(|(n, en, it)| format!("{} {n}", self.lang.of(en, it))).collect();
        if told.is_empty() {
            self.lang.of("none that this message decides", "nessuna che questo messaggio decida").to_owned()
        } else {
            told.join(", ")
        }
    }

    /// The row, what the law says, what it asks for here, what was found.
    fn verdict(&self, verdict: &ClauseVerdict, law: Option<&Requirement>) -> Vec<String> {
        let Self { pen, lang } = *self;
        let source = law.map(|row| format!(", {}", row.source)).unwrap_or_default();
        let recalled = match &*verdict.source {
            "recalled" => {
                lang.of(" (recalled, its text was not read)", " (citata a memoria, il testo non è stato letto)")
            }
            _ => "",
        };
        let reading = verdict.reading.as_ref().map(|reading| format!(", {reading}")).unwrap_or_default();
        let party = crate::words::party(lang, &verdict.party);
        let head = format!("{}, {party}{source}{recalled}{reading}", verdict.clause);
        let mut lines = vec![pen.hang(&format!("  {} ", self.word(verdict.verdict, 9)), 12, &head)];
        if let Some(row) = law {
            lines.push(pen.field(lang.of("law", "norma"), lang.of(&row.statement, &row.statement_it)));
        }
        lines.push(pen.field(lang.of("expected", "richiesto"), &verdict.expected));
        lines.push(pen.field(lang.of("observed", "trovato"), &verdict.observed));
        lines
    }

    /// The word for an outcome, padded to so many characters.
    fn word(&self, outcome: Outcome, width: usize) -> String {
        let Self { pen, lang } = *self;
        let pad = |en, it| format!("{:<width$}", lang.of(en, it));
        match outcome {
            Outcome::Fail => pen.red(&pad("FAIL", "VIOLATO")),
            Outcome::Unknown => pen.yellow(&pad("UNKNOWN", "IGNOTO")),
            Outcome::Deviation => pen.yellow(&pad("DEVIATION", "TOLLERATO")),
            Outcome::Pass => pen.green(&pad("PASS", "CONFORME")),
            Outcome::NotExercised | Outcome::NotSupported => pen.yellow(&pad("NOTHING JUDGED", "NULLA DA GIUDICARE")),
        }
    }
}

/// What is looked up about a signer: in English, in Italian, by which option.
const NAMES: [(&str, &str, &str); 3] =
    [("trust", "fiducia", "--trust"), ("index", "indice", "--index"), ("revoked", "revoca", "--crl")];

fn checks(path: &SignaturePath) -> [&PathCheck; 3] {
    [&path.trust, &path.index, &path.revocation]
}

fn is_told(verdict: &ClauseVerdict) -> bool {
    matches!(verdict.verdict, Outcome::Fail | Outcome::Unknown | Outcome::Deviation)
}

fn worst(inspection: &Inspection) -> Outcome {
    let signature = &inspection.signature;
    let is_refuted = checks(&signature.path).iter().any(|check| check.verdict == PathVerdict::Fails);
    if signature.verdict == SignatureVerdict::Invalid || is_refuted {
        return Outcome::Fail;
    }
    inspection.verdicts.iter().map(|verdict| verdict.verdict).max().unwrap_or(Outcome::NotExercised)
}

fn provider(inspection: &Inspection) -> String {
    let from = inspection.from.join(", ");
    if from.is_empty() || from == inspection.provider {
        inspection.provider.clone()
    } else {
        format!("{} <{from}>", inspection.provider)
    }
}

/// On one line, with nothing that acts on a screen.
fn line(text: &str) -> String {
    visible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lines, and an empty one.
fn ended(lines: Vec<String>) -> String {
    lines.join("\n") + "\n\n"
}
