//! Cost of the notary for appends: the append rate with and without it, alternating within one run.
//!
//! Needs a server: `VECHE_BENCH_DATABASE_URL` names a superuser's database on it; the bench creates and drops its own.
//! Only ratios within one run are meaningful.

#![allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks")]

use audit::{CheckpointFile, Ledger, Notary, NotarySettings};
use bytes::Bytes;
use chrono::{SecondsFormat, Utc};
use event_log::{Append, Expected, Log, NewEvent, PostgresLog, PostgresSettings, testing::TestDatabase};
use events::{EventId, StreamName};
use platform::clock::Clock;
use secrets::vault::Vault;
use sqlx::{PgPool, postgres::PgConnectOptions};
use std::{
    error::Error,
    time::{Duration, Instant},
};
use uuid::Uuid;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Duration of each measurement.
const MEASURED: Duration = Duration::from_secs(4);
/// Number of alternating measurements of each kind, so that other load affects both.
const ROUNDS: usize = 3;
/// Size of the sealed text of a typical event in bytes.
const TEXT: usize = 300;

#[tokio::main]
async fn main() -> Outcome<()> {
    let Ok(url) = std::env::var("VECHE_BENCH_DATABASE_URL") else {
        println!("VECHE_BENCH_DATABASE_URL is not set: nothing was measured");
        return Ok(());
    };
    let database = TestDatabase::on(&url).await;
    let outcome = measure(database.options()).await;
    database.drop_now().await;
    outcome
}

async fn measure(options: PgConnectOptions) -> Outcome<()> {
    let pool = PgPool::connect_with(options).await?;
    PostgresLog::migrate(&pool).await?;
    Ledger::migrate(&pool).await?;
    let log = Log::Postgres(PostgresLog::open(pool.clone(), PostgresSettings::default()).await?);
    let ledger = Ledger::new(pool);
    let folder = tempfile::tempdir()?;
    let notary = Notary::new(
        log.clone(),
        ledger.clone(),
        Vault::new(&[1; 32]).signing_key(),
        Clock::System,
        Some(CheckpointFile::within(folder.path())),
        NotarySettings { interval: Duration::from_secs(60), max_events: 10_000 },
    );
    println!("{:32} {:>12} {:>12} {:>8}", "appends in flight", "without", "with", "ratio");
    for in_flight in [1, 16, 256] {
        let (mut without, mut with) = (0.0, 0.0);
        for _ in 0..ROUNDS {
            without += rate(&log, in_flight).await?;
            // Both kinds begin caught up, so that only the notary differs.
            notary.catch_up().await?;
            let running = tokio::spawn(notary.clone().run());
            with += rate(&log, in_flight).await?;
            running.abort();
            notary.catch_up().await?;
        }
        let (without, with) = (without / ROUNDS as f64, with / ROUNDS as f64);
        println!("{in_flight:<32} {without:>10.0}/s {with:>10.0}/s {:>8.2}", with / without);
    }
    println!("{:32} {:>10.0}/s", "the notary alone, catching up", alone(&log, &ledger, &notary).await?);
    log.close().await;
    Ok(())
}

/// Rate of events per second over callers that each append one event after the other to new streams.
async fn rate(log: &Log, in_flight: usize) -> Outcome<f64> {
    let began = Instant::now();
    let callers: Vec<_> = (0..in_flight)
        .map(|_| {
            let log = log.clone();
            tokio::spawn(async move {
                let mut count = 0_u32;
                while began.elapsed() < MEASURED {
                    log.append(one()).await?;
                    count += 1;
                }
                Ok::<_, event_log::AppendError>(count)
            })
        })
        .collect();
    let mut events = 0;
    for caller in callers {
        events += caller.await??;
    }
    Ok(f64::from(events) / began.elapsed().as_secs_f64())
}

/// Rate of a notary that rebuilds the chain, in events per second.
async fn alone(log: &Log, ledger: &Ledger, notary: &Notary) -> Outcome<f64> {
    assert!(log.head().await? > 0, "there is something to hash");
    ledger.reset(true).await?;
    let began = Instant::now();
    let head = notary.catch_up().await?;
    Ok(head.chain.number as f64 / began.elapsed().as_secs_f64())
}

fn one() -> Append {
    let (stream, actor) = (Uuid::now_v7(), Uuid::from_u128(7));
    // Recent events: a notary that is late does not pause.
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
    let meta = format!(
        r#"{{"at":"{now}","command":"message.post","request_id":"{stream}","actor":"{actor}","app":"0"}}"#
    );
    let data = format!(r#"{{"team":"{actor}","text":"{}"}}"#, "d".repeat(TEXT));
    let event = NewEvent {
        id: EventId(Uuid::now_v7()),
        kind: "message.posted.v1".into(),
        data: Bytes::from(data),
        meta: Bytes::from(meta),
    };
    Append {
        stream: StreamName::stored(format!("message-{stream}")),
        expected: Expected::NoStream,
        events: vec![event],
        command: None,
    }
}
