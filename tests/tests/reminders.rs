//! A reminder fires once, whatever process runs, dies or rebuilds.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use std::time::Duration;
use veche_tests::{
    person::{Person, Team, text},
    socket::Socket,
    stored,
    world::{Layout, Plan, Role, World},
};

const ANNA: &str = "+79080000001";
const BORIS: &str = "+79080000002";
/// Reminders that are due at the same time.
const AT_ONCE: usize = 20;
/// Longer than several searches for due reminders.
const A_WHILE: Duration = Duration::from_secs(2);

async fn fired(world: &World) -> usize {
    stored::count_of(world, "remind.fired.v1").await
}

/// Sets a reminder in the direct chat with Boris; returns its id.
async fn remind(anna: &Person, team: &Team, at: DateTime<Utc>) -> String {
    let at = at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let body = json!({"chat": team.jid_of(BORIS), "fire_at": at, "comment": "позвонить"});
    text(&anna.client.post(format!("/api/v4/teams/{}/reminds", team.uid), body).await.ok()["uid"])
}

async fn hears(socket: &mut Socket, uid: &str) -> Value {
    let about = |params: &Value| params["reminds"][0]["uid"] == uid;
    socket.event_where("server.remind.fired", about).await
}

async fn waiting(anna: &Person, team: &Team) -> Value {
    anna.client.get(format!("/api/v4/teams/{}/reminds", team.uid)).await.ok()
}

#[tokio::test]
async fn reminders_fire_once_with_two_processes_and_never_in_a_rebuild() {
    let mut world = World::all_in_one().await;
    let mut other = World::start(Plan::new(Layout::AllInOne).on_database(world.database_url())).await;
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let team = anna.make_team("двое", &[BORIS]).await;
    let (mut own, mut strange) = (anna.socket(&team.uid).await, boris.socket(&team.uid).await);
    let at = Utc::now() + TimeDelta::seconds(4);
    let mut reminds = Vec::new();
    for _ in 0..AT_ONCE {
        reminds.push(remind(&anna, &team, at).await);
    }
    let told =
        own.event_where("server.remind.updated", |params| params["reminds"][0]["uid"] == reminds[0].as_str());
    assert_eq!(told.await["reminds"][0]["comment"], "позвонить");
    assert_eq!(fired(&world).await, 0, "not before its time");
    for remind in &reminds {
        let told = hears(&mut own, remind).await;
        assert_eq!(told["reminds"][0]["chat"], team.jid_of(BORIS).as_str());
    }
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(fired(&world).await, AT_ONCE);
    own.has_not_received("a second time", |frame| frame["event"] == "server.remind.fired").await;
    strange
        .has_not_received("another's reminder", |frame| text(&frame["event"]).starts_with("server.remind"))
        .await;
    assert_eq!(waiting(&anna, &team).await, json!([]));

    let kept = remind(&anna, &team, Utc::now() + TimeDelta::days(1)).await;
    other.process(Role::Serve).kill();
    world.process(Role::Serve).kill();
    world.run(&["rebuild"]);
    world.revive(Role::Serve).await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(fired(&world).await, AT_ONCE, "a rebuild fires nothing again");
    assert_eq!(waiting(&anna, &team).await[0]["uid"], kept.as_str(), "and forgets nothing");
}

#[tokio::test]
async fn reminder_fires_once_when_the_process_dies_before_or_after() {
    let mut world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let team = anna.make_team("двое", &[BORIS]).await;
    let due = Utc::now() + TimeDelta::seconds(2);
    let missed = remind(&anna, &team, due).await;
    world.process(Role::Serve).kill();
    while Utc::now() < due {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(fired(&world).await, 0, "nobody was there");
    world.revive(Role::Serve).await;
    let mut socket = anna.socket(&team.uid).await;
    // It may have fired before the socket was open.
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(fired(&world).await, 1);
    let next = remind(&anna, &team, Utc::now() + TimeDelta::seconds(1)).await;
    hears(&mut socket, &next).await;
    world.process(Role::Serve).kill();
    world.revive(Role::Serve).await;
    let mut socket = anna.socket(&team.uid).await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(fired(&world).await, 2);
    let again = |frame: &Value| frame["event"] == "server.remind.fired";
    socket.has_not_received("a reminder again", again).await;
    assert_ne!(missed, next);
    assert_eq!(waiting(&anna, &team).await, json!([]));
}
