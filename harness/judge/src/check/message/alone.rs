//! What a stored envelope shows by itself of rows that a trace decides from the submission: its own fields against those of
//! the original that it encloses. Values are compared, not octets: who stored it may have folded them anew.

use collaudo_record::Outcome;

use super::{Case, Rule, Ruling, case::listed, words::words};
use crate::{
    Clause,
    reading::{Head, Kind, Mailbox},
    story::address::same,
};

pub(super) const RULES: &[Rule] = &[
    Rule::all(Clause::PEC_2_1_1_2_03, &[Kind::PostaCertificata], |case| repeated(case, "To", |head| &head.to)),
    Rule::all(Clause::PEC_2_1_1_2_04, &[Kind::PostaCertificata], |case| repeated(case, "Cc", |head| &head.cc)),
    Rule::all(Clause::PEC_2_1_1_2_06, &[Kind::PostaCertificata], reply_to),
];

//= PEC-2.1.1.2-03
//= PEC-2.1.1.2-04
fn repeated(case: &Case<'_>, name: &str, field: fn(&Head) -> &[Mailbox]) -> Option<Ruling> {
    let enclosed = case.reading.postacert.as_ref()?;
    let addresses = |head| sorted(field(head));
    let (own, original) = (addresses(case.head()), addresses(&enclosed.head));
    if own.is_empty() && original.is_empty() {
        return None;
    }
    let expected = words!("{name} as in the original: {}", listed(&original));
    Some(Ruling::holds(own == original, expected, words!("{name} {}", listed(&own))))
}

//= PEC-2.1.1.2-06
fn reply_to(case: &Case<'_>) -> Option<Ruling> {
    let original = sorted(&case.reading.postacert.as_ref()?.head.reply_to);
    // Where there was none it is the sender, which is a row of its own.
    if original.is_empty() {
        return None;
    }
    let own = sorted(&case.head().reply_to);
    let is_sender = || matches!(own.as_slice(), [only] if case.sender().is_some_and(|sender| same(only, sender)));
    let outcome = match own == original {
        true => Outcome::Pass,
        // Some deployed providers name the sender all the same.
        false if is_sender() => Outcome::Deviation,
        false => Outcome::Fail,
    };
    let expected = words!("Reply-To as in the original: {}", listed(&original));
    Some(Ruling::of(outcome, expected, words!("Reply-To {}", listed(&own))))
}

fn sorted(mailboxes: &[Mailbox]) -> Vec<String> {
    let mut addresses: Vec<_> = mailboxes.iter().map(|one| one.address.to_ascii_lowercase()).collect();
    addresses.sort();
    addresses
}
