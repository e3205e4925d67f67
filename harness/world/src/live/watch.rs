//! Real time, which the world reads nowhere else.
#![allow(
    clippy::disallowed_methods,
    reason = "on real sockets time passes by itself; the clock is told of it from here"
)]

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tokio::time::Sleep;

/// A stopwatch.
pub(crate) struct Watch {
    began: Instant,
    /// Whole microseconds that were told so far.
    told: Duration,
}

impl Watch {
    pub(crate) fn start() -> Self {
        Self { began: Instant::now(), told: Duration::ZERO }
    }

    /// The time since it was started.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// The time since the last lap, in whole microseconds: what is left over counts for the next one.
    pub(crate) fn lap(&mut self) -> Duration {
        let elapsed = Duration::from_micros(u64::try_from(self.elapsed().as_micros()).unwrap_or(u64::MAX));
        elapsed.saturating_sub(std::mem::replace(&mut self.told, elapsed))
    }
}

/// The machine's own time.
pub(crate) fn today() -> collaudo_record::Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    collaudo_record::Instant(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Wakes a task, at another time at each look.
#[derive(Default)]
pub(crate) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Ready when there is nothing left to wait for.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, left: Duration) -> Poll<()> {
        if left.is_zero() {
            return Poll::Ready(());
        }
        let sleep = self.0.get_or_insert_with(|| Box::pin(tokio::time::sleep(left)));
        sleep.as_mut().reset(tokio::time::Instant::now() + left);
        sleep.as_mut().poll(cx)
    }
}

/// Lets real time pass.
pub(crate) async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}
