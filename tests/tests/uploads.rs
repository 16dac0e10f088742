//! Files under stress: two at the quota's edge, an interrupted upload, one larger than memory allows, a crash.

use futures::{StreamExt, future::join_all, stream};
use http::Method;
use serde_json::{Value, json};
use std::{path::Path, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use veche_tests::{
    client::multipart,
    eventually,
    exchange::{Body, Call},
    fact,
    person::{Person, Team, text},
    scenario::picture,
    world::{Layout, Plan, Role, World},
};

const MIB: usize = 1 << 20;

async fn team_of(world: &World, phone: &str) -> (Person, Team) {
    let person = Person::login(world.client(), phone).await;
    let team = person.make_team("файлы", &[]).await;
    (person, team)
}

fn path(team: &Team) -> String {
    format!("/api/v4/teams/{}/uploads", team.uid)
}

async fn upload(person: &Person, team: &Team, bytes: Vec<u8>) -> Value {
    person.client.upload(path(team), "file", "f", bytes).await.ok()
}

async fn usage(person: &Person, team: &Team) -> Value {
    person.client.get(format!("/api/v3/teams/{}/usage", team.uid)).await.ok()
}

/// Files below a folder.
fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return vec![] };
    let below = |path: std::path::PathBuf| match path.is_dir() {
        true => files(&path),
        false => vec![path.display().to_string()],
    };
    entries.flatten().flat_map(|entry| below(entry.path())).collect()
}

#[tokio::test]
async fn concurrent_uploads_never_exceed_the_quota_and_refused_ones_leave_no_file() {
    let world = World::all_in_one().await;
    let (anna, team) = team_of(&world, "+79070000001").await;
    fact::uploads_size_limit(&world, &anna, &team.uid, 25_000).await;
    let at_once = (0..6u8).map(|n| anna.client.upload(path(&team), "file", "f", vec![n; 10_000]));
    let answers = join_all(at_once).await;
    let stored: Vec<_> = answers.iter().filter(|answer| answer.status.is_success()).collect();
    assert_eq!(stored.len(), 2, "25,000 bytes have room for two files of 10,000");
    for refused in answers.iter().filter(|answer| !answer.status.is_success()) {
        assert_eq!(
            (refused.status.as_u16(), &refused.json["error"]),
            (422, &json!("INVALID_DATA")),
            "{refused}"
        );
    }
    let usage_now = usage(&anna, &team).await;
    assert_eq!(usage_now["uploads_size"], 20_000);
    assert_eq!(usage_now["uploads_size_limit"], 25_000);
    assert_eq!(usage_now["by_months"][23]["uploads_size"], 20_000);
    let kept = files(&world.blobs());
    assert_eq!(kept.len(), 2, "{kept:?}");

    let first = text(&stored[0].json["result"]["uid"]);
    upload(&anna, &team, vec![7; 5_000]).await;
    anna.client.upload(path(&team), "file", "f", vec![8; 1]).await.fails(422, "INVALID_DATA");
    anna.client.delete(format!("{}/{first}", path(&team))).await.ok();
    upload(&anna, &team, vec![9; 10_000]).await;
    let usage_now = usage(&anna, &team).await;
    assert_eq!(usage_now["uploads_size"], 25_000);
    assert_eq!(usage_now["by_months"][23]["uploads_size"], 35_000, "what came counts, also when it went");
    assert_eq!(files(&world.blobs()).len(), 3);
}

/// A part of an upload over a raw connection.
async fn begin(world: &World, person: &Person, team: &Team, declared: usize, sent: usize) -> TcpStream {
    let address = world.client().addresses().http(&http::Method::POST, &path(team));
    let host = address.trim_start_matches("http://").to_owned();
    let mut wire = TcpStream::connect(&host).await.expect("the product listens");
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {host}\r\nToken: {}\r\nContent-Type: multipart/form-data; boundary=x\r\n\
         Content-Length: {declared}\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n",
        path(team),
        person.token
    );
    wire.write_all(head.as_bytes()).await.expect("the head goes out");
    wire.write_all(&vec![1; sent]).await.expect("a part goes out");
    wire
}

async fn aside_is_empty(world: &World) {
    let aside = world.blobs().join("incoming");
    eventually::within(Duration::from_secs(60), "nothing is left aside", async || {
        files(&aside).is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn interrupted_upload_leaves_no_file() {
    let world = World::start(Plan::new(Layout::AllInOne).set("VECHE_HTTP_TIMEOUT_SEC", "8")).await;
    let (anna, team) = team_of(&world, "+79070000002").await;
    let wire = begin(&world, &anna, &team, 20 * MIB, 5 * MIB).await;
    let aside = world.blobs().join("incoming");
    eventually::within(Duration::from_secs(60), "the file comes in", async || {
        (!files(&aside).is_empty()).then_some(())
    })
    .await;
    drop(wire);
    aside_is_empty(&world).await;

    // A stalled upload is answered after a while and leaves nothing either.
    let mut silent = begin(&world, &anna, &team, 20 * MIB, MIB).await;
    let mut answer = vec![];
    let read = tokio::time::timeout(Duration::from_secs(60), silent.read_to_end(&mut answer)).await;
    read.expect("it is answered").ok();
    assert!(answer.starts_with(b"HTTP/1.1 504"), "{}", String::from_utf8_lossy(&answer));
    aside_is_empty(&world).await;
    assert_eq!(files(&world.blobs()), Vec::<String>::new());
    assert_eq!(usage(&anna, &team).await["uploads_size"], 0);
}

/// Peak memory of the process, MiB.
fn most_memory(world: &World) -> usize {
    let path = format!("/proc/{}/status", world.process_of(Role::Serve).id());
    let status = std::fs::read_to_string(path).expect("the system tells of the process");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("its greatest memory");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<usize>().ok()).expect("a number") / 1024
}

#[tokio::test]
async fn large_upload_is_streamed_and_survives_a_crash() {
    const PIECES: usize = 100;
    let mut world = World::all_in_one().await;
    let (anna, team) = team_of(&world, "+79070000003").await;
    upload(&anna, &team, vec![1; MIB]).await;
    let before = most_memory(&world);

    // Sent in chunks without a length, as a browser sends a stream.
    let head =
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"большой.bin\"\r\n\r\n".as_bytes();
    let piece = |n: usize| bytes::Bytes::from(vec![n as u8; MIB]);
    let pieces = stream::iter([bytes::Bytes::from_static(head)])
        .chain(stream::iter((0..PIECES).map(piece)))
        .chain(stream::iter([bytes::Bytes::from_static(b"\r\n--x--\r\n")]))
        .map(Ok::<_, std::convert::Infallible>);
    let url = world.client().addresses().http(&http::Method::POST, &path(&team)) + &path(&team);
    let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
    let sent = http
        .post(&url)
        .header("token", &anna.token)
        .header("content-type", "multipart/form-data; boundary=x")
        .body(reqwest::Body::wrap_stream(pieces))
        .send()
        .await
        .expect("an answer");
    assert!(sent.status().is_success(), "{}", sent.text().await.unwrap_or_default());
    let stored: Value = serde_json::from_str(&sent.text().await.expect("a body")).expect("JSON");
    let uid = text(&stored["result"]["uid"]);
    assert_eq!(stored["result"]["size"], PIECES * MIB);

    let address = format!("{}/{uid}/file", path(&team));
    let read = http.get(url.clone() + &format!("/{uid}/file")).header("token", &anna.token).send().await;
    let mut content = read.expect("an answer").bytes_stream();
    let mut size = 0;
    while let Some(piece) = content.next().await {
        size += piece.expect("the content goes out").len();
    }
    assert_eq!(size, PIECES * MIB);
    let grown = most_memory(&world) - before;
    assert!(
        grown < PIECES / 2,
        "{PIECES} MiB went through, and the process grew by {grown} MiB from {before}"
    );

    world.process(Role::Serve).kill();
    world.revive(Role::Serve).await;
    let range = format!("bytes={}-{}", 42 * MIB - 1, 42 * MIB);
    let call = Call::new(http::Method::GET, address, Body::Empty).header("Range", range);
    let answer = anna.client.send(call).await;
    assert_eq!((answer.status.as_u16(), &answer.bytes[..]), (206, &[41, 42][..]), "after a crash too");
}

#[tokio::test]
async fn decompression_bombs_are_stored_as_files_and_never_decoded() {
    let world = World::all_in_one().await;
    let (anna, team) = team_of(&world, "+79070000004").await;
    // The header of a picture of 60,000 by 60,000 pixels.
    let mut bomb = picture(8, 8);
    bomb[16..20].copy_from_slice(&60_000u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&60_000u32.to_be_bytes());
    let stored = upload(&anna, &team, bomb.clone()).await;
    let opaque = (json!("file"), json!("application/octet-stream"));
    assert_eq!((&stored["type"], &stored["content_type"]), (&opaque.0, &opaque.1), "its checksum is wrong");
    let checksum = crc32fast::hash(&bomb[12..29]).to_be_bytes();
    bomb[29..33].copy_from_slice(&checksum);
    let stored = upload(&anna, &team, bomb).await;
    assert_eq!((&stored["type"], &stored["preview"]), (&json!("imagefile"), &Value::Null));
    let stored = upload(&anna, &team, b"\xff\xd8\xff<script>".to_vec()).await;
    assert_eq!(
        (&stored["type"], &stored["content_type"]),
        (&opaque.0, &opaque.1),
        "a beginning makes no picture"
    );
    // A picture that is an HTML page too: the stored file and its previews are only pictures.
    let plain = picture(900, 300);
    let mut polyglot = plain.clone();
    polyglot.extend(b"<script>alert(1)</script>");
    let stored = upload(&anna, &team, polyglot).await;
    assert_eq!(
        (&stored["type"], &stored["preview"]["width"], &stored["preview"]["height"]),
        (&json!("image"), &json!(400), &json!(133))
    );
    let uid = text(&stored["uid"]);
    let file = anna.client.get(format!("{}/{uid}/file", path(&team))).await;
    assert_eq!((file.header("content-type"), &file.bytes[..]), (Some("image/png"), &plain[..]));
    for (rendition, width) in [("preview", 400), ("preview_2x", 800)] {
        let preview = anna.client.get(format!("{}/{uid}/{rendition}", path(&team))).await;
        let found = preview.bytes.windows(8).any(|window| window == b"<script>");
        assert!(!found, "what hides behind a picture does not come out");
        let decoded = image::load_from_memory(&preview.bytes).expect("a picture");
        assert_eq!((decoded.width(), decoded.height()), (width, width / 3));
    }
    let head = Call::new(http::Method::HEAD, format!("{}/{uid}/file", path(&team)), Body::Empty);
    let head = anna.client.unjudged().send(head).await;
    let length = plain.len().to_string();
    assert_eq!((head.header("content-length"), head.bytes.len()), (Some(length.as_str()), 0));
}

#[tokio::test]
async fn range_requests_apply_to_reads_and_empty_files_have_empty_ranges() {
    let world = World::all_in_one().await;
    let (anna, team) = team_of(&world, "+79070000031").await;
    let (whole, empty) = (upload(&anna, &team, vec![7; 10]).await, upload(&anna, &team, vec![]).await);
    for (file, method, range, status, length) in [
        (&whole, Method::GET, "bytes=0-0", 206, 1),
        (&whole, Method::HEAD, "bytes=0-0", 200, 10),
        (&whole, Method::HEAD, "bytes=20-", 200, 10),
        (&empty, Method::GET, "bytes=-5", 200, 0),
        (&empty, Method::GET, "bytes=0-", 416, 0),
        (&empty, Method::HEAD, "bytes=-5", 200, 0),
    ] {
        let address = format!("{}/{}/file", path(&team), text(&file["uid"]));
        let call = Call::new(method.clone(), address, Body::Empty).header("Range", range);
        let answer = anna.client.unjudged().send(call).await;
        assert_eq!(answer.status, status, "{method} {range}");
        if status != 416 {
            let told = length.to_string();
            assert_eq!(answer.header("content-length"), Some(told.as_str()), "{method} {range}");
        }
    }
}

#[tokio::test]
async fn upload_removes_the_location_from_pictures() {
    let world = World::all_in_one().await;
    let (anna, team) = team_of(&world, "+79070000005").await;
    let plain = picture(40, 30);
    // After signature and header comes a text, whose checksum nobody reads.
    let place = b"GPS 55.7558N 37.6173E";
    let length = u32::try_from(place.len()).expect("a short text").to_be_bytes();
    let taken = [&plain[..33], &length, b"tEXt", place, &[0; 4], &plain[33..]].concat();
    let stored = upload(&anna, &team, taken).await;
    assert_eq!((&stored["type"], &stored["size"]), (&json!("image"), &json!(plain.len())));
    let file = anna.client.get(format!("{}/{}/file", path(&team), text(&stored["uid"]))).await;
    assert_eq!(file.bytes, plain);
}

#[tokio::test]
async fn team_admins_remove_unused_uploads_of_others() {
    const BORIS: &str = "+79070000016";
    let world = World::all_in_one().await;
    let (anna, boris) =
        (Person::login(world.client(), "+79070000006").await, Person::login(world.client(), BORIS).await);
    let team = anna.make_team("двое", &[BORIS]).await;
    let (his, hers) = (upload(&boris, &team, picture(8, 8)).await, upload(&anna, &team, picture(9, 9)).await);
    let of = |file: &Value| format!("{}/{}", path(&team), text(&file["uid"]));
    let refused = boris.client.delete(of(&hers)).await;
    assert_eq!(refused.status, 404, "{refused}");
    // A refused message does not keep the file that it names.
    let far = json!({"to": team.me, "content": {"text": "вот"}, "uploads": [his["uid"]], "message_id": "00000000-0000-8000-8000-000000000001"});
    let event = format!("/api/v3/teams/{}/ws/client.message.updated", team.uid);
    let refused = boris.client.post(event.clone(), far).await;
    assert!(refused.status.is_client_error(), "{refused}");
    let brought = json!({"to": team.me, "content": {"text": "вот"}, "uploads": [his["uid"]]});
    let posted = boris.client.post(event, brought).await.ok();
    let refused = anna.client.delete(of(&his)).await;
    assert_eq!(refused.status, 422, "{refused}");
    let delete = format!("/api/v3/teams/{}/ws/client.message.deleted", team.uid);
    boris.client.post(delete, json!({"message_id": posted["message_id"]})).await.ok();
    anna.client.delete(of(&his)).await.ok();
    assert_eq!(boris.client.get(of(&his)).await.status, 404);
}

#[tokio::test]
async fn form_is_read_to_its_end_and_a_refused_one_leaves_no_file() {
    let world = World::all_in_one().await;
    let (anna, team) = team_of(&world, "+79070000021").await;
    let notes = anna.make_group(&team.uid, "заметки", &[]).await;
    let to = format!("/api/v4/teams/{}/chats/{notes}/messages", team.uid);
    let post = |parts: &[(&str, Option<&str>, &[u8])]| Call::new(Method::POST, to.clone(), multipart(parts));
    let file = ("file", Some("f.txt"), &b"one"[..]);
    let large = vec![b'x'; 70_000];
    for (parts, field) in [
        (&[file, ("text", None, &large[..])][..], "text"),
        (&[("text", None, &large[..20_000]), file][..], "text"),
        (&[file, ("text", None, &b"\xff"[..])][..], "text"),
        (&[file, ("silently", None, &b"maybe"[..])][..], "silently"),
        (&[file, ("file", Some("g.txt"), &b"two"[..])][..], "file"),
    ] {
        let refused = anna.client.send(post(parts)).await;
        let told: Vec<&String> =
            refused.json["details"].as_object().into_iter().flatten().map(|(name, _)| name).collect();
        assert_eq!(told, [field], "{refused}");
        refused.fails(422, "INVALID_DATA");
    }
    assert_eq!(files(&world.blobs()), Vec::<String>::new());

    let said = ("text", None, "под файлом".as_bytes());
    let call = post(&[file, said, ("message_id", None, b"65216b4f-81bf-470b-bdf7-28ad971e2fe0")]);
    let call = call.header("Idempotency-Key", "captioned");
    let message = anna.client.send(call.clone()).await.ok();
    assert_eq!(message["content"]["text"], "под файлом", "a text behind the file counts");
    assert_eq!(message["message_id"], "65216b4f-81bf-470b-bdf7-28ad971e2fe0");
    assert_eq!(anna.client.send(call).await.ok(), message);
    let other = post(&[file, ("text", None, "другое".as_bytes())]).header("Idempotency-Key", "captioned");
    anna.client.send(other).await.fails(422, "IDEMPOTENCY_KEY_REUSED");
}
