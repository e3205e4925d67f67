//! The log of a foreign provider, read once for all worlds that go on at once.

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak},
    thread,
    time::Duration,
};

use collaudo_record::LogEntry;

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// As it was written.
    pub text: String,
    /// What it says.
    pub entry: LogEntry,
}

/// Gives the lines that were written since it was last asked; an error in words.
pub type LogReader = Box<dyn FnMut() -> Result<Vec<LogLine>, String> + Send>;

/// All lines that were read so far; clones are the same book.
#[derive(Clone)]
pub struct LogBook(Arc<Shared>);

struct Shared {
    /// How long it may take until a line can be read.
    lag: Duration,
    state: Mutex<State>,
    /// Somebody wants the log read at once.
    wanted: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<Arc<LogLine>>,
    /// How many readings have begun.
    begun: u64,
    /// The last of them that came to its end.
    done: u64,
    is_wanted: bool,
    /// Why the last one did not.
    fault: Option<String>,
}

/// A reading, by its place among all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reading(u64);

impl LogBook {
    /// Has the log read on a thread of its own, so often and whenever somebody wants it, for as long as the book is there.
    /// A line can be read `lag` after what it tells, at the latest.
    ///
    /// # Errors
    /// A machine that gives no thread.
    pub fn open(every: Duration, lag: Duration, mut read: LogReader) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { lag, state: Mutex::default(), wanted: Condvar::new() });
        let weak = Arc::downgrade(&shared);
        thread::Builder::new().name("log".into()).spawn(move || read_on(&weak, every, &mut read))?;
        Ok(Self(shared))
    }

    /// Waits until the log was read once more, from now on.
    ///
    /// # Errors
    /// In words, why it was not.
    pub fn refresh(&self) -> Result<(), String> {
        let (reading, mut waited) = (self.want(), Duration::ZERO);
        loop {
            if let Some(ended) = self.ended(reading, waited) {
                return ended;
            }
            thread::sleep(LOOK);
            waited += LOOK;
        }
    }

    /// How long it may take until a line can be read.
    pub(crate) fn lag(&self) -> Duration {
        self.0.lag
    }

    /// The last line.
    pub fn last(&self) -> Option<Arc<LogLine>> {
        self.state().lines.last().cloned()
    }

    /// The next reading that begins, and that is soon.
    pub(crate) fn want(&self) -> Reading {
        let mut state = self.state();
        state.is_wanted = true;
        self.0.wanted.notify_all();
        Reading(state.begun + 1)
    }

    /// How that reading, or a later one, has ended for whoever has waited for so long: none where there is hope yet.
    pub(crate) fn ended(&self, reading: Reading, waited: Duration) -> Option<Result<(), String>> {
        let state = self.state();
        match &state.fault {
            _ if state.done >= reading.0 => Some(Ok(())),
            Some(why) => (waited > FAULTY).then(|| Err(why.clone())),
            None => (waited > SLOW).then(|| Err(format!("it was not read in {} s", SLOW.as_secs()))),
        }
    }

    /// How many lines there are.
    pub(crate) fn len(&self) -> usize {
        self.state().lines.len()
    }

    /// The lines from a place on.
    pub(crate) fn since(&self, place: usize) -> Vec<Arc<LogLine>> {
        self.state().lines.get(place..).map(<[_]>::to_vec).unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state()
    }
}

/// For how long a log is tried that cannot be read: a file may be missing for a moment, and a machine out of reach.
const FAULTY: Duration = Duration::from_secs(10);

/// How long it may take to be read.
const SLOW: Duration = Duration::from_secs(90);

/// How often it is asked whether a reading is over.
const LOOK: Duration = Duration::from_millis(5);

impl Shared {
    /// Nobody leaves the lines half written.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for LogBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogBook({} lines)", self.len())
    }
}

fn read_on(book: &Weak<Shared>, every: Duration, read: &mut LogReader) {
    while let Some(shared) = book.upgrade() {
        let reading = {
            let mut state = shared.state();
            (state.is_wanted, state.begun) = (false, state.begun + 1);
            state.begun
        };
        let found = read();
        let mut state = shared.state();
        match found {
            Ok(lines) => {
                state.lines.extend(lines.into_iter().map(Arc::new));
                (state.done, state.fault) = (reading, None);
            }
            Err(why) => state.fault = Some(why),
        }
        // Whoever panics meanwhile leaves whole lines.
        drop(shared.wanted.wait_timeout_while(state, every, |state| !state.is_wanted));
    }
}

#[cfg(test)]
mod tests {
    use collaudo_record::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);

    fn line(n: usize) -> LogLine {
        let entry = LogEntry {
            event: format!("event {n}"),
            pec_msgid: None,
            msgid: None,
            sender: String::new(),
            recipients: Vec::new(),
            subject: String::new(),
            related: Vec::new(),
            sending_provider: String::new(),
            at: Instant(0),
        };
        LogLine { text: n.to_string(), entry }
    }

    #[test]
    fn who_wants_the_log_read_gets_a_reading_that_begins_then() {
        let mut count = 0;
        let read = move || {
            count += 1;
            Ok(vec![line(count)])
        };
        let book = LogBook::open(LONG, Duration::ZERO, Box::new(read)).expect("a thread");
        book.refresh().expect("it is read");
        let before = book.len();
        book.refresh().expect("it is read again");
        assert!(book.len() > before, "a reading from before it was wanted is none");
        assert_eq!(book.since(before).first().map(|line| line.text.clone()), Some((before + 1).to_string()));
        assert_eq!(book.last().map(|line| line.text.clone()), Some(book.len().to_string()));
    }

    #[test]
    fn a_log_that_cannot_be_read_says_why_and_is_tried_again() {
        let mut count = 0;
        let read = move || {
            count += 1;
            if count < 3 { Err("no such file".to_owned()) } else { Ok(vec![line(count)]) }
        };
        let book = LogBook::open(LONG, Duration::ZERO, Box::new(read)).expect("a thread");
        let told = |waited| book.ended(book.want(), waited);
        while told(LONG) != Some(Err("no such file".to_owned())) {}
        assert!(told(Duration::ZERO).is_none_or(|ended| ended.is_ok()), "it is tried for a while");
        assert_eq!(book.refresh(), Ok(()));
    }
}
