use collaudo_record::Provider;

use super::{Check, Findings, Occasion, View, access::may_be_full, envelope::repeated};
use crate::{
    Clause,
    library::Revocation,
    reading::{Kind, Virus},
    story::{
        Appearance, Place, Standing, Story,
        address::same,
        octets::{same_but_trace, same_octets},
    },
};

/// Each arrival is treated as what it is.
pub(super) const TREATMENT: Check = Check {
    clauses: &[
        Clause::PEC_2_2_2_04,
        Clause::PEC_2_2_2_07,
        Clause::PEC_2_2_2_08,
        Clause::PEC_2_2_2_09,
        Clause::PEC_2_2_2_10,
        Clause::PEC_2_2_2_11,
        Clause::PEC_2_2_2_13,
        Clause::PEC_2_2_2_14,
        Clause::PEC_2_2_2_15,
        Clause::PEC_2_2_2_16,
        Clause::PEC_2_2_2_17,
        Clause::PEC_3_2_2_01,
        Clause::PEC_4_5_10,
    ],
    run: treatment,
};

/// An anomaly envelope encloses what came, with its fields, for those to whom it came.
pub(super) const ANOMALY: Check = Check {
    clauses: &[
        Clause::PEC_2_1_1_2_02,
        Clause::PEC_2_1_1_2_03,
        Clause::PEC_2_1_1_2_04,
        Clause::PEC_2_1_1_2_05,
        Clause::PEC_3_2_2_01,
        Clause::PEC_3_2_2_02,
        Clause::PEC_3_2_2_03,
        Clause::PEC_3_2_2_04,
        Clause::PEC_3_2_2_05,
        Clause::PEC_3_2_2_06,
        Clause::PEC_3_2_2_07,
        Clause::PEC_3_2_2_15,
    ],
    run: anomaly,
};

/// What envelopes of either kind repeat of what they enclose.
const INHERITED: [(Clause, &str); 4] = [
    (Clause::PEC_2_1_1_2_02, "Received"),
    (Clause::PEC_2_1_1_2_03, "To"),
    (Clause::PEC_2_1_1_2_04, "Cc"),
    (Clause::PEC_2_1_1_2_05, "Return-Path"),
];

/// Receipts that come back are verified and filed.
pub(super) const FILING: Check = Check { clauses: &[Clause::PEC_2_2_2_06, Clause::PEC_3_5_02], run: filing };

/// What a provider made of a message that came to it.
pub(super) struct Arrival<'s, 'a> {
    pub(super) message: &'s Appearance<'a>,
    pub(super) to: &'a Provider,
    /// The same message in a mailbox, not enclosed.
    pub(super) bare: Option<&'s Appearance<'a>>,
    /// The same message in a mailbox, enclosed in an anomaly envelope.
    pub(super) wrapped: Option<&'s Appearance<'a>>,
    /// A take-charge or delivery receipt for it alone.
    pub(super) answered: Option<&'s Appearance<'a>>,
}

impl<'s, 'a> Arrival<'s, 'a> {
    pub(super) fn of(story: &'s Story<'a>, message: &'s Appearance<'a>) -> Option<Self> {
        let Place::Wire { transfer, to, .. } = message.place else { return None };
        transfer.reply.as_ref()?;
        let mut here =
            story.appearances.iter().filter(|one| one.mailbox().is_some() && one.at_provider().name == to.name);
        let bare = here.clone().find(|one| one.reading.essence == message.reading.essence);
        let wrapped = here.find(|one| one.kind() == Kind::Anomalia && wraps(one, message));
        Some(Self { message, to, bare, wrapped, answered: answer(story, message, to) })
    }

    pub(super) fn words(&self) -> String {
        let code = self.message.transfer().and_then(|transfer| transfer.reply.as_ref()).map_or(0, |reply| reply.code);
        let lies = match (self.bare, self.wrapped) {
            (Some(_), _) => "in a mailbox as it came",
            (None, Some(_)) => "in an anomaly envelope",
            (None, None) => "in no mailbox",
        };
        let answered =
            self.answered.map_or_else(|| "no receipt".to_owned(), |one| format!("answered by {}", one.kind().wire()));
        format!("{}: reply {code}, {lies}, {answered}", self.message.standing.words())
    }

    pub(super) fn events(&self) -> impl Iterator<Item = u32> {
        [Some(self.message), self.bare, self.wrapped, self.answered].into_iter().flatten().map(|one| one.event)
    }
}

fn encloses(anomaly: &Appearance<'_>, message: &Appearance<'_>) -> bool {
    anomaly.reading.postacert.as_ref().is_some_and(|enclosed| {
        same_octets(&enclosed.octets, message.octets) || same_but_trace(&enclosed.octets, message.octets)
    })
}

/// Whether an anomaly envelope is the one of that message: by its octets, else by the identifier that it keeps.
pub(super) fn wraps(anomaly: &Appearance<'_>, message: &Appearance<'_>) -> bool {
    let id = |one: &Appearance<'_>| one.reading.head.message_id.clone().filter(|id| !id.is_empty());
    let is_same = || encloses(anomaly, message) || (id(anomaly).is_some() && id(anomaly) == id(message));
    anomaly.kind() == Kind::Anomalia && is_same()
}

/// A receipt for a message that is no correct envelope, unless a correct one with the same identifier came too.
fn answer<'s, 'a>(story: &'s Story<'a>, message: &Appearance<'a>, to: &Provider) -> Option<&'s Appearance<'a>> {
    let id = message.reading.head.message_id.as_deref()?;
    let is_correct = |one: &crate::story::Handover<'_>| {
        one.pec_msgid == id && one.provider.name == to.name && one.standing.may_be_correct()
    };
    if story.handovers.iter().any(is_correct) {
        return None;
    }
    story.messages().find(|one| {
        matches!(one.kind(), Kind::PresaInCarico | Kind::AvvenutaConsegna)
            && one.pec_msgid() == Some(id)
            && one.issuer.is_some_and(|issuer| issuer.name == to.name)
    })
}

fn treatment(view: &View<'_>, out: &mut Findings) {
    for message in &view.story.appearances {
        let Some(arrival) = Arrival::of(view.story, message) else { continue };
        let occasion = Occasion::new(view, arrival.to, arrival.events()).about(view.story.submission_of(message));
        let observed = arrival.words();
        match message.standing {
            Standing::Correct => {
                //= PEC-2.2.2-04
                if arrival.wrapped.is_some() || (message.arrived() && arrival.bare.is_some()) {
                    let expected = "a correct message is not put in an anomaly envelope";
                    occasion.holds(out, &[Clause::PEC_2_2_2_04], arrival.wrapped.is_none(), expected, &observed);
                }
            }
            // What carries a virus is let through by nobody.
            Standing::Malformed if message.reading.virus != Virus::None => {}
            Standing::Malformed => malformed(view.story, out, &arrival, &occasion),
            Standing::Doubtful => continue,
            Standing::Unsigned | Standing::Unlisted | Standing::Invalid | Standing::Untrusted => {
                ordinary(view, out, &arrival, &occasion);
            }
        }
        //= PEC-3.2.2-01
        if message.standing != Standing::Correct && arrival.bare.is_some() {
            let expected = "what is no correct envelope or receipt in an anomaly envelope";
            occasion.holds(out, &[Clause::PEC_3_2_2_01], false, expected, &observed);
        }
    }
    uninvited(view, out);
}

/// What no one is seen to have brought, and lies in a mailbox bare.
//= PEC-2.2.2-09
//= PEC-3.2.2-01
fn uninvited(view: &View<'_>, out: &mut Findings) {
    let story = view.story;
    for lying in story.appearances.iter().filter(|one| one.kind() == Kind::Ordinary) {
        let Place::Mailbox { provider, mailbox } = &lying.place else { continue };
        let brought = |one: &&Appearance<'_>| {
            one.reading.essence == lying.reading.essence
                && matches!(one.place, Place::Wire { to, .. } if to.name == provider.name)
        };
        // Reports of failure are SMTP's own (PEC-2.2.2-02).
        let is_report = lying.reading.root.media_type == "multipart/report";
        if is_report || story.appearances.iter().any(|one| brought(&one)) {
            continue;
        }
        let both = &[Clause::PEC_2_2_2_09, Clause::PEC_3_2_2_01];
        let expected = "ordinary mail in an anomaly envelope alone";
        let occasion = Occasion::new(view, provider, [lying.event]).about(story.submission_of(lying));
        occasion.holds(out, both, false, expected, &format!("bare in {mailbox}"));
    }
}

//= PEC-2.2.2-04
//= PEC-2.2.2-07
//= PEC-2.2.2-17
//= PEC-3.2.2-01
fn malformed(story: &Story<'_>, out: &mut Findings, arrival: &Arrival<'_, '_>, occasion: &Occasion<'_>) {
    let Some(transfer) = arrival.message.transfer() else { return };
    let has_room =
        |path: &str| arrival.to.users.iter().any(|user| same(&user.address, path) && user.quota_octets.is_none());
    let can_lie = transfer.forward_paths.iter().any(|forward| has_room(&forward.path));
    let excused = story.disturbances.excuses(&[&arrival.to.name], arrival.message.at);
    let wrong = arrival.bare.is_some() || arrival.answered.is_some();
    if wrong || arrival.wrapped.is_some() || (can_lie && !excused) {
        let expected = "in an anomaly envelope in the recipient's mailbox, without a receipt";
        let is_lost = !wrong && arrival.wrapped.is_none();
        let both = &[Clause::PEC_2_2_2_07, Clause::PEC_2_2_2_17];
        occasion.holds(out, both, !wrong && !is_lost, expected, &arrival.words());
        // What is lost may have been looked at.
        let looked_at = if is_lost { Clause::PEC_3_2_2_01 } else { Clause::PEC_2_2_2_04 };
        occasion.holds(out, &[looked_at], !wrong && !is_lost, expected, &arrival.words());
    }
}

//= PEC-2.2.2-08
fn ordinary(view: &View<'_>, out: &mut Findings, arrival: &Arrival<'_, '_>, occasion: &Occasion<'_>) {
    let by_test = match arrival.message.standing {
        //= PEC-2.2.2-10
        Standing::Unsigned => Clause::PEC_2_2_2_10,
        //= PEC-2.2.2-11
        Standing::Unlisted => Clause::PEC_2_2_2_11,
        //= PEC-2.2.2-15
        Standing::Untrusted => Clause::PEC_2_2_2_15,
        //= PEC-2.2.2-14
        _ => Clause::PEC_2_2_2_14,
    };
    let holds = arrival.bare.is_none() && arrival.answered.is_none();
    let expected = "refused, or in an anomaly envelope; no receipt";
    let all = &[Clause::PEC_2_2_2_04, Clause::PEC_2_2_2_08, by_test];
    occasion.holds(out, all, holds, expected, &arrival.words());
    further_tests(view, out, arrival, occasion, holds);
    //= PEC-2.2.2-09
    if arrival.bare.is_some() || arrival.wrapped.is_some() {
        let expected = "let through in an anomaly envelope alone";
        occasion.holds(out, &[Clause::PEC_2_2_2_09], arrival.bare.is_none(), expected, &arrival.words());
    }
}

/// A certificate whose hash alone the index lists, and one that the authority has revoked.
fn further_tests(view: &View<'_>, out: &mut Findings, arrival: &Arrival<'_, '_>, occasion: &Occasion<'_>, holds: bool) {
    let message = arrival.message;
    let signature = message.reading.signature.as_ref();
    let Some((signature, signer)) = signature.and_then(|one| Some((one, one.signer.as_ref()?))) else { return };
    let (host, place) = (arrival.to.name.as_str(), (message.event, message.at));
    //= PEC-2.2.2-13
    let index = view.library.index(host, message.event);
    let by_hash = || index.records.iter().any(|record| record.hashes.contains(&signer.sha1));
    if message.standing == Standing::Unlisted && by_hash() {
        let expected = "no certified mail: the index lists the certificate's hash with another certificate";
        occasion.holds(out, &[Clause::PEC_2_2_2_13], holds, expected, &arrival.words());
    }
    //= PEC-4.5-10
    // Listed once, and no more in the index that its taker has got since.
    if message.standing == Standing::Unlisted && view.index.listing(&signer.der).is_some() {
        let expected = "no certified mail: the newer index that was got lists the provider no more";
        occasion.holds(out, &[Clause::PEC_4_5_10], holds, expected, &arrival.words());
    }
    //= PEC-2.2.2-16
    let is_revoked = || view.library.revocation(host, place, signer, signature.signed_at) == Revocation::Yes;
    if message.standing == Standing::Untrusted && is_revoked() {
        let expected = "no certified mail: the list of revoked certificates that is due by now has the signer's";
        occasion.holds(out, &[Clause::PEC_2_2_2_16], holds, expected, &arrival.words());
    }
}

fn anomaly(view: &View<'_>, out: &mut Findings) {
    let story = view.story;
    for anomaly in story.appearances.iter().filter(|one| one.kind() == Kind::Anomalia) {
        let Place::Mailbox { provider, mailbox } = &anomaly.place else { continue };
        let came = || {
            let here = |one: &&Appearance<'_>| matches!(one.place, Place::Wire { to, .. } if to.name == provider.name);
            story.appearances.iter().filter(here)
        };
        let whole = came().find(|one| encloses(anomaly, one));
        let received = whole.or_else(|| came().find(|one| wraps(anomaly, one)));
        let events = received.map(|one| one.event).into_iter().chain([anomaly.event]);
        let occasion = Occasion::new(view, provider, events).about(story.submission_of(anomaly));
        //= PEC-3.2.2-02
        let expected = "the enclosed message is one that the provider received, octet for octet";
        let observed = if whole.is_some() { "it is" } else { "no received message has these octets" };
        occasion.holds(out, &[Clause::PEC_3_2_2_02], whole.is_some(), expected, observed);
        let Some(received) = received else { continue };
        //= PEC-3.2.2-01
        let expected = "what is no correct envelope or receipt in an anomaly envelope";
        let is_due = received.standing != Standing::Correct;
        occasion.holds(out, &[Clause::PEC_3_2_2_01], is_due, expected, received.standing.words());
        //= PEC-3.2.2-03
        //= PEC-3.2.2-04
        //= PEC-3.2.2-05
        //= PEC-3.2.2-06
        //= PEC-3.2.2-07
        let kept = [
            (Clause::PEC_3_2_2_03, "Received"),
            (Clause::PEC_3_2_2_04, "To"),
            (Clause::PEC_3_2_2_05, "Cc"),
            (Clause::PEC_3_2_2_06, "Return-Path"),
            (Clause::PEC_3_2_2_07, "Message-ID"),
        ];
        for (clause, name) in kept.into_iter().chain(INHERITED) {
            repeated(out, &occasion, clause, &anomaly.reading.head, &received.reading.head, name, "received message");
        }
        //= PEC-3.2.2-15
        if let Some(transfer) = received.transfer() {
            let paths: Vec<_> = transfer.forward_paths.iter().map(|one| one.path.as_str()).collect();
            let holds = paths.iter().any(|path| same(path, mailbox));
            let expected = format!("in a mailbox of the forward paths: {}", paths.join(", "));
            occasion.holds(out, &[Clause::PEC_3_2_2_15], holds, &expected, &format!("in {mailbox}"));
        }
    }
}

/// Whether another receipt that came is this one in all that is signed, whatever identifiers they bear outside of the
/// signature (R-0095).
fn is_same_receipt(story: &Story<'_>, other: &Appearance<'_>, receipt: &Appearance<'_>) -> bool {
    let came = || story.appearances.get(other.first).is_some_and(|first| first.transfer().is_some());
    let signed = |of: &Appearance<'_>| of.octets.get(of.reading.content().body.clone()).unwrap_or_default().to_vec();
    let is_receipt = other.kind() == receipt.kind() && other.standing == Standing::Correct;
    is_receipt && came() && signed(other) == signed(receipt)
}

fn filing(view: &View<'_>, out: &mut Findings) {
    let story = view.story;
    for receipt in &story.appearances {
        let is_receipt = !matches!(receipt.kind(), Kind::PostaCertificata | Kind::Anomalia | Kind::Ordinary);
        let Some(arrival) = Arrival::of(story, receipt).filter(|_| is_receipt && receipt.arrived()) else { continue };
        let occasion = Occasion::new(view, arrival.to, arrival.events()).about(story.submission_of(receipt));
        let observed = arrival.words();
        if receipt.standing == Standing::Doubtful {
            continue;
        }
        if receipt.standing == Standing::Correct {
            let Some(transfer) = receipt.transfer() else { continue };
            let mut mailboxes: Vec<_> = transfer.forward_paths.iter().map(|one| one.path.as_str()).collect();
            // It is for the provider alone, whomever it was sent to (PEC-3.2.1-14, PEC-2.1.1.1.1-03; R-0096).
            if receipt.kind() == Kind::PresaInCarico {
                mailboxes.push(&arrival.to.service_mailbox);
            }
            let is_it = |one: &&Appearance<'_>| one.first == receipt.first || is_same_receipt(story, one, receipt);
            let lies = |one: &&Appearance<'_>| {
                one.mailbox().is_some_and(|mailbox| mailboxes.iter().any(|path| same(path, mailbox))) && is_it(one)
            };
            let lying = story.appearances.iter().find(lies);
            let filed = lying.is_some();
            // One that comes again may lie there again, one that came once may not.
            let came = story.appearances.iter().filter(|one| one.transfer().is_some()).filter(is_it);
            let is_once = story.appearances.iter().filter(lies).count() <= came.count();
            let is_whole =
                |lying: &Appearance<'_>| lying.first != receipt.first || same_but_trace(receipt.octets, lying.octets);
            let unchanged = is_once && lying.is_some_and(is_whole);
            let exists = |path: &&str| {
                same(path, &arrival.to.service_mailbox) || arrival.to.users.iter().any(|user| same(&user.address, path))
            };
            let full = story.submission_of(receipt).is_some_and(|submission| may_be_full(story, submission));
            let excused = story.disturbances.excuses(&[&arrival.to.name], receipt.at);
            if filed || (mailboxes.iter().any(exists) && !full && !excused) {
                //= PEC-2.2.2-06
                let expected =
                    format!("a correct {} in {}, unchanged and once", receipt.kind().wire(), mailboxes.join(", "));
                occasion.holds(out, &[Clause::PEC_2_2_2_06], unchanged, &expected, &observed);
            }
            //= PEC-3.5-02
            if filed {
                occasion.holds(out, &[Clause::PEC_3_5_02], true, "a correct receipt filed", &observed);
            }
        } else {
            //= PEC-3.5-02
            let expected = "what is no correct receipt is not filed as one";
            occasion.holds(out, &[Clause::PEC_3_5_02], arrival.bare.is_none(), expected, &observed);
        }
    }
}
