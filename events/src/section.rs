//! Facts about sections, the folders that a team's contacts are sorted into.

use crate::{Personal, SectionId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A section of contacts came to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The section.
    pub section: SectionId,
    /// Its title.
    pub name: Personal<String>,
    /// Where it stands among the others, smallest first.
    pub sort_ordering: u32,
}
