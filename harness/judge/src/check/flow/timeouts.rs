use collaudo_record::{Instant, Outcome, Span};

use super::{Check, Findings, Occasion, View, access::may_be_full, count};
use crate::{
    Clause,
    reading::Kind,
    story::{Appearance, Recipient, Standing, Story, Submission, address::same},
};

/// Clocks and their readers may differ by so much.
const TICK: Span = Span::from_secs(1);
/// When the first notice falls due.
const FIRST: Span = Span::from_hours(12);
/// How late the first notice may come by the reading R-0003.
const FIRST_LATEST: Span = Span::from_secs(12 * 3_600 + 30 * 60);
/// Notices before this are first ones, half-way between the two windows; of later ones it may be the first that is one.
const BETWEEN: Span = Span::from_hours(17);
/// No second notice before.
const SECOND: Span = Span::from_hours(22);
/// No second notice after.
const LAST: Span = Span::from_hours(24);

/// The 12 h and the 24 h notice.
pub(super) const NOTICES: Check = Check {
    clauses: &[
        Clause::PEC_2_1_1_1_2_01,
        Clause::PEC_2_1_1_1_2_02,
        Clause::PEC_3_1_6_01,
        Clause::PEC_3_1_6_02,
        Clause::PEC_3_1_6_03,
        Clause::PEC_3_1_6_04,
        Clause::PEC_3_1_6_05,
        Clause::PEC_3_1_6_06,
        Clause::PEC_3_1_6_16,
        Clause::PEC_DM_13_01,
        Clause::PEC_DM_13_02,
    ],
    run: notices,
};

/// Within 24 hours the sender knows, and nothing idles longer.
pub(super) const OUTCOME: Check = Check { clauses: &[Clause::PEC_DPR_8_01, Clause::PEC_2_2_2_03], run: outcome };

fn is_outcome(kind: Kind) -> bool {
    matches!(kind, Kind::PresaInCarico | Kind::AvvenutaConsegna | Kind::ErroreConsegna | Kind::RilevazioneVirus)
}

/// One recipient's 24 hours.
struct Day<'s, 'a> {
    story: &'s Story<'a>,
    submission: &'s Submission<'a>,
    recipient: &'s Recipient<'a>,
    accepted: u32,
    /// When a take-charge receipt was in the sending provider's hands.
    taken: Option<(u32, Instant)>,
    /// When a delivery receipt was, or in its stead the envelope in a mailbox of the same provider.
    delivered: Option<(u32, Instant)>,
    /// When a non-delivery or virus notice was.
    failed: Option<(u32, Instant)>,
    first: Vec<(u32, Instant)>,
    second: Option<(u32, Instant)>,
    /// What came after the second.
    further: Vec<(u32, Instant)>,
}

impl<'s, 'a> Day<'s, 'a> {
    /// None where the message was not accepted, or the recipient is no certified one.
    fn of(story: &'s Story<'a>, submission: &'s Submission<'a>, recipient: &'s Recipient<'a>) -> Option<Self> {
        let theirs = recipient.provider?;
        let accepted = story.about(submission, Kind::Accettazione).find(|one| one.arrived())?;
        // Whoever's clock leaps cannot tell how long it is; what may have been no receipt cannot tell either.
        let day = (submission.t0.0, submission.t0.1.after(FIRST_LATEST).after(FIRST));
        let is_doubtful = |one: &&Appearance<'_>| {
            one.standing == Standing::Doubtful && is_outcome(one.kind()) && one.concerns(recipient.address)
        };
        // What another provider certifies of a recipient who is not its own may be believed or not (R-0101).
        let is_anothers = |one: &Appearance<'_>| {
            let names = [&theirs.name, &submission.provider.name];
            one.issuer.is_some_and(|issuer| !names.contains(&&issuer.name))
                && one.standing.is_certified()
                && is_outcome(one.kind())
                && one.concerns(recipient.address)
        };
        let doubt = story.at(&submission.appearances).any(|one| is_doubtful(&one) || is_anothers(one));
        if doubt || story.disturbances.leaps(&submission.provider.name, day.0, day.1) {
            return None;
        }
        let own = &submission.provider.name;
        let came = |kind: Kind| {
            let all = story.about(submission, kind);
            let ours = all.filter(|one| {
                one.arrived()
                    && one.standing.is_certified()
                    && one.at_provider().name == *own
                    && one.concerns(recipient.address)
            });
            ours.map(|one| (one.event, one.at)).next()
        };
        let stored = || {
            let all = story.about(submission, Kind::PostaCertificata);
            let here = all.filter(|one| one.mailbox().is_some_and(|mailbox| same(mailbox, recipient.address)));
            here.filter(|one| one.at_provider().name == *own).map(|one| (one.event, one.at)).next()
        };
        let mut day = Self {
            story,
            submission,
            recipient,
            accepted: accepted.event,
            taken: came(Kind::PresaInCarico),
            delivered: came(Kind::AvvenutaConsegna).or_else(stored),
            failed: came(Kind::ErroreConsegna).or_else(|| came(Kind::RilevazioneVirus)),
            first: Vec::new(),
            second: None,
            further: Vec::new(),
        };
        day.sort_notices();
        Some(day)
    }

    /// Which notice is which the instant tells; where none came before its own half of the day, the order.
    fn sort_notices(&mut self) {
        let all = self.story.about(self.submission, Kind::PreavvisoErroreConsegna);
        let ours = all.filter(|one| one.mailbox().is_some() && one.concerns(self.recipient.address));
        let notices: Vec<_> = ours.map(|one| (one.event, one.at)).collect();
        let boundary = self.from(BETWEEN);
        let (mut first, later): (Vec<_>, Vec<_>) = notices.into_iter().partition(|(_, at)| *at < boundary);
        let mut later = later.into_iter().peekable();
        let was_down = self.due(FIRST_LATEST).is_none_or(|due| due >= boundary);
        let is_first = |(_, at): &(u32, Instant)| was_down || at.after(TICK) < self.from(SECOND);
        if first.is_empty() && !self.confirmed_by(FIRST) {
            first.extend(later.next_if(is_first));
        }
        (self.first, self.second, self.further) = (first, later.next(), later.collect());
    }

    /// All notices, in their order.
    fn all(&self) -> Vec<(u32, Instant)> {
        self.first.iter().copied().chain(self.later()).collect()
    }

    fn later(&self) -> impl Iterator<Item = (u32, Instant)> {
        self.second.into_iter().chain(self.further.iter().copied())
    }

    /// Whether there is one first notice, and not too early; how late it may be is a reading.
    fn first_in_time(&self) -> bool {
        matches!(self.first.as_slice(), [(_, at)] if at.after(TICK) >= self.from(FIRST))
    }

    fn second_too_late(&self) -> bool {
        self.second.is_some_and(|(_, at)| self.due(LAST).is_some_and(|due| at > due))
    }

    /// Whether there is a second notice in its window, and none after it.
    fn second_in_time(&self) -> bool {
        let is_early = self.second.is_some_and(|(_, at)| at.after(TICK) < self.from(SECOND));
        self.second.is_some() && !is_early && !self.second_too_late() && self.further.is_empty()
    }

    /// Whether the envelope for this recipient waits at the sender's provider: nobody else has taken it.
    fn is_queued(&self) -> bool {
        let taken = self.story.handovers.iter().any(|one| {
            self.submission.pec_msgids.contains(&one.pec_msgid)
                && same(one.recipient, self.recipient.address)
                && one.taken.is_some()
        });
        !taken && self.taken.is_none()
    }

    /// The earliest instant that lies so long after acceptance.
    fn from(&self, span: Span) -> Instant {
        self.submission.t0.0.after(span)
    }

    /// The latest instant that may be meant by so long after acceptance, later where the provider did not run; none where it
    /// never ran again.
    fn due(&self, span: Span) -> Option<Instant> {
        self.story
            .disturbances
            .due(&self.submission.provider.name, self.submission.t0.1.after(span))
            .map(|due| due.after(TICK))
    }

    /// Whether that lies before the trace's end, so that what is missing is really missing.
    fn is_over(&self, span: Span) -> bool {
        self.due(span).is_some_and(|due| due < self.story.end)
    }

    /// Whether by then anything had come back.
    fn confirmed_by(&self, span: Span) -> bool {
        let by = self.submission.t0.1.after(span).after(TICK);
        [self.taken, self.delivered, self.failed].into_iter().flatten().any(|(_, at)| at <= by)
    }

    /// Whether by then it was settled: delivered, or failed.
    fn settled_by(&self, by: Instant) -> bool {
        [self.delivered, self.failed].into_iter().flatten().any(|(_, at)| at <= by)
    }

    fn occasion<'v>(&self, view: &'v View<'v>, more: &[(u32, Instant)]) -> Occasion<'v>
    where
        's: 'v,
        'a: 'v,
    {
        let evidence = [self.submission.event, self.accepted].into_iter().chain(more.iter().map(|(event, _)| *event));
        Occasion::new(view, self.submission.provider, evidence).about(Some(self.submission))
    }

    fn when(&self, notices: &[(u32, Instant)]) -> String {
        if notices.is_empty() {
            return format!("none by {}", self.story.end.since(self.submission.t0.0));
        }
        let at: Vec<_> = notices.iter().map(|(_, at)| at.since(self.submission.t0.0).to_string()).collect();
        format!("{} at {}", count(notices.len(), "notice"), at.join(" and "))
    }
}

/// Whether a notice is not the first one of its recipient. None where that cannot be told.
pub(in super::super) fn is_second(story: &Story<'_>, notice: &Appearance<'_>) -> Option<bool> {
    let submission = story.submission_of(notice)?;
    let recipient = submission.recipients.iter().find(|one| notice.concerns(one.address))?;
    let day = Day::of(story, submission, recipient)?;
    let is_it = |(event, _): &(u32, Instant)| *event == notice.event;
    let is_first = day.first.iter().any(is_it);
    (is_first || day.later().any(|one| is_it(&one))).then_some(!is_first)
}

/// When the sender was first told that no delivery is to be hoped for any more.
pub(super) fn second_notice(
    story: &Story<'_>,
    submission: &Submission<'_>,
    recipient: &Recipient<'_>,
) -> Option<Instant> {
    let from = submission.t0.0.after(SECOND);
    let notices = story.about(submission, Kind::PreavvisoErroreConsegna);
    let mut ours = notices.filter(|one| one.mailbox().is_some() && one.concerns(recipient.address));
    ours.find(|one| one.at.after(TICK) >= from).map(|one| one.at)
}

fn notices(view: &View<'_>, out: &mut Findings) {
    for submission in &view.story.submissions {
        for recipient in &submission.recipients {
            let Some(day) = Day::of(view.story, submission, recipient) else { continue };
            first(view, out, &day);
            second(view, out, &day);
            together(view, out, &day);
            per_recipient(view, out, &day);
        }
    }
}

//= PEC-3.1.6-01
//= PEC-2.1.1.1.2-01
//= PEC-DM.13-01
fn first(view: &View<'_>, out: &mut Findings, day: &Day<'_, '_>) {
    let all = &[Clause::PEC_3_1_6_01, Clause::PEC_2_1_1_1_2_01, Clause::PEC_DM_13_01];
    let occasion = day.occasion(view, &day.first).by("R-0003");
    let (to, observed) = (day.recipient.address, day.when(&day.first));
    let early = day.first.iter().any(|(_, at)| at.after(TICK) < day.from(FIRST));
    if day.confirmed_by(FIRST) {
        if !day.first.is_empty() && surely_confirmed_by(day, FIRST) {
            let expected = format!("no timeout notice at 12 h for {to}, for whom a receipt had come back");
            occasion.holds(out, all, false, &expected, &observed);
        }
        return;
    }
    let expected = format!("1 timeout notice for {to} between +12h and +12h30m after acceptance");
    match day.first.as_slice() {
        [] => {
            let missing = day.is_over(FIRST_LATEST) && !may_be_full(day.story, day.submission);
            if missing {
                occasion.holds(out, all, false, &expected, &observed);
            }
        }
        [(_, at)] if !early => {
            let in_time = day.due(FIRST_LATEST).is_none_or(|due| *at <= due);
            let outcome = if in_time { Outcome::Pass } else { Outcome::Deviation };
            occasion.judge(out, all, outcome, &expected, &observed);
        }
        _ => occasion.holds(out, all, false, &expected, &observed),
    }
}

/// Whether something had come back before anyone could have held the 12 hours to be over.
fn surely_confirmed_by(day: &Day<'_, '_>, span: Span) -> bool {
    let by = day.from(span);
    [day.taken, day.delivered, day.failed].into_iter().flatten().any(|(_, at)| at.after(TICK) < by)
}

//= PEC-3.1.6-02
//= PEC-2.1.1.1.2-02
//= PEC-DM.13-02
fn second(view: &View<'_>, out: &mut Findings, day: &Day<'_, '_>) {
    let notices: Vec<_> = day.later().collect();
    let (to, observed) = (day.recipient.address, day.when(&notices));
    let occasion = day.occasion(view, &notices);
    //= PEC-3.1.6-03
    if let Some((_, at)) = day.second {
        let too_early = at.after(TICK) < day.from(SECOND);
        let expected = format!("the second timeout notice for {to} between +22h and +24h after acceptance");
        occasion.holds(out, &[Clause::PEC_3_1_6_03], !too_early && !day.second_too_late(), &expected, &observed);
    }
    if !day.settled_by(day.submission.t0.1.after(LAST).after(TICK)) {
        let is_due = day.is_over(LAST) && !may_be_full(day.story, day.submission);
        if day.second.is_some() || is_due {
            let there = day.second.is_some();
            let in_time = there && !day.second_too_late();
            let expected = format!("1 second timeout notice for {to} by +24h after acceptance");
            occasion.holds(out, &[Clause::PEC_3_1_6_02], there, &expected, &observed);
            occasion.holds(out, &[Clause::PEC_DM_13_02], in_time, &expected, &observed);
            let last = format!("{expected}, and none after it");
            let is_last = in_time && day.further.is_empty();
            occasion.holds(out, &[Clause::PEC_2_1_1_1_2_02], is_last, &last, &observed);
        }
    } else if day.second.is_some() && day.settled_by(day.from(SECOND)) {
        let expected = format!("no timeout notice at 24 h for {to}, whose outcome had come back");
        let all = &[Clause::PEC_3_1_6_02, Clause::PEC_2_1_1_1_2_02, Clause::PEC_DM_13_02];
        occasion.holds(out, all, false, &expected, &observed);
    }
}

/// The three cases that the text spells out.
fn together(view: &View<'_>, out: &mut Findings, day: &Day<'_, '_>) {
    if !day.is_over(LAST) || day.failed.is_some() || may_be_full(day.story, day.submission) {
        return;
    }
    let all = day.all();
    let occasion = day.occasion(view, &all);
    let (to, observed) = (day.recipient.address, day.when(&all));
    let by_twelve = day.taken.is_some_and(|(_, at)| at.after(TICK) < day.from(FIRST));
    match (day.taken, day.delivered) {
        //= PEC-3.1.6-04
        (Some(_), None) if by_twelve => {
            let holds = day.first.is_empty() && day.second_in_time();
            let expected = format!("1 timeout notice for {to}, the 24 h one: taken in charge, never delivered");
            occasion.holds(out, &[Clause::PEC_3_1_6_04], holds, &expected, &observed);
        }
        //= PEC-3.1.6-05
        (_, Some((_, at))) if !by_twelve && at > day.from(FIRST).after(TICK) && at < day.from(SECOND) => {
            let holds = day.first_in_time() && day.second.is_none();
            let expected = format!("1 timeout notice for {to}, the 12 h one: nothing came by then, delivered later");
            occasion.by("R-0016").holds(out, &[Clause::PEC_3_1_6_05], holds, &expected, &observed);
        }
        //= PEC-3.1.6-06
        (None, None) => {
            let holds = day.first_in_time() && day.second_in_time();
            let expected = format!("2 timeout notices for {to}, at 12 h and between 22 h and 24 h: nothing came back");
            occasion.holds(out, &[Clause::PEC_3_1_6_06], holds, &expected, &observed);
        }
        _ => {}
    }
}

//= PEC-3.1.6-16
fn per_recipient(view: &View<'_>, out: &mut Findings, day: &Day<'_, '_>) {
    let recipients = &day.submission.recipients;
    let is_strange = |one: &&Appearance<'_>| {
        one.consegna().is_none_or(|consegna| !recipients.iter().any(|recipient| same(consegna, recipient.address)))
    };
    let strangers: Vec<_> = day
        .story
        .about(day.submission, Kind::PreavvisoErroreConsegna)
        .filter(|one| one.mailbox().is_some())
        .filter(is_strange)
        .map(|one| (one.event, one.at))
        .collect();
    let all = day.all();
    if !all.is_empty() || !strangers.is_empty() {
        let named: Vec<_> = all.iter().chain(&strangers).copied().collect();
        // One that comes after the day is over is a row of its own.
        let is_double = |(_, at): &(u32, Instant)| day.due(LAST).is_none_or(|due| *at <= due);
        let holds = strangers.is_empty() && day.first.len() <= 1 && !day.further.iter().any(is_double);
        let expected = format!(
            "each timeout notice certifies one recipient of the message; {} once for each limit",
            day.recipient.address
        );
        let observed = format!("{}; {} certify nobody of them", day.when(&all), strangers.len());
        day.occasion(view, &named).holds(out, &[Clause::PEC_3_1_6_16], holds, &expected, &observed);
    }
}

fn outcome(view: &View<'_>, out: &mut Findings) {
    for submission in &view.story.submissions {
        for recipient in &submission.recipients {
            let Some(day) = Day::of(view.story, submission, recipient) else { continue };
            told(view, out, &day);
            idle(view, out, &day);
        }
    }
}

/// Whoever is not delivered to within the day, the sender is told by its end: by any notice. What another provider took
/// idles in no queue of the sender's.
//= PEC-DPR.8-01
//= PEC-2.2.2-03
fn told(view: &View<'_>, out: &mut Findings, day: &Day<'_, '_>) {
    let clauses: &[Clause] =
        if day.is_queued() { &[Clause::PEC_DPR_8_01, Clause::PEC_2_2_2_03] } else { &[Clause::PEC_DPR_8_01] };
    let limit = day.submission.t0.1.after(LAST).after(TICK);
    if day.delivered.is_some_and(|(_, at)| at <= limit) {
        return;
    }
    let due = day.due(LAST);
    let failures = day.story.about(day.submission, Kind::ErroreConsegna);
    let failures = failures.filter(|one| one.mailbox().is_some() && one.concerns(day.recipient.address));
    let mut notices = failures.map(|one| (one.event, one.at)).chain(day.all());
    let notice = notices.find(|(_, at)| due.is_none_or(|due| *at <= due));
    let expected = format!("the sender told by +24h after acceptance that {} got nothing", day.recipient.address);
    match notice {
        Some(notice) => day.occasion(view, &[notice]).holds(out, clauses, true, &expected, &day.when(&[notice])),
        None if day.is_over(LAST) && !may_be_full(day.story, day.submission) => {
            let all = day.all();
            day.occasion(view, &all).holds(out, clauses, false, &expected, &day.when(&all));
        }
        None => {}
    }
}

/// After a day the queue lets go.
fn idle(view: &View<'_>, out: &mut Findings, day: &Day<'_, '_>) {
    let limit = day.submission.t0.1.after(LAST).after(TICK);
    let late = day.story.about(day.submission, Kind::PostaCertificata).find(|one| {
        one.transfer().is_some_and(|transfer| {
            transfer.began > limit
                && transfer.session.client == day.submission.provider.name
                && transfer.forward_paths.iter().any(|forward| same(&forward.path, day.recipient.address))
        })
    });
    if let Some(late) = late {
        let expected = "no attempt to send the envelope later than +24h after acceptance";
        let observed = format!("sent at {}", late.at.since(day.submission.t0.0));
        let occasion = day.occasion(view, &[(late.event, late.at)]);
        occasion.holds(out, &[Clause::PEC_2_2_2_03], false, expected, &observed);
    }
}
