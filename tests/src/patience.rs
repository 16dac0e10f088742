//! Waiting for what must come: polled often, given up late. The limits guard against hanging, they measure nothing.

use std::time::{Duration, Instant};

/// How long a test waits for anything at all.
pub const HANG_GUARD: Duration = Duration::from_secs(20);

/// How long a process or a database may take to come up on a busy machine.
pub const START_GUARD: Duration = Duration::from_secs(60);

const POLL: Duration = Duration::from_millis(10);

/// Polls `attempt` until it yields something.
///
/// # Panics
/// It does not within [`HANG_GUARD`]; the message names `what`.
pub async fn until<T>(what: &str, attempt: impl AsyncFnMut() -> Option<T>) -> T {
    within(HANG_GUARD, what, attempt).await
}

/// Polls `attempt` until it yields something.
///
/// # Panics
/// It does not within `limit`; the message names `what`.
pub async fn within<T>(limit: Duration, what: &str, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = attempt().await {
            return found;
        }
        assert!(started.elapsed() < limit, "waited {limit:?} in vain: {what}");
        tokio::time::sleep(POLL).await;
    }
}
