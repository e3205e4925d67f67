use std::fmt;

use serde::{Deserialize, Serialize};

/// An instant of the run's clock: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(pub i64);

impl Instant {
    /// Time passed since `earlier`; negative where `earlier` is later.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0 - earlier.0)
    }

    /// The instant that lies `span` later.
    pub const fn after(self, span: Span) -> Self {
        Self(self.0 + span.0)
    }
}

/// A length of time in microseconds; may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(pub i64);

impl Span {
    /// So many seconds.
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds * 1_000_000)
    }

    /// So many hours.
    pub const fn from_hours(hours: i64) -> Self {
        Self::from_secs(hours * 3_600)
    }
}

/// For people: `+12h00m03s`, `+4.250s`, `-1h00m00s`. Below a minute milliseconds are shown, above it whole seconds.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { '-' } else { '+' };
        let micros = self.0.unsigned_abs();
        let seconds = micros / 1_000_000;
        match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
            (0, 0, _) => write!(f, "{sign}{seconds}.{:03}s", micros / 1_000 % 1_000),
            (0, m, s) => write!(f, "{sign}{m}m{s:02}s"),
            (h, m, s) => write!(f, "{sign}{h}h{m:02}m{s:02}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_reads_like_a_person_would_say_it() {
        assert_eq!(Span(4_250_000).to_string(), "+4.250s");
        assert_eq!(Span::from_secs(61).to_string(), "+1m01s");
        assert_eq!(Span::from_hours(-12).to_string(), "-12h00m00s");
    }
}
