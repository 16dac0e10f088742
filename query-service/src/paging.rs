//! `limit` and `offset` of every list, read by one rule: nothing, `0` and `null` are the default, more than the most is the
//! most; anything but a number, and a negative one, is refused.

use platform::http::ApiError;
use protocol::lang::{JsonType, Text};

/// The most elements that can be skipped before a page.
pub(crate) const LARGEST_OFFSET: u32 = 1_000_000_000;

/// The number of elements of a page, if the client has asked for one.
///
/// # Errors
/// The value is no number, or a negative one.
pub(crate) fn limit(word: Option<&str>, most: u32) -> Result<Option<u32>, Text> {
    Ok(number(word, most)?.filter(|limit| *limit > 0))
}

/// The number of elements before a page.
///
/// # Errors
/// The value is no number, or a negative one.
pub(crate) fn offset(word: Option<&str>) -> Result<u32, Text> {
    Ok(number(word, LARGEST_OFFSET)?.unwrap_or(0))
}

/// Both, of a list that collects no other errors.
///
/// # Errors
/// `INVALID_DATA` naming the field.
pub(crate) fn page(
    limit: Option<&str>,
    offset: Option<&str>,
    most: u32,
) -> Result<(Option<u32>, u32), ApiError> {
    let limit = self::limit(limit, most).map_err(|text| ApiError::field("limit", text));
    let offset = self::offset(offset).map_err(|text| ApiError::field("offset", text));
    Ok((limit?, offset?))
}

fn number(word: Option<&str>, most: u32) -> Result<Option<u32>, Text> {
    let word = word.map(str::trim).filter(|word| !word.is_empty() && !word.eq_ignore_ascii_case("null"));
    let Some(word) = word else { return Ok(None) };
    let digits = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    match word.strip_prefix('-') {
        // Digits alone fail to parse only where the number is too large for the type.
        None if digits(word) => Ok(Some(word.parse::<u32>().unwrap_or(u32::MAX).min(most))),
        Some(rest) if digits(rest) => Err(Text::OutOfRange { min: 0, max: most.into() }),
        _ => Err(Text::WrongType { expected: JsonType::Integer }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_zero_and_null_are_the_default_and_too_much_is_the_most() {
        for word in [None, Some(""), Some(" "), Some("null"), Some("NULL"), Some("0"), Some("000")] {
            assert_eq!(limit(word, 200), Ok(None), "{word:?}");
            assert_eq!(offset(word), Ok(0), "{word:?}");
        }
        for word in ["200", "201", "4294967296", "99999999999999999999"] {
            assert_eq!(limit(Some(word), 200), Ok(Some(200)), "{word}");
        }
        assert_eq!((limit(Some("007"), 200), limit(Some(" 7 "), 200)), (Ok(Some(7)), Ok(Some(7))));
        assert_eq!(offset(Some("99999999999999999999")), Ok(LARGEST_OFFSET));
    }

    #[test]
    fn words_and_negative_numbers_are_refused_by_the_name_of_the_field() {
        let range = |max| Text::OutOfRange { min: 0, max };
        assert_eq!(limit(Some("-1"), 200), Err(range(200)));
        assert_eq!(offset(Some("-99999999999999999999")), Err(range(LARGEST_OFFSET.into())));
        for word in ["x", "1.5", "1e2", "--1", "-", "0x10", "１", "1 2"] {
            assert_eq!(
                limit(Some(word), 200),
                Err(Text::WrongType { expected: JsonType::Integer }),
                "{word}"
            );
        }
        let error = page(Some("1"), Some("x"), 200).unwrap_err();
        assert!(error.failure().details.contains_key("offset"));
    }
}
