//! Words of query strings → values; what does not fit is collected with the names, as commands do with fields. An empty
//! word is none.

use platform::http::ApiError;
use protocol::{
    error::{ErrorCode, Failure},
    lang::{JsonType, Text},
};
use std::ops::RangeInclusive;

/// Collects what is wrong with a query string, so that one answer names all of it.
#[derive(Default)]
pub(crate) struct Words {
    failure: Option<Failure>,
}

impl Words {
    fn refuse(&mut self, name: &str, text: Text) {
        let failure = self.failure.take().unwrap_or_else(|| Failure::new(ErrorCode::InvalidData));
        self.failure = Some(failure.and(name, text));
    }

    /// A value that was read already, or why it was not.
    pub(crate) fn read<T>(&mut self, name: &str, read: Result<T, Text>) -> Option<T> {
        read.map_err(|text| self.refuse(name, text)).ok()
    }

    /// Ends the checks.
    ///
    /// # Errors
    /// `INVALID_DATA` naming every word that was refused.
    pub(crate) fn done(self) -> Result<(), ApiError> {
        self.failure.map_or(Ok(()), |failure| Err(failure.into()))
    }

    /// `true` or `false`, also as digits.
    pub(crate) fn switch(&mut self, name: &str, word: Option<&str>) -> Option<bool> {
        match word? {
            "" => None,
            "1" => Some(true),
            "0" => Some(false),
            word if word.eq_ignore_ascii_case("true") => Some(true),
            word if word.eq_ignore_ascii_case("false") => Some(false),
            _ => {
                self.refuse(name, Text::WrongType { expected: JsonType::Boolean });
                None
            }
        }
    }

    /// A whole number.
    pub(crate) fn integer(
        &mut self,
        name: &str,
        word: Option<&str>,
        range: RangeInclusive<i64>,
    ) -> Option<i64> {
        let word = word.filter(|word| !word.is_empty())?;
        match word.parse::<i64>() {
            Ok(number) if range.contains(&number) => Some(number),
            Ok(_) => {
                self.refuse(name, Text::OutOfRange { min: *range.start(), max: *range.end() });
                None
            }
            Err(_) => {
                self.refuse(name, Text::WrongType { expected: JsonType::Integer });
                None
            }
        }
    }

    /// One of a closed set of words.
    pub(crate) fn word<T>(
        &mut self,
        name: &str,
        word: Option<&str>,
        allowed: &[&str],
        value: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let found = value(word.filter(|word| !word.is_empty())?);
        if found.is_none() {
            self.not_one_of(name, allowed);
        }
        found
    }

    /// A word is none of a closed set.
    pub(crate) fn not_one_of(&mut self, name: &str, allowed: &[&str]) {
        let allowed = allowed.iter().map(|&word| word.to_owned()).collect();
        self.refuse(name, Text::NotOneOf { allowed });
    }

    /// One line of text.
    pub(crate) fn line(&mut self, name: &str, word: Option<String>, max: usize) -> Option<String> {
        let word = word.filter(|word| !word.is_empty())?;
        if word.chars().any(char::is_control) {
            self.refuse(name, Text::BadCharacters);
        }
        if word.chars().count() > max {
            self.refuse(name, Text::TooLong { max });
        }
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_named_at_once_and_nothing_is_nothing() {
        let mut words = Words::default();
        assert_eq!(words.switch("a", Some("TRUE")), Some(true));
        assert_eq!(words.switch("b", Some("")), None);
        assert_eq!(words.integer("c", Some("7"), 0..=9), Some(7));
        assert_eq!(words.integer("c", None, 0..=9), None);
        words.switch("switch", Some("yes"));
        words.integer("range", Some("10"), 0..=9);
        words.integer("number", Some("ten"), 0..=9);
        words.line("line", Some("a\0b".to_owned()), 10);
        let error = words.done().unwrap_err();
        let names: Vec<_> = error.failure().details.keys().map(String::as_str).collect();
        assert_eq!(names, ["line", "number", "range", "switch"]);
    }
}
