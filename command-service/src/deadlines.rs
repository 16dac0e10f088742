//! Deadlines of open tasks that come. That one has come is an event, appended at the revision at which the task was found
//! open and late: so the log lets one process say it, once for each deadline, and it stays so after any crash and any
//! rebuild. Rows, tabs and counters follow from the event, never from a clock of their own.

use crate::{
    Commands,
    context::Context,
    transact::{InitialState, TransactError, Transacted},
};
use domain::task::{self, Task};
use events::{GroupId, Position, StreamName};
use futures::{StreamExt, stream};
use platform::http::ApiError;

/// Tasks that are looked at before it is looked again.
const TAKEN: i64 = 200;
/// Tasks that are looked at side by side.
const AT_ONCE: usize = 16;
/// What gives a task its deadline, or opens it again.
const CAUSES: [&str; 3] = ["task.created.v1", "task.changed.v1", "task.status_changed.v1"];

impl Commands {
    /// Lets deadlines pass that have come.
    pub(crate) async fn pass_deadlines(&self) -> Result<(), ApiError> {
        loop {
            let now = self.access.clock.now();
            let overdue = self.access.read.upkeep().overdue_tasks(now, TAKEN).await?;
            let taken = overdue.len();
            let passed = overdue.into_iter().map(|task| async move {
                // What fails in one is no reason to leave the others undone.
                self.pass_deadline(task).await.unwrap_or_else(|error| {
                    let code = error.failure().code;
                    tracing::warn!(%task, %code, "a deadline has not passed; it is tried again");
                    0
                })
            });
            let passed: Vec<Position> = stream::iter(passed).buffer_unordered(AT_ONCE).collect().await;
            let Some(last) = passed.into_iter().max().filter(|last| *last > 0) else { return Ok(()) };
            // The rows name these no more, once they know.
            self.settle(&Context::system("task.pass_deadline", now), last).await?;
            if taken < TAKEN as usize {
                return Ok(());
            }
        }
    }

    /// Returns where that stands in the log; 0 if the log knew it already, or knows better than the row.
    async fn pass_deadline(&self, task: GroupId) -> Result<Position, ApiError> {
        let stream = StreamName::task(task);
        let cause = self.last_of(&stream, &CAUSES).await?;
        let now = self.access.clock.now();
        let context = Context::system("task.pass_deadline", now).caused_by(cause);
        let pass = |_: &Task| task::Command::PassDeadline { now };
        let done: Result<Transacted<Task>, TransactError<_>> =
            self.transact(&context, stream, InitialState::Cached, pass).await;
        let done = done.map_err(|stop| {
            stop.or(|rejection: task::Rejection| ApiError::internal(format!("not passed: {rejection:?}")))
        })?;
        Ok(if done.events.is_empty() { 0 } else { done.position })
    }
}
