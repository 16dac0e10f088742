//! Erases persons and teams.
//!
//! A request for erasure is one event, durable before anything is destroyed. The rest is done in passes; each finds what is
//! left and may stop anywhere: the phone number is released, memberships end, files and messages are removed by events of
//! their own, traces outside the log are deleted, the key is destroyed. Once a pass found nothing for longer than any process
//! caches a key, the last event says that the erasure is complete. Passes may overlap and repeat: in two processes or after a
//! crash they change nothing.

mod account;
mod steps;
mod team;

pub use steps::{ErasurePass, ErasureRequested};

use crate::{accounts::Accounts, context::Context};
use account::AccountErasure;
use domain::phone_number::PhoneNumber;
use events::{
    AccountId, Subject, TeamId,
    value::{ErasureAsker, ErasureReason},
};
use platform::http::ApiError;
pub(crate) use steps::ErasureSteps;
use team::TeamErasure;

/// Erases persons and teams. Cheap to clone.
#[derive(Clone)]
pub struct Erasure {
    accounts: Accounts,
    account: AccountErasure,
    team: TeamErasure,
    steps: ErasureSteps,
}

impl Erasure {
    pub(crate) fn new(accounts: Accounts, steps: ErasureSteps) -> Self {
        let (account, team) = (AccountErasure::new(steps.clone()), TeamErasure::new(steps.clone()));
        Self { accounts, account, team, steps }
    }

    /// Records an operator's request for erasure. Any command process carries it out, or [`Self::run_pass`].
    ///
    /// # Errors
    /// `NOT_FOUND` if there is no such person or team.
    pub async fn request(
        &self,
        subject: Subject,
        reason: ErasureReason,
    ) -> Result<ErasureRequested, ApiError> {
        let mut context = Context::system("erasure.ask", self.steps.access.clock.now());
        match subject {
            Subject::Account(account) => {
                self.account.request(&mut context, account, ErasureAsker::Operator, reason).await
            }
            Subject::Team(team) => self.team.request(&mut context, team, reason).await,
        }
    }

    /// Records a person's request to be erased.
    pub(crate) async fn request_own(
        &self,
        context: &mut Context,
        account: AccountId,
    ) -> Result<ErasureRequested, ApiError> {
        self.account.request(context, account, ErasureAsker::Person, ErasureReason::Wish).await
    }

    /// A team with other members whose only owner is this account.
    pub(crate) async fn only_owner_of(&self, account: AccountId) -> Result<Option<TeamId>, ApiError> {
        self.account.only_owner_of(account).await
    }

    /// Runs one pass of a requested erasure.
    ///
    /// # Errors
    /// A step failed; the next pass retries it.
    pub async fn run_pass(&self, subject: Subject) -> Result<ErasurePass, ApiError> {
        match subject {
            Subject::Account(account) => self.account.run_pass(account).await,
            Subject::Team(team) => self.team.run_pass(team).await,
        }
    }

    /// The account that owns a phone number, if there is one.
    ///
    /// # Errors
    /// The log could not be read.
    pub async fn owner_of(&self, phone: &PhoneNumber) -> Result<Option<AccountId>, ApiError> {
        self.accounts.owner_of(phone).await
    }

    /// Runs a pass of every requested erasure.
    pub(crate) async fn run_due(&self) -> Result<(), ApiError> {
        for due in self.steps.access.read.erasures().unfinished().await? {
            match self.run_pass(due.subject).await {
                Ok(pass) => tracing::info!(receipt = %due.receipt, ?pass, "erasure pass done"),
                Err(error) => {
                    let code = error.failure().code;
                    tracing::warn!(receipt = %due.receipt, ?code, "erasure incomplete, will retry");
                }
            }
        }
        Ok(())
    }

    /// Follows keys that other processes destroy, and empties the cache of states that were read with them.
    pub async fn follow_destroyed_keys(self) {
        self.steps.journal.follow_keys(|| self.steps.aggregates.forget_states()).await;
    }
}
