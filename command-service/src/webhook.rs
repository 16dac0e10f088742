//! Turns webhooks of other services into messages for people.
//!
//! The payloads may change any time: missing values are left out, and an unknown payload gives no message.

mod bitbucket;
mod lenient_json;
mod sentry;

pub(crate) use lenient_json::payload;

use domain::{limits, text};
use events::value::IntegrationKind;
use serde_json::Value;

/// The message of a payload; `None` if it is of no interest to people. `event` is the service's name of the event, if a header
/// has it.
pub(crate) fn message(kind: IntegrationKind, event: &str, payload: &Value) -> Option<String> {
    let lines = match kind {
        IntegrationKind::Sentry => sentry::lines(payload)?,
        IntegrationKind::Bitbucket => bitbucket::lines(event, payload)?,
        IntegrationKind::Raw => return None,
    };
    let lines: Vec<String> =
        lines.into_iter().map(|line| text::one_line(&line)).filter(|line| !line.is_empty()).collect();
    let text = lines.join("\n");
    (!text.is_empty()).then(|| text.chars().take(limits::MESSAGE).collect())
}

/// The string or number at a path of keys; empty if there is none.
fn text(value: &Value, path: &[&str]) -> String {
    let found = path.iter().try_fold(value, |value, key| value.get(key));
    match found {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// The first text that is not blank.
fn first_of(value: &Value, paths: &[&[&str]]) -> String {
    paths.iter().map(|path| text(value, path)).find(|text| text::shows_something(text)).unwrap_or_default()
}

/// The elements of the list at a path of keys; empty if there is none.
fn list<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    let found = path.iter().try_fold(value, |value, key| value.get(key));
    found.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The first line of a text that is not blank, cut to 200 characters.
fn first_line(text: &str) -> String {
    const LONGEST: usize = 200;
    let line = text.lines().map(str::trim).find(|line| text::shows_something(line)).unwrap_or_default();
    match line.chars().count() > LONGEST {
        true => line.chars().take(LONGEST).chain(['…']).collect(),
        false => line.to_owned(),
    }
}

/// The parts that are not blank, with a separator between them.
fn joined(parts: &[&str], separator: &str) -> String {
    parts.iter().filter(|part| text::shows_something(part)).copied().collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::{fs, path::Path};

    /// The folder has payloads as the services send them, with the messages they give.
    #[test]
    fn payload_of_a_service_gives_the_message_next_to_it() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inbound");
        let mut seen = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let cases: Vec<Value> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            for case in cases {
                let kind = IntegrationKind::from_word(case["kind"].as_str().unwrap()).unwrap();
                let event = case["event"].as_str().unwrap_or_default();
                let message = message(kind, event, &case["payload"]);
                let lines: Vec<&str> = message.as_deref().map_or(vec![], |text| text.lines().collect());
                assert_eq!(json!(lines), case["message"], "{}: {}", path.display(), case["about"]);
                seen += 1;
            }
        }
        assert!(seen > 20);
    }

    #[test]
    fn payload_of_an_unexpected_shape_gives_a_short_message_or_none() {
        for payload in [
            json!({}),
            json!({"data": []}),
            json!({"push": {"changes": [null, 5]}}),
            json!({"action": {}}),
            json!({"event": {"exception": [null, {"values": "x"}], "metadata": []}, "project": {"name": []}}),
            json!({"actor": [], "repository": null, "commit_status": 5, "comment": "x"}),
        ] {
            for kind in IntegrationKind::ALL {
                for event in [
                    "",
                    "repo:push",
                    "pullrequest:created",
                    "pr:opened",
                    "issue:created",
                    "x",
                    "repo:commit_status_updated",
                    "repo:commit_comment_created",
                ] {
                    let _ = message(*kind, event, &payload);
                }
            }
        }
    }

    #[test]
    fn message_of_a_long_payload_is_cut_and_has_no_nul() {
        let long = json!({"project_name": "a\u{0}b", "message": "ы".repeat(limits::MESSAGE)});
        let text = message(IntegrationKind::Sentry, "", &long).unwrap();
        assert!(!text.contains('\0') && text.chars().count() <= limits::MESSAGE);
    }
}
