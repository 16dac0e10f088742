//! The loop: log → transaction → bus. Several processes may run it; the checkpoint row lets only one win each batch.

use crate::{
    batch::Batch,
    decoded::DecodedBatch,
    effects,
    feed::{NoticeCutoff, Outbox},
    parking::{self, SavepointApplier},
    projections,
    skips::Skips,
    withdrawn,
};
use bus::{Bus, MAX_PAYLOAD};
use bytes::Bytes;
use chrono::TimeDelta;
use event_log::{RawEvent, Subscription};
use events::{Event, Position};
use platform::clock::Clock;
use protocol::notice::{CommittedBatch, FEED_SUBJECT, READ_MODEL_SUBJECT, ReadModelAdvanced};
use read_model::ReadModel;
use secrets::{
    journal::{Journal, LoadError},
    vault::Vault,
};
use sqlx::{Connection, PgConnection};
use std::{pin::pin, time::Duration};
use tokio::time::timeout;

/// Events of one transaction at most.
pub(crate) const MAX_BATCH: usize = 500;

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
    DanglingReference(Position),
    /// The tables are another program's.
    #[error("the read model's tables are not this program's: a newer one was put in their place")]
    SchemaMismatch,
    /// What is to be put in the place of the served read model shows more than that.
    #[error("the read model that is served has fallen behind the one that is to take its place")]
    ShadowAhead,
    /// Rows beside the served ones show what operators have skipped since: they must be made anew.
    #[error("an event was skipped that the new read model has applied")]
    SkippedEventApplied,
    /// An effect could not be sealed.
    #[error(transparent)]
    Vault(#[from] secrets::vault::VaultError),
    /// A value has no JSON form.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// Applies the log to the read model. Cheap to clone.
#[derive(Clone)]
pub struct Projector {
    pub(crate) journal: Journal,
    pub(crate) read: ReadModel,
    side_effects: SideEffects,
    notices: NoticePolicy,
}

/// Which events anybody is told of.
#[derive(Clone, Debug, Default)]
pub enum NoticePolicy {
    /// All.
    #[default]
    All,
    /// Those that are not older: nobody comes back after so long.
    Recent {
        /// How old.
        max_age: TimeDelta,
        /// What age is reckoned by.
        clock: Clock,
    },
    /// None.
    None,
}

impl NoticePolicy {
    fn cutoff(&self) -> NoticeCutoff {
        match self {
            Self::All => NoticeCutoff::default(),
            Self::Recent { max_age, clock } => NoticeCutoff::since(clock.now().checked_sub_signed(*max_age)),
            Self::None => NoticeCutoff::never(),
        }
    }
}

/// What follows outside of the rows.
#[derive(Clone)]
enum SideEffects {
    /// Notices go out, effects are planned.
    Enabled {
        /// Seals plans.
        vault: Vault,
        /// Where notices go.
        bus: Bus,
    },
    /// Nothing: these rows stand beside those that are served.
    Disabled,
}

/// What a transaction did.
pub(crate) struct Applied {
    /// The checkpoint afterwards.
    pub(crate) position: Position,
    /// Whether rights may be others than before.
    rights: bool,
    /// What to publish.
    told: CommittedBatch,
}

impl Projector {
    /// A projector from a journal to a read model; notices go out over the bus.
    pub fn new(journal: Journal, read: ReadModel, vault: Vault, bus: Bus) -> Self {
        Self { journal, read, side_effects: SideEffects::Enabled { vault, bus }, notices: NoticePolicy::All }
    }

    /// A projector into rows that nobody is served from: it sends nothing, plans nothing, and leaves what services
    /// remember beside the log (`ops`) as it is.
    pub fn detached(journal: Journal, read: ReadModel) -> Self {
        Self { journal, read, side_effects: SideEffects::Disabled, notices: NoticePolicy::All }
    }

    /// The same, but not everybody needs to be told of everything.
    #[must_use]
    pub fn with_notices(self, notices: NoticePolicy) -> Self {
        Self { notices, ..self }
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
            return Err(ProjectionError::SchemaMismatch);
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
            let events = DecodedBatch::decode(&self.journal, raw).await?;
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
        let mut events = pin!(subscription.next_batch(MAX_BATCH));
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
        events: &DecodedBatch,
        skips: &Skips,
    ) -> Result<Option<Applied>, ProjectionError> {
        match self.attempt(db, after, events, skips, false).await {
            Err(error) if parking::event_fault(&error).is_some() => {
                self.attempt(db, after, events, skips, true).await
            }
            outcome => outcome,
        }
    }

    async fn attempt(
        &self,
        db: &mut PgConnection,
        after: Position,
        events: &DecodedBatch,
        skips: &Skips,
        one_by_one: bool,
    ) -> Result<Option<Applied>, ProjectionError> {
        let Some(last) = events.last_position() else { return Ok(None) };
        let mut transaction = db.begin().await?;
        let Some((colours_before, parked)) = advance_checkpoint(&mut transaction, after, last).await? else {
            return Ok(None);
        };
        let mut batch = Batch {
            db: &mut transaction,
            row_mac: self.read.row_mac(),
            outbox: Outbox::new(self.notices.cutoff()),
            plans_effects: matches!(self.side_effects, SideEffects::Enabled { .. }),
            planned: vec![],
            withdrawn: vec![],
            colour_counter: colours_before,
        };
        match events {
            DecodedBatch::Valid(events)
                if !one_by_one && !parking::needs_savepoints(events, &parked, skips) =>
            {
                projections::apply(&mut batch, events).await?;
            }
            _ => {
                let served = matches!(self.side_effects, SideEffects::Enabled { .. });
                let mut applier = SavepointApplier::new(&self.journal, skips, served, batch.db).await?;
                applier.apply(&mut batch, events.each()).await?;
            }
        }
        let Batch { outbox, planned, withdrawn, colour_counter, .. } = batch;
        let told = outbox.store(&mut transaction).await?;
        if let SideEffects::Enabled { vault, .. } = &self.side_effects {
            effects::plan::store(&mut transaction, vault, last, planned).await?;
            withdrawn::store(&mut transaction, vault, withdrawn).await?;
        }
        if colour_counter != colours_before {
            sqlx::query("UPDATE checkpoint SET coloured = $1")
                .bind(colour_counter)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        let rights = match events {
            DecodedBatch::Valid(events) => events.iter().any(|recorded| may_change_rights(&recorded.event)),
            DecodedBatch::Mixed(_) => true,
        };
        let told = CommittedBatch { after, position: last, rows: told };
        Ok(Some(Applied { position: last, rights, told }))
    }

    /// Tells whoever waits. What gets lost here is found by whoever looks at the checkpoint or the feed.
    fn announce(&self, applied: Applied) {
        let projected = ReadModelAdvanced { position: applied.position, rights: applied.rights };
        self.read.projected(projected);
        let SideEffects::Enabled { bus, .. } = &self.side_effects else { return };
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
        publish(bus, READ_MODEL_SUBJECT, Bytes::from(projected.to_string()));
    }
}

fn publish(bus: &Bus, subject: &str, payload: Bytes) {
    if let Err(error) = bus.publish(subject, payload) {
        tracing::debug!(%error, subject, "not published; the feed table has it");
    }
}

/// Moves the checkpoint first: its row stays locked until all that led there is committed with it. Answers the colours
/// given so far, and which streams are parked; nothing when the checkpoint is elsewhere, or among another program's tables.
async fn advance_checkpoint(
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
