//! Events of a team's picture; pictures of contacts use the same payload.

use crate::BlobId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A picture was set or replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// Blob with all sizes of the picture.
    pub blob: BlobId,
    /// Width of the large size in pixels.
    pub lg_width: u32,
    /// Height of the large size in pixels.
    pub lg_height: u32,
    /// Total bytes of all sizes.
    pub size: u64,
}

/// The picture was removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Removed {}
