//! The worker executes planned effects: takes what is due, attempts it, and records the outcome or the time of the next
//! attempt. Login codes and webhooks have separate queues and limits, so that no webhook delays a login.

use super::{
    deps::{EffectWorkerDeps, Outcome},
    pause,
    plan::Effect,
    queue::{self, Due},
    round_robin::TeamRoundRobin,
    sms, webhook,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, stream::FuturesUnordered};
use read_model::ReadModel;
use secrets::vault::Place;
use std::{pin::pin, time::Duration};
use uuid::Uuid;

/// How often an empty queue is polled.
const POLL: Duration = Duration::from_millis(200);
/// Maximum concurrent SMS.
const MAX_CONCURRENT_SMS: usize = 32;
/// Seconds before each retry of an SMS, as long as its code is valid.
const SMS_RETRY_DELAYS: [u32; 4] = [2, 5, 10, 20];
/// How long a finished effect is kept.
const RETENTION: TimeDelta = TimeDelta::days(30);

/// Executes effects.
pub struct EffectWorker {
    deps: EffectWorkerDeps,
}

impl EffectWorker {
    pub fn new(deps: EffectWorkerDeps) -> Self {
        Self { deps }
    }

    /// Runs until dropped.
    pub async fn run(self) {
        futures::join!(self.send_sms(), self.send_webhooks());
    }

    async fn send_sms(&self) {
        let mut running = FuturesUnordered::new();
        loop {
            let taken = match MAX_CONCURRENT_SMS - running.len() {
                0 => vec![],
                free => {
                    let taking = queue::take_sms(self.deps.read.pool(), self.deps.clock.now(), free);
                    self.taken_or_none(while_running(&mut running, taking).await)
                }
            };
            running.extend(taken.into_iter().map(|due| self.execute(due)));
            next_poll_or_end(&mut running).await;
        }
    }

    async fn send_webhooks(&self) {
        let rules = &self.deps.webhooks;
        let mut turns = TeamRoundRobin::default();
        let mut running = FuturesUnordered::new();
        loop {
            let free = (rules.at_once as usize).saturating_sub(running.len());
            let (pool, now) = (self.deps.read.pool(), self.deps.clock.now());
            let taking = queue::take_webhooks(pool, (rules, &mut turns), now, free);
            let taken = self.taken_or_none(while_running(&mut running, taking).await);
            running.extend(taken.into_iter().map(|due| self.execute(due)));
            metrics::gauge!("veche_webhooks_in_flight").set(running.len() as f64);
            next_poll_or_end(&mut running).await;
        }
    }

    fn taken_or_none(&self, taken: Result<Vec<Due>, sqlx::Error>) -> Vec<Due> {
        taken.unwrap_or_else(|error| {
            tracing::warn!(%error, "due effects could not be loaded");
            vec![]
        })
    }

    async fn execute(&self, due: Due) {
        let outcome = self.attempt(&due).await;
        self.record_target(&due, &outcome).await;
        let (next, text) = match outcome {
            Outcome::Done => (None, "done".to_owned()),
            Outcome::Dropped(why) => (None, why.to_owned()),
            Outcome::Failed(why) | Outcome::TargetFailed(why) => (self.next_attempt(&due), why),
        };
        let label = if next.is_some() { "again" } else { "final" };
        metrics::counter!("veche_effects_total", "kind" => due.kind, "outcome" => label).increment(1);
        if let Err(error) = queue::record_outcome(self.deps.read.pool(), &due, next, &text).await {
            tracing::warn!(%error, kind = due.kind, key = due.key, "the outcome of an effect was not recorded; it will be attempted again");
        }
    }

    /// Records whether the target of a webhook responds.
    async fn record_target(&self, due: &Due, outcome: &Outcome) {
        let Some(target) = due.target else { return };
        let pool = self.deps.read.pool();
        let recorded = match outcome {
            Outcome::Done | Outcome::Failed(_) => pause::record_success(pool, target).await,
            Outcome::Dropped(_) => Ok(()),
            Outcome::TargetFailed(_) => {
                let integration = due.key.rsplit(':').next().and_then(|uid| Uuid::parse_str(uid).ok());
                let failed = (target, integration.unwrap_or_default());
                pause::record_failure(pool, &self.deps.webhooks, failed, self.deps.clock.now()).await
            }
        };
        if let Err(error) = recorded {
            tracing::warn!(%error, "the state of a webhook's target was not recorded");
        }
    }

    async fn attempt(&self, due: &Due) -> Outcome {
        let plain = match self.deps.vault.open(&due.payload, Place::Effect { kind: due.kind, key: &due.key })
        {
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
            Err(_) => Outcome::Dropped("written by another version of the program"),
        }
    }

    /// The time of the next attempt; `None` after the last one.
    fn next_attempt(&self, due: &Due) -> Option<DateTime<Utc>> {
        let delays: &[u32] =
            if due.kind == "sms" { &SMS_RETRY_DELAYS } else { &self.deps.webhooks.retry_delays_sec };
        let delay = delays.get(usize::try_from(due.attempts).ok()?.checked_sub(1)?)?;
        Some(self.deps.clock.now() + TimeDelta::seconds(i64::from(*delay)))
    }

    /// Deletes effects that finished long ago, and returns their number.
    pub async fn prune(read: &ReadModel, now: DateTime<Utc>) -> Result<u64, sqlx::Error> {
        pause::prune(read.pool(), now).await?;
        // Those after the checkpoint stay: a replay would plan them again.
        let done = sqlx::query(
            "DELETE FROM ops.effect e USING ops.effect_checkpoint c WHERE e.due IS NULL AND e.position <= c.position \
             AND e.planned < $1",
        )
        .bind(now - RETENTION)
        .execute(read.pool())
        .await?;
        Ok(done.rows_affected())
    }
}

/// Does `work` and polls the running effects meanwhile: they may hold the connections that it waits for.
async fn while_running<F: Future<Output = ()>, T>(
    running: &mut FuturesUnordered<F>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            done = work.as_mut() => return done,
            Some(()) = running.next() => {}
        }
    }
}

/// Waits until a running effect ends, or until the next poll of the queue.
async fn next_poll_or_end<F: Future<Output = ()>>(running: &mut FuturesUnordered<F>) {
    tokio::select! {
        Some(()) = running.next() => {}
        () = tokio::time::sleep(POLL) => {}
    }
}
