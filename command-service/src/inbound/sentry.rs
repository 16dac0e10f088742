//! Sentry: the older webhook plugin, which tells of one event at its top level, and the integration platform, which tells
//! `{action, data: {issue | event | error | metric_alert}}`.

use super::{first_line, first_of, joined, text};
use serde_json::Value;

/// The lines of the message.
pub(super) fn lines(payload: &Value) -> Option<Vec<String>> {
    match payload.get("data").filter(|data| data.is_object()) {
        Some(data) => platform(&text(payload, &["action"]), data),
        None => plugin(payload),
    }
}

fn plugin(payload: &Value) -> Option<Vec<String>> {
    let said = first_of(payload, &[&["message"], &["event", "title"], &["event", "logentry", "message"]]);
    let project = first_of(payload, &[&["project_name"], &["project_slug"], &["project"]]);
    if said.is_empty() && project.is_empty() {
        return None;
    }
    Some(vec![
        joined(&["Sentry", &project, &text(payload, &["level"])], " · "),
        first_line(&said),
        text(payload, &["culprit"]),
        text(payload, &["url"]),
    ])
}

fn platform(action: &str, data: &Value) -> Option<Vec<String>> {
    if let Some(alert) = data.get("metric_alert") {
        let title = first_of(data, &[&["description_title"]]);
        let title = if title.is_empty() { text(alert, &["title"]) } else { title };
        let head = joined(&["Sentry", metric(action)], " · ");
        return Some(vec![
            head,
            title,
            first_line(&text(data, &["description_text"])),
            text(data, &["web_url"]),
        ]);
    }
    let found = ["issue", "event", "error"].into_iter().find_map(|name| data.get(name));
    let subject = found.filter(|subject| subject.is_object())?;
    let project = first_of(subject, &[&["project", "name"], &["project", "slug"], &["project_name"]]);
    let rule = text(data, &["triggered_rule"]);
    let rule = if rule.is_empty() { rule } else { format!("правило «{rule}»") };
    let title =
        first_of(subject, &[&["title"], &["metadata", "title"], &["metadata", "value"], &["message"]]);
    if title.is_empty() {
        return None;
    }
    let head =
        ["Sentry", &project, &text(subject, &["shortId"]), &text(subject, &["level"]), done(action), &rule];
    Some(vec![
        joined(&head, " · "),
        first_line(&title),
        text(subject, &["culprit"]),
        first_of(subject, &[&["web_url"], &["permalink"], &["url"]]),
    ])
}

/// What happened to an issue.
fn done(action: &str) -> &str {
    match action {
        "created" => "новая ошибка",
        "resolved" => "исправлено",
        "unresolved" => "снова открыто",
        "assigned" => "назначено",
        "ignored" | "archived" => "в архиве",
        "triggered" => "сработало оповещение",
        other => other,
    }
}

/// How a measured value stands.
fn metric(action: &str) -> &str {
    match action {
        "critical" => "критично",
        "warning" => "предупреждение",
        "resolved" => "в норме",
        other => other,
    }
}
