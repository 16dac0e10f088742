//! Allow and deny lists for codes: countries, prefixes and kinds of numbers.

use crate::phone_number::{
    PhoneNumber,
    destination::{Kind, is_country},
};

/// The numbers that get codes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    allowed: Vec<Area>,
    denied: Vec<Area>,
    kinds: Vec<Kind>,
}

/// A country, or all numbers with a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Area {
    Country(String),
    Prefix(String),
}

impl Lists {
    /// Parses the lists: countries by two letters, prefixes with `+`, kinds by name. An empty list of allowed areas allows all.
    ///
    /// # Errors
    /// The first word that is none of these.
    pub fn read(allowed: &[String], denied: &[String], kinds: &[String]) -> Result<Self, String> {
        let areas = |words: &[String]| words.iter().map(|word| area(word)).collect::<Result<Vec<_>, _>>();
        let kind = |word: &String| Kind::from_word(word).ok_or_else(|| word.clone());
        Ok(Self {
            allowed: areas(allowed)?,
            denied: areas(denied)?,
            kinds: kinds.iter().map(kind).collect::<Result<_, _>>()?,
        })
    }

    pub fn serve(&self, number: &PhoneNumber) -> bool {
        let leads = number.destination();
        let within = |area: &Area| match area {
            Area::Country(country) => *country == leads.country,
            Area::Prefix(prefix) => number.as_str().starts_with(prefix.as_str()),
        };
        (self.allowed.is_empty() || self.allowed.iter().any(within))
            && !self.denied.iter().any(within)
            && !self.kinds.contains(&leads.kind)
    }
}

fn area(word: &str) -> Result<Area, String> {
    let digits =
        word.strip_prefix('+').filter(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
    match digits {
        Some(_) => Ok(Area::Prefix(word.to_owned())),
        None if is_country(word) => Ok(Area::Country(word.to_owned())),
        None => Err(word.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(allowed: &[&str], denied: &[&str], kinds: &[&str]) -> Result<Lists, String> {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        Lists::read(&owned(allowed), &owned(denied), &owned(kinds))
    }

    fn served(lists: &Lists, number: &str) -> bool {
        lists.serve(&PhoneNumber::parse(number).expect(number))
    }

    #[test]
    fn numbers_are_denied_by_kind() {
        let lists = lists(&[], &[], &["satellite", "premium", "personal"]).expect("kinds");
        for number in ["+870773111632", "+881612345678", "+88216123456789", "+979123456789", "+447012345678"]
        {
            assert!(!served(&lists, number), "{number}");
        }
        for number in ["+79166660002", "+75550000001", "+447911123456", "+16502530000"] {
            assert!(served(&lists, number), "{number}");
        }
    }

    #[test]
    fn numbers_are_allowed_and_denied_by_country_and_prefix() {
        let some = lists(&["RU", "+375"], &["+7916"], &[]).expect("areas");
        assert!(served(&some, "+79050000009") && served(&some, "+375291234567"));
        assert!(
            !served(&some, "+79166660002") && !served(&some, "+77012345678") && !served(&some, "+4930123456")
        );
        let all = lists(&[], &["KZ"], &[]).expect("areas");
        assert!(served(&all, "+79166660002") && !served(&all, "+77012345678"));
    }

    #[test]
    fn unknown_word_is_returned_as_the_error() {
        assert_eq!(lists(&["UK"], &[], &[]), Err("UK".to_owned()));
        assert_eq!(lists(&[], &["+44x"], &[]), Err("+44x".to_owned()));
        assert_eq!(lists(&[], &[], &["psychic"]), Err("psychic".to_owned()));
    }
}
