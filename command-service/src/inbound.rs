//! What other services tell of themselves (their webhooks), as messages for people.
//!
//! Their payloads are theirs to change: whatever is missing is left out, and what is not understood is no message.

mod bitbucket;
mod mend;
mod sentry;

pub(crate) use mend::payload;

use domain::{limits, text};
use events::value::IntegrationKind;
use serde_json::Value;

/// The message that a payload makes; none for what is of no interest. `event` is the service's own name of what happened,
/// if it came in a header.
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

/// The text at a path of keys; a number counts as one. Empty where there is none.
fn text(value: &Value, path: &[&str]) -> String {
    let found = path.iter().try_fold(value, |value, key| value.get(key));
    match found {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// The first of these texts that says something.
fn first_of(value: &Value, paths: &[&[&str]]) -> String {
    paths.iter().map(|path| text(value, path)).find(|text| text::shows_something(text)).unwrap_or_default()
}

/// What a list holds; nothing where there is none.
fn list<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    let found = path.iter().try_fold(value, |value, key| value.get(key));
    found.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The first line of a text, cut where it is too long to be read at a glance.
fn first_line(text: &str) -> String {
    const GLANCE: usize = 200;
    let line = text.lines().map(str::trim).find(|line| text::shows_something(line)).unwrap_or_default();
    match line.chars().count() > GLANCE {
        true => line.chars().take(GLANCE).chain(['…']).collect(),
        false => line.to_owned(),
    }
}

/// Parts that say something, with something between them.
fn joined(parts: &[&str], between: &str) -> String {
    parts.iter().filter(|part| text::shows_something(part)).copied().collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::{fs, path::Path};

    /// Payloads as the services send them, with the messages they make.
    #[test]
    fn payloads_make_the_messages_beside_them() {
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
    fn whatever_comes_is_no_harm() {
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
    fn a_message_is_clean_and_no_longer_than_one_may_be() {
        let long = json!({"project_name": "a\u{0}b", "message": "ы".repeat(limits::MESSAGE)});
        let text = message(IntegrationKind::Sentry, "", &long).unwrap();
        assert!(!text.contains('\0') && text.chars().count() <= limits::MESSAGE);
    }
}
