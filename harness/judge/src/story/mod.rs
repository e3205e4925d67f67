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

use collaudo_record::{BodyHash, Instant, Provider, Trace, What};

use crate::{
    library::Library,
    reading::{Kind, Readings},
    sighting::Sighting,
};

pub(crate) use appearance::{Appearance, Place, Trust, is_positive};
pub(crate) use disturbance::Disturbances;
pub(crate) use formal::{Fault, Formal};
pub(crate) use handover::Handover;
pub(crate) use standing::{Arrives, Standing};
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
        library: &Library<'_>,
        sightings: &'a [Sighting<'a>],
    ) -> Self {
        Self::trusting(Standing::of, trace, readings, library, sightings)
    }

    /// Reads the story, with another way to tell what a message is worth.
    pub(crate) fn trusting(
        trust: Trust,
        trace: &'a Trace,
        readings: &'a Readings,
        library: &Library<'_>,
        sightings: &'a [Sighting<'a>],
    ) -> Self {
        let providers = Providers { all: &trace.header.providers };
        let mut appearances = appearance::appearances(trace, readings, library, sightings, &providers, trust);
        let mut submissions = submission::submissions(trace, readings, library, &providers);
        submission::join(&mut submissions, &mut appearances);
        let handovers = handover::handovers(&appearances, &submissions, &providers, &visits(trace));
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
        let mut messages: BTreeMap<usize, BTreeMap<Option<String>, Vec<&Appearance<'a>>>> = BTreeMap::new();
        for one in appearances.filter(|one| one.arrived()) {
            let here = one.mailbox().map(str::to_ascii_lowercase);
            messages.entry(one.first).or_default().entry(here).or_default().push(one);
        }
        let times = |here: &Vec<&Appearance<'a>>| self.times(here);
        messages.values().map(|places| places.values().map(times).max().unwrap_or_default()).sum()
    }

    /// How many times a message came to one place: who went down after sending it, perhaps without having heard the reply,
    /// sends the same octets again, and has sent them once.
    fn times(&self, here: &[&Appearance<'a>]) -> usize {
        let again = |before: &Appearance<'_>, after: &Appearance<'_>| match (before.transfer(), after.transfer()) {
            (Some(first), Some(second)) => {
                let client = &first.session.client;
                *client == second.session.client && self.disturbances.stops(client, first.began, second.began)
            }
            _ => false,
        };
        let repeated = here.windows(2).filter(|pair| matches!(pair, [before, after] if again(before, after))).count();
        here.len() - repeated
    }

    /// How many times somebody issued what appears here: of a message that crossed, the transactions that were said yes to
    /// count; that its taker put it into a mailbox twice is no fault of his.
    pub(crate) fn made<'s>(&self, appearances: impl Iterator<Item = &'s Appearance<'a>>) -> usize
    where
        'a: 's,
    {
        let mut messages: BTreeMap<usize, Vec<&Appearance<'a>>> = BTreeMap::new();
        for one in appearances {
            messages.entry(one.first).or_default().push(one);
        }
        let of_one = |all: Vec<&Appearance<'a>>| {
            let crossed = all.iter().filter(|one| one.transfer().is_some()).count();
            let taken: Vec<_> = all.iter().copied().filter(|one| one.transfer().is_some() && one.arrived()).collect();
            if crossed > 0 { self.times(&taken).max(1) } else { self.copies(all.into_iter()) }
        };
        messages.into_values().map(of_one).sum()
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

/// When somebody fetched what lies in which mailbox.
fn visits(trace: &Trace) -> Vec<(u32, &str)> {
    let events = trace.events.iter().zip(0_u32..);
    let fetched = events.filter_map(|(event, place)| match &event.what {
        What::Fetched { mailbox, .. } => Some((place, mailbox.as_str())),
        _ => None,
    });
    fetched.collect()
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

#[cfg(test)]
mod tests {
    use super::{
        Kind, Story,
        testing::{ID, ORIGINAL, Script, accepted, at, crossing, fetched, internal, stored, submit, wire},
    };

    fn tell<T>(script: &Script, look: impl FnOnce(&Story<'_>) -> T) -> T {
        script.with(|view| look(view.story))
    }

    #[test]
    fn all_that_follows_belongs_to_its_submission() {
        tell(&crossing(ORIGINAL), |story| {
            assert_eq!(story.submissions.len(), 1);
            assert!(story.appearances.iter().all(|one| one.submission == Some(0)));
            assert!(story.appearances.iter().all(|one| story.step_of(&one.reading.body) == Some("m1")));
            assert_eq!(story.submissions.first().map(|one| one.pec_msgids.clone()), Some(vec![ID]));
            assert_eq!(story.messages().count(), 4);
        });
    }

    #[test]
    fn without_any_identifier_the_content_tells() {
        let strip = |text: &str| {
            text.replace("Message-ID: <m1@client>\r\n", "").replace("<msgid>&lt;m1@client&gt;</msgid>", "")
        };
        let bare = strip(ORIGINAL);
        let twin = bare.replace("ciao", "addio");
        let receipt = strip(&crossing(ORIGINAL).message("accettazione")).replace("X-Riferimento-", "X-");
        let envelope = strip(&crossing(&bare).message("busta")).replace("ciao", "addio");
        let to = &["bruno@beta.test"][..];
        let script = Script::default()
            .add("one", at(1), submit(&bare, to))
            .add("two", at(1), submit(&twin, to))
            .add("busta", at(2), wire("alfa", "beta", "anna@alfa.test", to, &envelope))
            .add("receipt", at(3), stored("anna@alfa.test", &receipt));
        tell(&script, |story| {
            let belongs: Vec<_> = story.appearances.iter().map(|one| (one.kind(), one.submission)).collect();
            assert_eq!(belongs, [(Kind::PostaCertificata, Some(1)), (Kind::Accettazione, Some(1))]);
        });
    }

    #[test]
    fn a_receipt_for_nothing_that_was_sent_belongs_to_nothing() {
        let forged = crossing(ORIGINAL).message("consegna").replace("pec1@", "pec9@").replace("m1@client", "m9@client");
        let script = accepted(ORIGINAL, &["bruno@beta.test"]).add("forged", at(2), stored("anna@alfa.test", &forged));
        tell(&script, |story| assert_eq!(story.appearances.last().map(|one| one.submission), Some(None)));
    }

    #[test]
    fn envelopes_are_handed_over_across_and_within_providers() {
        tell(&crossing(ORIGINAL), |story| {
            let one = story.handovers.first().expect("a handover");
            assert!(!one.is_internal() && one.can_be_stored() && one.taken.is_some());
            assert_eq!((one.stored.len(), one.deliveries.len(), one.take_charges.len()), (1, 2, 2));
        });
        tell(&internal(), |story| {
            let one = story.handovers.first().expect("a handover");
            assert!(one.is_internal() && one.taken.is_some());
            assert_eq!((one.stored.len(), one.deliveries.len()), (1, 1));
        });
        let full = Script { quota: Some(10), ..crossing(ORIGINAL) };
        tell(&full, |story| assert!(story.handovers.first().is_some_and(super::Handover::cannot_be_stored)));
    }

    #[test]
    fn what_was_fetched_may_leave_room() {
        let letter = "x".repeat(20_000);
        let script = || {
            let script = crossing(ORIGINAL).add("letter", at(0), stored("bruno@beta.test", &letter));
            Script { quota: Some(20_100), ..script }
        };
        tell(&script(), |story| assert!(story.handovers.first().is_some_and(super::Handover::cannot_be_stored)));
        let visited = script().add("visit", at(1), fetched("bruno@beta.test", true, &letter));
        tell(&visited, |story| assert_eq!(story.handovers.first().map(|one| one.room), Some(None)));
    }

    #[test]
    fn hostile_octets_cost_no_crash() {
        let texts = [
            String::new(),
            "\r\n".to_owned(),
            "X-Trasporto: posta-certificata".to_owned(),
            "X-Ricevuta: accettazione\r\nMessage-ID: <>\r\n\r\n".to_owned(),
            "X-Ricevuta: presa-in-carico\r\nFrom: (((((\r\nTo: \"\r\nContent-Type: multipart/mixed; boundary=\r\n\r\n--\r\n--".to_owned(),
            crossing(ORIGINAL).message("busta").replace("</dati>", "").replace("<ora>", "<ora>99:99"),
            "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n".repeat(2_000),
            "\0\u{fffd}\r\u{0}".repeat(50),
        ];
        for text in &texts {
            let to = &["bruno@beta.test", "", "@", "x@beta.test"][..];
            let script = crossing(ORIGINAL)
                .add("submit2", at(5), submit(text, to))
                .add("wire", at(6), wire("alfa", "beta", "", to, text))
                .add("stranger", at(6), wire("elsewhere", "beta", "<>", to, text))
                .add("lies", at(7), stored("bruno@beta.test", text))
                .add("service", at(7), stored("servizio@alfa.test", text));
            tell(&script, |story| assert!(story.submissions.len() == 2 && story.appearances.len() >= 7));
        }
    }
}
