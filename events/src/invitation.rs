//! Events of invitations into a team.

use crate::{AccountId, ContactId, InvitationId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An invitation was created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The invitation.
    pub invitation: InvitationId,
    /// Token, sealed under the master key, because the API shows it again.
    pub token_sealed: String,
    /// Keyed hash of the token, hex, for look-up.
    pub token_hash: String,
    /// Contact that created it; absent in events of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ContactId>,
    /// Expiry; events without it expire after `domain::limits::INVITATION_DAYS` days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<DateTime<Utc>>,
    /// Maximum number of uses; absent: unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u32>,
}

/// Somebody joined with the invitation; the event of the new contact is in the same append.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Used {
    /// Invitation.
    pub invitation: InvitationId,
    /// Account that joined.
    pub account: AccountId,
    /// Contact that the account became.
    pub contact: ContactId,
}

/// An invitation was deleted; its token is invalid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    /// Invitation.
    pub invitation: InvitationId,
}
