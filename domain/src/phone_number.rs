//! Any spelling of a phone number → `+` and digits (`docs/acceptance.md`, items 9 to 11). All places that take a number
//! read it here: two spellings of one number are one account, and two numbers are never one.
//!
//! [`spelling`] takes off what is not the number (marks, brackets, `tel:`); the rest is libphonenumber's business. It is
//! read by the crate `rlibphonenumber`: over the spellings of 11,385 valid numbers of all regions (92,565 texts) it agreed
//! with PyPI's `phonenumbers` in every one, where `phonenumber` 0.3.10 differed in 32,141 and `phonelib` 2.1.0 in 13,924.
//! `domain/tests/phones` holds it to that.

pub mod destination;
pub mod former;
mod spelling;

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber as Parsed, PhoneNumberFormat, Region,
};
use spelling::Spelled;
use thiserror::Error;

/// Where a number without a country code is at home: the reference server accepts `8 916…` and `916…`.
const HOME: Region = Region::RU;
/// The country code of [`HOME`].
const HOME_CODE: i32 = 7;

/// A number as the API shows it: `+`, the country code and the national number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PhoneNumber(String);

/// The text is no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a phone number")]
pub struct NotAPhone;

impl PhoneNumber {
    /// Reads any spelling. A number without `+` is Russian if it can be; else it may have lost its `+`. Numbers need only be
    /// possible, not assigned: the API's own examples are not.
    ///
    /// # Errors
    /// [`NotAPhone`] when no number can be made of it.
    pub fn parse(text: &str) -> Result<Self, NotAPhone> {
        let parsed = match spelling::read(text).ok_or(NotAPhone)? {
            Spelled::International(digits) => international(&digits),
            Spelled::Bare(digits) => bare(&digits),
        };
        let number = parsed.ok_or(NotAPhone)?.format_as(PhoneNumberFormat::E164).into_owned();
        // A stored number is read again: it must stay the number that it is.
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

    /// Country code and the rest of a normalised number; `None` when it is none.
    pub(crate) fn split(number: &str) -> Option<(u16, String)> {
        let parsed = international(number.strip_prefix('+')?)?;
        if parsed.format_as(PhoneNumberFormat::E164) != number {
            return None;
        }
        Some((u16::try_from(parsed.country_code).ok()?, parsed.get_national_significant_number()))
    }
}

/// Country code and national number, without `+`.
fn international(digits: &str) -> Option<Parsed> {
    let parsed = PHONE_NUMBER_UTIL.parse(format!("+{digits}"), None).ok()?;
    possible(&parsed).then_some(parsed)
}

/// A number as it is dialled at home, or one that lost its `+`.
fn bare(digits: &str) -> Option<Parsed> {
    let dialled = PHONE_NUMBER_UTIL.parse(digits, Some(HOME)).ok().filter(possible);
    dialled.or_else(|| {
        international(digits).filter(|number| number.country_code == HOME_CODE || number.is_valid())
    })
}

/// Whether a number is as long as numbers of its country are, area code included.
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
    fn any_spelling_becomes_plus_and_digits() {
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
    fn a_national_number_may_begin_with_eight() {
        for number in ["+78123251234", "+918123456789", "+353851234567", "+8613800138000", "+77172701234"] {
            assert_eq!(read(number).as_deref(), Some(number));
        }
    }

    #[test]
    fn a_plus_counts_inside_brackets_and_nowhere_behind_a_digit() {
        assert_eq!(read("(+372) 512 3456").as_deref(), Some("+3725123456"));
        assert_eq!(read("[+45] 32 12 34 56").as_deref(), Some("+4532123456"));
        assert_eq!(read("(+47) 22 12 34 56").as_deref(), Some("+4722123456"));
        assert_eq!(read("8 +7 916 666 00 02"), None);
        assert_eq!(read("++7 916 666 00 02"), None);
    }

    #[test]
    fn a_trunk_digit_is_no_part_of_the_number_but_italys_zero_is() {
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
    fn what_is_no_number_is_refused() {
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
    fn a_number_that_would_be_another_when_it_is_read_again_is_none() {
        assert_eq!(read("+49 0030 123456"), None);
    }
}
