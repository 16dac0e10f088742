//! What services share and no noun: configuration, HTTP shell, secrets, journal, bus, blobs, pictures, tasks.

pub mod blobs;
pub mod bring_up;
pub mod budget;
pub mod bus;
pub mod clock;
pub mod config;
pub mod event_mac;
pub mod guard;
pub mod http;
pub mod journal;
pub mod keyring;
pub mod limits;
pub mod media;
pub mod moment;
pub mod outbound;
pub mod picture;
pub mod places;
pub mod row_mac;
pub mod sealing;
pub mod server;
pub mod signing;
pub mod sms;
pub mod tasks;
pub mod telemetry;
pub mod vault;
pub mod wrapping;
