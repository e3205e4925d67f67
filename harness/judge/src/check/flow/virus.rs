//! What becomes of what carries a virus: refused at the access point, kept from the recipient at the reception point, put
//! aside at both, and the user told.

use collaudo_record::{BodyHash, Provider, What};

use super::{
    Check, Findings, Occasion, View,
    access::{Fate, may_be_full, may_lack_receipts},
    count, quoted,
    reception::{Arrival, wraps},
    taking::service_mailbox,
};
use crate::{
    Clause,
    reading::{Daticert, Kind, Virus},
    story::{
        Appearance, Handover, Place, Standing, Story, Submission,
        address::same,
        octets::{same_but_trace, same_original},
    },
};

/// Nothing with a virus enters.
pub(super) const ACCESS: Check = Check {
    clauses: &[
        Clause::PEC_2_2_1_04,
        Clause::PEC_2_2_4_01,
        Clause::PEC_3_1_3_01,
        Clause::PEC_3_1_3_02,
        Clause::PEC_5_4_01,
        Clause::PEC_DPR_12_01,
    ],
    run: access,
};

/// Nothing with a virus is delivered, and the sending provider is told.
pub(super) const RECEPTION: Check = Check {
    clauses: &[
        Clause::PEC_2_2_2_18,
        Clause::PEC_2_2_2_19,
        Clause::PEC_2_2_2_22,
        Clause::PEC_2_2_4_01,
        Clause::PEC_3_2_3_01,
        Clause::PEC_3_2_3_02,
        Clause::PEC_3_2_3_03,
        Clause::PEC_3_2_3_04,
        Clause::PEC_5_4_01,
        Clause::PEC_DPR_12_02,
    ],
    run: reception,
};

/// Who is told so tells his user.
pub(super) const SENDER: Check =
    Check { clauses: &[Clause::PEC_2_2_2_24, Clause::PEC_3_2_4_01, Clause::PEC_3_2_4_10], run: sender };

/// Ordinary mail with a virus ends at the reception point.
pub(super) const ORDINARY: Check = Check {
    clauses: &[Clause::PEC_2_2_2_20, Clause::PEC_2_2_2_21, Clause::PEC_3_2_3_01, Clause::PEC_5_4_01],
    run: ordinary,
};

fn is_about_virus(one: &Appearance<'_>) -> bool {
    one.reading.is_about_virus()
}

/// Whether the world shows what a provider puts aside.
fn shows_inside(view: &View<'_>) -> bool {
    !view.trace.header.opaque
}

/// Where a provider put something aside.
fn retained(view: &View<'_>, provider: &Provider, is_it: impl Fn(&[u8]) -> bool) -> Option<u32> {
    let holds = |body: &BodyHash| view.trace.body(body).is_some_and(&is_it);
    let events = view.trace.events.iter().zip(0_u32..);
    let mut found = events.filter_map(|(event, place)| match &event.what {
        What::Retained { provider: own, body } if *own == provider.name && holds(body) => Some(place),
        _ => None,
    });
    found.next()
}

fn access(view: &View<'_>, out: &mut Findings) {
    for submission in view.story.submissions.iter().filter(|one| one.message.is_some()) {
        unscanned(view, out, submission);
        if submission.virus() == Virus::Found {
            infected(view, out, submission);
        }
    }
}

/// While the scanner gives no answer nothing can be accepted.
//= PEC-3.1.3-01
//= PEC-5.4-01
fn unscanned(view: &View<'_>, out: &mut Findings, submission: &Submission<'_>) {
    let story = view.story;
    let own = submission.provider.name.as_str();
    let blind = |until| story.disturbances.is_blind(own, submission.t0.0, until);
    let accepted = story.about(submission, Kind::Accettazione).find(|one| blind(one.at));
    let deferred = submission.code().is_some_and(|code| (400..500).contains(&code)) && blind(submission.t0.1);
    if accepted.is_some() || deferred {
        let events = accepted.map(|one| one.event);
        let occasion = Occasion::of(view, submission.provider, submission, events);
        let expected = "not accepted before it is scanned, and the scanner gives no answer";
        let observed = match (&accepted, submission.code()) {
            (Some(_), _) => "an acceptance receipt".to_owned(),
            (None, code) => format!("reply {}", code.unwrap_or_default()),
        };
        let both = &[Clause::PEC_3_1_3_01, Clause::PEC_5_4_01];
        occasion.holds(out, both, accepted.is_none(), expected, &observed);
    }
}

fn infected(view: &View<'_>, out: &mut Findings, submission: &Submission<'_>) {
    let story = view.story;
    let fate = Fate::of(story, submission);
    let is_answered = submission.taken() || submission.refused() || fate.let_in();
    let Some((_, octets)) = submission.message.filter(|_| is_answered) else { return };
    let notices: Vec<_> = story.about(submission, Kind::NonAccettazione).filter(|one| is_about_virus(one)).collect();
    let number = story.copies(notices.iter().copied());
    let aside = retained(view, submission.provider, |kept| same_original(octets, kept));
    let occasion = Occasion::of(view, submission.provider, submission, fate.events().chain(aside));
    let observed = format!(
        "{}, of these {} about a virus, {}",
        fate.words(submission),
        notices.len(),
        if aside.is_some() { "put aside" } else { "not put aside" }
    );
    let kept_out = !fate.let_in();
    //= PEC-3.1.3-01
    //= PEC-5.4-01
    let both = &[Clause::PEC_3_1_3_01, Clause::PEC_5_4_01];
    occasion.holds(out, both, kept_out, "kept out: it carries a virus", &observed);
    // Of a virus and a formal fault at once the access point may have told either.
    if !submission.formal.conforms() && kept_out {
        return;
    }
    let may_lack = may_lack_receipts(story, submission);
    //= PEC-3.1.3-02
    if number > 0 || !may_lack {
        let expected = format!("1 refusal notice about a virus at {}", submission.sender());
        occasion.holds(out, &[Clause::PEC_3_1_3_02], number == 1, &expected, &observed);
    }
    if !shows_inside(view) {
        return;
    }
    //= PEC-2.2.4-01
    if aside.is_some() || !may_lack {
        let expected = "the message in the store for infected ones, unaltered";
        occasion.holds(out, &[Clause::PEC_2_2_4_01], aside.is_some(), expected, &observed);
    }
    //= PEC-2.2.1-04
    //= PEC-DPR.12-01
    let told_and_kept = number > 0 && aside.is_some();
    if told_and_kept || !may_lack {
        let expected = "a refusal notice, and the message in the store for infected ones";
        occasion.holds(out, &[Clause::PEC_2_2_1_04], told_and_kept, expected, &observed);
        let expected = "refused, the sender told, the message in the store for infected ones";
        occasion.holds(out, &[Clause::PEC_DPR_12_01], kept_out && told_and_kept, expected, &observed);
    }
}

/// Virus-detection notices that a provider made of an envelope.
fn notices<'s, 'a>(
    story: &'s Story<'a>,
    handover: &Handover<'a>,
) -> impl Iterator<Item = &'s Appearance<'a>> + use<'s, 'a> {
    let (id, own) = (handover.pec_msgid, handover.provider.name.as_str());
    story.appearances.iter().filter(move |one| {
        one.kind() == Kind::RilevazioneVirus
            && one.pec_msgid() == Some(id)
            && one.issuer.is_some_and(|issuer| issuer.name == own)
    })
}

fn reception(view: &View<'_>, out: &mut Findings) {
    let found = view.story.handovers.iter().filter(|one| one.virus == Virus::Found && !one.is_internal());
    for handover in found.filter(|one| one.standing == Standing::Correct) {
        match handover.taken {
            Some((event, _)) => {
                stopped(view, out, handover, event);
                called_correct(view, out, handover, event);
            }
            None => refused(view, out, handover),
        }
    }
    addressed(view, out);
}

/// A virus does not make an envelope incorrect: who refuses it tells nobody what the law wants told.
//= PEC-2.2.2-22
//= PEC-3.2.3-02
fn refused(view: &View<'_>, out: &mut Findings, handover: &Handover<'_>) {
    let mut crossings = view.story.at(&handover.crossings);
    let refusal = crossings.find(|one| one.is_refused_without_cause(handover.provider));
    if let Some(refusal) = refusal.filter(|_| handover.exists && notices(view.story, handover).next().is_none()) {
        let expected = "a virus-detection notice to the sending provider";
        let occasion = Occasion::new(view, handover.provider, [refusal.event]);
        let both = &[Clause::PEC_2_2_2_22, Clause::PEC_3_2_3_02];
        occasion.holds(out, both, false, expected, "refused by SMTP, no notice");
    }
}

/// Who puts it in an anomaly envelope has called it incorrect; who makes a receipt or notice of it, correct. Who makes nothing
/// of it has called it neither (R-0106).
//= PEC-2.2.2-18
fn called_correct(view: &View<'_>, out: &mut Findings, handover: &Handover<'_>, taken: u32) {
    let story = view.story;
    let wrapped = wrapped(story, handover);
    let receipts = [&handover.take_charges, &handover.deliveries].into_iter().flat_map(|places| story.at(places));
    let Some(made) = wrapped.or_else(|| receipts.chain(notices(story, handover)).next()) else { return };
    let submission = handover.submission.and_then(|number| story.submissions.get(number));
    let occasion = Occasion::new(view, handover.provider, [taken, made.event]).about(submission).by("R-0106");
    let expected = "no anomaly envelope: a virus does not make an envelope incorrect";
    let observed = format!("{} for {}", made.kind().wire(), handover.recipient);
    occasion.holds(out, &[Clause::PEC_2_2_2_18], wrapped.is_none(), expected, &observed);
}

/// The envelope in its recipient's mailbox, in an anomaly envelope.
fn wrapped<'s, 'a>(story: &'s Story<'a>, handover: &Handover<'a>) -> Option<&'s Appearance<'a>> {
    let mut lying =
        story.appearances.iter().filter(|one| one.mailbox().is_some_and(|mailbox| same(mailbox, handover.recipient)));
    lying.find(|one| story.at(&handover.crossings).any(|crossing| wraps(one, crossing)))
}

fn stopped(view: &View<'_>, out: &mut Findings, handover: &Handover<'_>, taken: u32) {
    let story = view.story;
    let crossed: Vec<_> = story.at(&handover.crossings).collect();
    let wrapped = wrapped(story, handover);
    let all: Vec<_> = notices(story, handover).collect();
    let own = || all.iter().copied().filter(|one| one.concerns(handover.recipient));
    let aside = crossed.first().and_then(|envelope| {
        let original = envelope.reading.postacert.as_ref();
        let is_it = |kept: &[u8]| {
            same_but_trace(envelope.octets, kept)
                || original.is_some_and(|original| same_original(&original.octets, kept))
        };
        retained(view, handover.provider, is_it)
    });
    // A delivery receipt without a delivery is a row of its own.
    let delivered = story.at(&handover.stored).chain(wrapped).next();
    let events = [Some(taken), delivered.map(|one| one.event), all.first().map(|one| one.event), aside];
    let submission = handover.submission.and_then(|number| story.submissions.get(number));
    let occasion = Occasion::new(view, handover.provider, events.into_iter().flatten()).about(submission);
    let observed = format!(
        "{}, {} for {}, {}",
        if delivered.is_some() { "delivered" } else { "not delivered" },
        count(story.made(own()), "virus-detection notice"),
        handover.recipient,
        if aside.is_some() { "put aside" } else { "not put aside" }
    );
    //= PEC-3.2.3-01
    let expected = format!("nothing of it for {}: it carries a virus", handover.recipient);
    occasion.holds(out, &[Clause::PEC_3_2_3_01], delivered.is_none(), &expected, &observed);
    //= PEC-5.4-01
    // Who tells of it or puts it aside has found it, whatever else he does with it.
    let is_found = delivered.is_none() || !all.is_empty() || aside.is_some();
    occasion.holds(out, &[Clause::PEC_5_4_01], is_found, "the virus found", &observed);
    let mut hosts = vec![handover.provider.name.as_str()];
    hosts.extend(handover.from.map(|from| from.name.as_str()));
    let excused = handover.taken.is_none_or(|(_, at)| story.disturbances.excuses(&hosts, at));
    // Of a mailbox that is not there two notices could speak.
    if !handover.exists || (excused && (all.is_empty() || aside.is_none())) {
        return;
    }
    //= PEC-2.2.2-22
    //= PEC-3.2.3-02
    let both = &[Clause::PEC_2_2_2_22, Clause::PEC_3_2_3_02];
    occasion.holds(out, both, !all.is_empty(), "a virus-detection notice to the sending provider", &observed);
    //= PEC-3.2.3-03
    let is_own = own().all(|one| one.consegna().is_some_and(|consegna| same(consegna, handover.recipient)));
    let expected = format!("1 virus-detection notice for {} alone", handover.recipient);
    occasion.holds(out, &[Clause::PEC_3_2_3_03], story.made(own()) == 1 && is_own, &expected, &observed);
    if shows_inside(view) {
        //= PEC-2.2.4-01
        let expected = "the envelope in the store for infected ones, unaltered";
        occasion.holds(out, &[Clause::PEC_2_2_4_01], aside.is_some(), expected, &observed);
        //= PEC-2.2.2-19
        //= PEC-DPR.12-02
        let both = &[Clause::PEC_2_2_2_19, Clause::PEC_DPR_12_02];
        let holds = delivered.is_none() && !all.is_empty() && aside.is_some();
        occasion.holds(out, both, holds, "not delivered, the sending provider told, the envelope put aside", &observed);
    }
}

/// Only a provider whose signature was verified is told, in its service mailbox.
//= PEC-3.2.3-04
fn addressed(view: &View<'_>, out: &mut Findings) {
    let story = view.story;
    for notice in story.messages().filter(|one| one.kind() == Kind::RilevazioneVirus) {
        let Some(issuer) = notice.issuer else { continue };
        let is_ground = |one: &&Handover<'_>| {
            one.provider.name == issuer.name
                && Some(one.pec_msgid) == notice.pec_msgid()
                && (one.standing.is_certified() || one.standing == Standing::Doubtful)
        };
        let ground = story.handovers.iter().find(is_ground);
        let mailbox = ground.and_then(|one| one.from).map(|from| service_mailbox(view, from));
        let copies = story.appearances.iter().filter(|one| one.first == notice.first);
        let went: Vec<&str> = copies
            .filter_map(Appearance::transfer)
            .flat_map(|transfer| transfer.forward_paths.iter().map(|one| one.path.as_str()))
            .collect();
        let named: Vec<_> = notice.reading.head.to.iter().map(|to| to.address.as_str()).collect();
        let is_there = |mailbox: &String| {
            went.iter().all(|path| same(path, mailbox)) && matches!(named.as_slice(), [one] if same(one, mailbox))
        };
        let holds = ground.is_some() && mailbox.as_ref().is_none_or(is_there);
        let expected = match &mailbox {
            Some(mailbox) => format!("a virus-detection notice to {mailbox}"),
            None => "no virus-detection notice without an envelope whose origin was verified".to_owned(),
        };
        let observed = format!("went to {}, To {}", went.join(", "), named.join(", "));
        let taken = ground.and_then(|one| one.taken).map(|(event, _)| event);
        let occasion = Occasion::new(view, issuer, taken.into_iter().chain([notice.event]));
        let occasion = occasion.about(story.submission_of(notice));
        occasion.holds(out, &[Clause::PEC_3_2_3_04], holds, &expected, &observed);
    }
}

fn sender(view: &View<'_>, out: &mut Findings) {
    let story = view.story;
    let mut seen = Vec::new();
    for notice in story.appearances.iter().filter(|one| one.kind() == Kind::RilevazioneVirus && one.arrived()) {
        let Place::Wire { transfer, to, .. } = notice.place else { continue };
        let is_ours = transfer.forward_paths.iter().any(|forward| same(&forward.path, &to.service_mailbox));
        if is_ours && notice.standing == Standing::Correct && !seen.contains(&notice.first) {
            seen.push(notice.first);
            passed_on(view, out, to, notice);
        }
    }
    groundless(view, out);
}

/// Notices about a virus that a provider made for its user, of one recipient.
fn answers<'s, 'a>(
    story: &'s Story<'a>,
    provider: &'s str,
    id: &'s str,
    recipient: &'s str,
) -> impl Iterator<Item = &'s Appearance<'a>> {
    story.appearances.iter().filter(move |one| {
        one.kind() == Kind::ErroreConsegna
            && is_about_virus(one)
            && one.pec_msgid() == Some(id)
            && one.concerns(recipient)
            && one.issuer.is_some_and(|issuer| issuer.name == provider)
    })
}

//= PEC-2.2.2-24
//= PEC-3.2.4-01
fn passed_on(view: &View<'_>, out: &mut Findings, to: &Provider, notice: &Appearance<'_>) {
    let story = view.story;
    let (Some(id), Some(recipient)) = (notice.pec_msgid(), notice.consegna()) else { return };
    let mut ours = story.submissions.iter().filter(|one| one.provider.name == to.name);
    let Some(submission) = ours.find(|one| one.pec_msgids.contains(&id)) else { return };
    // A notice of another than the recipient's provider is none of this transaction (R-0015).
    let manages = |issuer: &Provider| {
        let asked = submission.recipients.iter().find(|one| same(one.address, recipient));
        asked.and_then(|one| one.provider).is_some_and(|provider| provider.name == issuer.name)
    };
    if !notice.issuer.is_some_and(manages) || is_closed(story, submission, notice, recipient) {
        return;
    }
    let made: Vec<_> = answers(story, &to.name, id, recipient).collect();
    let number = story.copies(made.iter().copied());
    if number == 0 && (story.disturbances.excuses(&[&to.name], notice.at) || may_be_full(story, submission)) {
        return;
    }
    let occasion = Occasion::of(view, to, submission, made.iter().map(|one| one.event).chain([notice.event]));
    let observed = count(number, "non-delivery notice about a virus");
    let expected = format!("1 non-delivery notice about a virus for {recipient} at {}", submission.sender());
    let there = made.iter().filter(|one| one.mailbox().is_some_and(|mailbox| same(mailbox, submission.sender())));
    occasion.holds(out, &[Clause::PEC_3_2_4_01], number == 1, &expected, &observed);
    occasion.holds(out, &[Clause::PEC_2_2_2_24], there.count() > 0, &expected, &observed);
    if let Some(answer) = made.first() {
        derived(out, &occasion, answer, notice);
    }
}

/// Whether the transaction had its outcome before the notice came.
fn is_closed(story: &Story<'_>, submission: &Submission<'_>, notice: &Appearance<'_>, recipient: &str) -> bool {
    let all = story.at(&submission.appearances).filter(|one| one.at < notice.came() && one.arrived());
    let mut ours = all.filter(|one| one.concerns(recipient));
    ours.any(|one| {
        one.kind() == Kind::AvvenutaConsegna
            || one.kind() == Kind::ErroreConsegna && !is_about_virus(one)
            || one.kind() == Kind::PreavvisoErroreConsegna
                && one.at.since(submission.t0.0) > collaudo_record::Span::from_hours(17)
    })
}

//= PEC-3.2.4-10
fn derived(out: &mut Findings, occasion: &Occasion<'_>, answer: &Appearance<'_>, notice: &Appearance<'_>) {
    type Values = [(&'static str, Option<String>); 5];
    let values = |one: &Appearance<'_>| -> Values {
        let of = |get: fn(&Daticert) -> Option<&String>| one.reading.daticert.as_ref().and_then(get).cloned();
        [
            ("mittente", of(|data| data.mittente.as_ref())),
            ("oggetto", of(|data| data.oggetto.as_ref())),
            ("identificativo", of(|data| data.identificativo.as_ref())),
            ("msgid", of(|data| data.msgid.as_ref())),
            ("consegna", of(|data| data.consegna.as_ref())),
        ]
    };
    let (own, source) = (values(answer), values(notice));
    // What is missing, and whom it is addressed to, are rows of their own.
    let unlike = own.iter().zip(&source).find(|((_, own), (_, source))| own.is_some() && own != source);
    let why = |one: &Appearance<'_>| one.reading.daticert.as_ref().and_then(|data| data.errore_esteso.clone());
    let (given, told) = (why(answer), why(notice));
    let is_explained = given.as_deref().zip(told.as_deref()).is_none_or(|(given, told)| says_as_much(given, told));
    let observed = match unlike {
        Some(((name, own), (_, source))) => {
            format!("{name} {} where the notice has {}", quoted(own.as_deref()), quoted(source.as_deref()))
        }
        None if !is_explained => {
            format!("errore-esteso {} where the notice has {}", quoted(given.as_deref()), quoted(told.as_deref()))
        }
        None => "the same data".to_owned(),
    };
    let holds = unlike.is_none() && is_explained;
    occasion.holds(out, &[Clause::PEC_3_2_4_10], holds, "the data of the virus-detection notice", &observed);
}

/// Whether one text holds the last words of another: codes and names of providers lead, what was found comes last.
fn says_as_much(given: &str, told: &str) -> bool {
    let last = told.rsplit(" - ").next().unwrap_or(told);
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    };
    let (given, last) = (words(given), words(last));
    let said = last.iter().filter(|word| given.contains(word)).count();
    2 * said >= last.len()
}

/// A provider that tells its user of a virus, for a recipient of another provider who never told of one.
//= PEC-3.2.4-01
fn groundless(view: &View<'_>, out: &mut Findings) {
    let story = view.story;
    for answer in story.messages().filter(|one| one.kind() == Kind::ErroreConsegna && is_about_virus(one)) {
        let (Some(issuer), Some(submission), Some(recipient)) =
            (answer.issuer, story.submission_of(answer), answer.consegna())
        else {
            continue;
        };
        let mut recipients = submission.recipients.iter();
        let provider = recipients.find(|one| same(one.address, recipient)).and_then(|one| one.provider);
        let is_of_another = provider.is_some_and(|provider| provider.name != issuer.name);
        if submission.provider.name != issuer.name || !is_of_another {
            continue;
        }
        let told = story.appearances.iter().any(|one| {
            one.kind() == Kind::RilevazioneVirus
                && one.came() <= answer.at
                && one.standing.may_be_correct()
                && one.pec_msgid() == answer.pec_msgid()
                && one.concerns(recipient)
        });
        if !told {
            let expected = "a non-delivery notice about a virus only where a provider told of one";
            let occasion = Occasion::of(view, issuer, submission, [answer.event]);
            occasion.holds(out, &[Clause::PEC_3_2_4_01], false, expected, "no virus-detection notice came");
        }
    }
}

fn ordinary(view: &View<'_>, out: &mut Findings) {
    let story = view.story;
    for message in story.appearances.iter().filter(|one| one.reading.virus == Virus::Found) {
        let Some(arrival) = Arrival::of(story, message) else { continue };
        let occasion = Occasion::new(view, arrival.to, arrival.events()).about(story.submission_of(message));
        let kept_out = arrival.bare.is_none() && arrival.wrapped.is_none();
        match message.standing {
            Standing::Correct | Standing::Doubtful => {}
            //= PEC-3.2.3-01
            //= PEC-5.4-01
            Standing::Malformed => {
                let expected = "in no mailbox: it carries a virus";
                occasion.holds(out, &[Clause::PEC_3_2_3_01, Clause::PEC_5_4_01], kept_out, expected, &arrival.words());
            }
            //= PEC-2.2.2-20
            //= PEC-5.4-01
            Standing::Unsigned | Standing::Unlisted | Standing::Invalid | Standing::Untrusted => {
                let expected = "ordinary mail with a virus in no mailbox";
                occasion.holds(out, &[Clause::PEC_2_2_2_20, Clause::PEC_5_4_01], kept_out, expected, &arrival.words());
                untold(view, out, &arrival);
            }
        }
    }
}

//= PEC-2.2.2-21
fn untold(view: &View<'_>, out: &mut Findings, arrival: &Arrival<'_, '_>) {
    let notice = notice_about(view.story, arrival);
    let events = notice.map(|one| one.event).into_iter().chain([arrival.message.event]);
    let observed = notice.map_or("none", |one| one.kind().wire());
    let occasion = Occasion::new(view, arrival.to, events);
    occasion.holds(out, &[Clause::PEC_2_2_2_21], notice.is_none(), "no receipt or notice of certified mail", observed);
}

/// A receipt or notice that a provider made of a message that is no correct envelope, unless a correct one with the same
/// identifier came too.
pub(super) fn notice_about<'s, 'a>(story: &'s Story<'a>, arrival: &Arrival<'s, 'a>) -> Option<&'s Appearance<'a>> {
    let own = arrival.to.name.as_str();
    let id = arrival.message.reading.head.message_id.as_deref().filter(|id| !id.is_empty())?;
    let is_ground =
        |one: &Handover<'_>| one.pec_msgid == id && one.provider.name == own && one.standing.may_be_correct();
    if story.handovers.iter().any(is_ground) {
        return None;
    }
    story.messages().find(|one| {
        let is_receipt = !matches!(one.kind(), Kind::PostaCertificata | Kind::Anomalia | Kind::Ordinary);
        let is_about = one.pec_msgid() == Some(id) || one.reading.head.x_riferimento.as_deref() == Some(id);
        is_receipt && is_about && one.at >= arrival.message.came() && one.issuer.is_some_and(|one| one.name == own)
    })
}
