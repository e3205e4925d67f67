//! The reception point: what other hosts bring (§2.2.2, §3.2).

use std::sync::Arc;

use collaudo_node::{Body, BodyId, ConnId, Effect, Timestamp};

use super::{
    act::{Act, Then},
    delivery::Delivery,
    examine::Examined,
    journal::{About, Record},
    ledger::is_same,
    message::{EnvelopeRead, Incoming, Kind, Provider as Listed, ReceiptRead, classify, domain_of},
    provider::Provider,
    smtp::Arrival,
};

pub(super) const BUSY: &str = "451 4.3.0 Messaggio in corso di trattamento, riprovare";
pub(super) const UNKNOWN: &str = "550 5.1.1 Casella inesistente";
const DOUBTFUL: &str = "451 4.7.5 Certificato di firma non verificabile al momento, riprovare";
pub(super) const FULL: &str = "452 4.2.2 Casella piena";
const NO_LIST: &str = "la lista dei certificati revocati non è disponibile";

/// Who among the recipients did not get this content before.
pub(super) enum Fresh {
    /// Another act is about to give it to one of them.
    Busy,
    Recipients(Vec<String>),
}

impl Provider {
    /// Tells what another host has brought; the scanner sees it before anything becomes of it.
    //= PEC-2.2.2-04
    pub(super) fn receive(&mut self, now: Timestamp, conn: ConnId, arrival: Arrival, out: &mut Vec<Effect>) {
        let Some(index) = &self.index else { return self.answer(now, conn, "451 4.3.0 Riprovare", out) };
        //= PEC-2.2.2-15
        let incoming = match classify(&arrival.bytes, index, &self.trust, self.revocations.as_ref(), now) {
            Incoming::Ordinary { reason } => Incoming::Ordinary { reason },
            _ if self.lacks_revocations() => Incoming::Deferred { reason: NO_LIST.to_owned() },
            incoming => incoming,
        };
        // What everybody refuses goes nowhere, and what is put off comes again.
        let refused = matches!(incoming, Incoming::Ordinary { .. }) && self.refuses(&arrival);
        if refused || matches!(incoming, Incoming::Deferred { .. }) {
            return self.received(now, conn, arrival, incoming, None, out);
        }
        self.examine(Examined { conn, arrival, incoming: Some(incoming) }, out);
    }

    /// Takes what another host has brought, or refuses it; `threat` is what the scanner found in it.
    pub(super) fn received(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        arrival: Arrival,
        incoming: Incoming,
        threat: Option<String>,
        out: &mut Vec<Effect>,
    ) {
        //= PEC-2.2.3-01
        //= PEC-3.3.1-01
        let taken = match (incoming, threat) {
            (Incoming::Envelope { envelope, provider }, None) => {
                self.take_envelope(now, conn, arrival, &envelope, provider)
            }
            (Incoming::Envelope { envelope, provider }, Some(threat)) => {
                self.take_infected(now, conn, arrival, &envelope, &provider, &threat)
            }
            (Incoming::Receipt { receipt, provider }, None) => {
                self.take_receipt(now, conn, arrival, &receipt, &provider)
            }
            (Incoming::Receipt { receipt, .. }, Some(threat)) => {
                Ok(self.take_infected_receipt(now, conn, arrival, &receipt, &threat))
            }
            (Incoming::Anomaly { provider, reason }, None) => {
                self.take_anomaly(now, conn, &arrival, &provider.name, &reason)
            }
            (Incoming::Anomaly { provider, .. }, Some(threat)) => {
                Ok(self.turn_away(now, conn, &arrival, &provider.name, &threat))
            }
            (Incoming::Deferred { .. }, _) => Err(DOUBTFUL),
            (Incoming::Ordinary { reason }, None) => self.take_ordinary(now, conn, &arrival, &reason),
            (Incoming::Ordinary { .. }, Some(threat)) => Ok(self.turn_away(now, conn, &arrival, "", &threat)),
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
        if self.tells_first(now, receipt) {
            return Err(BUSY);
        }
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
            //= PEC-3.5-02
            //= PEC-2.2.3-04
            if service {
                //= PEC-3.2.1-14
                act.stored(target, &body);
            } else {
                self.store(&mut act, &target, &body, &about);
            }
        }
        act.keep(body);
        match receipt.kind {
            Kind::VirusDetection => self.tell_of_virus(now, &mut act, receipt, provider),
            _ => self.correlate(&mut act, receipt, provider),
        }
        Ok(act)
    }

    /// Whether the sender hears something else first of a recipient that a receipt is about.
    fn tells_first(&self, now: Timestamp, receipt: &ReceiptRead) -> bool {
        let pec_msgid = &receipt.certified.pec_msgid;
        let is_told = |to: &String| {
            let held = receipt.kind == Kind::VirusDetection && self.is_track_held(pec_msgid, to);
            held || self.owes_notice(now, pec_msgid, to)
        };
        receipt.delivered_to.iter().chain(&receipt.taken).any(is_told)
    }

    /// What a receipt means for the recipients that we follow. Nothing, where its signer does not manage their domain.
    fn correlate(&self, act: &mut Act, receipt: &ReceiptRead, provider: &Listed) {
        let pec_msgid = &receipt.certified.pec_msgid;
        let followed = |recipient: &&String| {
            self.ledger.open(pec_msgid, recipient).is_some() && self.speaks_for(provider, recipient)
        };
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

    /// Whether a provider manages the domain of a recipient.
    pub(super) fn speaks_for(&self, provider: &Listed, recipient: &str) -> bool {
        let domain = domain_of(recipient).unwrap_or_default();
        self.index.as_ref().and_then(|index| index.by_domain(domain)).is_some_and(|listed| **listed == *provider)
    }

    /// The users of ours among the recipients.
    pub(super) fn users(&self, arrival: &Arrival) -> Vec<String> {
        arrival.recipients.iter().filter_map(|address| self.ledger.mailbox(address)).map(str::to_owned).collect()
    }

    /// Tells the recipients apart who have this content already: a 250 that was lost brings it a second time.
    pub(super) fn fresh(&self, identity: BodyId, recipients: impl Iterator<Item = String>) -> Fresh {
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

    pub(super) fn is_us(&self, provider: &Listed) -> bool {
        let ours = self.index.as_ref().and_then(|index| index.by_certificate(&self.ledger.config.certificate));
        ours.is_some_and(|ours| **ours == *provider)
    }
}

/// A message that every recipient has already: logged and acknowledged, and nothing else.
pub(super) fn replica(now: Timestamp, conn: ConnId, about: &Arc<About>) -> Act {
    let mut act = Act::new(now, Then::Answer(conn));
    act.log("replica", about, Vec::new());
    act
}
