//! The access point: what it lets in, what it turns away, whom it tells.

use collaudo_forge::Entity;

use super::ALFA;
use crate::{
    catalogue::{AT_LIMIT, BCC, CROSS, FIFTY, SAME_CLIENT_ID},
    edit::bend_parts,
    pick::Kind,
    provider::{Desk, GOOD, Habit, Mail},
};

providers! {
    "lets-bcc-in", ALFA, [BCC],
        "A Bcc is taken away, and the submission is accepted.",
        ["2.1-15", "2.2.1-03", "3.1.1-06", "3.1.1-09", "3.1.1-10", "3.1.2-01", "3.1.5-17", "DPR.11-02"],
        Habit { hears: Some(|_, port, mail| submitted(port, mail, |message| message.fields.remove("Bcc"))), ..GOOD };
    "lets-in-without-to", ALFA, ["access-point/no-to"],
        "A submission without To is given one, and accepted.",
        [
            "2.2.1-03", "3.1.1-03", "3.1.1-09", "3.1.1-10", "3.1.2-01", "3.1.5-03", "3.1.5-04", "3.1.5-17", "DPR.11-02",
        ],
        Habit {
            hears: Some(|_, port, mail| submitted(port, mail, |message| {
                let cc = message.fields.get("Cc").unwrap_or_default();
                message.fields.remove("Cc");
                message.fields.set("To", &cc);
                true
            })),
            ..GOOD
        };
    "lets-hidden-recipient-in", ALFA, ["access-point/hidden-recipient"],
        "A hidden recipient is written into Cc, and the submission is accepted.",
        ["2.2.1-03", "3.1.1-05", "3.1.1-09", "3.1.1-10", "3.1.2-01", "3.1.5-04", "3.1.5-17", "DPR.11-02"],
        Habit {
            hears: Some(|_, port, mail| submitted(port, mail, |message| {
                message.fields.set("Cc", "bianca@beta.test");
                true
            })),
            ..GOOD
        };
    "lets-another-name-in", ALFA, ["access-point/reverse-path-unlike-from"],
        "A submission in another user's name is rewritten to the sender's, and accepted.",
        [
            "2.1-09", "2.2.1-03", "3.1.1-04", "3.1.1-09", "3.1.1-10", "3.1.2-01", "3.1.5-17", "5.2-03", "DPR.11-02",
        ],
        Habit {
            hears: Some(|_, port, mail| {
                let from = mail.from.clone();
                submitted(port, mail, |message| {
                    message.fields.set("From", &from);
                    true
                });
            }),
            ..GOOD
        };
    "lets-two-authors-in", ALFA, ["access-point/two-from-fields"],
        "Of two From fields one is taken away, and the submission is accepted.",
        ["2.2.1-03", "3.1.1-01", "3.1.1-09", "3.1.1-10", "3.1.2-01", "3.1.5-17", "5.2-03", "DPR.11-02"],
        Habit {
            hears: Some(|_, port, mail| submitted(port, mail, |message| {
                let from = message.fields.get("From").unwrap_or_default();
                message.fields.remove("From");
                message.fields.set("From", &from);
                true
            })),
            ..GOOD
        };
    "lets-too-large-in", ALFA, ["access-point/too-large-alone"],
        "A submission beyond the declared limit is accepted, for the limit in use is another.",
        ["2.2.1-03", "3.1.1-07", "3.1.1-08", "3.1.1-09", "3.1.1-10", "3.1.2-01"],
        Habit { founded: Some(|founded| founded.plan.max_octets = 1_000_000_000), ..GOOD };
    "counts-a-message-once", ALFA, ["access-point/too-large"],
        "The size is held against the limit and not multiplied by the recipients.",
        ["2.2.1-03", "3.1.1-08", "3.1.1-09", "3.1.1-10", "3.1.2-01"],
        Habit { founded: Some(|founded| founded.plan.max_octets *= 50), ..GOOD };
    "refuses-at-the-limit", ALFA, [AT_LIMIT],
        "A message whose size times its recipients comes to the limit is refused.",
        ["2.2.1-02", "DM.12-02", "DM.12-03"],
        Habit { founded: Some(|founded| founded.plan.max_octets -= 1), ..GOOD };
    "refuses-fifty-recipients", ALFA, [FIFTY],
        "A message to more than ten recipients is refused.",
        ["DM.12-02"],
        Habit { founded: Some(|founded| founded.plan.max_recipients = 10), ..GOOD };
    "refuses-a-message-without-an-error", ALFA, [CROSS],
        "A correct submission is read without its From, and refused for that.",
        ["2.2.1-02"],
        Habit { hears: Some(|_, port, mail| submitted(port, mail, |message| message.fields.remove("From"))), ..GOOD };
    "never-tells-of-bcc", ALFA, [BCC],
        "A submission with a Bcc is refused, and the notice lies in no mailbox.",
        ["2.1-15", "2.2.1-03", "3.1.1-06", "3.1.1-10", "3.1.2-01"],
        commits!(|_, commit| commit.unstore(Kind::NonAcceptance));
    "never-tells-of-size", ALFA, ["access-point/too-large"],
        "A submission beyond the limit is refused, and the notice lies in no mailbox.",
        ["2.2.1-03", "3.1.1-08", "3.1.1-10", "3.1.2-01"],
        commits!(|_, commit| commit.unstore(Kind::NonAcceptance));
    "tells-of-the-larger-excess-alone", ALFA, ["access-point/size-far-above"],
        "A message a little too large is left to SMTP, and one far too large gets a notice.",
        ["3.1.2-02"],
        Habit {
            hears: Some(|_, _, mail| {
                if mail.message.len() > 300_000 {
                    mail.message.truncate(300_000);
                }
            }),
            commits: Some(|desk, commit| {
                if commit.stores(Kind::NonAcceptance) && desk.first("notice") {
                    commit.unstore(Kind::NonAcceptance);
                }
            }),
            replies: Some(|desk, command, lines| {
                if command == "." && desk.first("excess") {
                    *lines = vec!["552 5.3.4 Messaggio troppo grande".to_owned()];
                }
            }),
            ..GOOD
        };
    "returns-what-it-refuses", ALFA, [BCC],
        "The non-acceptance notice holds the original.",
        ["3.1.2-13"],
        makes!(Kind::NonAcceptance, |message| bend_parts(message, |parts| {
            parts.push(Entity::leaf("Content-Type: message/rfc822\r\n", "Subject: x\r\n\r\nx\r\n"));
            true
        }));
    "never-files-acceptance", ALFA, [CROSS],
        "The acceptance receipt is made and put in no mailbox.",
        ["2.2.1-02", "3.1.4-09", "3.5-01"],
        commits!(|_, commit| commit.unstore(Kind::Acceptance));
    "files-acceptance-twice", ALFA, [CROSS],
        "Two acceptance receipts are put in the sender's mailbox.",
        ["2.2.1-02", "2.3-08", "3.1.4-09"],
        commits!(|desk, commit| again(desk, commit, Kind::Acceptance));
    "accepts-a-client-identifier-once", ALFA, [SAME_CLIENT_ID],
        "Of two submissions with one Message-ID the second is answered and gets no receipt.",
        ["2.2.1-02", "3.1.4-09", "3.5-01"],
        commits!(|desk, commit| {
            if commit.stores(Kind::Acceptance) && !desk.first("acceptance") {
                commit.unstore(Kind::Acceptance);
            }
        });
}

/// Reads another message than a user submits.
fn submitted(port: u16, mail: &mut Mail, change: impl FnOnce(&mut Entity) -> bool) {
    if port == super::bends::RELAY {
        return;
    }
    let mut message = Entity::read(&mail.message);
    if change(&mut message) {
        mail.message = message.to_bytes();
    }
}

/// Stores a message of a kind once more, under another Message-ID.
fn again(desk: &mut Desk<'_>, commit: &mut crate::provider::Commit<'_>, kind: Kind) {
    let stored: Vec<_> = commit.stored().map(|(mailbox, body)| (mailbox.to_owned(), body)).collect();
    for (mailbox, body) in stored {
        let octets = commit.octets(body).cloned().unwrap_or_default();
        let twin = super::bends::bent(desk, &octets, kind, |message| {
            let id = message.fields().get("Message-ID").unwrap_or_default();
            message.fields_mut().set("Message-ID", &id.replacen('<', "<bis.", 1));
            true
        });
        if let Some(twin) = twin {
            let body = commit.keep(twin);
            commit.told.push(crate::provider::Told::Stored { mailbox, body });
        }
    }
}
