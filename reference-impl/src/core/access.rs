//! The access point: what users submit (§3.1).

use std::collections::BTreeMap;

use collaudo_node::{Body, ConnId, Effect, Timestamp};

use super::{
    act::{Act, Place, Then},
    journal::{About, Carries, Record, Track, Transaction},
    message::{
        Certified, FormalFault, Submission, acceptance, domain_of, envelope, formal_check, non_acceptance,
        virus_non_acceptance,
    },
    provider::{Provider, stamp},
    smtp::Arrival,
};

impl Provider {
    /// Takes a user's message that the scanner has seen: accepts it, or gives notice of why not.
    pub(super) fn submitted(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        arrival: &Arrival,
        threat: Option<String>,
        out: &mut Vec<Effect>,
    ) {
        let pec_msgid = self.new_id(now);
        let Arrival { reverse, recipients, bytes } = arrival;
        let is_certified = |address: &str| self.index.as_ref().is_some_and(|index| index.is_certified(address));
        let limit = self.ledger.config.max_octets;
        let checked = formal_check(bytes, reverse, recipients, limit, &pec_msgid, &is_certified);
        let act = match (checked, threat) {
            (Ok(submission), None) => self.accept(now, conn, &submission),
            (Err(fault), None) => self.decline(now, conn, &fault),
            // Whatever else is wrong with it: the notice tells of the virus, and the message is put aside.
            (Ok(Submission { certified, .. }), Some(threat)) => self.reject(now, conn, arrival, &certified, &threat),
            (Err(fault), Some(threat)) => self.reject(now, conn, arrival, &fault.certified, &threat),
        };
        self.begin(act, out);
    }

    /// Receipt, envelope and what is to be followed, all in one act.
    fn accept(&mut self, now: Timestamp, conn: ConnId, submission: &Submission) -> Act {
        let certified = &submission.certified;
        let about = About::new(certified, &self.ledger.config.display_name);
        let mut act = Act::new(now, Then::Answer(conn));
        //= PEC-2.2.1-02
        //= PEC-3.1.4-09
        let id = self.new_id(now);
        let receipt = acceptance(&self.issuer, stamp(&id, now), certified);
        //= PEC-2.1-10
        act.make("accettazione", &about, receipt, vec![Place::Mailbox(certified.sender.clone())]);
        //= PEC-2.1.1.2-01
        act.make("posta-certificata", &about, envelope(&self.issuer, now, submission), routes(submission));
        //= PEC-3.1.6-16
        let open = certified.recipients.iter().filter(|recipient| recipient.certified).map(|recipient| Track {
            recipient: recipient.address.clone(),
            taken: false,
            warned: false,
        });
        act.record(Record::Opened(Transaction { certified: certified.clone(), accepted: now, open: open.collect() }));
        act
    }

    fn decline(&mut self, now: Timestamp, conn: ConnId, fault: &FormalFault) -> Act {
        //= PEC-3.1.1-09
        //= PEC-3.1.1-10
        //= PEC-3.1.2-01
        //= PEC-2.2.1-03
        let about = About::new(&fault.certified, &self.ledger.config.display_name);
        let mut act = Act::new(now, Then::Answer(conn));
        let id = self.new_id(now);
        let notice = non_acceptance(&self.issuer, stamp(&id, now), fault);
        act.make("non-accettazione", &about, notice, vec![Place::Mailbox(fault.certified.sender.clone())]);
        act
    }

    //= PEC-3.1.3-02
    //= PEC-2.2.1-04
    //= PEC-DPR.12-01
    fn reject(&mut self, now: Timestamp, conn: ConnId, arrival: &Arrival, certified: &Certified, threat: &str) -> Act {
        let about = About::new(certified, &self.ledger.config.display_name);
        let mut act = Act::new(now, Then::Answer(conn));
        let id = self.new_id(now);
        let notice = virus_non_acceptance(&self.issuer, stamp(&id, now), certified, threat);
        act.make("non-accettazione", &about, notice, vec![Place::Mailbox(certified.sender.clone())]);
        act.put_aside(Body::new(arrival.bytes.clone()));
        act
    }
}

/// One way for each domain, the SMTP paths as the user gave them.
fn routes(submission: &Submission) -> Vec<Place> {
    //= PEC-3.1.5-19
    let certified = &submission.certified;
    let mut domains: BTreeMap<String, (bool, Vec<String>)> = BTreeMap::new();
    for recipient in &certified.recipients {
        let domain = domain_of(&recipient.address).unwrap_or_default().to_ascii_lowercase();
        let (secure, recipients) = domains.entry(domain).or_default();
        *secure |= recipient.certified;
        recipients.push(recipient.address.clone());
    }
    domains
        .into_iter()
        .map(|(domain, (secure, recipients))| Place::Queue {
            reverse: certified.sender.clone(),
            recipients,
            domain,
            secure,
            carries: Box::new(Carries::Envelope { pec_msgid: certified.pec_msgid.clone() }),
        })
        .collect()
}
