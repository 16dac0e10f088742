//! Filters for auditors: conditions that must all hold. The index decides them, except the address, which is sealed in
//! the metadata and compared on decoded events ([`Filter::address`]).

use crate::stored::signed;
use chrono::{DateTime, Utc};
use events::{AccountId, Position, TeamId};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, QueryBuilder};

/// Order of entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Oldest first.
    #[default]
    Oldest,
    /// Latest first.
    Latest,
}

/// Conditions on entries; without any, every entry matches. A text that ends in `*` matches by prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Account that acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<AccountId>,
    /// Team of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
    /// Name of the stream, e.g. `team-…`, or a prefix, e.g. `message-*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// Stored name of the event type, e.g. `message.posted.v1`, or a prefix, e.g. `contact.*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Correlation id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// Name of the command, e.g. `team.create`, or a prefix, e.g. `team.*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// IP address of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Lowest position, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Position>,
    /// Highest position, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Position>,
    /// Earliest time, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// Latest time, exclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

impl Filter {
    /// Whether the matching entries are a contiguous range of the chain: only positions restrict them.
    pub fn is_contiguous(&self) -> bool {
        *self == Self { from: self.from, to: self.to, ..Self::default() }
    }

    /// Appends the conditions to a query over `audit.entry` that has a condition already.
    pub(crate) fn restrict(&self, query: &mut QueryBuilder<Postgres>) {
        let ids = [("actor", self.actor.map(|id| id.0)), ("team", self.team.map(|id| id.0))];
        for (column, id) in ids {
            if let Some(id) = id {
                query.push(format_args!(" and {column} = ")).push_bind(id);
            }
        }
        let texts = [
            ("stream", &self.stream),
            ("kind", &self.kind),
            ("request_id", &self.request_id),
            ("command", &self.command),
        ];
        for (column, text) in texts {
            if let Some(text) = text {
                query.push(" and ");
                compare_text(query, column, text);
            }
        }
        if let Some(correlation) = &self.correlation {
            correlated(query, correlation);
        }
        if let Some(from) = self.from {
            query.push(" and position >= ").push_bind(signed(from));
        }
        if let Some(to) = self.to {
            query.push(" and position <= ").push_bind(signed(to));
        }
        if let Some(since) = self.since {
            query.push(" and at >= ").push_bind(since);
        }
        if let Some(until) = self.until {
            query.push(" and at < ").push_bind(until);
        }
    }
}

/// A correlation id mostly equals the request id and is found by the request's index; the index of correlations holds
/// the others.
fn correlated(query: &mut QueryBuilder<Postgres>, text: &str) {
    query.push(" and (correlation is distinct from request_id and correlation is not null and ");
    compare_text(query, "correlation", text);
    query.push(" or correlation = request_id and request_id is not null and ");
    compare_text(query, "request_id", text);
    query.push(")");
}

/// Compares a text, or a prefix as a range of the index, which is ordered by bytes.
fn compare_text(query: &mut QueryBuilder<Postgres>, column: &str, text: &str) {
    // Postgres cannot store NUL in text, so removing it changes no result.
    let text = text.replace('\0', "");
    match text.strip_suffix('*') {
        None => {
            query.push(format_args!("{column} = ")).push_bind(text);
        }
        Some(prefix) => {
            query.push(format_args!("{column} >= ")).push_bind(prefix.to_owned());
            query.push(format_args!(" and {column} < ")).push_bind(format!("{prefix}\u{10FFFF}"));
        }
    }
}
