//! A client that was away resumes: everything visible to it arrives once and in order, then new frames.

use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use veche_tests::{
    exchange::{Body, Call},
    person::{Person, Team},
    server_sent::Events,
    socket::Socket,
    world::{Layout, Plan, Role, World},
};

const ANNA: &str = "+79020000001";
const BORIS: &str = "+79020000002";

struct Fixture {
    world: World,
    anna: Person,
    boris: Person,
    team: Team,
    to_boris: String,
}

async fn start(plan: Plan) -> Fixture {
    let world = World::start(plan).await;
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let team = anna.make_team("двое", &[BORIS]).await;
    let to_boris = team.jid_of(BORIS);
    Fixture { world, anna, boris, team, to_boris }
}

fn one() -> Plan {
    Plan::new(Layout::AllInOne)
}

/// The feed position of a frame, as in an address.
fn point(frame: &Value) -> String {
    format!("{}.{}", frame["position"], frame["ordinal"])
}

/// The subject of a frame, for comparing: views show the moment of sending.
fn gist(frame: &Value) -> (String, Value, Value) {
    let params = &frame["params"];
    let about = ["messages", "chats", "teams", "contacts", "sections"];
    let about = about.iter().find_map(|key| params[*key].as_array()).map_or(params.clone(), |items| {
        let names = ["message_id", "jid", "uid"];
        items.iter().map(|item| names.iter().map(|name| item[*name].clone()).collect::<Value>()).collect()
    });
    (point(frame), frame["event"].clone(), about)
}

fn gists(frames: &[Value]) -> Vec<(String, Value, Value)> {
    frames.iter().map(gist).collect()
}

/// Produces a bit of everything that Boris receives: of groups, direct chats, his account and other teams.
async fn produce_frames(Fixture { anna, boris, team, to_boris, .. }: &Fixture) {
    let edited = anna.post(&team.uid, to_boris, "раз").await;
    let event = |name: &str| format!("/api/v3/teams/{}/ws/{name}", team.uid);
    let again = json!({"to": to_boris, "message_id": edited["message_id"], "content": {"text": "два"}});
    anna.client.post(event("client.message.updated"), again).await.ok();
    let group = anna.make_group(&team.uid, "г", &[to_boris]).await;
    anna.post(&team.uid, &group, "в группе").await;
    let members = format!("/api/v4/teams/{}/groups/{group}/members", team.uid);
    anna.client.delete(format!("{members}/{to_boris}")).await.ok();
    anna.post(&team.uid, &group, "без него").await;
    boris.client.put("/api/v3/ui-settings", json!({"theme": "тёмная"})).await.ok();
    let other = anna.make_team("другая", &[BORIS]).await;
    anna.client.put(format!("/api/v3/teams/{}", other.uid), json!({"name": "другая!"})).await.ok();
    let back = json!({"jid": to_boris, "status": "member"});
    anna.client.post(members, back).await.ok();
    anna.post(&team.uid, &group, "снова с ним").await;
    boris.client.post(event("client.chat.lastread"), json!({"jid": group})).await.ok();
    boris.post(&team.uid, &team.me, "ответ").await;
    anna.client.post(event("client.chat.lastread"), json!({"jid": to_boris})).await.ok();
    let gone = anna.post(&team.uid, to_boris, "на миг").await;
    let gone = json!({"message_id": gone["message_id"]});
    anna.client.post(event("client.message.deleted"), gone).await.ok();
    anna.client.put(format!("/api/v3/teams/{}", team.uid), json!({"name": "переименована"})).await.ok();
}

async fn remove(owner: &Person, team: &str, jid: &str) {
    owner.client.delete(format!("/api/v4/teams/{team}/contacts/{jid}")).await.ok();
}

async fn received(socket: &mut Socket) -> Vec<Value> {
    let mut frames = Vec::new();
    loop {
        let frame = socket.expect("a frame of an event", |frame| frame["position"].is_u64()).await;
        let is_last = frame["params"]["teams"][0]["name"] == "переименована";
        frames.push(frame);
        if is_last {
            return frames;
        }
    }
}

#[tokio::test]
async fn resume_from_any_position_receives_the_rest_once_and_in_order() {
    let fixture = start(one()).await;
    let mut witness = fixture.boris.socket(&fixture.team.uid).await;
    witness.caught_up().await;
    produce_frames(&fixture).await;
    let frames = received(&mut witness).await;
    let texts: Vec<&Value> =
        frames.iter().map(|frame| &frame["params"]["messages"][0]["content"]["text"]).collect();
    assert!(!texts.contains(&&json!("без него")) && texts.contains(&&json!("снова с ним")), "{texts:?}");
    for (number, last) in frames.iter().enumerate() {
        let mut again = Socket::resume(&fixture.boris.client, &fixture.team.uid, &point(last)).await;
        let told = again.caught_up().await;
        assert_eq!(gists(&told), gists(&frames[number + 1..]), "behind {last}");
        let silent = told.iter().filter(|frame| frame["event"] == "server.message.updated");
        assert!(
            silent.clone().all(|frame| frame["params"]["delayed"] == true),
            "nobody is rung for old news"
        );
    }
    // Several notices of one event: after one of them the others arrive, after the whole event none.
    let several = frames.windows(2).find(|fixture| fixture[0]["position"] == fixture[1]["position"]);
    let position = &several.expect("an event that leads to several frames")[0]["position"];
    let mut again = Socket::resume(&fixture.boris.client, &fixture.team.uid, &position.to_string()).await;
    let behind: Vec<Value> =
        frames.iter().filter(|frame| frame["position"].as_u64() > position.as_u64()).cloned().collect();
    assert_eq!(gists(&again.caught_up().await), gists(&behind));
    // Then new frames, as always.
    let posted = fixture.anna.post(&fixture.team.uid, &fixture.to_boris, "новое").await;
    let live = again.event("server.message.updated").await;
    assert_eq!(
        (&live["messages"][0]["message_id"], &live["delayed"]),
        (&posted["message_id"], &json!(false))
    );
    assert_eq!(live["chat_counters"][0]["num_unread"], 1, "what is deleted is no news: {live}");
}

#[tokio::test]
async fn resume_after_the_position_of_an_answer_has_no_gap_and_no_duplicate() {
    let fixture = start(one()).await;
    let posted = fixture.anna.post(&fixture.team.uid, &fixture.to_boris, "до").await;
    let team = fixture.boris.client.get(format!("/api/v3/teams/{}", fixture.team.uid)).await;
    let position = team.header("event-position").expect("answers name their position").to_owned();
    assert_eq!(team.ok()["unread"]["direct"]["messages"], 1);
    let mut before = Socket::resume(&fixture.boris.client, &fixture.team.uid, "0").await;
    let told = before.caught_up().await;
    assert!(told.iter().any(|frame| frame["params"]["messages"][0]["message_id"] == posted["message_id"]));
    let mut behind = Socket::resume(&fixture.boris.client, &fixture.team.uid, &position).await;
    assert_eq!(behind.caught_up().await, Vec::<Value>::new());
    fixture.anna.post(&fixture.team.uid, &fixture.to_boris, "после").await;
    let received = behind.event("server.message.updated").await;
    assert_eq!(received["messages"][0]["content"]["text"], "после");
}

#[tokio::test]
async fn resume_from_an_unknown_position_warns() {
    let fixture = start(one().set("VECHE_WAIT_QUERY_MS", "200")).await;
    for (from, code, close) in [("9000000000", "NOT_CAUGHT_UP", 1013), ("soon", "INVALID_POSITION", 1008)] {
        let mut socket = Socket::resume(&fixture.boris.client, &fixture.team.uid, from).await;
        let (frames, closed) = socket.closed().await;
        assert_eq!((&frames[0]["params"]["code"], closed), (&json!(code), Some(close)), "{frames:?}");
    }
    // Out and in again: what was known of the team belongs to an earlier membership.
    let before =
        fixture.boris.client.get("/api/v3/me").await.header("event-position").unwrap_or("0").to_owned();
    remove(&fixture.anna, &fixture.team.uid, &fixture.to_boris).await;
    let mut out = Socket::resume(&fixture.boris.client, &fixture.team.uid, &before).await;
    assert_eq!(out.closed().await.0[0]["params"]["code"], "INVALID_TEAM");
    let invitations = format!("/api/v3/teams/{}/invitations", fixture.team.uid);
    let invitation = fixture.anna.client.post(invitations, json!({})).await.ok();
    fixture.boris.client.post("/api/v3/teams/join", json!({"token": invitation["token"]})).await.ok();
    let mut back = Socket::resume(&fixture.boris.client, &fixture.team.uid, &before).await;
    let warning = back.event("server.warning").await;
    assert_eq!((&warning["code"], &warning["orig"]), (&json!("FETCH_ANEW"), &Value::Null), "{warning}");
    let told = back.caught_up().await;
    assert!(told.iter().any(|frame| frame["event"] == "server.team.updated"), "{told:?}");
    assert!(told.iter().all(|frame| frame["event"] != "server.team.deleted"), "{told:?}");
}

#[tokio::test]
async fn resume_reports_another_team_that_ended() {
    let fixture = start(one()).await;
    let other = fixture.anna.make_team("другая", &[BORIS]).await;
    let third = fixture.anna.make_team("третья", &[BORIS]).await;
    let before =
        fixture.boris.client.get("/api/v3/me").await.header("event-position").unwrap_or("0").to_owned();
    fixture.anna.client.delete(format!("/api/v3/teams/{}", other.uid)).await.ok();
    remove(&fixture.anna, &third.uid, &third.jid_of(BORIS)).await;
    fixture.anna.client.delete(format!("/api/v3/teams/{}", third.uid)).await.ok();
    let mut again = Socket::resume(&fixture.boris.client, &fixture.team.uid, &before).await;
    let told = again.caught_up().await;
    let gone: Vec<&Value> = told.iter().map(|frame| &frame["params"]["teams"][0]["uid"]).collect();
    assert_eq!(gone, [&json!(other.uid), &json!(third.uid)], "once each: {told:?}");
}

#[tokio::test]
async fn resume_below_the_feed_floor_requires_a_refetch() {
    const ROWS: usize = 10;
    let mut fixture = start(one().set("VECHE_REALTIME_FEED_ROWS", ROWS.to_string())).await;
    let mut socket = fixture.boris.socket(&fixture.team.uid).await;
    fixture.anna.post(&fixture.team.uid, &fixture.to_boris, "первое").await;
    let first = socket.expect("the first", |frame| frame["event"] == "server.message.updated").await;
    for number in 0..2 * ROWS {
        fixture.anna.post(&fixture.team.uid, &fixture.to_boris, &number.to_string()).await;
    }
    // Excess rows are pruned when a process starts.
    fixture.world.process(Role::Serve).terminate().await;
    fixture.world.revive(Role::Serve).await;
    let mut late = loop {
        let mut late = Socket::resume(&fixture.boris.client, &fixture.team.uid, &point(&first)).await;
        if late.caught_up().await.is_empty() {
            break late;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    fixture.anna.post(&fixture.team.uid, &fixture.to_boris, "последнее").await;
    let received = late.event("server.message.updated").await;
    assert_eq!(received["messages"][0]["content"]["text"], "последнее");
    let mut late = Socket::resume(&fixture.boris.client, &fixture.team.uid, &point(&first)).await;
    let warning = late.event("server.warning").await;
    assert_eq!(warning["code"], "FETCH_ANEW");
    assert!(warning["position"].as_u64() > first["position"].as_u64(), "{warning}");
    let mut near =
        Socket::resume(&fixture.boris.client, &fixture.team.uid, &warning["position"].to_string()).await;
    assert!(near.caught_up().await.is_empty());
}

#[tokio::test]
async fn event_stream_and_polling_return_the_same_frames() {
    let mut fixture = start(one()).await;
    let mut witness = fixture.boris.socket(&fixture.team.uid).await;
    witness.caught_up().await;
    let path = format!("/api/v3/teams/{}/events", fixture.team.uid);
    let now = fixture.boris.client.get(path.clone()).await.ok();
    assert_eq!(now["events"], json!([]));
    let from = now["position"].as_str().unwrap_or_default().to_owned();
    produce_frames(&fixture).await;
    let frames = received(&mut witness).await;

    let mut stream = Events::open(&fixture.boris.client, &path, &[("last-event-id", &from)]).await;
    for expected in &frames {
        let (id, frame) = stream.placed().await;
        assert_eq!((id, gist(&frame)), (point(expected), gist(expected)));
    }
    let page = fixture.boris.client.get(format!("{path}?from={from}")).await.ok();
    let told = page["events"].as_array().expect("a list").clone();
    assert_eq!(gists(&told), gists(&frames));
    let from = page["position"].as_str().unwrap_or_default();
    let waiting = {
        let (client, path) = (fixture.boris.client.clone(), format!("{path}?from={from}&wait=20"));
        tokio::spawn(async move { client.get(path).await.ok() })
    };
    fixture.anna.post(&fixture.team.uid, &fixture.to_boris, "новое").await;
    assert_eq!(stream.placed().await.1["params"]["messages"][0]["content"]["text"], "новое");
    let page = waiting.await.expect("an answer");
    assert_eq!(page["events"][0]["params"]["messages"][0]["content"]["text"], "новое", "{page}");

    for (query, field) in [("?from=x", "from"), ("?wait=x", "wait"), ("?from=1&from=2", "from")] {
        let refused = fixture.boris.client.get(format!("{path}{query}")).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json["error"]),
            (422, &json!("INVALID_DATA")),
            "{refused}"
        );
        assert!(refused.json["details"][field].is_string(), "{refused}");
    }
    let call = Call::new(Method::GET, format!("{path}?from=9000000000"), Body::Empty);
    assert_eq!(fixture.boris.client.send(call).await.status, 503);

    // A stop ends the stream and does not wait for its reader.
    let process = fixture.world.process(Role::Serve);
    let ended = process.terminate();
    let last = async {
        let mut last = None;
        while let Some((_, data)) = stream.next().await {
            last = data.or(last);
        }
        last
    };
    let (ended, last) = futures::future::join(ended, last).await;
    assert!(ended.success(), "{ended}");
    assert_eq!(last.expect("a farewell")["code"], 1012);
}
