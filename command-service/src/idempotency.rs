//! The end of a command: wait for the read model, answer, and keep the answer for repetitions under the same key.

use crate::{Commands, context::Context};
use access::not_found;
use event_log::Receipt;
use events::Position;
use http::{HeaderName, HeaderValue};
use platform::http::{ApiError, Reply};
use protocol::{envelope::Nothing, error::ErrorCode, lang::Text};
use secrets::vault::Place;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use sqlx::Row;
use std::time::Duration;

/// How often a view is looked at that shows less than it was told to.
const LOOKS: usize = 5;

const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// A result as it goes into the envelope.
pub(crate) type Answer = Reply<Box<RawValue>>;

impl Commands {
    /// The answer to an earlier request with the same key, if there was one.
    ///
    /// # Errors
    /// `IDEMPOTENCY_KEY_REUSED` when that request was another one.
    pub(crate) async fn repeated(&self, context: &Context) -> Result<Option<Answer>, ApiError> {
        let Some(command) = context.command() else { return Ok(None) };
        let row = sqlx::query("SELECT fingerprint, position, body FROM ops.answer WHERE command = $1")
            .bind(command.id.0)
            .fetch_optional(self.access.read.pool())
            .await
            .map_err(ApiError::unavailable)?;
        // Its answer may not have been kept: then the same request is carried out again, which changes nothing.
        let Some(row) = row else { return self.receipt(context).await.map(|_| None) };
        if row.get::<&[u8], _>("fingerprint") != command.fingerprint {
            return Err(reused());
        }
        let body = self.vault.open(row.get("body"), Place::Answer(command.id)).map_err(ApiError::internal)?;
        let body = String::from_utf8(body).map_err(ApiError::internal)?;
        let result = RawValue::from_string(body).map_err(ApiError::internal)?;
        Ok(Some(Reply::new(result).at(row.get::<i64, _>("position").cast_unsigned())))
    }

    /// As [`Self::repeated`], for requests to remove something: nothing is left then that a repetition could be tried on,
    /// and that it was done is all there is to answer.
    ///
    /// # Errors
    /// `IDEMPOTENCY_KEY_REUSED`, `NOT_CAUGHT_UP`.
    pub(crate) async fn removed_before(&self, context: &Context) -> Result<Option<Answer>, ApiError> {
        if let Some(answer) = self.repeated(context).await? {
            return Ok(Some(answer));
        }
        match self.receipt(context).await? {
            Some(receipt) => self.answer_nothing(context, receipt.position).await.map(Some),
            None => Ok(None),
        }
    }

    /// What the log knows of an earlier request with the same key.
    ///
    /// # Errors
    /// `IDEMPOTENCY_KEY_REUSED` when that request was another one.
    pub(crate) async fn receipt(&self, context: &Context) -> Result<Option<Receipt>, ApiError> {
        let Some(command) = context.command() else { return Ok(None) };
        let receipt = self.journal.log().receipt(command.id).await.map_err(ApiError::unavailable)?;
        match receipt {
            Some(receipt) if receipt.fingerprint != command.fingerprint => Err(reused()),
            known => Ok(known),
        }
    }

    /// The answer to a command that is done, and has no result.
    ///
    /// # Errors
    /// `NOT_CAUGHT_UP`.
    pub(crate) async fn answer_nothing(
        &self,
        context: &Context,
        position: Position,
    ) -> Result<Answer, ApiError> {
        self.settle(context, position).await?;
        self.answer(context, position, &Nothing).await
    }

    /// Waits until the read model shows `position`; false when the client does not want to wait.
    ///
    /// # Errors
    /// `NOT_CAUGHT_UP`: the command is done, but not visible yet; `Event-Position` says where.
    pub(crate) async fn settle(&self, context: &Context, position: Position) -> Result<bool, ApiError> {
        if context.respond_async {
            return Ok(false);
        }
        let patience = Duration::from_millis(self.access.config.wait.command_ms);
        if self.access.read.caught_up(position, patience).await? {
            return Ok(true);
        }
        Err(not_caught_up(position))
    }

    /// The answer to a command that is done: the view that the query would give, once the read model has it.
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
            return Ok(bare(position)?.unshown().header(PREFERENCE_APPLIED, applied));
        }
        let view = self.settled(context, position, view).await?.ok_or_else(not_found)?;
        self.answer(context, position, &view).await
    }

    /// A view that shows `position` for certain. What a process was told to be there can be gone once more: a crash of
    /// Postgres takes the newest rows of the read model, and the projection brings them again.
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
        for _ in 0..LOOKS {
            self.settle(&waiting, position).await?;
            let seen = view().await?;
            if self.access.read.position().await? >= position {
                return Ok(seen);
            }
        }
        Err(not_caught_up(position))
    }

    /// The answer to a command that is done, and has this result.
    pub(crate) async fn answer<T: Serialize>(
        &self,
        context: &Context,
        position: Position,
        result: &T,
    ) -> Result<Answer, ApiError> {
        let result = to_raw_value(result).map_err(ApiError::internal)?;
        if let Some(command) = context.command() {
            let place = Place::Answer(command.id);
            let body = self.vault.seal(result.get().as_bytes(), place).map_err(ApiError::internal)?;
            let kept = sqlx::query(
                "INSERT INTO ops.answer (command, fingerprint, position, body, account) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT DO NOTHING",
            )
            .bind(command.id.0)
            .bind(&command.fingerprint[..])
            .bind(position.cast_signed())
            .bind(body)
            .bind(context.account().map(|account| account.0))
            .execute(self.access.read.pool())
            .await;
            if let Err(error) = kept {
                tracing::warn!(%error, "an answer was not kept; a repetition is answered by the current state");
            }
        }
        Ok(Reply::new(result).at(position))
    }

    /// The answer to a client that did not want to wait: where to look, and nothing else.
    pub(crate) fn accepted(position: Position) -> Result<Answer, ApiError> {
        let applied = HeaderValue::from_static("respond-async");
        Ok(bare(position)?.accepted().header(PREFERENCE_APPLIED, applied))
    }
}

/// An answer that shows nothing but where the command is.
fn bare(position: Position) -> Result<Answer, ApiError> {
    Ok(Reply::new(to_raw_value(&()).map_err(ApiError::internal)?).at(position))
}

/// The command is done, but not visible yet.
fn not_caught_up(position: Position) -> ApiError {
    ApiError::new(ErrorCode::NotCaughtUp)
        .because(Text::NotCaughtUp)
        .retry_after(Duration::from_secs(1))
        .header(platform::http::EVENT_POSITION, HeaderValue::from(position))
}

fn reused() -> ApiError {
    ApiError::new(ErrorCode::IdempotencyKeyReused).because(Text::IdempotencyKeyReused)
}
