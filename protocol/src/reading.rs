//! Read marks and counters of one chat.

use crate::{Jid, message::ChatType};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a viewer has not read in a chat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatCounters {
    /// `direct`, `group` or `task`.
    pub chat_type: ChatType,
    /// Version of the chat for this viewer, ns since 1970: a chat's is the highest that was told.
    pub gentime: i64,
    /// The chat as the viewer names it.
    pub jid: Jid,
    /// The last message read, `null` for none.
    pub last_read_message_id: Option<Uuid>,
    /// Messages not read.
    pub num_unread: u64,
    /// Mentions not read.
    pub num_unread_notices: u64,
}
