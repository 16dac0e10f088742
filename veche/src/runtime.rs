//! The runtime of all roles: databases, log, keys, bus and blobs, opened from the configuration.

use crate::{
    bus_connection,
    failure::Failure,
    guarding::{Beginner, Guarding},
};
use access::Access;
use audit::{CheckpointFile, Ledger, Notary, NotarySettings};
use bus::Bus;
use chrono::TimeDelta;
use command_service::{CommandDeps, CommandService};
use event_log::{
    EventStoreDbLog, EventStoreDbSettings, Log, MemoryLog, PostgresLog, PostgresSettings,
    install_tls_provider,
};
use media::blobs::Blobs;
use outbound::{
    Outbound, OutboundPolicy,
    sms::{BodyFormat, GatewayOptions, Sms},
};
use platform::{
    clock::Clock,
    config::{Config, MasterKeySource, Secret},
    http::health::Readiness,
    limits::Limits,
    tasks::Tasks,
};
use projection_service::{NoticePolicy, PointInTimeLimits, PointInTimeViews, Projector};
use read_model::ReadModel;
use secrets::{
    journal::{Journal, LoadError},
    keyring::{Keyring, KeyringError},
    vault::{self, Vault},
    wrapping::Wrapping,
};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{str::FromStr, sync::Arc, time::Duration};

/// Number of connection attempts at start, one second apart: databases may start at the same time.
const TRIES: u32 = 30;

/// Number of events read at start to check the master key: several, since some persons may have been erased.
const FIRST_EVENTS: usize = 100;

/// Everything that roles share.
pub(crate) struct Runtime {
    pub(crate) config: Arc<Config>,
    pub(crate) tasks: Tasks,
    pub(crate) readiness: Readiness,
    pub(crate) clock: Clock,
    pub(crate) vault: Vault,
    pub(crate) journal: Journal,
    pub(crate) read: ReadModel,
    pub(crate) ledger: Ledger,
    pub(crate) bus: Bus,
    pub(crate) blobs: Blobs,
    pub(crate) outbound: Outbound,
    pub(crate) access: Access,
    pub(crate) past: PointInTimeViews,
    /// Database with the log, the keys and the audit chain; with EventStoreDB, only the latter two.
    pub(crate) log_database: PgPool,
}

impl Runtime {
    /// Opens the runtime and brings the schemas up to date.
    ///
    /// # Errors
    /// The text names what is missing or does not answer.
    pub(crate) async fn open(config: Config, beginner: Beginner) -> Result<Self, Failure> {
        let runtime = Self::open_for(config, beginner).await?;
        let head = runtime.journal.log().head().await?;
        read_model::schema::migrate(runtime.read.pool(), head).await.map_err(not_allowed)?;
        runtime.read.expect(head);
        Ok(runtime)
    }

    /// Opens the runtime without migrating the read model, which another version may be serving.
    ///
    /// # Errors
    /// The text names what is missing or does not answer.
    pub(crate) async fn open_without_migrating(config: Config) -> Result<Self, Failure> {
        Self::open_for(config, Beginner::Nobody).await
    }

    async fn open_for(config: Config, beginner: Beginner) -> Result<Self, Failure> {
        events::upcast::check()?;
        let config = Arc::new(config);
        let vault = open_vault(&config)?;
        let read_pool = connect("read", config.read_url(), &config).await?;
        let Opened { log, keyring, log_database } = open_log(&config, &vault, &read_pool).await?;
        Ledger::migrate(&log_database).await.map_err(not_allowed)?;
        let journal = Journal::new(log, keyring, &vault);
        let clock = Clock::System;
        let ledger = Ledger::new(log_database.clone());
        // Before anything is decided or read: a wrong key would make everything look empty.
        try_key(&journal).await?;
        let guarding = Guarding {
            journal: &journal,
            ledger: &ledger,
            config: &config,
            key: &vault.signing_key(),
            now: clock.now(),
        };
        guarding.settle(beginner).await?;
        let read = ReadModel::new(read_pool, &config.public_url(), vault.clone());
        let limits = Arc::new(Limits::new(&config.limits));
        let past = open_past(&config, &journal, &ledger, &read);
        let access = Access {
            read: read.clone(),
            config: config.clone(),
            limits,
            clock: clock.clone(),
            past: shown(past.clone(), clock.clone()),
        };
        let webhooks = &config.webhooks;
        let outbound = Outbound::new(OutboundPolicy {
            allow_http: webhooks.allow_http,
            allowed_networks: webhooks.allowed_networks.clone(),
            ports: webhooks.allowed_ports.clone(),
            ..OutboundPolicy::default()
        })?;
        Ok(Self {
            tasks: Tasks::new(),
            readiness: Readiness::default(),
            bus: bus_connection::open(&config).await?,
            blobs: Blobs::disk(config.blobs_dir()).await?,
            config,
            clock,
            vault,
            journal,
            read,
            ledger,
            log_database,
            outbound,
            access,
            past,
        })
    }

    /// Closes the databases and the bus.
    pub(crate) async fn close(&self) {
        self.journal.log().close().await;
        self.bus.drain().await;
        self.read.pool().close().await;
    }

    /// The projector. Clients that were away for longer than the feed is kept must fetch everything again.
    pub(crate) fn projector(&self) -> Projector {
        Projector::new(self.journal.clone(), self.read.clone(), self.vault.clone(), self.bus.clone())
            .with_notices(self.notice_policy())
    }

    /// Age up to which events produce notices.
    pub(crate) fn notice_policy(&self) -> NoticePolicy {
        match self.config.realtime.feed_days {
            0 => NoticePolicy::All,
            days => NoticePolicy::Recent { max_age: TimeDelta::days(days.into()), clock: self.clock.clone() },
        }
    }

    /// The notary. Checkpoints of a log in memory go to no file: both end with the process.
    pub(crate) fn notary(&self) -> Notary {
        let log = self.journal.log().clone();
        let lasting = !matches!(log, Log::Memory(_));
        let file = lasting.then(|| CheckpointFile::within(&self.config.checkpoint_dir()));
        let audit = &self.config.audit;
        let settings = NotarySettings {
            interval: Duration::from_secs(audit.checkpoint_sec.into()),
            max_events: audit.checkpoint_events.into(),
        };
        let (ledger, key) = (self.ledger.clone(), self.vault.signing_key());
        Notary::new(log, ledger, key, self.clock.clone(), file, settings)
            .guarded(self.journal.guard().clone())
    }

    /// The command side.
    pub(crate) fn commands(&self) -> CommandService {
        CommandService::new(CommandDeps {
            access: self.access.clone(),
            journal: self.journal.clone(),
            vault: self.vault.clone(),
            blobs: self.blobs.clone(),
            bus: self.bus.clone(),
            outbound: self.outbound.clone(),
        })
    }

    /// The SMS gateway, or the console if none is configured.
    pub(crate) fn sms(&self) -> Result<Sms, Failure> {
        let sms = &self.config.sms;
        if sms.url.is_empty() {
            return Ok(Sms::console());
        }
        let format =
            if sms.template.trim_start().starts_with('{') { BodyFormat::Json } else { BodyFormat::Form };
        Ok(Sms::gateway(GatewayOptions {
            url: sms.url.expose().to_owned(),
            format,
            template: sms.template.clone(),
            authorization: Some(sms.secret.expose().to_owned()).filter(|secret| !secret.is_empty()),
            timeout: Duration::from_secs(sms.timeout_sec.into()),
            attempts: sms.retries + 1,
            pause: Duration::from_millis(500),
        })?)
    }
}

/// Runs a future on a new multi-threaded runtime.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

fn open_past(config: &Config, journal: &Journal, ledger: &Ledger, read: &ReadModel) -> PointInTimeViews {
    let limits = PointInTimeLimits {
        schemas: config.history.schemas,
        events: config.history.max_events,
        idle: TimeDelta::seconds(config.history.idle_sec.into()),
    };
    PointInTimeViews::new(journal.clone(), ledger.clone(), read.clone(), limits)
}

/// Point-in-time views as the handlers use them.
fn shown(past: PointInTimeViews, clock: Clock) -> access::Past {
    access::Past::new(move |team, moment| {
        let (past, now) = (past.clone(), clock.now());
        async move { past.at(team, moment, now).await }
    })
}

/// Opens the vault with the configured master key.
pub(crate) fn open_vault(config: &Config) -> Result<Vault, Failure> {
    let named =
        |path: &std::path::Path, error: vault::VaultError| format!("master key {}: {error}", path.display());
    match config.master_key_source() {
        MasterKeySource::Hex(key) => Ok(Vault::from_hex(key.expose())?),
        MasterKeySource::File(path) => Ok(Vault::from_file(&path).map_err(|error| named(&path, error))?),
        MasterKeySource::FileMadeOnFirstStart(path) => {
            if !path.exists() {
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                // Two processes may start at once: the second one takes the key of the first.
                if let Err(error) = vault::create_key_file(&path)
                    && !path.exists()
                {
                    return Err(named(&path, error).into());
                }
            }
            Ok(Vault::from_file(&path).map_err(|error| named(&path, error))?)
        }
    }
}

/// Opens the keys that wrap the keys of personal values.
pub(crate) fn open_wrapping(config: &Config, vault: &Vault) -> Result<Wrapping, Failure> {
    let Some(file) = &config.wrapping_keys_file else { return Ok(vault.clone().into()) };
    let opened = Wrapping::from_file(vault.clone(), file);
    Ok(opened.map_err(|error| format!("wrapping keys {}: {error}", file.display()))?)
}

/// The log with its keys and its database.
pub(crate) struct Opened {
    pub(crate) log: Log,
    pub(crate) keyring: Keyring,
    /// Database with the keys and the audit chain.
    pub(crate) log_database: PgPool,
}

/// Opens the configured log, its keys and its database.
pub(crate) async fn open_log(config: &Config, vault: &Vault, read_pool: &PgPool) -> Result<Opened, Failure> {
    let wrapping = open_wrapping(config, vault)?;
    if config.log.expose().starts_with("esdb") {
        let log = connect_eventstoredb(config.log.expose()).await?;
        Keyring::migrate(read_pool).await.map_err(not_allowed)?;
        let keyring = Keyring::postgres(read_pool.clone(), wrapping);
        return Ok(Opened { log: Log::EventStoreDb(log), keyring, log_database: read_pool.clone() });
    }
    install_tls_provider();
    if config.log.expose() == "memory" {
        let log = Log::Memory(MemoryLog::default());
        return Ok(Opened { log, keyring: Keyring::memory(), log_database: read_pool.clone() });
    }
    let own = config.log.expose() != config.read_url().expose();
    let pool = if own { connect("log", &config.log, config).await? } else { read_pool.clone() };
    PostgresLog::migrate(&pool).await.map_err(not_allowed)?;
    Keyring::migrate(&pool).await.map_err(not_allowed)?;
    let log = PostgresLog::open(pool.clone(), PostgresSettings::default()).await?;
    Ok(Opened {
        log: Log::Postgres(log),
        keyring: Keyring::postgres(pool.clone(), wrapping),
        log_database: pool,
    })
}

/// Adds advice to the error of a role that may not change the schemas; it need not if they are up to date.
fn not_allowed(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    const INSUFFICIENT_PRIVILEGE: &str = "42501";
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(found) = cause {
        let refused = found.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
        if refused.is_some_and(|refused| refused.code().as_deref() == Some(INSUFFICIENT_PRIVILEGE)) {
            let what = "the database's schemas are not up to date, and this role may not change them";
            return format!("{what}: run `veche migrate` as their owner ({error})").into();
        }
        cause = found.source();
    }
    error.into()
}

/// Decodes the first events of the log. With a wrong master key the product would start empty: phone numbers would
/// hash to other streams, and everybody would get a new account.
async fn try_key(journal: &Journal) -> Result<(), Failure> {
    for event in journal.log().read_all(0, FIRST_EVENTS).await? {
        match journal.decode(vec![event]).await {
            // A damaged event proves nothing about the key; the projection parks it.
            Ok(_) | Err(LoadError::Event { .. }) => {}
            Err(LoadError::Keys(KeyringError::Unreadable(..))) => {
                let wrong = "the master key or the wrapping keys do not match this log";
                return Err(wrong.into());
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Opens a log in EventStoreDB, waiting for the server.
pub(crate) async fn connect_eventstoredb(url: &str) -> Result<EventStoreDbLog, Failure> {
    let mut attempt = 1;
    loop {
        match EventStoreDbLog::open(url, EventStoreDbSettings::default()).await {
            Ok(log) => return Ok(log),
            Err(error) if attempt == TRIES => return Err(format!("the log: {error}").into()),
            Err(error) => tracing::warn!(%error, attempt, "waiting for EventStoreDB"),
        }
        attempt += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Opens a connection pool, waiting for the database.
pub(crate) async fn connect(name: &str, url: &Secret, config: &Config) -> Result<PgPool, Failure> {
    let options = PgConnectOptions::from_str(url.expose()).map_err(|error| format!("{name}: {error}"))?;
    let timeout = format!("{}s", config.postgres.statement_timeout_sec);
    // JIT is off: the statements are short, and compiling one takes longer than running it.
    let options =
        options.application_name("veche").options([("statement_timeout", &*timeout), ("jit", "off")]);
    let options = read_model::schema::inside(options, read_model::schema::READ_SCHEMA);
    let pool = PgPoolOptions::new()
        .max_connections(config.postgres.max_connections)
        .acquire_timeout(Duration::from_secs(config.postgres.acquire_timeout_sec))
        .connect_lazy_with(options);
    for attempt in 1..=TRIES {
        match sqlx::query("SELECT 1").execute(&pool).await {
            Ok(_) => break,
            Err(error) if attempt == TRIES => return Err(format!("the database of `{name}`: {error}").into()),
            Err(error) => {
                tracing::warn!(%error, name, attempt, "waiting for the database");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
    Ok(pool)
}
