//! The only place that reads a clock: what a run took, and when it was.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Wall time since it was started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "measures what a run took; nothing in a run sees it")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed_ms(self) -> u64 {
        u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The date of the run, RFC 3339 in UTC, for `measured.json` alone.
#[expect(clippy::disallowed_methods, reason = "goes into measured.json, which stands apart from the record")]
pub(crate) fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    jiff::Timestamp::from_second(i64::try_from(seconds).unwrap_or_default())
        .map(|at| at.to_string())
        .unwrap_or_default()
}

/// The instant of the machine, for runs in which time is real.
#[expect(clippy::disallowed_methods, reason = "a foreign provider lives by the machine's time, and so must the plan")]
pub(crate) fn now() -> collaudo_record::Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    collaudo_record::Instant(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
