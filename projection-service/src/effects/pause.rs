//! Circuit breaker of webhooks: a target that keeps failing is paused, each time for longer. Its webhooks wait and lose no
//! attempt. A target is an authority (host and port) as one team calls it, so that no team can pause the calls of another
//! team to the same host.

use chrono::{DateTime, TimeDelta, Utc};
use platform::config::Webhooks;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// A row is deleted after this time without failures.
const RETENTION: TimeDelta = TimeDelta::days(1);

/// The hash of a team and an authority; the table stores no addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Target(pub(super) [u8; 32]);

/// Targets that have failed too often; true while the pause lasts.
#[derive(Debug, Default)]
pub(super) struct Pauses(HashMap<Target, bool>);

impl Target {
    /// The target of a team's URL. An invalid URL is a target too; the call rejects it.
    pub(super) fn of(team: Uuid, url: &str) -> Self {
        let authority = outbound::authority_of(url).unwrap_or_default();
        Self(Sha256::new().chain_update(team).chain_update(authority).finalize().into())
    }
}

impl Pauses {
    /// Loads the targets, unless pauses are turned off.
    pub(super) async fn load(
        db: &mut PgConnection,
        rules: &Webhooks,
        now: DateTime<Utc>,
    ) -> Result<Self, sqlx::Error> {
        if rules.pause_after == 0 {
            return Ok(Self::default());
        }
        let rows = sqlx::query("SELECT target, until FROM ops.webhook_pause WHERE failures >= $1")
            .bind(count(rules.pause_after))
            .fetch_all(db)
            .await?;
        let pauses: HashMap<Target, bool> = rows
            .iter()
            .filter_map(|row| {
                let target = row.get::<&[u8], _>("target").try_into().ok()?;
                Some((Target(target), row.get::<DateTime<Utc>, _>("until") > now))
            })
            .collect();
        metrics::gauge!("veche_webhook_targets_paused")
            .set(pauses.values().filter(|paused| **paused).count() as f64);
        Ok(Self(pauses))
    }

    /// Nothing is sent to the target now.
    pub(super) fn is_paused(&self, target: Target) -> bool {
        self.0.get(&target).copied().unwrap_or_default()
    }

    /// The pause is over, and no call has succeeded since: one call at a time probes the target.
    pub(super) fn needs_probe(&self, target: Target) -> bool {
        self.0.get(&target).is_some_and(|paused| !paused)
    }

    #[cfg(test)]
    pub(super) fn of(pauses: impl IntoIterator<Item = (Target, bool)>) -> Self {
        Self(pauses.into_iter().collect())
    }
}

/// Records that a target has responded, which ends its pauses.
pub(super) async fn record_success(pool: &PgPool, target: Target) -> Result<(), sqlx::Error> {
    let gone =
        sqlx::query("DELETE FROM ops.webhook_pause WHERE target = $1").bind(target.0).execute(pool).await?;
    if gone.rows_affected() > 0 {
        metrics::counter!("veche_webhook_pauses_total", "change" => "over").increment(1);
    }
    Ok(())
}

/// Records a failure of a target. From the second pause on, each is twice as long as the one before.
pub(super) async fn record_failure(
    pool: &PgPool,
    rules: &Webhooks,
    (target, integration): (Target, Uuid),
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    if rules.pause_after == 0 {
        return Ok(());
    }
    let failures: i32 = sqlx::query_scalar(
        "INSERT INTO ops.webhook_pause AS p (target, failures, until) VALUES ($1, 1, $2) \
         ON CONFLICT (target) DO UPDATE SET failures = p.failures + 1 RETURNING failures",
    )
    .bind(target.0)
    .bind(now)
    .fetch_one(pool)
    .await?;
    let Some(pause) = pause(rules, failures) else { return Ok(()) };
    sqlx::query("UPDATE ops.webhook_pause SET until = $2 WHERE target = $1")
        .bind(target.0)
        .bind(now + pause)
        .execute(pool)
        .await?;
    metrics::counter!("veche_webhook_pauses_total", "change" => "begun").increment(1);
    let seconds = pause.num_seconds();
    tracing::warn!(%integration, failures, seconds, "a webhook's target keeps failing and is paused");
    Ok(())
}

/// The pause after this number of consecutive failures.
fn pause(rules: &Webhooks, failures: i32) -> Option<TimeDelta> {
    let before = failures.checked_sub(count(rules.pause_after)).filter(|before| *before >= 0)?;
    let doubled = 1_u64.checked_shl(before.unsigned_abs().min(32)).unwrap_or(u64::MAX);
    let seconds = u64::from(rules.pause_sec).saturating_mul(doubled).min(rules.longest_pause_sec.into());
    Some(TimeDelta::seconds(seconds.try_into().unwrap_or(i64::MAX / 1_000)))
}

fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Deletes targets without recent failures.
pub(super) async fn prune(pool: &PgPool, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM ops.webhook_pause WHERE until < $1").bind(now - RETENTION).execute(pool).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Target, TimeDelta, Uuid, Webhooks, pause};
    use platform::config::{Config, Profile};

    #[test]
    fn pauses_double_up_to_the_longest() {
        let rules = Webhooks {
            pause_after: 3,
            pause_sec: 10,
            longest_pause_sec: 60,
            ..Config::defaults(Profile::Dev).webhooks
        };
        let seconds = |failures| pause(&rules, failures).map(|pause| pause.num_seconds());
        let expected = [None, None, None, Some(10), Some(20), Some(40), Some(60)];
        assert_eq!(std::array::from_fn(|failures| seconds(failures as i32)), expected);
        assert_eq!(pause(&rules, i32::MAX), Some(TimeDelta::seconds(60)));
    }

    #[test]
    fn target_is_the_same_for_one_authority_and_team_only() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let target = |url| Target::of(one, url);
        assert_eq!(target("https://a.example/x"), target("https://A.example:443/y?z"));
        assert_ne!(target("https://a.example/"), target("https://a.example:8443/"));
        assert_ne!(target("https://a.example/"), Target::of(two, "https://a.example/"));
    }
}
