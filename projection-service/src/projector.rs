//! The projector: follows the log, applies each batch in a transaction, then publishes its notices. Several processes may
//! run it: the checkpoint row lets only one of them apply each batch.

use crate::{
    batch::Batch,
    decoded::DecodedBatch,
    effects,
    error::ProjectionError,
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
use secrets::{journal::Journal, vault::Vault};
use sqlx::{Connection, PgConnection};
use std::{pin::pin, time::Duration};
use tokio::time::timeout;

/// Maximum events per transaction.
pub(crate) const MAX_BATCH: usize = 500;

/// Delay before a failed batch is retried.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// How often an idle projection compares the checkpoint row with its own position.
const CHECKPOINT_POLL: Duration = Duration::from_secs(1);

/// Applies the log to the read model. Cheap to clone.
#[derive(Clone)]
pub struct Projector {
    pub(crate) journal: Journal,
    pub(crate) read: ReadModel,
    side_effects: SideEffects,
    notices: NoticePolicy,
}

/// The events that produce notices.
#[derive(Clone, Debug, Default)]
pub enum NoticePolicy {
    /// Every event.
    #[default]
    All,
    /// Recent events; clients cannot catch up from older notices.
    Recent {
        /// Age of the oldest event that produces notices.
        max_age: TimeDelta,
        /// The clock that ages are measured by.
        clock: Clock,
    },
    /// No event.
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

/// Side effects beyond the rows.
#[derive(Clone)]
enum SideEffects {
    /// Publishes notices, plans effects and stores withdrawn texts.
    Enabled {
        /// Seals effects and texts.
        vault: Vault,
        /// Carries the notices.
        bus: Bus,
    },
    /// Nothing, because these rows are not served.
    Disabled,
}

/// The result of a transaction.
pub(crate) struct Applied {
    /// The new checkpoint.
    pub(crate) position: Position,
    /// Whether somebody's rights may have changed.
    rights: bool,
    /// The notices to publish.
    committed: CommittedBatch,
}

impl Projector {
    /// A projector for the served read model.
    pub fn new(journal: Journal, read: ReadModel, vault: Vault, bus: Bus) -> Self {
        Self { journal, read, side_effects: SideEffects::Enabled { vault, bus }, notices: NoticePolicy::All }
    }

    /// A projector for a read model that is not served: it publishes nothing, plans nothing, and does not write to the
    /// schema `ops`.
    pub fn detached(journal: Journal, read: ReadModel) -> Self {
        Self { journal, read, side_effects: SideEffects::Disabled, notices: NoticePolicy::All }
    }

    /// Sets which events produce notices; the default is every event.
    #[must_use]
    pub fn with_notices(self, notices: NoticePolicy) -> Self {
        Self { notices, ..self }
    }

    /// Runs until dropped. Failures are logged and retried; `/readyz` and the lag metric show a projection that is stuck.
    pub async fn run(self) {
        let mut connection: Option<PgConnection> = None;
        loop {
            if let Err(error) = self.follow(&mut connection).await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the projection failed, will retry"
                );
                connection = None;
                tokio::time::sleep(RETRY_DELAY).await;
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
            self.publish_result(applied);
        }
    }

    /// Waits for events; `None` once the checkpoint differs from the position of the subscription. Then another process has
    /// applied events, or a crash of Postgres has lost the newest rows; with the log in another server, nothing else would
    /// reveal that before the next event.
    async fn next(
        &self,
        db: &mut PgConnection,
        subscription: &mut Subscription,
    ) -> Result<Option<Vec<RawEvent>>, ProjectionError> {
        let position = subscription.position();
        let mut events = pin!(subscription.next_batch(MAX_BATCH));
        loop {
            match timeout(CHECKPOINT_POLL, &mut events).await {
                Ok(events) => return Ok(Some(events?)),
                Err(_) if self.checkpoint(db).await? != position => return Ok(None),
                Err(_) => {}
            }
        }
    }

    /// Opens a connection outside the pool, because requests may exhaust the pool. Its commits do not wait for the disk:
    /// what a crash of Postgres loses is applied again from the log.
    pub(crate) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let mut db = PgConnection::connect_with(&self.read.pool().connect_options()).await?;
        // A rebuild begins with empty tables: a sequential scan in a plan that is cached then would stay as they grow.
        // JIT is off: the remaining sequential scans would cross the JIT cost threshold on every run.
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

    /// Applies the events that follow `after`; `None` if the checkpoint is not at `after`, because another process was
    /// faster. If an event is at fault, the batch is applied again event by event, see [`parking`].
    pub(crate) async fn apply(
        &self,
        db: &mut PgConnection,
        after: Position,
        events: &DecodedBatch,
        skips: &Skips,
    ) -> Result<Option<Applied>, ProjectionError> {
        match self.try_apply(db, after, events, skips, false).await {
            Err(error) if parking::event_fault(&error).is_some() => {
                self.try_apply(db, after, events, skips, true).await
            }
            outcome => outcome,
        }
    }

    async fn try_apply(
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
                applier.apply(&mut batch, events.to_events()).await?;
            }
        }
        let Batch { outbox, planned, withdrawn, colour_counter, .. } = batch;
        let rows = outbox.store(&mut transaction).await?;
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
        let committed = CommittedBatch { after, position: last, rows };
        Ok(Some(Applied { position: last, rights, committed }))
    }

    /// Publishes the result of a commit. A lost message does no harm: receivers also poll the checkpoint and read the feed.
    fn publish_result(&self, applied: Applied) {
        let projected = ReadModelAdvanced { position: applied.position, rights: applied.rights };
        self.read.projected(projected);
        let SideEffects::Enabled { bus, .. } = &self.side_effects else { return };
        let mut committed = applied.committed;
        match serde_json::to_vec(&committed) {
            Ok(payload) if payload.len() <= MAX_PAYLOAD => publish(bus, FEED_SUBJECT, payload.into()),
            // Too large for the bus: without rows, receivers read the feed table.
            Ok(_) => {
                committed.rows = None;
                publish(bus, FEED_SUBJECT, serde_json::to_vec(&committed).unwrap_or_default().into());
            }
            Err(error) => tracing::error!(%error, "notices could not be encoded as JSON"),
        }
        publish(bus, READ_MODEL_SUBJECT, Bytes::from(projected.to_string()));
    }
}

fn publish(bus: &Bus, subject: &str, payload: Bytes) {
    if let Err(error) = bus.publish(subject, payload) {
        tracing::debug!(%error, subject, "publishing failed; receivers will read the feed table");
    }
}

/// Advances the checkpoint, whose row stays locked until the commit. Returns the colour counter and the parked streams;
/// `None` if the checkpoint is not at `after`, or the tables belong to another version of the program.
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

/// Whether an event may change sessions or rights. Messages and read marks never do; other events are too rare to
/// distinguish.
fn may_change_rights(event: &Event) -> bool {
    !matches!(event, Event::MessageEvent(_) | Event::ReadingEvent(_))
}
