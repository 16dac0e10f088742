//! Polls for a condition until it holds. The limits guard against hanging; they measure nothing.

use std::time::{Duration, Instant};

/// Longest wait for a condition.
pub const HANG_GUARD: Duration = Duration::from_secs(20);

/// Longest start of a process or a database on a busy machine.
pub const START_GUARD: Duration = Duration::from_secs(60);

const POLL: Duration = Duration::from_millis(10);

/// Polls `attempt` until it returns something, for at most [`HANG_GUARD`]; a panic names `what`.
pub async fn until<T>(what: &str, attempt: impl AsyncFnMut() -> Option<T>) -> T {
    within(HANG_GUARD, what, attempt).await
}

/// Polls `attempt` until it returns something, for at most `limit`; a panic names `what`.
pub async fn within<T>(limit: Duration, what: &str, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = attempt().await {
            return found;
        }
        assert!(started.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(POLL).await;
    }
}
