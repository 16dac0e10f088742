//! Carries out planned effects: takes what is due, tries it, notes the outcome or when to try again.

use super::{plan::Effect, sms, webhook};
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, stream};
use platform::{clock::Clock, outbound::Outbound, sms::Sms, vault::{Place, Vault}};
use read_model::ReadModel;
use sqlx::Row;
use std::{sync::Arc, time::Duration};

/// How often the table is looked at while nothing is due.
const POLL: Duration = Duration::from_millis(200);
/// How long a worker may be silent about what it took before another one takes it.
const LEASE: TimeDelta = TimeDelta::seconds(90);
/// Effects tried at once.
const AT_ONCE: usize = 16;
/// Seconds before an SMS is tried again, while its code is still of use.
const SMS_RETRIES: [u32; 4] = [2, 5, 10, 20];
/// How long a finished effect is remembered.
const REMEMBERED: TimeDelta = TimeDelta::days(30);

/// What the worker works with.
#[derive(Clone)]
pub struct EffectWorkerDeps {
    /// Integrations, and the table of effects.
    pub read: ReadModel,
    /// Opens payloads, derives codes.
    pub vault: Vault,
    /// The time.
    pub clock: Clock,
    /// Sends login codes.
    pub sms: Sms,
    /// Calls integrations' addresses.
    pub outbound: Outbound,
    /// The code that is always sent; dev only.
    pub fixed_code: Option<Arc<str>>,
    /// Seconds before each repetition of a webhook.
    pub webhook_retries: Arc<[u32]>,
}

/// Runs beside the projection.
pub struct EffectWorker {
    deps: EffectWorkerDeps,
}

/// How a try ended.
pub(super) enum Outcome {
    /// It is done.
    Done,
    /// It is of no use any more.
    Dropped(&'static str),
    /// It may work later.
    Failed(String),
}

/// A due effect.
struct Due {
    kind: String,
    key: String,
    attempts: i32,
    payload: String,
}

impl EffectWorker {
    /// A worker.
    pub fn new(deps: EffectWorkerDeps) -> Self {
        Self { deps }
    }

    /// Runs until it is dropped.
    pub async fn run(self) {
        loop {
            match self.take().await {
                Ok(due) if due.is_empty() => tokio::time::sleep(POLL).await,
                Ok(due) => stream::iter(due).for_each_concurrent(AT_ONCE, |due| self.carry_out(due)).await,
                Err(error) => {
                    tracing::warn!(%error, "effects cannot be read");
                    tokio::time::sleep(POLL * 5).await;
                }
            }
        }
    }

    /// Takes what is due, for as long as the lease: if this worker dies, it is due again.
    async fn take(&self) -> Result<Vec<Due>, sqlx::Error> {
        let now = self.deps.clock.now();
        let rows = sqlx::query(
            "UPDATE ops.effect e SET due = $2, attempts = e.attempts + 1 FROM (SELECT kind, key FROM ops.effect \
                 WHERE due <= $1 ORDER BY due LIMIT $3 FOR UPDATE SKIP LOCKED) d \
             WHERE e.kind = d.kind AND e.key = d.key RETURNING e.kind, e.key, e.attempts, e.payload",
        )
        .bind(now)
        .bind(now + LEASE)
        .bind(i64::try_from(AT_ONCE).unwrap_or(i64::MAX))
        .fetch_all(self.deps.read.pool())
        .await?;
        let due = |row: &sqlx::postgres::PgRow| Due {
            kind: row.get("kind"),
            key: row.get("key"),
            attempts: row.get("attempts"),
            payload: row.get("payload"),
        };
        Ok(rows.iter().map(due).collect())
    }

    async fn carry_out(&self, due: Due) {
        let outcome = self.attempt(&due).await;
        let (next, text) = match outcome {
            Outcome::Done => (None, "done".to_owned()),
            Outcome::Dropped(why) => (None, why.to_owned()),
            Outcome::Failed(why) => (self.next_try(&due), why),
        };
        let label = if next.is_some() { "again" } else { "final" };
        metrics::counter!("veche_effects_total", "kind" => due.kind.clone(), "outcome" => label).increment(1);
        // What it was about is of no use any more once it is over, and often personal.
        let note = "UPDATE ops.effect SET due = $3, outcome = $4, \
                payload = CASE WHEN $3::timestamptz IS NULL THEN '' ELSE payload END WHERE kind = $1 AND key = $2";
        let noted = sqlx::query(note)
            .bind(&due.kind)
            .bind(&due.key)
            .bind(next)
            .bind(&text)
            .execute(self.deps.read.pool())
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, kind = due.kind, key = due.key, "an effect's outcome was not noted; it is tried again");
        }
    }

    async fn attempt(&self, due: &Due) -> Outcome {
        let plain = match self.deps.vault.open(&due.payload, Place::Effect { kind: &due.kind, key: &due.key }) {
            Ok(plain) => plain,
            Err(error) => return Outcome::Failed(error.to_string()),
        };
        match serde_json::from_slice::<Effect>(&plain) {
            Ok(Effect::Sms { phone, phone_hash, nonce, length, lang, valid_until }) => {
                let (phone, phone_hash, lang) = (phone.as_str(), phone_hash.as_str(), lang.as_str());
                sms::send(&self.deps, sms::Code { phone, phone_hash, nonce, length, lang, valid_until }).await
            }
            Ok(Effect::Webhook { integration, form }) => {
                webhook::send(&self.deps, &due.key, integration, &form).await
            }
            Err(_) => Outcome::Dropped("written by another version"),
        }
    }

    /// When to try again, as long as there are tries left.
    fn next_try(&self, due: &Due) -> Option<DateTime<Utc>> {
        let delays: &[u32] = if due.kind == "sms" { &SMS_RETRIES } else { &self.deps.webhook_retries };
        let delay = delays.get(usize::try_from(due.attempts).ok()?.checked_sub(1)?)?;
        Some(self.deps.clock.now() + TimeDelta::seconds(i64::from(*delay)))
    }

    /// Forgets what was finished long ago.
    ///
    /// # Errors
    /// The database failed.
    pub async fn prune(read: &ReadModel, now: DateTime<Utc>) -> Result<u64, sqlx::Error> {
        // The checkpoint keeps forgotten ones from being planned again.
        let done = sqlx::query(
            "DELETE FROM ops.effect e USING ops.effect_checkpoint c WHERE e.due IS NULL AND e.position <= c.position \
             AND e.planned < $1",
        )
        .bind(now - REMEMBERED)
        .execute(read.pool())
        .await?;
        Ok(done.rows_affected())
    }
}
