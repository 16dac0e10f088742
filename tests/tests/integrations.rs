//! Integrations in both directions: messages posted with a key, and webhooks with retries.

use serde_json::{Value, json};
use veche_tests::{
    client::{Client, multipart},
    eventually::until,
    exchange::{Body, Call},
    person::{Person, Team, text},
    receiver::{Hook, Receiver},
    world::{Layout, Plan, Role, World},
};

const ANNA: &str = "+79020000001";
const NAME: &str = "+7 (902) 000-0001";

/// A group with an integration that calls `url`.
struct Channel {
    anna: Person,
    team: Team,
    group: String,
    key: String,
}

async fn channel(world: &World, url: &str) -> Channel {
    let anna = Person::login(world.client(), ANNA).await;
    let team = anna.make_team("с интеграцией", &[]).await;
    let group = anna.make_group(&team.uid, "Канал", &[]).await;
    let path = format!("/api/v3/teams/{}/integrations", team.uid);
    let body = json!({"comment": "Бот", "kind": "raw", "group": group, "enabled": true});
    let made = anna.client.post(path.clone(), body).await.ok();
    let change = json!({"webhook_url": url});
    let changed = anna.client.put(format!("{path}/{}", text(&made["uid"])), change).await.ok();
    assert_eq!(changed["form"]["webhook_url"]["value"], url);
    let key = text(&made["form"]["api_key"]["value"]);
    Channel { anna, team, group, key }
}

async fn send_in(client: &Client, body: Body) {
    let answer = client.send(Call::new(http::Method::POST, "/api/message", body)).await;
    assert_eq!((answer.status.as_u16(), &answer.json), (200, &json!({"ok": true})), "{answer}");
}

fn check(hook: &Hook, channel: &Channel, said: &str) {
    let names = ["chat", "chat_display_name", "created", "sender", "sender_display_name", "text"];
    assert_eq!(hook.names(), names, "exactly these fields");
    assert_eq!(hook.headers.get("key"), Some(&channel.key.parse().expect("a header's value")));
    assert_eq!((hook.field("text"), hook.field("chat")), (said, channel.group.as_str()));
    assert_eq!(hook.field("chat_display_name"), "Канал");
    assert_eq!((hook.field("sender"), hook.field("sender_display_name")), (channel.team.me.as_str(), NAME));
    assert!(chrono::DateTime::parse_from_rfc3339(hook.field("created")).is_ok(), "{hook:?}");
}

#[tokio::test]
async fn integration_message_notifies_its_group() {
    let world = World::all_in_one().await;
    let mut receiver = Receiver::start(&[]).await;
    let channel = channel(&world, receiver.url()).await;
    let mut socket = channel.anna.socket(&channel.team.uid).await;
    let urlencoded = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("key", channel.key.as_str()), ("message", "из формы & так")])
        .finish();
    let kind = Some("application/x-www-form-urlencoded".to_owned());
    send_in(world.client(), Body::Raw { content_type: kind, bytes: urlencoded.into_bytes() }).await;
    let fields = [("key", None, channel.key.as_bytes()), ("message", None, "из частей".as_bytes())];
    send_in(world.client(), multipart(&fields)).await;
    // "Привет" in a legacy encoding that the form names.
    let bytes = format!("key={}&message=%CF%F0%E8%E2%E5%F2", channel.key).into_bytes();
    let cyrillic = |charset: &str| Body::Raw {
        content_type: Some(format!("application/x-www-form-urlencoded; charset={charset}")),
        bytes: bytes.clone(),
    };
    send_in(world.client(), cyrillic("windows-1251")).await;
    for (charset, status) in [("utf-8", 422), ("klingon", 415)] {
        let call = Call::new(http::Method::POST, "/api/message", cyrillic(charset));
        assert_eq!(world.client().unjudged().send(call).await.status, status, "{charset}");
    }
    for said in ["из формы & так", "из частей", "Привет"] {
        let fits = |params: &Value| params["messages"][0]["content"]["text"] == said;
        let received = socket.event_where("server.message.updated", fits).await;
        assert_eq!(received["messages"][0]["chat"], channel.group.as_str());
    }
    // An integration's own posts are not sent back to it: the next webhook is about a person's post.
    channel.anna.post(&channel.team.uid, &channel.group, "от человека").await;
    check(&receiver.next().await, &channel, "от человека");
    assert_eq!(receiver.waiting(), 0);
}

/// A process that dies before it stores the outcome of a webhook leaves it to others after a lease of minutes.
async fn failure_is_noted(world: &World) {
    let pool = world.pool().await;
    until("the failure is noted", async || {
        let noted =
            sqlx::query_scalar("select 1 from ops.effect where kind = 'webhook' and outcome is not null");
        noted.fetch_optional(&pool).await.expect("effects can be read").map(|_: i32| ())
    })
    .await;
}

#[tokio::test]
async fn failed_webhook_is_retried_across_a_restart() {
    let plan = Plan::new(Layout::AllInOne).set("VECHE_WEBHOOKS_RETRY_DELAYS_SEC", "2,1,1,1,1,1,1,1");
    let mut world = World::start(plan).await;
    let mut receiver = Receiver::start(&[500, 404]).await;
    let channel = channel(&world, receiver.url()).await;
    channel.anna.post(&channel.team.uid, &channel.group, "повтори").await;
    check(&receiver.next().await, &channel, "повтори");
    failure_is_noted(&world).await;
    world.process(Role::Serve).kill();
    world.revive(Role::Serve).await;
    for _ in 0..2 {
        check(&receiver.next().await, &channel, "повтори");
    }
    channel.anna.post(&channel.team.uid, &channel.group, "дальше").await;
    check(&receiver.next().await, &channel, "дальше");
}

#[tokio::test]
async fn failing_webhook_is_tried_nine_times() {
    // A target that fails this often is paused in between, which other tests cover.
    let plan = Plan::new(Layout::AllInOne)
        .set("VECHE_WEBHOOKS_RETRY_DELAYS_SEC", "0,0,0,0,0,0,0,0")
        .set("VECHE_WEBHOOKS_PAUSE_AFTER", "0");
    let world = World::start(plan).await;
    let mut receiver = Receiver::start(&[500; 9]).await;
    let channel = channel(&world, receiver.url()).await;
    channel.anna.post(&channel.team.uid, &channel.group, "никому").await;
    for _ in 0..9 {
        check(&receiver.next().await, &channel, "никому");
    }
    channel.anna.post(&channel.team.uid, &channel.group, "дальше").await;
    check(&receiver.next().await, &channel, "дальше");
    assert_eq!(receiver.waiting(), 0);
}

#[tokio::test]
async fn disabled_integration_gets_no_webhook() {
    let world = World::all_in_one().await;
    let mut receiver = Receiver::start(&[]).await;
    let channel = channel(&world, receiver.url()).await;
    let path = format!("/api/v3/teams/{}/integrations", channel.team.uid);
    let known = channel.anna.client.get(path.clone()).await.ok();
    let path = format!("{path}/{}", text(&known["integrations"][0]["uid"]));
    channel.anna.client.put(path.clone(), json!({"enabled": false})).await.ok();
    channel.anna.post(&channel.team.uid, &channel.group, "не слышит").await;
    let on = channel.anna.client.put(path, json!({"enabled": true})).await.ok();
    assert_eq!(on["created"], known["integrations"][0]["created"], "a change is no creation");
    channel.anna.post(&channel.team.uid, &channel.group, "слышит").await;
    check(&receiver.next().await, &channel, "слышит");
    assert_eq!(receiver.waiting(), 0);
}
