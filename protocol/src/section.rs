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
    /// What it is for; left out when nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Version, ns since 1970.
    pub gentime: i64,
}

/// `POST /api/v4/teams/{team_uid}/contact-sections`
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSection {
    /// Title.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Smallest first; behind all others if not said.
    #[serde(default)]
    pub sort_ordering: Option<u32>,
}

/// `PUT /api/v4/teams/{team_uid}/contact-sections/{section_uid}`: only what is sent changes.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSection {
    /// Title.
    #[serde(default)]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Smallest first.
    #[serde(default)]
    pub sort_ordering: Option<u32>,
}
