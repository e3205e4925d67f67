//! Who takes part, without a scenario: what a world needs in which nothing is planned.

use std::path::Path;

use crate::{Error, ProviderPlan, cast::Cast, source::Source};

/// Reads a topology file; `profiles` is the folder of the profiles that it may name.
///
/// # Errors
/// [`Error`], with the first thing that is wrong and its place.
pub fn topology(path: &Path, profiles: &Path) -> Result<Vec<ProviderPlan>, Error> {
    Ok(Cast::read(&Source::open(path)?, profiles.to_owned())?.providers().to_vec())
}

/// Reads a text as if it stood at `path`, which need not exist.
///
/// # Errors
/// As [`topology`].
pub fn topology_text(text: &str, path: &Path, profiles: &Path) -> Result<Vec<ProviderPlan>, Error> {
    Ok(Cast::read(&Source::of(path, text), profiles.to_owned())?.providers().to_vec())
}
