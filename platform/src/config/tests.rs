//! Layers, unknown keys, refusals, and the printed reference.

use super::{Config, ConfigError, MasterKeySource, Profile, Sources};
use std::path::PathBuf;

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn from_env(list: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load(&Sources { env: pairs(list), ..Sources::default() })
}

/// A file of this test's own, gone when dropped.
struct File(PathBuf);

impl File {
    fn new(text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("veche-config-{}.toml", uuid::Uuid::new_v4()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // A file that cannot be removed from the temporary folder harms nobody.
        let _ = std::fs::remove_file(&self.0);
    }
}

const PRODUCTION: [(&str, &str); 4] = [
    ("VECHE_PROFILE", "production"),
    ("VECHE_PUBLIC_URL", "https://chat.example.org"),
    ("VECHE_SMS_URL", "https://sms.example.org/send"),
    ("VECHE_MASTER_KEY_FILE", "/etc/veche/master.key"),
];

#[test]
fn nothing_set_is_the_dev_profile() {
    let config = from_env(&[]).unwrap();
    assert_eq!(config, Config::defaults(Profile::Dev));
    assert_eq!(config.public_url(), "http://127.0.0.1:8000");
    assert_eq!(config.public_host(), "127.0.0.1:8000");
    assert_eq!(config.cookie_name(), "tada_session");
    assert_eq!(config.read_url(), &config.log);
    assert!(matches!(config.master_key_source(), MasterKeySource::FileMadeOnFirstStart(_)));
}

#[test]
fn flags_beat_the_environment_beats_the_file_beats_the_defaults() {
    let file = File::new(
        "lang = \"en\"\n[auth]\ncode_tries = 7\ncode_length = 5\nfixed_code = \"\"\n[http]\ndrain_sec = 1\n",
    );
    let sources = Sources {
        file: Some(file.0.clone()),
        env: pairs(&[("VECHE_AUTH_CODE_LENGTH", "8"), ("VECHE_HTTP_DRAIN_SEC", "2"), ("PATH", "/bin")]),
        flags: pairs(&[("http.drain_sec", "3")]),
    };
    let config = Config::load(&sources).unwrap();
    let seen = (config.lang.as_str(), config.auth.code_tries, config.auth.code_length, config.http.drain_sec);
    assert_eq!(seen, ("en", 7, 8, 3));
    assert_eq!(config.http.timeout_sec, 30);
}

#[test]
fn the_profile_decides_the_defaults_under_the_layers() {
    let config = from_env(&PRODUCTION).unwrap();
    assert_eq!((config.auth.code_length, config.auth.fixed_code.as_str()), (6, ""));
    assert!(!config.http.debug_calls);
    assert_eq!(config.cookie_name(), "__Host-tada_session");
    let limits = (config.limits["sms_login_per_address"], Config::defaults(Profile::Dev));
    assert_eq!((limits.0.count, limits.0.seconds), (10, 3600));
    assert!(limits.1.limits["sms_login_per_address"].count > 1_000);
}

#[test]
fn text_becomes_what_the_key_holds() {
    let config = from_env(&[
        ("VECHE_TRUSTED_PROXIES", "10.0.0.0/8, ::1/128"),
        ("VECHE_WEBHOOKS_RETRY_DELAYS_SEC", "1,2"),
        ("VECHE_WEBHOOKS_ALLOWED_PORTS", "9000"),
        ("VECHE_METRICS_LISTEN", ""),
        ("VECHE_LIMITS_JOIN_PER_ACCOUNT_COUNT", "2"),
        ("VECHE_HTTP_DEBUG_CALLS", "false"),
    ]);
    let config = config.unwrap();
    assert_eq!(config.trusted_proxies.len(), 2);
    assert_eq!(config.webhooks.retry_delays_sec, [1, 2]);
    assert_eq!(config.webhooks.allowed_ports, [9000]);
    assert_eq!(config.metrics_listen, None);
    assert_eq!(config.limits["join_per_account"].count, 2);
    assert!(!config.http.debug_calls);
}

#[test]
fn an_unknown_key_names_the_nearest_one() {
    let file = File::new("[auth]\ncode_lenght = 4\n");
    let in_file = Config::load(&Sources { file: Some(file.0.clone()), ..Sources::default() });
    assert!(in_file.unwrap_err().to_string().contains("did you mean `auth.code_length`"));
    let in_env = from_env(&[("VECHE_LISTN", "127.0.0.1:1")]).unwrap_err().to_string();
    assert!(in_env.contains("did you mean `VECHE_LISTEN`"), "{in_env}");
    let far = from_env(&[("VECHE_QQQQQQQQQQQQ", "1")]).unwrap_err().to_string();
    assert!(!far.contains("did you mean"), "{far}");
    let flags = Sources { flags: pairs(&[("http.drain", "3")]), ..Sources::default() };
    assert!(Config::load(&flags).unwrap_err().to_string().contains("http.drain_sec"));
}

#[test]
fn a_secret_may_be_in_a_file_and_is_said_once() {
    let file = File::new("postgres://veche_append:hidden@db:5432/veche\n");
    let path = file.0.display().to_string();
    let config =
        from_env(&[("VECHE_LOG_FILE", &path), ("VECHE_SMS_URL_FILE", &path)]).unwrap_err().to_string();
    assert!(config.contains("sms.url"), "its content is checked as if it were set: {config}");
    let config = from_env(&[("VECHE_LOG_FILE", &path)]).unwrap();
    assert_eq!(config.log.expose(), "postgres://veche_append:hidden@db:5432/veche");
    assert!(!config.redacted_toml().contains("hidden"));
    let twice = from_env(&[("VECHE_LOG_FILE", &path), ("VECHE_LOG", "memory")]).unwrap_err().to_string();
    assert!(twice.contains("log_file") && twice.contains("must be empty when log is set"), "{twice}");
}

#[test]
fn variables_of_tests_and_benches_are_not_settings() {
    let foreign = [("VECHE_CONFIG", "x"), ("VECHE_TEST_PG", "x"), ("VECHE_BENCH_N", "x")];
    assert!(from_env(&foreign).is_ok());
}

#[test]
fn a_refusal_names_key_value_and_what_is_allowed() {
    let cases: &[(&str, &str, &str)] = &[
        ("VECHE_LISTEN", "nowhere", "listen"),
        ("VECHE_PROFILE", "prod", "dev or production"),
        ("VECHE_LANG", "de", "ru or en"),
        ("VECHE_AUTH_CODE_LENGTH", "many", "integer"),
        ("VECHE_AUTH_CODE_LENGTH", "3", "from 4 to 10"),
        ("VECHE_AUTH_FIXED_CODE", "55", "auth.fixed_code"),
        ("VECHE_PUBLIC_URL", "chat.example.org", "public_url"),
        ("VECHE_ALLOWED_ORIGINS", "https://*.example.org", "allowed_origins"),
        ("VECHE_TRUSTED_PROXIES", "10.0.0.0/99", "trusted_proxies"),
        ("VECHE_MASTER_KEY", "abc", "64 hexadecimal digits"),
        ("VECHE_BUS", "redis://x", "nats://"),
        ("VECHE_NATS_USER", "command", "nats.password_file"),
        ("VECHE_NATS_CERT_FILE", "/cert", "nats.key_file"),
        ("VECHE_POSTGRES_ROLES", "a; drop role b", "postgres.roles"),
        ("VECHE_LOG_FILE", "/nowhere/at/all", "log_file"),
        ("VECHE_LOG", "mysql://x", "postgres://"),
        ("VECHE_LOG_FORMAT", "xml", "log_format"),
        ("VECHE_HTTP_TIMEOUT_SEC", "0", "at least 1"),
        ("VECHE_SMS_GUARD_DENY", "UK", "`sms_guard` = UK"),
        ("VECHE_SMS_GUARD_DENY_KINDS", "psychic", "psychic"),
        ("VECHE_LIMITS_JOIN_PER_ACCOUNT_SECONDS", "0", "join_per_account"),
    ];
    for (name, value, expected) in cases {
        let text = from_env(&[(name, value)]).unwrap_err().to_string();
        assert!(text.contains(expected), "{name}={value}: {text}");
    }
}

#[test]
fn production_refuses_what_opens_accounts() {
    let cases: &[(&str, &str, &str)] = &[
        ("VECHE_AUTH_FIXED_CODE", "555555", "opens every account"),
        ("VECHE_AUTH_CODE_LENGTH", "4", "allow_short_codes"),
        ("VECHE_PUBLIC_URL", "http://chat.example.org", "allow_insecure_public_url"),
        ("VECHE_SMS_URL", "", "sms.url"),
        ("VECHE_MASTER_KEY_FILE", "", "master_key"),
        ("VECHE_LOG", "memory", "lost with the process"),
    ];
    for (name, value, expected) in cases {
        let mut env = PRODUCTION.to_vec();
        env.retain(|(key, _)| key != name);
        env.push((name, value));
        let text = from_env(&env).unwrap_err().to_string();
        assert!(text.contains(expected), "{name}={value}: {text}");
    }
}

#[test]
fn the_printed_file_reads_back_and_hides_secrets() {
    let mut config = Config::defaults(Profile::Dev);
    let file = File::new(&config.documented_toml());
    let sources = Sources { file: Some(file.0.clone()), ..Sources::default() };
    assert_eq!(Config::load(&sources).unwrap(), config);
    config.master_key = "aa".repeat(32).as_str().into();
    config.log = "postgres://user:hunter2@db/veche".into();
    config.sms.secret = "hunter2".into();
    for text in [config.documented_toml(), config.redacted_toml(), format!("{config:?}")] {
        assert!(!text.contains("hunter2") && !text.contains("aaaa"), "{text}");
        assert!(text.contains("postgres://user:***@db/veche"), "{text}");
    }
}

#[test]
fn every_key_is_documented() {
    let text = Config::defaults(Profile::Dev).documented_toml();
    let mut before = "";
    for line in text.lines() {
        let setting = line.contains(" = ") && !line.starts_with('#');
        assert!(!setting || before.starts_with('#'), "no documentation above {line}");
        before = line;
    }
}
