//! The only place of the server that reads a clock or waits for one.
#![expect(clippy::disallowed_methods, reason = "a server lives in real time; the node below it is still told the time")]

use std::{
    future::Future,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use collaudo_node::Timestamp;

/// The time as the node is told it: the machine's, but never less than what was told before.
///
/// Only the node and the dates of certificates go by it. How long something may take goes by [`Stopwatch`], [`within`] and
/// [`pause`], which a clock that is set anew does not touch.
#[derive(Debug, Default)]
pub(super) struct Clock {
    told: Timestamp,
}

impl Clock {
    pub(super) fn now(&mut self) -> Timestamp {
        self.told = self.told.max(now());
        self.told
    }
}

/// The machine's time.
pub(super) fn now() -> Timestamp {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    Timestamp::from_unix_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// Time that passes, whatever becomes of the machine's calendar.
#[derive(Clone, Copy)]
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Waits for something, but no longer than `limit`; `None` where it took longer.
pub(super) async fn within<T>(limit: Duration, task: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, task).await.ok()
}

pub(super) async fn pause(span: Duration) {
    tokio::time::sleep(span).await;
}
