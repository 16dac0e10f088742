//! `veche log copy`: a whole history into another log, event by event as it is: order, streams, revisions, ids, data,
//! metadata, and the receipts of commands. Positions are the target's own.
//!
//! It may run while the product does, and again: it holds what the target has against the source, and goes on behind it.
//! A target with another history is refused.

use crate::{cli::Failure, house};
use audit::Ledger;
use clap::Args;
use event_log::{
    Append, AppendError, CommandRef, EventStoreDbLog, Expected, Log, NewEvent, PostgresLog, PostgresSettings,
    RawEvent, append::MAX_APPEND_EVENTS,
};
use events::{CommandId, Position};
use indicatif::{ProgressBar, ProgressStyle};
use platform::{
    config::{Config, Secret},
    keyring::Keyring,
};
use serde::Deserialize;
use sqlx::PgPool;
use std::time::Duration;

/// How often an append is repeated while the target is away, with a second between.
const TRIES: u32 = 30;
/// Keys of one statement.
const KEYS: i64 = 1_000;

/// From where to where.
#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// The log to read [default: the setting `log`]
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// The log to write: empty, or begun by an earlier run
    #[arg(long, value_name = "URL")]
    to: String,
    /// At the end, turn what the read model's database remembers to the new log; nothing else may run meanwhile
    #[arg(long)]
    switch: bool,
}

/// How far it is.
#[derive(Debug, Default)]
struct Walk {
    /// The last event of the source that the target has.
    source: Position,
    /// Where the target has it.
    target: Position,
    found: u64,
    copied: u64,
}

pub(crate) async fn run(config: Config, copy: Copy) -> Result<(), Failure> {
    let source_url = copy.from.map_or_else(|| config.log.clone(), Secret::new);
    let target_url = Secret::new(copy.to);
    // EventStoreDB first, wherever it is: its client must be the first to use TLS.
    let (from, to, source_keys, target_keys);
    if is_eventstoredb(&source_url) {
        (from, source_keys) = open("from", &source_url, &config).await?;
        (to, target_keys) = open("to", &target_url, &config).await?;
    } else {
        (to, target_keys) = open("to", &target_url, &config).await?;
        (from, source_keys) = open("from", &source_url, &config).await?;
    }
    let bar = ProgressBar::new(from.head().await?);
    bar.set_style(ProgressStyle::with_template(
        "{bar:40} {percent}%  position {human_pos} of {human_len}, {eta} left",
    )?);
    let mut walk = Walk::default();
    compare(&from, &to, &mut walk, &bar).await?;
    transfer(&from, &to, &mut walk, &bar).await?;
    bar.finish_and_clear();
    let keys = copy_keys(&source_keys, &target_keys).await?;
    println!(
        "{} events were there, {} were copied, and {keys} keys; the target's head is {}.",
        walk.found, walk.copied, walk.target
    );
    if copy.switch {
        switch(&config, &from, &walk).await?;
        // The same history has the same hashes, but other positions: the notary makes the entries anew.
        Ledger::migrate(&target_keys).await?;
        Ledger::new(target_keys.clone()).begin_anew(false).await?;
        println!(
            "The read model's database now speaks of the new log: set `log` to it, then start or `veche rebuild`."
        );
    }
    from.close().await;
    to.close().await;
    Ok(())
}

fn is_eventstoredb(url: &Secret) -> bool {
    url.expose().starts_with("esdb")
}

/// A log, and the database with the keys that belong to it.
async fn open(name: &str, url: &Secret, config: &Config) -> Result<(Log, PgPool), Failure> {
    let (log, keys) = if is_eventstoredb(url) {
        EventStoreDbLog::check(url.expose()).map_err(|problem| format!("--{name}: {problem}"))?;
        let log = house::connect_eventstoredb(url.expose()).await?;
        (Log::EventStoreDb(log), house::connect("read", config.read_url(), config).await?)
    } else if url.expose().starts_with("postgres") {
        let pool = house::connect(name, url, config).await?;
        PostgresLog::migrate(&pool).await?;
        let log = PostgresLog::open(pool.clone(), PostgresSettings::default()).await?;
        (Log::Postgres(log), pool)
    } else {
        return Err(format!("--{name}: postgres://… or esdb://… is expected").into());
    };
    Keyring::migrate(&keys).await?;
    Ok((log, keys))
}

/// Walks over what both have.
async fn compare(from: &Log, to: &Log, walk: &mut Walk, bar: &ProgressBar) -> Result<(), Failure> {
    loop {
        let there = to.read_all(walk.target, MAX_APPEND_EVENTS).await?;
        if there.is_empty() {
            return Ok(());
        }
        let here = from.read_all(walk.source, there.len()).await?;
        if here.len() < there.len() {
            return Err("the target holds events that the source does not".into());
        }
        for (here, there) in here.iter().zip(&there) {
            if !is_same(here, there) {
                let (here, there) = (here.position, there.position);
                return Err(format!("another history: position {here} against {there} of the target").into());
            }
            (walk.source, walk.target) = (here.position, there.position);
            walk.found += 1;
        }
        bar.set_position(walk.source);
    }
}

fn is_same(one: &RawEvent, other: &RawEvent) -> bool {
    one.stream == other.stream && one.revision == other.revision && new(one) == new(other)
}

/// Appends what the target lacks, one after the other: their order is the history.
async fn transfer(from: &Log, to: &Log, walk: &mut Walk, bar: &ProgressBar) -> Result<(), Failure> {
    let most_bytes = to.capabilities().largest_append;
    loop {
        // As many as the largest append has, so that one is always whole at the beginning.
        let page = from.read_all(walk.source, MAX_APPEND_EVENTS).await?;
        let mut rest = &page[..];
        while let Some(first) = rest.first() {
            let command = command_of(from, first).await?;
            let (count, command) = match command {
                Some((command, count)) => (count, Some(command)),
                None => (run_of(rest, most_bytes), None),
            };
            // Cut by the end of the page: the next one begins with it.
            let Some((group, later)) = rest.split_at_checked(count) else { break };
            let appended = insist(to, append_of(group, command)).await?;
            (walk.source, walk.target) = (group[count - 1].position, appended);
            walk.copied += count as u64;
            bar.set_position(walk.source);
            rest = later;
        }
        if page.is_empty() {
            return Ok(());
        }
    }
}

/// The command that an event is the first of, and how many events it led to.
async fn command_of(from: &Log, event: &RawEvent) -> Result<Option<(CommandRef, usize)>, Failure> {
    #[derive(Deserialize)]
    struct Commanded {
        command_id: Option<CommandId>,
    }
    // Whose metadata is no JSON of ours has no command of ours.
    let named = serde_json::from_slice::<Commanded>(&event.meta).ok().and_then(|meta| meta.command_id);
    let Some(id) = named else { return Ok(None) };
    let Some(receipt) = from.receipt(id).await? else { return Ok(None) };
    if receipt.stream != event.stream || receipt.first_revision != event.revision {
        return Ok(None);
    }
    let count = usize::try_from(receipt.last_revision - receipt.first_revision + 1)?;
    Ok(Some((CommandRef { id, fingerprint: receipt.fingerprint }, count)))
}

/// Events without a command that follow each other in one stream.
fn run_of(events: &[RawEvent], most_bytes: usize) -> usize {
    let mut bytes = 0;
    let fits = |(index, event): &(usize, &RawEvent)| {
        bytes += event.data.len() + event.meta.len();
        let follows =
            event.stream == events[0].stream && event.revision == events[0].revision + *index as u64;
        *index == 0 || (follows && bytes <= most_bytes && !has_command(event))
    };
    events.iter().enumerate().take_while(fits).count()
}

fn has_command(event: &RawEvent) -> bool {
    event.meta.windows(12).any(|bytes| bytes == b"\"command_id\"")
}

fn append_of(group: &[RawEvent], command: Option<CommandRef>) -> Append {
    Append {
        stream: group[0].stream.clone(),
        expected: group[0].revision.checked_sub(1).map_or(Expected::NoStream, Expected::Revision),
        events: group.iter().map(new).collect(),
        command,
    }
}

fn new(event: &RawEvent) -> NewEvent {
    NewEvent { id: event.id, kind: event.kind.clone(), data: event.data.clone(), meta: event.meta.clone() }
}

async fn insist(to: &Log, append: Append) -> Result<Position, Failure> {
    let mut tries = 1;
    loop {
        match to.append(append.clone()).await {
            Ok(appended) => return Ok(appended.position),
            Err(AppendError::Unknown(_) | AppendError::Unavailable(_) | AppendError::Overloaded)
                if tries < TRIES =>
            {
                tries += 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Keys that the other database lacks; who was erased here is erased there.
async fn copy_keys(from: &PgPool, to: &PgPool) -> Result<u64, Failure> {
    let mut after = String::new();
    let mut copied = 0;
    loop {
        let page: Vec<(String, Option<String>, String, Option<String>)> = sqlx::query_as(
            "SELECT subject, wrapped, created_at::text, destroyed_at::text FROM keys.data_keys \
             WHERE subject > $1 ORDER BY subject LIMIT $2",
        )
        .bind(&after)
        .bind(KEYS)
        .fetch_all(from)
        .await?;
        let Some(last) = page.last() else { return Ok(copied) };
        after = last.0.clone();
        for (subject, wrapped, created, destroyed) in page {
            let done = sqlx::query(
                "INSERT INTO keys.data_keys AS k (subject, wrapped, created_at, destroyed_at) \
                 VALUES ($1, $2, $3::timestamptz, $4::timestamptz) ON CONFLICT (subject) DO UPDATE \
                 SET wrapped = NULL, destroyed_at = excluded.destroyed_at \
                 WHERE excluded.destroyed_at IS NOT NULL AND k.destroyed_at IS NULL",
            )
            .bind(subject)
            .bind(wrapped)
            .bind(created)
            .bind(destroyed)
            .execute(to)
            .await?;
            copied += done.rows_affected();
        }
    }
}

/// Effects on the outside world were planned for all of the history, and are not planned again: their checkpoint moves to
/// the new head. The read model starts over.
async fn switch(config: &Config, from: &Log, walk: &Walk) -> Result<(), Failure> {
    let pool = house::connect("read", config.read_url(), config).await?;
    let checkpoint: i64 = sqlx::query_scalar("SELECT position FROM checkpoint").fetch_one(&pool).await?;
    let head = from.head().await?;
    if checkpoint.cast_unsigned() != head || walk.source != head {
        return Err(format!(
            "the read model is at {checkpoint} of {head}, the copy at {}: stop the command side, let the projection catch \
             up, stop it too, then run this again",
            walk.source
        )
        .into());
    }
    let mut transaction = pool.begin().await?;
    for statement in [
        "UPDATE ops.effect SET position = $1",
        "UPDATE ops.effect_checkpoint SET position = $1",
        "UPDATE ops.answer SET position = $1",
    ] {
        sqlx::query(statement).bind(walk.target.cast_signed()).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    read_model::schema::recreate(&pool, walk.target).await?;
    pool.close().await;
    Ok(())
}
