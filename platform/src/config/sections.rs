//! The sections of the configuration and their defaults.

use super::{Profile, Secret, blank};
use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Login codes and sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Number of digits of a login code, 4 to 10. Production requires 6, see `allow_short_codes`: 4 digits are only
    /// 13 bits.
    pub code_length: u8,
    /// Validity of a login code, in seconds.
    pub code_ttl_sec: u32,
    /// Fixed login code instead of a random one; dev only.
    pub fixed_code: String,
    /// Allow login codes shorter than 6 digits in production, for clients that cannot show more.
    pub allow_short_codes: bool,
    /// Maximum number of wrong tries per login code and client that requested it.
    pub code_tries: u32,
    /// Maximum number of messages with a login code to one phone per hour; above it they are slowed down, see
    /// `slow_resend_after_sec`.
    pub codes_per_hour: u32,
    /// Maximum number of messages with a login code to one phone per day. Multiplied by `code_tries` it bounds the
    /// wrong tries per day; above that, codes get longer.
    pub codes_per_day: u32,
    /// Minimum interval between two messages to one phone, in seconds; a request within it is answered for the code
    /// already sent.
    pub resend_after_sec: u32,
    /// Minimum interval, in seconds, for a phone that has reached `codes_per_hour` or `codes_per_day`.
    pub slow_resend_after_sec: u32,
    /// Lifetime of a token session, in days.
    pub token_days: u32,
    /// Lifetime of a cookie session, in days.
    pub cookie_days: u32,
    /// Days without use after which a session ends; 0 = never. An open websocket counts as use.
    pub idle_days: u32,
}

impl Auth {
    pub(super) fn defaults(profile: Profile) -> Self {
        let production = profile == Profile::Production;
        Self {
            code_length: if production { 6 } else { 4 },
            code_ttl_sec: 60,
            fixed_code: if production { String::new() } else { "5555".to_owned() },
            allow_short_codes: false,
            code_tries: 3,
            codes_per_hour: if production { 5 } else { 10_000 },
            codes_per_day: if production { 10 } else { 100_000 },
            resend_after_sec: if production { 30 } else { 0 },
            slow_resend_after_sec: 900,
            token_days: 90,
            cookie_days: 30,
            idle_days: 90,
        }
    }
}

impl Auth {
    /// Time without use after which a session ends.
    pub fn idle(&self) -> Option<TimeDelta> {
        (self.idle_days > 0).then(|| TimeDelta::days(self.idle_days.into()))
    }
}

/// The SMS gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    /// Address of the SMS gateway, called by POST; empty = codes are written to the console, dev only.
    pub url: Secret,
    /// Body of the POST, with placeholders `{phone}` and `{text}`: JSON if it begins with `{`, otherwise a form
    /// such as `to={phone}&text={text}`.
    pub template: String,
    /// `Authorization` header of calls to the SMS gateway; empty = none.
    pub secret: Secret,
    /// File that contains `sms.url`, used instead of it.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub url_file: Option<PathBuf>,
    /// File that contains `sms.secret`, used instead of it.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub secret_file: Option<PathBuf>,
    /// Timeout of a call to the SMS gateway, in seconds.
    pub timeout_sec: u32,
    /// Number of retries after a failed call.
    pub retries: u32,
}

impl Sms {
    pub(super) fn defaults() -> Self {
        Self {
            url: Secret::default(),
            template: r#"{"to": "{phone}", "text": "{text}"}"#.to_owned(),
            secret: Secret::default(),
            url_file: None,
            secret_file: None,
            timeout_sec: 10,
            retries: 2,
        }
    }
}

/// Uploads of files and pictures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Uploads {
    /// Maximum size of a file, in MiB.
    pub max_mb: u32,
    /// Maximum duration of an upload, in seconds; one without any progress ends after `http.timeout_sec`.
    pub timeout_sec: u32,
    /// Minimum average rate of an upload after its first minute, in bytes per second; 0 = none.
    pub min_bytes_per_sec: u32,
    /// Maximum number of concurrent uploads.
    pub at_once: u32,
    /// Maximum number of concurrent uploads per account; fewer while more than half of `at_once` are running.
    pub at_once_per_account: u32,
}

impl Uploads {
    pub(super) fn defaults() -> Self {
        Self {
            max_mb: 150,
            timeout_sec: 3_000,
            min_bytes_per_sec: 4_096,
            at_once: 64,
            at_once_per_account: 8,
        }
    }

    /// Maximum size of a file, in bytes.
    pub fn max_bytes(&self) -> u64 {
        u64::from(self.max_mb) << 20
    }
}

/// Waiting for the read model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// Maximum wait of a command's answer for the read model, in milliseconds.
    pub command_ms: u64,
    /// Maximum wait of a query with `Min-Event-Position`, in milliseconds.
    pub query_ms: u64,
}

impl Wait {
    pub(super) fn defaults() -> Self {
        Self { command_ms: 5_000, query_ms: 2_000 }
    }
}

/// The HTTP server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Maximum size of a JSON body, in bytes, for calls without a limit of their own.
    pub body_limit: usize,
    /// Timeout of a request, in seconds.
    pub timeout_sec: u64,
    /// Timeout for a request's headers, in seconds.
    pub header_timeout_sec: u64,
    /// Timeout for the next bytes of a request's body, in seconds.
    pub body_idle_sec: u64,
    /// Maximum number of concurrent connections per client address, websockets included; 0 = unlimited. Connections
    /// of `trusted_proxies` are not counted.
    pub connections_per_address: u32,
    /// Grace period at shutdown for requests in flight, and again for sockets and tasks, in seconds.
    pub drain_sec: u64,
    /// Enable `delay_sec` and `error` of `ping`: for tests of clients, not for production.
    pub debug_calls: bool,
    /// Allow a plain http `public_url` in production, for a trial within one network.
    pub allow_insecure_public_url: bool,
}

impl Http {
    pub(super) fn defaults(profile: Profile) -> Self {
        Self {
            body_limit: 1_048_576,
            timeout_sec: 30,
            header_timeout_sec: 15,
            body_idle_sec: 10,
            connections_per_address: if profile == Profile::Production { 1_200 } else { 0 },
            drain_sec: 20,
            debug_calls: profile == Profile::Dev,
            allow_insecure_public_url: false,
        }
    }
}

/// Recipients of `server.roster`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RosterMode {
    /// No client.
    Never,
    /// Clients that connect with `roster=true`.
    #[default]
    Asked,
    /// All clients except those with `roster=false` or with `from`: for clients of 2019, which do not ask.
    Always,
}

/// Realtime: websockets, streams and the feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Realtime {
    /// Retention of the feed, in days: a client that was offline longer has to refetch; 0 = forever.
    pub feed_days: u32,
    /// Maximum number of feed rows to keep; 0 = unlimited.
    pub feed_rows: u32,
    /// Recipients of `server.roster`, the whole state in one frame after connecting: `never`, `asked` (with
    /// `roster=true`) or `always`.
    pub roster: RosterMode,
    /// Maximum number of contacts and chats in `server.roster`; a client with more has to fetch them. 0 =
    /// unlimited.
    pub roster_objects: u32,
    /// Interval of `server.time`, which carries the client's feed position, in seconds.
    pub time_sec: u32,
    /// Maximum number of sockets and streams per process; 0 = unlimited.
    pub sockets_per_node: u32,
    /// Maximum number of sockets and streams per client address; 0 = unlimited.
    pub sockets_per_address: u32,
    /// Maximum number of sockets and streams per account; 0 = unlimited.
    pub sockets_per_account: u32,
    /// Maximum number of sockets and streams per team; 0 = unlimited.
    pub sockets_per_team: u32,
}

impl Realtime {
    pub(super) fn defaults(profile: Profile) -> Self {
        let production = profile == Profile::Production;
        Self {
            feed_days: 14,
            feed_rows: 20_000_000,
            roster: RosterMode::Asked,
            roster_objects: 2_000,
            time_sec: 60,
            sockets_per_node: 50_000,
            sockets_per_address: if production { 1_000 } else { 0 },
            sockets_per_account: if production { 100 } else { 0 },
            sockets_per_team: 20_000,
        }
    }
}

/// The audit chain (hashes over the log, signed at intervals) and access to history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Folder for signed checkpoints; empty = `{data_dir}/audit`. It is evidence only if those who can write the
    /// database cannot write there: another disk, another machine, a bucket with object lock.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub checkpoint_dir: Option<PathBuf>,
    /// Interval at which the end of the chain is signed if there are new events, in seconds.
    pub checkpoint_sec: u32,
    /// Number of new events after which the end of the chain is signed at once.
    pub checkpoint_events: u32,
    /// Auditors, who may read everybody's history over HTTP (`/api/audit/v1`): account ids, or phone numbers with
    /// `+`.
    pub auditors: Vec<String>,
    /// Maximum number of concurrent audit streams (`/api/audit/v1/…` as `text/event-stream`) per process.
    pub streams: u32,
    /// Maximum number of concurrent audit streams per account.
    pub streams_per_account: u32,
}

impl Audit {
    pub(super) fn defaults() -> Self {
        Self {
            checkpoint_dir: None,
            checkpoint_sec: 60,
            checkpoint_events: 10_000,
            auditors: Vec::new(),
            streams: 64,
            streams_per_account: 4,
        }
    }
}

/// Connections to Postgres; the log and the read model have a pool each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Postgres {
    /// Maximum number of connections per pool.
    pub max_connections: u32,
    /// Timeout for a free connection, in seconds.
    pub acquire_timeout_sec: u64,
    /// Timeout of a statement of a request, in seconds.
    pub statement_timeout_sec: u64,
    /// Prefix of the services' database roles: `veche migrate` grants `veche_append`, `veche_read` and so on what
    /// their services need, if these roles exist.
    pub roles: String,
}

impl Postgres {
    pub(super) fn defaults() -> Self {
        Self {
            max_connections: 16,
            acquire_timeout_sec: 5,
            statement_timeout_sec: 15,
            roles: "veche".to_owned(),
        }
    }
}

/// Queries with `as_of`: a team's read model rebuilt at a point in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Maximum number of point-in-time views kept, each in a schema of its own; 0 = `as_of` is disabled.
    pub schemas: u32,
    /// Maximum number of a team's events to replay for a view.
    pub max_events: u64,
    /// Idle time after which a view is dropped, in seconds.
    pub idle_sec: u32,
}

impl History {
    pub(super) fn defaults() -> Self {
        Self { schemas: 16, max_events: 200_000, idle_sec: 300 }
    }
}
