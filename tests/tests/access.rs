//! Access: foreign pages, old tokens and guessed codes open nothing.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use event_log::RawEvent;
use futures::future::join_all;
use http::{HeaderName, HeaderValue, Method};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Instant;
use veche_tests::{
    client::{Client, Identity, multipart},
    exchange::{Answer, Body, Call},
    person::{Person, text},
    scenario::picture,
    stored,
    world::{CODE, Layout, LogPlace, PUBLIC_URL, Plan, World},
};

const ANNA: &str = "+79040000001";
const EVIL: &str = "https://evil.example";

/// Headers that a browser sends about a request's origin, and whether such a request may change anything.
const SOURCES: [(Option<&str>, Option<&str>, bool); 12] = [
    (None, None, true),
    (None, Some(PUBLIC_URL), true),
    (Some("same-origin"), None, true),
    (Some("same-origin"), Some(PUBLIC_URL), true),
    (Some("none"), None, true),
    (None, Some(EVIL), false),
    (None, Some("null"), false),
    (Some("cross-site"), None, false),
    (Some("cross-site"), Some(EVIL), false),
    (Some("cross-site"), Some("null"), false),
    (Some("same-site"), Some("https://other.evil.example"), false),
    (Some("same-site"), None, false),
];

fn from(call: &Call, (site, origin, _): (Option<&str>, Option<&str>, bool)) -> Call {
    let call = site.map_or(call.clone(), |site| call.clone().header("Sec-Fetch-Site", site));
    origin.map_or(call.clone(), |origin| call.clone().header("Origin", origin))
}

/// One write of each method and content type.
fn changes(team: &str) -> Vec<Call> {
    let device = json!({"device_id": "d", "type": "web", "name": "d"});
    vec![
        Call::new(Method::PUT, "/api/v3/ui-settings", Body::Json(json!({"a": 1}))),
        Call::new(Method::POST, "/api/v3/devices", Body::Json(device.clone())),
        Call::new(
            Method::POST,
            "/api/v3/devices",
            Body::Raw { content_type: None, bytes: device.to_string().into() },
        ),
        Call::new(
            Method::POST,
            format!("/api/v3/teams/{team}/icons"),
            multipart(&[("file", Some("p.png"), &picture(8, 8))]),
        ),
        Call::new(Method::DELETE, format!("/api/v3/teams/{team}/icons"), Body::Empty),
    ]
}

#[tokio::test]
async fn cookie_from_a_foreign_origin_changes_nothing() {
    let world = World::all_in_one().await;
    let browser = Person::login_with_cookie(world.client(), ANNA).await;
    let program = Person::login(world.client(), ANNA).await;
    let team = program.make_team("т", &[]).await;
    for call in changes(&team.uid) {
        for source in SOURCES {
            let answer = browser.client.send(from(&call, source)).await;
            match source.2 {
                true => drop(answer.ok()),
                false => drop(answer.fails(403, "ACCESS_DENIED")),
            }
            program.client.send(from(&call, source)).await.ok();
        }
    }
}

#[tokio::test]
async fn cookie_from_a_foreign_origin_neither_logs_out_nor_offers_a_qr_login() {
    let world = World::all_in_one().await;
    let browser = Person::login_with_cookie(world.client(), ANNA).await;
    for path in ["/api/v3/cookieauth-logout", "/api/v3/qr-login.png", "/api/v3/qr-login.png?debug=True"] {
        let call = Call::new(Method::GET, path, Body::Empty);
        for source in SOURCES.into_iter().filter(|(.., allowed)| !allowed) {
            browser.client.send(from(&call, source)).await.fails(403, "ACCESS_DENIED");
        }
    }
    browser.client.get("/api/v3/me").await.ok();
}

#[tokio::test]
async fn session_fixation_cookie_opens_nothing() {
    let world = World::all_in_one().await;
    let mallory = Person::login_with_cookie(world.client(), "+79040000666").await;
    let Identity::Cookie(hers) = mallory.client.identity().clone() else { panic!("a browser has a cookie") };
    for planted in [hers.as_str(), "tada_session=WoqtDSoWibETHyZcFJvixHGbp9AdYeg0"] {
        let victim = world.client().as_identity(Identity::Cookie(planted.to_owned()));
        victim.post("/api/v3/sms-login", json!({"phone": ANNA})).await.ok();
        let answer = victim.post("/api/v3/sms-cookieauth", json!({"phone": ANNA, "code": CODE})).await;
        let given = answer.cookie().expect("a cookie is set");
        assert_eq!(answer.ok()["me"]["phone"], ANNA);
        assert_ne!(given, planted);
        let me = world.client().as_identity(Identity::Cookie(given)).get("/api/v3/me").await.ok();
        assert_eq!(me["phone"], ANNA);
    }
    assert_eq!(mallory.client.get("/api/v3/me").await.ok()["phone"], "+79040000666");
    let planted = Identity::Cookie("tada_session=WoqtDSoWibETHyZcFJvixHGbp9AdYeg0".into());
    world.client().as_identity(planted).get("/api/v3/me").await.fails(401, "INVALID_TOKEN");
}

async fn offer(client: &Client, query: &str) -> String {
    let offer = client.get(format!("/api/v3/qr-login.png?debug=True{query}")).await.ok();
    let url = text(&offer["url"]);
    url.rsplit('/').next().unwrap_or_default().to_owned()
}

fn scan(token: &str, device: &str) -> Value {
    json!({"temp_token": token, "type": "android", "device_id": device, "name": device})
}

#[tokio::test]
async fn qr_login_code_works_once_and_only_while_its_session_lives() {
    let world = World::all_in_one().await;
    let browser = Person::login_with_cookie(world.client(), ANNA).await;
    let token = offer(&browser.client, "").await;
    let scanned = world.client().post("/api/v3/qr-auth", scan(&token, "первый")).await.ok();
    assert_eq!(scanned["me"]["phone"], ANNA);
    world.client().post("/api/v3/qr-auth", scan(&token, "второй")).await.fails(422, "INVALID_DATA");

    let token = offer(&browser.client, "").await;
    browser.client.post("/api/v3/cookieauth-logout", json!({})).await.ok();
    world.client().post("/api/v3/qr-auth", scan(&token, "третий")).await.fails(422, "INVALID_DATA");
}

#[tokio::test]
async fn newer_qr_login_code_voids_the_older() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let older = offer(&anna.client, "").await;
    let newer = offer(&anna.client, "").await;
    world.client().post("/api/v3/qr-auth", scan(&older, "старый")).await.fails(422, "INVALID_DATA");
    world.client().post("/api/v3/qr-auth", scan(&newer, "новый")).await.ok();
}

/// The examples let the caller choose the token: a link with such a token would log its victim in to the attacker's account.
#[tokio::test]
async fn qr_picture_of_a_chosen_value_never_logs_in() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let chosen = "AAAAAAAAAAAAAAAAAAAAAAAAAA";
    let drawn = anna.client.get(format!("/api/v3/qr-login.png?value={chosen}")).await;
    assert_eq!((drawn.status.as_u16(), drawn.header("content-type")), (200, Some("image/png")), "{drawn}");
    anna.client.get(format!("/api/v3/qr-login.png?debug=True&value={chosen}")).await;
    world.client().post("/api/v3/qr-auth", scan(chosen, "чужой")).await.fails(422, "INVALID_DATA");
}

#[tokio::test]
async fn fifty_concurrent_logins_with_one_code_open_one_session() {
    let world = World::all_in_one().await;
    world.client().post("/api/v3/sms-login", json!({"phone": ANNA})).await.ok();
    let login = |n: usize| {
        let (program, browser) = (n.is_multiple_of(2), json!({"phone": ANNA, "code": CODE}));
        let device =
            json!({"phone": ANNA, "code": CODE, "type": "ios", "device_id": format!("d{n}"), "name": "d"});
        let (path, body) =
            if program { ("/api/v3/sms-auth", device) } else { ("/api/v3/sms-cookieauth", browser) };
        world.client().post(path, body)
    };
    let answers = join_all((0..50).map(login)).await;
    let opened = answers.iter().filter(|answer| answer.json["ok"] == true).count();
    assert_eq!(opened, 1);
    for answer in answers.into_iter().filter(|answer| answer.json["ok"] != true) {
        answer.fails(422, "INVALID_DATA");
    }
}

#[tokio::test]
async fn three_wrong_codes_void_the_right_one_on_both_login_routes() {
    let world = World::all_in_one().await;
    let client = world.client();
    let device =
        |code: &str| json!({"phone": ANNA, "code": code, "type": "ios", "device_id": "d", "name": "d"});
    client.post("/api/v3/sms-login", json!({"phone": ANNA})).await.ok();
    client.post("/api/v3/sms-auth", device("0000")).await.fails(422, "INVALID_DATA");
    client
        .post("/api/v3/sms-cookieauth", json!({"phone": ANNA, "code": "0001"}))
        .await
        .fails(422, "INVALID_DATA");
    client.post("/api/v3/sms-auth", device("0002")).await.fails(422, "INVALID_DATA");
    client.post("/api/v3/sms-auth", device(CODE)).await.fails(422, "INVALID_DATA");
    client
        .post("/api/v3/sms-cookieauth", json!({"phone": ANNA, "code": CODE}))
        .await
        .fails(422, "INVALID_DATA");
    client.post("/api/v3/sms-login", json!({"phone": ANNA})).await.ok();
    client.post("/api/v3/sms-auth", device(CODE)).await.ok();
}

/// The parts of an answer that must not depend on the account, without what differs from second to second.
fn face(answer: &Answer) -> Value {
    let mut json = answer.json.clone();
    json["_time"].take();
    if let Some(result) = json["result"].as_object_mut() {
        result.retain(|key, _| !["phone", "code_valid_until"].contains(&key.as_str()));
    }
    let passing = ["date", "x-request-id", "event-position", "content-length"];
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        // Request ids differ each time, in the header and in the cookie.
        let id = ["login-request", "set-cookie"].contains(&name.as_str());
        let value = match value.to_str().unwrap_or_default() {
            _ if passing.contains(&name.as_str()) => "",
            value if id => value.split_once(';').map_or("", |(_, attributes)| attributes),
            value => value,
        };
        format!("{name}: {value}")
    };
    let headers: Vec<String> = answer.headers.iter().map(header).collect();
    json!({"status": answer.status.as_u16(), "headers": headers, "body": json})
}

/// Writes since a moment: transactions of the log and rows of keys.
async fn stored_since(pool: &PgPool, moment: i64) -> (i64, i64) {
    let counts = "select (select count(distinct xmin::text) from log.events where xmin::text::bigint >= $1), \
                         (select count(*) from keys.data_keys where xmin::text::bigint >= $1)";
    sqlx::query_as(counts).bind(moment).fetch_one(pool).await.unwrap()
}

/// Phones of each kind that are tried in turn.
const NUMBERS: usize = 24;
/// Greatest difference of the medians: both come from one run, but the machine has other work.
const LEEWAY: u32 = 3;

/// An unknown phone and a known one get the same answers for the same work, so nobody learns who has an account.
#[tokio::test]
async fn login_of_an_unknown_phone_is_indistinguishable_from_a_known_one() {
    // The transactions of this database are counted.
    let world = World::start(Plan::new(Layout::AllInOne).log(LogPlace::Postgres)).await;
    let pool = world.pool().await;
    let anna = Person::login(world.client(), ANNA).await;
    let known: Vec<String> = (0..NUMBERS).map(|n| format!("+790400001{n:02}")).collect();
    anna.make_team("т", &known.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for phone in &known[..NUMBERS / 2] {
        Person::login(world.client(), phone).await;
    }
    let unknown: Vec<String> = (0..NUMBERS).map(|n| format!("+790400002{n:02}")).collect();
    let (mut seen, mut times) = ([vec![], vec![]], [vec![], vec![]]);
    for (known, unknown) in known.iter().zip(&unknown) {
        for (sort, phone) in [known, unknown].into_iter().enumerate() {
            let moment: i64 = sqlx::query_scalar("select txid_current()").fetch_one(&pool).await.unwrap();
            let early = json!({"phone": phone, "code": "0000"});
            let early = world.client().post("/api/v3/sms-cookieauth", early).await;
            let started = Instant::now();
            let asked = world.client().post("/api/v3/sms-login", json!({"phone": phone})).await;
            times[sort].push(started.elapsed());
            assert_eq!(asked.json["result"]["phone"], phone.as_str());
            let work = stored_since(&pool, moment).await;
            let again = world.client().post("/api/v3/sms-login", json!({"phone": phone})).await;
            let wrong = json!({"phone": phone, "code": "0000"});
            let wrong = world.client().post("/api/v3/sms-cookieauth", wrong).await;
            let device =
                json!({"phone": phone, "code": "0000", "type": "ios", "device_id": "d", "name": "d"});
            let wrong_too = world.client().post("/api/v3/sms-auth", device).await;
            let all = [&early, &asked, &again, &wrong, &wrong_too].map(face);
            seen[sort].push((all, work));
        }
    }
    for (known, unknown) in seen[0].iter().zip(&seen[1]) {
        assert_eq!(known, unknown);
    }
    let [known, unknown] = times.map(|mut times| {
        times.sort_unstable();
        times[NUMBERS / 2]
    });
    println!("median of sms-login: known {known:?}, unknown {unknown:?}");
    assert!(known < unknown * LEEWAY && unknown < known * LEEWAY, "known {known:?}, unknown {unknown:?}");
}

/// Tokens, codes and keys never appear in a log file or in the event log.
#[tokio::test]
async fn secrets_appear_in_no_log_and_no_table() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let team = anna.make_team("т", &[]).await;
    let browser = Person::login_with_cookie(world.client(), ANNA).await;
    let Identity::Cookie(cookie) = browser.client.identity() else { panic!("a browser has a cookie") };
    let qr = offer(&anna.client, "").await;
    let invitation =
        anna.client.post(format!("/api/v3/teams/{}/invitations", team.uid), json!({})).await.ok();
    let group = anna.make_group(&team.uid, "г", &[]).await;
    let integration = json!({"comment": "x", "kind": "raw", "group": group, "enabled": true});
    let integration =
        anna.client.post(format!("/api/v3/teams/{}/integrations", team.uid), integration).await.ok();
    anna.post(&team.uid, &group, "тайный текст").await;
    let png = format!("/api/v3/teams/{}/invitations/{}.png", team.uid, text(&invitation["token"]));
    anna.client.get(png).await;
    let secrets = [
        anna.token.clone(),
        cookie.split('=').next_back().unwrap_or_default().to_owned(),
        qr,
        text(&invitation["token"]),
        text(&integration["form"]["api_key"]["value"]),
        "тайный текст".to_owned(),
        ANNA.trim_start_matches('+').to_owned(),
    ];
    let said = |event: &RawEvent| {
        let (data, meta) = (String::from_utf8_lossy(&event.data), String::from_utf8_lossy(&event.meta));
        format!("{data}{meta}{}", event.stream)
    };
    let events: String = stored::events(world.log_url()).await.iter().map(said).collect();
    let logs = world.logs();
    for secret in &secrets {
        assert!(!events.contains(secret.as_str()), "{secret} is in the event log");
    }
    // In dev the console shows codes and phones in place of an SMS.
    for secret in &secrets[..5] {
        assert!(!logs.contains(secret.as_str()), "{secret} is in the log of the process");
    }
}
