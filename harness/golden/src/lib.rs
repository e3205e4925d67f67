//! The golden set: a signed example of every kind, form, text and error value of certified mail, in the structural
//! families that deployed providers are known for, and as many that are wrong in one point.
//!
//! [`golden`] gives the whole set as files, the same octets for the same keys. Each right message goes with what a reader
//! must get from it, made from what was asked for and never read back; each wrong one with the clauses that it breaks,
//! decided from the law. Nothing here reads a message: whether a reader agrees is the tests' affair.

mod case;
mod describe;
mod documents;
mod generate;
mod house;
mod letter;
mod make;
mod manifest;
mod wrong;

use collaudo_forge::ForgeError;

pub use generate::{Generated, generate};
pub use house::{Keys, identities};

/// A file of the set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it goes, below the set's folder, with slashes.
    pub path: String,
    /// What it holds; messages have CRLF.
    pub octets: Vec<u8>,
}

impl File {
    fn new(path: &str, octets: impl Into<Vec<u8>>) -> Self {
        Self { path: path.to_owned(), octets: octets.into() }
    }
}

/// The whole set, in this order: right messages, wrong ones, each with its description beside it; the documents that go
/// with them; `manifest.json` and `README.md`.
///
/// # Errors
/// [`ForgeError`], where the keys are not one for each of [`identities`], or do not read.
pub fn golden(keys: &Keys) -> Result<Vec<File>, ForgeError> {
    let right = case::cases().into_iter().map(|case| make::make(case, keys)).collect::<Result<Vec<_>, _>>()?;
    let wrong = wrong::wrong(&right, keys)?;
    let mut files = manifest::files(&right, &wrong, documents::documents(keys, &wrong)?);
    files.push(File::new("README.md", include_str!("importers.md")));
    Ok(files)
}
