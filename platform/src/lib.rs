//! Parts that all services share and that know no noun: HTTP shell, configuration, background tasks, telemetry, limits and budgets, clock.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks"))]

pub mod budget;
pub mod clock;
pub mod config;
pub mod connections;
pub mod http;
pub mod limits;
mod panic_message;
mod profile;

pub mod server;
pub mod tasks;
pub mod telemetry;
