//! The loop: log → transaction → bus. Several processes may run it; the checkpoint row lets only one win each batch.

use crate::{
    batch::Batch,
    effects,
    feed::{Outbox, Since},
    incoming::Incoming,
    parking::{self, Careful},
    projections,
    skips::Skips,
    withdrawn,
};
use bytes::Bytes;
use chrono::TimeDelta;
use event_log::{RawEvent, Subscription};
use events::{Event, Position};
use platform::{
    bus::{Bus, MAX_PAYLOAD},
    clock::Clock,
    journal::{Journal, LoadError},
    vault::Vault,
};
use protocol::notice::{Committed, FEED_SUBJECT, PROJECTED_SUBJECT, Projected};
use read_model::ReadModel;
use sqlx::{Connection, PgConnection};
use std::{pin::pin, time::Duration};
use tokio::time::timeout;

/// Events of one transaction at most.
pub(crate) const BATCH: usize = 500;

/// How long a failed batch rests before it is tried again.
const REST: Duration = Duration::from_millis(500);

/// How often a projection that has nothing to do looks whether its rows are still there.
const LOOK: Duration = Duration::from_secs(1);

/// Why a batch was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// An event could not be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] event_log::ReadError),
    /// The read model's database failed.
    #[error("the read model's database: {0}")]
    Database(#[from] sqlx::Error),
    /// An event speaks of something that the log has not told of before.
    #[error("event at position {0} speaks of what is not there")]
    Dangling(Position),
    /// The tables are another program's.
    #[error("the read model's tables are not this program's: a newer one was put in their place")]
    AnotherProgram,
    /// What is to be put in the place of the served read model shows more than that.
    #[error("the read model that is served has fallen behind the one that is to take its place")]
    Ahead,
    /// Rows beside the served ones show what operators have skipped since: they must be made anew.
    #[error("an event was skipped that the new read model has applied")]
    Overruled,
    /// An effect could not be sealed.
    #[error(transparent)]
    Vault(#[from] platform::vault::VaultError),
    /// A value has no JSON form.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// Applies the log to the read model. Cheap to clone.
#[derive(Clone)]
pub struct Projector {
    pub(crate) journal: Journal,
    pub(crate) read: ReadModel,
    outside: Outside,
    telling: Telling,
}

/// Which events anybody is told of.
#[derive(Clone, Debug, Default)]
pub enum Telling {
    /// All.
    #[default]
    All,
    /// Those that are not older: nobody comes back after so long.
    Lately {
        /// How old.
        age: TimeDelta,
        /// What age is reckoned by.
        clock: Clock,
    },
    /// None.
    Nothing,
}

impl Telling {
    fn since(&self) -> Since {
        match self {
            Self::All => Since::default(),
            Self::Lately { age, clock } => Since::time(clock.now().checked_sub_signed(*age)),
            Self::Nothing => Since::never(),
        }
    }
}

/// What follows outside of the rows.
#[derive(Clone)]
enum Outside {
    /// Notices go out, effects are planned.
    Told {
        /// Seals plans.
        vault: Vault,
        /// Where notices go.
        bus: Bus,
    },
    /// Nothing: these rows stand beside those that are served.
    Nothing,
}

/// What a transaction did.
pub(crate) struct Applied {
    /// The checkpoint afterwards.
    pub(crate) position: Position,
    /// Whether rights may be others than before.
    rights: bool,
    /// What to publish.
    told: Committed,
}

impl Projector {
    /// A projector from a journal to a read model; notices go out over the bus.
    pub fn new(journal: Journal, read: ReadModel, vault: Vault, bus: Bus) -> Self {
        Self { journal, read, outside: Outside::Told { vault, bus }, telling: Telling::All }
    }

    /// A projector into rows that nobody is served from: it sends nothing, plans nothing, and leaves what services
    /// remember beside the log (`ops`) as it is.
    pub fn beside(journal: Journal, read: ReadModel) -> Self {
        Self { journal, read, outside: Outside::Nothing, telling: Telling::All }
    }

    /// The same, but not everybody needs to be told of everything.
    #[must_use]
    pub fn telling(self, telling: Telling) -> Self {
        Self { telling, ..self }
    }

    /// Runs until it is dropped. Failures are logged and tried again: a read model that stands still is seen by
    /// `/readyz` and by the lag metric.
    pub async fn run(self) {
        let mut connection: Option<PgConnection> = None;
        loop {
            if let Err(error) = self.follow(&mut connection).await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the projection rests and tries again"
                );
                connection = None;
                tokio::time::sleep(REST).await;
            }
        }
    }

    /// Applies batches until one fails, or another process has moved the checkpoint.
    async fn follow(&self, connection: &mut Option<PgConnection>) -> Result<(), ProjectionError> {
        let db = match connection.take() {
            Some(db) => db,
            None => self.connect().await?,
        };
        let db = connection.insert(db);
        if !read_model::schema::is_ours(db).await? {
            return Err(ProjectionError::AnotherProgram);
        }
        let skips = Skips::load(&self.journal).await?;
        let mut subscription = self.journal.log().subscribe(self.checkpoint(db).await?);
        let mut full_at = Some(read_model::schema::wanted_position(db).await?);
        loop {
            let after = subscription.position();
            if full_at.take_if(|position| *position <= after).is_some() {
                read_model::schema::complete(db).await?;
            }
            let Some(raw) = self.next(db, &mut subscription).await? else { return Ok(()) };
            let events = Incoming::read(&self.journal, raw).await?;
            let started = std::time::Instant::now();
            let Some(applied) = self.apply(db, after, &events, &skips).await? else { return Ok(()) };
            metrics::counter!("veche_projection_events_total").increment(events.len() as u64);
            metrics::histogram!("veche_projection_batch_seconds").record(started.elapsed().as_secs_f64());
            metrics::gauge!("veche_projection_position").set(applied.position as f64);
            self.announce(applied);
        }
    }

    /// Waits for events; nothing once the checkpoint is not where the subscription stands. Another process was faster, or a
    /// crash of Postgres has taken the newest rows: where the log is elsewhere, that would be missed until the next event.
    async fn next(
        &self,
        db: &mut PgConnection,
        subscription: &mut Subscription,
    ) -> Result<Option<Vec<RawEvent>>, ProjectionError> {
        let position = subscription.position();
        let mut events = pin!(subscription.next_batch(BATCH));
        loop {
            match timeout(LOOK, &mut events).await {
                Ok(events) => return Ok(Some(events?)),
                Err(_) if self.checkpoint(db).await? != position => return Ok(None),
                Err(_) => {}
            }
        }
    }

    /// One connection of its own: the loop must not wait for a pool that requests have emptied. Its transactions need
    /// not wait for the disk: what a crash of Postgres takes is applied again from the log.
    pub(crate) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let mut db = PgConnection::connect_with(&self.read.pool().connect_options()).await?;
        // A rebuild begins with empty tables. A plan made then would read them from end to end for ever, however they grow.
        // What has to be read so nevertheless then looks so expensive that it would be compiled each time.
        sqlx::raw_sql("SET synchronous_commit = off; SET enable_seqscan = off; SET jit = off")
            .execute(&mut db)
            .await?;
        Ok(db)
    }

    pub(crate) async fn checkpoint(&self, db: &mut PgConnection) -> Result<Position, sqlx::Error> {
        let position: i64 = sqlx::query_scalar("SELECT position FROM checkpoint").fetch_one(db).await?;
        self.read.advance(position.cast_unsigned());
        Ok(position.cast_unsigned())
    }

    /// Applies events behind `after`; `None` when the checkpoint is elsewhere, because another process was faster. Where
    /// an event is at fault, all are applied once more with care, see [`parking`].
    pub(crate) async fn apply(
        &self,
        db: &mut PgConnection,
        after: Position,
        events: &Incoming,
        skips: &Skips,
    ) -> Result<Option<Applied>, ProjectionError> {
        match self.attempt(db, after, events, skips, false).await {
            Err(error) if parking::fault(&error).is_some() => {
                self.attempt(db, after, events, skips, true).await
            }
            outcome => outcome,
        }
    }

    async fn attempt(
        &self,
        db: &mut PgConnection,
        after: Position,
        events: &Incoming,
        skips: &Skips,
        with_care: bool,
    ) -> Result<Option<Applied>, ProjectionError> {
        let Some(last) = events.last() else { return Ok(None) };
        let mut transaction = db.begin().await?;
        let Some((coloured_before, parked)) = take(&mut transaction, after, last).await? else {
            return Ok(None);
        };
        let mut batch = Batch {
            db: &mut transaction,
            rows: self.read.row_mac(),
            outbox: Outbox::telling(self.telling.since()),
            plans: matches!(self.outside, Outside::Told { .. }),
            planned: vec![],
            withdrawn: vec![],
            coloured: coloured_before,
        };
        match events {
            Incoming::Whole(events) if !with_care && !parking::needs_care(events, &parked, skips) => {
                projections::apply(&mut batch, events).await?;
            }
            _ => {
                let served = matches!(self.outside, Outside::Told { .. });
                let mut careful = Careful::new(&self.journal, skips, served, batch.db).await?;
                careful.apply(&mut batch, events.each()).await?;
            }
        }
        let Batch { outbox, planned, withdrawn, coloured, .. } = batch;
        let told = outbox.store(&mut transaction).await?;
        if let Outside::Told { vault, .. } = &self.outside {
            effects::plan::store(&mut transaction, vault, last, planned).await?;
            withdrawn::store(&mut transaction, vault, withdrawn).await?;
        }
        if coloured != coloured_before {
            sqlx::query("UPDATE checkpoint SET coloured = $1")
                .bind(coloured)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        let rights = match events {
            Incoming::Whole(events) => events.iter().any(|recorded| may_change_rights(&recorded.event)),
            Incoming::Mixed(_) => true,
        };
        let told = Committed { after, position: last, rows: told };
        Ok(Some(Applied { position: last, rights, told }))
    }

    /// Tells whoever waits. What gets lost here is found by whoever looks at the checkpoint or the feed.
    fn announce(&self, applied: Applied) {
        let projected = Projected { position: applied.position, rights: applied.rights };
        self.read.projected(projected);
        let Outside::Told { bus, .. } = &self.outside else { return };
        let mut told = applied.told;
        match serde_json::to_vec(&told) {
            Ok(payload) if payload.len() <= MAX_PAYLOAD => publish(bus, FEED_SUBJECT, payload.into()),
            // The table has them: whoever is told that there are some reads them there.
            Ok(_) => {
                told.rows = None;
                publish(bus, FEED_SUBJECT, serde_json::to_vec(&told).unwrap_or_default().into());
            }
            Err(error) => tracing::error!(%error, "notices have no JSON form"),
        }
        publish(bus, PROJECTED_SUBJECT, Bytes::from(projected.to_string()));
    }
}

fn publish(bus: &Bus, subject: &str, payload: Bytes) {
    if let Err(error) = bus.publish(subject, payload) {
        tracing::debug!(%error, subject, "not published; the feed table has it");
    }
}

/// Moves the checkpoint first: its row stays locked until all that led there is committed with it. Answers the colours
/// given so far, and which streams are parked; nothing when the checkpoint is elsewhere, or among another program's tables.
async fn take(
    db: &mut PgConnection,
    after: Position,
    last: Position,
) -> Result<Option<(i64, Vec<String>)>, sqlx::Error> {
    sqlx::query_as(
        "UPDATE checkpoint SET position = $1 \
         WHERE position = $2 AND EXISTS (SELECT FROM shape WHERE fingerprint = $3) \
         RETURNING coloured, ARRAY(SELECT stream FROM parked)",
    )
    .bind(last.cast_signed())
    .bind(after.cast_signed())
    .bind(read_model::schema::wanted())
    .fetch_optional(db)
    .await
}

/// Whether an event may change who somebody is or what they may touch. What is said and read never does; of all else
/// it is not worth asking.
fn may_change_rights(event: &Event) -> bool {
    !matches!(event, Event::MessageEvent(_) | Event::ReadingEvent(_))
}
