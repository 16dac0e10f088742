//! Projections: the log becomes rows, feed and notices; and what must follow outside (SMS, webhooks) is planned.
//!
//! A batch of events is one transaction: rows, feed, planned effects, checkpoint. A crash anywhere means that the batch
//! is applied again from the old checkpoint, to the same rows.

mod batch;
mod decoded;
pub mod effects;
mod feed;
mod parking;
mod point_in_time;
mod prefetch;
mod projections;
mod projector;
mod rebuild;
mod shadow;
mod skips;
mod withdrawn;

pub use feed::{RetentionPolicy, prune_feed};
pub use point_in_time::{PointInTimeLimits, PointInTimeViews};
pub use projector::{NoticePolicy, ProjectionError, Projector};
pub use rebuild::{Progress, rebuild};
pub use shadow::{ComparisonSnapshot, SHADOW_SCHEMA, Shadow};
