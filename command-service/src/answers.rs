//! The end of a command: wait for the read model and answer with the view that the query would give.

use crate::context::Context;
use access::not_found;
use event_log::CommandRef;
use events::{AccountId, Position};
use http::{HeaderName, HeaderValue};
use platform::http::{ApiError, EVENT_POSITION, Reply};
use protocol::{envelope::Nothing, error::ErrorCode, lang::Text};
use read_model::ReadModel;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::time::Duration;

/// How often a view is read that turns out to be older than the command.
const READS: usize = 5;

const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// The answer to a command, before it is kept for repetitions (`idempotency.rs`).
pub(crate) struct Answer {
    pub(crate) reply: Reply<Box<RawValue>>,
    /// The answer to a repetition under the same key; `None` if it depends on the client's preferences.
    pub(crate) kept: Option<KeptAnswer>,
}

/// An answer as it is kept.
pub(crate) struct KeptAnswer {
    pub(crate) command: CommandRef,
    pub(crate) account: Option<AccountId>,
    pub(crate) position: Position,
    pub(crate) result: Box<RawValue>,
}

/// Makes the answers to commands. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Answers {
    read: ReadModel,
    patience: Duration,
}

impl Answers {
    /// `patience` is the longest wait for the read model.
    pub(crate) fn new(read: ReadModel, patience: Duration) -> Self {
        Self { read, patience }
    }

    /// Waits until the read model shows `position`; false when the client does not want to wait.
    ///
    /// # Errors
    /// `NOT_CAUGHT_UP`: the command is done, but not visible yet; `Event-Position` says where it is.
    pub(crate) async fn settle(&self, context: &Context, position: Position) -> Result<bool, ApiError> {
        if context.respond_async {
            return Ok(false);
        }
        if self.read.caught_up(position, self.patience).await? {
            return Ok(true);
        }
        Err(not_caught_up(position))
    }

    /// Answers with the view that the query would give, once the read model shows `position`.
    pub(crate) async fn show<T, V>(
        &self,
        context: &Context,
        position: Position,
        view: impl Fn() -> V,
    ) -> Result<Answer, ApiError>
    where
        T: Serialize,
        V: Future<Output = read_model::Result<Option<T>>>,
    {
        if context.respond_async {
            return Self::accepted(position);
        }
        if context.minimal {
            self.settle(context, position).await?;
            let applied = HeaderValue::from_static("return=minimal");
            let reply = bare(position)?.unshown().header(PREFERENCE_APPLIED, applied);
            return Ok(Answer { reply, kept: None });
        }
        let view = self.settled(context, position, view).await?.ok_or_else(not_found)?;
        self.answer(context, position, &view)
    }

    /// Reads a view that certainly shows `position`. A crash of Postgres can take the newest rows of the read model
    /// after a process has seen them, and the projection writes them again.
    pub(crate) async fn settled<T, V>(
        &self,
        context: &Context,
        position: Position,
        view: impl Fn() -> V,
    ) -> Result<Option<T>, ApiError>
    where
        V: Future<Output = read_model::Result<Option<T>>>,
    {
        let waiting = context.waiting();
        for _ in 0..READS {
            self.settle(&waiting, position).await?;
            let seen = view().await?;
            if self.read.position().await? >= position {
                return Ok(seen);
            }
        }
        Err(not_caught_up(position))
    }

    /// Answers with a result.
    pub(crate) fn answer<T: Serialize>(
        &self,
        context: &Context,
        position: Position,
        result: &T,
    ) -> Result<Answer, ApiError> {
        let result = to_raw_value(result).map_err(ApiError::internal)?;
        let kept = context.command().map(|command| KeptAnswer {
            command,
            account: context.account(),
            position,
            result: result.clone(),
        });
        Ok(Answer { reply: Reply::new(result).at(position), kept })
    }

    /// Answers a command that has no result, once the read model shows `position`.
    pub(crate) async fn nothing(&self, context: &Context, position: Position) -> Result<Answer, ApiError> {
        self.settle(context, position).await?;
        self.answer(context, position, &Nothing)
    }

    /// Answers a client that does not wait: with the position alone.
    pub(crate) fn accepted(position: Position) -> Result<Answer, ApiError> {
        let applied = HeaderValue::from_static("respond-async");
        let reply = bare(position)?.accepted().header(PREFERENCE_APPLIED, applied);
        Ok(Answer { reply, kept: None })
    }
}

/// An answer that shows the command's position alone.
fn bare(position: Position) -> Result<Reply<Box<RawValue>>, ApiError> {
    Ok(Reply::new(to_raw_value(&()).map_err(ApiError::internal)?).at(position))
}

fn not_caught_up(position: Position) -> ApiError {
    ApiError::new(ErrorCode::NotCaughtUp)
        .because(Text::NotCaughtUp)
        .retry_after(Duration::from_secs(1))
        .header(EVENT_POSITION, HeaderValue::from(position))
}
