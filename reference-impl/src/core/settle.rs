//! What became of a message that was sent, and what its sender hears of it.

use collaudo_node::{Effect, Timestamp};

use super::{
    act::{Act, Place, Then},
    journal::{About, Carries, Record, Transaction},
    ledger::is_same,
    message::{Cause, non_delivery},
    provider::{Provider, stamp},
};

/// What became of one recipient of a waiting message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Another host has it.
    Sent,
    /// Another host refused it for good.
    Refused { code: String, text: String },
    /// The domain does not exist.
    NoDomain,
    /// It waited for too long.
    Expired,
}

impl Outcome {
    fn event(&self) -> &'static str {
        match self {
            Self::Sent => "invio",
            Self::Refused { .. } => "rifiuto",
            Self::NoDomain => "dominio-inesistente",
            Self::Expired => "giacenza-scaduta",
        }
    }

    /// Why the sender hears of it.
    fn cause(self) -> Option<Cause> {
        match self {
            Self::Sent => None,
            Self::Refused { code, text } => Some(Cause::Refused { code, text }),
            Self::NoDomain => Some(Cause::UnknownDomain),
            Self::Expired => {
                let text = "tempo massimo di giacenza superato".to_owned();
                Some(Cause::Refused { code: "5.4.7".to_owned(), text })
            }
        }
    }
}

impl Provider {
    /// Writes down outcomes of a message in hand, each for one recipient; the others wait on.
    pub(super) fn settle(
        &mut self,
        now: Timestamp,
        number: u64,
        outcomes: Vec<(String, Outcome)>,
        out: &mut Vec<Effect>,
    ) {
        let Some(outgoing) = self.ledger.outgoing.get(&number).cloned() else { return };
        let transaction = match &outgoing.carries {
            Carries::Envelope { pec_msgid } => self.ledger.transactions.get(pec_msgid).cloned(),
            _ => None,
        };
        let mut act = Act::new(now, Then::Settled(number, outgoing.lane()));
        let mut settled = Vec::new();
        for (recipient, outcome) in outcomes {
            let noted = match &outgoing.carries {
                Carries::Envelope { .. } => transaction
                    .as_ref()
                    .is_none_or(|transaction| self.tell(now, &mut act, transaction, &recipient, outcome)),
                // The log speaks of the original's recipients, never of whom a receipt goes to.
                //= PEC-2.3-05
                Carries::Receipt { id, about } => {
                    act.log(outcome.event(), about, vec![id.clone()]);
                    true
                }
                Carries::Ordinary { about } => {
                    act.log(outcome.event(), about, Vec::new());
                    true
                }
            };
            match noted {
                true => settled.push(recipient),
                false => self.put_off(now, number),
            }
        }
        if settled.is_empty() {
            return self.unhand(now, number, &outgoing.lane(), out);
        }
        act.record(Record::Settled { number, recipients: settled });
        self.begin(act, out);
    }

    /// Logs the outcome for a recipient of an envelope of ours, and tells the sender of a failure; says no where a time
    /// limit of the same recipient is just being told, or about to be.
    fn tell(
        &mut self,
        now: Timestamp,
        act: &mut Act,
        transaction: &Transaction,
        recipient: &str,
        outcome: Outcome,
    ) -> bool {
        let Transaction { certified, .. } = transaction;
        let pec_msgid = &certified.pec_msgid;
        let is_certified = certified.recipients.iter().any(|r| r.certified && is_same(&r.address, recipient));
        let is_open = self.ledger.open(pec_msgid, recipient).is_some();
        // A followed recipient's 24 hours have their own notice, and one whose outcome stands has had it.
        let heard = is_certified && (!is_open || outcome == Outcome::Expired);
        let event = outcome.event();
        let cause = outcome.cause().filter(|_| !heard);
        if cause.is_some() && (self.is_track_held(pec_msgid, recipient) || self.owes_notice(now, pec_msgid, recipient))
        {
            return false;
        }
        let about = About::new(certified, &self.ledger.config.display_name).for_recipients(&[recipient.to_owned()]);
        act.log(event, &about, vec![pec_msgid.clone()]);
        if let Some(cause) = cause {
            //= PEC-3.3.3-01
            let id = self.new_id(now);
            let notice = non_delivery(&self.issuer, stamp(&id, now), certified, recipient, &cause);
            act.make("errore-consegna", &about, notice, vec![Place::Mailbox(certified.sender.clone())]);
            if is_open {
                self.hold_track(act, pec_msgid, recipient);
                let recipient = recipient.to_owned();
                act.record(Record::Closed { pec_msgid: pec_msgid.clone(), recipient });
            }
        }
        true
    }
}
