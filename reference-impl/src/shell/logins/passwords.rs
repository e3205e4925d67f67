use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use aws_lc_rs::{constant_time, hmac, rand};
use tracing::warn;

use crate::shell::{Error, config, write_secret};

/// Letters and digits that nobody takes for another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Letters of an invented password: 100 bits.
const LENGTH: usize = 20;

/// The passwords of all accounts, as Argon2 hashes.
pub(in crate::shell) struct Passwords {
    hashes: BTreeMap<String, String>,
    /// The hash of a password that nobody has: who asks for an unknown account waits as long as for a known one.
    nobody: String,
    /// What was right before, under a key of this run: Argon2 is slow by design, and once is enough.
    proved: Mutex<BTreeMap<String, hmac::Tag>>,
    key: hmac::Key,
}

impl Passwords {
    /// Reads lines of address, colon and hash in PHC form.
    pub(in crate::shell) fn read(path: &Path) -> Result<Self, Error> {
        warn_if_open(path);
        let text = fs::read_to_string(path).map_err(|error| Error::at(path, error))?;
        let mut hashes = BTreeMap::new();
        for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.is_empty() && !text.starts_with('#')) {
            let fault = |what: &str| Error::Config { file: path.to_owned(), line, what: what.to_owned() };
            let (address, hash) =
                text.split_once(':').ok_or_else(|| fault("expected an address, a colon and a hash"))?;
            PasswordHash::new(hash).map_err(|_| fault("expected a hash that begins with \"$argon2id$\""))?;
            hashes.insert(address.to_ascii_lowercase(), hash.to_owned());
        }
        let nobody = hash(&invent()?)?;
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new());
        let key = key.map_err(|_| Error::Other("the machine gives no random numbers".to_owned()))?;
        Ok(Self { hashes, nobody, proved: Mutex::default(), key })
    }

    /// Whether an account is known, whatever its password.
    pub(in crate::shell) fn knows(&self, account: &str) -> bool {
        self.hashes.contains_key(&account.to_ascii_lowercase())
    }

    /// Whether account and secret belong together. Takes tens of milliseconds and of megabytes the first time.
    pub(in crate::shell) fn check(&self, account: &str, secret: &str) -> bool {
        let account = account.to_ascii_lowercase();
        let tag = hmac::sign(&self.key, secret.as_bytes());
        let proved = self.proved.lock().unwrap_or_else(PoisonError::into_inner).get(&account).copied();
        if proved.is_some_and(|proved| constant_time::verify_slices_are_equal(proved.as_ref(), tag.as_ref()).is_ok()) {
            return true;
        }
        let known = self.hashes.get(&account);
        let hash = PasswordHash::new(known.unwrap_or(&self.nobody));
        let ok = hash.is_ok_and(|hash| Argon2::default().verify_password(secret.as_bytes(), &hash).is_ok());
        if ok && known.is_some() {
            self.proved.lock().unwrap_or_else(PoisonError::into_inner).insert(account, tag);
        }
        ok && known.is_some()
    }
}

/// Gives a user, or the service mailbox, a new password. *Gives* the password.
///
/// *Takes* the provider's folder. *Errors*: an address that is no user's, a file that cannot be written.
pub fn set_password(folder: &Path, address: &str) -> Result<String, Error> {
    let settings = config::read(folder)?;
    let addresses = settings.users.iter().map(|user| &user.address).chain([&settings.service_mailbox]);
    if !addresses.into_iter().any(|known| known.eq_ignore_ascii_case(address)) {
        let what = format!("{address} is no user; a [[user]] with that address makes it one");
        return Err(Error::at(&folder.join(config::FILE), what));
    }
    let path = settings.path(&settings.files.passwords);
    let before = fs::read_to_string(&path).map_err(|error| Error::at(&path, error))?;
    let is_other = |line: &&str| line.split_once(':').is_none_or(|(known, _)| !known.eq_ignore_ascii_case(address));
    let password = invent()?;
    let mut lines: String = before.lines().filter(is_other).map(|line| format!("{line}\n")).collect();
    lines += &format!("{address}:{}\n", hash(&password)?);
    // The file as it was stays until the new one is whole.
    let new = path.with_extension("new");
    let _ = fs::remove_file(&new);
    write_secret(&new, &lines)?;
    fs::rename(&new, &path).map_err(|error| Error::at(&path, error))?;
    Ok(password)
}

/// The Argon2id hash of a password in PHC form, with a salt of its own.
pub(in crate::shell) fn hash(password: &str) -> Result<String, Error> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| Error::Other(format!("a password cannot be hashed: {error}")))
}

/// A new password.
pub(in crate::shell) fn invent() -> Result<String, Error> {
    let mut octets = [0; LENGTH];
    rand::fill(&mut octets).map_err(|_| Error::Other("the machine gives no random numbers".to_owned()))?;
    let letter = |octet: &u8| char::from(ALPHABET[usize::from(*octet) % ALPHABET.len()]);
    Ok(octets.iter().map(letter).collect())
}

#[cfg(unix)]
fn warn_if_open(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    if fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0) {
        warn!(file = %path.display(), "others may read the file of passwords: chmod 600 shuts it");
    }
}

#[cfg(not(unix))]
fn warn_if_open(_path: &Path) {}

#[cfg(test)]
mod tests {
    use std::{env, process};

    use super::*;

    fn passwords(name: &str, text: &str) -> Result<Passwords, Error> {
        let path = env::temp_dir().join(format!("gestore-passwords-{}-{name}", process::id()));
        fs::write(&path, text).expect("a file");
        Passwords::read(&path)
    }

    #[test]
    fn a_password_opens_its_own_account_and_no_other() {
        let (one, two) = (invent().expect("chance"), invent().expect("chance"));
        assert_ne!(one, two);
        let line = |address: &str, password: &str| format!("{address}:{}\n", hash(password).expect("a hash"));
        let text = format!("# who\n{}{}", line("Anna@alfa.test", &one), line("bruno@alfa.test", &two));
        let passwords = passwords("own", &text).expect("a good file");
        assert!(!text.contains(&one));
        for _ in 0..2 {
            assert!(passwords.check("anna@ALFA.test", &one) && passwords.check("bruno@alfa.test", &two));
            assert!(!passwords.check("anna@alfa.test", &two) && !passwords.check("anna@alfa.test", ""));
            assert!(!passwords.check("carla@alfa.test", &one));
        }
    }

    #[test]
    fn a_line_that_is_none_is_told() {
        let told = passwords("line", "anna@alfa.test:segreto\n").err().expect("a fault").to_string();
        assert!(told.contains(":1: expected a hash"), "{told}");
    }
}
