//! The delivery point: what lies in the mailboxes.

use collaudo_forge::Entity;
use collaudo_node::Input;

use super::{ALFA, BETA};
use crate::{
    catalogue::{CROSS, IMAP_VISIT, POP3_VISIT},
    pick::{Kind, kind_of},
    provider::{Commit, GOOD, Habit, Told},
};

providers! {
    "stores-with-a-field-more", BETA, [CROSS],
        "The envelope in the mailbox has a field that it did not arrive with.",
        ["2.2.3-04"],
        commits!(|_, commit| filters(commit, Kind::Envelope));
    "files-receipt-with-a-field-more", ALFA, [CROSS],
        "The delivery receipt in the mailbox has a field that it did not arrive with.",
        ["2.2.2-06", "2.2.3-04", "3.3.2-03"],
        commits!(|_, commit| filters(commit, Kind::Delivery));
    "never-stores", BETA, [CROSS],
        "The message is receipted and lies in no mailbox.",
        ["2.1.1.1.1-05", "2.2.2-05", "2.2.3-02", "3.3.2-01", "3.5-01"],
        commits!(|_, commit| commit.unstore(Kind::Envelope));
    "stores-in-another-mailbox", BETA, [CROSS],
        "The message is receipted and lies in another user's mailbox.",
        ["2.1.1.1.1-05", "2.2.2-05", "2.2.3-02", "3.3.2-01", "3.5-01"],
        commits!(|_, commit| {
            for told in &mut commit.told {
                if let Told::Stored { mailbox, .. } = told {
                    *mailbox = "bianca@beta.test".to_owned();
                }
            }
        });
    "shows-something-else-over-imap", BETA, [IMAP_VISIT],
        "What is fetched over IMAP has a field that was not stored.",
        ["2.2.3-04"],
        Habit { loads: Some(|_, octets| read(octets)), ..GOOD };
    "shows-something-else-over-pop3", BETA, [POP3_VISIT],
        "What is fetched over POP3 has a field that was not stored.",
        ["2.2.3-04"],
        Habit { loads: Some(|_, octets| read(octets)), ..GOOD };
    "turns-visitors-away", BETA, [IMAP_VISIT],
        "Whoever looks into a mailbox with the right password is turned away.",
        ["6-02"],
        Habit {
            learns: Some(|_, about, input| {
                if let Input::PasswordChecked { ok, .. } = input
                    && about.contains("bruno")
                {
                    *ok = false;
                }
            }),
            ..GOOD
        };
}

/// Stores messages of a kind with one field more.
fn filters(commit: &mut Commit<'_>, kind: Kind) {
    let bodies: Vec<_> =
        commit.stored().map(|(_, body)| body).filter(|body| commit.kind(*body) == Some(kind)).collect();
    for old in bodies {
        let octets = commit.octets(old).cloned().unwrap_or_default();
        let new = commit.keep([&b"X-Filtro: passato\r\n"[..], &octets].concat());
        for told in &mut commit.told {
            if let Told::Stored { body, .. } = told
                && *body == old
            {
                *body = new;
            }
        }
    }
}

/// An envelope with one field in the place of another that is as long.
fn read(octets: &[u8]) -> Option<Vec<u8>> {
    let mut message = Entity::read(octets);
    let subject = message.fields.get("Subject").filter(|_| kind_of(&message.fields) == Some(Kind::Envelope))?;
    message.fields.set("Subject", &subject.replace('e', "a"));
    Some(message.to_bytes())
}
