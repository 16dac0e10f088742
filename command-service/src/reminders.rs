//! Fires reminders whose time has come. Any number of processes may run this: firing is an event that is appended at the
//! revision at which the reminder was found waiting, so the log lets one of them win, and it stays so after any crash and
//! any rebuild.

use crate::{
    Commands,
    context::Context,
    transact::{InitialState, TransactError},
};
use domain::remind::{self, Remind};
use events::{RemindId, StreamName};
use futures::{StreamExt, stream};
use platform::http::ApiError;
use std::time::Duration;

/// How often it is looked for what is due.
const POLL: Duration = Duration::from_millis(250);
/// How long the database is left alone when it does not answer.
const REST: Duration = Duration::from_secs(2);
/// Reminders that are taken at once.
const TAKEN: i64 = 200;
/// Reminders that are fired side by side.
const AT_ONCE: usize = 16;

/// See the file's head.
pub struct Reminders {
    commands: Commands,
}

impl Reminders {
    /// Fires by way of the commands.
    pub fn new(commands: Commands) -> Self {
        Self { commands }
    }

    /// Runs until it is dropped.
    pub async fn run(self) {
        loop {
            let now = self.commands.access.clock.now();
            match self.commands.access.read.reminders().due(now, TAKEN).await {
                Ok(due) => {
                    stream::iter(due).for_each_concurrent(AT_ONCE, |remind| self.fire(remind)).await;
                    tokio::time::sleep(POLL).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "due reminders cannot be read");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    /// Fires one, unless the log says that it has fired, or was set to another time, since the row was written.
    async fn fire(&self, remind: RemindId) {
        let stream = StreamName::remind(remind);
        let cause = match self.commands.last_of(&stream, &["remind.set.v1"]).await {
            Ok(cause) => cause,
            Err(error) => return not_yet(remind, &error),
        };
        let context = Context::system("remind.fire", self.commands.access.clock.now()).caused_by(cause);
        let now = context.now;
        let fire = |_: &Remind| remind::Command::Fire { now };
        match self.commands.transact(&context, stream, InitialState::Cached, fire).await {
            Ok(_) => {}
            Err(TransactError::Rejected(rejection)) => {
                tracing::error!(%remind, ?rejection, "a reminder may not fire")
            }
            Err(TransactError::Failed(error)) => not_yet(remind, &error),
        }
    }
}

fn not_yet(remind: RemindId, error: &ApiError) {
    tracing::warn!(%remind, code = %error.failure().code, "a reminder has not fired; it is tried again");
}
