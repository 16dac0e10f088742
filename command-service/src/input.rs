//! Fields of requests → values of the domain; what does not fit is collected with the fields' names.

use chrono::{DateTime, Datelike, SubsecRound, Utc};
use domain::{limits, phone_number::PhoneNumber, text};
use events::{ContactId, GroupId};
use platform::http::ApiError;
use protocol::{
    Jid,
    error::{ErrorCode, Failure},
    lang::Text,
    time::parse_rfc3339,
};
use std::str::FromStr;
use uuid::Uuid;

/// Years that a moment may be in.
const FOUR_DIGITS: std::ops::RangeInclusive<i32> = 1_000..=9_999;

/// Collects what is wrong with a request, so that one answer names all of it.
#[derive(Default)]
pub(crate) struct Checks {
    failure: Option<Failure>,
}

impl Checks {
    /// Something is wrong with a field.
    pub(crate) fn refuse(&mut self, field: impl Into<String>, text: Text) {
        let failure = self.failure.take().unwrap_or_else(|| Failure::new(ErrorCode::InvalidData));
        self.failure = Some(failure.and(field, text));
    }

    /// Ends the checks.
    ///
    /// # Errors
    /// `INVALID_DATA` naming every field that was refused.
    pub(crate) fn done(self) -> Result<(), ApiError> {
        self.failure.map_or(Ok(()), |failure| Err(failure.into()))
    }

    /// A name by the rule of [`text::line`], or none. Something that was sent and cannot be seen is refused.
    pub(crate) fn line(&mut self, field: &str, text: &str, max: usize) -> String {
        let line = text::line(text);
        if text::breaks_line(text) || (line.is_empty() && !text.trim().is_empty()) {
            self.refuse(field, Text::BadCharacters);
        }
        self.length(field, &line, max);
        line
    }

    /// A name that must not be blank.
    pub(crate) fn required(&mut self, field: &str, text: &str, max: usize) -> String {
        if !text::shows_something(text) {
            self.refuse(field, Text::Required);
        }
        self.line(field, text, max)
    }

    /// An identifier that a client has chosen, or a token: kept exactly as it was sent.
    pub(crate) fn token(&mut self, field: &str, text: &str, max: usize) -> String {
        if text::breaks_line(text) {
            self.refuse(field, Text::BadCharacters);
        }
        self.length(field, text, max);
        text.to_owned()
    }

    /// A text of several lines that must not be blank.
    pub(crate) fn body(&mut self, field: &str, text: &str, max: usize) -> String {
        if !text::shows_something(text) {
            self.refuse(field, Text::Required);
        }
        self.text(field, text, max)
    }

    /// A text of several lines by the rule of [`text::body`], or none. Postgres stores no NUL.
    pub(crate) fn text(&mut self, field: &str, text: &str, max: usize) -> String {
        if text.contains('\0') {
            self.refuse(field, Text::BadCharacters);
        }
        self.length(field, text, max);
        text::body(text)
    }

    /// A message's text; it may be blank where something else is said with it.
    pub(crate) fn said(&mut self, field: &str, text: &str, may_be_blank: bool) -> String {
        match may_be_blank && !text::shows_something(text) {
            true => String::new(),
            false => self.body(field, text, limits::MESSAGE),
        }
    }

    fn length(&mut self, field: &str, text: &str, max: usize) {
        // A text of at most `max` bytes has at most `max` characters.
        if text.len() > max && text.chars().count() > max {
            self.refuse(field, Text::TooLong { max });
        }
    }

    /// A number from 1 to `max`, if one was sent.
    pub(crate) fn within(&mut self, field: &str, number: Option<i64>, max: u32) -> Option<u32> {
        let number = number?;
        let fits = u32::try_from(number).ok().filter(|number| (1..=max).contains(number));
        if fits.is_none() {
            self.refuse(field, Text::OutOfRange { min: 1, max: max.into() });
        }
        fits
    }

    /// A moment: RFC 3339, cut to microseconds.
    pub(crate) fn time(&mut self, field: &str, text: &str) -> Option<DateTime<Utc>> {
        // The log, Postgres and clients carry four digits of a year.
        let parsed = parse_rfc3339(text)
            .map(|time| time.trunc_subsecs(6))
            .filter(|time| FOUR_DIGITS.contains(&time.year()));
        if parsed.is_none() {
            self.refuse(field, Text::NotATime);
        }
        parsed
    }

    /// A phone in any spelling.
    pub(crate) fn phone(&mut self, field: &str, text: &str) -> Option<PhoneNumber> {
        let missing = text.trim().is_empty();
        let parsed = PhoneNumber::parse(text).ok();
        if parsed.is_none() {
            self.refuse(field, if missing { Text::Required } else { Text::NotAPhone });
        }
        parsed
    }

    /// One of a closed set of words.
    pub(crate) fn word<T: Copy>(
        &mut self,
        field: &str,
        text: &str,
        allowed: &[T],
        word: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let found = allowed.iter().copied().find(|value| word(*value) == text);
        if found.is_none() {
            let allowed = allowed.iter().map(|value| word(*value).to_owned()).collect();
            self.refuse(field, Text::NotOneOf { allowed });
        }
        found
    }

    /// A uuid. The nil and the max one stand for none: nobody can choose them, and nothing has them.
    pub(crate) fn uuid<T: From<Uuid>>(&mut self, field: &str, text: &str) -> Option<T> {
        let parsed = Uuid::parse_str(text).ok().filter(|uuid| !uuid.is_nil() && !uuid.is_max());
        if parsed.is_none() {
            self.refuse(field, Text::NotAUuid);
        }
        parsed.map(T::from)
    }

    /// An address of any kind.
    pub(crate) fn jid(&mut self, field: &str, text: &str) -> Option<Jid> {
        let parsed = Jid::from_str(text).ok();
        if parsed.is_none() {
            self.refuse(field, Text::NotAJid);
        }
        parsed
    }

    /// The address of a group.
    pub(crate) fn group(&mut self, field: &str, text: &str) -> Option<GroupId> {
        match self.jid(field, text)? {
            Jid::Group(group) => Some(group),
            Jid::Direct(_) | Jid::Task(_) => {
                self.refuse(field, Text::NotAJid);
                None
            }
        }
    }

    /// The address of a contact.
    pub(crate) fn contact(&mut self, field: &str, text: &str) -> Option<ContactId> {
        match self.jid(field, text)? {
            Jid::Direct(contact) => Some(contact),
            Jid::Group(_) | Jid::Task(_) => {
                self.refuse(field, Text::NotAJid);
                None
            }
        }
    }
}

/// A value that was checked to be there: its absence has been refused by [`Checks::done`].
///
/// # Errors
/// `INTERNAL_SERVER_ERROR` when the caller forgot to end the checks.
pub(crate) fn checked<T>(value: Option<T>) -> Result<T, ApiError> {
    value.ok_or_else(|| ApiError::internal("a value was used before its checks ended"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_named_at_once() {
        let mut checks = Checks::default();
        checks.phone("phone", "abc");
        checks.line("name", "a\u{0}b", 10);
        checks.required("title", "  ", 10);
        checks.line("role", "длинно", 3);
        let error = checks.done().unwrap_err();
        let fields: Vec<_> = error.failure().details.keys().map(String::as_str).collect();
        assert_eq!(fields, ["name", "phone", "role", "title"]);
    }

    #[test]
    fn what_cannot_be_seen_is_blank_and_direction_marks_are_no_part_of_a_name() {
        for blank in ["\u{200b}", "\u{2800}", "\u{202e}\u{202c}", "\u{e0020}"] {
            let mut checks = Checks::default();
            checks.required("name", blank, 10);
            checks.line("given_name", blank, 10);
            checks.body("text", blank, 10);
            assert_eq!(checks.said("said", blank, true), "");
            assert_eq!(checks.text("description", blank, 10), "");
            let error = checks.done().unwrap_err();
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
        let mut checks = Checks::default();
        assert_eq!(checks.line("given_name", "\u{202e}яинаВ", 5), "яинаВ");
        assert_eq!(checks.line("given_name", "  ", 5), "");
        assert_eq!(checks.body("text", "\u{200f}а", 5), "\u{200f}а");
        assert!(checks.done().is_ok());
        checks = Checks::default();
        checks.line("given_name", "а\u{2028}б", 5);
        assert!(checks.done().is_err());
    }

    #[test]
    fn a_leap_second_is_the_next_one_and_no_id_is_nil() {
        let mut checks = Checks::default();
        let next = checks.time("fire_at", "2027-01-01T00:00:00Z");
        assert_eq!(checks.time("fire_at", "2026-12-31T23:59:60Z"), next);
        assert!(checks.uuid::<GroupId>("id", "00000000-0000-0000-0000-000000000001").is_some());
        assert!(checks.done().is_ok());
        for uuid in [Uuid::nil(), Uuid::max()] {
            let mut checks = Checks::default();
            assert_eq!(checks.uuid::<GroupId>("message_id", &uuid.to_string()), None);
            assert_eq!(checks.done().unwrap_err().failure().details["message_id"], Text::NotAUuid);
        }
    }

    #[test]
    fn lengths_are_characters_not_bytes() {
        let mut checks = Checks::default();
        checks.line("name", "шестьб", 6);
        assert!(checks.done().is_ok());
    }
}
