//! The shipped proxy behind another one, such as an ingress: clients are distinguished, sockets and files pass, secrets stay
//! out of logs, and floods end there.

use http::Method;
use serde_json::{Value, json};
use std::net::IpAddr;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};
use veche_tests::{
    client::{Client, multipart},
    eventually,
    exchange::{Answer, Body, Call},
    nginx::{Nginx, Setting},
    openapi::Document,
    person::{Person, Team},
    server_sent::Events,
    world::{Layout, Plan, Role, World},
};

const ANNA: &str = "+79160000001";
const BORIS: &str = "+79160000002";
/// The outer proxy's address, and the only hop that the inner one trusts.
const OUTER: &str = "127.0.9.2";
/// The inner proxy's address, and the only proxy that the services trust.
const INNER: &str = "127.0.9.3";
/// Two clients in different networks.
const HERS: &str = "127.0.11.1";
const HIS: &str = "127.0.12.1";
/// An address that a client claims to have.
const CLAIMED: &str = "203.0.113.9";
const NAME: &str = "x-forwarded-for";

/// Client → outer proxy → inner proxy → roles apart.
struct Chain {
    world: World,
    inner: Nginx,
    outer: Nginx,
    _folder: TempDir,
}

impl Chain {
    async fn start(plan: Plan) -> Self {
        let plan = plan.set("VECHE_TRUSTED_PROXIES", format!("{INNER}/32")).set("VECHE_LOG_FORMAT", "json");
        let world = World::start(plan).await;
        let folder = tempfile::Builder::new().prefix("veche-proxies").tempdir().expect("a folder");
        let before = world.client().addresses();
        let inner = Setting { name: "inner", before, from: INNER, hops: &[OUTER] };
        let inner = Nginx::start(folder.path(), &inner).await;
        let before = &inner.addresses();
        let outer = Setting { name: "outer", before, from: OUTER, hops: &[] };
        let outer = Nginx::start(folder.path(), &outer).await;
        Self { world, inner, outer, _folder: folder }
    }

    /// A client that comes through both proxies, with an address of its own.
    fn client(&self, from: &str) -> Client {
        self.world.client().at(self.outer.addresses()).from(address(from)).unjudged()
    }

    /// A client at the outer proxy's address that calls the inner proxy, with headers the outer one would never send.
    fn as_outer(&self) -> Client {
        self.client(OUTER).at(self.inner.addresses())
    }

    /// Anna's team with Boris, each through both proxies.
    async fn team(&self) -> (Person, Person, Team) {
        let anna = Person::login(&self.client(HERS), ANNA).await;
        let boris = Person::login(&self.client(HIS), BORIS).await;
        let team = anna.make_team("за прокси", &[BORIS]).await;
        (anna, boris, team)
    }

    /// The clients of all requests to a route, from a role's log.
    fn clients_of(&self, role: Role, route: &str) -> Vec<String> {
        let log = std::fs::read_to_string(&self.world.process_of(role).recipe().log).expect("a log");
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let fitting = lines.filter(|line| line["path"] == route);
        fitting.filter_map(|line| line["client"].as_str().map(str::to_owned)).collect()
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

async fn ask_for_code(client: &Client, phone: &str, claims: &[&str]) -> Answer {
    let call = Call::new(Method::POST, "/api/v3/sms-login", Body::Json(json!({"phone": phone})));
    client.send(claims.iter().fold(call, |call, claim| call.header(NAME, *claim))).await
}

fn phone(number: u32) -> String {
    format!("+7916100{number:04}")
}

#[tokio::test]
async fn clients_behind_two_proxies_have_separate_limits() {
    let plan = Plan::new(Layout::RolesApart)
        .set("VECHE_LIMITS_SMS_LOGIN_PER_ADDRESS_COUNT", "10")
        .set("VECHE_LIMITS_SMS_LOGIN_PER_ADDRESS_SECONDS", "3600");
    let chain = Chain::start(plan).await;
    let (hers, his) = (chain.client(HERS), chain.client(HIS));
    for number in 0..10 {
        ask_for_code(&hers, &phone(number), &[]).await.ok();
    }
    assert_eq!(ask_for_code(&hers, &phone(10), &[]).await.status, 429);
    // Whatever she claims, her address stays the same.
    for claims in [&[CLAIMED][..], &["203.0.113.10, 203.0.113.11"], &[HIS], &[OUTER, INNER], &["unknown"]] {
        assert_eq!(ask_for_code(&hers, &phone(11), claims).await.status, 429, "{claims:?}");
    }
    for number in 20..30 {
        ask_for_code(&his, &phone(number), &[]).await.ok();
    }
    let seen = chain.clients_of(Role::Command, "/api/v3/sms-login");
    assert_eq!(seen.iter().filter(|client| *client == HERS).count(), 16, "{seen:?}");
    assert_eq!(seen.iter().filter(|client| *client == HIS).count(), 10, "{seen:?}");
}

/// A balancer that appends its peer, as most do: the client's own claim comes before it.
#[tokio::test]
async fn proxy_that_appends_to_a_forged_forwarded_header_is_safe() {
    let chain = Chain::start(Plan::new(Layout::RolesApart)).await;
    let balancer = chain.as_outer();
    ask_for_code(&balancer, &phone(1), &[&format!("{CLAIMED}, {HERS}")]).await.ok();
    ask_for_code(&balancer, &phone(2), &[CLAIMED, HIS]).await.ok();
    // The inner proxy does not trust a client that is no hop.
    let stranger = chain.client(HERS).at(chain.inner.addresses());
    ask_for_code(&stranger, &phone(3), &[CLAIMED]).await.ok();
    // The services do not trust a client that is no proxy.
    let inside = chain.world.client().from(address(HIS));
    ask_for_code(&inside, &phone(4), &[CLAIMED]).await.ok();
    assert_eq!(chain.clients_of(Role::Command, "/api/v3/sms-login"), [HERS, HIS, HERS, HIS]);
}

#[tokio::test]
async fn proxied_sockets_and_streams_carry_the_clients_address() {
    let chain = Chain::start(Plan::new(Layout::RolesApart)).await;
    let (anna, boris, team) = chain.team().await;
    let mut hers = anna.socket(&team.uid).await;
    let stream = format!("/api/v3/teams/{}/events", team.uid);
    let mut his = Events::open(&boris.client, &stream, &[(NAME, CLAIMED)]).await;
    let content = json!({"type": "plain", "text": "через двоих"});
    hers.ask("client.message.updated", json!({"to": team.jid_of(BORIS), "content": content})).await;
    loop {
        let (_, told) = his.placed().await;
        if told["event"] == "server.message.updated" {
            assert_eq!(told["params"]["messages"][0]["content"]["text"], "через двоих");
            break;
        }
    }
    const EVENTS: &str = "/api/v3/teams/{team_uid}/events";
    eventually::until("the socket's command is noted", async || {
        let seen = chain.clients_of(Role::Command, "/api/v3/teams/{team_uid}/ws/{client_event_name}");
        (!seen.is_empty()).then(|| assert!(seen.iter().all(|client| client == HERS), "{seen:?}"))
    })
    .await;
    assert_eq!(chain.clients_of(Role::Gateway, "/messaging/{team_uid}"), [HERS]);
    assert!(chain.clients_of(Role::Gateway, EVENTS).iter().all(|client| client == HIS));
    boris.post(&team.uid, &team.me, "слышу").await;
    hers.event_where("server.message.updated", |params| params["messages"][0]["content"]["text"] == "слышу")
        .await;
}

/// A PNG of random pixels, which hardly compress.
fn noise(side: u32) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(1);
    let picture =
        image::RgbImage::from_fn(side, side, |_, _| image::Rgb(std::array::from_fn(|_| rng.u8(..))));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("a picture");
    bytes.into_inner()
}

#[tokio::test]
async fn proxied_uploads_pass_up_to_the_size_limit() {
    let chain = Chain::start(Plan::new(Layout::RolesApart)).await;
    let (anna, boris, team) = chain.team().await;
    let avatar = noise(1024);
    assert!(avatar.len() > 3 << 20, "{} bytes", avatar.len());
    let team_path = format!("/api/v4/teams/{}", team.uid);
    let icons = format!("{team_path}/contacts/{}/icons", team.jid_of(BORIS));
    boris.client.upload(&icons, "file", "a.png", avatar.clone()).await.ok();
    anna.client.upload(format!("/api/v3/teams/{}/icons", team.uid), "file", "a.png", avatar).await.ok();
    let file = vec![b'x'; 12 << 20];
    anna.client.upload(format!("{team_path}/uploads"), "file", "a.txt", file.clone()).await.ok();

    let refused = boris.client.upload(&icons, "file", "a.png", file).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json["error"]),
        (413, &json!("REQUEST_TOO_LARGE")),
        "{refused}"
    );
    let body = json!({"to": team.me, "content": {"type": "plain", "text": "x".repeat(3 << 19)}});
    let path = format!("/api/v3/teams/{}/ws/client.message.updated", team.uid);
    let refused = boris.client.post(path, body).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json["error"]),
        (413, &json!("REQUEST_TOO_LARGE")),
        "{refused}"
    );
}

/// Operations of the document with a secret in their path, by the parameter's name.
fn secret_calls(document: &Document, secret: &str) -> Vec<(Method, String)> {
    let is_secret = |part: &str| part.ends_with("key}") || part.ends_with("token}");
    let holding = document.operations().iter().filter(|call| call.path.split('/').any(is_secret));
    let filled = holding.map(|call| {
        let parts = call.path.split('/').map(|part| match part {
            part if is_secret(part) => secret,
            part if part.starts_with('{') => "github",
            part => part,
        });
        (call.method.parse().expect("a method"), parts.collect::<Vec<_>>().join("/"))
    });
    filled.collect()
}

#[tokio::test]
async fn proxy_logs_contain_no_secret_of_a_path_or_query() {
    let chain = Chain::start(Plan::new(Layout::RolesApart)).await;
    let client = chain.client(HERS);
    let secret = "gXk1-Zt_9vQ2mB7cR4wY8uJ5hN3";
    let document = Document::new(client.get("/openapi.json").await.json);
    let mut calls = secret_calls(&document, secret);
    assert!(calls.len() >= 4, "{calls:?}");
    let get = |path: &str| (Method::GET, path.replace('!', secret));
    calls.extend([
        get("/api/v3/teams?token=!"),
        get("/api/integrations/!"),
        get("/API//Integrations/github/!/more"),
        get("/api/v4/%6Aoin/!/preview"),
        get("/api/v9/what-nobody-has-thought-of/!"),
        get("/what-nobody-has-thought-of/!/either"),
    ]);
    for (method, path) in calls {
        client.send(Call::new(method, path, Body::Json(json!({})))).await;
    }
    let team = uuid::Uuid::new_v4();
    client.get(format!("/api/v4/teams/{team}/chats/d-{team}")).await;
    let proxies = [chain.outer.logs(), chain.inner.logs()];
    for log in proxies.iter().chain([&chain.world.logs()]) {
        assert!(!log.contains(&secret[..12]), "{log}");
    }
    for log in proxies {
        assert!(log.contains("/api/integrations/github/[hidden] "), "{log}");
        assert!(log.contains("/join/[hidden]/preview "), "{log}");
        // Ids are no secrets, and operators search for them.
        assert!(log.contains(&format!("/api/v4/teams/{team}/chats/d-{team} ")), "{log}");
        assert!(log.contains(HERS), "{log}");
    }
}

/// Requests codes until the proxy itself refuses. (A refusal of the services has a reason.)
async fn flood(client: &Client, claim: impl Fn(u32) -> Option<String>) -> Answer {
    for number in 0..1_000 {
        let claim = claim(number);
        let claims: Vec<&str> = claim.iter().map(String::as_str).collect();
        let answer = ask_for_code(client, &phone(number), &claims).await;
        if answer.json == json!({"ok": false, "error": "RATE_LIMIT"}) {
            return answer;
        }
    }
    panic!("the proxy never refuses");
}

#[tokio::test]
async fn proxy_limits_logins_per_subscriber() {
    let chain = Chain::start(Plan::new(Layout::AllInOne)).await;
    let refused = flood(&chain.client(HERS), |_| None).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.headers["retry-after"], "2");
    ask_for_code(&chain.client(HIS), BORIS, &[]).await.ok();
    // A subscriber has all addresses of an IPv6 /64 and no others.
    let outer = chain.as_outer();
    assert_eq!(flood(&outer, |number| Some(format!("2001:db8:0:1::{number:x}"))).await.status, 429);
    ask_for_code(&outer, BORIS, &["2001:db8:0:2::1"]).await.ok();
}

/// Sends the head of a form and nothing of its body.
async fn half_a_form(port: u16) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((address(HERS), 0).into()).expect("an address of this machine");
    let mut wire = socket.connect((address("127.0.0.1"), port).into()).await.expect("the proxy listens");
    let head = "POST /api/v4/teams/x/icons HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n";
    wire.write_all(head.as_bytes()).await.expect("the proxy reads");
    wire
}

#[tokio::test]
async fn proxy_limits_concurrent_forms_per_subscriber() {
    let chain = Chain::start(Plan::new(Layout::AllInOne)).await;
    let client = chain.client(HERS);
    let mut forms = Vec::new();
    for _ in 0..64 {
        forms.push(half_a_form(chain.outer.port()).await);
    }
    let body = multipart(&[("file", Some("a.txt"), b"x")]);
    eventually::until("the proxy refuses one more form", async || {
        let answer = client.send(Call::new(Method::POST, "/api/v4/teams/x/icons", body.clone())).await;
        (answer.status == 429).then(|| assert_eq!(answer.json["error"], "RATE_LIMIT"))
    })
    .await;
    // Others are served, and so is this subscriber without forms.
    let other = chain.client(HIS).send(Call::new(Method::POST, "/api/v4/teams/x/icons", body)).await;
    assert_ne!(other.status, 429, "{other}");
    client.get("/api/v3/ping").await.ok();
    let mut refusal = half_a_form(chain.outer.port()).await;
    let mut said = [0; 13];
    let reading = refusal.read_exact(&mut said);
    tokio::time::timeout(eventually::HANG_GUARD, reading).await.expect("an answer").expect("its beginning");
    assert_eq!(said, *b"HTTP/1.1 429 ");
}
