//! What a stored message shows by itself of rows that a trace decides from what was seen beside it: an envelope's own fields
//! against those of the message that it encloses (values are compared, not octets: who stored it may have folded them anew),
//! the mark of its kind, a brief original's parts, the one time of a processing, the code of a non-delivery.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_record::{Instant, Outcome};

use super::{
    CERTIFYING, Case, GENERATED, Rule, Ruling,
    case::{listed, shown},
    date::one_time,
    text::squeezed,
    words::words,
};
use crate::{
    Clause,
    check::flow::code,
    reading::{Attached, Entity, Head, Kind, Mailbox},
    story::{
        address::same,
        form::{attachments, is_hash},
    },
};

use Kind::{Anomalia, AvvenutaConsegna, ErroreConsegna, PostaCertificata};

const ENVELOPES: &[Kind] = &[PostaCertificata, Anomalia];

pub(super) const RULES: &[Rule] = &[
    Rule::all(Clause::PEC_DM_6_01, GENERATED, tells_its_family),
    Rule::all(Clause::PEC_2_1_1_2_03, ENVELOPES, |case| repeated(case, "To", |head| &head.to)),
    Rule::all(Clause::PEC_2_1_1_2_04, ENVELOPES, |case| repeated(case, "Cc", |head| &head.cc)),
    Rule::all(Clause::PEC_3_1_5_03, &[PostaCertificata], |case| repeated(case, "To", |head| &head.to)),
    Rule::all(Clause::PEC_3_1_5_04, &[PostaCertificata], |case| repeated(case, "Cc", |head| &head.cc)),
    Rule::all(Clause::PEC_3_2_2_04, &[Anomalia], |case| repeated(case, "To", |head| &head.to)),
    Rule::all(Clause::PEC_3_2_2_05, &[Anomalia], |case| repeated(case, "Cc", |head| &head.cc)),
    Rule::all(Clause::PEC_2_1_1_2_06, &[PostaCertificata], reply_to),
    Rule::all(Clause::PEC_3_1_5_06, &[PostaCertificata], reply_to),
    Rule::all(Clause::PEC_2_1_08, &[PostaCertificata], reply_to),
    Rule::all(Clause::PEC_2_1_09, &[PostaCertificata], reply_to_author),
    Rule::all(Clause::PEC_2_2_1_13, &[PostaCertificata], original_keeps_reference),
    Rule::all(Clause::PEC_3_2_2_07, &[Anomalia], received_message_id),
    Rule::all(Clause::PEC_3_3_2_2_03, &[AvvenutaConsegna], replaced),
    Rule::all(Clause::PEC_3_3_2_2_06, &[AvvenutaConsegna], suffixed),
    Rule::all(Clause::PEC_4_1_02, CERTIFYING, one_time),
    Rule::all(Clause::PEC_DM_9_01, CERTIFYING, one_time),
    Rule::plain(Clause::PEC_AGID_12_01, &[ErroreConsegna], coded),
    Rule::plain(Clause::PEC_AGID_12_02, &[ErroreConsegna], full_mailbox),
];

//= PEC-DM.6-01
fn tells_its_family(case: &Case<'_>) -> Option<Ruling> {
    let head = case.head();
    let marks: Vec<&str> =
        head.all("X-Ricevuta").chain(head.all("X-Trasporto")).map(|one| one.value().trim()).collect();
    let tells = matches!(marks.as_slice(), [one] if Kind::is_named(one));
    Some(Ruling::holds(tells, "one X-Ricevuta or X-Trasporto, with a value that names a kind", listed(marks)))
}

//= PEC-2.1.1.2-03
//= PEC-2.1.1.2-04
//= PEC-3.1.5-03
//= PEC-3.1.5-04
//= PEC-3.2.2-04
//= PEC-3.2.2-05
fn repeated(case: &Case<'_>, name: &str, field: fn(&Head) -> &[Mailbox]) -> Option<Ruling> {
    let enclosed = case.reading.postacert.as_ref()?;
    let (own, original) = (field(case.head()), field(&enclosed.head));
    if own.is_empty() && original.is_empty() {
        return None;
    }
    let expected = words!("{name} as in the enclosed message: {}", listed(sorted(original)));
    Some(Ruling::holds(are_alike(own, original), expected, words!("{name} {}", listed(sorted(own)))))
}

//= PEC-2.1-08
//= PEC-2.1.1.2-06
//= PEC-3.1.5-06
fn reply_to(case: &Case<'_>) -> Option<Ruling> {
    let original = &case.reading.postacert.as_ref()?.head.reply_to;
    // Where there was none it is the author, which is a row of its own.
    if original.is_empty() {
        return None;
    }
    let own = &case.head().reply_to;
    let outcome = match are_alike(own, original) {
        true => Outcome::Pass,
        // Some deployed providers name the sender all the same.
        false if is_sender(case, own) => Outcome::Deviation,
        false => Outcome::Fail,
    };
    let expected = words!("Reply-To as in the original: {}", listed(sorted(original)));
    Some(Ruling::of(outcome, expected, words!("Reply-To {}", listed(sorted(own)))))
}

//= PEC-2.1-09
fn reply_to_author(case: &Case<'_>) -> Option<Ruling> {
    let original = &case.reading.postacert.as_ref()?.head;
    if original.first("Reply-To").is_some() || original.from.is_empty() {
        return None;
    }
    let (own, authors) = (&case.head().reply_to, &original.from);
    let is_author = |one: &Mailbox| authors.iter().any(|author| same(&author.address, &one.address));
    let outcome = match !own.is_empty() && own.iter().all(is_author) {
        true => Outcome::Pass,
        // Deployed providers name the sender, where he writes in another name.
        false if is_sender(case, own) => Outcome::Deviation,
        false => Outcome::Fail,
    };
    let expected = words!("Reply-To {}, as From of the original", listed(sorted(authors)));
    Some(Ruling::of(outcome, expected, words!("Reply-To {}", listed(sorted(own)))))
}

fn is_sender(case: &Case<'_>, mailboxes: &[Mailbox]) -> bool {
    matches!(mailboxes, [only] if case.sender().is_some_and(|sender| same(&only.address, sender)))
}

/// Whether two fields name the same addresses, in any order and case. In most messages they stand in one order.
fn are_alike(one: &[Mailbox], other: &[Mailbox]) -> bool {
    let is_same = |(one, other): (&Mailbox, &Mailbox)| one.address.eq_ignore_ascii_case(&other.address);
    one.len() == other.len() && (one.iter().zip(other).all(is_same) || sorted(one) == sorted(other))
}

fn sorted(mailboxes: &[Mailbox]) -> Vec<String> {
    let mut addresses: Vec<_> = mailboxes.iter().map(|one| one.address.to_ascii_lowercase()).collect();
    addresses.sort();
    addresses
}

/// What the client's identifier was, header and certification data of the envelope agree on.
//= PEC-2.2.1-13
fn original_keeps_reference(case: &Case<'_>) -> Option<Ruling> {
    let (enclosed, wanted) = (case.reading.postacert.as_ref()?, case.msgid_agreed()?);
    let own = enclosed.head.x_riferimento.as_deref();
    let expected = words!("X-Riferimento-Message-ID {wanted} in the original");
    Some(Ruling::holds(own == Some(wanted), expected, words!("X-Riferimento-Message-ID {}", shown(own))))
}

//= PEC-3.2.2-07
fn received_message_id(case: &Case<'_>) -> Option<Ruling> {
    let wanted = case.reading.postacert.as_ref()?.head.message_id.as_deref()?;
    let own = case.head().message_id.as_deref();
    let expected = words!("Message-ID {wanted}, that of the enclosed message");
    Some(Ruling::holds(own == Some(wanted), expected, words!("Message-ID {}", shown(own))))
}

/// The original of a brief receipt, and those of its parts that should be hashes: named ones, and attached messages.
fn brief<'a>(case: &Case<'a>) -> Option<(&'a Attached, Vec<&'a Entity>)> {
    let own = case.reading.postacert.as_ref().filter(|_| case.is_brief())?;
    let parts = attachments(&own.root);
    (!parts.is_empty()).then_some((own, parts))
}

/// Whether a part can be nothing but a hash, whatever its name and type.
fn is_digits(original: &Attached, part: &Entity) -> bool {
    let raw = original.octets.get(part.body.clone()).unwrap_or_default().trim_ascii();
    // Longer ones, encoded or not, are no 40 digits.
    let decoded = (part.encoding == "base64" && raw.len() < 64).then(|| STANDARD.decode(raw).ok()).flatten();
    let text = decoded.as_deref().unwrap_or(raw).trim_ascii();
    text.len() == 40 && text.iter().all(u8::is_ascii_hexdigit)
}

//= PEC-3.3.2.2-03
fn replaced(case: &Case<'_>) -> Option<Ruling> {
    let (own, parts) = brief(case)?;
    let is_suffixed = |part: &Entity| part.name.as_deref().is_some_and(|name| name.ends_with(".hash"));
    let is_left = |part: &&&Entity| !is_hash(part) && !is_suffixed(part) && !is_digits(own, part);
    let left: Vec<String> = parts.iter().filter(is_left).map(|part| name(part)).collect();
    let expected = "in the place of each part that has a file name a text file that holds its hash";
    Some(Ruling::holds(left.is_empty(), expected, words!("left as they were: {}", listed(&left))))
}

//= PEC-3.3.2.2-06
fn suffixed(case: &Case<'_>) -> Option<Ruling> {
    let (own, parts) = brief(case)?;
    let hashes: Vec<&Entity> = parts.into_iter().filter(|part| is_digits(own, part)).collect();
    let is_wrong = |part: &&&Entity| !part.name.as_deref().is_some_and(|name| name.ends_with(".hash"));
    let wrong: Vec<String> = hashes.iter().filter(is_wrong).map(|part| name(part)).collect();
    let expected = "each hash named as its part with the suffix .hash";
    (!hashes.is_empty()).then(|| Ruling::holds(wrong.is_empty(), expected, words!("otherwise: {}", listed(&wrong))))
}

fn name(part: &Entity) -> String {
    part.name.clone().unwrap_or_else(|| part.media_type.to_string())
}

/// 2016-04-01T00:00:00+02:00: from then on the note on codes binds (AgID note 12, recalled).
const CODES_BIND: Instant = Instant(1_459_461_600_000_000);
/// The code of a full mailbox: from secondary sources and real receipts, its table was not read.
const FULL: &str = "5.2.2";

/// What a non-delivery notice of the time of codes certifies as its cause.
fn cause<'a>(case: &Case<'a>) -> Option<&'a str> {
    let daticert = case.daticert()?;
    let at = daticert.at.or(case.head().date)?;
    daticert.errore_esteso.as_deref().filter(|_| at >= CODES_BIND)
}

//= PEC-AGID.12-01
fn coded(case: &Case<'_>) -> Option<Ruling> {
    let certified = cause(case)?;
    let code = code(certified);
    let is_in_text = code.is_some_and(|code| case.reading.text.contains(code));
    let words = words!("errore-esteso {certified:?}, {} in the text", if is_in_text { "and" } else { "not" });
    Some(Ruling::holds(is_in_text, "a code x.y.z in errore-esteso and in the text (recalled, not read)", words))
}

/// Which mailbox was full the certified words tell, or the code itself.
//= PEC-AGID.12-02
fn full_mailbox(case: &Case<'_>) -> Option<Ruling> {
    let certified = cause(case)?;
    let says_full =
        ["casellapiena", "mailboxfull", "spazioesaurito"].iter().any(|words| squeezed(certified).contains(words));
    let is_coded = code(certified) == Some(FULL);
    if !says_full && !is_coded {
        return None;
    }
    let errore = case.daticert()?.errore.as_deref();
    let holds = is_coded && errore == Some("altro");
    let words = words!("errore {}, errore-esteso {certified:?}", shown(errore));
    Some(Ruling::holds(holds, "errore altro and code 5.2.2, for the mailbox is full (code recalled)", words))
}
