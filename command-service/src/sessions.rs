//! Ends of sessions that nobody asks for: by age, or because nobody has used them for too long.
//!
//! Such a session opens nothing from that moment on, whether its end is in the log or not. The event makes the end final, whatever the
//! settings say later, and takes the session out of the account's state.

use crate::{
    Commands,
    context::Context,
    transact::{InitialState, TransactError, Transacted},
};
use domain::account::{self, Account, Rejection};
use events::StreamName;
use platform::http::ApiError;
use read_model::ExpiredSession;

/// Sessions that are ended before it is looked again.
const AT_ONCE: i64 = 200;

impl Commands {
    /// Ends sessions that are over.
    pub(crate) async fn end_sessions(&self) -> Result<(), ApiError> {
        loop {
            let context = Context::system("session.expire", self.access.clock.now());
            let idle = self.access.config.auth.idle();
            let over = self.access.read.sessions().expired(context.now, idle, AT_ONCE).await?;
            let Some(first) = over.first().copied() else {
                return Ok(self.access.read.sessions().forget_uses().await?);
            };
            let mut last = 0;
            for ExpiredSession { account, session, reason } in over {
                let command = |_: &Account| account::Command::EndSession { session, reason };
                let stream = StreamName::account(account);
                let done: Result<Transacted<Account>, TransactError<_>> =
                    self.transact(&context, stream, InitialState::Cached, command).await;
                match done {
                    Ok(done) => last = last.max(done.position),
                    // It has ended otherwise meanwhile.
                    Err(TransactError::Rejected(Rejection::NoSession | Rejection::NoAccount)) => {}
                    Err(stop) => {
                        return Err(stop.or(|rejection| {
                            ApiError::internal(format!("a session was not ended: {rejection:?}"))
                        }));
                    }
                }
            }
            if last == 0 {
                // The rows have yet to hear of it.
                tracing::debug!(session = %first.session.0, "sessions have ended already");
                return Ok(());
            }
            self.settle(&context, last).await?;
        }
    }
}
