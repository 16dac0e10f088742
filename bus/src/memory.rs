//! The bus within one process.

use super::{
    BusError, Subscription,
    subject::matches,
    subscription::{Message, Outlet, QUEUE, subscription},
};
use bytes::Bytes;
use std::sync::{Arc, PoisonError, RwLock};

/// The bus within one process.
#[derive(Clone)]
pub struct MemoryBus {
    /// `None` once drained.
    listeners: Arc<RwLock<Option<Vec<Listener>>>>,
}

struct Listener {
    pattern: String,
    outlet: Outlet,
}

impl Default for MemoryBus {
    fn default() -> Self {
        Self { listeners: Arc::new(RwLock::new(Some(Vec::new()))) }
    }
}

impl MemoryBus {
    pub(super) fn publish(&self, subject: &str, payload: Bytes) -> Result<(), BusError> {
        let listeners = self.listeners.read().unwrap_or_else(PoisonError::into_inner);
        let listeners = listeners.as_ref().ok_or(BusError::Closed)?;
        let message = Message { subject: subject.into(), payload };
        for listener in listeners.iter().filter(|listener| matches(&listener.pattern, subject)) {
            listener.outlet.deliver(message.clone());
        }
        Ok(())
    }

    pub(super) fn subscribe(&self, pattern: &str) -> Result<Subscription, BusError> {
        let mut listeners = self.listeners.write().unwrap_or_else(PoisonError::into_inner);
        let listeners = listeners.as_mut().ok_or(BusError::Closed)?;
        listeners.retain(|listener| !listener.outlet.is_closed());
        let (outlet, subscription) = subscription(QUEUE);
        listeners.push(Listener { pattern: pattern.to_owned(), outlet });
        Ok(subscription)
    }

    pub(super) fn healthy(&self) -> bool {
        self.listeners.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(super) fn drain(&self) {
        self.listeners.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}
