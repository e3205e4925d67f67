//! A Maildir on this machine: a file for each message, in `new` and then in `cur`, whole as soon as it is there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Where messages lie; what is in `tmp` is none yet.
const FOLDERS: [&str; 2] = ["new", "cur"];

/// A Maildir that is looked into again and again.
pub(super) struct Reader {
    folder: PathBuf,
    /// The names of what was given.
    seen: BTreeSet<String>,
}

impl Reader {
    /// Of all but what was seen, by its names.
    pub(super) fn of(folder: &Path, seen: BTreeSet<String>) -> Self {
        Self { folder: folder.to_owned(), seen }
    }

    /// The names of what was given, and of what had been seen before.
    pub(super) fn into_seen(self) -> BTreeSet<String> {
        self.seen
    }

    /// Gives every message that was not given before, with CRLF, in the order in which they came.
    pub(super) fn look(&mut self, mut found: impl FnMut(Vec<u8>)) -> io::Result<()> {
        let fresh = files(&self.folder)?.into_iter().filter(|(name, _)| !self.seen.contains(name));
        let mut fresh: Vec<_> = fresh.map(|(name, path)| (came(&path), name, path)).collect();
        fresh.sort();
        for (_, name, path) in fresh {
            match fs::read(&path) {
                Ok(octets) => {
                    found(with_crlf(&octets));
                    self.seen.insert(name);
                }
                // A mail program has marked or moved it: the next look finds it where it is then.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(told(&path, &error)),
            }
        }
        Ok(())
    }
}

/// Deletes every message.
pub(super) fn empty(folder: &Path) -> io::Result<()> {
    for path in files(folder)?.values() {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(told(path, &error)),
            _ => {}
        }
    }
    Ok(())
}

/// The messages, each by its name without the marks behind it, which change.
fn files(folder: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    for folder in FOLDERS.map(|name| folder.join(name)) {
        for entry in fs::read_dir(&folder).map_err(|error| told(&folder, &error))? {
            let path = entry?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if !name.starts_with('.') {
                let name = name.split(':').next().unwrap_or_default().to_owned();
                found.insert(name, path);
            }
        }
    }
    Ok(found)
}

/// When it was written; what is gone by now counts as the oldest.
fn came(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|known| known.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// On a disk lines may end with LF alone; on the wire they did not.
fn with_crlf(octets: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(octets.len() + octets.len() / 32);
    let mut before = 0;
    for &octet in octets {
        if octet == b'\n' && before != b'\r' {
            whole.push(b'\r');
        }
        whole.push(octet);
        before = octet;
    }
    whole
}

fn told(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maildir(test: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("collaudo-maildir-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        for name in ["new", "cur", "tmp"] {
            fs::create_dir_all(folder.join(name)).expect("a folder");
        }
        folder
    }

    fn put(path: PathBuf, octets: &[u8], seconds: u64) {
        fs::write(&path, octets).expect("a file");
        let file = fs::File::options().write(true).open(&path).expect("it is there");
        let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        file.set_modified(at).expect("its time can be set");
    }

    fn look(reader: &mut Reader) -> Vec<String> {
        let mut found = Vec::new();
        let looked = reader.look(|octets| found.push(String::from_utf8(octets).expect("text")));
        looked.expect("it can be read");
        found
    }

    #[test]
    fn each_message_is_given_once_whatever_is_made_of_it() {
        let folder = maildir("once");
        let mut reader = Reader::of(&folder, BTreeSet::new());
        assert!(look(&mut reader).is_empty());
        put(folder.join("new/2.b"), b"second", 20);
        put(folder.join("new/9.a"), b"first", 10);
        put(folder.join("tmp/1.c"), b"half", 5);
        assert_eq!(look(&mut reader), ["first", "second"]);
        fs::rename(folder.join("new/2.b"), folder.join("cur/2.b:2,S")).expect("it is there");
        put(folder.join("cur/3.d:2,"), b"third", 30);
        assert_eq!(look(&mut reader), ["third"]);
    }

    #[test]
    fn lines_end_as_on_the_wire() {
        let folder = maildir("lines");
        put(folder.join("new/1"), b"a\nb\r\n\nc\rd\n", 1);
        assert_eq!(look(&mut Reader::of(&folder, BTreeSet::new())), ["a\r\nb\r\n\r\nc\rd\r\n"]);
    }

    #[test]
    fn what_is_emptied_is_empty_and_what_is_not_there_is_named() {
        let folder = maildir("empty");
        put(folder.join("new/1"), b"a", 1);
        put(folder.join("cur/2:2,S"), b"b", 1);
        empty(&folder).expect("it can be emptied");
        assert!(look(&mut Reader::of(&folder, BTreeSet::new())).is_empty());
        let missing = empty(&folder.join("missing")).expect_err("it is not there");
        assert!(missing.to_string().contains("missing/new: "), "{missing}");
    }
}
