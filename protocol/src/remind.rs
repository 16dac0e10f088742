//! Reminders: `/api/v4/teams/{t}/reminds`.

use crate::{Jid, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A reminder, visible to its owner only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Remind {
    /// Address of the chat that the reminder is about.
    pub chat: Jid,
    /// Comment, free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub comment: Option<String>,
    /// Time when the reminder fires.
    pub fire_at: Timestamp,
    /// Id of the reminder.
    pub uid: Uuid,
}

/// Request to set a reminder.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateRemind {
    /// Address of a chat that the caller may read.
    pub chat: String,
    /// Time when the reminder fires, RFC 3339, in the future.
    pub fire_at: String,
    /// Comment, free text.
    pub comment: Option<String>,
}
