//! A person who leaves personal values wherever the product takes one, and where all of them would be found again.

use crate::{
    exchange::{Answer, Body, Call},
    patience,
    person::{Person, Team, text},
    process::find_program,
    scenario::picture,
    world::World,
};
use http::Method;
use serde_json::{Value, json};
use std::{path::Path, process::Command};

/// In a file of theirs.
pub const PICTURE: &str = "contents-of-the-file-zq";

/// Everything in the database as text, as an operator would back it up.
///
/// # Panics
/// It cannot be read.
pub fn backup(world: &World) -> String {
    // Options of our own client say nothing to this one.
    let url = world.database_url().split_once('?').map_or(world.database_url(), |(url, _)| url);
    let dumped = Command::new(find_program("pg_dump")).arg(url).output();
    let dumped = dumped.expect("pg_dump runs");
    assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
    String::from_utf8_lossy(&dumped.stdout).into_owned()
}

/// Whether a value is in a backup, as text or as bytes are written there.
pub fn holds(backup: &str, value: &str) -> bool {
    backup.contains(value) || backup.contains(&hex::encode(value))
}

/// Whether a file below a folder has these bytes in it.
pub fn on_disk(folder: &Path, value: &str) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| match entry.path() {
        path if path.is_dir() => on_disk(&path, value),
        path => String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).contains(value),
    })
}

/// Values that the person puts into everything that takes one.
pub const PLANTED: [&str; 19] = [
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

/// Puts them there: Boris, whom Anna has added under the first names, into his profile, his device, what he says and keeps.
/// Returns the address of his picture.
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
    // Its history tells whose task it was, by name.
    client.put(task.clone(), json!({"assignee": anna})).await.ok();
    client.put(task, json!({"assignee": me})).await.ok();
    let path = at(&format!("contacts/{me}/icons"));
    client.upload(path, "file", "p.png", picture(64, 32)).await.ok()["lg"]["url"].clone()
}

/// Asks to be forgotten.
pub async fn erase_me(person: &Person) -> Answer {
    let body = Body::Json(json!({"phone": person.phone}));
    person.client.send(Call::new(Method::DELETE, "/api/v3/me", body)).await
}

/// Waits until nothing is left to do.
pub async fn forgotten(world: &World) {
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
