//! Requests generated from the served OpenAPI document by schemathesis, valid and invalid ones, against the running
//! product: no 5xx; no status, type or body that the document lacks; no valid request refused for an undocumented
//! reason (tests/schemathesis/hooks.py).

use http::Method;
use serde_json::{Value, json};
use std::{path::PathBuf, process::Command};
use veche_tests::{
    person::{Person, text},
    world::{Layout, Plan, Role, World},
};

/// Requests for each operation and phase; `VECHE_TEST_GENERATED` sets another number.
const EXAMPLES: &str = "4";

/// The generator, installed by `deploy/local/python.sh`.
fn schemathesis() -> PathBuf {
    let folder = std::env::var_os("VECHE_TEST_PYTHON")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.local/python"), PathBuf::from);
    let program = folder.join("bin/schemathesis");
    assert!(program.is_file(), "{} is missing: deploy/local/python.sh installs it", program.display());
    program
}

/// Makes a team with one object of each kind; returns values by path parameter.
async fn objects(owner: &Person, member: &Person) -> Value {
    let team = owner.make_team("Команда", &["+79050000002"]).await;
    let jid = team.jid_of("+79050000002");
    let group = owner.make_group(&team.uid, "Группа", &[&jid]).await;
    let message = member.post(&team.uid, &group, "сообщение").await;
    let (v3, v4) = (format!("/api/v3/teams/{}", team.uid), format!("/api/v4/teams/{}", team.uid));
    let integration = json!({"comment": "x", "kind": "raw", "group": group, "enabled": true});
    let integration = owner.client.post(format!("{v3}/integrations"), integration).await.ok();
    let invitation = owner.client.post(format!("{v3}/invitations"), json!({})).await.ok();
    let section = async |kind: &str| {
        let made = owner.client.post(format!("{v4}/{kind}-sections"), json!({"name": kind})).await;
        text(&made.ok()["uid"])
    };
    let task = json!({"description": "задача", "assignee": jid, "items": ["раз"], "tags": ["тег"]});
    let task = owner.client.post(format!("{v4}/tasks"), task).await.ok();
    let tags = owner.client.get(format!("{v4}/tags")).await.ok();
    let remind = json!({"chat": group, "fire_at": "2030-01-31T10:00:00Z"});
    let remind = owner.client.post(format!("{v4}/reminds"), remind).await.ok();
    json!({
        "team_uid": team.uid,
        "chat_jid": group,
        "group_jid": group,
        "contact_jid": jid,
        "message_id": message["message_id"],
        "integration_uid": integration["uid"],
        "invitation_uid": invitation["uid"],
        "token": invitation["token"],
        "section_uid": section("contact").await,
        "group_section_uid": section("group").await,
        "task_section_uid": section("task").await,
        "task_id": task["jid"],
        "num": task["num"].to_string(),
        "item_uid": task["items"][0]["uid"],
        "tag_uid": tags[0]["uid"],
        "remind_uid": remind["uid"],
        "kind": "sentry",
        "client_event_name": "client.message.updated",
        "name": "👍",
    })
}

#[tokio::test]
async fn generated_requests_get_documented_answers() {
    // `ping?error=true` fails on purpose.
    let plan = Plan::new(Layout::AllInOne).set("VECHE_HTTP_DEBUG_CALLS", "false");
    let mut world = World::start(plan).await;
    let owner = Person::login(world.client(), "+79050000001").await;
    let member = Person::login(world.client(), "+79050000002").await;
    let objects = objects(&owner, &member).await;
    let base = world.client().addresses().http(&Method::GET, "");
    let hooks = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schemathesis");
    let folder = tempfile::tempdir().expect("a folder for its files");
    let examples = std::env::var("VECHE_TEST_GENERATED").unwrap_or_else(|_| EXAMPLES.to_owned());
    let mut command = Command::new(schemathesis());
    command
        .current_dir(folder.path())
        .env("PYTHONPATH", hooks)
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("VECHE_TEST_OBJECTS", objects.to_string())
        .env("VECHE_TEST_BASE", &base)
        .args(["run", &format!("{base}/openapi.json")])
        .args(["--header", &format!("Token: {}", owner.token)])
        .args(["--phases", "coverage,fuzzing", "--max-examples", &examples, "--seed", "1"])
        .args(["--generation-database", "none", "--continue-on-failure", "--no-color"])
        .args(["--suppress-health-check", "all", "--warnings", "off"])
        .args(["--exclude-path-regex", "logout|/messaging/|/events$|as_of"])
        .args(["--checks", CHECKS]);
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("it runs");
    let output = output.expect("schemathesis starts");
    let words =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    assert!(world.process(Role::Serve).is_alive(), "the product outlives them");
}

/// The checks of each answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_schema_conformance,refusals_are_documented";
