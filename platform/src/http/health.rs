//! `/livez` and `/readyz`: whether the process is alive, and whether it should get requests.

use super::Bare;
use axum::{Router, extract::State, response::IntoResponse, routing::get};
use futures::future::{BoxFuture, join_all};
use http::{StatusCode, Uri};
use std::{
    fmt::{Display, Write},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Timeout of a check.
const LONGEST_CHECK: Duration = Duration::from_secs(2);

type Check = Arc<dyn Fn() -> BoxFuture<'static, Result<String, String>> + Send + Sync>;

/// The readiness checks of this process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Inner>);

#[derive(Default)]
struct Inner {
    stopping: AtomicBool,
    checks: RwLock<Vec<(&'static str, Check)>>,
}

/// The result of the checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whether all checks passed and shutdown has not begun.
    pub ready: bool,
    /// Name and result of each check, in the order of registration.
    pub checks: Vec<(&'static str, Result<String, String>)>,
}

impl Readiness {
    /// Adds a check: `Ok` with a detail such as a lag, or `Err` with the problem.
    pub fn register<F, O, E>(&self, name: &'static str, check: F)
    where
        F: Fn() -> O + Send + Sync + 'static,
        O: Future<Output = Result<String, E>> + Send + 'static,
        E: Display,
    {
        let check: Check = Arc::new(move || {
            let finding = check();
            Box::pin(async move { finding.await.map_err(|problem| problem.to_string()) })
        });
        self.0.checks.write().unwrap_or_else(PoisonError::into_inner).push((name, check));
    }

    /// Reports "not ready" from now on: shutdown has begun.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// Runs all checks concurrently.
    pub async fn report(&self) -> Report {
        let checks = self.0.checks.read().unwrap_or_else(PoisonError::into_inner).clone();
        let run = checks.into_iter().map(|(name, check)| async move {
            let finding = tokio::time::timeout(LONGEST_CHECK, check()).await;
            (name, finding.unwrap_or_else(|_| Err("no answer in 2 s".to_owned())))
        });
        let mut checks = join_all(run).await;
        if self.0.stopping.load(Ordering::Relaxed) {
            checks.push(("stopping", Err("shutdown has begun".to_owned())));
        }
        Report { ready: checks.iter().all(|(_, finding)| finding.is_ok()), checks }
    }
}

/// `GET /livez` and `GET /readyz[?verbose]`, in plain text.
pub fn routes(readiness: Readiness) -> Router {
    Router::new().route("/livez", get(live)).route("/readyz", get(ready)).with_state(readiness)
}

async fn live() -> Bare<&'static str> {
    Bare("ok\n")
}

async fn ready(State(readiness): State<Readiness>, uri: Uri) -> impl IntoResponse {
    let report = readiness.report().await;
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let verbose = uri.query().is_some_and(|query| query.split('&').any(|word| word.starts_with("verbose")));
    let mut text = String::new();
    for (name, finding) in report.checks.iter().filter(|_| verbose) {
        // Writing to a String cannot fail.
        let _ = match finding {
            Ok(detail) => writeln!(text, "[+] {name}: {detail}"),
            Err(problem) => writeln!(text, "[-] {name}: {problem}"),
        };
    }
    text.push_str(if report.ready { "ok\n" } else { "not ready\n" });
    Bare((status, text))
}
