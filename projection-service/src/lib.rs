//! Projections: the log becomes rows, feed and notices; and what must follow outside (SMS, webhooks) is planned.
//!
//! A batch of events is one transaction: rows, feed, planned effects, checkpoint. A crash anywhere means that the batch
//! is applied again from the old checkpoint, to the same rows.

mod ahead;
mod batch;
pub mod effects;
mod feed;
mod incoming;
mod parking;
mod past;
mod projections;
mod projector;
mod rebuild;
mod shadow;
mod withdrawn;

pub use feed::{Keep, forget};
pub use past::{Past, PastLimits};
pub use projector::{ProjectionError, Projector, Telling};
pub use rebuild::{Progress, rebuild};
pub use shadow::{Meeting, SHADOW_SCHEMA, Shadow};
