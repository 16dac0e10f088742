//! The schema `audit`: entries, checkpoints, and the head of the chain.

use crate::{
    Chain, Checkpoint, Entry, Filter, Hash, Order,
    stored::{hash_of, signed},
};
use event_log::apply_idempotent_schema;
use events::{EventId, Position, TeamId};
use sqlx::{Connection, FromRow, PgConnection, PgPool, Postgres, QueryBuilder, Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// Key of the advisory lock for migrations of this schema; no other migrator uses it.
const MIGRATION_LOCK: i64 = 0x7665_6368_6175_6474;

/// All statements are repeatable, so running all of them is the migration.
const SCHEMA: &str = include_str!("schema.sql");

/// The chain's tables in Postgres, in the database with the keys. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ledger {
    pool: PgPool,
}

/// End of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Last number and hash.
    pub chain: Chain,
    /// Position of that event in the log.
    pub position: Position,
}

impl Ledger {
    /// Creates or updates the schema `audit`; safe to run repeatedly and from several processes at once.
    ///
    /// # Errors
    /// The database failed, or the role may not change the schema.
    pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::Error> {
        apply_idempotent_schema(pool, "audit", MIGRATION_LOCK, SCHEMA).await
    }

    /// The chain in a migrated database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// The head of the chain.
    pub async fn head(&self) -> Result<Head, sqlx::Error> {
        sqlx::query_as("select number, position, hash from audit.head").fetch_one(&self.pool).await
    }

    /// Entries that match a filter, at most `limit`: after the number `from`, or before it in the order latest first.
    pub async fn entries(
        &self,
        filter: &Filter,
        order: Order,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, sqlx::Error> {
        let mut query = QueryBuilder::<Postgres>::new("select * from audit.entry where ");
        let (comparison, direction) = match order {
            Order::Oldest => ("number > ", " order by number limit "),
            Order::Latest => ("number < ", " order by number desc limit "),
        };
        query.push(comparison).push_bind(signed(from));
        filter.restrict(&mut query);
        query.push(direction).push_bind(signed(limit as u64));
        query.build_query_as().fetch_all(&self.pool).await
    }

    /// Entry of an event.
    pub async fn entry(&self, event: EventId) -> Result<Option<Entry>, sqlx::Error> {
        let found = sqlx::query_as("select * from audit.entry where event_id = $1 order by number limit 1");
        found.bind(event.0).fetch_optional(&self.pool).await
    }

    /// Entry at a position of the log.
    pub async fn entry_at(&self, position: Position) -> Result<Option<Entry>, sqlx::Error> {
        let found = sqlx::query_as("select * from audit.entry where position = $1");
        found.bind(signed(position)).fetch_optional(&self.pool).await
    }

    /// Entry with a number.
    pub async fn entry_number(&self, number: u64) -> Result<Option<Entry>, sqlx::Error> {
        let found = sqlx::query_as("select * from audit.entry where number = $1");
        found.bind(signed(number)).fetch_optional(&self.pool).await
    }

    /// Entries of the events that these events caused directly.
    pub async fn effects_of(&self, events: &[EventId]) -> Result<Vec<Entry>, sqlx::Error> {
        let ids: Vec<Uuid> = events.iter().map(|event| event.0).collect();
        let found = sqlx::query_as("select * from audit.entry where causation = any($1) order by number");
        found.bind(ids).fetch_all(&self.pool).await
    }

    /// All checkpoints by number.
    pub async fn checkpoints(&self) -> Result<Vec<Checkpoint>, sqlx::Error> {
        let all =
            "select number, position, hash, at, key, signature from audit.checkpoint order by number, at";
        sqlx::query_as(all).fetch_all(&self.pool).await
    }

    /// Last checkpoint.
    pub async fn last_checkpoint(&self) -> Result<Option<Checkpoint>, sqlx::Error> {
        let last = "select number, position, hash, at, key, signature from audit.checkpoint
                    order by number desc, at desc limit 1";
        sqlx::query_as(last).fetch_optional(&self.pool).await
    }

    /// Stores a checkpoint; a repetition changes nothing.
    pub async fn save_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), sqlx::Error> {
        let Checkpoint { number, position, hash, at, key, signature } = checkpoint;
        sqlx::query("insert into audit.checkpoint values ($1, $2, $3, $4, $5, $6) on conflict do nothing")
            .bind(signed(*number))
            .bind(signed(*position))
            .bind(&hash.0[..])
            .bind(at)
            .bind(key)
            .bind(signature)
            .execute(&self.pool)
            .await
            .map(drop)
    }

    /// Removes all entries, so that the notary rebuilds them from another log. Checkpoints are kept unless `all`: a
    /// copied history fulfils them too.
    pub async fn reset(&self, all: bool) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        sqlx::raw_sql(
            "update audit.head set number = 0, position = 0, hash = decode(repeat('00', 32), 'hex')",
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::raw_sql("truncate audit.entry").execute(&mut *transaction).await?;
        if all {
            sqlx::raw_sql("truncate audit.checkpoint").execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }

    /// Opens a connection for the notary. It does not wait for the disk, since lost entries are rebuilt from the log,
    /// and its plans must not scan tables that were small when the plan was made.
    pub(crate) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let mut db = PgConnection::connect_with(&self.pool.connect_options()).await?;
        sqlx::raw_sql("set synchronous_commit = off; set enable_seqscan = off; set jit = off")
            .execute(&mut db)
            .await?;
        Ok(db)
    }
}

/// Teams of streams that have entries.
pub(crate) async fn teams(
    db: &mut PgConnection,
    streams: &[&str],
) -> Result<HashMap<String, TeamId>, sqlx::Error> {
    let found: Vec<(String, Uuid)> = sqlx::query_as(
        "select distinct on (stream) stream, team from audit.entry
         where stream = any($1) and team is not null order by stream, number",
    )
    .bind(streams)
    .fetch_all(db)
    .await?;
    Ok(found.into_iter().map(|(stream, team)| (stream, TeamId(team))).collect())
}

/// Adds entries after `before`; `false` if the head has moved because another process was faster.
pub(crate) async fn add(db: &mut PgConnection, before: Head, entries: &[Entry]) -> Result<bool, sqlx::Error> {
    let Some(last) = entries.last() else { return Ok(true) };
    let mut transaction = db.begin().await?;
    // Moves the head row first: it stays locked until the entries are committed with it.
    let moved = sqlx::query(
        "update audit.head set number = $1, position = $2, hash = $3 where number = $4 and position = $5",
    )
    .bind(signed(last.number))
    .bind(signed(last.position))
    .bind(&last.hash.0[..])
    .bind(signed(before.chain.number))
    .bind(signed(before.position))
    .execute(&mut *transaction)
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(false);
    }
    insert(&mut transaction, entries).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn insert(db: &mut PgConnection, entries: &[Entry]) -> Result<(), sqlx::Error> {
    fn column<T>(entries: &[Entry], pick: impl Fn(&Entry) -> T) -> Vec<T> {
        entries.iter().map(pick).collect()
    }
    sqlx::query(
        "insert into audit.entry (number, position, hash, event_id, stream, revision, kind, at, command, request_id,
                                  correlation, causation, command_id, actor, contact, session, team)
         select * from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::uuid[], $5::text[], $6::bigint[], $7::text[],
                              $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::uuid[], $13::uuid[],
                              $14::uuid[], $15::uuid[], $16::uuid[], $17::uuid[])",
    )
    .bind(column(entries, |entry| signed(entry.number)))
    .bind(column(entries, |entry| signed(entry.position)))
    .bind(column(entries, |entry| entry.hash.0.to_vec()))
    .bind(column(entries, |entry| entry.event_id.0))
    .bind(entries.iter().map(|entry| entry.stream.as_str()).collect::<Vec<_>>())
    .bind(column(entries, |entry| signed(entry.revision)))
    .bind(entries.iter().map(|entry| entry.kind.as_str()).collect::<Vec<_>>())
    .bind(column(entries, |entry| entry.at))
    .bind(entries.iter().map(|entry| entry.command.as_str()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.request_id.as_deref()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.correlation.as_deref()).collect::<Vec<_>>())
    .bind(column(entries, |entry| entry.causation.map(|id| id.0)))
    .bind(column(entries, |entry| entry.command_id.map(|id| id.0)))
    .bind(column(entries, |entry| entry.actor.map(|id| id.0)))
    .bind(column(entries, |entry| entry.contact.map(|id| id.0)))
    .bind(column(entries, |entry| entry.session.map(|id| id.0)))
    .bind(column(entries, |entry| entry.team.map(|id| id.0)))
    .execute(db)
    .await
    .map(drop)
}

fn chain_of(row: &PgRow) -> Result<(Chain, Position), sqlx::Error> {
    let number = row.try_get::<i64, _>("number")?.cast_unsigned();
    let hash: Hash = hash_of(row.try_get("hash")?)?;
    Ok((Chain { number, hash }, row.try_get::<i64, _>("position")?.cast_unsigned()))
}

impl FromRow<'_, PgRow> for Head {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        chain_of(row).map(|(chain, position)| Self { chain, position })
    }
}

impl FromRow<'_, PgRow> for Checkpoint {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let (Chain { number, hash }, position) = chain_of(row)?;
        let (at, key, signature) = (row.try_get("at")?, row.try_get("key")?, row.try_get("signature")?);
        Ok(Self { number, position, hash, at, key, signature })
    }
}
