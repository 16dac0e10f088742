//! A moment of history as people name it: a position of the log, or a time.
//!
//! Times of events grow with positions only as far as the clocks of nodes agree. A time means the last event that does
//! not bear a later one: with it comes all that stands before it in the log, whatever time that bears.

use chrono::{DateTime, Utc};
use event_log::{Log, RawEvent, ReadError};
use events::Position;
use serde::Deserialize;
use std::str::FromStr;

/// Events behind the place that a time leads to, among which a clock may be behind: they are looked through.
pub const SKEW: usize = 500;
/// Events read at once where all have to be looked at.
const PAGE: usize = 1_000;

/// See the file's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// After the event at this position.
    Position(Position),
    /// At this time.
    Time(DateTime<Utc>),
}

/// It is neither a position nor a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither a position nor an RFC 3339 time")]
pub struct NoMoment;

/// Why a moment has no place in the log.
#[derive(Debug, thiserror::Error)]
pub enum MomentError {
    /// It has yet to come.
    #[error("it has yet to come")]
    Future,
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The auditor's index could not be read.
    #[error("the auditor's index: {0}")]
    Index(#[from] sqlx::Error),
}

impl FromStr for Moment {
    type Err = NoMoment;
    fn from_str(text: &str) -> Result<Self, NoMoment> {
        if let Ok(position) = text.parse::<Position>() {
            // A position is a bigint of the database.
            return i64::try_from(position).map(|_| Self::Position(position)).map_err(|_| NoMoment);
        }
        // A plus that nobody escaped comes out of a query string as a space.
        protocol::time::parse_rfc3339(&text.replace(' ', "+")).map(Self::Time).ok_or(NoMoment)
    }
}

impl Moment {
    /// The position up to which everything had happened by then. Where the log can only be read from positions that are
    /// known, a time takes a walk over all of it: who has the auditor's index asks that.
    ///
    /// # Errors
    /// [`MomentError::Future`], or the log could not be read.
    pub async fn position(self, log: &Log, now: DateTime<Utc>) -> Result<Position, MomentError> {
        let head = log.head().await?;
        match self {
            Self::Position(position) if position > head => Err(MomentError::Future),
            Self::Position(position) => Ok(position),
            Self::Time(time) if time > now => Err(MomentError::Future),
            Self::Time(time) if log.capabilities().dense_positions => Ok(last_until(log, head, time).await?),
            Self::Time(time) => Ok(last_behind(log, 0, time).await?),
        }
    }
}

/// Looks for the last of some numbers by which something had happened, as far as it had by all before it: few are asked.
#[derive(Clone, Copy, Debug)]
pub struct Halving {
    /// By this one it had; 0 if it is not known of any.
    pub found: u64,
    /// Behind this one it had not.
    later: u64,
}

impl Halving {
    /// Among 1 to `end`.
    pub const fn up_to(end: u64) -> Self {
        Self { found: 0, later: end }
    }

    /// The number that is to be asked next; none when it is found.
    pub fn asks(&self) -> Option<u64> {
        (self.found < self.later).then(|| self.found + (self.later - self.found) / 2 + 1)
    }

    /// Whether it had happened by that one.
    pub fn hears(&mut self, number: u64, had_happened: bool) {
        match had_happened {
            true => self.found = number,
            false => self.later = number - 1,
        }
    }
}

/// The last event behind a position that does not bear a later time, or that position: all of them are looked at.
///
/// # Errors
/// The log could not be read.
pub async fn last_behind(log: &Log, position: Position, time: DateTime<Utc>) -> Result<Position, ReadError> {
    let (mut found, mut after) = (position, position);
    loop {
        let page = log.read_all(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        found = page.iter().rfind(|event| is_until(event, time)).map_or(found, |event| event.position);
        after = last.position;
    }
}

async fn last_until(log: &Log, head: Position, time: DateTime<Utc>) -> Result<Position, ReadError> {
    let mut search = Halving::up_to(head);
    while let Some(position) = search.asks() {
        match log.read_all(position - 1, 1).await?.first() {
            Some(event) if is_until(event, time) => search.hears(event.position.max(position), true),
            _ => search.hears(position, false),
        }
    }
    let mut found = search.found;
    loop {
        let behind = log.read_all(found, SKEW).await?;
        match behind.iter().rfind(|event| is_until(event, time)) {
            Some(event) => found = event.position,
            None => return Ok(found),
        }
    }
}

/// Whether an event had happened; one whose metadata is damaged stands wherever those around it stand.
fn is_until(event: &RawEvent, time: DateTime<Utc>) -> bool {
    #[derive(Deserialize)]
    struct Timed {
        at: DateTime<Utc>,
    }
    serde_json::from_slice::<Timed>(&event.meta).is_ok_and(|timed| timed.at <= time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use event_log::{Append, Expected, MemoryLog, NewEvent};
    use events::{EventId, StreamName};
    use uuid::Uuid;

    fn time(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
    }

    async fn log(seconds: &[i64]) -> Log {
        let log = Log::Memory(MemoryLog::new());
        for second in seconds {
            let meta = serde_json::json!({"at": time(*second)}).to_string();
            let event = NewEvent {
                id: EventId(Uuid::now_v7()),
                kind: "test".into(),
                data: Bytes::from_static(b"{}"),
                meta: Bytes::from(meta),
            };
            let (stream, expected) = (StreamName::stored("test-1"), Expected::Any);
            log.append(Append { stream, expected, events: vec![event], command: None }).await.unwrap();
        }
        log
    }

    async fn at(log: &Log, second: i64) -> Position {
        Moment::Time(time(second)).position(log, time(1_000)).await.unwrap()
    }

    #[tokio::test]
    async fn a_time_is_the_last_event_that_is_not_later_whatever_clocks_say() {
        let log = log(&[10, 20, 21, 19, 30, 30, 40]).await;
        for (second, position) in
            [(9, 0), (10, 1), (19, 4), (20, 4), (29, 4), (30, 6), (39, 6), (40, 7), (99, 7)]
        {
            assert_eq!(at(&log, second).await, position, "second {second}");
        }
        assert_eq!(at(&self::log(&[]).await, 1).await, 0);
        for (second, position) in [(9, 0), (19, 4), (29, 4), (39, 6), (99, 7)] {
            assert_eq!(last_behind(&log, 0, time(second)).await.unwrap(), position, "second {second}");
            assert_eq!(last_behind(&log, 5, time(second)).await.unwrap(), position.max(5), "second {second}");
        }
    }

    #[tokio::test]
    async fn what_has_yet_to_come_is_no_moment() {
        let log = log(&[10]).await;
        for moment in [Moment::Position(2), Moment::Time(time(2_000))] {
            let refused = moment.position(&log, time(1_000)).await;
            assert!(matches!(refused, Err(MomentError::Future)), "{moment:?}: {refused:?}");
        }
        assert_eq!(Moment::Position(1).position(&log, time(1_000)).await.unwrap(), 1);
    }

    #[test]
    fn positions_and_times_are_read_and_nothing_else() {
        assert_eq!("7".parse(), Ok(Moment::Position(7)));
        let noon = Moment::Time("2026-01-01T12:00:00Z".parse().unwrap());
        for text in ["2026-01-01T12:00:00Z", "2026-01-01T15:00:00+03:00", "2026-01-01T15:00:00 03:00"] {
            assert_eq!(text.parse(), Ok(noon), "{text}");
        }
        for text in ["", "-1", "yesterday", "2026-01-01", "99999999999999999999", "18446744073709551615"] {
            assert_eq!(text.parse::<Moment>(), Err(NoMoment), "{text}");
        }
    }
}
