//! Viruses that come in with certified mail, and what the sender hears of one that we let out (§3.2.3, §3.2.4).

use collaudo_node::{Body, ConnId, Timestamp};

use super::{
    act::{Act, Place, Then},
    journal::{About, Record},
    message::{EnvelopeRead, Kind, Provider as Listed, ReceiptRead, same_address, virus_detection, virus_non_delivery},
    provider::{Provider, stamp},
    reception::{BUSY, Fresh, replica},
    smtp::Arrival,
};

impl Provider {
    /// A correct envelope in which the scanner found something: it goes no further, and the provider that sent it hears
    /// of it for each recipient. No take-charge receipt: nothing of it was taken to be delivered.
    //= PEC-2.2.2-18
    //= PEC-2.2.2-19
    //= PEC-3.2.3-01
    //= PEC-2.2.2-22
    //= PEC-3.2.3-02
    //= PEC-DPR.12-02
    pub(super) fn take_infected(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        arrival: Arrival,
        envelope: &EnvelopeRead,
        provider: &Listed,
        threat: &str,
    ) -> Result<Act, &'static str> {
        let about = About::new(&envelope.certified, &provider.name);
        let Fresh::Recipients(recipients) = self.fresh(envelope.identity, arrival.recipients.iter().cloned()) else {
            return Err(BUSY);
        };
        if recipients.is_empty() {
            return Ok(replica(now, conn, &about.for_recipients(&arrival.recipients)));
        }
        let mut act = Act::new(now, Then::Answer(conn));
        act.log("ricezione posta-certificata", &about.for_recipients(&recipients), Vec::new());
        for recipient in &recipients {
            self.hold_seen(&mut act, envelope.identity, recipient);
            let about = about.for_recipients(std::slice::from_ref(recipient));
            if self.is_us(provider) {
                // An envelope of ours that came back from outside: what another would tell us, we know.
                let detection = detection(envelope, recipient, threat);
                self.tell_of_virus(now, &mut act, &detection, provider);
                continue;
            }
            //= PEC-3.2.3-03
            //= PEC-3.2.3-04
            let id = self.new_id(now);
            let to = &provider.mail_receipt;
            let notice = virus_detection(&self.issuer, stamp(&id, now), &envelope.certified, to, recipient, threat);
            self.send(&mut act, "rilevazione-virus", &about, notice, to);
        }
        act.put_aside(Body::new(arrival.bytes));
        Ok(act)
    }

    /// A receipt in which the scanner found something. It is put aside, and nobody is told: a notice would make its
    /// provider tell a user of its own of a message that we sent. Who waits for it hears of that by the time limits.
    pub(super) fn take_infected_receipt(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        arrival: Arrival,
        receipt: &ReceiptRead,
        threat: &str,
    ) -> Act {
        let mut act = Act::new(now, Then::Answer(conn));
        let about = About::new(&receipt.certified, &self.ledger.config.display_name);
        act.log("virus", &about, Vec::new());
        act.note("virus", &format!("{} in {}", threat, receipt.kind.wire()));
        act.put_aside(Body::new(arrival.bytes));
        act
    }

    /// A virus was found elsewhere in a message of ours: its sender is told, and nothing is followed any more. Nothing
    /// follows from a notice about a message that is not followed, or that tells another sender than ours.
    //= PEC-2.2.2-24
    //= PEC-3.2.4-01
    pub(super) fn tell_of_virus(&mut self, now: Timestamp, act: &mut Act, detection: &ReceiptRead, provider: &Listed) {
        let pec_msgid = &detection.certified.pec_msgid;
        let Some(recipient) = &detection.delivered_to else { return };
        let followed = self.ledger.open(pec_msgid, recipient).filter(|_| self.speaks_for(provider, recipient));
        let Some((transaction, _)) = followed else { return };
        let certified = transaction.certified.clone();
        if !same_address(&certified.sender, &detection.certified.sender) {
            return;
        }
        let about = About::new(&certified, &self.ledger.config.display_name);
        let about = about.for_recipients(std::slice::from_ref(recipient));
        let id = self.new_id(now);
        // Of the message itself nobody knows more than we do.
        let detection = ReceiptRead { certified: certified.clone(), ..detection.clone() };
        let Some(notice) = virus_non_delivery(&self.issuer, stamp(&id, now), &detection) else { return };
        //= PEC-2.2.2-23
        act.note("virus-non-rilevato", detection.error.as_deref().unwrap_or_default());
        let pec_msgid = certified.pec_msgid;
        self.hold_track(act, &pec_msgid, recipient);
        act.make("errore-consegna", &about, notice, vec![Place::Mailbox(certified.sender)]);
        act.record(Record::Closed { pec_msgid, recipient: recipient.clone() });
    }
}

/// What another provider's notice would say.
fn detection(envelope: &EnvelopeRead, recipient: &str, threat: &str) -> ReceiptRead {
    ReceiptRead {
        kind: Kind::VirusDetection,
        certified: envelope.certified.clone(),
        delivered_to: Some(recipient.to_owned()),
        taken: Vec::new(),
        virus: true,
        error: Some(threat.to_owned()),
        identity: envelope.identity,
    }
}
