//! The reception point: what other hosts bring (§2.2.2, §3.2).

use std::sync::Arc;

use collaudo_node::{Body, BodyId, ConnId, Effect, Timestamp};

use super::{
    act::{Act, Place, Then},
    delivery::Delivery,
    journal::{About, Record},
    ledger::is_same,
    message::{
        self, EnvelopeRead, Incoming, Kind, Message, Provider as Listed, ReceiptRead, anomaly, classify, domain_of,
    },
    provider::{Provider, stamp},
    smtp::Arrival,
};

const BUSY: &str = "451 4.3.0 Messaggio in corso di trattamento, riprovare";
const UNKNOWN: &str = "550 5.1.1 Casella inesistente";
const FULL: &str = "452 4.2.2 Casella piena";

/// Who among the recipients did not get this content before.
enum Fresh {
    /// Another act is about to give it to one of them.
    Busy,
    Recipients(Vec<String>),
}

impl Provider {
    //= PEC-2.2.2-04
    pub(super) fn receive(&mut self, now: Timestamp, conn: ConnId, arrival: Arrival, out: &mut Vec<Effect>) {
        let Some(index) = &self.index else { return self.answer(now, conn, "451 4.3.0 Riprovare", out) };
        let taken = match classify(&arrival.bytes, index, &self.trust, None, now) {
            Incoming::Envelope { envelope, provider } => self.take_envelope(now, conn, arrival, &envelope, provider),
            Incoming::Receipt { receipt, provider } => self.take_receipt(now, conn, arrival, &receipt, &provider),
            Incoming::Anomaly { provider, reason } => self.take_anomaly(now, conn, &arrival, &provider, &reason),
            //= PEC-2.2.2-08
            //= PEC-3.2.2-17
            Incoming::Ordinary { .. } => Err("550 5.7.1 Posta ordinaria non ammessa"),
            Incoming::Deferred { .. } => Err("451 4.7.5 Certificato di firma non verificabile, riprovare"),
        };
        match taken {
            Ok(act) => self.begin(act, out),
            Err(reply) => self.answer(now, conn, reply, out),
        }
    }

    fn take_envelope(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        arrival: Arrival,
        envelope: &EnvelopeRead,
        provider: Arc<Listed>,
    ) -> Result<Act, &'static str> {
        let about = About::new(&envelope.certified, &provider.name);
        let Fresh::Recipients(recipients) = self.fresh(envelope.identity, arrival.recipients.iter().cloned()) else {
            return Err(BUSY);
        };
        if recipients.is_empty() {
            return Ok(replica(now, conn, &about.for_recipients(&arrival.recipients)));
        }
        let mut act = Act::new(now, Then::Answer(conn));
        let delivery = Delivery { envelope, about, body: Body::new(arrival.bytes), recipients };
        //= PEC-2.2.2-05
        if !self.is_us(&provider) {
            self.take_charge(now, &mut act, &delivery, &provider.mail_receipt);
        }
        self.deliver(now, &mut act, &delivery);
        Ok(act)
    }

    fn take_receipt(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        arrival: Arrival,
        receipt: &ReceiptRead,
        provider: &Listed,
    ) -> Result<Act, &'static str> {
        //= PEC-2.1.1.1.1-03
        //= PEC-2.2.5-01
        let service = matches!(receipt.kind, Kind::TakeCharge | Kind::VirusDetection);
        let targets = if service { vec![self.ledger.config.service_mailbox.clone()] } else { self.users(&arrival) };
        if targets.is_empty() {
            return Err(UNKNOWN);
        }
        let about = About::new(&receipt.certified, &self.ledger.config.display_name);
        let Fresh::Recipients(fresh) = self.fresh(receipt.identity, targets.into_iter()) else { return Err(BUSY) };
        if fresh.is_empty() {
            return Ok(replica(now, conn, &about));
        }
        let mut act = Act::new(now, Then::Answer(conn));
        act.log(&format!("ricezione {}", receipt.kind.wire()), &about, Vec::new());
        let body = Body::new(arrival.bytes);
        for target in fresh {
            self.hold_seen(&mut act, receipt.identity, &target);
            //= PEC-2.2.2-06
            //= PEC-2.2.3-04
            if service {
                //= PEC-3.2.1-14
                act.stored(target, &body);
            } else {
                self.store(&mut act, &target, &body, &about);
            }
        }
        act.keep(body);
        self.correlate(&mut act, receipt, provider);
        Ok(act)
    }

    /// What a receipt means for the recipients that we follow. Nothing, where its signer does not manage their domain.
    fn correlate(&self, act: &mut Act, receipt: &ReceiptRead, provider: &Listed) {
        let pec_msgid = &receipt.certified.pec_msgid;
        let speaks_for = |recipient: &str| {
            let domain = domain_of(recipient).unwrap_or_default();
            self.index.as_ref().and_then(|index| index.by_domain(domain)).is_some_and(|listed| **listed == *provider)
        };
        let followed = |recipient: &&String| self.ledger.open(pec_msgid, recipient).is_some() && speaks_for(recipient);
        match receipt.kind {
            Kind::TakeCharge => {
                for recipient in receipt.taken.iter().filter(followed) {
                    act.record(Record::Taken { pec_msgid: pec_msgid.clone(), recipient: recipient.clone() });
                }
            }
            //= PEC-2.1.1.1.1-05
            Kind::Delivery | Kind::NonDelivery => {
                for recipient in receipt.delivered_to.iter().filter(followed) {
                    act.record(Record::Closed { pec_msgid: pec_msgid.clone(), recipient: recipient.clone() });
                }
            }
            _ => {}
        }
    }

    fn take_anomaly(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        arrival: &Arrival,
        provider: &Listed,
        reason: &str,
    ) -> Result<Act, &'static str> {
        let users = self.users(arrival);
        if users.is_empty() {
            return Err(UNKNOWN);
        }
        let Arrival { reverse, recipients, bytes } = arrival;
        let identity = BodyId::of(bytes);
        let Fresh::Recipients(fresh) = self.fresh(identity, users.into_iter()) else { return Err(BUSY) };
        let id = self.new_id(now);
        let arrived = message::Arrival { received: bytes, sender: reverse, recipients, reason };
        let wrapped = anomaly(&self.issuer, stamp(&id, now), arrived);
        let received = Message::read_leniently(bytes.clone());
        //= PEC-2.3-02
        //= PEC-2.3-06
        let about = About {
            pec_msgid: None,
            msgid: Some(format!("<{}>", wrapped.message_id())),
            sender: arrived.author(&received),
            recipients: recipients.clone(),
            subject: received.subject().map(|subject| subject.text),
            sending_provider: provider.name.clone(),
        };
        if fresh.is_empty() {
            return Ok(replica(now, conn, &about));
        }
        let octets = wrapped.octets() as u64;
        if !fresh.iter().any(|user| self.ledger.room(user).is_none_or(|room| room >= octets)) {
            return Err(FULL);
        }
        //= PEC-2.2.2-07
        //= PEC-2.2.3-03
        let mut act = Act::new(now, Then::Answer(conn));
        for stranger in recipients.iter().filter(|address| self.ledger.mailbox(address).is_none()) {
            act.log("casella-inesistente", &about.for_mailbox(stranger), Vec::new());
        }
        fresh.iter().for_each(|user| self.hold_seen(&mut act, identity, user));
        act.make("anomalia", &about, wrapped, fresh.into_iter().map(Place::Mailbox).collect());
        Ok(act)
    }

    /// The users of ours among the recipients.
    fn users(&self, arrival: &Arrival) -> Vec<String> {
        arrival.recipients.iter().filter_map(|address| self.ledger.mailbox(address)).map(str::to_owned).collect()
    }

    /// Tells the recipients apart who have this content already: a 250 that was lost brings it a second time.
    fn fresh(&self, identity: BodyId, recipients: impl Iterator<Item = String>) -> Fresh {
        let mut fresh: Vec<String> = Vec::new();
        for recipient in recipients {
            if self.is_seen_held(identity, &recipient) {
                return Fresh::Busy;
            }
            let is_known = fresh.iter().any(|known| is_same(known, &recipient));
            if !is_known && !self.ledger.has_seen(identity, &recipient) {
                fresh.push(recipient);
            }
        }
        Fresh::Recipients(fresh)
    }

    fn is_us(&self, provider: &Listed) -> bool {
        let ours = self.index.as_ref().and_then(|index| index.by_certificate(&self.ledger.config.certificate));
        ours.is_some_and(|ours| **ours == *provider)
    }
}

/// A message that every recipient has already: logged and acknowledged, and nothing else.
fn replica(now: Timestamp, conn: ConnId, about: &About) -> Act {
    let mut act = Act::new(now, Then::Answer(conn));
    act.log("replica", about, Vec::new());
    act
}
