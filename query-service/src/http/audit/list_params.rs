//! The query string of lists of history: filters, and the page.

use super::viewer::AuditViewer;
use crate::paging;
use audit::{Filter, Order};
use chrono::{DateTime, Utc};
use events::{AccountId, TeamId};
use platform::http::{ApiError, FieldErrors};
use protocol::{error::ErrorCode, lang::Text, time::fold_leap_second};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

/// Events of a page by default.
const PAGE: u32 = 100;
/// Events of a page at most.
const MAX_PAGE: u32 = 500;

/// The order of a page.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::http) enum Direction {
    /// The oldest event first.
    #[default]
    Oldest,
    /// The latest event first.
    Latest,
}

/// The query string of a list of history. An event must meet all conditions. A text that ends in `*` is a prefix.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ListParams {
    /// Only events of this account's commands.
    #[param(value_type = Option<String>)]
    actor: Option<AccountId>,
    /// Only events of this team; ignored where the path names a team.
    #[param(value_type = Option<String>)]
    team: Option<TeamId>,
    /// Only events of this stream, e.g. `message-*`.
    stream: Option<String>,
    /// Only events of this kind, by its stored name, e.g. `message.posted.v1` or `contact.*`.
    kind: Option<String>,
    /// Only events of this request.
    request_id: Option<String>,
    /// Only events with this correlation id, which all consequences of one external cause share.
    correlation: Option<String>,
    /// Only events of this command, e.g. `team.*`.
    command: Option<String>,
    /// Only events of requests from this client address; for auditors only.
    address: Option<String>,
    /// Only events at this position or later.
    from: Option<u64>,
    /// Only events at this position or earlier.
    to: Option<u64>,
    /// Only events at this time or later.
    since: Option<DateTime<Utc>>,
    /// Only events before this time.
    until: Option<DateTime<Utc>>,
    /// `oldest` first, or `latest` first.
    #[param(inline)]
    pub(super) order: Option<Direction>,
    /// Only events after this number of the chain (before it, with `latest` first): `next` of the previous page. A stream
    /// starts after `Last-Event-ID`, or else after this number, or else now.
    pub(super) after: Option<u64>,
    /// Maximum number of events, at most 500; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

impl ListParams {
    /// The filter, limited to what the viewer may see.
    pub(super) fn filter(&self, viewer: &AuditViewer) -> Result<Filter, ApiError> {
        if self.address.is_some() && !viewer.sees_personal() {
            return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids));
        }
        Ok(Filter {
            actor: self.actor,
            team: viewer.team().or(self.team),
            stream: self.stream.clone(),
            kind: self.kind.clone(),
            request_id: self.request_id.clone(),
            correlation: self.correlation.clone(),
            command: self.command.clone(),
            address: self.address.clone(),
            from: self.from,
            to: self.to,
            since: self.since.map(fold_leap_second),
            until: self.until.map(fold_leap_second),
        })
    }

    pub(super) fn order(&self) -> Order {
        match self.order.unwrap_or_default() {
            Direction::Oldest => Order::Oldest,
            Direction::Latest => Order::Latest,
        }
    }

    /// The number of the chain at which the page starts.
    pub(super) fn start(&self) -> u64 {
        self.after.unwrap_or(match self.order() {
            Order::Oldest => 0,
            Order::Latest => u64::MAX,
        })
    }

    /// Maximum number of events.
    pub(super) fn limit(&self) -> Result<u32, ApiError> {
        let mut errors = FieldErrors::default();
        let limit = paging::limit(&mut errors, self.limit.as_deref(), MAX_PAGE).unwrap_or(PAGE);
        errors.finish()?;
        Ok(limit)
    }
}
