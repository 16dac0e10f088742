//! Append and read rates of the log, next to the minimum that Postgres needs for the same rows.
//!
//! Needs a server: `VECHE_BENCH_DATABASE_URL` names a superuser's database on it; the bench creates and drops its own.
//! Only ratios within one run are meaningful.

#![allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks")]

use bytes::Bytes;
use event_log::{
    Append, AppendError, Expected, Log, NewEvent, PostgresLog, PostgresSettings, testing::TestDatabase,
};
use events::{EventId, StreamName};
use sqlx::{Connection, PgConnection, PgPool, postgres::PgConnectOptions};
use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Duration of each measurement.
const MEASURED: Duration = Duration::from_secs(4);
/// Payload of a typical event.
const DATA: [u8; 400] = [b'd'; 400];
const META: [u8; 110] = [b'm'; 110];

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
    let pool = PgPool::connect_with(options.clone()).await?;
    PostgresLog::migrate(&pool).await?;
    let log = Log::Postgres(PostgresLog::open(pool, PostgresSettings::default()).await?);
    println!("{:44} {:>10} {:>10} {:>10}", "", "events/s", "p50 ms", "p99 ms");
    floor_single(&options).await?;
    floor_batched(&options).await?;
    for in_flight in [1, 64, 1_024] {
        append(&log, in_flight, 1).await?;
    }
    append(&log, 16, 10).await?;
    read(&log).await?;
    log.close().await;
    Ok(())
}

/// One row per commit over one connection, without checks.
async fn floor_single(options: &PgConnectOptions) -> Outcome<()> {
    let mut connection = PgConnection::connect_with(options).await?;
    sqlx::raw_sql(
        "create table floor (position bigint primary key, stream text, revision bigint, id uuid, kind text,
                             data bytea, meta bytea, unique (stream, revision))",
    )
    .execute(&mut connection)
    .await?;
    let mut times = Times::start();
    for position in 0_i64.. {
        let began = Instant::now();
        sqlx::query("insert into floor values ($1, $2, 0, $3, 'bench.done.v1', $4, $5)")
            .bind(position)
            .bind(format!("bench-{position}"))
            .bind(Uuid::now_v7())
            .bind(&DATA[..])
            .bind(&META[..])
            .execute(&mut connection)
            .await?;
        times.each.push(began.elapsed());
        if times.over() {
            break;
        }
    }
    times.print("floor: one insert a commit, 1 connection", 1);
    Ok(())
}

/// 500 rows per commit over one connection, without checks.
async fn floor_batched(options: &PgConnectOptions) -> Outcome<()> {
    const ROWS: usize = 500;
    let mut connection = PgConnection::connect_with(options).await?;
    let mut times = Times::start();
    for batch in 1_000_i64.. {
        let ids: Vec<Uuid> = std::iter::repeat_with(Uuid::now_v7).take(ROWS).collect();
        let streams: Vec<String> = ids.iter().map(|id| format!("bench-{id}")).collect();
        let began = Instant::now();
        sqlx::query(
            "insert into floor select $1 * 1000 + number, stream, 0, id, 'bench.done.v1', data, meta
             from unnest($2::text[], $3::uuid[], $4::bytea[], $5::bytea[])
                  with ordinality as row(stream, id, data, meta, number)",
        )
        .bind(batch * 1_000)
        .bind(streams)
        .bind(ids)
        .bind(vec![&DATA[..]; ROWS])
        .bind(vec![&META[..]; ROWS])
        .execute(&mut connection)
        .await?;
        times.each.push(began.elapsed());
        if times.over() {
            break;
        }
    }
    times.print("floor: 500 inserted a commit, 1 connection", ROWS);
    Ok(())
}

/// Callers that each append to new streams, one append after the other.
async fn append(log: &Log, in_flight: usize, events: usize) -> Outcome<()> {
    let overloads = Arc::new(AtomicU64::new(0));
    let mut all = Times::start();
    let callers: Vec<_> = (0..in_flight)
        .map(|_| tokio::spawn(append_until_over(log.clone(), events, overloads.clone())))
        .collect();
    for caller in callers {
        all.each.extend(caller.await??);
    }
    all.print(&format!("append: {in_flight} in flight, {events} event(s) each"), events);
    match overloads.load(Ordering::Relaxed) {
        0 => Ok(()),
        refused => Err(format!("{refused} appends were refused as overload").into()),
    }
}

async fn append_until_over(log: Log, events: usize, overloads: Arc<AtomicU64>) -> Outcome<Vec<Duration>> {
    let mut times = Times::start();
    while !times.over() {
        let began = Instant::now();
        match log.append(one_append(events)).await {
            Err(AppendError::Overloaded) => drop(overloads.fetch_add(1, Ordering::Relaxed)),
            other => drop(other?),
        }
        times.each.push(began.elapsed());
    }
    Ok(times.each)
}

fn one_append(events: usize) -> Append {
    let event = || NewEvent {
        id: EventId(Uuid::now_v7()),
        kind: "bench.done.v1".into(),
        data: Bytes::from_static(&DATA),
        meta: Bytes::from_static(&META),
    };
    Append {
        stream: StreamName::stored(format!("bench-{}", Uuid::now_v7())),
        expected: Expected::NoStream,
        events: std::iter::repeat_with(event).take(events).collect(),
        command: None,
    }
}

/// Pages of 1,000 events from the start.
async fn read(log: &Log) -> Outcome<()> {
    const PAGE: usize = 1_000;
    let mut times = Times::start();
    let mut after = 0;
    loop {
        let began = Instant::now();
        let page = log.read_all(after, PAGE).await?;
        if page.len() < PAGE {
            break;
        }
        after += PAGE as u64;
        times.each.push(began.elapsed());
    }
    times.print("read from the start, pages of 1,000", PAGE);
    Ok(())
}

/// Durations of the rounds.
struct Times {
    began: Instant,
    each: Vec<Duration>,
}

impl Times {
    fn start() -> Self {
        Self { began: Instant::now(), each: Vec::new() }
    }

    fn over(&self) -> bool {
        self.began.elapsed() >= MEASURED
    }

    fn print(mut self, what: &str, events: usize) {
        let rate = (self.each.len() * events) as f64 / self.began.elapsed().as_secs_f64();
        self.each.sort_unstable();
        let quantile = |per_cent: usize| {
            let index = self.each.len() * per_cent / 100;
            self.each.get(index).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
        };
        println!("{what:44} {rate:>10.0} {:>10.2} {:>10.2}", quantile(50), quantile(99));
    }
}
