//! Messages about webhooks of Sentry: of the older plugin, which has one event at the top level, and of the integration
//! platform, which has `{action, data: {issue | event | error | metric_alert}}`.

use super::{first_line, first_of, joined, list, text};
use serde_json::Value;

/// The lines of the message.
pub(super) fn lines(payload: &Value) -> Option<Vec<String>> {
    match payload.get("data").filter(|data| data.is_object()) {
        Some(data) => platform(&text(payload, &["action"]), data),
        None => plugin(payload),
    }
}

fn plugin(payload: &Value) -> Option<Vec<String>> {
    let event = payload.get("event").unwrap_or(&Value::Null);
    let said = first_of(payload, &[&["message"]]);
    let said = if said.is_empty() { title(event) } else { said };
    // The hook of a single project has an object here, next to the group and the event as in the API.
    let project = first_of(
        payload,
        &[&["project_name"], &["project", "name"], &["project_slug"], &["project", "slug"], &["project"]],
    );
    let level = first_of(payload, &[&["level"], &["group", "level"], &["event", "level"]]);
    if said.is_empty() && project.is_empty() {
        return None;
    }
    Some(vec![
        joined(&["Sentry", &project, &level], " · "),
        first_line(&said),
        first_of(payload, &[&["culprit"], &["group", "culprit"], &["event", "culprit"]]),
        first_of(payload, &[&["url"], &["group", "url"], &["group", "permalink"], &["event", "url"]]),
    ])
}

/// The title of an event or an issue. Older events have it in the interface that reported them, under the short name or the
/// name of the Python class.
fn title(subject: &Value) -> String {
    let named = first_of(subject, &[&["title"], &["metadata", "title"]]);
    if !named.is_empty() {
        return named;
    }
    let exception =
        ["exception", "sentry.interfaces.Exception"].into_iter().find_map(|name| subject.get(name));
    // The values are a list within the interface, or the interface itself; the last one is what was raised.
    let values = exception.map_or(&[][..], |found| match found.as_array() {
        Some(values) => values,
        None => list(found, &["values"]),
    });
    let raised = |of: &Value| joined(&[&text(of, &["type"]), &text(of, &["value"])], ": ");
    let raised = [values.last().map(raised), subject.get("metadata").map(raised)];
    let raised = raised.into_iter().flatten().find(|raised| !raised.is_empty());
    raised.unwrap_or_else(|| {
        let said: [&[&str]; 7] = [
            &["message"],
            &["logentry", "formatted"],
            &["logentry", "message"],
            &["sentry.interfaces.Message", "formatted"],
            &["sentry.interfaces.Message", "message"],
            &["message", "formatted"],
            &["message", "message"],
        ];
        first_of(subject, &said)
    })
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
    let title = title(subject);
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

/// The action on an issue, in words.
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

/// The state of a metric alert, in words.
fn metric(action: &str) -> &str {
    match action {
        "critical" => "критично",
        "warning" => "предупреждение",
        "resolved" => "в норме",
        other => other,
    }
}
