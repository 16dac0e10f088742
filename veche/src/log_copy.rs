//! `veche log copy`: copies a history to another log event by event, with order, streams, revisions, ids, data,
//! metadata and command receipts unchanged. Positions are the target's own.
//!
//! It may run next to the product, and repeatedly: it compares the target with the source and continues after it. It
//! refuses a target with another history, and the source itself.

mod keys;
mod walk;

use crate::{failure::Failure, runtime};
use audit::Ledger;
use clap::Args;
use event_log::{EventStoreDbLog, Log, PostgresLog, PostgresSettings};
use indicatif::{ProgressBar, ProgressStyle};
use platform::config::{Config, Secret};
use secrets::keyring::Keyring;
use sqlx::PgPool;
use walk::Walk;

/// Source and target of a copy.
#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// URL of the log to read [default: the setting `log`]
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// URL of the log to write; it must be empty or come from an earlier run
    #[arg(long, value_name = "URL")]
    to: String,
    /// Finally point the read model's database to the new log; stop all services before
    #[arg(long)]
    switch: bool,
}

/// A log with the database of its keys.
struct Side {
    url: Secret,
    log: Log,
    keys: PgPool,
}

pub(crate) async fn run(config: Config, copy: Copy) -> Result<(), Failure> {
    let from = copy.from.map_or_else(|| config.log.clone(), Secret::new);
    let to = Secret::new(copy.to);
    // Check before waiting for anything.
    check("from", &from)?;
    check("to", &to)?;
    // EventStoreDB first, on whichever side: its client must be the first to use TLS.
    let (from, to) = if is_eventstoredb(&from) {
        let from = open("from", from, &config).await?;
        (from, open("to", to, &config).await?)
    } else {
        let to = open("to", to, &config).await?;
        (open("from", from, &config).await?, to)
    };
    if are_same(&from, &to).await? {
        return Err("--to names the source log itself".into());
    }
    let (Side { log: from, keys: source_keys, .. }, Side { log: to, keys: target_keys, .. }) = (from, to);
    let bar = ProgressBar::new(from.head().await?);
    bar.set_style(ProgressStyle::with_template(
        "{bar:40} {percent}%  position {human_pos} of {human_len}, {eta} left",
    )?);
    let mut walk = Walk::default();
    walk.compare(&from, &to, &bar).await?;
    walk.transfer(&from, &to, &bar).await?;
    bar.finish_and_clear();
    let keys = keys::copy(&source_keys, &target_keys).await?;
    println!(
        "Found {} events, copied {} events and {keys} keys; the target's head is {}.",
        walk.found, walk.copied, walk.target
    );
    if copy.switch {
        switch(&config, &from, &walk).await?;
        // The copied history has equal hashes but other positions: the notary rebuilds the entries.
        Ledger::migrate(&target_keys).await?;
        Ledger::new(target_keys.clone()).reset(false).await?;
        println!(
            "The read model's database now points to the new log: set `log` to it, then start the services or run `veche rebuild`."
        );
    }
    from.close().await;
    to.close().await;
    Ok(())
}

fn is_eventstoredb(url: &Secret) -> bool {
    url.expose().starts_with("esdb")
}

/// Whether a URL can be copied from or to. A log in memory ends with its process.
fn check(name: &str, url: &Secret) -> Result<(), Failure> {
    if is_eventstoredb(url) {
        return Ok(
            EventStoreDbLog::check_url(url.expose()).map_err(|problem| format!("--{name}: {problem}"))?
        );
    }
    match url.expose().starts_with("postgres") {
        true => Ok(()),
        false => Err(format!("--{name}: postgres://… or esdb://… is expected").into()),
    }
}

async fn open(name: &str, url: Secret, config: &Config) -> Result<Side, Failure> {
    let (log, keys) = if is_eventstoredb(&url) {
        let log = runtime::connect_eventstoredb(url.expose()).await?;
        (Log::EventStoreDb(log), runtime::connect("read", config.read_url(), config).await?)
    } else {
        let pool = runtime::connect(name, &url, config).await?;
        PostgresLog::migrate(&pool).await?;
        let log = PostgresLog::open(pool.clone(), PostgresSettings::default()).await?;
        (Log::Postgres(log), pool)
    };
    Keyring::migrate(&keys).await?;
    Ok(Side { url, log, keys })
}

async fn are_same(from: &Side, to: &Side) -> Result<bool, Failure> {
    Ok(match (&from.log, &to.log) {
        (Log::EventStoreDb(_), Log::EventStoreDb(_)) => {
            EventStoreDbLog::same_log(from.url.expose(), to.url.expose())
        }
        (Log::Postgres(_), Log::Postgres(_)) => identity(&from.keys).await? == identity(&to.keys).await?,
        _ => false,
    })
}

/// Identity of a database, whatever its URL.
async fn identity(pool: &PgPool) -> Result<(String, String), Failure> {
    let ask = "SELECT oid::text, pg_postmaster_start_time()::text FROM pg_database WHERE datname = current_database()";
    Ok(sqlx::query_as(ask).fetch_one(pool).await?)
}

/// Moves the checkpoint of side effects to the new head, so that none is planned again, and resets the read model.
async fn switch(config: &Config, from: &Log, walk: &Walk) -> Result<(), Failure> {
    let pool = runtime::connect("read", config.read_url(), config).await?;
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
