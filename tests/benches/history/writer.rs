//! Writes a history into the log of a stopped product, sealed as the product would.

use crate::{Outcome, generator::Generator};
use event_log::{Log, PostgresLog, PostgresSettings};
use futures::{TryStreamExt, stream};
use secrets::{journal::Journal, keyring::Keyring, vault::Vault};
use sqlx::PgPool;
use std::time::{Duration, Instant};

const IN_FLIGHT: usize = 256;
/// Less than the generator's distance to events that it refers to.
const ROUND: u64 = 1_000;

/// The log, and the journal that seals for it.
pub(crate) struct Writer {
    journal: Journal,
    pool: PgPool,
}

impl Writer {
    /// A writer on the product's database.
    pub(crate) async fn open(url: &str, master_key: &str) -> Outcome<Self> {
        let pool = PgPool::connect(url).await?;
        let vault = Vault::from_hex(master_key)?;
        let log = Log::Postgres(PostgresLog::open(pool.clone(), PostgresSettings::default()).await?);
        let keyring = Keyring::postgres(pool.clone(), vault.clone());
        Ok(Self { journal: Journal::new(log, keyring, &vault), pool })
    }

    /// Number of events so far.
    pub(crate) async fn head(&self) -> Outcome<u64> {
        Ok(self.journal.log().head().await?)
    }

    /// Writes more events; returns their number and the duration.
    pub(crate) async fn write(&self, generator: &mut Generator<'_>, amount: u64) -> Outcome<(u64, Duration)> {
        let began = Instant::now();
        let mut left = amount;
        while left > 0 {
            let round: Vec<_> = (0..left.min(ROUND)).map(|_| generator.next()).collect();
            left -= round.len() as u64;
            // Events of one stream must stay in order.
            let streams = by_stream(round);
            stream::iter(streams.into_iter().map(Ok))
                .try_for_each_concurrent(IN_FLIGHT, |entries| async {
                    for entry in entries {
                        self.journal.append(entry).await?;
                    }
                    Outcome::Ok(())
                })
                .await?;
        }
        Ok((amount, began.elapsed()))
    }

    /// Closes the log.
    pub(crate) async fn close(self) {
        self.journal.log().close().await;
        self.pool.close().await;
    }
}

fn by_stream(entries: Vec<secrets::journal::Entry>) -> Vec<Vec<secrets::journal::Entry>> {
    let mut places = std::collections::HashMap::new();
    let mut streams: Vec<Vec<_>> = Vec::new();
    for entry in entries {
        let place = *places.entry(entry.stream.clone()).or_insert(streams.len());
        if place == streams.len() {
            streams.push(vec![]);
        }
        streams[place].push(entry);
    }
    streams
}
