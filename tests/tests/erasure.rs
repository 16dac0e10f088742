//! Who is erased is found nowhere: not in the database, log and all, nor among the files; and everybody else goes on.

use http::Method;
use serde_json::{Value, json};
use std::{path::Path, process::Command};
use veche_tests::{
    dump,
    exchange::{Body, Call},
    patience,
    person::{Person, Team, text},
    process::find_program,
    scenario::picture,
    world::{PUBLIC_URL, Role, World},
};

const PICTURE: &str = "contents-of-the-file-zq";

/// Everything in the database as text, as an operator would back it up.
fn backup(world: &World) -> String {
    // Options of our own client say nothing to this one.
    let url = world.database_url().split_once('?').map_or(world.database_url(), |(url, _)| url);
    let dumped = Command::new(find_program("pg_dump")).arg(url).output();
    let dumped = dumped.expect("pg_dump runs");
    assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
    String::from_utf8_lossy(&dumped.stdout).into_owned()
}

/// Whether a value is in a backup, as text or as bytes are written there.
fn holds(backup: &str, value: &str) -> bool {
    backup.contains(value) || backup.contains(&hex::encode(value))
}

/// Whether a file below a folder has these bytes in it.
fn on_disk(folder: &Path, value: &str) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| match entry.path() {
        path if path.is_dir() => on_disk(&path, value),
        path => String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).contains(value),
    })
}

/// Values that the person puts into everything that takes one.
const PLANTED: [&str; 19] = [
    "79081110002",
    "given-zq",
    "family-zq",
    "role-zq",
    "mood-zq",
    "email-zq@example.org",
    "79081119999",
    "device-zq",
    "devicename-zq",
    "push-zq",
    "nickname-zq",
    "settings-zq",
    "draft-zq",
    "remind-zq",
    "direct-zq",
    "group-zq",
    "edited-zq",
    "filename-zq.txt",
    "taskfile-zq.txt",
];

/// Returns the address of his picture.
async fn plant(boris: &Person, team: &Team, anna: &str, me: &str, group: &str) -> Value {
    let client = &boris.client;
    let at = |path: &str| format!("/api/v4/teams/{}/{path}", team.uid);
    let profile = json!({"given_name": "given-zq", "family_name": "family-zq", "mood": "mood-zq",
        "contact_email": "email-zq@example.org", "contact_phone": "+79081119999"});
    client.put(at(&format!("contacts/{me}")), profile).await.ok();
    let device = json!({"device_id": "device-zq", "type": "ios", "name": "devicename-zq", "notification_token": "push-zq"});
    client.post("/api/v3/devices", device).await.ok();
    let book = json!({"contacts": [{"phones": ["+79081118888"], "nick": "nickname-zq"}]});
    client.put("/api/v3/devices/device-zq/address-book", book).await.ok();
    client.put("/api/v3/ui-settings", json!({"theme": "settings-zq"})).await.ok();
    client.put(at(&format!("chats/{anna}")), json!({"draft": "draft-zq"})).await.ok();
    let remind = json!({"chat": anna, "fire_at": "2099-01-01T00:00:00Z", "comment": "remind-zq"});
    client.post(at("reminds"), remind).await.ok();
    boris.post(&team.uid, anna, "direct-zq").await;
    let said = boris.post(&team.uid, group, "first-zq").await;
    let edit = json!({"text": "edited-zq"});
    client.put(at(&format!("chats/{group}/messages/{}", text(&said["message_id"]))), edit).await.ok();
    let stored = client.upload(at("uploads"), "file", "filename-zq.txt", PICTURE.into()).await.ok();
    let brings = json!({"text": "group-zq", "uploads": [stored["uid"]]});
    client.post(at(&format!("chats/{group}/messages")), brings).await.ok();
    let stored = client.upload(at("uploads"), "file", "taskfile-zq.txt", "для дела".into()).await.ok();
    let task =
        client.post(at("tasks"), json!({"description": "дело", "uploads": [stored["uid"]]})).await.ok();
    let task = at(&format!("tasks/{}", text(&task["jid"])));
    // Its history tells whose task it was, by name.
    client.put(task.clone(), json!({"assignee": anna})).await.ok();
    client.put(task, json!({"assignee": me})).await.ok();
    let path = at(&format!("contacts/{me}/icons"));
    client.upload(path, "file", "p.png", picture(64, 32)).await.ok()["lg"]["url"].clone()
}

/// The status of what is at an address of ours.
async fn status_at(person: &Person, url: &Value) -> u16 {
    let url = text(url);
    let path = url.strip_prefix(PUBLIC_URL).unwrap_or_else(|| panic!("{url} is elsewhere"));
    person.client.get(path).await.status.as_u16()
}

async fn erase_me(person: &Person) -> veche_tests::exchange::Answer {
    let body = Body::Json(json!({"phone": person.phone}));
    person.client.send(Call::new(Method::DELETE, "/api/v3/me", body)).await
}

/// Waits until nothing is left to do.
async fn forgotten(world: &World) {
    let pool = world.pool().await;
    patience::within(patience::START_GUARD, "everybody who asked is forgotten", async || {
        let left: i64 = sqlx::query_scalar("select count(*) from read.erasure where not purged")
            .fetch_one(&pool)
            .await
            .ok()?;
        (left == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_person_is_found_nowhere_and_the_others_go_on() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), "+79081110001").await;
    let boris = Person::login_as(world.client(), "+79081110002", "device-zq").await;
    let contacts = json!([{"phone": boris.phone, "given_name": "given-zq", "role": "role-zq"}]);
    let team = anna.make_team_of("Полк", contacts).await;
    let me = boris.jid(&team.uid).await;
    let group = anna.make_group(&team.uid, "Кружок", &[&me]).await;
    let face = plant(&boris, &team, &team.me, &me, &group).await;
    // In a team that he has left he has a picture too.
    let left = anna.make_team("Прежний", &[&boris.phone]).await;
    let path = format!("/api/v4/teams/{}/contacts/{}/icons", left.uid, left.jid_of(&boris.phone));
    let former = boris.client.upload(path, "file", "p.png", picture(64, 32)).await.ok()["lg"]["url"].clone();
    boris.remove(&left.uid, &left.jid_of(&boris.phone)).await;
    assert_eq!((status_at(&anna, &face).await, status_at(&anna, &former).await), (200, 200));
    let other = anna.make_group(&team.uid, "Другой", &[]).await;
    let member = json!({"jid": me, "status": "member"});
    anna.client.post(format!("/api/v4/teams/{}/groups/{other}/members", team.uid), member).await.ok();
    let history = anna.client.get(format!("/api/v4/teams/{}/chats/{other}/messages", team.uid)).await.ok();
    assert!(history.to_string().contains("given-zq family-zq"), "the history of a group names who came");
    anna.post(&team.uid, &group, "все здесь").await;
    anna.post(&team.uid, &me, "личное").await;
    let mut ear = anna.socket(&team.uid).await;

    let before = backup(&world);
    for value in PLANTED {
        assert!(holds(&before, value), "{value} is not there to be erased");
    }
    assert!(on_disk(&world.blobs(), PICTURE));
    let refused = boris
        .client
        .send(Call::new(Method::DELETE, "/api/v3/me", Body::Json(json!({"phone": anna.phone}))))
        .await;
    assert_eq!((refused.status.as_u16(), &refused.json["details"]["phone"].is_string()), (422, &true));
    let receipt = erase_me(&boris).await.ok();
    assert!(receipt["receipt"].is_string());
    assert_eq!(boris.client.get("/api/v3/me").await.status.as_u16(), 401, "sessions ended");
    ear.event_where("server.message.updated", |params| params["messages"][0]["is_archive"] == true).await;
    forgotten(&world).await;

    let after = backup(&world);
    for value in PLANTED {
        assert!(!holds(&after, value), "{value} is left");
    }
    assert!(!on_disk(&world.blobs(), PICTURE), "the file is left");
    assert_eq!((status_at(&anna, &face).await, status_at(&anna, &former).await), (404, 404));

    let messages = anna.client.get(format!("/api/v4/teams/{}/chats/{group}/messages", team.uid)).await.ok();
    assert!(messages.to_string().contains("все здесь"), "{messages}");
    let contact = anna.client.get(format!("/api/v4/teams/{}/contacts/{me}", team.uid)).await.ok();
    assert_eq!(contact["display_name"], "Удалённый аккаунт", "{contact}");
    assert!(contact["icons"]["stub"].is_string(), "{contact}");
    anna.client.get(format!("/api/v4/teams/{}/chats", team.uid)).await.ok();
    let to_nobody = json!({"text": "ты где?"});
    let answer = anna.client.post(format!("/api/v4/teams/{}/chats/{me}/messages", team.uid), to_nobody).await;
    assert!(answer.status.is_client_error(), "{answer}");

    let again = Person::login(world.client(), "+79081110002").await;
    assert_eq!(
        again.client.get("/api/v3/me").await.ok()["teams"],
        json!([]),
        "the number is a new account's"
    );
    let pool = world.pool().await;
    let live = dump::read_model(&pool).await;
    world.run(&["rebuild"]);
    let rebuilt = dump::read_model(&pool).await;
    let differences = dump::differences(&live, &rebuilt);
    assert!(differences.is_empty(), "{differences:#?}");
}

#[tokio::test]
async fn the_only_owner_of_others_cannot_go_but_an_operator_can_send_them() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), "+79081120001").await;
    let boris = Person::login(world.client(), "+79081120002").await;
    let team = anna.make_team("Полк", &[&boris.phone]).await;
    anna.post(&team.uid, &team.jid_of(&boris.phone), "secret-zq").await;
    let refused = erase_me(&anna).await;
    assert_eq!((refused.status.as_u16(), &refused.json["error"]), (403, &json!("ACCESS_DENIED")));
    let words = world.run(&["audit", "erase", "--phone", &anna.phone, "--reason", "order", "--yes"]);
    let signed: Value = serde_json::from_str(
        &words[words.find('{').expect("a receipt")..=words.rfind('}').expect("a receipt")],
    )
    .unwrap_or_else(|error| panic!("{error}: {words}"));
    assert_eq!(signed["receipt"]["purged"], json!({"teams": 1, "messages": 1, "files": 0}));
    assert_eq!(anna.client.get("/api/v3/me").await.status.as_u16(), 401);
    assert!(!holds(&backup(&world), "secret-zq"));
    let status = boris.client.get(format!("/api/v3/teams/{}", team.uid)).await.ok()["me"]["status"].clone();
    assert_eq!(status, "owner", "a team is not left without one");

    let file = world.blobs().join("receipt.json");
    std::fs::write(&file, signed.to_string()).expect("a file");
    let key = text(&signed["key"]);
    let words = world.run(&["audit", "check-receipt", &file.display().to_string(), "--key", &key]);
    assert!(words.contains("genuine"), "{words}");
}

#[tokio::test]
async fn a_team_is_found_nowhere_and_its_people_keep_their_accounts() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), "+79081130001").await;
    let boris = Person::login(world.client(), "+79081130002").await;
    let team = anna.make_team("team-zq", &[&boris.phone]).await;
    let me = boris.jid(&team.uid).await;
    let group = anna.make_group(&team.uid, "title-zq", &[&me]).await;
    let face = plant(&boris, &team, &team.me, &me, &group).await;
    let said = ["mood-zq", "draft-zq", "remind-zq", "direct-zq", "group-zq", "edited-zq", "filename-zq.txt"];
    let said: Vec<&str> = said.into_iter().chain(["team-zq", "title-zq"]).collect();
    let before = backup(&world);
    assert!(said.iter().all(|value| holds(&before, value)) && on_disk(&world.blobs(), PICTURE));
    world.run(&["audit", "erase", "--team", &team.uid, "--reason", "retention", "--yes"]);
    let after = backup(&world);
    for value in said {
        assert!(!holds(&after, value), "{value} is left");
    }
    assert!(!on_disk(&world.blobs(), PICTURE), "the file is left");
    assert_eq!(status_at(&anna, &face).await, 404);
    assert!(holds(&after, "settings-zq"), "what is the person's own stays");
    assert_eq!(boris.client.get("/api/v3/me").await.ok()["teams"], json!([]));
    let pool = world.pool().await;
    let live = dump::read_model(&pool).await;
    world.run(&["rebuild"]);
    let differences = dump::differences(&live, &dump::read_model(&pool).await);
    assert!(differences.is_empty(), "{differences:#?}");
}

#[tokio::test]
async fn a_crash_in_the_middle_leaves_nothing_undone() {
    let mut world = World::roles_apart().await;
    let anna = Person::login(world.client(), "+79081150001").await;
    let boris = Person::login(world.client(), "+79081150002").await;
    let team = anna.make_team("Полк", &[&boris.phone]).await;
    for n in 0..50 {
        boris.post(&team.uid, &team.me, &format!("words-zq {n}")).await;
    }
    erase_me(&boris).await.ok();
    world.process(Role::Command).kill();
    world.revive(Role::Command).await;
    forgotten(&world).await;
    let after = backup(&world);
    assert!(!holds(&after, "words-zq") && !holds(&after, &boris.phone));
    let contact =
        anna.client.get(format!("/api/v4/teams/{}/contacts/{}", team.uid, team.jid_of(&boris.phone)));
    assert_eq!(contact.await.ok()["is_archive"], true);
    let pool = world.pool().await;
    let keys = "select count(*) from keys.data_keys where destroyed_at is not null and wrapped is null";
    let destroyed: i64 = sqlx::query_scalar(keys).fetch_one(&pool).await.expect("keys can be counted");
    assert_eq!(destroyed, 1);
}
