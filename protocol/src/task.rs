//! Tasks: `/api/v4/teams/{t}/tasks`. A task as a member sees it is a [`Chat`](crate::chat::Chat).

mod tab;

use crate::{Jid, jid::InvalidJid, nullable};
use events::GroupId;
use serde::{Deserialize, Deserializer, Serialize};
use std::{borrow::Cow, str::FromStr};
use utoipa::ToSchema;
use uuid::Uuid;

/// A line of a task's checklist.
#[serde_with::apply(Option => #[serde(default, skip_serializing_if = "Option::is_none")] #[schema(nullable = false)])]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskItem {
    /// The viewer may edit the line.
    pub can_change: Option<bool>,
    /// The viewer may check and uncheck the line.
    pub can_toggle: Option<bool>,
    /// The line is checked.
    pub checked: Option<bool>,
    /// Version of the line, in nanoseconds since 1970.
    pub gentime: i64,
    /// Index of the line, from 0.
    pub sort_ordering: u32,
    /// The task that `#N` refers to, if the viewer may see it.
    pub subtask: Option<Subtask>,
    /// Text of the line, or `#N` to refer to the task with that number.
    pub text: String,
    /// Id of the line.
    pub uid: Uuid,
}

/// Summary of a task that refers to another one or is referred to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Subtask {
    /// Address of the assignee.
    pub assignee: Jid,
    /// Number and title: `N. title`.
    pub display_name: String,
    /// Address of the task.
    pub jid: Jid,
    /// Number of the task within the team.
    pub num: u32,
    /// The task is visible to the team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub public: Option<bool>,
    /// Status of the task: `new`, `done` or a status of the team's own.
    pub task_status: String,
    /// First line of the task's description.
    pub title: String,
}

/// Keys of the tabs under which tasks are listed, in the order of the tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskTabKey {
    /// Open tasks in which the viewer takes part.
    Active,
    /// Open tasks in which the viewer takes part and whose deadline has passed.
    Expired,
    /// Open tasks assigned to the viewer.
    In,
    /// Open tasks created by the viewer.
    Out,
    /// Open tasks that the viewer only observes.
    Copy,
    /// Completed tasks in which the viewer takes part.
    Done,
}

impl TaskTabKey {
    /// All keys, in order.
    pub const ALL: [Self; 6] = [Self::Active, Self::Expired, Self::In, Self::Out, Self::Copy, Self::Done];

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::In => "in",
            Self::Out => "out",
            Self::Copy => "copy",
            Self::Done => "done",
        }
    }

    /// The key that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.word() == word)
    }
}

/// A tab under which tasks are listed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskTab {
    /// Fields by which the tab may be filtered.
    pub filters: Vec<TaskFilterField>,
    /// The tab is hidden while it is empty.
    pub hide_empty: bool,
    /// Value of `?tab=`.
    pub key: TaskTabKey,
    /// Number of tasks in the tab.
    pub num_tasks: u32,
    /// The tab is loaded page by page.
    pub pagination: bool,
    /// The tab shows its number of tasks.
    pub show_counter: bool,
    /// Sort orders of the tab, the default first.
    pub sort: Vec<TaskSort>,
    /// Title of the tab.
    pub title: String,
    /// Addresses of tasks with unread messages.
    pub unread_tasks: Vec<Jid>,
}

/// A field by which a tab may be filtered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskFilterField {
    /// Name of the query parameter.
    pub field: String,
    /// Title of the field, for people.
    pub title: String,
}

/// A sort order of tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskSort {
    /// Value of `?sort=`.
    pub key: String,
    /// Title of the sort order, for people.
    pub title: String,
}

/// A line of a checklist in a request: a text for a new line, or an object with an id to keep an existing one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum PutTaskItem {
    /// Text of a new line.
    Text(String),
    /// A line with its id and state.
    Line {
        /// Id of an existing line; absent for a new one.
        uid: Option<String>,
        /// Text of the line.
        text: String,
        /// The line is checked; unchanged when absent.
        checked: Option<bool>,
    },
}

/// Request to create or change a task; a change leaves absent fields as they are. In a change, `null` and `""`
/// remove optional values; on creation they count as absent.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct PutTask {
    /// Description of the task; its first line is the title.
    pub description: Option<String>,
    /// Address of the assignee; the caller when absent on creation.
    pub assignee: Option<String>,
    /// Addresses of the observers.
    pub observers: Option<Vec<String>>,
    /// Lines of the checklist; `#N` refers to the task with that number.
    pub items: Option<Vec<PutTaskItem>>,
    /// Due time, RFC 3339, or a date, which ends at the team's `default_task_deadline` in UTC.
    #[serde(default, deserialize_with = "nullable::sent")]
    #[schema(value_type = Option<String>)]
    pub deadline: Option<Option<String>>,
    /// Names of tags; unknown ones are created.
    pub tags: Option<Vec<String>>,
    /// Id of a task section of the team.
    #[serde(default, deserialize_with = "nullable::sent")]
    #[schema(value_type = Option<String>)]
    pub section: Option<Option<String>>,
    /// Index of a colour for this task.
    #[serde(default, deserialize_with = "nullable::sent")]
    #[schema(value_type = Option<u16>)]
    pub custom_color_index: Option<Option<u16>>,
    /// Status of the task: `new`, `done` or a status of the team's own.
    pub task_status: Option<String>,
    /// Reason for completing the task.
    pub done_reason: Option<String>,
    /// Importance, 1 to 5.
    #[serde(default, deserialize_with = "nullable::sent")]
    #[schema(value_type = Option<u32>)]
    pub importance: Option<Option<u32>>,
    /// Urgency, 1 to 5.
    #[serde(default, deserialize_with = "nullable::sent")]
    #[schema(value_type = Option<u32>)]
    pub urgency: Option<Option<u32>>,
    /// Estimated complexity, any number.
    #[serde(default, deserialize_with = "nullable::sent")]
    #[schema(value_type = Option<u32>)]
    pub complexity: Option<Option<u32>>,
    /// Time spent, any number.
    #[serde(default, deserialize_with = "nullable::sent")]
    #[schema(value_type = Option<u32>)]
    pub spent_time: Option<Option<u32>>,
    /// Makes the task visible to everybody in the team but guests.
    pub public: Option<bool>,
    /// Ids of messages from which the task is created; the caller must be allowed to read them.
    pub linked_messages: Option<Vec<String>>,
    /// Ids of attached files: files that the task already has, and files of the caller.
    pub uploads: Option<Vec<String>>,
    /// Time of a reminder for the caller only, RFC 3339.
    #[serde(default, deserialize_with = "nullable::sent")]
    #[schema(value_type = Option<String>)]
    pub remind_at: Option<Option<String>>,
}

/// Request to check or uncheck a line of a checklist.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CheckTaskItem {
    /// The line is checked.
    pub checked: bool,
}

/// Id of a task in a path: its address, `t-…`, or the UUID alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskId(pub GroupId);

impl FromStr for TaskId {
    type Err = InvalidJid;
    fn from_str(text: &str) -> Result<Self, InvalidJid> {
        let jid = if text.starts_with("t-") { text.parse() } else { format!("t-{text}").parse() };
        match jid? {
            Jid::Task(task) => Ok(Self(task)),
            Jid::Direct(_) | Jid::Group(_) => Err(InvalidJid),
        }
    }
}

impl<'de> Deserialize<'de> for TaskId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn task_id_parses_address_and_uuid() {
        let uuid = "7d09fba1-414e-47ab-ad05-6cf7fee2e081";
        let task = uuid.parse::<TaskId>().unwrap();
        assert_eq!(format!("t-{uuid}").parse(), Ok(task));
        for text in ["", "t-", "7", "g-7d09fba1-414e-47ab-ad05-6cf7fee2e081", "t-t-"] {
            assert_eq!(text.parse::<TaskId>(), Err(InvalidJid), "{text}");
        }
    }

    #[test]
    fn null_differs_from_an_absent_field() {
        let read = |text| serde_json::from_str::<PutTask>(text).unwrap();
        assert_eq!(read("{}").deadline, None);
        assert_eq!(read(r#"{"deadline": null}"#).deadline, Some(None));
        assert_eq!(read(r#"{"importance": 3}"#).importance, Some(Some(3)));
    }

    #[test]
    fn checklist_lines_parse_texts_and_objects() {
        let task: PutTask =
            serde_json::from_str(r##"{"items": ["вода", {"text": "#7", "checked": true}]}"##).unwrap();
        let items = task.items.unwrap();
        assert_eq!(items[0], PutTaskItem::Text("вода".into()));
        assert_eq!(items[1], PutTaskItem::Line { uid: None, text: "#7".into(), checked: Some(true) });
    }
}
