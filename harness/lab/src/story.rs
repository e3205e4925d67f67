//! What crossed a lab, as a person looks at it: messages, and with each the receipts that answer it. Of a message its header
//! is read, and the certification data where the header is silent; nothing is judged.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use collaudo_forge::{Entity, Xml, decode_words, open};
use collaudo_record::{BodyHash, Event, Instant, Transfer, What};

/// A message, as its header has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    /// The wire value, `anomalia` or `ordinary`.
    pub(crate) kind: String,
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) subject: String,
    pub(crate) octets: usize,
    /// What it calls itself and what it is about, without angle brackets.
    names: Vec<String>,
}

/// A message that goes from somewhere to somewhere.
#[derive(Clone, Debug)]
pub(crate) struct Hop {
    pub(crate) at: Instant,
    /// A mailbox's address, a host's name.
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) body: BodyHash,
    /// The reply that refused it, or put it off.
    pub(crate) refused: Option<String>,
    /// How often in a row.
    pub(crate) times: u32,
}

/// A submitted message and all that came of it.
#[derive(Clone, Debug)]
pub(crate) struct Thread {
    /// In the order of events.
    pub(crate) hops: Vec<Hop>,
}

/// All that crossed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    /// In the order in which they began.
    pub(crate) threads: Vec<Thread>,
    pub(crate) messages: BTreeMap<BodyHash, Arc<Message>>,
}

impl Story {
    /// Reads the events of a trace; `message` gives what an event names.
    pub(crate) fn of(events: &[Event], mut message: impl FnMut(&BodyHash) -> Option<Arc<Message>>) -> Self {
        let mut story = Self::default();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut hops: Vec<_> = events.iter().filter_map(hop).collect();
        // A transaction is seen when its last reply is, and by then what it brought about has been stored.
        hops.sort_by_key(|hop| hop.at);
        for hop in hops {
            let Some(read) = message(&hop.body) else { continue };
            let place = read.names.iter().find_map(|name| known.get(name).copied());
            let place = place.unwrap_or_else(|| {
                story.threads.push(Thread { hops: Vec::new() });
                story.threads.len() - 1
            });
            for name in &read.names {
                known.entry(name.clone()).or_insert(place);
            }
            story.messages.insert(hop.body.clone(), read);
            if let Some(thread) = story.threads.get_mut(place) {
                thread.add(hop);
            }
        }
        story
    }

    /// What its body says.
    pub(crate) fn message(&self, body: &BodyHash) -> Option<&Message> {
        self.messages.get(body).map(|message| &**message)
    }
}

impl Thread {
    fn add(&mut self, hop: Hop) {
        let same = |last: &Hop| {
            hop.refused.is_some() && last.refused == hop.refused && last.from == hop.from && last.to == hop.to
        };
        match self.hops.last_mut().filter(|last| same(last)) {
            Some(last) => last.times += 1,
            None => self.hops.push(hop),
        }
    }

    /// Everyone between whom something went, in the order in which they come up.
    pub(crate) fn places(&self) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        let all = self.hops.iter().flat_map(|hop| [hop.from.as_str(), hop.to.as_str()]);
        all.filter(|place| seen.insert(*place)).collect()
    }
}

impl Message {
    /// Reads the header, and what certification data says where a receipt's header names no message.
    pub(crate) fn read(octets: &[u8]) -> Self {
        let fields = Entity::read(octets).fields;
        let get = |name: &str| fields.get(name).map(|value| value.trim().to_owned());
        let text = |name: &str| get(name).map(|value| decode_words(&value)).unwrap_or_default();
        let kind = match (get("X-Ricevuta"), get("X-Trasporto")) {
            (Some(kind), _) => kind.to_ascii_lowercase(),
            (None, Some(kind)) if kind.eq_ignore_ascii_case("errore") => "anomalia".into(),
            (None, Some(kind)) => kind.to_ascii_lowercase(),
            (None, None) => "ordinary".into(),
        };
        let mut names: Vec<_> = ["X-Riferimento-Message-ID", "Message-ID"].into_iter().filter_map(get).collect();
        if kind != "ordinary" {
            let data = open(octets).ok().and_then(|opened| opened.daticert()).map(Xml);
            names
                .extend(data.iter().flat_map(|data| ["msgid", "identificativo"].map(|name| data.text(name))).flatten());
        }
        names.iter_mut().for_each(|name| *name = name.trim_matches(['<', '>', ' ']).to_owned());
        names.retain(|name| !name.is_empty());
        let to = ["To", "Cc"].map(text).join(",");
        Self {
            kind,
            from: text("From"),
            to: to.split(',').map(|to| to.trim().to_owned()).filter(|to| !to.is_empty()).collect(),
            subject: text("Subject"),
            octets: octets.len(),
            names,
        }
    }
}

fn hop(event: &Event) -> Option<Hop> {
    match &event.what {
        What::Transfer(transfer) => transferred(transfer.body_at.unwrap_or(event.at), transfer),
        What::Stored { provider, mailbox, body } => Some(Hop {
            at: event.at,
            from: provider.clone(),
            to: mailbox.clone(),
            body: body.clone(),
            refused: None,
            times: 1,
        }),
        _ => None,
    }
}

fn transferred(at: Instant, transfer: &Transfer) -> Option<Hop> {
    let refused = match &transfer.reply {
        Some(reply) if reply.code < 400 => None,
        Some(reply) => Some(format!("{} {}", reply.code, reply.text)),
        None => Some("broken off".to_owned()),
    };
    Some(Hop {
        at,
        from: transfer.account.clone().unwrap_or_else(|| transfer.session.client.clone()),
        to: transfer.session.server.clone(),
        body: transfer.body.clone()?,
        refused,
        times: 1,
    })
}

#[cfg(test)]
mod tests {
    use collaudo_record::Basis;

    use super::*;

    fn stored(at: i64, body: &str) -> Event {
        let what = What::Stored {
            provider: "alfa".into(),
            mailbox: "anna@alfa.test".into(),
            body: BodyHash::of(body.as_bytes()),
        };
        Event { at: Instant(at), basis: Basis::Declared, what }
    }

    #[test]
    fn receipts_stand_with_the_message_that_they_are_about() {
        let bodies = [
            "Message-ID: <m1@client>\r\nFrom: anna@alfa.test\r\nTo: b@beta.test, c@beta.test\r\n\r\n",
            "Message-ID: <m2@client>\r\n\r\n",
            "X-Ricevuta: accettazione\r\nX-Riferimento-Message-ID: <m1@client>\r\nMessage-ID: <r1@alfa>\r\n\r\n",
        ];
        let events: Vec<_> = bodies.iter().zip(1..).map(|(body, at)| stored(at, body)).collect();
        let find = |hash: &BodyHash| {
            let found = bodies.iter().find(|body| BodyHash::of(body.as_bytes()) == *hash)?;
            Some(Arc::new(Message::read(found.as_bytes())))
        };
        let story = Story::of(&events, find);
        let kinds = |thread: &Thread| {
            let kinds = thread.hops.iter().filter_map(|hop| Some(story.message(&hop.body)?.kind.clone()));
            kinds.collect::<Vec<_>>()
        };
        assert_eq!(
            story.threads.iter().map(kinds).collect::<Vec<_>>(),
            [vec!["ordinary", "accettazione"], vec!["ordinary"]]
        );
        assert_eq!(story.threads[0].places(), ["alfa", "anna@alfa.test"]);
        assert_eq!(story.message(&BodyHash::of(bodies[0].as_bytes())).map(|m| m.to.len()), Some(2));
    }

    #[test]
    fn what_is_put_off_again_and_again_is_one_line() {
        let hop = |at| Hop {
            at: Instant(at),
            from: "alfa".into(),
            to: "beta".into(),
            body: BodyHash::of(b""),
            refused: Some("451 later".into()),
            times: 1,
        };
        let mut thread = Thread { hops: Vec::new() };
        (0..5).for_each(|at| thread.add(hop(at)));
        assert_eq!(thread.hops.iter().map(|hop| hop.times).collect::<Vec<_>>(), [5]);
    }
}
