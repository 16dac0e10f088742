//! The message bus: notifies subscribers in this or other processes, and carries a copy of what they wait for.
//!
//! Delivery is best-effort on purpose, because the log and the feed table are the source of truth. A message may be
//! lost, but its subscriber is notified ([`Delivery::Missed`]) and reads the source again. Publishers never wait.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks"))]

#[cfg(test)]
mod conformance;
mod memory;
mod nats;
mod subject;
mod subscription;

pub use nats::{NatsOptions, NatsTls};
pub use subscription::{Delivery, Message, Subscription};

use bytes::Bytes;
use memory::MemoryBus;
use nats::NatsBus;
use std::fmt;

/// Maximum payload in bytes, the default of a NATS server.
pub const MAX_PAYLOAD: usize = 1024 * 1024;

/// Why a call to the bus failed.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// A subject must be non-empty tokens joined by dots, without spaces; wildcards are for patterns only.
    #[error("{0:?} is not a subject")]
    BadSubject(String),
    /// A pattern is a subject in which `*` may stand for one token and a last `>` for one or more.
    #[error("{0:?} is not a subject pattern")]
    BadPattern(String),
    /// The payload is larger than [`MAX_PAYLOAD`].
    #[error("a payload of {0} bytes is too large for the bus")]
    TooLarge(usize),
    /// The bus was drained.
    #[error("the bus is closed")]
    Closed,
    /// The configured address or the connection's settings are wrong.
    #[error("connecting to the bus: {0}")]
    Connect(String),
}

/// Publish and subscribe, in this process or over NATS. Cheap to clone.
#[derive(Clone)]
pub enum Bus {
    /// Within this process.
    Memory(MemoryBus),
    /// Between processes.
    Nats(NatsBus),
}

impl Bus {
    /// A bus within this process.
    pub fn memory() -> Self {
        Self::Memory(MemoryBus::default())
    }

    /// A bus over NATS. Returns at once: it connects, and reconnects, in the background; see [`Self::healthy`].
    ///
    /// # Errors
    /// [`BusError::Connect`] if the address is malformed.
    pub async fn nats(options: NatsOptions) -> Result<Self, BusError> {
        NatsBus::connect(options).await.map(Self::Nats)
    }

    /// Publishes a message to the current subscribers. Never waits: a message that cannot be sent is dropped and
    /// counted, and its subscribers notice the gap by the position or sequence number in the next message.
    ///
    /// # Errors
    /// [`BusError::BadSubject`], [`BusError::TooLarge`] or [`BusError::Closed`].
    pub fn publish(&self, subject: &str, payload: Bytes) -> Result<(), BusError> {
        if !subject::is_subject(subject) {
            return Err(BusError::BadSubject(subject.to_owned()));
        }
        if payload.len() > MAX_PAYLOAD {
            return Err(BusError::TooLarge(payload.len()));
        }
        match self {
            Self::Memory(bus) => bus.publish(subject, payload),
            Self::Nats(bus) => bus.publish(subject, payload),
        }
    }

    /// Subscribes to subjects that match `pattern`; everything published after this returns is delivered or
    /// reported as missed.
    ///
    /// # Errors
    /// [`BusError::BadPattern`] or [`BusError::Closed`].
    pub async fn subscribe(&self, pattern: &str) -> Result<Subscription, BusError> {
        if !subject::is_pattern(pattern) {
            return Err(BusError::BadPattern(pattern.to_owned()));
        }
        match self {
            Self::Memory(bus) => bus.subscribe(pattern),
            Self::Nats(bus) => bus.subscribe(pattern).await,
        }
    }

    /// Whether messages flow now.
    pub fn healthy(&self) -> bool {
        match self {
            Self::Memory(bus) => bus.healthy(),
            Self::Nats(bus) => bus.healthy(),
        }
    }

    /// Number of messages that this process could not send since it started.
    pub fn unsent(&self) -> u64 {
        match self {
            Self::Memory(_) => 0,
            Self::Nats(bus) => bus.unsent(),
        }
    }

    /// Sends queued messages, then closes: subscriptions end after their queued messages, later calls fail.
    pub async fn drain(&self) {
        match self {
            Self::Memory(bus) => bus.drain(),
            Self::Nats(bus) => bus.drain().await,
        }
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory(_) => "Bus::Memory",
            Self::Nats(_) => "Bus::Nats",
        })
    }
}
