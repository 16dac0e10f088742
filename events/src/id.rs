//! Typed ids, one type per noun, so that ids cannot be confused.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }
    )+};
}

ids! {
    /// A person across teams; owns a phone number.
    AccountId,
    /// A team.
    TeamId,
    /// An account's membership in one team; its address is `d-{uuid}`.
    ContactId,
    /// A group (address `g-{uuid}`) or a task (address `t-{uuid}`).
    GroupId,
    /// A chat of any kind, see [`crate::chat::ChatRef::key`].
    ChatKey,
    /// A message; the client may choose it.
    MessageId,
    /// One login of an account.
    SessionId,
    /// A section of contacts, groups or tasks in a team.
    SectionId,
    /// An invitation into a team; not its token.
    InvitationId,
    /// An integration of a team.
    IntegrationId,
    /// An uploaded file.
    UploadId,
    /// An item of a task's checklist.
    TaskItemId,
    /// A tag of a team.
    TagId,
    /// A reminder.
    RemindId,
    /// A stored picture or file with its bytes.
    BlobId,
    /// A stored event.
    EventId,
    /// Receipt of an erasure.
    ReceiptId,
    /// A command; equal for repetitions of one request.
    CommandId,
}

/// A message of a team. Ids of messages are each team's own: two teams may use the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKey {
    /// The team.
    pub team: TeamId,
    /// The message's id in that team.
    pub message: MessageId,
}
