//! An erased account is found nowhere, neither in the database, log included, nor among the files; others are unaffected.

use http::Method;
use serde_json::{Value, json};
use veche_tests::{
    dump,
    exchange::{Body, Call},
    person::{Person, text},
    pii_canaries::{CANARIES, PICTURE, backup, erase_me, forgotten, holds, on_disk, plant},
    scenario::picture,
    world::{PUBLIC_URL, Role, World},
};

/// The status of a URL of ours.
async fn status_at(person: &Person, url: &Value) -> u16 {
    let url = text(url);
    let path = url.strip_prefix(PUBLIC_URL).unwrap_or_else(|| panic!("{url} is elsewhere"));
    person.client.get(path).await.status.as_u16()
}

#[tokio::test]
async fn erased_account_is_found_nowhere_and_others_are_unaffected() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), "+79081110001").await;
    let boris = Person::login_as(world.client(), "+79081110002", "device-zq").await;
    let contacts = json!([{"phone": boris.phone, "given_name": "given-zq", "role": "role-zq"}]);
    let team = anna.make_team_of("Полк", contacts).await;
    let me = boris.jid(&team.uid).await;
    let group = anna.make_group(&team.uid, "Кружок", &[&me]).await;
    let face = plant(&boris, &team, &team.me, &me, &group).await;
    // He also has a picture in a team that he left.
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
    for value in CANARIES {
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
    for value in CANARIES {
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
async fn erase_of_a_teams_only_owner_needs_an_operator() {
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
async fn erased_team_is_found_nowhere_and_its_members_keep_their_accounts() {
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
async fn interrupted_erasure_completes_after_a_restart() {
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
