use std::{fs, path::Path, sync::Arc};

use crate::{
    Error, Flaw, Forgery, PlayerPlan, ProviderPlan,
    cast::Cast,
    encode, find,
    letter::{self, Letter},
    measure,
    scenario::{Draft, Message},
    source::{Item, Table},
};

/// Reads `step = [...]`, in the file's order.
pub(crate) fn read(item: &Item<'_>, cast: &Cast, path: &Path) -> Result<Vec<Draft>, Error> {
    let mut drafts: Vec<Draft> = Vec::new();
    for item in item.list("an array of steps")? {
        let table = item.table("step")?.only(&["at", "submit"])?;
        let at = measure::duration(&table.need("at", "a duration such as \"0s\"")?)?;
        let submit = table.need("submit", "what is submitted")?.table("submission")?;
        let id = submit.need("id", "a name such as \"m1\"")?;
        let draft = Draft { at, ..submission(submit, cast, path)? };
        if drafts.iter().any(|there| there.id == draft.id) {
            return Err(id.error(Flaw::Twice { what: "step", found: draft.id }));
        }
        drafts.push(draft);
    }
    match drafts.is_empty() {
        true => Err(item.error(Flaw::bad("step", "[]", "at least one step"))),
        false => Ok(drafts),
    }
}

fn submission(table: Table<'_>, cast: &Cast, path: &Path) -> Result<Draft, Error> {
    let keys: Vec<&'static str> = PATHS.iter().chain(&letter::KEYS).copied().collect();
    let table = table.only(&keys)?;
    let id = id(&table.need("id", "a name such as \"m1\"")?)?;
    let (provider, user) = cast.person(&table.need("from", "a user")?)?;
    let forged = forged(table, provider)?;
    let reverse_path = table.get("reverse_path").map(|item| reverse_path(&item, cast)).transpose()?;
    let to = letter::addresses(table, "to", cast)?;
    let rcpt = letter::addresses(table, "rcpt", cast)?;
    let addressed = to.clone().unwrap_or_default();
    let (message, copied) = match table.get("file") {
        Some(item) => {
            letter::KEYS.iter().try_for_each(|key| table.not_both("file", key))?;
            // The octets of a file name people, and nobody can exchange these.
            if cast.exchanged() {
                return Err(item.error(Flaw::Beside { key: "file", other: "swap" }));
            }
            (Message::File(octets(&item, path)?), Vec::new())
        }
        None => {
            let to = to.ok_or_else(|| missing_to(table))?;
            let letter = Letter::read(table, &id, user.address.clone(), to, cast)?;
            let copied = letter.cc.clone();
            (Message::Letter(Box::new(letter)), copied)
        }
    };
    let mut forward_paths: Vec<String> = Vec::new();
    for address in rcpt.unwrap_or_else(|| [addressed, copied].concat()) {
        if !forward_paths.contains(&address) {
            forward_paths.push(address);
        }
    }
    if forward_paths.is_empty() {
        return Err(table.error(Flaw::bad("submission", &id, "at least one recipient in to, cc or rcpt")));
    }
    Ok(Draft {
        at: std::time::Duration::ZERO,
        id,
        provider: provider.name.clone(),
        domain: provider.domain.clone(),
        account: user.address.clone(),
        password: user.password.clone(),
        reverse_path: reverse_path.unwrap_or_else(|| user.address.clone()),
        forward_paths,
        message,
        forged,
    })
}

/// What the scripted peer makes of the message: it must be said where a peer plays the sender's provider, and nowhere else.
fn forged(table: Table<'_>, provider: &ProviderPlan) -> Result<Option<Forgery>, Error> {
    let words: Vec<_> = FORGERIES.iter().map(|(word, _)| *word).collect();
    match (table.get("forge"), provider.player) {
        (None, PlayerPlan::Subject) => Ok(None),
        (Some(item), PlayerPlan::Peer(_)) => {
            let found = item.word("forgery", &words)?;
            Ok(FORGERIES.iter().find(|(word, _)| *word == found).map(|(_, forgery)| *forgery))
        }
        (None, PlayerPlan::Peer(_)) => Err(table.error(Flaw::Missing {
            key: "forge",
            table: "submission",
            expected: "what the peer that plays the sender's provider makes of it, such as \"envelope\"",
        })),
        (Some(item), PlayerPlan::Subject) => {
            Err(item.error(Flaw::bad("sender", &provider.name, "a user of a provider that a peer plays")))
        }
    }
}

fn missing_to(table: Table<'_>) -> Error {
    table.error(Flaw::Missing { key: "to", table: "submission", expected: "an array of users or addresses" })
}

/// An address, or nothing for `<>`.
fn reverse_path(item: &Item<'_>, cast: &Cast) -> Result<String, Error> {
    if item.text()?.is_empty() { Ok(String::new()) } else { cast.address(item) }
}

/// A name that is good for a Message-ID.
fn id(item: &Item<'_>) -> Result<String, Error> {
    let found = item.text()?;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match !found.is_empty() && found.len() <= LONGEST_ID && found.chars().all(fits) {
        true => Ok(found.to_owned()),
        false => {
            let expected = format!("lower-case letters, digits and hyphens, at most {LONGEST_ID}");
            Err(item.error(Flaw::bad("id", found, expected)))
        }
    }
}

/// A message file beside the scenario, with CRLF.
fn octets(item: &Item<'_>, path: &Path) -> Result<Arc<[u8]>, Error> {
    let name = item.text()?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let file = folder.join(name);
    if !file.is_file() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let there: Vec<String> = find::listed(folder)?
            .iter()
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .filter_map(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()))
            .collect();
        return Err(item.error(Flaw::unknown("message file", name, there.iter().map(String::as_str))));
    }
    let octets =
        fs::read(&file).map_err(|why| item.error(Flaw::bad("message file", name, format!("a file ({why})"))))?;
    match octets.is_empty() {
        true => Err(item.error(Flaw::bad("message file", name, "a file that is not empty"))),
        false => Ok(encode::crlf(&octets).into()),
    }
}

/// The keys of a submission that say who, to whom, and from which file.
const PATHS: [&str; 7] = ["id", "from", "to", "rcpt", "reverse_path", "file", "forge"];
/// What a peer can make of a message.
const FORGERIES: [(&str, Forgery); 8] = [
    ("envelope", Forgery::Envelope),
    ("envelope-without-data", Forgery::EnvelopeWithoutData),
    ("altered-envelope", Forgery::AlteredEnvelope),
    ("unlisted-signer", Forgery::UnlistedSigner),
    ("expired-signer", Forgery::ExpiredSigner),
    ("envelope-in-another-name", Forgery::EnvelopeInAnotherName),
    ("signed-mail", Forgery::SignedMail),
    ("ordinary", Forgery::Ordinary),
];
const LONGEST_ID: usize = 32;
