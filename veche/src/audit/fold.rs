//! Generic fold of streams, field by field: the values of each field with the events that set them.
//!
//! It knows no rules of any noun: a payload sets the fields that it names. So it shows what the log says even when the
//! code that wrote it is long gone.

use crate::failure::Failure;
use chrono::{DateTime, Utc};
use events::{AccountId, ContactId, Event, Position, Recorded, StreamName};
use secrets::journal::{Journal, LoadError};
use serde::Serialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, sync::Arc};

/// Number of events read from a stream at once.
const PAGE: usize = 500;
/// Suffixes of field names that hold secrets or look-up hashes, which are left out.
const SECRET: [&str; 3] = ["_hash", "_sealed", "nonce"];
/// Placeholder for a value whose key was destroyed.
const ERASED: &str = "(erased)";

/// Path of a field, e.g. `contacts`, its uid, `role`.
pub(super) type Path = Vec<String>;

/// Event that set a field.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Origin {
    pub(super) position: Position,
    pub(super) kind: String,
    pub(super) at: DateTime<Utc>,
    pub(super) command: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) actor: Option<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contact: Option<ContactId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_id: Option<String>,
}

/// A value that a field was given.
#[derive(Clone, Debug)]
pub(super) struct Set {
    /// New value; `None`: the field was removed.
    pub(super) value: Option<Value>,
    pub(super) by: Arc<Origin>,
}

/// All fields with their values, oldest first.
#[derive(Debug, Default)]
pub(super) struct Fold {
    pub(super) fields: BTreeMap<Path, Vec<Set>>,
}

impl Fold {
    /// Folds streams up to a position. Unreadable events are reported on standard error and skipped.
    ///
    /// # Errors
    /// The log or the keys cannot be read.
    pub(super) async fn of(
        journal: &Journal,
        streams: &[StreamName],
        until: Position,
    ) -> Result<Self, Failure> {
        let mut fold = Self::default();
        for stream in streams {
            let mut from = 0;
            loop {
                let page = journal.log().read_stream(stream, from, PAGE).await?;
                let Some(last) = page.last() else { break };
                from = last.revision + 1;
                for raw in page.into_iter().filter(|raw| raw.position <= until) {
                    match journal.decode(vec![raw]).await {
                        Ok(events) => events.iter().try_for_each(|event| fold.apply(event))?,
                        Err(error @ LoadError::Event { .. }) => eprintln!("{error}"),
                        Err(error) => return Err(error.into()),
                    }
                }
            }
        }
        Ok(fold)
    }

    fn apply(&mut self, recorded: &Recorded<Event>) -> Result<(), Failure> {
        let kind = recorded.event.kind();
        let Value::Object(mut payload) = recorded.event.payload()? else { return Ok(()) };
        let meta = &recorded.meta;
        let by = Arc::new(Origin {
            position: recorded.position,
            kind: kind.to_owned(),
            at: meta.at,
            command: meta.command.clone(),
            actor: meta.actor,
            contact: meta.contact,
            request_id: meta.request_id.clone(),
        });
        let path = place(kind, &mut payload);
        let verb = kind.split('.').nth(1).unwrap_or_default();
        match verb {
            "removed" | "revoked" | "closed" | "member_removed" | "reaction_removed" => {
                self.remove(&path, &by)
            }
            "icon_removed" => self.remove(&joined(&path, "icon"), &by),
            "archived" => self.set(joined(&path, "archived"), Value::Bool(true), &by),
            "deleted" => {
                self.remove(&joined(&path, "text"), &by);
                self.set(joined(&path, "deleted"), Value::Bool(true), &by);
            }
            "restored" => self.set(joined(&path, "archived"), Value::Bool(false), &by),
            "reaction_set" => self.set(path.clone(), Value::Bool(true), &by),
            _ => {}
        }
        self.set_all(&path, payload, &by);
        Ok(())
    }

    fn set_all(&mut self, path: &Path, fields: Map<String, Value>, by: &Arc<Origin>) {
        for (name, value) in fields {
            if SECRET.iter().any(|end| name.ends_with(end)) {
                continue;
            }
            let path = joined(path, &name);
            match value {
                Value::Object(mut fields) => match fields.remove("$personal") {
                    Some(personal) => {
                        let erased = || Value::String(ERASED.to_owned());
                        let value = personal.get("value").cloned().unwrap_or_else(erased);
                        self.set(path, value, by);
                    }
                    // Settings and profiles are fields of their owner.
                    None if matches!(name.as_str(), "settings" | "profile" | "member") => {
                        self.set_all(&path[..path.len() - 1].to_vec(), fields, by);
                    }
                    None => self.set_all(&path, fields, by),
                },
                Value::Array(items) => {
                    self.set(path, Value::Array(items.into_iter().map(plain).collect()), by)
                }
                value => self.set(path, value, by),
            }
        }
    }

    fn set(&mut self, path: Path, value: Value, by: &Arc<Origin>) {
        let history = self.fields.entry(path).or_default();
        // A payload that holds all fields repeats unchanged values.
        if history.last().is_none_or(|last| last.value.as_ref() != Some(&value)) {
            history.push(Set { value: Some(value), by: by.clone() });
        }
    }

    fn remove(&mut self, path: &Path, by: &Arc<Origin>) {
        for (_, history) in self.fields.iter_mut().filter(|(field, _)| field.starts_with(path)) {
            if history.last().is_some_and(|last| last.value.is_some()) {
                history.push(Set { value: None, by: by.clone() });
            }
        }
    }

    /// The state as one JSON value.
    pub(super) fn state(&self) -> Value {
        let mut state = Map::new();
        for (path, history) in &self.fields {
            if let Some(value) = history.last().and_then(|last| last.value.clone()) {
                insert(&mut state, path, value);
            }
        }
        Value::Object(state)
    }
}

/// Unwraps personal values, also inside lists.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(mut fields) => match fields.remove("$personal") {
            Some(personal) => personal.get("value").cloned().unwrap_or_else(|| ERASED.into()),
            None => Value::Object(fields.into_iter().map(|(name, value)| (name, plain(value))).collect()),
        },
        Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        value => value,
    }
}

fn insert(state: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [name] => drop(state.insert(name.clone(), value)),
        [name, rest @ ..] => {
            let inner = state.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

fn joined(path: &Path, name: &str) -> Path {
    path.iter().cloned().chain([name.to_owned()]).collect()
}

/// Path of the part of the subject that an event is about; its ids are removed from the payload.
fn place(kind: &str, payload: &mut Map<String, Value>) -> Path {
    let mut parts = kind.split('.');
    let (noun, verb) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let mut named = |list: &str, field: &str| {
        let id = match payload.remove(field).map(plain) {
            Some(Value::String(id)) => id,
            other => other.unwrap_or_default().to_string(),
        };
        vec![list.to_owned(), id]
    };
    match (noun, verb) {
        ("contact", _) => named("contacts", "contact"),
        ("section", _) => named("sections", "section"),
        ("invitation", _) => named("invitations", "invitation"),
        ("integration", _) => named("integrations", "integration"),
        ("upload", "stored" | "removed") => named("uploads", "upload"),
        ("upload", "attached_to_task") => named("used_by_tasks", "task"),
        ("tag", _) => named("tags", "tag"),
        ("device", _) => named("devices", "device_id"),
        ("address_book", _) => joined(&named("devices", "device_id"), "address_book"),
        ("session", _) => named("sessions", "session"),
        ("qr_login", _) => named("qr_logins", "offer"),
        ("icon", _) => vec!["icon".to_owned()],
        ("task", "item_checked") => named("checked", "item"),
        ("group", "member_removed") => named("members", "contact"),
        ("group", "member_set") => {
            let contact = payload.get("member").and_then(|member| member.get("contact")).cloned();
            let contact = contact.as_ref().and_then(Value::as_str).unwrap_or_default();
            vec!["members".to_owned(), contact.to_owned()]
        }
        ("message", "reaction_set" | "reaction_removed") => {
            let contact = named("reactions", "contact");
            let name = payload.remove("name").and_then(|name| name.as_str().map(str::to_owned));
            joined(&contact, &name.unwrap_or_default())
        }
        _ => vec![],
    }
}

/// A path in dotted form.
pub(super) fn dotted(path: &Path) -> String {
    path.join(".")
}
