//! What is on the page and where: each thing once, and the page small enough to open.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use collaudo_record::{Anatomy, BodyHash, Measured, RunRecord, ScenarioOutcome, ScenarioRecord};
use maud::{Markup, PreEscaped, html};

use super::anchor;
use crate::{
    lang::Lang,
    words::{line_of, lines_of},
};

/// Of a scenario that passed so many messages of a kind are told in full; the others have a line each, and their files.
const TOLD_OF_A_KIND: usize = 1;
/// Of a scenario that passed so many lines of the trace are listed, and those that a verdict rests on.
const LISTED_OF_PASSED: usize = 40;
/// Of any other so many, and those that a verdict rests on.
const LISTED: usize = 3_000;
/// So many octets of one message are shown as they crossed.
pub(super) const RAW_OF_A_MESSAGE: u64 = 64 << 10;
/// So many octets of all messages of scenarios that did not pass; beyond it they are linked alone.
const RAW_OF_A_PAGE: u64 = 2 << 20;

/// A message's place: of its scenario, and in it.
type Place = (usize, usize);

/// What the parts of the page are made from.
pub(super) struct Report<'a> {
    pub(super) record: &'a RunRecord,
    pub(super) measured: Option<&'a Measured>,
    pub(super) lang: Lang,
    pub(super) bodies: &'a dyn Fn(&BodyHash) -> Option<Arc<[u8]>>,
    told: BTreeMap<&'a BodyHash, Place>,
    embedded: BTreeSet<Place>,
    listed: Vec<BTreeSet<u32>>,
}

impl<'a> Report<'a> {
    pub(super) fn new(
        record: &'a RunRecord,
        measured: Option<&'a Measured>,
        lang: Lang,
        bodies: &'a dyn Fn(&BodyHash) -> Option<Arc<[u8]>>,
    ) -> Self {
        let told = told(record);
        let embedded = embedded(record, &told);
        let listed = record.scenarios.iter().map(listed).collect();
        Self { record, measured, lang, bodies, told, embedded, listed }
    }

    /// The place of a scenario in the run.
    pub(super) fn place_of(&self, scenario: &ScenarioRecord) -> usize {
        self.record.scenarios.iter().position(|s| std::ptr::eq(s, scenario) || s.id == scenario.id).unwrap_or(0)
    }

    /// Where on the page a message is told in full; none where only its file tells it.
    pub(super) fn told_at(&self, body: &BodyHash) -> Option<Place> {
        self.told.get(body).copied()
    }

    /// Whether the octets of the message at this place are on the page.
    pub(super) fn embeds(&self, place: Place) -> bool {
        self.embedded.contains(&place)
    }

    /// The places of the events that the page lists of the scenario at this place.
    pub(super) fn listed(&self, scenario: usize) -> &BTreeSet<u32> {
        const NONE: &BTreeSet<u32> = &BTreeSet::new();
        self.listed.get(scenario).unwrap_or(NONE)
    }

    /// Links to the lines of the trace that something rests on.
    pub(super) fn evidence(&self, scenario: &ScenarioRecord, evidence: &[u32]) -> Markup {
        const SHOWN: usize = 8;
        let place = self.place_of(scenario);
        let ranges = lines_of(evidence);
        html! {
            @for (n, (from, to)) in ranges.iter().take(SHOWN).enumerate() {
                @if n > 0 { ", " }
                @let words = if from == to { from.to_string() } else { format!("{from}\u{2013}{to}") };
                (self.line_link(place, *from, &words))
            }
            @if ranges.len() > SHOWN { " " (self.lang.of("and", "e altre")) " " (ranges.len() - SHOWN) (self.lang.of(" more", "")) }
        }
    }

    /// These words, as a link where the line is on the page.
    pub(super) fn line_link(&self, place: usize, line: u32, words: &str) -> Markup {
        let on_page = self.listed(place).contains(&line.saturating_sub(line_of(0)));
        html! { @if on_page { a href={ "#" (anchor::of_line(place, line)) } { (words) } } @else { (words) } }
    }
}

/// Every message once, by its octets: where the page tells it in full.
fn told(record: &RunRecord) -> BTreeMap<&BodyHash, Place> {
    let mut told = BTreeMap::new();
    for (s, scenario) in record.scenarios.iter().enumerate() {
        let mut of_kind: BTreeMap<&str, usize> = BTreeMap::new();
        for (m, anatomy) in scenario.messages.iter().enumerate() {
            let count = of_kind.entry(&anatomy.kind).or_default();
            if scenario.outcome != ScenarioOutcome::Passed || *count < TOLD_OF_A_KIND {
                *count += 1;
                told.entry(&anatomy.body).or_insert((s, m));
            }
        }
    }
    told
}

/// Of scenarios that did not pass all that fits, failed ones first; of the others one message of each kind.
fn embedded(record: &RunRecord, told: &BTreeMap<&BodyHash, Place>) -> BTreeSet<Place> {
    let mut left = RAW_OF_A_PAGE;
    let mut kinds = BTreeSet::new();
    let mut chosen = BTreeSet::new();
    for wanted in [ScenarioOutcome::Failed, ScenarioOutcome::Unknown, ScenarioOutcome::Passed] {
        for (s, scenario) in record.scenarios.iter().enumerate().filter(|(_, s)| s.outcome == wanted) {
            for (m, anatomy) in scenario.messages.iter().enumerate() {
                let octets = anatomy.octets.min(RAW_OF_A_MESSAGE);
                let here = told.get(&anatomy.body) == Some(&(s, m));
                if here && octets <= left && (kinds.insert(&anatomy.kind) || wanted != ScenarioOutcome::Passed) {
                    left -= octets;
                    chosen.insert((s, m));
                }
            }
        }
    }
    chosen
}

fn listed(scenario: &ScenarioRecord) -> BTreeSet<u32> {
    let last = u32::try_from(scenario.events.len()).unwrap_or(u32::MAX);
    let passed = scenario.outcome == ScenarioOutcome::Passed;
    let first = u32::try_from(if passed { LISTED_OF_PASSED } else { LISTED }).unwrap_or(u32::MAX);
    let of_verdicts = scenario.verdicts.iter().flat_map(|verdict| &verdict.evidence);
    let of_expectations = scenario.expectations.iter().flat_map(|expectation| &expectation.evidence);
    let cited = of_verdicts.chain(of_expectations).copied();
    (0..first).chain(cited).filter(|place| *place < last).collect()
}

/// The message of these octets in its scenario.
pub(super) fn message_of<'a>(scenario: &'a ScenarioRecord, body: &BodyHash) -> Option<(usize, &'a Anatomy)> {
    scenario.messages.iter().enumerate().find(|(_, anatomy)| anatomy.body == *body)
}

/// Text that needs no more than this to be text: quotation marks and `>` mean nothing there, and daticert.xml is full of them.
pub(super) fn plain(text: &str) -> PreEscaped<String> {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            c => out.push(c),
        }
    }
    PreEscaped(out)
}
