//! Sections of contacts (`protocol.md` 4.24).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// The section.
    pub uid: Uuid,
    /// Smallest first.
    pub sort_ordering: u32,
    /// Title.
    pub name: String,
    /// Version, ns since 1970.
    pub gentime: i64,
}
