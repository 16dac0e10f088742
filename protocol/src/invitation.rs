//! Invitations to a team: `/api/v3/teams/{team_uid}/invitations`, `/api/v3/teams/join`.

use crate::{Jid, Timestamp, icon::IconData};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// An invitation to a team. The QR picture is addressed by the token, everything else by the uid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// Time of creation.
    pub created: Timestamp,
    /// Address of the QR picture, which encodes `otv://qr-join/{host}/{token}`.
    pub qr: String,
    /// Token that lets its holder join, 27 URL-safe characters.
    pub token: String,
    /// Id of the invitation.
    pub uid: Uuid,
}

/// An invitation with its expiry and its number of uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenInvitation {
    /// Time of creation.
    pub created: Timestamp,
    /// Time when the token expires.
    pub expires: Timestamp,
    /// Address of the contact that created the invitation; it is void once that contact may no longer invite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub made_by: Option<Jid>,
    /// Maximum number of uses; absent when unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub max_uses: Option<u32>,
    /// Address of the QR picture, which encodes `otv://qr-join/{host}/{token}`.
    pub qr: String,
    /// Token that lets its holder join, 27 URL-safe characters.
    pub token: String,
    /// Id of the invitation.
    pub uid: Uuid,
    /// Number of uses so far.
    pub uses: u32,
}

/// Request to create an invitation.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct CreateInvitation {
    /// Days until the token expires, 1 to 365; the server's setting when absent.
    pub valid_days: Option<i64>,
    /// Maximum number of uses, 1 to 10,000; unlimited when absent.
    pub max_uses: Option<i64>,
}

/// Request to join a team.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Join {
    /// Token of the invitation.
    pub token: String,
}

/// The team behind an invitation, as shown to people who have not joined yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamShort {
    /// Picture of the team.
    pub icons: IconData,
    /// Title of the team.
    pub name: String,
    /// Id of the team.
    pub uid: Uuid,
}
