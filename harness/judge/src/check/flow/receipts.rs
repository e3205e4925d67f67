use super::{Check, Findings, Occasion, View, count, delivery::may_lack_outcome, form::due};
use crate::{
    Clause,
    reading::{Form, Kind},
    story::{Handover, Place, Standing, address::same},
};

/// One delivery receipt for each recipient whose mailbox holds the envelope, and none for others.
pub(super) const RECEIPTS: Check = Check {
    clauses: &[
        Clause::PEC_2_1_1_1_1_05,
        Clause::PEC_2_2_3_01,
        Clause::PEC_2_2_3_02,
        Clause::PEC_3_3_1_01,
        Clause::PEC_3_3_2_01,
        Clause::PEC_3_3_2_02,
        Clause::PEC_3_3_2_1_07,
        Clause::PEC_3_3_2_3_03,
        Clause::PEC_DM_6_03,
        Clause::PEC_DPR_6_01,
    ],
    run: receipts,
};

/// Only a correct envelope gives one.
pub(super) const BASIS: Check = Check { clauses: &[Clause::PEC_2_2_3_03, Clause::PEC_3_3_2_03], run: basis };

fn receipts(view: &View<'_>, out: &mut Findings) {
    let story = view.story;
    for handover in story.handovers.iter().filter(|one| one.standing == Standing::Correct && one.taken.is_some()) {
        let submission = handover.submission.and_then(|number| story.submissions.get(number));
        let first = |places: &[usize]| story.at(places).map(|one| one.event).next();
        let (stored, receipt) = (first(&handover.stored), first(&handover.deliveries));
        let failure = first(&handover.failures);
        let events = [stored, receipt, failure, handover.taken.map(|(event, _)| event)].into_iter().flatten();
        let occasion = Occasion::new(view, handover.provider, events).about(submission);
        let number = story.copies(story.at(&handover.deliveries)).max(usize::from(receipt.is_some()));
        let to = handover.recipient;
        let observed = format!(
            "{}, {}, {}",
            if stored.is_some() { "the envelope in the mailbox" } else { "no envelope in the mailbox" },
            count(number, "delivery receipt"),
            count(usize::from(failure.is_some()), "non-delivery notice")
        );
        if stored.is_some() && (receipt.is_some() || !may_lack_outcome(story, handover)) {
            //= PEC-3.3.2.1-07
            //= PEC-DM.6-03
            let expected = format!("1 delivery receipt for {to}");
            let each = &[Clause::PEC_3_3_2_1_07, Clause::PEC_DM_6_03];
            occasion.holds(out, each, number == 1, &expected, &observed);
            //= PEC-3.3.2.3-03
            if due(handover) == Some(Form::Concise) {
                occasion.holds(out, &[Clause::PEC_3_3_2_3_03], number == 1, &expected, &observed);
            }
            //= PEC-3.3.2-02
            //= PEC-DPR.6-01
            let expected = format!("a delivery receipt for {to}, though nobody has read the message");
            let unread = &[Clause::PEC_3_3_2_02, Clause::PEC_DPR_6_01];
            occasion.holds(out, unread, receipt.is_some(), &expected, &observed);
        }
        matrix(out, handover, &occasion, (stored, receipt, failure), &observed);
        if let Some(receipt) = receipt {
            //= PEC-2.2.3-02
            //= PEC-2.1.1.1.1-05
            //= PEC-3.3.2-01
            let after = stored.is_some_and(|stored| stored < receipt);
            let expected = format!("the envelope in {to} before the delivery receipt");
            let all = &[Clause::PEC_2_2_3_02, Clause::PEC_2_1_1_1_1_05, Clause::PEC_3_3_2_01];
            let place = |event: Option<u32>| event.map_or_else(|| "never".to_owned(), |event| format!("event {event}"));
            let observed = format!("envelope stored: {}, receipt: event {receipt}", place(stored));
            occasion.holds(out, all, after, &expected, &observed);
        }
    }
}

/// Which receipt is due for what: delivery for what is stored, non-delivery for what is not, never both.
//= PEC-2.2.3-01
//= PEC-3.3.1-01
fn matrix(
    out: &mut Findings,
    handover: &Handover<'_>,
    occasion: &Occasion<'_>,
    (stored, receipt, failure): (Option<u32>, Option<u32>, Option<u32>),
    observed: &str,
) {
    let both = &[Clause::PEC_2_2_3_01, Clause::PEC_3_3_1_01];
    let to = handover.recipient;
    match (stored, receipt, failure) {
        (_, None, None) => {}
        (Some(_), ..) => {
            let expected = format!("a delivery receipt and no other for {to}, whose mailbox holds the envelope");
            occasion.holds(out, both, receipt.is_some() && failure.is_none(), &expected, observed);
        }
        (None, ..) => {
            let expected =
                format!("a non-delivery notice and no other for {to}, whose mailbox does not hold the envelope");
            occasion.holds(out, both, receipt.is_none(), &expected, observed);
        }
    }
}

fn basis(view: &View<'_>, out: &mut Findings) {
    let story = view.story;
    let receipts = || story.messages().filter(|one| one.kind() == Kind::AvvenutaConsegna);
    let ground = |provider: &str, id: Option<&str>, recipient: Option<&str>| {
        story.handovers.iter().find(|one| {
            one.provider.name == provider
                && Some(one.pec_msgid) == id
                && recipient.is_some_and(|recipient| same(one.recipient, recipient))
                && one.standing == Standing::Correct
        })
    };
    for receipt in receipts() {
        let Some(issuer) = receipt.issuer else { continue };
        //= PEC-2.2.3-03
        let ground = ground(&issuer.name, receipt.pec_msgid(), receipt.consegna());
        let taken = ground.and_then(|one| one.taken).map(|(event, _)| event);
        let expected = "a correct envelope behind every delivery receipt";
        let observed = match ground {
            Some(ground) => format!("envelope {} for {}", ground.pec_msgid, ground.recipient),
            None => "no correct envelope of that identifier for that recipient".to_owned(),
        };
        let occasion = Occasion::new(view, issuer, taken.into_iter().chain([receipt.event]));
        occasion.about(story.submission_of(receipt)).holds(
            out,
            &[Clause::PEC_2_2_3_03],
            ground.is_some(),
            expected,
            &observed,
        );
    }
    for lying in &story.appearances {
        //= PEC-3.3.2-03
        let Place::Mailbox { provider, mailbox } = &lying.place else { continue };
        if lying.kind() == Kind::PostaCertificata {
            continue;
        }
        let own = lying.reading.head.message_id.as_deref();
        let answer = receipts().find(|one| {
            own.is_some()
                && one.pec_msgid() == own
                && one.issuer.is_some_and(|issuer| issuer.name == provider.name)
                && one.consegna().is_some_and(|consegna| same(consegna, mailbox))
                && ground(&provider.name, own, Some(mailbox)).is_none()
        });
        let expected = format!("no delivery receipt for {}", lying.kind().wire());
        let observed = if answer.is_some() { "a delivery receipt" } else { "none" };
        let events = answer.map(|one| one.event).into_iter().chain([lying.event]);
        Occasion::new(view, provider, events).about(story.submission_of(lying)).holds(
            out,
            &[Clause::PEC_3_3_2_03],
            answer.is_none(),
            &expected,
            observed,
        );
    }
}
