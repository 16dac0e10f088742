//! Facts about tasks. A task is a conversation too: its members are its owner, its assignee and its observers.

use crate::{ContactId, GroupId, MessageId, Personal, SectionId, TagId, TaskItemId, TeamId, UploadId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A task came to be. Its number within the team is its place among the team's tasks in the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The task.
    pub task: GroupId,
    /// Where.
    pub team: TeamId,
    /// Who made it.
    pub owner: ContactId,
    /// What is to be done, by whom, until when.
    pub settings: Settings,
    /// Where it stands.
    pub status: Status,
    /// Its checklist, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
}

/// What can be set on a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What is to be done; the first line is the title.
    pub description: Personal<String>,
    /// Who is to do it.
    pub assignee: ContactId,
    /// Who follows it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observers: Vec<ContactId>,
    /// Whether everybody in the team but guests sees it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub public: bool,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<DateTime<Utc>>,
    /// Tags of the team.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<TagId>,
    /// The section (project) it is sorted into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<SectionId>,
    /// A colour of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color_index: Option<u16>,
    /// How important.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub importance: Option<u32>,
    /// How urgent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<u32>,
    /// How complex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complexity: Option<u32>,
    /// How much time went into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent_time: Option<u32>,
    /// Messages that it came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub linked_messages: Vec<MessageId>,
    /// Files that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uploads: Vec<UploadId>,
}

/// Where a task stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// `new`, `done` or a word of the team's own.
    pub word: Personal<String>,
    /// Whether nothing is left to do.
    pub done: bool,
    /// Why it is done, may be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Personal<String>>,
}

/// A line of a checklist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The line.
    pub item: TaskItemId,
    /// What it says; `#N` stands for the team's task of that number.
    pub text: Personal<String>,
    /// Whether it is done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub checked: bool,
}

/// What is set on it changed; the result is given whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// Settings after the change.
    pub settings: Settings,
    /// The description is among what is another now: said here, since a sealed text cannot be compared for ever.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub described: bool,
}

/// It stands elsewhere: begun, done, opened again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusChanged {
    /// Status after the change.
    pub status: Status,
}

/// Its checklist is another one; given whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemsReplaced {
    /// The checklist after the change, in order.
    pub items: Vec<Item>,
}

/// A line of the checklist was ticked, or is open again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemChecked {
    /// Which one.
    pub item: TaskItemId,
    /// Whether it is done.
    pub checked: bool,
}

/// Its deadline had come and it was not done. Appended at the revision at which it was found so, by whichever process is
/// first, and so once for each deadline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadlinePassed {
    /// The deadline.
    pub deadline: DateTime<Utc>,
}

/// The task was deleted, which in this API means archived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Archived {}
