//! Folded states that are likely to be needed again: a cache, never the truth. What is decided on one is appended at the
//! revision it knows, so a stale one shows itself.

use domain::Aggregate;
use events::{Position, Revision, StreamName};
use moka::sync::Cache;
use std::{any::Any, sync::Arc};

/// Streams remembered.
const REMEMBERED: u64 = 20_000;

/// A folded stream.
#[derive(Clone, Debug)]
pub(crate) struct CachedAggregate<A> {
    /// The state.
    pub(crate) state: A,
    /// How many events it was folded from.
    pub(crate) next: Revision,
    /// Where the last of them is; 0 for none.
    pub(crate) position: Position,
    /// Whether the log said so just now.
    pub(crate) verified: bool,
}

impl<A: Aggregate> CachedAggregate<A> {
    /// A stream that may or may not be empty.
    pub(crate) fn assumed_new() -> Self {
        Self { state: A::initial(), next: 0, position: 0, verified: false }
    }
}

/// The cache. Cheap to clone.
#[derive(Clone)]
pub(crate) struct AggregateCache(Cache<StreamName, Arc<dyn Any + Send + Sync>>);

impl AggregateCache {
    pub(crate) fn new() -> Self {
        Self(Cache::new(REMEMBERED))
    }

    pub(crate) fn get<A: Aggregate>(&self, stream: &StreamName) -> Option<CachedAggregate<A>> {
        let known = self.0.get(stream)?;
        let loaded = known.downcast_ref::<CachedAggregate<A>>()?;
        Some(CachedAggregate { verified: false, ..loaded.clone() })
    }

    pub(crate) fn put<A: Aggregate>(&self, stream: StreamName, loaded: CachedAggregate<A>) {
        self.0.insert(stream, Arc::new(loaded));
    }

    /// Forgets all: some may hold what must not be known any more.
    pub(crate) fn clear(&self) {
        self.0.invalidate_all();
    }

    pub(crate) fn forget(&self, stream: &StreamName) {
        self.0.invalidate(stream);
    }
}
