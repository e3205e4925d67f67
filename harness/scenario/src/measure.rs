use std::time::Duration;

use collaudo_record::{Instant, Span};

use crate::{Error, Flaw, source::Item};

/// A length of time: `12h30m`, `90s`, `250ms`.
pub(crate) fn duration(item: &Item<'_>) -> Result<Duration, Error> {
    let found = item.text()?;
    let expected =
        "hours, minutes, seconds and milliseconds such as \"12h30m\", \"90s\" or \"250ms\", up to 10000 hours";
    read_duration(found)
        .filter(|span| *span <= LONGEST)
        .ok_or_else(|| item.error(Flaw::bad("duration", found, expected)))
}

/// Two lengths of time, the shorter first.
pub(crate) fn window(item: &Item<'_>) -> Result<(Duration, Duration), Error> {
    let (from, to) = item.pair("two durations, the shorter first")?;
    let (low, high) = (duration(&from)?, duration(&to)?);
    match low <= high {
        true => Ok((low, high)),
        false => Err(item.error(Flaw::bad(
            "pair of durations",
            format!("{}, {}", from.text()?, to.text()?),
            "two durations, the shorter first",
        ))),
    }
}

/// A number of octets: `30 MB`, `0 B`.
pub(crate) fn size(item: &Item<'_>) -> Result<u64, Error> {
    let found = item.text()?;
    let expected = "a number with B, kB, MB, KiB or MiB, such as \"30 MB\" or \"0 B\"";
    read_size(found).ok_or_else(|| item.error(Flaw::bad("size", found, expected)))
}

/// The size of a whole message, where `limit` stands for one: `30 MB`, `limit`, `limit - 1 B`.
pub(crate) fn whole_size(item: &Item<'_>, limit: u64) -> Result<u64, Error> {
    let found = item.text()?;
    let expected = "a size such as \"30 MB\" or \"limit\", with another behind \" + \" or \" - \" where it is meant";
    read_sum(found, limit).ok_or_else(|| item.error(Flaw::bad("size", found, expected)))
}

/// How far a clock is off, in microseconds: `-3m`, `+250ms`.
pub(crate) fn offset(item: &Item<'_>) -> Result<i64, Error> {
    let found = item.text()?;
    let expected = "a duration with its sign, such as \"-3m\" or \"+250ms\", that is not zero, up to 10000 hours";
    let bad = || item.error(Flaw::bad("offset", found, expected));
    let (sign, length) = match (found.strip_prefix('-'), found.strip_prefix('+')) {
        (Some(length), _) => (-1, length),
        (None, Some(length)) => (1, length),
        (None, None) => return Err(bad()),
    };
    let length = read_duration(length).filter(|length| !length.is_zero() && *length <= LONGEST).ok_or_else(bad)?;
    Ok(sign * span(length).0)
}

/// A date and time with an offset, from 2000 to 2099: what headers and certification data can hold.
pub(crate) fn instant(item: &Item<'_>) -> Result<Instant, Error> {
    let found = item.date_text()?;
    let micros = found.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond);
    micros.filter(|micros| CENTURY.contains(micros)).map(Instant).ok_or_else(|| {
        let expected = "a date and time of this century with its offset, such as \"2026-03-02T09:00:00+01:00\"";
        item.error(Flaw::bad("epoch", found, expected))
    })
}

/// In the record's terms; the reader has seen to it that it fits.
pub(crate) fn span(duration: Duration) -> Span {
    Span(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}

/// How a person would write it.
pub(crate) fn worded(duration: Duration) -> String {
    let millis = duration.as_millis();
    let parts =
        [(millis / 3_600_000, "h"), (millis / 60_000 % 60, "m"), (millis / 1_000 % 60, "s"), (millis % 1_000, "ms")];
    let text: String = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

const LONGEST: Duration = Duration::from_secs(10_000 * 3_600);
/// Microseconds from 2000-01-01T00:00:00Z to 2100-01-01T00:00:00Z.
const CENTURY: std::ops::Range<i64> = 946_684_800_000_000..4_102_444_800_000_000;

/// Units from the longest to the shortest, each at most once.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

fn read_duration(text: &str) -> Option<Duration> {
    let (mut rest, mut units, mut millis) = (text, UNITS.as_slice(), 0_u64);
    while !rest.is_empty() {
        let (number, behind) = number(rest)?;
        let unit = behind.split(|c: char| c.is_ascii_digit()).next()?;
        let place = units.iter().position(|(name, _)| *name == unit)?;
        let (_, each) = units.get(place)?;
        millis = millis.checked_add(number.checked_mul(*each)?)?;
        units = units.get(place + 1..)?;
        rest = behind.strip_prefix(unit)?;
    }
    (!text.is_empty()).then(|| Duration::from_millis(millis))
}

fn read_size(text: &str) -> Option<u64> {
    let (number, unit) = number(text)?;
    let each = match unit.strip_prefix(' ').unwrap_or(unit) {
        "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        _ => return None,
    };
    number.checked_mul(each)
}

fn read_sum(text: &str, limit: u64) -> Option<u64> {
    let one = |text: &str| if text == "limit" { Some(limit) } else { read_size(text) };
    if let Some((size, more)) = text.split_once(" + ") {
        return one(size)?.checked_add(read_size(more)?);
    }
    match text.split_once(" - ") {
        Some((size, less)) => one(size)?.checked_sub(read_size(less)?),
        None => one(text),
    }
}

/// The digits that a text begins with, and what stands behind them.
fn number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, behind) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_what_a_person_would_write() {
        let ms = |text| read_duration(text).map(|d| d.as_millis());
        assert_eq!(ms("12h30m"), Some(45_000_000));
        assert_eq!(ms("90s"), Some(90_000));
        assert_eq!(ms("250ms"), Some(250));
        assert_eq!(ms("1h2m3s4ms"), Some(3_723_004));
        assert_eq!(ms("0s"), Some(0));
    }

    #[test]
    fn a_duration_is_nothing_else() {
        for text in ["", "12", "h", "12 h", "30m12h", "1h1h", "-1s", "1.5h", "1d", "99999999999999999999h", "1h "] {
            assert_eq!(read_duration(text), None, "{text:?}");
        }
    }

    #[test]
    fn worded_gives_what_read_duration_takes() {
        for text in ["12h30m", "1m30s", "250ms", "0s", "1h4ms"] {
            assert_eq!(read_duration(text).map(worded).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_whole_size_may_be_the_limit_and_a_little_more_or_less() {
        assert_eq!(read_sum("limit", 600), Some(600));
        assert_eq!(read_sum("limit - 1 B", 600), Some(599));
        assert_eq!(read_sum("limit + 1 kB", 600), Some(1_600));
        assert_eq!(read_sum("2 kB - 1 B", 600), Some(1_999));
        for text in ["limits", "limit-1 B", "limit + limit", "1 B - 2 B", "limit + 1 B + 1 B", ""] {
            assert_eq!(read_sum(text, 600), None, "{text:?}");
        }
    }

    #[test]
    fn a_size_has_a_unit() {
        assert_eq!(read_size("30 MB"), Some(30_000_000));
        assert_eq!(read_size("0 B"), Some(0));
        assert_eq!(read_size("2KiB"), Some(2_048));
        for text in ["30", "MB", "30  MB", "30 mb", "-1 B", "18446744073709551615 kB"] {
            assert_eq!(read_size(text), None, "{text:?}");
        }
    }
}
