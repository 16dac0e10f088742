//! Dialling codes: `GET /api/v3/countries` and `/api/v4/countries`. Order and spelling follow the reference
//! (`docs/acceptance.md`, items 5, 6); the other columns of the table are our own.

use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use utoipa::ToSchema;

/// ISO codes of the countries to offer first: most users come from there.
const POPULAR: [&str; 11] = ["AM", "AZ", "BY", "GE", "KG", "KZ", "MD", "RU", "TJ", "UA", "UZ"];

/// A country or territory and its dialling code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Country {
    /// Dialling code, `+` and digits; several countries may share one.
    pub code: String,
    /// `true` on exactly one country, the preselected one; absent on the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub default: Option<bool>,
    /// Name in Russian.
    pub name: String,
}

/// A country or territory with its dialling code and ISO code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountryV4 {
    /// Dialling code, `+` and digits; several countries may share one.
    pub code: String,
    /// `true` on exactly one country, the preselected one; absent on the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub default: Option<bool>,
    /// ISO 3166-1 code, two letters; the former code of a country that no longer exists.
    #[schema(pattern = "^[A-Z]{2}$")]
    pub iso: String,
    /// Name in Russian.
    pub name: String,
    /// `true` on countries to be offered first; absent on the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub popular: Option<bool>,
}

/// The v3 list, in the order of the reference.
pub fn countries() -> &'static [Country] {
    static ALL: LazyLock<Vec<Country>> = LazyLock::new(|| countries_v4().iter().map(country).collect());
    &ALL
}

/// The v4 list, in the order of the reference.
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
    fn countries_are_233_with_one_default() {
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
