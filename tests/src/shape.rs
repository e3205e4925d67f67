//! What two runs of one plan have in common whatever they stand on (docs/decisions/0021): no instants, no numbers of
//! sessions, no ports of clients, no octets of the wire, no words of a reply, no order between what different steps began.

use std::collections::BTreeMap;

use collaudo_record::{Anatomy, BodyHash, Judgement, Reply, Session, Trace, Transfer, What};

/// By what it is about (a road, a mailbox, a host), what was seen there; sorted, but for a host's or a fault's own ups and
/// downs, and for what one step has brought about within one session.
pub type Shape = BTreeMap<String, Vec<String>>;

/// The shape of a trace; kinds of messages, and the steps that they are about, as the judge read them.
pub fn shape(trace: &Trace, judgement: &Judgement) -> Shape {
    let reader = Reader { messages: judgement.messages.iter().map(|message| (&message.body, message)).collect() };
    let mut sessions: BTreeMap<&Session, Vec<(Option<&str>, String)>> = BTreeMap::new();
    let mut shape = Shape::new();
    let mut note = |about: String, what: String| shape.entry(about).or_default().push(what);
    for event in &trace.events {
        match &event.what {
            What::Opened(session) => drop(sessions.entry(session).or_default()),
            What::Secured(session) => sessions.entry(session).or_default().push((None, "TLS".into())),
            What::Announced { session, extensions } => {
                sessions.entry(session).or_default().push((None, format!("announces {}", extensions.join(", "))));
            }
            What::Transfer(transfer) => {
                sessions.entry(&transfer.session).or_default().push((reader.step(transfer), reader.transfer(transfer)));
            }
            What::Stored { mailbox, body, .. } => note(format!("mailbox {mailbox}"), reader.message(body)),
            What::Retained { provider, body } => note(format!("put aside at {provider}"), reader.message(body)),
            What::Sealed { provider, day, .. } => note(format!("seals of {provider}"), day.clone()),
            What::Entered { visit, admitted, .. } => note(format!("visit {visit}"), format!("admitted: {admitted}")),
            What::Fetched { visit, body, .. } => note(format!("visit {visit}"), reader.message(body)),
            What::Logged { provider, entry } => {
                note(format!("log of {provider}"), format!("{} of {}", entry.event, entry.sender));
            }
            What::Consulted { host, document, over, body } => {
                note(format!("documents at {host}"), format!("{document} over {over}: {}", body.is_some()));
            }
            What::Requested(request) => {
                note(format!("requests of {}", request.host), format!("{}: {:?}", request.document, request.status));
            }
            What::Published { document, body } => note(format!("published {document}"), body.is_some().to_string()),
            What::Resolved { host, domain, .. } => note(format!("resolved by {host}"), domain.clone()),
            What::Host { host, up } => note(format!("host {host}"), format!("up: {up}")),
            What::Fault { fault, kind, phase, .. } => note(format!("fault {fault}"), format!("{kind} {phase:?}")),
            What::StepFailed { step, .. } => note("steps that failed".into(), step.clone()),
            What::Terms(_) | What::Closed { .. } => {}
        }
    }
    for (Session { client, server, port, .. }, mut seen) in sessions {
        // What different steps began goes its way in either order.
        seen.sort_by_key(|(step, _)| *step);
        let seen: Vec<_> = seen.into_iter().map(|(_, seen)| seen).collect();
        shape.entry(format!("{client} to {server}:{port}")).or_default().push(seen.join("; "));
    }
    let keeps_order = |about: &str| about.starts_with("host ") || about.starts_with("fault ");
    shape.iter_mut().filter(|(about, _)| !keeps_order(about)).for_each(|(_, seen)| seen.sort());
    shape
}

/// Where two shapes differ, for people; empty where they are one.
pub fn differences(one: &Shape, other: &Shape) -> Vec<String> {
    let nothing = Vec::new();
    let abouts: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let mut differences = Vec::new();
    for about in abouts {
        let (mut left, mut right) =
            (one.get(about).unwrap_or(&nothing).clone(), other.get(about).unwrap_or(&nothing).clone());
        if left == right {
            continue;
        }
        left.retain(|seen| match right.iter().position(|there| there == seen) {
            Some(place) => {
                right.remove(place);
                false
            }
            None => true,
        });
        differences.push(format!("{about}: only here {left:?}; only there {right:?}"));
    }
    differences
}

struct Reader<'a> {
    messages: BTreeMap<&'a BodyHash, &'a Anatomy>,
}

impl Reader<'_> {
    fn message(&self, body: &BodyHash) -> String {
        let message = self.messages.get(body);
        message.map_or_else(|| "octets".into(), |m| format!("{} of {}", m.kind, m.step.as_deref().unwrap_or("nothing")))
    }

    /// The step that a transaction is about.
    fn step(&self, transfer: &Transfer) -> Option<&str> {
        let message = transfer.body.as_ref().and_then(|body| self.messages.get(body));
        message.and_then(|message| message.step.as_deref())
    }

    fn transfer(&self, transfer: &Transfer) -> String {
        let Transfer { step, secured, account, reverse_path, reverse_reply, forward_paths, body, reply, .. } = transfer;
        let code = |reply: &Option<Reply>| reply.as_ref().map_or(0, |reply| reply.code);
        let mut paths: Vec<_> =
            forward_paths.iter().map(|forward| format!("{} {}", forward.path, code(&forward.reply))).collect();
        paths.sort();
        format!(
            "step {step:?}, TLS {secured}, account {account:?}, from <{reverse_path}> {}, to {paths:?}, {}: {}",
            code(reverse_reply),
            body.as_ref().map_or_else(|| "no message".into(), |body| self.message(body)),
            code(reply)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(about: &str, seen: &[&str]) -> Shape {
        [(about.to_owned(), seen.iter().map(|seen| (*seen).to_owned()).collect())].into()
    }

    #[test]
    fn what_is_seen_more_often_is_a_difference() {
        let (one, two) = (shape("mailbox a", &["x", "y", "y"]), shape("mailbox a", &["x", "y"]));
        assert_eq!(differences(&one, &two), ["mailbox a: only here [\"y\"]; only there []"]);
        assert_eq!(differences(&one, &one), [""; 0]);
    }

    #[test]
    fn what_is_about_another_is_a_difference() {
        let (one, two) = (shape("mailbox a", &["x"]), shape("mailbox b", &["x"]));
        assert_eq!(differences(&one, &two).len(), 2);
    }
}
