//! Limits on what one account, or a caller without one, can consume: memory under attack, and concurrent searches. Memory is
//! the process's, as the kernel counts it.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use futures::future::{join_all, select_all};
use serde_json::json;
use std::{fs, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::Message;
use veche_tests::{
    eventually::HANG_GUARD,
    person::Person,
    socket::Socket,
    world::{Layout, Plan, Role, World},
};

const ANNA: &str = "+79080000001";

/// Growth of the process allowed under all attacks of this test at once, MiB. Without budgets it exceeds 2 GiB.
const MOST_MB: u64 = 256;

/// The peak resident memory of a process, MiB.
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

fn host(world: &World) -> String {
    let address = world.client().addresses().http(&http::Method::POST, "/");
    address.trim_start_matches("http://").to_owned()
}

/// Opens a connection that sends a head, and as much of `body` as the kernel takes.
async fn half_send(host: &str, head: String, body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(host).await.unwrap();
    // The server may have answered and closed before everything is sent.
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.write_all(body)).await;
    stream
}

/// The status of the answer on a connection, if one arrives in time.
async fn status(stream: &mut TcpStream) -> Option<u16> {
    let mut head = [0; 12];
    tokio::time::timeout(HANG_GUARD, stream.read_exact(&mut head)).await.ok()?.ok()?;
    std::str::from_utf8(&head[9..]).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_under_attack_stays_within_its_budget() {
    let mut world = World::start(Plan::new(Layout::AllInOne)).await;
    let anna = Person::login(world.client(), ANNA).await;
    let team = anna.make_team("под нагрузкой", &[]).await;
    let process = world.process(Role::Serve).id();
    let at_rest = peak(process);
    let host = host(&world);

    // Without a session: bodies of a megabyte before a login, whose end never arrives.
    let megabyte = vec![b' '; 1_000_000];
    let logins = (0..600).map(|number| {
        let path = ["sms-login", "sms-auth", "qr-auth"][number % 3];
        let head =
            format!("POST /api/v3/{path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nf4240\r\n");
        half_send(&host, head, &megabyte)
    });
    let logins = join_all(logins).await;
    // One account: pictures whose end never arrives.
    let picture = vec![b'x'; 4_000_000];
    let pictures = (0..100).map(|_| {
        let head = format!(
            "POST /api/v3/teams/{}/icons HTTP/1.1\r\nhost: x\r\ntoken: {}\r\ncontent-length: 10000000\r\n\
             content-type: multipart/form-data; boundary=b\r\n\r\n--b\r\ncontent-disposition: form-data; \
             name=\"file\"; filename=\"a.png\"\r\n\r\n",
            team.uid, anna.token
        );
        half_send(&host, head, &picture)
    });
    let mut pictures = join_all(pictures).await;
    let mut refused = 0;
    for stream in &mut pictures {
        refused += u32::from(status(stream).await == Some(429));
    }
    drop((logins, pictures));
    // The same account: sockets that send frames of 256 KiB and read nothing.
    let path = format!("/messaging/{}", team.uid);
    let mut sockets = vec![];
    for _ in 0..40 {
        sockets.push(Socket::try_open(&anna.client, &path, &[]).await.unwrap());
    }
    let envelope =
        json!({"event": "client.message.updated", "params": {"to": "nobody", "content": {"text": ""}}});
    let frame = format!("{envelope}{}", " ".repeat(250_000));
    let flood = sockets.iter_mut().map(|socket| async {
        for _ in 0..64 {
            let sent = socket.try_send_message(Message::text(frame.clone()));
            if !matches!(tokio::time::timeout(Duration::from_secs(5), sent).await, Ok(Ok(()))) {
                return;
            }
        }
    });
    join_all(flood).await;
    let taken = peak(process).saturating_sub(at_rest);
    println!("{at_rest} MiB at rest, {taken} MiB more under attack");
    assert!(taken < MOST_MB, "{taken} MiB more than the {at_rest} MiB at rest");

    // Excess requests were refused, and everybody else is served.
    assert!(refused > 50, "{refused} of 100 were told that they are too many");
    drop(sockets);
    anna.client.get("/api/v3/me").await.ok();
    let boris = Person::login(world.client(), "+79080000002").await;
    boris.client.get("/api/v3/me").await.ok();
    assert!(world.process(Role::Serve).is_alive());
}

#[tokio::test]
async fn searches_of_an_account_are_limited_to_two_at_once() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let team = anna.make_team("с поиском", &[]).await;
    let group = anna.make_group(&team.uid, "Чат", &[]).await;
    anna.post(&team.uid, &group, "слово").await;
    let pool = world.pool().await;
    let mut locked = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE read.message IN ACCESS EXCLUSIVE MODE").execute(&mut *locked).await.unwrap();
    let in_chat = format!("chats/{group}/messages?q=word");
    let paths = ["messages?q=word", "messages?text=word", in_chat.as_str()];
    let searches = paths.map(|path| {
        let (client, path) = (anna.client.clone(), format!("/api/v4/teams/{}/{path}", team.uid));
        Box::pin(async move { client.get(path).await })
    });
    let (refused, _, waiting) = tokio::time::timeout(HANG_GUARD, select_all(searches)).await.unwrap();
    assert_eq!((refused.status.as_u16(), &refused.json["error"]), (429, &json!("RATE_LIMIT")), "{refused}");
    assert!(refused.header("retry-after").is_some());
    locked.commit().await.unwrap();
    for found in join_all(waiting).await {
        found.ok();
    }
    anna.client.get(format!("/api/v4/teams/{}/messages?q=word", team.uid)).await.ok();
}
