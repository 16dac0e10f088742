//! Parses any spelling of a phone number to `+` and digits (`docs/acceptance.md`, items 9 to 11). All inputs of numbers go
//! through it: two spellings of a number are one account, and two numbers never become one.
//!
//! [`spelling`] strips marks, brackets and `tel:`; libphonenumber does the rest, in the port
//! `rlibphonenumber`. Over the spellings of 11,385 valid numbers of all regions (92,565 texts) it agreed
//! with PyPI's `phonenumbers` in every one; `phonenumber` 0.3.10 differed in 32,141 and `phonelib` 2.1.0 in 13,924.
//! `domain/tests/phones` tests that it still agrees.

pub mod destination;
pub mod former;
mod spelling;

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber as Parsed, PhoneNumberFormat, Region,
};
use spelling::Spelled;
use thiserror::Error;

/// The region of numbers without a country code: the reference server accepts `8 916…` and `916…`.
const HOME: Region = Region::RU;
/// The country code of [`HOME`].
const HOME_CODE: i32 = 7;

/// A normalised number: `+`, the country code and the national number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PhoneNumber(String);

/// The text is no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a phone number")]
pub struct NotAPhone;

impl PhoneNumber {
    /// Parses any spelling. A number without `+` is Russian if possible, else it may have lost its `+`. Numbers need only be
    /// possible, not assigned: the examples of the API are not assigned.
    ///
    /// # Errors
    /// [`NotAPhone`] if the text is no number.
    pub fn parse(text: &str) -> Result<Self, NotAPhone> {
        let parsed = match spelling::read(text).ok_or(NotAPhone)? {
            Spelled::International(digits) => international(&digits),
            Spelled::Bare(digits) => bare(&digits),
        };
        let number = parsed.ok_or(NotAPhone)?.format_as(PhoneNumberFormat::E164).into_owned();
        // The number is stored and parsed again, and must not change.
        match international(&number[1..])
            .is_some_and(|again| again.format_as(PhoneNumberFormat::E164) == number)
        {
            true => Ok(Self(number)),
            false => Err(NotAPhone),
        }
    }

    /// `+` and digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Country code and national number of a normalised number; `None` if it is not normalised.
    pub(crate) fn split(number: &str) -> Option<(u16, String)> {
        let parsed = international(number.strip_prefix('+')?)?;
        if parsed.format_as(PhoneNumberFormat::E164) != number {
            return None;
        }
        Some((u16::try_from(parsed.country_code).ok()?, parsed.get_national_significant_number()))
    }
}

/// Parses country code and national number, without `+`.
fn international(digits: &str) -> Option<Parsed> {
    let parsed = PHONE_NUMBER_UTIL.parse(format!("+{digits}"), None).ok()?;
    possible(&parsed).then_some(parsed)
}

/// Parses a number as dialled in the home region, or one that has lost its `+`.
fn bare(digits: &str) -> Option<Parsed> {
    let dialled = PHONE_NUMBER_UTIL.parse(digits, Some(HOME)).ok().filter(possible);
    dialled.or_else(|| {
        international(digits).filter(|number| number.country_code == HOME_CODE || number.is_valid())
    })
}

/// Whether the length is possible for the country, area code included.
fn possible(number: &Parsed) -> bool {
    number.is_possible_with_reason() == Ok(NumberLengthType::IsPossible)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        PhoneNumber::parse(text).ok().map(|number| number.0)
    }

    #[test]
    fn spellings_are_normalised_to_plus_and_digits() {
        for (spelling, number) in [
            ("+7 (916) 6660002", "+79166660002"),
            ("+7 999 233-11-22", "+79992331122"),
            ("8 (916) 666-00-02", "+79166660002"),
            ("916 666 00 02", "+79166660002"),
            ("79166660002", "+79166660002"),
            ("+72348763434", "+72348763434"),
            ("72348763434", "+72348763434"),
            ("82348763434", "+72348763434"),
            ("+75550000001", "+75550000001"),
            ("+1 650 253 0000", "+16502530000"),
            ("0049 30 123456", "+4930123456"),
            ("375 29 123-45-67", "+375291234567"),
            ("8 10 380 44 123 45 67", "+380441234567"),
            ("٧٩١٦٦٦٦٠٠٠٢", "+79166660002"),
        ] {
            assert_eq!(read(spelling).as_deref(), Some(number), "{spelling}");
        }
    }

    #[test]
    fn national_number_beginning_with_eight_is_kept() {
        for number in ["+78123251234", "+918123456789", "+353851234567", "+8613800138000", "+77172701234"] {
            assert_eq!(read(number).as_deref(), Some(number));
        }
    }

    #[test]
    fn plus_is_accepted_in_brackets_and_rejected_after_a_digit() {
        assert_eq!(read("(+372) 512 3456").as_deref(), Some("+3725123456"));
        assert_eq!(read("[+45] 32 12 34 56").as_deref(), Some("+4532123456"));
        assert_eq!(read("(+47) 22 12 34 56").as_deref(), Some("+4722123456"));
        assert_eq!(read("8 +7 916 666 00 02"), None);
        assert_eq!(read("++7 916 666 00 02"), None);
    }

    #[test]
    fn trunk_prefix_is_removed_and_the_zero_of_italian_numbers_is_kept() {
        for (spelling, number) in [
            ("+380 (0)44 123 45 67", "+380441234567"),
            ("+375 (8)029 123-45-67", "+375291234567"),
            ("+44 (0)20 7946 0018", "+442079460018"),
            ("+49 (0)30 123456", "+4930123456"),
            ("+90 (0)212 123 45 67", "+902121234567"),
            ("+39 06 1234567", "+39061234567"),
            ("+378 0549 886 123", "+3780549886123"),
            ("+7 (8) 905 000 00 09", "+79050000009"),
            ("+36 (06) 1 234 5678", "+3612345678"),
        ] {
            assert_eq!(read(spelling).as_deref(), Some(number), "{spelling}");
        }
    }

    #[test]
    fn text_that_is_no_number_is_rejected() {
        let long = "9".repeat(40);
        for text in [
            "",
            "+",
            "abc",
            "12",
            "+7 916 666",
            "+7916666000x",
            "+7 916 666 00 02; drop",
            "+7 916 666 00 02 #1",
            "+1 800 FLOWERS",
            "+999 123 456 789",
            "+0 916 666 00 02",
            "+7 916\u{0} 666 00 02",
            long.as_str(),
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn number_that_changes_when_parsed_again_is_rejected() {
        assert_eq!(read("+49 0030 123456"), None);
    }
}
