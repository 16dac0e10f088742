//! What may be asked of a task, and why not.

use chrono::{DateTime, Utc};
use events::{
    ContactId, GroupId, MessageId, SectionId, TagId, TaskItemId, TeamId, UploadId, task::Settings,
    value::ContactStatus,
};

/// Who acts: a contact of the task's team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub contact: ContactId,
    /// Status in the team.
    pub status: ContactStatus,
}

/// A line of a checklist to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewItem {
    /// Its id to be, unless a line with the same text was there, which keeps its own.
    pub item: TaskItemId,
    /// Whether the id names a line that was there, whatever it said.
    pub known: bool,
    /// What it says.
    pub text: String,
    /// Ticked or open; not said: as it was.
    pub checked: Option<bool>,
}

/// Where a task shall stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStatus {
    /// `new`, `done` or a word of the team's own.
    pub word: String,
    /// Why it is done.
    pub reason: Option<String>,
}

/// What shall change on a task; what is not said stays. The contacts, tags, section, messages and files that are named
/// are known to belong to the task's team.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What is to be done.
    pub description: Option<String>,
    /// Who is to do it.
    pub assignee: Option<ContactId>,
    /// Who follows it.
    pub observers: Option<Vec<ContactId>>,
    /// Whether the team sees it.
    pub public: Option<bool>,
    /// Until when, or without end.
    pub deadline: Option<Option<DateTime<Utc>>>,
    /// Its tags.
    pub tags: Option<Vec<TagId>>,
    /// Its section, or none.
    pub section: Option<Option<SectionId>>,
    /// Its colour, or none of its own.
    pub color_index: Option<Option<u16>>,
    /// How important.
    pub importance: Option<Option<u32>>,
    /// How urgent.
    pub urgency: Option<Option<u32>>,
    /// How complex.
    pub complexity: Option<Option<u32>>,
    /// How much time went into it.
    pub spent_time: Option<Option<u32>>,
    /// Messages that it came from.
    pub linked_messages: Option<Vec<MessageId>>,
    /// Its files.
    pub uploads: Option<Vec<UploadId>>,
    /// Its checklist.
    pub items: Option<Vec<NewItem>>,
    /// Where it stands.
    pub status: Option<NewStatus>,
}

/// What may be asked.
#[derive(Clone, Debug)]
pub enum Command {
    /// The task shall exist.
    Create {
        /// Its id.
        task: GroupId,
        /// Where.
        team: TeamId,
        /// Who makes it, and owns it.
        actor: Actor,
        /// What it says.
        settings: Box<Settings>,
        /// Its checklist.
        items: Vec<NewItem>,
        /// Where it stands.
        status: NewStatus,
    },
    /// Something about it shall be otherwise.
    Change {
        /// Who acts.
        actor: Actor,
        /// What changes.
        change: Box<Change>,
    },
    /// A line of the checklist shall be ticked, or open.
    CheckItem {
        /// Who acts.
        actor: Actor,
        /// Which one.
        item: TaskItemId,
        /// Ticked.
        checked: bool,
    },
    /// If the deadline has come and it is not done, that shall be a fact.
    PassDeadline {
        /// The present.
        now: DateTime<Utc>,
    },
    /// The task shall be gone.
    Archive {
        /// Who acts.
        actor: Actor,
    },
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such task, any more or at all, or none that the actor may know of.
    NoTask,
    /// The actor may not.
    NotAllowed,
    /// The line that is to be ticked is not in the checklist.
    NoSuchLine,
    /// There is no such line in its checklist.
    NoItem,
    /// The line stands for another task, and is ticked when that one is done.
    Reference,
}
