//! Runs and times work, and prints the table.

use crate::Outcome;
use http::StatusCode;
use std::time::{Duration, Instant};
use veche_tests::{person::Person, world::World};

/// A guard against hanging.
const GIVEN_UP: Duration = Duration::from_secs(600);

/// Runs the work; returns its duration.
pub(crate) fn timed<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<(T, Duration)> {
    let began = Instant::now();
    let done = work()?;
    Ok((done, began.elapsed()))
}

/// Runs a subcommand of the product, which must succeed.
pub(crate) fn ask(world: &World, arguments: &[&str]) -> Outcome<()> {
    let output = world.attempt(arguments);
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
}

/// The text of an answer and its duration. A past that takes longer than the request's deadline is built on meanwhile, so the
/// request is repeated until it succeeds.
pub(crate) async fn answer(person: &Person, path: &str) -> Outcome<(String, Duration)> {
    let began = Instant::now();
    let mut answer = person.client.get(path).await;
    while answer.status == StatusCode::SERVICE_UNAVAILABLE && began.elapsed() < GIVEN_UP {
        answer = person.client.get(path).await;
    }
    let took = began.elapsed();
    let mut json = answer.ok();
    if let Some(fields) = json.as_object_mut() {
        fields.remove("_time");
    }
    Ok((json.to_string(), took))
}

/// Waits until everything up to a position is hashed and signed.
pub(crate) async fn until_signed(world: &World, head: u64) -> Outcome<()> {
    let pool = world.pool().await;
    loop {
        let signed: Option<i64> =
            sqlx::query_scalar("select max(position) from audit.checkpoint").fetch_one(&pool).await?;
        if signed.is_some_and(|signed| signed.cast_unsigned() >= head) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Lines of work with their durations.
#[derive(Default)]
pub(crate) struct Table(Vec<(String, String)>);

impl Table {
    /// A number of events in a duration.
    pub(crate) fn rate(&mut self, line: &str, events: u64, took: Duration) {
        let seconds = took.as_secs_f64();
        self.add(line, format!("{seconds:.1} s, {:.0} events/s", events as f64 / seconds));
    }

    /// A single duration.
    pub(crate) fn time(&mut self, line: &str, took: Duration) {
        self.add(line, format!("{:.1} ms", took.as_secs_f64() * 1_000.0));
    }

    /// The whole table as Markdown.
    pub(crate) fn print(&self) {
        println!("\n| work | took |\n| --- | --- |");
        for (line, cell) in &self.0 {
            println!("| {line} | {cell} |");
        }
    }

    fn add(&mut self, line: &str, cell: String) {
        println!("  {line:44} {cell}");
        self.0.push((line.to_owned(), cell));
    }
}
