//! Rules of a task: who sees it, and who may change which fields.

mod checklist;
mod command;
mod settings;

pub use command::{Actor, Change, Command, NewItem, NewStatus, Rejection};

use crate::{
    Aggregate, limits,
    policy::{self, Action},
    text,
};
use checklist::listed;
use chrono::{DateTime, Utc};
use events::{
    ContactId, GroupId, Personal, TaskEvent, TaskItemId, TeamId, UploadId,
    task::{self, Item, Settings, Status},
    value::ContactStatus,
};
use settings::{changed, differences, only, tidy};

/// The status of a task that is not started.
pub const NEW: &str = "new";
/// The status of a task that is done.
pub const DONE: &str = "done";

/// Fields that the owner and team admins may change, in alphabetical order.
pub const OWNERS_FIELDS: [&str; 16] = [
    "assignee",
    "complexity",
    "custom_color_index",
    "deadline",
    "description",
    "importance",
    "items",
    "linked_messages",
    "observers",
    "public",
    "section",
    "spent_time",
    "tags",
    "task_status",
    "uploads",
    "urgency",
];
/// Fields that the assignee may change, in alphabetical order.
pub const ASSIGNEES_FIELDS: [&str; 6] =
    ["complexity", "items", "section", "spent_time", "tags", "task_status"];

/// The state of a task.
#[derive(Clone, Debug, Default)]
pub struct Task {
    facts: Option<Facts>,
    archived: bool,
}

#[derive(Clone, Debug)]
struct Facts {
    team: TeamId,
    owner: ContactId,
    settings: Settings,
    status: Status,
    items: Vec<Item>,
    /// The deadline that has passed. It is reset by a new deadline, and when the task is reopened.
    passed: Option<DateTime<Utc>>,
}

/// The role of a contact in a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The owner, or a team admin.
    Manager,
    Assignee,
    Observer,
    /// A contact that sees the task because it is public.
    Onlooker,
}

impl Role {
    /// The fields that this role may change, in alphabetical order.
    pub fn changeable_fields(self) -> &'static [&'static str] {
        match self {
            Self::Manager => &OWNERS_FIELDS,
            Self::Assignee => &ASSIGNEES_FIELDS,
            Self::Observer | Self::Onlooker => &[],
        }
    }

    /// Whether this role may check items of the checklist.
    pub fn may_check(self) -> bool {
        self.changeable_fields().contains(&"items")
    }

    pub fn may_delete(self) -> bool {
        self == Self::Manager
    }
}

/// The title of a task: the first visible line of its description.
pub fn title(description: &str) -> String {
    let first = description.lines().map(text::line).find(|line| !line.is_empty()).unwrap_or_default();
    first.chars().take(limits::TASK_TITLE).collect()
}

/// The number of the task that a checklist item refers to: `#7`.
pub fn reference(text: &str) -> Option<u32> {
    let digits = text.trim().strip_prefix('#')?;
    let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| number)
}

/// The role of a contact in a task; `None` if it may not see the task.
pub fn role(
    actor: Actor,
    owner: ContactId,
    assignee: ContactId,
    observes: bool,
    public: bool,
) -> Option<Role> {
    let Actor { contact, status } = actor;
    if contact == owner || status >= ContactStatus::Admin {
        Some(Role::Manager)
    } else if contact == assignee {
        Some(Role::Assignee)
    } else if observes {
        Some(Role::Observer)
    } else {
        (public && status >= ContactStatus::Member).then_some(Role::Onlooker)
    }
}

impl Task {
    /// Whether the file is attached to the task, and the task is not archived.
    pub fn has_attachment(&self, upload: UploadId) -> bool {
        let living = self.facts.as_ref().filter(|_| !self.archived);
        living.is_some_and(|facts| facts.settings.uploads.contains(&upload))
    }

    fn known_to(&self, actor: Actor) -> Result<(&Facts, Role), Rejection> {
        let facts = self.facts.as_ref().filter(|_| !self.archived).ok_or(Rejection::NoTask)?;
        let Settings { assignee, observers, public, .. } = &facts.settings;
        let observes = observers.contains(&actor.contact);
        let role = role(actor, facts.owner, *assignee, observes, *public).ok_or(Rejection::NoTask)?;
        Ok((facts, role))
    }

    fn create(
        (task, team): (GroupId, TeamId),
        actor: Actor,
        settings: Settings,
        items: Vec<NewItem>,
        status: NewStatus,
    ) -> Result<Vec<TaskEvent>, Rejection> {
        if !policy::may(actor.status, Action::CreateTask) {
            return Err(Rejection::NotAllowed);
        }
        let created = task::Created {
            task,
            team,
            owner: actor.contact,
            settings: tidy(settings, actor.contact),
            status: written(team, status),
            items: listed(team, &[], items)?,
        };
        Ok(vec![created.into()])
    }

    fn change(&self, actor: Actor, change: Change) -> Result<Vec<TaskEvent>, Rejection> {
        let (facts, role) = self.known_to(actor)?;
        let Change { items, status, .. } = change.clone();
        let settings = tidy(changed(facts.team, &facts.settings, change), facts.owner);
        let items = match items {
            Some(new) => listed(facts.team, &facts.items, new)?,
            None => facts.items.clone(),
        };
        let status = status.map_or_else(|| facts.status.clone(), |new| written(facts.team, new));
        let mut fields = differences(&facts.settings, &settings);
        fields.extend((items != facts.items).then_some("items"));
        fields.extend((status != facts.status).then_some("task_status"));
        let allowed = role.changeable_fields();
        let forbidden = |field: &&str| match *field {
            // Everybody who sees a task may start or stop to observe it.
            "observers" => !allowed.contains(field) && !only(actor.contact, &facts.settings, &settings),
            _ => !allowed.contains(field),
        };
        if fields.iter().any(forbidden) {
            return Err(Rejection::NotAllowed);
        }
        let mut events = vec![];
        if settings != facts.settings {
            let described = fields.contains(&"description");
            events.push(task::Changed { settings, described }.into());
        }
        if items != facts.items {
            events.push(task::ItemsReplaced { items }.into());
        }
        if status != facts.status {
            events.push(task::StatusChanged { status }.into());
        }
        Ok(events)
    }

    /// The deadline of an open task, if it has come and no event says so.
    fn overdue(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let open = self.facts.as_ref().filter(|facts| !self.archived && !facts.status.done)?;
        open.settings.deadline.filter(|deadline| *deadline <= now && open.passed != Some(*deadline))
    }

    fn check_item(&self, actor: Actor, item: TaskItemId, checked: bool) -> Result<Vec<TaskEvent>, Rejection> {
        let (facts, role) = self.known_to(actor)?;
        let known = facts.items.iter().find(|known| known.item == item).ok_or(Rejection::NoSuchLine)?;
        if !role.may_check() {
            return Err(Rejection::NotAllowed);
        }
        if reference(&known.text.or_default()).is_some() {
            return Err(Rejection::Reference);
        }
        Ok(if known.checked == checked { vec![] } else { vec![task::ItemChecked { item, checked }.into()] })
    }
}

fn written(team: TeamId, status: NewStatus) -> Status {
    let done = status.word == DONE;
    let reason = status.reason.filter(|reason| done && !reason.is_empty());
    let own = |text| Personal::of_team(team, text);
    Status { done, word: own(status.word), reason: reason.map(own) }
}

impl Aggregate for Task {
    type Command = Command;
    type Event = TaskEvent;
    type Rejection = Rejection;

    fn initial() -> Self {
        Self::default()
    }

    fn decide(&self, command: Command) -> Result<Vec<TaskEvent>, Rejection> {
        match command {
            Command::Create { .. } if self.facts.is_some() => Ok(vec![]),
            Command::Create { task, team, actor, settings, items, status } => {
                Self::create((task, team), actor, *settings, items, status)
            }
            Command::Change { actor, change } => self.change(actor, *change),
            Command::CheckItem { actor, item, checked } => self.check_item(actor, item, checked),
            Command::PassDeadline { now } => {
                let passed = self.overdue(now).map(|deadline| task::DeadlinePassed { deadline }.into());
                Ok(passed.into_iter().collect())
            }
            Command::Archive { actor } => match self.known_to(actor)? {
                (_, role) if role.may_delete() => Ok(vec![task::Archived {}.into()]),
                _ => Err(Rejection::NotAllowed),
            },
        }
    }

    fn evolve(&mut self, event: &TaskEvent) {
        if let TaskEvent::Created(created) = event {
            let task::Created { team, owner, settings, status, items, .. } = created.clone();
            self.facts = Some(Facts { team, owner, settings, status, items, passed: None });
        }
        let Some(facts) = &mut self.facts else { return };
        match event {
            TaskEvent::Created(_) => {}
            TaskEvent::Changed(changed) => {
                let same = facts.settings.deadline == changed.settings.deadline;
                facts.passed = facts.passed.filter(|_| same);
                facts.settings = changed.settings.clone();
            }
            TaskEvent::StatusChanged(changed) => {
                let same = facts.status.done == changed.status.done;
                facts.passed = facts.passed.filter(|_| same);
                facts.status = changed.status.clone();
            }
            TaskEvent::DeadlinePassed(passed) => facts.passed = Some(passed.deadline),
            TaskEvent::ItemsReplaced(replaced) => facts.items = replaced.items.clone(),
            TaskEvent::ItemChecked(ticked) => {
                let item = facts.items.iter_mut().find(|known| known.item == ticked.item);
                item.into_iter().for_each(|item| item.checked = ticked.checked);
            }
            TaskEvent::Archived(_) => self.archived = true,
        }
    }
}

#[cfg(test)]
mod tests;
