use std::{borrow::Cow, cell::OnceCell, collections::BTreeSet};

use collaudo_record::{Instant, Provider};
use jiff::{Timestamp, tz::TimeZone};

use super::{
    Ruling,
    text::{Moment, holds_value, squeezed},
    words,
};
use crate::{
    Clause,
    check::{Finding, View, flow::cause},
    reading::{Attached, Daticert, Entity, Form, Head, Index, Kind, Reading},
    sighting::Sighting,
    story::{Submission, address::same},
};

/// A message on trial.
pub(crate) struct Case<'a> {
    pub(crate) view: &'a View<'a>,
    pub(crate) sighting: &'a Sighting<'a>,
    /// The subject that issued it.
    pub(crate) issuer: &'a Provider,
    pub(crate) reading: &'a Reading,
    /// The submission that it is about, where that was seen.
    pub(crate) submission: Option<&'a Submission<'a>>,
    /// Its octets.
    pub(crate) octets: &'a [u8],
    /// Whether nothing is known but the message itself: a stored one, of no trace.
    pub(crate) is_alone: bool,
    is_about_virus: OnceCell<bool>,
    page: OnceCell<Option<String>>,
    squeezed: OnceCell<String>,
    moment: OnceCell<Moment<'a>>,
}

impl<'a> Case<'a> {
    pub(crate) fn head(&self) -> &'a Head {
        &self.reading.head
    }

    pub(crate) fn daticert(&self) -> Option<&'a Daticert> {
        self.reading.daticert.as_ref()
    }

    /// Whether it is about a virus.
    pub(crate) fn is_about_virus(&self) -> bool {
        *self.is_about_virus.get_or_init(|| self.reading.is_about_virus())
    }

    /// A case for a message of a subject.
    pub(crate) fn of(view: &'a View<'a>, sighting: &'a Sighting<'a>, issuer: &'a Provider) -> Self {
        let appearances = &view.story.appearances;
        let place = appearances.binary_search_by_key(&sighting.event, |one| one.event).ok();
        let submission = place.and_then(|place| view.story.submission_of(appearances.get(place)?));
        let octets = view.trace.body(&sighting.reading.body).unwrap_or_default();
        Self { submission, ..Self::over(view, sighting, issuer, octets, false) }
    }

    /// A case for a stored message of which nothing else is known; the view holds no events.
    pub(crate) fn alone(
        view: &'a View<'a>,
        sighting: &'a Sighting<'a>,
        issuer: &'a Provider,
        octets: &'a [u8],
    ) -> Self {
        Self::over(view, sighting, issuer, octets, true)
    }

    fn over(
        view: &'a View<'a>,
        sighting: &'a Sighting<'a>,
        issuer: &'a Provider,
        octets: &'a [u8],
        is_alone: bool,
    ) -> Self {
        Self {
            view,
            sighting,
            issuer,
            reading: sighting.reading,
            submission: None,
            octets,
            is_alone,
            is_about_virus: OnceCell::new(),
            page: OnceCell::new(),
            squeezed: OnceCell::new(),
            moment: OnceCell::new(),
        }
    }

    /// The HTML of the readable text, decoded once for all rules.
    pub(super) fn page(&self) -> Option<&str> {
        self.page.get_or_init(|| self.reading.html_part().map(Entity::text)).as_deref()
    }

    /// The readable text as facts are looked for in it.
    pub(super) fn squeezed_text(&self) -> &str {
        self.squeezed.get_or_init(|| super::text::squeezed(&self.reading.text))
    }

    /// Date, time and offset that the readable text gives.
    pub(super) fn moment(&self) -> &Moment<'a> {
        self.moment.get_or_init(|| Moment::first(&self.reading.text))
    }

    /// When it was first seen; of a stored message nobody knows.
    pub(crate) fn seen(&self) -> Option<Instant> {
        (!self.is_alone).then_some(self.sighting.at)
    }

    /// When that came which it answers: sooner nobody can have made it. None where that was not seen.
    pub(crate) fn earliest(&self) -> Option<Instant> {
        let appearances = &self.view.story.appearances;
        let place = appearances.binary_search_by_key(&self.sighting.event, |one| one.event).ok()?;
        cause(self.view.story, self.issuer, appearances.get(place)?)
    }

    /// The index that the issuer had when it looked recipients up; none where it had none.
    pub(crate) fn index(&self) -> Option<&'a Index> {
        let event = self.submission.map_or(self.sighting.event, |submission| submission.event);
        let library = self.view.library;
        if self.is_alone {
            return Some(self.view.index).filter(|index| !index.records.is_empty());
        }
        library.has_index(&self.issuer.name, event).then(|| library.index(&self.issuer.name, event))
    }

    /// Whether the issuer's clock may have been wrong when it made the message: at some time of the day before it was seen.
    pub(crate) fn may_be_mistimed(&self) -> bool {
        let day = collaudo_record::Span::from_hours(25);
        let mistimes =
            |at: Instant| self.view.story.disturbances.mistimes(&self.issuer.name, Instant(at.0 - day.0), at);
        self.seen().is_some_and(mistimes)
    }

    /// The header of the original: as submitted, else as enclosed here or in the envelope.
    pub(crate) fn original(&self) -> Option<&'a Head> {
        let submitted = self.submission.and_then(|submission| submission.message).map(|(reading, _)| &*reading.head);
        submitted.or_else(|| self.enclosed().map(|enclosed| &*enclosed.head))
    }

    /// The original as a provider enclosed it: in this message, else in the envelope that this message speaks of.
    pub(crate) fn enclosed(&self) -> Option<&'a Attached> {
        self.reading.postacert.as_ref().or_else(|| self.envelope()?.reading.postacert.as_ref())
    }

    /// The header of what an anomaly envelope is about: as enclosed, else as it came under the same identifier. None for
    /// other kinds.
    pub(crate) fn received(&self) -> Option<&'a Head> {
        if self.reading.kind != Kind::Anomalia {
            return None;
        }
        let id = self.head().message_id.as_deref().filter(|id| !id.is_empty());
        let came = || {
            let mut others = self.view.sightings.iter().filter(|one| one.reading.kind != Kind::Anomalia);
            others
                .find(|one| id.is_some() && one.reading.head.message_id.as_deref() == id)
                .map(|one| &*one.reading.head)
        };
        self.reading.postacert.as_ref().map(|enclosed| &*enclosed.head).or_else(came)
    }

    /// The reverse path of what an anomaly envelope is about, as it came. None for other kinds.
    pub(crate) fn came_from(&self) -> Option<&'a str> {
        let enclosed = self.reading.postacert.as_ref().filter(|_| self.reading.kind == Kind::Anomalia)?.essence();
        let mut appearances = self.view.story.appearances.iter();
        let came = appearances.find(|one| one.transfer().is_some() && one.reading.essence == enclosed);
        came.and_then(|one| Some(one.transfer()?.reverse_path.as_str())).filter(|path| !path.is_empty())
    }

    /// The transport envelope of the transaction, wherever it was seen.
    pub(crate) fn envelope(&self) -> Option<&'a Sighting<'a>> {
        let id = match self.reading.kind {
            Kind::PostaCertificata => return Some(self.sighting),
            _ => self.daticert()?.identificativo.as_deref()?,
        };
        self.envelopes().find(|envelope| envelope.reading.head.message_id.as_deref() == Some(id))
    }

    /// The certification data of another provider's envelope that this message answers: what it repeats of them is that
    /// provider's (R-0092).
    pub(crate) fn answered(&self) -> Option<&'a Daticert> {
        let envelope = self.envelope().filter(|_| !self.is_alone)?;
        let is_anothers = envelope.issuer.is_some_and(|author| author.name != self.issuer.name);
        envelope.reading.daticert.as_ref().filter(|_| is_anothers)
    }

    /// Whether it has of the envelope that it answers what it was given there.
    pub(crate) fn repeats<T: PartialEq>(&self, part: impl Fn(&'a Daticert) -> T) -> bool {
        self.answered().zip(self.daticert()).is_some_and(|(given, own)| part(given) == part(own))
    }

    /// All transport envelopes of the trace.
    pub(crate) fn envelopes(&self) -> impl Iterator<Item = &'a Sighting<'a>> {
        self.view.sightings.iter().filter(|sighting| sighting.reading.kind == Kind::PostaCertificata)
    }

    /// The original sender: the reverse path of the submission, else as certified, else as the original has it.
    pub(crate) fn sender(&self) -> Option<&'a str> {
        let submitted = self.submission.map(|submission| submission.sender());
        let certified = || self.daticert().and_then(|daticert| daticert.mittente.as_deref());
        submitted.or_else(certified).or_else(|| Some(self.original()?.from.first()?.address.as_str()))
    }

    /// Whom a message may name as the sender. Where a stored one certifies another than wrote its original, or than its header
    /// and its text name, the row of `mittente` says so, and the other rows take either (R-0074).
    pub(crate) fn senders(&self) -> Vec<&'a str> {
        let author = || Some(self.original()?.from.first()?.address.as_str());
        let others = self.is_alone.then(|| [author(), self.sender_shown()]);
        self.sender().into_iter().chain(others.into_iter().flatten().flatten()).collect()
    }

    /// The sender that the header and the text of a stored message agree on, against its certification data.
    pub(crate) fn sender_shown(&self) -> Option<&'a str> {
        let certified = self.daticert().filter(|_| self.is_alone)?.mittente.as_deref()?;
        let shown = match self.reading.kind {
            Kind::PostaCertificata | Kind::PresaInCarico | Kind::Anomalia | Kind::Ordinary => return None,
            Kind::RilevazioneVirus => self.head().value("X-Mittente")?.trim().trim_matches(['<', '>']),
            _ => match self.head().to.as_slice() {
                [only] => only.address.as_str(),
                _ => return None,
            },
        };
        (!same(shown, certified) && self.outweighs(shown, certified)).then_some(shown)
    }

    /// The subject that the header and the text of a stored message agree on, against its certification data.
    pub(crate) fn subject_shown(&self) -> Option<&'a str> {
        let certified = self.daticert().filter(|_| self.is_alone)?.oggetto.as_deref().unwrap_or_default();
        let (_, shown) = self.head().subject.as_deref()?.split_once(": ")?;
        let differs = shown != certified && !self.are_one(&collapsed(shown), &collapsed(certified));
        (differs && self.outweighs(shown, certified)).then_some(shown)
    }

    /// The PEC identifier that the original enclosed in a stored delivery receipt and the text agree on, against the
    /// certification data.
    pub(crate) fn identifier_shown(&self) -> Option<&'a str> {
        let certified = self.daticert().filter(|_| self.is_alone)?.identificativo.as_deref()?;
        let enclosed = self.reading.postacert.as_ref().filter(|_| self.reading.kind == Kind::AvvenutaConsegna)?;
        let shown = enclosed.head.message_id.as_deref()?;
        (shown != certified && self.outweighs(shown, certified)).then_some(shown)
    }

    /// Whom the trace shows the message to have been for, whatever the certification data say (R-0101).
    pub(crate) fn was_for(&self, address: &str) -> bool {
        let submitted = self.submission.into_iter().flat_map(|submission| &submission.recipients);
        let id = self.daticert().and_then(|daticert| daticert.identificativo.as_deref());
        let handed = self.view.story.handovers.iter().filter(|one| Some(one.pec_msgid) == id);
        submitted.map(|one| one.address).chain(handed.map(|one| one.recipient)).any(|one| same(one, address))
    }

    /// Those for whom its issuer was handed the envelope, taken or not.
    pub(crate) fn handed(&self) -> Vec<&'a str> {
        let id = self.daticert().and_then(|daticert| daticert.identificativo.as_deref());
        let handovers = self.view.story.handovers.iter();
        let ours = handovers.filter(|one| one.provider.name == self.issuer.name && Some(one.pec_msgid) == id);
        ours.map(|one| one.recipient).collect()
    }

    /// Whether the certified recipient can be the one concerned: one of those the message was for, and of a delivery receipt
    /// one for whom its issuer was handed it. Where destinatari are missing other rows say so.
    pub(crate) fn can_concern(&self, address: &str) -> bool {
        let all = self.daticert().map_or(&[][..], |daticert| &daticert.destinatari);
        let handed = if self.reading.kind == Kind::AvvenutaConsegna { self.handed() } else { Vec::new() };
        let is_ours = handed.is_empty() || handed.iter().any(|one| same(one, address));
        is_ours && (all.is_empty() || all.iter().any(|(one, _)| same(one, address)) || self.was_for(address))
    }

    /// Whether the text has what the header shows, and not what is certified: two places against one.
    fn outweighs(&self, shown: &str, certified: &str) -> bool {
        let says = |value: &str| !squeezed(value).is_empty() && holds_value(self.squeezed_text(), value);
        says(shown) && !says(certified)
    }

    /// The client's identifier, where anything is known of it: as submitted, else as header and certification data of a stored
    /// message agree, else as the enclosed original has it, else as certified.
    pub(crate) fn msgid(&self) -> Option<Option<&'a str>> {
        if let Some(submission) = self.submission {
            return Some(submission.msgid());
        }
        let agreed = self.msgid_agreed().map(Some);
        let enclosed = || self.enclosed().map(|enclosed| enclosed.head.x_riferimento.as_deref());
        let certified =
            || self.daticert().filter(|daticert| daticert.has_dati).map(|daticert| daticert.msgid.as_deref());
        agreed.or_else(enclosed).or_else(certified)
    }

    /// The client's identifier that header and certification data of a stored message agree on.
    pub(crate) fn msgid_agreed(&self) -> Option<&'a str> {
        let shown = self.head().x_riferimento.as_deref().filter(|_| self.is_alone)?;
        (self.daticert()?.msgid.as_deref() == Some(shown)).then_some(shown)
    }

    /// The subject of the original, where anything is known of it; of an anomaly envelope that of what it encloses.
    pub(crate) fn subject(&self) -> Option<Option<&'a str>> {
        if self.reading.kind == Kind::Anomalia {
            return self.received().map(|received| received.subject.as_deref());
        }
        let original = self.original().map(|original| original.subject.as_deref());
        let shown = || self.subject_shown().map(Some);
        original.or_else(shown).or_else(|| self.daticert().map(|daticert| daticert.oggetto.as_deref()))
    }

    /// The addresses that the original names in To and Cc.
    pub(crate) fn named_recipients(&self) -> Option<BTreeSet<String>> {
        let head = self.original()?;
        Some(head.to.iter().chain(&head.cc).map(|mailbox| mailbox.address.to_ascii_lowercase()).collect())
    }

    /// The form of delivery receipt that the envelope asks for; none where no envelope was seen.
    pub(crate) fn asked(&self) -> Option<&'a str> {
        Some(self.envelope()?.reading.head.tipo_ricevuta.as_deref().unwrap_or("completa"))
    }

    /// Whether it encloses what should be a brief original: one was asked for, or its parts show it.
    pub(crate) fn is_brief(&self) -> bool {
        let shows = || self.reading.form() == Some(Form::Brief);
        if self.reading.kind != Kind::AvvenutaConsegna || self.reading.postacert.is_none() {
            return false;
        }
        // A user may attach files of such names: of a stored receipt its own word tells, else its parts with its title.
        if self.is_alone {
            let is_certified = || self.daticert().is_some_and(|daticert| daticert.ricevuta.as_deref() == Some("breve"));
            return is_certified() || shows() && self.is_titled_brief();
        }
        self.asked().map_or_else(shows, |asked| asked == "breve")
    }

    /// Whether the first line of the text says `breve`, or `brief` as the RFC's model does.
    fn is_titled_brief(&self) -> bool {
        let title = self.reading.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        ["breve", "brief"]
            .iter()
            .any(|word| title.to_lowercase().split(|c: char| !c.is_alphabetic()).any(|own| own == *word))
    }

    /// The address that the issuer signs with; none where no certificate tells it.
    pub(crate) fn own_address(&self) -> Option<&'a str> {
        Some(self.issuer.certified_address.as_str()).filter(|address| !address.is_empty())
    }

    /// Whether two texts are one, white space runs collapsed. Of two stored copies one may have lost control characters, which
    /// are a row of their own, or what somebody could not convert.
    pub(crate) fn are_one(&self, one: &str, other: &str) -> bool {
        let bare = |text: &str| text.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect::<String>();
        let kept = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let has_lost = |text: &str| text.contains(['?', '\u{fffd}']);
        let is_damaged = has_lost(one) || has_lost(other);
        one == other || self.is_alone && (bare(one) == bare(other) || is_damaged && kept(one) == kept(other))
    }

    /// Whether an address is the issuer's own: the one that it signs with, or of a stored message `posta-certificata` at a
    /// domain that the index lists for it. Which of the two the certificate names is a row of its own (PEC-2.1-05).
    pub(crate) fn is_own_address(&self, address: &str) -> bool {
        let is_listed = || {
            let (local, domain) = address.rsplit_once('@').filter(|_| self.is_alone)?;
            let record = self.view.index.managing(domain)?;
            Some(same(local, "posta-certificata") && record.name == self.issuer.display_name)
        };
        same(address, &self.issuer.certified_address) || is_listed().unwrap_or(false)
    }

    pub(crate) fn finding(&self, clause: Clause, ruling: Ruling) -> Finding {
        let words = format!("{} of {}: {}", self.reading.kind.wire(), self.issuer.name, ruling.observed);
        Finding {
            clause,
            provider: self.issuer.name.clone(),
            outcome: ruling.outcome,
            expected: ruling.expected.into_owned(),
            observed: words,
            evidence: vec![self.sighting.event],
            declared: self.sighting.declared,
            step: self.view.story.step_of(&self.reading.body).map(str::to_owned),
            reading: None,
        }
    }
}

/// A value in words.
pub(crate) fn shown(value: Option<&str>) -> String {
    if !words::wanted() {
        return String::new();
    }
    value.map_or_else(|| "nothing".to_owned(), |value| format!("{value:?}"))
}

/// Several values in words.
pub(crate) fn listed<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> String {
    if !words::wanted() {
        return String::new();
    }
    let values: Vec<String> = values.into_iter().map(|value| value.as_ref().to_owned()).collect();
    if values.is_empty() { "nothing".to_owned() } else { values.join(", ") }
}

/// White space runs become one blank, at either end none.
pub(crate) fn collapsed(text: &str) -> Cow<'_, str> {
    let is_such = |word: &str| !word.is_empty() && !word.contains(char::is_whitespace);
    match text.is_empty() || text.split(' ').all(is_such) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" ")),
    }
}

/// Whether a text holds another, ASCII letters in either case.
pub(crate) fn holds_in_any_case(text: &str, wanted: &str) -> bool {
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    let Some(first) = wanted.first() else { return true };
    let is_here = |at| text.get(at..at + wanted.len()).is_some_and(|own| own.eq_ignore_ascii_case(wanted));
    memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), text).any(is_here)
}

/// An instant as a person in Italy would write it.
pub(crate) fn when(at: Instant) -> String {
    if !words::wanted() {
        return String::new();
    }
    match (Timestamp::from_microsecond(at.0), rome()) {
        (Ok(at), Some(rome)) => at.to_zoned(rome).strftime("%d/%m/%Y %H:%M:%S %z").to_string(),
        _ => format!("{} microseconds since 1970", at.0),
    }
}

/// Legal time in Italy.
pub(crate) fn rome() -> Option<TimeZone> {
    TimeZone::get("Europe/Rome").ok()
}
