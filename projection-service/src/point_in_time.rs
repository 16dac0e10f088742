//! Teams as they were: what concerns a team is projected anew, up to a moment, into a scratch schema, and the same views
//! are asked there. Nothing is planned and nothing is told.

mod team_events;

use crate::{NoticePolicy, Projector, decoded::DecodedBatch, prefetch::PREFETCHED_BATCHES, skips::Skips};
use audit::Ledger;
use chrono::{DateTime, TimeDelta, Utc};
use event_log::as_of::AsOf;
use events::{Position, Subject, TeamId};
use moka::sync::Cache;
use read_model::{
    ReadModel,
    past::{self, PastError},
    rights::{ServiceReason, ServiceTeam},
    schema::fill_schema,
};
use secrets::journal::{Journal, LoadError};
use sqlx::Connection;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use team_events::TeamEventReader;
use tokio::sync::{
    Semaphore,
    mpsc::{Receiver, Sender, channel},
};

/// Schemas that are made at once in this process.
const AT_ONCE: usize = 2;
/// How long somebody waits for a schema; it is made to its end even if they do not.
const PATIENCE: Duration = Duration::from_secs(20);
/// Connections to one schema.
const CONNECTIONS: u32 = 2;

/// How much of the past is kept at hand.
#[derive(Clone, Copy, Debug)]
pub struct PointInTimeLimits {
    /// Scratch schemas at most; 0: the past is not offered.
    pub schemas: u32,
    /// Events of a team at most.
    pub events: u64,
    /// How long a schema stays unused.
    pub idle: TimeDelta,
}

/// See the file's head. Cheap to clone.
#[derive(Clone)]
pub struct PointInTimeViews(Arc<Inner>);

struct Inner {
    journal: Journal,
    ledger: Ledger,
    served: ReadModel,
    limits: PointInTimeLimits,
    /// By schema; connections close when nobody asks.
    open: Cache<String, ReadModel>,
    making: Arc<Semaphore>,
}

impl PointInTimeViews {
    /// The past of the read model that is served; the ledger says what concerns whom.
    pub fn new(journal: Journal, ledger: Ledger, served: ReadModel, limits: PointInTimeLimits) -> Self {
        let idle = limits.idle.to_std().unwrap_or_default();
        let open = Cache::builder().max_capacity(limits.schemas.into()).time_to_idle(idle).build();
        let making = Arc::new(Semaphore::new(AT_ONCE));
        Self(Arc::new(Inner { journal, ledger, served, limits, open, making }))
    }

    /// A team as it was at a moment, and the position that this was.
    ///
    /// # Errors
    /// See [`PastError`].
    pub async fn at(
        &self,
        team: TeamId,
        moment: AsOf,
        now: DateTime<Utc>,
    ) -> Result<(ReadModel, Position), PastError> {
        if self.0.limits.schemas == 0 {
            return Err(PastError::Off);
        }
        let position = self.0.ledger.position_of(moment, self.0.journal.log(), now).await?;
        let schema = past::schema_of(team, position);
        if !self.0.served.past_schemas().touch(&schema).await? {
            let making = tokio::spawn(self.clone().make(team, position, schema.clone()));
            match tokio::time::timeout(PATIENCE, making).await {
                Ok(Ok(made)) => made?,
                // It is made on, and there when they come back.
                Ok(Err(_)) | Err(_) => return Err(PastError::Busy),
            }
        }
        let viewed = ServiceTeam::for_service(team, ServiceReason::Past);
        self.0.served.past_schemas().withhold_deleted(&schema, viewed).await?;
        let open = || self.0.served.detached(&schema, CONNECTIONS);
        Ok((self.0.open.get_with_by_ref(&schema, open), position))
    }

    /// Makes a schema in one transaction, unless somebody else has just done so: it is there whole or not at all.
    async fn make(self, team: TeamId, position: Position, schema: String) -> Result<(), PastError> {
        let inner = &*self.0;
        // Nobody queues for longer than they wait for the answer.
        let place = tokio::time::timeout(PATIENCE, inner.making.acquire()).await;
        let Ok(Ok(_place)) = place else { return Err(PastError::Busy) };
        if inner.served.past_schemas().touch(&schema).await? {
            return Ok(());
        }
        let destroyed = destroyed_lately(&inner.journal).await?;
        if !past::make_room(inner.served.pool(), inner.limits.schemas).await? {
            return Err(PastError::Busy);
        }
        let projector = Projector::detached(inner.journal.clone(), inner.served.detached(&schema, 1))
            .with_notices(NoticePolicy::None);
        let mut db = projector.connect().await?;
        let mut transaction = db.begin().await?;
        past::lock(&mut transaction, &schema).await?;
        if past::touch(&mut transaction, &schema).await? {
            return Ok(());
        }
        fill_schema(&mut transaction, &schema).await?;
        let skips = Skips::load(&inner.journal).await.map_err(PastError::failed)?;
        let (mut after, mut count) = (0, 0);
        let mut pages = self.pages(team, position);
        while let Some(events) = pages.recv().await {
            let events = events?;
            count += events.len() as u64;
            if count > inner.limits.events {
                return Err(PastError::TooMuch(inner.limits.events));
            }
            let applied = projector.apply(&mut transaction, after, &events, &skips).await;
            let Some(applied) = applied.map_err(PastError::failed)? else {
                return Err(PastError::Busy);
            };
            after = applied.position;
        }
        past::finish(&mut transaction, &schema).await?;
        // Somebody was forgotten meanwhile, and may have been read before.
        if !destroyed_lately(&inner.journal).await?.is_subset(&destroyed) {
            return Err(PastError::Busy);
        }
        transaction.commit().await?;
        Ok(())
    }

    /// What concerns a team, in order, up to a position; read while what comes before is applied. A failure is the last that
    /// comes. Reading ends when nobody receives any more.
    fn pages(&self, team: TeamId, position: Position) -> Receiver<Result<DecodedBatch, PastError>> {
        let (sender, receiver) = channel(PREFETCHED_BATCHES);
        let past = self.clone();
        tokio::spawn(async move {
            if let Err(error) = past.read(team, position, &sender).await {
                let _ = sender.send(Err(error)).await;
            }
        });
        receiver
    }

    async fn read(
        &self,
        team: TeamId,
        position: Position,
        pages: &Sender<Result<DecodedBatch, PastError>>,
    ) -> Result<(), PastError> {
        let Inner { journal, ledger, .. } = &*self.0;
        let mut reader = TeamEventReader::new(journal.log(), ledger, team, position).await?;
        while let Some(raw) = reader.next().await? {
            let events = DecodedBatch::decode(journal, raw).await.map_err(PastError::failed)?;
            if pages.send(Ok(events)).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Drops what nobody has asked for lately.
    pub async fn sweep(&self) {
        if let Err(error) = past::sweep(self.0.served.pool(), self.0.limits.idle).await {
            tracing::warn!(%error, "schemas of the past were not swept");
        }
    }
}

/// Whose keys were destroyed a moment ago.
async fn destroyed_lately(journal: &Journal) -> Result<BTreeSet<Subject>, PastError> {
    journal.keyring().destroyed_lately().await.map_err(|error| PastError::failed(LoadError::Keys(error)))
}
