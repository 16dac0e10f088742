//! `GET /api/v3/countries` and `/api/v4/countries`: dialling codes, data of the seed with its order and spellings
//! (`docs/acceptance.md`, items 5, 6); what is beside them is ours.

use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use utoipa::ToSchema;

/// Countries that are offered first, by ISO codes: where most of those come from who use it.
const POPULAR: [&str; 11] = ["AM", "AZ", "BY", "GE", "KG", "KZ", "MD", "RU", "TJ", "UA", "UZ"];

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

/// The same as later versions of the API have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountryV4 {
    /// `+` and digits; codes repeat.
    pub code: String,
    /// Only `true`, and only on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub default: Option<bool>,
    /// Two letters (ISO 3166-1); of a country that is no more, those that it had.
    #[schema(pattern = "^[A-Z]{2}$")]
    pub iso: String,
    /// In Russian.
    pub name: String,
    /// Only `true`: to be offered first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub popular: Option<bool>,
}

/// All of them, in the order of the reference.
pub fn countries() -> &'static [Country] {
    static ALL: LazyLock<Vec<Country>> = LazyLock::new(|| countries_v4().iter().map(country).collect());
    &ALL
}

/// The same as later versions of the API have them.
pub fn countries_v4() -> &'static [CountryV4] {
    static ALL: LazyLock<Vec<CountryV4>> =
        LazyLock::new(|| include_str!("country/codes.tsv").lines().filter_map(row).collect());
    &ALL
}

fn row(line: &str) -> Option<CountryV4> {
    let mut cells = line.split('\t').map(str::to_owned);
    let (code, name, iso) = (cells.next()?, cells.next()?, cells.next()?);
    let default = (name == "Россия").then_some(true);
    let popular = POPULAR.contains(&iso.as_str()).then_some(true);
    Some(CountryV4 { code, default, iso, name, popular })
}

fn country(country: &CountryV4) -> Country {
    Country { code: country.code.clone(), default: country.default, name: country.name.clone() }
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

    #[test]
    fn later_versions_have_two_letters_of_each_and_some_that_are_popular() {
        let all = countries_v4();
        assert!(all.iter().all(|c| c.iso.len() == 2 && c.iso.bytes().all(|byte| byte.is_ascii_uppercase())));
        assert_eq!(all.iter().filter(|c| c.popular.is_some()).count(), POPULAR.len());
        let of = |name: &str| all.iter().find(|c| c.name == name).map(|c| c.iso.as_str());
        let named = ["Узбекистан", "Эсватини", "Остров Мэн", "Россия", "Канада", "Виргинские Острова (США)"];
        assert_eq!(named.map(of), ["UZ", "SZ", "IM", "RU", "CA", "VI"].map(Some));
    }
}
