//! Checks that span several settings or apply to production; every refusal says what is allowed.

use super::{Config, ConfigError, Problem, Profile};
use event_log::EventStoreDbLog;
use events::AccountId;
use http::Uri;
use protocol::lang::Lang;
use tracing_subscriber::EnvFilter;

/// Maximum validity of an invitation, in days; the same limit applies to the API.
const INVITATION_DAYS: u32 = 365;

/// Checks a configuration and reports all problems at once.
pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    let mut problems = Vec::new();
    addresses(config, &mut problems);
    words(config, &mut problems);
    auditors(config, &mut problems);
    codes(config, &mut problems);
    amounts(config, &mut problems);
    guard(config, &mut problems);
    if config.profile == Profile::Production {
        production(config, &mut problems);
    }
    if problems.is_empty() { Ok(()) } else { Err(ConfigError::Refused(problems)) }
}

fn addresses(config: &Config, problems: &mut Vec<Problem>) {
    if config.public_url.as_deref().is_some_and(|url| !is_origin(url.trim_end_matches('/'))) {
        let url = config.public_url.clone().unwrap_or_default();
        refuse(
            problems,
            "public_url",
            url,
            "must be http://host[:port] or https://host[:port], without a path",
        );
    }
    for origin in config.allowed_origins.iter().filter(|origin| !is_origin(origin)) {
        refuse(
            problems,
            "allowed_origins",
            origin,
            "each must be scheme://host[:port], without a path or `*`",
        );
    }
    let log = config.log.expose();
    let known = ["postgres://", "postgresql://", "esdb://", "esdb+discover://"];
    if log != "memory" && !known.iter().any(|scheme| log.starts_with(scheme)) {
        refuse(problems, "log", config.log.redacted(), "must be postgres://…, esdb://… or memory");
    }
    if let (true, Err(problem)) = (log.starts_with("esdb"), EventStoreDbLog::check_url(log)) {
        refuse(problems, "log", config.log.redacted(), problem);
    }
    let read = config.read_url();
    let is_postgres = |url: &str| url.starts_with("postgres://") || url.starts_with("postgresql://");
    if read.expose() != "memory" && !is_postgres(read.expose()) {
        refuse(
            problems,
            "read",
            read.redacted(),
            "must be postgres://…; set it when the log is not Postgres",
        );
    }
    let bus = config.bus.expose();
    if bus != "memory" && !bus.starts_with("nats://") && !bus.starts_with("tls://") {
        refuse(problems, "bus", config.bus.redacted(), "must be memory, nats://… or tls://…");
    }
    nats(config, problems);
    let sms = config.sms.url.expose();
    if !sms.is_empty() && !sms.starts_with("http://") && !sms.starts_with("https://") {
        refuse(problems, "sms.url", config.sms.url.redacted(), "must be https://…, or empty for the console");
    }
}

fn nats(config: &Config, problems: &mut Vec<Problem>) {
    let nats = &config.nats;
    if nats.user.is_empty() != nats.password_file.is_none() {
        refuse(problems, "nats.password_file", "", "must be set with nats.user, and not without it");
    }
    if nats.cert_file.is_some() != nats.key_file.is_some() {
        refuse(problems, "nats.key_file", "", "must be set with nats.cert_file, and not without it");
    }
}

fn words(config: &Config, problems: &mut Vec<Problem>) {
    if Lang::parse(&config.lang).is_none() {
        refuse(problems, "lang", &config.lang, "must be ru or en");
    }
    if let Err(problem) = EnvFilter::builder().parse(&config.log_level) {
        let allowed = format!("must be a level (error, warn, info, debug, trace) or directives: {problem}");
        refuse(problems, "log_level", &config.log_level, allowed);
    }
    let key = config.master_key.expose();
    if !key.is_empty() && (key.len() != 64 || !key.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        refuse(problems, "master_key", "***", "must be 64 hexadecimal digits");
    }
    let roles = &config.postgres.roles;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !roles.starts_with(|first: char| first.is_ascii_lowercase())
        || roles.len() > 48
        || !roles.bytes().all(plain)
    {
        let allowed = "must be a small letter, then small letters, digits and _, 48 at most";
        refuse(problems, "postgres.roles", roles, allowed);
    }
    if !key.is_empty() && config.master_key_file.is_some() {
        refuse(problems, "master_key_file", "set", "must be empty when master_key is set");
    }
    if !["{phone}", "{text}"].iter().all(|place| config.sms.template.contains(place)) {
        refuse(problems, "sms.template", &config.sms.template, "must contain {phone} and {text}");
    }
}

/// An entry that names no account would go unnoticed, so it is refused.
fn auditors(config: &Config, problems: &mut Vec<Problem>) {
    let is_phone = |word: &str| {
        word.strip_prefix('+')
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    for word in
        config.audit.auditors.iter().filter(|word| !is_phone(word) && word.parse::<AccountId>().is_err())
    {
        refuse(
            problems,
            "audit.auditors",
            word,
            "each must be an account's id, or a phone number like +79160000000",
        );
    }
}

fn codes(config: &Config, problems: &mut Vec<Problem>) {
    let auth = &config.auth;
    if !(4..=10).contains(&auth.code_length) {
        refuse(problems, "auth.code_length", auth.code_length, "must be from 4 to 10");
    }
    let fixed = &auth.fixed_code;
    let digits = fixed.bytes().all(|byte| byte.is_ascii_digit());
    if !fixed.is_empty() && (!digits || fixed.len() != usize::from(auth.code_length)) {
        refuse(problems, "auth.fixed_code", fixed, "must be auth.code_length digits, or empty");
    }
}

fn amounts(config: &Config, problems: &mut Vec<Problem>) {
    let positive = [
        ("auth.code_ttl_sec", u64::from(config.auth.code_ttl_sec)),
        ("auth.code_tries", u64::from(config.auth.code_tries)),
        ("auth.token_days", u64::from(config.auth.token_days)),
        ("auth.cookie_days", u64::from(config.auth.cookie_days)),
        ("sms.timeout_sec", u64::from(config.sms.timeout_sec)),
        ("webhooks.at_once", u64::from(config.webhooks.at_once)),
        ("webhooks.at_once_per_team", u64::from(config.webhooks.at_once_per_team)),
        ("uploads.max_mb", u64::from(config.uploads.max_mb)),
        ("uploads.timeout_sec", u64::from(config.uploads.timeout_sec)),
        ("uploads.at_once", u64::from(config.uploads.at_once)),
        ("uploads.at_once_per_account", u64::from(config.uploads.at_once_per_account)),
        ("http.timeout_sec", config.http.timeout_sec),
        ("http.header_timeout_sec", config.http.header_timeout_sec),
        ("http.body_idle_sec", config.http.body_idle_sec),
        ("realtime.time_sec", u64::from(config.realtime.time_sec)),
        ("audit.checkpoint_sec", u64::from(config.audit.checkpoint_sec)),
        ("audit.checkpoint_events", u64::from(config.audit.checkpoint_events)),
        ("audit.streams", u64::from(config.audit.streams)),
        ("audit.streams_per_account", u64::from(config.audit.streams_per_account)),
        ("postgres.max_connections", u64::from(config.postgres.max_connections)),
        ("postgres.acquire_timeout_sec", config.postgres.acquire_timeout_sec),
        ("postgres.statement_timeout_sec", config.postgres.statement_timeout_sec),
    ];
    for (key, value) in positive.into_iter().filter(|(_, value)| *value == 0) {
        refuse(problems, key, value, "must be at least 1");
    }
    if !(1..=INVITATION_DAYS).contains(&config.invitations.valid_days) {
        let days = config.invitations.valid_days;
        refuse(problems, "invitations.valid_days", days, "must be 1 to 365");
    }
    if config.uploads.timeout_sec > 3_000 {
        let allowed = "must be at most 3000: an incomplete file is removed after an hour";
        refuse(problems, "uploads.timeout_sec", config.uploads.timeout_sec, allowed);
    }
    let memory = &config.memory;
    for (key, value) in [
        ("memory.in_flight_mb", memory.in_flight_mb),
        ("memory.in_flight_per_address_mb", memory.in_flight_per_address_mb),
        ("memory.in_flight_per_account_mb", memory.in_flight_per_account_mb),
    ] {
        // The largest body that is kept whole is a form with a picture of 10 MiB.
        if !(12..=2_048).contains(&value) && value != 0 {
            refuse(problems, key, value, "must be from 12 to 2048, or 0 for any number");
        }
    }
    if config.http.body_limit < 16_000 {
        refuse(problems, "http.body_limit", config.http.body_limit, "must be at least 16000");
    }
    for (name, quota) in config.limits.iter().filter(|(_, quota)| quota.seconds == 0) {
        let value = format!("{name} with seconds = {}", quota.seconds);
        refuse(problems, "limits", value, "seconds must be at least 1; count = 0 switches a limit off");
    }
}

fn guard(config: &Config, problems: &mut Vec<Problem>) {
    if let Err(word) = config.sms_guard.lists() {
        let allowed = "must be countries by two letters (`GB`), prefixes (`+44`), and known kinds of numbers";
        refuse(problems, "sms_guard", word, allowed);
    }
    if config.sms_guard.entered_percent > 100 {
        refuse(
            problems,
            "sms_guard.entered_percent",
            config.sms_guard.entered_percent,
            "must be at most 100",
        );
    }
}

fn production(config: &Config, problems: &mut Vec<Problem>) {
    let auth = &config.auth;
    if !auth.fixed_code.is_empty() {
        refuse(problems, "auth.fixed_code", "***", "must be empty in production: it opens every account");
    }
    if auth.code_length < 6 && !auth.allow_short_codes {
        let allowed = "must be 6 or more in production, or set auth.allow_short_codes = true";
        refuse(problems, "auth.code_length", auth.code_length, allowed);
    }
    if !config.is_https() && !config.http.allow_insecure_public_url {
        let allowed = "must be https://… in production, or set http.allow_insecure_public_url = true";
        refuse(problems, "public_url", config.public_url(), allowed);
    }
    if config.sms.url.is_empty() {
        refuse(problems, "sms.url", "", "must be set in production: nobody reads the console");
    }
    if config.master_key.is_empty() && config.master_key_file.is_none() {
        let allowed = "must be set in production (or master_key): a generated key is lost with its folder";
        refuse(problems, "master_key_file", "", allowed);
    }
    if config.log.expose() == "memory" {
        refuse(
            problems,
            "log",
            "memory",
            "must be postgres://… or esdb://… in production: memory is lost with the process",
        );
    }
}

fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let plain = !host.is_empty() && !host.contains(['/', '?', '#', '@', '*']);
    let uri = text.parse::<Uri>().ok();
    plain && (scheme == "http" || scheme == "https") && uri.is_some_and(|uri| uri.host().is_some())
}

fn refuse(problems: &mut Vec<Problem>, key: &'static str, value: impl ToString, allowed: impl Into<String>) {
    let value = value.to_string();
    let value = if value.is_empty() { "(empty)".to_owned() } else { value };
    problems.push(Problem { key, value, allowed: allowed.into() });
}
