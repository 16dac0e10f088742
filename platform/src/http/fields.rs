//! Text fields of query strings and forms: readers of single values, and [`FieldErrors`], which collects what is wrong.

use super::ApiError;
use protocol::{
    error::{ErrorCode, Failure},
    lang::{JsonType, Text},
};
use std::ops::RangeInclusive;

/// Collects the errors of a request's fields, so that one answer names every field that is wrong.
#[derive(Debug, Default)]
pub struct FieldErrors(Option<Failure>);

impl FieldErrors {
    /// Records an error of a field.
    pub fn add(&mut self, field: impl Into<String>, error: Text) {
        let failure = self.0.take().unwrap_or_else(|| Failure::new(ErrorCode::InvalidData));
        self.0 = Some(failure.and(field, error));
    }

    /// The value of a field, or `None` after recording its error.
    pub fn check<T>(&mut self, field: &str, value: Result<T, Text>) -> Option<T> {
        value.map_err(|error| self.add(field, error)).ok()
    }

    /// Reads a field; a missing or blank one is `None`, and so is a wrong one after its error is recorded.
    pub fn read<T>(
        &mut self,
        field: &str,
        text: Option<&str>,
        read: impl FnOnce(&str) -> Result<T, Text>,
    ) -> Option<T> {
        let text = present(text)?;
        self.check(field, read(text))
    }

    /// Ends the checks.
    ///
    /// # Errors
    /// `INVALID_DATA` with every recorded error.
    pub fn finish(self) -> Result<(), ApiError> {
        self.0.map_or(Ok(()), |failure| Err(failure.into()))
    }
}

/// The trimmed text of a field, unless it is missing or blank.
pub fn present(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// Reads a boolean in any spelling that browsers and programs use: `true`, `1`, `yes`, `on`, `false`, `0`, `no`, `off`.
///
/// # Errors
/// Another word.
pub fn boolean(text: &str) -> Result<bool, Text> {
    match text.trim().to_ascii_lowercase().as_str() {
        "yes" | "on" => Ok(true),
        "no" | "off" => Ok(false),
        other => strict_boolean(other),
    }
}

/// Reads `true`, `1`, `false` or `0`, in letters of either case.
///
/// # Errors
/// Another word.
pub fn strict_boolean(text: &str) -> Result<bool, Text> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(Text::WrongType { expected: JsonType::Boolean }),
    }
}

/// Whether a field is there and says yes; any other text means no.
pub fn is_true(text: Option<&str>) -> bool {
    text.is_some_and(|text| boolean(text) == Ok(true))
}

/// Reads an integer.
///
/// # Errors
/// The text is no integer, or one out of the range.
pub fn integer(text: &str, range: RangeInclusive<i64>) -> Result<i64, Text> {
    match text.parse::<i64>() {
        Ok(number) if range.contains(&number) => Ok(number),
        Ok(_) => Err(Text::OutOfRange { min: *range.start(), max: *range.end() }),
        Err(_) => Err(Text::WrongType { expected: JsonType::Integer }),
    }
}

/// The error of a text that is none of a closed set of words.
pub fn not_one_of<'a>(allowed: impl IntoIterator<Item = &'a str>) -> Text {
    Text::NotOneOf { allowed: allowed.into_iter().map(str::to_owned).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_errors_name_every_wrong_field_and_blank_fields_are_absent() {
        let mut errors = FieldErrors::default();
        assert_eq!(errors.read("a", Some(" TRUE "), boolean), Some(true));
        assert_eq!(errors.read("b", Some(" "), boolean), None);
        assert_eq!(errors.read("c", Some("7"), |text| integer(text, 0..=9)), Some(7));
        assert_eq!(errors.read("d", None, |text| integer(text, 0..=9)), None);
        errors.read("switch", Some("maybe"), boolean);
        errors.read("range", Some("10"), |text| integer(text, 0..=9));
        errors.read("number", Some("ten"), |text| integer(text, 0..=9));
        let error = errors.finish().unwrap_err();
        let names: Vec<_> = error.failure().details.keys().map(String::as_str).collect();
        assert_eq!(names, ["number", "range", "switch"]);
    }

    #[test]
    fn boolean_in_any_spelling_is_read_and_strict_boolean_refuses_words_of_forms() {
        for (word, value) in [("true", true), ("1", true), ("False", false), ("0", false)] {
            assert_eq!((boolean(word), strict_boolean(word)), (Ok(value), Ok(value)), "{word}");
        }
        for (word, value) in [("yes", true), ("ON", true), ("no", false), ("off", false)] {
            assert_eq!(boolean(word), Ok(value), "{word}");
            assert!(strict_boolean(word).is_err(), "{word}");
        }
        assert!(boolean("maybe").is_err() && boolean("2").is_err());
        assert!(is_true(Some("on")) && !is_true(Some("maybe")) && !is_true(None));
    }
}
