//! Message ids belong to a team: two teams use the same one, and messages of the earlier stream form stay usable.

use chrono::{TimeDelta, Utc};
use events::{
    ContactId, MessageId, Personal, TeamId,
    chat::ChatRef,
    message::{Author, Posted},
};
use serde_json::{Value, json};
use uuid::Uuid;
use veche_tests::{
    fact,
    person::{Person, Team, text},
    stored,
    two_users::TwoUsersInGroup,
    world::{Layout, LogPlace, Plan, World},
};

const ANNA: &str = "+79084000001";
const BORIS: &str = "+79084000002";
const CLARA: &str = "+79084000003";

/// A group's messages, as one of its members reads and writes them.
struct GroupMessages<'p> {
    person: &'p Person,
    path: String,
}

impl<'p> GroupMessages<'p> {
    fn new(person: &'p Person, team: &str, chat: &str) -> Self {
        Self { person, path: format!("/api/v4/teams/{team}/chats/{chat}/messages") }
    }

    async fn say(&self, body: Value) -> Value {
        self.person.client.post(&self.path, body).await.ok()
    }

    async fn shown(&self, id: &str) -> Value {
        self.person.client.get(format!("{}/{id}", self.path)).await.ok()
    }

    async fn text(&self, id: &str) -> String {
        text(&self.shown(id).await["content"]["text"])
    }
}

/// Clara's own team with a group.
async fn claras(world: &World) -> (Person, Team, String) {
    let clara = Person::login(world.client(), CLARA).await;
    let team = clara.make_team("Иные", &[]).await;
    let group = clara.make_group(&team.uid, "у Клары", &[]).await;
    (clara, team, group)
}

#[tokio::test]
async fn two_teams_use_one_message_id_and_every_call_reaches_the_callers_message() {
    let users = TwoUsersInGroup::start(World::all_in_one().await, &[ANNA, BORIS]).await;
    let (clara, her_team, her_group) = claras(&users.world).await;
    let ours = GroupMessages::new(&users.anna, &users.team.uid, &users.group);
    let theirs = GroupMessages::new(&clara, &her_team.uid, &her_group);
    let id = Uuid::new_v4().to_string();
    let mut his = users.boris.socket(&users.team.uid).await;
    let mut hers = clara.socket(&her_team.uid).await;

    ours.say(json!({"text": "яблоки у нас", "message_id": id})).await;
    let before = users.head().await;
    let said = theirs.say(json!({"text": "яблоки у них", "message_id": id})).await;
    assert_eq!((&said["message_id"], &said["content"]["text"]), (&json!(id), &json!("яблоки у них")));
    ours.say(json!({"text": "яблоки у нас", "message_id": id})).await;
    let posts = stored::count(&users.world, |event| event.kind == "message.posted.v1").await;
    assert_eq!(posts, 2, "a repetition posts nothing");
    assert_eq!(
        (ours.text(&id).await.as_str(), theirs.text(&id).await.as_str()),
        ("яблоки у нас", "яблоки у них")
    );
    for (socket, other) in [(&mut his, "у них"), (&mut hers, "у нас")] {
        socket.event("server.message.updated").await;
        socket.has_not_received("the other team's message", |frame| frame.to_string().contains(other)).await;
    }
    for (room, team) in [(&ours, &users.team.uid), (&theirs, &her_team.uid)] {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", "яблоки").finish();
        let found = room.person.client.get(format!("/api/v4/teams/{team}/messages?{query}")).await.ok();
        assert_eq!(found["messages"].as_array().map(Vec::len), Some(1), "{found}");
    }

    let reply = theirs.say(json!({"text": "см.", "reply_to": id, "linked_messages": [id]})).await;
    assert_eq!(reply["reply_to"]["content"]["text"], "яблоки у них");
    assert_eq!(reply["linked_messages"][0]["content"]["text"], "яблоки у них");
    let thumb = form_urlencoded::byte_serialize("👍".as_bytes()).collect::<String>();
    users.boris.client.post(format!("{}/{id}/reactions/{thumb}", ours.path), json!({})).await.ok();
    assert!(theirs.shown(&id).await["reactions"].as_array().is_none_or(Vec::is_empty));
    hers.say(
        "client.message.updated",
        json!({"to": her_group, "message_id": id, "content": {"type": "plain", "text": "груши"}}),
    )
    .await;
    hers.event_where("server.message.updated", |params| params["messages"][0]["content"]["text"] == "груши")
        .await;
    assert_eq!(ours.text(&id).await, "яблоки у нас");
    clara
        .client
        .post(
            format!("/api/v3/teams/{}/ws/client.chat.lastread", her_team.uid),
            json!({"jid": her_group, "last_read_message_id": id}),
        )
        .await
        .ok();

    let past = format!("?as_of={}", users.head().await);
    hers.say("client.message.deleted", json!({"message_id": id})).await;
    hers.event_where("server.message.updated", |params| {
        params["messages"][0]["content"]["type"] == "deleted"
    })
    .await;
    assert_eq!(ours.text(&id).await, "яблоки у нас");
    assert_eq!(ours.shown(&id).await["reactions"][0]["counter"], 1);
    let reply = theirs.shown(&text(&reply["message_id"])).await;
    assert!(!reply.to_string().contains("груши") && !reply.to_string().contains("яблоки"), "{reply}");
    let then = clara.client.get(format!("{}/{id}{past}", theirs.path)).await.ok();
    assert_eq!(then["content"]["text"], "", "the past shows no deleted text");
    let then = users.anna.client.get(format!("{}/{id}?as_of={before}", ours.path)).await.ok();
    assert_eq!(then["content"]["text"], "яблоки у нас");
    let why = users.world.run(&["audit", "why", "message", &id, "--team", &her_team.uid, "--field", "team"]);
    assert!(why.contains(&her_team.uid), "{why}");
    assert!(!users.world.attempt(&["audit", "why", "message", &id]).status.success(), "two teams have it");
    stored::is_what_a_rebuild_makes(&users.world).await;
}

#[tokio::test]
async fn message_of_the_earlier_stream_form_is_read_edited_repeated_and_deleted() {
    let plan = Plan::new(Layout::AllInOne).log(LogPlace::Postgres);
    let users = TwoUsersInGroup::start(World::start(plan).await, &[ANNA, BORIS]).await;
    let (clara, her_team, her_group) = claras(&users.world).await;
    let ours = GroupMessages::new(&users.anna, &users.team.uid, &users.group);
    let id = Uuid::new_v4();
    let team = TeamId(users.team.uid.parse().unwrap());
    let of = |address: &str| address.split_once('-').unwrap().1.parse::<Uuid>().unwrap();
    let author = of(&users.team.me);
    let account: Uuid = sqlx::query_scalar("select account from read.contact where uid = $1")
        .bind(author)
        .fetch_one(&users.world.pool().await)
        .await
        .unwrap();
    let posted = Posted {
        message: MessageId(id),
        team,
        chat: ChatRef::Group(of(&users.group).into()),
        author: Author::Contact(ContactId(author)),
        text: Personal::in_team(team, account.into(), "раньше".to_owned()),
        important: false,
        nopreview: false,
        silently: false,
        reply_to: None,
        linked_messages: vec![],
        uploads: vec![],
        editable_until: Utc::now() + TimeDelta::days(1),
    };
    fact::message_of_the_earlier_form(&users.world, &users.anna, posted).await;
    let id = id.to_string();
    let streams = async || {
        let mut names: Vec<String> = stored::events(users.world.log_url())
            .await
            .iter()
            .map(|event| event.stream.to_string())
            .filter(|stream| stream.contains(&id))
            .collect();
        names.sort_unstable();
        names
    };
    assert_eq!(ours.text(&id).await, "раньше");
    ours.say(json!({"text": "раньше", "message_id": id})).await;
    let earlier = format!("message-{id}");
    assert_eq!(streams().await, [earlier.as_str()], "a repetition posts nothing");
    let theirs = GroupMessages::new(&clara, &her_team.uid, &her_group);
    theirs.say(json!({"text": "у них", "message_id": id})).await;
    users.anna.client.put(format!("{}/{id}", ours.path), json!({"text": "иначе"})).await.ok();
    ours.say(json!({"text": "ещё иначе", "message_id": id})).await;
    assert_eq!((ours.text(&id).await.as_str(), theirs.text(&id).await.as_str()), ("ещё иначе", "у них"));
    users.anna.client.delete(format!("{}/{id}", ours.path)).await.ok();
    assert_eq!(theirs.text(&id).await, "у них");
    assert_eq!(ours.shown(&id).await["content"]["type"], "deleted");
    let new = format!("message-{}-{id}", her_team.uid);
    let mut expected = [earlier.as_str(), &earlier, &earlier, &earlier, &new];
    expected.sort_unstable();
    assert_eq!(streams().await, expected);
    stored::is_what_a_rebuild_makes(&users.world).await;
    ours.say(json!({"text": "после", "message_id": Uuid::new_v4()})).await;
}
