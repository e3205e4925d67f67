use collaudo_record::{Event, Ordinary, Provider, Transfer, What};

use super::{Check, Findings, Occasion, View, access::must_reach, quoted};
use crate::{
    Clause,
    reading::{Head, Kind, Mailbox},
    story::{
        Appearance, Place, Submission,
        address::same,
        octets::{same_octets, same_original, unfolded},
    },
};

/// Fields go over from the original to its envelope.
pub(super) const FIELDS: Check = Check {
    clauses: &[
        Clause::PEC_2_1_08,
        Clause::PEC_2_1_09,
        Clause::PEC_2_1_1_2_02,
        Clause::PEC_2_1_1_2_03,
        Clause::PEC_2_1_1_2_04,
        Clause::PEC_2_1_1_2_05,
        Clause::PEC_2_1_1_2_06,
        Clause::PEC_3_1_5_02,
        Clause::PEC_3_1_5_03,
        Clause::PEC_3_1_5_04,
        Clause::PEC_3_1_5_05,
        Clause::PEC_3_1_5_06,
    ],
    run: fields,
};

/// The envelope says which receipt the sender asked for.
pub(super) const REQUEST: Check = Check { clauses: &[Clause::PEC_3_1_5_15, Clause::PEC_3_3_2_10], run: request };

/// The original travels enclosed, whole, on its own paths.
pub(super) const ORIGINAL: Check = Check {
    clauses: &[Clause::PEC_2_1_1_2_01, Clause::PEC_3_1_5_17, Clause::PEC_3_1_5_19, Clause::PEC_DPR_11_02],
    run: original,
};

fn envelopes<'v>(view: &'v View<'v>) -> impl Iterator<Item = &'v Appearance<'v>> {
    view.story.messages().filter(|one| one.kind() == Kind::PostaCertificata)
}

fn fields(view: &View<'_>, out: &mut Findings) {
    for envelope in envelopes(view) {
        let Some(issuer) = envelope.issuer else { continue };
        let submission = view.story.submission_of(envelope);
        let head = &envelope.reading.head;
        let occasion = Occasion::new(view, issuer, submission.map(|one| one.event).into_iter().chain([envelope.event]))
            .about(submission);
        if let Some(enclosed) = &envelope.reading.postacert {
            //= PEC-2.1.1.2-02
            repeated(out, &occasion, Clause::PEC_2_1_1_2_02, head, &enclosed.head, "Received", "enclosed message");
            //= PEC-2.1.1.2-03
            repeated(out, &occasion, Clause::PEC_2_1_1_2_03, head, &enclosed.head, "To", "enclosed message");
            //= PEC-2.1.1.2-04
            repeated(out, &occasion, Clause::PEC_2_1_1_2_04, head, &enclosed.head, "Cc", "enclosed message");
            //= PEC-2.1.1.2-05
            repeated(out, &occasion, Clause::PEC_2_1_1_2_05, head, &enclosed.head, "Return-Path", "enclosed message");
            //= PEC-2.1.1.2-06
            reply_to(out, &occasion, &[Clause::PEC_2_1_1_2_06], head, &enclosed.head);
        }
        if let Some((reading, _)) = submission.and_then(|one| one.message) {
            let original = &reading.head;
            //= PEC-3.1.5-02
            repeated(out, &occasion, Clause::PEC_3_1_5_02, head, original, "Received", "original");
            //= PEC-3.1.5-03
            repeated(out, &occasion, Clause::PEC_3_1_5_03, head, original, "To", "original");
            //= PEC-3.1.5-04
            repeated(out, &occasion, Clause::PEC_3_1_5_04, head, original, "Cc", "original");
            //= PEC-3.1.5-05
            repeated(out, &occasion, Clause::PEC_3_1_5_05, head, original, "Return-Path", "original");
            //= PEC-3.1.5-06
            //= PEC-2.1-08
            reply_to(out, &occasion, &[Clause::PEC_3_1_5_06, Clause::PEC_2_1_08], head, original);
            //= PEC-2.1-09
            if original.first("Reply-To").is_none() && !original.from.is_empty() {
                let list = |boxes: &[Mailbox]| boxes.iter().map(|one| one.address.clone()).collect::<Vec<_>>();
                let (from, given) = (list(&original.from), list(&head.reply_to));
                let is_author = |one: &String| from.iter().any(|author| same(author, one));
                let holds = !given.is_empty() && given.iter().all(is_author);
                let expected = format!("Reply-To {}, as From of the original", from.join(", "));
                occasion.holds(out, &[Clause::PEC_2_1_09], holds, &expected, &format!("Reply-To {}", given.join(", ")));
            }
        }
    }
}

/// A field of the source stands in the envelope with its value untouched. Trace fields may have others above them; for all
/// others the values are the same, in the same order. A source without the field shows nothing, unless the envelope has it.
pub(super) fn repeated(
    out: &mut Findings,
    occasion: &Occasion<'_>,
    clause: Clause,
    envelope: &Head,
    source: &Head,
    name: &str,
    what: &str,
) {
    let (given, asked) = (values(envelope, name), values(source, name));
    let is_trace = matches!(name, "Received" | "Return-Path");
    if asked.is_empty() && (is_trace || given.is_empty()) {
        return;
    }
    let holds = match name {
        "Received" => given.ends_with(&asked),
        "Return-Path" => asked.iter().all(|one| given.contains(one)),
        _ => given == asked,
    };
    let list =
        |values: &[Vec<u8>]| values.iter().map(|one| String::from_utf8_lossy(one)).collect::<Vec<_>>().join("; ");
    let expected = format!("{name} as in the {what}: {}", list(&asked));
    occasion.holds(out, &[clause], holds, &expected, &format!("{name}: {}", list(&given)));
}

fn reply_to(out: &mut Findings, occasion: &Occasion<'_>, clauses: &[Clause], envelope: &Head, source: &Head) {
    if source.first("Reply-To").is_some() {
        for clause in clauses {
            repeated(out, occasion, *clause, envelope, source, "Reply-To", "original");
        }
    }
}

fn values(head: &Head, name: &str) -> Vec<Vec<u8>> {
    head.all(name).map(|field| unfolded(field.raw())).collect()
}

fn request(view: &View<'_>, out: &mut Findings) {
    for envelope in envelopes(view) {
        let (Some(issuer), Some(submission)) = (envelope.issuer, view.story.submission_of(envelope)) else { continue };
        let asked = submission.message.and_then(|(reading, _)| reading.head.tipo_ricevuta.as_deref());
        let given = envelope.reading.head.tipo_ricevuta.as_deref();
        let occasion = Occasion::of(view, issuer, submission, [envelope.event]);
        let observed = format!("X-TipoRicevuta {}", quoted(given));
        match asked {
            Some(form @ ("completa" | "breve" | "sintetica")) => {
                //= PEC-3.3.2-10
                //= PEC-3.1.5-15
                let expected = format!("X-TipoRicevuta \"{form}\", as in the original");
                let both = &[Clause::PEC_3_1_5_15, Clause::PEC_3_3_2_10];
                occasion.holds(out, both, given == Some(form), &expected, &observed);
            }
            None => {
                let expected = "X-TipoRicevuta \"completa\" or none: the original asks for nothing";
                let holds = matches!(given, None | Some("completa"));
                occasion.holds(out, &[Clause::PEC_3_1_5_15], holds, expected, &observed);
            }
            // What an unknown word asks for the law does not say.
            Some(_) => {}
        }
    }
}

fn original(view: &View<'_>, out: &mut Findings) {
    for appearance in &view.story.appearances {
        bare(view, out, appearance);
        let (Kind::PostaCertificata, Some(submission)) = (appearance.kind(), view.story.submission_of(appearance))
        else {
            continue;
        };
        enclosed(view, out, appearance, submission);
        paths(view, out, appearance, submission);
    }
    for submission in &view.story.submissions {
        reaches_all(view, out, submission);
    }
}

/// Who is sent an envelope for one of his users is sent it for all to whom the original goes (R-0097). Whom nothing reached at
/// all is another row's affair.
//= PEC-3.1.5-19
fn reaches_all(view: &View<'_>, out: &mut Findings, submission: &Submission<'_>) {
    let own = submission.provider;
    for recipient in &submission.recipients {
        let Some(provider) = recipient.provider.filter(|provider| provider.name != own.name) else { continue };
        let to_him = |one: &&Appearance<'_>| one.transfer().is_some() && one.at_provider().name == provider.name;
        let crossed: Vec<_> = view.story.about(submission, Kind::PostaCertificata).filter(to_him).collect();
        let named = || crossed.iter().filter_map(|one| one.transfer()).flat_map(|transfer| &transfer.forward_paths);
        // One whom his provider would not have was asked for all the same.
        let is_asked = || view.trace.events.iter().any(|event| asks(event, &own.name, recipient.address));
        let is_reached = crossed.is_empty() || named().any(|one| same(&one.path, recipient.address)) || is_asked();
        if !is_reached && must_reach(view.story, submission, recipient) {
            let to: Vec<_> = named().map(|one| one.path.as_str()).collect();
            let expected = format!("a forward path for {}, as in the submission", recipient.address);
            let occasion = Occasion::of(view, own, submission, crossed.iter().map(|one| one.event)).by("R-0097");
            occasion.holds(out, &[Clause::PEC_3_1_5_19], false, &expected, &format!("to {} alone", to.join(", ")));
        }
    }
}

/// Whether a provider asks there to have a message taken for that address.
fn asks(event: &Event, client: &str, address: &str) -> bool {
    let What::Transfer(transfer) = &event.what else { return false };
    transfer.session.client == client && transfer.forward_paths.iter().any(|one| same(&one.path, address))
}

/// Each answers for what it sends or stores: who only passes on, for passing on what came.
//= PEC-DPR.11-02
//= PEC-3.1.5-17
fn enclosed(view: &View<'_>, out: &mut Findings, appearance: &Appearance<'_>, submission: &Submission<'_>) {
    let Some((_, submitted)) = submission.message else { return };
    let came = view.story.appearances.iter().find(|one| {
        one.first == appearance.first
            && matches!(one.place, Place::Wire { to, .. } if to.name == appearance.at_provider().name)
    });
    let (responsible, came) = match &appearance.place {
        Place::Wire { from, .. } => (*from, None),
        Place::Mailbox { provider, .. } => (Some(*provider), came.and_then(|came| came.reading.postacert.as_ref())),
    };
    let Some(responsible) = responsible else { return };
    let own = appearance.reading.postacert.as_ref().map(|enclosed| enclosed.octets.as_slice());
    let whole = own.is_some_and(|own| match came {
        Some(came) => same_octets(&came.octets, own),
        None => same_original(submitted, own),
    });
    let expected = "postacert.eml is the submitted message but for its identifiers and trace fields";
    let observed = match own {
        Some(own) => format!("{} octets submitted, {} enclosed", submitted.len(), own.len()),
        None => "no postacert.eml".to_owned(),
    };
    let occasion = Occasion::of(view, responsible, submission, [appearance.event]);
    occasion.holds(out, &[Clause::PEC_DPR_11_02], whole, expected, &observed);
    if responsible.name == submission.provider.name {
        occasion.holds(out, &[Clause::PEC_3_1_5_17], whole, expected, &observed);
    }
}

/// Nothing goes from provider to provider, or lies in a mailbox, bare. Reports of failure on the empty path are SMTP's own.
//= PEC-2.1.1.2-01
fn bare(view: &View<'_>, out: &mut Findings, appearance: &Appearance<'_>) {
    let responsible = match &appearance.place {
        Place::Wire { transfer, from: Some(from), .. }
            if !transfer.reverse_path.is_empty() && !is_forwarded(from, transfer) =>
        {
            *from
        }
        Place::Mailbox { provider, .. } => *provider,
        Place::Wire { .. } => return,
    };
    let is_enclosed = appearance.kind() != Kind::Ordinary;
    let is_envelope = matches!(appearance.kind(), Kind::PostaCertificata | Kind::Anomalia);
    if is_envelope || !is_enclosed {
        let occasion = Occasion::new(view, responsible, [appearance.event]).about(view.story.submission_of(appearance));
        let observed = format!("a message of kind {}", appearance.kind().wire());
        occasion.holds(out, &[Clause::PEC_2_1_1_2_01], is_enclosed, "an envelope, no bare message", &observed);
    }
}

/// Whether a mailbox's holder had it sent on: then it leaves the network as it came.
fn is_forwarded(from: &Provider, transfer: &Transfer) -> bool {
    let is_target =
        |path: &str| from.users.iter().any(|user| matches!(&user.ordinary, Ordinary::Forward { to } if same(to, path)));
    !transfer.forward_paths.is_empty() && transfer.forward_paths.iter().all(|forward| is_target(&forward.path))
}

//= PEC-3.1.5-19
fn paths(view: &View<'_>, out: &mut Findings, appearance: &Appearance<'_>, submission: &Submission<'_>) {
    let Place::Wire { transfer, from: Some(from), .. } = &appearance.place else { return };
    if from.name != submission.provider.name {
        return;
    }
    let is_ours = |path: &str| submission.recipients.iter().any(|one| same(one.address, path));
    let holds = same(&transfer.reverse_path, submission.sender())
        && transfer.forward_paths.iter().all(|forward| is_ours(&forward.path));
    let to = transfer.forward_paths.iter().map(|forward| forward.path.as_str()).collect::<Vec<_>>().join(", ");
    let expected = format!("from {}, to recipients of the submission", submission.sender());
    let observed = format!("from {}, to {to}", transfer.reverse_path);
    Occasion::of(view, from, submission, [appearance.event]).holds(
        out,
        &[Clause::PEC_3_1_5_19],
        holds,
        &expected,
        &observed,
    );
}
