//! The catalogue as a reader of the law expects it: by chapter and section, as the clause ids name them.

use std::collections::BTreeSet;

use collaudo_record::{ClauseRecord, Outcome};

use crate::lang::Lang;

/// A chapter of the law and its rows, in the catalogue's order.
pub(crate) struct Chapter<'a> {
    /// Such as `3.1`, or `DM` for a decree.
    pub(crate) key: &'a str,
    /// Its rows.
    pub(crate) clauses: Vec<&'a ClauseRecord>,
    /// Their counts.
    pub(crate) tally: Tally,
}

/// Rows counted by what they came to.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) catalogued: usize,
    pub(crate) checked: usize,
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) deviation: usize,
    pub(crate) unknown: usize,
    pub(crate) not_exercised: usize,
    pub(crate) not_supported: usize,
}

impl Tally {
    fn add(&mut self, clause: &ClauseRecord) {
        self.catalogued += 1;
        if !clause.checked {
            return;
        }
        self.checked += 1;
        *match clause.outcome {
            Outcome::NotSupported => &mut self.not_supported,
            Outcome::NotExercised => &mut self.not_exercised,
            Outcome::Pass => &mut self.passed,
            Outcome::Deviation => &mut self.deviation,
            Outcome::Unknown => &mut self.unknown,
            Outcome::Fail => &mut self.failed,
        } += 1;
    }
}

/// The catalogue by chapter; chapters in the order in which they first come.
pub(crate) fn chapters(clauses: &[ClauseRecord]) -> Vec<Chapter<'_>> {
    let mut chapters: Vec<Chapter<'_>> = Vec::new();
    for clause in clauses {
        let key = chapter_of(section_of(&clause.requirement.id));
        let place = chapters.iter().position(|c| c.key == key).unwrap_or_else(|| {
            let tally = Tally::default();
            chapters.push(Chapter { key, clauses: Vec::new(), tally });
            chapters.len() - 1
        });
        if let Some(chapter) = chapters.get_mut(place) {
            chapter.clauses.push(clause);
            chapter.tally.add(clause);
        }
    }
    chapters
}

/// The section that a clause's id names: `PEC-3.1.1-06` is of `3.1.1`.
pub(crate) fn section_of(id: &str) -> &str {
    let id = id.strip_prefix("PEC-").unwrap_or(id);
    id.rsplit_once('-').map_or(id, |(section, _)| section)
}

/// Clauses in few words: each section with its rows, `3.1.1` with `01\u{2013}03 05`.
pub(crate) fn in_sections<'a>(clauses: &BTreeSet<&'a str>) -> Vec<(&'a str, String)> {
    let clauses: Vec<&str> = clauses.iter().copied().collect();
    let number = |clause: &str| clause.rsplit('-').next().and_then(|row| row.parse::<u32>().ok());
    let follows = |a: &&str, b: &&str| number(b).is_some_and(|b| number(a).and_then(|a| a.checked_add(1)) == Some(b));
    let row = |clause: &'a str| clause.rsplit('-').next().unwrap_or_default();
    let run = |run: &[&'a str]| match run {
        [first, .., last] => format!("{}\u{2013}{}", row(first), row(last)),
        [one] => row(one).to_owned(),
        [] => String::new(),
    };
    clauses
        .chunk_by(|a, b| section_of(a) == section_of(b))
        .map(|rows| {
            let key = rows.first().map_or("", |clause| section_of(clause));
            (key, rows.chunk_by(follows).map(run).collect::<Vec<_>>().join(" "))
        })
        .collect()
}

/// The chapter of a section: `3.1.1` is of `3.1`, `DM.12` of `DM`.
fn chapter_of(section: &str) -> &str {
    let parts = if section.starts_with(|c: char| c.is_ascii_digit()) { 2 } else { 1 };
    match section.match_indices('.').nth(parts - 1) {
        Some((end, _)) => section.split_at(end).0,
        None => section,
    }
}

/// What a chapter or section is about; empty where we have no words for it.
pub(crate) fn title(lang: Lang, key: &str) -> &'static str {
    TITLES.iter().find(|(k, ..)| *k == key).map_or("", |(_, english, italian)| lang.of(english, italian))
}

/// Key, English, Italian.
const TITLES: [(&str, &str, &str); 62] = [
    ("2.1", "System-generated messages", "Messaggi generati dal sistema"),
    ("2.1.1", "Message types", "Tipi di messaggio"),
    ("2.1.1.1.1", "Receipts", "Ricevute"),
    ("2.1.1.1.2", "Timeout notices", "Avvisi per superamento dei tempi"),
    ("2.1.1.1.3", "Virus notices", "Avvisi di virus"),
    ("2.1.1.2", "Envelopes", "Buste"),
    ("2.2", "Points of the system", "Punti del sistema"),
    ("2.2.1", "Access point", "Punto di accesso"),
    ("2.2.2", "Reception point", "Punto di ricezione"),
    ("2.2.3", "Delivery point", "Punto di consegna"),
    ("2.2.4", "Storage", "Conservazione"),
    ("2.2.5", "Service mailbox", "Casella di servizio"),
    ("2.2.6", "Service address", "Indirizzo di servizio"),
    ("2.3", "Log", "Registro"),
    ("3.1", "Access point", "Punto di accesso"),
    ("3.1.1", "Formal checks", "Controlli formali"),
    ("3.1.2", "Non-acceptance for formal exceptions", "Non accettazione per eccezioni formali"),
    ("3.1.3", "Non-acceptance for a virus", "Non accettazione per virus"),
    ("3.1.4", "Acceptance receipt", "Ricevuta di accettazione"),
    ("3.1.5", "Transport envelope", "Busta di trasporto"),
    ("3.1.6", "Timeout notices", "Avvisi per superamento dei tempi"),
    ("3.2", "Reception point", "Punto di ricezione"),
    ("3.2.1", "Take-charge receipt", "Ricevuta di presa in carico"),
    ("3.2.2", "Anomaly envelope", "Busta di anomalia"),
    ("3.2.3", "Virus-detection notice", "Avviso di rilevazione virus"),
    ("3.2.4", "Non-delivery for a virus", "Mancata consegna per virus"),
    ("3.3", "Delivery point", "Punto di consegna"),
    ("3.3.1", "Checks on incoming messages", "Controlli sui messaggi in arrivo"),
    ("3.3.2", "Delivery receipt", "Ricevuta di avvenuta consegna"),
    ("3.3.2.1", "Complete form", "Forma completa"),
    ("3.3.2.2", "Brief form", "Forma breve"),
    ("3.3.2.3", "Concise form", "Forma sintetica"),
    ("3.3.3", "Non-delivery notice", "Avviso di mancata consegna"),
    ("3.4", "Sender and recipient of one provider", "Mittente e destinatario dello stesso gestore"),
    ("3.5", "A whole transaction", "Una trasmissione intera"),
    ("4.1", "Temporal reference", "Riferimento temporale"),
    ("4.2", "Date and time for people", "Data e ora per le persone"),
    ("4.3", "Body of certified messages", "Corpo dei messaggi certificati"),
    ("4.3.1", "Readable text", "Testo leggibile"),
    ("4.3.2", "Original message", "Messaggio originale"),
    ("4.3.3", "Certification data", "Dati di certificazione"),
    ("4.4", "Certification data scheme", "Schema dei dati di certificazione"),
    ("4.5", "Provider index scheme", "Schema dell'indice dei gestori"),
    ("5.1", "Digital signature", "Firma digitale"),
    ("5.2", "Authentication", "Autenticazione"),
    ("5.3", "Secure interaction", "Colloquio sicuro"),
    ("5.4", "Virus", "Virus"),
    ("5.5", "S/MIME certificate", "Certificato S/MIME"),
    ("5.5.1", "Subject", "Soggetto"),
    ("5.5.2", "Extensions", "Estensioni"),
    ("5.6", "Provider index", "Indice dei gestori"),
    ("6", "Prerequisites of the user's client", "Requisiti del programma dell'utente"),
    ("7", "Security considerations", "Considerazioni di sicurezza"),
    ("A", "Italian fields and values", "Campi e valori italiani"),
    ("AGID", "AgID notes", "Note dell'AgID"),
    ("AGID.12", "Note 12, codes of non-delivery", "Nota 12, codici di mancata consegna"),
    ("DM", "DM 2 November 2005", "DM 2 novembre 2005"),
    ("DPR", "DPR 68/2005", "DPR 68/2005"),
    ("PRACT", "Deployed practice", "Prassi dei gestori"),
    ("REM", "Registered electronic mail, ETSI", "Posta elettronica raccomandata, ETSI"),
    ("REM.532", "EN 319 532", "EN 319 532"),
    ("REM.534", "TS 119 534", "TS 119 534"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_follow_each_other_are_one_range() {
        let clauses = BTreeSet::from(["PEC-2.1-01", "PEC-3.1.1-01", "PEC-3.1.1-02", "PEC-3.1.1-03", "PEC-3.1.1-05"]);
        let expected = [("2.1", "01".to_owned()), ("3.1.1", "01\u{2013}03 05".to_owned())];
        assert_eq!(in_sections(&clauses), expected);
    }

    #[test]
    fn a_clause_is_of_the_section_and_chapter_that_its_id_names() {
        for (id, section, chapter) in [
            ("PEC-3.1.1-06", "3.1.1", "3.1"),
            ("PEC-2.1-01", "2.1", "2.1"),
            ("PEC-2.1.1.1.2-01", "2.1.1.1.2", "2.1"),
            ("PEC-6-03", "6", "6"),
            ("PEC-AGID.2FA-01", "AGID.2FA", "AGID"),
            ("PEC-PRACT-04", "PRACT", "PRACT"),
            ("odd", "odd", "odd"),
        ] {
            assert_eq!((section_of(id), chapter_of(section_of(id))), (section, chapter), "{id}");
        }
    }
}
