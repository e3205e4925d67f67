use collaudo_record::Provider;

use super::{Check, Findings, Occasion, View, count, delivery::may_lack_outcome, form::due};
use crate::{
    Clause,
    reading::{Form, Kind, Virus},
    story::{Appearance, Handover, Place, Standing, address::same, octets::same_but_trace},
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
pub(super) const BASIS: Check = Check {
    clauses: &[
        Clause::PEC_2_2_3_01,
        Clause::PEC_2_2_3_03,
        Clause::PEC_3_3_1_01,
        Clause::PEC_3_3_2_01,
        Clause::PEC_3_3_2_03,
    ],
    run: basis,
};

fn receipts(view: &View<'_>, out: &mut Findings) {
    let story = view.story;
    for handover in story.handovers.iter().filter(|one| one.standing == Standing::Correct && one.taken.is_some()) {
        let submission = handover.submission.and_then(|number| story.submissions.get(number));
        let first = |places: &[usize]| story.at(places).map(|one| one.event).next();
        let (stored, receipt) = (first(&handover.stored), first(&handover.deliveries));
        let failure = first(&handover.failures);
        let events = [stored, receipt, failure, handover.taken.map(|(event, _)| event)].into_iter().flatten();
        let occasion = Occasion::new(view, handover.provider, events).about(submission);
        let number = story.made(story.at(&handover.deliveries)).max(usize::from(receipt.is_some()));
        let to = handover.recipient;
        let observed = format!(
            "{}, {}, {}",
            if stored.is_some() { "the envelope in the mailbox" } else { "no envelope in the mailbox" },
            count(number, "delivery receipt"),
            count(usize::from(failure.is_some()), "non-delivery notice")
        );
        // Of what carries a virus no receipt is due.
        let is_clean = handover.virus == Virus::None;
        if is_clean && stored.is_some() && (receipt.is_some() || !may_lack_outcome(story, handover)) {
            //= PEC-3.3.2.1-07
            //= PEC-DM.6-03
            let expected = format!("1 delivery receipt for {to}");
            occasion.holds(out, &[Clause::PEC_DM_6_03], number == 1, &expected, &observed);
            let named = story.at(&handover.deliveries).all(|one| one.consegna().is_some());
            let expected = format!("{expected}, with its own consegna");
            occasion.holds(out, &[Clause::PEC_3_3_2_1_07], number == 1 && named, &expected, &observed);
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
        let may_lack = may_lack_outcome(story, handover);
        if is_clean {
            matrix(out, handover, &occasion, (stored, receipt, failure), may_lack, &observed);
        }
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

/// Which receipt is due for which kind: a correct envelope always gives one, and one that was stored no notice. Whether it
/// was stored before is a row of its own.
//= PEC-2.2.3-01
//= PEC-3.3.1-01
fn matrix(
    out: &mut Findings,
    handover: &Handover<'_>,
    occasion: &Occasion<'_>,
    (stored, receipt, failure): (Option<u32>, Option<u32>, Option<u32>),
    may_lack: bool,
    observed: &str,
) {
    let both = &[Clause::PEC_2_2_3_01, Clause::PEC_3_3_1_01];
    let to = handover.recipient;
    let is_known = stored.is_some() || handover.can_be_stored() || handover.cannot_be_stored();
    match (stored, receipt, failure) {
        (_, None, None) if may_lack || !is_known => {}
        (Some(_), ..) => {
            let expected = format!("a delivery receipt and no other for {to}, whose mailbox holds the envelope");
            occasion.holds(out, both, receipt.is_some() && failure.is_none(), &expected, observed);
        }
        (None, ..) => {
            let expected = format!("a receipt or a notice for the correct envelope to {to}");
            occasion.holds(out, both, receipt.or(failure).is_some(), &expected, observed);
        }
    }
}

fn basis(view: &View<'_>, out: &mut Findings) {
    let story = view.story;
    let receipts = || story.messages().filter(|one| one.kind() == Kind::AvvenutaConsegna);
    let ground = |provider: &str, id: Option<&str>, is_it: &dyn Fn(&str) -> bool| {
        story.handovers.iter().find(|one| {
            one.provider.name == provider
                && Some(one.pec_msgid) == id
                && is_it(one.recipient)
                && one.standing.may_be_correct()
        })
    };
    for receipt in receipts() {
        let Some(issuer) = receipt.issuer else { continue };
        //= PEC-2.2.3-03
        let ground = ground(&issuer.name, receipt.pec_msgid(), &|recipient| receipt.concerns(recipient));
        let taken = ground.and_then(|one| one.taken).map(|(event, _)| event);
        let expected = "a correct envelope behind every delivery receipt";
        let observed = match ground {
            Some(ground) => format!("envelope {} for {}", ground.pec_msgid, ground.recipient),
            None => "no correct envelope of that identifier for that recipient".to_owned(),
        };
        let occasion = Occasion::new(view, issuer, taken.into_iter().chain([receipt.event]));
        let occasion = occasion.about(story.submission_of(receipt));
        occasion.holds(out, &[Clause::PEC_2_2_3_03], ground.is_some(), expected, &observed);
        //= PEC-2.2.3-01
        //= PEC-3.3.1-01
        //= PEC-3.3.2-01
        let is_wrong = |one: &Appearance<'_>| !one.standing.may_be_correct() && is_its_reason(one, receipt, issuer);
        if ground.is_none() && story.appearances.iter().any(is_wrong) {
            let all = &[Clause::PEC_2_2_3_01, Clause::PEC_3_3_1_01, Clause::PEC_3_3_2_01, Clause::PEC_3_3_2_03];
            let expected = "no delivery receipt for what is no correct envelope";
            occasion.holds(out, all, false, expected, "a delivery receipt");
        }
    }
    stored_as_they_came(view, out);
    for lying in &story.appearances {
        //= PEC-3.3.2-03
        let Place::Mailbox { provider, mailbox } = &lying.place else { continue };
        if lying.kind() == Kind::PostaCertificata {
            continue;
        }
        let own = lying.reading.head.message_id.as_deref();
        let answer = receipts().find(|one| {
            is_its_reason(lying, one, provider)
                && one.concerns(mailbox)
                && ground(&provider.name, own, &|recipient| same(recipient, mailbox)).is_none()
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

/// Whether a delivery receipt of a provider names the message that lies or came there as what was delivered.
fn is_its_reason(message: &Appearance<'_>, receipt: &Appearance<'_>, issuer: &Provider) -> bool {
    let own = message.reading.head.message_id.as_deref();
    message.at_provider().name == issuer.name
        && own.is_some()
        && receipt.pec_msgid() == own
        && receipt.issuer.is_some_and(|one| one.name == issuer.name)
}

/// Receipts and notices lie in the mailbox as they came.
//= PEC-3.3.2-03
fn stored_as_they_came(view: &View<'_>, out: &mut Findings) {
    for (lying, came) in super::delivery::stored(view.story) {
        if matches!(lying.kind(), Kind::PostaCertificata | Kind::Anomalia | Kind::Ordinary) {
            continue;
        }
        let holds = same_but_trace(came.octets, lying.octets);
        let observed = format!("{} octets came, {} lie there", came.octets.len(), lying.octets.len());
        let occasion = Occasion::new(view, lying.at_provider(), [came.event, lying.event]);
        occasion.about(view.story.submission_of(lying)).holds(
            out,
            &[Clause::PEC_3_3_2_03],
            holds,
            &format!("{} stored as it came", lying.kind().wire()),
            &observed,
        );
    }
}
