//! The auditor's command line against a running product: list, why, export, verify, and detection of tampering.

use event_log::testing::TestDatabase;
use serde_json::Value;
use sqlx::PgPool;
use std::{fs, path::Path};
use veche_tests::{
    eventually,
    person::{Person, Team},
    process::{Process, Recipe},
    stored,
    world::{Layout, LogPlace, Plan, Role, World, program},
};

const ANNA: &str = "+79080000001";
const BORIS: &str = "+79080000002";

/// Two members of a team, one of whom posted, and a person elsewhere.
struct Fixture {
    world: World,
    anna: Person,
    team: Team,
    group: String,
    pool: PgPool,
}

impl Fixture {
    async fn start(log: LogPlace) -> Self {
        // Signed every second instead of every minute, to save time.
        let plan = Plan::new(Layout::AllInOne).log(log).set("VECHE_AUDIT_CHECKPOINT_SEC", "1");
        let world = World::start(plan).await;
        let anna = Person::login(world.client(), ANNA).await;
        let team = anna.make_team("двое", &[BORIS]).await;
        let group = anna.make_group(&team.uid, "г", &[team.jid_of(BORIS).as_str()]).await;
        for number in 0..5 {
            anna.post(&team.uid, &group, &format!("раз {number}")).await;
        }
        let pool = world.pool().await;
        let fixture = Self { world, anna, team, group, pool };
        fixture.signed().await;
        fixture
    }

    /// Waits until all events are hashed and signed.
    async fn signed(&self) {
        let log = stored::log(self.world.log_url()).await;
        eventually::until("all is signed", async || {
            let signed = sqlx::query_scalar("select coalesce(max(position), 0) from audit.checkpoint");
            let signed: i64 = signed.fetch_one(&self.pool).await.expect("the chain is there");
            (log.head().await.expect("the log's head") == signed.cast_unsigned()).then_some(())
        })
        .await;
        log.close().await;
    }

    /// Runs a subcommand that prints a JSON object a line.
    fn list(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.world.attempt(&[&["audit", "list", "--json"], arguments].concat());
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).expect("JSON is text");
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    }

    /// Runs a subcommand; returns its exit code and output.
    fn code(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.world.attempt(&[&["audit"], arguments].concat());
        let words = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&words).into_owned())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn audit_list_and_why_search_and_explain_history() {
    searched_and_explained(Fixture::start(LogPlace::Postgres).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn audit_on_eventstoredb_searches_explains_and_verifies_history() {
    let fixture = Fixture::start(LogPlace::EventStoreDb).await;
    fixture.world.run(&["audit", "verify"]);
    searched_and_explained(fixture).await;
}

async fn searched_and_explained(fixture: Fixture) {
    let all = fixture.list(&["--limit", "0"]);
    let numbers: Vec<_> = all.iter().map(|event| event["number"].as_u64()).collect();
    assert_eq!(numbers, (1..=all.len() as u64).map(Some).collect::<Vec<_>>());

    let team = fixture.team.uid.as_str();
    let posted = fixture.list(&["--team", team, "--type", "message.*"]);
    assert_eq!(posted.len(), 5);
    assert_eq!(posted[0]["data"]["text"]["$personal"]["value"], "раз 0");
    assert_eq!(posted[0]["address"], "127.0.0.1");
    let actor = posted[0]["actor"].as_str().expect("somebody posted it");
    assert_eq!(
        fixture.list(&["--actor", actor, "--stream", "message-*", "--latest", "--limit", "2"]).len(),
        2
    );
    assert_eq!(fixture.list(&["--address", "127.0.0.1", "--type", "message.*"]).len(), 5);
    assert!(fixture.list(&["--address", "127.0.0.2"]).is_empty());
    assert!(fixture.list(&["--until", "2020-01-01"]).is_empty());

    let created = &fixture.list(&["--type", "team.created.v1"])[0];
    let position = created["position"].to_string();
    let shown = fixture.world.attempt(&["audit", "show", "--json", &position]);
    let shown: Value = serde_json::from_slice(&shown.stdout).expect("one JSON object");
    assert_eq!(shown["event"]["event_id"], created["event_id"]);
    let siblings = shown["same_request"].as_array().expect("a list");
    assert!(siblings.iter().any(|event| event["kind"] == "account.registered.v1"), "{shown:#}");
    let code = &fixture.list(&["--type", "login_code.requested.v1"])[0];
    let (_, words) = fixture.code(&["show", &code["position"].to_string()]);
    assert!(words.contains("led to  sms "), "{words}");
    let (status, words) = fixture.code(&["show", "999999"]);
    assert_eq!(status, Some(2), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn audit_verify_detects_tampering_in_the_database_and_in_exports() {
    let fixture = Fixture::start(LogPlace::Postgres).await;
    let (status, words) = fixture.code(&["verify"]);
    assert_eq!(status, Some(0), "{words}");
    assert!(words.contains("; 0 events after it are not signed"), "{words}");
    let (_, key) = fixture.code(&["key"]);
    let key = key.trim();

    let folder = tempfile::tempdir().expect("a folder");
    for format in ["ndjson", "csv"] {
        let file = folder.path().join(format).display().to_string();
        let (status, words) = fixture.code(&["export", "--out", &file, "--format", format]);
        assert_eq!(status, Some(0), "{words}");
        let (status, words) = fixture.code(&["verify", "--file", &file, "--key", key]);
        assert_eq!(status, Some(0), "{words}");
    }
    let file = folder.path().join("ndjson");
    flip_last_digit_of_data(&file);
    let (status, words) = fixture.code(&["verify", "--file", &file.display().to_string(), "--key", key]);
    assert_eq!(status, Some(1), "{words}");
    assert!(words.contains("BROKEN at position 1 (number 1)"), "{words}");
    let (status, words) = fixture.code(&["verify", "--file", "/nowhere", "--key", key]);
    assert_eq!(status, Some(2), "{words}");

    let tail: i64 =
        sqlx::query_scalar("select position from log.head").fetch_one(&fixture.pool).await.expect("head");
    sqlx::raw_sql(
        "alter table log.events disable trigger events_append_only;
         update log.events set data = data || ' '::bytea where position = 4",
    )
    .execute(&fixture.pool)
    .await
    .expect("an owner can do so");
    let (status, words) = fixture.code(&["verify"]);
    assert_eq!((status, words.contains("BROKEN at position 4 (number 4)")), (Some(1), true), "{words}");
    // The tail is removed from the log, the chain and the signatures in the database; only the external file is left.
    sqlx::raw_sql(
        "update log.events set data = substring(data from 1 for length(data) - 1) where position = 4;
         delete from log.events where position > (select position - 2 from log.head);
         update log.head set position = position - 2;
         delete from audit.entry where position > (select position from log.head);
         delete from audit.checkpoint where position > (select position from log.head);
         update audit.head set (number, position, hash) =
             (select number, position, hash from audit.entry order by number desc limit 1)",
    )
    .execute(&fixture.pool)
    .await
    .expect("an owner can do so");
    let (status, words) = fixture.code(&["verify"]);
    let ends = format!("after position {}", tail - 2);
    assert_eq!((status, words.contains(&ends)), (Some(1), true), "{words}");
}

/// The code of the first line.
fn flip_last_digit_of_data(file: &Path) {
    let mut bytes = fs::read(file).expect("the export is there");
    let line = bytes.iter().position(|byte| *byte == b'\n').expect("it has lines");
    let place = bytes[..line].windows(6).position(|piece| piece == b"\"data\"").expect("a line has data");
    let digit = bytes[place..line].iter().position(u8::is_ascii_digit).expect("data has digits") + place;
    bytes[digit] = if bytes[digit] == b'1' { b'2' } else { b'1' };
    fs::write(file, bytes).expect("the export can be changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn audit_tail_follows_new_events() {
    let fixture = Fixture::start(LogPlace::Postgres).await;
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["audit", "tail", "--json", "--lines", "1", "--type", "message.*"].map(str::to_owned);
    let tail = Process::start(Recipe {
        name: "tail".into(),
        program: program(),
        arguments: arguments.into(),
        environment: fixture.world.environment().to_vec(),
        log: folder.path().join("tail.log"),
        user: None,
    });
    eventually::until("the last one is told", async || tail.log().contains("раз 4").then_some(())).await;
    fixture.anna.post(&fixture.team.uid, &fixture.group, "шесть").await;
    eventually::until("the new one is told", async || tail.log().contains("шесть").then_some(())).await;
    assert!(!tail.log().contains("раз 3"), "{}", tail.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_copy_keeps_the_hashes_of_the_chain() {
    let mut fixture = Fixture::start(LogPlace::Postgres).await;
    fixture.world.process(Role::Serve).terminate().await;
    let target = TestDatabase::create().await;
    fixture.world.run(&["log", "copy", "--to", &target.url]);
    let head = "select number::text || encode(hash, 'hex') from audit.head";
    let original: String = sqlx::query_scalar(head).fetch_one(&fixture.pool).await.expect("a chain");

    let copy = Plan::new(Layout::AllInOne)
        .log(LogPlace::Postgres)
        .on_database(&target.url)
        .set("VECHE_AUDIT_CHECKPOINT_SEC", "1");
    let world = World::start(copy).await;
    let pool = world.pool().await;
    stored::hashed(&pool, world.log_url()).await;
    let copied: String = sqlx::query_scalar(head).fetch_one(&pool).await.expect("a chain");
    assert_eq!(original, copied);
    // Signatures over the original prove the copy too.
    let checkpoints = fixture.world.data().join("audit/checkpoints.ndjson").display().to_string();
    world.run(&["audit", "verify", "--checkpoints", &checkpoints]);
}
