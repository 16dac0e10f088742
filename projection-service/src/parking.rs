//! Parking: an event that cannot be decoded or applied stops its stream, and no other.
//!
//! A batch is one transaction. If an event makes it fail, the batch is applied again event by event, each in a savepoint.
//! An event that fails is parked, and the later events of its stream wait. An operator decides with an event of its own:
//! retry ([`Retried`]) or skip ([`Skipped`]). The waiting events are applied at the position of that ruling, so a rebuild
//! produces the same rows.
//!
//! [`Retried`]: events::projection::Retried
//! [`Skipped`]: events::projection::Skipped

use crate::{
    batch::Batch,
    decoded::{DecodedEvent, without_values},
    error::ProjectionError,
    projections,
    skips::Skips,
};
use events::{Event, EventId, Position, ProjectionEvent, Recorded, Revision, StreamName};
use secrets::journal::Journal;
use sqlx::{Connection, PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// Waiting events read at once.
const PAGE: usize = 500;

/// The error of an event that an operator has skipped.
const SKIPPED: &str = "skipped by an operator";

/// Whether a batch must be applied event by event: it touches a parked stream, or contains a ruling.
pub(crate) fn needs_savepoints(events: &[Recorded<Event>], parked: &[String], skips: &Skips) -> bool {
    let touched = |event: &Recorded<Event>| {
        matches!(event.event, Event::ProjectionEvent(_))
            || parked.iter().any(|stream| *stream == event.stream.as_str())
    };
    skips.affect(events) || events.iter().any(touched)
}

/// The event at which a stream is parked.
struct ParkedHead {
    event: EventId,
    revision: Revision,
}

/// Applies events one by one, each in a savepoint.
pub(crate) struct SavepointApplier<'j> {
    journal: &'j Journal,
    skips: &'j Skips,
    /// Whether these rows are served; only then is a parked event logged as an error.
    served: bool,
    parked: HashMap<String, ParkedHead>,
}

impl<'j> SavepointApplier<'j> {
    /// Loads the parked streams.
    pub(crate) async fn new(
        journal: &'j Journal,
        skips: &'j Skips,
        served: bool,
        db: &mut PgConnection,
    ) -> Result<Self, sqlx::Error> {
        let rows = sqlx::query("SELECT stream, event, revision FROM parked").fetch_all(db).await?;
        let place = |row: &sqlx::postgres::PgRow| {
            let place = ParkedHead {
                event: row.get::<Uuid, _>("event").into(),
                revision: row.get::<i64, _>("revision").cast_unsigned(),
            };
            (row.get("stream"), place)
        };
        Ok(Self { journal, skips, served, parked: rows.iter().map(place).collect() })
    }

    /// Applies events in order and parks those that fail. An error is never the fault of an event.
    pub(crate) async fn apply(
        &mut self,
        batch: &mut Batch<'_>,
        events: Vec<DecodedEvent>,
    ) -> Result<(), ProjectionError> {
        for one in events {
            let rules = one.stream == StreamName::projection();
            if !rules && self.parked.contains_key(one.stream.as_str()) {
                count_waiting(batch.db, &one.stream).await?;
                continue;
            }
            let ruling = match &one.result {
                Ok(Recorded { event: Event::ProjectionEvent(ruling), .. }) => Some(ruling.clone()),
                _ => None,
            };
            match ruling {
                Some(ProjectionEvent::Retried(retried)) => {
                    self.release(batch, retried.stream, None, one.position).await?;
                }
                Some(ProjectionEvent::Skipped(skipped)) => {
                    self.release(batch, skipped.stream, Some(skipped.event), one.position).await?;
                }
                // The stream of rulings is never parked, or later rulings would wait.
                None if rules && self.served => {
                    tracing::error!(position = one.position, "a ruling cannot be decoded and has no effect");
                }
                None if rules => {}
                None => self.apply_one(batch, one, None).await?,
            }
        }
        Ok(())
    }

    /// Applies one event, or parks its stream.
    async fn apply_one(
        &mut self,
        batch: &mut Batch<'_>,
        mut one: DecodedEvent,
        skip: Option<EventId>,
    ) -> Result<(), ProjectionError> {
        if skip == Some(one.id) {
            return Ok(());
        }
        let failed = match &mut one.result {
            _ if self.skips.contain(one.id) => Some(SKIPPED.to_owned()),
            Ok(event) => apply_in_savepoint(batch, event).await?,
            Err(wrong) => Some(std::mem::take(wrong)),
        };
        match failed {
            Some(error) => self.park(batch.db, one, &error).await,
            None => Ok(()),
        }
    }

    async fn park(
        &mut self,
        db: &mut PgConnection,
        one: DecodedEvent,
        error: &str,
    ) -> Result<(), ProjectionError> {
        let DecodedEvent { stream, position, kind, .. } = &one;
        // A skipped event is no news, and an event that is parked here is parked in the served read model too.
        if self.served && error != SKIPPED {
            tracing::error!(%stream, position, kind, error, "an event is parked");
        } else {
            tracing::debug!(%stream, position, kind, error, "an event is parked");
        }
        sqlx::query(
            "INSERT INTO parked (stream, event, position, revision, kind, error) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(one.stream.as_str())
        .bind(one.id.0)
        .bind(one.position.cast_signed())
        .bind(one.revision.cast_signed())
        .bind(one.kind)
        .bind(error)
        .execute(db)
        .await?;
        let place = ParkedHead { event: one.id, revision: one.revision };
        self.parked.insert(one.stream.as_str().to_owned(), place);
        Ok(())
    }

    /// Applies the waiting events of a stream at the position of the ruling, so that their notices follow the earlier ones.
    /// A ruling about a stream that is not parked, or about another event, has no effect.
    async fn release(
        &mut self,
        batch: &mut Batch<'_>,
        stream: String,
        skip: Option<EventId>,
        ruled: Position,
    ) -> Result<(), ProjectionError> {
        match (self.parked.get(&stream), skip) {
            (None, _) => return Ok(()),
            (Some(place), Some(skip)) if place.event != skip => return Ok(()),
            (Some(_), _) => {}
        }
        let Some(ParkedHead { revision: mut from, .. }) = self.parked.remove(&stream) else { return Ok(()) };
        sqlx::query("DELETE FROM parked WHERE stream = $1").bind(&stream).execute(&mut *batch.db).await?;
        let stream = StreamName::stored(stream);
        loop {
            let page = self.journal.log().read_stream(&stream, from, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            from = last.revision + 1;
            for raw in page {
                if raw.position >= ruled {
                    return Ok(()); // a later batch contains it
                }
                let mut one = DecodedEvent::decode(self.journal, raw).await?;
                if self.parked.contains_key(stream.as_str()) {
                    count_waiting(batch.db, &stream).await?;
                    continue;
                }
                if let Ok(event) = &mut one.result {
                    event.position = ruled;
                }
                self.apply_one(batch, one, skip).await?;
            }
        }
    }
}

async fn count_waiting(db: &mut PgConnection, stream: &StreamName) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE parked SET waiting = waiting + 1 WHERE stream = $1")
        .bind(stream.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// Applies one event in a savepoint. Returns what is wrong with the event, after a rollback of all that it did.
async fn apply_in_savepoint(
    batch: &mut Batch<'_>,
    event: &Recorded<Event>,
) -> Result<Option<String>, ProjectionError> {
    let mut savepoint = batch.db.begin().await?;
    let mut tried = Batch {
        db: &mut savepoint,
        row_mac: batch.row_mac,
        outbox: batch.outbox.clone(),
        plans_effects: batch.plans_effects,
        planned: vec![],
        withdrawn: vec![],
        colour_counter: batch.colour_counter,
    };
    match projections::apply(&mut tried, std::slice::from_ref(event)).await {
        Ok(()) => {
            let Batch { outbox, planned, withdrawn, colour_counter, .. } = tried;
            savepoint.commit().await?;
            (batch.outbox, batch.colour_counter) = (outbox, colour_counter);
            batch.planned.extend(planned);
            batch.withdrawn.extend(withdrawn);
            Ok(None)
        }
        Err(error) => {
            let wrong = event_fault(&error).ok_or(error)?;
            savepoint.rollback().await?;
            Ok(Some(wrong))
        }
    }
}

/// Describes what is wrong with the event, without quoting its values; `None` if the event is not at fault, as when the
/// database is unavailable, full or busy.
pub(crate) fn event_fault(error: &ProjectionError) -> Option<String> {
    match error {
        ProjectionError::DanglingReference(_) | ProjectionError::Database(sqlx::Error::RowNotFound) => {
            Some("it refers to something that does not exist".to_owned())
        }
        ProjectionError::Json(error) => Some(without_values(error)),
        ProjectionError::Database(
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::Encode(_),
        ) => Some("a row that it changes is corrupt".to_owned()),
        ProjectionError::Database(sqlx::Error::Database(refused)) => {
            let code = refused.code()?;
            // SQLSTATE classes 21 (cardinality), 22 (data), 23 (integrity): the cause is the values alone.
            let is_caused_by_values = ["21", "22", "23"].iter().any(|class| code.starts_with(class));
            let constraint = refused.constraint().map(|name| format!(", constraint {name}"));
            is_caused_by_values
                .then(|| format!("the database rejects it: {code}{}", constraint.unwrap_or_default()))
        }
        _ => None,
    }
}
