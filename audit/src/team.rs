//! Team of an event: the team that its stream belongs to, found once and stored in the entry.

use event_log::RawEvent;
use events::TeamId;
use moka::sync::Cache;
use serde::Deserialize;

/// Number of streams whose team is cached; others are looked up.
const REMEMBERED: u64 = 50_000;

/// Team as far as the event itself tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Team {
    /// This team.
    Of(TeamId),
    /// No team: a person's own affairs.
    None,
    /// The team of the earlier events of its stream.
    AsBefore,
}

/// Cache of streams' teams.
#[derive(Clone)]
pub(crate) struct TeamCache(Cache<String, TeamId>);

impl TeamCache {
    pub(crate) fn new() -> Self {
        Self(Cache::new(REMEMBERED))
    }

    pub(crate) fn get(&self, stream: &str) -> Option<TeamId> {
        self.0.get(stream)
    }

    pub(crate) fn insert(&self, stream: &str, team: TeamId) {
        self.0.insert(stream.to_owned(), team);
    }

    pub(crate) fn clear(&self) {
        self.0.invalidate_all();
    }
}

/// The team that the event names, in its stream's name or in its payload. Events that begin a stream of a team name
/// the team.
pub(crate) fn team_of(event: &RawEvent) -> Team {
    match event.stream.category() {
        "team" | "uploads" | "tags" => event.stream.id().parse().map_or(Team::None, Team::Of),
        "phone" | "account" | "codes" => Team::None,
        "message" if let Some((Some(team), _)) = event.stream.message_in() => Team::Of(team),
        // An auditor may read one team's history now and another's next.
        "audit" => named(event).map_or(Team::None, Team::Of),
        // Free text cannot pose as a field, because it is inside a personal value.
        _ => named(event).map_or(Team::AsBefore, Team::Of),
    }
}

/// Team in the payload.
fn named(event: &RawEvent) -> Option<TeamId> {
    #[derive(Deserialize)]
    struct Placed {
        team: Option<TeamId>,
    }
    serde_json::from_slice::<Placed>(&event.data).ok().and_then(|placed| placed.team)
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::{EventId, StreamName};
    use uuid::Uuid;

    const TEAM: &str = "00000000-0000-0000-0000-000000000001";

    fn team(stream: &str, data: &str) -> Team {
        team_of(&RawEvent {
            position: 1,
            stream: StreamName::stored(stream),
            revision: 0,
            id: EventId(Uuid::nil()),
            kind: "x".into(),
            data: data.to_owned().into(),
            meta: "{}".into(),
        })
    }

    #[test]
    fn team_comes_from_the_stream_name_or_the_payload() {
        let named = format!(r#"{{"team":"{TEAM}","text":{{"$personal":{{"sealed":"…"}}}}}}"#);
        let of = Team::Of(TEAM.parse().unwrap());
        for stream in ["team", "uploads", "tags"] {
            assert_eq!(team(&format!("{stream}-{TEAM}"), "{}"), of);
        }
        assert_eq!(team(&format!("message-{TEAM}-{TEAM}"), "{}"), of);
        assert_eq!(team("message-1", &named), of);
        assert_eq!(team("message-1", "{}"), Team::AsBefore);
        assert_eq!(team("chat-1", "no json"), Team::AsBefore);
        assert_eq!(team("account-1", &named), Team::None);
        assert_eq!(team("phone-1", &named), Team::None);
        assert_eq!(team("codes-2026-11-30", "{}"), Team::None);
        assert_eq!([team("audit-1", &named), team("audit-1", "{}")], [of, Team::None]);
    }
}
