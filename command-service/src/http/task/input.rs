//! Reads the fields of a task, checks what they name, creates the tags and attaches the files that they name.

use crate::{context::Context, http::tag::ensure_tags, input::Fields, service::CommandService};
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
use platform::http::{ApiError, FieldErrors};
use protocol::{
    chat::Chat,
    error::ErrorCode,
    lang::Text,
    task::{PutTask, PutTaskItem},
};
use read_model::rights::ChatAccess;
use std::{collections::HashMap, str::FromStr};

/// The kind of request.
#[derive(Clone, Copy)]
pub(super) enum Purpose<'t> {
    Create(GroupId),
    /// The task as the caller sees it.
    Change(GroupId, &'t Chat),
}

impl Purpose<'_> {
    /// Whether the caller may set a field.
    fn may(self, scope: &TeamScope, field: &str) -> bool {
        match self {
            Self::Create(_) => policy::may(scope.status, Action::CreateTask),
            Self::Change(_, known) => known.changeable_fields.iter().any(|known| known == field),
        }
    }
}

/// The fields of a request.
pub(super) struct TaskInput {
    pub(super) change: Change,
    /// The time of the caller's own reminder; `Some(None)` removes it.
    pub(super) remind_at: Option<Option<DateTime<Utc>>>,
}

/// Reads a request. Creates the tags that it names and the team does not have, and attaches its files.
pub(super) async fn read_input(
    service: &CommandService,
    context: &mut Context,
    scope: &TeamScope,
    purpose: Purpose<'_>,
    input: PutTask,
) -> Result<TaskInput, ApiError> {
    let mut errors = FieldErrors::default();
    let creates = matches!(purpose, Purpose::Create(_));
    if creates && input.description.is_none() {
        errors.add("description", Text::Required);
    }
    let deadline = deadline(service, &mut errors, scope, input.deadline).await?;
    let remind_at = input.remind_at.map(|at| given(at).and_then(|at| errors.time("remind_at", &at)));
    if let Some(Some(at)) = remind_at
        && at <= context.now
        && service.aggregates.receipt(context).await?.is_none()
    {
        errors.add("remind_at", Text::NotInTheFuture);
    }
    let words = input.tags.map(|tags| tag_words(&mut errors, &tags));
    let section = input
        .section
        .map(|section| given(section).and_then(|section| errors.uuid::<SectionId>("section", &section)));
    let mut change = Change {
        description: input
            .description
            .map(|text| errors.body("description", &text, limits::TASK_DESCRIPTION)),
        assignee: given(input.assignee).and_then(|jid| errors.contact("assignee", &jid)),
        observers: input.observers.map(|observers| contacts(&mut errors, &observers)),
        public: input.public,
        deadline,
        tags: None,
        section,
        color_index: input.custom_color_index,
        importance: within(&mut errors, "importance", input.importance, 1, limits::TASK_GRADE),
        urgency: within(&mut errors, "urgency", input.urgency, 1, limits::TASK_GRADE),
        complexity: within(&mut errors, "complexity", input.complexity, 0, limits::TASK_AMOUNT),
        spent_time: within(&mut errors, "spent_time", input.spent_time, 0, limits::TASK_AMOUNT),
        linked_messages: input.linked_messages.map(|ids| messages(&mut errors, &ids)),
        uploads: input.uploads.map(|ids| uploads(&mut errors, &ids)),
        items: input.items.map(|items| checklist(&mut errors, context, items)),
        status: status(&mut errors, input.task_status, input.done_reason),
    };
    check_references(service, &mut errors, scope, &mut change).await?;
    errors.finish()?;
    if let Some(uploads) = &change.uploads {
        attach_files(service, context, scope, purpose, uploads).await?;
    }
    if let Some(words) = words {
        change.tags = Some(find_or_create_tags(service, context, scope, purpose, words).await?);
    }
    Ok(TaskInput { change, remind_at })
}

/// Reads a time, or a day, which ends at the team's default time in UTC: a team has no time zone.
async fn deadline(
    service: &CommandService,
    errors: &mut FieldErrors,
    scope: &TeamScope,
    sent: Option<Option<String>>,
) -> Result<Option<Option<DateTime<Utc>>>, ApiError> {
    let Some(sent) = sent else { return Ok(None) };
    let Some(text) = given(sent) else { return Ok(Some(None)) };
    let day = NaiveDate::from_str(&text).ok().filter(|_| text.len() == "2026-01-31".len());
    let Some(day) = day else { return Ok(Some(errors.time("deadline", &text))) };
    let default = service.access.read.teams().default_task_deadline(scope).await?;
    let default = default.and_then(|time| NaiveTime::from_str(&time).ok()).unwrap_or(NaiveTime::MIN);
    Ok(Some(Some(day.and_time(default).and_utc())))
}

/// Checks that everything the request names belongs to the team. Observers who have left it are dropped, since clients send
/// the list back as they got it.
async fn check_references(
    service: &CommandService,
    errors: &mut FieldErrors,
    scope: &TeamScope,
    change: &mut Change,
) -> Result<(), ApiError> {
    let read = &service.access.read;
    let named: Vec<ContactId> =
        change.assignee.iter().chain(change.observers.iter().flatten()).copied().collect();
    let known = match named.is_empty() {
        true => HashMap::new(),
        false => read.contacts().archived_among(scope, &named).await?,
    };
    if change.assignee.is_some_and(|assignee| known.get(&assignee) != Some(&false)) {
        errors.add("assignee", Text::DoesNotExist);
    }
    if let Some(observers) = &mut change.observers {
        if observers.iter().any(|observer| !known.contains_key(observer)) {
            errors.add("observers", Text::DoesNotExist);
        }
        observers.retain(|observer| known.get(observer) == Some(&false));
    }
    if let Some(Some(section)) = change.section
        && !read.sections().exists(scope, SectionKind::Tasks, section).await?
    {
        errors.add("section", Text::DoesNotExist);
    }
    if let Some(messages) = &change.linked_messages {
        let chats = read.messages().chats_of(scope, messages).await?;
        if messages.iter().any(|message| !chats.contains_key(message) || is_reserved(*message)) {
            errors.add("linked_messages", Text::DoesNotExist);
            return Ok(());
        }
        let mut chats: Vec<_> = chats.into_values().collect();
        chats.sort_unstable_by_key(|chat| chat.key());
        chats.dedup();
        for chat in chats {
            if read.chats().access(scope, chat).await? == ChatAccess::None {
                errors.add("linked_messages", Text::DoesNotExist);
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Attaches files to the task. New files need the right to change its files.
async fn attach_files(
    service: &CommandService,
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
    service.attachments.attach_to_task(context, scope, task, &new).await
}

/// The tags of words. New tags need the right to change the task's tags.
async fn find_or_create_tags(
    service: &CommandService,
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
        true => ensure_tags(service, &context.without_idempotency_key(), scope, named).await?.state,
        false => service.aggregates.current(&StreamName::tags(scope.team)).await?,
    };
    let found: Option<Vec<TagId>> = words.iter().map(|word| tags.of_word(word)).collect();
    found.ok_or_else(|| ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids))
}

/// A value that was sent and is not empty.
fn given(sent: Option<String>) -> Option<String> {
    sent.filter(|text| !text.is_empty())
}

fn contacts(errors: &mut FieldErrors, jids: &[String]) -> Vec<ContactId> {
    if jids.len() > limits::TASK_OBSERVERS {
        errors.add("observers", Text::TooMany { max: limits::TASK_OBSERVERS });
        return vec![];
    }
    jids.iter().filter_map(|jid| errors.contact("observers", jid)).collect()
}

fn messages(errors: &mut FieldErrors, ids: &[String]) -> Vec<MessageId> {
    if ids.len() > limits::LINKED_MESSAGES {
        errors.add("linked_messages", Text::TooMany { max: limits::LINKED_MESSAGES });
        return vec![];
    }
    ids.iter().filter_map(|id| errors.uuid("linked_messages", id)).collect()
}

fn uploads(errors: &mut FieldErrors, ids: &[String]) -> Vec<UploadId> {
    if ids.len() > limits::TASK_UPLOADS {
        errors.add("uploads", Text::TooMany { max: limits::TASK_UPLOADS });
        return vec![];
    }
    ids.iter().filter_map(|id| errors.uuid("uploads", id)).collect()
}

fn tag_words(errors: &mut FieldErrors, tags: &[String]) -> Vec<String> {
    if tags.len() > limits::TASK_TAGS {
        errors.add("tags", Text::TooMany { max: limits::TASK_TAGS });
        return vec![];
    }
    let word = |(index, tag): (usize, &String)| errors.required(&format!("tags.{index}"), tag, limits::TAG);
    tags.iter().enumerate().map(word).collect()
}

fn checklist(errors: &mut FieldErrors, context: &mut Context, items: Vec<PutTaskItem>) -> Vec<NewItem> {
    if items.len() > limits::TASK_ITEMS {
        errors.add("items", Text::TooMany { max: limits::TASK_ITEMS });
        return vec![];
    }
    let line = |(index, item): (usize, PutTaskItem)| {
        let (uid, text, checked) = match item {
            PutTaskItem::Text(text) => (None, text, None),
            PutTaskItem::Line { uid, text, checked } => (given(uid), text, checked),
        };
        let known = uid.and_then(|uid| errors.uuid(&format!("items.{index}.uid"), &uid));
        NewItem {
            item: known.unwrap_or_else(|| context.id()),
            known: known.is_some(),
            text: errors.required(&format!("items.{index}"), &text, limits::TASK_ITEM),
            checked,
        }
    };
    items.into_iter().enumerate().map(line).collect()
}

fn within(
    errors: &mut FieldErrors,
    field: &str,
    sent: Option<Option<u32>>,
    min: u32,
    max: u32,
) -> Option<Option<u32>> {
    if sent.flatten().is_some_and(|number| !(min..=max).contains(&number)) {
        errors.add(field, Text::OutOfRange { min: min.into(), max: max.into() });
    }
    sent
}

/// Reads the status. A reason has an effect with the word `done` alone.
fn status(errors: &mut FieldErrors, word: Option<String>, reason: Option<String>) -> Option<NewStatus> {
    let reason = reason.map(|reason| errors.text("done_reason", &reason, limits::TASK_REASON));
    let word = given(word)?;
    Some(NewStatus { word: errors.required("task_status", &word, limits::TASK_STATUS), reason })
}
