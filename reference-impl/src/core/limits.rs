//! The 12 and the 24 hours (§3.1.6).

use std::time::Duration;

use collaudo_node::{Effect, Timestamp};

use super::{
    act::{Act, Place, Then},
    journal::{About, Record, Track, Transaction},
    message::{Timeout, timeout},
    provider::{Alarm, Provider, stamp},
};

const FIRST: Duration = Duration::from_secs(12 * 3600);
/// The second notice may be given from the 22nd hour to the 24th: late, so that few receipts come after it, and with
/// time to spare for a store that fails once.
const SECOND: Duration = Duration::from_secs(23 * 3600 + 50 * 60);

/// Where the time of the second notice ends.
const LAST: Duration = Duration::from_secs(24 * 3600);

/// Whether the 12 hours are the next limit: not after their notice, and not after a take-charge receipt.
fn is_first(track: &Track) -> bool {
    //= PEC-3.1.6-04
    !track.taken && !track.warned
}

fn due(transaction: &Transaction, track: &Track) -> Timestamp {
    //= PEC-3.1.6-05
    //= PEC-3.1.6-06
    transaction.accepted + if is_first(track) { FIRST } else { SECOND }
}

impl Provider {
    /// Sets the next time limit of a followed recipient, or none where its outcome stands.
    pub(super) fn arm(&mut self, pec_msgid: &str, recipient: &str) {
        let alarm = |recipient: &str| Alarm::Limit { pec_msgid: pec_msgid.to_owned(), recipient: recipient.to_owned() };
        match self.ledger.open(pec_msgid, recipient) {
            Some((transaction, track)) if !self.is_track_held(pec_msgid, recipient) => {
                self.alarms.set(alarm(&track.recipient), due(transaction, track));
            }
            _ => self.alarms.clear(&alarm(recipient)),
        }
    }

    /// Whether a limit of a followed recipient is over and its notice was not given, as after a day without power: that
    /// notice comes before anything else that is told.
    pub(super) fn owes_notice(&self, now: Timestamp, pec_msgid: &str, recipient: &str) -> bool {
        self.ledger.open(pec_msgid, recipient).is_some_and(|(transaction, track)| {
            let limit = if is_first(track) { FIRST } else { LAST };
            now >= transaction.accepted + limit
        })
    }

    /// A time limit has come: the sender is told.
    pub(super) fn limit(&mut self, now: Timestamp, pec_msgid: &str, recipient: &str, out: &mut Vec<Effect>) {
        let Some((transaction, track)) = self.ledger.open(pec_msgid, recipient) else { return };
        if self.is_track_held(pec_msgid, recipient) {
            return;
        }
        if now < due(transaction, track) {
            return self.arm(pec_msgid, recipient);
        }
        let first = is_first(track);
        let certified = transaction.certified.clone();
        let (pec_msgid, recipient) = (pec_msgid.to_owned(), recipient.to_owned());
        let (limit, record) = if first {
            //= PEC-2.1.1.1.2-01
            //= PEC-3.1.6-01
            //= PEC-DM.13-01
            (Timeout::TwelveHours, Record::Warned { pec_msgid: pec_msgid.clone(), recipient: recipient.clone() })
        } else {
            //= PEC-2.1.1.1.2-02
            //= PEC-3.1.6-02
            //= PEC-3.1.6-03
            //= PEC-DM.13-02
            (Timeout::TwentyFourHours, Record::Closed { pec_msgid: pec_msgid.clone(), recipient: recipient.clone() })
        };
        let then = Then::Limit { pec_msgid: pec_msgid.clone(), recipient: recipient.clone(), limit };
        let mut act = Act::new(now, then);
        self.hold_track(&mut act, &pec_msgid, &recipient);
        let about =
            About::new(&certified, &self.ledger.config.display_name).for_recipients(std::slice::from_ref(&recipient));
        let id = self.new_id(now);
        let notice = timeout(&self.issuer, stamp(&id, now), &certified, &recipient, limit);
        //= PEC-3.1.6-12
        act.make("preavviso-errore-consegna", &about, notice, vec![Place::Mailbox(certified.sender)]);
        act.record(record);
        self.begin(act, out);
    }
}
