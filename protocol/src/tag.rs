//! Tags of a team's tasks: `/api/v4/teams/{t}/tags`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// The word.
    pub name: String,
    /// The tag.
    pub uid: Uuid,
}

/// `POST …/tags`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateTag {
    /// The word.
    pub name: String,
}
