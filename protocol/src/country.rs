//! `GET /api/v3/countries`: dialling codes, data of the seed with its order and spellings (`protocol.md` 6, items 5, 6).

use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use utoipa::ToSchema;

/// A country or territory and its dialling code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Country {
    /// `+` and digits; codes repeat.
    pub code: String,
    /// Only `true`, and only on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub default: Option<bool>,
    /// In Russian.
    pub name: String,
}

/// All of them, in the order of the reference.
pub fn countries() -> &'static [Country] {
    static ALL: LazyLock<Vec<Country>> = LazyLock::new(|| {
        include_str!("country/codes.tsv")
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .map(country)
            .collect()
    });
    &ALL
}

fn country((code, name): (&str, &str)) -> Country {
    Country {
        code: code.to_owned(), default: (name == "Россия").then_some(true), name: name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_233_and_one_default() {
        assert_eq!(countries().len(), 233);
        let defaults: Vec<_> = countries().iter().filter(|c| c.default.is_some()).collect();
        assert!(matches!(defaults[..], [c] if c.code == "+7" && c.name == "Россия"));
    }
}
