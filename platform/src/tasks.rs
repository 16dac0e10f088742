//! The only place that starts tasks: each has a name, none outlives the stop unnoticed, no panic goes unseen.
//!
//! A stop has two phases. *Closing*: no new connections, requests in flight are finished, and what they wait for
//! (projection, bus) still runs. *Stopping*: sockets and background tasks end. Each phase has its deadline.

use crate::http::panic_message;
use futures::FutureExt;
use std::{
    collections::BTreeMap,
    fmt::Display,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Starts tasks and stops them. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Tasks(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    connections: TaskTracker,
    background: TaskTracker,
    closing: CancellationToken,
    stopping: CancellationToken,
    failure: OnceLock<StopError>,
    running: Mutex<BTreeMap<&'static str, usize>>,
}

/// Why the process must not end with success.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StopError {
    /// A task that the process cannot do without has ended.
    #[error("task {task} failed: {why}")]
    Critical {
        /// Its name.
        task: &'static str,
        /// Its error or panic.
        why: String,
    },
    /// Tasks did not end in time; they were left behind.
    #[error("still running at the deadline: {}", .0.join(", "))]
    Unfinished(Vec<&'static str>),
}

impl Tasks {
    /// No tasks yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a task that the process can do without. A panic is logged.
    #[expect(clippy::disallowed_methods, reason = "the one place that starts tasks")]
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        self.0.background.spawn(self.follow(name, work));
    }

    /// Starts a task whose end before the stop, by error, panic or return, stops the whole process with a failure.
    #[expect(clippy::disallowed_methods, reason = "the one place that starts tasks")]
    pub fn spawn_critical<E: Display>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let tasks = self.clone();
        let guarded = AssertUnwindSafe(work).catch_unwind();
        self.0.background.spawn(self.follow(name, async move {
            let why = match guarded.await {
                Ok(Ok(())) if tasks.0.closing.is_cancelled() => return,
                Ok(Ok(())) => "it ended before the stop".to_owned(),
                Ok(Err(error)) => error.to_string(),
                Err(panic) => format!("panic: {}", panic_message(panic.as_ref())),
            };
            tracing::error!(task = name, why, "a critical task failed: stopping");
            // The first failure is the cause; what fails after it follows from it.
            let _ = tasks.0.failure.set(StopError::Critical { task: name, why });
            tasks.close();
        }));
    }

    /// Starts the task of one connection: the stop waits for it in its first phase.
    #[expect(clippy::disallowed_methods, reason = "the one place that starts tasks")]
    pub(crate) fn spawn_connection(
        &self,
        name: &'static str,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        self.0.connections.spawn(self.follow(name, work));
    }

    /// Lets the stop wait for work that somebody else runs, such as an upgraded socket. A panic is logged.
    pub fn follow<F>(&self, name: &'static str, work: F) -> impl Future<Output = ()> + Send + use<F>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let token = self.0.background.token();
        let running = Running::new(self.clone(), name);
        async move {
            if let Err(panic) = AssertUnwindSafe(work).catch_unwind().await {
                tracing::error!(task = name, panic = panic_message(panic.as_ref()), "a task panicked");
            }
            drop(running);
            drop(token);
        }
    }

    /// Cancelled when the stop begins: take no new work.
    pub fn closing(&self) -> CancellationToken {
        self.0.closing.clone()
    }

    /// Cancelled once requests are drained: end.
    pub fn stopping(&self) -> CancellationToken {
        self.0.stopping.clone()
    }

    /// Begins the stop.
    pub fn close(&self) {
        self.0.closing.cancel();
    }

    /// Carries the stop through: each of its two phases may take `limit`.
    ///
    /// # Errors
    /// The failure of a critical task, else the names of tasks that did not end in time.
    pub async fn drain(&self, limit: Duration) -> Result<(), StopError> {
        self.close();
        self.0.connections.close();
        if tokio::time::timeout(limit, self.0.connections.wait()).await.is_err() {
            tracing::warn!(connections = self.0.connections.len(), "requests in flight are given up");
        }
        self.0.stopping.cancel();
        self.0.background.close();
        let drained = tokio::time::timeout(limit, self.0.background.wait()).await;
        match (self.0.failure.get(), drained) {
            (Some(failure), _) => Err(failure.clone()),
            (None, Ok(())) => Ok(()),
            (None, Err(_)) => Err(StopError::Unfinished(self.running())),
        }
    }

    /// The names of the tasks that run now, in alphabetical order.
    pub fn running(&self) -> Vec<&'static str> {
        self.counts().keys().copied().collect()
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<&'static str, usize>> {
        // Counting cannot be interrupted half way, so a poisoned lock still guards a whole map.
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a task by name for as long as it lives.
struct Running {
    tasks: Tasks,
    name: &'static str,
}

impl Running {
    fn new(tasks: Tasks, name: &'static str) -> Self {
        *tasks.counts().entry(name).or_default() += 1;
        Self { tasks, name }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut counts = self.tasks.counts();
        match counts.get_mut(self.name) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                counts.remove(self.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{StopError, Tasks};
    use std::{
        convert::Infallible,
        future::pending,
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        time::Duration,
    };

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn requests_end_before_the_background_does() {
        let tasks = Tasks::new();
        let answered = Arc::new(AtomicBool::new(false));
        let (closing, stopping) = (tasks.closing(), tasks.stopping());
        let seen = Arc::clone(&answered);
        tasks.spawn_connection("connection", async move {
            closing.cancelled().await;
            tokio::task::yield_now().await;
            answered.store(true, Ordering::SeqCst);
        });
        let order = Arc::new(AtomicBool::new(false));
        let in_order = Arc::clone(&order);
        tasks.spawn("projection", async move {
            stopping.cancelled().await;
            in_order.store(seen.load(Ordering::SeqCst), Ordering::SeqCst);
        });
        assert_eq!(tasks.running(), ["connection", "projection"]);
        tasks.drain(LONG).await.unwrap();
        assert!(order.load(Ordering::SeqCst), "the projection ended while a request was in flight");
        assert!(tasks.running().is_empty());
    }

    #[tokio::test]
    async fn a_critical_panic_begins_the_stop_and_is_its_result() {
        let tasks = Tasks::new();
        tasks.spawn_critical("projection", async {
            if true { panic!("boom") } else { Ok::<(), Infallible>(()) }
        });
        tasks.closing().cancelled().await;
        let failed = tasks.drain(LONG).await.unwrap_err();
        assert_eq!(failed, StopError::Critical { task: "projection", why: "panic: boom".to_owned() });
    }

    #[tokio::test]
    async fn a_critical_task_may_not_end_early_but_may_end_at_the_stop() {
        let early = Tasks::new();
        early.spawn_critical("early", async { Ok::<(), Infallible>(()) });
        early.closing().cancelled().await;
        assert!(early.drain(LONG).await.is_err());
        let tasks = Tasks::new();
        let stopping = tasks.stopping();
        tasks.spawn_critical("listener", async move {
            stopping.cancelled().await;
            Ok::<(), Infallible>(())
        });
        assert_eq!(tasks.drain(LONG).await, Ok(()));
    }

    #[tokio::test]
    async fn a_panic_of_another_task_stops_nothing() {
        let tasks = Tasks::new();
        tasks.spawn("webhook", async { panic!("boom") });
        assert_eq!(tasks.drain(LONG).await, Ok(()));
    }

    #[tokio::test]
    async fn the_deadline_names_those_who_miss_it() {
        let tasks = Tasks::new();
        tasks.spawn("stuck", pending());
        let unfinished = tasks.drain(Duration::from_millis(1)).await.unwrap_err();
        assert_eq!(unfinished, StopError::Unfinished(vec!["stuck"]));
    }
}
