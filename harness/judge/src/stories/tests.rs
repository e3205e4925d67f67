use collaudo_record::{RecipientState, RemarkCode};

use super::*;
use crate::{
    Anchors, Profile,
    fixture::{self, Draft},
    inspect,
};

/// Summaries of the fixture's messages of these names, bent before they were signed.
fn set(names: &[&str], bend: impl Fn(&mut Draft)) -> Vec<Summary> {
    let drafts = fixture::drafts().into_iter().filter(|draft| names.contains(&draft.name));
    let mut summaries = Vec::new();
    for (mut draft, number) in drafts.zip(0..) {
        bend(&mut draft);
        let inspected = inspect(&draft.render(), &Anchors::default(), Profile::Deployed);
        summaries.extend(inspected.iter().filter_map(|inspection| Summary::of(number, inspection)));
    }
    summaries
}

fn one(names: &[&str], bend: impl Fn(&mut Draft)) -> StoredStory {
    let mut stories = stories(set(names, bend));
    assert_eq!(stories.len(), 1, "one story");
    stories.remove(0)
}

fn codes(remarks: &[collaudo_record::StoryRemark]) -> Vec<(RemarkCode, &str)> {
    remarks.iter().map(|remark| (remark.code, remark.recipient.as_str())).collect()
}

/// What the sender of the first message got.
const SENDERS: [&str; 5] = ["accettazione", "consegna", "errore-consegna", "primo-avviso", "secondo-avviso"];

#[test]
fn a_senders_set_tells_what_became_of_each_recipient() {
    let story = one(&SENDERS, |_| {});
    assert_eq!((story.identifier.as_str(), story.mittente.as_str()), ("p1.1@alfa.test", "anna@alfa.test"));
    assert_eq!(
        (story.msgid.as_slice(), story.oggetto.as_str()),
        (&["m1@client.test".to_owned()][..], "Contratto d'affitto")
    );
    let states: Vec<_> = story.recipients.iter().map(|one| (one.address.as_str(), one.certified, one.state)).collect();
    assert_eq!(
        states,
        [
            ("bruno@beta.test", Some(true), RecipientState::Delivered),
            ("elsa@gamma.test", Some(true), RecipientState::TimedOut),
            ("piena@beta.test", Some(true), RecipientState::NotDelivered),
        ]
    );
    assert_eq!(story.accepted, Some(fixture::EPOCH.after(Span::from_secs(1))));
    assert_eq!((story.missing, story.contradictions, story.late), (vec![], vec![], vec![]));
    assert_eq!(story.messages.len(), 5);
    assert!(story.messages.windows(2).all(|pair| pair[0].data <= pair[1].data));
}

#[test]
fn what_the_set_lacks_is_told() {
    let story = one(&["accettazione", "consegna"], |_| {});
    assert_eq!(
        codes(&story.missing),
        [(RemarkCode::NoOutcome, "elsa@gamma.test"), (RemarkCode::NoOutcome, "piena@beta.test"),]
    );
    let story = one(&["consegna", "errore-consegna", "primo-avviso"], |_| {});
    assert_eq!(codes(&story.missing), [(RemarkCode::NoAcceptance, ""), (RemarkCode::NoLaterWord, "elsa@gamma.test"),]);
    // A recipient holds the envelope, and nothing more is due to him.
    assert_eq!(one(&["busta"], |_| {}).missing, []);
}

#[test]
fn copies_stand_once_and_are_counted() {
    let mut twice = set(&["accettazione"], |_| {});
    twice.extend(twice.clone());
    let story = stories(twice).remove(0);
    assert_eq!((story.messages.len(), story.messages[0].copies), (1, 2));
    assert_eq!(story.contradictions, []);
}

#[test]
fn what_cannot_all_be_true_is_told() {
    let subject = |draft: &mut Draft| {
        if draft.name == "consegna" {
            draft.swap("<oggetto>Contratto", "<oggetto>Contatto");
        }
    };
    assert_eq!(codes(&one(&SENDERS, subject).contradictions), [(RemarkCode::Differing, "")]);
    let twice =
        [set(&SENDERS, |_| {}), set(&["consegna"], |draft| draft.swap("Message-ID: <", "Message-ID: <x"))].concat();
    let repeated = stories(twice).remove(0).contradictions;
    assert_eq!(codes(&repeated), [(RemarkCode::Repeated, "bruno@beta.test")]);
    let both = |draft: &mut Draft| {
        if draft.name == "errore-consegna" {
            draft.swap("<consegna>piena@", "<consegna>bruno@");
        }
    };
    assert_eq!(codes(&one(&SENDERS, both).contradictions), [(RemarkCode::DeliveredAndNot, "bruno@beta.test")]);
    let stranger = |draft: &mut Draft| {
        if draft.name == "errore-consegna" {
            draft.swap("<consegna>piena@", "<consegna>nessuno@");
        }
    };
    let strange = one(&SENDERS, stranger);
    assert_eq!(codes(&strange.contradictions), [(RemarkCode::StrangeRecipient, "nessuno@beta.test")]);
}

/// A receipt that was altered proves nothing: what it says does not become the story.
#[test]
fn a_message_whose_signature_does_not_hold_does_not_count() {
    let altered = |draft: &mut Draft| {
        if draft.name == "consegna" {
            draft.after.push(("consegnato nella casella", "depositato nella casella"));
        }
    };
    let story = one(&["accettazione", "consegna", "errore-consegna", "secondo-avviso"], altered);
    assert_eq!(codes(&story.contradictions), [(RemarkCode::DoesNotCount, "bruno@beta.test")]);
    assert_eq!(codes(&story.missing), [(RemarkCode::NoOutcome, "bruno@beta.test")]);
    let [told] = story.contradictions.as_slice() else { panic!("one remark") };
    let number =
        story.messages.iter().find(|line| line.signature == SignatureVerdict::Invalid).map(|line| line.message);
    assert_eq!(told.message, number);
    assert!(number.is_some_and(|number| told.words.contains(&format!("(message {number})"))), "{}", told.words);
}

#[test]
fn what_came_late_or_early_is_told_by_certified_times() {
    let moved = |name: &'static str, by: i64| {
        let mut drafts = set(&SENDERS, |_| {});
        for one in &mut drafts {
            let is_it = match name {
                "consegna" => one.kind == StoryKind::Delivery,
                "primo-avviso" => one.hours == Some(12),
                _ => one.hours == Some(24),
            };
            if is_it {
                one.at = one.at.map(|at| at.after(Span::from_hours(by)));
            }
        }
        stories(drafts).remove(0)
    };
    assert_eq!(codes(&moved("consegna", 25).late), [(RemarkCode::LateDelivery, "bruno@beta.test")]);
    assert_eq!(codes(&moved("primo-avviso", 2).late), [(RemarkCode::LateNotice, "elsa@gamma.test")]);
    assert_eq!(codes(&moved("secondo-avviso", 2).late), [(RemarkCode::LateNotice, "elsa@gamma.test")]);
    assert_eq!(codes(&moved("primo-avviso", -2).contradictions), [(RemarkCode::EarlyNotice, "elsa@gamma.test")]);
    assert_eq!(codes(&moved("consegna", -1).contradictions), [(RemarkCode::BeforeAcceptance, "bruno@beta.test")]);
}

#[test]
fn each_identifier_has_its_story_and_a_message_without_one_joins_by_the_clients() {
    let names = ["accettazione", "busta", "busta-breve", "consegna-breve", "non-accettazione"];
    assert_eq!(stories(set(&names, |_| {})).len(), 3);
    let lost = |draft: &mut Draft| {
        if draft.name == "busta" {
            draft.swap("<identificativo>p1.1@alfa.test</identificativo>", "");
        }
    };
    let joined = stories(set(&["accettazione", "busta"], lost));
    assert_eq!(joined.iter().map(|story| story.messages.len()).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_summary_is_small() {
    let names: Vec<&str> = fixture::drafts().iter().map(|draft| draft.name).collect();
    let summaries = set(&names, |_| {});
    assert!(summaries.len() >= 15);
    assert!(summaries.iter().all(|summary| summary.octets() < 600), "{}", summaries[0].octets());
}

#[test]
fn a_summary_counts_what_it_holds() {
    let own = set(&["consegna"], |_| {}).remove(0);
    assert!(own.octets() > size_of::<Summary>());
    let longer = Summary {
        oggetto: format!("{}!!!", own.oggetto).into(),
        recipients: [&own.recipients[..], &[("rosa@".into(), true)]].concat().into(),
        taken: Box::new(["x".into()]),
        ..own.clone()
    };
    let more = 3 + size_of::<(Box<str>, bool)>() + 5 + size_of::<Box<str>>() + 1;
    assert_eq!(longer.octets(), own.octets() + more);
}

/// Goal: a take-charge receipt tells of those whom it took in charge and of no others. Method: one that took two of three.
#[test]
fn who_was_taken_in_charge_waits_for_a_later_word() {
    let story = one(&["accettazione", "presa-in-carico"], |_| {});
    let states: Vec<_> = story.recipients.iter().map(|one| one.state).collect();
    let taken = RecipientState::TakenInCharge;
    assert_eq!(states, [taken, RecipientState::Unknown, taken]);
    assert_eq!(codes(&story.missing).len(), 3);
}

/// Goal: a set that somebody made up costs no more than its size. Method: a hundred thousand receipts under one identifier,
/// each for a recipient of its own; pair by pair they would take hours.
#[test]
fn many_messages_under_one_identifier_are_told() {
    const MANY: u64 = 100_000;
    let receipt = set(&["consegna"], |_| {}).remove(0);
    let made_up = (0..MANY).map(|number| Summary {
        message: number,
        content: number,
        consegna: format!("r{number}@beta.test").into(),
        ..receipt.clone()
    });
    let story = stories(made_up).remove(0);
    // Those three whom the receipt itself names among its recipients are known too.
    assert_eq!((story.messages.len(), story.recipients.len()), (100_000, 100_003));
}
