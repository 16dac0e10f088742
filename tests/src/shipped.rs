//! Reads the shipped deployment files as data, and the settings that the product derives from them.

use platform::config::{Config, Sources};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// The folder of secrets in containers.
const SECRETS: [&str; 2] = ["/run/secrets/veche/", "/run/secrets/"];

/// The folder of shipped files.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}

/// Reads a shipped file.
pub fn read(file: &str) -> String {
    std::fs::read_to_string(folder().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Reads the documents of a shipped YAML file.
pub fn documents(file: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&read(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The strings of a list.
pub fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// An environment variable's value as text.
pub fn environment(map: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    map.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect()
}

/// Makes secrets with the shipped script, adds the two that are written by hand, and links other names to them.
pub fn secrets() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let script = self::folder().join("secrets.sh");
    for _ in 0..2 {
        let made = Command::new("bash").arg(&script).arg(folder.path()).output().expect("bash");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("a secret can be written");
    };
    write("sms_url", "https://sms.example.org/send?key=hidden\n");
    write("sms_secret", "\n");
    let database = std::fs::read(folder.path().join("database_serve")).expect("an address");
    for name in ["database", "log", "read"] {
        std::fs::write(folder.path().join(name), &database).expect("a secret can be written");
    }
    write("nats_password", "hidden\n");
    folder
}

/// Reads the settings from an environment and checks them as a production start does; none may contain a secret.
pub fn accepted(of: &str, mut environment: BTreeMap<String, String>, secrets: &Path) -> Config {
    for (name, value) in &mut environment {
        assert!(!value.contains("hidden") && !name.ends_with("PASSWORD"), "{of}: {name}");
        assert!(!value.contains("://") || !value.contains('@'), "{of}: a password is in {name}");
        // `${VECHE_PROFILE:-production}`, `${VECHE_PUBLIC_URL:?…}`
        if let Some(rest) = value.strip_prefix("${") {
            let given = rest.trim_end_matches('}').split_once(":-").map(|(_, given)| given.to_owned());
            *value = given.unwrap_or_else(|| "https://chat.example.org".to_owned());
        }
        for mounted in SECRETS {
            if let Some(file) = value.strip_prefix(mounted) {
                *value = secrets.join(file).display().to_string();
                break;
            }
        }
    }
    let sources = Sources { env: environment.into_iter().collect(), ..Sources::default() };
    let config = Config::load(&sources).unwrap_or_else(|error| panic!("{of}: {error}"));
    assert!(config.master_key_file.is_some() && config.sms.url.expose().starts_with("https://"), "{of}");
    for proxy in &config.trusted_proxies {
        // A whole private range must not be trusted as a proxy.
        assert!(proxy.prefix_len() >= 16, "{of}: {proxy} is trusted");
    }
    config
}

/// Whether an image is pinned, `name:1.2.3…` or `name@sha256:…`, or is the product's own.
pub fn is_pinned(image: &str) -> bool {
    let version = image.rsplit_once(':').map_or("", |(_, version)| version);
    let numbers: Vec<&str> = version.split('-').next().unwrap_or_default().split('.').collect();
    let number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let dated = version.split('-').any(|part| part.len() == 8 && number(&part));
    image.contains("@sha256:") || dated || (numbers.len() >= 2 && numbers.iter().all(number))
}
