//! Starts background tasks, the only place that does: every task has a name, shutdown waits for it, and a panic is
//! logged.
//!
//! Shutdown has two phases. *Closing*: no new connections; requests in flight are finished, and what they depend on
//! (projection, bus) keeps running. *Stopping*: sockets and background tasks end. Each phase has its deadline.

use crate::panic_message::panic_message;
use futures::FutureExt;
use std::{
    collections::BTreeMap,
    fmt::Display,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Starts tasks and shuts them down. Cheap to clone.
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

/// Why the process must exit with a failure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StopError {
    /// A critical task ended before shutdown.
    #[error("task {task} failed: {why}")]
    Critical {
        /// Its name.
        task: &'static str,
        /// The error or panic.
        why: String,
    },
    /// Tasks that were still running at the deadline.
    #[error("still running at the deadline: {}", .0.join(", "))]
    Unfinished(Vec<&'static str>),
}

impl Tasks {
    /// No tasks yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a task. A panic is logged and stops nothing else.
    #[expect(clippy::disallowed_methods, reason = "the one place that starts tasks")]
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        self.0.background.spawn(self.follow(name, work));
    }

    /// Starts a task that the process needs: if it ends before shutdown, by error, panic or return, the whole
    /// process stops with a failure.
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
            tracing::error!(task = name, why, "a critical task failed: shutting down");
            // The first failure is the cause; later ones follow from it.
            let _ = tasks.0.failure.set(StopError::Critical { task: name, why });
            tasks.close();
        }));
    }

    /// Starts the task of a connection: the first phase of shutdown waits for it.
    #[expect(clippy::disallowed_methods, reason = "the one place that starts tasks")]
    pub(crate) fn spawn_connection(
        &self,
        name: &'static str,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        self.0.connections.spawn(self.follow(name, work));
    }

    /// Makes shutdown wait for work that something else runs, such as an upgraded socket. A panic is logged.
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

    /// Cancelled when shutdown begins: accept no new work.
    pub fn closing(&self) -> CancellationToken {
        self.0.closing.clone()
    }

    /// Cancelled when requests in flight are finished: end.
    pub fn stopping(&self) -> CancellationToken {
        self.0.stopping.clone()
    }

    /// Begins shutdown.
    pub fn close(&self) {
        self.0.closing.cancel();
    }

    /// Completes shutdown: each of its two phases may take `limit`.
    ///
    /// # Errors
    /// The failure of a critical task, otherwise the names of tasks that did not end in time.
    pub async fn drain(&self, limit: Duration) -> Result<(), StopError> {
        self.close();
        self.0.connections.close();
        if tokio::time::timeout(limit, self.0.connections.wait()).await.is_err() {
            tracing::warn!(
                connections = self.0.connections.len(),
                "requests in flight are aborted at the deadline"
            );
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

    /// Names of the running tasks, in alphabetical order.
    pub fn running(&self) -> Vec<&'static str> {
        self.counts().keys().copied().collect()
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<&'static str, usize>> {
        // Counting cannot panic half way, so a poisoned lock still guards consistent counts.
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a task by name while it runs.
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
    async fn shutdown_ends_requests_before_background_tasks() {
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
    async fn panic_of_a_critical_task_shuts_down_with_its_error() {
        let tasks = Tasks::new();
        tasks.spawn_critical("projection", async {
            if true { panic!("boom") } else { Ok::<(), Infallible>(()) }
        });
        tasks.closing().cancelled().await;
        let failed = tasks.drain(LONG).await.unwrap_err();
        assert_eq!(failed, StopError::Critical { task: "projection", why: "panic: boom".to_owned() });
    }

    #[tokio::test]
    async fn critical_task_may_end_only_at_shutdown() {
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
    async fn panic_of_a_noncritical_task_stops_nothing() {
        let tasks = Tasks::new();
        tasks.spawn("webhook", async { panic!("boom") });
        assert_eq!(tasks.drain(LONG).await, Ok(()));
    }

    #[tokio::test]
    async fn drain_names_the_tasks_that_miss_the_deadline() {
        let tasks = Tasks::new();
        tasks.spawn("stuck", pending());
        let unfinished = tasks.drain(Duration::from_millis(1)).await.unwrap_err();
        assert_eq!(unfinished, StopError::Unfinished(vec!["stuck"]));
    }
}
