//! The SQL of the log and the mapping of its rows.
//!
//! An append takes two statements; one that begins a stream takes only the second. [`look`] reads the head and all
//! facts about a batch in one snapshot. [`write()`] moves the head and inserts the events, but only if the head is
//! unmoved: every append moves it, so what was decided from the snapshot still holds. No lock is held while this
//! process decides, so a paused process stops nobody. [`lock_head`] is for contention, when others move the head all
//! the time.

use super::batch::{Lookup, Rows, StreamFacts};
use crate::{Cause, RawEvent, ReadError, Receipt};
use events::{CommandId, EventId, Position, Revision, StreamName};
use sqlx::{
    Connection, PgConnection, PgPool, Row,
    postgres::{PgConnectOptions, PgDatabaseError, PgRow, PgSeverity},
    raw_sql,
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Settings of the appending connection.
///
/// - A plan cached while the tables were empty would scan them for ever, so only index plans are allowed; since there
///   is nothing else to choose, planning once is enough.
/// - An acknowledged append is on disk, whatever the database's default is.
/// - A statement sees everything committed before it began, also while it holds the head's lock.
/// - The lock on the head is released soon even if this process is cut off while holding it.
const SETUP: &str = "
    set enable_seqscan = off;
    set enable_hashjoin = off;
    set enable_mergejoin = off;
    set enable_bitmapscan = off;
    set enable_memoize = off;
    set plan_cache_mode = force_generic_plan;
    set jit = off;
    set default_transaction_isolation = 'read committed';
    set idle_in_transaction_session_timeout = '2s';
    select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'";

/// Opens a connection for appends.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    raw_sql(SETUP).execute(&mut connection).await?;
    Ok(connection)
}

/// Begins a transaction in which nobody else can append. A statement of its own: a snapshot taken together with the
/// lock would be older than the lock.
pub(super) async fn lock_head(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    raw_sql("begin; select from log.head for update").execute(connection).await.map(drop)
}

/// Commits the transaction of [`lock_head`].
pub(super) async fn commit(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    raw_sql("commit").execute(connection).await.map(drop)
}

const LOOK: &str = r#"
select head.position as head, tail.revision as last, found.ids, found.positions,
       receipt.fingerprint, receipt.stream, receipt.first_revision, receipt.last_revision,
       receipt.first_position, receipt.last_position
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::uuid[])
     with ordinality as asked(stream, first, amount, command_id, number)
cross join log.head as head
left join lateral (
    select revision from log.events where stream = asked.stream order by revision desc limit 1
) as tail on true
left join lateral (
    select array_agg(event_id order by revision) as ids, array_agg(position order by revision) as positions
    from log.events
    where stream = asked.stream
      and coalesce(asked.first, tail.revision + 1 - asked.amount) <= tail.revision
      and revision >= coalesce(asked.first, tail.revision + 1 - asked.amount)
      and revision < coalesce(asked.first, tail.revision + 1 - asked.amount) + asked.amount
) as found on true
left join lateral (
    select * from log.receipts where command_id = asked.command_id limit 1
) as receipt on true
order by asked.number"#;

/// Facts for each lookup in order, and the head, all from one snapshot.
pub(super) async fn look(
    connection: &mut PgConnection,
    lookups: &[Lookup<'_>],
) -> Result<(Position, Vec<StreamFacts>), sqlx::Error> {
    let rows = sqlx::query(LOOK)
        .bind(lookups.iter().map(|lookup| lookup.stream).collect::<Vec<_>>())
        .bind(lookups.iter().map(|lookup| lookup.first.map(stored)).collect::<Vec<_>>())
        .bind(lookups.iter().map(|lookup| stored(lookup.amount)).collect::<Vec<_>>())
        .bind(lookups.iter().map(|lookup| lookup.command.map(|id| id.0)).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    // One row per lookup, unless the head's row is missing: then there is no log here.
    let head = rows.first().ok_or(sqlx::Error::RowNotFound)?.try_get("head").map(number)?;
    let facts = rows.iter().map(facts_of).collect::<Result<_, _>>()?;
    Ok((head, facts))
}

fn facts_of(row: &PgRow) -> Result<StreamFacts, sqlx::Error> {
    let ids: Vec<Uuid> = row.try_get::<Option<_>, _>("ids")?.unwrap_or_default();
    let positions: Vec<i64> = row.try_get::<Option<_>, _>("positions")?.unwrap_or_default();
    let receipt = match row.try_get::<Option<Vec<u8>>, _>("fingerprint")? {
        Some(fingerprint) => Some(receipt_of(row, fingerprint)?),
        None => None,
    };
    Ok(StreamFacts {
        last: row.try_get::<Option<_>, _>("last")?.map(number),
        stored: ids.into_iter().map(EventId).zip(positions.into_iter().map(number)).collect(),
        receipt,
    })
}

fn receipt_of(row: &PgRow, fingerprint: Vec<u8>) -> Result<Receipt, sqlx::Error> {
    Ok(Receipt {
        stream: StreamName::stored(row.try_get::<String, _>("stream")?),
        first_revision: row.try_get("first_revision").map(number)?,
        last_revision: row.try_get("last_revision").map(number)?,
        first_position: row.try_get("first_position").map(number)?,
        position: row.try_get("last_position").map(number)?,
        // A check constraint of the table fixes its length.
        fingerprint: fingerprint.try_into().map_err(|_| sqlx::Error::RowNotFound)?,
    })
}

const WRITE: &str = r#"
with moved as (
    update log.head set position = position + cardinality($2::text[]) where position = $1 returning 1
), wrote as (
    insert into log.events (position, stream, revision, event_id, kind, data, meta)
    select $1 + event.number, event.stream, event.revision, event.id, event.kind, event.data, event.meta
    from moved, unnest($2::text[], $3::bigint[], $4::uuid[], $5::text[], $6::bytea[], $7::bytea[])
                with ordinality as event(stream, revision, id, kind, data, meta, number)
), noted as (
    insert into log.receipts (command_id, fingerprint, stream, first_revision, last_revision, first_position,
                              last_position)
    select receipt.*
    from moved, unnest($8::uuid[], $9::bytea[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[],
                       $14::bigint[]) as receipt
)
select 1 from moved"#;

/// Stores the rows after `head`. `false`: the head has moved and nothing was stored.
pub(super) async fn write(
    connection: &mut PgConnection,
    head: Position,
    rows: &Rows<'_>,
) -> Result<bool, sqlx::Error> {
    let column = |pick: fn(&Receipt) -> u64| {
        rows.receipts.values().map(|receipt| stored(pick(receipt))).collect::<Vec<_>>()
    };
    sqlx::query(WRITE)
        .bind(stored(head))
        .bind(&rows.streams)
        .bind(&rows.revisions)
        .bind(rows.events.iter().map(|event| event.id.0).collect::<Vec<_>>())
        .bind(rows.events.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>())
        .bind(rows.events.iter().map(|event| &event.data[..]).collect::<Vec<_>>())
        .bind(rows.events.iter().map(|event| &event.meta[..]).collect::<Vec<_>>())
        .bind(rows.receipts.keys().map(|command| command.0).collect::<Vec<_>>())
        .bind(rows.receipts.values().map(|receipt| &receipt.fingerprint[..]).collect::<Vec<_>>())
        .bind(rows.receipts.values().map(|receipt| receipt.stream.as_str()).collect::<Vec<_>>())
        .bind(column(|receipt| receipt.first_revision))
        .bind(column(|receipt| receipt.last_revision))
        .bind(column(|receipt| receipt.first_position))
        .bind(column(|receipt| receipt.position))
        .fetch_optional(connection)
        .await
        .map(|moved| moved.is_some())
}

/// Whether the stream's revision or the command exists already.
pub(super) fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}

/// Whether Postgres refused the statement, so that nothing of it was stored. A fatal error is different: the
/// connection is lost, and perhaps only the news of the commit with it.
pub(super) fn was_refused(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
        .is_some_and(|error| error.severity() == PgSeverity::Error)
}

/// Position of the last event, 0 if the log is empty.
pub(super) async fn head(pool: &PgPool) -> Result<Position, ReadError> {
    sqlx::query_scalar("select position from log.head").fetch_one(pool).await.map(number).map_err(unreadable)
}

/// Receipt of a command.
pub(super) async fn receipt(pool: &PgPool, command: CommandId) -> Result<Option<Receipt>, ReadError> {
    let row = sqlx::query("select * from log.receipts where command_id = $1")
        .bind(command.0)
        .fetch_optional(pool)
        .await
        .map_err(unreadable)?;
    row.map(|row| receipt_of(&row, row.try_get("fingerprint")?)).transpose().map_err(unreadable)
}

/// Events of one stream, in order.
pub(super) async fn read_stream(
    pool: &PgPool,
    stream: &StreamName,
    from: Revision,
    limit: usize,
) -> Result<Vec<RawEvent>, ReadError> {
    let rows = sqlx::query(
        "select position, stream, revision, event_id, kind, data, meta from log.events
         where stream = $1 and revision >= $2 order by revision limit $3",
    )
    .bind(stream.as_str())
    .bind(stored(from))
    .bind(stored(limit as u64))
    .fetch_all(pool)
    .await;
    events_of(rows)
}

/// Events of all streams, in order.
pub(super) async fn read_all(
    pool: &PgPool,
    after: Position,
    limit: usize,
) -> Result<Vec<RawEvent>, ReadError> {
    let rows = sqlx::query(
        "select position, stream, revision, event_id, kind, data, meta from log.events
         where position > $1 order by position limit $2",
    )
    .bind(stored(after))
    .bind(stored(limit as u64))
    .fetch_all(pool)
    .await;
    events_of(rows)
}

/// Events at positions, in order.
pub(super) async fn read_at(
    pool: &PgPool,
    positions: &BTreeSet<Position>,
) -> Result<Vec<RawEvent>, ReadError> {
    let rows = sqlx::query(
        "select position, stream, revision, event_id, kind, data, meta from log.events
         where position = any($1) order by position",
    )
    .bind(positions.iter().copied().map(stored).collect::<Vec<_>>())
    .fetch_all(pool)
    .await;
    events_of(rows)
}

fn events_of(rows: Result<Vec<PgRow>, sqlx::Error>) -> Result<Vec<RawEvent>, ReadError> {
    rows.map_err(unreadable)?.iter().map(event_of).collect::<Result<_, _>>().map_err(unreadable)
}

fn event_of(row: &PgRow) -> Result<RawEvent, sqlx::Error> {
    Ok(RawEvent {
        position: row.try_get(0).map(number)?,
        stream: StreamName::stored(row.try_get::<String, _>(1)?),
        revision: row.try_get(2).map(number)?,
        id: EventId(row.try_get(3)?),
        kind: row.try_get(4)?,
        data: row.try_get::<Vec<u8>, _>(5)?.into(),
        meta: row.try_get::<Vec<u8>, _>(6)?.into(),
    })
}

fn unreadable(error: sqlx::Error) -> ReadError {
    match error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            ReadError::Corrupt("a row does not decode")
        }
        other => ReadError::Unavailable(Cause::new(other)),
    }
}

/// To the database's signed numbers. No log is that long; a larger number is after every end either way.
fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// From the database's signed numbers; check constraints exclude negative ones.
fn number(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or_default()
}
