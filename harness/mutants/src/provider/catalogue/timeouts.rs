//! The limits of twelve and of twenty-four hours.

use std::time::Duration;

use collaudo_forge::{Certified, Entity, Kind as Forged, receipt};
use collaudo_record::{Instant, LogEntry};

use super::ALFA;
use crate::{
    catalogue::{BACK_1H, BACK_13H, CLOSED, DOWN, FORGED_RECEIPTS, NEVER_DELIVERS, UNANNOUNCED},
    flow::bare,
    pick::{Kind, kind_of},
    provider::{Commit, Desk, GOOD, Habit, Told},
};

const HOUR: Duration = Duration::from_secs(3_600);

/// Behind the last hour, and before the end of the scenarios that see it.
const LATE: Duration = Duration::from_secs(24 * 3_600 + 600);

providers! {
    "never-files-notices", ALFA, [DOWN],
        "Twenty-four hours without a sign, and no notice is put in the user's mailbox.",
        [
            "2.1.1.1.2-01", "2.1.1.1.2-02", "2.2.2-03", "3.1.6-01", "3.1.6-02", "3.1.6-06", "DM.13-01", "DM.13-02",
            "DPR.8-01",
        ],
        commits!(|_, commit| commit.unstore(Kind::Timeout));
    "never-files-the-first-notice", ALFA, [DOWN],
        "Twelve hours without a sign, and no notice; the second comes.",
        ["2.1.1.1.2-01", "3.1.6-01", "3.1.6-06", "DM.13-01"],
        commits!(|desk, commit| {
            if commit.stores(Kind::Timeout) && desk.first("notice") {
                commit.unstore(Kind::Timeout);
            }
        });
    "never-files-the-second-notice", ALFA, [DOWN],
        "Twenty-four hours without a sign, and no second notice.",
        ["2.1.1.1.2-02", "3.1.6-02", "3.1.6-06", "DM.13-02"],
        commits!(|desk, commit| {
            if commit.stores(Kind::Timeout) && !desk.first("notice") {
                commit.unstore(Kind::Timeout);
            }
        });
    "never-files-the-first-notice-of-late-delivery", ALFA, [BACK_13H],
        "The message is delivered after thirteen hours, and the notice that was due before lies in no mailbox.",
        ["2.1.1.1.2-01", "3.1.6-01", "3.1.6-05", "DM.13-01"],
        commits!(|_, commit| commit.unstore(Kind::Timeout));
    "believes-that-charge-is-delivery", ALFA, [NEVER_DELIVERS],
        "What was taken in charge counts as delivered, and the sender is told nothing.",
        ["2.1.1.1.2-02", "3.1.6-02", "3.1.6-04", "DM.13-02", "DPR.8-01"],
        commits!(|_, commit| commit.unstore(Kind::Timeout));
    "believes-a-forged-receipt", ALFA, [FORGED_RECEIPTS],
        "A delivery receipt that no listed provider signed is no reason for a notice.",
        ["2.1.1.1.2-02", "3.1.6-02", "3.1.6-04", "DM.13-02", "DPR.8-01"],
        commits!(|_, commit| commit.unstore(Kind::Timeout));
    "sleeps-through-the-second-limit", ALFA, [DOWN],
        "No alarm rings between the twentieth and the twenty-fifth hour, and the second notice is late.",
        ["2.1.1.1.2-02", "3.1.6-03", "3.1.6-06", "DM.13-02"],
        Habit { sleeps: Some((HOUR.saturating_mul(20), HOUR.saturating_mul(25))), ..GOOD };
    "sleeps-after-take-charge", ALFA, [NEVER_DELIVERS],
        "No alarm rings from the twentieth hour until ten minutes past the last, and the only notice is late.",
        ["2.1.1.1.2-02", "3.1.6-03", "3.1.6-04", "DM.13-02", "DPR.8-01"],
        Habit { sleeps: Some((HOUR.saturating_mul(20), LATE)), ..GOOD };
    "warns-of-what-was-delivered", ALFA, [BACK_1H],
        "A first notice comes though the message was delivered.",
        ["2.1.1.1.2-01", "3.1.6-01", "DM.13-01"],
        commits!(|desk, commit| warns(desk, commit, 15, false));
    "gives-up-what-was-delivered", ALFA, [BACK_1H],
        "A second notice comes though the message was delivered.",
        ["2.1.1.1.2-02", "3.1.6-02", "DM.13-02"],
        commits!(|desk, commit| warns(desk, commit, 22, true));
    "warns-in-spite-of-take-charge", ALFA, [NEVER_DELIVERS],
        "Taken in charge in time, and a first notice comes.",
        ["2.1.1.1.2-01", "3.1.6-01", "3.1.6-04", "DM.13-01"],
        commits!(|desk, commit| warns(desk, commit, 15, false));
    "warns-in-spite-of-unannounced-delivery", ALFA, [UNANNOUNCED],
        "A first notice comes though the message was delivered, without a take-charge receipt.",
        ["2.1.1.1.2-01", "3.1.6-01", "DM.13-01"],
        commits!(|desk, commit| warns(desk, commit, 15, false));
    "gives-up-what-is-closed", ALFA, [CLOSED],
        "The sender knows that nothing was delivered, and is told once more.",
        ["2.1.1.1.2-02", "3.1.6-02", "DM.13-02"],
        commits!(|desk, commit| warns(desk, commit, 22, true));
    "forgets-its-notices", ALFA, ["timeouts/sender-down-at-22h"],
        "After a crash it knows of no first notice, and the second never comes.",
        ["2.1.1.1.2-02", "3.1.6-02", "3.1.6-06", "DM.13-02"],
        Habit { recalls: Some(|record| !record.windows(8).any(|word| word == b"\"warned\"")), ..GOOD };
}

/// Puts a timeout notice about the first message in its sender's mailbox, along with what is put on disk first after so
/// many hours, and a line about it in the log.
fn warns(desk: &mut Desk<'_>, commit: &mut Commit<'_>, hours: u32, second: bool) {
    let Some(begun) = desk.memory.begun else { return };
    let acceptance =
        commit.before.values().find(|octets| kind_of(&Entity::read(octets).fields) == Some(Kind::Acceptance));
    let (Some(acceptance), Some(signer)) = (acceptance, desk.signer()) else { return };
    if desk.now < begun + HOUR.saturating_mul(hours) {
        return;
    }
    let certified = Certified::of_envelope(acceptance);
    let recipient = certified.recipients.first().map(|each| each.address.clone()).unwrap_or_default();
    let (peer, at) = (desk.identity(), desk.now.unix_micros());
    let kind = Forged::Timeout { recipient: &recipient, second };
    let notice = receipt(kind, &certified, &peer, &certified.sender, signer, at);
    if !desk.first("warned") {
        return;
    }
    let id = Entity::read(&notice).fields.get("Message-ID").unwrap_or_default();
    let body = commit.keep(notice);
    commit.told.push(Told::Logged(LogEntry {
        event: "preavviso-errore-consegna".to_owned(),
        pec_msgid: Some(certified.identifier),
        msgid: certified.msgid,
        sender: certified.sender.clone(),
        recipients: certified.recipients.into_iter().map(|recipient| recipient.address).collect(),
        subject: certified.subject,
        related: vec![bare(&id).to_owned()],
        sending_provider: peer.display_name,
        at: Instant(at),
    }));
    commit.told.push(Told::Stored { mailbox: certified.sender, body });
}
