//! `veche log copy`: what it refuses, with which message and exit code, and that it resumes after a kill.

use esdb_sim::Sim;
use event_log::testing::TestDatabase;
use http::Method;
use serde_json::json;
use sqlx::PgPool;
use std::process::{Command, Stdio};
use veche_tests::{
    eventually,
    exchange::{Body, Call},
    person::{Person, Team},
    world::{Layout, LogPlace, Plan, Role, World, program},
};

const ANNA: &str = "+79070000021";
const BORIS: &str = "+79070000022";

/// A history without writers, and an empty database as the target.
struct Fixture {
    world: World,
    source: PgPool,
    other: TestDatabase,
    target: PgPool,
}

impl Fixture {
    async fn start(messages: usize) -> Self {
        let mut world = World::start(Plan::new(Layout::AllInOne).log(LogPlace::Postgres)).await;
        let anna = Person::login(world.client(), ANNA).await;
        let team: Team = anna.make_team("двое", &[BORIS]).await;
        for number in 0..messages {
            anna.post(&team.uid, &team.jid_of(BORIS), &format!("раз {number}")).await;
        }
        // A command with a receipt.
        let invite =
            Call::new(Method::POST, format!("/api/v3/teams/{}/invitations", team.uid), Body::Json(json!({})));
        anna.client.send(invite.header("Idempotency-Key", "0f0e0d0c-0b0a-4908-8706-050403020100")).await.ok();
        let source = world.pool().await;
        eventually::until("the read model has everything", async || {
            let all = "select (select position from read.checkpoint) = (select position from log.head)";
            sqlx::query_scalar::<_, bool>(all).fetch_one(&source).await.ok()?.then_some(())
        })
        .await;
        world.process(Role::Serve).terminate().await;
        let other = TestDatabase::create().await;
        let target = other.pool().await;
        Self { source, world, other, target }
    }

    /// Runs the copy with these arguments; returns exit code and output.
    fn copy(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.world.attempt(&[&["log", "copy"], arguments].concat());
        let words = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&words).into_owned())
    }

    fn copies(&self, arguments: &[&str]) -> String {
        let (code, words) = self.copy(arguments);
        assert_eq!(code, Some(0), "{words}");
        words
    }

    fn refuses(&self, arguments: &[&str], why: &str) {
        let (code, words) = self.copy(arguments);
        assert!(code == Some(1) && words.contains(why), "{code:?}, expected {why:?}:\n{words}");
    }
}

/// The contents of a log except the times of storing.
async fn content(pool: &PgPool) -> Vec<String> {
    let all = "select (to_jsonb(e) - 'recorded_at')::text from log.events e order by position";
    sqlx::query_scalar(all).fetch_all(pool).await.expect("a log")
}

/// Appends an event of this size to a log, without a decision.
async fn intrude(pool: &PgPool, bytes: usize) {
    let intrude = "with moved as (update log.head set position = position + 1 returning position) \
        insert into log.events (position, stream, revision, event_id, kind, data, meta) \
        select position, 'test-' || position, 0, gen_random_uuid(), 'test.happened.v1', \
            convert_to('\"' || repeat('x', $1) || '\"', 'UTF8'), '{}' from moved";
    let size = i32::try_from(bytes).expect("a size");
    sqlx::query(intrude).bind(size).execute(pool).await.expect("the owner of the database can do so");
}

/// Changes an event, as the database's owner can.
async fn tamper(pool: &PgPool, change: &str) {
    let tamper = format!(
        "alter table log.events disable trigger events_append_only; update log.events set {change}; \
         alter table log.events enable trigger events_append_only"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(tamper)).execute(pool).await.expect("an owner can do so");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_copy_refuses_invalid_sources_and_targets() {
    let fixture = Fixture::start(3).await;
    let own = fixture.world.database_url();
    fixture.refuses(&["--to", own], "--to names the source log itself");
    let spelt = format!("{own}{}application_name=copy", if own.contains('?') { '&' } else { '?' });
    fixture.refuses(&["--to", &spelt], "--to names the source log itself");
    fixture.refuses(&["--to", "memory"], "--to: postgres://… or esdb://… is expected");
    fixture.refuses(&["--from", "memory", "--to", own], "--from: postgres://… or esdb://… is expected");
    fixture
        .refuses(&["--to", "esdb://user:secret@a,,b"], "--to: the URL of EventStoreDB: a host is expected");
    assert_eq!(fixture.copy(&[]).0, Some(2), "nothing is said of where to");
    let server = Sim::start().await.expect("a port is free");
    let url = server.url();
    fixture.copies(&["--to", &url]);
    let spelt = format!("{}&keepAliveInterval=10000", url.replace("esdb://", "esdb://user:pass@"));
    fixture.refuses(&["--from", &url, "--to", &spelt], "--to names the source log itself");
    fixture.copies(&["--from", &url, "--to", &format!("{url}&namespace=other")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_copy_leaves_a_target_with_another_history_unchanged() {
    let fixture = Fixture::start(3).await;
    let to = &["--to", &*fixture.other.url];
    assert!(fixture.copies(to).contains("Found 0 events"));
    assert_eq!(content(&fixture.target).await, content(&fixture.source).await);

    intrude(&fixture.target, 2).await;
    let there = content(&fixture.target).await;
    let behind = there.len() - 1;
    let why = format!("the target holds events that the source lacks: those after its position {behind}");
    fixture.refuses(to, &why);
    // The source has a different event there too.
    intrude(&fixture.source, 2).await;
    let why =
        format!("another history: the event's id differs between position {0} and position {0}", behind + 1);
    fixture.refuses(to, &why);
    assert_eq!(content(&fixture.target).await, there);

    for (change, what) in [
        ("data = data || ' '::bytea where position = 3", "what is stored of the event"),
        ("kind = 'test.happened.v1' where position = 2", "the event's name"),
        ("stream = 'test-0' where position = 1", "the stream"),
    ] {
        tamper(&fixture.target, change).await;
        let place = &change[change.len() - 1..];
        fixture.refuses(
            to,
            &format!("another history: {what} differs between position {place} and position {place}"),
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_copy_reports_an_event_that_the_target_cannot_store() {
    let fixture = Fixture::start(3).await;
    let before = content(&fixture.source).await.len();
    intrude(&fixture.source, 1_000_000).await;
    let server = Sim::start().await.expect("a port is free");
    let why = format!("at position {}: bytes of an append: 1000004 is above the limit of 983040", before + 1);
    fixture.refuses(&["--to", &server.url()], &why);
    fixture.refuses(&["--to", &server.url()], &why);
    // Postgres stores it, and nothing copied before is lost.
    let words = fixture.copies(&["--to", &fixture.other.url]);
    assert!(words.contains(&format!("copied {} events", before + 1)), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_copy_copies_no_part_of_an_incomplete_append() {
    let fixture = Fixture::start(1).await;
    // The last command's receipt counts one event more than there are.
    let cut = "with moved as (update log.head set position = position + 1 returning position), event as ( \
            insert into log.events (position, stream, revision, event_id, kind, data, meta) \
            select position, 'test-cut', 0, gen_random_uuid(), 'test.happened.v1', '{}', \
                convert_to('{\"command_id\":\"0f0e0d0c-0b0a-4908-8706-050403020101\"}', 'UTF8') from moved) \
        insert into log.receipts (command_id, fingerprint, stream, first_revision, last_revision, first_position, \
            last_position) \
        select '0f0e0d0c-0b0a-4908-8706-050403020101', decode(repeat('07', 32), 'hex'), 'test-cut', 0, 1, position, \
            position + 1 from moved";
    sqlx::query(cut).execute(&fixture.source).await.expect("the owner of the database can do so");
    let all = content(&fixture.source).await;
    let whole = all.len() - 1;
    let to = &["--to", &*fixture.other.url];
    let why = format!("the append after position {whole} is incomplete in the source");
    fixture.refuses(to, &why);
    fixture.refuses(to, &why);
    assert_eq!(content(&fixture.target).await, all[..whole], "what was before it is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_copy_switches_the_read_model_only_to_a_complete_log() {
    let fixture = Fixture::start(3).await;
    let all = content(&fixture.source).await.len();
    let to = &["--to", &*fixture.other.url, "--switch"];
    let move_checkpoint = async |by: i64| {
        let sql = "update read.checkpoint set position = position + $1";
        sqlx::query(sql).bind(by).execute(&fixture.source).await.expect("a checkpoint");
    };
    move_checkpoint(-1).await;
    let why = format!("the read model is at {} of {all}, the copy at {all}: stop the command side", all - 1);
    fixture.refuses(to, &why);
    let position = "select position from read.checkpoint";
    let left: i64 =
        sqlx::query_scalar(position).fetch_one(&fixture.source).await.expect("it is left as it was");
    assert_eq!(left, i64::try_from(all - 1).expect("few"));
    move_checkpoint(1).await;
    let words = fixture.copies(to);
    assert!(words.contains(&format!("Found {all} events, copied 0 events")), "{words}");
    let left: i64 = sqlx::query_scalar(position).fetch_one(&fixture.source).await.expect("it starts over");
    assert_eq!(left, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_log_copy_resumes() {
    let fixture = Fixture::start(200).await;
    let all = content(&fixture.source).await;
    let count = "select count(*) from log.events";
    for part in [10, 60] {
        let mut command = Command::new(program());
        command.args(["log", "copy", "--to", &fixture.other.url]).stdout(Stdio::null()).stderr(Stdio::null());
        command.envs(fixture.world.environment().iter().map(|(name, value)| (name, value)));
        let mut copying = command.spawn().expect("the product starts");
        eventually::within(eventually::START_GUARD, "some of it is copied", async || {
            let copied: i64 = sqlx::query_scalar(count).fetch_one(&fixture.target).await.ok()?;
            (copied > part).then_some(())
        })
        .await;
        copying.kill().expect("it is at work");
        copying.wait().expect("it ends");
    }
    let words = fixture.copies(&["--to", &fixture.other.url]);
    assert!(!words.contains("Found 0 events") && !words.contains("copied 0 events"), "{words}");
    assert_eq!(content(&fixture.target).await, all);
    for table in ["log.receipts", "keys.data_keys"] {
        let rows = format!("select (to_jsonb(t) - 'recorded_at')::text from {table} t order by 1");
        let rows = async |pool: &PgPool| -> Vec<String> {
            sqlx::query_scalar(sqlx::AssertSqlSafe(rows.clone())).fetch_all(pool).await.expect(table)
        };
        let copied = rows(&fixture.target).await;
        assert!(!copied.is_empty(), "{table}");
        assert_eq!(copied, rows(&fixture.source).await, "{table}");
    }
    assert!(fixture.copies(&["--to", &fixture.other.url]).contains("copied 0 events"));
}
