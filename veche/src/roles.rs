//! What each role runs; `serve` runs all of them in one process.

use crate::{asyncapi, cli::Failure, docs, guarding::Beginner, runtime::Runtime};
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
    server::{self, Doors},
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

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    All,
    /// POST, PUT, DELETE.
    Command,
    /// GET.
    Query,
    /// The log becomes the read model.
    Projection,
    /// Websockets.
    Gateway,
}

impl Role {
    fn does(self, role: Self) -> bool {
        self == Self::All || self == role
    }
}

/// How far the read model may be behind before a process says that it is not ready, events.
const READY_LAG: u64 = 10_000;
/// The same where positions are places in a file: bytes of about as many events.
const READY_LAG_BYTES: u64 = READY_LAG << 10;
/// How often lag is measured, and limits and leftovers are swept.
const MEASURE: Duration = Duration::from_secs(5);
const SWEEP: Duration = Duration::from_secs(600);
/// How often what nobody has asked for lately of the past is dropped.
const SWEEP_PAST: Duration = Duration::from_secs(30);
/// How long the answer to an Idempotency-Key is kept.
const ANSWERS_KEPT: &str = "24 hours";

/// A role that appends also begins with codes: one that only reads cannot know whether others without them still append.
pub(crate) fn beginner(role: Role) -> Beginner {
    if role.does(Role::Command) { Beginner::Writer } else { Beginner::Nobody }
}

/// Runs a role until it is told to stop.
pub(crate) async fn run(role: Role, config: Config, metrics: Metrics) -> Result<(), Failure> {
    let listener = server::bind(config.listen).await?;
    let runtime = Runtime::open(config, beginner(role)).await?;
    let router = assemble(role, &runtime).await?;
    let doors = Doors::new(runtime.config.http.connections_per_address, &runtime.config.trusted_proxies);
    let header_timeout = Duration::from_secs(runtime.config.http.header_timeout_sec);
    if let Some(address) = runtime.config.metrics_listen {
        let operators = server::bind(address).await?;
        server::serve(&runtime.tasks, operators, metrics.routes(runtime.readiness.clone()), header_timeout);
    }
    metrics.keep_up(&runtime.tasks);
    server::serve_through(&doors, &runtime.tasks, listener, router, header_timeout);
    tracing::info!(role = ?role, listen = %runtime.config.listen, url = runtime.config.public_url(), "ready to serve");
    let stopped = server::until_stopped(&runtime.tasks, &runtime.readiness, runtime.config.drain()).await;
    runtime.close().await;
    Ok(stopped?)
}

/// Starts the tasks of a role and returns its routes with the shell around them.
pub(crate) async fn assemble(role: Role, runtime: &Runtime) -> Result<Router, Failure> {
    listen_to_the_bus(runtime).await?;
    watch(runtime);
    // Commands follow the keys themselves, and a gateway opens nothing that is sealed with them.
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
    let mut router = Router::new().merge(health::routes(runtime.readiness.clone()));
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
        let service = command_routes(runtime);
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

fn command_routes(runtime: &Runtime) -> CommandService {
    runtime.tasks.spawn("numbering-plans", async {
        // They are unpacked by the first number that is read: better now than while the first user waits.
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

/// Reminders fire wherever commands are carried out.
fn remind(runtime: &Runtime, reminders: Reminders) {
    let stopping = runtime.tasks.stopping();
    runtime.tasks.spawn_critical("reminders", async move {
        stopping.run_until_cancelled(reminders.run()).await;
        Ok::<(), Infallible>(())
    });
}

/// The gateway reaches commands as any client would: through their router here, or over HTTP.
async fn gateway(runtime: &Runtime, commands: Option<Router>, budget: Budget) -> Result<Gateway, Failure> {
    let upstream = match commands {
        // What sockets send is counted where it is read.
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

/// The projection, and what must follow outside.
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
            // Nothing more is signed, and all else goes on: this is for operators to see.
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
            // A batch that is cut off here is rolled back, and applied again at the next start.
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
        tracing::warn!(%error, "withdrawn texts were not swept");
    }
    if let Err(error) = read.confirmations().forget_outdated().await {
        tracing::warn!(%error, "what clients have confirmed was not swept");
    }
    let policy = RetentionPolicy {
        not_before: (realtime.feed_days > 0).then(|| now - TimeDelta::days(realtime.feed_days.into())),
        max_rows: (realtime.feed_rows > 0).then_some(realtime.feed_rows.into()),
    };
    let feed = projection_service::prune_feed(read, policy).await.map(drop);
    for failed in [answers, effects, feed].into_iter().filter_map(Result::err) {
        tracing::warn!(error = %failed, "leftovers were not swept");
    }
}

/// Other processes tell of a new head and of rows that are there; without them, polling finds both a little later.
async fn listen_to_the_bus(runtime: &Runtime) -> Result<(), Failure> {
    for subject in [HEAD_SUBJECT, READ_MODEL_SUBJECT] {
        let mut told = runtime.bus.subscribe(subject).await?;
        let (log, read, stopping) =
            (runtime.journal.log().clone(), runtime.read.clone(), runtime.tasks.stopping());
        runtime.tasks.spawn("bus", async move {
            while let Some(Some(delivery)) = stopping.run_until_cancelled(told.next()).await {
                let message = match delivery {
                    Delivery::Message(message) => message,
                    Delivery::Missed(_) => {
                        read.rights_changed();
                        continue;
                    }
                };
                // A head is written as a position of which nothing more is said.
                let told = std::str::from_utf8(&message.payload).ok().and_then(|text| text.parse().ok());
                match (told, &*message.subject) {
                    (Some(ReadModelAdvanced { position, .. }), HEAD_SUBJECT) => log.wake(position),
                    (Some(projected), _) => read.projected(projected),
                    (None, subject) => tracing::warn!(subject, "a message on the bus is no position"),
                }
            }
        });
    }
    Ok(())
}

/// Says how well it goes: to `/readyz`, and in metrics.
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
            // All others go on, so the process stays fit: this is for operators to see.
            async move { read.parked_streams().count().await.map(|parked| parked.to_string()) }
        }
    });
    let bus = runtime.bus.clone();
    runtime.readiness.register("bus", move || {
        let healthy = bus.healthy();
        // A bus that is away slows news down, and loses none: it does not make the process unfit.
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
