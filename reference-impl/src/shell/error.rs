use std::path::{Path, PathBuf};

/// Why the program cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration says something that is not understood.
    #[error("{}:{line}: {what}", file.display())]
    Config {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What was found, and what was expected.
        what: String,
    },
    /// A file or folder cannot be used.
    #[error("{}: {what}", path.display())]
    Path {
        /// Which.
        path: PathBuf,
        /// What is wrong, and what to do.
        what: String,
    },
    /// Something else.
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// What is wrong with a file.
    pub(super) fn at(path: &Path, what: impl ToString) -> Self {
        Self::Path { path: path.to_owned(), what: what.to_string() }
    }
}
