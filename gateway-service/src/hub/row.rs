//! A row of the feed with those views of it that several sockets share, each made once.

use crate::frame::Frame;
use events::{ContactId, chat::ChatRef, value::ContactStatus};
use protocol::{
    message::{Face, NeutralMessage},
    notice::FeedRow,
};
use serde_json::value::{RawValue, to_raw_value};
use std::sync::OnceLock;
use tokio::sync::OnceCell;

/// A row on its way to sockets.
pub(crate) struct Row {
    /// What the feed says.
    pub(crate) feed: FeedRow,
    messages: [OnceLock<Box<RawValue>>; 2],
    /// Frames of `server.contact.updated` for those whom the row is not about: views differ by status only.
    contacts: [OnceCell<Frame>; ContactStatus::ALL.len()],
    /// The frame of `server.section.updated`, the same for everybody.
    pub(crate) sections: OnceCell<Frame>,
}

impl Row {
    /// Nothing is rendered yet.
    pub(crate) fn new(feed: FeedRow) -> Self {
        Self { feed, messages: Default::default(), contacts: Default::default(), sections: OnceCell::new() }
    }

    /// A message as a contact sees it, as JSON. There are two views at most: of a direct chat one for each side, of a
    /// group one for those it mentions and one for the others.
    ///
    /// # Errors
    /// None in practice: writing JSON into memory.
    pub(crate) fn message(
        &self,
        message: &NeutralMessage,
        viewer: ContactId,
        base_url: &str,
    ) -> serde_json::Result<&RawValue> {
        let second = match message.chat {
            ChatRef::Direct(first, _) => viewer != first,
            ChatRef::Group(_) | ChatRef::Task(_) => message.mentioned.contains(&viewer),
        };
        let view = &self.messages[usize::from(second)];
        if let Some(encoded) = view.get() {
            return Ok(encoded);
        }
        let encoded = to_raw_value(&message.seen_by(viewer, Face::Realtime, base_url))?;
        Ok(view.get_or_init(|| encoded))
    }

    /// Where the frame about contacts is kept for viewers of a status.
    pub(crate) fn contacts(&self, status: ContactStatus) -> &OnceCell<Frame> {
        &self.contacts[status as usize]
    }
}
