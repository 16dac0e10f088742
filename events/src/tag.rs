//! Events of the tags of a team's tasks.

use crate::{Personal, TagId, TeamId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A tag was created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The tag.
    pub tag: TagId,
    /// Team of the tag.
    pub team: TeamId,
    /// Name of the tag.
    pub name: Personal<String>,
}

/// A tag was removed, also from all tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    /// Tag.
    pub tag: TagId,
    /// Team of the tag.
    pub team: TeamId,
}
