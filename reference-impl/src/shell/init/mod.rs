//! `gestore init`: a provider, or a small network of them, ready to be served.

mod crl;
mod keys;
mod record;
mod settings;

use std::{
    fs,
    path::{Path, PathBuf},
};

pub use self::crl::{DAYS, Renewal, renew};
use self::{
    keys::{Authority, Provider},
    settings::Neighbour,
};
use super::{Error, config, logins, write_secret};

/// What [`init`] is to make.
#[derive(Clone, Debug)]
pub struct Plan {
    /// An empty folder, or one that is not there yet.
    pub folder: PathBuf,
    /// The domains, one for each provider; at least one.
    pub domains: Vec<String>,
    /// The names of the users that each provider has.
    pub users: Vec<String>,
}

/// What all providers of a network share; each has a copy of its own, as it would have fetched it.
struct Shared {
    authority: String,
    index_signer: String,
    index: Vec<u8>,
    crl: Vec<u8>,
}

/// Makes the folders. *Gives* what a person should read: users, passwords, ports and how to go on.
///
/// *Errors*: a folder that holds something, a name that cannot be one, a disk that does not take it.
pub fn init(plan: &Plan) -> Result<String, Error> {
    check(plan)?;
    let authority = Authority::new()?;
    let providers: Vec<Provider> =
        plan.domains.iter().map(|domain| authority.provider(domain)).collect::<Result<_, _>>()?;
    let network: Vec<Neighbour> = (0..).zip(&plan.domains).map(|(n, domain)| Neighbour::new(n, domain)).collect();
    let index = record::ldif(&providers, &network)?;
    let shared = Shared {
        authority: authority.certificate(),
        index_signer: authority.index_signer(),
        index: authority.sign_index(&index)?,
        crl: authority.crl()?,
    };
    let keep = plan.folder.join(crl::KEEP);
    make(&keep)?;
    write_secret(&keep.join("authority.key.pem"), &authority.key())?;
    write(&keep.join("authority.crt.pem"), shared.authority.as_bytes())?;
    write_secret(&keep.join("index-signer.key.pem"), &authority.index_key())?;
    write(&keep.join("index-signer.crt.pem"), shared.index_signer.as_bytes())?;
    write(&keep.join("indice.ldif"), index.as_bytes())?;
    let mut told = String::new();
    for (provider, neighbour) in providers.iter().zip(&network) {
        let folder = match plan.domains.len() {
            1 => plan.folder.clone(),
            _ => plan.folder.join(&neighbour.domain),
        };
        told += &establish(&folder, provider, neighbour, &network, &shared, &plan.users)?;
    }
    Ok(told + &farewell(plan))
}

fn check(plan: &Plan) -> Result<(), Error> {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-')
    };
    for domain in &plan.domains {
        if !domain.contains('.') || domain.len() > 200 || !domain.split('.').all(is_label) {
            let what =
                format!("domain \"{domain}\": expected labels of a-z, 0-9 and \"-\" between dots, such as alfa.test");
            return Err(Error::Other(what));
        }
    }
    if let Some(user) = plan.users.iter().find(|user| !user.split('.').all(is_label)) {
        let what = format!("user \"{user}\": expected a name of a-z, 0-9, \".\" and \"-\", without the domain");
        return Err(Error::Other(what));
    }
    let twice = |names: &[String]| {
        names.iter().enumerate().find(|(n, name)| names[..*n].contains(name)).map(|(_, n)| n.clone())
    };
    if let Some(name) = twice(&plan.domains).or_else(|| twice(&plan.users)) {
        return Err(Error::Other(format!("\"{name}\" stands there twice")));
    }
    if plan.domains.len() > settings::MOST {
        return Err(Error::Other(format!("{} domains: there are ports for {}", plan.domains.len(), settings::MOST)));
    }
    if fs::read_dir(&plan.folder).is_ok_and(|mut entries| entries.next().is_some()) {
        let what = "is not empty, and nothing in it is overwritten; name a folder that is not there yet, or empty it";
        return Err(Error::at(&plan.folder, what));
    }
    Ok(())
}

/// Writes the folder of one provider. *Gives* what a person should read about it.
fn establish(
    folder: &Path,
    provider: &Provider,
    neighbour: &Neighbour,
    network: &[Neighbour],
    shared: &Shared,
    users: &[String],
) -> Result<String, Error> {
    make(folder)?;
    write_secret(&folder.join("signing.key.pem"), &provider.signing_key)?;
    write(&folder.join("signing.crt.pem"), provider.signing_certificate.as_bytes())?;
    write_secret(&folder.join("tls.key.pem"), &provider.tls_key)?;
    write(&folder.join("tls.crt.pem"), provider.tls_certificate.as_bytes())?;
    write(&folder.join("authority.crt.pem"), shared.authority.as_bytes())?;
    write(&folder.join("index-signer.crt.pem"), shared.index_signer.as_bytes())?;
    write(&folder.join("indice.ldif.p7m"), &shared.index)?;
    write(&folder.join("lista-revoche.crl"), &shared.crl)?;
    let domain = &neighbour.domain;
    let mut told = format!("{}  (gestore serve {})\n", neighbour.name(), folder.display());
    let mut hashes = "# address:hash (Argon2id); whoever may read this file may try passwords on it\n".to_owned();
    for name in users.iter().map(String::as_str).chain([settings::SERVICE]) {
        let password = logins::invent()?;
        hashes += &format!("{name}@{domain}:{}\n", logins::hash(&password)?);
        told += &format!("  {:<32} {password}\n", format!("{name}@{domain}"));
    }
    write_secret(&folder.join("passwords"), &hashes)?;
    write(&folder.join(config::FILE), neighbour.settings(network, users).as_bytes())?;
    Ok(format!("{told}  {}\n\n", neighbour.services()))
}

fn farewell(plan: &Plan) -> String {
    let one = plan.domains.len() == 1;
    let folder = plan.folder.display();
    let authority = plan.folder.join("authority/authority.crt.pem");
    let rest = if one { "" } else { ", each provider in a shell of its own" };
    format!(
        "Passwords are shown this once. Clients trust {}\nNext: read {folder}{}/{}, then run the commands in brackets{rest}.\n",
        authority.display(),
        if one { String::new() } else { "/*".to_owned() },
        config::FILE,
    )
}

fn make(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|error| Error::at(folder, error))
}

fn write(path: &Path, octets: &[u8]) -> Result<(), Error> {
    fs::write(path, octets).map_err(|error| Error::at(path, error))
}
