//! Log lines, metrics, and the listener that serves metrics and health.

use crate::{
    config::{Config, LogFormat},
    http::health::{self, Readiness},
    tasks::Tasks,
};
use axum::{Router, extract::State, routing::get};
use http::header::CONTENT_TYPE;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::{
    io::{self, IsTerminal},
    panic,
    time::Duration,
};
use tracing_subscriber::{EnvFilter, filter::ParseError, layer::SubscriberExt, util::SubscriberInitExt};

/// Upper bounds of the histogram buckets of durations, in seconds.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Interval at which recorded samples are folded into the histograms, so that they do not pile up between scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

/// Why telemetry did not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `log_level` cannot be parsed.
    #[error("log_level: {0}")]
    Level(#[from] ParseError),
    /// Logging is already set up in this process.
    #[error("logging: {0}")]
    Logging(#[from] tracing_subscriber::util::TryInitError),
    /// Metrics are already set up in this process.
    #[error("metrics: {0}")]
    Metrics(#[from] BuildError),
}

/// The metrics of this process. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

/// Sets up logging, the log line of panics, and metrics. Once per process.
pub fn start(config: &Config) -> Result<Metrics, TelemetryError> {
    start_logging(config)?;
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, message = crate::panic_message::panic_message(panic.payload()), "panic");
    }));
    Ok(Metrics(builder()?.install_recorder()?))
}

/// Sets up logging only, for the command-line tools. Lines go to standard error, because the tools print to
/// standard output.
pub fn start_logging(config: &Config) -> Result<(), TelemetryError> {
    let filter = EnvFilter::builder().parse(&config.log_level)?;
    let registry = tracing_subscriber::registry().with(filter);
    // Colours are for terminals: in a file or a journal they are noise.
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(colours);
    match config.log_format {
        LogFormat::Json => {
            registry.with(lines.json().flatten_event(true).with_current_span(false)).try_init()?
        }
        LogFormat::Text => registry.with(lines.with_target(true)).try_init()?,
    }
    Ok(())
}

impl Metrics {
    /// Starts a task that folds samples into the histograms until shutdown.
    pub fn keep_up(&self, tasks: &Tasks) {
        let (handle, stopping) = (self.0.clone(), tasks.stopping());
        tasks.spawn("metrics", async move {
            let mut beat = tokio::time::interval(UPKEEP);
            while stopping.run_until_cancelled(beat.tick()).await.is_some() {
                handle.run_upkeep();
            }
        });
    }

    /// Routes of the operators' listener: `/metrics`, `/livez`, `/readyz`.
    pub fn routes(&self, readiness: Readiness) -> Router {
        let metrics = Router::new().route("/metrics", get(scrape)).with_state(self.0.clone());
        metrics.merge(health::routes(readiness))
    }
}

async fn scrape(State(handle): State<PrometheusHandle>) -> ([(http::HeaderName, &'static str); 1], String) {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render())
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
}

#[cfg(test)]
mod tests {
    use super::{Metrics, builder};
    use crate::http::health::Readiness;
    use axum::body::to_bytes;
    use http::{Request, StatusCode};
    use tower::ServiceExt;

    async fn get(metrics: &Metrics, readiness: &Readiness, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
        let response = metrics.routes(readiness.clone()).oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn durations_are_scraped_in_buckets() {
        let recorder = builder().unwrap().build_recorder();
        let metrics = Metrics(recorder.handle());
        metrics::with_local_recorder(&recorder, || metrics::histogram!("veche_test_seconds").record(0.003));
        let (status, text) = get(&metrics, &Readiness::default(), "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        assert!(text.contains("veche_test_seconds_bucket{le=\"0.005\"} 1"), "{text}");
    }

    #[tokio::test]
    async fn readiness_needs_every_check_and_ends_at_shutdown() {
        let metrics = Metrics(builder().unwrap().build_recorder().handle());
        let readiness = Readiness::default();
        readiness.register("log", || async { Ok::<_, String>("position 7".to_owned()) });
        assert_eq!(get(&metrics, &readiness, "/readyz").await, (StatusCode::OK, "ok\n".to_owned()));
        readiness.register("bus", || async { Err("no connection") });
        let (status, text) = get(&metrics, &readiness, "/readyz?verbose").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(text, "[+] log: position 7\n[-] bus: no connection\nnot ready\n");
        assert_eq!(get(&metrics, &readiness, "/livez").await.0, StatusCode::OK);
        let stopping = Readiness::default();
        stopping.stop();
        assert_eq!(get(&metrics, &stopping, "/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE);
    }
}
