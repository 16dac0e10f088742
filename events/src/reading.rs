//! Facts about how far a contact has read a conversation.

use crate::{ContactId, MessageId, TeamId, chat::ChatRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything up to a message has been read; the last such fact wins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Marked {
    /// Where.
    pub team: TeamId,
    /// In which conversation.
    pub chat: ChatRef,
    /// By whom.
    pub contact: ContactId,
    /// The last message read.
    pub message: MessageId,
}
