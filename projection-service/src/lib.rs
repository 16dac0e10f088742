//! The projection: turns the log into the read model's rows, the feed and its notices, and plans effects (SMS, webhooks).
//!
//! One transaction applies a batch of events: rows, feed, planned effects, checkpoint. After a crash the batch is applied
//! again from the old checkpoint, with the same result.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks"))]

mod batch;
mod decoded;
pub mod effects;
mod error;
mod feed;
mod parking;
mod placeholders;
mod point_in_time;
mod prefetch;
mod projections;
mod projector;
mod rebuild;
mod shadow;
mod skips;
mod withdrawn;

pub use error::ProjectionError;
pub use feed::{RetentionPolicy, prune_feed};
pub use point_in_time::{PointInTimeLimits, PointInTimeViews};
pub use projector::{NoticePolicy, Projector};
pub use rebuild::{Progress, rebuild};
pub use shadow::{ComparisonSnapshot, SHADOW_SCHEMA, Shadow};
