//! Files of attackers and unusual programs: names, character sets, exhausted limits, pictures with a location.

use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};
use std::{io::Cursor, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use veche_tests::{
    exchange::{Body, Call},
    person::{Person, Team, text},
    scenario::picture,
    world::{Layout, Plan, World},
};

const PLACE: &[u8] = b"GPS 55.7558N 37.6173E";

async fn team_of(world: &World, phone: &str) -> (Person, Team) {
    let person = Person::login(world.client(), phone).await;
    let team = person.make_team("файлы", &[]).await;
    (person, team)
}

fn path(team: &Team) -> String {
    format!("/api/v4/teams/{}/uploads", team.uid)
}

#[tokio::test]
async fn upload_takes_the_file_name_of_its_form() {
    let world = World::all_in_one().await;
    let (anna, team) = team_of(&world, "+79070000041").await;
    for (head, name) in [
        (
            "Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''%D0%9E.txt; filename=\"o.txt\"",
            "О.txt",
        ),
        (
            "Content-Disposition: form-data; name=file; filename=\"=?utf-8?B?0J7RgtGH0ZHRgi50eHQ=?=\"; \
             filename*=utf-8''%D0%9E%D1%82%D1%87%D1%91%D1%82.txt",
            "Отчёт.txt",
        ),
        ("Content-Disposition: form-data; name=\"file\"; filename=\"a %22b%22.txt\"", "a \"b\".txt"),
        ("content-disposition: FORM-DATA; NAME=\"file\"; FILENAME=\"x.txt\"", "x.txt"),
        (
            "Content-Disposition: form-data; name=\"file\"; note=\"x; filename=evil.exe \"; filename=\"safe.txt\"",
            "safe.txt",
        ),
    ] {
        let bytes = format!("--b\r\n{head}\r\n\r\nhello\r\n--b--\r\n").into_bytes();
        let body = Body::Raw { content_type: Some("multipart/form-data; boundary=b".into()), bytes };
        let stored = anna.client.send(Call::new(Method::POST, path(&team), body)).await.ok();
        assert_eq!((&stored["name"], &stored["size"]), (&json!(name), &json!(5)), "{head}");
    }
}

/// The beginning of an upload over a raw connection.
async fn begin(world: &World, person: &Person, path: &str, rest: &str) -> TcpStream {
    let address = world.client().addresses().http(&Method::POST, path);
    let host = address.trim_start_matches("http://").to_owned();
    let mut wire = TcpStream::connect(&host).await.expect("the product listens");
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nToken: {}\r\nContent-Type: multipart/form-data; boundary=x\r\n\
         Content-Length: 1000000\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nhello{rest}",
        person.token
    );
    wire.write_all(head.as_bytes()).await.expect("the head goes out");
    wire
}

#[tokio::test]
async fn uploads_of_few_accounts_never_exhaust_the_limiter() {
    let plan =
        Plan::new(Layout::AllInOne).set("VECHE_UPLOADS_AT_ONCE", "8").set("VECHE_HTTP_TIMEOUT_SEC", "300");
    let world = World::start(plan.set("VECHE_UPLOADS_AT_ONCE_PER_ACCOUNT", "4")).await;
    let (anna, hers) = team_of(&world, "+79070000042").await;
    let (boris, his) = team_of(&world, "+79070000043").await;
    let (clara, team) = team_of(&world, "+79070000044").await;
    let icons = format!("/api/v3/teams/{}/icons", his.uid);
    let files = path(&hers);
    let held = (0..6).map(|_| begin(&world, &anna, &files, "")).collect::<Vec<_>>();
    let pictures = (0..6).map(|_| begin(&world, &boris, &icons, "")).collect::<Vec<_>>();
    let mut wires = join_all(held).await;
    wires.extend(join_all(pictures).await);
    // Uploads beyond the limit are answered; the others wait for their forms.
    let answers = wires.iter_mut().map(|wire| async move {
        let mut answer = [0; 12];
        let read = tokio::time::timeout(Duration::from_secs(20), wire.read_exact(&mut answer)).await;
        matches!(read, Ok(Ok(_))).then(|| String::from_utf8_lossy(&answer[9..]).into_owned())
    });
    let refused: Vec<String> = join_all(answers).await.into_iter().flatten().collect();
    assert!(refused.len() >= 5, "twelve forms of two accounts, and a place is left of eight: {refused:?}");
    assert!(refused.iter().all(|status| status == "429" || status == "503"), "{refused:?}");
    let refused = anna.client.upload(files, "file", "f", vec![1]).await;
    assert!(matches!(refused.status.as_u16(), 429 | 503), "{refused}");
    clara.client.upload(path(&team), "file", "f", vec![1]).await.ok();
}

#[tokio::test]
async fn stalled_upload_times_out() {
    let plan = Plan::new(Layout::AllInOne).set("VECHE_UPLOADS_TIMEOUT_SEC", "3");
    let world = World::start(plan).await;
    let (anna, team) = team_of(&world, "+79070000045").await;
    let files = path(&team);
    let rest = "\r\n--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n";
    let (mut reads, mut writes) = begin(&world, &anna, &files, rest).await.into_split();
    let trickle = async {
        // As long as the server takes it.
        while writes.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = [0; 12];
    let answered = tokio::time::timeout(Duration::from_secs(60), async {
        tokio::select! {
            () = trickle => Ok(0),
            read = reads.read_exact(&mut answer) => read,
        }
    });
    answered.await.expect("it is answered while bytes go on coming").expect("the status");
    assert_eq!(&answer[9..], b"504");
}

fn jpeg() -> Vec<u8> {
    let small = image::load_from_memory(&picture(40, 30)).expect("a picture");
    let mut bytes = Cursor::new(Vec::new());
    small.write_to(&mut bytes, image::ImageFormat::Jpeg).expect("a picture can be written as JPEG");
    bytes.into_inner()
}

fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).expect("a short segment").to_be_bytes();
    [&[0xff, marker], &length[..], content].concat()
}

/// Photographs of every kind, with the type that they are stored as.
fn photographs() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let plain = jpeg();
    let end = plain.len() - 2;
    let exif = segment(0xe1, &[b"Exif\0\0MM\0\x2a\0\0\0\x08\0\0\0\0\0\0", PLACE].concat());
    let taken = |rest: &[u8]| [&plain[..2], &exif, rest].concat();
    let profile = segment(0xe2, &[&b"ICC_PROFILE\0"[..], &[0; 65_000]].concat());
    let chunk = |name: &[u8; 4], content: &[u8]| {
        let named = [name, content].concat();
        let length = u32::try_from(content.len()).expect("a short chunk").to_be_bytes();
        [&length, &named[..], &crc32fast::hash(&named).to_be_bytes()].concat()
    };
    let png = picture(40, 30);
    let place = chunk(b"tEXt", PLACE);
    // Its header says so, and nothing decodes it.
    let size = [&8_064u32.to_be_bytes()[..], &6_048u32.to_be_bytes(), &png[24..29]].concat();
    let large = [&png[..8], &chunk(b"IHDR", &size), &png[33..]].concat();
    vec![
        ("as it is", taken(&plain[2..]), "image"),
        ("without its end", taken(&plain[2..end]), "image"),
        ("with foreign bytes", taken(&[PLACE, &plain[2..]].concat()), "image"),
        ("cut in its metadata", taken(&[])[..30].to_vec(), "file"),
        ("above 10 MiB", taken(&[&profile.repeat(170), &plain[2..]].concat()), "imagefile"),
        ("PNG without its end", [&png[..33], &place, &png[33..png.len() - 12]].concat(), "image"),
        ("of 48 megapixels", [&large[..33], &place, &large[33..]].concat(), "imagefile"),
    ]
}

#[tokio::test]
async fn upload_removes_metadata_from_every_picture_format() {
    let world = World::all_in_one().await;
    let (anna, team) = team_of(&world, "+79070000046").await;
    for (what, bytes, kind) in photographs() {
        let stored: Value = anna.client.upload(path(&team), "file", "photo.jpg", bytes).await.ok();
        assert_eq!(stored["type"], kind, "{what}: {stored}");
        let file = anna.client.get(format!("{}/{}/file", path(&team), text(&stored["uid"]))).await;
        let told = file.bytes.windows(8).any(|eight| eight == &PLACE[..8]);
        assert!(!told, "{what}: it tells where it was taken");
        assert_eq!(stored["size"], file.bytes.len(), "{what}");
        if kind == "file" {
            assert_eq!(stored["content_type"], "application/octet-stream", "{what}");
            assert!(
                file.header("content-disposition").is_some_and(|how| how.starts_with("attachment")),
                "{what}"
            );
        }
    }
    // Metadata that cannot be separated from the rest: the upload is refused.
    let hidden = [&b"\n"[..], &jpeg(), b"Exif\0\0", PLACE].concat();
    anna.client.upload(path(&team), "file", "photo.jpg", hidden.clone()).await.fails(422, "INVALID_DATA");
    anna.client.upload(path(&team), "file", "photo.bin", hidden).await.ok();
}
