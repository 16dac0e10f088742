//! Fires reminders whose time has come. Any number of processes may run this: firing is an event, appended at the revision
//! at which the reminder was found waiting, so the log lets one of them win, whatever crashes or is rebuilt.

use crate::{
    aggregates::{Aggregates, TransactError},
    context::Context,
};
use access::Access;
use domain::remind::{self, Remind};
use events::{RemindId, StreamName};
use futures::{StreamExt, stream};
use platform::http::ApiError;
use std::time::Duration;

/// The interval between two queries for due reminders.
const POLL: Duration = Duration::from_millis(250);
/// The pause after the database has failed.
const PAUSE: Duration = Duration::from_secs(2);
/// Reminders that are read from the read model at once.
const BATCH: i64 = 200;
/// Reminders that are fired concurrently.
const CONCURRENCY: usize = 16;

/// Fires due reminders.
pub struct Reminders {
    access: Access,
    aggregates: Aggregates,
}

impl Reminders {
    pub(crate) fn new(access: Access, aggregates: Aggregates) -> Self {
        Self { access, aggregates }
    }

    /// Runs until it is dropped.
    pub async fn run(self) {
        loop {
            let now = self.access.clock.now();
            match self.access.read.reminders().due(now, BATCH).await {
                Ok(due) => {
                    stream::iter(due).for_each_concurrent(CONCURRENCY, |remind| self.fire(remind)).await;
                    tokio::time::sleep(POLL).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "due reminders cannot be read");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Fires a reminder, unless the log says that it has fired or was set to another time since the row was written.
    async fn fire(&self, remind: RemindId) {
        let stream = StreamName::remind(remind);
        let cause = match self.aggregates.last_event(&stream, &["remind.set.v1"]).await {
            Ok(cause) => cause,
            Err(error) => return log_failure(remind, &error),
        };
        let context = Context::system("remind.fire", self.access.clock.now()).caused_by(cause);
        let now = context.now;
        let command = |_: &Remind| remind::Command::Fire { now };
        match self.aggregates.transact(&context, stream, command).await {
            Ok(_) => {}
            Err(TransactError::Rejected(rejection)) => {
                tracing::error!(%remind, ?rejection, "due reminder rejected");
            }
            Err(TransactError::Failed(error)) => log_failure(remind, &error),
        }
    }
}

fn log_failure(remind: RemindId, error: &ApiError) {
    tracing::warn!(%remind, code = %error.failure().code, "reminder not fired, will retry");
}
