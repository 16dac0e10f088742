//! Commands that are repeated or sent concurrently take effect once.

use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;
use veche_tests::{
    exchange::{Answer, Body, Call},
    person::Person,
    stored,
    world::{Layout, Plan, Role, World},
};

const ANNA: &str = "+79030000001";
const BORIS: &str = "+79030000002";
const AT_ONCE: usize = 100;

async fn at_once(person: &Person, call: &Call) -> Vec<Answer> {
    join_all((0..AT_ONCE).map(|_| person.client.send(call.clone()))).await
}

fn results(answers: Vec<Answer>) -> BTreeSet<String> {
    answers.into_iter().map(|answer| answer.ok().to_string()).collect()
}

#[tokio::test]
async fn idempotency_key_used_concurrently_creates_one_team() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let body = json!({"name": "одна", "contacts": [{"phone": BORIS}]});
    let call =
        Call::new(Method::POST, "/api/v3/teams", Body::Json(body)).header("Idempotency-Key", "hundred-1");
    let answers = results(at_once(&anna, &call).await);
    assert_eq!(answers.len(), 1, "all are told the same");
    assert_eq!(stored::count_of(&world, "team.created.v1").await, 1);
    // The phone that they invite becomes one account too.
    assert_eq!(stored::count_of(&world, "account.registered.v1").await, 2);
    let other = Call { body: Body::Json(json!({"name": "другая"})), ..call.clone() };
    anna.client.send(other).await.fails(422, "IDEMPOTENCY_KEY_REUSED");
    let elsewhere = Call {
        path: "/api/v3/devices".into(),
        body: Body::Json(json!({"device_id": "x", "type": "web", "name": "x"})),
        ..call.clone()
    };
    anna.client.send(elsewhere).await.fails(422, "IDEMPOTENCY_KEY_REUSED");
    // A key belongs to its account: another account may use the same one.
    let boris = Person::login(world.client(), BORIS).await;
    assert!(!answers.contains(&boris.client.send(call).await.ok().to_string()));
}

#[tokio::test]
async fn message_id_used_concurrently_posts_one_message() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let team = anna.make_team("двое", &[BORIS]).await;
    let id = Uuid::new_v4();
    let body =
        json!({"to": team.jid_of(BORIS), "content": {"type": "plain", "text": "раз"}, "message_id": id});
    let path = format!("/api/v3/teams/{}/ws/client.message.updated", team.uid);
    let answers = results(at_once(&anna, &Call::new(Method::POST, path, Body::Json(body))).await);
    assert_eq!(answers.len(), 1, "all are told the same: {answers:?}");
    assert_eq!(stored::count_of(&world, "message.posted.v1").await, 1);
    assert_eq!(stored::count_of(&world, "message.edited.v1").await, 0);
}

#[tokio::test]
async fn message_id_repeated_over_a_socket_posts_one_message() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let team = anna.make_team("двое", &[BORIS]).await;
    let mut socket = anna.socket(&team.uid).await;
    let id = Uuid::new_v4();
    let params =
        json!({"to": team.jid_of(BORIS), "content": {"type": "plain", "text": "раз"}, "message_id": id});
    let mut asked = Vec::new();
    for _ in 0..AT_ONCE {
        asked.push(socket.say("client.message.updated", params.clone()).await);
    }
    for id in asked {
        socket.event_where("server.confirm", |params| params["confirm_id"] == id.as_str()).await;
    }
    socket.event("server.message.updated").await;
    let again = |frame: &Value| frame["event"] == "server.message.updated";
    socket.has_not_received("the message a second time", again).await;
    assert_eq!(stored::count_of(&world, "message.posted.v1").await, 1);
}

/// A process can die after its append and before it stores the answer: a repetition succeeds, though what it removed is gone
/// already.
#[tokio::test]
async fn delete_repeated_after_a_crash_succeeds() {
    let world = World::all_in_one().await;
    let pool = world.pool().await;
    let anna = Person::login(world.client(), ANNA).await;
    let team = anna.make_team("двое", &[BORIS]).await;
    let (v3, v4) = (format!("/api/v3/teams/{}", team.uid), format!("/api/v4/teams/{}", team.uid));
    let group = anna.make_group(&team.uid, "г", &[&team.jid_of(BORIS)]).await;
    let device = json!({"device_id": "x", "type": "web", "name": "x"});
    anna.client.send(Call::new(Method::POST, "/api/v3/devices", Body::Json(device))).await.ok();
    let invitation = anna
        .client
        .send(Call::new(Method::POST, format!("{v3}/invitations"), Body::Json(json!({}))))
        .await
        .ok();
    let integration = json!({"kind": "raw", "group": group, "comment": "x", "enabled": true});
    let integration = Call::new(Method::POST, format!("{v3}/integrations"), Body::Json(integration));
    let integration = anna.client.send(integration).await.ok();
    let uid = |made: &Value| made["uid"].as_str().unwrap_or_default().to_owned();
    for path in [
        "/api/v3/devices/x".to_owned(),
        format!("{v3}/invitations/{}", uid(&invitation)),
        format!("{v3}/integrations/{}", uid(&integration)),
        format!("{v4}/groups/{group}/members/{}", team.jid_of(BORIS)),
        format!("{v4}/groups/{group}"),
        v3,
    ] {
        let call = Call::new(Method::DELETE, &path, Body::Empty)
            .header("Idempotency-Key", Uuid::new_v4().to_string());
        let first = anna.client.send(call.clone()).await;
        sqlx::query("DELETE FROM ops.answer").execute(&pool).await.unwrap();
        let again = anna.client.send(call).await;
        assert_eq!(again.header("event-position"), first.header("event-position"), "{path}\n{again}");
        assert_eq!(again.ok(), first.ok(), "{path}");
        let another = anna.client.send(Call::new(Method::DELETE, &path, Body::Empty)).await;
        assert_eq!(another.status, 404, "{path}\n{another}");
    }
}

/// A new phone used concurrently becomes one account.
#[tokio::test]
async fn phone_used_concurrently_registers_one_account() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let call =
        |n: usize| anna.make_team_of("т", json!([{"phone": format!("8 (903) 000-00-0{}", 2 + n % 2)}]));
    join_all((0..20).map(call)).await;
    assert_eq!(stored::count_of(&world, "account.registered.v1").await, 3);
    let boris = Person::login(world.client(), BORIS).await;
    assert_eq!(boris.client.get("/api/v3/teams").await.ok().as_array().unwrap().len(), 10);
}

/// The projection keeps no state that would make a second pass over the same events differ.
#[tokio::test]
async fn answers_are_the_same_after_a_restart() {
    let mut world = World::start(Plan::new(Layout::AllInOne)).await;
    let anna = Person::login(world.client(), ANNA).await;
    let team = anna.make_team("двое", &[BORIS]).await;
    let group = anna.make_group(&team.uid, "г", &[&team.jid_of(BORIS)]).await;
    anna.post(&team.uid, &group, "раз").await;
    let paths = ["/api/v3/me".to_owned(), format!("/api/v4/teams/{}/groups", team.uid)];
    let mut before = Vec::new();
    for path in &paths {
        before.push(anna.client.get(path).await.ok());
    }
    world.process(Role::Serve).kill();
    world.revive(Role::Serve).await;
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(anna.client.get(path).await.ok(), before, "{path}");
    }
}
