//! Attacks of strangers on the login of a known phone by requesting and guessing codes; the end of sessions.

use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use veche_tests::{
    client::{Client, Identity},
    eventually,
    exchange::{Answer, Body, Call},
    person::{Person, text},
    socket::Socket,
    world::{CODE, Layout, Plan, World},
};

const VICTIM: &str = "+79040007001";
const HOME: &str = "203.0.113.5";
/// Attempts of the owner before the test gives up: a guard against hanging.
const PATIENCE: usize = 30;

/// Starts a product with production's limits on codes, at a pace that a test can wait for.
async fn world() -> World {
    let plan = Plan::new(Layout::AllInOne)
        .set("VECHE_TRUSTED_PROXIES", "127.0.0.0/8, ::1/128")
        .set("VECHE_AUTH_CODES_PER_HOUR", "5")
        .set("VECHE_AUTH_CODES_PER_DAY", "10")
        .set("VECHE_AUTH_CODE_TTL_SEC", "300")
        .set("VECHE_AUTH_RESEND_AFTER_SEC", "5")
        .set("VECHE_AUTH_SLOW_RESEND_AFTER_SEC", "6");
    World::start(plan).await
}

fn call(path: &str, body: Value, address: &str, id: Option<&str>) -> Call {
    let call = Call::new(Method::POST, path, Body::Json(body)).header("X-Forwarded-For", address);
    match id {
        Some(id) => call.header("Login-Request", id),
        None => call,
    }
}

async fn ask(client: &Client, address: &str) -> Answer {
    client.send(call("/api/v3/sms-login", json!({"phone": VICTIM}), address, None)).await
}

async fn enter(client: &Client, code: &str, address: &str, id: Option<&str>) -> Answer {
    let body = json!({"phone": VICTIM, "code": code});
    client.send(call("/api/v4/auth/sms/get-token", body, address, id)).await
}

fn id_of(answer: &Answer) -> String {
    answer.header("login-request").expect("the answer names the request").to_owned()
}

#[tokio::test]
async fn login_survives_wrong_codes_of_strangers() {
    let world = world().await;
    let client = world.client();
    let asked = ask(client, HOME).await;
    let mine = id_of(&asked);
    let keys: Vec<&String> = asked.json["result"].as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["code_length", "code_valid_until", "phone"], "the keys of the reference alone");
    // Strangers guess at the code, with and without requests of their own.
    for n in 0..4 {
        let address = format!("198.51.100.{n}");
        let theirs = ask(client, &address).await.header("login-request").map(str::to_owned);
        for guess in ["0001", "0002", "0003", "0004"] {
            enter(client, guess, &address, theirs.as_deref()).await.fails(422, "INVALID_DATA");
            enter(client, guess, &address, None).await.fails(422, "INVALID_DATA");
            enter(client, guess, "192.0.2.77", None).await.fails(422, "INVALID_DATA");
        }
    }
    // A guesser gets in not even with the right code, while the owner does at the first attempt.
    enter(client, CODE, "192.0.2.77", None).await.fails(422, "INVALID_DATA");
    enter(client, CODE, HOME, Some(&mine)).await.ok();
    enter(client, CODE, HOME, Some(&mine)).await.fails(422, "INVALID_DATA");
}

#[tokio::test]
async fn login_under_constant_code_requests_is_only_delayed() {
    let world = world().await;
    let client = world.client();
    let mut refused = 0;
    for n in 0..60 {
        let asked = ask(client, &format!("198.51.100.{n}")).await;
        refused += usize::from(asked.status == 429);
    }
    assert!(refused > 0, "the attack is above the limits");
    for _ in 0..PATIENCE {
        let asked = ask(client, HOME).await;
        if asked.status == 429 {
            let wait = asked.header("retry-after").and_then(|text| text.parse().ok()).expect("says when");
            assert!(wait <= 6, "no longer than the slow pause: {wait}");
            tokio::time::sleep(Duration::from_secs(wait)).await;
            // The attack goes on.
            ask(client, "198.51.100.99").await;
            continue;
        }
        let mine = id_of(&asked);
        asked.ok();
        enter(client, CODE, HOME, Some(&mine)).await.ok();
        return;
    }
    panic!("the owner never got a code");
}

#[tokio::test]
async fn login_without_a_request_id_survives_a_change_of_address() {
    let world = world().await;
    let client = world.client();
    ask(client, HOME).await.ok();
    enter(client, CODE, "192.0.2.8", None).await.ok();
    let asked = ask(client, HOME).await;
    let cookie = asked.cookie().expect("a cookie names the request");
    asked.ok();
    // The cookie alone identifies the request: its three tries are its own, whatever strangers used up.
    for guess in ["0001", "0002", "0003", "0004"] {
        enter(client, guess, "192.0.2.77", None).await.fails(422, "INVALID_DATA");
    }
    let body = json!({"phone": VICTIM, "code": CODE});
    let by_cookie = call("/api/v3/sms-cookieauth", body, "192.0.2.9", None).header("Cookie", &cookie);
    client.send(by_cookie).await.ok();
}

/// The uid of the current session.
async fn current(client: &Client) -> String {
    let sessions = client.get("/api/v4/sessions").await.ok();
    let sessions = sessions.as_array().expect("a list").iter();
    let current = sessions.filter(|session| session["current"] == true).collect::<Vec<_>>();
    assert_eq!(current.len(), 1, "{current:?}");
    text(&current[0]["uid"])
}

#[tokio::test]
async fn unused_session_expires_and_a_used_one_does_not() {
    let world = World::start(Plan::new(Layout::AllInOne).set("VECHE_AUTH_IDLE_DAYS", "1")).await;
    let pool = world.pool().await;
    let used = Person::login_as(world.client(), VICTIM, "used").await;
    let left = Person::login_as(world.client(), VICTIM, "left").await;
    let (used_uid, left_uid) = (current(&used.client).await, current(&left.client).await);
    let older = |hours: i32| {
        let sql = "UPDATE read.session SET created = created - make_interval(hours => $1)";
        sqlx::query(sql).bind(hours).execute(&pool)
    };
    older(2).await.expect("two hours pass");
    // A use is recorded rarely: the time of the last one is cached that long.
    eventually::until("the use is noted", async || {
        used.client.get("/api/v3/me").await.ok();
        let noted = "SELECT session::text FROM ops.session_seen";
        let noted: Vec<String> = sqlx::query_scalar(noted).fetch_all(&pool).await.expect("the notes");
        (noted == [used_uid.clone()]).then_some(())
    })
    .await;
    older(23).await.expect("the rest of the day passes");
    let listed = used.client.get("/api/v4/sessions").await.ok();
    let listed: Vec<&Value> = listed.as_array().expect("a list").iter().map(|one| &one["uid"]).collect();
    assert_eq!(listed, [&json!(used_uid)]);
    eventually::until("its end is in the log", async || {
        let sql = "SELECT count(*) FROM log.events WHERE kind = 'session.closed.v1'";
        (sqlx::query_scalar::<_, i64>(sql).fetch_one(&pool).await.expect("the log") == 1).then_some(())
    })
    .await;
    left.client.get("/api/v3/me").await.fails(401, "INVALID_TOKEN");
    used.client.get("/api/v3/me").await.ok();
    assert_ne!(used_uid, left_uid);
}

#[tokio::test]
async fn cookie_as_token_and_token_as_cookie_are_refused() {
    let world = World::all_in_one().await;
    let browser = Person::login_with_cookie(world.client(), VICTIM).await;
    let program = Person::login(world.client(), VICTIM).await;
    let Identity::Cookie(cookie) = browser.client.identity().clone() else {
        panic!("a browser has a cookie")
    };
    let (name, value) = cookie.split_once('=').expect("a name and a value");
    world.client().as_token(value).get("/api/v3/me").await.fails(401, "INVALID_TOKEN");
    let token = Identity::Cookie(format!("{name}={}", program.token));
    world.client().as_identity(token).get("/api/v3/me").await.fails(401, "INVALID_TOKEN");
    browser.client.get("/api/v3/me").await.ok();
    program.client.get("/api/v3/me").await.ok();
}

/// The reason with which the server logs a socket out.
async fn logout(socket: &mut Socket) -> Value {
    let (frames, _) = socket.closed().await;
    let told = frames.iter().find(|frame| frame["event"] == "server.logout");
    told.map(|frame| frame["params"]["reason"].clone()).unwrap_or_default()
}

#[tokio::test]
async fn ended_session_closes_its_sockets() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), VICTIM).await;
    let team = anna.make_team("т", &[]).await;
    let browser = Person::login_with_cookie(world.client(), VICTIM).await;
    ask(world.client(), HOME).await.ok();
    let robot = text(&enter(world.client(), CODE, HOME, None).await.ok()["token"]);
    let robot = Person { client: world.client().as_token(&robot), phone: VICTIM.into(), token: robot };
    let (mut first, mut second) = (browser.socket(&team.uid).await, robot.socket(&team.uid).await);
    for socket in [&mut first, &mut second] {
        socket.ask("client.ping", Value::Null).await;
    }
    anna.client.delete("/api/v4/sessions").await.ok();
    for socket in [&mut first, &mut second] {
        assert_eq!(logout(socket).await, "ended");
    }
    // A logout with a token ends that session and its sockets.
    let mut last = anna.socket(&team.uid).await;
    last.ask("client.ping", Value::Null).await;
    anna.client.post("/api/v3/cookieauth-logout", json!({})).await.ok();
    assert_eq!(logout(&mut last).await, "logout");
    anna.client.get("/api/v3/me").await.fails(401, "INVALID_TOKEN");
}
