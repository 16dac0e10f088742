//! Sections of contacts, groups and tasks: `/api/v4/teams/{t}/{contact,group,task}-sections`.

use crate::message::ChatType;
use events::value::SectionKind;
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

/// `POST …/{contact,group,task}-sections`
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

/// The kind of chats that a section is told to be of: those of contacts are of direct chats.
pub fn chat_type(kind: SectionKind) -> ChatType {
    match kind {
        SectionKind::Contacts => ChatType::Direct,
        SectionKind::Groups => ChatType::Group,
        SectionKind::Tasks => ChatType::Task,
    }
}

/// `PUT …/{contact,group,task}-sections/{section_uid}`: only what is sent changes.
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
