//! Pictures of people: who may change them, where they show, and that replaced and removed ones are deleted.

use http::Method;
use serde_json::{Value, json};
use veche_tests::{
    client::multipart,
    exchange::Call,
    person::{Person, text},
    scenario::picture,
    two_users::TwoUsers,
    world::{PUBLIC_URL, World},
};

const ANNA: &str = "+79160000001";
const BORIS: &str = "+79160000002";

/// The URL of Boris' picture.
fn icons(two: &TwoUsers) -> String {
    two.path(&format!("contacts/{}/icons", two.to_boris))
}

/// The status of a URL of ours, with width and height if it is a picture.
async fn at(person: &Person, url: &Value) -> (u16, Option<(u32, u32)>) {
    let url = text(url);
    let path = url.strip_prefix(PUBLIC_URL).unwrap_or_else(|| panic!("{url} is elsewhere"));
    let answer = person.client.get(path).await;
    let size = image::load_from_memory(&answer.bytes).ok().map(|picture| (picture.width(), picture.height()));
    (answer.status.as_u16(), size)
}

#[tokio::test]
async fn contact_picture_shows_wherever_its_owner_shows() {
    let two = TwoUsers::start(ANNA, BORIS).await;
    let (anna, boris, team) = (&two.anna, &two.boris, &two.team);
    let mut hers = anna.socket(&team.uid).await;
    hers.forget().await;
    let icons = boris.client.upload(icons(&two), "file", "p.png", picture(1500, 2048)).await.ok();
    let shown = json!({"lg": {"url": icons["lg"]["url"], "width": 750, "height": 1024},
        "sm": {"url": icons["sm"]["url"], "width": 256, "height": 256}});
    assert_eq!(icons, shown);
    assert_eq!(at(anna, &icons["sm"]["url"]).await, (200, Some((256, 256))));
    assert_eq!(at(anna, &icons["lg"]["url"]).await, (200, Some((750, 1024))));
    let is_his = |params: &Value| {
        params["contacts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["jid"] == two.to_boris.as_str() && one["icons"] == icons)
    };
    hers.event_where("server.contact.updated", is_his).await;

    let list = anna.client.get(two.path("contacts")).await.ok();
    assert!(is_his(&json!({"contacts": list})), "{list}");
    let contact = anna.client.get(two.path(&format!("contacts/{}", two.to_boris))).await.ok();
    assert_eq!(contact["icons"], icons);
    anna.post(&team.uid, &two.to_boris, "вот ты какой").await;
    let chats = anna.client.get(two.path("chats?chat_type=direct")).await.ok();
    assert_eq!(chats["objects"][0]["icons"], icons, "{chats}");
    for version in ["v3", "v4"] {
        let seen = boris.client.get(format!("/api/{version}/teams/{}", team.uid)).await.ok();
        assert_eq!(seen["me"]["icons"], icons);
        assert!(seen["icons"]["stub"].is_string(), "the team's own is another one: {seen}");
    }
    let other = boris.make_team("другая", &[]).await;
    assert!(other.json["me"]["icons"]["stub"].is_string(), "in each team somebody has a picture of its own");
}

#[tokio::test]
async fn replaced_and_removed_pictures_are_deleted() {
    let two = TwoUsers::start(ANNA, BORIS).await;
    let (anna, boris) = (&two.anna, &two.boris);
    let path = two.path(&format!("contacts/{}", two.to_boris));
    let drawn = anna.client.get(path.clone()).await.ok()["icons"].clone();
    let first = boris.client.upload(icons(&two), "file", "p.png", picture(64, 32)).await.ok();
    let second = anna.client.upload(icons(&two), "file", "p.png", picture(32, 64)).await.ok();
    for size in ["sm", "lg"] {
        assert_eq!(at(anna, &first[size]["url"]).await.0, 404);
        assert_eq!(at(anna, &second[size]["url"]).await.0, 200);
    }
    let mut own = boris.socket(&two.team.uid).await;
    own.forget().await;
    assert_eq!(boris.client.delete(icons(&two)).await.ok(), drawn);
    own.event_where("server.contact.updated", |params| params["contacts"][0]["icons"] == drawn).await;
    assert_eq!(at(anna, &second["sm"]["url"]).await.0, 404);
    assert_eq!(anna.client.get(path).await.ok()["icons"], drawn);
    assert_eq!(boris.client.delete(icons(&two)).await.ok(), drawn, "removing none is fine");

    // A team's picture is released in the same way.
    let of_team = format!("/api/v3/teams/{}/icons", two.team.uid);
    let first = anna.client.upload(of_team.clone(), "file", "p.png", picture(64, 32)).await.ok();
    let second = anna.client.upload(of_team.clone(), "file", "p.png", picture(32, 64)).await.ok();
    assert_eq!((at(anna, &first["lg"]["url"]).await.0, at(anna, &second["lg"]["url"]).await.0), (404, 200));
    anna.client.delete(of_team).await.ok();
    assert_eq!(at(anna, &second["lg"]["url"]).await.0, 404);
    assert_eq!(blobs(&two.world), 0);
}

/// Number of stored blobs and of garbage collection markers.
fn blobs(world: &World) -> usize {
    fn files(folder: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
    }
    files(&world.blobs())
}

#[tokio::test]
async fn refused_picture_leaves_no_file_and_a_repeated_one_is_stored_once() {
    let two = TwoUsers::start(ANNA, BORIS).await;
    let hers = two.path(&format!("contacts/{}/icons", two.team.me));
    two.boris.client.upload(hers, "file", "p.png", picture(8, 8)).await.fails(403, "ACCESS_DENIED");
    two.boris
        .client
        .upload(icons(&two), "file", "p.png", b"no picture".to_vec())
        .await
        .fails(422, "INVALID_DATA");
    assert_eq!(blobs(&two.world), 0);

    let form = multipart(&[("file", Some("p.png"), &picture(8, 8))]);
    let call = Call::new(Method::POST, icons(&two), form).header("Idempotency-Key", "mine");
    let icons = two.boris.client.send(call.clone()).await.ok();
    assert_eq!(two.boris.client.send(call).await.ok(), icons);
    assert_eq!(blobs(&two.world), 2, "two sizes of one picture");
}
