//! Subscriptions.

use super::sample::{append, assert_sound, everything};
use crate::{Expected, Log, RawEvent, Subscription};
use futures::{FutureExt, future::join_all};

/// A subscriber from the start, one from the middle, and writers in two processes.
pub async fn subscription_delivers_every_event_once_in_order(open: impl AsyncFn() -> Log) {
    const EVENTS: usize = 4 * 50 * 2;
    let logs = [open().await, open().await];
    let from_start = tokio::spawn(follow(logs[0].subscribe(0), 10 + EVENTS));
    log_some(&logs[1]).await;
    let middle = logs[0].head().await.expect("head");
    let from_middle = tokio::spawn(follow(logs[1].subscribe(middle), EVENTS));
    let writers = (0..4).map(|number| {
        let log = logs[number % 2].clone();
        tokio::spawn(async move {
            for _ in 0..50 {
                log.append(append(&format!("s{number}"), Expected::Any, 2)).await.expect("stored");
            }
        })
    });
    join_all(writers).await.into_iter().for_each(|writer| writer.expect("no panic"));
    let all = assert_sound(&logs[0]).await;
    assert_eq!(from_start.await.expect("no panic"), all);
    assert_eq!(from_middle.await.expect("no panic"), all[10..]);
}

/// Dropping the future of a wait at any moment loses nothing.
pub async fn dropped_wait_skips_nothing(open: impl AsyncFn() -> Log) {
    let log = open().await;
    let mut subscription = log.subscribe(0);
    let mut seen = Vec::new();
    for _ in 0..20 {
        // Polled once and dropped, sometimes before anything is there, sometimes while it reads.
        if let Some(batch) = subscription.next_batch(3).now_or_never() {
            seen.extend(batch.expect("read"));
        }
        log_some(&log).await;
        if let Some(batch) = subscription.next_batch(3).now_or_never() {
            seen.extend(batch.expect("read"));
        }
    }
    let missing = 200 - seen.len();
    seen.extend(follow(subscription, missing).await);
    assert_eq!(seen, everything(&log).await);
}

/// Announcing a head that is not there wakes subscriptions and does nothing else.
pub async fn announced_head_without_events_changes_nothing(open: impl AsyncFn() -> Log) {
    let log = open().await;
    let mut subscription = log.subscribe(0);
    log.wake(1_000_000);
    assert!(subscription.next_batch(10).now_or_never().is_none());
    log.wake(2);
    log_some(&log).await;
    assert_eq!(follow(subscription, 10).await, everything(&log).await);
}

/// The known head includes an append of this process as soon as it is acknowledged.
pub async fn known_head_includes_acknowledged_appends(open: impl AsyncFn() -> Log) {
    let log = open().await;
    let head = log.watch_head();
    for _ in 0..5 {
        let answer = log.append(append("a", Expected::Any, 3)).await.expect("stored");
        assert!(*head.borrow() >= answer.position);
    }
    let known = *head.borrow();
    log.wake(known - 1);
    assert_eq!(*head.borrow(), known, "it only grows");
    log.wake(known + 1);
    assert_eq!(*head.borrow(), known + 1);
    assert!(*open().await.watch_head().borrow() >= known, "it is known from the start");
}

/// Appends ten events.
async fn log_some(log: &Log) {
    log.append(append("some", Expected::Any, 10)).await.expect("stored");
}

/// Reads the next events in batches of different sizes.
async fn follow(mut subscription: Subscription, count: usize) -> Vec<RawEvent> {
    let mut seen = Vec::new();
    while seen.len() < count {
        let batch = subscription.next_batch(1 + seen.len() % 17).await.expect("read");
        assert!(!batch.is_empty());
        assert_eq!(Some(subscription.position()), batch.last().map(|event| event.position));
        seen.extend(batch);
    }
    seen
}
