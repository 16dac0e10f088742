//! The commands of a task, and why they are rejected.

use chrono::{DateTime, Utc};
use events::{
    ContactId, GroupId, MessageId, SectionId, TagId, TaskItemId, TeamId, UploadId, task::Settings,
    value::ContactStatus,
};

/// The acting contact of the task's team, with its status in the team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    pub contact: ContactId,
    pub status: ContactStatus,
}

/// A checklist item to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewItem {
    /// The id of a new item; an existing item with the same text keeps its own.
    pub item: TaskItemId,
    /// The id is that of an existing item, whose text may change.
    pub known: bool,
    pub text: String,
    /// `None` leaves it as it is.
    pub checked: Option<bool>,
}

/// The status to be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStatus {
    /// `new`, `done` or a status of the team's own.
    pub word: String,
    /// Why it is done.
    pub reason: Option<String>,
}

/// A change of a task; `None` leaves a field unchanged. The caller has checked that contacts, tags, section, messages and
/// files belong to the team.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub description: Option<String>,
    pub assignee: Option<ContactId>,
    pub observers: Option<Vec<ContactId>>,
    /// The whole team sees the task.
    pub public: Option<bool>,
    pub deadline: Option<Option<DateTime<Utc>>>,
    pub tags: Option<Vec<TagId>>,
    pub section: Option<Option<SectionId>>,
    pub color_index: Option<Option<u16>>,
    pub importance: Option<Option<u32>>,
    pub urgency: Option<Option<u32>>,
    pub complexity: Option<Option<u32>>,
    pub spent_time: Option<Option<u32>>,
    /// The messages that the task was created from.
    pub linked_messages: Option<Vec<MessageId>>,
    pub uploads: Option<Vec<UploadId>>,
    pub items: Option<Vec<NewItem>>,
    pub status: Option<NewStatus>,
}

/// The commands.
#[derive(Clone, Debug)]
pub enum Command {
    /// Creates the task; the actor becomes its owner.
    Create {
        task: GroupId,
        team: TeamId,
        actor: Actor,
        settings: Box<Settings>,
        items: Vec<NewItem>,
        status: NewStatus,
    },
    /// Changes the task.
    Change {
        actor: Actor,
        change: Box<Change>,
    },
    /// Checks or unchecks an item.
    CheckItem {
        actor: Actor,
        item: TaskItemId,
        checked: bool,
    },
    /// Records that the deadline of an open task has passed.
    PassDeadline {
        now: DateTime<Utc>,
    },
    Archive {
        actor: Actor,
    },
}

/// Why a command is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The task does not exist, is archived, or is not visible to the actor.
    NoTask,
    /// The actor lacks the right.
    NotAllowed,
    /// The item to check is not in the checklist.
    NoSuchLine,
    /// An item that the change names is not in the checklist.
    NoItem,
    /// The item refers to another task, and is checked when that task is done.
    Reference,
}
