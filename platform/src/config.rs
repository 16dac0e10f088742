//! Configuration, in layers: defaults < TOML file < `VECHE_*` environment < flags. An unknown key is an error.
//!
//! The defaults depend on the profile: `dev` starts with nothing set and is generous; `production` refuses to start
//! with unsafe settings. The doc comments of the fields are the reference that [`Config::documented_toml`] prints.

mod blank;
mod check;
mod document;
mod invitations;
mod layers;
mod memory;
mod nats;
mod resolved;
mod secret;
mod sections;
mod sms_guard;
mod webhooks;

pub use invitations::Invitations;
pub use layers::Sources;
pub use memory::Memory;
pub use nats::Nats;
pub use resolved::MasterKeySource;
pub use secret::Secret;
pub use sections::{Audit, Auth, History, Http, Postgres, Realtime, RosterMode, Sms, Uploads, Wait};
pub use sms_guard::SmsGuard;
pub use webhooks::Webhooks;

pub use crate::profile::Profile;

use crate::limits::{self, Quota};
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Format of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// Text for a terminal.
    #[default]
    Text,
}

/// All settings. In the environment a key is `VECHE_` and its path in upper case: `VECHE_HTTP_DRAIN_SEC`.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Profile: `dev` or `production`. It chooses the defaults and the checks.
    pub profile: Profile,
    /// Address on which the API and the websockets listen.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// Address on which `/metrics`, `/livez` and `/readyz` listen; empty = no such listener.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub metrics_listen: Option<SocketAddr>,
    /// Public address, `scheme://host[:port]`, used in links; empty = `http://{listen}`. With `https`, cookies are
    /// `__Host-` and `Secure`, and answers carry HSTS.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub public_url: Option<String>,
    /// Address of the event log: `postgres://…`;
    /// `esdb://[user:password@]host:port[,host:port…][?tls=false&namespace=veche]` for EventStoreDB, which also
    /// needs `read`; or `memory` (lost with the process; dev only).
    pub log: Secret,
    /// File that contains `log`, used instead of it: it keeps an address with a password out of the environment.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub log_file: Option<PathBuf>,
    /// Address of the read model's Postgres; empty = the log's. If the log is EventStoreDB, this database also
    /// holds the keys of personal values, which cannot be rebuilt: back it up like the log.
    pub read: Secret,
    /// File that contains `read`, used instead of it.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub read_file: Option<PathBuf>,
    /// Message bus between projection and gateways: `memory` (one process) or `nats://[user:password@]host:port`.
    pub bus: Secret,
    /// File that contains `bus`, used instead of it.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub bus_file: Option<PathBuf>,
    /// Address to which a stand-alone gateway sends its clients' commands, `http://host[:port]`: the command role,
    /// or a proxy in front of it. The gateway passes on the client's address, authenticated by the master key.
    /// Unused if one process runs all roles.
    pub command_url: String,
    /// Folder for pictures, files and, in dev, the master key. Roles in separate processes share it.
    pub data_dir: PathBuf,
    /// Master key, 64 hexadecimal digits. Prefer `master_key_file`: the environment leaks more easily.
    pub master_key: Secret,
    /// File that contains the master key. If neither is set, dev creates `{data_dir}/master.key`.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub master_key_file: Option<PathBuf>,
    /// File with the keys that wrap the keys of personal values, 64 hexadecimal digits a line: the first one wraps,
    /// all of them unwrap, and so does the master key. Reloaded when it changes. Empty = the master key wraps.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub wrapping_keys_file: Option<PathBuf>,
    /// Reverse proxies whose `X-Forwarded-For` is trusted, e.g. `["192.0.2.10/32"]`: their addresses, or a network
    /// from which nobody else can reach the service.
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<IpNet>,
    /// Additional web origins that may call the API with cookies, `scheme://host[:port]`; `public_url` always may.
    pub allowed_origins: Vec<String>,
    /// Language of texts if the client names none: `ru` or `en`.
    pub lang: String,
    /// Format of log lines: `text` or `json`.
    pub log_format: LogFormat,
    /// Log level or directives: `info`, `info,access=off`, `warn,platform=debug`.
    pub log_level: String,
    /// Login codes and sessions.
    pub auth: Auth,
    /// The SMS gateway.
    pub sms: Sms,
    /// Destinations and budgets of login codes.
    pub sms_guard: SmsGuard,
    /// Calls to integrations (webhooks).
    pub webhooks: Webhooks,
    /// Invitations to teams.
    pub invitations: Invitations,
    /// Uploads of files and pictures.
    pub uploads: Uploads,
    /// Waiting for the read model.
    pub wait: Wait,
    /// The HTTP server.
    pub http: Http,
    /// Memory for requests in flight.
    pub memory: Memory,
    /// Realtime: websockets, streams and the feed.
    pub realtime: Realtime,
    /// The audit chain and access to history.
    pub audit: Audit,
    /// Queries with `as_of`.
    pub history: History,
    /// Connections to Postgres.
    pub postgres: Postgres,
    /// Connections to NATS.
    pub nats: Nats,
    /// Rate limits by name: `count` requests in `seconds`. `count = 0` turns a limit off.
    pub limits: BTreeMap<String, Quota>,
}

impl Config {
    /// Defaults of a profile. Those of `production` fail the checks until the required settings are set.
    pub fn defaults(profile: Profile) -> Self {
        let production = profile == Profile::Production;
        Self {
            profile,
            listen: SocketAddr::from(([127, 0, 0, 1], 8000)),
            metrics_listen: Some(SocketAddr::from(([127, 0, 0, 1], 9464))),
            public_url: None,
            log: Secret::new("postgres://veche@127.0.0.1:5432/veche"),
            log_file: None,
            read: Secret::default(),
            read_file: None,
            bus: Secret::new("memory"),
            bus_file: None,
            command_url: "http://127.0.0.1:8000".to_owned(),
            data_dir: PathBuf::from("./.local/data"),
            master_key: Secret::default(),
            master_key_file: None,
            wrapping_keys_file: None,
            trusted_proxies: Vec::new(),
            allowed_origins: Vec::new(),
            lang: "ru".to_owned(),
            log_format: if production { LogFormat::Json } else { LogFormat::Text },
            log_level: "info,sqlx::postgres::notice=warn".to_owned(),
            auth: Auth::defaults(profile),
            sms: Sms::defaults(),
            sms_guard: SmsGuard::defaults(profile),
            webhooks: Webhooks::defaults(profile),
            invitations: Invitations::defaults(),
            uploads: Uploads::defaults(),
            wait: Wait::defaults(),
            http: Http::defaults(profile),
            memory: Memory::defaults(),
            realtime: Realtime::defaults(profile),
            audit: Audit::defaults(),
            history: History::defaults(),
            postgres: Postgres::defaults(),
            nats: Nats::default(),
            limits: limits::quotas(profile),
        }
    }

    /// Reads all layers and checks the result.
    ///
    /// # Errors
    /// [`ConfigError`]: an unreadable file, an unknown key, or a refused value, each by its name.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let config = layers::merge(sources)?;
        check::check(&config)?;
        Ok(config)
    }

    /// All keys with their documentation and values; secrets are hidden.
    pub fn documented_toml(&self) -> String {
        document::documented(self)
    }

    /// All keys with their values; secrets are hidden.
    pub fn redacted_toml(&self) -> String {
        document::redacted(self)
    }

    /// JSON Schema of the configuration file.
    pub fn json_schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }

    /// Folder of the blobs.
    pub fn blobs_dir(&self) -> PathBuf {
        self.data_dir.join("blobs")
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted_toml())
    }
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The configuration file cannot be read.
    #[error("configuration file {path}: {source}", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The configuration file is not TOML.
    #[error("configuration file {path}: {source}", path = .path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// Unknown key.
    #[error("unknown configuration key `{key}`{hint}", hint = nearest.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    UnknownKey {
        /// The key, in the spelling of its layer.
        key: String,
        /// The most similar known key, in the same spelling.
        nearest: Option<String>,
    },
    /// A value of the wrong type, or not one of the allowed words.
    #[error("configuration key `{key}` = {value}: {allowed}")]
    WrongType {
        /// The key.
        key: String,
        /// The value as written.
        value: String,
        /// The allowed values.
        allowed: String,
    },
    /// The file of a secret cannot be read.
    #[error("configuration key `{key}` = {path}: {source}", path = .path.display())]
    SecretFile {
        /// The key that names the file.
        key: String,
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// Values that break a rule, all of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Refused(Vec<Problem>),
}

/// A refused value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("configuration key `{key}` = {value}: {allowed}")]
pub struct Problem {
    /// The key.
    pub key: &'static str,
    /// The value; secrets are hidden.
    pub value: String,
    /// The rule, and its reason.
    pub allowed: String,
}

impl ConfigError {
    fn unreadable(path: &Path, source: std::io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), source }
    }
}

#[cfg(test)]
mod tests;
