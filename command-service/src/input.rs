//! Reads the fields of requests into values of the domain; errors are collected with the fields' names.

use chrono::{DateTime, Datelike, SubsecRound, Utc};
use domain::{limits, phone_number::PhoneNumber, text};
use events::{ContactId, GroupId};
use platform::http::{ApiError, FieldErrors};
use protocol::{Jid, lang::Text, time::parse_rfc3339};
use std::str::FromStr;
use uuid::Uuid;

/// The years that a time may be in.
const FOUR_DIGITS: std::ops::RangeInclusive<i32> = 1_000..=9_999;

/// Readers of fields. Each returns the value, or a stand-in after its error is recorded.
pub(crate) trait Fields {
    /// The collected errors.
    fn errors(&mut self) -> &mut FieldErrors;

    /// Reads a name by the rule of [`text::line`]; empty if blank. Text of invisible characters alone is an error.
    fn line(&mut self, field: &str, text: &str, max: usize) -> String {
        let line = text::line(text);
        if text::breaks_line(text) || (line.is_empty() && !text.trim().is_empty()) {
            self.errors().add(field, Text::BadCharacters);
        }
        self.length(field, &line, max);
        line
    }

    /// Reads a name that must not be blank.
    fn required(&mut self, field: &str, text: &str, max: usize) -> String {
        if !text::shows_something(text) {
            self.errors().add(field, Text::Required);
        }
        self.line(field, text, max)
    }

    /// Reads an identifier that the client has chosen, or a token, exactly as it was sent.
    fn token(&mut self, field: &str, text: &str, max: usize) -> String {
        if text::breaks_line(text) {
            self.errors().add(field, Text::BadCharacters);
        }
        self.length(field, text, max);
        text.to_owned()
    }

    /// Reads a text of several lines that must not be blank.
    fn body(&mut self, field: &str, text: &str, max: usize) -> String {
        if !text::shows_something(text) {
            self.errors().add(field, Text::Required);
        }
        self.text(field, text, max)
    }

    /// Reads a text of several lines by the rule of [`text::body`]; empty if blank. Postgres stores no NUL.
    fn text(&mut self, field: &str, text: &str, max: usize) -> String {
        if text.contains('\0') {
            self.errors().add(field, Text::BadCharacters);
        }
        self.length(field, text, max);
        text::body(text)
    }

    /// Reads the text of a message, which may be blank if the message has files or forwards.
    fn message_text(&mut self, field: &str, text: &str, may_be_blank: bool) -> String {
        match may_be_blank && !text::shows_something(text) {
            true => String::new(),
            false => self.body(field, text, limits::MESSAGE),
        }
    }

    fn length(&mut self, field: &str, text: &str, max: usize) {
        // A text of at most `max` bytes has at most `max` characters.
        if text.len() > max && text.chars().count() > max {
            self.errors().add(field, Text::TooLong { max });
        }
    }

    /// Reads a number from 1 to `max`, if one was sent.
    fn within(&mut self, field: &str, number: Option<i64>, max: u32) -> Option<u32> {
        let number = number?;
        let fits = u32::try_from(number).ok().filter(|number| (1..=max).contains(number));
        if fits.is_none() {
            self.errors().add(field, Text::OutOfRange { min: 1, max: max.into() });
        }
        fits
    }

    /// Reads a time in RFC 3339, truncated to microseconds.
    fn time(&mut self, field: &str, text: &str) -> Option<DateTime<Utc>> {
        // The log, Postgres and clients store years of four digits.
        let parsed = parse_rfc3339(text)
            .map(|time| time.trunc_subsecs(6))
            .filter(|time| FOUR_DIGITS.contains(&time.year()));
        if parsed.is_none() {
            self.errors().add(field, Text::NotATime);
        }
        parsed
    }

    /// Reads a phone number in any spelling.
    fn phone(&mut self, field: &str, text: &str) -> Option<PhoneNumber> {
        let missing = text.trim().is_empty();
        let parsed = PhoneNumber::parse(text).ok();
        if parsed.is_none() {
            self.errors().add(field, if missing { Text::Required } else { Text::NotAPhone });
        }
        parsed
    }

    /// Reads one of a closed set of words.
    fn word<T: Copy>(
        &mut self,
        field: &str,
        text: &str,
        allowed: &[T],
        word: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let found = allowed.iter().copied().find(|value| word(*value) == text);
        if found.is_none() {
            let allowed = allowed.iter().map(|value| word(*value).to_owned()).collect();
            self.errors().add(field, Text::NotOneOf { allowed });
        }
        found
    }

    /// Reads a UUID. The nil and the max UUID are errors: nothing has them.
    fn uuid<T: From<Uuid>>(&mut self, field: &str, text: &str) -> Option<T> {
        let parsed = Uuid::parse_str(text).ok().filter(|uuid| !uuid.is_nil() && !uuid.is_max());
        if parsed.is_none() {
            self.errors().add(field, Text::NotAUuid);
        }
        parsed.map(T::from)
    }

    /// Reads an address of any kind.
    fn jid(&mut self, field: &str, text: &str) -> Option<Jid> {
        let parsed = Jid::from_str(text).ok();
        if parsed.is_none() {
            self.errors().add(field, Text::NotAJid);
        }
        parsed
    }

    /// Reads the address of a group.
    fn group(&mut self, field: &str, text: &str) -> Option<GroupId> {
        match self.jid(field, text)? {
            Jid::Group(group) => Some(group),
            Jid::Direct(_) | Jid::Task(_) => {
                self.errors().add(field, Text::NotAJid);
                None
            }
        }
    }

    /// Reads the address of a contact.
    fn contact(&mut self, field: &str, text: &str) -> Option<ContactId> {
        match self.jid(field, text)? {
            Jid::Direct(contact) => Some(contact),
            Jid::Group(_) | Jid::Task(_) => {
                self.errors().add(field, Text::NotAJid);
                None
            }
        }
    }

    /// Reads the age in seconds at which a group deletes its messages; 0 means never.
    fn autocleanup_age(&mut self, age: Option<u32>) -> Option<u32> {
        let age = age.filter(|age| *age > 0)?;
        if age > limits::AUTOCLEANUP_AGE {
            let max = i64::from(limits::AUTOCLEANUP_AGE);
            self.errors().add("autocleanup_age", Text::OutOfRange { min: 0, max });
        }
        Some(age)
    }
}

impl Fields for FieldErrors {
    fn errors(&mut self) -> &mut FieldErrors {
        self
    }
}

/// The value of a field whose errors are finished.
///
/// # Errors
/// `INTERNAL_SERVER_ERROR` when [`FieldErrors::finish`] was not called before.
pub(crate) fn checked<T>(value: Option<T>) -> Result<T, ApiError> {
    value.ok_or_else(|| ApiError::internal("a field is used before its errors are finished"))
}

/// Whether a text is a time of day, `HH:MM:SS`, without leap seconds.
pub(crate) fn is_time_of_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    matches!(parts[..], [hours, minutes, seconds]
        if is_below(hours, 24) && is_below(minutes, 60) && is_below(seconds, 60))
}

/// Whether a text is a time of day, `HH:MM`.
pub(crate) fn is_hour_and_minute(text: &str) -> bool {
    text.split_once(':').is_some_and(|(hours, minutes)| is_below(hours, 24) && is_below(minutes, 60))
}

/// Whether a text is two digits of a number below a bound.
fn is_below(part: &str, bound: u8) -> bool {
    part.len() == 2
        && part.bytes().all(|byte| byte.is_ascii_digit())
        && part.parse::<u8>().is_ok_and(|number| number < bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_with_several_wrong_fields_is_refused_with_all_their_names() {
        let mut errors = FieldErrors::default();
        errors.phone("phone", "abc");
        errors.line("name", "a\u{0}b", 10);
        errors.required("title", "  ", 10);
        errors.line("role", "длинно", 3);
        let error = errors.finish().unwrap_err();
        let fields: Vec<_> = error.failure().details.keys().map(String::as_str).collect();
        assert_eq!(fields, ["name", "phone", "role", "title"]);
    }

    #[test]
    fn invisible_text_counts_as_blank_and_direction_marks_are_removed_from_names() {
        for blank in ["\u{200b}", "\u{2800}", "\u{202e}\u{202c}", "\u{e0020}"] {
            let mut errors = FieldErrors::default();
            errors.required("name", blank, 10);
            errors.line("given_name", blank, 10);
            errors.body("text", blank, 10);
            assert_eq!(errors.message_text("said", blank, true), "");
            assert_eq!(errors.text("description", blank, 10), "");
            let error = errors.finish().unwrap_err();
            let required: Vec<_> = error.failure().details.iter().collect();
            let refused =
                [("given_name", Text::BadCharacters), ("name", Text::Required), ("text", Text::Required)];
            let refused: Vec<_> = refused.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
            assert_eq!(
                required,
                refused.iter().map(|(name, text)| (name, text)).collect::<Vec<_>>(),
                "{blank:?}"
            );
        }
        let mut errors = FieldErrors::default();
        assert_eq!(errors.line("given_name", "\u{202e}яинаВ", 5), "яинаВ");
        assert_eq!(errors.line("given_name", "  ", 5), "");
        assert_eq!(errors.body("text", "\u{200f}а", 5), "\u{200f}а");
        assert!(errors.finish().is_ok());
        errors = FieldErrors::default();
        errors.line("given_name", "а\u{2028}б", 5);
        assert!(errors.finish().is_err());
    }

    #[test]
    fn leap_second_is_read_as_the_next_second_and_nil_uuid_is_refused() {
        let mut errors = FieldErrors::default();
        let next = errors.time("fire_at", "2027-01-01T00:00:00Z");
        assert_eq!(errors.time("fire_at", "2026-12-31T23:59:60Z"), next);
        assert!(errors.uuid::<GroupId>("id", "00000000-0000-0000-0000-000000000001").is_some());
        assert!(errors.finish().is_ok());
        for uuid in [Uuid::nil(), Uuid::max()] {
            let mut errors = FieldErrors::default();
            assert_eq!(errors.uuid::<GroupId>("message_id", &uuid.to_string()), None);
            assert_eq!(errors.finish().unwrap_err().failure().details["message_id"], Text::NotAUuid);
        }
    }

    #[test]
    fn length_of_a_name_is_counted_in_characters() {
        let mut errors = FieldErrors::default();
        errors.line("name", "шестьб", 6);
        assert!(errors.finish().is_ok());
    }

    #[test]
    fn time_of_day_without_two_digits_each_is_refused() {
        assert!(is_time_of_day("18:00:00"));
        for text in ["18:00", "8:00:00", "24:00:00", "18:00:60", "", "18:00:00 "] {
            assert!(!is_time_of_day(text), "{text}");
        }
    }
}
