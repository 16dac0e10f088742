//! Fair locks for contended streams. The expected revision keeps appends correct; a lock keeps the losers of a conflict
//! from deciding again and again.

use events::StreamName;
use moka::sync::Cache;
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Largest number of locks. Evicting a lock that somebody waits for costs conflicts, not correctness.
const CAPACITY: u64 = 10_000;

/// One lock for each contended stream, within this process. Cheap to clone.
#[derive(Clone)]
pub(super) struct StreamLocks(Cache<StreamName, Arc<Mutex<()>>>);

impl StreamLocks {
    pub(super) fn new() -> Self {
        Self(Cache::new(CAPACITY))
    }

    /// Locks a stream, first come, first served, until the guard is dropped.
    pub(super) async fn lock(&self, stream: &StreamName) -> OwnedMutexGuard<()> {
        self.0.get_with_by_ref(stream, || Arc::new(Mutex::new(()))).lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::TeamId;
    use uuid::Uuid;

    #[tokio::test]
    async fn lock_of_a_stream_waits_for_its_guard_and_leaves_other_streams_alone() {
        let locks = StreamLocks::new();
        let [one, other] = [1, 2].map(|id| StreamName::team(TeamId(Uuid::from_u128(id))));
        let held = locks.lock(&one).await;
        let elsewhere = locks.lock(&other).await;
        let waiting = tokio::spawn({
            let (locks, one) = (locks.clone(), one.clone());
            async move { drop(locks.lock(&one).await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(held);
        waiting.await.unwrap();
        drop(elsewhere);
    }
}
