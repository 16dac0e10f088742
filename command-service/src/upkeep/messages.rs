//! Deletes messages that are older than their group keeps them.

use super::deps::UpkeepDeps;
use crate::context::Context;
use domain::message::{self, Message};
use events::{ContactId, Position, message::Author};
use futures::{StreamExt, TryStreamExt, stream};
use platform::http::ApiError;
use uuid::Uuid;

/// Messages that are read from the read model at once.
const BATCH: i64 = 200;
/// Messages that are deleted concurrently.
const CONCURRENCY: usize = 16;

pub(super) async fn delete_old(deps: &UpkeepDeps) -> Result<(), ApiError> {
    loop {
        let context = &Context::system("message.clean_up", deps.access.clock.now());
        let overdue = deps.access.read.upkeep().overdue_messages(context.now, BATCH).await?;
        if overdue.is_empty() {
            return Ok(());
        }
        let (author, now) = (Author::Contact(ContactId(Uuid::nil())), context.now);
        let deleted = overdue.into_iter().map(|message| async move {
            let command = |_: &Message| message::Command::Delete { author, any: true, now };
            let stream = deps.aggregates.message_stream(message).await?;
            let done = deps.aggregates.transact(context, stream, command).await;
            done.map(|done| done.position).map_err(|error| {
                error.or(|rejection| ApiError::internal(format!("old message not deleted: {rejection:?}")))
            })
        });
        let positions: Vec<Position> =
            stream::iter(deleted).buffer_unordered(CONCURRENCY).try_collect().await?;
        tracing::debug!(deleted = positions.len(), "old messages deleted");
        deps.answers.settle(context, positions.into_iter().max().unwrap_or(0)).await?;
    }
}
