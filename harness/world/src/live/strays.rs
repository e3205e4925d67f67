//! What belongs to another run: a foreign provider lives through all of them, and several may go on at once.
//!
//! The harness gives each run's messages identifiers of their own, and a certified message names the one that it is about
//! (RFC 6109 §3): so much can be told without reading any.

use collaudo_record::{Trace, What};
use memchr::memmem::{find, find_iter};

use super::foreign::Foreign;

/// Behind the run's seed in each identifier of a message that a person's client made.
const CLIENT: &[u8] = b"@client.";

/// The fewest digits that make a seed.
const DIGITS: usize = 8;

/// Leaves out each transaction and each stored message that names messages of other runs, and none of this one; where
/// others look into the same mailbox, also what came there and names nobody of this run.
pub(crate) fn leave_out(trace: &mut Trace, foreign: &Foreign) {
    let own = format!("{:x}", trace.header.seed).into_bytes();
    let (providers, bodies) = (&trace.header.providers, &trace.bodies);
    let domains =
        providers.iter().filter(|one| one.name != foreign.provider).flat_map(|one| one.domains.iter().cloned());
    let people = foreign.mailboxes.iter().filter(|one| !one.is_shared).map(|one| one.address.clone());
    let ours: Vec<_> = domains.map(|domain| format!("@{domain}")).chain(people).collect();
    let is_shared = |address: &String| foreign.mailboxes.iter().any(|one| one.is_shared && one.address == *address);
    let is_stray = |what: &What| {
        let (body, is_shared) = match what {
            What::Transfer(transfer) => (transfer.body.as_ref(), false),
            What::Stored { body, mailbox, .. } => (Some(body), is_shared(mailbox)),
            _ => return false,
        };
        let Some(octets) = body.and_then(|body| bodies.get(body)) else { return false };
        match belongs(octets, &own) {
            Some(is_own) => !is_own,
            None => is_shared && !ours.iter().any(|word| find(octets, word.as_bytes()).is_some()),
        }
    };
    let strays: Vec<bool> = trace.events.iter().map(|event| is_stray(&event.what)).collect();
    let mut strays = strays.into_iter();
    trace.events.retain(|_| !strays.next().unwrap_or_default());
}

/// Whether a message names one of the run's own; none where it names nobody's.
fn belongs(octets: &[u8], own: &[u8]) -> Option<bool> {
    let mut found = None;
    for at in find_iter(octets, CLIENT) {
        let before = octets.get(..at).unwrap_or_default();
        let digits = before.iter().rev().take_while(|octet| octet.is_ascii_hexdigit()).count();
        let (rest, seed) = before.split_at(before.len() - digits);
        if digits >= DIGITS && rest.last() == Some(&b'.') {
            found = Some(found == Some(true) || seed == own);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_belongs_to_the_run_whose_message_it_names() {
        let own = b"5df6707a69608357";
        let named = |text: &str| belongs(text.as_bytes(), own);
        assert_eq!(named("X-Riferimento-Message-ID: <m1.5df6707a69608357@client.alfa.test>\r\n"), Some(true));
        assert_eq!(named("X-Riferimento-Message-ID: <m1.6df6707a69608357@client.alfa.test>\r\n"), Some(false));
        assert_eq!(named("<m1.6df6707a69608357@client.a.test> <m2.5df6707a69608357@client.b.test>"), Some(true));
        assert_eq!(named("Message-ID: <sollecito@client.gamma.test>\r\n"), None, "somebody wrote that one");
        assert_eq!(named("Message-ID: <m1.feed@client.gamma.test>\r\n"), None);
        assert_eq!(named("@client."), None);
    }
}
