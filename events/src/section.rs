//! Facts about sections, the folders that a team's contacts, groups and tasks are sorted into.

use crate::{Personal, SectionId, value::SectionKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A section came to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The section.
    pub section: SectionId,
    /// Its title.
    pub name: Personal<String>,
    /// Where it stands among the others, smallest first.
    pub sort_ordering: u32,
    /// What it is for, if somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Personal<String>>,
    /// What is sorted into it: contacts, unless said otherwise.
    #[serde(default = "contacts", skip_serializing_if = "is_contacts")]
    pub kind: SectionKind,
}

fn contacts() -> SectionKind {
    SectionKind::Contacts
}

fn is_contacts(kind: &SectionKind) -> bool {
    *kind == SectionKind::Contacts
}

/// Title, description or place changed; the result is given whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// The section.
    pub section: SectionId,
    /// Its title.
    pub name: Personal<String>,
    /// What it is for, may be empty.
    pub description: Personal<String>,
    /// Where it stands among the others, smallest first.
    pub sort_ordering: u32,
}

/// A section is gone; what was in it stays in the team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    /// Which one.
    pub section: SectionId,
}
