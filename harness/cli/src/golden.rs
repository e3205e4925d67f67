//! `collaudo golden`: a signed example of every kind of message, right and wrong, written into a folder.

use std::{fs, path::Path, sync::Arc};

use collaudo_forge::{ForgeError, Key, Signer};
use collaudo_golden::{File, Keys, golden, identities};
use collaudo_world::{Identity, Pki, WorldError};

use crate::command::Ending;

/// Why the set could not be written.
#[derive(Debug, thiserror::Error)]
pub enum GoldenError {
    /// A test key or certificate.
    #[error(transparent)]
    World(#[from] WorldError),
    /// What the forger says.
    #[error("make the golden set: {0}")]
    Forge(#[from] ForgeError),
    /// The folder.
    #[error("{path}: {why}", path = path.display())]
    Write {
        /// The file or folder.
        path: std::path::PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
}

/// The whole set, signed with the test keys: the same octets every time.
///
/// # Errors
/// [`GoldenError::World`] and [`GoldenError::Forge`], where a test key does not read.
pub fn files() -> Result<Vec<File>, GoldenError> {
    Ok(golden(&keys()?)?)
}

/// The test keys, with certificates for everyone in the set.
///
/// # Errors
/// As [`files`].
pub fn keys() -> Result<Keys, GoldenError> {
    let identities = identities();
    let named: Vec<_> = identities.iter().map(|(name, address)| (name.as_str(), address.as_str())).collect();
    let pki = Pki::issue(&named)?;
    let authority = pki.authority.certificate.to_vec();
    let issuers = [authority.clone()];
    let key = |identity: &Identity| Key::from_der(&identity.key.pkcs8).map(Arc::new);
    let signer = |identity: &Identity| Signer::new(key(identity)?, &identity.certificate, &issuers);
    let signers = pki.providers.iter().map(signer).collect::<Result<_, _>>()?;
    Ok(Keys { authority, authority_key: key(&pki.authority)?, index: signer(&pki.index)?, signers })
}

pub(crate) fn write(out: &Path) -> Result<Ending, GoldenError> {
    let files = files()?;
    for file in &files {
        put(&out.join(&file.path), &file.octets)?;
    }
    let (wrong, right): (Vec<_>, Vec<_>) =
        files.iter().filter(|file| file.path.ends_with(".eml")).partition(|file| file.path.starts_with("wrong/"));
    println!("{} right and {} wrong messages: {}", right.len(), wrong.len(), out.join("README.md").display());
    Ok(Ending::Passed)
}

fn put(path: &Path, octets: &[u8]) -> Result<(), GoldenError> {
    let at = |why| GoldenError::Write { path: path.to_owned(), why };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(at)?;
    }
    fs::write(path, octets).map_err(at)
}
