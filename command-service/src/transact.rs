//! Load, decide, append; on conflict load the rest and decide again. Whatever is decided is appended here.

use crate::{Commands, aggregate_cache::CachedAggregate, context::Context};
use bytes::Bytes;
use domain::Aggregate;
use event_log::{AppendError, Expected, Receipt};
use events::{AccountId, Position, StreamName, Subject};
use platform::http::ApiError;
use protocol::{error::ErrorCode, lang::Text, notice::HEAD_SUBJECT};
use secrets::{
    journal::{Entry, LoadError, WriteError},
    keyring::KeyringError,
    sealing::SealingError,
};
use std::time::Duration;

/// How often a command is decided again because somebody else was faster.
const ATTEMPTS: usize = 20;

/// What a command led to.
#[derive(Clone, Debug)]
pub(crate) struct Transacted<A: Aggregate> {
    /// The state afterwards.
    pub(crate) state: A,
    /// What happened; empty when there was nothing to do.
    pub(crate) events: Vec<A::Event>,
    /// From here on the read model shows it.
    pub(crate) position: Position,
}

/// Why a command led to nothing.
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
    /// The answer, given what a rejection means to clients.
    pub(crate) fn or(self, answer: impl FnOnce(R) -> ApiError) -> ApiError {
        match self {
            Self::Rejected(rejection) => answer(rejection),
            Self::Failed(error) => error,
        }
    }
}

/// What is assumed of a stream before the log is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InitialState {
    /// What was known last.
    Cached,
    /// Nothing was stored yet: most likely right for a message's stream.
    Empty,
}

impl Commands {
    /// Carries out a command on a stream. `command` is asked again after every conflict, with the newer state.
    pub(crate) async fn transact<A: Aggregate>(
        &self,
        context: &Context,
        stream: StreamName,
        start: InitialState,
        mut command: impl FnMut(&A) -> A::Command,
    ) -> Result<Transacted<A>, TransactError<A::Rejection>> {
        let mut loaded = self.start::<A>(&stream, start).await?;
        let mut lock = None;
        for _ in 0..ATTEMPTS {
            let decided = loaded.state.decide(command(&loaded.state));
            let events = match decided {
                Ok(events) if !events.is_empty() => events,
                // Only what the log says just now may refuse a command or call it done.
                _ if !loaded.verified => {
                    loaded = self.refresh(&stream, loaded).await?;
                    continue;
                }
                Ok(_) => {
                    return Ok(Transacted { state: loaded.state, events: vec![], position: loaded.position });
                }
                // Rules may forbid what is done already; under its key it is the same request, not another one.
                Err(rejection) => match self.receipt(context).await? {
                    Some(Receipt { position, .. }) => {
                        return Ok(Transacted { state: loaded.state, events: vec![], position });
                    }
                    None => return Err(TransactError::Rejected(rejection)),
                },
            };
            match self.append(context, &stream, &loaded, events).await? {
                Some(done) => return Ok(done),
                None => {
                    // A stream that is fought over is taken in turns from now on.
                    if lock.is_none() {
                        lock = Some(self.locks.lock(&stream).await);
                    }
                    loaded = self.refresh(&stream, loaded).await?;
                }
            }
        }
        Err(ApiError::new(ErrorCode::Conflict).retry_after(Duration::from_secs(1)).into())
    }

    /// The state of a stream as the log has it now.
    pub(crate) async fn current<A: Aggregate>(&self, stream: &StreamName) -> Result<A, ApiError> {
        let known = self.cache.get(stream).unwrap_or_else(CachedAggregate::assumed_new);
        Ok(self.refresh(stream, known).await?.state)
    }

    /// Sees to it that an account has a key, with the same work whether it had one.
    pub(crate) async fn ensure_key_evenly(&self, account: AccountId) -> Result<(), ApiError> {
        self.journal.ensure_key_evenly(Subject::Account(account)).await.map_err(unwritable)
    }

    async fn start<A: Aggregate>(
        &self,
        stream: &StreamName,
        start: InitialState,
    ) -> Result<CachedAggregate<A>, ApiError> {
        match start {
            InitialState::Empty => Ok(CachedAggregate::assumed_new()),
            InitialState::Cached => match self.cache.get(stream) {
                Some(known) => Ok(known),
                None => self.refresh(stream, CachedAggregate::assumed_new()).await,
            },
        }
    }

    /// Folds what came since.
    async fn refresh<A: Aggregate>(
        &self,
        stream: &StreamName,
        mut loaded: CachedAggregate<A>,
    ) -> Result<CachedAggregate<A>, ApiError> {
        for recorded in self.journal.stream(stream, loaded.next).await.map_err(unreadable)? {
            loaded.next = recorded.revision + 1;
            loaded.position = recorded.position;
            if let Ok(event) = A::Event::try_from(recorded.event) {
                loaded.state.evolve(&event);
            }
        }
        loaded.verified = true;
        if loaded.next > 0 {
            self.cache.put(stream.clone(), loaded.clone());
        }
        Ok(loaded)
    }

    /// Appends at the revision that was decided on; nothing when somebody else was faster.
    async fn append<A: Aggregate>(
        &self,
        context: &Context,
        stream: &StreamName,
        loaded: &CachedAggregate<A>,
        events: Vec<A::Event>,
    ) -> Result<Option<Transacted<A>>, ApiError> {
        let expected = loaded.next.checked_sub(1).map_or(Expected::NoStream, Expected::Revision);
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
        let state = loaded.state.clone().fold(&events);
        if appended.repeated {
            self.cache.forget(stream); // what lies between is unknown
        } else {
            let (next, position) = (appended.last_revision + 1, appended.position);
            self.cache.put(
                stream.clone(),
                CachedAggregate { state: state.clone(), next, position, verified: true },
            );
        }
        Ok(Some(Transacted { state, events, position: appended.position }))
    }

    /// Tells projections in other processes of the new head; they would find it by themselves a little later.
    fn announce(&self, head: Position) {
        if let Err(error) = self.bus.publish(HEAD_SUBJECT, Bytes::from(head.to_string())) {
            tracing::debug!(%error, "a new head was not announced");
        }
    }
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
        WriteError::Append(AppendError::CommandReused) => {
            ApiError::new(ErrorCode::IdempotencyKeyReused).because(Text::IdempotencyKeyReused)
        }
        WriteError::Append(AppendError::TooLarge { limit, .. }) => {
            ApiError::new(ErrorCode::RequestTooLarge).because(Text::TooLarge { max: limit })
        }
        WriteError::Append(
            AppendError::Overloaded | AppendError::Unavailable(_) | AppendError::Unknown(_),
        )
        | WriteError::Keys(KeyringError::Database(_)) => ApiError::unavailable(error),
        // Somebody was erased: for everybody else they do not exist.
        WriteError::Keys(KeyringError::Destroyed(_)) | WriteError::Sealing(SealingError::Destroyed(_)) => {
            ApiError::new(ErrorCode::NotFound)
        }
        other => ApiError::internal(other),
    }
}
