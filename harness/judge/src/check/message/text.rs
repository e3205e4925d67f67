use collaudo_record::{Outcome, Span};
use jiff::{civil::DateTime, tz::Offset};

use super::{
    Case, GENERATED, Rule, Ruling,
    case::{listed, rome, shown},
};
use crate::{
    Clause,
    reading::{Kind, zone_minutes},
};

use Kind::{
    Accettazione, Anomalia, AvvenutaConsegna, ErroreConsegna, NonAccettazione, PostaCertificata,
    PreavvisoErroreConsegna, PresaInCarico,
};

pub(super) const RULES: &[Rule] = &[
    Rule::all(Clause::PEC_2_2_1_08, &[Accettazione], kind_of_each_recipient),
    Rule::plain(Clause::PEC_3_1_2_09, &[NonAccettazione], |case| says(case, &[REFUSED, FAULT])),
    Rule::all(Clause::PEC_3_1_4_07, &[Accettazione], acceptance),
    Rule::all(Clause::PEC_3_1_5_16, &[PostaCertificata], |case| says(case, &[ORIGINAL, ATTACHED])),
    Rule::all(Clause::PEC_3_1_6_13, &[PreavvisoErroreConsegna], first_notice),
    Rule::all(Clause::PEC_3_1_6_14, &[PreavvisoErroreConsegna], second_notice),
    Rule::all(Clause::PEC_3_1_6_15, &[PreavvisoErroreConsegna], |case| says(case, &[])),
    Rule::all(Clause::PEC_3_2_1_12, &[PresaInCarico], |case| says(case, &[TAKEN])),
    Rule::all(Clause::PEC_3_2_2_13, &[Anomalia], |case| says(case, &[RECEIVED, NOT_CERTIFIED, FAULT, ATTACHED])),
    Rule::all(Clause::PEC_3_3_2_1_05, &[AvvenutaConsegna], |case| says(case, &[DELIVERED])),
    Rule::plain(Clause::PEC_3_3_3_08, &[ErroreConsegna], |case| says(case, &[NOT_DELIVERED, FAULT])),
    Rule::all(Clause::PEC_4_2_01, GENERATED, legal_time),
    Rule::all(Clause::PEC_4_2_02, GENERATED, date_form),
    Rule::all(Clause::PEC_4_2_03, GENERATED, time_form),
    Rule::all(Clause::PEC_4_2_04, GENERATED, offset_form),
    Rule::all(Clause::PEC_4_3_1_04, GENERATED, html_says_the_same),
    Rule::all(Clause::PEC_PRACT_02, GENERATED, italian),
];

/// A fact, and stems of which one must be in the text: lower case, no accents, no blanks, no apostrophes. Providers word
/// the same fact in many ways.
type Fact = (&'static str, &'static [&'static str]);

const ACCEPTED: Fact = ("acceptance", &["accettat"]);
const FORWARDED: Fact = ("forwarding", &["inoltr", "inviat", "spedit", "trasmess"]);
const REFUSED: Fact =
    ("non-acceptance", &["nonestatoaccettat", "nonaccettat", "nonvieneaccettat", "impediscelaccettazione", "rifiutat"]);
const FAULT: Fact = (
    "cause",
    &["errore", "problema", "motiv", "causa", "perche", "inquanto", "anomalia", "sconosciut", "inesistent", "piena"],
);
const ORIGINAL: Fact = ("original", &["originale"]);
const ATTACHED: Fact = ("attachment", &["allegat", "inclus"]);
const TAKEN: Fact = ("taking in charge", &["presoincarico", "presaincarico", "accettatodalsistema"]);
const RECEIVED: Fact = ("reception", &["ricevut", "pervenut"]);
const NOT_CERTIFIED: Fact = (
    "lack of certification",
    &[
        "noncertificat",
        "nonsonostaticertificat",
        "nonestatocertificat",
        "nonecertificat",
        "nonrisultacertificat",
        "nonpossonoesserecertificat",
    ],
);
const DELIVERED: Fact = ("delivery", &["consegnat", "depositat", "resodisponibile", "messoadisposizione"]);
const NOT_DELIVERED: Fact = (
    "non-delivery",
    &[
        "rifiutat",
        "nonestatoconsegnat",
        "nonestatopossibileconsegnar",
        "nonconsegnat",
        "mancataconsegna",
        "impossibile",
        "nonpuoessereconsegnat",
    ],
);
const NOT_IN_TWELVE: Fact = ("no delivery within twelve hours", &["dodiciore", "12ore"]);
const MAY_YET: Fact =
    ("that it may yet be delivered", &["nonescluden", "nonesclus", "potrebbe", "ancora", "inseguito"]);
const WILL_FOLLOW: Fact = (
    "that another notice will follow",
    &["ulterioreavviso", "altroavviso", "nuovoavviso", "secondoavviso", "successivoavviso"],
);
const NOT_IN_DAY: Fact = ("no delivery within twenty-four hours", &["ventiquattroore", "24ore"]);
const FAILED: Fact = (
    "that the transmission failed",
    &["nonandataabuonfine", "esitonegativo", "fallit", "nonandatoabuonfine", "definitiv", "conclusasenza"],
);

/// Lower case, accents and apostrophes and blanks taken off, so that neither wrapping nor wording of accents counts.
fn squeezed(text: &str) -> String {
    let plain = |c: char| match c {
        'à' | 'á' => 'a',
        'è' | 'é' => 'e',
        'ì' | 'í' => 'i',
        'ò' | 'ó' => 'o',
        'ù' | 'ú' => 'u',
        other => other,
    };
    text.chars()
        .flat_map(char::to_lowercase)
        .map(plain)
        .filter(|c| !c.is_whitespace() && !"'’`´".contains(*c))
        .collect()
}

/// Whether the text holds a value. What ISO-8859-1 cannot write may stand there as anything.
fn holds_value(text: &str, value: &str) -> bool {
    value.split(|c: char| u32::from(c) > 0xff).all(|piece| text.contains(&squeezed(piece)))
}

/// The items that the law wants in the text of this message, each with whether it is there.
fn items(case: &Case<'_>, text: &str) -> Vec<(String, bool)> {
    let mut items = Vec::new();
    let mut item = |what: &str, value: &str| items.push((format!("{what} {value}"), holds_value(text, value)));
    let anomaly = case.reading.kind == Anomalia;
    if let Some(daticert) = case.daticert() {
        daticert.giorno.iter().for_each(|giorno| item("date", giorno));
        daticert.ora.iter().for_each(|ora| item("time", ora));
        if !anomaly {
            daticert.identificativo.iter().for_each(|id| item("identifier", id));
        }
    }
    if let Some(subject) = case.subject().flatten().filter(|subject| !subject.is_empty()) {
        item("subject", subject);
    }
    for recipient in recipients(case) {
        item("recipient", &recipient);
    }
    let senders: Vec<&str> = match (&case.reading.postacert, anomaly) {
        (Some(enclosed), true) => {
            enclosed.head.from.iter().chain(&enclosed.head.reply_to).map(|from| from.address.as_str()).collect()
        }
        _ => case.sender().into_iter().collect(),
    };
    if let Some(first) = senders.first() {
        items.push((format!("sender {first}"), senders.iter().any(|sender| holds_value(text, sender))));
    }
    let moment = Moment::first(&case.reading.text);
    items.push(("date and time".to_owned(), moment.date.is_some() && moment.time.is_some()));
    items.push(("time zone".to_owned(), moment.offset.is_some()));
    items
}

/// Whom the text must name: the one recipient concerned, those taken in charge, or all.
fn recipients(case: &Case<'_>) -> Vec<String> {
    if let Some(enclosed) = case.reading.postacert.as_ref().filter(|_| case.reading.kind == Anomalia) {
        return enclosed.head.to.iter().map(|to| to.address.clone()).collect();
    }
    let Some(daticert) = case.daticert() else { return Vec::new() };
    match case.reading.kind {
        AvvenutaConsegna | ErroreConsegna | PreavvisoErroreConsegna | Kind::RilevazioneVirus => {
            daticert.consegna.iter().cloned().collect()
        }
        PresaInCarico => daticert.ricezione.clone(),
        _ => daticert.destinatari.iter().map(|(address, _)| address.clone()).collect(),
    }
}

fn says(case: &Case<'_>, facts: &[Fact]) -> Option<Ruling> {
    let text = squeezed(&case.reading.text);
    let mut wanted = items(case, &text);
    wanted.extend(
        facts.iter().map(|(fact, stems)| (format!("the {fact}"), stems.iter().any(|stem| text.contains(stem)))),
    );
    let expected = format!("a text that gives {}", listed(wanted.iter().map(|(item, _)| item)));
    let missing: Vec<&str> = wanted.iter().filter(|(_, there)| !there).map(|(item, _)| item.as_str()).collect();
    if missing.is_empty() && case.daticert().is_none() && case.reading.kind != Anomalia {
        return Some(Ruling::of(Outcome::Unknown, expected, "there are no certification data to compare with"));
    }
    let words = if missing.is_empty() { "all of it".to_owned() } else { format!("without {}", listed(&missing)) };
    Some(Ruling::holds(missing.is_empty(), expected, words))
}

//= PEC-3.1.4-07
fn acceptance(case: &Case<'_>) -> Option<Ruling> {
    says(case, &[ACCEPTED, FORWARDED])
}

//= PEC-2.2.1-08
fn kind_of_each_recipient(case: &Case<'_>) -> Option<Ruling> {
    let daticert = case.daticert()?;
    let text = squeezed(&case.reading.text);
    let told = |address: &str, tipo: &str| {
        let word = if tipo == "esterno" { "postaordinaria" } else { "postacertificata" };
        let address = squeezed(address);
        // Right behind the address, but for a few signs such as (" and ".
        text.match_indices(&address).any(|(at, _)| {
            let behind: String =
                text.get(at + address.len()..).unwrap_or_default().chars().take(word.len() + 6).collect();
            behind.contains(word)
        })
    };
    let untold: Vec<&str> = daticert
        .destinatari
        .iter()
        .filter(|(address, tipo)| !told(address, tipo))
        .map(|(address, _)| address.as_str())
        .collect();
    let expected = listed(daticert.destinatari.iter().map(|(address, tipo)| format!("{address} ({tipo})")));
    let words = if untold.is_empty() { "all told".to_owned() } else { format!("not told of {}", listed(&untold)) };
    let holds = untold.is_empty() && !daticert.destinatari.is_empty();
    Some(Ruling::holds(holds, format!("text and data tell the kind of each recipient: {expected}"), words))
}

/// Whether a timeout notice is the second of its recipient: by the time since acceptance, else by what it says.
fn is_second(case: &Case<'_>) -> bool {
    let text = squeezed(&case.reading.text);
    match since_acceptance(case) {
        Some(passed) => passed >= Span::from_hours(18),
        None => {
            NOT_IN_DAY.1.iter().any(|stem| text.contains(stem))
                && !NOT_IN_TWELVE.1.iter().any(|stem| text.contains(stem))
        }
    }
}

fn since_acceptance(case: &Case<'_>) -> Option<Span> {
    let accepted =
        case.submission.map(|submission| submission.t0.0).or_else(|| case.envelope()?.reading.daticert.as_ref()?.at);
    Some(case.sighting.at.since(accepted?))
}

//= PEC-3.1.6-13
fn first_notice(case: &Case<'_>) -> Option<Ruling> {
    (!is_second(case)).then(|| facts(case, &[NOT_IN_TWELVE, MAY_YET, WILL_FOLLOW]))
}

//= PEC-3.1.6-14
fn second_notice(case: &Case<'_>) -> Option<Ruling> {
    is_second(case).then(|| facts(case, &[NOT_IN_DAY, FAILED]))
}

fn facts(case: &Case<'_>, facts: &[Fact]) -> Ruling {
    let text = squeezed(&case.reading.text);
    let missing: Vec<&str> = facts
        .iter()
        .filter(|(_, stems)| !stems.iter().any(|stem| text.contains(stem)))
        .map(|(fact, _)| *fact)
        .collect();
    let expected = format!("a text that tells {}", listed(facts.iter().map(|(fact, _)| fact)));
    let words =
        if missing.is_empty() { "all of it".to_owned() } else { format!("it does not tell {}", listed(&missing)) };
    Ruling::holds(missing.is_empty(), expected, words)
}

/// Date, time and offset as they first stand in a text.
#[derive(Debug, Default, PartialEq)]
struct Moment {
    date: Option<String>,
    time: Option<String>,
    /// As it stands between the parentheses behind the time.
    offset: Option<String>,
}

impl Moment {
    fn first(text: &str) -> Self {
        let mut moment = Self { date: find(text, "dd/dd/dddd").map(|(date, _)| date), ..Self::default() };
        if let Some((time, behind)) = find(text, "dd:dd:dd") {
            let inside = behind.trim_start().strip_prefix('(').and_then(|rest| rest.split_once(')'));
            moment.offset =
                inside.map(|(offset, _)| offset.trim().to_owned()).filter(|offset| minutes(offset).is_some());
            moment.time = Some(time);
        }
        moment
    }
}

/// The first place where the text follows the pattern (`d` is a digit), and what stands behind it.
fn find<'a>(text: &'a str, pattern: &str) -> Option<(String, &'a str)> {
    let fits = |candidate: &str| {
        candidate.len() == pattern.len()
            && candidate.bytes().zip(pattern.bytes()).all(|(c, p)| if p == b'd' { c.is_ascii_digit() } else { c == p })
    };
    text.char_indices().find_map(|(at, _)| {
        let candidate = text.get(at..at + pattern.len()).filter(|candidate| fits(candidate))?;
        let behind = text.get(at + pattern.len()..)?;
        let starts_with_digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        let after_digit = text.get(..at).is_some_and(|before| before.ends_with(|c: char| c.is_ascii_digit()));
        (!after_digit && !starts_with_digit(behind)).then(|| (candidate.to_owned(), behind))
    })
}

/// Minutes east of UTC of `+0100`, as deployed, or `+01:00`, as the RFC writes it.
fn minutes(offset: &str) -> Option<i32> {
    let bare: String = match offset.split_at_checked(3) {
        Some((hours, rest)) => format!("{hours}{}", rest.strip_prefix(':').unwrap_or(rest)),
        None => return None,
    };
    zone_minutes(&bare)
}

//= PEC-4.2-01
fn legal_time(case: &Case<'_>) -> Option<Ruling> {
    let moment = Moment::first(&case.reading.text);
    let offset = moment.offset.as_deref().and_then(minutes)?;
    let local = DateTime::strptime("%d/%m/%Y %H:%M:%S", format!("{} {}", moment.date?, moment.time?)).ok()?;
    let at = Offset::from_seconds(offset * 60).ok()?.to_timestamp(local).ok()?;
    let legal = rome()?.to_offset(at).seconds() / 60;
    let words = |minutes: i32| {
        format!("{}{:02}{:02}", if minutes < 0 { '-' } else { '+' }, minutes.abs() / 60, minutes.abs() % 60)
    };
    Some(Ruling::holds(
        legal == offset,
        format!("legal time, offset {}", words(legal)),
        format!("offset {}", words(offset)),
    ))
}

fn form(case: &Case<'_>, expected: &str, own: Option<&str>) -> Option<Ruling> {
    if case.reading.text.is_empty() {
        return None;
    }
    Some(Ruling::holds(own.is_some(), expected, format!("the text has {}", shown(own))))
}

//= PEC-4.2-02
fn date_form(case: &Case<'_>) -> Option<Ruling> {
    form(case, "a date as dd/mm/yyyy", Moment::first(&case.reading.text).date.as_deref())
}

//= PEC-4.2-03
fn time_form(case: &Case<'_>) -> Option<Ruling> {
    let moment = Moment::first(&case.reading.text);
    let time = moment.time.filter(|time| time.as_str() < "24" && jiff::civil::Time::strptime("%H:%M:%S", time).is_ok());
    form(case, "a time as hh:mm:ss on 24 hours", time.as_deref())
}

//= PEC-4.2-04
fn offset_form(case: &Case<'_>) -> Option<Ruling> {
    let offset = Moment::first(&case.reading.text).offset;
    form(case, "the time followed by (+hhmm) or (+hh:mm)", offset.as_deref())
}

//= PEC-4.3.1-04
fn html_says_the_same(case: &Case<'_>) -> Option<Ruling> {
    let html = squeezed(&mail_parser::decoders::html::html_to_text(&case.reading.html_part()?.text()));
    let plain = squeezed(&case.reading.text);
    let moment = Moment::first(&case.reading.text);
    let mut values: Vec<String> = [moment.date, moment.time].into_iter().flatten().collect();
    values.extend(case.daticert().and_then(|daticert| daticert.identificativo.clone()));
    values.extend(case.sender().map(str::to_owned));
    values.extend(recipients(case));
    values.extend(case.subject().flatten().map(str::to_owned));
    let told = |value: &&String| holds_value(&plain, value) && !holds_value(&html, value);
    let missing: Vec<&String> = values.iter().filter(told).collect();
    let words =
        if missing.is_empty() { "the same values".to_owned() } else { format!("the HTML lacks {}", listed(&missing)) };
    Some(Ruling::holds(missing.is_empty(), "HTML that says what the plain text says", words))
}

//= PEC-PRACT-02
fn italian(case: &Case<'_>) -> Option<Ruling> {
    const WORDS: [&str; 10] = ["giorno", "alle", "ore", "messaggio", "della", "stato", "ricevuta", "con", "ed", "da"];
    if case.reading.text.is_empty() {
        return None;
    }
    let text = case.reading.text.to_lowercase();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).collect();
    let found: Vec<&str> = WORDS.into_iter().filter(|word| words.contains(word)).collect();
    Some(Ruling::holds(found.len() >= 3, "Italian text", format!("Italian words: {}", listed(&found))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_in_both_written_forms() {
        let deployed = Moment::first("Il giorno 13/11/2018 alle ore 16:39:26 (+0100) il messaggio");
        assert_eq!(deployed.date.as_deref(), Some("13/11/2018"));
        assert_eq!(deployed.offset.as_deref().and_then(minutes), Some(60));
        assert_eq!(Moment::first("ore 16:39:26 (+01:00)").offset.as_deref().and_then(minutes), Some(60));
        assert_eq!(
            Moment::first("ore 16:39:26 CET, 113/11/20181"),
            Moment { time: Some("16:39:26".into()), ..Moment::default() }
        );
    }

    #[test]
    fn a_value_is_found_over_line_ends_and_beyond_latin() {
        let text = squeezed("messaggio \"Citt\u{e0} e\r\n mercati ?\" inviato");
        assert!(holds_value(&text, "Città e mercati €"));
        assert!(!holds_value(&text, "Città e altri"));
    }

    #[test]
    fn stems_are_written_as_texts_are_squeezed() {
        let facts = [
            ACCEPTED,
            FORWARDED,
            REFUSED,
            FAULT,
            ORIGINAL,
            ATTACHED,
            TAKEN,
            RECEIVED,
            NOT_CERTIFIED,
            DELIVERED,
            NOT_DELIVERED,
            NOT_IN_TWELVE,
            MAY_YET,
            WILL_FOLLOW,
            NOT_IN_DAY,
            FAILED,
        ];
        assert!(facts.iter().flat_map(|(_, stems)| *stems).all(|stem| squeezed(stem) == *stem));
    }
}
