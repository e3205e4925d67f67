//! The subject's clock, where a command of LAB.toml moves it.

use std::{fs, path::Path, time::Duration};

use collaudo_record::Instant;
use collaudo_world::MovableClock;
use serde::Deserialize;

use super::{CertifyError, lab::at, shell};
use crate::stopwatch;

/// Beside LAB.toml: how far the subject's clock is ahead. It outlives every run, for no clock goes back.
const AHEAD: &str = "clock.ahead";

/// What the command learns that from.
const VARIABLE: &str = "SECONDS_AHEAD";

/// `[clock]` of LAB.toml.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockTable {
    /// A command of `sh`, run in the file's folder.
    #[serde(rename = "move")]
    command: String,
    /// How long nothing must stir behind a leap, in real time: the subject needs less to see that its clock was moved.
    #[serde(default = "rest_ms")]
    rest_ms: u64,
    /// The farthest leap.
    #[serde(default = "stride_s")]
    stride_s: u64,
}

fn rest_ms() -> u64 {
    1_500
}

/// Shorter than the half hour after which IMAP servers may hang up.
fn stride_s() -> u64 {
    1_500
}

impl ClockTable {
    /// The clock, as far ahead as earlier runs have left it; it rests for so long at least.
    pub(crate) fn movable(&self, folder: &Path, rest: Duration) -> Result<MovableClock, CertifyError> {
        let file = folder.join(AHEAD);
        let ahead = match fs::read_to_string(&file) {
            Ok(text) => text.trim().parse::<i64>().ok().filter(|ahead| *ahead >= 0).ok_or_else(|| {
                CertifyError::Lab(format!("{}: \"{}\"; expected seconds, such as 43200", file.display(), text.trim()))
            })?,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => 0,
            Err(why) => return Err(at(&file, why)),
        };
        let (command, folder) = (self.command.clone(), folder.to_owned());
        let hand = Box::new(move |ahead| turn(&command, &folder, &file, ahead));
        let rest = rest.max(Duration::from_millis(self.rest_ms));
        Ok(MovableClock::new(ahead, rest, Duration::from_secs(self.stride_s), hand))
    }
}

/// The time by a clock that may be ahead of the machine's.
pub(super) fn now(clock: Option<&MovableClock>) -> Instant {
    stopwatch::now().after(clock.map(MovableClock::ahead).unwrap_or_default())
}

/// Writes down how far ahead the clock is, then has the command put it there: after a crash it is the subject that is behind,
/// and the next run puts it right.
fn turn(command: &str, folder: &Path, file: &Path, ahead: i64) -> Result<(), String> {
    let half = file.with_extension("half");
    let written = fs::write(&half, format!("{ahead}\n")).and_then(|()| fs::rename(&half, file));
    written.map_err(|why| format!("{}: {why}", file.display()))?;
    shell::run_with(command, folder, &[(VARIABLE, &ahead.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(command: &str) -> ClockTable {
        ClockTable { command: command.into(), rest_ms: 1, stride_s: 1 }
    }

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("collaudo-clock-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    #[test]
    fn the_command_learns_how_far_ahead_the_clock_is_and_the_next_run_begins_there() {
        let folder = folder("moves");
        let clock = table("printf '+%s' \"$SECONDS_AHEAD\" > told").movable(&folder, Duration::ZERO).expect("it reads");
        clock.advance(60).expect("it moves");
        clock.advance(43_200).expect("it moves");
        assert_eq!(fs::read_to_string(folder.join("told")).expect("it was run here"), "+43260");
        let again = table("true").movable(&folder, Duration::ZERO).expect("it reads");
        assert_eq!(again.ahead(), collaudo_record::Span::from_secs(43_260));
    }

    #[test]
    fn a_command_that_fails_is_told_with_what_it_was_and_how_it_ended() {
        let clock = table("exit 7").movable(&folder("fails"), Duration::ZERO).expect("it reads");
        let why = clock.advance(60).expect_err("it fails");
        assert!(why.starts_with("\"exit 7\" ended with exit status: 7"), "{why}");
    }

    #[test]
    fn what_is_no_number_of_seconds_is_refused() {
        let folder = folder("refused");
        fs::write(folder.join(AHEAD), "yesterday\n").expect("a file");
        assert!(table("true").movable(&folder, Duration::ZERO).is_err());
    }
}
