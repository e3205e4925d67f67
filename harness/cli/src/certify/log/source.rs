//! Where a log's lines come from: a file that grows and is rotated, or a command that prints all that was written.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use super::super::shell;

/// The longest line: what goes on without an end is cut here.
const LONGEST: usize = 1024 * 1024;

const AT_ONCE: usize = 64 * 1024;

/// A place that is read again and again.
pub(super) enum Source {
    File { path: PathBuf, open: Option<Open> },
    Command { line: String, folder: PathBuf, known: Known },
}

impl Source {
    pub(super) fn file(path: PathBuf) -> Self {
        Self::File { path, open: None }
    }

    pub(super) fn command(line: String, folder: PathBuf) -> Self {
        Self::Command { line, folder, known: Known::default() }
    }

    /// Gives every line that has come since, with its number from 1; empty ones are none.
    ///
    /// # Errors
    /// In words, why it cannot be read.
    pub(super) fn read(&mut self, mut each: impl FnMut(u64, &str)) -> Result<(), String> {
        match self {
            Self::File { path, open } => {
                follow(path, open, &mut each).map_err(|why| format!("{}: {why}", path.display()))
            }
            Self::Command { line, folder, known } => {
                known.take(&shell::print(line, folder)?, &mut each);
                Ok(())
            }
        }
    }
}

/// A file as far as it was read.
pub(super) struct Open {
    file: File,
    octets: u64,
    lines: u64,
    /// The begin of a line whose end is not there yet.
    rest: Vec<u8>,
}

/// Reads the file to its end; then the one that has taken its place, where one has.
fn follow(path: &Path, open: &mut Option<Open>, each: &mut impl FnMut(u64, &str)) -> io::Result<()> {
    let mut old = match open.take() {
        Some(open) => open,
        None => Open::begin(path)?,
    };
    old.read(each)?;
    let new = match fs::metadata(path) {
        // Between two files there is none for a moment.
        Err(why) if why.kind() == io::ErrorKind::NotFound => None,
        there => match old.is(&there?)? {
            Place::Same => None,
            Place::Cut => Some(old.again()?),
            Place::Other => Some(Open::begin(path)?),
        },
    };
    let mut current = match new {
        Some(mut new) => {
            new.read(each)?;
            new
        }
        None => old,
    };
    current.rest.shrink_to(AT_ONCE);
    *open = Some(current);
    Ok(())
}

/// What lies at the path of a file that was opened before.
enum Place {
    Same,
    /// The same file, shorter than it was.
    Cut,
    Other,
}

impl Open {
    fn begin(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, octets: 0, lines: 0, rest: Vec::new() })
    }

    fn again(&self) -> io::Result<Self> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Self { file, octets: 0, lines: 0, rest: Vec::new() })
    }

    fn is(&self, there: &Metadata) -> io::Result<Place> {
        Ok(match there.len() < self.octets {
            _ if !is_same(&self.file.metadata()?, there) => Place::Other,
            true => Place::Cut,
            false => Place::Same,
        })
    }

    fn read(&mut self, each: &mut impl FnMut(u64, &str)) -> io::Result<()> {
        let mut lot = vec![0; AT_ONCE];
        loop {
            let count = match self.file.read(&mut lot) {
                Ok(count) => count,
                Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
                Err(why) => return Err(why),
            };
            if count == 0 {
                return Ok(());
            }
            self.octets += u64::try_from(count).unwrap_or_default();
            let mut left = lot.get(..count).unwrap_or_default();
            while let Some(end) = left.iter().position(|octet| *octet == b'\n') {
                let (line, behind) = left.split_at(end);
                self.rest.extend_from_slice(line);
                self.give(each);
                left = behind.get(1..).unwrap_or_default();
            }
            self.rest.extend_from_slice(left);
            if self.rest.len() > LONGEST {
                self.give(each);
            }
        }
    }

    fn give(&mut self, each: &mut impl FnMut(u64, &str)) {
        self.lines += 1;
        let line = String::from_utf8_lossy(&self.rest);
        if !line.trim().is_empty() {
            each(self.lines, line.trim_end_matches('\r'));
        }
        self.rest.clear();
    }
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Who cannot tell takes what is shorter for another.
#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// What a command has printed before: how many lines, and the last of them.
#[derive(Default)]
pub(super) struct Known {
    lines: usize,
    tail: Vec<String>,
}

/// So many lines in a row are nowhere else.
const TAIL: usize = 8;

impl Known {
    /// Gives what was not printed before. A line whose end is not there yet is none, as in a file.
    fn take(&mut self, printed: &str, each: &mut impl FnMut(u64, &str)) {
        let (whole, _) = printed.rsplit_once('\n').unwrap_or_default();
        let lines: Vec<&str> = whole.lines().collect();
        for (number, line) in (1..).zip(&lines).skip(self.behind(&lines)) {
            if !line.trim().is_empty() {
                each(number, line);
            }
        }
        self.lines = lines.len();
        let tail = lines.get(lines.len().saturating_sub(TAIL)..).unwrap_or_default();
        self.tail = tail.iter().map(|line| (*line).to_owned()).collect();
    }

    /// How many of the lines are known: those up to the last known one, where it stands in its place or, if the begin was
    /// left out meanwhile, before it; none where it is there no more.
    fn behind(&self, lines: &[&str]) -> usize {
        let in_place = lines.get(..self.lines).is_some_and(|known| known.ends_with(&self.tail()));
        if in_place {
            return self.lines;
        }
        let ends = |count: usize| {
            let tail = self.tail().split_off(self.tail.len() - count);
            lines.windows(count).rposition(|window| window == tail).map(|begin| begin + count)
        };
        (1..=self.tail.len()).rev().find_map(ends).unwrap_or_default()
    }

    fn tail(&self) -> Vec<&str> {
        self.tail.iter().map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("collaudo-log-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    fn read(source: &mut Source) -> Vec<String> {
        let mut lines = Vec::new();
        source.read(|number, line| lines.push(format!("{number} {line}"))).expect("it reads");
        lines
    }

    fn append(path: &Path, text: &str) {
        let mut file = fs::OpenOptions::new().append(true).create(true).open(path).expect("a file");
        file.write_all(text.as_bytes()).expect("it is written");
    }

    #[test]
    fn a_file_gives_each_line_once_when_its_end_is_there() {
        let path = folder("grows").join("log");
        let mut source = Source::file(path.clone());
        assert!(source.read(|_, _| ()).expect_err("it is not there").contains("log: "));
        append(&path, "uno\r\n\ndue\ntr");
        assert_eq!(read(&mut source), ["1 uno", "3 due"]);
        assert_eq!(read(&mut source), [""; 0]);
        append(&path, "e\nquattro\n");
        assert_eq!(read(&mut source), ["4 tre", "5 quattro"]);
    }

    #[test]
    fn a_file_that_is_rotated_is_read_to_its_end_and_the_next_from_its_begin() {
        let folder = folder("rotated");
        let path = folder.join("log");
        let mut source = Source::file(path.clone());
        append(&path, "uno\n");
        assert_eq!(read(&mut source), ["1 uno"]);
        append(&path, "due\n");
        fs::rename(&path, folder.join("log.1")).expect("it is moved");
        assert_eq!(read(&mut source), ["2 due"], "for a moment there is none");
        append(&folder.join("log.1"), "tre\n");
        append(&path, "quattro\n");
        assert_eq!(read(&mut source), ["3 tre", "1 quattro"]);
    }

    #[test]
    fn a_file_that_is_cut_begins_anew() {
        let path = folder("cut").join("log");
        let mut source = Source::file(path.clone());
        append(&path, "uno\ndue\n");
        assert_eq!(read(&mut source), ["1 uno", "2 due"]);
        fs::write(&path, "tre\n").expect("it is cut");
        assert_eq!(read(&mut source), ["1 tre"]);
    }

    #[test]
    fn a_command_gives_what_it_had_not_printed_before() {
        let folder = folder("printed");
        let path = folder.join("log");
        let mut source = Source::command("cat log".into(), folder.clone());
        assert!(source.read(|_, _| ()).expect_err("it is not there").starts_with("\"cat log\" ended with"));
        append(&path, "uno\ndu");
        assert_eq!(read(&mut source), ["1 uno"]);
        append(&path, "e\ntre\n");
        assert_eq!(read(&mut source), ["2 due", "3 tre"]);
        fs::write(&path, "due\ntre\nquattro\n").expect("it slides");
        assert_eq!(read(&mut source), ["3 quattro"]);
        fs::write(&path, "tre\nquattro\ncinque\nquattro\n").expect("it slides");
        assert_eq!(read(&mut source), ["3 cinque", "4 quattro"], "a line may come again");
        fs::write(&path, "nuovo\n").expect("it begins anew");
        assert_eq!(read(&mut source), ["1 nuovo"]);
        fs::write(&path, "").expect("there is nothing");
        assert_eq!(read(&mut source), [""; 0]);
        fs::write(&path, "sei\n").expect("it begins anew");
        assert_eq!(read(&mut source), ["1 sei"]);
    }

    #[test]
    fn what_goes_on_without_an_end_is_cut() {
        let path = folder("long").join("log");
        append(&path, &"x".repeat(LONGEST + 7));
        let mut source = Source::file(path.clone());
        let mut count = 0;
        source.read(|_, line| count += line.len()).expect("it reads");
        assert!(count > LONGEST, "{count}");
    }
}
