use std::collections::BTreeSet;

use collaudo_record::{Outcome, Span};

use super::{Check, Findings, Occasion, View, count, size::says_size, timeouts::second_notice};
use crate::{
    Clause,
    reading::{Kind, Virus},
    story::{Fault, Recipient, Story, Submission, address::same, octets::same_original},
};

/// What else may lie in a mailbox that leaves no room for a receipt.
const RECEIPT_OCTETS: u64 = 65_536;
/// After so long an envelope that could not leave is given up.
const LAST: Span = Span::from_hours(24);

/// Each formal fault is refused.
pub(super) const FORMAL: Check = Check {
    clauses: &[
        Clause::PEC_3_1_1_01,
        Clause::PEC_3_1_1_02,
        Clause::PEC_3_1_1_03,
        Clause::PEC_3_1_1_04,
        Clause::PEC_3_1_1_05,
        Clause::PEC_3_1_1_06,
        Clause::PEC_3_1_1_07,
        Clause::PEC_3_1_1_08,
        Clause::PEC_2_1_15,
    ],
    run: formal,
};

/// What conforms gets an acceptance receipt and an envelope, what does not a notice and none.
pub(super) const ADMISSION: Check = Check {
    clauses: &[
        Clause::PEC_2_2_1_02,
        Clause::PEC_2_2_1_03,
        Clause::PEC_3_1_1_09,
        Clause::PEC_3_1_1_10,
        Clause::PEC_3_1_2_01,
        Clause::PEC_3_1_4_09,
        Clause::PEC_DM_12_02,
        Clause::PEC_DM_12_03,
    ],
    run: admission,
};

/// What became of a submission at its access point.
pub(super) struct Fate {
    pub(super) acceptances: Vec<u32>,
    copies: usize,
    envelopes: Vec<u32>,
    pub(super) notices: Vec<u32>,
    /// The message itself, not enclosed, on its way or in a mailbox.
    bare: Vec<u32>,
}

impl Fate {
    pub(super) fn of(story: &Story<'_>, submission: &Submission<'_>) -> Self {
        let events = |kind| story.about(submission, kind).map(|one| one.event).collect();
        Self {
            acceptances: events(Kind::Accettazione),
            copies: story.copies(story.about(submission, Kind::Accettazione)),
            envelopes: events(Kind::PostaCertificata),
            notices: events(Kind::NonAccettazione),
            bare: bare(story, submission),
        }
    }

    pub(super) fn entered(&self) -> bool {
        !self.acceptances.is_empty() || !self.envelopes.is_empty()
    }

    pub(super) fn let_in(&self) -> bool {
        self.entered() || !self.bare.is_empty()
    }

    /// Whether nothing at all followed from it though something must have.
    fn vanished(&self, story: &Story<'_>, submission: &Submission<'_>) -> bool {
        let silent = !self.let_in() && self.notices.is_empty();
        silent && submission.taken() && !may_lack_receipts(story, submission)
    }

    pub(super) fn events(&self) -> impl Iterator<Item = u32> {
        let one_of_each = [&self.acceptances, &self.envelopes, &self.notices, &self.bare];
        one_of_each.into_iter().filter_map(|events| events.first()).copied()
    }

    pub(super) fn words(&self, submission: &Submission<'_>) -> String {
        let reply = submission.code().map_or_else(|| "no reply".to_owned(), |code| format!("reply {code}"));
        let (taken, notices) = (count(self.copies, "acceptance receipt"), count(self.notices.len(), "refusal notice"));
        let envelope = if self.envelopes.is_empty() { "no transport envelope" } else { "a transport envelope" };
        let bare = if self.bare.is_empty() { "" } else { ", the message itself sent on" };
        format!("{reply}, {taken}, {envelope}, {notices}{bare}")
    }
}

/// Where a submission's octets came to light behind the access point, not enclosed in anything.
fn bare(story: &Story<'_>, submission: &Submission<'_>) -> Vec<u32> {
    let Some((_, octets)) = submission.message else { return Vec::new() };
    let plain = story.appearances.iter().filter(|one| one.kind() == Kind::Ordinary && one.at >= submission.t0.0);
    plain.filter(|one| same_original(octets, one.octets)).map(|one| one.event).collect()
}

/// The rows that tell of a fault, whether it was found or not.
fn clauses_of(fault: &Fault, is_found: bool) -> &'static [Clause] {
    match fault {
        //= PEC-3.1.1-01
        Fault::Malformed(_) => &[Clause::PEC_3_1_1_01],
        //= PEC-3.1.1-02
        Fault::From => &[Clause::PEC_3_1_1_02],
        //= PEC-3.1.1-03
        Fault::To => &[Clause::PEC_3_1_1_03],
        //= PEC-3.1.1-04
        Fault::ReversePath => &[Clause::PEC_3_1_1_04],
        //= PEC-3.1.1-05
        Fault::Recipient(_) => &[Clause::PEC_3_1_1_05],
        //= PEC-3.1.1-06
        //= PEC-2.1-15
        Fault::Bcc => &[Clause::PEC_3_1_1_06, Clause::PEC_2_1_15],
        //= PEC-3.1.1-07
        // Times any number of recipients it is too big as well; yet who refuses it need not have multiplied.
        Fault::Size if is_found => &[Clause::PEC_3_1_1_07],
        Fault::Size => &[Clause::PEC_3_1_1_07, Clause::PEC_3_1_1_08],
        //= PEC-3.1.1-08
        Fault::SizeTimesRecipients => &[Clause::PEC_3_1_1_08],
    }
}

fn formal(view: &View<'_>, out: &mut Findings) {
    for submission in view.story.submissions.iter().filter(|one| one.message.is_some()) {
        let fate = Fate::of(view.story, submission);
        let occasion = Occasion::of(view, submission.provider, submission, fate.events());
        let turned_away = !fate.entered() && (submission.refused() || !fate.notices.is_empty());
        // That what was refused comes to light all the same is another row's affair (PEC-3.1.1-09).
        let is_through = fate.let_in() && !turned_away;
        let faults = &submission.formal.faults;
        for fault in faults {
            // Of several faults at once the access point may have seen any.
            let is_alone = faults.len() == 1;
            if is_through || (turned_away || fate.vanished(view.story, submission)) && is_alone {
                let expected = format!("not let in, and the sender told: {fault}");
                let clauses = clauses_of(fault, turned_away);
                occasion.holds(out, clauses, turned_away, &expected, &fate.words(submission));
            }
        }
        let has_empty_bcc = submission.message.is_some_and(|(reading, _)| reading.head.first("Bcc").is_some());
        if submission.formal.conforms()
            && has_empty_bcc
            && submission.virus() == Virus::None
            && (fate.entered() || turned_away)
        {
            let expected = "accepted: a Bcc field without a value";
            occasion.holds(out, &[Clause::PEC_3_1_1_06], fate.entered(), expected, &fate.words(submission));
        }
    }
}

fn admission(view: &View<'_>, out: &mut Findings) {
    for submission in view.story.submissions.iter().filter(|one| one.message.is_some()) {
        let fate = Fate::of(view.story, submission);
        // What carries a virus, or may, is judged elsewhere.
        if submission.virus() != Virus::None {
            continue;
        }
        let occasion = Occasion::of(view, submission.provider, submission, fate.events());
        // What is sent in another's name is to be refused for that, whatever the formal checks say (PEC-5.2-03).
        let is_anothers = submission.transfer.account.as_deref().is_some_and(|own| !same(own, submission.sender()));
        if submission.formal.conforms() && !is_anothers {
            admitted(view.story, out, submission, &fate, &occasion);
            fifty(out, submission, &fate, &occasion);
            thirty(out, submission, &fate, &occasion);
        } else if !submission.formal.faults.is_empty() {
            rejected(view.story, out, submission, &fate, &occasion);
        }
        if fate.copies > 0 && submission.formal.faults.is_empty() {
            //= PEC-3.1.4-09
            let expected = format!("1 acceptance receipt for {}", count(submission.recipients.len(), "recipient"));
            let observed = count(fate.copies, "acceptance receipt");
            occasion.holds(out, &[Clause::PEC_3_1_4_09], fate.copies == 1, &expected, &observed);
        }
    }
}

//= PEC-2.2.1-02
fn admitted(story: &Story<'_>, out: &mut Findings, submission: &Submission<'_>, fate: &Fate, occasion: &Occasion<'_>) {
    let said_no = submission.refused() || !fate.notices.is_empty();
    let expected = "1 acceptance receipt and a transport envelope: it passes the formal checks";
    let observed = fate.words(submission);
    if said_no {
        occasion.holds(out, &[Clause::PEC_2_2_1_02], false, expected, &observed);
    } else if !said_no && !fate.acceptances.is_empty() {
        if !fate.envelopes.is_empty() {
            occasion.holds(out, &[Clause::PEC_2_2_1_02], fate.copies == 1, expected, &observed);
        } else if envelope_must_show(story, submission) {
            occasion.holds(out, &[Clause::PEC_2_2_1_02], false, expected, &observed);
        }
    } else if !said_no
        && submission.taken()
        && (!may_lack_receipts(story, submission) || broke_its_word(story, submission))
    {
        occasion.holds(out, &[Clause::PEC_2_2_1_02, Clause::PEC_3_1_4_09], false, expected, &observed);
    }
}

/// So many recipients every provider must allow.
const FIFTY: usize = 50;

//= PEC-DM.12-02
fn fifty(out: &mut Findings, submission: &Submission<'_>, fate: &Fate, occasion: &Occasion<'_>) {
    let asked: BTreeSet<_> =
        submission.transfer.forward_paths.iter().map(|forward| forward.path.to_ascii_lowercase()).collect();
    if asked.len() != FIFTY {
        return;
    }
    let taken = fate.entered() && submission.recipients.len() == FIFTY;
    if fate.entered() || submission.refused() || !fate.notices.is_empty() {
        let expected = format!("a message to {FIFTY} recipients accepted");
        let observed = format!("{}, {}", count(submission.recipients.len(), "path taken"), fate.words(submission));
        occasion.holds(out, &[Clause::PEC_DM_12_02], taken, &expected, &observed);
    }
}

/// So many octets times recipients every provider must allow; far below them a refusal has another reason.
const THIRTY: std::ops::RangeInclusive<u64> = 20_000_000..=30_000_000;

//= PEC-DM.12-03
fn thirty(out: &mut Findings, submission: &Submission<'_>, fate: &Fate, occasion: &Occasion<'_>) {
    let octets = submission.message.map_or(0, |(reading, _)| reading.octets);
    let product = octets.saturating_mul(u64::try_from(submission.recipients.len()).unwrap_or(u64::MAX));
    // A profile below the floor is the scenario's own fiction, and its limit is what is examined.
    let is_bound = submission.provider.max_octets >= *THIRTY.end();
    // Who says that so little is too much has that reason.
    let is_called_too_much = product < *THIRTY.start() && !fate.entered() && says_size(submission);
    if is_bound && is_called_too_much {
        let expected =
            format!("{product} octets times recipients not refused for their size, for up to 30 MB must be possible");
        let occasion = Occasion::of(occasion.view, submission.provider, submission, fate.events()).by("R-0098");
        occasion.holds(out, &[Clause::PEC_DM_12_03], false, &expected, &fate.words(submission));
    } else if is_bound
        && THIRTY.contains(&product)
        && (fate.entered() || submission.refused() || !fate.notices.is_empty())
    {
        let expected = format!("{product} octets times recipients accepted, for up to 30 MB must be");
        occasion.holds(out, &[Clause::PEC_DM_12_03], fate.entered(), &expected, &fate.words(submission));
    }
}

//= PEC-2.2.1-03
//= PEC-3.1.1-09
//= PEC-3.1.1-10
//= PEC-3.1.2-01
fn rejected(story: &Story<'_>, out: &mut Findings, submission: &Submission<'_>, fate: &Fate, occasion: &Occasion<'_>) {
    let faults: Vec<_> = submission.formal.faults.iter().map(ToString::to_string).collect();
    let kept_out = format!("no acceptance receipt, no transport envelope: {}", faults.join(", "));
    let told = format!("1 refusal notice at {}: {}", submission.sender(), faults.join(", "));
    let observed = fate.words(submission);
    let notice = &[Clause::PEC_3_1_1_10, Clause::PEC_3_1_2_01];
    if fate.let_in() {
        occasion.holds(out, &[Clause::PEC_3_1_1_09, Clause::PEC_2_2_1_03], false, &kept_out, &observed);
    }
    if !fate.notices.is_empty() {
        occasion.holds(out, notice, true, &told, &observed);
        if !fate.let_in() {
            occasion.holds(out, &[Clause::PEC_3_1_1_09, Clause::PEC_2_2_1_03], true, &kept_out, &observed);
        }
    } else if fate.let_in() {
        occasion.holds(out, notice, false, &told, &observed);
    } else if submission.refused() {
        occasion.holds(out, &[Clause::PEC_3_1_1_09], true, &kept_out, &observed);
        // Beyond a certain size the law itself leaves it to SMTP; for all else some providers do so (PEC-PRACT-03).
        if !submission.formal.faults.contains(&Fault::Size) {
            let both = &[Clause::PEC_2_2_1_03, Clause::PEC_3_1_1_10, Clause::PEC_3_1_2_01];
            occasion.judge(out, both, Outcome::Deviation, &told, &observed);
        }
    } else if fate.vanished(story, submission) {
        let all = &[Clause::PEC_2_2_1_03, Clause::PEC_3_1_1_10, Clause::PEC_3_1_2_01];
        occasion.holds(out, all, false, &told, &observed);
    }
}

/// Whether what the provider owes the sender may rightly be missing: the provider was disturbed, or the mailbox is full.
pub(super) fn may_lack_receipts(story: &Story<'_>, submission: &Submission<'_>) -> bool {
    story.disturbances.excuses(&[&submission.provider.name], submission.t0.0) || may_be_full(story, submission)
}

/// Whether a provider said yes while its disk took nothing, and knew it: what it could not keep it must not have taken (R-0094).
fn broke_its_word(story: &Story<'_>, submission: &Submission<'_>) -> bool {
    let (came, replied) = submission.t0;
    let host = submission.provider.name.as_str();
    story.disturbances.kept_nothing(host, came, replied) && !may_be_full(story, submission)
}

/// Whether the sender's own mailbox may have refused a receipt.
pub(super) fn may_be_full(story: &Story<'_>, submission: &Submission<'_>) -> bool {
    let sender = submission.sender();
    let user = submission.provider.users.iter().find(|user| same(&user.address, sender));
    let Some(quota) = user.and_then(|user| user.quota_octets) else { return false };
    let held = story.appearances.iter().filter(|one| one.mailbox().is_some_and(|mailbox| same(mailbox, sender)));
    held.map(|one| one.reading.octets).sum::<u64>().saturating_add(RECEIPT_OCTETS) > quota
}

/// Whether the envelope of an accepted submission must have come to light: some recipient's provider could be reached.
fn envelope_must_show(story: &Story<'_>, submission: &Submission<'_>) -> bool {
    submission.recipients.iter().any(|recipient| must_reach(story, submission, recipient))
}

/// Whether the envelope must have come to light at a recipient's provider.
pub(super) fn must_reach(story: &Story<'_>, submission: &Submission<'_>, recipient: &Recipient<'_>) -> bool {
    let own = submission.provider.name.as_str();
    match recipient.provider {
        Some(other) if other.name == own => story.handovers.iter().any(|one| {
            one.provider.name == own
                && same(one.recipient, recipient.address)
                && one.can_be_stored()
                && one.virus == Virus::None
                && submission.pec_msgids.contains(&one.pec_msgid)
                && !story.disturbances.excuses(&[own], submission.t0.0)
        }),
        Some(other) => {
            let hosts = [own, other.name.as_str()];
            // It is given up after a day, or with the second notice.
            let limit = submission.t0.0.after(LAST);
            let given_up = second_notice(story, submission, recipient).map_or(limit, |notice| notice.min(limit));
            !story.disturbances.bars(&hosts, submission.t0.0, given_up)
                && !story.disturbances.excuses(&hosts, submission.t0.0)
        }
        None => false,
    }
}
