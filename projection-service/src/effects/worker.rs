//! Carries out planned effects: takes what is due, tries it, notes the outcome or when to try again. Login codes and
//! webhooks have a queue and places of their own: no listener of an integration keeps anybody from logging in.

use super::{
    pause,
    plan::Effect,
    queue::{self, Due},
    round_robin::TeamRoundRobin,
    sms, webhook,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, stream::FuturesUnordered};
use outbound::{Outbound, sms::Sms};
use platform::{clock::Clock, config::Webhooks};
use read_model::ReadModel;
use secrets::vault::{Place, Vault};
use std::{pin::pin, sync::Arc, time::Duration};
use uuid::Uuid;

/// How often a queue is looked at while nothing is due.
const POLL: Duration = Duration::from_millis(200);
/// Login codes sent at once.
const SMS_AT_ONCE: usize = 32;
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
    /// How many webhooks go out at once, when they are repeated, and when a target is left alone.
    pub webhooks: Webhooks,
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
    /// It may work later; the other side is well.
    Failed(String),
    /// It may work later; the other side does not answer, or says that it cannot now.
    TargetFailed(String),
}

impl EffectWorker {
    /// A worker.
    pub fn new(deps: EffectWorkerDeps) -> Self {
        Self { deps }
    }

    /// Runs until it is dropped.
    pub async fn run(self) {
        futures::join!(self.send_sms(), self.send_webhooks());
    }

    async fn send_sms(&self) {
        let mut running = FuturesUnordered::new();
        loop {
            let taken = match SMS_AT_ONCE - running.len() {
                0 => vec![],
                free => {
                    let taking = queue::take_sms(self.deps.read.pool(), self.deps.clock.now(), free);
                    self.taken(while_running(&mut running, taking).await)
                }
            };
            running.extend(taken.into_iter().map(|due| self.carry_out(due)));
            pause_or_end(&mut running).await;
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
            let taken = self.taken(while_running(&mut running, taking).await);
            running.extend(taken.into_iter().map(|due| self.carry_out(due)));
            metrics::gauge!("veche_webhooks_in_flight").set(running.len() as f64);
            pause_or_end(&mut running).await;
        }
    }

    fn taken(&self, taken: Result<Vec<Due>, sqlx::Error>) -> Vec<Due> {
        taken.unwrap_or_else(|error| {
            tracing::warn!(%error, "effects cannot be read");
            vec![]
        })
    }

    async fn carry_out(&self, due: Due) {
        let outcome = self.attempt(&due).await;
        self.note_target(&due, &outcome).await;
        let (next, text) = match outcome {
            Outcome::Done => (None, "done".to_owned()),
            Outcome::Dropped(why) => (None, why.to_owned()),
            Outcome::Failed(why) | Outcome::TargetFailed(why) => (self.next_try(&due), why),
        };
        let label = if next.is_some() { "again" } else { "final" };
        metrics::counter!("veche_effects_total", "kind" => due.kind, "outcome" => label).increment(1);
        if let Err(error) = queue::note(self.deps.read.pool(), &due, next, &text).await {
            tracing::warn!(%error, kind = due.kind, key = due.key, "an effect's outcome was not noted; it is tried again");
        }
    }

    /// Remembers whether the target of a webhook answers.
    async fn note_target(&self, due: &Due, outcome: &Outcome) {
        let Some(target) = due.target else { return };
        let pool = self.deps.read.pool();
        let noted = match outcome {
            Outcome::Done | Outcome::Failed(_) => pause::is_well(pool, target).await,
            Outcome::Dropped(_) => Ok(()),
            Outcome::TargetFailed(_) => {
                let integration = due.key.rsplit(':').next().and_then(|uid| Uuid::parse_str(uid).ok());
                let whose = (target, integration.unwrap_or_default());
                pause::has_failed(pool, &self.deps.webhooks, whose, self.deps.clock.now()).await
            }
        };
        if let Err(error) = noted {
            tracing::warn!(%error, "it cannot be noted how a webhook's target is");
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
            Err(_) => Outcome::Dropped("written by another version"),
        }
    }

    /// When to try again, as long as there are tries left.
    fn next_try(&self, due: &Due) -> Option<DateTime<Utc>> {
        let delays: &[u32] =
            if due.kind == "sms" { &SMS_RETRIES } else { &self.deps.webhooks.retry_delays_sec };
        let delay = delays.get(usize::try_from(due.attempts).ok()?.checked_sub(1)?)?;
        Some(self.deps.clock.now() + TimeDelta::seconds(i64::from(*delay)))
    }

    /// Forgets what was finished long ago.
    ///
    /// # Errors
    /// The database failed.
    pub async fn prune(read: &ReadModel, now: DateTime<Utc>) -> Result<u64, sqlx::Error> {
        pause::prune(read.pool(), now).await?;
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

/// Does something while others run. They must not stand still meanwhile: they may hold the connections that it waits for.
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

/// Waits until something that runs ends, or until it is time to look at the queue again.
async fn pause_or_end<F: Future<Output = ()>>(running: &mut FuturesUnordered<F>) {
    tokio::select! {
        Some(()) = running.next() => {}
        () = tokio::time::sleep(POLL) => {}
    }
}
