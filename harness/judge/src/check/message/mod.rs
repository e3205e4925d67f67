//! Checks of one message by itself, made on every message that a subject issued, where it was first seen.
//!
//! A rule is a row of a table: clause, kinds, judgement. A judgement that has nothing to say of a message says nothing.

mod alone;
#[cfg(test)]
mod bends;
mod brief;
mod case;
mod certificate;
mod data;
mod date;
mod header;
mod page;
mod signature;
mod structure;
#[cfg(test)]
mod tests;
mod text;
pub(crate) mod words;

use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::LazyLock,
};

use collaudo_record::{Outcome, Player};

use super::{Finding, View};
use crate::{Clause, reading::Kind};

pub(crate) use case::{Case, rome, when};
pub(crate) use date::times;
pub(crate) use text::notice_hours;

/// One row of the law that a message can be held against.
pub(super) struct Rule {
    clause: Clause,
    kinds: Kinds,
    virus: Virus,
    judge: fn(&Case<'_>) -> Option<Ruling>,
}

/// Kinds, a bit for each: which rules bind a message is asked of every rule for every message.
struct Kinds(u16);

impl Kinds {
    const fn of(kinds: &[Kind]) -> Self {
        let (mut bits, mut rest) = (0, kinds);
        while let [kind, others @ ..] = rest {
            bits |= 1 << *kind as u16;
            rest = others;
        }
        Self(bits)
    }

    const fn contains(&self, kind: Kind) -> bool {
        self.0 & 1 << kind as u16 != 0
    }
}

/// Whether a rule binds notices about viruses, which share their kind with others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Virus {
    Also,
    Not,
    Only,
}

impl Rule {
    /// A rule for messages of these kinds, whatever they are about.
    const fn all(clause: Clause, kinds: &'static [Kind], judge: fn(&Case<'_>) -> Option<Ruling>) -> Self {
        Self { clause, kinds: Kinds::of(kinds), virus: Virus::Also, judge }
    }

    /// A rule for messages of these kinds that are not about a virus.
    const fn plain(clause: Clause, kinds: &'static [Kind], judge: fn(&Case<'_>) -> Option<Ruling>) -> Self {
        Self { clause, kinds: Kinds::of(kinds), virus: Virus::Not, judge }
    }

    /// A rule for messages of these kinds that are about a virus.
    const fn virus(clause: Clause, kinds: &'static [Kind], judge: fn(&Case<'_>) -> Option<Ruling>) -> Self {
        Self { clause, kinds: Kinds::of(kinds), virus: Virus::Only, judge }
    }

    fn binds(&self, case: &Case<'_>) -> bool {
        let by_matter = || match self.virus {
            Virus::Also => true,
            Virus::Not => !case.is_about_virus(),
            Virus::Only => case.is_about_virus(),
        };
        self.kinds.contains(case.reading.kind) && by_matter()
    }
}

/// What a rule says of a message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ruling {
    pub(crate) outcome: Outcome,
    pub(crate) expected: Words,
    pub(crate) observed: Words,
}

/// What is always said in the same words costs nothing.
type Words = Cow<'static, str>;

impl Ruling {
    fn of(outcome: Outcome, expected: impl Into<Words>, observed: impl Into<Words>) -> Self {
        Self { outcome, expected: expected.into(), observed: observed.into() }
    }

    /// Pass or fail.
    fn holds(holds: bool, expected: impl Into<Words>, observed: impl Into<Words>) -> Self {
        Self::of(if holds { Outcome::Pass } else { Outcome::Fail }, expected, observed)
    }
}

/// Everything that providers issue.
const GENERATED: &[Kind] = &[
    Kind::Accettazione,
    Kind::NonAccettazione,
    Kind::PostaCertificata,
    Kind::PresaInCarico,
    Kind::AvvenutaConsegna,
    Kind::ErroreConsegna,
    Kind::PreavvisoErroreConsegna,
    Kind::RilevazioneVirus,
    Kind::Anomalia,
];

/// Everything that carries certification data.
const CERTIFYING: &[Kind] = &[
    Kind::Accettazione,
    Kind::NonAccettazione,
    Kind::PostaCertificata,
    Kind::PresaInCarico,
    Kind::AvvenutaConsegna,
    Kind::ErroreConsegna,
    Kind::PreavvisoErroreConsegna,
    Kind::RilevazioneVirus,
];

const TABLES: [&[Rule]; 7] =
    [signature::RULES, certificate::RULES, header::RULES, structure::RULES, text::RULES, data::RULES, brief::RULES];

fn rules() -> impl Iterator<Item = &'static Rule> {
    TABLES.into_iter().flatten()
}

/// The clauses of all rules.
pub(super) fn clauses() -> impl Iterator<Item = Clause> {
    rules().map(|rule| rule.clause)
}

/// Holds every message of a subject against every rule that binds it.
pub(super) fn run<'a>(view: &'a View<'a>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for sighting in view.sightings {
        let Some(issuer) = sighting.issuer.filter(|issuer| issuer.player == Player::Subject) else { continue };
        let case = Case::of(view, sighting, issuer);
        for rule in rules().filter(|rule| rule.binds(&case)) {
            findings.extend(ruling(&case, rule).map(|ruling| case.finding(rule.clause, ruling)));
        }
    }
    findings
}

/// The rules that a stored message is held against, in the order of their rows.
static ALONE: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| {
    let mut all: Vec<&'static Rule> = rules().chain(alone::RULES).collect();
    all.sort_by_key(|rule| rule.clause);
    all
});

/// What the rules that bind a stored message say of it, in the order of their rows; a pass without words.
pub(crate) fn rulings_alone(case: &Case<'_>) -> Vec<(Clause, Ruling)> {
    let binding = ALONE.iter().filter(|rule| rule.binds(case));
    let told = binding.filter_map(|rule| match words::without(|| ruling(case, rule))? {
        pass if pass.outcome == Outcome::Pass => Some((rule.clause, pass)),
        _ => Some((rule.clause, ruling(case, rule)?)),
    });
    // As many as any kind of message is held against.
    let mut rulings = Vec::with_capacity(128);
    rulings.extend(told);
    rulings
}

/// What a rule says. One that crashes says `unknown`.
fn ruling(case: &Case<'_>, rule: &Rule) -> Option<Ruling> {
    // A rule only looks; whatever it leaves half done is its own.
    let ruling = catch_unwind(AssertUnwindSafe(|| (rule.judge)(case)));
    let crashed = |_| Some(Ruling::of(Outcome::Unknown, rule.clause.row().statement, "the check crashed"));
    ruling.unwrap_or_else(crashed)
}
