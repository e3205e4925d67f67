use super::{Check, Findings, Occasion, View, quoted};
use crate::{
    Clause,
    reading::{Attached, Entity, Form, Kind, Reading},
    story::{
        Appearance, Handover, Standing,
        address::same,
        form::{attachments, is_attachment, is_opaque, is_signed, leaves, seen, signed_content},
        octets::same_octets,
    },
};

/// The form of a delivery receipt is what was asked for, by To and Cc.
pub(super) const FORM: Check = Check {
    clauses: &[
        Clause::PEC_2_1_14,
        Clause::PEC_3_3_2_1_01,
        Clause::PEC_3_3_2_1_02,
        Clause::PEC_3_3_2_1_03,
        Clause::PEC_3_3_2_1_04,
        Clause::PEC_3_3_2_2_02,
        Clause::PEC_3_3_2_3_01,
    ],
    run: form,
};

/// A brief receipt holds the original with hashes in the place of attachments.
pub(super) const BRIEF: Check = Check {
    clauses: &[
        Clause::PEC_3_3_2_2_03,
        Clause::PEC_3_3_2_2_09,
        Clause::PEC_3_3_2_2_10,
        Clause::PEC_3_3_2_2_11,
        Clause::PEC_3_3_2_2_12,
    ],
    run: brief,
};

/// What a recipient is to the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Primary,
    Copy,
    /// In both, or in neither.
    Ambiguous,
}

/// What the envelope asks for. None where it was not seen, or asks in an unknown word.
fn asked(handover: &Handover<'_>) -> Option<Form> {
    match handover.envelope?.head.tipo_ricevuta.as_deref() {
        None | Some("completa") => Some(Form::Complete),
        Some("breve") => Some(Form::Brief),
        Some("sintetica") => Some(Form::Concise),
        Some(_) => None,
    }
}

/// What this recipient gives.
pub(super) fn due(handover: &Handover<'_>) -> Option<Form> {
    let asked = asked(handover)?;
    Some(if Role::of(handover)? == Role::Copy { Form::Concise } else { asked })
}

impl Role {
    fn of(handover: &Handover<'_>) -> Option<Self> {
        let head = &handover.envelope?.head;
        let is_in = |list: &[crate::reading::Mailbox]| list.iter().any(|one| same(&one.address, handover.recipient));
        Some(match (is_in(&head.to), is_in(&head.cc)) {
            (true, false) => Self::Primary,
            (false, true) => Self::Copy,
            _ => Self::Ambiguous,
        })
    }

    fn words(self) -> &'static str {
        match self {
            Self::Primary => "in To",
            Self::Copy => "in Cc",
            Self::Ambiguous => "in both To and Cc or in neither",
        }
    }
}

/// A delivery receipt beside its envelope.
struct Pair<'s, 'a> {
    handover: &'s Handover<'a>,
    receipt: &'s Appearance<'a>,
    asked: Form,
    role: Role,
    due: Form,
}

fn pairs<'v>(view: &'v View<'v>) -> impl Iterator<Item = Pair<'v, 'v>> {
    let correct = view.story.handovers.iter().filter(|one| one.standing == Standing::Correct);
    correct.flat_map(|handover| {
        let mut receipts: Vec<_> = view.story.at(&handover.deliveries).collect();
        receipts.retain(|one| one.kind() == Kind::AvvenutaConsegna);
        receipts.dedup_by_key(|one| one.first);
        let known = asked(handover).zip(Role::of(handover)).zip(due(handover));
        receipts.into_iter().filter_map(move |receipt| {
            let ((asked, role), due) = known?;
            Some(Pair { handover, receipt, asked, role, due })
        })
    })
}

fn occasion<'v>(view: &'v View<'v>, pair: &Pair<'v, 'v>) -> Occasion<'v> {
    let submission = pair.handover.submission.and_then(|number| view.story.submissions.get(number));
    let taken = pair.handover.taken.map(|(event, _)| event);
    Occasion::new(view, pair.handover.provider, taken.into_iter().chain([pair.receipt.event])).about(submission)
}

fn form(view: &View<'_>, out: &mut Findings) {
    for pair in pairs(view) {
        let occasion = occasion(view, &pair);
        let original = pair.handover.envelope.and_then(|envelope| envelope.postacert.as_ref());
        let shown = seen_beside(pair.receipt.reading, original);
        // Without attachments the whole original is the brief form too.
        let coincide = original.is_some_and(|original| attachments(&original.root).is_empty());
        let is_due = shown == pair.due || (coincide && shown != Form::Concise && pair.due != Form::Concise);
        let expected = format!(
            "{} for {}, {}: {} was asked for",
            pair.due.wire(),
            pair.handover.recipient,
            pair.role.words(),
            pair.asked.wire()
        );
        let observed = format!("its parts are those of {}", shown.wire());
        //= PEC-2.1-14
        //= PEC-3.3.2.1-01
        //= PEC-3.3.2.1-02
        //= PEC-3.3.2.1-04
        //= PEC-3.3.2.2-02
        //= PEC-3.3.2.3-01
        let clauses: &[Clause] = match (pair.asked, pair.role) {
            (Form::Complete, Role::Primary) => &[Clause::PEC_3_3_2_1_01, Clause::PEC_3_3_2_1_02],
            (Form::Complete, Role::Copy) => &[Clause::PEC_3_3_2_1_02],
            (Form::Complete | Form::Brief, Role::Ambiguous) => &[Clause::PEC_3_3_2_1_04],
            (Form::Brief, _) => &[Clause::PEC_3_3_2_2_02],
            (Form::Concise, _) => &[Clause::PEC_3_3_2_3_01],
        };
        // That an unclear recipient of a brief one is primary is inferred; the whole original is then no fault.
        let is_inferred = pair.asked == Form::Brief && pair.role == Role::Ambiguous && shown == Form::Complete;
        occasion.holds(out, clauses, is_due || is_inferred, &expected, &observed);
        occasion.holds(out, &[Clause::PEC_2_1_14], is_due || is_inferred, &expected, &observed);
        //= PEC-3.3.2.1-03
        if let (Form::Complete, Some(original)) = (pair.due, original) {
            let expected = "postacert.eml of the receipt is that of the envelope, octet for octet";
            let enclosed = pair.receipt.reading.postacert.as_ref().map(|enclosed| enclosed.octets.as_slice());
            let number = enclosed.map_or(0, <[u8]>::len);
            let observed = format!("{} octets in the envelope, {number} in the receipt", original.octets.len());
            let whole = enclosed.is_some_and(|enclosed| same_octets(&original.octets, enclosed));
            occasion.holds(out, &[Clause::PEC_3_3_2_1_03], whole, expected, &observed);
        }
    }
}

/// The form of a receipt whose original is known: what only looks like a hash may have been there before.
fn seen_beside(receipt: &Reading, original: Option<&Attached>) -> Form {
    match (&receipt.postacert, original) {
        (Some(enclosed), Some(original)) if same_octets(&enclosed.octets, &original.octets) => Form::Complete,
        _ => seen(receipt),
    }
}

fn brief(view: &View<'_>, out: &mut Findings) {
    for pair in pairs(view).filter(|pair| pair.due == Form::Brief) {
        let original = pair.handover.envelope.and_then(|envelope| envelope.postacert.as_ref());
        let Some((original, copy)) = original.zip(pair.receipt.reading.postacert.as_ref()) else { continue };
        let occasion = occasion(view, &pair);
        if is_opaque(&original.root) || is_signed(&original.root) {
            //= PEC-3.3.2.2-09
            let expected = "an S/MIME original taken for what its top-level type says";
            let (before, after) = (kinds(&original.root), kinds(&copy.root));
            let observed = format!("{} instead of {}", after.join(", "), before.join(", "));
            occasion.holds(out, &[Clause::PEC_3_3_2_2_09], before == after, expected, &observed);
        }
        if is_opaque(&original.root) {
            //= PEC-3.3.2.2-11
            let whole = same_octets(&original.octets, &copy.octets);
            let observed = if whole { "whole" } else { "changed" };
            occasion.holds(out, &[Clause::PEC_3_3_2_2_11], whole, "an opaque CMS original left whole", observed);
            continue;
        }
        if is_signed(&original.root) {
            //= PEC-3.3.2.2-10
            let signature = |of: &Attached| of.root.children.get(1).map(|part| octets(of, part).to_vec());
            let kept = signature(original) == signature(copy);
            let hashed = attachments(&original.root).is_empty() || !same_octets(&original.octets, &copy.octets);
            let observed = format!(
                "the signature {}, attachments {}",
                if kept { "untouched" } else { "changed" },
                if hashed { "hashed" } else { "left as they were" }
            );
            let expected = "the signature part of a signed original untouched, attachments of the first part hashed";
            occasion.holds(out, &[Clause::PEC_3_3_2_2_10], kept && hashed, expected, &observed);
        }
        replaced(out, &occasion, original, copy);
    }
}

/// What an S/MIME original is at its top: its type, and those of its parts.
fn kinds(root: &Entity) -> Vec<&str> {
    let parts = root.children.iter().skip(1).map(|part| part.media_type.as_str());
    std::iter::once(root.media_type.as_str()).chain(parts).collect()
}

fn replaced(out: &mut Findings, occasion: &Occasion<'_>, original: &Attached, copy: &Attached) {
    let (before, after) = (leaves(signed_content(&original.root)), leaves(signed_content(&copy.root)));
    //= PEC-3.3.2.2-03
    let same_tree = before.len() == after.len();
    if !same_tree {
        let expected = format!("{} parts, as in the original", before.len());
        let observed = format!("{} parts", after.len());
        occasion.holds(out, &[Clause::PEC_3_3_2_2_03], false, &expected, &observed);
        return;
    }
    for (part, stand_in) in before.into_iter().zip(after) {
        if !is_attachment(part) {
            let kept = octets(original, part) == octets(copy, stand_in);
            let observed = if kept { "as it was" } else { "changed" };
            occasion.holds(out, &[Clause::PEC_3_3_2_2_03], kept, "a part without a file name as it was", observed);
            continue;
        }
        // Name, type and digits of what stands there are rules of their own.
        let is_replaced = octets_of_body(original, part) != octets_of_body(copy, stand_in);
        let expected = format!("{} replaced by its hash file", quoted(part.name.as_deref()));
        let observed = format!("{} of type {}", quoted(stand_in.name.as_deref()), stand_in.media_type);
        //= PEC-3.3.2.2-12
        let clauses: &[Clause] = match (part.media_type.as_str(), &part.name) {
            ("message/rfc822", None) => &[Clause::PEC_3_3_2_2_12],
            ("message/rfc822", Some(_)) => &[Clause::PEC_3_3_2_2_12, Clause::PEC_3_3_2_2_03],
            _ => &[Clause::PEC_3_3_2_2_03],
        };
        occasion.holds(out, clauses, is_replaced, &expected, &observed);
    }
}

fn octets<'m>(message: &'m Attached, part: &Entity) -> &'m [u8] {
    message.octets.get(part.whole.clone()).unwrap_or_default()
}

fn octets_of_body<'m>(message: &'m Attached, part: &Entity) -> &'m [u8] {
    message.octets.get(part.body.clone()).unwrap_or_default()
}
