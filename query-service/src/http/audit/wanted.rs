//! What of history is asked for.

use super::reader::Reader;
use crate::paging;
use audit::{Filter, Order};
use chrono::{DateTime, Utc};
use events::{AccountId, TeamId};
use platform::http::ApiError;
use protocol::{error::ErrorCode, lang::Text, time::fold_leap_second};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

/// Events of a page, unless said otherwise; and at most.
const PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 500;

/// Which way.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::http) enum Direction {
    /// From the oldest on.
    #[default]
    Oldest,
    /// From the latest back.
    Latest,
}

/// Conditions, all of which must hold. A text that ends in `*` stands for all that begin so.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Wanted {
    /// The account that acted.
    #[param(value_type = Option<String>)]
    actor: Option<AccountId>,
    /// In which team; an owner's is given by the path.
    #[param(value_type = Option<String>)]
    team: Option<TeamId>,
    /// The stream's name, e.g. `message-*`.
    stream: Option<String>,
    /// The stored name, e.g. `message.posted.v1` or `contact.*`.
    kind: Option<String>,
    /// The request.
    request_id: Option<String>,
    /// What groups all that stems from one cause outside.
    correlation: Option<String>,
    /// The command's name, e.g. `team.*`.
    command: Option<String>,
    /// The client's address; for auditors alone.
    address: Option<String>,
    /// At this position or behind it.
    from: Option<u64>,
    /// At this position or before it.
    to: Option<u64>,
    /// At this time or later.
    since: Option<DateTime<Utc>>,
    /// Before this time.
    until: Option<DateTime<Utc>>,
    /// `oldest` first, or `latest`.
    #[param(inline)]
    pub(super) order: Option<Direction>,
    /// Behind this number of the chain (before it, latest first): `next` of the page before. Of a stream
    /// `Last-Event-ID` goes before it; without either it begins now.
    pub(super) after: Option<u64>,
    /// Events of the page, 500 at most; 100 when absent.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

impl Wanted {
    /// The conditions, within what the reader may see.
    pub(super) fn filter(&self, reader: &Reader) -> Result<Filter, ApiError> {
        if self.address.is_some() && !reader.sees_personal() {
            return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids));
        }
        Ok(Filter {
            actor: self.actor,
            team: reader.team().or(self.team),
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

    /// Where the page begins.
    pub(super) fn from(&self) -> u64 {
        self.after.unwrap_or(match self.order() {
            Order::Oldest => 0,
            Order::Latest => u64::MAX,
        })
    }

    /// Events of the page.
    pub(super) fn limit(&self) -> Result<u32, ApiError> {
        let limit = paging::limit(self.limit.as_deref(), LARGEST_PAGE);
        Ok(limit.map_err(|text| ApiError::field("limit", text))?.unwrap_or(PAGE))
    }
}
