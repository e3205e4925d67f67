use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use super::Error;

/// Writes a new file that nobody else may read.
pub(super) fn write_secret(path: &Path, text: &str) -> Result<(), Error> {
    let write = || -> io::Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)?.write_all(text.as_bytes())
    };
    write().map_err(|error| Error::at(path, error))
}
