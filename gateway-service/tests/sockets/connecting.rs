//! Upgrades and their refusals.

use crate::{client::Client, fixture::Fixture};
use platform::limits::Quota;
use serde_json::{Value, json};

type Headers<'a> = &'a [(&'static str, &'a str)];

#[tokio::test]
async fn wrong_credentials_are_reported_by_server_panic() {
    let fixture = Fixture::build(|_| {}).await;
    let person = fixture.person().await;
    let team = fixture.team.to_string();
    let stranger = uuid::Uuid::new_v4().to_string();
    let cases: [(&str, Headers<'_>, &str); 5] = [
        (&team, &[], "EMPTY_TOKEN"),
        (&team, &[("Token", " ")], "EMPTY_TOKEN"),
        (&team, &[("Token", "wrong")], "INVALID_TOKEN"),
        (&stranger, &[("Token", &person.token)], "INVALID_TEAM"),
        ("no-uuid", &[("Token", &person.token)], "INVALID_TEAM"),
    ];
    for (team, headers, code) in cases {
        let mut client = Client::open(&fixture, team, headers).await.unwrap();
        let expected = json!({"event": "server.panic", "params": {"code": code, "debug": null}});
        assert_eq!(client.any().await, expected);
        assert_eq!(u16::from(client.closed().await.code), 1008);
    }
    fixture.shut_down().await;
}

#[tokio::test]
async fn presence_is_sent_at_once_and_after_each_change() {
    let fixture = Fixture::build(|_| {}).await;
    let (first, second) = (fixture.person().await, fixture.person().await);
    let mut one = Client::connect(&fixture, &first).await;
    let me = json!({"jid": format!("d-{}", first.contact), "afk": false, "mobile": false});
    let online = json!({"event": "server.online", "params": {"contacts": [me], "calls": null}});
    assert_eq!(one.expect("server.online").await, online);
    let two = Client::connect(&fixture, &second).await;
    let count = |frame: &Value| frame["params"]["contacts"].as_array().unwrap().len();
    while count(&one.expect("server.online").await) != 2 {}
    drop(two);
    while count(&one.expect("server.online").await) != 1 {}
    fixture.shut_down().await;
}

#[tokio::test]
async fn cookie_upgrade_from_a_foreign_origin_is_refused() {
    let fixture = Fixture::build(|config| config.public_url = Some("https://chat.example".into())).await;
    let person = fixture.person().await;
    let cookie = &*fixture.cookie(&person).await;
    let refused: [Headers<'_>; 5] = [
        &[("Cookie", cookie), ("Origin", "https://evil.example")],
        &[("Cookie", cookie), ("Origin", "null")],
        &[("Cookie", cookie), ("Origin", "https://chat.example.evil.example")],
        &[("Cookie", cookie), ("Origin", "https://evil.example"), ("Sec-Fetch-Site", "same-origin")],
        &[("Cookie", cookie), ("Sec-Fetch-Site", "cross-site")],
    ];
    for headers in refused {
        assert_eq!(Client::refused(&fixture, headers).await, 403, "{headers:?}");
    }
    let token = &*person.token;
    let accepted: [Headers<'_>; 3] = [
        &[("Cookie", cookie), ("Origin", "https://chat.example")],
        &[("Cookie", cookie)],
        &[("token", token), ("Origin", "https://evil.example")],
    ];
    for headers in accepted {
        let mut client = Client::open(&fixture, &fixture.team.to_string(), headers).await.unwrap();
        client.expect("server.online").await;
    }
    fixture.shut_down().await;
}

#[tokio::test]
async fn upgrades_per_address_are_limited() {
    let quota = Quota { count: 2, seconds: 3_600 };
    let fixture = Fixture::build(|config| {
        config.limits.insert("sockets_per_address".into(), quota);
    })
    .await;
    let person = fixture.person().await;
    for expected in [101, 101, 429] {
        assert_eq!(Client::refused(&fixture, &[("Token", &person.token)]).await, expected);
    }
    fixture.shut_down().await;
}

#[tokio::test]
async fn widget_path_and_trailing_slash_open_the_same_socket() {
    let fixture = Fixture::build(|_| {}).await;
    let person = fixture.person().await;
    for end in ["/widget", "/", "/widget/"] {
        let path = format!("{}{end}", fixture.team);
        let mut client = Client::open(&fixture, &path, &[("Token", &person.token)]).await.unwrap();
        client.expect("server.online").await;
    }
    fixture.shut_down().await;
}

/// A client that resumes, or whose roster is too large, gets none.
#[tokio::test]
async fn roster_is_the_first_frame_when_asked_for_unless_too_large() {
    let fixture = Fixture::build(|config| config.realtime.roster_objects = 2).await;
    let (first, second) = (fixture.person().await, fixture.person().await);
    let asking = |more: &str| format!("{}?roster=true{more}", fixture.team);
    let token: Headers<'_> = &[("Token", &first.token)];
    let mut client = Client::open(&fixture, &asking(""), token).await.unwrap();
    let roster = client.placed().await;
    assert_eq!((&roster["event"], roster["position"].is_u64()), (&json!("server.roster"), true), "{roster}");
    let contacts = roster["params"]["contacts"].as_array().unwrap();
    assert_eq!(contacts.len(), 2);
    assert!(contacts.iter().any(|contact| contact["jid"] == format!("d-{}", second.contact)));
    for list in
        ["contact_sections", "direct_chats", "groups", "group_sections", "task_chats", "task_sections"]
    {
        assert_eq!(roster["params"][list], json!([]), "{list}");
    }
    assert_eq!(roster["params"]["task_tabs"].as_array().map(Vec::len), Some(6));

    let ping = json!({"event": "client.ping", "confirm_id": "1"});
    for path in [fixture.team.to_string(), asking("&from=0")] {
        let mut other = Client::open(&fixture, &path, token).await.unwrap();
        other.send(&ping).await;
        assert_eq!(other.placed().await["event"], "server.confirm", "nobody else gets one: {path}");
    }
    fixture.person().await;
    let mut other = Client::open(&fixture, &asking(""), token).await.unwrap();
    let warning = other.placed().await;
    assert_eq!(
        (&warning["event"], &warning["params"]["code"]),
        (&json!("server.warning"), &json!("FETCH_ANEW"))
    );
    fixture.shut_down().await;
}
