//! Filter options of the audit commands.

use audit::Filter;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Args;
use events::{AccountId, Position, TeamId};

/// Filter; all given conditions must hold. A text that ends in `*` matches by prefix.
#[derive(Clone, Debug, Args)]
pub(super) struct FilterArgs {
    /// Account id of the actor
    #[arg(long, value_name = "UUID")]
    actor: Option<AccountId>,
    /// Team id
    #[arg(long, value_name = "UUID")]
    team: Option<TeamId>,
    /// Stream name, e.g. `team-…`, or a prefix, e.g. `message-*`
    #[arg(long, value_name = "NAME")]
    stream: Option<String>,
    /// Stored name of the event type, e.g. `message.posted.v1`, or a prefix, e.g. `contact.*`
    #[arg(long = "type", value_name = "NAME")]
    kind: Option<String>,
    /// Request id, as in the response header `X-Request-Id`
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    /// Correlation id: equal for everything that one outside cause led to
    #[arg(long, value_name = "ID")]
    correlation: Option<String>,
    /// Command name, e.g. `team.create`, or a prefix, e.g. `team.*`
    #[arg(long, value_name = "NAME")]
    command: Option<String>,
    /// IP address of the client; slow, because it decodes every event that the other conditions match
    #[arg(long, value_name = "IP")]
    address: Option<String>,
    /// Lowest position in the log, inclusive
    #[arg(long, value_name = "POSITION")]
    from: Option<Position>,
    /// Highest position in the log, inclusive
    #[arg(long, value_name = "POSITION")]
    to: Option<Position>,
    /// Earliest time, inclusive: `2026-01-31` (UTC) or `2026-01-31T10:00:00+03:00`
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<DateTime<Utc>>,
    /// Latest time, exclusive
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<DateTime<Utc>>,
}

impl From<FilterArgs> for Filter {
    fn from(args: FilterArgs) -> Self {
        let FilterArgs { actor, team, stream, kind, request, correlation, command, address, .. } = args;
        let FilterArgs { from, to, since, until, .. } = args;
        Self {
            actor,
            team,
            stream,
            kind,
            request_id: request,
            correlation,
            command,
            address,
            from,
            to,
            since,
            until,
        }
    }
}

fn time(text: &str) -> Result<DateTime<Utc>, String> {
    let day = text.parse::<NaiveDate>().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    day.or_else(|_| text.parse()).map_err(|_| "expected 2026-01-31 or 2026-01-31T10:00:00Z".to_owned())
}
