//! Point-in-time views: the events that concern a team are projected up to a position into a scratch schema, and the usual
//! queries read from there. Effects are not planned, and notices are not written.

mod team_events;

use crate::{
    decoded::DecodedBatch,
    prefetch::PREFETCHED_BATCHES,
    projector::{NoticePolicy, Projector},
    skips::Skips,
};
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

/// Schemas that this process fills concurrently.
const MAX_CONCURRENT: usize = 2;
/// Maximum wait of a request for a schema; the schema is completed even if the request gives up.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Connections per schema.
const CONNECTIONS: u32 = 2;

/// Limits of point-in-time views.
#[derive(Clone, Copy, Debug)]
pub struct PointInTimeLimits {
    /// Maximum number of scratch schemas; 0 turns point-in-time views off.
    pub schemas: u32,
    /// Maximum number of events of a team.
    pub events: u64,
    /// A schema is dropped after this time without use.
    pub idle: TimeDelta,
}

/// Read models of teams at past positions. Cheap to clone.
#[derive(Clone)]
pub struct PointInTimeViews(Arc<Inner>);

struct Inner {
    journal: Journal,
    ledger: Ledger,
    served: ReadModel,
    limits: PointInTimeLimits,
    /// Read models by schema; their connections close after the idle time.
    open: Cache<String, ReadModel>,
    filling: Arc<Semaphore>,
}

impl PointInTimeViews {
    /// Views of the past of `served`; the ledger is the index of events by team.
    pub fn new(journal: Journal, ledger: Ledger, served: ReadModel, limits: PointInTimeLimits) -> Self {
        let idle = limits.idle.to_std().unwrap_or_default();
        let open = Cache::builder().max_capacity(limits.schemas.into()).time_to_idle(idle).build();
        let filling = Arc::new(Semaphore::new(MAX_CONCURRENT));
        Self(Arc::new(Inner { journal, ledger, served, limits, open, filling }))
    }

    /// The read model of a team as of a moment, and the position of that moment.
    #[expect(clippy::disallowed_methods, reason = "the view is filled even if its first caller gives up")]
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
            let filling = tokio::spawn(self.clone().fill(team, position, schema.clone()));
            match tokio::time::timeout(TIMEOUT, filling).await {
                Ok(Ok(filled)) => filled?,
                // The schema is completed in the background; a later request finds it.
                Ok(Err(_)) | Err(_) => return Err(PastError::Busy),
            }
        }
        let viewed = ServiceTeam::for_service(team, ServiceReason::Past);
        self.0.served.past_schemas().withhold_deleted(&schema, viewed).await?;
        let open = || self.0.served.detached(&schema, CONNECTIONS);
        Ok((self.0.open.get_with_by_ref(&schema, open), position))
    }

    /// Fills a schema in one transaction, unless it exists by now: no reader sees an incomplete one.
    async fn fill(self, team: TeamId, position: Position, schema: String) -> Result<(), PastError> {
        let inner = &*self.0;
        // The request that asked for it waits no longer either.
        let permit = tokio::time::timeout(TIMEOUT, inner.filling.acquire()).await;
        let Ok(Ok(_permit)) = permit else { return Err(PastError::Busy) };
        if inner.served.past_schemas().touch(&schema).await? {
            return Ok(());
        }
        let destroyed = recently_destroyed(&inner.journal).await?;
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
        // A key was destroyed in the meantime: values that it sealed may have been read before that.
        if !recently_destroyed(&inner.journal).await?.is_subset(&destroyed) {
            return Err(PastError::Busy);
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The events that concern a team, in order, up to a position; pages are read while earlier ones are applied. An error
    /// ends the pages. Dropping the receiver stops the reading.
    #[expect(clippy::disallowed_methods, reason = "the schema is dropped even if nobody waits")]
    fn pages(&self, team: TeamId, position: Position) -> Receiver<Result<DecodedBatch, PastError>> {
        let (sender, receiver) = channel(PREFETCHED_BATCHES);
        let views = self.clone();
        tokio::spawn(async move {
            if let Err(error) = views.read(team, position, &sender).await {
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

    /// Drops the schemas that have not been used for the idle time.
    pub async fn sweep(&self) {
        if let Err(error) = past::sweep(self.0.served.pool(), self.0.limits.idle).await {
            tracing::warn!(%error, "point-in-time schemas were not swept");
        }
    }
}

/// The accounts and teams whose keys were destroyed recently.
async fn recently_destroyed(journal: &Journal) -> Result<BTreeSet<Subject>, PastError> {
    journal.keyring().destroyed_lately().await.map_err(|error| PastError::failed(LoadError::Keys(error)))
}
