//! Events of sections, the folders for a team's contacts, groups and tasks.

use crate::{Personal, SectionId, value::SectionKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A section was created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The section.
    pub section: SectionId,
    /// Its title.
    pub name: Personal<String>,
    /// Order among the sections, ascending.
    pub sort_ordering: u32,
    /// Purpose of the section, if given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Personal<String>>,
    /// Kind of things that it sorts; contacts by default.
    #[serde(default = "contacts", skip_serializing_if = "is_contacts")]
    pub kind: SectionKind,
}

fn contacts() -> SectionKind {
    SectionKind::Contacts
}

fn is_contacts(kind: &SectionKind) -> bool {
    *kind == SectionKind::Contacts
}

/// Title, description or order changed; holds all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// The section.
    pub section: SectionId,
    /// Its title.
    pub name: Personal<String>,
    /// Purpose; may be empty.
    pub description: Personal<String>,
    /// Order among the sections, ascending.
    pub sort_ordering: u32,
}

/// A section was removed; its members stay in the team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    /// Section.
    pub section: SectionId,
}
