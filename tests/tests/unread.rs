//! Unread counters: after random commands that move counters, frames and answers agree; and who is notified of a member's
//! own settings.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use veche_tests::{
    person::{Person, Team, text},
    socket::{Next, Socket},
    stored,
    world::World,
};

const ANNA: &str = "+79060000001";
const BORIS: &str = "+79060000002";
const CLARA: &str = "+79060000003";
/// Number of random commands.
const STEPS: u64 = 160;
/// The last message of the test.
const END: &str = "конец";

/// A reader and the frames of its socket.
struct Reader {
    person: Person,
    jid: String,
    socket: Socket,
    /// Counters by chat.
    told: BTreeMap<String, Counters>,
}

type Counters = (Value, Value, Value);

impl Reader {
    async fn new(person: Person, team: &Team) -> Self {
        let jid = team.jid_of(&person.phone);
        let mut socket = person.socket(&team.uid).await;
        socket.event("server.online").await;
        Self { person, jid, socket, told: BTreeMap::new() }
    }

    /// Receives everything up to the last message; returns the last sums.
    async fn hear(&mut self) -> (Value, Value) {
        loop {
            let Next::Frame(frame) = self.socket.next().await else { panic!("the socket closed") };
            let params = &frame["params"];
            for list in ["chat_counters", "chats"].map(|list| params[list].as_array()) {
                for chat in list.into_iter().flatten() {
                    self.note(chat);
                }
            }
            if params["messages"][0]["content"]["text"] == END {
                return (params["team_unread"].clone(), params["badge"].clone());
            }
        }
    }

    fn note(&mut self, chat: &Value) {
        let jid = text(&chat["jid"]);
        if chat["is_archive"] == true {
            self.told.remove(&jid);
        } else {
            let counters = (
                chat["num_unread"].clone(),
                chat["num_unread_notices"].clone(),
                chat["last_read_message_id"].clone(),
            );
            self.told.insert(jid, counters);
        }
    }
}

/// The team, its readers, and a random workload.
struct Fixture {
    rng: fastrand::Rng,
    team: Team,
    anna: Person,
    readers: Vec<Reader>,
    groups: Vec<String>,
    /// Messages of Anna's with their chats.
    said: Vec<(String, String)>,
}

impl Fixture {
    async fn start(world: &World) -> Self {
        let anna = Person::login(world.client(), ANNA).await;
        let boris = Person::login(world.client(), BORIS).await;
        let clara = Person::login(world.client(), CLARA).await;
        let contacts =
            json!([{"phone": BORIS, "given_name": "Борис"}, {"phone": CLARA, "given_name": "Клара"}]);
        let team = anna.make_team_of("т", contacts).await;
        let members = [team.jid_of(BORIS), team.jid_of(CLARA)];
        let members = members.each_ref().map(String::as_str);
        let mut groups = vec![];
        for name in ["раз", "два", "три"] {
            groups.push(anna.make_group(&team.uid, name, &members).await);
        }
        let readers = vec![Reader::new(boris, &team).await, Reader::new(clara, &team).await];
        Self { rng: fastrand::Rng::with_seed(7), team, anna, readers, groups, said: vec![] }
    }

    async fn step(&mut self, step: u64) {
        let uid = self.team.uid.clone();
        let which = usize::from(self.rng.u64(..2) == 1);
        let (reader, jid) = (self.readers[which].person.clone(), self.readers[which].jid.clone());
        let event = |name: &str| format!("/api/v3/teams/{uid}/ws/client.{name}");
        let group = self.rng.choice(&self.groups).cloned().unwrap_or_default();
        let said = self.rng.choice(&self.said).cloned();
        match (self.rng.u64(..12), said) {
            (0, Some((message, _))) => {
                self.said.retain(|(id, _)| *id != message);
                self.anna.client.post(event("message.deleted"), json!({"message_id": message})).await.ok();
            }
            (1, Some((message, chat))) => {
                let text = if step.is_multiple_of(2) {
                    format!("@Борис {step}")
                } else {
                    format!("никто {step}")
                };
                let body =
                    json!({"to": chat, "message_id": message, "content": {"type": "plain", "text": text}});
                self.anna.client.post(event("message.updated"), body).await.ok();
            }
            (2 | 3, Some((message, chat))) if chat != self.readers[1 - which].jid => {
                // In a direct chat the reader's address of it is the other side's; a former member of the group reads nothing.
                let chat = if chat == jid { self.team.me.clone() } else { chat };
                let body = json!({"jid": chat, "last_read_message_id": message});
                reader.client.post(event("chat.lastread"), body).await;
            }
            (4, _) => {
                let counted = json!({"counters_enabled": self.rng.u64(..2) == 0});
                reader.client.put(format!("/api/v4/teams/{uid}/chats/{group}"), counted).await;
            }
            (5, _) => {
                let members = format!("/api/v4/teams/{uid}/groups/{group}/members");
                self.anna.client.delete(format!("{members}/{jid}")).await;
                if self.rng.u64(..3) > 0 {
                    self.anna.client.post(members, json!({"jid": jid})).await.ok();
                }
            }
            (6, _) => {
                let body = json!({"to": group, "content": {"type": "plain", "text": format!("и я {step}")}});
                reader.client.post(event("message.updated"), body).await;
            }
            (7, _) if step == STEPS / 2 => {
                self.groups.retain(|other| *other != group);
                self.said.retain(|(_, chat)| *chat != group);
                self.anna.client.delete(format!("/api/v4/teams/{uid}/groups/{group}")).await.ok();
            }
            (other, _) => {
                let to = if other % 3 == 0 { jid } else { group };
                let text = if step.is_multiple_of(4) {
                    format!("@Клара, {step}")
                } else {
                    format!("это {step}")
                };
                let message = self.anna.post(&uid, &to, &text).await;
                self.said.push((text_of(&message), to));
            }
        }
    }
}

fn text_of(message: &Value) -> String {
    text(&message["message_id"])
}

#[tokio::test]
async fn unread_counters_of_frames_equal_those_of_answers() {
    let world = World::all_in_one().await;
    let mut fixture = Fixture::start(&world).await;
    for step in 0..STEPS {
        fixture.step(step).await;
    }
    for reader in &mut fixture.readers {
        let uid = &fixture.team.uid;
        fixture.anna.post(uid, &reader.jid, END).await;
        let (team, badge) = reader.hear().await;
        let shown = reader.person.client.get(format!("/api/v3/teams/{uid}")).await.ok();
        assert_eq!(team, shown["unread"]);
        assert_eq!(badge, reader.person.client.get("/api/v4/badge").await.ok());
        let page = reader.person.client.get(format!("/api/v4/teams/{uid}/chats?limit=200")).await.ok();
        let chats = page["objects"].as_array().expect("a page of chats");
        let sum: u64 = chats
            .iter()
            .filter(|chat| chat["counters_enabled"] == true)
            .filter_map(|chat| chat["num_unread"].as_u64())
            .sum();
        assert_eq!(badge, json!(sum), "the sum over the list");
        assert!(chats.len() >= 2, "{page}");
        for chat in chats {
            let counters = (
                chat["num_unread"].clone(),
                chat["num_unread_notices"].clone(),
                chat["last_read_message_id"].clone(),
            );
            let jid = text(&chat["jid"]);
            assert_eq!(reader.told.get(&jid).unwrap_or(&counters), &counters, "{jid} of {}", reader.jid);
        }
    }
}

#[tokio::test]
async fn chat_settings_and_drafts_reach_the_members_own_sockets_alone() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let team = anna.make_team("двое", &[BORIS]).await;
    let to = team.jid_of(BORIS);
    let group = anna.make_group(&team.uid, "г", &[&to]).await;
    let (mut hers, mut his) = (anna.socket(&team.uid).await, boris.socket(&team.uid).await);
    his.event("server.online").await;
    let chat = format!("/api/v4/teams/{}/chats/{to}", team.uid);
    anna.client.put(chat.clone(), json!({"pinned": true, "draft": "Пишу"})).await.ok();
    let kept = hers.event("server.chat.updated").await;
    assert_eq!((&kept["chats"][0]["jid"], &kept["chats"][0]["pinned"]), (&json!(to), &json!(true)));
    let draft = hers.event("server.chat.draft").await;
    assert_eq!(
        (&draft["jid"], &draft["draft"], &draft["draft_num"]),
        (&json!(to), &json!("Пишу"), &json!(1))
    );
    anna.client.put(chat, json!({"draft": ""})).await.ok();
    let draft = hers.event("server.chat.draft").await;
    assert_eq!((&draft["draft"], &draft["draft_num"]), (&json!(""), &json!(2)));
    let ours =
        |frame: &Value| frame["event"] == "server.chat.draft" || frame["event"] == "server.chat.updated";
    his.has_not_received("what Anna keeps for herself", ours).await;

    let settings = json!({"display_name": "Новое", "readonly_for_members": true});
    anna.client.put(format!("/api/v4/teams/{}/groups/{group}", team.uid), settings).await.ok();
    let told = his.event("server.chat.updated").await;
    let chat = &told["chats"][0];
    assert_eq!((&chat["display_name"], &chat["can_send_message"]), (&json!("Новое"), &Value::Null));
}

#[tokio::test]
async fn read_receipts_count_the_readers_of_a_message() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let clara = Person::login(world.client(), CLARA).await;
    let team = anna.make_team("трое", &[BORIS, CLARA]).await;
    let members = [team.jid_of(BORIS), team.jid_of(CLARA)];
    let group = anna.make_group(&team.uid, "г", &members.each_ref().map(String::as_str)).await;
    let mut hers = anna.socket(&team.uid).await;
    let message = anna.post(&team.uid, &group, "прочтите").await;
    for (reader, readers) in [(boris, 1), (clara, 2)] {
        let path = format!("/api/v3/teams/{}/ws/client.chat.lastread", team.uid);
        reader.client.post(path, json!({"jid": group})).await.ok();
        let seen = hers.event("server.message.received").await;
        let expected = json!([
            {"chat": group, "message_id": message["message_id"], "received": true, "num_received": readers}
        ]);
        assert_eq!(seen["messages"], expected);
    }
}

/// A post marks earlier messages as read: their authors are notified as of any reading, each about their own.
#[tokio::test]
async fn post_marks_earlier_messages_as_read() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let clara = Person::login(world.client(), CLARA).await;
    let team = anna.make_team("трое", &[BORIS, CLARA]).await;
    let members = [team.jid_of(BORIS), team.jid_of(CLARA)];
    let group = anna.make_group(&team.uid, "г", &members.each_ref().map(String::as_str)).await;
    let (mut hers, mut his) = (anna.socket(&team.uid).await, boris.socket(&team.uid).await);
    let mut said = Vec::new();
    for (who, text) in [(&anna, "раз"), (&anna, "два"), (&boris, "три"), (&clara, "четыре"), (&clara, "пять")]
    {
        said.push(who.post(&team.uid, &group, text).await["message_id"].clone());
    }
    let seen = |message: &Value, readers: u32| json!({"chat": group, "message_id": message, "received": true, "num_received": readers});
    let told = hers.event("server.message.received").await;
    assert_eq!(told["messages"], json!([seen(&said[0], 1), seen(&said[1], 1)]), "by Boris");
    let told = hers.event("server.message.received").await;
    assert_eq!(told["messages"], json!([seen(&said[0], 2), seen(&said[1], 2)]), "by Clara");
    let told = his.event("server.message.received").await;
    assert_eq!(told["messages"], json!([seen(&said[2], 1)]), "each hears of their own");
    let received = |frame: &Value| frame["event"] == "server.message.received";
    hers.has_not_received("a post behind one's own shows nothing new", received).await;

    let rows: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM read.feed WHERE position('\"messages_received\"'::bytea in notice) > 0",
    )
    .fetch_one(&world.pool().await)
    .await
    .expect("the feed can be read");
    assert_eq!(rows, 2, "a post tells all authors by one row");

    // A former member has read them all the same, and starts over on return.
    let path = format!("/api/v4/teams/{}/groups/{group}/members", team.uid);
    anna.client.delete(format!("{path}/{}", members[1])).await.ok();
    let chat = format!("/api/v4/teams/{}/chats/{group}", team.uid);
    let history = anna.client.get(format!("{chat}/messages?type=plain")).await.ok();
    let readers: Vec<&Value> = history["messages"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|message| &message["num_received"])
        .collect();
    assert_eq!(readers, [&Value::Null, &Value::Null, &json!(1), &json!(2), &json!(2)]);
    anna.client.post(path, json!({"jid": members[1], "status": "member"})).await.ok();
    let anew = clara.client.get(&chat).await.ok();
    assert_eq!(anew["last_read_message_id"], Value::Null);

    // Moving a read mark back takes the receipts back.
    let back = json!({"jid": group, "last_read_message_id": said[0]});
    boris.client.post(format!("/api/v3/teams/{}/ws/client.chat.lastread", team.uid), back).await.ok();
    let told = hers.event("server.message.received").await;
    assert_eq!(told["messages"], json!([seen(&said[1], 1)]));
}

#[tokio::test]
async fn unread_counters_of_another_team_reach_the_open_socket() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let here = boris.make_team("здесь", &[]).await;
    let there = anna.make_team("там", &[BORIS]).await;
    let to = there.jid_of(BORIS);
    let group = anna.make_group(&there.uid, "г", &[&to]).await;
    let mut socket = boris.socket(&here.uid).await;
    socket.event("server.online").await;
    anna.post(&there.uid, &to, "раз").await;
    anna.post(&there.uid, &group, "два").await;
    let both = |params: &Value| params["badge"] == 2;
    let told = socket.event_where("server.team.counters", both).await;
    let one = json!({"chats": 1, "messages": 1});
    let none = json!({"chats": 0, "messages": 0});
    let expected = json!([{"uid": there.uid, "unread": {"direct": one, "group": one, "task": none}}]);
    assert_eq!(told["teams"], expected);
    let path = format!("/api/v3/teams/{}/ws/client.chat.lastread", there.uid);
    boris.client.post(path, json!({"jid": group})).await.ok();
    socket.event_where("server.team.counters", |params| params["badge"] == 1).await;
}

#[tokio::test]
async fn autocleanup_deletes_old_messages_alone() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let team = anna.make_team("двое", &[BORIS]).await;
    let to = team.jid_of(BORIS);
    let group = anna.make_group(&team.uid, "г", &[&to]).await;
    let other = anna.make_group(&team.uid, "другая", &[&to]).await;
    let mut his = boris.socket(&team.uid).await;
    let old = anna.post(&team.uid, &group, "старое").await;
    let kept = anna.post(&team.uid, &other, "остаётся").await;
    anna.client
        .put(format!("/api/v4/teams/{}/groups/{group}", team.uid), json!({"autocleanup_age": 1}))
        .await
        .ok();
    let deleted = |params: &Value| params["messages"][0]["content"]["type"] == "deleted";
    let gone = his.event_where("server.message.updated", deleted).await;
    assert_eq!(gone["messages"][0]["message_id"], old["message_id"]);
    assert_eq!((&gone["chat_counters"][0]["num_unread"], &gone["badge"]), (&json!(0), &json!(1)));
    let chats = boris.client.get(format!("/api/v4/teams/{}/chats?unread_only=true", team.uid)).await.ok();
    assert_eq!(
        (&chats["count"], &chats["objects"][0]["last_message"]["message_id"]),
        (&json!(1), &kept["message_id"])
    );
    assert_eq!(events_of(&world, &text_of(&old)).await, 2, "posted and deleted, once each");
}

/// Number of events about a message in the log.
async fn events_of(world: &World, message: &str) -> usize {
    stored::count(world, |event| event.stream.message_in().is_some_and(|(_, id)| id.to_string() == message))
        .await
}
