//! Contacts: the people of a team.

use crate::fixture::{ADMIN, Fixture, GUEST, MEMBER, NOWHERE, OWNER, UNKNOWN, twice};
use http::Method;
use serde_json::{Value, json};
use veche_tests::person::text;

#[tokio::test]
async fn create_contact_returns_the_contact_and_lets_the_person_in() {
    let fixture = Fixture::start().await;
    let body = json!({"phone": "8 (911) 000-00-05", "given_name": "Дарья", "family_name": "Донцова", "role": "повар"});
    let expected = json!({"display_name": "Дарья Донцова", "role": "повар", "status": "member"});
    let made = fixture.admin().await.client.post(fixture.v4("/contacts"), body).await.ok_like(&expected);
    let joined = json!({"need_confirmation": true, "me": {"jid": made["jid"]}});
    fixture.stranger().await.client.get(fixture.v3("")).await.ok_like(&joined);
}

#[tokio::test]
async fn create_contact_with_invalid_fields_names_each_of_them() {
    let fixture = Fixture::start().await;
    let body = json!({"phone": "никто", "status": "emperor", "given_name": "а\0б", "sections": ["нет"]});
    let refused = fixture.owner.client.post(fixture.v4("/contacts"), body).await;
    refused.invalid(&["given_name", "phone", "sections", "status"]);
    let body = json!({"phone": UNKNOWN, "sections": [NOWHERE]});
    fixture.owner.client.post(fixture.v4("/contacts"), body).await.invalid(&["sections"]);
}

#[tokio::test]
async fn create_contact_is_for_owners_and_admins() {
    let fixture = Fixture::start().await;
    let (path, body) = (fixture.v4("/contacts"), json!({"phone": UNKNOWN}));
    fixture.guest().await.client.post(&path, body.clone()).await.denied();
    fixture.member().await.client.post(&path, body.clone()).await.denied();
    fixture.stranger().await.client.post(&path, body).await.not_found();
}

#[tokio::test]
async fn create_contact_repeated_with_its_idempotency_key_makes_one_contact() {
    let fixture = Fixture::start().await;
    let made = twice(&fixture.owner, Method::POST, &fixture.v4("/contacts"), json!({"phone": UNKNOWN})).await;
    let found =
        fixture.owner.client.get(fixture.v4(&format!("/contacts?id={}", text(&made["jid"])))).await.ok();
    assert_eq!(found.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn create_contact_of_a_phone_in_the_team_returns_the_contact_unchanged() {
    let fixture = Fixture::start().await;
    let body = json!({"phone": MEMBER, "given_name": "Иная", "status": "guest"});
    let expected = json!({"jid": fixture.jid(MEMBER), "status": "member"});
    fixture.owner.client.post(fixture.v4("/contacts"), body).await.ok_like(&expected);
}

#[tokio::test]
async fn change_contact_lets_everybody_set_their_own_fields_alone() {
    let fixture = Fixture::start().await;
    let path = fixture.v4(&format!("/contacts/{}", fixture.jid(MEMBER)));
    let member = fixture.member().await.client;
    let own =
        json!({"given_name": "Дарья", "mood": "бодра", "contact_email": "d@example.org", "alt_send": true});
    member.put(&path, own.clone()).await.ok_like(&own);
    member.put(&path, json!({"status": "owner", "sections": []})).await.invalid(&["sections", "status"]);
    let others = fixture.v4(&format!("/contacts/{}", fixture.jid(ADMIN)));
    member.put(others, json!({"role": "никто"})).await.denied();
}

#[tokio::test]
async fn change_contact_lets_admins_set_role_and_status_alone() {
    let fixture = Fixture::start().await;
    let path = fixture.v4(&format!("/contacts/{}", fixture.jid(MEMBER)));
    let admin = fixture.admin().await.client;
    let change = json!({"role": "шеф", "status": "admin"});
    admin.put(&path, change.clone()).await.ok_like(&change);
    admin
        .put(&path, json!({"given_name": "Иная", "unread_first": false}))
        .await
        .invalid(&["given_name", "unread_first"]);
    let owner = fixture.v4(&format!("/contacts/{}", fixture.jid(OWNER)));
    admin.put(owner, json!({"status": "member"})).await.invalid(&["status"]);
}

#[tokio::test]
async fn change_contact_with_invalid_fields_names_each_of_them() {
    let fixture = Fixture::start().await;
    let path = fixture.v4(&format!("/contacts/{}", fixture.jid(MEMBER)));
    let body = json!({
        "contact_email": "нет", "contact_phone": "x", "default_lang": "tlh", "timezone": "Europe/Atlantis",
        "quiet_time_start": "24:00",
    });
    let fields = ["contact_email", "contact_phone", "default_lang", "quiet_time_start", "timezone"];
    fixture.member().await.client.put(path, body).await.invalid(&fields);
}

#[tokio::test]
async fn contacts_are_listed_by_their_filters() {
    let fixture = Fixture::start().await;
    let list = async |query: &str| fixture.owner.client.get(fixture.v4(&format!("/contacts?{query}"))).await;
    list("status=admin").await.ok_like(&json!([{"jid": fixture.jid(ADMIN)}]));
    let people = list("is_bot=false&without_me=true").await.ok();
    assert_eq!(people.as_array().unwrap().len(), 3);
    list(&format!("id={}", fixture.jid(GUEST))).await.ok_like(&json!([{"status": "guest"}]));
    for (query, field) in [("status=emperor", "status"), ("is_bot=perhaps", "is_bot"), ("limit=-1", "limit")]
    {
        list(query).await.invalid(&[field]);
    }
}

#[tokio::test]
async fn contact_of_another_team_or_none_is_not_found() {
    let fixture = Fixture::start().await;
    let contact = fixture.v4(&format!("/contacts/{}", fixture.jid(MEMBER)));
    let stranger = fixture.stranger().await;
    stranger.client.get(&contact).await.not_found();
    stranger.client.put(&contact, json!({"role": "x"})).await.not_found();
    let own = stranger.make_team("Другой", &[]).await;
    let across = format!("/api/v4/teams/{}/contacts/{}", own.uid, fixture.jid(MEMBER));
    stranger.client.get(across).await.not_found();
    fixture.owner.client.get(fixture.v4(&format!("/contacts/d-{NOWHERE}"))).await.not_found();
}

#[tokio::test]
async fn archive_contact_shuts_the_person_out_until_invited_again() {
    let fixture = Fixture::start().await;
    let member = fixture.member().await.client;
    let path = fixture.v4(&format!("/contacts/{}", fixture.jid(MEMBER)));
    assert_eq!(fixture.admin().await.client.delete(&path).await.ok(), Value::Null);
    member.get(fixture.v3("")).await.not_found();
    fixture.owner.client.get(&path).await.ok_like(&json!({"is_archive": true, "changeable_fields": []}));
    fixture.owner.client.delete(&path).await.not_found();
    let again = json!({"jid": fixture.jid(MEMBER), "is_archive": "<absent>"});
    fixture.owner.client.post(fixture.v4("/contacts"), json!({"phone": MEMBER})).await.ok_like(&again);
    member.get(fixture.v3("")).await.ok();
}

#[tokio::test]
async fn archive_contact_of_an_owner_is_denied() {
    let fixture = Fixture::start().await;
    let path = fixture.v4(&format!("/contacts/{}", fixture.jid(OWNER)));
    fixture.admin().await.client.delete(&path).await.denied();
    fixture.owner.client.delete(&path).await.denied();
}

#[tokio::test]
async fn confirm_contact_settles_the_membership_once() {
    let fixture = Fixture::start().await;
    let member = fixture.member().await.client;
    for _ in 0..2 {
        let confirmed = json!({"need_confirmation": false, "me": {"jid": fixture.jid(MEMBER)}});
        member.post(fixture.v4("/confirm"), json!({})).await.ok_like(&confirmed);
    }
    fixture.stranger().await.client.post(fixture.v4("/confirm"), json!({})).await.not_found();
}
