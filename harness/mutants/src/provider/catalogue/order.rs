//! What comes before what, on the disk and by the clock; what is found again after a crash.

use std::time::Duration;

use collaudo_node::Input;

use super::{ALFA, BETA};
use crate::{
    catalogue::CROSS,
    pick::Kind,
    provider::{Desk, GOOD, Habit, Hold},
};

const HALF_A_MINUTE: Duration = Duration::from_secs(30);
const HALF_AN_HOUR: Duration = Duration::from_secs(1_800);
const QUEUE_CRASH: &str = "flows/queue-survives-a-crash";
const REPLY_CRASH: &str = "flows/crash-before-reply";
const RECEIPTS_CRASH: &str = "flows/crash-between-receipts";

providers! {
    "sends-delivery-receipt-before-commit", BETA, [CROSS],
        "The delivery receipt is sent while the message is not yet in the mailbox.",
        ["2.1.1.1.1-05", "2.2.3-02", "3.3.2-01"],
        Habit {
            holds: Some(|_, commit| {
                commit.stores(Kind::Envelope).then_some(Hold { span: HALF_A_MINUTE, answered: true })
            }),
            ..GOOD
        };
    "acknowledges-before-commit", ALFA, [QUEUE_CRASH],
        "A submission is acknowledged before it is on disk, and lost in the crash.",
        ["2.2.1-02", "3.1.4-09"],
        Habit {
            holds: Some(|_, commit| {
                commit.stores(Kind::Acceptance).then_some(Hold { span: HALF_AN_HOUR, answered: true })
            }),
            ..GOOD
        };
    "forgets-what-it-has-seen", BETA, [REPLY_CRASH],
        "What is known again is kept in memory only: after a crash the same envelope is another one.",
        ["2.2.2-05", "3.3.2.1-07", "DM.6-03"],
        Habit { recalls: Some(|record| !holds(record, "\"seen\"")), ..GOOD };
    "forgets-its-queue", ALFA, [QUEUE_CRASH],
        "The queue is kept in memory only: after a crash the envelope never leaves.",
        ["2.2.1-02", "3.5-01"],
        Habit { recalls: Some(|record| !holds(record, "\"queued\"")), ..GOOD };
    "forgets-its-receipts", BETA, [RECEIPTS_CRASH],
        "The queue is kept in memory only: after a crash the receipts never leave.",
        ["2.2.3-01", "3.3.1-01", "3.3.2-02", "3.3.2.1-07", "3.5-01", "DM.6-03", "DPR.6-01"],
        Habit { recalls: Some(|record| !holds(record, "\"queued\"")), ..GOOD };
    "believes-that-a-full-disk-holds", BETA, ["services/disk-full-at-recipient"],
        "A commit that failed counts as done: a correct envelope is acknowledged, and nothing comes of it.",
        ["2.2.2-05", "2.2.3-01", "2.3-01", "3.2.1-01", "3.2.1-04", "3.3.1-01", "3.5-01"],
        Habit { learns: Some(believes_the_disk), ..GOOD };
    "believes-that-a-full-disk-holds-submissions", ALFA, ["services/disk-full-at-sender"],
        "A commit that failed counts as done: a submission is acknowledged, and nothing comes of it.",
        ["2.2.1-02", "3.1.4-09"],
        Habit { learns: Some(believes_the_disk), ..GOOD };
    "runs-an-hour-slow", BETA, [CROSS],
        "The clock is an hour slow.",
        ["2.3-03", "3.2.1-06", "3.3.2-05", "4.1-01", "DM.9-02"],
        Habit { clock_secs: -3_600, ..GOOD };
    "runs-an-hour-fast", ALFA, [CROSS],
        "The clock is an hour fast.",
        ["2.3-03", "3.1.4-02", "3.1.5-08", "4.1-01", "DM.9-02"],
        Habit { clock_secs: 3_600, ..GOOD };
}

/// Takes a failed commit for one that succeeded.
fn believes_the_disk(_: &mut Desk<'_>, _: &str, input: &mut Input) {
    if let Input::StoreFailed { ticket } = *input {
        *input = Input::Committed { ticket };
    }
}

/// Whether a record of the good provider has a word in it.
fn holds(record: &[u8], word: &str) -> bool {
    record.windows(word.len()).any(|window| window == word.as_bytes())
}
