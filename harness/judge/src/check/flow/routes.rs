use std::collections::BTreeSet;

use collaudo_record::Provider;

use super::{Check, Findings, Occasion, View};
use crate::{
    Clause,
    reading::{Certificate, Kind},
    story::{
        Appearance, Place, Submission,
        address::{domain, same},
    },
};

/// Receipts go to the reverse path, whatever Reply-To says.
pub(super) const SENDER: Check = Check { clauses: &[Clause::PEC_2_1_10, Clause::PEC_2_1_11], run: sender };

/// Sender and recipients are certified as SMTP had them, and recipients told apart by the index.
pub(super) const CERTIFIED: Check = Check { clauses: &[Clause::PEC_2_1_13, Clause::PEC_2_2_1_07], run: certified };

/// What the system makes is receipt, notice or envelope, and comes from one address.
pub(super) const FAMILIES: Check = Check { clauses: &[Clause::PEC_DM_6_01, Clause::PEC_2_2_6_01], run: families };

fn is_for_the_sender(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Accettazione
            | Kind::NonAccettazione
            | Kind::AvvenutaConsegna
            | Kind::ErroreConsegna
            | Kind::PreavvisoErroreConsegna
    )
}

fn sender(view: &View<'_>, out: &mut Findings) {
    for receipt in view.story.appearances.iter().filter(|one| is_for_the_sender(one.kind())) {
        let (Some(submission), Some(issuer)) = (view.story.submission_of(receipt), receipt.issuer) else { continue };
        let reverse_path = submission.sender();
        let went: Vec<&str> = match &receipt.place {
            Place::Wire { transfer, .. } => {
                transfer.forward_paths.iter().map(|forward| forward.path.as_str()).collect()
            }
            Place::Mailbox { mailbox, .. } => vec![mailbox],
        };
        let routed = !went.is_empty() && went.iter().all(|path| same(path, reverse_path));
        let named = receipt.reading.head.to.iter().map(|to| to.address.as_str()).collect::<Vec<_>>();
        let addressed = matches!(named.as_slice(), [one] if same(one, reverse_path));
        let occasion = Occasion::of(view, issuer, submission, [receipt.event]);
        let expected = format!("{} goes to {reverse_path}, the reverse path of the submission", receipt.kind().wire());
        let observed = format!("went to {}, To {}", went.join(", "), named.join(", "));
        //= PEC-2.1-10
        occasion.holds(out, &[Clause::PEC_2_1_10], routed && addressed, &expected, &observed);
        //= PEC-2.1-11
        if replies_elsewhere(submission) {
            occasion.holds(out, &[Clause::PEC_2_1_11], routed, &expected, &observed);
        }
    }
}

fn replies_elsewhere(submission: &Submission<'_>) -> bool {
    submission.message.is_some_and(|(reading, _)| {
        let reply_to = &reading.head.reply_to;
        !reply_to.is_empty() && !reply_to.iter().any(|one| same(&one.address, submission.sender()))
    })
}

fn certified(view: &View<'_>, out: &mut Findings) {
    for message in view.story.messages() {
        let (Some(issuer), Some(daticert)) = (message.issuer, &message.reading.daticert) else { continue };
        let submission = view.story.submission_of(message);
        if let Some(submission) = submission {
            //= PEC-2.1-13
            let mittente = daticert.mittente.as_deref().unwrap_or_default();
            let named: BTreeSet<_> = daticert.destinatari.iter().map(|(one, _)| one.to_ascii_lowercase()).collect();
            let asked: BTreeSet<_> = submission.recipients.iter().map(|one| one.address.to_ascii_lowercase()).collect();
            let holds = same(mittente, submission.sender()) && named == asked;
            let list = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
            let expected = format!("mittente {}, destinatari {}: the SMTP paths", submission.sender(), list(&asked));
            let observed = format!("mittente {mittente}, destinatari {}", list(&named));
            Occasion::of(view, issuer, submission, [message.event]).holds(
                out,
                &[Clause::PEC_2_1_13],
                holds,
                &expected,
                &observed,
            );
        }
        if matches!(message.kind(), Kind::Accettazione | Kind::PostaCertificata) {
            let occasion = Occasion::new(view, issuer, [message.event]).about(submission);
            by_index(view, out, &occasion, message);
        }
    }
}

//= PEC-2.2.1-07
fn by_index(view: &View<'_>, out: &mut Findings, occasion: &Occasion<'_>, message: &Appearance<'_>) {
    let Some(issuer) = message.issuer else { return };
    // Recipients are looked up when the message is accepted.
    let event = view.story.submission_of(message).map_or(message.event, |submission| submission.event);
    if !view.library.has_index(&issuer.name, event) {
        return;
    }
    let index = view.library.index(&issuer.name, event);
    for (address, tipo) in message.reading.daticert.iter().flat_map(|daticert| &daticert.destinatari) {
        let domain = domain(address);
        // Where the index cannot be read the topology says who manages what.
        let listed = match index.records.is_empty() {
            true => view.story.providers.managing(&domain).is_some(),
            false => index.managing(&domain).is_some(),
        };
        let right = if listed { "certificato" } else { "esterno" };
        let expected = format!("{address} is {right} by the index");
        let observed = format!("{address} is {tipo} in {}", message.kind().wire());
        occasion.holds(out, &[Clause::PEC_2_2_1_07], tipo == right, &expected, &observed);
    }
}

/// The certificate that signed a message, where the index says that it is its issuer's own.
fn own_certificate<'v>(view: &View<'_>, message: &Appearance<'v>, issuer: &Provider) -> Option<&'v Certificate> {
    let signer = message.reading.signature.as_ref()?.signer.as_ref()?;
    let record = view.index.listing(&signer.der)?;
    (record.name == issuer.display_name).then_some(signer)
}

fn families(view: &View<'_>, out: &mut Findings) {
    for message in view.story.messages().filter(|one| one.kind() != Kind::Ordinary) {
        let Some(issuer) = message.issuer else { continue };
        let head = &message.reading.head;
        let occasion = Occasion::new(view, issuer, [message.event]).about(view.story.submission_of(message));
        //= PEC-DM.6-01
        let marks: Vec<_> =
            head.all("X-Ricevuta").chain(head.all("X-Trasporto")).map(|one| one.value().trim()).collect();
        let expected = "one X-Ricevuta or X-Trasporto, with a value that names a kind";
        let observed = format!("{} on {}", marks.join(", "), message.kind().wire());
        let tells = matches!(marks.as_slice(), [one] if Kind::is_named(one));
        occasion.holds(out, &[Clause::PEC_DM_6_01], tells, expected, &observed);
        //= PEC-2.2.6-01
        let from = head.from.iter().map(|from| from.address.as_str()).collect::<Vec<_>>();
        let own = issuer.certified_address.as_str();
        let certificate = own_certificate(view, message, issuer);
        let is_listed = certificate.is_none_or(|one| one.rfc822_names.iter().any(|name| same(name, own)));
        let holds = matches!(from.as_slice(), [one] if same(one, own)) && is_listed;
        let expected = format!("From {own}, which the provider's certificate lists");
        let listed = certificate.map_or_else(|| "not seen".to_owned(), |one| one.rfc822_names.join(", "));
        let observed = format!("From {}, certificate: {listed}", from.join(", "));
        occasion.holds(out, &[Clause::PEC_2_2_6_01], holds, &expected, &observed);
    }
}
