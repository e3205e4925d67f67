use std::path::Path;

use collaudo_record::Ordinary;

use crate::{
    Error, Family, Flaw, IndexSource, ProviderPlan,
    find::stems,
    measure,
    source::{Item, Source, Table},
};

/// How the reader of a table understands an address.
pub(crate) type Address<'a> = dyn Fn(&Item<'_>) -> Result<String, Error> + 'a;

/// The keys that say what a provider is like, in a topology, in a scenario and, but for `profile`, in a profile.
pub(crate) const KEYS: [&str; 10] =
    ["profile", "limit", "recipients", "quota", "ordinary", "index", "family", "renewed", "backup", "acceptance"];

/// Makes a provider what a table says: first what the profile says that it names, then its own keys. What neither has
/// a word of stays as it was.
pub(crate) fn shape(
    provider: &mut ProviderPlan,
    table: Table<'_>,
    profiles: &Path,
    address: &Address<'_>,
) -> Result<(), Error> {
    table.get("profile").map_or(Ok(()), |item| from_file(provider, &item, profiles, address))?;
    traits(provider, table, address)
}

/// What becomes of ordinary mail: `"refuse"`, `"anomaly"`, `{ forward = "ADDRESS" }`.
pub(crate) fn ordinary(item: &Item<'_>, address: &Address<'_>) -> Result<Ordinary, Error> {
    if item.is_table() {
        let to = item.table("policy")?.only(&["forward"])?.need("forward", "an address")?;
        return Ok(Ordinary::Forward { to: address(&to)? });
    }
    item.text().map_err(|_| item.not("\"refuse\", \"anomaly\" or a table such as { forward = \"ADDRESS\" }"))?;
    Ok(match item.word("policy", &["refuse", "anomaly"])? {
        "refuse" => Ordinary::Refuse,
        _ => Ordinary::Anomaly,
    })
}

fn from_file(
    provider: &mut ProviderPlan,
    item: &Item<'_>,
    profiles: &Path,
    address: &Address<'_>,
) -> Result<(), Error> {
    let name = item.text()?;
    let there = stems(profiles)?;
    if !there.iter().any(|stem| stem == name) {
        return Err(item.error(Flaw::unknown("profile", name, there.iter().map(String::as_str))));
    }
    let source = Source::open(&profiles.join(format!("{name}.toml")))?;
    let parsed = source.parse()?;
    let keys: Vec<&'static str> = KEYS.into_iter().map(|key| if key == "profile" { "title" } else { key }).collect();
    let table = source.root(&parsed, "profile").only(&keys)?;
    table.need("title", "one line of text")?.line_of_text("title")?;
    traits(provider, table, address)
}

fn traits(provider: &mut ProviderPlan, table: Table<'_>, address: &Address<'_>) -> Result<(), Error> {
    if let Some(item) = table.get("limit") {
        provider.max_octets = measure::size(&item)?;
    }
    if let Some(item) = table.get("recipients") {
        provider.max_recipients = item.number("number of recipients", 1..MOST_RECIPIENTS + 1)?;
    }
    if let Some(item) = table.get("quota") {
        let quota = measure::size(&item)?;
        provider.users.iter_mut().for_each(|user| user.quota_octets = Some(quota));
    }
    if let Some(item) = table.get("ordinary") {
        let policy = ordinary(&item, address)?;
        provider.users.iter_mut().for_each(|user| user.ordinary = policy.clone());
    }
    if let Some(item) = table.get("index") {
        provider.index_source = match item.word("source of the index", &["ldif", "ldap"])? {
            "ldap" => IndexSource::Ldap,
            _ => IndexSource::Ldif,
        };
    }
    if let Some(item) = table.get("renewed") {
        provider.renewed = item.truth()?;
    }
    if let Some(item) = table.get("backup") {
        provider.backup = item.truth()?;
    }
    if let Some(item) = table.get("acceptance") {
        provider.acceptance = Some(measure::duration(&item)?);
    }
    table.get("family").map_or(Ok(()), |item| family(&mut provider.family, item.table("family")?))
}

fn family(family: &mut Family, table: Table<'_>) -> Result<(), Error> {
    let keys = ["order", "html", "disposition", "micalg", "signature", "data_encoding", "preamble"];
    let table = table.only(&keys)?;
    let word =
        |key, what, words: &[&'static str]| table.get(key).map(|item: Item<'_>| item.word(what, words)).transpose();
    if let Some(order) = word("order", "order", &["original-first", "data-first"])? {
        family.original_first = order == "original-first";
    }
    if let Some(disposition) = word("disposition", "disposition", &["inline", "attachment"])? {
        family.inline = disposition == "inline";
    }
    if let Some(micalg) = word("micalg", "spelling of the digest", &["sha-256", "sha256"])? {
        micalg.clone_into(&mut family.micalg);
    }
    let types = ["application/x-pkcs7-signature", "application/pkcs7-signature"];
    if let Some(signature) = word("signature", "type of the signature", &types)? {
        signature.clone_into(&mut family.signature_type);
    }
    if let Some(encoding) = word("data_encoding", "encoding", &["base64", "quoted-printable", "7bit"])? {
        encoding.clone_into(&mut family.data_encoding);
    }
    if let Some(item) = table.get("html") {
        family.html = item.truth()?;
    }
    if let Some(item) = table.get("preamble") {
        family.preamble = item.truth()?;
    }
    Ok(())
}

const MOST_RECIPIENTS: u32 = 10_000;
