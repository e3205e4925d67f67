//! How things are said to people, in one place for all reports.

use std::borrow::Cow;

use collaudo_record::{Instant, Outcome, Requirement, RunRecord, ScenarioOutcome};

use crate::lang::Lang;

/// The word for what a clause came to.
pub(crate) const fn outcome(lang: Lang, outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotSupported => lang.of("not supported", "non offerto"),
        Outcome::NotExercised => lang.of("not exercised", "non sollecitato"),
        Outcome::Pass => lang.of("passed", "superato"),
        Outcome::Deviation => lang.of("deviation", "scostamento"),
        Outcome::Unknown => lang.of("unknown", "indeciso"),
        Outcome::Fail => lang.of("failed", "violato"),
    }
}

/// The word for what a scenario came to.
pub(crate) const fn scenario_outcome(lang: Lang, outcome: ScenarioOutcome) -> &'static str {
    match outcome {
        ScenarioOutcome::Passed => lang.of("passed", "superato"),
        ScenarioOutcome::Unknown => lang.of("unknown", "indeciso"),
        ScenarioOutcome::Failed => lang.of("failed", "fallito"),
    }
}

/// `access-point` is `access point` to people, and `punto di accesso` to Italians.
pub(crate) fn party(lang: Lang, party: &str) -> Cow<'_, str> {
    match (lang, party) {
        (Lang::It, "access-point") => "punto di accesso".into(),
        (Lang::It, "reception-point") => "punto di ricezione".into(),
        (Lang::It, "delivery-point") => "punto di consegna".into(),
        (Lang::It, "provider-index") => "indice dei gestori".into(),
        (Lang::It, "signature") => "firma".into(),
        (Lang::It, "log") => "registro".into(),
        (Lang::It, "mailbox") => "casella".into(),
        (Lang::It, "security") => "sicurezza".into(),
        (Lang::It, "user-agent") => "programma dell'utente".into(),
        (_, party) if party.contains('-') => party.replace('-', " ").into(),
        (_, party) => party.into(),
    }
}

/// The row in our words, in the reader's language where the catalogue has it.
pub(crate) fn statement(lang: Lang, row: &Requirement) -> &str {
    match lang {
        Lang::It if !row.statement_it.is_empty() => &row.statement_it,
        _ => &row.statement,
    }
}

/// The name of a kind of message, from its wire value; what is no kind stays as it is.
pub(crate) fn kind(lang: Lang, kind: &str) -> &str {
    match kind {
        "accettazione" => lang.of("acceptance receipt", "ricevuta di accettazione"),
        "non-accettazione" => lang.of("non-acceptance notice", "avviso di non accettazione"),
        "posta-certificata" => lang.of("transport envelope", "busta di trasporto"),
        "presa-in-carico" => lang.of("take-charge receipt", "ricevuta di presa in carico"),
        "avvenuta-consegna" => lang.of("delivery receipt", "ricevuta di avvenuta consegna"),
        "errore-consegna" => lang.of("non-delivery notice", "avviso di mancata consegna"),
        "preavviso-errore-consegna" => {
            lang.of("timeout notice (12 or 24 hours)", "avviso di mancata consegna per superamento dei tempi massimi")
        }
        "rilevazione-virus" => lang.of("virus-detection notice", "avviso di rilevazione virus informatico"),
        "anomalia" => lang.of("anomaly envelope", "busta di anomalia"),
        "ordinary" => lang.of("ordinary mail", "posta ordinaria"),
        other => other,
    }
}

/// `1 message`, `14 messages`.
pub(crate) fn count(n: usize, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}

/// A size for people: `812 octets` (`812 ottetti`), `12.8 KiB`, `2.1 MiB`.
pub(crate) fn octets(lang: Lang, n: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    match n {
        1 => lang.of("1 octet", "1 ottetto").into(),
        0..KIB => format!("{n} {}", lang.of("octets", "ottetti")),
        KIB..MIB => format!("{}.{} KiB", n / KIB, n % KIB * 10 / KIB),
        _ => format!("{}.{} MiB", n / MIB, n % MIB * 10 / MIB),
    }
}

/// Whether a world of ours made the time that passed in it; on real sockets it passed, or somebody moved it.
pub(crate) fn is_simulated(record: &RunRecord) -> bool {
    record.scenarios.iter().any(|scenario| scenario.world != "live")
}

/// A length of time told in full: `4 d 06 h`, `10 min 00 s`.
pub(crate) fn duration(seconds: u64) -> String {
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, s) => format!("{s} s"),
        (0, 0, m, s) => format!("{m} min {s:02} s"),
        (0, h, m, _) => format!("{h} h {m:02} min"),
        (d, h, _, _) => format!("{d} d {h:02} h"),
    }
}

/// An instant as a person in Italy reads it: `2026-03-02 09:00:00 CET (+01)`.
pub(crate) fn instant(at: Instant) -> String {
    let place = jiff::tz::TimeZone::get("Europe/Rome").unwrap_or(jiff::tz::TimeZone::UTC);
    match jiff::Timestamp::from_microsecond(at.0) {
        Ok(at) => at.to_zoned(place).strftime("%Y-%m-%d %H:%M:%S %Z (%:::z)").to_string(),
        Err(_) => format!("{} microseconds after 1970", at.0),
    }
}

/// An instant of RFC 3339 as a person in Italy reads it; what is none stays as it is.
pub(crate) fn date(text: &str) -> String {
    text.parse::<jiff::Timestamp>().map_or_else(|_| text.to_owned(), |at| instant(Instant(at.as_microsecond())))
}

/// The line of a trace's file that holds the event at this place: line 1 is the header.
pub(crate) const fn line_of(event: u32) -> u32 {
    event.saturating_add(2)
}

/// Lines of the trace's file as ranges, both ends included, ascending.
pub(crate) fn lines_of(evidence: &[u32]) -> Vec<(u32, u32)> {
    let mut lines: Vec<u32> = evidence.iter().copied().map(line_of).collect();
    lines.sort_unstable();
    lines.dedup();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for line in lines {
        match ranges.last_mut() {
            Some((_, end)) if end.saturating_add(1) == line => *end = line,
            _ => ranges.push((line, line)),
        }
    }
    ranges
}

/// `trace.jsonl 12, 40-41`; at most eight ranges, the rest counted. Empty where there is none.
pub(crate) fn evidence(evidence: &[u32]) -> String {
    const SHOWN: usize = 8;
    let ranges = lines_of(evidence);
    if ranges.is_empty() {
        return String::new();
    }
    let shown: Vec<String> = ranges
        .iter()
        .take(SHOWN)
        .map(|(from, to)| if from == to { from.to_string() } else { format!("{from}-{to}") })
        .collect();
    let more = if ranges.len() > SHOWN { format!(" and {} more", ranges.len() - SHOWN) } else { String::new() };
    format!("trace.jsonl {}{more}", shown.join(", "))
}

/// The text, with every character that could act on a screen instead of being seen on it shown by name: control
/// characters, and those that turn or hide what stands around them. CRLF is a line's end; line feed and tab stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' if rest.peek() == Some(&'\n') => {}
            c if acts(c) => out.push_str(&format!("\u{27e8}U+{:04X}\u{27e9}", u32::from(c))),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether a character could act on a screen instead of being seen on it.
pub fn acts(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fff9}'..='\u{fffb}' => true,
        c => c.is_control(),
    }
}

/// The first so many characters, with an ellipsis where some were left out.
pub(crate) fn shorten(text: &str, chars: usize) -> Cow<'_, str> {
    match text.char_indices().nth(chars) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let kept: String = text.chars().take(chars.saturating_sub(1)).collect();
            Cow::Owned(format!("{}\u{2026}", kept.trim_end()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_told_as_lines_of_the_file() {
        assert_eq!(evidence(&[38, 10, 39, 39]), "trace.jsonl 12, 40-41");
        assert_eq!(evidence(&[]), "");
        assert_eq!(evidence(&[0, 2, 4, 6, 8, 10, 12, 14, 16, 18]), "trace.jsonl 2, 4, 6, 8, 10, 12, 14, 16 and 2 more");
    }

    #[test]
    fn what_could_act_on_a_screen_is_shown_by_name() {
        assert_eq!(visible("a\x1b[31mb"), "a\u{27e8}U+001B\u{27e9}[31mb");
        assert_eq!(visible("gpj\u{202e}.exe"), "gpj\u{27e8}U+202E\u{27e9}.exe");
        assert_eq!(visible("one\r\ntwo\rthree\tfour"), "one\ntwo\u{27e8}U+000D\u{27e9}three\tfour");
        assert_eq!(visible("citt\u{e0} \u{1f600}"), "citt\u{e0} \u{1f600}");
    }

    #[test]
    fn sizes_and_lengths_of_time_are_told_in_fitting_units() {
        assert_eq!(octets(Lang::En, 812), "812 octets");
        assert_eq!(octets(Lang::En, 13_142), "12.8 KiB");
        assert_eq!(octets(Lang::En, 2_202_009), "2.0 MiB");
        assert_eq!(duration(7), "7 s");
        assert_eq!(duration(600), "10 min 00 s");
        assert_eq!(duration(93_600), "1 d 02 h");
    }

    #[test]
    fn instants_are_told_in_italian_time() {
        assert_eq!(instant(Instant(1_772_438_400_000_000)), "2026-03-02 09:00:00 CET (+01)");
        assert_eq!(instant(Instant(1_782_864_000_000_000)), "2026-07-01 02:00:00 CEST (+02)");
    }

    #[test]
    fn a_long_text_is_shortened_between_characters() {
        assert_eq!(shorten("\u{e0}\u{e0}\u{e0}\u{e0}", 4), "\u{e0}\u{e0}\u{e0}\u{e0}");
        assert_eq!(shorten("\u{e0}\u{e0}\u{e0}\u{e0}", 3), "\u{e0}\u{e0}\u{2026}");
    }
}
