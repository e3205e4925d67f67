//! What belongs to another run: a foreign provider lives through all of them, and several may go on at once.
//!
//! The harness gives each run's messages identifiers of their own, and a certified message names the one that it is about
//! (RFC 6109 §3): so much can be told without reading any.

use std::collections::BTreeSet;

use collaudo_record::{LogEntry, Trace, What};
use memchr::memmem::{find, find_iter};

use super::foreign::Foreign;

/// Behind the run's seed in each identifier of a message that a person's client made.
const CLIENT: &[u8] = b"@client.";

/// The fewest digits that make a seed.
const DIGITS: usize = 8;

/// Leaves out each transaction and each stored message that names messages of other runs, and none of this one; where
/// others look into the same mailbox, also what came there and names nobody of this run. Of the log's lines those stay that
/// are about what is left, or that name nobody else's message and somebody of this run.
pub(crate) fn leave_out(trace: &mut Trace, foreign: &Foreign) {
    let run = Run::of(trace, foreign);
    let bodies = &trace.bodies;
    let is_shared = |address: &String| foreign.mailboxes.iter().any(|one| one.is_shared && one.address == *address);
    let is_stray = |what: &What| {
        let (body, is_shared) = match what {
            What::Transfer(transfer) => (transfer.body.as_ref(), false),
            What::Stored { body, mailbox, .. } => (Some(body), is_shared(mailbox)),
            _ => return false,
        };
        let Some(octets) = body.and_then(|body| bodies.get(body)) else { return false };
        match whose(octets, &run.own) {
            Whose::Own => false,
            Whose::Others => true,
            Whose::Nobodys => is_shared && !run.people.iter().any(|word| find(octets, word.as_bytes()).is_some()),
        }
    };
    let strays: Vec<bool> = trace.events.iter().map(|event| is_stray(&event.what)).collect();
    retain(trace, strays);
    let known = identifiers(trace);
    let is_stray = |what: &What| matches!(what, What::Logged { entry, .. } if !run.owns(entry, &known));
    let strays = trace.events.iter().map(|event| is_stray(&event.what)).collect();
    retain(trace, strays);
}

fn retain(trace: &mut Trace, strays: Vec<bool>) {
    let mut strays = strays.into_iter();
    trace.events.retain(|_| !strays.next().unwrap_or_default());
}

/// What tells a run from the others.
struct Run {
    /// What the identifiers of its own messages hold.
    own: Vec<u8>,
    /// The ends of its people's addresses.
    people: Vec<String>,
}

impl Run {
    fn of(trace: &Trace, foreign: &Foreign) -> Self {
        let ours = trace.header.providers.iter().filter(|one| one.name != foreign.provider);
        let domains = ours.flat_map(|one| one.domains.iter().map(|domain| format!("@{domain}")));
        let people = foreign.mailboxes.iter().filter(|one| !one.is_shared).map(|one| one.address.clone());
        Self { own: format!("{:x}", trace.header.seed).into_bytes(), people: domains.chain(people).collect() }
    }

    /// Whether a line of the log belongs to it, by what its messages are called.
    fn owns(&self, entry: &LogEntry, known: &BTreeSet<String>) -> bool {
        let named = [&entry.pec_msgid, &entry.msgid].into_iter().flatten().chain(&entry.related);
        let named: Vec<_> = named.map(|id| id.trim_matches(['<', '>'])).collect();
        let theirs = |id: &&str| whose(id.as_bytes(), &self.own) == Whose::Others;
        match named.iter().any(|id| known.contains(*id) || whose(id.as_bytes(), &self.own) == Whose::Own) {
            true => true,
            false if named.iter().any(theirs) => false,
            false => std::iter::once(&entry.sender).chain(&entry.recipients).any(|one| self.has(one)),
        }
    }

    fn has(&self, address: &str) -> bool {
        let address = address.to_ascii_lowercase();
        self.people.iter().any(|end| address.ends_with(&end.to_ascii_lowercase()))
    }
}

/// What stands in angle brackets in the head of any message of a trace: identifiers, and addresses beside them.
fn identifiers(trace: &Trace) -> BTreeSet<String> {
    let bodies = trace.events.iter().filter_map(|event| match &event.what {
        What::Transfer(transfer) => transfer.body.as_ref(),
        What::Stored { body, .. } => Some(body),
        _ => None,
    });
    let octets = bodies.collect::<BTreeSet<_>>().into_iter().filter_map(|body| trace.bodies.get(body));
    octets.flat_map(|octets| bracketed(octets)).collect()
}

fn bracketed(octets: &[u8]) -> Vec<String> {
    let end = find(octets, b"\r\n\r\n").unwrap_or(octets.len());
    let head = octets.get(..end).unwrap_or_default();
    let closed = head.split(|octet| *octet == b'>').filter_map(|before| {
        let begin = before.iter().rposition(|octet| *octet == b'<')?;
        String::from_utf8(before.get(begin + 1..)?.to_vec()).ok()
    });
    closed.collect()
}

/// Whose messages are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// One of this run at least.
    Own,
    /// Those of other runs alone.
    Others,
    Nobodys,
}

/// Whose messages a text names.
pub(crate) fn whose(octets: &[u8], own: &[u8]) -> Whose {
    let mut found = Whose::Nobodys;
    for at in find_iter(octets, CLIENT) {
        let before = octets.get(..at).unwrap_or_default();
        let digits = before.iter().rev().take_while(|octet| octet.is_ascii_hexdigit()).count();
        let (rest, seed) = before.split_at(before.len() - digits);
        if digits >= DIGITS && rest.last() == Some(&b'.') {
            found = if found == Whose::Own || seed == own { Whose::Own } else { Whose::Others };
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &[u8] = b"5df6707a69608357";

    #[test]
    fn a_message_belongs_to_the_run_whose_message_it_names() {
        let named = |text: &str| whose(text.as_bytes(), OWN);
        assert_eq!(named("X-Riferimento-Message-ID: <m1.5df6707a69608357@client.alfa.test>\r\n"), Whose::Own);
        assert_eq!(named("X-Riferimento-Message-ID: <m1.6df6707a69608357@client.alfa.test>\r\n"), Whose::Others);
        assert_eq!(named("<m1.6df6707a69608357@client.a.test> <m2.5df6707a69608357@client.b.test>"), Whose::Own);
        assert_eq!(named("Message-ID: <sollecito@client.gamma.test>\r\n"), Whose::Nobodys, "somebody wrote that one");
        assert_eq!(named("Message-ID: <m1.feed@client.gamma.test>\r\n"), Whose::Nobodys);
        assert_eq!(named("@client."), Whose::Nobodys);
    }

    #[test]
    fn a_line_belongs_to_the_run_whose_message_it_is_about() {
        let run = Run { own: OWN.to_vec(), people: vec!["@alfa-2.test".into(), "due@pec.test".into()] };
        let head = b"Message-ID: <opec7@pec.test>\r\nReply-To: a <anna@alfa-2.test>\r\n\r\n<no@head>";
        let known = BTreeSet::from_iter(bracketed(head));
        let owns = |pec: &str, msgid: &str, related: &str, recipient: &str| {
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let entry = LogEntry {
                event: "consegna".into(),
                pec_msgid: some(pec),
                msgid: some(msgid),
                sender: "uno@pec.test".into(),
                recipients: some(recipient).into_iter().collect(),
                subject: String::new(),
                related: some(related).into_iter().collect(),
                sending_provider: String::new(),
                at: collaudo_record::Instant(0),
            };
            run.owns(&entry, &known)
        };
        let (own, other) = ("<m1.5df6707a69608357@client.a.test>", "<m1.6df6707a69608357@client.a.test>");
        assert!(owns("opec9@pec.test", own, "", ""), "its message");
        assert!(owns("opec7@pec.test", "", "", "") && owns("", "", "<opec7@pec.test>", ""), "what was made of it");
        assert!(!owns("opec9@pec.test", other, "", "due@pec.test"), "another run's, whoever gets it");
        assert!(!owns("no@head", "", "", "tre@pec.test"), "nobody's of this run");
        assert!(owns("opec9@pec.test", "", "", "Due@pec.test") && owns("", "", "", "x@alfa-2.test"), "its people's");
    }
}
