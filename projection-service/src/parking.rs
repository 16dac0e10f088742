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
    incoming::{One, without_values},
    projections,
    skips::Skips,
};
use events::{Event, EventId, Position, ProjectionEvent, Recorded, Revision, StreamName};
use platform::journal::Journal;
use sqlx::{Connection, PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// Waiting events that are read at once.
const PAGE: usize = 500;

/// What is said of an event that operators have skipped.
const SKIPPED: &str = "skipped by an operator";

/// Whether a batch must go event by event: something in it is parked, or rules about what is.
pub(crate) fn needs_care(events: &[Recorded<Event>], parked: &[String], skips: &Skips) -> bool {
    let touched = |event: &Recorded<Event>| {
        matches!(event.event, Event::ProjectionEvent(_))
            || parked.iter().any(|stream| *stream == event.stream.as_str())
    };
    skips.touch(events) || events.iter().any(touched)
}

/// Where a stream stands still.
struct Place {
    event: EventId,
    revision: Revision,
}

/// Applies events one by one.
pub(crate) struct Careful<'j> {
    journal: &'j Journal,
    skips: &'j Skips,
    /// Whether somebody is served from these rows: then it is an operator's business what stands still.
    served: bool,
    parked: HashMap<String, Place>,
}

impl<'j> Careful<'j> {
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
            let place = Place {
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
        events: Vec<One>,
    ) -> Result<(), ProjectionError> {
        for one in events {
            let rules = one.stream == StreamName::projection();
            if !rules && self.parked.contains_key(one.stream.as_str()) {
                waits(batch.db, &one.stream).await?;
                continue;
            }
            let ruling = match &one.read {
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
                None => self.one(batch, one, None).await?,
            }
        }
        Ok(())
    }

    /// Applies one event, or parks its stream.
    async fn one(
        &mut self,
        batch: &mut Batch<'_>,
        mut one: One,
        skip: Option<EventId>,
    ) -> Result<(), ProjectionError> {
        if skip == Some(one.id) {
            return Ok(());
        }
        let failed = match &mut one.read {
            _ if self.skips.contain(one.id) => Some(SKIPPED.to_owned()),
            Ok(event) => attempt(batch, event).await?,
            Err(wrong) => Some(std::mem::take(wrong)),
        };
        match failed {
            Some(error) => self.park(batch.db, one, &error).await,
            None => Ok(()),
        }
    }

    async fn park(&mut self, db: &mut PgConnection, one: One, error: &str) -> Result<(), ProjectionError> {
        let One { stream, position, kind, .. } = &one;
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
        let place = Place { event: one.id, revision: one.revision };
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
        let Some(Place { revision: mut from, .. }) = self.parked.remove(&stream) else { return Ok(()) };
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
                let mut one = One::read(self.journal, raw).await?;
                if self.parked.contains_key(stream.as_str()) {
                    waits(batch.db, &stream).await?;
                    continue;
                }
                if let Ok(event) = &mut one.read {
                    event.position = ruled;
                }
                self.one(batch, one, skip).await?;
            }
        }
    }
}

async fn waits(db: &mut PgConnection, stream: &StreamName) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE parked SET waiting = waiting + 1 WHERE stream = $1")
        .bind(stream.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// Applies one event behind a savepoint; answers what is wrong with it, and then it has left no trace.
async fn attempt(batch: &mut Batch<'_>, event: &Recorded<Event>) -> Result<Option<String>, ProjectionError> {
    let mut savepoint = batch.db.begin().await?;
    let mut tried = Batch {
        db: &mut savepoint,
        rows: batch.rows,
        outbox: batch.outbox.clone(),
        plans: batch.plans,
        planned: vec![],
        withdrawn: vec![],
        coloured: batch.coloured,
    };
    match projections::apply(&mut tried, std::slice::from_ref(event)).await {
        Ok(()) => {
            let Batch { outbox, planned, withdrawn, coloured, .. } = tried;
            savepoint.commit().await?;
            (batch.outbox, batch.coloured) = (outbox, coloured);
            batch.planned.extend(planned);
            batch.withdrawn.extend(withdrawn);
            Ok(None)
        }
        Err(error) => {
            let wrong = fault(&error).ok_or(error)?;
            savepoint.rollback().await?;
            Ok(Some(wrong))
        }
    }
}

/// What is wrong with the event, if it is the event that is wrong; said without any of its values. Of a database that
/// is away, full or busy no event is guilty.
pub(crate) fn fault(error: &ProjectionError) -> Option<String> {
    match error {
        ProjectionError::Dangling(_) | ProjectionError::Database(sqlx::Error::RowNotFound) => {
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
