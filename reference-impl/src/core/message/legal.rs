//! Legal time: what a person in Italy reads off an instant (§4.2).

use std::sync::LazyLock;

use collaudo_node::Timestamp;
use jiff::tz::TimeZone;

/// An instant in the words of header, text and XML, all of them local and to the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LegalTime {
    /// `dd/mm/yyyy`.
    pub(super) day: String,
    /// `hh:mm:ss`.
    pub(super) hour: String,
    /// `[+-]hhmm`.
    pub(super) zone: String,
    /// The value of a Date field.
    pub(super) date: String,
}

impl LegalTime {
    /// *Source* PEC-4.2-01.
    pub(super) fn of(at: Timestamp) -> Self {
        //= PEC-4.2-01
        static ROME: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Europe/Rome").unwrap_or(TimeZone::UTC));
        // Nothing here happens before 1970 or after 9999; an instant beyond is shown as the nearest that can be written.
        let seconds = at.unix_micros().div_euclid(1_000_000).clamp(0, 253_402_200_000);
        let local = jiff::Timestamp::from_second(seconds).unwrap_or_default().to_zoned(ROME.clone());
        //= PEC-4.2-02
        //= PEC-4.2-03
        let date = local.strftime("%a, %d %b %Y %H:%M:%S %z").to_string();
        // The last two words of the date, which are in the same form wherever they stand.
        let mut words = date.rsplit(' ').map(str::to_owned);
        let (zone, hour) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        Self { day: format!("{:02}/{:02}/{:04}", local.day(), local.month(), local.year()), hour, zone, date }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> LegalTime {
        LegalTime::of(Timestamp::from_unix_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond()))
    }

    #[test]
    fn winter_and_summer_have_their_zone() {
        let winter = at("2026-03-02T08:00:00.999Z");
        assert_eq!(winter.date, "Mon, 02 Mar 2026 09:00:00 +0100");
        assert_eq!(
            (winter.day.as_str(), winter.hour.as_str(), winter.zone.as_str()),
            ("02/03/2026", "09:00:00", "+0100")
        );
        assert_eq!(at("2026-07-01T22:30:00Z").date, "Thu, 02 Jul 2026 00:30:00 +0200");
    }

    #[test]
    fn the_hour_that_comes_twice_is_told_apart_by_its_zone() {
        assert_eq!(at("2026-10-25T00:30:00Z").date, "Sun, 25 Oct 2026 02:30:00 +0200");
        assert_eq!(at("2026-10-25T01:30:00Z").date, "Sun, 25 Oct 2026 02:30:00 +0100");
    }

    #[test]
    fn instants_out_of_reach_are_bounded() {
        assert!(LegalTime::of(Timestamp::from_unix_micros(i64::MAX)).day.ends_with("/9999"));
        assert_eq!(LegalTime::of(Timestamp::from_unix_micros(i64::MIN)).day, "01/01/1970");
    }
}
