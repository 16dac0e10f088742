//! Times on the wire: UTC with six fractional digits and `Z` (`docs/acceptance.md`, item 4).

use chrono::{DateTime, SecondsFormat, Utc};
pub use events::time::{fold_leap_second, parse_rfc3339};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

/// A time as clients see it: `2019-09-27T00:59:50.898951Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub DateTime<Utc>);

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&fold_leap_second(self.0).to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DateTime::deserialize(deserializer).map(Self)
    }
}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$"))
            .description(Some("Time in UTC with microseconds, RFC 3339."))
            .into()
    }
}

impl ToSchema for Timestamp {
    fn name() -> Cow<'static, str> {
        "Timestamp".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leap_second_is_written_as_the_next_second() {
        let within = events::time::parse_rfc3339("2026-12-31T23:59:60.25Z").unwrap();
        assert_eq!(Timestamp(within).to_string(), "2027-01-01T00:00:00.250000Z");
        // An event that was stored before leap seconds were converted on input.
        let stored = DateTime::parse_from_rfc3339("2026-12-31T23:59:60Z").unwrap().to_utc();
        assert_eq!(Timestamp(stored).to_string(), "2027-01-01T00:00:00.000000Z");
    }

    #[test]
    fn timestamp_has_six_fractional_digits() {
        let time = DateTime::from_timestamp(1_569_545_990, 0).unwrap();
        assert_eq!(Timestamp(time).to_string(), "2019-09-27T00:59:50.000000Z");
    }
}
