//! Facts about a team's picture; people's pictures are stored in the same way.

use crate::BlobId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A picture was set or replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// Where its sizes are stored.
    pub blob: BlobId,
    /// Width of the large size, px.
    pub lg_width: u32,
    /// Height of the large size, px.
    pub lg_height: u32,
    /// Bytes stored, all sizes together.
    pub size: u64,
}

/// The picture was removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Removed {}
