//! Tags of a team's tasks: `/api/v4/teams/{t}/tags`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A tag of a team's tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// Name of the tag.
    pub name: String,
    /// Id of the tag.
    pub uid: Uuid,
}

/// Request to create a tag.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateTag {
    /// Name of the tag.
    pub name: String,
}
