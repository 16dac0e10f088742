//! The one place that appends decisions: load a stream, decide, append at the revision that was decided on; on a conflict
//! load the rest and decide again.

mod cache;
mod locks;
mod message_stream;

use crate::context::Context;
use bus::Bus;
use bytes::Bytes;
use cache::{AggregateCache, CachedAggregate};
use domain::Aggregate;
use event_log::{AppendError, Expected, Receipt};
use events::{AccountId, EventId, Position, StreamName, Subject, TeamId};
use locks::StreamLocks;
use platform::http::ApiError;
use protocol::{error::ErrorCode, lang::Text, notice::HEAD_SUBJECT};
use read_model::ReadModel;
use secrets::{
    journal::{Entry, Journal, LoadError, WriteError},
    keyring::KeyringError,
    sealing::SealingError,
};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::sync::OnceCell;

/// How often a command is decided before it fails with `CONFLICT`.
const ATTEMPTS: usize = 20;
/// Events read by one query when a stream is searched.
const PAGE: usize = 500;

/// The streams of the log as aggregates. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Aggregates {
    journal: Journal,
    bus: Bus,
    cache: AggregateCache,
    locks: StreamLocks,
    read: ReadModel,
    /// Teams that have messages with streams of the earlier form, see [`message_stream`].
    earlier_teams: Arc<OnceCell<HashSet<TeamId>>>,
}

/// The outcome of a command.
#[derive(Clone, Debug)]
pub(crate) struct Transacted<A: Aggregate> {
    /// The state after the events.
    pub(crate) state: A,
    /// The appended events; empty when there was nothing to do.
    pub(crate) events: Vec<A::Event>,
    /// The position from which the read model shows the outcome.
    pub(crate) position: Position,
}

/// Why a command appended nothing. With `?` it becomes the answer of the rejection's table (`rejections.rs`).
#[derive(Debug)]
pub(crate) enum TransactError<R> {
    /// The rules forbid it.
    Rejected(R),
    /// It could not be carried out.
    Failed(ApiError),
}

impl<R> From<ApiError> for TransactError<R> {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

impl<R> TransactError<R> {
    /// The answer, for commands that answer a rejection otherwise than its table.
    pub(crate) fn or(self, answer: impl FnOnce(R) -> ApiError) -> ApiError {
        match self {
            Self::Rejected(rejection) => answer(rejection),
            Self::Failed(error) => error,
        }
    }
}

/// The state that a command is decided on first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InitialState {
    /// The cached one, or the one in the log.
    Cached,
    /// The empty one: right for new streams, and corrected by a conflict for others.
    Empty,
}

impl Aggregates {
    pub(crate) fn new(journal: Journal, bus: Bus, read: ReadModel) -> Self {
        let (cache, locks) = (AggregateCache::new(), StreamLocks::new());
        Self { journal, bus, cache, locks, read, earlier_teams: Arc::default() }
    }

    /// Carries out a command on a stream. `command` is called again after every conflict, with the newer state.
    pub(crate) async fn transact<A: Aggregate>(
        &self,
        context: &Context,
        stream: StreamName,
        command: impl FnMut(&A) -> A::Command,
    ) -> Result<Transacted<A>, TransactError<A::Rejection>> {
        self.transact_from(context, stream, InitialState::Cached, command).await
    }

    /// Carries out a command on a stream that is most likely new: [`Self::transact`] without reading the stream first.
    pub(crate) async fn create<A: Aggregate>(
        &self,
        context: &Context,
        stream: StreamName,
        command: impl FnMut(&A) -> A::Command,
    ) -> Result<Transacted<A>, TransactError<A::Rejection>> {
        self.transact_from(context, stream, InitialState::Empty, command).await
    }

    async fn transact_from<A: Aggregate>(
        &self,
        context: &Context,
        stream: StreamName,
        initial: InitialState,
        mut command: impl FnMut(&A) -> A::Command,
    ) -> Result<Transacted<A>, TransactError<A::Rejection>> {
        let mut cached = self.initial::<A>(&stream, initial).await?;
        let mut lock = None;
        for _ in 0..ATTEMPTS {
            let decided = cached.state.decide(command(&cached.state));
            let events = match decided {
                Ok(events) if !events.is_empty() => events,
                // Only a state that was just read from the log may refuse a command or call it done.
                _ if !cached.verified => {
                    cached = self.refresh(&stream, cached).await?;
                    continue;
                }
                Ok(_) => {
                    return Ok(Transacted { state: cached.state, events: vec![], position: cached.position });
                }
                // Rules may forbid what is done already; under its key it is the same command, not another one.
                Err(rejection) => match self.receipt(context).await? {
                    Some(Receipt { position, .. }) => {
                        return Ok(Transacted { state: cached.state, events: vec![], position });
                    }
                    None => return Err(TransactError::Rejected(rejection)),
                },
            };
            match self.append(context, &stream, &cached, events).await? {
                Some(done) => return Ok(done),
                None => {
                    if lock.is_none() {
                        lock = Some(self.locks.lock(&stream).await);
                    }
                    cached = self.refresh(&stream, cached).await?;
                }
            }
        }
        Err(ApiError::new(ErrorCode::Conflict).retry_after(Duration::from_secs(1)).into())
    }

    /// The state of a stream as the log has it now.
    pub(crate) async fn current<A: Aggregate>(&self, stream: &StreamName) -> Result<A, ApiError> {
        let known = self.cache.get(stream).unwrap_or_else(CachedAggregate::empty);
        Ok(self.refresh(stream, known).await?.state)
    }

    /// The state and position of a stream as the cache has them, which may be stale.
    pub(crate) fn cached<A: Aggregate>(&self, stream: &StreamName) -> Option<(A, Position)> {
        self.cache.get(stream).map(|cached| (cached.state, cached.position))
    }

    /// The log's receipt of an earlier command with the same key.
    ///
    /// # Errors
    /// `IDEMPOTENCY_KEY_REUSED` when the key belongs to another request.
    pub(crate) async fn receipt(&self, context: &Context) -> Result<Option<Receipt>, ApiError> {
        let Some(command) = context.command() else { return Ok(None) };
        let receipt = self.journal.log().receipt(command.id).await.map_err(ApiError::unavailable)?;
        match receipt {
            Some(receipt) if receipt.fingerprint != command.fingerprint => Err(key_reused()),
            known => Ok(known),
        }
    }

    /// The id of a stream's last event with one of these stored kinds: the cause of a command of the system's own.
    pub(crate) async fn last_event(
        &self,
        stream: &StreamName,
        kinds: &[&str],
    ) -> Result<Option<EventId>, ApiError> {
        let (mut found, mut from) = (None, 0);
        loop {
            let page = self.journal.log().read_stream(stream, from, PAGE).await;
            let page = page.map_err(ApiError::unavailable)?;
            from += page.len() as u64;
            let last = page.iter().rev().find(|event| kinds.contains(&event.kind.as_str()));
            found = last.map(|event| event.id).or(found);
            if page.len() < PAGE {
                return Ok(found);
            }
        }
    }

    /// Makes sure that an account has a key, in the same time whether it had one or not.
    pub(crate) async fn ensure_key_evenly(&self, account: AccountId) -> Result<(), ApiError> {
        self.journal.ensure_key_evenly(Subject::Account(account)).await.map_err(unwritable)
    }

    /// Empties the cache: after an erasure it may hold values that must not be known any more.
    pub(crate) fn forget_states(&self) {
        self.cache.clear();
    }

    async fn initial<A: Aggregate>(
        &self,
        stream: &StreamName,
        initial: InitialState,
    ) -> Result<CachedAggregate<A>, ApiError> {
        match (initial, self.cache.get(stream)) {
            (InitialState::Empty, _) => Ok(CachedAggregate::empty()),
            (InitialState::Cached, Some(cached)) => Ok(cached),
            (InitialState::Cached, None) => self.refresh(stream, CachedAggregate::empty()).await,
        }
    }

    /// Folds the events that were appended since.
    async fn refresh<A: Aggregate>(
        &self,
        stream: &StreamName,
        mut cached: CachedAggregate<A>,
    ) -> Result<CachedAggregate<A>, ApiError> {
        for recorded in self.journal.stream(stream, cached.next).await.map_err(unreadable)? {
            cached.next = recorded.revision + 1;
            cached.position = recorded.position;
            if let Ok(event) = A::Event::try_from(recorded.event) {
                cached.state.evolve(&event);
            }
        }
        cached.verified = true;
        if cached.next > 0 {
            self.cache.put(stream.clone(), cached.clone());
        }
        Ok(cached)
    }

    /// Appends at the revision that was decided on; `None` on a conflict.
    async fn append<A: Aggregate>(
        &self,
        context: &Context,
        stream: &StreamName,
        cached: &CachedAggregate<A>,
        events: Vec<A::Event>,
    ) -> Result<Option<Transacted<A>>, ApiError> {
        let expected = cached.next.checked_sub(1).map_or(Expected::NoStream, Expected::Revision);
        let facts = events.iter().cloned().map(Into::into).collect();
        let entry = Entry {
            stream: stream.clone(),
            expected,
            events: facts,
            meta: context.meta(),
            command: context.command(),
        };
        let appended = match self.journal.append(entry).await {
            Ok(appended) => appended,
            Err(WriteError::Append(AppendError::Conflict { .. })) => return Ok(None),
            Err(error) => return Err(unwritable(error)),
        };
        self.announce(appended.position);
        let state = cached.state.clone().fold(&events);
        if appended.repeated {
            self.cache.forget(stream); // the events in between are unknown
        } else {
            let (next, position) = (appended.last_revision + 1, appended.position);
            let newer = CachedAggregate { state: state.clone(), next, position, verified: true };
            self.cache.put(stream.clone(), newer);
        }
        Ok(Some(Transacted { state, events, position: appended.position }))
    }

    /// Publishes the new head to projections in other processes, which would otherwise find it a little later.
    fn announce(&self, head: Position) {
        if let Err(error) = self.bus.publish(HEAD_SUBJECT, Bytes::from(head.to_string())) {
            tracing::debug!(%error, "new head not announced");
        }
    }
}

/// `IDEMPOTENCY_KEY_REUSED`: the key belongs to another request.
pub(crate) fn key_reused() -> ApiError {
    ApiError::new(ErrorCode::IdempotencyKeyReused).because(Text::IdempotencyKeyReused)
}

fn unreadable(error: LoadError) -> ApiError {
    match error {
        LoadError::Read(event_log::ReadError::Unavailable(_))
        | LoadError::Keys(KeyringError::Database(_)) => ApiError::unavailable(error),
        other => ApiError::internal(other),
    }
}

fn unwritable(error: WriteError) -> ApiError {
    match error {
        WriteError::Append(AppendError::CommandReused) => key_reused(),
        WriteError::Append(AppendError::TooLarge { limit, .. }) => {
            ApiError::new(ErrorCode::RequestTooLarge).because(Text::TooLarge { max: limit })
        }
        WriteError::Append(
            AppendError::Overloaded | AppendError::Unavailable(_) | AppendError::Unknown(_),
        )
        | WriteError::Keys(KeyringError::Database(_)) => ApiError::unavailable(error),
        // An erased subject does not exist for anybody else.
        WriteError::Keys(KeyringError::Destroyed(_)) | WriteError::Sealing(SealingError::Destroyed(_)) => {
            ApiError::new(ErrorCode::NotFound)
        }
        other => ApiError::internal(other),
    }
}
