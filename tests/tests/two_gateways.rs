//! Users on different gateways, with a NATS between them, see and receive each other.

use serde_json::{Value, json};
use veche_tests::{
    person::{Person, Team},
    socket::Socket,
    world::{Role, Second, World},
};

const ANNA: &str = "+79020200001";
const BORIS: &str = "+79020200002";

struct Fixture {
    world: World,
    second: Second,
    anna: Person,
    boris: Person,
    team: Team,
    to_boris: String,
}

/// Anna's sockets are on the first gateway, Boris' on the second.
async fn start() -> Fixture {
    let world = World::roles_apart().await;
    let second = world.second(Role::Gateway).await;
    let anna = Person::login(world.client(), ANNA).await;
    let mut boris = Person::login(world.client(), BORIS).await;
    boris.client = second.client.as_token(&boris.token);
    let team = anna.make_team("двое", &[BORIS]).await;
    let to_boris = team.jid_of(BORIS);
    Fixture { world, second, anna, boris, team, to_boris }
}

impl Fixture {
    async fn sockets(&self) -> (Socket, Socket) {
        (self.anna.socket(&self.team.uid).await, self.boris.socket(&self.team.uid).await)
    }
}

/// Waits until the online and away contacts are as expected.
async fn online(socket: &mut Socket, expected: &[(&str, bool)]) {
    let mut expected: Vec<(&str, bool)> = expected.to_vec();
    expected.sort_unstable();
    socket
        .event_where("server.online", |params| {
            let contacts = params["contacts"].as_array().expect("a list");
            let mut found: Vec<(&str, bool)> = contacts
                .iter()
                .map(|one| (one["jid"].as_str().unwrap_or_default(), one["afk"] == true))
                .collect();
            found.sort_unstable();
            found == expected
        })
        .await;
}

fn composing(chat: &str, actor: &str, composing: bool) -> impl Fn(&Value) -> bool {
    let expected = json!({"jid": chat, "actor": actor, "composing": composing, "is_audio": false});
    move |params| *params == expected
}

#[tokio::test]
async fn roles_apart_presence_spans_all_gateways() {
    let mut fixture = start().await;
    let (anna, boris) = (fixture.team.me.clone(), fixture.to_boris.clone());
    let (mut hers, mut his) = fixture.sockets().await;
    for socket in [&mut hers, &mut his] {
        online(socket, &[(&anna, false), (&boris, false)]).await;
    }
    his.ask("client.activity", json!({"afk": true})).await;
    online(&mut hers, &[(&anna, false), (&boris, true)]).await;
    // He is online with one of his devices.
    let mut second = fixture.boris.socket(&fixture.team.uid).await;
    online(&mut hers, &[(&anna, false), (&boris, false)]).await;
    for socket in [&mut his, &mut second] {
        online(socket, &[(&anna, false), (&boris, false)]).await;
    }
    second.close().await;
    his.close().await;
    online(&mut hers, &[(&anna, false)]).await;

    // Typing sent while NATS was away is lost, but presence is restored.
    fixture.world.nats().kill();
    let mut his = fixture.boris.socket(&fixture.team.uid).await;
    fixture.world.nats().revive();
    online(&mut hers, &[(&anna, false), (&boris, false)]).await;
    online(&mut his, &[(&anna, false), (&boris, false)]).await;
    // A gateway that is killed cannot sign off its sockets.
    fixture.second.process.kill();
    online(&mut hers, &[(&anna, false)]).await;
}

#[tokio::test]
async fn roles_apart_typing_reaches_viewers_of_the_chat_on_other_gateways() {
    let fixture = start().await;
    let (mut hers, mut his) = fixture.sockets().await;
    let mut her_other =
        Socket::open(&fixture.second.client.as_token(&fixture.anna.token), &fixture.team.uid).await;
    for socket in [&mut hers, &mut his, &mut her_other] {
        socket.caught_up().await;
    }
    let group = fixture.anna.make_group(&fixture.team.uid, "г", &[&fixture.to_boris]).await;
    let alone = fixture.anna.make_group(&fixture.team.uid, "без него", &[]).await;
    his.expect("the group", |frame| frame["params"]["chats"][0]["jid"] == group.as_str()).await;
    for (chat, heard_as) in [(&fixture.to_boris, &fixture.team.me), (&group, &group)] {
        for typing in [true, false] {
            hers.ask("client.chat.composing", json!({"jid": alone, "composing": typing})).await;
            hers.ask("client.chat.composing", json!({"jid": chat, "composing": typing})).await;
            let received = composing(heard_as, &fixture.team.me, typing);
            his.event_where("server.chat.composing", received).await;
        }
    }
    let is_typing = |frame: &Value| frame["event"] == "server.chat.composing";
    his.has_not_received("typing in a group of others", is_typing).await;
    hers.has_not_received("one's own typing", is_typing).await;
    her_other.has_not_received("one's own typing on another device", is_typing).await;
}
