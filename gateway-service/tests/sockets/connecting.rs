//! From the request to a socket, or to a refusal.

use crate::{client::Client, house::House};
use platform::limits::Quota;
use serde_json::{Value, json};

type Headers<'a> = &'a [(&'static str, &'a str)];

#[tokio::test]
async fn wrong_credentials_are_told_over_the_socket() {
    let house = House::build(|_| {}).await;
    let person = house.person().await;
    let team = house.team.to_string();
    let stranger = uuid::Uuid::new_v4().to_string();
    let cases: [(&str, Headers<'_>, &str); 5] = [
        (&team, &[], "EMPTY_TOKEN"),
        (&team, &[("Token", " ")], "EMPTY_TOKEN"),
        (&team, &[("Token", "wrong")], "INVALID_TOKEN"),
        (&stranger, &[("Token", &person.token)], "INVALID_TEAM"),
        ("no-uuid", &[("Token", &person.token)], "INVALID_TEAM"),
    ];
    for (team, headers, code) in cases {
        let mut client = Client::open(&house, team, headers).await.unwrap();
        let expected = json!({"event": "server.panic", "params": {"code": code, "debug": null}});
        assert_eq!(client.any().await, expected);
        assert_eq!(u16::from(client.closed().await.code), 1008);
    }
    house.pull_down().await;
}

#[tokio::test]
async fn who_is_online_is_told_at_once_and_with_the_next_one() {
    let house = House::build(|_| {}).await;
    let (first, second) = (house.person().await, house.person().await);
    let mut one = Client::connect(&house, &first).await;
    let me = json!({"jid": format!("d-{}", first.contact), "afk": false, "mobile": false});
    let online = json!({"event": "server.online", "params": {"contacts": [me], "calls": null}});
    assert_eq!(one.expect("server.online").await, online);
    let two = Client::connect(&house, &second).await;
    let count = |frame: &Value| frame["params"]["contacts"].as_array().unwrap().len();
    while count(&one.expect("server.online").await) != 2 {}
    drop(two);
    while count(&one.expect("server.online").await) != 1 {}
    house.pull_down().await;
}

#[tokio::test]
async fn foreign_pages_get_no_socket_by_cookie() {
    let house = House::build(|config| config.public_url = Some("https://chat.example".into())).await;
    let person = house.person().await;
    let cookie = &*house.cookie(&person).await;
    let refused: [Headers<'_>; 5] = [
        &[("Cookie", cookie), ("Origin", "https://evil.example")],
        &[("Cookie", cookie), ("Origin", "null")],
        &[("Cookie", cookie), ("Origin", "https://chat.example.evil.example")],
        &[("Cookie", cookie), ("Origin", "https://evil.example"), ("Sec-Fetch-Site", "same-origin")],
        &[("Cookie", cookie), ("Sec-Fetch-Site", "cross-site")],
    ];
    for headers in refused {
        assert_eq!(Client::refused(&house, headers).await, 403, "{headers:?}");
    }
    let token = &*person.token;
    let accepted: [Headers<'_>; 3] = [
        &[("Cookie", cookie), ("Origin", "https://chat.example")],
        &[("Cookie", cookie)],
        &[("token", token), ("Origin", "https://evil.example")],
    ];
    for headers in accepted {
        let mut client = Client::open(&house, &house.team.to_string(), headers).await.unwrap();
        client.expect("server.online").await;
    }
    house.pull_down().await;
}

#[tokio::test]
async fn sockets_from_one_address_are_limited() {
    let quota = Quota { count: 2, seconds: 3_600 };
    let house = House::build(|config| {
        config.limits.insert("sockets_per_address".into(), quota);
    })
    .await;
    let person = house.person().await;
    for expected in [101, 101, 429] {
        assert_eq!(Client::refused(&house, &[("Token", &person.token)]).await, expected);
    }
    house.pull_down().await;
}

#[tokio::test]
async fn the_widgets_path_is_the_same_socket_and_so_is_one_with_a_slash() {
    let house = House::build(|_| {}).await;
    let person = house.person().await;
    for end in ["/widget", "/", "/widget/"] {
        let path = format!("{}{end}", house.team);
        let mut client = Client::open(&house, &path, &[("Token", &person.token)]).await.unwrap();
        client.expect("server.online").await;
    }
    house.pull_down().await;
}

/// Everything in one frame for those who ask; who would get too much, or goes on from somewhere, fetches what they need.
#[tokio::test]
async fn a_roster_comes_first_for_those_who_ask_unless_it_is_too_large() {
    let house = House::build(|config| config.realtime.roster_objects = 2).await;
    let (first, second) = (house.person().await, house.person().await);
    let asking = |more: &str| format!("{}?roster=true{more}", house.team);
    let token: Headers<'_> = &[("Token", &first.token)];
    let mut client = Client::open(&house, &asking(""), token).await.unwrap();
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
    for path in [house.team.to_string(), asking("&from=0")] {
        let mut other = Client::open(&house, &path, token).await.unwrap();
        other.send(&ping).await;
        assert_eq!(other.placed().await["event"], "server.confirm", "nobody else gets one: {path}");
    }
    house.person().await;
    let mut other = Client::open(&house, &asking(""), token).await.unwrap();
    let warning = other.placed().await;
    assert_eq!(
        (&warning["event"], &warning["params"]["code"]),
        (&json!("server.warning"), &json!("FETCH_ANEW"))
    );
    house.pull_down().await;
}
