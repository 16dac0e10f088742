//! Forgets a team.

use super::{Asked, Pass, sure};
use crate::{Commands, context::Context, http::team_refused, transact::InitialState, transact::Transacted};
use domain::team::{self, Team};
use events::{
    ReceiptId, StreamName, Subject, TeamId,
    team::{Erased, Purged},
    value::{ErasureAsker, ErasureReason},
};
use platform::http::ApiError;
use read_model::rights::{ServiceReason, ServiceTeam};

impl Commands {
    /// Writes down that a team is to be forgotten; it ends with it.
    pub(super) async fn erase_team(
        &self,
        context: &mut Context,
        team: TeamId,
        reason: ErasureReason,
    ) -> Result<Asked, ApiError> {
        let erased = Erased { receipt: context.id(), asked_by: ErasureAsker::Operator, reason };
        let done: Transacted<Team> = self
            .transact(context, StreamName::team(team), InitialState::Cached, |_: &Team| {
                team::Command::Erase(erased.clone())
            })
            .await
            .map_err(|stop| stop.or(team_refused))?;
        let receipt = done.state.erased().unwrap_or(erased.receipt);
        Ok(Asked { receipt, position: done.position })
    }

    pub(super) async fn forget_team(&self, team: TeamId) -> Result<Pass, ApiError> {
        let stream = StreamName::team(team);
        let state: Team = self.current(&stream).await?;
        let Some(receipt) = state.erased() else { return Err(access::not_found()) };
        let cause = self.last_of(&stream, &["team.erased.v1"]).await?;
        let context = &Context::system("team.forget", self.access.clock.now()).caused_by(cause);
        let mut pass = Pass::default();
        let cleared = self.clear_team(context, &state, team, &mut pass).await;
        // The key goes whatever else fails: a stream that cannot be read must not keep a team in the log.
        let heard = self.destroy(Subject::Team(team)).await?;
        cleared?;
        if heard && pass.idle() {
            self.team_is_forgotten(context, team, receipt).await?;
            pass.finished = true;
        }
        Ok(pass)
    }

    /// Its files and pictures, and what lies beside the log.
    async fn clear_team(
        &self,
        context: &Context,
        state: &Team,
        team: TeamId,
        pass: &mut Pass,
    ) -> Result<(), ApiError> {
        let (files, position) = self.remove_files(team, None).await?;
        pass.files = files;
        for blob in state.pictures() {
            self.blobs.delete(blob).await.map_err(ApiError::unavailable)?;
        }
        self.settle(context, position).await?;
        Ok(self
            .access
            .read
            .erasures()
            .forget_team(ServiceTeam::for_service(team, ServiceReason::Erasure))
            .await?)
    }

    async fn team_is_forgotten(
        &self,
        context: &Context,
        team: TeamId,
        receipt: ReceiptId,
    ) -> Result<(), ApiError> {
        let read = &self.access.read;
        let known = read.erasures().find(Subject::Team(team)).await?;
        let gone = ServiceTeam::for_service(team, ServiceReason::Erasure);
        let purged = Purged {
            receipt,
            contacts: read.erasures().count_people(gone).await?,
            messages: read.erasures().count_messages_in(gone).await?,
            files: known.map_or(0, |erasure| erasure.files),
        };
        let command = |_: &Team| team::Command::Purge(purged.clone());
        let done: Transacted<Team> =
            sure(self.transact(context, StreamName::team(team), InitialState::Cached, command).await)?;
        self.settle(context, done.position).await.map(drop)
    }
}
