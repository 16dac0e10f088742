//! Parking, shadows, point-in-time views and effects.

#![allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks")]
#![expect(clippy::unwrap_used, reason = "a failing helper is a failing test")]

mod effects;
#[path = "../support/fixture.rs"]
mod fixture;
mod overruled;
mod parked;
mod past;
mod same_ids;
#[path = "../support/sample_events.rs"]
mod sample_events;
mod shadow;
mod starvation;
mod team_fixture;
