//! Many callers at once.

use super::sample::{append, assert_sound, assert_stored, stream};
use crate::{Append, AppendError, Appended, Expected, Log, NewEvent};
use futures::future::join_all;
use tokio::task::JoinHandle;

/// An append as requested and as answered.
type Success = (Vec<NewEvent>, Appended);

/// Writers compete for the next revision of one stream: each revision has one winner, and no success is lost.
pub async fn concurrent_writers_win_each_revision_once(open: impl AsyncFn() -> Log) {
    let log = open().await;
    let writers = (0..16).map(|_| tokio::spawn(write(log.clone(), "hot".into(), 12))).collect();
    let successes = finish(writers).await;
    assert_eq!(successes.len(), 16 * 12);
    assert_all(&log, &successes).await;
}

/// Two processes with eight writers on twenty streams.
pub async fn two_processes_append_to_hot_streams_without_loss(open: impl AsyncFn() -> Log) {
    let logs = [open().await, open().await];
    let writers = (0..40)
        .map(|number| {
            let name = format!("hot-{}", number / 2);
            tokio::spawn(write(logs[number % 2].clone(), name, 10))
        })
        .collect();
    let successes = finish(writers).await;
    assert_eq!(successes.len(), 40 * 10);
    assert_all(&logs[0], &successes).await;
}

/// Concurrent callers, one for each next revision of one stream: whatever the order of arrival, the outcome is as if
/// they had come one after the other.
pub async fn batched_appends_equal_sequential_ones(open: impl AsyncFn() -> Log) {
    let log = open().await;
    let asked = (0..50).map(|number| {
        let expected = if number == 0 { Expected::NoStream } else { Expected::Revision(number * 2 - 1) };
        append("chain", expected, 2)
    });
    let mut waiting: Vec<Append> = asked.collect();
    let mut successes = Vec::new();
    while !waiting.is_empty() {
        let outcomes = join_all(waiting.iter().map(|asked| log.append(asked.clone()))).await;
        let before = successes.len();
        let asked = std::mem::take(&mut waiting);
        for (asked, outcome) in asked.into_iter().zip(outcomes) {
            match outcome {
                Ok(answer) => successes.push((asked.events, answer)),
                Err(AppendError::Conflict { .. }) => waiting.push(asked),
                Err(error) => panic!("{error}"),
            }
        }
        assert!(successes.len() > before, "one of the waiting appends can always be stored");
    }
    assert_all(&log, &successes).await;
}

/// Conflicting appends among others that do not conflict.
pub async fn conflicting_append_leaves_others_unaffected(open: impl AsyncFn() -> Log) {
    let log = open().await;
    log.append(append("taken", Expected::NoStream, 1)).await.expect("stored");
    let calls = (0..200).map(|number| {
        let name = if number % 3 == 0 { "taken".into() } else { format!("free-{number}") };
        let asked = append(&name, Expected::NoStream, 1 + number % 2);
        let log = &log;
        async move { (asked.clone(), log.append(asked).await) }
    });
    let mut successes = Vec::new();
    for (asked, outcome) in join_all(calls).await {
        match outcome {
            Ok(answer) => successes.push((asked.events, answer)),
            Err(AppendError::Conflict { actual, .. }) => {
                assert_eq!((asked.stream, actual), (stream("taken"), Some(0)));
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(successes.len(), 133);
    assert_all(&log, &successes).await;
}

/// Appends until it has won `wins` times, learning the revision from each conflict.
async fn write(log: Log, name: String, wins: usize) -> Vec<Success> {
    let mut expected = Expected::NoStream;
    let mut successes = Vec::new();
    while successes.len() < wins {
        let asked = append(&name, expected, 1 + successes.len() % 2);
        let events = asked.events.clone();
        expected = match log.append(asked).await {
            Ok(answer) => {
                let next = Expected::Revision(answer.last_revision);
                successes.push((events, answer));
                next
            }
            Err(AppendError::Conflict { actual: Some(actual), .. }) => Expected::Revision(actual),
            Err(error) => panic!("{error}"),
        };
    }
    successes
}

async fn finish(writers: Vec<JoinHandle<Vec<Success>>>) -> Vec<Success> {
    join_all(writers).await.into_iter().flat_map(|successes| successes.expect("no panic")).collect()
}

/// Asserts that every success is stored and that nothing else is in those streams.
async fn assert_all(log: &Log, successes: &[Success]) {
    let all = assert_sound(log).await;
    for (events, answer) in successes {
        assert_stored(&all, events, answer);
    }
    let written: usize = successes.iter().map(|(events, _)| events.len()).sum();
    let stored = all.iter().filter(|event| event.stream != stream("taken")).count();
    assert_eq!(stored, written, "nothing is stored that was not acknowledged");
}
