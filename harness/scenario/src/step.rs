use std::{fs, path::Path, sync::Arc, time::Duration};

use crate::{
    Access, Error, Flaw, Forgery, Inquiry, OUTSIDE, PlayerPlan, ProviderPlan, Visit, attach,
    cast::Cast,
    compose, encode, find,
    letter::{self, Letter},
    measure,
    scenario::{Draft, Message},
    source::{Item, Table},
};

/// What people do, in the file's order.
#[derive(Default)]
pub(crate) struct Steps {
    pub(crate) drafts: Vec<Draft>,
    pub(crate) visits: Vec<Visit>,
    pub(crate) inquiries: Vec<Inquiry>,
}

/// Reads `step = [...]`.
pub(crate) fn read(item: &Item<'_>, cast: &Cast, path: &Path) -> Result<Steps, Error> {
    let mut steps = Steps::default();
    for item in item.list("an array of steps")? {
        let table = item.table("step")?.only(&["at", "submit", "read", "post", "ask"])?;
        for (n, key) in KINDS.iter().enumerate() {
            KINDS.iter().skip(n + 1).try_for_each(|other| table.not_both(key, other))?;
        }
        let at = measure::duration(&table.need("at", "a duration such as \"0s\"")?)?;
        if let Some(item) = table.get("read") {
            let table = item.table("visit")?;
            let visit = visit(table, at, cast)?;
            steps.not_twice(table, &visit.id)?;
            steps.visits.push(visit);
        } else if let Some(item) = table.get("ask") {
            let table = item.table("inquiry")?.only(&["id"])?;
            let inquiry = Inquiry { at, id: id(&table.need("id", "a name such as \"a1\"")?)? };
            steps.not_twice(table, &inquiry.id)?;
            steps.inquiries.push(inquiry);
        } else if let Some(item) = table.get("post") {
            let table = item.table("ordinary mail")?;
            let draft = ordinary_mail(table, at, cast)?;
            steps.not_twice(table, &draft.id)?;
            steps.drafts.push(draft);
        } else {
            let table = table.need("submit", "what is submitted, or read, post, ask")?.table("submission")?;
            let draft = submission(table, at, cast, path)?;
            steps.not_twice(table, &draft.id)?;
            steps.one_session(table, &draft)?;
            steps.drafts.push(draft);
        }
    }
    match steps.drafts.is_empty() && steps.visits.is_empty() && steps.inquiries.is_empty() {
        true => Err(item.error(Flaw::bad("step", "[]", "at least one step"))),
        false => Ok(steps),
    }
}

impl Steps {
    /// When the last step is taken.
    pub(crate) fn last(&self) -> Duration {
        let instants = self.drafts.iter().map(|draft| draft.at).chain(self.visits.iter().map(|visit| visit.at));
        instants.chain(self.inquiries.iter().map(|inquiry| inquiry.at)).max().unwrap_or_default()
    }

    fn not_twice(&self, table: Table<'_>, id: &str) -> Result<(), Error> {
        let ids = self.drafts.iter().map(|draft| &draft.id).chain(self.visits.iter().map(|visit| &visit.id));
        let mut ids = ids.chain(self.inquiries.iter().map(|inquiry| &inquiry.id));
        match ids.any(|there| there == id) {
            true => Err(table.need("id", "a name")?.error(Flaw::Twice { what: "step", found: id.to_owned() })),
            false => Ok(()),
        }
    }

    /// Whoever shares a session shares all that a connection has.
    fn one_session(&self, table: Table<'_>, draft: &Draft) -> Result<(), Error> {
        let Some(item) = table.get("session") else { return Ok(()) };
        let first = self.drafts.iter().find(|there| there.session == draft.session);
        let apart = |there: &&Draft| {
            (&there.account, there.at, there.implicit_tls) != (&draft.account, draft.at, draft.implicit_tls)
        };
        match first.filter(apart) {
            Some(_) => {
                let expected = "submissions of one user at one instant, all with the same tls";
                Err(item.error(Flaw::bad("session", item.text()?, expected)))
            }
            None => Ok(()),
        }
    }
}

/// Someone looks into a mailbox.
fn visit(table: Table<'_>, at: Duration, cast: &Cast) -> Result<Visit, Error> {
    let table = table.only(&["id", "as", "over", "delete"])?;
    let (provider, user) = cast.person(&table.need("as", "a user")?)?;
    let over = table.need("over", "\"imap\" or \"pop3\"")?.word("protocol", &["imap", "pop3"])?;
    if let (PlayerPlan::Peer(_), Some(item)) = (provider.player, table.get("as")) {
        return Err(item.error(Flaw::bad("reader", item.text()?, "a user of a provider that no peer plays")));
    }
    Ok(Visit {
        at,
        id: id(&table.need("id", "a name such as \"v1\"")?)?,
        provider: provider.name.clone(),
        account: user.address.clone(),
        password: user.password.clone(),
        over: if over == "imap" { Access::Imap } else { Access::Pop3 },
        deletes: table.get("delete").map_or(Ok(false), |item| item.truth())?,
    })
}

fn submission(table: Table<'_>, at: Duration, cast: &Cast, path: &Path) -> Result<Draft, Error> {
    let keys: Vec<&'static str> = PATHS.iter().chain(&letter::KEYS).copied().collect();
    let table = table.only(&keys)?;
    let id = id(&table.need("id", "a name such as \"m1\"")?)?;
    let (provider, user) = cast.person(&table.need("from", "a user")?)?;
    let forged = forged(table, provider)?;
    ["tls", "session"].iter().try_for_each(|key| table.not_both(key, "forge"))?;
    let reverse_path = table.get("reverse_path").map(|item| reverse_path(&item, cast)).transpose()?;
    let to = letter::addresses(table, "to", cast)?;
    let cc = letter::addresses(table, "cc", cast)?;
    let rcpt = letter::addresses(table, "rcpt", cast)?;
    let mut forward_paths: Vec<String> = Vec::new();
    for address in rcpt.unwrap_or_else(|| [to.clone(), cc].into_iter().flatten().flatten().collect()) {
        if !forward_paths.contains(&address) {
            forward_paths.push(address);
        }
    }
    let message = match table.get("file") {
        Some(item) => from_file(table, &item, cast, path)?,
        None => {
            let to = to.ok_or_else(|| missing_to(table))?;
            let letter = Letter::read(table, &id, user.address.clone(), to, cast)?;
            let limit = provider.max_octets / u64::try_from(forward_paths.len()).unwrap_or(u64::MAX).max(1);
            Message::Letter(Box::new(sized(letter, table, limit, &id, &provider.domain)?))
        }
    };
    if forward_paths.is_empty() {
        return Err(table.error(Flaw::bad("submission", &id, "at least one recipient in to, cc or rcpt")));
    }
    Ok(Draft {
        at,
        id,
        provider: provider.name.clone(),
        domain: provider.domain.clone(),
        account: user.address.clone(),
        password: user.password.clone(),
        reverse_path: reverse_path.unwrap_or_else(|| user.address.clone()),
        forward_paths,
        message,
        implicit_tls: table
            .get("tls")
            .map_or(Ok("starttls"), |item| item.word("kind of TLS", &["starttls", "implicit"]))?
            == "implicit",
        session: table.get("session").map(|item| self::id(&item)).transpose()?,
        forged,
    })
}

/// Ordinary mail of someone outside the network, sent without TLS.
fn ordinary_mail(table: Table<'_>, at: Duration, cast: &Cast) -> Result<Draft, Error> {
    let keys: Vec<&'static str> = ["id", "from", "to"].into_iter().chain(letter::KEYS).collect();
    let table = table.only(&keys)?;
    table.get("size").map_or(Ok(()), |item| Err(item.error(Flaw::Beside { key: "size", other: "post" })))?;
    let id = id(&table.need("id", "a name such as \"o1\"")?)?;
    let author = table.need("from", "an address outside the network")?;
    let from = cast.address(&author)?;
    let domain = from.rsplit('@').next().unwrap_or_default().to_owned();
    if cast.providers().iter().any(|provider| provider.domain == domain) {
        return Err(author.error(Flaw::bad("author", from, "an address of no certified domain")));
    }
    let to = letter::addresses(table, "to", cast)?.filter(|to| !to.is_empty()).ok_or_else(|| missing_to(table))?;
    let cc = letter::addresses(table, "cc", cast)?.unwrap_or_default();
    let letter = Letter::read(table, &id, from.clone(), to.clone(), cast)?;
    Ok(Draft {
        at,
        id,
        provider: OUTSIDE.to_owned(),
        domain,
        account: from.clone(),
        password: String::new(),
        reverse_path: from,
        forward_paths: to.into_iter().chain(cc).collect(),
        message: Message::Letter(Box::new(letter)),
        implicit_tls: false,
        session: None,
        forged: Some(Forgery::Ordinary),
    })
}

/// A message whose octets stand in a file.
fn from_file(table: Table<'_>, item: &Item<'_>, cast: &Cast, path: &Path) -> Result<Message, Error> {
    letter::KEYS.iter().try_for_each(|key| table.not_both("file", key))?;
    // The octets of a file name people, and nobody can exchange these.
    match cast.exchanged() {
        true => Err(item.error(Flaw::Beside { key: "file", other: "swap" })),
        false => Ok(Message::File(cast.reworded_octets(&octets(item, path)?))),
    }
}

/// A letter that is to have so many octets, where it says so; `limit` is what one recipient's share of the limit is.
fn sized(mut letter: Letter, table: Table<'_>, limit: u64, id: &str, domain: &str) -> Result<Letter, Error> {
    let Some(item) = table.get("size") else { return Ok(letter) };
    let size = attach::bounded(&item, measure::whole_size(&item, limit)?)?;
    let least = compose::most_unfilled(&letter, id, domain);
    if size < least {
        let expected = format!("at least {least}, what the message has of its own");
        return Err(item.error(Flaw::bad("size", size, expected)));
    }
    letter.size = Some(size);
    Ok(letter)
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

/// What a step can be.
const KINDS: [&str; 4] = ["submit", "read", "post", "ask"];
/// The keys of a submission that say who, to whom, how, and from which file.
const PATHS: [&str; 9] = ["id", "from", "to", "rcpt", "reverse_path", "tls", "session", "file", "forge"];
/// What a peer can make of a message.
const FORGERIES: [(&str, Forgery); 14] = [
    ("envelope", Forgery::Envelope),
    ("envelope-twice", Forgery::EnvelopeTwice),
    ("envelope-without-data", Forgery::EnvelopeWithoutData),
    ("altered-envelope", Forgery::AlteredEnvelope),
    ("unsigned", Forgery::Unsigned),
    ("unlisted-signer", Forgery::UnlistedSigner),
    ("expired-signer", Forgery::ExpiredSigner),
    ("future-signer", Forgery::FutureSigner),
    ("foreign-authority", Forgery::ForeignAuthority),
    ("hash-listed-signer", Forgery::HashListedSigner),
    ("envelope-in-another-name", Forgery::EnvelopeInAnotherName),
    ("stray-receipt", Forgery::StrayReceipt),
    ("signed-mail", Forgery::SignedMail),
    ("ordinary", Forgery::Ordinary),
];
const LONGEST_ID: usize = 32;
