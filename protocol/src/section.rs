//! Sections of contacts, groups and tasks: `/api/v4/teams/{t}/{contact,group,task}-sections`.

use crate::message::ChatType;
use events::value::SectionKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A section of a list of contacts, groups or tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Id of the section.
    pub uid: Uuid,
    /// Position among the sections, smallest first.
    pub sort_ordering: u32,
    /// Title of the section.
    pub name: String,
    /// Description of the section; absent when none was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Version of the section, in nanoseconds since 1970.
    pub gentime: i64,
}

/// Request to create a section.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSection {
    /// Title of the section.
    pub name: String,
    /// Description of the section.
    pub description: Option<String>,
    /// Position among the sections, smallest first; after all others when absent.
    pub sort_ordering: Option<u32>,
}

/// The kind of chats under which a section is reported: sections of contacts belong to direct chats.
pub fn chat_type(kind: SectionKind) -> ChatType {
    match kind {
        SectionKind::Contacts => ChatType::Direct,
        SectionKind::Groups => ChatType::Group,
        SectionKind::Tasks => ChatType::Task,
    }
}

/// Request to change a section; absent fields stay as they are.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSection {
    /// Title of the section.
    pub name: Option<String>,
    /// Description of the section.
    pub description: Option<String>,
    /// Position among the sections, smallest first.
    pub sort_ordering: Option<u32>,
}
