//! Live updates of contacts and sections.

use serde_json::{Value, json};
use veche_tests::{
    person::{Person, text},
    two_users::TwoUsers,
};

const ANNA: &str = "+79030000001";
const BORIS: &str = "+79030000002";
const CLARA: &str = "+79030000003";

fn is_about<'a>(jid: &'a str, key: &'a str, value: Value) -> impl Fn(&Value) -> bool + 'a {
    move |params| {
        let contacts = params["contacts"].as_array();
        contacts.is_some_and(|all| all.iter().any(|one| one["jid"] == jid && one[key] == value))
    }
}

#[tokio::test]
async fn contact_changes_notify_all_members_and_preferences_oneself_alone() {
    let two = TwoUsers::start(ANNA, BORIS).await;
    let mut hers = two.anna.socket(&two.team.uid).await;
    let mut own = two.boris.socket(&two.team.uid).await;
    own.ask("client.ping", Value::Null).await;
    let path = two.path(&format!("contacts/{}", two.to_boris));
    let body = json!({"given_name": "Борис", "mood": "бодр", "munread_first": true});
    two.boris.client.put(path.clone(), body).await.ok();
    let received = hers
        .event_where("server.contact.updated", is_about(&two.to_boris, "display_name", json!("Борис")))
        .await;
    let contact = &received["contacts"][0];
    assert_eq!((&contact["mood"], &contact["munread_first"]), (&json!("бодр"), &Value::Null), "{contact}");
    own.event_where("server.contact.updated", is_about(&two.to_boris, "munread_first", json!(true))).await;

    two.boris.client.put(path, json!({"alt_send": true})).await.ok();
    own.event_where("server.contact.updated", is_about(&two.to_boris, "alt_send", json!(true))).await;
    two.anna.post(&two.team.uid, &two.team.me, "отметка").await;
    hers.event("server.message.updated").await;
    let names_him = |frame: &Value| {
        frame["event"] == "server.contact.updated" && frame["params"]["contacts"][0]["mood"] != "бодр"
    };
    hers.has_not_received("his preferences", names_him).await;
}

#[tokio::test]
async fn added_contact_is_notified_of_the_team_and_status_changes_notify_all() {
    let two = TwoUsers::start(ANNA, BORIS).await;
    let clara = Person::login(two.world.client(), CLARA).await;
    let own = clara.make_team("Клары", &[]).await;
    let mut elsewhere = clara.socket(&own.uid).await;
    elsewhere.ask("client.ping", Value::Null).await;
    let mut hers = two.anna.socket(&two.team.uid).await;
    let added = two.anna.client.post(two.path("contacts"), json!({"phone": CLARA})).await.ok();
    let jid = text(&added["jid"]);
    let about_team = |params: &Value| params["teams"][0]["uid"] == two.team.uid;
    let received = elsewhere.event_where("server.team.updated", about_team).await;
    assert_eq!(received["teams"][0]["need_confirmation"], true);
    let everybody = |params: &Value| params["contacts"].as_array().is_some_and(|all| all.len() == 5);
    elsewhere.event_where("server.contact.updated", everybody).await;
    hers.event_where("server.contact.updated", is_about(&jid, "status", json!("member"))).await;

    clara.client.post(two.path("confirm"), json!({})).await.ok();
    let confirmed = |params: &Value| about_team(params) && params["teams"][0]["need_confirmation"] == false;
    elsewhere.event_where("server.team.updated", confirmed).await;
    two.anna.client.put(two.path(&format!("contacts/{jid}")), json!({"status": "admin"})).await.ok();
    let promoted = |params: &Value| about_team(params) && params["teams"][0]["me"]["status"] == "admin";
    let received = elsewhere.event_where("server.team.updated", promoted).await;
    assert_eq!(received["teams"][0]["can_manage_integrations"], true);
    hers.event_where("server.contact.updated", is_about(&jid, "status", json!("admin"))).await;
}

#[tokio::test]
async fn removed_contact_is_notified_that_the_team_is_gone_and_of_nothing_later() {
    let two = TwoUsers::start(ANNA, BORIS).await;
    let own = two.boris.make_team("Бориса", &[]).await;
    let mut inside = two.boris.socket(&two.team.uid).await;
    let mut outside = two.boris.socket(&own.uid).await;
    let mut hers = two.anna.socket(&two.team.uid).await;
    for socket in [&mut inside, &mut outside, &mut hers] {
        socket.ask("client.ping", Value::Null).await;
    }
    two.anna.remove(&two.team.uid, &two.to_boris).await;
    hers.event_where("server.contact.updated", is_about(&two.to_boris, "is_archive", json!(true))).await;
    let received = outside.event("server.team.deleted").await;
    assert_eq!(received["teams"][0]["uid"], two.team.uid);
    let (frames, _) = inside.closed().await;
    assert!(frames.iter().any(|frame| frame["event"] == "server.team.deleted"), "{frames:?}");
    two.anna.client.put(format!("/api/v3/teams/{}", two.team.uid), json!({"name": "без него"})).await.ok();
    outside.ask("client.ping", Value::Null).await;
    let of_team = |frame: &Value| frame["params"]["teams"][0]["name"] == "без него";
    outside.has_not_received("a team that he was removed from", of_team).await;

    two.anna.client.post(two.path("contacts"), json!({"phone": BORIS})).await.ok();
    let back = |params: &Value| params["teams"][0]["uid"] == two.team.uid;
    let received = outside.event_where("server.team.updated", back).await;
    assert_eq!(received["teams"][0]["me"]["jid"], two.to_boris, "under the same address");
}

#[tokio::test]
async fn section_changes_notify_all_members() {
    let two = TwoUsers::start(ANNA, BORIS).await;
    let mut his = two.boris.socket(&two.team.uid).await;
    his.ask("client.ping", Value::Null).await;
    let made = two.anna.client.post(two.path("contact-sections"), json!({"name": "Кухня"})).await.ok();
    let uid = text(&made["uid"]);
    let about = |params: &Value| params["sections"][0]["uid"] == uid.as_str();
    let received = his.event_where("server.section.updated", about).await;
    assert_eq!((&received["chat_type"], &received["sections"][0]), (&json!("direct"), &made));
    let contact = two.path(&format!("contacts/{}", two.to_boris));
    two.anna.client.put(contact, json!({"sections": [uid]})).await.ok();
    his.event_where("server.contact.updated", is_about(&two.to_boris, "sections", json!([uid]))).await;

    let section = two.path(&format!("contact-sections/{uid}"));
    two.anna.client.put(section.clone(), json!({"name": "Столовая"})).await.ok();
    let received = his.event_where("server.section.updated", about).await;
    assert_eq!(received["sections"][0]["name"], "Столовая");
    two.anna.client.delete(section).await.ok();
    let received = his.event_where("server.section.deleted", about).await;
    assert!(received["gentime"].is_i64() && received["sections"][0]["gentime"].is_i64(), "{received}");
    his.event_where("server.contact.updated", is_about(&two.to_boris, "sections", json!([]))).await;
}
