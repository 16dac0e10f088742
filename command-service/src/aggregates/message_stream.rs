//! The streams of messages. Their names have the team and the id; messages of the time when ids were unique across teams have
//! streams with the id alone, which stay in use.

use super::Aggregates;
use domain::message::Message;
use events::{MessageKey, StreamName};
use platform::http::ApiError;
use read_model::QueryError;

impl Aggregates {
    /// The stream of a message, existing or new.
    ///
    /// No stream of the earlier form begins any more, so the read model is asked once per process for the teams that have
    /// some. Only in these teams does a message cost one more read of the log, unless its stream is cached.
    pub(crate) async fn message_stream(&self, key: MessageKey) -> Result<StreamName, ApiError> {
        let stream = StreamName::message(key);
        let read = self.read.messages();
        let has_earlier = match self.earlier_teams.get_or_try_init(|| read.teams_with_streams_by_id()).await {
            Ok(teams) => teams.contains(&key.team),
            // The rows are not complete yet, but the log is.
            Err(QueryError::Rebuilding) => true,
            Err(error) => return Err(error.into()),
        };
        if !has_earlier || self.cache.get::<Message>(&stream).is_some() {
            return Ok(stream);
        }
        let by_id = StreamName::message_by_id(key.message);
        let earlier: Message = self.current(&by_id).await?;
        let is_of_team = earlier.chat().is_some_and(|(team, _)| team == key.team);
        Ok(if is_of_team { by_id } else { stream })
    }
}
