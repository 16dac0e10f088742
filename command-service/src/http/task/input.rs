//! What a request wants of a task: its fields as values, all that is wrong named at once.

use crate::{Commands, context::Context, input::Checks};
use access::TeamScope;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::{
    limits,
    message::is_reserved,
    policy::{self, Action},
    tag::Tags,
    task::{Change, NewItem, NewStatus},
};
use events::{ContactId, GroupId, MessageId, SectionId, StreamName, TagId, UploadId, value::SectionKind};
use platform::http::ApiError;
use protocol::{
    chat::Chat,
    error::ErrorCode,
    lang::Text,
    task::{PutTask, PutTaskItem},
};
use read_model::rights::ChatAccess;
use std::{collections::HashMap, str::FromStr};

/// What the request is for.
#[derive(Clone, Copy)]
pub(super) enum Purpose<'t> {
    /// A new task.
    Create(GroupId),
    /// One that the caller sees so.
    Change(GroupId, &'t Chat),
}

impl Purpose<'_> {
    /// Whether a field is the caller's to set.
    fn may(self, scope: &TeamScope, field: &str) -> bool {
        match self {
            Self::Create(_) => policy::may(scope.status, Action::CreateTask),
            Self::Change(_, known) => known.changeable_fields.iter().any(|known| known == field),
        }
    }
}

/// What a request wants.
pub(super) struct TaskInput {
    /// Of the task.
    pub(super) change: Change,
    /// Of the caller's own reminder.
    pub(super) remind_at: Option<Option<DateTime<Utc>>>,
}

impl Commands {
    /// Reads a request. Tags that it names and the team does not have come to be here, and files come to be used.
    pub(super) async fn wishes(
        &self,
        context: &mut Context,
        scope: &TeamScope,
        purpose: Purpose<'_>,
        input: PutTask,
    ) -> Result<TaskInput, ApiError> {
        let mut checks = Checks::default();
        let creates = matches!(purpose, Purpose::Create(_));
        if creates && input.description.is_none() {
            checks.refuse("description", Text::Required);
        }
        let deadline = self.deadline(&mut checks, scope, input.deadline).await?;
        let remind_at = input.remind_at.map(|at| given(at).and_then(|at| checks.time("remind_at", &at)));
        if let Some(Some(at)) = remind_at
            && at <= context.now
            && self.receipt(context).await?.is_none()
        {
            checks.refuse("remind_at", Text::NotInTheFuture);
        }
        let words = input.tags.map(|tags| words(&mut checks, &tags));
        let section = input
            .section
            .map(|section| given(section).and_then(|section| checks.uuid::<SectionId>("section", &section)));
        let mut change = Change {
            description: input
                .description
                .map(|text| checks.body("description", &text, limits::TASK_DESCRIPTION)),
            assignee: given(input.assignee).and_then(|jid| checks.contact("assignee", &jid)),
            observers: input.observers.map(|observers| contacts(&mut checks, &observers)),
            public: input.public,
            deadline,
            tags: None,
            section,
            color_index: input.custom_color_index,
            importance: within(&mut checks, "importance", input.importance, 1, limits::TASK_GRADE),
            urgency: within(&mut checks, "urgency", input.urgency, 1, limits::TASK_GRADE),
            complexity: within(&mut checks, "complexity", input.complexity, 0, limits::TASK_AMOUNT),
            spent_time: within(&mut checks, "spent_time", input.spent_time, 0, limits::TASK_AMOUNT),
            linked_messages: input.linked_messages.map(|ids| messages(&mut checks, &ids)),
            uploads: input.uploads.map(|ids| uploads(&mut checks, &ids)),
            items: input.items.map(|items| lines(&mut checks, context, items)),
            status: status(&mut checks, input.task_status, input.done_reason),
        };
        self.known(&mut checks, scope, &mut change).await?;
        checks.done()?;
        if let Some(uploads) = &change.uploads {
            self.files_of(context, scope, purpose, uploads).await?;
        }
        if let Some(words) = words {
            change.tags = Some(self.tags_of(context, scope, purpose, words).await?);
        }
        Ok(TaskInput { change, remind_at })
    }

    /// A time, or a day, which ends when the team says so. That is taken for UTC: a team has no time zone.
    async fn deadline(
        &self,
        checks: &mut Checks,
        scope: &TeamScope,
        sent: Option<Option<String>>,
    ) -> Result<Option<Option<DateTime<Utc>>>, ApiError> {
        let Some(sent) = sent else { return Ok(None) };
        let Some(text) = given(sent) else { return Ok(Some(None)) };
        let day = NaiveDate::from_str(&text).ok().filter(|_| text.len() == "2026-01-31".len());
        let Some(day) = day else { return Ok(Some(checks.time("deadline", &text))) };
        let default = self.access.read.teams().default_task_deadline(scope).await?;
        let default = default.and_then(|time| NaiveTime::from_str(&time).ok()).unwrap_or(NaiveTime::MIN);
        Ok(Some(Some(day.and_time(default).and_utc())))
    }

    /// Whoever and whatever is named must be of the team. Observers who have left it are dropped: a client sends the list
    /// back as it got it.
    async fn known(
        &self,
        checks: &mut Checks,
        scope: &TeamScope,
        change: &mut Change,
    ) -> Result<(), ApiError> {
        let read = &self.access.read;
        let named: Vec<ContactId> =
            change.assignee.iter().chain(change.observers.iter().flatten()).copied().collect();
        let known = match named.is_empty() {
            true => HashMap::new(),
            false => read.contacts().archived_among(scope, &named).await?,
        };
        if change.assignee.is_some_and(|assignee| known.get(&assignee) != Some(&false)) {
            checks.refuse("assignee", Text::DoesNotExist);
        }
        if let Some(observers) = &mut change.observers {
            if observers.iter().any(|observer| !known.contains_key(observer)) {
                checks.refuse("observers", Text::DoesNotExist);
            }
            observers.retain(|observer| known.get(observer) == Some(&false));
        }
        if let Some(Some(section)) = change.section
            && !read.sections().exists(scope, SectionKind::Tasks, section).await?
        {
            checks.refuse("section", Text::DoesNotExist);
        }
        if let Some(messages) = &change.linked_messages {
            let chats = read.messages().chats_of(scope, messages).await?;
            if messages.iter().any(|message| !chats.contains_key(message) || is_reserved(*message)) {
                checks.refuse("linked_messages", Text::DoesNotExist);
                return Ok(());
            }
            let mut chats: Vec<_> = chats.into_values().collect();
            chats.sort_unstable_by_key(|chat| chat.key());
            chats.dedup();
            for chat in chats {
                if read.chats().access(scope, chat).await? == ChatAccess::None {
                    checks.refuse("linked_messages", Text::DoesNotExist);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Sees to it that the task may name these files. Only who may change its files gives it new ones.
    async fn files_of(
        &self,
        context: &Context,
        scope: &TeamScope,
        purpose: Purpose<'_>,
        uploads: &[UploadId],
    ) -> Result<(), ApiError> {
        let (task, known) = match purpose {
            Purpose::Create(task) => (task, None),
            Purpose::Change(task, known) => (task, known.uploads.as_deref()),
        };
        let has = |upload: &UploadId| known.unwrap_or_default().iter().any(|known| known.uid == upload.0);
        let new: Vec<UploadId> = uploads.iter().filter(|upload| !has(upload)).copied().collect();
        if !new.is_empty() && !purpose.may(scope, "uploads") {
            return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids));
        }
        self.attach_to_task(context, scope, task, &new).await
    }

    /// The tags of these words. Only who may change the task's tags makes new ones in passing.
    async fn tags_of(
        &self,
        context: &mut Context,
        scope: &TeamScope,
        purpose: Purpose<'_>,
        words: Vec<String>,
    ) -> Result<Vec<TagId>, ApiError> {
        if words.is_empty() {
            return Ok(vec![]);
        }
        let named: Vec<(TagId, String)> = words.iter().map(|word| (context.id(), word.clone())).collect();
        let tags: Tags = match purpose.may(scope, "tags") {
            true => self.on_tags(&context.without_idempotency_key(), scope, named).await?.state,
            false => self.current(&StreamName::tags(scope.team)).await?,
        };
        let found: Option<Vec<TagId>> = words.iter().map(|word| tags.of_word(word)).collect();
        found.ok_or_else(|| ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids))
    }
}

/// A value that was sent and says something.
fn given(sent: Option<String>) -> Option<String> {
    sent.filter(|text| !text.is_empty())
}

fn contacts(checks: &mut Checks, jids: &[String]) -> Vec<ContactId> {
    if jids.len() > limits::TASK_OBSERVERS {
        checks.refuse("observers", Text::TooMany { max: limits::TASK_OBSERVERS });
        return vec![];
    }
    jids.iter().filter_map(|jid| checks.contact("observers", jid)).collect()
}

fn messages(checks: &mut Checks, ids: &[String]) -> Vec<MessageId> {
    if ids.len() > limits::LINKED_MESSAGES {
        checks.refuse("linked_messages", Text::TooMany { max: limits::LINKED_MESSAGES });
        return vec![];
    }
    ids.iter().filter_map(|id| checks.uuid("linked_messages", id)).collect()
}

fn uploads(checks: &mut Checks, ids: &[String]) -> Vec<UploadId> {
    if ids.len() > limits::TASK_UPLOADS {
        checks.refuse("uploads", Text::TooMany { max: limits::TASK_UPLOADS });
        return vec![];
    }
    ids.iter().filter_map(|id| checks.uuid("uploads", id)).collect()
}

fn words(checks: &mut Checks, tags: &[String]) -> Vec<String> {
    if tags.len() > limits::TASK_TAGS {
        checks.refuse("tags", Text::TooMany { max: limits::TASK_TAGS });
        return vec![];
    }
    let word = |(index, tag): (usize, &String)| checks.required(&format!("tags.{index}"), tag, limits::TAG);
    tags.iter().enumerate().map(word).collect()
}

fn lines(checks: &mut Checks, context: &mut Context, items: Vec<PutTaskItem>) -> Vec<NewItem> {
    if items.len() > limits::TASK_ITEMS {
        checks.refuse("items", Text::TooMany { max: limits::TASK_ITEMS });
        return vec![];
    }
    let line = |(index, item): (usize, PutTaskItem)| {
        let (uid, text, checked) = match item {
            PutTaskItem::Text(text) => (None, text, None),
            PutTaskItem::Line { uid, text, checked } => (given(uid), text, checked),
        };
        let known = uid.and_then(|uid| checks.uuid(&format!("items.{index}.uid"), &uid));
        NewItem {
            item: known.unwrap_or_else(|| context.id()),
            known: known.is_some(),
            text: checks.required(&format!("items.{index}"), &text, limits::TASK_ITEM),
            checked,
        }
    };
    items.into_iter().enumerate().map(line).collect()
}

fn within(
    checks: &mut Checks,
    field: &str,
    sent: Option<Option<u32>>,
    min: u32,
    max: u32,
) -> Option<Option<u32>> {
    if sent.flatten().is_some_and(|number| !(min..=max).contains(&number)) {
        checks.refuse(field, Text::OutOfRange { min: min.into(), max: max.into() });
    }
    sent
}

/// A reason is of use with the word `done` alone.
fn status(checks: &mut Checks, word: Option<String>, reason: Option<String>) -> Option<NewStatus> {
    let reason = reason.map(|reason| checks.text("done_reason", &reason, limits::TASK_REASON));
    let word = given(word)?;
    Some(NewStatus { word: checks.required("task_status", &word, limits::TASK_STATUS), reason })
}
