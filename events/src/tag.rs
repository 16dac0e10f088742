//! Facts about tags, the words by which a team finds its tasks.

use crate::{Personal, TagId, TeamId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A tag came to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The tag.
    pub tag: TagId,
    /// Whose.
    pub team: TeamId,
    /// The word.
    pub name: Personal<String>,
}

/// A tag is gone, from all tasks that had it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    /// Which one.
    pub tag: TagId,
    /// Whose.
    pub team: TeamId,
}
