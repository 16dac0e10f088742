//! A person who puts personal values wherever the product takes one, and searches for these values.

use crate::{
    eventually,
    exchange::{Answer, Body, Call},
    person::{Person, Team, text},
    process::find_program,
    scenario::picture,
    world::World,
};
use http::Method;
use serde_json::{Value, json};
use std::{path::Path, process::Command};

/// The text of an uploaded file.
pub const PICTURE: &str = "contents-of-the-file-zq";

/// Dumps the database as text, as an operator would back it up.
pub fn backup(world: &World) -> String {
    // `pg_dump` does not know the options of our client.
    let url = world.database_url().split_once('?').map_or(world.database_url(), |(url, _)| url);
    let dumped = Command::new(find_program("pg_dump")).arg(url).output();
    let dumped = dumped.expect("pg_dump runs");
    assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
    String::from_utf8_lossy(&dumped.stdout).into_owned()
}

/// Whether a backup contains a value, as text or as hexadecimal bytes.
pub fn holds(backup: &str, value: &str) -> bool {
    backup.contains(value) || backup.contains(&hex::encode(value))
}

/// Whether a file below a folder contains these bytes.
pub fn on_disk(folder: &Path, value: &str) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| match entry.path() {
        path if path.is_dir() => on_disk(&path, value),
        path => String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).contains(value),
    })
}

/// Personal values, each recognisable.
pub const CANARIES: [&str; 19] = [
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

/// Lets Boris put the values into his profile, device, messages and settings. Returns the URL of his picture.
pub async fn plant(boris: &Person, team: &Team, anna: &str, me: &str, group: &str) -> Value {
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
    let task = json!({"description": "дело", "uploads": [stored["uid"]]});
    let task = client.post(at("tasks"), task).await.ok();
    let task = at(&format!("tasks/{}", text(&task["jid"])));
    // The task's history names the earlier assignee.
    client.put(task.clone(), json!({"assignee": anna})).await.ok();
    client.put(task, json!({"assignee": me})).await.ok();
    let path = at(&format!("contacts/{me}/icons"));
    client.upload(path, "file", "p.png", picture(64, 32)).await.ok()["lg"]["url"].clone()
}

/// Erases an account.
pub async fn erase_me(person: &Person) -> Answer {
    let body = Body::Json(json!({"phone": person.phone}));
    person.client.send(Call::new(Method::DELETE, "/api/v3/me", body)).await
}

/// Waits until all erasures are complete.
pub async fn forgotten(world: &World) {
    let pool = world.pool().await;
    eventually::within(eventually::START_GUARD, "everybody who asked is forgotten", async || {
        let left: i64 = sqlx::query_scalar("select count(*) from read.erasure where not purged")
            .fetch_one(&pool)
            .await
            .ok()?;
        (left == 0).then_some(())
    })
    .await;
}
