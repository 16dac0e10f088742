//! A cache of folded streams. An append names the revision that was decided on, so a stale entry shows as a conflict.

use domain::Aggregate;
use events::{Position, Revision, StreamName};
use moka::sync::Cache;
use std::{any::Any, sync::Arc};

/// Largest number of cached streams.
const CAPACITY: u64 = 20_000;

/// The folded state of a stream.
#[derive(Clone, Debug)]
pub(crate) struct CachedAggregate<A> {
    pub(crate) state: A,
    /// The number of events that were folded, which is the next revision.
    pub(crate) next: Revision,
    /// The position of the last folded event; 0 for none.
    pub(crate) position: Position,
    /// Whether the state was read from the log just now.
    pub(crate) verified: bool,
}

impl<A: Aggregate> CachedAggregate<A> {
    /// The state of a stream that is assumed to be empty.
    pub(super) fn empty() -> Self {
        Self { state: A::initial(), next: 0, position: 0, verified: false }
    }
}

/// The cache. Cheap to clone.
#[derive(Clone)]
pub(super) struct AggregateCache(Cache<StreamName, Arc<dyn Any + Send + Sync>>);

impl AggregateCache {
    pub(super) fn new() -> Self {
        Self(Cache::new(CAPACITY))
    }

    pub(super) fn get<A: Aggregate>(&self, stream: &StreamName) -> Option<CachedAggregate<A>> {
        let known = self.0.get(stream)?;
        let cached = known.downcast_ref::<CachedAggregate<A>>()?;
        Some(CachedAggregate { verified: false, ..cached.clone() })
    }

    pub(super) fn put<A: Aggregate>(&self, stream: StreamName, cached: CachedAggregate<A>) {
        self.0.insert(stream, Arc::new(cached));
    }

    pub(super) fn forget(&self, stream: &StreamName) {
        self.0.invalidate(stream);
    }

    pub(super) fn clear(&self) {
        self.0.invalidate_all();
    }
}
