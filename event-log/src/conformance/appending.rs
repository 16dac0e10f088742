//! Appending and reading, one caller at a time.

use super::sample::{append, assert_sound, assert_stored, event, events, everything, stream};
use crate::{
    AppendError, Expected, Log, NewEvent,
    append::{MAX_APPEND_EVENTS, MAX_EVENT_BYTES},
};
use events::{Position, Revision};

/// Events read back, from their stream and from the whole log, equal those appended.
pub async fn appended_events_read_back_unchanged(open: impl AsyncFn() -> Log) {
    let log = open().await;
    assert_eq!(log.head().await.expect("head"), 0, "a new log is empty");
    let first = append("a", Expected::NoStream, 3);
    let answer = log.append(first.clone()).await.expect("stored");
    assert_eq!((answer.first_revision, answer.last_revision, answer.repeated), (0, 2, false));
    let second = append("b", Expected::NoStream, 1);
    let later = log.append(second.clone()).await.expect("stored");
    assert!(later.first_position > answer.position);
    let all = assert_sound(&log).await;
    assert_eq!(all.len(), 4);
    assert_stored(&all, &first.events, &answer);
    assert_stored(&all, &second.events, &later);
    assert!(log.head().await.expect("head") >= later.position);
}

/// A stream without events reads as empty, without an error.
pub async fn reading_a_missing_stream_returns_nothing(open: impl AsyncFn() -> Log) {
    let log = open().await;
    assert_eq!(log.read_stream(&stream("missing"), 0, 10).await.expect("read"), []);
    assert_eq!(log.read_all(0, 10).await.expect("read"), []);
    assert_eq!(log.read_all(Position::MAX, 10).await.expect("read"), []);
    log.append(append("a", Expected::NoStream, 1)).await.expect("stored");
    assert_eq!(log.read_stream(&stream("a"), 1, 10).await.expect("read"), []);
    assert_eq!(log.read_stream(&stream("a"), Revision::MAX, 10).await.expect("read"), []);
    assert_eq!(log.read_stream(&stream("a"), 0, 0).await.expect("read"), []);
}

/// Reading by positions returns log order, whatever the order of the request.
pub async fn read_at_positions_returns_log_order(open: impl AsyncFn() -> Log) {
    let log = open().await;
    log.append(append("a", Expected::Any, 3)).await.expect("stored");
    log.append(append("b", Expected::Any, 2)).await.expect("stored");
    let all = everything(&log).await;
    let asked = [4, 1, 4, 2].map(|number: usize| all[number].position);
    let beyond = all[4].position + 1_000_000;
    let found = log.read_at(&[&asked[..], &[beyond, 0]].concat()).await.expect("read");
    assert_eq!(found, [&all[1], &all[2], &all[4]].map(Clone::clone), "in order, each once");
    assert!(log.read_at(&[]).await.expect("read").is_empty());
}

/// Pages follow each other without gap or overlap.
pub async fn pages_follow_without_gap_or_overlap(open: impl AsyncFn() -> Log) {
    let log = open().await;
    for name in ["a", "b", "a"] {
        log.append(append(name, Expected::Any, 5)).await.expect("stored");
    }
    let all = assert_sound(&log).await;
    let page = log.read_all(all[3].position, 4).await.expect("read");
    assert_eq!(page, all[4..8]);
    let revisions: Vec<Revision> =
        log.read_stream(&stream("a"), 3, 4).await.expect("read").iter().map(|event| event.revision).collect();
    assert_eq!(revisions, [3, 4, 5, 6]);
}

/// Each expectation against an empty stream and against one with three events.
pub async fn append_checks_the_expected_revision(open: impl AsyncFn() -> Log) {
    let log = open().await;
    let cases = [
        (Expected::NoStream, true, false),
        (Expected::Any, true, true),
        (Expected::Exists, false, true),
        (Expected::Revision(2), false, true),
        (Expected::Revision(1), false, false),
        (Expected::Revision(3), false, false),
        (Expected::Revision(Revision::MAX), false, false),
    ];
    for (number, (expected, on_none, on_three)) in cases.into_iter().enumerate() {
        let (none, three) = (format!("none-{number}"), format!("three-{number}"));
        log.append(append(&three, Expected::NoStream, 3)).await.expect("stored");
        check(&log, &none, expected, on_none.then_some(0), None).await;
        check(&log, &three, expected, on_three.then_some(3), Some(2)).await;
    }
    assert_sound(&log).await;
}

async fn check(log: &Log, name: &str, expected: Expected, first: Option<Revision>, last: Option<Revision>) {
    match (log.append(append(name, expected, 2)).await, first) {
        (Ok(appended), Some(first)) => {
            assert_eq!((appended.first_revision, appended.last_revision), (first, first + 1));
        }
        (Err(AppendError::Conflict { stream: at, expected: told, actual }), None) => {
            assert_eq!((at, told, actual), (stream(name), expected, last));
        }
        (outcome, _) => panic!("{name}, expecting {expected}: {outcome:?}"),
    }
}

/// With an exact expectation equal ids give the same answer, independent of later events and of the caller.
pub async fn repeated_append_with_exact_expectation_gets_the_first_answer(open: impl AsyncFn() -> Log) {
    let log = open().await;
    let first = append("a", Expected::NoStream, 2);
    let second = append("a", Expected::Revision(1), 3);
    let answers =
        [log.append(first.clone()).await.expect("stored"), log.append(second.clone()).await.expect("stored")];
    for round in 0..3_u64 {
        for (asked, answer) in [&first, &second].into_iter().zip(&answers) {
            let again = log.append(asked.clone()).await.expect("a repeat is no conflict");
            assert!(again.repeated);
            assert_eq!(crate::Appended { repeated: false, ..again }, *answer);
        }
        log.append(append("a", Expected::Revision(4 + round), 1)).await.expect("stored");
    }
    let another = open().await;
    let again = another.append(first.clone()).await.expect("a repeat is no conflict");
    assert_eq!((again.position, again.repeated), (answers[0].position, true));
    assert_eq!(assert_sound(&log).await.len(), 8);
}

/// An append of which only some ids are stored is not the stored append.
pub async fn append_with_some_known_ids_is_refused(open: impl AsyncFn() -> Log) {
    let log = open().await;
    let stored = append("a", Expected::NoStream, 2);
    log.append(stored.clone()).await.expect("stored");
    let [one, two] = [&stored.events[0], &stored.events[1]].map(NewEvent::clone);
    let overlaps = [
        vec![one.clone(), event()],
        vec![event(), two.clone()],
        vec![one.clone(), two.clone(), event()],
        vec![two, one],
    ];
    for events in overlaps {
        let outcome = log.append(crate::Append { events, ..stored.clone() }).await;
        assert!(matches!(outcome, Err(AppendError::Conflict { actual: Some(1), .. })), "{outcome:?}");
    }
    assert_eq!(assert_sound(&log).await.len(), 2);
}

/// With a loose expectation a repeat is recognised while its events are the last of the stream.
pub async fn repeated_append_with_loose_expectation_is_recognised_at_the_end(open: impl AsyncFn() -> Log) {
    let log = open().await;
    log.append(append("a", Expected::NoStream, 1)).await.expect("stored");
    for expected in [Expected::Any, Expected::Exists] {
        let asked = append("a", expected, 2);
        let answer = log.append(asked.clone()).await.expect("stored");
        let again = log.append(asked).await.expect("repeated");
        assert!(again.repeated && !answer.repeated);
        assert_eq!((again.first_position, again.position), (answer.first_position, answer.position));
    }
    assert_eq!(assert_sound(&log).await.len(), 5);
}

/// An append at a limit is stored; an append above it is refused, and nothing else is.
pub async fn append_at_each_limit_passes_and_above_is_refused(open: impl AsyncFn() -> Log) {
    let log = open().await;
    let empty = log.append(append("a", Expected::Any, 0)).await;
    assert!(matches!(empty, Err(AppendError::Empty)), "{empty:?}");
    let sized = |bytes: usize| NewEvent { data: vec![b'x'; bytes - 2].into(), ..event() };
    let large = |bytes: usize, count: usize| crate::Append {
        events: std::iter::repeat_with(|| sized(bytes)).take(count).collect(),
        ..append("large", Expected::Any, 0)
    };
    let largest = log.capabilities().largest_append;
    let event_bytes = MAX_EVENT_BYTES.min(largest);
    let most = largest / event_bytes;
    log.append(large(event_bytes, most)).await.expect("as large as may be");
    log.append(append("many", Expected::Any, MAX_APPEND_EVENTS)).await.expect("as many as may be");
    let too_large = [
        large(event_bytes + 1, 1),
        large(event_bytes, most + 1),
        append("many", Expected::Any, MAX_APPEND_EVENTS + 1),
        append(&"n".repeat(600), Expected::Any, 1),
    ];
    for asked in too_large {
        let outcome = log.append(asked).await;
        assert!(matches!(outcome, Err(AppendError::TooLarge { .. })), "{outcome:?}");
    }
    for name in ["a\0b", "\0"] {
        let outcome = log.append(append(name, Expected::Any, 1)).await;
        assert!(matches!(outcome, Err(AppendError::BadName { what: "stream" })), "{outcome:?}");
    }
    let nameless = vec![NewEvent { kind: String::new(), ..event() }];
    let outcome = log.append(crate::Append { events: nameless, ..append("a", Expected::Any, 0) }).await;
    assert!(matches!(outcome, Err(AppendError::BadName { what: "kind" })), "{outcome:?}");
    let strange = crate::Append { events: events(1), ..append("ё'\"\\{},%", Expected::NoStream, 0) };
    log.append(strange).await.expect("a name is only a name");
    assert_eq!(assert_sound(&log).await.len(), most + MAX_APPEND_EVENTS + 1);
}
