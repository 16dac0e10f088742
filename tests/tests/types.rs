//! Answers and frames decode into the vendor's published types: every field has the kind it has there.

use serde_json::{Value, json};
use veche_tests::{
    fields::Fields,
    person::{Person, text},
    scenario::picture,
    world::World,
};

const ANNA: &str = "+79090000001";
const BORIS: &str = "+79090000002";

/// Checked bodies, and those that do not decode.
struct TypeChecker {
    fields: Fields,
    faults: Vec<String>,
}

impl TypeChecker {
    fn new() -> Self {
        Self { fields: Fields::load(), faults: Vec::new() }
    }

    fn look(&mut self, what: &str, of: &str, value: &Value) {
        let faults = self.fields.faults(of, value);
        self.faults.extend(faults.into_iter().map(|fault| format!("{what}: {fault}")));
    }

    fn done(self) {
        assert!(self.faults.is_empty(), "clients cannot read\n{}", self.faults.join("\n"));
    }
}

#[tokio::test]
async fn answers_decode_in_the_clients_types() {
    let world = World::all_in_one().await;
    let mut judge = TypeChecker::new();
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let contacts = json!([{"phone": BORIS, "given_name": "Борис", "role": "р", "status": "admin"}]);
    let team = anna.make_team_of("типы", contacts).await;
    let (v3, v4) = (format!("/api/v3/teams/{}", team.uid), format!("/api/v4/teams/{}", team.uid));
    judge.look("POST teams", "Team", &team.json);
    for person in [&anna, &boris] {
        judge.look("GET teams", "[Team]", &person.client.get("/api/v3/teams").await.ok());
        judge.look("GET team", "Team", &person.client.get(v3.clone()).await.ok());
        judge.look("GET me", "Me", &person.client.get("/api/v3/me").await.ok());
        for (name, of) in [("contacts", "[Contact]"), ("contact-sections", "[Section]"), ("groups", "[Chat]")]
        {
            judge.look(name, of, &person.client.get(format!("{v4}/{name}")).await.ok());
        }
    }
    judge.look("PUT team", "Team", &anna.client.put(v3.clone(), json!({"name": "иначе"})).await.ok());
    let device = json!({"device_id": "x", "type": "web", "name": "x"});
    judge.look("POST devices", "Device", &anna.client.post("/api/v3/devices", device).await.ok());
    judge.look("GET devices", "[Device]", &anna.client.get("/api/v3/devices").await.ok());
    judge.look("GET countries", "[Country]", &anna.client.get("/api/v3/countries").await.ok());

    let message = anna.post(&team.uid, &team.jid_of(BORIS), "раз").await;
    judge.look("a first message", "Message", &message);
    let message = anna.post(&team.uid, &team.jid_of(BORIS), "https://example.com и @Борис").await;
    judge.look("a message with links", "Message", &message);

    for kind in ["group", "task"] {
        let path = format!("{v4}/{kind}-sections");
        judge.look(
            "POST sections",
            "Section",
            &anna.client.post(path.clone(), json!({"name": "с"})).await.ok(),
        );
        judge.look("GET sections", "[Section]", &anna.client.get(path).await.ok());
    }
    let file = anna.client.upload(format!("{v4}/uploads"), "file", "p.png", picture(64, 32)).await.ok();
    let task = json!({"description": "https://example.com\nи @Борис", "deadline": "2019-01-31", "tags": ["т"],
        "items": ["раз"], "uploads": [file["uid"]], "linked_messages": [message["message_id"]], "importance": 2,
        "observers": [team.jid_of(BORIS)]});
    judge.look("POST tasks", "Chat", &anna.client.post(format!("{v4}/tasks"), task).await.ok());
    judge.look("GET tasks", "[Chat]", &boris.client.get(format!("{v4}/tasks")).await.ok()["objects"]);

    let group = anna.make_group(&team.uid, "г", &[&team.jid_of(BORIS)]).await;
    judge.look("GET group", "Chat", &anna.client.get(format!("{v4}/groups/{group}")).await.ok());
    let integration = json!({"comment": "x", "kind": "raw", "group": group, "enabled": true});
    let integration = anna.client.post(format!("{v3}/integrations"), integration).await.ok();
    judge.look("POST integrations", "Integration", &integration);
    let integrations = anna.client.get(format!("{v3}/integrations")).await.ok();
    judge.look("GET integrations", "[Integration]", &integrations["integrations"]);
    judge.look("GET integrations", "[IntegrationKind]", &integrations["kinds"]);

    let invitation = anna.client.post(format!("{v3}/invitations"), json!({})).await.ok();
    judge.look("POST invitations", "Invitation", &invitation);
    judge.look("GET invitations", "[Invitation]", &anna.client.get(format!("{v3}/invitations")).await.ok());
    let clara = Person::login(world.client(), "+79090000003").await;
    let joined = clara.client.post("/api/v3/teams/join", json!({"token": invitation["token"]})).await.ok();
    judge.look("POST teams/join", "Team", &joined);

    let icons = anna.client.upload(format!("{v3}/icons"), "file", "p.png", picture(64, 32)).await.ok();
    judge.look("POST icons", "IconData", &icons);
    judge.look("DELETE icons", "IconData", &anna.client.delete(format!("{v3}/icons")).await.ok());
    let path = format!("{v4}/contacts/{}/icons", team.me);
    let icons = anna.client.upload(path.clone(), "file", "p.png", picture(64, 32)).await.ok();
    judge.look("POST contact's icons", "IconData", &icons);
    judge.look("GET contacts", "[Contact]", &anna.client.get(format!("{v4}/contacts")).await.ok());
    judge.look("DELETE contact's icons", "IconData", &anna.client.delete(path).await.ok());
    judge.look("DELETE team", "Team", &anna.client.delete(v3).await.ok());
    judge.done();
}

#[tokio::test]
async fn frames_decode_in_the_clients_types() {
    let world = World::all_in_one().await;
    let mut judge = TypeChecker::new();
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let own = boris.make_team("своя", &[]).await;
    let mut elsewhere = boris.socket(&own.uid).await;
    elsewhere.event("server.online").await;
    let team = anna.make_team_of("типы", json!([{"phone": BORIS, "given_name": "Борис"}])).await;
    judge.look("team.updated", "[Team]", &elsewhere.event("server.team.updated").await["teams"]);
    judge.look("contact.updated", "[Contact]", &elsewhere.event("server.contact.updated").await["contacts"]);
    judge.look("section.updated", "[Section]", &elsewhere.event("server.section.updated").await["sections"]);

    let mut his = boris.socket(&team.uid).await;
    let mut hers = anna.socket(&team.uid).await;
    let group = anna.make_group(&team.uid, "г", &[&team.jid_of(BORIS)]).await;
    let about = |params: &Value| params["chats"][0]["jid"] == group.as_str();
    judge.look("chat.updated", "[Chat]", &his.event_where("server.chat.updated", about).await["chats"]);
    anna.post(&team.uid, &group, "Вот @Борис").await;
    let said = |params: &Value| text(&params["messages"][0]["content"]["text"]).contains("Борис");
    let received = his.event_where("server.message.updated", said).await;
    judge.look("message.updated", "[Message]", &received["messages"]);
    judge.look("message.updated", "[ChatCounters]", &received["chat_counters"]);
    judge.look("message.updated", "TeamUnread", &received["team_unread"]);
    judge.look("message.updated", "uint", &received["badge"]);
    his.ask("client.chat.lastread", json!({"jid": group})).await;
    let read = his.event("server.chat.lastread").await;
    judge.look("chat.lastread", "[ChatCounters]", &read["chats"]);
    judge.look("chat.lastread", "TeamUnread", &read["team_unread"]);
    let received = hers.event("server.message.received").await;
    judge.look("message.received", "jid", &received["messages"][0]["chat"]);
    judge.done();
}
