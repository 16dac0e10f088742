//! The dependencies of the effect worker, and the outcome of an attempt.

use outbound::{Outbound, sms::Sms};
use platform::{clock::Clock, config::Webhooks};
use read_model::ReadModel;
use secrets::vault::Vault;
use std::sync::Arc;

/// The dependencies of the effect worker.
#[derive(Clone)]
pub struct EffectWorkerDeps {
    /// Has the integrations and the table of effects.
    pub read: ReadModel,
    /// Unseals payloads and derives login codes.
    pub vault: Vault,
    pub clock: Clock,
    /// Sends login codes.
    pub sms: Sms,
    /// Calls webhooks.
    pub outbound: Outbound,
    /// Sent instead of the derived code, in development only.
    pub fixed_code: Option<Arc<str>>,
    /// Limits, retries and pauses of webhooks.
    pub webhooks: Webhooks,
}

/// How an attempt ended.
pub(super) enum Outcome {
    Done,
    /// The effect is obsolete; it is not retried.
    Dropped(&'static str),
    /// It failed but the target responds; it is retried.
    Failed(String),
    /// The target does not respond, or reports that it is unavailable; it is retried, and counts towards a pause.
    TargetFailed(String),
}
