//! Forgets persons and teams.
//!
//! That somebody is to be forgotten is one event, and durable before anything is destroyed. What follows is done in passes,
//! each of which finds what is left to do and may stop anywhere: the number is free again, places in teams end, files and
//! messages are removed by facts of their own, traces beside the log go, the key is destroyed. Once nothing was left for
//! longer than any process remembers a key, the last event says that it is done. Doing all of it twice, in two processes or
//! after a crash, changes nothing.

mod account;
mod team;

use crate::{
    Commands,
    context::Context,
    transact::{InitialState, TransactError, Transacted},
};
use domain::{phone::Phone, phone_number::PhoneNumber, upload::Uploads};
use events::{
    AccountId, ContactId, Position, ReceiptId, StreamName, Subject, TeamId,
    value::{ErasureAsker, ErasureReason},
};
use platform::http::ApiError;
use secrets::journal::HEAR_EVERY;
use std::{fmt::Debug, time::Duration};

/// How long after a key was destroyed the last look is taken: whoever remembered it has heard of it by then, and what was
/// on its way has arrived.
const ALL_HAVE_HEARD: Duration = Duration::from_secs(HEAR_EVERY.as_secs() * 3);

/// Files that are removed by one append.
const FILES: usize = 200;

/// A wish to be forgotten that is written down.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Its receipt.
    pub receipt: ReceiptId,
    /// Where it stands in the log.
    pub position: Position,
}

/// What a pass has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// Messages that say nothing any more.
    pub messages: u64,
    /// Files removed.
    pub files: u64,
    /// Places in teams that ended, reminders that fire no more, numbers that are free again.
    pub others: u64,
    /// Nothing is left, and the log says so.
    pub finished: bool,
}

impl Pass {
    fn idle(&self) -> bool {
        (self.messages, self.files, self.others) == (0, 0, 0)
    }
}

impl Commands {
    /// Writes down that somebody is to be forgotten, as the operator wishes. The rest follows wherever commands are carried
    /// out, or by [`Self::forget`].
    ///
    /// # Errors
    /// `NOT_FOUND` if there is no such person or team; the log failed.
    pub async fn erase(&self, subject: Subject, reason: ErasureReason) -> Result<Asked, ApiError> {
        let mut context = Context::system("erasure.ask", self.access.clock.now());
        match subject {
            Subject::Account(account) => {
                self.erase_account(&mut context, account, ErasureAsker::Operator, reason).await
            }
            Subject::Team(team) => self.erase_team(&mut context, team, reason).await,
        }
    }

    /// One pass over what is left of somebody who is to be forgotten.
    ///
    /// # Errors
    /// What could not be done; it is done the next time.
    pub async fn forget(&self, subject: Subject) -> Result<Pass, ApiError> {
        match subject {
            Subject::Account(account) => self.forget_account(account).await,
            Subject::Team(team) => self.forget_team(team).await,
        }
    }

    /// The account that owns a phone number.
    ///
    /// # Errors
    /// The log failed.
    pub async fn owner_of(&self, phone: &PhoneNumber) -> Result<Option<AccountId>, ApiError> {
        let stream = StreamName::phone(&hex::encode(self.phone_hash(phone)));
        Ok(self.current::<Phone>(&stream).await?.owner())
    }

    /// A pass over all who are to be forgotten.
    pub(crate) async fn forget_due(&self) -> Result<(), ApiError> {
        for due in self.access.read.erasures().unfinished().await? {
            match self.forget(due.subject).await {
                Ok(pass) => tracing::info!(receipt = %due.receipt, ?pass, "somebody is being forgotten"),
                Err(error) => {
                    let code = error.failure().code;
                    tracing::warn!(receipt = %due.receipt, ?code, "somebody is not forgotten yet");
                }
            }
        }
        Ok(())
    }

    /// Keeps up with keys that are destroyed elsewhere: states that are remembered here were read with them.
    pub async fn hear_of_erasures(self) {
        self.journal.follow_keys(|| self.cache.clear()).await;
    }

    /// Destroys the key; answers whether everybody has heard of it.
    async fn destroy(&self, subject: Subject) -> Result<bool, ApiError> {
        let ago = self.journal.destroy_key(subject).await.map_err(ApiError::unavailable)?;
        self.cache.clear();
        Ok(ago >= ALL_HAVE_HEARD)
    }

    /// Removes files of a contact, or all of the team; answers how many.
    async fn remove_files(
        &self,
        team: TeamId,
        owner: Option<ContactId>,
    ) -> Result<(u64, Position), ApiError> {
        let context = Context::system("upload.forget", self.access.clock.now());
        let stream = StreamName::uploads(team);
        let (mut removed, mut position) = (0, 0);
        loop {
            let files = self.current::<Uploads>(&stream).await?.first_of(owner, FILES);
            if files.is_empty() {
                return Ok((removed, position));
            }
            for (upload, blob) in &files {
                self.mark_file(team, *upload, *blob).await?;
            }
            let uploads: Vec<_> = files.iter().map(|(upload, _)| *upload).collect();
            let done: Transacted<Uploads> = sure(
                self.transact(&context, stream.clone(), InitialState::Cached, |_: &Uploads| {
                    domain::upload::Command::Forget(uploads.clone())
                })
                .await,
            )?;
            for (upload, blob) in &files {
                self.collect_file(team, *upload, *blob).await;
            }
            (removed, position) = (removed + done.events.len() as u64, done.position.max(position));
        }
    }
}

/// The outcome of a command that no rule forbids.
fn sure<T, R: Debug>(done: Result<T, TransactError<R>>) -> Result<T, ApiError> {
    done.map_err(|stop| stop.or(|rejection| ApiError::internal(format!("not forgotten: {rejection:?}"))))
}
