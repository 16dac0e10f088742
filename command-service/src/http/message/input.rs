//! What a client wants to say, its fields made into values.

use super::ResponseStyle;
use crate::input::{Checks, checked};
use domain::{limits, text};
use events::{MessageId, UploadId};
use platform::http::ApiError;
use protocol::{
    Jid,
    lang::Text,
    message::PostToChat,
    realtime::{PostContent, PostMessage},
};

/// The one type that clients may send (`docs/acceptance.md`, item 100).
const PLAIN: &str = "plain";

/// A message of a chat, as an event would send it.
pub(super) fn in_chat(chat: Jid, input: PostToChat) -> PostMessage {
    PostMessage {
        to: chat.to_string(),
        content: PostContent { text: input.text.unwrap_or_default(), kind: input.kind },
        message_id: input.message_id,
        reply_to: input.reply_to,
        linked_messages: input.linked_messages,
        important: input.important,
        nopreview: input.nopreview,
        comment: None,
        silently: input.silently,
        uploads: input.uploads,
    }
}

/// A message to be.
pub(super) struct MessageInput {
    /// Where.
    pub(super) to: Jid,
    /// What it says; blank where something else is said with it.
    pub(super) text: String,
    /// Its id, if the client has chosen one.
    pub(super) chosen: Option<MessageId>,
    /// What it answers.
    pub(super) reply_to: Option<MessageId>,
    /// What it forwards.
    pub(super) linked_messages: Vec<MessageId>,
    /// Files that are there already.
    pub(super) uploads: Vec<UploadId>,
    pub(super) important: bool,
    pub(super) nopreview: bool,
    pub(super) silently: bool,
}

impl MessageInput {
    /// From what was sent, with so many files on their way.
    ///
    /// # Errors
    /// `INVALID_DATA` naming every field that does not fit.
    pub(super) fn of(input: PostMessage, style: ResponseStyle, coming: usize) -> Result<Self, ApiError> {
        let mut checks = Checks::default();
        let to = checks.jid("to", &input.to);
        let linked = input.linked_messages.unwrap_or_default();
        let comment = input.comment.as_deref().filter(|_| !text::shows_something(&input.content.text));
        let said = comment.unwrap_or(&input.content.text);
        let files = input.uploads.unwrap_or_default();
        let has_files = coming + files.len() > 0;
        let text = checks.said(&format!("{}text", style.content), said, has_files || !linked.is_empty());
        // What a file is, is said by its content, whatever the client calls it.
        if !has_files && input.content.kind.as_deref().is_some_and(|kind| kind != PLAIN) {
            let allowed = vec![PLAIN.into()];
            checks.refuse(format!("{}type", style.content), Text::NotOneOf { allowed });
        }
        let id = input.message_id.as_deref().filter(|id| !id.is_empty());
        let chosen = id.and_then(|id| checks.uuid("message_id", id));
        let reply_to = input.reply_to.as_deref().filter(|id| !id.is_empty());
        let reply_to = reply_to.and_then(|id| checks.uuid("reply_to", id));
        if linked.len() > limits::LINKED_MESSAGES {
            checks.refuse("linked_messages", Text::TooMany { max: limits::LINKED_MESSAGES });
        }
        let linked_messages: Vec<MessageId> =
            linked.iter().filter_map(|id| checks.uuid("linked_messages", id)).collect();
        if coming + files.len() > limits::MESSAGE_UPLOADS {
            checks.refuse("uploads", Text::TooMany { max: limits::MESSAGE_UPLOADS });
        }
        let uploads: Vec<UploadId> = files.iter().filter_map(|id| checks.uuid("uploads", id)).collect();
        if (1..uploads.len()).any(|n| uploads[..n].contains(&uploads[n])) {
            checks.refuse("uploads", Text::Duplicate);
        }
        checks.done()?;
        Ok(Self {
            to: checked(to)?,
            text,
            chosen,
            reply_to,
            linked_messages,
            uploads,
            important: input.important.unwrap_or(false),
            nopreview: input.nopreview.unwrap_or(false),
            silently: input.silently.unwrap_or(false),
        })
    }
}
