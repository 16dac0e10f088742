//! The callers that may read history, and their scope.

use crate::Queries;
use access::{Caller, TeamScope};
use audit::Entry;
use events::{
    AccountId, Personal, TeamId,
    audit::{Call, Read},
    value::ContactStatus,
};
use http::HeaderMap;
use platform::{
    http::{ApiError, RequestInfo},
    limits::{Key, Limit},
};
use protocol::{error::ErrorCode, lang::Text};
use read_model::rights::Membership;
use serde_json::Value;

/// An auditor, or an owner of a team.
#[derive(Clone)]
pub(super) struct AuditViewer {
    caller: Caller,
    request: RequestInfo,
    /// The team whose history an owner sees; `None` for an auditor.
    team: Option<TeamId>,
}

impl AuditViewer {
    /// An auditor, whom the settings name.
    pub(super) async fn auditor(
        queries: &Queries,
        caller: Caller,
        request: RequestInfo,
    ) -> Result<Self, ApiError> {
        if !is_auditor(queries, &caller).await? {
            return Err(forbidden());
        }
        Self::within_quota(queries, caller, request, None)
    }

    /// An owner of the team.
    pub(super) fn owner(queries: &Queries, scope: TeamScope, request: RequestInfo) -> Result<Self, ApiError> {
        if !owns(&scope) {
            return Err(forbidden());
        }
        let team = Some(scope.team);
        Self::within_quota(queries, scope.caller, request, team)
    }

    fn within_quota(
        queries: &Queries,
        caller: Caller,
        request: RequestInfo,
        team: Option<TeamId>,
    ) -> Result<Self, ApiError> {
        queries.access.limits.check(Limit::AuditReadsPerAccount, &Key::Account(caller.account.0))?;
        Ok(Self { caller, request, team })
    }

    pub(super) fn account(&self) -> AccountId {
        self.caller.account
    }

    pub(super) fn team(&self) -> Option<TeamId> {
        self.team
    }

    /// Auditors see personal values; owners do not see those of their members.
    pub(super) fn sees_personal(&self) -> bool {
        self.team.is_none()
    }

    pub(super) fn may_see(&self, entry: &Entry) -> bool {
        self.team.is_none() || entry.team == self.team
    }

    /// Records the read, which must happen before anything is shown.
    pub(super) async fn record(
        &self,
        queries: &Queries,
        call: Call,
        parameters: &Value,
    ) -> Result<(), ApiError> {
        let account = self.caller.account;
        let asked = Personal::of_account(account, parameters.to_string());
        let read = Read { account, team: self.team, call, asked };
        let now = queries.access.clock.now();
        let recorded = queries.auditor.record(read, self.caller.session().id, &self.request, now).await;
        recorded.map(drop).map_err(ApiError::unavailable)
    }

    /// Whether the session is still open and the role still held.
    pub(super) async fn is_still_authorized(&self, queries: &Queries, headers: &HeaderMap) -> bool {
        let Ok(caller) = queries.access.authenticate(headers).await else { return false };
        if caller.account != self.caller.account {
            return false;
        }
        match self.team {
            None => is_auditor(queries, &caller).await.unwrap_or(false),
            Some(team) => {
                let membership = queries.access.read.memberships().find(caller.account, team).await;
                membership.is_ok_and(|membership| membership.is_some_and(|membership| owns(&membership)))
            }
        }
    }
}

fn owns(membership: &Membership) -> bool {
    membership.status == ContactStatus::Owner
}

fn forbidden() -> ApiError {
    ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids)
}

/// The settings name auditors by account or by phone.
async fn is_auditor(queries: &Queries, caller: &Caller) -> Result<bool, ApiError> {
    let named = &queries.access.config.audit.auditors;
    if named.is_empty() {
        return Ok(false);
    }
    let account = caller.account;
    if named.iter().any(|word| word.parse() == Ok(account)) {
        return Ok(true);
    }
    let profile = queries.access.read.accounts().profile(account).await?;
    Ok(profile.is_some_and(|profile| named.contains(&profile.phone)))
}
