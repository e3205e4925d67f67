//! The log that the law asks for, and its daily seal.

use collaudo_forge::{open_log, seal_log};
use collaudo_record::Span;

use super::{ALFA, BETA};
use crate::{
    catalogue::{CROSS, DOWN},
    provider::{Commit, Desk, Told},
};

providers! {
    "keeps-no-log", ALFA, [CROSS], "The sender's provider keeps no log.",
        ["2.3-01"],
        commits!(|_, commit| commit.retain(|_, told| !matches!(told, Told::Logged(_))));
    "keeps-no-log-at-reception", BETA, [CROSS], "The recipient's provider keeps no log.",
        ["2.3-01"],
        commits!(|_, commit| commit.retain(|_, told| !matches!(told, Told::Logged(_))));
    "logs-no-identifier", ALFA, [CROSS], "The log's lines lack the message's identifiers.",
        ["2.3-02"],
        commits!(|_, commit| commit.log(|entry| (entry.msgid, entry.pec_msgid) = (None, None)));
    "logs-an-hour-late", ALFA, [CROSS], "The log's instants are an hour off.",
        ["2.3-03", "4.1-02", "DM.9-01"],
        commits!(|_, commit| commit.log(|entry| entry.at = entry.at.after(Span::from_hours(1))));
    "logs-no-sender", BETA, [CROSS], "The log's lines lack the sender.",
        ["2.3-04"],
        commits!(|_, commit| commit.log(|entry| entry.sender.clear()));
    "logs-no-recipients", BETA, [CROSS], "The log's lines lack the recipients.",
        ["2.3-05"],
        commits!(|_, commit| commit.log(|entry| entry.recipients.clear()));
    "logs-no-subject", ALFA, [CROSS], "The log's lines lack the subject.",
        ["2.3-06"],
        commits!(|_, commit| commit.log(|entry| entry.subject.clear()));
    "logs-no-event", ALFA, [CROSS], "The log's lines do not say what happened.",
        ["2.3-07"],
        commits!(|_, commit| commit.log(|entry| entry.event.clear()));
    "logs-nothing-made", BETA, [CROSS], "The log's lines name none of the messages that were made.",
        ["2.3-08"],
        commits!(|_, commit| commit.log(|entry| entry.related.clear()));
    "logs-no-provider", BETA, [CROSS], "The log's lines lack the sending provider.",
        ["2.3-09"],
        commits!(|_, commit| commit.log(|entry| entry.sending_provider.clear()));
    "never-seals-its-log", ALFA, [DOWN], "No day of the log is closed.",
        ["DM.10-01", "DM.10-02", "DPR.10-01"],
        commits!(|_, commit| commit.retain(|_, told| !matches!(told, Told::Sealed { .. })));
    "seals-an-empty-log", ALFA, [DOWN], "The closed day holds none of its lines.",
        ["2.3-10"],
        commits!(|desk, commit| reseals(desk, commit, |_| String::new()));
    "seals-half-its-log", ALFA, [DOWN], "The closed day lacks the lines of the notices.",
        ["2.3-10"],
        commits!(|desk, commit| reseals(desk, commit, |text| {
            let lines = text.lines().filter(|line| !line.contains("preavviso"));
            lines.map(|line| format!("{line}\n")).collect()
        }));
}

/// Seals other lines than those of the day.
fn reseals(desk: &Desk<'_>, commit: &mut Commit<'_>, change: fn(&str) -> String) {
    for n in 0..commit.told.len() {
        let Some(Told::Sealed { seal, .. }) = commit.told.get(n) else { continue };
        let Some(Ok((text, at))) = commit.octets(*seal).map(|der| open_log(der)) else { continue };
        let Some(signer) = desk.signer() else { continue };
        let new = commit.keep(seal_log(&change(&text), signer, at.unwrap_or(0)));
        if let Some(Told::Sealed { seal, .. }) = commit.told.get_mut(n) {
            *seal = new;
        }
    }
}
