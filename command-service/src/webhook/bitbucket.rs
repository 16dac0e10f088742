//! Messages about webhooks of Bitbucket: of Cloud, with events like `repo:push` and `pullrequest:created`, and of Server or
//! Data Center, with events like `repo:refs_changed` and `pr:opened`, named as `eventKey` in the payload too.

use super::{first_line, first_of, joined, list, text};
use serde_json::Value;

/// Largest number of commits of a push in the message.
const NAMED: usize = 10;

/// The lines of the message.
pub(super) fn lines(event: &str, payload: &Value) -> Option<Vec<String>> {
    let in_payload = text(payload, &["eventKey"]);
    let event = if event.is_empty() { &in_payload } else { event };
    match event {
        "repo:push" => push(payload),
        "repo:refs_changed" => refs_changed(payload),
        "repo:commit_status_created" | "repo:commit_status_updated" => build(payload),
        "repo:commit_comment_created" | "repo:comment:added" => commit_comment(payload),
        _ => None,
    }
    .or_else(|| pull_request(event, payload))
    .or_else(|| issue(event, payload))
}

fn actor(payload: &Value) -> String {
    let names: [&[&str]; 5] = [
        &["actor", "display_name"],
        &["actor", "displayName"],
        &["actor", "nickname"],
        &["actor", "username"],
        &["actor", "name"],
    ];
    first_of(payload, &names)
}

/// The action after the name of the actor, which automations and removed accounts do not have.
fn by_actor(payload: &Value, done: &str) -> String {
    joined(&[&actor(payload), done], ": ")
}

/// The full name of a repository.
fn repository(value: &Value) -> String {
    let full = first_of(value, &[&["full_name"], &["name"], &["slug"]]);
    match text(value, &["project", "key"]) {
        key if !key.is_empty() && !full.contains('/') => format!("{key}/{full}"),
        _ => full,
    }
}

fn head(payload: &Value, what: &str) -> String {
    let of = payload.get("repository").map(repository).unwrap_or_default();
    joined(&["Bitbucket", &of, what], " · ")
}

fn push(payload: &Value) -> Option<Vec<String>> {
    let mut lines = vec![];
    for change in list(payload, &["push", "changes"]) {
        let (new, old) = (text(change, &["new", "name"]), text(change, &["old", "name"]));
        match (new.is_empty(), old.is_empty()) {
            (true, true) => continue,
            (true, false) => lines.push(by_actor(payload, &format!("удалено: {old}"))),
            (false, true) => lines.push(by_actor(payload, &format!("создано: {new}"))),
            (false, false) => lines.push(by_actor(payload, &format!("отправлено в {new}"))),
        }
        let commits = list(change, &["commits"]);
        for commit in commits.iter().take(NAMED) {
            let hash: String = text(commit, &["hash"]).chars().take(7).collect();
            lines.push(joined(&["•", &hash, &first_line(&text(commit, &["message"]))], " "));
        }
        let more = commits.len() > NAMED || change.get("truncated").and_then(Value::as_bool) == Some(true);
        if more {
            lines.push("• …".to_owned());
        }
        lines.push(first_of(change, &[&["links", "html", "href"], &["new", "links", "html", "href"]]));
    }
    (!lines.is_empty()).then(|| [vec![head(payload, "")], lines].concat())
}

fn refs_changed(payload: &Value) -> Option<Vec<String>> {
    let line = |change: &Value| {
        let name = first_of(change, &[&["ref", "displayId"], &["ref", "id"]]);
        let done = match text(change, &["type"]).as_str() {
            "ADD" => "создано:",
            "DELETE" => "удалено:",
            _ => "отправлено в",
        };
        (!name.is_empty()).then(|| by_actor(payload, &format!("{done} {name}")))
    };
    let lines: Vec<String> = list(payload, &["changes"]).iter().filter_map(line).collect();
    (!lines.is_empty()).then(|| [vec![head(payload, "")], lines].concat())
}

/// The state of a build or another check of a commit.
fn build(payload: &Value) -> Option<Vec<String>> {
    let status = payload.get("commit_status").filter(|status| status.is_object())?;
    let state = text(status, &["state"]);
    let state = match state.as_str() {
        "INPROGRESS" => "сборка идёт",
        "SUCCESSFUL" => "сборка прошла",
        "FAILED" => "сборка не прошла",
        "STOPPED" => "сборка остановлена",
        other => &format!("сборка: {other}"),
    };
    let of = payload.get("repository").or_else(|| status.get("repository")).map(repository);
    Some(vec![
        joined(&["Bitbucket", &of.unwrap_or_default(), state], " · "),
        joined(&[&first_of(status, &[&["name"], &["key"]]), &text(status, &["refname"])], " · "),
        first_line(&text(status, &["description"])),
        first_of(status, &[&["url"], &["links", "self", "href"]]),
    ])
}

/// A comment on a commit, which Cloud gives as an object, Server as its hash.
fn commit_comment(payload: &Value) -> Option<Vec<String>> {
    let said = first_of(payload, &[&["comment", "content", "raw"], &["comment", "text"]]);
    let hash: String = first_of(payload, &[&["commit", "hash"], &["commit"]]).chars().take(7).collect();
    let commit = joined(&["комментарий к коммиту", &hash], " ");
    let comment = payload.get("comment")?;
    Some(vec![head(payload, &commit), by_actor(payload, &first_line(&said)), link(payload, comment)])
}

fn pull_request(event: &str, payload: &Value) -> Option<Vec<String>> {
    let done = match event {
        "pullrequest:created" | "pr:opened" => "новый пулреквест",
        "pullrequest:updated" | "pr:modified" | "pr:from_ref_updated" => "пулреквест изменён",
        "pullrequest:approved" | "pr:reviewer:approved" => "пулреквест одобрен",
        "pullrequest:unapproved" | "pr:reviewer:unapproved" => "одобрение снято",
        "pullrequest:changes_request_created"
        | "pr:reviewer:needs_work"
        | "pr:reviewer:changes_requested" => "нужны правки",
        "pullrequest:fulfilled" | "pr:merged" => "пулреквест влит",
        "pullrequest:rejected" | "pr:declined" => "пулреквест отклонён",
        "pr:deleted" => "пулреквест удалён",
        "pullrequest:comment_created" | "pr:comment:added" => "комментарий",
        _ => return None,
    };
    let (request, of) = match (payload.get("pullrequest"), payload.get("pullRequest")) {
        (Some(cloud), _) => (cloud, payload.get("repository")),
        (None, Some(server)) => (server, server.get("toRef").and_then(|to| to.get("repository"))),
        (None, None) => return None,
    };
    let of = of.map(repository).unwrap_or_default();
    let from = first_of(request, &[&["source", "branch", "name"], &["fromRef", "displayId"]]);
    let to = first_of(request, &[&["destination", "branch", "name"], &["toRef", "displayId"]]);
    let branches =
        if from.is_empty() || to.is_empty() { String::new() } else { format!("({from} → {to})") };
    let title = format!("#{} {}", text(request, &["id"]), first_line(&text(request, &["title"])));
    let said = first_of(payload, &[&["comment", "content", "raw"], &["comment", "text"]]);
    let reason = if done == "пулреквест отклонён" {
        text(request, &["reason"])
    } else {
        String::new()
    };
    Some(vec![
        joined(&["Bitbucket", &of, done], " · "),
        by_actor(payload, &joined(&[&title, &branches], " ")),
        first_line(&said),
        first_line(&reason),
        link(payload, request),
    ])
}

/// The URL of a comment, or of its subject.
fn link(payload: &Value, about: &Value) -> String {
    let comment = text(payload, &["comment", "links", "html", "href"]);
    let own = text(about, &["links", "html", "href"]);
    let server =
        list(about, &["links", "self"]).first().map(|link| text(link, &["href"])).unwrap_or_default();
    [comment, own, server].into_iter().find(|link| !link.is_empty()).unwrap_or_default()
}

fn issue(event: &str, payload: &Value) -> Option<Vec<String>> {
    let done = match event {
        "issue:created" => "новая задача",
        "issue:updated" => "задача изменена",
        "issue:comment_created" => "комментарий к задаче",
        _ => return None,
    };
    let issue = payload.get("issue")?;
    let title = format!("#{} {}", text(issue, &["id"]), first_line(&text(issue, &["title"])));
    Some(vec![
        head(payload, done),
        by_actor(payload, &title),
        first_line(&text(payload, &["comment", "content", "raw"])),
        link(payload, issue),
    ])
}
