//! Any spelling of a phone number → `+` and digits (`docs/acceptance.md`, items 9 to 11).

use phonenumber::country::Id;
use thiserror::Error;

/// A number as the API shows it: `+` and 8 to 15 digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PhoneNumber(String);

/// The text is no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a phone number")]
pub struct NotAPhone;

impl PhoneNumber {
    /// Reads any spelling: spaces, brackets and dashes go; the plus and, for Russian forms (`8 916…`, `916…`), the country
    /// code are added. Numbers need only be possible, not assigned: the seed's own samples are not.
    ///
    /// # Errors
    /// [`NotAPhone`] when no number can be made of it.
    pub fn parse(text: &str) -> Result<Self, NotAPhone> {
        if text.len() > 64 || text.chars().any(|c| !c.is_ascii_digit() && !"+()-–— .\u{a0}\t".contains(c))
        {
            return Err(NotAPhone);
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let international = text.trim_start().starts_with('+');
        let candidate = match (international, digits.len(), digits.as_bytes().first()) {
            (true, ..) => format!("+{digits}"),
            (false, 11, Some(b'8')) => format!("+7{}", &digits[1..]),
            (false, 10, _) => format!("+7{digits}"),
            (false, ..) if digits.starts_with("00") => format!("+{}", &digits[2..]),
            (false, ..) => format!("+{digits}"),
        };
        let parsed = phonenumber::parse(Some(Id::RU), &candidate).map_err(|_| NotAPhone)?;
        let number = format!("+{}{}", parsed.code().value(), parsed.national());
        if (9..=16).contains(&number.len()) { Ok(Self(number)) } else { Err(NotAPhone) }
    }

    /// `+` and digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Country code and the rest of a normalised number; `None` when it is none.
    pub(crate) fn split(number: &str) -> Option<(u16, String)> {
        if !number.starts_with('+') {
            return None;
        }
        let parsed = phonenumber::parse(None, number).ok()?;
        Some((parsed.code().value(), parsed.national().to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_spelling_becomes_plus_and_digits() {
        for (spelling, number) in [
            ("+7 (916) 6660002", "+79166660002"),
            ("+7 999 233-11-22", "+79992331122"),
            ("8 (916) 666-00-02", "+79166660002"),
            ("916 666 00 02", "+79166660002"),
            ("79166660002", "+79166660002"),
            ("+72348763434", "+72348763434"),
            ("+75550000001", "+75550000001"),
            ("+1 650 253 0000", "+16502530000"),
            ("0049 30 123456", "+4930123456"),
        ] {
            assert_eq!(PhoneNumber::parse(spelling).map(|p| p.0), Ok(number.to_owned()), "{spelling}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let long = "9".repeat(40);
        for text in
            ["", "+", "abc", "12", "+7916666000x", "+7 916 666 00 02; drop", long.as_str(), "٠١٢٣٤٥٦٧٨٩"]
        {
            assert_eq!(PhoneNumber::parse(text), Err(NotAPhone), "{text}");
        }
    }
}
