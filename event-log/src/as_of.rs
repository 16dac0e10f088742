//! A point in history, as people name it: a position of the log or a time.
//!
//! The times of events grow with their positions only as far as the clocks of the nodes agree. A time therefore stands for the
//! last event whose own time is not later, and includes every event before that one.

use crate::{Log, RawEvent, ReadError};
use chrono::{DateTime, Utc};
use events::Position;
use serde::Deserialize;
use std::str::FromStr;

/// Number of events after the found one that are checked for an earlier time, because clocks differ between nodes.
pub const CLOCK_SKEW_EVENTS: usize = 500;
/// Events per page of a full scan.
const PAGE: usize = 1_000;

/// A position or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// After the event at this position.
    Position(Position),
    /// At this time.
    Time(DateTime<Utc>),
}

/// The text is neither a position nor a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither a position nor an RFC 3339 time")]
pub struct InvalidAsOf;

/// Why a point in history has no position.
#[derive(Debug, thiserror::Error)]
pub enum AsOfError {
    /// The position is after the head of the log, or the time is after now.
    #[error("it is in the future")]
    Future,
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An index over the log could not be read.
    #[error("index over the log: {0}")]
    Index(#[from] sqlx::Error),
}

impl FromStr for AsOf {
    type Err = InvalidAsOf;
    fn from_str(text: &str) -> Result<Self, InvalidAsOf> {
        if let Ok(position) = text.parse::<Position>() {
            // The database stores positions as bigint.
            return i64::try_from(position).map(|_| Self::Position(position)).map_err(|_| InvalidAsOf);
        }
        // An unescaped plus arrives from a query string as a space.
        events::time::parse_rfc3339(&text.replace(' ', "+")).map(Self::Time).ok_or(InvalidAsOf)
    }
}

impl AsOf {
    /// Position of the last event at or before this point. Without dense positions a time costs a scan of the whole log:
    /// callers with an index over the log use that instead.
    ///
    /// # Errors
    /// [`AsOfError::Future`] if the point has not been reached; [`AsOfError::Read`] if the log cannot be read.
    pub async fn position(self, log: &Log, now: DateTime<Utc>) -> Result<Position, AsOfError> {
        let head = log.head().await?;
        match self {
            Self::Position(position) if position > head => Err(AsOfError::Future),
            Self::Position(position) => Ok(position),
            Self::Time(time) if time > now => Err(AsOfError::Future),
            Self::Time(time) if log.capabilities().dense_positions => Ok(last_until(log, head, time).await?),
            Self::Time(time) => Ok(last_event_until(log, 0, time).await?),
        }
    }
}

/// Binary search for the last number for which a monotonic predicate holds.
#[derive(Clone, Copy, Debug)]
pub struct BinarySearch {
    /// The largest number for which the predicate is known to hold; 0 if none is known.
    pub found: u64,
    /// The predicate does not hold after this number.
    end: u64,
}

impl BinarySearch {
    /// Searches 1 to `end`.
    pub const fn up_to(end: u64) -> Self {
        Self { found: 0, end }
    }

    /// The number to test next; `None` when the search is over.
    pub fn next_probe(&self) -> Option<u64> {
        (self.found < self.end).then(|| self.found + (self.end - self.found) / 2 + 1)
    }

    /// Records whether the predicate holds for a number.
    pub fn record(&mut self, number: u64, holds: bool) {
        match holds {
            true => self.found = number,
            false => self.end = number - 1,
        }
    }
}

/// Position of the last event after `position` whose time is not later than `time`, or `position` if there is none. Scans all
/// events after `position`.
///
/// # Errors
/// [`ReadError`] if the log cannot be read.
pub async fn last_event_until(
    log: &Log,
    position: Position,
    time: DateTime<Utc>,
) -> Result<Position, ReadError> {
    let (mut found, mut after) = (position, position);
    loop {
        let page = log.read_all(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        found = page.iter().rfind(|event| is_until(event, time)).map_or(found, |event| event.position);
        after = last.position;
    }
}

async fn last_until(log: &Log, head: Position, time: DateTime<Utc>) -> Result<Position, ReadError> {
    let mut search = BinarySearch::up_to(head);
    while let Some(position) = search.next_probe() {
        match log.read_all(position - 1, 1).await?.first() {
            Some(event) if is_until(event, time) => search.record(event.position.max(position), true),
            _ => search.record(position, false),
        }
    }
    let mut found = search.found;
    loop {
        let after = log.read_all(found, CLOCK_SKEW_EVENTS).await?;
        match after.iter().rfind(|event| is_until(event, time)) {
            Some(event) => found = event.position,
            None => return Ok(found),
        }
    }
}

/// Whether the event's time is not later than `time`. False for damaged metadata: its neighbours decide.
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
    use crate::{Append, Expected, MemoryLog, NewEvent};
    use bytes::Bytes;
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
        AsOf::Time(time(second)).position(log, time(1_000)).await.unwrap()
    }

    #[tokio::test]
    async fn a_time_stands_for_its_last_event_despite_clock_skew() {
        let log = log(&[10, 20, 21, 19, 30, 30, 40]).await;
        for (second, position) in
            [(9, 0), (10, 1), (19, 4), (20, 4), (29, 4), (30, 6), (39, 6), (40, 7), (99, 7)]
        {
            assert_eq!(at(&log, second).await, position, "second {second}");
        }
        assert_eq!(at(&self::log(&[]).await, 1).await, 0);
        for (second, position) in [(9, 0), (19, 4), (29, 4), (39, 6), (99, 7)] {
            assert_eq!(last_event_until(&log, 0, time(second)).await.unwrap(), position, "second {second}");
            assert_eq!(
                last_event_until(&log, 5, time(second)).await.unwrap(),
                position.max(5),
                "second {second}"
            );
        }
    }

    #[tokio::test]
    async fn a_future_position_or_time_is_refused() {
        let log = log(&[10]).await;
        for as_of in [AsOf::Position(2), AsOf::Time(time(2_000))] {
            let refused = as_of.position(&log, time(1_000)).await;
            assert!(matches!(refused, Err(AsOfError::Future)), "{as_of:?}: {refused:?}");
        }
        assert_eq!(AsOf::Position(1).position(&log, time(1_000)).await.unwrap(), 1);
    }

    #[test]
    fn only_positions_and_rfc3339_times_parse() {
        assert_eq!("7".parse(), Ok(AsOf::Position(7)));
        let noon = AsOf::Time("2026-01-01T12:00:00Z".parse().unwrap());
        for text in ["2026-01-01T12:00:00Z", "2026-01-01T15:00:00+03:00", "2026-01-01T15:00:00 03:00"] {
            assert_eq!(text.parse(), Ok(noon), "{text}");
        }
        for text in ["", "-1", "yesterday", "2026-01-01", "99999999999999999999", "18446744073709551615"] {
            assert_eq!(text.parse::<AsOf>(), Err(InvalidAsOf), "{text}");
        }
    }
}
