//! The tasks and routes of each role; `serve` runs all roles in one process.

use crate::{asyncapi, docs, failure::Failure, guarding::Beginner, runtime::Runtime};
use audit::Auditor;
use axum::Router;
use bus::Delivery;
use chrono::TimeDelta;
use command_service::{CommandService, Reminders};
use domain::phone_number::PhoneNumber;
use gateway_service::{Gateway, GatewayDeps, Upstream};
use media::stub::Stubs;
use platform::{
    budget::Budget,
    config::{Config, Realtime},
    http::{Shell, health},
    server::{self, AcceptLimiter},
    telemetry::Metrics,
};
use projection_service::{
    RetentionPolicy,
    effects::{EffectWorker, EffectWorkerDeps},
};
use protocol::notice::{HEAD_SUBJECT, READ_MODEL_SUBJECT, ReadModelAdvanced};
use query_service::{Queries, QueryDeps};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::time::{MissedTickBehavior, interval};

/// Role of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// All roles.
    All,
    /// Command side: POST, PUT, DELETE.
    Command,
    /// Query side: GET.
    Query,
    /// Projection: log to read model, SMS and webhooks.
    Projection,
    /// Websocket gateway.
    Gateway,
}

impl Role {
    fn does(self, role: Self) -> bool {
        self == Self::All || self == role
    }
}

/// Maximum lag of the read model, in events, for a process to be ready.
const READY_LAG: u64 = 10_000;
/// Maximum lag in bytes where positions are offsets in a file: about as many events.
const READY_LAG_BYTES: u64 = READY_LAG << 10;
/// Interval at which lag is measured and expired data is removed.
const MEASURE: Duration = Duration::from_secs(5);
const SWEEP: Duration = Duration::from_secs(600);
/// Interval at which unused point-in-time views are dropped.
const SWEEP_PAST: Duration = Duration::from_secs(30);
/// How long the answer to an Idempotency-Key is kept.
const ANSWERS_KEPT: &str = "24 hours";

/// Permission of a role to begin codes: a role that only reads cannot know whether older versions still append.
pub(crate) fn beginner(role: Role) -> Beginner {
    if role.does(Role::Command) { Beginner::Writer } else { Beginner::Nobody }
}

/// Runs a role until the process is asked to stop.
pub(crate) async fn run(role: Role, config: Config, metrics: Metrics) -> Result<(), Failure> {
    let listener = server::bind(config.listen).await?;
    let runtime = Runtime::open(config, beginner(role)).await?;
    let router = assemble(role, &runtime).await?;
    let limiter =
        AcceptLimiter::new(runtime.config.http.connections_per_address, &runtime.config.trusted_proxies);
    let header_timeout = Duration::from_secs(runtime.config.http.header_timeout_sec);
    if let Some(address) = runtime.config.metrics_listen {
        let operators = server::bind(address).await?;
        server::serve(&runtime.tasks, operators, metrics.routes(runtime.readiness.clone()), header_timeout);
    }
    metrics.keep_up(&runtime.tasks);
    server::serve_through(&limiter, &runtime.tasks, listener, router, header_timeout);
    tracing::info!(role = ?role, listen = %runtime.config.listen, url = runtime.config.public_url(), "ready to serve");
    let stopped = server::until_stopped(&runtime.tasks, &runtime.readiness, runtime.config.drain()).await;
    runtime.close().await;
    Ok(stopped?)
}

/// Starts the tasks of a role and returns its routes with the HTTP shell around them.
pub(crate) async fn assemble(role: Role, runtime: &Runtime) -> Result<Router, Failure> {
    follow_the_bus(runtime).await?;
    watch(runtime);
    // Commands reload the keys themselves, and a gateway opens nothing sealed.
    if !role.does(Role::Command) && role != Role::Gateway {
        let (journal, stopping) = (runtime.journal.clone(), runtime.tasks.stopping());
        runtime.tasks.spawn("keys", async move {
            stopping.run_until_cancelled(journal.follow_keys(|| ())).await;
        });
    }
    if role.does(Role::Projection) {
        project(runtime)?;
    }
    let budget = Budget::new(&runtime.config.memory);
    let mut router = health::routes(runtime.readiness.clone());
    if role.does(Role::Query) {
        let stubs = Stubs::new(&domain::icon::COLOURS)?;
        let (past, stopping) = (runtime.past.clone(), runtime.tasks.stopping());
        runtime.tasks.spawn("past", async move {
            let mut beat = interval(SWEEP_PAST);
            while stopping.run_until_cancelled(beat.tick()).await.is_some() {
                past.sweep().await;
            }
        });
        let queries = Queries::new(QueryDeps {
            access: runtime.access.clone(),
            blobs: runtime.blobs.clone(),
            stubs,
            auditor: Auditor::new(runtime.ledger.clone(), runtime.journal.clone()),
            closing: runtime.tasks.closing(),
        });
        router = router.merge(Router::from(queries.router())).merge(docs::routes()).merge(asyncapi::routes());
    }
    let mut commands = None;
    if role.does(Role::Command) {
        let service = start_command_side(runtime);
        remind(runtime, service.reminders());
        let (upkeep, stopping) = (service.upkeep().run(), runtime.tasks.stopping());
        runtime.tasks.spawn("upkeep", async move {
            stopping.run_until_cancelled(upkeep).await;
        });
        let routes = Router::from(command_service::router(service));
        router = router.merge(routes.clone());
        commands = Some(routes);
    }
    if role.does(Role::Gateway) {
        router = router.merge(Router::from(gateway(runtime, commands, budget.clone()).await?.router()));
    }
    runtime.access.limits.keep_up(&runtime.tasks);
    let shell = Shell::believing(&runtime.config, runtime.vault.clone())
        .within(budget, runtime.access.limits.clone());
    Ok(shell.wrap(router))
}

/// The command side, with its tasks started.
#[expect(clippy::disallowed_methods, reason = "unpacks tables once at start")]
fn start_command_side(runtime: &Runtime) -> CommandService {
    runtime.tasks.spawn("numbering-plans", async {
        // The first parse unpacks the metadata of phone numbers: at start, rather than while the first user waits.
        let _ = tokio::task::spawn_blocking(|| PhoneNumber::parse("+79166660002")).await;
    });
    let commands = runtime.commands();
    let (hearing, stopping) = (commands.erasure().follow_destroyed_keys(), runtime.tasks.stopping());
    runtime.tasks.spawn("erasures", async move {
        stopping.run_until_cancelled(hearing).await;
    });
    let (sweeping, stopping) = (commands.blob_gc(), runtime.tasks.stopping());
    runtime.tasks.spawn("files", async move {
        let mut beat = interval(SWEEP);
        while stopping.run_until_cancelled(beat.tick()).await.is_some() {
            sweeping.sweep().await;
        }
    });
    commands
}

/// Starts the task that fires reminders, in each process with commands.
fn remind(runtime: &Runtime, reminders: Reminders) {
    let stopping = runtime.tasks.stopping();
    runtime.tasks.spawn_critical("reminders", async move {
        stopping.run_until_cancelled(reminders.run()).await;
        Ok::<(), Infallible>(())
    });
}

/// The gateway sends commands like any client: to the router in this process, or over HTTP.
#[expect(clippy::disallowed_methods, reason = "the one client of the command service")]
async fn gateway(runtime: &Runtime, commands: Option<Router>, budget: Budget) -> Result<Gateway, Failure> {
    let upstream = match commands {
        // Limits count what sockets send where it is read, not here.
        Some(routes) => Upstream::InProcess(Shell::new(&runtime.config).wrap(routes)),
        None => Upstream::Http {
            base_url: runtime.config.command_url.clone(),
            client: reqwest::Client::builder().no_proxy().build()?,
            vault: runtime.vault.clone(),
        },
    };
    let (access, bus, tasks) = (runtime.access.clone(), runtime.bus.clone(), runtime.tasks.clone());
    Ok(Gateway::start(GatewayDeps { access, bus, upstream, tasks, budget }).await?)
}

/// Starts the projection, the side effects and the notary.
fn project(runtime: &Runtime) -> Result<(), Failure> {
    let projector = runtime.projector();
    let fixed = Some(runtime.config.auth.fixed_code.as_str()).filter(|code| !code.is_empty());
    let worker = EffectWorker::new(EffectWorkerDeps {
        read: runtime.read.clone(),
        vault: runtime.vault.clone(),
        clock: runtime.clock.clone(),
        sms: runtime.sms()?,
        outbound: runtime.outbound.clone(),
        fixed_code: fixed.map(Arc::from),
        webhooks: runtime.config.webhooks.clone(),
    });
    let stopping = runtime.tasks.stopping();
    let notary = runtime.notary();
    runtime.readiness.register("history", {
        let notary = notary.clone();
        move || {
            let refusal = notary.refusal();
            // Nothing more is signed while everything else continues: a message for operators.
            async move {
                Ok::<_, Infallible>(
                    refusal.map_or_else(|| "signed".to_owned(), |why| format!("NOT SIGNED: {why}")),
                )
            }
        }
    });
    runtime.tasks.spawn_critical("notary", {
        let stopping = stopping.clone();
        async move {
            stopping.run_until_cancelled(notary.run()).await;
            Ok::<(), Infallible>(())
        }
    });
    runtime.tasks.spawn_critical("projection", {
        let stopping = stopping.clone();
        async move {
            // A batch that is cut off here is rolled back and applied at the next start.
            stopping.run_until_cancelled(projector.run()).await;
            Ok::<(), Infallible>(())
        }
    });
    let (read, clock) = (runtime.read.clone(), runtime.clock.clone());
    runtime.tasks.spawn_critical("effects", async move {
        stopping.run_until_cancelled(worker.run()).await;
        Ok::<(), Infallible>(())
    });
    let (stopping, realtime) = (runtime.tasks.stopping(), runtime.config.realtime.clone());
    runtime.tasks.spawn("sweep", async move {
        let mut beat = interval(SWEEP);
        while stopping.run_until_cancelled(beat.tick()).await.is_some() {
            sweep(&read, clock.now(), &realtime).await;
        }
    });
    Ok(())
}

async fn sweep(read: &read_model::ReadModel, now: chrono::DateTime<chrono::Utc>, realtime: &Realtime) {
    let forget = format!("DELETE FROM ops.answer WHERE created < now() - interval '{ANSWERS_KEPT}'");
    let answers = sqlx::query(sqlx::AssertSqlSafe(forget)).execute(read.pool()).await.map(drop);
    let effects = EffectWorker::prune(read, now).await.map(drop);
    if let Err(error) = read.messages().forget_withdrawn().await {
        tracing::warn!(%error, "removing expired withdrawn texts failed");
    }
    if let Err(error) = read.confirmations().forget_outdated().await {
        tracing::warn!(%error, "removing expired confirmations failed");
    }
    let policy = RetentionPolicy {
        not_before: (realtime.feed_days > 0).then(|| now - TimeDelta::days(realtime.feed_days.into())),
        max_rows: (realtime.feed_rows > 0).then_some(realtime.feed_rows.into()),
    };
    let feed = projection_service::prune_feed(read, policy).await.map(drop);
    for failed in [answers, effects, feed].into_iter().filter_map(Result::err) {
        tracing::warn!(error = %failed, "removing expired data failed");
    }
}

/// Other processes announce new heads and rows; without the bus, polling finds both a little later.
async fn follow_the_bus(runtime: &Runtime) -> Result<(), Failure> {
    for subject in [HEAD_SUBJECT, READ_MODEL_SUBJECT] {
        let mut deliveries = runtime.bus.subscribe(subject).await?;
        let (log, read, stopping) =
            (runtime.journal.log().clone(), runtime.read.clone(), runtime.tasks.stopping());
        runtime.tasks.spawn("bus", async move {
            while let Some(Some(delivery)) = stopping.run_until_cancelled(deliveries.next()).await {
                let message = match delivery {
                    Delivery::Message(message) => message,
                    Delivery::Missed(_) => {
                        read.rights_changed();
                        continue;
                    }
                };
                // A head is announced as its position in text.
                let position = std::str::from_utf8(&message.payload).ok().and_then(|text| text.parse().ok());
                match (position, &*message.subject) {
                    (Some(ReadModelAdvanced { position, .. }), HEAD_SUBJECT) => log.wake(position),
                    (Some(projected), _) => read.projected(projected),
                    (None, subject) => {
                        tracing::warn!(subject, "ignoring a bus message that is not a position")
                    }
                }
            }
        });
    }
    Ok(())
}

/// Reports lag and health to `/readyz` and to the metrics.
fn watch(runtime: &Runtime) {
    let (log, read) = (runtime.journal.log().clone(), runtime.read.clone());
    runtime.readiness.register("log", {
        let log = log.clone();
        move || {
            let log = log.clone();
            async move { log.head().await.map(|head| format!("head {head}")) }
        }
    });
    runtime.readiness.register("read model", {
        let (log, read) = (log.clone(), read.clone());
        move || {
            let (log, read) = (log.clone(), read.clone());
            async move {
                let position = read.position().await.map_err(|error| error.to_string())?;
                let head = log.head().await.map_err(|error| error.to_string())?;
                let lag = head.saturating_sub(position);
                let (most, unit) = match log.capabilities().dense_positions {
                    true => (READY_LAG, "events"),
                    false => (READY_LAG_BYTES, "bytes of log"),
                };
                if lag > most {
                    Err(format!("{lag} {unit} behind"))
                } else {
                    Ok(format!("position {position}, {lag} {unit} behind"))
                }
            }
        }
    });
    runtime.readiness.register("parked streams", {
        let read = read.clone();
        move || {
            let read = read.clone();
            // Other streams continue, so the process stays ready: a message for operators.
            async move { read.parked_streams().count().await.map(|parked| parked.to_string()) }
        }
    });
    let bus = runtime.bus.clone();
    runtime.readiness.register("bus", move || {
        let healthy = bus.healthy();
        // Without the bus news is slower, but complete: the process stays ready.
        async move { Ok::<_, Infallible>(if healthy { "connected" } else { "away" }.to_owned()) }
    });
    let (stopping, ledger) = (runtime.tasks.stopping(), runtime.ledger.clone());
    runtime.tasks.spawn("lag", async move {
        let mut beat = interval(MEASURE);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stopping.run_until_cancelled(beat.tick()).await.is_some() {
            if let (Ok(head), Ok(position)) = (log.head().await, read.position().await) {
                metrics::gauge!("veche_log_head").set(head as f64);
                metrics::gauge!("veche_projection_lag").set(head.saturating_sub(position) as f64);
                if let Ok(chain) = ledger.head().await {
                    metrics::gauge!("veche_audit_lag").set(head.saturating_sub(chain.position) as f64);
                }
            }
            if let Ok(parked) = read.parked_streams().count().await {
                metrics::gauge!("veche_projection_parked").set(parked as f64);
            }
        }
    });
}
