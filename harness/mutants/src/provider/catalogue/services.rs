//! The index and the list of revoked certificates: never asked, or not believed.

use collaudo_forge::{open_index, seal_index};
use collaudo_node::{Bytes, Effect, Input};

use super::{ALFA, BETA};
use crate::{
    catalogue::{CROSS, DOWN, INDEX_ALTERED, INDEX_ROLLED_BACK, INDEX_UNREACHABLE, REVOKED_REFUSED, UNLISTED},
    documents::INDEX,
    provider::{Desk, GOOD, Habit},
};

providers! {
    "never-reads-the-revoked", BETA, [REVOKED_REFUSED],
        "The list of revoked certificates is never read, and a revoked signer's envelope is taken in charge.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-15", "2.2.2-16", "2.2.3-01", "2.2.3-03", "3.2.2-01",
            "3.2.2-17", "3.3.1-01", "3.3.2-01", "3.3.2-03", "PRACT-04",
        ],
        Habit { founded: Some(|founded| founded.crl_name = ""), ..GOOD };
    "reads-the-revoked-in-vain", BETA, ["services/revoked-signer-anomaly"],
        "The list of revoked certificates is not heeded, and a mailbox that takes ordinary mail gets a revoked signer's envelope as certified.",
        [
            "2.2.2-04", "2.2.2-08", "2.2.2-09", "2.2.2-15", "2.2.2-16", "2.2.3-01", "2.2.3-03", "3.2.2-01", "3.3.1-01",
            "3.3.2-01", "3.3.2-03",
        ],
        Habit { founded: Some(|founded| founded.crl_name = ""), ..GOOD };
    "never-reads-the-index-again", ALFA, [DOWN],
        "The index is read once, at the first start.",
        ["4.5-10"],
        Habit { asks: Some(asks_once), learns: Some(remembers), ..GOOD };
    "goes-by-an-old-index", BETA, [UNLISTED],
        "The index is read once, and an envelope of a provider that it lists no more is taken in charge; by its copy, rightly so.",
        ["4.5-10"],
        Habit { asks: Some(asks_once), learns: Some(remembers), ..GOOD };
    "takes-an-older-index", ALFA, [INDEX_ROLLED_BACK],
        "An older index takes the place of the newer one, and a certified recipient counts as ordinary.",
        ["2.2.1-07", "3.1.4-07", "4.5-09", "4.5-10"],
        Habit { learns: Some(|desk, about, input| relearns(desk, about, input, same)), ..GOOD };
    "throws-the-last-good-index-away", ALFA, [INDEX_ALTERED],
        "After an index that does not verify the last good one is thrown away, and a certified recipient counts as ordinary.",
        ["2.2.1-07", "3.1.4-07", "4.5-09", "4.5-10"],
        Habit { learns: Some(|desk, about, input| relearns(desk, about, input, |text| without(text, "beta.test"))), ..GOOD };
    "throws-the-index-away-while-it-is-unreachable", ALFA, [INDEX_UNREACHABLE],
        "While no index can be had the last good one is thrown away, and a certified recipient counts as ordinary.",
        ["2.2.1-07", "3.1.4-07", "4.5-10"],
        Habit { learns: Some(|desk, about, input| forgets(desk, about, input, "beta.test")), ..GOOD };
    "refuses-envelopes-after-an-altered-index", BETA, [INDEX_ALTERED],
        "After an index that does not verify the last good one is thrown away, and a correct envelope is refused.",
        ["2.2.2-05", "4.5-09", "4.5-10"],
        Habit { learns: Some(|desk, about, input| relearns(desk, about, input, |text| without(text, "alfa.test"))), ..GOOD };
    "refuses-envelopes-while-the-index-is-away", BETA, [INDEX_UNREACHABLE],
        "While no index can be had the last good one is thrown away, and a correct envelope is refused.",
        ["2.2.2-05", "4.5-10"],
        Habit { learns: Some(|desk, about, input| forgets(desk, about, input, "alfa.test")), ..GOOD };
    "finds-no-host", ALFA, [CROSS],
        "A certified domain counts as one that does not exist, and an accepted message never leaves.",
        ["2.2.1-02", "3.5-01"],
        Habit {
            learns: Some(|_, _, input| {
                if let Input::Resolved { hosts, .. } = input {
                    hosts.clear();
                }
            }),
            ..GOOD
        };
    "looks-no-recipient-up", ALFA, [CROSS],
        "No recipient's domain is found in the index, and every recipient counts as ordinary.",
        ["2.2.1-07", "3.1.4-07"],
        Habit {
            learns: Some(|desk, about, input| {
                desk.memory.kept.insert(INDEX.to_owned(), Bytes::new());
                relearns(desk, about, input, |text| without(text, "beta.test"));
            }),
            ..GOOD
        };
}

/// Answers what it has asked once with what it got then.
fn asks_once(desk: &mut Desk<'_>, effect: &Effect) -> Option<Input> {
    match effect {
        Effect::Fetch { ticket, name } if name == INDEX => {
            let document = desk.memory.kept.get(name).cloned()?;
            Some(Input::Fetched { ticket: *ticket, document: Some(document) })
        }
        _ => None,
    }
}

/// Keeps the first index that it gets.
fn remembers(desk: &mut Desk<'_>, about: &str, input: &mut Input) {
    if let Input::Fetched { document: Some(document), .. } = input
        && about == INDEX
    {
        desk.memory.kept.entry(about.to_owned()).or_insert_with(|| document.clone());
    }
}

/// Takes every index but the first for one that was signed well, and just now, with another text.
fn relearns(desk: &mut Desk<'_>, about: &str, input: &mut Input, change: fn(&str) -> String) {
    let Input::Fetched { document: Some(document), .. } = input else { return };
    if about != INDEX {
        return;
    }
    let Some(good) = desk.memory.kept.get(INDEX) else {
        desk.memory.kept.insert(INDEX.to_owned(), document.clone());
        return;
    };
    if good != document
        && let Ok((text, _)) = open_index(document)
        && let Some(signer) = &desk.scene.keys.index
    {
        *document = seal_index(&change(&text), signer, Some(desk.now.unix_micros() / 1_000_000)).into();
    }
}

/// Takes an index that cannot be had for one that lacks a provider.
fn forgets(desk: &mut Desk<'_>, about: &str, input: &mut Input, domain: &str) {
    remembers(desk, about, input);
    let Input::Fetched { document, .. } = input else { return };
    if about == INDEX
        && document.is_none()
        && let Some(good) = desk.memory.kept.get(INDEX)
        && let Ok((text, _)) = open_index(good)
        && let Some(signer) = &desk.scene.keys.index
    {
        let text = without(&text, domain);
        *document = Some(seal_index(&text, signer, Some(desk.now.unix_micros() / 1_000_000)).into());
    }
}

fn same(text: &str) -> String {
    text.to_owned()
}

/// An index without the records that manage a domain.
fn without(text: &str, domain: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let manages = |record: &&str| !record.replace("\n ", "").contains(&format!("managedDomains: {domain}"));
    text.split("\n\n").filter(manages).collect::<Vec<_>>().join("\n\n")
}
