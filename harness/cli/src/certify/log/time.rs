//! How a log writes the time of an event.

use std::str::FromStr;

use collaudo_record::Instant;
use jiff::{
    Timestamp,
    civil::date,
    fmt::strtime::{self, BrokenDownTime},
    tz::TimeZone,
};

/// What a log is taken to write where LAB.toml says nothing.
pub(super) const RFC_3339: &str = "rfc3339";

/// A form of times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Time {
    Rfc3339,
    /// Since 1970, so many in a second.
    Since1970(u32),
    /// As `strftime` writes it; in Rome where it says no offset.
    Form(String),
}

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            RFC_3339 => Ok(Self::Rfc3339),
            "seconds" => Ok(Self::Since1970(1)),
            "milliseconds" => Ok(Self::Since1970(1_000)),
            "microseconds" => Ok(Self::Since1970(1_000_000)),
            form if form.contains('%') && Self::Form(form.to_owned()).is_whole() => Ok(Self::Form(form.to_owned())),
            _ => Err(format!(
                "log.time = \"{text}\"; expected \"{RFC_3339}\", \"seconds\", \"milliseconds\" or \"microseconds\" since \
                 1970, or a form with year, day and second, such as \"%d/%m/%Y %H:%M:%S\""
            )),
        }
    }
}

impl Time {
    /// The instant that a text gives; none where it gives none.
    pub(super) fn read(&self, text: &str) -> Option<Instant> {
        let text = text.trim();
        let at = match self {
            Self::Rfc3339 => text.parse::<Timestamp>().ok()?,
            Self::Since1970(unit) => return since_1970(text, *unit),
            Self::Form(form) => {
                let broken = BrokenDownTime::parse(form, text).ok()?;
                match broken.offset() {
                    Some(_) => broken.to_timestamp().ok()?,
                    None => broken.to_datetime().ok()?.to_zoned(rome()?).ok()?.timestamp(),
                }
            }
        };
        Some(Instant(at.as_microsecond()))
    }

    /// What is expected of a text, in words.
    pub(super) fn expected(&self) -> String {
        match self {
            Self::Rfc3339 => "a time such as 2026-03-02T09:00:00+01:00".into(),
            Self::Since1970(1) => "seconds since 1970".into(),
            Self::Since1970(1_000) => "milliseconds since 1970".into(),
            Self::Since1970(_) => "microseconds since 1970".into(),
            Self::Form(form) => format!("a time of the form {form}"),
        }
    }

    /// Whether a form says all of an instant, to the second.
    fn is_whole(&self) -> bool {
        let (Self::Form(form), Some(rome)) = (self, rome()) else { return true };
        let Ok(at) = date(2026, 11, 28).at(21, 34, 56, 0).to_zoned(rome) else { return false };
        let written = strtime::format(form, &at);
        written.is_ok_and(|text| self.read(&text) == Some(Instant(at.timestamp().as_microsecond())))
    }
}

/// A number, with a fraction or without.
fn since_1970(text: &str, unit: u32) -> Option<Instant> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_fraction = fraction.bytes().all(|octet| octet.is_ascii_digit());
    let in_unit = i64::from(1_000_000 / unit);
    let micros = whole.parse::<i64>().ok().filter(|whole| *whole >= 0 && is_fraction)?.checked_mul(in_unit)?;
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(6);
    let parts = digits.fold(0_i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    micros.checked_add(parts / i64::from(unit)).map(Instant)
}

fn rome() -> Option<TimeZone> {
    TimeZone::get("Europe/Rome").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str, text: &str) -> Option<i64> {
        form.parse::<Time>().expect("a form").read(text).map(|at| at.0)
    }

    const NINE: i64 = 1_772_438_400_000_000;

    #[test]
    fn every_form_gives_the_same_instant() {
        for (form, text) in [
            ("rfc3339", "2026-03-02T09:00:00+01:00"),
            ("rfc3339", "2026-03-02 08:00:00.000000Z"),
            ("seconds", "1772438400"),
            ("seconds", " 1772438400.000 "),
            ("milliseconds", "1772438400000"),
            ("microseconds", "1772438400000000"),
            ("%d/%m/%Y %H:%M:%S", "02/03/2026 09:00:00"),
            ("%Y-%m-%d %H:%M:%S%.f", "2026-03-02 09:00:00.000"),
            ("%d/%b/%Y:%H:%M:%S %z", "02/Mar/2026:08:00:00 +0000"),
        ] {
            assert_eq!(read(form, text), Some(NINE), "{form}: {text}");
        }
        assert_eq!(read("seconds", "1772438400.25"), Some(NINE + 250_000));
        assert_eq!(read("milliseconds", "1772438400000.5"), Some(NINE + 500));
    }

    #[test]
    fn summer_time_is_that_of_rome() {
        assert_eq!(read("%d/%m/%Y %H:%M:%S", "01/07/2026 10:00:00"), read("rfc3339", "2026-07-01T08:00:00Z"));
    }

    #[test]
    fn what_is_no_time_gives_none() {
        for (form, text) in
            [("rfc3339", "ieri"), ("seconds", "-1"), ("seconds", "1.x"), ("seconds", ""), ("%Y %d/%m %H:%M:%S", "2026")]
        {
            assert_eq!(read(form, text), None, "{form}: {text}");
        }
    }

    #[test]
    fn a_form_without_its_year_or_its_second_is_refused() {
        for form in ["%b %d %H:%M:%S", "%d/%m/%Y %H:%M", "%Q", "soon"] {
            let why = form.parse::<Time>().expect_err("it says too little");
            assert!(why.starts_with(&format!("log.time = \"{form}\"; expected")), "{why}");
        }
    }
}
