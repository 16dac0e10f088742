//! The bus: wakes other parts of the house, here or in other processes, and carries a copy of what they wait for.
//!
//! It promises little on purpose, since the log and the feed table are the truth. A message may be lost; but whoever
//! loses one is told ([`Delivery::Missed`]) and reads the truth again. Publishers never wait for anybody.

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

/// The largest payload, in bytes: what a NATS server takes by default.
pub const MAX_PAYLOAD: usize = 1024 * 1024;

/// Why the bus refuses.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// Subjects are non-empty tokens joined by dots, without spaces; wildcards are for patterns only.
    #[error("{0:?} is no subject")]
    BadSubject(String),
    /// As a subject, but `*` may stand for one token and a last `>` for one or more.
    #[error("{0:?} is no subject pattern")]
    BadPattern(String),
    /// Payloads above [`MAX_PAYLOAD`].
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
    /// Among processes.
    Nats(NatsBus),
}

impl Bus {
    /// A bus within this process.
    pub fn memory() -> Self {
        Self::Memory(MemoryBus::default())
    }

    /// A bus over NATS. Comes back at once: the connection is made, and made again whenever it is lost, behind the
    /// scenes; see [`Self::healthy`].
    ///
    /// # Errors
    /// [`BusError::Connect`] if the address makes no sense.
    pub async fn nats(options: NatsOptions) -> Result<Self, BusError> {
        NatsBus::connect(options).await.map(Self::Nats)
    }

    /// Sends a message to whoever listens now. Never waits; what cannot be sent is dropped and counted, and its
    /// receivers learn of the gap from what the message announced (position, sequence number).
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

    /// Listens to subjects that match `pattern`; everything published after this returns is delivered or told missed.
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

    /// Whether messages flow at this moment.
    pub fn healthy(&self) -> bool {
        match self {
            Self::Memory(bus) => bus.healthy(),
            Self::Nats(bus) => bus.healthy(),
        }
    }

    /// How many messages this process could not send since it started.
    pub fn unsent(&self) -> u64 {
        match self {
            Self::Memory(_) => 0,
            Self::Nats(bus) => bus.unsent(),
        }
    }

    /// Sends what is waiting, then closes: subscriptions end after what they still hold, later calls are refused.
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
