//! `limit` and `offset` of all lists: a missing value, `0` and `null` mean the default, a larger value than allowed means
//! the maximum; negative numbers and other words are errors.

use platform::http::{FieldErrors, fields::present};
use protocol::lang::{JsonType, Text};

/// The most elements that a page may skip.
pub(crate) const MAX_OFFSET: u32 = 1_000_000_000;

/// The number of elements of a page, if the client asks for one.
pub(crate) fn limit(errors: &mut FieldErrors, text: Option<&str>, max: u32) -> Option<u32> {
    errors.check("limit", read_limit(text, max)).flatten()
}

/// The number of elements before a page.
pub(crate) fn offset(errors: &mut FieldErrors, text: Option<&str>) -> u32 {
    errors.check("offset", read_offset(text)).unwrap_or(0)
}

fn read_limit(text: Option<&str>, max: u32) -> Result<Option<u32>, Text> {
    Ok(number(text, max)?.filter(|limit| *limit > 0))
}

fn read_offset(text: Option<&str>) -> Result<u32, Text> {
    Ok(number(text, MAX_OFFSET)?.unwrap_or(0))
}

fn number(text: Option<&str>, max: u32) -> Result<Option<u32>, Text> {
    let Some(word) = present(text).filter(|word| !word.eq_ignore_ascii_case("null")) else { return Ok(None) };
    let digits = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    match word.strip_prefix('-') {
        // Digits alone fail to parse only if the number is too large for the type.
        None if digits(word) => Ok(Some(word.parse::<u32>().unwrap_or(u32::MAX).min(max))),
        Some(rest) if digits(rest) => Err(Text::OutOfRange { min: 0, max: max.into() }),
        _ => Err(Text::WrongType { expected: JsonType::Integer }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_zero_and_null_limits_are_the_default_and_large_ones_the_maximum() {
        for text in [None, Some(""), Some(" "), Some("null"), Some("NULL"), Some("0"), Some("000")] {
            assert_eq!(read_limit(text, 200), Ok(None), "{text:?}");
            assert_eq!(read_offset(text), Ok(0), "{text:?}");
        }
        for text in ["200", "201", "4294967296", "99999999999999999999"] {
            assert_eq!(read_limit(Some(text), 200), Ok(Some(200)), "{text}");
        }
        assert_eq!((read_limit(Some("007"), 200), read_limit(Some(" 7 "), 200)), (Ok(Some(7)), Ok(Some(7))));
        assert_eq!(read_offset(Some("99999999999999999999")), Ok(MAX_OFFSET));
    }

    #[test]
    fn negative_numbers_and_words_are_errors_of_their_field() {
        let range = |max| Text::OutOfRange { min: 0, max };
        assert_eq!(read_limit(Some("-1"), 200), Err(range(200)));
        assert_eq!(read_offset(Some("-99999999999999999999")), Err(range(MAX_OFFSET.into())));
        for text in ["x", "1.5", "1e2", "--1", "-", "0x10", "１", "1 2"] {
            let expected = Err(Text::WrongType { expected: JsonType::Integer });
            assert_eq!(read_limit(Some(text), 200), expected, "{text}");
        }
        let mut errors = FieldErrors::default();
        assert_eq!((limit(&mut errors, Some("1"), 200), offset(&mut errors, Some("x"))), (Some(1), 0));
        assert!(errors.finish().unwrap_err().failure().details.contains_key("offset"));
    }
}
