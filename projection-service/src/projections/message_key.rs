//! The messages that events are about. The stream's name has the team and the id; in the earlier form it has the id alone, and
//! the team is in the message's row.

use events::{Event, MessageEvent, MessageId, MessageKey, Recorded, TeamId};
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// The messages of a run of events.
pub(super) struct MessageKeys {
    /// Teams of the messages whose streams do not name the team.
    teams: HashMap<MessageId, TeamId>,
}

impl MessageKeys {
    /// Queries the rows only for streams without a team whose posts are not among the events.
    pub(super) async fn of(
        db: &mut PgConnection,
        events: impl Iterator<Item = &Recorded<Event>>,
    ) -> Result<Self, sqlx::Error> {
        let mut teams = HashMap::new();
        let mut unknown = vec![];
        for recorded in events {
            let Some((None, message)) = recorded.stream.message_in() else { continue };
            match &recorded.event {
                Event::MessageEvent(MessageEvent::Posted(posted)) => {
                    teams.insert(message, posted.team);
                }
                _ if teams.contains_key(&message) => {}
                _ => unknown.push(message.0),
            }
        }
        if !unknown.is_empty() {
            let rows: Vec<(Uuid, Uuid)> =
                sqlx::query_as("SELECT uid, team FROM message WHERE uid = ANY($1) AND stream_by_id")
                    .bind(unknown)
                    .fetch_all(db)
                    .await?;
            teams.extend(rows.into_iter().map(|(message, team)| (MessageId(message), TeamId(team))));
        }
        Ok(Self { teams })
    }

    /// The message of the event's stream; `None` for other streams and unknown messages.
    pub(super) fn key(&self, recorded: &Recorded<Event>) -> Option<MessageKey> {
        let (team, message) = recorded.stream.message_in()?;
        let team = team.or_else(|| self.teams.get(&message).copied())?;
        Some(MessageKey { team, message })
    }
}
