//! Items that the hub puts into the queues of subscribers.

use crate::shared_row::SharedRow;
use events::{ContactId, TeamId, chat::ChatRef};
use protocol::team::TeamUnread;
use std::sync::Arc;

/// An item in a subscriber's queue.
#[derive(Clone)]
pub(crate) enum Delivery {
    /// A row of the feed; never dropped, see [`Cursor`](crate::hub::Cursor).
    Row(Arc<SharedRow>),
    /// A typing notice; dropped when the socket is busy.
    Typing(Arc<Typing>),
    /// Unread counters of the account's contact in another team.
    OtherTeamUnread {
        /// The account's contact in that team.
        contact: ContactId,
        /// Its unread counters.
        unread: TeamUnread,
    },
}

/// A contact started or stopped typing in a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Typing {
    /// The team.
    pub(crate) team: TeamId,
    /// The chat.
    pub(crate) chat: ChatRef,
    /// The contact that types.
    pub(crate) actor: ContactId,
    /// Typing started, or stopped.
    pub(crate) composing: bool,
    /// The contact is recording a voice message.
    pub(crate) is_audio: bool,
}
