//! Files, found in an order that is always the same: as named, folders by the names in them.

use std::{
    collections::BTreeMap,
    fs, io,
    io::Read,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use crate::{
    found::{Fate, File, Found, Limits, Place},
    open::{self, Giver},
    why::Why,
};

/// Examines every path, folders with all that is in them; `-` is standard input.
///
/// *Gives* what is found to `give`, until that breaks off.
pub fn walk(paths: &[PathBuf], standard_input: &mut dyn Read, limits: &Limits, give: Giver<'_>) -> ControlFlow<()> {
    let mut entered = BTreeMap::new();
    for path in paths {
        if path == Path::new("-") {
            open::stream(path, standard_input, limits, give)?;
            continue;
        }
        // The next thing to look at lies on top.
        let mut ahead = vec![Ahead { path: path.clone(), named: true, undelivered: false }];
        while let Some(next) = ahead.pop() {
            match next.what(&mut entered) {
                Thing::Folder(inside) => ahead.extend(inside),
                Thing::File => open::file(&next.path, next.named, limits, give)?,
                Thing::Told(fate, why) => {
                    let place = Place::of(&next.path);
                    give(Found::File(File { place, fate, why: Some(why), named: next.named }))?;
                }
            }
        }
    }
    ControlFlow::Continue(())
}

/// Something to look at.
struct Ahead {
    path: PathBuf,
    named: bool,
    /// Under `tmp` of a Maildir.
    undelivered: bool,
}

enum Thing {
    /// What is in it, the first last.
    Folder(Vec<Ahead>),
    File,
    Told(Fate, Why),
}

impl Ahead {
    fn what(&self, entered: &mut BTreeMap<Identity, PathBuf>) -> Thing {
        let unreadable = |why| Thing::Told(Fate::Unreadable, Why::Io(why));
        let metadata = match fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(why) => return unreadable(why),
        };
        if metadata.is_dir() {
            let identity = match identity(&self.path, &metadata) {
                Ok(identity) => identity,
                Err(why) => return unreadable(why),
            };
            // Links may lead back, or to one folder in many ways: each is walked once.
            if let Some(first) = entered.get(&identity) {
                return Thing::Told(Fate::Skipped, Why::Loop(first.clone()));
            }
            entered.insert(identity, self.path.clone());
            self.inside().map_or_else(unreadable, Thing::Folder)
        } else if self.undelivered {
            Thing::Told(Fate::Skipped, Why::Undelivered)
        } else if metadata.is_file() {
            Thing::File
        } else {
            let fate = if self.named { Fate::Unreadable } else { Fate::Skipped };
            Thing::Told(fate, Why::Special(special(&metadata)))
        }
    }

    fn inside(&self) -> io::Result<Vec<Self>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            names.push(entry?.file_name());
        }
        names.sort_unstable();
        let holds = |name: &str| names.iter().any(|there| there == name) && self.path.join(name).is_dir();
        let is_maildir = holds("cur") && holds("new");
        let ahead = names.iter().rev().map(|name| Self {
            path: self.path.join(name),
            named: false,
            undelivered: self.undelivered || (is_maildir && name == "tmp"),
        });
        Ok(ahead.collect())
    }
}

#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(_: &Path, metadata: &fs::Metadata) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
type Identity = PathBuf;

#[cfg(not(unix))]
fn identity(path: &Path, _: &fs::Metadata) -> io::Result<Identity> {
    path.canonicalize()
}

#[cfg(unix)]
fn special(metadata: &fs::Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = metadata.file_type();
    if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special(_: &fs::Metadata) -> &'static str {
    "a special file"
}
