//! Ends sessions by age or for want of use.
//!
//! Such a session opens nothing from that moment on, whether its end is in the log or not. The event makes the end final,
//! whatever the settings say later, and removes the session from the account's state.

use super::deps::UpkeepDeps;
use crate::{
    aggregates::{TransactError, Transacted},
    context::Context,
};
use domain::account::{self, Account, Rejection};
use events::StreamName;
use platform::http::ApiError;
use read_model::ExpiredSession;

/// Sessions that are read from the read model at once.
const BATCH: i64 = 200;

pub(super) async fn end_over(deps: &UpkeepDeps) -> Result<(), ApiError> {
    loop {
        let context = Context::system("session.expire", deps.access.clock.now());
        let idle = deps.access.config.auth.idle();
        let over = deps.access.read.sessions().expired(context.now, idle, BATCH).await?;
        let Some(first) = over.first().copied() else {
            return Ok(deps.access.read.sessions().forget_uses().await?);
        };
        let mut last = 0;
        for ExpiredSession { account, session, reason } in over {
            let command = |_: &Account| account::Command::EndSession { session, reason };
            let stream = StreamName::account(account);
            let done: Result<Transacted<Account>, _> =
                deps.aggregates.transact(&context, stream, command).await;
            match done {
                Ok(done) => last = last.max(done.position),
                // It was ended otherwise meanwhile.
                Err(TransactError::Rejected(Rejection::NoSession | Rejection::NoAccount)) => {}
                Err(error) => {
                    return Err(
                        error.or(|rejection| ApiError::internal(format!("session not ended: {rejection:?}")))
                    );
                }
            }
        }
        if last == 0 {
            tracing::debug!(session = %first.session.0, "sessions ended already; the read model is behind");
            return Ok(());
        }
        deps.answers.settle(&context, last).await?;
    }
}
