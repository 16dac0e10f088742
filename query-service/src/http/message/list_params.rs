//! The query string of lists of messages: filters, and the page. A blank value counts as missing.

use crate::paging;
use access::TeamView;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use domain::limits;
use events::{ChatKey, ContactId, MessageId};
use platform::http::{
    ApiError, FieldErrors,
    fields::{boolean, integer, not_one_of, present},
};
use protocol::{
    Jid,
    lang::Text,
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

/// The query string of a list of messages.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct ListParams {
    /// Maximum number of messages, at most 200; 50 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// Number of messages to skip.
    #[param(value_type = Option<u32>)]
    offset: Option<String>,
    /// Only messages older than this one.
    old_from: Option<String>,
    /// This message and older ones.
    old_from_inc: Option<String>,
    /// Only messages newer than this one, the ones that follow it first.
    new_from: Option<String>,
    /// This message and the newer ones that follow it.
    new_from_inc: Option<String>,
    /// This message in the middle of the page.
    around: Option<String>,
    /// Only this message.
    exact: Option<String>,
    /// Only messages with this version or a newer one.
    gentime_from: Option<String>,
    /// `true`: only messages that the caller has not read.
    unread: Option<String>,
    /// `true`: includes deleted messages, without their content.
    include_deleted: Option<String>,
    /// Only messages of this contact.
    sender: Option<String>,
    /// Only messages of this content type.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    kind: Option<String>,
    /// `true`: only messages marked as important; `false`: only the others.
    important: Option<String>,
    /// `true`: only messages with a file; `false`: only messages without.
    has_upload: Option<String>,
    /// Only messages of this chat; ignored where the path names a chat.
    chat: Option<String>,
    /// Only messages of chats of this type: `direct`, `group`, `task`; ignored where the path names a chat.
    chat_type: Option<String>,
    /// Only messages posted at this time or later: RFC 3339, or a date in UTC.
    date_from: Option<String>,
    /// Only messages posted before this time.
    date_to: Option<String>,
    /// Words of the text in any inflection, Russian or English.
    q: Option<String>,
    /// Another name of `q`, which takes precedence.
    text: Option<String>,
}

impl ListParams {
    /// The filter, as the viewer means it.
    ///
    /// # Errors
    /// `INVALID_DATA` with every value that cannot be read.
    pub(super) fn filter(&self, viewer: ContactId) -> Result<Filter, ApiError> {
        let mut errors = FieldErrors::default();
        let (q, text) = (present(self.q.as_deref()), present(self.text.as_deref()));
        let filter = Filter {
            chat: errors.read("chat", self.chat.as_deref(), jid).map(|jid| chat_of(viewer, jid).key()),
            chat_type: errors.read("chat_type", self.chat_type.as_deref(), chat_type),
            sender: errors.read("sender", self.sender.as_deref(), contact),
            kind: errors.read("type", self.kind.as_deref(), content_type),
            important: errors.read("important", self.important.as_deref(), boolean),
            has_upload: errors.read("has_upload", self.has_upload.as_deref(), boolean),
            unread: errors.read("unread", self.unread.as_deref(), boolean).unwrap_or(false),
            include_deleted: errors
                .read("include_deleted", self.include_deleted.as_deref(), boolean)
                .unwrap_or(false),
            gentime_from: errors.read("gentime_from", self.gentime_from.as_deref(), any_integer),
            date_from: errors.read("date_from", self.date_from.as_deref(), time),
            date_to: errors.read("date_to", self.date_to.as_deref(), time),
            text: match q {
                Some(q) => errors.read("q", Some(q), words),
                None => errors.read("text", text, words),
            },
        };
        errors.finish()?;
        Ok(filter)
    }

    /// The page. Messages that delimit it must be of the chat, and visible to the member.
    ///
    /// # Errors
    /// `INVALID_DATA` with every value that cannot be read.
    pub(super) async fn window(&self, scope: &TeamView, chat: Option<ChatKey>) -> Result<Window, ApiError> {
        let mut errors = FieldErrors::default();
        let (max, default) = (limits::MESSAGES_PER_PAGE as u32, limits::MESSAGES_PER_PAGE_DEFAULT as i64);
        let limit = paging::limit(&mut errors, self.limit.as_deref(), max);
        let offset = paging::offset(&mut errors, self.offset.as_deref());
        let exact = errors.read("exact", self.exact.as_deref(), message);
        let mut cursors = vec![];
        for (field, text, inclusive) in [
            ("old_from", &self.old_from, false),
            ("old_from_inc", &self.old_from_inc, true),
            ("new_from", &self.new_from, false),
            ("new_from_inc", &self.new_from_inc, true),
            ("around", &self.around, false),
        ] {
            if let Some(message) = errors.read(field, text.as_deref(), message) {
                match scope.read.messages().cursor(scope, chat, message).await? {
                    Some(cursor) => cursors.push((field, cursor.with_itself(inclusive))),
                    None => errors.add(field, Text::DoesNotExist),
                }
            }
        }
        errors.finish()?;
        // If both names of a side are given, the first one counts.
        let cursor =
            |side: &str| cursors.iter().find(|(field, _)| field.starts_with(side)).map(|(_, cursor)| *cursor);
        Ok(Window {
            older: cursor("old"),
            newer: cursor("new"),
            around: cursor("around"),
            exact,
            limit: limit.map_or(default, i64::from),
            offset: i64::from(offset),
        })
    }
}

fn any_integer(text: &str) -> Result<i64, Text> {
    integer(text, i64::MIN..=i64::MAX)
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
    ChatType::from_word(text).ok_or_else(|| not_one_of(kinds.iter().map(|kind| kind.word())))
}

fn content_type(text: &str) -> Result<ContentType, Text> {
    ContentType::from_word(text).ok_or_else(|| not_one_of(ContentType::ALL.iter().map(|kind| kind.word())))
}

fn words(text: &str) -> Result<String, Text> {
    match text {
        _ if text.contains('\0') => Err(Text::BadCharacters),
        _ if text.chars().count() > limits::SEARCH => Err(Text::TooLong { max: limits::SEARCH }),
        _ => Ok(text.to_owned()),
    }
}

/// A time or a day; without an offset in UTC.
fn time(text: &str) -> Result<DateTime<Utc>, Text> {
    // A plus sign that was not encoded arrives as a space.
    let text = text.replace(' ', "+");
    let zoned = || parse_rfc3339(&text);
    let local = || NaiveDateTime::from_str(&text).ok().map(|time| fold_leap_second(time.and_utc()));
    let day = || NaiveDate::from_str(&text).ok().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let time = zoned().or_else(local).or_else(day);
    // Postgres does not know other years.
    let sane = |time: &DateTime<Utc>| (0..=9_999).contains(&chrono::Datelike::year(time));
    time.filter(sane).ok_or(Text::NotATime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_in_any_form_of_the_clients_is_read() {
        let expected = DateTime::from_timestamp(1_577_836_800, 0).unwrap();
        for text in ["2020-01-01", "2020-01-01T00:00:00", "2020-01-01T00:00:00Z", "2020-01-01T03:00:00 03:00"]
        {
            assert_eq!(time(text), Ok(expected), "{text}");
        }
        for text in ["2019-12-31T23:59:60", "2019-12-31T23:59:60Z", "2020-01-01T02:59:60+03:00"] {
            assert_eq!(time(text), Ok(expected), "a leap second equals the next second: {text}");
        }
        for text in ["", "yesterday", "2020-13-01", "2020-01-01T25:00:00Z", "+262142-01-01"] {
            assert_eq!(time(text), Err(Text::NotATime), "{text}");
        }
    }

    #[test]
    fn filter_with_wrong_values_names_every_field_and_ignores_blank_ones() {
        let wrong = Some("x".to_owned());
        let params = ListParams {
            sender: wrong.clone(),
            kind: wrong.clone(),
            important: wrong.clone(),
            date_to: wrong,
            chat: Some(String::new()),
            ..ListParams::default()
        };
        let viewer =
            ContactId(events::MessageId::from_str("00000000-0000-4000-8000-000000000001").unwrap().0);
        let error = params.filter(viewer).unwrap_err();
        let fields: Vec<_> = error.failure().details.keys().map(String::as_str).collect();
        assert_eq!(fields, ["date_to", "important", "sender", "type"]);
        let empty = ListParams { q: Some("  ".to_owned()), ..ListParams::default() };
        assert_eq!(empty.filter(viewer).unwrap().text, None);
    }
}
