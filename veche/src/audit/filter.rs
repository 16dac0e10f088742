//! What to look for, as it is said on the command line.

use audit::Filter;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Args;
use events::{AccountId, Position, TeamId};

/// All conditions must hold; a text that ends in `*` stands for all that begin so.
#[derive(Clone, Debug, Args)]
pub(super) struct FilterArgs {
    /// Who acted: an account's id
    #[arg(long, value_name = "UUID")]
    actor: Option<AccountId>,
    /// In which team
    #[arg(long, value_name = "UUID")]
    team: Option<TeamId>,
    /// A stream's name, e.g. `team-…`, or `message-*`
    #[arg(long, value_name = "NAME")]
    stream: Option<String>,
    /// An event's stored name, e.g. `message.posted.v1`, or `contact.*`
    #[arg(long = "type", value_name = "NAME")]
    kind: Option<String>,
    /// A request's id, as answers bear it in `X-Request-Id`
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    /// What groups all that stems from one cause outside
    #[arg(long, value_name = "ID")]
    correlation: Option<String>,
    /// A command's name, e.g. `team.create`, or `team.*`
    #[arg(long, value_name = "NAME")]
    command: Option<String>,
    /// The client's address; reads every event that the rest lets through
    #[arg(long, value_name = "IP")]
    address: Option<String>,
    /// At this position of the log or behind it
    #[arg(long, value_name = "POSITION")]
    from: Option<Position>,
    /// At this position of the log or before it
    #[arg(long, value_name = "POSITION")]
    to: Option<Position>,
    /// At this time or later: `2026-01-31` (UTC) or `2026-01-31T10:00:00+03:00`
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<DateTime<Utc>>,
    /// Before this time
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
