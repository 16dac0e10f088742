//! Who looks into history, and how far they may see.

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

/// Somebody who may look into history.
#[derive(Clone)]
pub(super) struct Reader {
    caller: Caller,
    request: RequestInfo,
    /// The one team whose history it is; none: everybody's.
    team: Option<TeamId>,
}

impl Reader {
    /// One of those whom the settings name.
    pub(super) async fn auditor(
        queries: &Queries,
        caller: Caller,
        request: RequestInfo,
    ) -> Result<Self, ApiError> {
        if !is_auditor(queries, &caller).await? {
            return Err(forbidden());
        }
        Self::counted(queries, caller, request, None)
    }

    /// An owner of the team.
    pub(super) fn owner(queries: &Queries, scope: TeamScope, request: RequestInfo) -> Result<Self, ApiError> {
        if !owns(&scope) {
            return Err(forbidden());
        }
        let team = Some(scope.team);
        Self::counted(queries, scope.caller, request, team)
    }

    fn counted(
        queries: &Queries,
        caller: Caller,
        request: RequestInfo,
        team: Option<TeamId>,
    ) -> Result<Self, ApiError> {
        queries.access.limits.check(Limit::AuditReadsPerAccount, &Key::Account(caller.account.0))?;
        Ok(Self { caller, request, team })
    }

    /// Who it is.
    pub(super) fn account(&self) -> AccountId {
        self.caller.account
    }

    /// The one team that is seen.
    pub(super) fn team(&self) -> Option<TeamId> {
        self.team
    }

    /// Whether personal values are shown: owners are not their members' confessors.
    pub(super) fn sees_personal(&self) -> bool {
        self.team.is_none()
    }

    /// Whether an event may be shown.
    pub(super) fn may_see(&self, entry: &Entry) -> bool {
        self.team.is_none() || entry.team == self.team
    }

    /// Records what is asked: without it nothing may be shown.
    pub(super) async fn record(&self, queries: &Queries, call: Call, asked: &Value) -> Result<(), ApiError> {
        let account = self.caller.account;
        let asked = Personal::of_account(account, asked.to_string());
        let read = Read { account, team: self.team, call, asked };
        let now = queries.access.clock.now();
        let recorded = queries.auditor.record(read, self.caller.session().id, &self.request, now).await;
        recorded.map(drop).map_err(ApiError::unavailable)
    }

    /// Whether all that let this reader in still holds: the session, and the role.
    pub(super) async fn is_still_one(&self, queries: &Queries, headers: &HeaderMap) -> bool {
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

/// The settings name accounts, or phones, whoever has them.
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
