//! Which events concern a team: those of its own streams, those whose streams say in their beginning that they are the
//! team's, and what operators have ruled about the projection. The log is read through; an event that is not the team's
//! is not decoded.

use event_log::{Log, RawEvent, ReadError};
use events::{Position, StreamName, TeamId};
use std::collections::HashSet;

/// Events read from the log at once.
const PAGE: usize = 1_000;
/// Categories of streams whose events name their team: the first one does, or all do.
const NAMING: [&str; 5] = ["chat", "task", "message", "read", "remind"];

/// Walks over the events that concern a team.
pub(super) struct Concerning<'l> {
    log: &'l Log,
    team: TeamId,
    /// As JSON says whose something is.
    named: Vec<u8>,
    /// Streams that are known to be the team's.
    streams: HashSet<StreamName>,
    until: Position,
    position: Position,
}

impl<'l> Concerning<'l> {
    /// From the beginning up to a position.
    pub(super) fn new(log: &'l Log, team: TeamId, until: Position) -> Self {
        let named = format!("\"team\":\"{team}\"").into_bytes();
        Self { log, team, named, streams: HashSet::new(), until, position: 0 }
    }

    /// The next ones, one at least; nothing at the end.
    ///
    /// # Errors
    /// The log could not be read.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<RawEvent>>, ReadError> {
        loop {
            let mut page = self.log.read_all(self.position, PAGE).await?;
            let Some(last) = page.last() else { return Ok(None) };
            if self.position >= self.until {
                return Ok(None);
            }
            self.position = last.position;
            page.retain(|event| event.position <= self.until && self.concerns(event));
            if !page.is_empty() {
                return Ok(Some(page));
            }
        }
    }

    fn concerns(&mut self, event: &RawEvent) -> bool {
        match event.stream.category() {
            "team" | "uploads" | "tags" => event.stream.id().parse() == Ok(self.team),
            "projection" => true,
            category if NAMING.contains(&category) => {
                if self.streams.contains(&event.stream) {
                    return true;
                }
                let is_ours = event.data.windows(self.named.len()).any(|bytes| bytes == self.named);
                if is_ours {
                    self.streams.insert(event.stream.clone());
                }
                is_ours
            }
            _ => false,
        }
    }
}
