//! What the projection does with the past: bad events, read models beside the one that is served, effects.

#![allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks")]
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod effects;
mod overruled;
mod parked;
mod past;
mod shadow;
mod stage;
mod starvation;
