//! `GET /api/v4/alltimezones`: names of time zones, as the IANA database has them for places where people live.

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

/// Whether there is a zone of that name.
pub fn is_known(name: &str) -> bool {
    names().binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_known() {
        assert!(names().is_sorted() && names().len() > 400);
        assert!(is_known("Europe/Moscow") && is_known("UTC") && !is_known("Europe/Atlantis"));
    }
}
