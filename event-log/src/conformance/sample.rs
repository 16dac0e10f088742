//! Small appends for tests, and assertions that hold for any log after them.

use crate::{Append, Appended, CommandRef, Expected, Log, NewEvent, RawEvent};
use bytes::Bytes;
use events::{CommandId, EventId, StreamName};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// An event with a random id.
pub fn event() -> NewEvent {
    let id = EventId(Uuid::new_v4());
    NewEvent {
        id,
        kind: "sample.taken.v1".into(),
        data: Bytes::from(format!("data of {id}")),
        meta: Bytes::from_static(b"{}"),
    }
}

/// Several events.
pub fn events(count: usize) -> Vec<NewEvent> {
    std::iter::repeat_with(event).take(count).collect()
}

/// The stream with a name.
pub fn stream(name: &str) -> StreamName {
    StreamName::stored(format!("sample-{name}"))
}

/// An append of new events to a stream.
pub fn append(name: &str, expected: Expected, count: usize) -> Append {
    Append { stream: stream(name), expected, events: events(count), command: None }
}

/// A command with an unused id.
pub fn command() -> CommandRef {
    CommandRef { id: CommandId(Uuid::new_v4()), fingerprint: [7; 32] }
}

/// Reads a whole log from the start.
///
/// # Panics
/// The log cannot be read.
pub async fn everything(log: &Log) -> Vec<RawEvent> {
    let mut all: Vec<RawEvent> = Vec::new();
    loop {
        let after = all.last().map_or(0, |event| event.position);
        let page = log.read_all(after, 1_000).await.expect("the log can be read");
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

/// Asserts what holds of every log at any time: positions grow (densely where promised), revisions of each stream are
/// 0, 1, 2 … in the same order, and each stream reads the same on its own.
///
/// # Panics
/// One of them does not hold.
pub async fn assert_ordered(log: &Log) -> Vec<RawEvent> {
    let all = everything(log).await;
    let mut streams: HashMap<&StreamName, Vec<&RawEvent>> = HashMap::new();
    let mut previous = 0;
    for event in &all {
        assert!(event.position > previous, "positions grow: {} after {previous}", event.position);
        if log.capabilities().dense_positions {
            assert_eq!(event.position, previous + 1, "positions are dense");
        }
        previous = event.position;
        let stream = streams.entry(&event.stream).or_default();
        assert_eq!(event.revision, stream.len() as u64, "revisions of {} are dense", event.stream);
        stream.push(event);
    }
    for (stream, expected) in streams {
        let alone = log.read_stream(stream, 0, expected.len() + 1).await.expect("the stream can be read");
        assert!(alone.iter().eq(expected), "{stream} reads the same alone");
    }
    assert!(log.head().await.expect("the head can be read") >= previous);
    all
}

/// [`assert_ordered`], and no event is stored twice: holds if all retries follow the rule of [`Expected`].
///
/// # Panics
/// One of them does not hold.
pub async fn assert_sound(log: &Log) -> Vec<RawEvent> {
    let all = assert_ordered(log).await;
    let mut ids = HashSet::new();
    for event in &all {
        assert!(ids.insert(event.id), "event {} is there twice", event.id);
    }
    all
}

/// Asserts that an acknowledged append is stored once, where the acknowledgement says.
///
/// # Panics
/// It is not.
pub fn assert_stored(all: &[RawEvent], asked: &[NewEvent], answer: &Appended) {
    let found: Vec<&RawEvent> =
        all.iter().filter(|stored| asked.iter().any(|event| event.id == stored.id)).collect();
    assert_eq!(found.len(), asked.len(), "each event is there once: {answer:?}");
    for (number, (stored, event)) in (0..).zip(found.iter().zip(asked)) {
        assert_eq!(stored.id, event.id, "in their order");
        assert_eq!(stored.stream, answer.stream);
        assert_eq!(stored.revision, answer.first_revision + number);
        assert_eq!((&stored.kind, &stored.data, &stored.meta), (&event.kind, &event.data, &event.meta));
    }
    assert_eq!(found.first().map(|event| event.position), Some(answer.first_position));
    assert_eq!(
        found.last().map(|event| (event.position, event.revision)),
        Some((answer.position, answer.last_revision))
    );
}
