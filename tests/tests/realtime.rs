//! Live updates of two users over their sockets, from commands over HTTP and over websockets.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message};
use uuid::Uuid;
use veche_tests::{
    client::Identity,
    person::{Person, text},
    process::signal,
    socket::Socket,
    two_users::TwoUsers,
    world::{PUBLIC_URL, Role, World},
};

const ANNA: &str = "+79010000001";
const BORIS: &str = "+79010000002";
const CLARA: &str = "+79010000003";
const DARYA: &str = "+79010000004";

async fn two_users() -> TwoUsers {
    TwoUsers::start(ANNA, BORIS).await
}

fn is_text(params: &Value, text: &str) -> bool {
    params["messages"][0]["content"]["text"] == text
}

fn plain(to: &str, text: &str) -> Value {
    json!({"to": to, "content": {"type": "plain", "text": text}})
}

#[tokio::test]
async fn new_team_and_its_first_message_reach_an_open_socket() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let own = boris.make_team("Бориса", &[]).await;
    let mut elsewhere = boris.socket(&own.uid).await;
    elsewhere.event("server.online").await;

    let team = anna.make_team("общая", &[BORIS, CLARA, DARYA]).await;
    let params =
        elsewhere.event_where("server.team.updated", |params| params["teams"][0]["uid"] == team.uid).await;
    assert_eq!(params["teams"][0]["me"]["jid"], team.jid_of(BORIS), "seen with his own eyes");
    assert_eq!(params["teams"][0]["need_confirmation"], true);

    let mut socket = boris.socket(&team.uid).await;
    let invitation =
        anna.client.post(format!("/api/v3/teams/{}/invitations", team.uid), json!({})).await.ok();
    let eva = Person::login(world.client(), "+79010000005").await;
    let hers = eva.make_team("Евы", &[]).await;
    let mut on_hers = eva.socket(&hers.uid).await;
    on_hers.event("server.online").await;
    eva.client.post("/api/v3/teams/join", json!({"token": invitation["token"]})).await.ok();
    let jid = eva.jid(&team.uid).await;
    socket.event_where("server.contact.updated", |params| params["contacts"][0]["jid"] == jid.as_str()).await;
    let joined = on_hers.event("server.team.updated").await;
    assert_eq!(
        (&joined["teams"][0]["uid"], &joined["teams"][0]["me"]["jid"]),
        (&json!(team.uid), &json!(jid))
    );

    let message = anna.post(&team.uid, &team.jid_of(BORIS), "привет").await;
    let received = socket.event_where("server.message.updated", |params| is_text(params, "привет")).await;
    assert_eq!(received["delayed"], false);
    let received = &received["messages"][0];
    assert_eq!(received["message_id"], message["message_id"]);
    assert_eq!(
        (&received["chat"], &received["from"]),
        (&json!(team.me), &json!(team.me)),
        "a direct chat is the other's"
    );
    assert_eq!(received["to"], team.jid_of(BORIS));
}

#[tokio::test]
async fn message_is_posted_edited_and_deleted_over_sockets() {
    let TwoUsers { world: _world, anna, boris, team, to_boris } = two_users().await;
    let mut hers = anna.socket(&team.uid).await;
    let mut her_other = anna.socket(&team.uid).await;
    let mut his = boris.socket(&team.uid).await;
    his.event("server.online").await;
    let id = Uuid::new_v4().to_string();
    let mut body = plain(&to_boris, "раз");
    body["message_id"] = json!(id);

    hers.ask("client.message.updated", body.clone()).await;
    let mut first = Value::Null;
    for socket in [&mut hers, &mut her_other, &mut his] {
        let received = socket.event_where("server.message.updated", |params| is_text(params, "раз")).await;
        assert_eq!(
            (&received["delayed"], &received["messages"][0]["message_id"]),
            (&json!(false), &json!(id))
        );
        first = received["messages"][0].clone();
    }

    body["content"]["text"] = json!("раз, два");
    hers.ask("client.message.updated", body).await;
    let edited = his.event_where("server.message.updated", |params| is_text(params, "раз, два")).await;
    assert_eq!(edited["delayed"], true);
    let edited = &edited["messages"][0];
    assert!(edited["edited"].is_string(), "{edited}");
    assert_eq!(edited["created"], first["created"]);
    assert!(edited["gentime"].as_i64() > first["gentime"].as_i64(), "{edited} after {first}");

    hers.ask("client.message.deleted", json!({"message_id": id})).await;
    let deleted = |params: &Value| {
        params["messages"][0]["is_archive"] == true || params["messages"][0]["content"]["text"] == ""
    };
    let gone = his.event_where("server.message.updated", deleted).await;
    assert_eq!(gone["messages"][0]["message_id"], id);
    his.close().await;
}

#[tokio::test]
async fn socket_accepts_text_and_binary_frames_and_warns_of_failures() {
    let TwoUsers { world: _world, anna, boris: _, team, .. } = two_users().await;
    let mut socket = anna.socket(&team.uid).await;
    socket
        .send_message(Message::binary(br#"{"event": "client.ping", "confirm_id": "in bytes"}"#.to_vec()))
        .await;
    assert_eq!(socket.event("server.confirm").await["confirm_id"], "in bytes");
    socket.send(json!({"event": "client.ping", "confirm_id": 42})).await;
    assert_eq!(socket.event("server.confirm").await["confirm_id"], 42);
    let unknown = json!({"event": "client.no.such", "confirm_id": "u"});
    socket.send(unknown.clone()).await;
    let warning = socket.event("server.warning").await;
    assert_eq!((&warning["message"], &warning["orig"]), (&json!("unknown event: client.no.such"), &unknown));
    let call = json!({"event": "client.call.offer", "params": {"jid": "x", "sdp": "…"}, "confirm_id": "c"});
    socket.send(call.clone()).await;
    let warning = socket.event("server.warning").await;
    assert!(text(&warning["message"]).starts_with("INVALID_DATA: "), "{warning}");
    assert_eq!(warning["orig"], call);
    socket.say("client.message.updated", plain("d-00000000-0000-4000-8000-000000000000", "никому")).await;
    assert_eq!(socket.event("server.warning").await["orig"]["event"], "client.message.updated");
    socket.send_message(Message::text("{")).await;
    socket.event("server.warning").await;
    socket.ask("client.ping", Value::Null).await;
}

#[tokio::test]
async fn read_marks_reach_the_reader_and_the_author() {
    let TwoUsers { world: _world, anna, boris, team, to_boris } = two_users().await;
    let mut hers = anna.socket(&team.uid).await;
    let mut his = boris.socket(&team.uid).await;
    let mut his_other = boris.socket(&team.uid).await;
    let message = anna.post(&team.uid, &to_boris, "прочти").await;
    let received = his.event_where("server.message.updated", |params| is_text(params, "прочти")).await;
    assert_eq!(received["chat_counters"][0]["num_unread"], 1, "{received}");
    let before = boris.client.get(format!("/api/v3/teams/{}", team.uid)).await.ok();
    assert_eq!(before["unread"]["direct"], json!({"chats": 1, "messages": 1}));
    let echo = hers.event_where("server.message.updated", |params| is_text(params, "прочти")).await;
    assert_eq!(echo["chat_counters"][0]["num_unread"], 0, "nobody has their own words to read: {echo}");
    let sender = anna.client.get(format!("/api/v3/teams/{}", team.uid)).await.ok();
    assert_eq!(sender["unread"]["direct"], json!({"chats": 0, "messages": 0}));

    his.ask("client.chat.lastread", json!({"jid": team.me})).await;
    let read = his_other.event("server.chat.lastread").await;
    assert_eq!((&read["chats"][0]["jid"], &read["chats"][0]["num_unread"]), (&json!(team.me), &json!(0)));
    let received = hers.event("server.message.received").await;
    let received = &received["messages"][0];
    assert_eq!((&received["message_id"], &received["received"]), (&message["message_id"], &json!(true)));
    assert_eq!(received["chat"], to_boris);
    let after = boris.client.get(format!("/api/v3/teams/{}", team.uid)).await.ok();
    assert_eq!(after["unread"]["direct"], json!({"chats": 0, "messages": 0}));
}

/// A badge has the unread messages of all teams, and those of this one apart. (Messages of other teams that arrive while
/// the socket is open are counted every half minute.)
#[tokio::test]
async fn badge_counts_all_teams() {
    let TwoUsers { world: _world, anna, boris, team, to_boris } = two_users().await;
    let other = anna.make_team("другая", &[BORIS]).await;
    anna.post(&other.uid, &other.jid_of(BORIS), "там").await;
    let mut his = boris.socket(&team.uid).await;
    his.ask("client.ping", Value::Null).await;
    anna.post(&team.uid, &to_boris, "тут").await;
    let received = his.event_where("server.message.updated", |params| is_text(params, "тут")).await;
    assert_eq!(
        (&received["badge"], &received["team_unread"]["direct"]["messages"]),
        (&json!(2), &json!(1)),
        "{received}"
    );
}

#[tokio::test]
async fn mention_becomes_a_link_and_a_notice_for_the_mentioned() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let named = json!([{"phone": BORIS, "given_name": "Борис", "family_name": "Годунов"}]);
    let team = anna.make_team_of("двое", named).await;
    let group = anna.make_group(&team.uid, "г", &[&team.jid_of(BORIS)]).await;
    let (mut hers, mut his) = (anna.socket(&team.uid).await, boris.socket(&team.uid).await);
    let said = "Вот и @Борис_Годунов пришёл";
    let message = anna.post(&team.uid, &group, said).await;
    let url = format!("otv://{}", team.jid_of(BORIS));
    let link = json!({"pattern": "@Борис_Годунов", "text": "@Борис Годунов", "url": url});
    assert_eq!((&message["content"]["text"], &message["links"]), (&json!(said), &json!([link])));
    let noticed = his.event_where("server.message.updated", |params| is_text(params, said)).await;
    assert_eq!(
        (&noticed["messages"][0]["notice"], &noticed["messages"][0]["links"]),
        (&json!(true), &json!([link]))
    );
    assert_eq!(noticed["chat_counters"][0]["num_unread_notices"], 1);
    let echo = hers.event_where("server.message.updated", |params| is_text(params, said)).await;
    assert_eq!(echo["messages"][0].get("notice"), None, "she is not meant: {echo}");
}

#[tokio::test]
async fn typing_presence_and_ui_settings_reach_sockets() {
    let TwoUsers { world: _world, anna, boris, team, to_boris } = two_users().await;
    let mut hers = anna.socket(&team.uid).await;
    let mut his = boris.socket(&team.uid).await;
    let is_online = |params: &Value| {
        params["contacts"]
            .as_array()
            .is_some_and(|all| all.iter().any(|contact| contact["jid"] == to_boris.as_str()))
    };
    hers.event_where("server.online", is_online).await;

    his.ask("client.chat.composing", json!({"jid": team.me, "composing": true})).await;
    let typing = hers.event("server.chat.composing").await;
    assert_eq!(typing, json!({"jid": to_boris, "actor": to_boris, "composing": true, "is_audio": false}));
    let stop = json!({"jid": team.me});
    boris.client.post(format!("/api/v3/teams/{}/ws/client.chat.composing", team.uid), stop).await.ok();
    assert_eq!(hers.event("server.chat.composing").await["composing"], false);

    let settings = json!({"theme": "тёмная", "n": [1, {"deep": null}]});
    anna.client.put("/api/v3/ui-settings", settings.clone()).await.ok();
    assert_eq!(hers.event("server.uisettings").await, settings);
    his.has_not_received("her settings", |frame| frame["event"] == "server.uisettings").await;
    his.close().await;
    hers.event_where("server.online", |params| !is_online(params)).await;
}

#[tokio::test]
async fn login_notifies_other_sessions_and_logout_closes_its_sockets() {
    let TwoUsers { world, anna, boris: _, team, .. } = two_users().await;
    let mut socket = anna.socket(&team.uid).await;
    let browser = Person::login_with_cookie(world.client(), ANNA).await;
    assert_eq!(socket.event("server.login").await["device_name"], "(unknown device)");
    Person::login_as(world.client(), ANNA, "второй телефон").await;
    assert_eq!(socket.event("server.login").await["device_name"], "второй телефон");

    let mut in_browser = browser.socket(&team.uid).await;
    in_browser.ask("client.ping", Value::Null).await;
    browser.client.post("/api/v3/cookieauth-logout", json!({})).await.ok();
    let (frames, _) = in_browser.closed().await;
    assert!(frames.iter().any(|frame| frame["event"] == "server.logout"), "{frames:?}");
    socket.ask("client.ping", Value::Null).await;
    let refused = browser.socket(&team.uid).await.closed().await.0;
    assert_eq!(refused[0]["params"]["code"], "INVALID_TOKEN", "{refused:?}");
}

#[tokio::test]
async fn socket_without_session_or_team_gets_server_panic_and_closes() {
    let TwoUsers { world, anna, boris: _, team, .. } = two_users().await;
    let stranger = Person::login(world.client(), CLARA).await;
    let nobody = world.client().clone();
    let unknown = nobody.as_token("WoqtDSoWibETHyZcFJvixHGbp9AdYeg0");
    let nowhere = Uuid::new_v4().to_string();
    let cases = [
        (&nobody, team.uid.as_str(), "EMPTY_TOKEN"),
        (&unknown, team.uid.as_str(), "INVALID_TOKEN"),
        (&stranger.client, team.uid.as_str(), "INVALID_TEAM"),
        (&anna.client, nowhere.as_str(), "INVALID_TEAM"),
        (&anna.client, "no-uuid", "INVALID_TEAM"),
    ];
    for (client, team, code) in cases {
        let (frames, _) = Socket::open(client, team).await.closed().await;
        assert_eq!(frames, [json!({"event": "server.panic", "params": {"code": code, "debug": null}})]);
    }
}

#[tokio::test]
async fn socket_with_a_cookie_from_a_foreign_origin_is_refused() {
    let TwoUsers { world, anna, boris: _, team, .. } = two_users().await;
    let browser = Person::login_with_cookie(world.client(), ANNA).await;
    let path = format!("/messaging/{}", team.uid);
    for origin in ["https://evil.example", "null", "http://127.0.0.1:8000.evil.example"] {
        let refused = Socket::try_open(&browser.client, &path, &[("origin", origin)]).await;
        let Err(tungstenite::Error::Http(answer)) = refused else { panic!("{origin} got in: {refused:?}") };
        assert_eq!(answer.status(), 403, "{origin}");
    }
    for headers in [vec![("origin", PUBLIC_URL)], vec![]] {
        let mut own = Socket::try_open(&browser.client, &path, &headers).await.unwrap();
        own.ask("client.ping", Value::Null).await;
    }
    // A browser sends no token by itself, so no page can abuse one.
    let mut with_token =
        Socket::try_open(&anna.client, &path, &[("origin", "https://evil.example")]).await.unwrap();
    with_token.ask("client.ping", Value::Null).await;
    let Identity::Cookie(cookie) = browser.client.identity() else { panic!("a browser has a cookie") };
    let both = Socket::try_open(&anna.client, &path, &[("cookie", cookie)]).await.unwrap();
    both.close().await;
}

#[tokio::test]
async fn archived_team_notifies_and_closes_its_sockets() {
    let TwoUsers { world: _world, anna, boris, team, .. } = two_users().await;
    let own = boris.make_team("Бориса", &[]).await;
    let mut inside = boris.socket(&team.uid).await;
    let mut outside = boris.socket(&own.uid).await;
    let path = format!("/api/v3/teams/{}", team.uid);
    anna.client.put(path.clone(), json!({"name": "переименована"})).await.ok();
    for socket in [&mut inside, &mut outside] {
        let received =
            socket.event_where("server.team.updated", |params| params["teams"][0]["uid"] == team.uid).await;
        assert_eq!(received["teams"][0]["name"], "переименована");
    }
    anna.client.delete(path).await.ok();
    let received = outside.event("server.team.deleted").await;
    assert_eq!(
        (&received["teams"][0]["uid"], &received["teams"][0]["is_archive"]),
        (&json!(team.uid), &json!(true))
    );
    let (frames, _) = inside.closed().await;
    assert!(frames.iter().any(|frame| frame["event"] == "server.team.deleted"), "{frames:?}");
}

#[tokio::test]
async fn group_changes_reach_its_members_alone() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let clara = Person::login(world.client(), CLARA).await;
    let team = anna.make_team("трое", &[BORIS, CLARA]).await;
    let mut his = boris.socket(&team.uid).await;
    let mut hers = clara.socket(&team.uid).await;
    hers.ask("client.ping", Value::Null).await;

    let group = anna.make_group(&team.uid, "кружок", &[&team.jid_of(BORIS)]).await;
    his.event_where("server.chat.updated", |params| params["chats"][0]["jid"] == group.as_str()).await;
    anna.post(&team.uid, &group, "только нам").await;
    let received = his.event_where("server.message.updated", |params| is_text(params, "только нам")).await;
    assert_eq!(
        (&received["messages"][0]["chat"], &received["messages"][0]["to"]),
        (&json!(group), &json!(group))
    );

    anna.post(&team.uid, &team.jid_of(CLARA), "тебе").await;
    hers.event_where("server.message.updated", |params| is_text(params, "тебе")).await;
    hers.has_not_received("what was said in the group", |frame| is_text(&frame["params"], "только нам"))
        .await;
    let peek = clara.client.get(format!("/api/v4/teams/{}/chats/{group}/messages", team.uid)).await;
    peek.fails(404, "NOT_FOUND");

    let members = format!("/api/v4/teams/{}/groups/{group}/members", team.uid);
    anna.client.delete(format!("{members}/{}", team.jid_of(BORIS))).await.ok();
    his.event_where("server.chat.deleted", |params| params["chats"][0]["jid"] == group.as_str()).await;
    anna.post(&team.uid, &group, "уже без тебя").await;
    anna.post(&team.uid, &team.jid_of(BORIS), "лично").await;
    his.event_where("server.message.updated", |params| is_text(params, "лично")).await;
    his.has_not_received("a group that he left", |frame| is_text(&frame["params"], "уже без тебя")).await;
    assert_eq!(text(&json!(group)), group);
}

/// Close codes that tell clients that the server goes away and to reconnect (RFC 6455, 7.4.1; 1012).
const GOING_AWAY: [u16; 2] = [1001, 1012];

#[tokio::test]
async fn restarted_server_resumes_after_a_graceful_stop() {
    let TwoUsers { mut world, anna, boris, team, to_boris } = two_users().await;
    let mut socket = boris.socket(&team.uid).await;
    let before = anna.post(&team.uid, &to_boris, "до").await;
    socket.event_where("server.message.updated", |params| is_text(params, "до")).await;
    let process = world.process(Role::Serve);
    signal("TERM", &[process.id()]);
    let (_, code) = socket.closed().await;
    assert!(code.is_some_and(|code| GOING_AWAY.contains(&code)), "{code:?}");
    let ended = process.ended().await;
    assert!(ended.success(), "{ended}");
    world.revive(Role::Serve).await;
    let mut socket = boris.socket(&team.uid).await;
    socket.ask("client.ping", Value::Null).await;
    let after = anna.post(&team.uid, &to_boris, "после").await;
    assert_eq!(after["prev"], before["message_id"]);
    socket.event_where("server.message.updated", |params| is_text(params, "после")).await;
}
