//! A team to be looked at, as it is or, with `?as_of=`, as it was.

use crate::{Access, Caller, Fresh, TeamScope, not_found};
use axum::extract::{FromRef, FromRequestParts};
use event_log::as_of::AsOf;
use events::Position;
use http::request::Parts;
use platform::{
    http::{ApiError, Query},
    limits::{Key, Limit},
};
use protocol::{error::ErrorCode, lang::Text};
use read_model::{ReadModel, past::PastError, rights::TeamMember};
use serde::Deserialize;
use std::{ops::Deref, time::Duration};

/// When a client should come back for a past that is being made.
const LATER: Duration = Duration::from_secs(5);

/// A team as its member sees it, now or at a moment of its history. Who looks must be in the team now, else even its past
/// is none of their business; what they see is what they could see then.
#[derive(Clone, Debug)]
pub struct TeamView {
    /// The caller.
    pub caller: Caller,
    /// The rows to be asked.
    pub read: ReadModel,
    /// The place in the team that the caller has now.
    pub now: TeamMember,
    then: TeamMember,
    as_of: Option<Position>,
}

/// The caller's place in the team at the moment that is looked at.
impl Deref for TeamView {
    type Target = TeamMember;
    fn deref(&self) -> &TeamMember {
        &self.then
    }
}

impl TeamView {
    /// The position that an answer speaks of.
    pub fn position(&self, fresh: Fresh) -> Position {
        self.as_of.unwrap_or(fresh.0)
    }

    /// It is the past that is looked at.
    pub fn is_past(&self) -> bool {
        self.as_of.is_some()
    }
}

#[derive(Deserialize)]
struct AsOfParam {
    as_of: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for TeamView
where
    Access: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let scope = TeamScope::from_request_parts(parts, state).await?;
        let access = Access::from_ref(state);
        let Query(AsOfParam { as_of }) = Query::<AsOfParam>::from_request_parts(parts, state).await?;
        let now = *scope;
        let caller = scope.caller;
        let Some(as_of) = as_of.filter(|text| !text.is_empty()) else {
            return Ok(Self { caller, read: access.read, now, then: now, as_of: None });
        };
        let moment: AsOf = as_of.parse().map_err(|_| wrong(Text::NotAMoment))?;
        access.limits.check(Limit::PastPerAccount, &Key::Account(caller.account.0))?;
        let (read, position) = access.past.at(now.team, moment).await.map_err(no_past)?;
        let then = read.memberships().find(caller.account, now.team).await?.ok_or_else(not_found)?;
        Ok(Self { caller, read, now, then, as_of: Some(position) })
    }
}

fn wrong(text: Text) -> ApiError {
    ApiError::field("as_of", text)
}

fn no_past(error: PastError) -> ApiError {
    match error {
        PastError::Off => wrong(Text::HistoryUnavailable),
        PastError::Future => wrong(Text::InTheFuture),
        PastError::TooMuch(max) => wrong(Text::TooMuchHistory { max }),
        PastError::Busy => {
            ApiError::new(ErrorCode::Unavailable).because(Text::Unavailable).retry_after(LATER)
        }
        PastError::Failed(error) => ApiError::unavailable(error),
    }
}
