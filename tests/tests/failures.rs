//! Failures that no request can cause: a body that breaks off, a log that is always ahead, a database that is gone. Also
//! checks that some test shows every error code.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use protocol::error::ErrorCode;
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use veche_tests::{
    eventually::until,
    local_postgres::LocalPostgres,
    person::Person,
    scenario,
    world::{Layout, LogPlace, Plan, Role, World},
};

const ANNA: &str = "+79080000001";

/// The server's status and body for these bytes.
async fn told(world: &World, request: &str) -> (u16, Value) {
    let address = world.client().addresses().http(&http::Method::POST, "/");
    let mut stream = TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("no status: {answer}")), serde_json::from_str(body).unwrap_or_default())
}

#[tokio::test]
async fn unreadable_body_is_a_bad_request() {
    let world = World::all_in_one().await;
    let head = "POST /api/v3/sms-login HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    for chunk in ["zz\r\n{}\r\n0\r\n\r\n", "2\r\n{}and more\r\n0\r\n\r\n"] {
        let (status, body) = told(&world, &format!("{head}{chunk}")).await;
        assert_eq!(
            (status, &body["ok"], &body["error"]),
            (400, &json!(false), &json!("BAD_REQUEST")),
            "{body}"
        );
    }
    world.client().get("/api/v3/ping").await.ok();
}

/// Readers of the stream do not see its newest event, while an append conflicts with it: as if other writers were always
/// faster.
#[tokio::test]
async fn command_that_always_loses_the_race_is_a_conflict() {
    let mut world = World::start(Plan::new(Layout::AllInOne).log(LogPlace::Postgres)).await;
    let anna = Person::login(world.client(), ANNA).await;
    anna.client.put("/api/v3/ui-settings", json!({"n": 1})).await.ok();
    let pool = world.pool().await;
    // A process that has just started has no cached state.
    world.process(Role::Serve).kill();
    let hide = "
        alter table log.events rename to all_events;
        create view log.events as
            select * from log.all_events as event
            where current_setting('application_name') = 'veche-log'
                or kind <> 'ui_settings.replaced.v1'";
    sqlx::raw_sql(hide).execute(&pool).await.unwrap();
    world.revive(Role::Serve).await;
    let answer = anna.client.put("/api/v3/ui-settings", json!({"n": 2})).await.fails(409, "CONFLICT");
    assert!(answer.header("retry-after").is_some(), "{answer}");
    let show = "drop view log.events; alter table log.all_events rename to events";
    sqlx::raw_sql(show).execute(&pool).await.unwrap();
    anna.client.put("/api/v3/ui-settings", json!({"n": 3})).await.ok();
    assert_eq!(anna.client.get("/api/v3/ui-settings").await.ok(), json!({"n": 3}));
}

#[tokio::test]
async fn server_without_its_database_is_unavailable_until_it_returns() {
    database_comes_back(Plan::new(Layout::AllInOne).log(LogPlace::Postgres)).await;
}

/// Nothing is appended meanwhile, which would make the projection look whether the newest rows are still there.
#[tokio::test]
async fn server_without_the_read_model_is_unavailable_and_restores_lost_rows() {
    database_comes_back(Plan::new(Layout::AllInOne).log(LogPlace::EventStoreDb)).await;
}

async fn database_comes_back(plan: Plan) {
    let mut world = World::start(plan.on(LocalPostgres::start().await)).await;
    let anna = Person::login(world.client(), ANNA).await;
    world.postgres().kill().await;
    for answer in [
        anna.client.get("/api/v3/me").await,
        anna.client.put("/api/v3/ui-settings", json!({"n": 1})).await,
        world.client().post("/api/v3/sms-login", json!({"phone": ANNA})).await,
    ] {
        let answer = answer.fails(503, "UNAVAILABLE");
        assert!(answer.header("retry-after").is_some(), "{answer}");
    }
    world.client().get("/api/v3/ping").await.ok();
    world.postgres().revive().await;
    until("the server finds its database", async || {
        let answer = anna.client.put("/api/v3/ui-settings", json!({"n": 2})).await;
        (answer.json["ok"] == true).then_some(())
    })
    .await;
    assert_eq!(anna.client.get("/api/v3/ui-settings").await.ok(), json!({"n": 2}));
}

#[tokio::test]
async fn delayed_pings_beyond_the_limit_are_refused() {
    let world = World::all_in_one().await;
    let waiting = (0..300).map(|_| world.client().get("/api/v3/ping?delay_sec=1"));
    let answers = futures::future::join_all(waiting).await;
    let (served, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.json["ok"] == true);
    assert!(!served.is_empty() && !refused.is_empty(), "{} served, {} refused", served.len(), refused.len());
    for answer in refused {
        answer.fails(503, "UNAVAILABLE");
    }
    world.client().get("/api/v3/ping?delay_sec=0").await.ok();
}

/// Error codes that scenarios expect or tests of this package name.
fn shown() -> BTreeSet<String> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scenarios = scenario::load(&package.join("contract/scenarios"));
    let mut shown: BTreeSet<String> =
        scenarios.values().flat_map(|scenario| scenario.errors().map(str::to_owned)).collect();
    for file in std::fs::read_dir(package.join("tests")).unwrap().flatten() {
        let text = std::fs::read_to_string(file.path()).unwrap_or_default();
        let quoted = |code: &ErrorCode| text.contains(&format!("\"{code}\""));
        shown.extend(ErrorCode::ALL.iter().filter(|code| quoted(code)).map(ErrorCode::to_string));
    }
    shown
}

#[test]
fn every_error_code_appears_in_a_scenario() {
    let shown = shown();
    let missing: Vec<_> = ErrorCode::ALL.iter().filter(|code| !shown.contains(code.as_str())).collect();
    assert_eq!(missing, [&ErrorCode::BadRequest; 0], "no scenario and no test shows these");
}
