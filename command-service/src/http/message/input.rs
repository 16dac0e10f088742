//! Reads the fields of a message.

use crate::input::{Fields, checked};
use domain::{limits, text};
use events::{MessageId, UploadId};
use platform::http::{ApiError, FieldErrors};
use protocol::{
    ApiVersion, Jid,
    lang::Text,
    message::PostToChat,
    realtime::{PostContent, PostMessage},
};

/// The one type of message that clients may send (`docs/acceptance.md`, item 100).
const PLAIN: &str = "plain";

/// How a client names the fields of a message, and which version of the API its answer follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ResponseStyle {
    /// The prefix of the content's fields in errors.
    content: &'static str,
    pub(super) version: ApiVersion,
}

/// The style of client events.
pub(crate) const CLIENT_EVENT: ResponseStyle = ResponseStyle { content: "content.", version: ApiVersion::V3 };
/// The style of calls under `/api/v4`.
pub(crate) const V4_CALL: ResponseStyle = ResponseStyle { content: "", version: ApiVersion::V4 };

/// The message of a call, as a client event would send it.
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

/// The fields of a message as values.
pub(super) struct MessageInput {
    pub(super) to: Jid,
    /// May be blank if the message has files or forwards.
    pub(super) text: String,
    /// The id, if the client has chosen one.
    pub(super) chosen: Option<MessageId>,
    pub(super) reply_to: Option<MessageId>,
    pub(super) linked_messages: Vec<MessageId>,
    /// Files that were uploaded before.
    pub(super) uploads: Vec<UploadId>,
    pub(super) important: bool,
    pub(super) nopreview: bool,
    pub(super) silently: bool,
}

impl MessageInput {
    /// Reads a message that comes with so many new files.
    ///
    /// # Errors
    /// `INVALID_DATA` naming every field that does not fit.
    pub(super) fn read(input: PostMessage, style: ResponseStyle, new_files: usize) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let to = errors.jid("to", &input.to);
        let linked = input.linked_messages.unwrap_or_default();
        let comment = input.comment.as_deref().filter(|_| !text::shows_something(&input.content.text));
        let text = comment.unwrap_or(&input.content.text);
        let files = input.uploads.unwrap_or_default();
        let has_files = new_files + files.len() > 0;
        let text =
            errors.message_text(&format!("{}text", style.content), text, has_files || !linked.is_empty());
        // The type of a message with files follows from the files, whatever the client sends.
        if !has_files && input.content.kind.as_deref().is_some_and(|kind| kind != PLAIN) {
            let allowed = vec![PLAIN.into()];
            errors.add(format!("{}type", style.content), Text::NotOneOf { allowed });
        }
        let id = input.message_id.as_deref().filter(|id| !id.is_empty());
        let chosen = id.and_then(|id| errors.uuid("message_id", id));
        let reply_to = input.reply_to.as_deref().filter(|id| !id.is_empty());
        let reply_to = reply_to.and_then(|id| errors.uuid("reply_to", id));
        if linked.len() > limits::LINKED_MESSAGES {
            errors.add("linked_messages", Text::TooMany { max: limits::LINKED_MESSAGES });
        }
        let linked_messages: Vec<MessageId> =
            linked.iter().filter_map(|id| errors.uuid("linked_messages", id)).collect();
        if new_files + files.len() > limits::MESSAGE_UPLOADS {
            errors.add("uploads", Text::TooMany { max: limits::MESSAGE_UPLOADS });
        }
        let uploads: Vec<UploadId> = files.iter().filter_map(|id| errors.uuid("uploads", id)).collect();
        if (1..uploads.len()).any(|n| uploads[..n].contains(&uploads[n])) {
            errors.add("uploads", Text::Duplicate);
        }
        errors.finish()?;
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
