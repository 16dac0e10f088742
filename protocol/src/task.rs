//! Tasks: `/api/v4/teams/{t}/tasks`. A task as a member sees it is a
//! [`Chat`](crate::chat::Chat).

mod tab;

use crate::{Jid, chat::Chat, jid::InvalidJid};
use events::GroupId;
use serde::{Deserialize, Deserializer, Serialize};
use std::{borrow::Cow, str::FromStr};
use utoipa::ToSchema;
use uuid::Uuid;

/// A line of a task's checklist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskItem {
    /// The viewer may rewrite it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_change: Option<bool>,
    /// The viewer may tick it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_toggle: Option<bool>,
    /// It is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub checked: Option<bool>,
    /// Version, ns since 1970.
    pub gentime: i64,
    /// Its place, from 0.
    pub sort_ordering: u32,
    /// The task that `#N` stands for, if the viewer sees that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub subtask: Option<Subtask>,
    /// What it says, or `#N` for the task of that number.
    pub text: String,
    /// The line.
    pub uid: Uuid,
}

/// A task in few words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Subtask {
    /// Who is to do it.
    pub assignee: Jid,
    /// `N. title`
    pub display_name: String,
    /// Address.
    pub jid: Jid,
    /// Its number in the team.
    pub num: u32,
    /// The team sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub public: Option<bool>,
    /// `new`, `done` or a word of the team's own.
    pub task_status: String,
    /// The first line of its description.
    pub title: String,
}

/// Names of the tabs that tasks are shown under, in the order of the tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskTabKey {
    /// Open ones that concern the viewer.
    Active,
    /// Those of them that are late.
    Expired,
    /// Open ones that the viewer is to do.
    In,
    /// Open ones that the viewer has made.
    Out,
    /// Open ones that the viewer only follows.
    Copy,
    /// Done ones that concern the viewer.
    Done,
}

impl TaskTabKey {
    /// All of them, in their order.
    pub const ALL: [Self; 6] = [Self::Active, Self::Expired, Self::In, Self::Out, Self::Copy, Self::Done];

    /// The word that the API uses.
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

    /// The tab that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.word() == word)
    }
}

/// A tab that tasks are shown under.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskTab {
    /// What it may be filtered by.
    pub filters: Vec<TaskFilterField>,
    /// Not shown while it is empty.
    pub hide_empty: bool,
    /// Its name for `?tab=`.
    pub key: TaskTabKey,
    /// How many tasks it shows.
    pub num_tasks: u32,
    /// Shown page by page.
    pub pagination: bool,
    /// Shown with its number of tasks.
    pub show_counter: bool,
    /// How it may be sorted, the usual way first.
    pub sort: Vec<TaskSort>,
    /// Title.
    pub title: String,
    /// Tasks with messages that the viewer has not read.
    pub unread_tasks: Vec<Jid>,
}

/// A field that a tab may be filtered by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskFilterField {
    /// Its name in the query.
    pub field: String,
    /// Title.
    pub title: String,
}

/// A way to sort tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskSort {
    /// Its name for `?sort=`.
    pub key: String,
    /// Title.
    pub title: String,
}

/// A page of tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskPage {
    /// How many there are in all.
    pub count: u64,
    /// How many of them a page holds at most.
    pub limit: u32,
    /// The page.
    pub objects: Vec<Chat>,
    /// How many of them come before the page.
    pub offset: u64,
}

/// A line of a checklist as clients send it: its text alone, or with its id to keep that line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum PutTaskItem {
    /// What it says.
    Text(String),
    /// What it says, and more.
    Line {
        /// The line that was there; a new one without.
        #[serde(default)]
        uid: Option<String>,
        /// What it says.
        text: String,
        /// Ticked; as it was without.
        #[serde(default)]
        checked: Option<bool>,
    },
}

/// `POST …/tasks` and, with all of it optional, `PUT …/tasks/{id}`. In a `PUT`, `null` and `""` take away what need not
/// be there; clients that create send them for what they do not use.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct PutTask {
    /// What is to be done; the first line is the title.
    #[serde(default)]
    pub description: Option<String>,
    /// Who is to do it; the maker, unless said otherwise.
    #[serde(default)]
    pub assignee: Option<String>,
    /// Who follows it.
    #[serde(default)]
    pub observers: Option<Vec<String>>,
    /// The checklist: `#N` stands for the task of that number.
    #[serde(default)]
    pub items: Option<Vec<PutTaskItem>>,
    /// Until when: a time, or a day, which ends at the team's `default_task_deadline` in UTC.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>)]
    pub deadline: Option<Option<String>>,
    /// Names of tags; those that the team does not have come to be.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    /// A section of the team.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>)]
    pub section: Option<Option<String>>,
    /// A colour of its own.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<u16>)]
    pub custom_color_index: Option<Option<u16>>,
    /// `new`, `done` or a word of the team's own.
    #[serde(default)]
    pub task_status: Option<String>,
    /// Why it is done.
    #[serde(default)]
    pub done_reason: Option<String>,
    /// 1 to 5.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<u32>)]
    pub importance: Option<Option<u32>>,
    /// 1 to 5.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<u32>)]
    pub urgency: Option<Option<u32>>,
    /// Any number.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<u32>)]
    pub complexity: Option<Option<u32>>,
    /// Any number.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<u32>)]
    pub spent_time: Option<Option<u32>>,
    /// Everybody in the team but guests sees it.
    #[serde(default)]
    pub public: Option<bool>,
    /// Messages that it comes from, which the sender may read.
    #[serde(default)]
    pub linked_messages: Option<Vec<String>>,
    /// Files that belong to it: those that it had, and others of the sender's own.
    #[serde(default)]
    pub uploads: Option<Vec<String>>,
    /// When the sender, and nobody else, is to be reminded of it.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>)]
    pub remind_at: Option<Option<String>>,
}

/// `PUT …/tasks/{id}/items/{uid}`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CheckTaskItem {
    /// Ticked, or open.
    pub checked: bool,
}

/// How a path names a task: by its address, `t-…`, or by the uuid alone.
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

/// What was sent, `null` too; what was not sent is told apart by the default.
fn sent<'de, T: Deserialize<'de>, D: Deserializer<'de>>(value: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_task_by_address_or_uuid() {
        let uuid = "7d09fba1-414e-47ab-ad05-6cf7fee2e081";
        let task = uuid.parse::<TaskId>().unwrap();
        assert_eq!(format!("t-{uuid}").parse(), Ok(task));
        for text in ["", "t-", "7", "g-7d09fba1-414e-47ab-ad05-6cf7fee2e081", "t-t-"] {
            assert_eq!(text.parse::<TaskId>(), Err(InvalidJid), "{text}");
        }
    }

    #[test]
    fn null_is_told_apart_from_nothing() {
        let read = |text| serde_json::from_str::<PutTask>(text).unwrap();
        assert_eq!(read("{}").deadline, None);
        assert_eq!(read(r#"{"deadline": null}"#).deadline, Some(None));
        assert_eq!(read(r#"{"importance": 3}"#).importance, Some(Some(3)));
    }

    #[test]
    fn lines_are_texts_or_objects() {
        let task: PutTask =
            serde_json::from_str(r##"{"items": ["вода", {"text": "#7", "checked": true}]}"##).unwrap();
        let items = task.items.unwrap();
        assert_eq!(items[0], PutTaskItem::Text("вода".into()));
        assert_eq!(items[1], PutTaskItem::Line { uid: None, text: "#7".into(), checked: Some(true) });
    }
}
