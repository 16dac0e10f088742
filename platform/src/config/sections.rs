//! The sections of the configuration and their defaults.

use super::{Profile, Secret, blank};
use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Logging in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Digits of a login code, 4 to 10. Four are 13 bits: production takes 6 or more, see `allow_short_codes`.
    pub code_length: u8,
    /// How long a code is valid, in seconds.
    pub code_ttl_sec: u32,
    /// A code that is always sent instead of a random one; dev only.
    pub fixed_code: String,
    /// Lets production use codes shorter than 6 digits, for clients that cannot show more.
    pub allow_short_codes: bool,
    /// Wrong tries of a code, for each client that asked for it.
    pub code_tries: u32,
    /// Messages with a code to one phone in an hour; above it they come slowly, see `slow_resend_after_sec`.
    pub codes_per_hour: u32,
    /// The same in a day. With `code_tries` it also bounds wrong tries in a day; where more are made, codes get longer.
    pub codes_per_day: u32,
    /// Within this time a repeated request answers with the code already sent, and sends nothing; in seconds.
    pub resend_after_sec: u32,
    /// The same for a phone that got as many messages as `codes_per_hour` or `codes_per_day` say.
    pub slow_resend_after_sec: u32,
    /// Days after which the session of a token ends.
    pub token_days: u32,
    /// Days after which the session of a cookie ends.
    pub cookie_days: u32,
    /// Days after which a session ends that nobody uses; 0 for no such end. An open websocket uses its session.
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
    /// How long a session may be left without use.
    pub fn idle(&self) -> Option<TimeDelta> {
        (self.idle_days > 0).then(|| TimeDelta::days(self.idle_days.into()))
    }
}

/// Sending login codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    /// The gateway's address, called by POST; empty writes codes to the console, dev only.
    pub url: Secret,
    /// The body posted, with `{phone}` and `{text}` where they go: JSON when it begins with `{`, else a form such as
    /// `to={phone}&text={text}`.
    pub template: String,
    /// The `Authorization` header of the calls to the gateway; empty for none.
    pub secret: Secret,
    /// A file with `sms.url`, instead of it.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub url_file: Option<PathBuf>,
    /// A file with `sms.secret`, instead of it.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub secret_file: Option<PathBuf>,
    /// Longest wait for the gateway, in seconds.
    pub timeout_sec: u32,
    /// Repetitions after a failed call.
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

/// Files that are uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Uploads {
    /// Largest file, in MiB.
    pub max_mb: u32,
    /// Longest time for one form with a file to come in, in seconds; one of which nothing comes ends after `http.timeout_sec`.
    pub timeout_sec: u32,
    /// Bytes a second that a form brings on average, from its second minute on; 0 asks for none.
    pub min_bytes_per_sec: u32,
    /// Most files and pictures that come in at once, for everybody together.
    pub at_once: u32,
    /// Most files and pictures of one account that come in at once; fewer while more than half of all places are taken.
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

    /// Largest file, in bytes.
    pub fn max_bytes(&self) -> u64 {
        u64::from(self.max_mb) << 20
    }
}

/// How long answers wait until the read model has what they speak of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// A command's answer waits at most this long for its own effect, in milliseconds.
    pub command_ms: u64,
    /// A query with `Min-Event-Position` waits at most this long, in milliseconds.
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
    /// Largest JSON body in bytes, where a call has no limit of its own.
    pub body_limit: usize,
    /// Longest work on one request, in seconds.
    pub timeout_sec: u64,
    /// Longest wait for a request's headers, in seconds.
    pub header_timeout_sec: u64,
    /// Longest wait for the next bytes of a request's body, in seconds.
    pub body_idle_sec: u64,
    /// Connections open at once from one address, sockets among them; those of `trusted_proxies` are not counted. 0 for any
    /// number.
    pub connections_per_address: u32,
    /// How long a stop waits for requests in flight, and then again for sockets and tasks, in seconds.
    pub drain_sec: u64,
    /// `ping` with `delay_sec` and `error`: for clients' tests, not for production.
    pub debug_calls: bool,
    /// Lets production run with a plain http `public_url`, for a trial inside one network.
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

/// Who gets `server.roster`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RosterMode {
    /// Nobody.
    Never,
    /// Clients that open their socket with `roster=true`.
    #[default]
    Asked,
    /// All that do not say `roster=false` and go on from nowhere: for clients of 2019, which do not ask.
    Always,
}

/// What is told live: websockets, streams, and the feed behind them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Realtime {
    /// Days for which clients that were away are told what they missed; 0 for ever.
    pub feed_days: u32,
    /// Of everything that clients are told, so many of the newest rows are kept at most; 0 for all.
    pub feed_rows: u32,
    /// Who gets `server.roster`, the whole state in one frame right after connecting.
    pub roster: RosterMode,
    /// Whoever has more contacts and chats in a team is told to fetch them instead; 0 for any number.
    pub roster_objects: u32,
    /// How often `server.time` says how far a client was told everything, in seconds.
    pub time_sec: u32,
    /// Sockets and streams open at once in one process; 0 for any number, here and below.
    pub sockets_per_node: u32,
    /// Sockets and streams open at once from one address.
    pub sockets_per_address: u32,
    /// Sockets and streams open at once of one account.
    pub sockets_per_account: u32,
    /// Sockets and streams open at once in one team.
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

/// The auditor's chain: hashes over the log, signed from time to time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// A folder outside the database for signed checkpoints; empty means `{data_dir}/audit`. It proves something only where
    /// those who can write the database cannot write: another disk, another machine, a bucket that keeps what it has.
    #[serde(with = "blank")]
    #[schemars(with = "String")]
    pub checkpoint_dir: Option<PathBuf>,
    /// Seconds after which the end of the chain is signed, if there is anything new.
    pub checkpoint_sec: u32,
    /// Events after which it is signed in any case.
    pub checkpoint_events: u32,
    /// Who may look into everybody's history over HTTP (`/api/audit/v1`): ids of accounts, or phone numbers with `+`.
    pub auditors: Vec<String>,
    /// Streams of history (`/api/audit/v1/…` as `text/event-stream`) open at once in a process.
    pub streams: u32,
    /// Of them, open at once of one account.
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

/// Connections to Postgres, for the log and the read model each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Postgres {
    /// Most connections of one pool.
    pub max_connections: u32,
    /// Longest wait for a free connection, in seconds.
    pub acquire_timeout_sec: u64,
    /// Longest run of one statement of a request, in seconds.
    pub statement_timeout_sec: u64,
    /// How the names of the services' database roles begin: `veche migrate` grants `veche_append`, `veche_read` and so on what
    /// their services need, where these roles are.
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

/// Teams as they were, for queries with `as_of`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Teams at moments that are kept at hand, each in a schema of its own; 0: the past is not shown.
    pub schemas: u32,
    /// Most events of a team that are replayed.
    pub max_events: u64,
    /// How long one that nobody asks for is kept, in seconds.
    pub idle_sec: u32,
}

impl History {
    pub(super) fn defaults() -> Self {
        Self { schemas: 16, max_events: 200_000, idle_sec: 300 }
    }
}
