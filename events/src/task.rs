//! Events of tasks. A task is a chat too: its members are its owner, its assignee and its observers.

use crate::{ContactId, GroupId, MessageId, Personal, SectionId, TagId, TaskItemId, TeamId, UploadId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A task was created. Its number within the team is its rank among the team's tasks in the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The task.
    pub task: GroupId,
    /// Team of the task.
    pub team: TeamId,
    /// Contact that created it.
    pub owner: ContactId,
    /// Settings of the task.
    pub settings: Settings,
    /// Status of the task.
    pub status: Status,
    /// Checklist, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
}

/// Settings of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Description; the first line is the title.
    pub description: Personal<String>,
    /// Contact that has to do it.
    pub assignee: ContactId,
    /// Contacts that follow it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observers: Vec<ContactId>,
    /// Whether all contacts of the team but guests see it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub public: bool,
    /// Deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<DateTime<Utc>>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<TagId>,
    /// Section (project) that it is sorted into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<SectionId>,
    /// Index of its own colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color_index: Option<u16>,
    /// Importance, chosen by the team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub importance: Option<u32>,
    /// Urgency, chosen by the team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<u32>,
    /// Complexity, chosen by the team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complexity: Option<u32>,
    /// Time spent, in a unit of the team's choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent_time: Option<u32>,
    /// Messages that it was created from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub linked_messages: Vec<MessageId>,
    /// Files attached to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uploads: Vec<UploadId>,
}

/// Status of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// `new`, `done` or a word that the team defined.
    pub word: Personal<String>,
    /// Whether nothing is left to do.
    pub done: bool,
    /// Reason for being done; may be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Personal<String>>,
}

/// An item of a checklist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Item.
    pub item: TaskItemId,
    /// Text; `#N` refers to the team's task with that number.
    pub text: Personal<String>,
    /// Whether it is ticked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub checked: bool,
}

/// Settings of a task changed; holds all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// All settings after the change.
    pub settings: Settings,
    /// Whether the description is among the changes. Stored because sealed texts cannot be compared for ever.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub described: bool,
}

/// The status of a task changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusChanged {
    /// Status after the change.
    pub status: Status,
}

/// The checklist of a task was replaced; holds all of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemsReplaced {
    /// Whole checklist after the change, in order.
    pub items: Vec<Item>,
}

/// An item of the checklist was ticked or unticked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemChecked {
    /// Item.
    pub item: TaskItemId,
    /// Whether it is ticked.
    pub checked: bool,
}

/// The deadline of a task passed before the task was done. Appended at the revision at which that was found, by the
/// first process to do so, and therefore once per deadline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadlinePassed {
    /// Deadline that passed.
    pub deadline: DateTime<Utc>,
}

/// The task was archived (the API calls it deleted).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Archived {}
