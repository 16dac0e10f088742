//! Reminders: `/api/v4/teams/{t}/reminds`.

use crate::{Jid, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A reminder, as its owner alone sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Remind {
    /// Of which chat.
    pub chat: Jid,
    /// Of what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub comment: Option<String>,
    /// When.
    pub fire_at: Timestamp,
    /// The reminder.
    pub uid: Uuid,
}

/// `POST …/reminds`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateRemind {
    /// A chat that the caller may read.
    pub chat: String,
    /// When, in the future.
    pub fire_at: String,
    /// Of what.
    #[serde(default)]
    pub comment: Option<String>,
}
