//! Mail that is not certified: messages of other providers that are no envelopes, and ordinary mail (§3.2.2).

use std::sync::Arc;

use collaudo_node::{Body, BodyId, ConnId, Timestamp};

use super::{
    act::{Act, Place, Then},
    journal::{About, Carries},
    ledger::fold,
    message::{self, Draft, Message, anomaly, domain_of},
    provider::{Provider, stamp},
    reception::{BUSY, FULL, Fresh, UNKNOWN, replica},
    smtp::{Arrival, is_mailbox},
};
use crate::Ordinary;

const REFUSED: &str = "550 5.7.1 Posta ordinaria non ammessa";
const INFECTED: &str = "554 5.7.1 Messaggio rifiutato per problemi di sicurezza";
const LOOP: &str = "554 5.4.6 Troppi passaggi";
/// Hosts that a message may have passed; RFC 5321 §6.3 asks for 100 at least.
const HOPS: usize = 100;

/// What becomes of ordinary mail for one recipient.
enum Way {
    Unknown,
    Refused,
    /// Into this mailbox, in an anomaly envelope.
    Wrapped(String),
    /// On to this address.
    Forward(String),
}

impl Provider {
    /// A message that a provider signed and that is no correct envelope or receipt.
    pub(super) fn take_anomaly(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        arrival: &Arrival,
        provider: &str,
        reason: &str,
    ) -> Result<Act, &'static str> {
        let wrapped = self.wrap(now, arrival, reason);
        let about = about(arrival, provider, Some(wrapped.message_id()));
        let users = self.users(arrival);
        if users.is_empty() {
            return Ok(refused(now, conn, &about, "casella-inesistente", UNKNOWN));
        }
        let identity = BodyId::of(&arrival.bytes);
        let Fresh::Recipients(fresh) = self.fresh(identity, users.into_iter()) else { return Err(BUSY) };
        if fresh.is_empty() {
            return Ok(replica(now, conn, &about));
        }
        if !fresh.iter().any(|user| self.has_room(user, Some(&wrapped))) {
            return Ok(refused(now, conn, &about, "casella-piena", FULL));
        }
        //= PEC-2.2.2-07
        //= PEC-3.2.2-01
        //= PEC-2.2.3-03
        //= PEC-3.3.2-03
        let mut act = Act::new(now, Then::Answer(conn));
        for stranger in arrival.recipients.iter().filter(|address| self.ledger.mailbox(address).is_none()) {
            act.log("casella-inesistente", &about.for_mailbox(stranger), Vec::new());
        }
        fresh.iter().for_each(|user| self.hold_seen(&mut act, identity, user));
        act.make("anomalia", &about, wrapped, fresh.into_iter().map(Place::Mailbox).collect());
        Ok(act)
    }

    /// Ordinary mail, which each user has treated in a way of their own.
    //= PEC-2.2.2-08
    //= PEC-2.2.2-09
    //= PEC-3.2.2-01
    //= PEC-PRACT-04
    pub(super) fn take_ordinary(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        arrival: &Arrival,
        reason: &str,
    ) -> Result<Act, &'static str> {
        let mut about = about(arrival, "", None);
        if Message::read_leniently(arrival.bytes.clone()).all("Received").count() > HOPS {
            return Ok(refused(now, conn, &about, "rifiuto", LOOP));
        }
        let identity = BodyId::of(&arrival.bytes);
        let Fresh::Recipients(fresh) = self.fresh(identity, arrival.recipients.iter().cloned()) else {
            return Err(BUSY);
        };
        if fresh.is_empty() {
            return Ok(replica(now, conn, &about));
        }
        let mut wrapped = None;
        if fresh.iter().any(|recipient| matches!(self.way(recipient), Way::Wrapped(_))) {
            let draft = self.wrap(now, arrival, reason);
            Arc::make_mut(&mut about).msgid = Some(format!("<{}>", draft.message_id()));
            wrapped = Some(draft);
        }
        let mut act = Act::new(now, Then::Refuse(conn, UNKNOWN));
        let mut mailboxes: Vec<String> = Vec::new();
        for recipient in &fresh {
            let about = about.for_mailbox(recipient);
            match self.way(recipient) {
                //= PEC-2.2.3-06
                Way::Unknown => act.log("casella-inesistente", &about, Vec::new()),
                //= PEC-3.2.2-17
                Way::Refused => {
                    act.refuse_with(REFUSED);
                    act.log("rifiuto", &about, Vec::new());
                }
                Way::Wrapped(mailbox) if !self.has_room(&mailbox, wrapped.as_ref()) => {
                    act.refuse_with(FULL);
                    act.log("casella-piena", &about, Vec::new());
                }
                Way::Wrapped(mailbox) => {
                    act.then = Then::Answer(conn);
                    self.hold_seen(&mut act, identity, recipient);
                    if !mailboxes.contains(&mailbox) {
                        mailboxes.push(mailbox);
                    }
                }
                Way::Forward(to) => {
                    act.then = Then::Answer(conn);
                    self.hold_seen(&mut act, identity, recipient);
                    self.forward(&mut act, arrival, &about, to);
                }
            }
        }
        if let Some(wrapped) = wrapped.filter(|_| !mailboxes.is_empty()) {
            act.make("anomalia", &about, wrapped, mailboxes.into_iter().map(Place::Mailbox).collect());
        }
        Ok(act)
    }

    /// Ordinary mail, or a provider's message that is no envelope, in which the scanner found something: it stays
    /// outside. That a provider signed it makes it one to be put aside.
    //= PEC-2.2.2-20
    //= PEC-2.2.2-21
    pub(super) fn turn_away(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        arrival: &Arrival,
        provider: &str,
        threat: &str,
    ) -> Act {
        let mut act = refused(now, conn, &about(arrival, provider, None), "virus", INFECTED);
        act.note("virus", threat);
        if !provider.is_empty() {
            act.put_aside(Body::new(arrival.bytes.clone()));
        }
        act
    }

    /// Whether all whom it is for refuse ordinary mail, so that nobody needs to look into it.
    pub(super) fn refuses(&self, arrival: &Arrival) -> bool {
        !arrival.recipients.iter().any(|to| matches!(self.way(to), Way::Wrapped(_) | Way::Forward(_)))
    }

    fn way(&self, recipient: &str) -> Way {
        match self.ledger.ordinary(recipient) {
            None => Way::Unknown,
            Some(Ordinary::Refuse) => Way::Refused,
            Some(Ordinary::Anomaly) => Way::Wrapped(fold(recipient)),
            // Inside the house it goes one step and no further: two users who forward to each other make no loop.
            Some(Ordinary::Forward { to }) if self.ledger.manages(to) => match self.ledger.ordinary(to) {
                Some(Ordinary::Anomaly) => Way::Wrapped(fold(to)),
                _ => Way::Refused,
            },
            Some(Ordinary::Forward { to }) if is_mailbox(to) => Way::Forward(to.clone()),
            Some(Ordinary::Forward { .. }) => Way::Refused,
        }
    }

    /// Sends a message on as it is: nothing is stored, and nobody is told anything.
    fn forward(&mut self, act: &mut Act, arrival: &Arrival, about: &Arc<About>, to: String) {
        let body = Body::new(arrival.bytes.clone());
        act.log("inoltro", about, Vec::new());
        let domain = fold(domain_of(&to).unwrap_or_default());
        let place = Place::Queue {
            reverse: arrival.reverse.clone(),
            recipients: vec![to],
            domain,
            secure: false,
            carries: Box::new(Carries::Ordinary { about: about.clone() }),
        };
        self.lay(act, &body, about, place);
        act.keep(body);
    }

    fn wrap(&mut self, now: Timestamp, arrival: &Arrival, reason: &str) -> Draft {
        let id = self.new_id(now);
        anomaly(&self.issuer, stamp(&id, now), outlined(arrival, reason))
    }

    fn has_room(&self, user: &str, wrapped: Option<&Draft>) -> bool {
        self.ledger.room(user).is_none_or(|room| wrapped.is_some_and(|wrapped| room >= wrapped.octets() as u64))
    }
}

fn outlined<'a>(arrival: &'a Arrival, reason: &'a str) -> message::Arrival<'a> {
    let Arrival { reverse, recipients, bytes } = arrival;
    message::Arrival { received: bytes, sender: reverse, recipients, reason }
}

/// What the log says of a message without certification data.
//= PEC-2.3-02
//= PEC-2.3-06
fn about(arrival: &Arrival, provider: &str, id: Option<&str>) -> Arc<About> {
    let received = Message::read_leniently(arrival.bytes.clone());
    let found = || received.get("Message-ID").map(|field| field.text());
    Arc::new(About {
        pec_msgid: None,
        msgid: id.map(|id| format!("<{id}>")).or_else(found),
        sender: outlined(arrival, "").author(&received),
        recipients: arrival.recipients.clone(),
        subject: received.subject().map(|subject| subject.text),
        sending_provider: provider.to_owned(),
    })
}

/// A message that is not taken: logged, and refused once the log has it.
fn refused(now: Timestamp, conn: ConnId, about: &Arc<About>, event: &str, reply: &'static str) -> Act {
    let mut act = Act::new(now, Then::Refuse(conn, reply));
    act.log(event, about, Vec::new());
    act
}
