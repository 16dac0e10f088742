//! Examples of requests and responses, attached to every operation in one place. Samples recorded from the reference and
//! requests written by hand stand in `examples.json`, by operation id; everything else is derived from the schemas.

use super::operations::operations_mut;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::openapi::{Content, OpenApi as Document, RefOr};

/// Samples by operation id.
const SAMPLES: &str = include_str!("examples.json");

/// Properties that an example of an object without required properties shows.
const OPTIONAL_SHOWN: usize = 2;

/// Schemas nested more deeply than this are left out.
const DEPTH: usize = 12;

#[derive(Default, Deserialize)]
struct Sample {
    request: Option<Value>,
    response: Option<Value>,
}

/// Attaches an example to each request and each successful response that has a body.
pub(super) fn attach(document: &mut Document) {
    let samples: BTreeMap<String, Sample> = serde_json::from_str(SAMPLES).unwrap_or_default();
    let schemas = serde_json::to_value(&document.components).unwrap_or_default()["schemas"].take();
    let derive = Deriver { schemas };
    let none = Sample::default();
    for (_, _, operation) in operations_mut(document) {
        let sample = operation.operation_id.as_ref().and_then(|id| samples.get(id)).unwrap_or(&none);
        if let Some(RefOr::T(body)) = &mut operation.request_body {
            let is_only = body.content.len() == 1;
            for (media_type, content) in &mut body.content {
                let recorded =
                    sample.request.as_ref().filter(|_| is_only || media_type == "application/json");
                derive.attach(media_type, content, recorded);
            }
        }
        let responses = operation.responses.responses.iter_mut();
        for (status, response) in responses.filter(|(status, _)| status.starts_with('2')) {
            let RefOr::T(response) = response else { continue };
            let recorded = sample.response.as_ref().filter(|_| status == "200");
            for (media_type, content) in &mut response.content {
                let recorded = recorded.filter(|_| media_type != "text/event-stream");
                derive.attach(media_type, content, recorded);
            }
        }
    }
}

/// Derives examples from schemas.
struct Deriver {
    schemas: Value,
}

impl Deriver {
    /// Attaches a recorded sample or a derived example. Pictures and files have none.
    fn attach(&self, media_type: &str, content: &mut RefOr<Content>, recorded: Option<&Value>) {
        let RefOr::T(content) = content else { return };
        let is_shown = media_type.starts_with("application/")
            || media_type.starts_with("text/")
            || media_type == "multipart/form-data";
        if !is_shown {
            return;
        }
        let example = match (recorded, media_type) {
            (Some(sample), _) => sample.clone(),
            (None, "text/event-stream") => json!("id: 1234.0\ndata: {\"event\":\"server.time\"}\n\n"),
            (None, _) => {
                let schema = serde_json::to_value(&content.schema).unwrap_or_default();
                self.example("", &schema, 0)
            }
        };
        content.example = Some(example);
    }

    fn example(&self, name: &str, schema: &Value, depth: usize) -> Value {
        if let Some(example) = schema.get("example") {
            return example.clone();
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let target = target.rsplit('/').next().unwrap_or_default();
            return self.example(name, &self.schemas[target], depth + 1);
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            let objects = parts.iter().filter_map(|part| match self.example(name, part, depth + 1) {
                Value::Object(object) => Some(object),
                _ => None,
            });
            return Value::Object(objects.flatten().collect::<Map<String, Value>>());
        }
        if let Some(options) = ["oneOf", "anyOf"].into_iter().find_map(|key| schema.get(key)?.as_array()) {
            let is_null = |option: &&Value| option["type"] == "null";
            let option = options.iter().find(|option| !is_null(option));
            return option.map_or(Value::Null, |option| self.example(name, option, depth + 1));
        }
        if let Some(word) = schema.pointer("/enum/0") {
            return word.clone();
        }
        let kinds = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
            kind => kind.as_str(),
        };
        match kinds {
            Some("object") => self.object(schema, depth),
            Some("array") if depth < DEPTH => json!([self.example(name, &schema["items"], depth + 1)]),
            Some("array") => json!([]),
            Some("integer" | "number") => number(name, schema),
            Some("boolean") => json!(true),
            Some("string") => json!(text(name, schema)),
            _ => Value::Null,
        }
    }

    fn object(&self, schema: &Value, depth: usize) -> Value {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return json!({}) };
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let shown: Vec<&str> = match required.is_empty() {
            true => properties.keys().map(String::as_str).take(OPTIONAL_SHOWN).collect(),
            false => required,
        };
        let shown = shown.into_iter().filter_map(|name| Some((name, properties.get(name)?)));
        shown.map(|(name, schema)| (name.to_owned(), self.example(name, schema, depth + 1))).collect()
    }
}

fn number(name: &str, schema: &Value) -> Value {
    match name {
        "gentime" | "base_gentime" | "draft_gentime" => json!(1_569_546_004_009_720_191_i64),
        "year" => json!(2019),
        "size" | "uploads_size" => json!(48_213),
        "width" | "height" => json!(256),
        _ => schema.get("minimum").cloned().filter(|minimum| *minimum != json!(0)).unwrap_or(json!(1)),
    }
}

/// A text that fits the schema: by its format or pattern where it has one, else by the property's name.
fn text(name: &str, schema: &Value) -> String {
    const JID: &str = "d-7d09fba1-414e-47ab-ad05-6cf7fee2e081";
    if schema["format"] == "uuid" {
        return JID.trim_start_matches("d-").to_owned();
    }
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    if let Some(words) = pattern.strip_prefix("^(").and_then(|rest| rest.strip_suffix(")$"))
        && !words.contains(['[', '\\'])
    {
        return words.split('|').next().unwrap_or_default().to_owned();
    }
    let by_pattern = [("^[dgt]-", JID), (r"^\d{4}-", "2019-09-27T00:59:50.898951Z")];
    if let Some((_, example)) = by_pattern.into_iter().find(|(start, _)| pattern.starts_with(start)) {
        return example.to_owned();
    }
    let example = match name {
        "phone" | "contact_phone" => "+79166660002",
        "contact_email" | "email" => "vasya@example.org",
        "given_name" => "Вася",
        "family_name" => "Пупкин",
        "display_name" => "Вася Пупкин",
        "short_name" => "Вася",
        "jid" | "chat" | "to" | "group" => JID,
        "hash" => "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "url" | "url_2x" | "host" | "userver" | "qr" => "https://chat.example.org/",
        "content_type" => "image/jpeg",
        "iso" => "RU",
        "key" if pattern.starts_with("^:") => ":grinning_face:",
        "char" => "😀",
        "default_task_deadline" => "18:00:00",
        "quiet_time_start" | "quiet_time_finish" => "22:00",
        "timezone" | "timezones" => "Europe/Moscow",
        "fire_at" | "deadline" => "2030-01-01T09:00:00Z",
        "code" => "1234",
        "token" => "kX3v0r8bTqeC5m2JkX3v0r8bTqe",
        "position" => "1234.0",
        "file" => "(the file's bytes)",
        "kind" | "type" => "image",
        "task_status" => "new",
        _ => "text",
    };
    example.to_owned()
}
