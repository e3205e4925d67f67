//! The delivery point: envelopes into mailboxes, and what the sender is told of it (§3.3).

use std::sync::Arc;

use collaudo_node::{Body, Bytes, Effect, Timestamp};

use super::{
    act::{Act, Place, Then},
    journal::{About, Carries, Outgoing, Record, Transaction},
    ledger::fold,
    message::{Cause, Draft, EnvelopeRead, Forms, delivery as delivery_receipt, domain_of, non_delivery, take_charge},
    provider::{Alarm, Provider, RETRY, Waiting, stamp},
    smtp::is_mailbox,
};

/// A correct envelope and those of its recipients that are ours.
pub(super) struct Delivery<'a> {
    pub(super) envelope: &'a EnvelopeRead,
    pub(super) about: Arc<About>,
    pub(super) body: Body,
    pub(super) recipients: Vec<String>,
}

impl Provider {
    /// One receipt for all our recipients of the transaction, to the sending provider.
    pub(super) fn take_charge(&mut self, now: Timestamp, act: &mut Act, delivery: &Delivery<'_>, mail_receipt: &str) {
        //= PEC-3.2.1-01
        //= PEC-3.2.1-02
        //= PEC-3.2.1-04
        //= PEC-3.2.1-11
        let Delivery { envelope, about, recipients, .. } = delivery;
        let about = about.for_recipients(recipients);
        let id = self.new_id(now);
        let receipt = take_charge(&self.issuer, stamp(&id, now), &envelope.certified, mail_receipt, recipients);
        self.send(act, "presa-in-carico", &about, receipt, mail_receipt);
    }

    /// Stores the envelope for each recipient, or finds why not; tells the sender either way, in the same act.
    pub(super) fn deliver(&mut self, now: Timestamp, act: &mut Act, delivery: &Delivery<'_>) {
        let Delivery { envelope, about, body, recipients } = delivery;
        act.log("ricezione posta-certificata", &about.for_recipients(recipients), Vec::new());
        let forms = Forms::of(envelope);
        //= PEC-3.3.2.1-07
        //= PEC-3.3.2.3-03
        //= PEC-DM.6-03
        for recipient in recipients {
            self.hold_seen(act, envelope.identity, recipient);
            let about = about.for_recipients(std::slice::from_ref(recipient));
            let outcome = self.put(act, delivery, recipient);
            let id = self.new_id(now);
            let stamp = stamp(&id, now);
            let (event, draft) = match outcome {
                //= PEC-2.2.3-02
                //= PEC-3.3.2-01
                //= PEC-3.3.2-02
                //= PEC-DPR.6-01
                Ok(()) => {
                    act.log("consegna", &about, Vec::new());
                    let form = forms.of_recipient(recipient);
                    ("avvenuta-consegna", delivery_receipt(&self.issuer, stamp, envelope, recipient, form))
                }
                //= PEC-2.2.3-05
                //= PEC-3.3.3-01
                Err(cause) => {
                    let notice = non_delivery(&self.issuer, stamp, &envelope.certified, recipient, &cause);
                    ("errore-consegna", notice)
                }
            };
            //= PEC-2.1-11
            self.send(act, event, &about, draft, &envelope.certified.sender);
        }
        act.keep(body.clone());
    }

    fn put(&mut self, act: &mut Act, delivery: &Delivery<'_>, recipient: &str) -> Result<(), Cause> {
        let mailbox = self.ledger.mailbox(recipient).map(str::to_owned).ok_or(Cause::UnknownMailbox)?;
        let octets = delivery.body.bytes.len() as u64;
        if !self.hold_room(act, &mailbox, octets) {
            return Err(Cause::MailboxFull);
        }
        //= PEC-2.2.3-04
        act.stored(mailbox, &delivery.body);
        Ok(())
    }

    /// Has a receipt signed and sent: into the mailbox of a user of ours, else by the queue.
    pub(super) fn send(&mut self, act: &mut Act, event: &str, about: &Arc<About>, draft: Draft, to: &str) {
        let config = &self.ledger.config;
        let place = if self.ledger.manages(to) {
            Place::Mailbox(to.to_owned())
        } else if is_mailbox(to) {
            Place::Queue {
                reverse: config.certified_address.clone(),
                recipients: vec![to.to_owned()],
                domain: fold(domain_of(to).unwrap_or_default()),
                secure: true,
                carries: Box::new(Carries::Receipt { id: draft.message_id().to_owned(), about: about.clone() }),
            }
        } else {
            return act.log("destinatario-non-valido", about, vec![draft.message_id().to_owned()]);
        };
        act.make(event, about, draft, vec![place]);
    }

    pub(super) fn load_for_hand_over(&mut self, number: u64, out: &mut Vec<Effect>) {
        if let Some(body) = self.ledger.outgoing.get(&number).map(|outgoing| outgoing.body) {
            let ticket = self.ticket(Waiting::HandOver { number });
            out.push(Effect::Load { ticket, body });
        }
    }

    /// An envelope of ours for users of ours: the whole way runs, but for the wire.
    pub(super) fn hand_over(&mut self, now: Timestamp, number: u64, octets: Option<Bytes>, out: &mut Vec<Effect>) {
        //= PEC-3.4-01
        //= PEC-DM.6-02
        let Some(Outgoing { body, recipients, carries, expires, .. }) = self.ledger.outgoing.get(&number).cloned()
        else {
            return;
        };
        // The sender was told that the transaction has ended, as of an envelope for another host.
        //= PEC-2.2.2-03
        if expires <= now {
            return self.expire(now, number, out);
        }
        let Some(octets) = octets else { return self.alarms.set(Alarm::HandOver(number), now + RETRY) };
        if let Carries::Envelope { pec_msgid } = &carries
            && recipients.iter().any(|recipient| self.owes_notice(now, pec_msgid, recipient))
        {
            return self.alarms.set(Alarm::HandOver(number), now + RETRY);
        }
        let mut act = Act::new(now, Then::HandedOver(number));
        act.record(Record::Settled { number, recipients: recipients.clone() });
        match EnvelopeRead::read(&octets) {
            Ok(envelope) => {
                let about = About::new(&envelope.certified, &self.ledger.config.display_name);
                let pec_msgid = envelope.certified.pec_msgid.clone();
                for recipient in recipients.clone() {
                    act.record(Record::Closed { pec_msgid: pec_msgid.clone(), recipient });
                }
                let body = Body { id: body, bytes: octets };
                self.deliver(now, &mut act, &Delivery { envelope: &envelope, about, body, recipients });
            }
            // What we made ourselves reads; were it not so, the sender hears of it after 24 hours.
            Err(_) => {
                if let Carries::Envelope { pec_msgid } = &carries
                    && let Some(Transaction { certified, .. }) = self.ledger.transactions.get(pec_msgid)
                {
                    let about = About::new(certified, &self.ledger.config.display_name).for_recipients(&recipients);
                    act.log("busta-illeggibile", &about, vec![pec_msgid.clone()]);
                }
            }
        }
        self.begin(act, out);
    }
}
