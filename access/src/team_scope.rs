//! The caller's membership of the team in the path.

use crate::{Access, Caller, not_found};
use axum::extract::{FromRef, FromRequestParts, RawPathParams};
use events::TeamId;
use http::request::Parts;
use platform::http::ApiError;
use read_model::rights::TeamMember;
use std::ops::Deref;

/// The caller with the proof of its membership. For strangers, former members and archived teams extraction fails with
/// `NOT_FOUND`, so that nobody else learns that the team exists (`docs/acceptance.md`, item 66).
#[derive(Clone, Debug)]
pub struct TeamScope {
    pub caller: Caller,
    member: TeamMember,
}

impl Deref for TeamScope {
    type Target = TeamMember;
    fn deref(&self) -> &TeamMember {
        &self.member
    }
}

/// The path parameter with the team's uid.
const TEAM: &str = "team_uid";

impl<S: Send + Sync> FromRequestParts<S> for TeamScope
where
    Access: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| not_found())?;
        let team =
            params.iter().find(|(name, _)| *name == TEAM).and_then(|(_, value)| value.parse::<TeamId>().ok());
        let team = team.ok_or_else(not_found)?;
        let access = Access::from_ref(state);
        let member = access.read.memberships().find(caller.account, team).await?;
        Ok(Self { caller, member: member.ok_or_else(not_found)? })
    }
}
