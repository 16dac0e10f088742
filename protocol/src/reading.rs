//! Read marks and unread counters of one chat.

use crate::{Jid, message::ChatType};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Read mark and unread counters of a chat for one viewer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatCounters {
    /// Kind of the chat: `direct`, `group` or `task`.
    pub chat_type: ChatType,
    /// Version of the chat for this viewer, in nanoseconds since 1970; clients keep the highest one.
    pub gentime: i64,
    /// Address of the chat as the viewer names it.
    pub jid: Jid,
    /// Id of the last message read; `null` before the first.
    pub last_read_message_id: Option<Uuid>,
    /// Number of unread messages.
    pub num_unread: u64,
    /// Number of unread messages that mention the viewer.
    pub num_unread_notices: u64,
}
