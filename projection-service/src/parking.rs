//! Events that cannot be read or applied: their stream is parked, and all others go on.
//!
//! A batch is one transaction. When it fails because of an event, it is applied once more, one event after the other,
//! each behind a savepoint. What fails is parked, and so is what comes behind it in the same stream, in order. Operators
//! have the last word, and it is an event too: to try again ([`Retried`]), or to go on without one ([`Skipped`]). Where
//! that event stands in the log, what waited is applied. So a rebuild comes to the same rows.
//!
//! [`Retried`]: events::projection::Retried
//! [`Skipped`]: events::projection::Skipped

use crate::{
    ProjectionError,
    batch::Batch,
    decoded::{DecodedEvent, without_values},
    projections,
    skips::Skips,
};
use events::{Event, EventId, Position, ProjectionEvent, Recorded, Revision, StreamName};
use secrets::journal::Journal;
use sqlx::{Connection, PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// Waiting events that are read at once.
const PAGE: usize = 500;

/// What is said of an event that operators have skipped.
const SKIPPED: &str = "skipped by an operator";

/// Whether a batch must go event by event: something in it is parked, or rules about what is.
pub(crate) fn needs_savepoints(events: &[Recorded<Event>], parked: &[String], skips: &Skips) -> bool {
    let touched = |event: &Recorded<Event>| {
        matches!(event.event, Event::ProjectionEvent(_))
            || parked.iter().any(|stream| *stream == event.stream.as_str())
    };
    skips.affect(events) || events.iter().any(touched)
}

/// Where a stream stands still.
struct ParkedHead {
    event: EventId,
    revision: Revision,
}

/// Applies events one by one.
pub(crate) struct SavepointApplier<'j> {
    journal: &'j Journal,
    skips: &'j Skips,
    /// Whether somebody is served from these rows: then it is an operator's business what stands still.
    served: bool,
    parked: HashMap<String, ParkedHead>,
}

impl<'j> SavepointApplier<'j> {
    /// Knows what is parked.
    ///
    /// # Errors
    /// The database failed.
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

    /// Applies events in order, and parks those that fail.
    ///
    /// # Errors
    /// What is not an event's fault: database or log failed.
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
                // It must not keep later rulings from being heard.
                None if rules && self.served => {
                    tracing::error!(position = one.position, "a ruling cannot be read, and rules nothing");
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
            Ok(event) => apply_behind_savepoint(batch, event).await?,
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
        // What was ruled is no news, and what stands still beside the served rows stands still there too.
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

    /// Applies what waits in a stream, as if it happened where the ruling stands: what is told must follow what was
    /// told before. A ruling about a stream that is not parked, or about another event, changes nothing.
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
                    return Ok(()); // it is yet to come by itself
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

/// Applies one event behind a savepoint; answers what is wrong with it, and then it has left no trace.
async fn apply_behind_savepoint(
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

/// What is wrong with the event, if it is the event that is wrong; said without any of its values. Of a database that
/// is away, full or busy no event is guilty.
pub(crate) fn event_fault(error: &ProjectionError) -> Option<String> {
    match error {
        ProjectionError::DanglingReference(_) | ProjectionError::Database(sqlx::Error::RowNotFound) => {
            Some("it speaks of what is not there".to_owned())
        }
        ProjectionError::Json(error) => Some(without_values(error)),
        ProjectionError::Database(
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::Encode(_),
        ) => Some("a row that it changes is damaged".to_owned()),
        ProjectionError::Database(sqlx::Error::Database(refused)) => {
            let code = refused.code()?;
            // Cardinality, data, integrity: what depends on the values alone.
            let of_values = ["21", "22", "23"].iter().any(|class| code.starts_with(class));
            let constraint = refused.constraint().map(|name| format!(", constraint {name}"));
            of_values.then(|| format!("the database refuses it: {code}{}", constraint.unwrap_or_default()))
        }
        _ => None,
    }
}
