//! Pictures of teams and contacts, and the drawn ones in their place.

use crate::fixture::{ADMIN, Fixture, MEMBER, OWNER};
use serde_json::{Value, json};
use veche_tests::{person::text, scenario::picture, test_app::TestApp, world::PUBLIC_URL};

/// The path of an address of ours.
fn path(url: &Value) -> String {
    text(url).strip_prefix(PUBLIC_URL).expect("an address of this product").to_owned()
}

#[tokio::test]
async fn set_picture_of_a_team_replaces_the_drawn_one_until_it_is_removed() {
    let fixture = Fixture::start().await;
    let icons = fixture.v3("/icons");
    let expected =
        json!({"lg": {"width": 64, "height": 32}, "sm": {"width": 256, "height": 256}, "stub": "<absent>"});
    let set = fixture.owner.client.upload(&icons, "file", "p.png", picture(64, 32)).await.ok_like(&expected);
    let shown = fixture.app.client().get(path(&set["sm"]["url"])).await;
    assert_eq!((shown.status.as_u16(), shown.header("content-type")), (200, Some("image/jpeg")));
    for _ in 0..2 {
        fixture.owner.client.delete(&icons).await.ok_like(&json!({"stub": "<any>", "lg": "<absent>"}));
    }
}

#[tokio::test]
async fn set_picture_of_a_team_is_for_owners_and_admins() {
    let fixture = Fixture::start().await;
    let icons = fixture.v3("/icons");
    fixture.member().await.client.upload(&icons, "file", "p.png", picture(8, 8)).await.denied();
    fixture.stranger().await.client.upload(&icons, "file", "p.png", picture(8, 8)).await.not_found();
    fixture.admin().await.client.upload(&icons, "file", "p.png", picture(8, 8)).await.ok();
}

#[tokio::test]
async fn set_picture_without_a_picture_names_the_field() {
    let fixture = Fixture::start().await;
    let icons = fixture.v3("/icons");
    fixture.owner.client.upload(&icons, "picture", "p.png", picture(8, 8)).await.invalid(&["file"]);
    fixture.owner.client.upload(&icons, "file", "p.png", b"no picture".to_vec()).await.invalid(&["file"]);
}

#[tokio::test]
async fn set_picture_of_a_contact_is_for_that_contact_and_for_admins() {
    let fixture = Fixture::start().await;
    let icons = |phone: &str| fixture.v4(&format!("/contacts/{}/icons", fixture.jid(phone)));
    let member = fixture.member().await.client;
    member.upload(icons(MEMBER), "file", "p.png", picture(8, 8)).await.ok();
    member.upload(icons(ADMIN), "file", "p.png", picture(8, 8)).await.denied();
    let admin = fixture.admin().await.client;
    admin.upload(icons(MEMBER), "file", "p.png", picture(8, 8)).await.ok();
    admin.upload(icons(OWNER), "file", "p.png", picture(8, 8)).await.denied();
    admin.delete(icons(OWNER)).await.denied();
}

#[tokio::test]
async fn drawn_picture_shows_two_letters_on_a_known_colour() {
    let app = TestApp::start().await;
    let drawn = app.client().get("/u/579dda/%D0%9A%E2%84%96/256.png").await;
    assert_eq!((drawn.status.as_u16(), drawn.header("content-type")), (200, Some("image/png")));
    app.client().get("/u/579dda/ABC/256.png").await.not_found();
    app.client().get("/u/000000/A/256.png").await.not_found();
}

#[tokio::test]
async fn stored_picture_that_does_not_exist_is_not_found() {
    let app = TestApp::start().await;
    app.client().get("/u/65216b4f81bf470bbdf728ad971e2fd2/p/256.jpg").await.not_found();
}
