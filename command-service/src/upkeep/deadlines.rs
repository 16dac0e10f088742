//! Records deadlines of open tasks that have come.
//!
//! A deadline that has come is an event, appended at the revision at which the task was found open and late: the log lets one
//! process append it, once for each deadline, whatever crashes or is rebuilt. Rows, tabs and counters follow from the event,
//! never from a clock of their own.

use super::deps::UpkeepDeps;
use crate::{aggregates::Transacted, context::Context};
use domain::task::{self, Task};
use events::{GroupId, Position, StreamName};
use futures::{StreamExt, stream};
use platform::http::ApiError;

/// Tasks that are read from the read model at once.
const BATCH: i64 = 200;
/// Tasks that are handled concurrently.
const CONCURRENCY: usize = 16;
/// The events that give a task its deadline, or open it again.
const CAUSES: [&str; 3] = ["task.created.v1", "task.changed.v1", "task.status_changed.v1"];

pub(super) async fn pass_due(deps: &UpkeepDeps) -> Result<(), ApiError> {
    loop {
        let now = deps.access.clock.now();
        let overdue = deps.access.read.upkeep().overdue_tasks(now, BATCH).await?;
        let taken = overdue.len();
        let passed = overdue.into_iter().map(|task| async move {
            // A failure of one task does not keep the others from being handled.
            pass(deps, task).await.unwrap_or_else(|error| {
                let code = error.failure().code;
                tracing::warn!(%task, %code, "deadline not recorded, will retry");
                0
            })
        });
        let passed: Vec<Position> = stream::iter(passed).buffer_unordered(CONCURRENCY).collect().await;
        let Some(last) = passed.into_iter().max().filter(|last| *last > 0) else { return Ok(()) };
        // Once the read model has the events, it lists these tasks no more.
        deps.answers.settle(&Context::system("task.pass_deadline", now), last).await?;
        if taken < BATCH as usize {
            return Ok(());
        }
    }
}

/// Returns the position of the event; 0 if there was nothing to append.
async fn pass(deps: &UpkeepDeps, task: GroupId) -> Result<Position, ApiError> {
    let stream = StreamName::task(task);
    let cause = deps.aggregates.last_event(&stream, &CAUSES).await?;
    let now = deps.access.clock.now();
    let context = Context::system("task.pass_deadline", now).caused_by(cause);
    let command = |_: &Task| task::Command::PassDeadline { now };
    let done: Result<Transacted<Task>, _> = deps.aggregates.transact(&context, stream, command).await;
    let done = done.map_err(|error| {
        error.or(|rejection| ApiError::internal(format!("deadline not recorded: {rejection:?}")))
    })?;
    Ok(if done.events.is_empty() { 0 } else { done.position })
}
