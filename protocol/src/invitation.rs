//! `/api/v3/teams/{team_uid}/invitations`, `/api/v3/teams/join`.

use crate::{Jid, Timestamp, icon::IconData};
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

/// An invitation with how long and for how many it is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenInvitation {
    /// When it was made.
    pub created: Timestamp,
    /// After this it opens nothing.
    pub expires: Timestamp,
    /// The contact that made it: it is void once that contact may not invite any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub made_by: Option<Jid>,
    /// How often it lets somebody in; absent for any number of times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub max_uses: Option<u32>,
    /// Address of the QR picture, which says `otv://qr-join/{host}/{token}`.
    pub qr: String,
    /// 27 URL-safe characters.
    pub token: String,
    /// The invitation.
    pub uid: Uuid,
    /// How often it has let somebody in.
    pub uses: u32,
}

/// `POST /api/v4/teams/{team_uid}/invitations`
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct CreateInvitation {
    /// For how many days it is open, 1 to 365; as the server is set up if not said.
    #[serde(default)]
    pub valid_days: Option<i64>,
    /// How often it lets somebody in, 1 to 10,000; any number of times if not said.
    #[serde(default)]
    pub max_uses: Option<i64>,
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
