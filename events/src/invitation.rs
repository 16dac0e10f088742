//! Facts about invitations into a team.

use crate::{AccountId, ContactId, InvitationId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An invitation was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The invitation.
    pub invitation: InvitationId,
    /// Its token, sealed under the master key: the API shows it again.
    pub token_sealed: String,
    /// Keyed hash of the token, hex: it is looked up by this.
    pub token_hash: String,
    /// The contact that made it; absent in events of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ContactId>,
    /// After this it opens nothing; for events without it see `domain::limits::INVITATION_DAYS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<DateTime<Utc>>,
    /// How often it lets somebody in; none: any number of times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u32>,
}

/// Somebody joined with it (the contact's own event stands beside this one).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Used {
    /// Which invitation.
    pub invitation: InvitationId,
    /// By whom.
    pub account: AccountId,
    /// As which contact.
    pub contact: ContactId,
}

/// An invitation was deleted: its token opens nothing any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    /// Which one.
    pub invitation: InvitationId,
}
