//! Effects on the outside world (SMS, webhooks): planned in the projection's transaction, stored in `ops.effect`, executed by
//! a worker at least once. A rebuild or a crash never plans an effect twice.

mod deps;
mod pause;
pub(crate) mod plan;
mod queue;
mod round_robin;
mod sms;
mod status;
mod webhook;
mod worker;

pub use deps::EffectWorkerDeps;
pub use status::EffectStatus;
pub use worker::EffectWorker;
