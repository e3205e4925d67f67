use collaudo_record::{Instant, Outcome, Span};
use jiff::{Timestamp, civil::DateTime, tz::Offset};

use super::{
    Case, GENERATED, Rule, Ruling,
    case::{listed, rome, when},
    date::Limits,
    page::squeezed_page,
    words::words,
};
use crate::{
    Clause,
    check::flow,
    reading::{Kind, Virus, zone_minutes},
    story::{Submission, address::domain},
};

use Kind::{
    Accettazione, Anomalia, AvvenutaConsegna, ErroreConsegna, NonAccettazione, PostaCertificata,
    PreavvisoErroreConsegna, PresaInCarico, RilevazioneVirus,
};

pub(super) const RULES: &[Rule] = &[
    Rule::all(Clause::PEC_2_2_1_08, &[Accettazione], kind_of_each_recipient),
    Rule::plain(Clause::PEC_3_1_2_09, &[NonAccettazione], |case| says(case, &[REFUSED, FAULT])),
    Rule::virus(Clause::PEC_3_1_3_07, &[NonAccettazione], |case| says(case, &[REFUSED, SECURITY])),
    Rule::all(Clause::PEC_3_2_3_11, &[RilevazioneVirus], |case| says(case, &[SECURITY])),
    Rule::all(Clause::PEC_3_2_3_12, &[RilevazioneVirus], reason),
    Rule::virus(Clause::PEC_3_2_4_09, &[ErroreConsegna], |case| says(case, &[NOT_DELIVERED, SECURITY])),
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
/// the same fact in many ways; what the RFC's English models say is there too, for the language is another row's affair.
type Fact = (&'static str, &'static [&'static str]);

const ACCEPTED: Fact = ("acceptance", &["accettat", "accepted"]);
const FORWARDED: Fact = ("forwarding", &["inoltr", "inviat", "spedit", "trasmess", "forwarded"]);
const REFUSED: Fact = (
    "non-acceptance",
    &["nonestatoaccettat", "nonaccettat", "nonvieneaccettat", "impediscelaccettazione", "rifiutat", "notaccepted"],
);
const FAULT: Fact = (
    "cause",
    &[
        "errore",
        "problema",
        "motiv",
        "causa",
        "perche",
        "inquanto",
        "anomalia",
        "sconosciut",
        "inesistent",
        "piena",
        "nonconform",
        "nonvalid",
        "nonammess",
        "nonconsentit",
        "mancante",
        "assente",
        "supera",
        "eccede",
    ],
);
const SECURITY: Fact = ("security problem", &["problemadisicurezza", "virus", "sicurezza", "securityproblem"]);
const ORIGINAL: Fact = ("original", &["originale", "originalmessage"]);
const ATTACHED: Fact = ("attachment", &["allegat", "inclus", "attached"]);
const TAKEN: Fact = (
    "taking in charge",
    &["presoincarico", "presaincarico", "accettatodalsistema", "takenincharge", "acceptedbythesystem"],
);
const RECEIVED: Fact = ("reception", &["ricevut", "pervenut", "received"]);
const NOT_CERTIFIED: Fact = (
    "lack of certification",
    &[
        "noncertificat",
        "nonsonostaticertificat",
        "nonestatocertificat",
        "nonecertificat",
        "nonrisultacertificat",
        "nonpossonoesserecertificat",
        "notbeencertified",
    ],
);
const DELIVERED: Fact =
    ("delivery", &["consegnat", "depositat", "resodisponibile", "messoadisposizione", "placedinth"]);
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
        "wasrefused",
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
pub(super) fn squeezed(text: &str) -> String {
    let plain = |c: char| match c {
        'à' | 'á' => 'a',
        'è' | 'é' => 'e',
        'ì' | 'í' => 'i',
        'ò' | 'ó' => 'o',
        'ù' | 'ú' => 'u',
        other => other,
    };
    let is_kept = |c: &char| !c.is_whitespace() && !c.is_control() && !"'’`´".contains(*c);
    let mut squeezed = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_ascii_graphic() && c != '\'' && c != '`' => squeezed.push(c.to_ascii_lowercase()),
            c if c.is_ascii() => {}
            c => squeezed.extend(c.to_lowercase().map(plain).filter(is_kept)),
        }
    }
    squeezed
}

/// What stands for a character that somebody could not convert.
const LOST: char = '\u{fffd}';

/// Whether the text holds a value. What ISO-8859-1 cannot write may stand there as anything; where characters were lost, so
/// may what ASCII cannot write.
pub(super) fn holds_value(text: &str, value: &str) -> bool {
    let most = if text.contains(LOST) { 0x7f } else { 0xff };
    value.split(|c: char| u32::from(c) > most).all(|piece| text.contains(&*squeezed(piece)))
}

/// Whether the text tells a fact. A lost character was an accented one, in these words an e.
fn tells(text: &str, (_, stems): &Fact) -> bool {
    let restored = text.contains(LOST).then(|| text.replace(LOST, "e"));
    let text = restored.as_deref().unwrap_or(text);
    stems.iter().any(|stem| text.contains(stem))
}

/// The items that the law wants in the text of this message, each with whether it is there.
fn items(case: &Case<'_>, text: &str) -> Vec<(String, bool)> {
    let mut items = Vec::new();
    let anomaly = case.reading.kind == Anomalia;
    let ids = if anomaly { Vec::new() } else { identifiers(case) };
    if let Some(id) = ids.first() {
        items.push((words!("identifier {id}"), ids.iter().any(|id| holds_value(text, id))));
    }
    if let Some(subject) = case.subject().flatten().filter(|subject| !subject.is_empty()) {
        items.push((words!("subject {subject}"), holds_value(text, subject)));
    }
    let recipients = recipients(case);
    if let Some(first) = recipients.iter().find(|list| !list.is_empty()) {
        let all_of = |list: &Vec<&str>| !list.is_empty() && list.iter().all(|one| holds_value(text, one));
        items.push((words!("recipients {}", listed(first)), recipients.iter().any(all_of)));
    }
    // The model of a non-delivery notice for a virus has no sender: the user who reads it is.
    let is_told_its_sender = case.reading.kind == ErroreConsegna && case.is_about_virus();
    let senders: Vec<&str> = match (&case.reading.postacert, anomaly) {
        (Some(enclosed), true) => {
            let named = enclosed.head.from.iter().chain(&enclosed.head.reply_to).map(|from| from.address.as_str());
            named.chain(case.came_from()).collect()
        }
        _ if is_told_its_sender => Vec::new(),
        _ => case.senders(),
    };
    if let Some(first) = senders.first() {
        items.push((words!("sender {first}"), senders.iter().any(|sender| holds_value(text, sender))));
    }
    let moment = case.moment();
    items.push((words!("date and time"), moment.date.is_some() && moment.time.is_some()));
    items.push((words!("time zone"), moment.offset.is_some()));
    items.extend(moment.instant.and_then(|at| right_time(case, at)));
    items
}

/// Whether a moment that a text gives is the one that the message has elsewhere, where that can be true (R-0100). Of an
/// anomaly envelope only one other place tells it, and which of the two is wrong cannot be told.
fn right_time(case: &Case<'_>, at: Instant) -> Option<(String, bool)> {
    let known = [case.daticert().and_then(|daticert| daticert.at), case.head().date];
    let known = known.into_iter().flatten().filter(|_| case.reading.kind != Anomalia);
    let agrees = |known: Instant| known.since(at).0.unsigned_abs() < 1_000_000;
    let first = known.clone().next()?;
    if known.clone().any(agrees) {
        return Some((words!("the time {}", when(first)), true));
    }
    let limits = Limits::of(case);
    match known.clone().find(|known| limits.hold(*known)) {
        Some(true_one) => Some((words!("the time {}", when(true_one)), false)),
        None => Some((words!("the time of processing"), limits.hold(at))),
    }
}

/// The PEC identifier, by each place that tells it: where they differ other rows say so.
fn identifiers<'a>(case: &Case<'a>) -> Vec<&'a str> {
    let certified = case.daticert().and_then(|daticert| daticert.identificativo.as_deref());
    let own = case.head().message_id.as_deref().filter(|_| case.reading.kind == PostaCertificata);
    let known = case.submission.into_iter().flat_map(|submission| submission.pec_msgids.iter().copied());
    certified.into_iter().chain(own).chain(known).chain(case.identifier_shown()).collect()
}

/// Whom the text must name: the one recipient concerned, those taken in charge, or all; by each place that tells it.
fn recipients<'a>(case: &Case<'a>) -> Vec<Vec<&'a str>> {
    if let Some(enclosed) = case.reading.postacert.as_ref().filter(|_| case.reading.kind == Anomalia) {
        return vec![enclosed.head.to.iter().map(|to| to.address.as_str()).collect()];
    }
    let Some(daticert) = case.daticert() else { return Vec::new() };
    match case.reading.kind {
        AvvenutaConsegna | ErroreConsegna | PreavvisoErroreConsegna | RilevazioneVirus => {
            let own = daticert.consegna.as_deref();
            let mut one = vec![own.into_iter().collect()];
            // A certified recipient that cannot be the one concerned is itself the wrong one.
            if own.is_some_and(|own| !case.can_concern(own)) {
                let all = daticert.destinatari.iter().map(|(address, _)| address.as_str());
                one.extend(case.handed().into_iter().chain(all).map(|other| vec![other]));
            }
            one
        }
        PresaInCarico => vec![daticert.ricezione.iter().map(String::as_str).collect(), taken(case)],
        _ => {
            let asked = case.submission.into_iter().flat_map(|submission| &submission.recipients);
            let certified = daticert.destinatari.iter().map(|(address, _)| address.as_str()).collect();
            let original = case.reading.postacert.as_ref().filter(|_| case.is_alone).map(|enclosed| &enclosed.head);
            let named = original.into_iter().flat_map(|head| head.to.iter().chain(&head.cc));
            vec![certified, asked.map(|one| one.address).collect(), named.map(|named| named.address.as_str()).collect()]
        }
    }
}

/// Those for whom this message's issuer took the envelope.
fn taken<'a>(case: &Case<'a>) -> Vec<&'a str> {
    let id = case.daticert().and_then(|daticert| daticert.identificativo.as_deref());
    let ours = case
        .view
        .story
        .handovers
        .iter()
        .filter(|one| one.provider.name == case.issuer.name && Some(one.pec_msgid) == id && one.taken.is_some());
    ours.map(|one| one.recipient).collect()
}

fn says(case: &Case<'_>, facts: &[Fact]) -> Option<Ruling> {
    let text = case.squeezed_text();
    let mut wanted = items(case, text);
    let explanation = explanation(case, text).filter(|_| facts.contains(&FAULT) || facts.contains(&SECURITY));
    // What is certified as the cause tells it, whatever word leads to it (R-0107).
    let is_explained = explanation.as_ref().is_some_and(|(_, there)| *there);
    let is_told = |fact: &Fact| tells(text, fact) || *fact == FAULT && is_explained;
    wanted.extend(facts.iter().map(|fact| (words!("the {}", fact.0), is_told(fact))));
    wanted.extend(explanation);
    // Every scanner calls it so.
    if facts.contains(&SECURITY) && carries_the_test_file(case) {
        wanted.push((words!("the name of what was found"), text.contains("eicar")));
    }
    let expected = words!("a text that gives {}", listed(wanted.iter().map(|(item, _)| item)));
    let missing: Vec<&str> = wanted.iter().filter(|(_, there)| !there).map(|(item, _)| item.as_str()).collect();
    if missing.is_empty() && case.daticert().is_none() && case.reading.kind != Anomalia {
        return Some(Ruling::of(Outcome::Unknown, expected, "there are no certification data to compare with"));
    }
    let words = if missing.is_empty() { words!("all of it") } else { words!("without {}", listed(&missing)) };
    Some(Ruling::holds(missing.is_empty(), expected, words))
}

/// Whether the message that a notice is about carries the test file.
fn carries_the_test_file(case: &Case<'_>) -> bool {
    let submitted = case.submission.map(Submission::virus);
    let crossed = case.envelope().map(|envelope| envelope.reading.virus);
    [submitted, crossed].contains(&Some(Virus::Found))
}

//= PEC-3.2.3-12
fn reason(case: &Case<'_>) -> Option<Ruling> {
    let text = case.squeezed_text();
    let certified = case.daticert()?.errore_esteso.as_deref().filter(|why| !why.is_empty());
    let holds = certified.is_some() && explanation(case, text).is_none_or(|(_, there)| there);
    let words = words!("errore-esteso {certified:?}, {} in the text", if holds { "and" } else { "not" });
    Some(Ruling::holds(holds, "why the transmission could not be completed, in errore-esteso and in the text", words))
}

/// What every notice says of its message, whatever the cause: what came of it.
const SAID_OF_ALL: [&str; 5] = ["messaggi", "stat", "accettat", "rifiutat", "consegnat"];

/// The certified description of an error, half of whose words must be in the text: wordings may differ, the matter not. What
/// names the provider or the outcome, and words inside of addresses and identifiers, explain nothing.
fn explanation(case: &Case<'_>, text: &str) -> Option<(String, bool)> {
    let daticert = case.daticert()?;
    let certified = daticert.errore_esteso.as_deref()?;
    let split = |text: &str| text.split(|c: char| !c.is_alphanumeric()).map(squeezed).collect::<Vec<_>>();
    let provider = split(daticert.gestore_emittente.as_deref().unwrap_or_default());
    let words = split(certified);
    let is_of_all = |word: &str| SAID_OF_ALL.iter().any(|stem| word.starts_with(stem));
    let explains = |word: &&String| word.len() > 3 && !provider.contains(word) && !is_of_all(word);
    let words: Vec<&String> = words.iter().filter(explains).collect();
    let recipients = daticert.destinatari.iter().map(|(address, _)| address);
    let values = recipients.chain(&daticert.mittente).chain(&daticert.consegna).chain(&daticert.identificativo);
    let values = values.map(|value| squeezed(value)).filter(|value| !value.is_empty());
    let text = values.fold(text.to_owned(), |text, value| text.replace(&value, " "));
    let said = words.iter().filter(|word| text.contains(word.as_str())).count();
    (!words.is_empty()).then(|| (words!("the description \"{certified}\""), 2 * said >= words.len()))
}

//= PEC-3.1.4-07
fn acceptance(case: &Case<'_>) -> Option<Ruling> {
    let said = says(case, &[ACCEPTED, FORWARDED])?;
    if said.outcome != Outcome::Pass {
        return Some(said);
    }
    let kinds = kinds(case);
    let untold: Vec<&String> =
        kinds.iter().filter(|(address, kind)| !tells_kind(case, address, kind)).map(|(address, _)| address).collect();
    let words = if untold.is_empty() {
        said.observed
    } else {
        words!("the kind is not told of {}", listed(untold.iter())).into()
    };
    Some(Ruling::holds(untold.is_empty(), said.expected + ", each recipient with its kind", words))
}

/// Each recipient with its kind: as SMTP and the index have it, else as certified.
fn kinds(case: &Case<'_>) -> Vec<(String, String)> {
    let index = case.index().filter(|index| !index.records.is_empty());
    let Some((submission, index)) = case.submission.zip(index) else {
        return case.daticert().map(|daticert| daticert.destinatari.clone()).unwrap_or_default();
    };
    let kind = |address: &str| if index.managing(&domain(address)).is_some() { "certificato" } else { "esterno" };
    submission.recipients.iter().map(|one| (one.address.to_owned(), kind(one.address).to_owned())).collect()
}

/// Whether the text has the kind right behind the address, but for a few signs such as (" and ".
fn tells_kind(case: &Case<'_>, address: &str, kind: &str) -> bool {
    let text = case.squeezed_text();
    let word = if kind == "esterno" { "postaordinaria" } else { "postacertificata" };
    let address = squeezed(address);
    text.match_indices(&address).any(|(at, _)| {
        let behind: String = text.get(at + address.len()..).unwrap_or_default().chars().take(word.len() + 6).collect();
        behind.contains(word)
    })
}

//= PEC-2.2.1-08
fn kind_of_each_recipient(case: &Case<'_>) -> Option<Ruling> {
    let expected = "text and data tell the kind of each recipient";
    let Some(daticert) = case.daticert() else {
        return Some(Ruling::holds(false, expected, "no certification data"));
    };
    let untold: Vec<&str> = daticert
        .destinatari
        .iter()
        .filter(|(address, tipo)| !tells_kind(case, address, tipo))
        .map(|(address, _)| address.as_str())
        .collect();
    let told = listed(daticert.destinatari.iter().map(|(address, tipo)| words!("{address} ({tipo})")));
    let words = if untold.is_empty() { words!("all told") } else { words!("not told of {}", listed(&untold)) };
    let holds = untold.is_empty() && !daticert.destinatari.is_empty();
    Some(Ruling::holds(holds, words!("{expected}: {told}"), words))
}

/// Whether a timeout notice is the second of its recipient: by what else came in his day, by the time since acceptance,
/// else by what it says.
fn is_second(case: &Case<'_>) -> bool {
    let story = case.view.story;
    let appearance = story.appearances.iter().find(|one| one.event == case.sighting.event);
    if let Some(is_second) = appearance.and_then(|notice| flow::is_second(story, notice)) {
        return is_second;
    }
    match since_acceptance(case).filter(|_| !case.may_be_mistimed()) {
        Some(passed) if passed < Span::from_hours(17) => false,
        Some(passed) if passed >= Span::from_hours(22) => true,
        _ => notice_hours(&case.reading.text) == Some(24),
    }
}

/// Which timeout notice a text is of, 12 or 24, as it says itself. The first may speak of the day too.
pub(crate) fn notice_hours(text: &str) -> Option<u32> {
    let text = squeezed(text);
    match tells(&text, &NOT_IN_TWELVE) {
        true => Some(12),
        false => tells(&text, &NOT_IN_DAY).then_some(24),
    }
}

fn since_acceptance(case: &Case<'_>) -> Option<Span> {
    let accepted =
        case.submission.map(|submission| submission.t0.0).or_else(|| case.envelope()?.reading.daticert.as_ref()?.at);
    Some(case.seen()?.since(accepted?))
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
    let text = case.squeezed_text();
    let missing: Vec<&str> = facts.iter().filter(|fact| !tells(text, fact)).map(|(fact, _)| *fact).collect();
    let expected = words!("a text that tells {}", listed(facts.iter().map(|(fact, _)| fact)));
    let words = if missing.is_empty() { words!("all of it") } else { words!("it does not tell {}", listed(&missing)) };
    Ruling::holds(missing.is_empty(), expected, words)
}

/// Date, time and offset as they first stand in a text.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Moment<'a> {
    date: Option<&'a str>,
    time: Option<&'a str>,
    /// As it stands between the parentheses behind the time, however the time is written.
    offset: Option<&'a str>,
    /// The three together, where each can be read.
    pub(super) instant: Option<Instant>,
}

impl<'a> Moment<'a> {
    pub(super) fn first(text: &'a str) -> Self {
        let time = find(text, "dd:dd:dd");
        let behind = time.as_ref().map(|(_, behind)| *behind).or_else(|| clock(text).map(|(_, behind)| behind));
        let inside = behind.and_then(|rest| rest.trim_start().strip_prefix('(')?.split_once(')'));
        let mut moment = Self {
            date: find(text, "dd/dd/dddd").map(|(date, _)| date),
            time: time.map(|(time, _)| time),
            offset: inside.map(|(offset, _)| offset.trim()).filter(|offset| minutes(offset).is_some()),
            instant: None,
        };
        moment.instant = moment.read();
        moment
    }

    fn read(&self) -> Option<Instant> {
        let offset = Offset::from_seconds(minutes(self.offset?)? * 60).ok()?;
        let local = format!("{} {}", self.date?, self.time?);
        let local = DateTime::strptime("%d/%m/%Y %H:%M:%S", local).ok()?;
        Some(Instant(offset.to_timestamp(local).ok()?.as_microsecond()))
    }
}

/// The instant that a readable text gives, where it gives all of it.
pub(super) fn instant_of(text: &str) -> Option<Instant> {
    Moment::first(text).instant
}

/// A run of digits between separators, and what stands behind it.
fn numbers<'a>(text: &'a str, separators: &[char]) -> impl Iterator<Item = (Vec<&'a str>, &'a str)> {
    let inside = |c: char| c.is_ascii_digit() || separators.contains(&c);
    let starts = text.char_indices().filter(move |(at, c)| {
        let before = text.get(..*at).and_then(|before| before.chars().next_back());
        c.is_ascii_digit() && before.is_none_or(|c| !c.is_alphanumeric() && !"+-.:/@".contains(c))
    });
    starts.filter_map(move |(at, _)| {
        let rest = text.get(at..)?;
        let (run, behind) = rest.split_at(rest.find(|c| !inside(c)).unwrap_or(rest.len()));
        Some((run.trim_end_matches(separators).split(separators).collect(), behind))
    })
}

/// The first thing in a text that may be meant for a time of day, and what stands behind it.
fn clock(text: &str) -> Option<(String, &str)> {
    numbers(text, &[':', '.']).find_map(|(groups, behind)| {
        let small = |group: &str| group.len() <= 2 && group.parse::<u8>().is_ok_and(|number| number < 60);
        let fits = match groups.as_slice() {
            [hour, rest @ ..] if (1..=2).contains(&rest.len()) => {
                small(hour) && rest.iter().all(|group| group.len() == 2 && small(group))
            }
            _ => false,
        };
        fits.then(|| (groups.join(":"), behind))
    })
}

/// The first thing in a text that may be meant for a date.
fn day(text: &str) -> Option<String> {
    let mut dates = numbers(text, &['-', '.', '/']).filter_map(|(groups, _)| {
        let year = groups.len() == 3 && groups.iter().any(|group| group.len() == 4);
        year.then(|| groups.join("-"))
    });
    dates.next().or_else(|| {
        let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        words.windows(3).find_map(|words| match words {
            [day, month, year] if day.len() <= 2 && day.parse::<u8>().is_ok() && year.len() == 4 => {
                let is_month = MONTHS.iter().any(|one| one.eq_ignore_ascii_case(month));
                (is_month && year.parse::<u16>().is_ok()).then(|| words.join(" "))
            }
            _ => None,
        })
    })
}

const MONTHS: [&str; 24] = [
    "gennaio",
    "febbraio",
    "marzo",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "agosto",
    "settembre",
    "ottobre",
    "novembre",
    "dicembre",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The first place where the text follows the pattern (`d` is a digit), and what stands behind it.
fn find<'a>(text: &'a str, pattern: &str) -> Option<(&'a str, &'a str)> {
    let is_digit = |b: Option<&u8>| b.is_some_and(u8::is_ascii_digit);
    let fits = |b: (&u8, &u8)| if *b.1 == b'd' { b.0.is_ascii_digit() } else { b.0 == b.1 };
    let octets = text.as_bytes();
    let at = octets.windows(pattern.len()).enumerate().find_map(|(at, candidate)| {
        let stands_alone = || !is_digit(octets.get(at + pattern.len())) && (at == 0 || !is_digit(octets.get(at - 1)));
        let is_it = is_digit(candidate.first()) && candidate.iter().zip(pattern.as_bytes()).all(fits) && stands_alone();
        is_it.then_some(at)
    })?;
    // What fits is ASCII throughout.
    Some((text.get(at..at + pattern.len())?, text.get(at + pattern.len()..)?))
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
    let moment = case.moment();
    let offset = moment.offset.and_then(minutes)?;
    let at = Timestamp::from_microsecond(moment.instant?.0).ok()?;
    let legal = rome()?.to_offset(at).seconds() / 60;
    let words = |minutes: i32| {
        words!("{}{:02}{:02}", if minutes < 0 { '-' } else { '+' }, minutes.abs() / 60, minutes.abs() % 60)
    };
    Some(Ruling::holds(
        legal == offset,
        words!("legal time, offset {}", words(legal)),
        words!("offset {}", words(offset)),
    ))
}

/// A value in its form, or another that was meant for it; where there is nothing of the sort the text's own row says so.
fn form(expected: &'static str, right: Option<&str>, meant: impl FnOnce() -> Option<String>) -> Option<Ruling> {
    if let Some(own) = right {
        return Some(Ruling::holds(true, expected, words!("the text has {own}")));
    }
    let own = meant()?;
    Some(Ruling::holds(false, expected, words!("the text has {own}")))
}

//= PEC-4.2-02
fn date_form(case: &Case<'_>) -> Option<Ruling> {
    form("a date as dd/mm/yyyy", case.moment().date, || day(&case.reading.text))
}

//= PEC-4.2-03
fn time_form(case: &Case<'_>) -> Option<Ruling> {
    let own = case.moment().time;
    let fits = |time: &&str| *time < "24" && jiff::civil::Time::strptime("%H:%M:%S", time).is_ok();
    let meant = || own.map(str::to_owned).or_else(|| clock(&case.reading.text).map(|(time, _)| time));
    form("a time as hh:mm:ss on 24 hours", own.filter(fits), meant)
}

//= PEC-4.2-04
fn offset_form(case: &Case<'_>) -> Option<Ruling> {
    let meant = || clock(&case.reading.text).map(|_| "no offset behind the time".to_owned());
    form("the time followed by (+hhmm) or (+hh:mm)", case.moment().offset, meant)
}

//= PEC-4.3.1-04
fn html_says_the_same(case: &Case<'_>) -> Option<Ruling> {
    let html = squeezed_page(case.page()?);
    let plain = case.squeezed_text();
    let moment = case.moment();
    let mut values: Vec<&str> = [moment.date, moment.time].into_iter().flatten().collect();
    values.extend(case.daticert().and_then(|daticert| daticert.identificativo.as_deref()));
    values.extend(case.sender());
    values.extend(recipients(case).into_iter().flatten());
    values.extend(case.subject().flatten());
    values.retain(|value| !holds_value(&html, value) && holds_value(plain, value));
    let missing = values;
    let words =
        if missing.is_empty() { words!("the same values") } else { words!("the HTML lacks {}", listed(&missing)) };
    Some(Ruling::holds(missing.is_empty(), "HTML that says what the plain text says", words))
}

//= PEC-PRACT-02
fn italian(case: &Case<'_>) -> Option<Ruling> {
    const WORDS: [&str; 10] = ["giorno", "alle", "ore", "messaggio", "della", "stato", "ricevuta", "con", "ed", "da"];
    const ENOUGH: usize = 3;
    if case.reading.text.is_empty() {
        return None;
    }
    let mut found = WORDS.map(|word| (word, false));
    let mut there = 0;
    for own in case.reading.text.split(|c: char| !c.is_alphabetic()) {
        for (_, is_there) in found.iter_mut().filter(|(word, is_there)| !is_there && own.eq_ignore_ascii_case(word)) {
            *is_there = true;
            there += 1;
        }
        if there == ENOUGH {
            break;
        }
    }
    let found = found.into_iter().filter(|(_, is_there)| *is_there).map(|(word, _)| word);
    Some(Ruling::holds(there == ENOUGH, "Italian text", words!("Italian words: {}", listed(found))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_in_both_written_forms() {
        let deployed = Moment::first("Il giorno 13/11/2018 alle ore 16:39:26 (+0100) il messaggio");
        assert_eq!(deployed.date, Some("13/11/2018"));
        assert_eq!(deployed.offset.and_then(minutes), Some(60));
        assert_eq!(Moment::first("ore 16:39:26 (+01:00)").offset.and_then(minutes), Some(60));
        assert_eq!(
            Moment::first("ore 16:39:26 CET, 113/11/20181"),
            Moment { time: Some("16:39:26"), ..Moment::default() }
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
            SECURITY,
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
