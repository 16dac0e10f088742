//! Closing, restarting, and callers that do not wait.

use super::sample::{append, assert_sound, assert_stored};
use crate::{Append, AppendError, Expected, Log};
use futures::{FutureExt, future::join_all};

/// Closing answers everything in flight, then refuses; a new process finds everything and continues.
pub async fn closed_log_refuses_appends_and_keeps_events(open: impl AsyncFn() -> Log) {
    let log = open().await;
    let asked: Vec<Append> =
        (0..100).map(|number| append(&format!("s{number}"), Expected::NoStream, 2)).collect();
    let calls = join_all(asked.iter().map(|asked| log.append(asked.clone())));
    // The calls are polled first, so all of them are in flight when the log is closed.
    let (outcomes, ()) = tokio::join!(calls, log.close());
    let late = log.append(append("late", Expected::NoStream, 1)).await;
    assert!(matches!(late, Err(AppendError::Unavailable(_))), "{late:?}");
    log.close().await;
    let again = open().await;
    let all = assert_sound(&again).await;
    for (asked, outcome) in asked.iter().zip(outcomes) {
        assert_stored(&all, &asked.events, &outcome.expect("it was in flight"));
    }
    assert_eq!(log.read_all(0, 1_000).await.expect("reading goes on"), all);
    let answer = again.append(append("late", Expected::NoStream, 1)).await.expect("stored");
    assert_eq!(again.read_all(all[199].position, 10).await.expect("read")[0].position, answer.position);
}

/// A caller that leaves may or may not have appended; asking again with the same ids settles it.
pub async fn abandoned_appends_are_settled_by_repeating(open: impl AsyncFn() -> Log) {
    let log = open().await;
    let asked: Vec<Append> =
        (0..100).map(|number| append(&format!("s{}", number % 50), Expected::NoStream, 2)).collect();
    for asked in &asked {
        // Polled once: it is queued, and nobody waits for the answer.
        let _ = log.append(asked.clone()).now_or_never();
    }
    let outcomes = join_all(asked.iter().map(|asked| log.append(asked.clone()))).await;
    let all = assert_sound(&log).await;
    for (asked, outcome) in asked.iter().zip(outcomes) {
        match outcome {
            Ok(answer) => assert_stored(&all, &asked.events, &answer),
            Err(AppendError::Conflict { .. }) => {
                assert!(!all.iter().any(|stored| asked.events.iter().any(|event| event.id == stored.id)));
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(all.len(), 50 * 2, "one of two wins each stream");
}
