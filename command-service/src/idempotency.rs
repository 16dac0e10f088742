//! Repetitions under an `Idempotency-Key`: the first answer is kept, sealed, for 24 hours, and given again.

use crate::{
    aggregates::{Aggregates, key_reused},
    answers::{Answer, Answers, KeptAnswer},
    context::Context,
};
use platform::http::{ApiError, Reply};
use read_model::ReadModel;
use secrets::vault::{Place, Vault};
use serde_json::value::RawValue;
use sqlx::Row;

/// The reply to a command, ready for the envelope.
pub(crate) type CommandReply = Reply<Box<RawValue>>;

/// How a repetition is answered when the log has the command's receipt and its answer was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnReceipt {
    /// By the handler: what is done already is not done again, and the current state is shown.
    Run,
    /// With an empty result: after a removal the handler would find nothing.
    AnswerNothing,
}

/// Keeps answers and gives them again. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Idempotency {
    aggregates: Aggregates,
    answers: Answers,
    vault: Vault,
    read: ReadModel,
}

impl Idempotency {
    pub(crate) fn new(aggregates: Aggregates, answers: Answers, vault: Vault, read: ReadModel) -> Self {
        Self { aggregates, answers, vault, read }
    }

    /// Gives the kept answer to an earlier request with the same key, or runs the command and keeps its answer.
    ///
    /// # Errors
    /// `IDEMPOTENCY_KEY_REUSED` when the earlier request was another one; the command's own.
    pub(crate) async fn once<F>(
        &self,
        context: Context,
        on_receipt: OnReceipt,
        run: impl FnOnce(Context) -> F,
    ) -> Result<CommandReply, ApiError>
    where
        F: Future<Output = Result<Answer, ApiError>>,
    {
        if let Some(reply) = self.kept(&context).await? {
            return Ok(reply);
        }
        let receipt = self.aggregates.receipt(&context).await?;
        let answer = match (receipt, on_receipt) {
            (Some(receipt), OnReceipt::AnswerNothing) => {
                self.answers.nothing(&context, receipt.position).await?
            }
            _ => run(context).await?,
        };
        Ok(self.keep(answer).await)
    }

    async fn kept(&self, context: &Context) -> Result<Option<CommandReply>, ApiError> {
        let Some(command) = context.command() else { return Ok(None) };
        let row = sqlx::query("SELECT fingerprint, position, body FROM ops.answer WHERE command = $1")
            .bind(command.id.0)
            .fetch_optional(self.read.pool())
            .await
            .map_err(ApiError::unavailable)?;
        let Some(row) = row else { return Ok(None) };
        if row.get::<&[u8], _>("fingerprint") != command.fingerprint {
            return Err(key_reused());
        }
        let body = self.vault.open(row.get("body"), Place::Answer(command.id)).map_err(ApiError::internal)?;
        let body = String::from_utf8(body).map_err(ApiError::internal)?;
        let result = RawValue::from_string(body).map_err(ApiError::internal)?;
        Ok(Some(Reply::new(result).at(row.get::<i64, _>("position").cast_unsigned())))
    }

    /// Keeps an answer. Where that fails, a repetition is answered from the receipt and the current state.
    pub(crate) async fn keep(&self, answer: Answer) -> CommandReply {
        if let Some(kept) = answer.kept
            && let Err(error) = self.store(kept).await
        {
            tracing::warn!(%error, "answer not kept; a repetition gets the current state");
        }
        answer.reply
    }

    async fn store(&self, kept: KeptAnswer) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let KeptAnswer { command, account, position, result } = kept;
        let body = self.vault.seal(result.get().as_bytes(), Place::Answer(command.id))?;
        sqlx::query(
            "INSERT INTO ops.answer (command, fingerprint, position, body, account) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT DO NOTHING",
        )
        .bind(command.id.0)
        .bind(&command.fingerprint[..])
        .bind(position.cast_signed())
        .bind(body)
        .bind(account.map(|account| account.0))
        .execute(self.read.pool())
        .await?;
        Ok(())
    }
}
