//! What an operator sets: defaults < TOML file < `VECHE_*` environment < flags. An unknown key is an error.
//!
//! The defaults depend on the profile: `dev` starts with nothing set and is generous; `production` refuses to start
//! with what is unsafe. The fields' documentation is the reference that [`Config::documented_toml`] prints.

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

/// How careful the defaults and the checks are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// For a developer's machine and tests: fixed login code, console SMS, plain http, generous limits.
    #[default]
    Dev,
    /// For people: unsafe settings are refused at start.
    Production,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people at a terminal.
    #[default]
    Text,
}

/// Everything that can be set. In the environment a key is `VECHE_` and its path in upper case: `VECHE_HTTP_DRAIN_SEC`.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `dev` or `production`: which defaults and which checks apply.
    pub profile: Profile,
    /// Address of the API and the websockets.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// Address of `/metrics`, `/livez` and `/readyz`; empty switches this listener off.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub metrics_listen: Option<SocketAddr>,
    /// The address clients see, `scheme://host[:port]`, used in links; empty means `http://{listen}`.
    /// With `https`, cookies are `__Host-` and `Secure`, and HSTS is sent.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub public_url: Option<String>,
    /// The event log: `postgres://…`; `esdb://[user:password@]host:port[,host:port…][?tls=false&namespace=veche]` for
    /// EventStoreDB, which also needs `read`; or `memory` (lost with the process; dev only).
    pub log: Secret,
    /// A file with `log`, instead of it: an address with a password is better kept out of the environment.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub log_file: Option<PathBuf>,
    /// The read model's Postgres; empty means the log's. Where the log is EventStoreDB, it also holds the keys of personal
    /// values, which nothing can make anew: back it up like the log.
    pub read: Secret,
    /// A file with `read`, instead of it.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub read_file: Option<PathBuf>,
    /// The bus between projection and gateways: `memory` (one process) or `nats://[user:password@]host:port`.
    pub bus: Secret,
    /// A file with `bus`, instead of it.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub bus_file: Option<PathBuf>,
    /// Where a gateway that runs alone sends its clients' commands, `http://host[:port]`: the command role, or a proxy
    /// before it. The client's address goes with them, vouched for by the master key. Not used when one process does everything.
    pub command_url: String,
    /// A folder for pictures, files and, in dev, the master key. Roles that run apart share it.
    pub data_dir: PathBuf,
    /// The master key, 64 hexadecimal digits. Prefer `master_key_file`: the environment leaks more easily.
    pub master_key: Secret,
    /// A file with the master key. In dev it is created as `{data_dir}/master.key` when neither is set.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub master_key_file: Option<PathBuf>,
    /// A file with the keys that the keys of personal values are wrapped with, 64 hexadecimal digits a line: the first one
    /// wraps, all open, and what the master key has wrapped opens too. Read again when it changes. Empty: the master key.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub wrapping_keys_file: Option<PathBuf>,
    /// Reverse proxies whose `X-Forwarded-For` is believed, e.g. `["192.0.2.10/32"]`: their addresses, or a network in which
    /// nobody else can reach the service.
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<IpNet>,
    /// Web origins besides `public_url` that may call the API with cookies, `scheme://host[:port]`.
    pub allowed_origins: Vec<String>,
    /// Language of texts when a client names none: `ru` or `en`.
    pub lang: String,
    /// `text` or `json`.
    pub log_format: LogFormat,
    /// A level or a list of directives: `info`, `info,access=off`, `warn,platform=debug`.
    pub log_level: String,
    /// Logging in.
    pub auth: Auth,
    /// Sending login codes.
    pub sms: Sms,
    /// Where login codes are sent, and how many.
    pub sms_guard: SmsGuard,
    /// Calls to integrations.
    pub webhooks: Webhooks,
    /// Invitations into teams.
    pub invitations: Invitations,
    /// Files that are uploaded.
    pub uploads: Uploads,
    /// How long answers wait for the read model.
    pub wait: Wait,
    /// The HTTP server.
    pub http: Http,
    /// Memory of what is on its way in.
    pub memory: Memory,
    /// What is told live.
    pub realtime: Realtime,
    /// The auditor's chain.
    pub audit: Audit,
    /// Teams as they were.
    pub history: History,
    /// Connections to Postgres.
    pub postgres: Postgres,
    /// Connections to NATS.
    pub nats: Nats,
    /// Quotas by name: `count` times in `seconds`. `count = 0` switches a limit off.
    pub limits: BTreeMap<String, Quota>,
}

impl Config {
    /// The defaults of a profile. Those of `production` do not pass the checks as they are: some things must be set.
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

    /// Reads all layers and checks the whole.
    ///
    /// # Errors
    /// A file that cannot be read, a key that does not exist, a value that is not allowed: each named.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let config = layers::merge(sources)?;
        check::check(&config)?;
        Ok(config)
    }

    /// All keys with their documentation and this configuration's values, secrets hidden.
    pub fn documented_toml(&self) -> String {
        document::documented(self)
    }

    /// All keys with this configuration's values, secrets hidden.
    pub fn redacted_toml(&self) -> String {
        document::redacted(self)
    }

    /// The JSON Schema of the file.
    pub fn json_schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }

    /// Folder of pictures and files.
    pub fn blobs_dir(&self) -> PathBuf {
        self.data_dir.join("blobs")
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted_toml())
    }
}

/// Why there is no configuration to start with.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file named is not there or not readable.
    #[error("configuration file {path}: {source}", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("configuration file {path}: {source}", path = .path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A key that does not exist.
    #[error("unknown configuration key `{key}`{hint}", hint = nearest.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    UnknownKey {
        /// The key as it was written, with its layer's spelling.
        key: String,
        /// The nearest key there is, in the same spelling.
        nearest: Option<String>,
    },
    /// A value of another type, or not one of the words of a list.
    #[error("configuration key `{key}` = {value}: {allowed}")]
    WrongType {
        /// The key.
        key: String,
        /// The value as it was written.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// A file that holds a setting is not there or not readable.
    #[error("configuration key `{key}` = {path}: {source}", path = .path.display())]
    SecretFile {
        /// The key that names the file.
        key: String,
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// Values that can be read but not be used, all of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Refused(Vec<Problem>),
}

/// One value that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("configuration key `{key}` = {value}: {allowed}")]
pub struct Problem {
    /// The key.
    pub key: &'static str,
    /// Its value, secrets hidden.
    pub value: String,
    /// What is allowed, and why.
    pub allowed: String,
}

impl ConfigError {
    fn unreadable(path: &Path, source: std::io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), source }
    }
}

#[cfg(test)]
mod tests;
