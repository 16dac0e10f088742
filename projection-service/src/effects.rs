//! Effects on the outside world: planned in the projection's transaction, carried out by a worker, remembered beside the
//! log. No rebuild, replay or crash plans one twice; a worker that dies after sending may send once more.

mod pause;
pub(crate) mod plan;
mod queue;
mod round_robin;
mod sms;
mod status;
mod webhook;
mod worker;

pub use status::EffectStatus;
pub use worker::{EffectWorker, EffectWorkerDeps};
