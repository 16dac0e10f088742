//! Reads times, and counts leap seconds the way Postgres and clients do.

use chrono::{DateTime, TimeDelta, Timelike, Utc};

/// Parses an RFC 3339 time. A leap second becomes the second after it, see [`fold_leap_second`].
pub fn parse_rfc3339(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| fold_leap_second(time.to_utc()))
}

/// Turns a leap second into the second after it: `23:59:60` is the next midnight, because neither Postgres nor clients have a
/// time between the two.
pub fn fold_leap_second(time: DateTime<Utc>) -> DateTime<Utc> {
    // chrono represents a leap second as more than 1,000,000,000 nanoseconds in the second before it.
    let beyond = time.nanosecond().checked_sub(1_000_000_000);
    let next =
        beyond.and_then(|nanos| time.with_nanosecond(nanos)?.checked_add_signed(TimeDelta::seconds(1)));
    next.unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leap_second_is_read_as_the_next_second() {
        let midnight = parse_rfc3339("2027-01-01T00:00:00Z").unwrap();
        for text in ["2026-12-31T23:59:60Z", "2027-01-01T02:59:60+03:00"] {
            assert_eq!(parse_rfc3339(text), Some(midnight), "{text}");
        }
        let plain = parse_rfc3339("2026-12-31T23:59:59.999999999Z").unwrap();
        assert_eq!(fold_leap_second(plain), plain);
        assert_eq!(parse_rfc3339("2026-12-31"), None);
    }
}
