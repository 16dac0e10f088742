//! Rights that were asked for a moment ago: whose a token is, and what it may touch. Each message asks three times, and
//! gets the same answers all the time.
//!
//! An answer is believed until an event is projected that may change rights, which this process is told of
//! ([`ReadModel::rights_changed`]), and for [`BELIEVED`] at most: what another process tells can get lost on the way.
//! Only what exists is remembered: what was not found may come to be at any moment.

use crate::{
    ReadModel, Result,
    chat::Access,
    session::{Membership, Session},
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

/// How long an answer is believed without asking again: a session that ended elsewhere is over here after this time.
const BELIEVED: Duration = Duration::from_secs(1);

/// Answers of each kind that are remembered.
const REMEMBERED: u64 = 50_000;

/// See the file's head. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Rights(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Grows whenever rights may have changed.
    age: AtomicU64,
    sessions: Answers<String, Session>,
    memberships: Answers<(AccountId, TeamId), Membership>,
    accesses: Answers<(TeamId, ContactId, ChatRef), Access>,
}

/// Answers of one kind, each with the age that it was asked in.
type Answers<K, V> = Cache<K, (u64, V)>;

fn answers<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static>() -> Answers<K, V> {
    Cache::builder().max_capacity(REMEMBERED).time_to_live(BELIEVED).build()
}

impl Rights {
    pub(crate) fn new() -> Self {
        let (sessions, memberships, accesses) = (answers(), answers(), answers());
        Self(Arc::new(Inner { age: AtomicU64::new(0), sessions, memberships, accesses }))
    }

    /// The session under a token's hash.
    pub(crate) async fn session(
        &self,
        token_hash: String,
        ask: impl Future<Output = Result<Option<Session>>>,
    ) -> Result<Option<Session>> {
        self.remembered(&self.0.sessions, token_hash, ask).await
    }

    /// An account's place in a team.
    pub(crate) async fn membership(
        &self,
        place: (AccountId, TeamId),
        ask: impl Future<Output = Result<Option<Membership>>>,
    ) -> Result<Option<Membership>> {
        self.remembered(&self.0.memberships, place, ask).await
    }

    /// What a contact may do in a conversation, if anything.
    pub(crate) async fn access(
        &self,
        place: (TeamId, ContactId, ChatRef),
        ask: impl Future<Output = Result<Option<Access>>>,
    ) -> Result<Option<Access>> {
        self.remembered(&self.0.accesses, place, ask).await
    }

    async fn remembered<K, V>(
        &self,
        answers: &Answers<K, V>,
        key: K,
        ask: impl Future<Output = Result<Option<V>>>,
    ) -> Result<Option<V>>
    where
        K: Hash + Eq + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        // Read before it is asked: an answer that was overtaken by a change bears an age that is past.
        let age = self.0.age.load(Ordering::Acquire);
        if let Some((_, answer)) = answers.get(&key).filter(|(asked, _)| *asked == age) {
            return Ok(Some(answer));
        }
        let answer = ask.await?;
        if let Some(answer) = &answer {
            answers.insert(key, (age, answer.clone()));
        }
        Ok(answer)
    }
}

impl ReadModel {
    /// Rights may be others than before: sessions, memberships, access to chats are asked for anew.
    pub fn rights_changed(&self) {
        self.rights.0.age.fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use uuid::Uuid;

    const TEAM: TeamId = TeamId(Uuid::from_u128(1));
    const ME: ContactId = ContactId(Uuid::from_u128(2));

    async fn ask(rights: &Rights, asked: &Cell<u32>, answer: Option<Access>) -> Option<Access> {
        let question = async {
            asked.set(asked.get() + 1);
            Ok(answer)
        };
        rights.access((TEAM, ME, ChatRef::direct(ME, ME)), question).await.unwrap()
    }

    #[tokio::test]
    async fn an_answer_is_believed_until_rights_change() {
        let (rights, asked) = (Rights::new(), Cell::new(0));
        assert_eq!(ask(&rights, &asked, Some(Access::Write)).await, Some(Access::Write));
        assert_eq!(ask(&rights, &asked, None).await, Some(Access::Write), "remembered");
        rights.0.age.fetch_add(1, Ordering::AcqRel);
        assert_eq!(ask(&rights, &asked, None).await, None);
        assert_eq!(asked.get(), 2);
    }

    #[tokio::test]
    async fn what_is_not_there_is_asked_for_each_time() {
        let (rights, asked) = (Rights::new(), Cell::new(0));
        assert_eq!(ask(&rights, &asked, None).await, None);
        assert_eq!(ask(&rights, &asked, Some(Access::Read)).await, Some(Access::Read));
        assert_eq!(asked.get(), 2);
    }

    #[tokio::test]
    async fn an_answer_that_a_change_overtook_is_not_remembered() {
        let rights = Rights::new();
        let place = (TEAM, ME, ChatRef::direct(ME, ME));
        let overtaken = async {
            rights.0.age.fetch_add(1, Ordering::AcqRel);
            Ok(Some(Access::Write))
        };
        assert_eq!(rights.access(place, overtaken).await.unwrap(), Some(Access::Write));
        assert_eq!(rights.access(place, async { Ok(None) }).await.unwrap(), None);
    }
}
