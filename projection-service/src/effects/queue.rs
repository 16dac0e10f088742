//! The table `ops.effect` as a queue: a due effect is leased, and its outcome is recorded.

use super::{
    pause::{Pauses, Target},
    round_robin::{Capacity, InFlight, TeamRoundRobin, WaitingWebhook},
};
use chrono::{DateTime, TimeDelta, Utc};
use platform::config::Webhooks;
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// A leased effect is due again after this time, in case its worker has died.
const LEASE: TimeDelta = TimeDelta::seconds(90);
/// Advisory lock that lets one process at a time take webhooks; the number is arbitrary but unique in this project.
const TAKE_LOCK: i64 = 0x7665_6368_6522;

/// A due effect.
pub(super) struct Due {
    pub(super) kind: &'static str,
    pub(super) key: String,
    pub(super) attempts: i32,
    pub(super) payload: String,
    /// Webhooks only.
    pub(super) target: Option<Target>,
}

impl Due {
    fn read(kind: &'static str, row: &PgRow, target: Option<Target>) -> Self {
        let (key, attempts, payload) = (row.get("key"), row.get("attempts"), row.get("payload"));
        Self { kind, key, attempts, payload, target }
    }
}

/// Leases up to `free` due SMS, the oldest first.
pub(super) async fn take_sms(
    pool: &PgPool,
    now: DateTime<Utc>,
    free: usize,
) -> Result<Vec<Due>, sqlx::Error> {
    let rows = sqlx::query(
        "UPDATE ops.effect e SET due = $2, attempts = e.attempts + 1 FROM (SELECT key FROM ops.effect \
             WHERE kind = 'sms' AND due <= $1 ORDER BY due LIMIT $3 FOR UPDATE SKIP LOCKED) d \
         WHERE e.kind = 'sms' AND e.key = d.key RETURNING e.key, e.attempts, e.payload",
    )
    .bind(now)
    .bind(now + LEASE)
    .bind(i64::try_from(free).unwrap_or(i64::MAX))
    .fetch_all(pool)
    .await?;
    Ok(rows.iter().map(|row| Due::read("sms", row, None)).collect())
}

/// Leases up to `free` due webhooks, chosen by [`TeamRoundRobin`].
pub(super) async fn take_webhooks(
    pool: &PgPool,
    (rules, turns): (&Webhooks, &mut TeamRoundRobin),
    now: DateTime<Utc>,
    free: usize,
) -> Result<Vec<Due>, sqlx::Error> {
    if free == 0 || !any_webhook(pool, now).await? {
        return Ok(vec![]);
    }
    let mut transaction = pool.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(TAKE_LOCK).execute(&mut *transaction).await?;
    let waiting = load_waiting(&mut transaction, now).await?;
    let in_flight = load_in_flight(&mut transaction, now).await?;
    let pauses = Pauses::load(&mut transaction, rules, now).await?;
    let room = Capacity { free, per_team: rules.at_once_per_team as usize };
    let chosen = turns.choose(waiting, &in_flight, &pauses, room);
    if chosen.is_empty() {
        return Ok(vec![]);
    }
    let targets: HashMap<String, Target> =
        chosen.into_iter().map(|webhook| (webhook.key, webhook.target)).collect();
    let rows = sqlx::query(
        "UPDATE ops.effect SET due = $1, held_until = $1, attempts = attempts + 1 \
         WHERE kind = 'webhook' AND key = ANY($2) RETURNING key, attempts, payload",
    )
    .bind(now + LEASE)
    .bind(targets.keys().cloned().collect::<Vec<_>>())
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    let due = |row: &PgRow| Due::read("webhook", row, targets.get(row.get::<&str, _>("key")).copied());
    Ok(rows.iter().map(due).collect())
}

async fn any_webhook(pool: &PgPool, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM ops.effect WHERE kind = 'webhook' AND due <= $1)")
        .bind(now)
        .fetch_one(pool)
        .await
}

/// The first due webhook of each integration that has none in flight, by due time. The recursive query looks up the index
/// once per integration, because the table may have very many rows of a few integrations.
async fn load_waiting(db: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<WaitingWebhook>, sqlx::Error> {
    let rows = sqlx::query(
        "WITH RECURSIVE calling AS ( \
             (SELECT integration FROM ops.effect WHERE kind = 'webhook' AND due IS NOT NULL \
                 ORDER BY integration LIMIT 1) \
             UNION ALL \
             SELECT (SELECT e.integration FROM ops.effect e WHERE e.kind = 'webhook' AND e.due IS NOT NULL \
                 AND e.integration > c.integration ORDER BY e.integration LIMIT 1) \
             FROM calling c WHERE c.integration IS NOT NULL) \
         SELECT first.key, c.integration, i.team, i.webhook_url FROM calling c \
         CROSS JOIN LATERAL (SELECT e.key, e.due, e.position FROM ops.effect e WHERE e.kind = 'webhook' \
             AND e.integration = c.integration AND e.due <= $1 ORDER BY e.due, e.position LIMIT 1) first \
         LEFT JOIN integration i ON i.uid = c.integration \
         WHERE NOT EXISTS (SELECT FROM ops.effect h WHERE h.integration = c.integration AND h.held_until > $1) \
         ORDER BY first.due, first.position",
    )
    .bind(now)
    .fetch_all(db)
    .await?;
    let webhook = |row: &PgRow| {
        let (team, target) = team_and_target(row);
        WaitingWebhook { key: row.get("key"), team, target }
    };
    Ok(rows.iter().map(webhook).collect())
}

async fn load_in_flight(db: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<InFlight>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT e.integration, i.team, i.webhook_url FROM ops.effect e \
         LEFT JOIN integration i ON i.uid = e.integration WHERE e.held_until > $1",
    )
    .bind(now)
    .fetch_all(db)
    .await?;
    let held = |row: &PgRow| {
        let (team, target) = team_and_target(row);
        InFlight { team, target }
    };
    Ok(rows.iter().map(held).collect())
}

/// The team and the target of a webhook. If the integration was removed, its id stands in for the team; the attempt then drops
/// the webhook.
fn team_and_target(row: &PgRow) -> (Uuid, Target) {
    let team = row.get::<Option<Uuid>, _>("team").unwrap_or_else(|| row.get("integration"));
    let url = row.get::<Option<&str>, _>("webhook_url").unwrap_or_default();
    (team, Target::of(team, url))
}

/// Records the outcome of an attempt and the time of the next one. The payload of a finished effect is blanked, because it is
/// personal.
pub(super) async fn record_outcome(
    pool: &PgPool,
    due: &Due,
    next: Option<DateTime<Utc>>,
    outcome: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE ops.effect SET due = $3, outcome = $4, held_until = NULL, \
             payload = CASE WHEN $3::timestamptz IS NULL THEN '' ELSE payload END WHERE kind = $1 AND key = $2",
    )
    .bind(due.kind)
    .bind(&due.key)
    .bind(next)
    .bind(outcome)
    .execute(pool)
    .await?;
    Ok(())
}
