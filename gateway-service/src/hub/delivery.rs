//! What the hub puts into the queues of sockets.

use crate::shared_row::SharedRow;
use events::{ContactId, TeamId, chat::ChatRef};
use protocol::team::TeamUnread;
use std::sync::Arc;

/// What the hub gives to sockets.
#[derive(Clone)]
pub(crate) enum Delivery {
    /// A row of the feed: never dropped, see [`Cursor`].
    Row(Arc<SharedRow>),
    /// Somebody types: dropped when the socket is busy.
    Typing(Arc<Typing>),
    /// So much is unread in another team of the account, where it is this contact.
    OtherTeamUnread {
        /// Who.
        contact: ContactId,
        /// What is not read there.
        unread: TeamUnread,
    },
}

/// Somebody types in a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Typing {
    /// The team.
    pub(crate) team: TeamId,
    /// Where.
    pub(crate) chat: ChatRef,
    /// Who.
    pub(crate) actor: ContactId,
    /// Typing, or stopped.
    pub(crate) composing: bool,
    /// Recording a voice message.
    pub(crate) is_audio: bool,
}
