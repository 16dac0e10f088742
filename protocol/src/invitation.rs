//! `/api/v3/teams/{team_uid}/invitations`, `/api/v3/teams/join`.

use crate::{Timestamp, icon::IconData};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// An invitation. Its picture is named by the token, everything else by the uid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// When it was made.
    pub created: Timestamp,
    /// Address of the QR picture, which says `otv://qr-join/{host}/{token}`.
    pub qr: String,
    /// 27 URL-safe characters.
    pub token: String,
    /// The invitation.
    pub uid: Uuid,
}

/// `POST /api/v3/teams/join`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Join {
    /// From the invitation.
    pub token: String,
}

/// The team that an invitation leads to, as those see it who have not joined yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamShort {
    /// Picture.
    pub icons: IconData,
    /// Title.
    pub name: String,
    /// The team.
    pub uid: Uuid,
}
