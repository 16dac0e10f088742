//! StreamLocks at a stream that many commands want at once. The revision keeps them right; turns keep them from all deciding
//! again and again while one of them wins.

use events::StreamName;
use moka::sync::Cache;
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Streams with turns. One that is forgotten while somebody waits has two queues for a moment, which costs conflicts.
const REMEMBERED: u64 = 10_000;

/// Who is next at which stream, within this process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct StreamLocks(Cache<StreamName, Arc<Mutex<()>>>);

impl StreamLocks {
    pub(crate) fn new() -> Self {
        Self(Cache::new(REMEMBERED))
    }

    /// Waits for the turn at a stream, in the order of asking; it ends when the guard is dropped.
    pub(crate) async fn lock(&self, stream: &StreamName) -> OwnedMutexGuard<()> {
        self.0.get_with_by_ref(stream, || Arc::new(Mutex::new(()))).lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::TeamId;
    use uuid::Uuid;

    #[tokio::test]
    async fn a_turn_is_one_stream_s_and_ends_with_its_guard() {
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
