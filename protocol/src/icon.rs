//! Pictures of teams and people: a stub, or a large and a small size; never both.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A picture: `{stub}` or `{lg, sm}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IconData {
    /// Address of a drawn picture with letters, when there is no real one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stub: Option<String>,
    /// Large size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lg: Option<SingleIcon>,
    /// Small size, 256 by 256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sm: Option<SingleIcon>,
}

/// One size of a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SingleIcon {
    /// Absolute address.
    pub url: String,
    /// px
    pub width: u32,
    /// px
    pub height: u32,
}
