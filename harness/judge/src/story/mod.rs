//! The story: what was submitted, what followed from it, and where each message was seen. Checks of who gets what, when,
//! are made on it.

pub(crate) mod address;
mod appearance;
mod disturbance;
pub(crate) mod form;
mod formal;
mod handover;
pub(crate) mod octets;
mod standing;
mod submission;
#[cfg(test)]
pub(crate) mod testing;

use std::collections::BTreeMap;

use collaudo_record::{BodyHash, Instant, Provider, Trace};

use crate::{
    reading::{Index, Kind, Readings},
    sighting::Sighting,
};

pub(crate) use appearance::{Appearance, Place, Trust, is_positive};
pub(crate) use disturbance::Disturbances;
pub(crate) use formal::{Fault, Formal};
pub(crate) use handover::Handover;
pub(crate) use standing::Standing;
pub(crate) use submission::{Recipient, Submission};

/// What became of each submission.
#[derive(Debug)]
pub(crate) struct Story<'a> {
    /// Everyone who takes part.
    pub(crate) providers: Providers<'a>,
    /// Every message seen on the wire between providers or in a mailbox, in the order of events.
    pub(crate) appearances: Vec<Appearance<'a>>,
    /// What people submitted, in the order of events.
    pub(crate) submissions: Vec<Submission<'a>>,
    /// Envelopes in the hands of a recipient's provider.
    pub(crate) handovers: Vec<Handover<'a>>,
    /// What went wrong by plan.
    pub(crate) disturbances: Disturbances,
    /// The trace's last instant.
    pub(crate) end: Instant,
    steps: BTreeMap<&'a BodyHash, &'a str>,
}

/// The providers of a trace, by name and by domain.
#[derive(Debug)]
pub(crate) struct Providers<'a> {
    all: &'a [Provider],
}

impl<'a> Story<'a> {
    /// Reads the story.
    pub(crate) fn read(
        trace: &'a Trace,
        readings: &'a Readings,
        index: &'a Index,
        sightings: &'a [Sighting<'a>],
    ) -> Self {
        Self::trusting(Standing::of, trace, readings, index, sightings)
    }

    /// Reads the story, with another way to tell what a message is worth.
    pub(crate) fn trusting(
        trust: Trust,
        trace: &'a Trace,
        readings: &'a Readings,
        index: &'a Index,
        sightings: &'a [Sighting<'a>],
    ) -> Self {
        let providers = Providers { all: &trace.header.providers };
        let mut appearances = appearance::appearances(trace, readings, index, sightings, &providers, trust);
        let mut submissions = submission::submissions(trace, readings, &providers);
        submission::join(&mut submissions, &mut appearances);
        let handovers = handover::handovers(&appearances, &submissions, &providers);
        let steps = steps(&appearances, &submissions);
        Self {
            providers,
            appearances,
            submissions,
            handovers,
            disturbances: Disturbances::of(trace),
            end: trace.events.last().map_or(trace.header.epoch, |event| event.at),
            steps,
        }
    }

    /// The step of the plan that a message is about.
    pub(crate) fn step_of(&self, body: &BodyHash) -> Option<&str> {
        self.steps.get(body).copied()
    }

    /// The appearances at these places.
    pub(crate) fn at<'s>(&'s self, places: &'s [usize]) -> impl Iterator<Item = &'s Appearance<'a>> {
        places.iter().filter_map(|place| self.appearances.get(*place))
    }

    /// What appeared about a submission, of one kind.
    pub(crate) fn about<'s>(
        &'s self,
        submission: &'s Submission<'a>,
        kind: Kind,
    ) -> impl Iterator<Item = &'s Appearance<'a>> {
        self.at(&submission.appearances).filter(move |one| one.kind() == kind)
    }

    /// The submission that an appearance is about.
    pub(crate) fn submission_of(&self, appearance: &Appearance<'a>) -> Option<&Submission<'a>> {
        appearance.submission.and_then(|number| self.submissions.get(number))
    }

    /// Every message once, where it first appeared.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Appearance<'a>> {
        self.appearances.iter().enumerate().filter(|(place, one)| one.first == *place).map(|(_, one)| one)
    }

    /// How many messages these appearances are, copies of one counted once unless one place holds several of them.
    pub(crate) fn copies<'s>(&self, appearances: impl Iterator<Item = &'s Appearance<'a>>) -> usize
    where
        'a: 's,
    {
        let mut messages: BTreeMap<usize, BTreeMap<Option<String>, usize>> = BTreeMap::new();
        for one in appearances.filter(|one| one.arrived()) {
            let here = one.mailbox().map(str::to_ascii_lowercase);
            *messages.entry(one.first).or_default().entry(here).or_default() += 1;
        }
        messages.values().map(|places| places.values().max().copied().unwrap_or_default()).sum()
    }
}

impl<'a> Providers<'a> {
    /// Everyone.
    pub(crate) fn all(&self) -> impl Iterator<Item = &'a Provider> {
        self.all.iter()
    }

    /// By name, which is the host's name too.
    pub(crate) fn named(&self, name: &str) -> Option<&'a Provider> {
        self.all().find(|one| one.name == name)
    }

    /// By certified domain.
    pub(crate) fn managing(&self, domain: &str) -> Option<&'a Provider> {
        self.all().find(|one| one.domains.iter().any(|own| own.eq_ignore_ascii_case(domain)))
    }
}

fn steps<'a>(appearances: &[Appearance<'a>], submissions: &[Submission<'a>]) -> BTreeMap<&'a BodyHash, &'a str> {
    let mut steps = BTreeMap::new();
    for submission in submissions {
        let Some((step, (reading, _))) = submission.step().zip(submission.message) else { continue };
        steps.entry(&reading.body).or_insert(step);
    }
    for appearance in appearances {
        let submission = appearance.submission.and_then(|number| submissions.get(number));
        if let Some(step) = submission.and_then(Submission::step) {
            steps.entry(&appearance.reading.body).or_insert(step);
        }
    }
    steps
}
