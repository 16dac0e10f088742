//! Erases a team.

use super::steps::{ErasurePass, ErasureRequested, ErasureSteps, expect_allowed};
use crate::{aggregates::Transacted, context::Context};
use access::not_found;
use domain::team::{self, Team};
use events::{
    ReceiptId, StreamName, Subject, TeamId,
    team::{Erased, Purged},
    value::{ErasureAsker, ErasureReason},
};
use platform::http::ApiError;
use read_model::rights::{ServiceReason, ServiceTeam};

/// Erases teams. Cheap to clone.
#[derive(Clone)]
pub(super) struct TeamErasure(ErasureSteps);

impl TeamErasure {
    pub(super) fn new(steps: ErasureSteps) -> Self {
        Self(steps)
    }

    /// Records the request, which archives the team.
    pub(super) async fn request(
        &self,
        context: &mut Context,
        team: TeamId,
        reason: ErasureReason,
    ) -> Result<ErasureRequested, ApiError> {
        let erased = Erased { receipt: context.id(), asked_by: ErasureAsker::Operator, reason };
        let stream = StreamName::team(team);
        let done: Transacted<Team> = self
            .0
            .aggregates
            .transact(context, stream, |_: &Team| team::Command::Erase(erased.clone()))
            .await?;
        let receipt = done.state.erased().unwrap_or(erased.receipt);
        Ok(ErasureRequested { receipt, position: done.position })
    }

    pub(super) async fn run_pass(&self, team: TeamId) -> Result<ErasurePass, ApiError> {
        let stream = StreamName::team(team);
        let state: Team = self.0.aggregates.current(&stream).await?;
        let Some(receipt) = state.erased() else { return Err(not_found()) };
        let cause = self.0.aggregates.last_event(&stream, &["team.erased.v1"]).await?;
        let context = &Context::system("team.forget", self.0.access.clock.now()).caused_by(cause);
        let mut pass = ErasurePass::default();
        let cleared = self.clear(context, &state, team, &mut pass).await;
        // The key is destroyed whatever else fails: an unreadable stream must not keep a team in the log.
        let forgotten = self.0.destroy_key(Subject::Team(team)).await?;
        cleared?;
        if forgotten && pass.found_nothing() {
            self.complete(context, team, receipt).await?;
            pass.finished = true;
        }
        Ok(pass)
    }

    /// Removes the files and pictures, and deletes the traces outside the log.
    async fn clear(
        &self,
        context: &Context,
        state: &Team,
        team: TeamId,
        pass: &mut ErasurePass,
    ) -> Result<(), ApiError> {
        let (files, position) = self.0.remove_files(team, None).await?;
        pass.files = files;
        for blob in state.pictures() {
            self.0.blobs.delete(blob).await.map_err(ApiError::unavailable)?;
        }
        self.0.answers.settle(context, position).await?;
        Ok(self
            .0
            .access
            .read
            .erasures()
            .forget_team(ServiceTeam::for_service(team, ServiceReason::Erasure))
            .await?)
    }

    async fn complete(&self, context: &Context, team: TeamId, receipt: ReceiptId) -> Result<(), ApiError> {
        let read = &self.0.access.read;
        let known = read.erasures().find(Subject::Team(team)).await?;
        let erased = ServiceTeam::for_service(team, ServiceReason::Erasure);
        let purged = Purged {
            receipt,
            contacts: read.erasures().count_people(erased).await?,
            messages: read.erasures().count_messages_in(erased).await?,
            files: known.map_or(0, |erasure| erasure.files),
        };
        let command = |_: &Team| team::Command::Purge(purged.clone());
        let done: Transacted<Team> =
            expect_allowed(self.0.aggregates.transact(context, StreamName::team(team), command).await)?;
        self.0.answers.settle(context, done.position).await.map(drop)
    }
}
