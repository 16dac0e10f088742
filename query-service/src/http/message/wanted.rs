//! The query string of lists of messages: which are wanted, and which part of them. An empty value is none.

use crate::paging;
use access::TeamView;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use domain::limits;
use events::{ChatKey, ContactId, MessageId};
use platform::http::ApiError;
use protocol::{
    Jid,
    error::{ErrorCode, Failure},
    lang::{JsonType, Text},
    message::{ChatType, ContentType},
    time::{fold_leap_second, parse_rfc3339},
};
use read_model::{
    chat_address::chat_of,
    message::{Filter, Window},
};
use serde::Deserialize;
use std::str::FromStr;
use utoipa::IntoParams;

/// What a client asks for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct Wanted {
    /// Maximum number of messages, at most 200; 50 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// Number of messages to skip.
    #[param(value_type = Option<u32>)]
    offset: Option<String>,
    /// Older than this message.
    old_from: Option<String>,
    /// This message and older ones.
    old_from_inc: Option<String>,
    /// Newer than this message: those that come next.
    new_from: Option<String>,
    /// This message and newer ones.
    new_from_inc: Option<String>,
    /// This message with as many on both sides.
    around: Option<String>,
    /// This message.
    exact: Option<String>,
    /// Changed since this version, itself included.
    gentime_from: Option<String>,
    /// Not read by the caller.
    unread: Option<String>,
    /// Deleted ones too, without what they said.
    include_deleted: Option<String>,
    /// By this author.
    sender: Option<String>,
    /// Of this type.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    kind: Option<String>,
    /// Marked as important, or not.
    important: Option<String>,
    /// With a file, or without.
    has_upload: Option<String>,
    /// Of this chat; where the path names none.
    chat: Option<String>,
    /// Of chats of this kind: `direct`, `group`, `task`; where the path names no chat.
    chat_type: Option<String>,
    /// Posted at this time or later: RFC 3339, or a date in UTC.
    date_from: Option<String>,
    /// Posted before this time.
    date_to: Option<String>,
    /// In whose text these words are, in any form, Russian or English.
    q: Option<String>,
    /// The same.
    text: Option<String>,
}

/// Collects what is wrong, so that one answer names all of it.
#[derive(Default)]
struct Reading {
    failure: Option<Failure>,
}

impl Reading {
    /// A value, if there is one and it can be read.
    fn read<T>(
        &mut self,
        field: &str,
        given: Option<&str>,
        read: impl FnOnce(&str) -> Result<T, Text>,
    ) -> Option<T> {
        match read(given?.trim()) {
            Ok(value) => Some(value),
            Err(text) => {
                let failure = self.failure.take().unwrap_or_else(|| Failure::new(ErrorCode::InvalidData));
                self.failure = Some(failure.and(field, text));
                None
            }
        }
    }

    fn done(self) -> Result<(), ApiError> {
        self.failure.map_or(Ok(()), |failure| Err(failure.into()))
    }
}

impl Wanted {
    /// Which messages are wanted by a viewer.
    ///
    /// # Errors
    /// `INVALID_DATA` naming every value that cannot be read.
    pub(super) fn filter(&self, viewer: ContactId) -> Result<Filter, ApiError> {
        let mut reading = Reading::default();
        let filter = Filter {
            chat: reading.read("chat", given(&self.chat), jid).map(|jid: Jid| chat_of(viewer, jid).key()),
            chat_type: reading.read("chat_type", given(&self.chat_type), chat_type),
            sender: reading.read("sender", given(&self.sender), contact),
            kind: reading.read("type", given(&self.kind), content_type),
            important: reading.read("important", given(&self.important), flag),
            has_upload: reading.read("has_upload", given(&self.has_upload), flag),
            unread: reading.read("unread", given(&self.unread), flag).unwrap_or(false),
            include_deleted: reading
                .read("include_deleted", given(&self.include_deleted), flag)
                .unwrap_or(false),
            gentime_from: reading.read("gentime_from", given(&self.gentime_from), integer),
            date_from: reading.read("date_from", given(&self.date_from), time),
            date_to: reading.read("date_to", given(&self.date_to), time),
            text: match given(&self.q) {
                Some(q) => reading.read("q", Some(q), words),
                None => reading.read("text", given(&self.text), words),
            },
        };
        reading.done()?;
        Ok(filter)
    }

    /// Which part of them is wanted; places that are named must be of the chat, and known to the caller.
    ///
    /// # Errors
    /// `INVALID_DATA` naming every value that cannot be read.
    pub(super) async fn window(&self, scope: &TeamView, chat: Option<ChatKey>) -> Result<Window, ApiError> {
        let mut reading = Reading::default();
        let (page, default) = (limits::MESSAGES_PER_PAGE as u32, limits::MESSAGES_PER_PAGE_DEFAULT as i64);
        let limit = reading.read("limit", given(&self.limit), |text| paging::limit(Some(text), page));
        let offset = reading.read("offset", given(&self.offset), |text| paging::offset(Some(text)));
        let exact = reading.read("exact", given(&self.exact), message);
        let mut places = vec![];
        for (field, named, inclusive) in [
            ("old_from", &self.old_from, false),
            ("old_from_inc", &self.old_from_inc, true),
            ("new_from", &self.new_from, false),
            ("new_from_inc", &self.new_from_inc, true),
            ("around", &self.around, false),
        ] {
            if let Some(message) = reading.read(field, given(named), message) {
                match scope.read.messages().cursor(scope, chat, message).await? {
                    Some(place) => places.push((field, place.with_itself(inclusive))),
                    None => drop(reading.read(field, Some(""), |_| Err::<(), _>(Text::DoesNotExist))),
                }
            }
        }
        reading.done()?;
        // Of two names for the same side the first counts.
        let place = |side: &str| places.iter().find(|(field, _)| field.starts_with(side)).map(|(_, at)| *at);
        Ok(Window {
            older: place("old"),
            newer: place("new"),
            around: place("around"),
            exact,
            limit: limit.flatten().map_or(default, i64::from),
            offset: offset.map_or(0, i64::from),
        })
    }
}

fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|value| !value.trim().is_empty())
}

fn flag(text: &str) -> Result<bool, Text> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(Text::WrongType { expected: JsonType::Boolean }),
    }
}

fn integer(text: &str) -> Result<i64, Text> {
    text.parse().map_err(|_| Text::WrongType { expected: JsonType::Integer })
}

fn message(text: &str) -> Result<MessageId, Text> {
    text.parse().map_err(|_| Text::NotAUuid)
}

fn jid(text: &str) -> Result<Jid, Text> {
    Jid::from_str(text).map_err(|_| Text::NotAJid)
}

fn contact(text: &str) -> Result<ContactId, Text> {
    match jid(text)? {
        Jid::Direct(contact) => Ok(contact),
        Jid::Group(_) | Jid::Task(_) => Err(Text::NotAJid),
    }
}

fn chat_type(text: &str) -> Result<ChatType, Text> {
    let kinds = [ChatType::Direct, ChatType::Group, ChatType::Task];
    let allowed = || kinds.iter().map(|kind| kind.word().to_owned()).collect();
    ChatType::from_word(text).ok_or_else(|| Text::NotOneOf { allowed: allowed() })
}

fn content_type(text: &str) -> Result<ContentType, Text> {
    let allowed = || ContentType::ALL.iter().map(|kind| kind.word().to_owned()).collect();
    ContentType::from_word(text).ok_or_else(|| Text::NotOneOf { allowed: allowed() })
}

fn words(text: &str) -> Result<String, Text> {
    match text {
        _ if text.contains('\0') => Err(Text::BadCharacters),
        _ if text.chars().count() > limits::SEARCH => Err(Text::TooLong { max: limits::SEARCH }),
        _ => Ok(text.to_owned()),
    }
}

/// A time, with or without an offset, or a day; without an offset in UTC.
fn time(text: &str) -> Result<DateTime<Utc>, Text> {
    // A plus sign that was not encoded comes as a space.
    let text = text.replace(' ', "+");
    let zoned = || parse_rfc3339(&text);
    let local = || NaiveDateTime::from_str(&text).ok().map(|time| fold_leap_second(time.and_utc()));
    let day = || NaiveDate::from_str(&text).ok().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let time = zoned().or_else(local).or_else(day);
    // Years that Postgres does not know either are no time that anything happened at.
    let sane = |time: &DateTime<Utc>| (0..=9_999).contains(&chrono::Datelike::year(time));
    time.filter(sane).ok_or(Text::NotATime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_forms_that_clients_have() {
        let expected = DateTime::from_timestamp(1_577_836_800, 0).unwrap();
        for text in ["2020-01-01", "2020-01-01T00:00:00", "2020-01-01T00:00:00Z", "2020-01-01T03:00:00 03:00"]
        {
            assert_eq!(time(text), Ok(expected), "{text}");
        }
        for text in ["2019-12-31T23:59:60", "2019-12-31T23:59:60Z", "2020-01-01T02:59:60+03:00"] {
            assert_eq!(time(text), Ok(expected), "a leap second is the next one: {text}");
        }
        for text in ["", "yesterday", "2020-13-01", "2020-01-01T25:00:00Z", "+262142-01-01"] {
            assert_eq!(time(text), Err(Text::NotATime), "{text}");
        }
    }

    #[test]
    fn all_that_cannot_be_read_is_named_and_empty_values_are_none() {
        let wrong = Some("x".to_owned());
        let wanted = Wanted {
            sender: wrong.clone(),
            kind: wrong.clone(),
            important: wrong.clone(),
            date_to: wrong,
            chat: Some(String::new()),
            ..Wanted::default()
        };
        let viewer =
            ContactId(events::MessageId::from_str("00000000-0000-4000-8000-000000000001").unwrap().0);
        let error = wanted.filter(viewer).unwrap_err();
        let fields: Vec<_> = error.failure().details.keys().map(String::as_str).collect();
        assert_eq!(fields, ["date_to", "important", "sender", "type"]);
        let empty = Wanted { q: Some("  ".to_owned()), ..Wanted::default() };
        assert_eq!(empty.filter(viewer).unwrap().text, None);
    }
}
