use std::collections::BTreeSet;

use collaudo_record::Provider;

use super::{Check, Findings, Occasion, View, count};
use crate::{
    Clause,
    reading::{Kind, Virus},
    story::{
        Appearance, Handover, Place, Standing, Story,
        address::{domain, same},
        is_positive,
    },
};

/// A correct envelope is taken in charge: one receipt for each transaction, to the sending provider.
pub(super) const TAKE_CHARGE: Check = Check {
    clauses: &[
        Clause::PEC_3_2_1_01,
        Clause::PEC_3_2_1_02,
        Clause::PEC_3_2_1_04,
        Clause::PEC_3_2_1_11,
        Clause::PEC_2_2_2_05,
    ],
    run: take_charge,
};

/// The sending provider keeps it in its service mailbox, which holds nothing else.
pub(super) const SERVICE: Check =
    Check { clauses: &[Clause::PEC_2_1_1_1_1_03, Clause::PEC_3_2_1_14, Clause::PEC_2_2_5_01], run: service };

/// An envelope that crossed and was taken: who took it from whom, for whom.
struct Crossing<'s, 'a> {
    envelope: &'s Appearance<'a>,
    from: &'a Provider,
    to: &'a Provider,
    recipients: BTreeSet<String>,
}

impl<'s, 'a> Crossing<'s, 'a> {
    fn of(envelope: &'s Appearance<'a>) -> Option<Self> {
        let Place::Wire { transfer, from: Some(from), to } = &envelope.place else { return None };
        if envelope.kind() != Kind::PostaCertificata || envelope.standing != Standing::Correct || from.name == to.name {
            return None;
        }
        let taken = transfer.forward_paths.iter().filter(|one| is_positive(one.reply.as_ref().map(|reply| reply.code)));
        let managed = |path: &String| to.domains.iter().any(|own| *own == domain(path));
        let recipients: BTreeSet<_> = taken.map(|one| one.path.to_ascii_lowercase()).filter(managed).collect();
        (!recipients.is_empty()).then_some(Self { envelope, from, to, recipients })
    }

    /// Take-charge receipts that its taker made of it.
    fn receipts(&self, story: &'s Story<'a>) -> impl Iterator<Item = &'s Appearance<'a>> {
        let id = self.envelope.pec_msgid();
        let taker = self.to.name.as_str();
        story.messages().filter(move |one| {
            one.kind() == Kind::PresaInCarico
                && one.pec_msgid() == id
                && one.issuer.is_some_and(|issuer| issuer.name == taker)
        })
    }
}

fn ricezione(receipt: &Appearance<'_>) -> BTreeSet<String> {
    let named = receipt.reading.daticert.iter().flat_map(|daticert| &daticert.ricezione);
    named.map(|one| one.to_ascii_lowercase()).collect()
}

fn list(addresses: &BTreeSet<String>) -> String {
    addresses.iter().cloned().collect::<Vec<_>>().join(", ")
}

fn take_charge(view: &View<'_>, out: &mut Findings) {
    let story = view.story;
    let crossings: Vec<_> = story.appearances.iter().filter_map(Crossing::of).collect();
    for crossing in crossings.iter().filter(|one| one.envelope.arrived()) {
        let receipts: Vec<_> = crossing.receipts(story).collect();
        let hosts = [crossing.from.name.as_str(), &crossing.to.name];
        // An envelope with a virus may be taken in charge or not.
        let is_clean = crossing.envelope.reading.virus == Virus::None;
        if receipts.is_empty() && (!is_clean || story.disturbances.excuses(&hosts, crossing.envelope.at)) {
            continue;
        }
        let events = receipts.iter().map(|one| one.event).chain([crossing.envelope.event]);
        let occasion = Occasion::new(view, crossing.to, events).about(story.submission_of(crossing.envelope));
        let firsts: BTreeSet<usize> = receipts.iter().map(|one| one.first).collect();
        let seen = || story.appearances.iter().filter(|one| firsts.contains(&one.first));
        let mailbox = service_mailbox(view, crossing.from);
        //= PEC-3.2.1-01
        let expected = format!("a take-charge receipt to {mailbox}");
        let there = seen().filter(|one| went_to(one, &mailbox)).count();
        let observed = format!("{}, {there} seen on its way there", count(receipts.len(), "take-charge receipt"));
        occasion.holds(out, &[Clause::PEC_3_2_1_01], there > 0, &expected, &observed);
        covered(story, out, &occasion, crossing, &crossings, &receipts);
        //= PEC-3.2.1-11
        for transfer in seen().filter_map(Appearance::transfer) {
            let went: Vec<_> = transfer.forward_paths.iter().map(|one| one.path.as_str()).collect();
            let holds = matches!(went.as_slice(), [one] if same(one, &mailbox));
            let expected = format!("to {mailbox}, as the index has it");
            occasion.holds(out, &[Clause::PEC_3_2_1_11], holds, &expected, &format!("to {}", went.join(", ")));
        }
    }
    passed_on(view, out);
}

/// Where a provider's take-charge receipts go: `mailReceipt` of its record, where the index can be read.
pub(super) fn service_mailbox(view: &View<'_>, provider: &Provider) -> String {
    let record = view.index.managing(&domain(&provider.certified_address));
    let listed = record.and_then(|record| record.mail_receipt.clone());
    listed.unwrap_or_else(|| provider.service_mailbox.clone())
}

/// Whether a message was sent to that mailbox, or lies in it.
fn went_to(appearance: &Appearance<'_>, mailbox: &str) -> bool {
    match &appearance.place {
        Place::Wire { transfer, .. } => transfer.forward_paths.iter().any(|one| same(&one.path, mailbox)),
        Place::Mailbox { mailbox: own, .. } => same(own, mailbox),
    }
}

fn covered(
    story: &Story<'_>,
    out: &mut Findings,
    occasion: &Occasion<'_>,
    crossing: &Crossing<'_, '_>,
    crossings: &[Crossing<'_, '_>],
    receipts: &[&Appearance<'_>],
) {
    let ours = |one: &&Crossing<'_, '_>| {
        one.to.name == crossing.to.name && one.envelope.pec_msgid() == crossing.envelope.pec_msgid()
    };
    let named: Vec<_> = receipts.iter().map(|one| ricezione(one)).collect();
    let words = named.iter().map(list).collect::<Vec<_>>().join("; ");
    let observed = format!("ricezione: {}", if words.is_empty() { "none" } else { &words });
    //= PEC-3.2.1-02
    // A transaction whose reply was lost comes again: its receipt may come again too.
    let alike = crossings.iter().filter(ours).filter(|one| one.recipients == crossing.recipients).count();
    let exact = named.iter().filter(|one| **one == crossing.recipients).count();
    if !receipts.is_empty() {
        let expected = format!("one receipt for the whole transaction: ricezione {}", list(&crossing.recipients));
        let once = exact >= 1 && exact <= alike && doubles(story, receipts) == 0;
        occasion.holds(out, &[Clause::PEC_3_2_1_02], once, &expected, &observed);
    }
    //= PEC-3.2.1-04
    let all: BTreeSet<_> = named.into_iter().flatten().collect();
    let taken = crossings.iter().filter(ours).filter(|one| one.envelope.arrived()).flat_map(|one| &one.recipients);
    let expected = format!("ricezione of all receipts together: {}", list(&taken.clone().cloned().collect()));
    occasion.holds(out, &[Clause::PEC_3_2_1_04], taken.clone().all(|one| all.contains(one)), &expected, &observed);
}

/// How many copies too many of the same receipts lie in one mailbox.
fn doubles(story: &Story<'_>, receipts: &[&Appearance<'_>]) -> usize {
    let copies = |first| story.copies(story.appearances.iter().filter(|one| one.first == first));
    receipts.iter().map(|receipt| copies(receipt.first).saturating_sub(1)).sum()
}

//= PEC-2.2.2-05
fn passed_on(view: &View<'_>, out: &mut Findings) {
    let story = view.story;
    for handover in story.handovers.iter().filter(|one| !one.is_internal() && one.is_sound()) {
        let Some(from) = handover.from else { continue };
        let Some((event, at)) = handover.taken else {
            turned_away(view, out, handover);
            continue;
        };
        let stored = story.copies(story.at(&handover.stored));
        // Of what cannot be stored the delivery point's notice is a row of its own.
        let passed = stored == 1 || (stored == 0 && (!handover.failures.is_empty() || handover.cannot_be_stored()));
        let mailbox = service_mailbox(view, from);
        let charged = story.at(&handover.take_charges).any(|one| went_to(one, &mailbox));
        let hosts = [handover.provider.name.as_str(), &from.name];
        if (!passed || !charged) && stored < 2 && story.disturbances.excuses(&hosts, at) {
            continue;
        }
        let seen = [&handover.take_charges, &handover.stored, &handover.failures];
        let events = seen.into_iter().flat_map(|places| story.at(places).map(|one| one.event).next());
        let submission = handover.submission.and_then(|number| story.submissions.get(number));
        let expected =
            format!("a take-charge receipt, and 1 envelope in {} or a non-delivery notice", handover.recipient);
        let observed = format!(
            "{}, {} in the mailbox, {}",
            count(handover.take_charges.len().min(1), "take-charge receipt"),
            count(stored, "envelope"),
            count(handover.failures.len().min(1), "non-delivery notice")
        );
        let occasion = Occasion::new(view, handover.provider, events.chain([event])).about(submission);
        occasion.holds(out, &[Clause::PEC_2_2_2_05], passed && charged, &expected, &observed);
    }
}

/// A correct envelope that was refused for good, though nothing that the law knows of speaks against it.
//= PEC-2.2.2-05
fn turned_away(view: &View<'_>, out: &mut Findings, handover: &Handover<'_>) {
    let story = view.story;
    let refusal = story.at(&handover.crossings).find(|one| one.is_refused_without_cause(handover.provider));
    if let Some(refusal) = refusal.filter(|_| handover.can_be_stored()) {
        let reply = refusal.transfer().and_then(|transfer| transfer.reply.as_ref());
        let observed =
            reply.map_or_else(|| "refused".to_owned(), |reply| format!("refused with {} {}", reply.code, reply.text));
        let submission = handover.submission.and_then(|number| story.submissions.get(number));
        let expected = format!("a correct envelope for {} taken", handover.recipient);
        let occasion = Occasion::new(view, handover.provider, [refusal.event]).about(submission);
        occasion.holds(out, &[Clause::PEC_2_2_2_05], false, &expected, &observed);
    }
}

fn service(view: &View<'_>, out: &mut Findings) {
    for appearance in &view.story.appearances {
        let submission = view.story.submission_of(appearance);
        let on = |provider| Occasion::new(view, provider, [appearance.event]).about(submission);
        if appearance.kind() == Kind::PresaInCarico {
            //= PEC-2.1.1.1.1-03
            let to: Vec<&str> = match &appearance.place {
                Place::Wire { transfer, .. } => transfer.forward_paths.iter().map(|one| one.path.as_str()).collect(),
                Place::Mailbox { mailbox, .. } => vec![mailbox],
            };
            let is_users = |path: &&str| {
                view.story.providers.all().any(|one| one.users.iter().any(|user| same(&user.address, path)))
            };
            let responsible = match &appearance.place {
                Place::Wire { .. } => appearance.issuer,
                Place::Mailbox { provider, mailbox } => {
                    Some(*provider).filter(|_| !was_sent_to(view.story, appearance, mailbox))
                }
            };
            if let Some(responsible) = responsible {
                let expected = "take-charge receipts reach no user's mailbox";
                let observed = format!("one went to {}", to.join(", "));
                let holds = !to.iter().any(is_users);
                on(responsible).holds(out, &[Clause::PEC_2_1_1_1_1_03], holds, expected, &observed);
            }
            filed(view, out, appearance);
        }
        //= PEC-2.2.5-01
        let Place::Mailbox { provider, mailbox } = &appearance.place else { continue };
        if same(mailbox, &provider.service_mailbox) && !same(mailbox, &provider.certified_address) {
            let holds = matches!(appearance.kind(), Kind::PresaInCarico | Kind::RilevazioneVirus);
            let expected = "take-charge receipts and virus-detection notices alone in the service mailbox";
            on(provider).holds(out, &[Clause::PEC_2_2_5_01], holds, expected, appearance.kind().wire());
        }
    }
}

/// Whether somebody else addressed it to that mailbox, and answers for it.
fn was_sent_to(story: &Story<'_>, lying: &Appearance<'_>, mailbox: &str) -> bool {
    let copies = story.appearances.iter().filter(|one| one.first == lying.first);
    copies
        .filter_map(Appearance::transfer)
        .any(|transfer| transfer.forward_paths.iter().any(|forward| same(&forward.path, mailbox)))
}

//= PEC-3.2.1-14
fn filed(view: &View<'_>, out: &mut Findings, receipt: &Appearance<'_>) {
    let story = view.story;
    let Place::Wire { transfer, to, .. } = &receipt.place else { return };
    let is_for_us = transfer.forward_paths.iter().any(|forward| same(&forward.path, &to.service_mailbox));
    if receipt.standing != Standing::Correct || !receipt.arrived() || !is_for_us {
        return;
    }
    let lying = story.appearances.iter().find(|one| {
        one.first == receipt.first && one.mailbox().is_some_and(|mailbox| same(mailbox, &to.service_mailbox))
    });
    if lying.is_none() && story.disturbances.excuses(&[&to.name], receipt.at) {
        return;
    }
    let expected = format!("the take-charge receipt in {}", to.service_mailbox);
    let observed = if lying.is_some() { "there it is" } else { "not there" };
    let events = lying.map(|one| one.event).into_iter().chain([receipt.event]);
    Occasion::new(view, to, events).about(story.submission_of(receipt)).holds(
        out,
        &[Clause::PEC_3_2_1_14],
        lying.is_some(),
        &expected,
        observed,
    );
}
