use collaudo_record::Outcome;

use super::{
    CERTIFYING, Case, GENERATED, Rule, Ruling,
    case::{holds_in_any_case, listed, shown},
    words::words,
};
use crate::{
    Clause,
    reading::{Daticert, Form, Kind},
};

use Kind::{
    Accettazione, Anomalia, AvvenutaConsegna, ErroreConsegna, NonAccettazione, PostaCertificata,
    PreavvisoErroreConsegna, PresaInCarico, RilevazioneVirus,
};

pub(super) const RULES: &[Rule] = &[
    Rule::all(Clause::PEC_2_2_1_05, &[Accettazione], text_and_xml),
    Rule::plain(Clause::PEC_3_1_2_13, &[NonAccettazione], no_original),
    Rule::all(Clause::PEC_3_1_5_01, &[PostaCertificata], original_and_data),
    Rule::all(Clause::PEC_3_2_2_14, &[Anomalia], text_and_message_alone),
    Rule::all(Clause::PEC_3_3_2_3_02, &[AvvenutaConsegna], concise_has_no_original),
    Rule::all(Clause::PEC_4_3_01, GENERATED, seven_bit),
    Rule::all(Clause::PEC_4_3_02, GENERATED, content_is_mixed),
    Rule::all(Clause::PEC_4_3_03, GENERATED, text_first),
    Rule::all(Clause::PEC_4_3_1_01, GENERATED, charset),
    Rule::all(Clause::PEC_4_3_1_02, GENERATED, text_type),
    Rule::all(Clause::PEC_4_3_1_03, GENERATED, alternative_forms),
    Rule::all(Clause::PEC_4_3_1_05, GENERATED, html_refers_to_nothing),
    Rule::all(Clause::PEC_4_3_1_06, GENERATED, html_is_passive),
    Rule::all(Clause::PEC_4_3_2_01, &[PostaCertificata, AvvenutaConsegna], original_part),
    Rule::all(Clause::PEC_4_3_3_01, CERTIFYING, data_type),
    Rule::all(Clause::PEC_4_3_3_02, CERTIFYING, data_charset),
    Rule::all(Clause::PEC_4_3_3_03, CERTIFYING, data_name),
    Rule::plain(Clause::PEC_3_1_2_10, &[NonAccettazione], |case| data_as_xml(case, &["altro"])),
    Rule::virus(Clause::PEC_3_1_3_08, &[NonAccettazione], |case| virus_data(case, &["virus"])),
    Rule::all(Clause::PEC_3_1_4_08, &[Accettazione], |case| data_as_xml(case, &["nessuno"])),
    Rule::all(Clause::PEC_3_1_5_18, &[PostaCertificata], |case| data_as_xml(case, &["nessuno"])),
    Rule::all(Clause::PEC_3_1_6_17, &[PreavvisoErroreConsegna], data_without_original),
    Rule::all(Clause::PEC_3_2_1_13, &[PresaInCarico], |case| data_as_xml(case, &["nessuno"])),
    // The comments of the DTD fix no error value for this kind.
    Rule::all(Clause::PEC_3_2_3_13, &[RilevazioneVirus], |case| virus_data(case, &["virus", "altro", "nessuno"])),
    Rule::virus(Clause::PEC_3_2_4_11, &[ErroreConsegna], |case| data_as_xml(case, &["virus"])),
    Rule::all(Clause::PEC_3_3_2_1_06, &[AvvenutaConsegna], |case| {
        (!case.is_brief()).then(|| data_as_xml(case, &["nessuno"]))?
    }),
    Rule::all(Clause::PEC_3_3_2_2_15, &[AvvenutaConsegna], |case| {
        case.is_brief().then(|| text_and_data_as_xml(case))?
    }),
    Rule::plain(Clause::PEC_3_3_3_09, &[ErroreConsegna], |case| data_as_xml(case, &["no-dest", "no-dominio", "altro"])),
];

/// The parts of a message in words.
fn parts(case: &Case<'_>) -> String {
    listed(case.reading.parts().iter().map(|part| match part.name.as_deref() {
        Some(name) => words!("{} ({name})", part.media_type),
        None => part.media_type.to_string(),
    }))
}

fn encloses_a_message(case: &Case<'_>) -> bool {
    case.reading.postacert_part().is_some()
}

//= PEC-2.2.1-05
fn text_and_xml(case: &Case<'_>) -> Option<Ruling> {
    let holds = case.reading.readable_part().is_some() && case.reading.daticert_part().is_some();
    Some(Ruling::holds(holds, "readable text and certification data", parts(case)))
}

//= PEC-3.1.2-13
fn no_original(case: &Case<'_>) -> Option<Ruling> {
    Some(Ruling::holds(!encloses_a_message(case), "no message/rfc822", parts(case)))
}

//= PEC-3.1.5-01
fn original_and_data(case: &Case<'_>) -> Option<Ruling> {
    let holds = encloses_a_message(case) && case.reading.daticert_part().is_some();
    Some(Ruling::holds(holds, "the original and the certification data", parts(case)))
}

//= PEC-3.2.2-14
fn text_and_message_alone(case: &Case<'_>) -> Option<Ruling> {
    let is_text = |part| case.reading.readable_part().is_some_and(|text| std::ptr::eq(text, part));
    let own = case.reading.parts();
    let holds = matches!(own, [text, message] if is_text(text) && message.media_type == "message/rfc822");
    Some(Ruling::holds(holds, "a text, a message/rfc822 and nothing else", parts(case)))
}

//= PEC-3.3.2.3-02
fn concise_has_no_original(case: &Case<'_>) -> Option<Ruling> {
    let asked = case.daticert()?.ricevuta.as_deref()?;
    // A recipient who is not primary gets the concise form under the name of the form asked for.
    if asked != "sintetica" && encloses_a_message(case) {
        return None;
    }
    let holds = !encloses_a_message(case) && case.reading.readable_part().is_some();
    Some(Ruling::holds(
        holds,
        "readable text, certification data, no original",
        words!("ricevuta {asked}: {}", parts(case)),
    ))
}

//= PEC-4.3-01
fn seven_bit(case: &Case<'_>) -> Option<Ruling> {
    let octets = case.octets;
    let high = |range: &std::ops::Range<usize>| {
        let own = octets.get(range.clone()).unwrap_or_default();
        if own.is_ascii() { None } else { own.iter().position(|b| *b >= 0x80) }
    };
    // The original's octets are the user's and stay as they are; all else is the provider's.
    let users = case.reading.postacert_part().filter(|_| !case.reading.is_opaque());
    let users = users.map_or(0..0, |part| part.body.clone());
    let before = 0..if users.is_empty() { octets.len() } else { users.start };
    let found = high(&before).or_else(|| high(&(users.end.max(before.end)..octets.len())).map(|at| at + users.end));
    let words = found.map_or_else(|| words!("7-bit octets alone"), |at| words!("an octet above 127 at {at}"));
    let outcome = match found {
        None => Outcome::Pass,
        // Some deployed providers sign parts with raw octets.
        Some(_) if case.is_alone => Outcome::Deviation,
        Some(_) => Outcome::Fail,
    };
    Some(Ruling::of(outcome, "the provider's own parts encoded for 7-bit transport", words))
}

//= PEC-4.3-02
fn content_is_mixed(case: &Case<'_>) -> Option<Ruling> {
    let own = &case.reading.content().media_type;
    Some(Ruling::holds(own == "multipart/mixed", "signed content of multipart/mixed", words!("{own}")))
}

//= PEC-4.3-03
fn text_first(case: &Case<'_>) -> Option<Ruling> {
    let both = case.reading.readable_part().zip(case.reading.parts().first());
    let holds = both.is_some_and(|(readable, first)| std::ptr::eq(readable, first));
    Some(Ruling::holds(holds, "the readable text as the first part", parts(case)))
}

//= PEC-4.3.1-01
fn charset(case: &Case<'_>) -> Option<Ruling> {
    let part = case.reading.text_part()?;
    let own = part.charset.as_deref();
    let expected = "readable text in ISO-8859-1";
    // One deployed provider writes what it could not convert so.
    if part.is_mislabelled() {
        let words = words!("charset {}, yet its octets are UTF-8", shown(own));
        return Some(Ruling::of(Outcome::Deviation, expected, words));
    }
    let outcome = match own {
        Some("iso-8859-1" | "iso8859-1" | "latin1") => Outcome::Pass,
        // One deployed provider writes UTF-8; US-ASCII, by name or by silence, is a subset.
        Some("utf-8" | "utf8" | "us-ascii" | "iso-8859-15" | "windows-1252") | None => Outcome::Deviation,
        Some(_) => Outcome::Fail,
    };
    Some(Ruling::of(outcome, expected, words!("charset {}", shown(own))))
}

//= PEC-4.3.1-02
fn text_type(case: &Case<'_>) -> Option<Ruling> {
    // Where it stands is the row before; here its type counts.
    let own = case.reading.readable_part().map(|readable| readable.media_type.as_str());
    let holds = matches!(own, Some("text/plain" | "multipart/alternative"));
    Some(Ruling::holds(
        holds,
        "readable text of text/plain or multipart/alternative",
        words!("{}", own.unwrap_or("no text")),
    ))
}

//= PEC-4.3.1-03
fn alternative_forms(case: &Case<'_>) -> Option<Ruling> {
    let readable = case.reading.readable_part().filter(|part| part.media_type == "multipart/alternative")?;
    let own: Vec<&str> = readable.children.iter().map(|part| part.media_type.as_str()).collect();
    let count = |wanted: &str| own.iter().filter(|own| **own == wanted).count();
    let holds = count("text/plain") == 1 && count("text/html") == 1;
    Some(Ruling::holds(holds, "one text/plain and one text/html", listed(&own)))
}

/// Names of elements that bring in something, or do something.
const BRINGING: [&str; 12] =
    ["img", "link", "style", "audio", "video", "source", "bgsound", "frame", "iframe", "image", "picture", "base"];
const ACTING: [&str; 7] = ["script", "object", "applet", "embed", "form", "input", "button"];

//= PEC-4.3.1-05
fn html_refers_to_nothing(case: &Case<'_>) -> Option<Ruling> {
    let html = case.page()?;
    const REFERRING: [&str; 4] = ["src", "background", "data", "poster"];
    let found: Vec<String> = tags(html)
        .filter(|tag| {
            let refers = tag.attributes().any(|(name, value)| {
                is_among(name, &REFERRING) || holds_in_any_case(value, "url(") || begins_with(value, "cid:")
            });
            // Deployed pages bring their own style along; what it refers to is looked for all the same.
            let is_own_style = case.is_alone && tag.name.eq_ignore_ascii_case("style");
            is_among(tag.name, &BRINGING) && !is_own_style || refers
        })
        .map(|tag| words!("<{}>", tag.name.to_ascii_lowercase()))
        .collect();
    let found = if holds_in_any_case(html, "@import") { vec![words!("@import")] } else { found };
    Some(Ruling::holds(
        found.is_empty(),
        "HTML that refers to no other element",
        words!("references: {}", listed(&found)),
    ))
}

//= PEC-4.3.1-06
fn html_is_passive(case: &Case<'_>) -> Option<Ruling> {
    let html = case.page()?;
    let found: Vec<String> = tags(html)
        .filter(|tag| {
            let acts =
                tag.attributes().any(|(name, value)| begins_with(name, "on") || begins_with(value, "javascript:"));
            is_among(tag.name, &ACTING) || acts
        })
        .map(|tag| words!("<{}>", tag.name.to_ascii_lowercase()))
        .collect();
    Some(Ruling::holds(found.is_empty(), "HTML without active content", words!("active: {}", listed(&found))))
}

/// An opening tag of HTML.
struct Tag<'a> {
    name: &'a str,
    inside: &'a str,
}

impl<'a> Tag<'a> {
    /// Attributes with their values, quotes taken off.
    fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let words = self.inside.split_ascii_whitespace().filter_map(|word| word.split_once('='));
        let clean = |text: &'a str| text.trim_matches(['"', '\'', '/']);
        words.map(move |(name, value)| (clean(name), clean(value)))
    }
}

/// Whether a name of HTML, whose case does not count, is one of these.
fn is_among(name: &str, names: &[&str]) -> bool {
    names.iter().any(|one| one.eq_ignore_ascii_case(name))
}

fn begins_with(text: &str, beginning: &str) -> bool {
    text.get(..beginning.len()).is_some_and(|own| own.eq_ignore_ascii_case(beginning))
}

fn tags(html: &str) -> impl Iterator<Item = Tag<'_>> {
    let pieces = memchr::memchr_iter(b'<', html.as_bytes()).filter_map(|at| html.get(at + 1..));
    pieces.filter_map(|rest| {
        let end = memchr::memchr2(b'>', b'<', rest.as_bytes()).unwrap_or(rest.len());
        let inside = rest.get(..end)?;
        let (name, inside) = inside.split_at(inside.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inside.len()));
        (!name.is_empty()).then_some(Tag { name, inside })
    })
}

//= PEC-4.3.2-01
fn original_part(case: &Case<'_>) -> Option<Ruling> {
    let part = case.reading.postacert_part()?;
    let holds = part.media_type == "message/rfc822" && part.is_named("postacert.eml");
    let words = words!("{} named {}", part.media_type, shown(part.name.as_deref()));
    Some(Ruling::holds(holds, "message/rfc822 named postacert.eml", words))
}

//= PEC-4.3.3-01
fn data_type(case: &Case<'_>) -> Option<Ruling> {
    let part = case.reading.daticert_part()?;
    Some(Ruling::holds(part.media_type == "application/xml", "application/xml", words!("{}", part.media_type)))
}

//= PEC-4.3.3-02
fn data_charset(case: &Case<'_>) -> Option<Ruling> {
    let daticert = case.daticert()?;
    let declared = daticert.encoding.as_deref();
    let holds = daticert.is_utf8 && declared.is_none_or(|own| matches!(own, "utf-8" | "utf8"));
    let words = words!("declared {}, octets are UTF-8: {}", shown(declared), daticert.is_utf8);
    Some(Ruling::holds(holds, "certification data in UTF-8", words))
}

//= PEC-4.3.3-03
fn data_name(case: &Case<'_>) -> Option<Ruling> {
    let own = case.reading.daticert_part()?.name.as_deref();
    Some(Ruling::holds(own == Some("daticert.xml"), "daticert.xml", words!("named {}", shown(own))))
}

/// The text of a delivery receipt and its certification data.
//= PEC-3.3.2.2-15
fn text_and_data_as_xml(case: &Case<'_>) -> Option<Ruling> {
    if case.reading.text.is_empty() {
        return Some(Ruling::holds(false, "the text and data of a delivery receipt", parts(case)));
    }
    data_as_xml(case, &["nessuno"])
}

/// The certification data are there, of this kind, with an error value that fits, and with what the kind needs.
fn data_as_xml(case: &Case<'_>, errors: &[&str]) -> Option<Ruling> {
    let tipo = case.reading.kind.wire();
    let expected = words!("daticert.xml with tipo {tipo}, errore {}{}", errors.join(" or "), needed(case.reading.kind));
    let Some(daticert) = case.daticert() else {
        return Some(Ruling::holds(false, expected, words!("no certification data: {}", parts(case))));
    };
    let errore = daticert.errore.as_deref().unwrap_or("nessuno");
    let has_needed = match case.reading.kind {
        PostaCertificata => names_what_was_asked(case, daticert),
        PresaInCarico => !daticert.ricezione.is_empty(),
        AvvenutaConsegna => names_its_form(case, daticert) && daticert.consegna.is_some(),
        ErroreConsegna => {
            daticert.consegna.is_some() && daticert.errore_esteso.as_deref().is_some_and(|why| !why.is_empty())
        }
        PreavvisoErroreConsegna | RilevazioneVirus => daticert.consegna.is_some(),
        _ => true,
    };
    let holds = daticert.tipo.as_deref() == Some(tipo) && errors.contains(&errore) && has_needed;
    let words = words!(
        "tipo {}, errore {errore}, ricevuta {}, consegna {}, {} ricezione, errore-esteso {}",
        shown(daticert.tipo.as_deref()),
        shown(daticert.ricevuta.as_deref()),
        shown(daticert.consegna.as_deref()),
        daticert.ricezione.len(),
        shown(daticert.errore_esteso.as_deref()),
    );
    Some(Ruling::holds(holds, expected, words))
}

/// Whether `ricevuta` of an envelope names the form that the user asked for; where that was not seen, the one of the header.
fn names_what_was_asked(case: &Case<'_>, daticert: &Daticert) -> bool {
    let submitted = case.submission.and_then(|submission| submission.message);
    let head = submitted.map_or(case.head(), |(reading, _)| &reading.head);
    let own = daticert.ricevuta.as_deref();
    match head.tipo_ricevuta.as_deref() {
        Some(asked @ ("completa" | "breve" | "sintetica")) => own == Some(asked),
        None => own == Some("completa"),
        // What an unknown word asks for the law does not say.
        Some(_) => own.is_some(),
    }
}

/// Whether `ricevuta` names the form that was asked for, or the one that was issued (R-0013); of a brief one both are one.
fn names_its_form(case: &Case<'_>, daticert: &Daticert) -> bool {
    let issued = || case.reading.form().map(Form::wire);
    match (daticert.ricevuta.as_deref(), case.asked()) {
        (None, _) => false,
        (Some(own), _) if case.is_brief() => own == "breve",
        (Some(own), Some(asked)) => own == asked || Some(own) == issued(),
        (Some(own), None) => matches!(own, "completa" | "breve" | "sintetica"),
    }
}

fn needed(kind: Kind) -> &'static str {
    match kind {
        PostaCertificata => ", ricevuta as asked for",
        PresaInCarico => ", ricezione",
        AvvenutaConsegna => ", ricevuta of its form and consegna",
        ErroreConsegna => ", consegna and errore-esteso",
        PreavvisoErroreConsegna | RilevazioneVirus => ", consegna",
        _ => "",
    }
}

//= PEC-3.1.3-08
//= PEC-3.2.3-13
fn virus_data(case: &Case<'_>, errors: &[&str]) -> Option<Ruling> {
    let ruling = data_as_xml(case, errors)?;
    Some(match encloses_a_message(case) {
        true => Ruling::holds(false, ruling.expected + ", no original", parts(case)),
        false => ruling,
    })
}

//= PEC-3.1.6-17
fn data_without_original(case: &Case<'_>) -> Option<Ruling> {
    // No comment of the DTD fixes the error value of a timeout notice.
    let mut ruling = data_as_xml(case, &["nessuno", "altro", "no-dest"])?;
    if encloses_a_message(case) {
        ruling = Ruling::holds(false, ruling.expected + ", no original", parts(case));
    }
    Some(ruling)
}
