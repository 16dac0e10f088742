//! A row of the feed with the views of it that several subscribers share, each rendered once.

use crate::frame::Frame;
use events::{ContactId, chat::ChatRef, value::ContactStatus};
use protocol::{ApiVersion, lang::Lang, message::MessageRecord, notice::FeedRow};
use read_model::{QueryError, ReadModel};
use serde_json::value::{RawValue, to_raw_value};
use std::sync::OnceLock;
use tokio::sync::OnceCell;

/// Why a row cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RenderError {
    /// The read model failed.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A frame could not be serialized.
    #[error("a frame cannot be serialized: {0}")]
    Json(#[from] serde_json::Error),
}

/// A row of the feed on its way to subscribers.
pub(crate) struct SharedRow {
    /// The row.
    pub(crate) feed: FeedRow,
    messages: [OnceLock<Box<RawValue>>; 2],
    /// The message with the messages that it quotes and forwards.
    whole: OnceCell<MessageRecord>,
    /// Frames of `server.contact.updated` for viewers that the row is not about: their views differ by status only.
    contacts: [OnceCell<Frame>; ContactStatus::ALL.len()],
    /// The frame of `server.section.updated`, equal for all viewers.
    pub(crate) sections: OnceCell<Frame>,
}

impl SharedRow {
    /// A row without rendered views.
    pub(crate) fn new(feed: FeedRow) -> Self {
        Self {
            feed,
            messages: Default::default(),
            whole: OnceCell::new(),
            contacts: Default::default(),
            sections: OnceCell::new(),
        }
    }

    /// The message as a contact sees it, as JSON. There are at most two views: of a direct chat one for each side,
    /// of a group one for mentioned contacts and one for the others, of a change one for each language.
    pub(crate) async fn message(
        &self,
        read: &ReadModel,
        message: &MessageRecord,
        (viewer, lang): (ContactId, Lang),
    ) -> Result<&RawValue, RenderError> {
        let second = match message.chat {
            _ if message.change.is_some() => lang != Lang::default(),
            ChatRef::Direct(first, _) => viewer != first,
            ChatRef::Group(_) | ChatRef::Task(_) => message.mentioned.contains(&viewer),
        };
        let view = &self.messages[usize::from(second)];
        if let Some(encoded) = view.get() {
            return Ok(encoded);
        }
        let encoded = if message.reply_to.is_none() && message.linked_messages.is_empty() {
            to_raw_value(&message.render_for(viewer, ApiVersion::V4, read.base_url(), lang))?
        } else {
            let whole = self.whole.get_or_try_init(|| whole(read, message)).await?;
            to_raw_value(&whole.render_for(viewer, ApiVersion::V4, read.base_url(), lang))?
        };
        Ok(view.get_or_init(|| encoded))
    }

    /// Frames of `server.contact.updated` for viewers that the row is not about: their views differ by status only.
    pub(crate) fn contacts(&self, status: ContactStatus) -> &OnceCell<Frame> {
        &self.contacts[status as usize]
    }
}

async fn whole(read: &ReadModel, message: &MessageRecord) -> Result<MessageRecord, RenderError> {
    let mut whole = message.clone();
    read.messages().resolve_references(std::slice::from_mut(&mut whole)).await?;
    Ok(whole)
}
