//! What an auditor looks for: conditions that all must hold. They are decided in the index; only an address, which is
//! sealed in the metadata, is decided on decoded events ([`Filter::address`]).

use crate::ledger::signed;
use chrono::{DateTime, Utc};
use events::{AccountId, Position, TeamId};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, QueryBuilder};

/// Which way entries are handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// From the oldest on.
    #[default]
    Oldest,
    /// From the latest back.
    Latest,
}

/// Conditions on entries; none is set: everything. A text that ends in `*` stands for all that begin so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Who acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<AccountId>,
    /// In which team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
    /// The stream's name, e.g. `team-…`, or `message-*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// The stored name, e.g. `message.posted.v1`, or `contact.*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What groups all that stems from one cause outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// The command's name, e.g. `team.create`, or `team.*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The client's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// At this position or behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Position>,
    /// At this position or before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Position>,
    /// At this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// Before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

impl Filter {
    /// Whether nothing is left out but what lies before or behind: such entries are a run of the chain.
    pub fn is_contiguous(&self) -> bool {
        *self == Self { from: self.from, to: self.to, ..Self::default() }
    }

    /// Adds the conditions to a query over `audit.entry` that has one already.
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
                alike(query, column, text);
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

/// A correlation is mostly the request's id itself, and then it is found by that: its own index has the others.
fn correlated(query: &mut QueryBuilder<Postgres>, text: &str) {
    query.push(" and (correlation is distinct from request_id and correlation is not null and ");
    alike(query, "correlation", text);
    query.push(" or correlation = request_id and request_id is not null and ");
    alike(query, "request_id", text);
    query.push(")");
}

/// A text that ends in `*` is a range of the index, which is in the order of bytes.
fn alike(query: &mut QueryBuilder<Postgres>, column: &str, text: &str) {
    // Postgres' text holds no NUL, and neither does what it is compared with.
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
