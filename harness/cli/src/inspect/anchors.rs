//! What messages are held against, read from the files that the options name.

use std::{
    fs,
    path::{Path, PathBuf},
};

use collaudo_judge::{Anchors, AnchorsError};
use collaudo_reports::opinion::{Document, Role};

use super::{InspectError, case};
use crate::command::InspectArgs;

/// *Gives* the anchors, and which files they are, for the opinion document.
pub(crate) fn read(args: &InspectArgs) -> Result<(Anchors, Vec<Document>), InspectError> {
    let trust = all(TRUST, &args.trust)?;
    let crls = all(CRL, &args.crl)?;
    let index = args.index.as_deref().map(|path| one(INDEX, path)).transpose()?;
    // The document names the file of answers too; what is wrong in it is told where it is read.
    let review = args.review.review.as_deref().map(|path| one(REVIEW, path)).transpose()?;
    let documents = |role, paths: &[PathBuf], files: &[Vec<u8>]| -> Vec<Document> {
        paths.iter().zip(files).map(|(path, octets)| case::anchor(role, path, octets)).collect()
    };
    let told = [
        documents(Role::Trust, &args.trust, &trust),
        documents(Role::Index, args.index.as_slice(), index.as_slice()),
        documents(Role::Revocation, &args.crl, &crls),
        documents(Role::Review, args.review.review.as_slice(), review.as_slice()),
    ];
    let anchors = Anchors::read(&slices(&trust), index.as_deref(), &slices(&crls)).map_err(|error| {
        let (option, path) = match error {
            AnchorsError::NoCertificate(place) => (TRUST, args.trust.get(place)),
            AnchorsError::NoRecord => (INDEX, args.index.as_ref()),
            AnchorsError::NoList(place) => (CRL, args.crl.get(place)),
        };
        InspectError::Anchor { option, path: path.cloned().unwrap_or_default(), why: error.to_string() }
    })?;
    Ok((anchors, told.concat()))
}

const TRUST: &str = "--trust";
const INDEX: &str = "--index";
const CRL: &str = "--crl";
const REVIEW: &str = "--review";

fn all(option: &'static str, paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, InspectError> {
    paths.iter().map(|path| one(option, path)).collect()
}

fn slices(files: &[Vec<u8>]) -> Vec<&[u8]> {
    files.iter().map(Vec::as_slice).collect()
}

fn one(option: &'static str, path: &Path) -> Result<Vec<u8>, InspectError> {
    fs::read(path).map_err(|why| InspectError::Anchor { option, path: path.to_owned(), why: why.to_string() })
}
