//! RightsCache that were asked for a moment ago: whose a token is, and what it may touch. Each message asks three times, and
//! gets the same answers all the time.
//!
//! An entry is valid for [`VALID`] at most, and until the projection reports an event that may change rights
//! ([`ReadModel::rights_changed`](crate::ReadModel::rights_changed)); a report of another process can get lost.
//! Misses are not cached: a missing row may appear at any moment.

use crate::{
    Result,
    rights::{ChatAccess, Membership, Session},
};
use events::{AccountId, ContactId, TeamId, chat::ChatRef};
use moka::sync::Cache;
use std::{
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Longest life of an answer: a session that ended on another node is over here after this time.
const VALID: Duration = Duration::from_secs(1);

/// Cached answers of each kind.
const CAPACITY: u64 = 50_000;

/// Cheap to clone: clones share one cache.
#[derive(Clone, Debug)]
pub(crate) struct RightsCache(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Incremented whenever rights may have changed.
    age: AtomicU64,
    sessions: Answers<String, Session>,
    memberships: Answers<(AccountId, TeamId), Membership>,
    accesses: Answers<(TeamId, ContactId, ChatRef), ChatAccess>,
}

/// Answers of one kind, each with the age at which it was queried.
type Answers<K, V> = Cache<K, (u64, V)>;

fn answers<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static>() -> Answers<K, V> {
    Cache::builder().max_capacity(CAPACITY).time_to_live(VALID).build()
}

impl RightsCache {
    pub(crate) fn new() -> Self {
        let (sessions, memberships, accesses) = (answers(), answers(), answers());
        Self(Arc::new(Inner { age: AtomicU64::new(0), sessions, memberships, accesses }))
    }

    /// Makes every answer stale.
    pub(crate) fn invalidate(&self) {
        self.0.age.fetch_add(1, Ordering::AcqRel);
    }

    /// The session under a token's hash.
    pub(crate) async fn session(
        &self,
        token_hash: String,
        query: impl Future<Output = Result<Option<Session>>>,
    ) -> Result<Option<Session>> {
        self.cached(&self.0.sessions, token_hash, query).await
    }

    /// An account's membership of a team.
    pub(crate) async fn membership(
        &self,
        place: (AccountId, TeamId),
        query: impl Future<Output = Result<Option<Membership>>>,
    ) -> Result<Option<Membership>> {
        self.cached(&self.0.memberships, place, query).await
    }

    /// Rights of a contact in a chat, if any.
    pub(crate) async fn access(
        &self,
        place: (TeamId, ContactId, ChatRef),
        query: impl Future<Output = Result<Option<ChatAccess>>>,
    ) -> Result<Option<ChatAccess>> {
        self.cached(&self.0.accesses, place, query).await
    }

    async fn cached<K, V>(
        &self,
        answers: &Answers<K, V>,
        key: K,
        query: impl Future<Output = Result<Option<V>>>,
    ) -> Result<Option<V>>
    where
        K: Hash + Eq + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        // Loaded before the query: an answer that a change overtakes has a stale age.
        let age = self.0.age.load(Ordering::Acquire);
        if let Some((_, answer)) = answers.get(&key).filter(|(queried, _)| *queried == age) {
            return Ok(Some(answer));
        }
        let answer = query.await?;
        if let Some(answer) = &answer {
            answers.insert(key, (age, answer.clone()));
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use uuid::Uuid;

    const TEAM: TeamId = TeamId(Uuid::from_u128(1));
    const ME: ContactId = ContactId(Uuid::from_u128(2));

    async fn access(
        rights: &RightsCache,
        queries: &Cell<u32>,
        answer: Option<ChatAccess>,
    ) -> Option<ChatAccess> {
        let query = async {
            queries.set(queries.get() + 1);
            Ok(answer)
        };
        rights.access((TEAM, ME, ChatRef::direct(ME, ME)), query).await.unwrap()
    }

    #[tokio::test]
    async fn cached_access_after_invalidation_is_queried_again() {
        let (rights, queries) = (RightsCache::new(), Cell::new(0));
        assert_eq!(access(&rights, &queries, Some(ChatAccess::Write)).await, Some(ChatAccess::Write));
        assert_eq!(access(&rights, &queries, None).await, Some(ChatAccess::Write), "cached");
        rights.invalidate();
        assert_eq!(access(&rights, &queries, None).await, None);
        assert_eq!(queries.get(), 2);
    }

    #[tokio::test]
    async fn missing_access_is_never_cached() {
        let (rights, queries) = (RightsCache::new(), Cell::new(0));
        assert_eq!(access(&rights, &queries, None).await, None);
        assert_eq!(access(&rights, &queries, Some(ChatAccess::Read)).await, Some(ChatAccess::Read));
        assert_eq!(queries.get(), 2);
    }

    #[tokio::test]
    async fn answer_overtaken_by_invalidation_is_not_cached() {
        let rights = RightsCache::new();
        let place = (TEAM, ME, ChatRef::direct(ME, ME));
        let overtaken = async {
            rights.invalidate();
            Ok(Some(ChatAccess::Write))
        };
        assert_eq!(rights.access(place, overtaken).await.unwrap(), Some(ChatAccess::Write));
        assert_eq!(rights.access(place, async { Ok(None) }).await.unwrap(), None);
    }
}
