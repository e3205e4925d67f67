use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use collaudo_record::Ordinary;

use crate::{
    Error, Family, Flaw, Guest, IndexSource, Moved, OUTSIDE, PlayerPlan, ProviderPlan, UnitPlan, UserPlan,
    find::{self, stems},
    measure, player, profile,
    source::{Item, Source, Table},
};

/// Who takes part, and what a scenario's names mean.
#[derive(Clone)]
pub(crate) struct Cast {
    providers: Vec<ProviderPlan>,
    /// Whether the first two providers have exchanged their parts: then every name of the one means the other's.
    exchanged: bool,
    /// The folder of profiles.
    profiles: PathBuf,
    /// Who has taken the place of one of them.
    guest: Option<Seat>,
    /// Who stands under another domain.
    moved: Vec<Seat>,
}

/// What a provider was called whose place a guest has taken, or that has moved.
#[derive(Clone)]
struct Seat {
    place: usize,
    domain: String,
    /// The names of its users in the scenario, by their addresses.
    names: BTreeMap<String, String>,
}

impl Cast {
    /// Reads the topology that an item names, under the folder of all scenarios.
    pub(crate) fn of(item: &Item<'_>, root: &Path) -> Result<Self, Error> {
        let name = item.text()?;
        let folder = find::topologies(root);
        let there = stems(&folder)?;
        if !there.iter().any(|stem| stem == name) {
            return Err(item.error(Flaw::unknown("topology", name, there.iter().map(String::as_str))));
        }
        Self::read(&Source::open(&folder.join(format!("{name}.toml")))?, find::profiles(root))
    }

    /// Reads a topology.
    pub(crate) fn read(source: &Source, profiles: PathBuf) -> Result<Self, Error> {
        let parsed = source.parse()?;
        let root = source.root(&parsed, "topology").only(&["title", "provider"])?;
        root.need("title", "one line of text")?.line_of_text("title")?;
        let list = root.need("provider", "an array of providers")?;
        let mut cast = Self { providers: Vec::new(), exchanged: false, profiles, guest: None, moved: Vec::new() };
        for item in list.list("an array of providers")? {
            cast.enlist(&item)?;
        }
        match cast.providers.len() {
            1..=MOST_PROVIDERS => Ok(cast),
            found => Err(list.error(Flaw::bad("number of providers", found, format!("from 1 to {MOST_PROVIDERS}")))),
        }
    }

    /// The same people with the parts of the first two providers exchanged; `item` asks for it.
    pub(crate) fn exchange(&self, item: &Item<'_>) -> Result<Self, Error> {
        match self.providers.as_slice() {
            [a, b, ..] if a.users.len() == b.users.len() => Ok(Self { exchanged: true, ..self.clone() }),
            _ => Err(item.error(Flaw::bad("swap", true, "a topology whose first two providers have as many users"))),
        }
    }

    /// Gives a guest the place of the provider that it names; nothing where there is none of that name.
    pub(crate) fn seat(&mut self, guest: &Guest) {
        let Some(place) = self.providers.iter().position(|provider| provider.name == guest.provider) else { return };
        let Some(provider) = self.providers.get_mut(place) else { return };
        let own = std::mem::take(&mut provider.users);
        let seated = own.iter().filter_map(|user| Some((user, guest.users.get(&user.address)?)));
        let names = seated.clone().map(|(user, there)| (there.address.clone(), local(&user.address).to_owned()));
        self.guest = Some(Seat { place, domain: provider.domain.clone(), names: names.collect() });
        provider.users = seated.map(|(_, there)| there.clone()).collect();
        provider.display_name.clone_from(&guest.display_name);
        provider.domain.clone_from(&guest.domain);
        provider.service_mailbox.clone_from(&guest.service_mailbox);
        (provider.max_octets, provider.max_recipients) = (guest.max_octets, guest.max_recipients);
        guest.moved.iter().filter(|moved| moved.provider != guest.provider).for_each(|moved| self.relocate(moved));
    }

    /// Gives a provider another name of the index and another domain; nothing where it is not there.
    fn relocate(&mut self, moved: &Moved) {
        let Some(place) = self.providers.iter().position(|provider| provider.name == moved.provider) else { return };
        let Some(provider) = self.providers.get_mut(place) else { return };
        let there = |address: &str| format!("{}@{}", local(address), moved.domain);
        provider.users.iter_mut().for_each(|user| user.address = there(&user.address));
        provider.service_mailbox = there(&provider.service_mailbox);
        provider.display_name.clone_from(&moved.display_name);
        let domain = std::mem::replace(&mut provider.domain, moved.domain.clone());
        let names = provider.users.iter().map(|user| (user.address.clone(), local(&user.address).to_owned())).collect();
        self.moved.push(Seat { place, domain, names });
    }

    /// Whether the parts are exchanged.
    pub(crate) fn exchanged(&self) -> bool {
        self.exchanged
    }

    /// Applies `mailbox = { bruno = { quota = "0 B", ordinary = "anomaly" } }`.
    pub(crate) fn override_mailboxes(&mut self, table: Table<'_>) -> Result<(), Error> {
        for (name, item) in table.entries() {
            let place = self.user(name.word).ok_or_else(|| name.error(self.unknown_user(name.word)))?;
            let table = item.table("mailbox")?.only(&["quota", "ordinary"])?;
            let policy = table.get("ordinary");
            let policy = policy.map(|item| profile::ordinary(&item, &|to| self.address(to))).transpose()?;
            let quota = match (table.get("quota"), &policy) {
                (None, None) => Some(table.need("quota", "a size such as \"0 B\", or ordinary")?),
                (quota, _) => quota,
            };
            let quota = quota.map(|item| measure::size(&item)).transpose()?;
            if self.is_guest(place.0) {
                // Whoever takes the part is who he is.
                continue;
            }
            if let Some(user) = self.providers.get_mut(place.0).and_then(|p| p.users.get_mut(place.1)) {
                user.quota_octets = quota.or(user.quota_octets);
                user.ordinary = policy.unwrap_or_else(|| user.ordinary.clone());
            }
        }
        Ok(())
    }

    /// Applies `provider = { beta = { play = "peer", behaviour = "silent" } }`.
    pub(crate) fn override_providers(&mut self, table: Table<'_>) -> Result<(), Error> {
        for (name, item) in table.entries() {
            let place = self.provider(name.word).ok_or_else(|| name.error(self.unknown_provider(name.word)))?;
            let keys: Vec<&'static str> = player::KEYS.into_iter().chain(profile::KEYS).collect();
            let guest = self.providers.get(place).filter(|_| self.is_guest(place)).cloned();
            self.shape(place, item.table("provider")?.only(&keys)?)?;
            if let Some((there, own)) = self.providers.get_mut(place).zip(guest) {
                // A guest keeps the limits and the people that it came with.
                (there.max_octets, there.max_recipients, there.users) = (own.max_octets, own.max_recipients, own.users);
            }
        }
        Ok(())
    }

    /// Whether a guest has that place.
    fn is_guest(&self, place: usize) -> bool {
        self.guest.as_ref().is_some_and(|seat| seat.place == place)
    }

    /// Who stands elsewhere than the topology says.
    fn seats(&self) -> impl Iterator<Item = &Seat> {
        self.guest.iter().chain(&self.moved)
    }

    /// Everyone, as the overrides left them.
    pub(crate) fn providers(&self) -> &[ProviderPlan] {
        &self.providers
    }

    /// The host that an item names.
    pub(crate) fn host(&self, item: &Item<'_>) -> Result<String, Error> {
        let name = item.text()?;
        let provider = self.provider(name).and_then(|place| self.providers.get(place));
        provider.map(|p| p.name.clone()).ok_or_else(|| item.error(self.unknown_provider(name)))
    }

    /// The host that an item names, or the index where some provider reads it over a connection of its own.
    pub(crate) fn end_of_a_link(&self, item: &Item<'_>) -> Result<String, Error> {
        if item.text()? != INDEX {
            return self.host(item);
        }
        match self.providers.iter().any(|provider| provider.index_source == IndexSource::Ldap) {
            true => Ok(INDEX.to_owned()),
            false => {
                let expected = "a provider, for none here has index = \"ldap\"";
                Err(item.error(Flaw::bad("host", INDEX, expected)))
            }
        }
    }

    /// The addresses that `{ users = "beta", first = 250 }` means, in the topology's order.
    pub(crate) fn group(&self, table: Table<'_>) -> Result<Vec<String>, Error> {
        let table = table.only(&["users", "first"])?;
        let name = table.need("users", "a provider's name")?;
        let host = self.host(&name)?;
        let users = self.providers.iter().filter(|provider| provider.name == host).flat_map(|provider| &provider.users);
        let mut addresses: Vec<String> = users.map(|user| user.address.clone()).collect();
        if let Some(item) = table.get("first") {
            let most = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
            let first = item.number("number of users", 1..most.saturating_add(1))?;
            addresses.truncate(usize::try_from(first).unwrap_or(usize::MAX));
        }
        Ok(addresses)
    }

    /// The person that an item names, and that person's provider.
    pub(crate) fn person(&self, item: &Item<'_>) -> Result<(&ProviderPlan, &UserPlan), Error> {
        let name = item.text()?;
        let found = self.user(name).and_then(|(p, u)| {
            let provider = self.providers.get(p)?;
            Some((provider, provider.users.get(u)?))
        });
        found.ok_or_else(|| item.error(self.unknown_user(name)))
    }

    /// The address that an item means: a user's name, or an address of anyone anywhere.
    pub(crate) fn address(&self, item: &Item<'_>) -> Result<String, Error> {
        let name = item.text()?;
        if !name.contains('@') {
            return self.person(item).map(|(_, user)| user.address.clone());
        }
        if !is_address(name) {
            return Err(item.error(Flaw::bad("address", name, "local@domain in ASCII, or a user's name")));
        }
        Ok(self.translate(name))
    }

    /// A mailbox of this world: a user's name or address, or `alfa.service`.
    pub(crate) fn mailbox(&self, item: &Item<'_>) -> Result<String, Error> {
        let name = item.text()?;
        if let Some(provider) = name.strip_suffix(SERVICE).and_then(|name| self.provider(name)) {
            let provider = self.providers.get(provider);
            return provider.map(|p| p.service_mailbox.clone()).ok_or_else(|| item.error(self.unknown_mailbox(name)));
        }
        let known = |address: &String| {
            let mut all = self.providers.iter().flat_map(|p| &p.users).map(|user| &user.address);
            all.any(|user| user == address)
        };
        let address = match name.contains('@') {
            true => Some(self.translate(name)).filter(known),
            false => self.person(item).ok().map(|(_, user)| user.address.clone()),
        };
        address.ok_or_else(|| item.error(self.unknown_mailbox(name)))
    }

    fn enlist(&mut self, item: &Item<'_>) -> Result<(), Error> {
        let keys = ["name", "title", "domain", "users", "unit"].into_iter().chain(player::KEYS).chain(profile::KEYS);
        let table = item.table("provider")?.only(&keys.collect::<Vec<&'static str>>())?;
        let domain = labels(&table.need("domain", "a domain")?)?;
        let provider = ProviderPlan {
            name: host_name(&table.need("name", "a host name")?)?,
            display_name: table.need("title", "one line of text")?.line_of_text("title")?,
            service_mailbox: format!("{}@{domain}", RESERVED[0]),
            domain,
            player: PlayerPlan::Subject,
            users: Vec::new(),
            max_octets: LAWFUL_LIMIT,
            max_recipients: MOST_RECIPIENTS,
            family: Family::default(),
            index_source: IndexSource::Ldif,
            renewed: false,
            backup: false,
            acceptance: None,
            unit: table.get("unit").map(|item| unit(item.table("unit")?)).transpose()?,
        };
        if self.providers.iter().any(|there| there.name == provider.name || there.domain == provider.domain) {
            return Err(item.error(Flaw::Twice { what: "provider", found: provider.name }));
        }
        let domain = provider.domain.clone();
        self.providers.push(provider);
        let users = table.need("users", USERS)?;
        let names = if users.is_table() { vec![users] } else { users.list(USERS)? };
        for item in &names {
            match item.is_table() {
                true => self.enrol_many(item, &domain)?,
                false => self.enrol(label(item)?, item, &domain)?,
            }
        }
        self.shape(self.providers.len() - 1, table)
    }

    /// Gives a provider who plays it, and what it is like.
    fn shape(&mut self, place: usize, table: Table<'_>) -> Result<(), Error> {
        let Some(mut provider) = self.providers.get(place).cloned() else { return Ok(()) };
        provider.player = player::read(table)?.unwrap_or(provider.player);
        profile::shape(&mut provider, table, &self.profiles, &|item| self.address(item))?;
        if let Some(there) = self.providers.get_mut(place) {
            *there = provider;
        }
        Ok(())
    }

    /// Adds `{ count = 250, prefix = "utente" }`: `utente1` to `utente250`.
    fn enrol_many(&mut self, item: &Item<'_>, domain: &str) -> Result<(), Error> {
        let table = item.table("group of users")?.only(&["count", "prefix"])?;
        let count = table.need("count", "a number of users")?.number("number of users", 1..MOST_USERS + 1)?;
        let prefix = label(&table.need("prefix", "what their names begin with")?)?;
        (1..=count).try_for_each(|n| self.enrol(format!("{prefix}{n}"), item, domain))
    }

    /// Adds a user to the provider that was enlisted last.
    fn enrol(&mut self, name: String, item: &Item<'_>, domain: &str) -> Result<(), Error> {
        if self.user(&name).is_some() || RESERVED.contains(&name.as_str()) {
            return Err(item.error(Flaw::Twice { what: "mailbox", found: name }));
        }
        let user = UserPlan {
            address: format!("{name}@{domain}"),
            password: format!("parola-di-{name}"),
            quota_octets: None,
            ordinary: Ordinary::Refuse,
        };
        if let Some(provider) = self.providers.last_mut() {
            provider.users.push(user);
        }
        Ok(())
    }

    fn part(&self, place: usize) -> usize {
        match place {
            0 if self.exchanged => 1,
            1 if self.exchanged => 0,
            other => other,
        }
    }

    fn provider(&self, name: &str) -> Option<usize> {
        self.providers.iter().position(|provider| provider.name == name).map(|place| self.part(place))
    }

    fn user(&self, name: &str) -> Option<(usize, usize)> {
        let named = |user: &UserPlan| self.known_as(user) == name;
        let mut places = self.providers.iter().enumerate();
        places.find_map(|(p, provider)| Some((self.part(p), provider.users.iter().position(named)?)))
    }

    /// The name that a scenario has for a user.
    fn known_as<'a>(&'a self, user: &'a UserPlan) -> &'a str {
        let seated = self.seats().find_map(|seat| seat.names.get(&user.address));
        seated.map_or_else(|| local(&user.address), String::as_str)
    }

    /// What an address means once the parts are exchanged, or somebody stands elsewhere; as it is written otherwise.
    fn translate(&self, address: &str) -> String {
        let same = || address.to_owned();
        let former = |p: usize| self.seats().find(|seat| seat.place == p).map(|seat| &seat.domain);
        let moved = |p: usize| self.part(p) != p || former(p).is_some();
        let Some((name, domain)) = address.rsplit_once('@') else { return same() };
        let of_domain =
            |(p, there): &(usize, &ProviderPlan)| former(*p).unwrap_or(&there.domain).eq_ignore_ascii_case(domain);
        let Some((p, _)) = self.providers.iter().enumerate().find(of_domain) else { return same() };
        let Some(there) = self.providers.get(self.part(p)).filter(|_| moved(p) || moved(self.part(p))) else {
            return same();
        };
        let place = self.providers.get(p).and_then(|p| p.users.iter().position(|user| self.known_as(user) == name));
        let user = place.and_then(|place| there.users.get(place));
        user.map_or_else(|| format!("{name}@{}", there.domain), |user| user.address.clone())
    }

    /// A text in which the addresses of those who stand elsewhere are the ones that they have there.
    pub(crate) fn reworded(&self, text: &str) -> String {
        self.seats().fold(text.to_owned(), |text, seat| {
            let Some(there) = self.providers.get(seat.place) else { return text };
            let by_name = seat
                .names
                .iter()
                .fold(text, |text, (address, name)| text.replace(&format!("{name}@{}", seat.domain), address));
            by_name.replace(&format!("@{}", seat.domain), &format!("@{}", there.domain))
        })
    }

    /// [`Self::reworded`] for a message that stands in a file.
    pub(crate) fn reworded_octets(&self, octets: &Arc<[u8]>) -> Arc<[u8]> {
        // Each octet is a character here, so that any octets come back as they were.
        let text: String = octets.iter().copied().map(char::from).collect();
        let reworded = self.reworded(&text);
        match reworded == text {
            true => octets.clone(),
            false => reworded.chars().filter_map(|c| u8::try_from(c).ok()).collect(),
        }
    }

    fn users(&self) -> impl Iterator<Item = &str> {
        self.providers.iter().flat_map(|provider| &provider.users).map(|user| self.known_as(user))
    }

    fn unknown_user(&self, found: &str) -> Flaw {
        Flaw::unknown("user", found, self.users())
    }

    fn unknown_provider(&self, found: &str) -> Flaw {
        Flaw::unknown("provider", found, self.providers.iter().map(|provider| provider.name.as_str()))
    }

    fn unknown_mailbox(&self, found: &str) -> Flaw {
        let services = self.providers.iter().map(|provider| format!("{}{SERVICE}", provider.name));
        let addresses = self.providers.iter().flat_map(|provider| &provider.users).map(|user| user.address.clone());
        let there: Vec<String> = match found.contains('@') {
            true => addresses.collect(),
            false => self.users().map(str::to_owned).chain(services).collect(),
        };
        Flaw::unknown("mailbox", found, there.iter().map(String::as_str))
    }
}

/// A name that is good for a host and for a local part.
fn label(item: &Item<'_>) -> Result<String, Error> {
    let found = item.text()?;
    match is_label(found) {
        true => Ok(found.to_owned()),
        false => Err(item.error(Flaw::bad("name", found, "lower-case letters, digits and hyphens, a letter first"))),
    }
}

fn host_name(item: &Item<'_>) -> Result<String, Error> {
    let name = label(item)?;
    match name.as_str() {
        INDEX => Err(item.error(Flaw::bad("name", name, "another one, for the directory has it"))),
        OUTSIDE => Err(item.error(Flaw::bad("name", name, "another one, for those outside have it"))),
        _ => Ok(name),
    }
}

/// A secondary environment.
fn unit(table: Table<'_>) -> Result<UnitPlan, Error> {
    let table = table.only(&["name", "domain"])?;
    Ok(UnitPlan {
        name: table.need("name", "one line of text")?.line_of_text("name")?,
        domain: labels(&table.need("domain", "a domain")?)?,
    })
}

fn labels(item: &Item<'_>) -> Result<String, Error> {
    let found = item.text()?;
    match found.contains('.') && found.len() <= LONGEST_DOMAIN && found.split('.').all(is_label) {
        true => Ok(found.to_owned()),
        false => Err(item.error(Flaw::bad("domain", found, "lower-case labels with dots, such as \"alfa.test\""))),
    }
}

fn is_label(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= 63
        && text.chars().all(fits)
        && !text.ends_with('-')
}

fn is_address(text: &str) -> bool {
    let atom = |part: &str| {
        let fits = |c: char| c.is_ascii_graphic() && !"()<>[]:;@\\,\"".contains(c);
        !part.is_empty() && part.chars().all(fits) && part.split('.').all(|atom| !atom.is_empty())
    };
    text.len() <= LONGEST_ADDRESS && text.split_once('@').is_some_and(|(name, domain)| atom(name) && atom(domain))
}

fn local(address: &str) -> &str {
    address.split_once('@').map_or(address, |(name, _)| name)
}

const USERS: &str = "an array of names, or { count = 250, prefix = \"utente\" }";
/// DM 2/11/2005 art. 12 makes 30 MB a floor.
const LAWFUL_LIMIT: u64 = 30_000_000;
/// What deployed providers take: 250 in To and 250 in Cc.
const MOST_RECIPIENTS: u32 = 500;
const MOST_PROVIDERS: usize = 20;
/// In one group.
const MOST_USERS: u32 = 1_000;
/// The host that the directory stands on: no provider has this name.
const INDEX: &str = "index";
const LONGEST_DOMAIN: usize = 253;
const LONGEST_ADDRESS: usize = 254;
/// Behind a provider's name: its service mailbox.
const SERVICE: &str = ".service";
/// Local parts that every provider has already.
const RESERVED: [&str; 2] = ["servizio", "posta-certificata"];
