//! Prints a configuration as TOML: with the documentation of every key, or only the values. Secrets are hidden.

use super::{Config, Secret};
use crate::limits::Limit;
use serde_json::Value as Json;
use std::fmt::Write;
use toml::{Table, Value};

/// Keys whose values are hidden; in addresses only the password is hidden.
const HIDDEN: [&str; 6] = ["log", "read", "bus", "master_key", "sms.url", "sms.secret"];

/// All keys with their documentation as comments.
pub(super) fn documented(config: &Config) -> String {
    let schema = Json::from(Config::json_schema());
    let heading = "# All settings with their values. Environment: VECHE_ and the path in upper case, with `_` for `.`.\n";
    print(config, heading, |path| match path.strip_prefix("limits.").and_then(Limit::by_name) {
        Some(limit) => Some(limit.about().to_owned()),
        None => describe(&schema, path),
    })
}

/// All keys without documentation.
pub(super) fn redacted(config: &Config) -> String {
    print(config, "", |_| None)
}

fn print(config: &Config, heading: &str, about: impl Fn(&str) -> Option<String>) -> String {
    let table = Table::try_from(config).unwrap_or_default();
    let mut text = heading.to_owned();
    let (sections, plain): (Vec<_>, Vec<_>) = table.iter().partition(|(_, value)| value.is_table());
    for (key, value) in plain {
        setting(&mut text, key, key, value, about(key));
    }
    for (name, section) in sections {
        comment(&mut text, about(name).map(|about| format!("\n{about}")));
        line(&mut text, format_args!("{}[{name}]", if about(name).is_some() { "" } else { "\n" }));
        for (key, value) in section.as_table().into_iter().flatten() {
            let path = format!("{name}.{key}");
            setting(&mut text, &path, key, value, about(&path));
        }
    }
    text
}

fn setting(text: &mut String, path: &str, key: &str, value: &Value, about: Option<String>) {
    comment(text, about);
    match value {
        Value::String(secret) if HIDDEN.contains(&path) => {
            let shown = Value::String(Secret::new(secret.as_str()).redacted());
            line(text, format_args!("{key} = {shown}"));
        }
        other => line(text, format_args!("{key} = {other}")),
    }
}

fn comment(text: &mut String, about: Option<String>) {
    for part in about.iter().flat_map(|about| about.lines()) {
        match part {
            "" => line(text, format_args!("")),
            part => line(text, format_args!("# {part}")),
        }
    }
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = writeln!(text, "{content}");
}

/// The documentation of a key: the field's doc comment, taken from the JSON Schema.
fn describe(schema: &Json, path: &str) -> Option<String> {
    let mut node = schema;
    let mut found = None;
    for key in path.split('.') {
        let property = node.get("properties")?.get(key)?;
        let target = property.get("$ref").and_then(Json::as_str);
        node = match target.and_then(|target| target.strip_prefix('#')) {
            Some(pointer) => schema.pointer(pointer)?,
            None => property,
        };
        found = property.get("description").or_else(|| node.get("description"));
    }
    found.and_then(Json::as_str).map(str::to_owned)
}
