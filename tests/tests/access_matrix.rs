//! The access matrix: every route of the document, tried by every kind of caller.

use futures::{StreamExt, future::ready, stream};
use http::Method;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};
use uuid::Uuid;
use veche_tests::{
    client::{Client, multipart},
    eventually,
    exchange::{Body, Call},
    openapi::{Document, Operation},
    person::{Person, text},
    scenario::picture,
    socket::{Next, Socket},
    world::World,
};

const SORTS: [&str; 7] = ["nobody", "stranger", "removed", "guest", "member", "admin", "owner"];
/// Rows that run concurrently.
const AT_ONCE: usize = 6;
/// Rows that share a product: each makes up to seven teams with the same people, and an account is in 300 teams at most.
const ROWS_OF_A_WORLD: usize = 80;
const GUEST: &str = "+79050000003";
const MEMBER: &str = "+79050000004";
const ADMIN: &str = "+79050000005";
const REMOVED: &str = "+79050000002";

/// A row of the table.
struct Row {
    operation: Operation,
    expected: Vec<u16>,
    body: String,
}

fn rows() -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract/access.txt");
    let table = std::fs::read_to_string(path).expect("the table of access");
    table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(row).collect()
}

fn row(line: &str) -> Row {
    let mut rest = line;
    let mut word = || {
        let (word, behind) = rest.trim_start().split_once(' ').unwrap_or((rest.trim_start(), ""));
        rest = behind;
        word.to_owned()
    };
    let operation = Operation { method: word(), path: word() };
    let expected =
        SORTS.iter().map(|_| word().parse().unwrap_or_else(|_| panic!("no status: {line}"))).collect();
    Row { operation, expected, body: rest.trim().to_owned() }
}

/// All kinds of callers.
struct Callers {
    nobody: Client,
    people: BTreeMap<&'static str, Person>,
}

impl Callers {
    async fn log_in(world: &World) -> Self {
        let phones = ["+79050000001", REMOVED, GUEST, MEMBER, ADMIN, "+79050000006"];
        let mut people = BTreeMap::new();
        for (sort, phone) in SORTS[1..].iter().zip(phones) {
            people.insert(*sort, Person::login(world.client(), phone).await);
        }
        Self { nobody: world.client().clone(), people }
    }

    fn client(&self, sort: &str) -> Client {
        self.people.get(sort).map_or_else(|| self.nobody.clone(), |person| person.client.clone())
    }

    fn owner(&self) -> &Person {
        &self.people["owner"]
    }

    /// Makes a team with all callers in it; returns the values of path parameters.
    async fn make_team(&self) -> BTreeMap<String, String> {
        let owner = self.owner();
        let contacts = json!([
            {"phone": REMOVED},
            {"phone": GUEST, "status": "guest"},
            {"phone": MEMBER},
            {"phone": ADMIN, "status": "admin"},
        ]);
        let team = owner.make_team_of("т", contacts).await;
        let jids = [REMOVED, GUEST, MEMBER, ADMIN].map(|phone| team.jid_of(phone));
        let group = owner.make_group(&team.uid, "г", &jids.each_ref().map(String::as_str)).await;
        let path = format!("/api/v3/teams/{}", team.uid);
        let integration = json!({"comment": "x", "kind": "raw", "group": group, "enabled": true});
        let integration = owner.client.post(format!("{path}/integrations"), integration).await.ok();
        let invitation = owner.client.post(format!("{path}/invitations"), json!({})).await.ok();
        let upload = owner.client.upload(
            format!("/api/v4/teams/{}/uploads", team.uid),
            "file",
            "p.png",
            picture(8, 8),
        );
        let upload = upload.await.ok();
        let sections = owner.client.get(format!("/api/v4/teams/{}/contact-sections", team.uid)).await.ok();
        let path = format!("/api/v4/teams/{}", team.uid);
        let section = |kind: &str| owner.client.post(format!("{path}/{kind}-sections"), json!({"name": "с"}));
        let (groups, tasks) = (section("group").await.ok(), section("task").await.ok());
        let task = json!({"description": "з", "assignee": jids[2], "items": ["раз"], "tags": ["тег"]});
        let task = owner.client.post(format!("{path}/tasks"), task).await.ok();
        let tags = owner.client.get(format!("{path}/tags")).await.ok();
        let remind = json!({"chat": group, "fire_at": "2030-01-31T10:00:00Z"});
        let remind = owner.client.post(format!("{path}/reminds"), remind).await.ok();
        owner.remove(&team.uid, &jids[0]).await;
        let said = self.people["member"].post(&team.uid, &group, "x").await;
        let names = [
            ("team_uid", team.uid.clone()),
            ("chat_jid", group.clone()),
            ("message_id", text(&said["message_id"])),
            ("name", "%F0%9F%91%8D".to_owned()),
            ("group_jid", group),
            ("contact_jid", jids[2].clone()),
            ("integration_uid", text(&integration["uid"])),
            ("section_uid", text(&sections[0]["uid"])),
            ("group_section_uid", text(&groups["uid"])),
            ("task_section_uid", text(&tasks["uid"])),
            ("invitation_uid", text(&invitation["uid"])),
            ("invitation_token", text(&invitation["token"])),
            ("token", text(&invitation["token"])),
            ("kind", "sentry".to_owned()),
            ("api_key", "unknown".to_owned()),
            ("upload_uid", text(&upload["uid"])),
            ("rendition", "preview".to_owned()),
            ("task_id", text(&task["jid"])),
            ("num", task["num"].to_string()),
            ("item_uid", text(&task["items"][0]["uid"])),
            ("tag_uid", text(&tags[0]["uid"])),
            ("remind_uid", text(&remind["uid"])),
            ("device_id", Uuid::new_v4().to_string()),
            ("session_uid", Uuid::new_v4().to_string()),
            ("client_event_name", "client.message.updated".to_owned()),
            ("colour", "579dda".to_owned()),
            ("letters", "A".to_owned()),
            ("file", "1x.jpg".to_owned()),
        ];
        names.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Waits until the chain has an event of the team; returns its position.
    async fn position(&self, team: &str) -> String {
        let path = format!("/api/audit/v1/teams/{team}/events?limit=1");
        eventually::until("the team's events are in the chain", async || {
            let page = self.owner().client.get(&path).await.ok();
            page["events"].get(0).map(|event| event["position"].to_string())
        })
        .await
    }
}

/// The status of one cell; for a socket 101, or the status of its panic code.
async fn attempt(client: &Client, row: &Row, names: &BTreeMap<String, String>) -> u16 {
    let path = row.operation.filled(names);
    if path.starts_with("/messaging/") {
        return status_of_socket(client, &path).await;
    }
    if row.operation.path.contains("{device_id}") {
        let device = json!({"device_id": names["device_id"], "type": "web", "name": "x"});
        client.post("/api/v3/devices", device).await;
    }
    let mut body = row.body.clone();
    for (name, value) in names {
        body = body.replace(&format!("{{{name}}}"), value);
    }
    let body = match body.as_str() {
        "" => Body::Empty,
        "FILE" => multipart(&[("file", Some("p.png"), &picture(8, 8))]),
        form if form.starts_with("FORM ") => Body::Raw {
            content_type: Some("application/x-www-form-urlencoded".into()),
            bytes: form.trim_start_matches("FORM ").into(),
        },
        json => Body::Json(serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))),
    };
    let method = Method::from_bytes(row.operation.method.as_bytes()).expect("a method");
    client.send(Call::new(method, path, body)).await.status.as_u16()
}

async fn status_of_socket(client: &Client, path: &str) -> u16 {
    let mut socket = Socket::try_open(client, path, &[]).await.expect("the handshake succeeds");
    match socket.next().await {
        Next::Frame(frame) if frame["event"] == "server.panic" => match frame["params"]["code"].as_str() {
            Some("EMPTY_TOKEN" | "INVALID_TOKEN") => 401,
            Some("INVALID_TEAM") => 404,
            _ => 500,
        },
        Next::Frame(_) => 101,
        Next::Closed(_) => 500,
    }
}

/// The failures of a row's cells; empty if all are as expected.
async fn difference(callers: &Callers, row: Row) -> Option<String> {
    // All cells of a row share a team, unless a cell may remove what the next one needs.
    let spoils = row.operation.method == "DELETE" || row.operation.path.ends_with("/join");
    let mut names = callers.make_team().await;
    if row.operation.path.contains("{position}") {
        names.insert("position".to_owned(), callers.position(&names["team_uid"]).await);
    }
    let mut got = Vec::new();
    for sort in SORTS {
        if spoils {
            names = callers.make_team().await;
        }
        got.push(attempt(&callers.client(sort), &row, &names).await);
    }
    let told = || format!("{}\n    expected {:?}\n    got      {got:?}", row.operation.name(), row.expected);
    (got != row.expected).then(told)
}

#[tokio::test]
async fn every_route_admits_the_callers_of_the_access_table() {
    // A logout would end sessions that other rows need.
    let (last, first): (Vec<Row>, Vec<Row>) =
        rows().into_iter().partition(|row| row.operation.path.ends_with("logout"));
    let mut wrong = Vec::new();
    let mut rest = first.into_iter().peekable();
    while rest.peek().is_some() {
        let world = World::all_in_one().await;
        let callers = Callers::log_in(&world).await;
        let at_once = rest.by_ref().take(ROWS_OF_A_WORLD).map(|row| difference(&callers, row));
        let differences = stream::iter(at_once).buffer_unordered(AT_ONCE).filter_map(ready);
        wrong.extend(differences.collect::<Vec<String>>().await);
    }
    let world = World::all_in_one().await;
    for row in last {
        wrong.extend(difference(&Callers::log_in(&world).await, row).await);
    }
    assert!(wrong.is_empty(), "of {SORTS:?}:\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_route_has_a_row_in_the_access_table() {
    let world = World::all_in_one().await;
    let document = Document::new(world.client().unjudged().get("/openapi.json").await.json);
    let all: BTreeSet<String> = document.operations().iter().map(Operation::name).collect();
    let listed: BTreeSet<String> = rows().iter().map(|row| row.operation.name()).collect();
    let missing: Vec<_> = all.difference(&listed).collect();
    let stale: Vec<_> = listed.difference(&all).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "without a row: {missing:#?}; rows without a route: {stale:#?}"
    );
}

/// Ids of another team's resources open nothing, even for an owner of another team.
#[tokio::test]
async fn resources_of_another_team_are_not_found() {
    let world = World::all_in_one().await;
    let callers = Callers::log_in(&world).await;
    let mut names = callers.make_team().await;
    names.insert("position".to_owned(), callers.position(&names["team_uid"]).await);
    let stranger = &callers.people["stranger"];
    let own = stranger.make_team("своя", &[]).await;
    names.insert("team_uid".to_owned(), own.uid.clone());
    let foreign = [
        "{integration_uid}",
        "{invitation_uid}",
        "{group_jid}",
        "{chat_jid}",
        "{contact_jid}",
        "{section_uid}",
        "{group_section_uid}",
        "{task_section_uid}",
        "{upload_uid}",
        "{task_id}",
        "{num}",
        "{tag_uid}",
        "{remind_uid}",
        "{team_uid}/events/{position}",
    ];
    let is_foreign = |row: &Row| foreign.iter().any(|name| row.operation.path.contains(name));
    for row in rows().into_iter().filter(is_foreign) {
        assert_eq!(attempt(&stranger.client, &row, &names).await, 404, "{}", row.operation.name());
    }
    let message = json!({"to": names["group_jid"], "content": {"type": "plain", "text": "x"}});
    let path = format!("/api/v3/teams/{}/ws/client.message.updated", own.uid);
    stranger.client.post(path.clone(), message).await.fails(404, "NOT_FOUND");
    let message = json!({"to": names["contact_jid"], "content": {"type": "plain", "text": "x"}});
    stranger.client.post(path, message).await.fails(404, "NOT_FOUND");
    let integration = json!({"comment": "x", "kind": "raw", "group": names["group_jid"], "enabled": true});
    let made = stranger.client.post(format!("/api/v3/teams/{}/integrations", own.uid), integration).await;
    made.fails(422, "INVALID_DATA");
}

/// A removed member receives nothing more and can use none of the old addresses.
#[tokio::test]
async fn removed_member_loses_access_at_once() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), "+79050000011").await;
    let boris = Person::login(world.client(), "+79050000012").await;
    let team = anna.make_team("двое", &["+79050000012"]).await;
    let jid = team.jid_of("+79050000012");
    let mut socket = boris.socket(&team.uid).await;
    socket.ask("client.ping", Value::Null).await;
    anna.remove(&team.uid, &jid).await;
    socket.closed().await;
    assert_eq!(status_of_socket(&boris.client, &format!("/messaging/{}", team.uid)).await, 404);
    boris.client.get(format!("/api/v3/teams/{}", team.uid)).await.fails(404, "NOT_FOUND");
    assert_eq!(boris.client.get("/api/v3/teams").await.ok(), json!([]));
    let path = format!("/api/v3/teams/{}/ws/client.message.updated", team.uid);
    let invitation =
        anna.client.post(format!("/api/v3/teams/{}/invitations", team.uid), json!({})).await.ok();
    let token = json!({"token": invitation["token"]});
    let clara = Person::login(world.client(), "+79050000013").await;
    clara.client.post("/api/v3/teams/join", token.clone()).await.ok();
    anna.remove(&team.uid, &clara.jid(&team.uid).await).await;
    clara.client.post("/api/v3/teams/join", token).await.fails(404, "NOT_FOUND");
    let to_removed = json!({"to": jid, "content": {"type": "plain", "text": "x"}});
    let refused = anna.client.post(path, to_removed).await;
    assert_ne!(refused.json["ok"], true, "nobody writes to who is gone: {refused}");
}

/// Joining concurrently with a removal: whichever is first in the team's stream, the removal holds.
#[tokio::test]
async fn removal_concurrent_with_a_join_wins() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), "+79050000021").await;
    let boris = Person::login(world.client(), "+79050000022").await;
    let team = anna.make_team("вместе", &[]).await;
    let path = format!("/api/v3/teams/{}/invitations", team.uid);
    for _ in 0..5 {
        let first = anna.client.post(path.clone(), json!({})).await.ok();
        boris.client.post("/api/v3/teams/join", json!({"token": first["token"]})).await.ok();
        let second = anna.client.post(path.clone(), json!({})).await.ok();
        let jid = boris.jid(&team.uid).await;
        let removal = anna.client.delete(format!("/api/v4/teams/{}/contacts/{jid}", team.uid));
        let joins = [&first, &second]
            .map(|invitation| boris.client.post("/api/v3/teams/join", json!({"token": invitation["token"]})));
        let (removed, joined) = futures::future::join(removal, futures::future::join_all(joins)).await;
        removed.ok();
        for answer in joined {
            assert!(matches!(answer.status.as_u16(), 200 | 404), "{answer}");
        }
        boris.client.get(format!("/api/v3/teams/{}", team.uid)).await.fails(404, "NOT_FOUND");
        for invitation in [&first, &second] {
            let again = boris.client.post("/api/v3/teams/join", json!({"token": invitation["token"]})).await;
            again.fails(404, "NOT_FOUND");
        }
    }
}
