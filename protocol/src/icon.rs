//! Pictures of teams and contacts: a stub, or a large and a small size; never both.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A picture: either `stub`, or `lg` and `sm`.
#[serde_with::apply(Option => #[serde(default, skip_serializing_if = "Option::is_none")] #[schema(nullable = false)])]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IconData {
    /// Address of a drawn picture with letters, used while there is no uploaded one.
    pub stub: Option<String>,
    /// The large size.
    pub lg: Option<SingleIcon>,
    /// The small size, 256 × 256 pixels.
    pub sm: Option<SingleIcon>,
}

/// One size of a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SingleIcon {
    /// Absolute address of the image.
    pub url: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}
