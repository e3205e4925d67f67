use jiff::{Timestamp, Zoned, fmt::rfc2822, fmt::strtime, tz::TimeZone};

/// An instant as a person in Italy reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// `dd/mm/yyyy`.
    pub day: String,
    /// `hh:mm:ss`.
    pub hour: String,
    /// `+0100`.
    pub zone: String,
    /// For a `Date` field: `Tue, 14 Dec 2021 14:36:08 +0100`.
    pub date: String,
    /// The same instant with the offset +0000.
    pub universal: String,
}

impl Moment {
    /// Takes seconds since 1970.
    //= PEC-4.2-01
    pub fn at(unix_secs: i64) -> Self {
        let instant = Timestamp::from_second(unix_secs).unwrap_or(Timestamp::UNIX_EPOCH);
        let rome = instant.to_zoned(TimeZone::get("Europe/Rome").unwrap_or(TimeZone::UTC));
        Self {
            day: written("%d/%m/%Y", &rome),
            hour: written("%H:%M:%S", &rome),
            zone: written("%z", &rome),
            date: written("%a, %d %b %Y %H:%M:%S %z", &rome),
            universal: written("%a, %d %b %Y %H:%M:%S %z", &instant.to_zoned(TimeZone::UTC)),
        }
    }

    /// Takes microseconds since 1970; what is below a second is dropped.
    pub fn at_micros(unix_micros: i64) -> Self {
        Self::at(unix_micros.div_euclid(1_000_000))
    }
}

/// Reads a `Date` field; seconds since 1970.
pub fn unix_of_date(date: &str) -> Option<i64> {
    rfc2822::parse(date.trim()).ok().map(|zoned| zoned.timestamp().as_second())
}

fn written(format: &str, zoned: &Zoned) -> String {
    strtime::format(format, zoned).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn winter_and_summer_have_their_own_offset() {
        let winter = Moment::at(1_639_488_968);
        assert_eq!(
            (winter.day.as_str(), winter.hour.as_str(), winter.zone.as_str()),
            ("14/12/2021", "14:36:08", "+0100")
        );
        assert_eq!(winter.date, "Tue, 14 Dec 2021 14:36:08 +0100");
        assert_eq!(unix_of_date(&winter.date), Some(1_639_488_968));
        assert_eq!(winter.universal, "Tue, 14 Dec 2021 13:36:08 +0000");
        assert_eq!(Moment::at(1_626_000_000).zone, "+0200");
    }
}
