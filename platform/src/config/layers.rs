//! Merges the layers: the profile's defaults, the file, the environment, the flags.

use super::{Config, ConfigError, Profile};
use std::{collections::BTreeMap, fs, path::PathBuf};
use toml::{Table, Value};

/// Environment variable that names the file; not a setting itself.
const FILE_VARIABLE: &str = "VECHE_CONFIG";
/// Prefixes of variables that belong to tests and benches.
const FOREIGN_PREFIXES: [&str; 2] = ["VECHE_TEST_", "VECHE_BENCH_"];

/// Sources of settings; later ones win.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// TOML file.
    pub file: Option<PathBuf>,
    /// Environment variables; those without `VECHE_` are ignored.
    pub env: Vec<(String, String)>,
    /// Settings from the command line: key path and value.
    pub flags: Vec<(String, String)>,
}

impl Sources {
    /// The process's environment and the given command-line settings. Without `file`, `VECHE_CONFIG` names the
    /// file, if set. Ignores variables that are not UTF-8.
    pub fn of_process(file: Option<PathBuf>, flags: Vec<(String, String)>) -> Self {
        let text = |os: std::ffi::OsString| os.into_string().ok();
        let env = std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?)));
        let env: Vec<(String, String)> = env.collect();
        let named = env.iter().find(|(name, value)| name == FILE_VARIABLE && !value.is_empty());
        let file = file.or_else(|| named.map(|(_, path)| PathBuf::from(path)));
        Self { file, env, flags }
    }
}

/// The merged configuration, not yet checked.
pub(super) fn merge(sources: &Sources) -> Result<Config, ConfigError> {
    // Every profile has the same keys, so any profile's defaults give names and types.
    let known = flatten(&table(&Config::defaults(Profile::Dev)));
    let mut set = read_file(sources, &known)?;
    set.extend(read_env(sources, &known)?);
    set.extend(read_flags(sources, &known)?);
    let profile = profile(set.get("profile"))?;
    let mut whole = table(&Config::defaults(profile));
    read_secrets(&mut set)?;
    for (path, value) in set {
        insert(&mut whole, &path, value);
    }
    serde_path_to_error::deserialize(Value::Table(whole.clone())).map_err(|problem| {
        let key = problem.path().to_string();
        let value = flatten(&whole).get(&key).map(ToString::to_string).unwrap_or_default();
        ConfigError::WrongType { key, value, allowed: problem.inner().message().to_owned() }
    })
}

/// Settings that may be in a file; the key with the suffix `_file` names it.
const IN_FILES: [&str; 5] = ["log", "read", "bus", "sms.url", "sms.secret"];

/// Reads the named files into their settings. Setting both the value and the file is an error.
fn read_secrets(set: &mut BTreeMap<String, Value>) -> Result<(), ConfigError> {
    for key in IN_FILES {
        let named = format!("{key}_file");
        let Some(path) = set.get(&named).and_then(Value::as_str).filter(|path| !path.is_empty()) else {
            continue;
        };
        let path = PathBuf::from(path);
        if set.get(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty()) {
            let (value, allowed) = (path.display().to_string(), format!("must be empty when {key} is set"));
            return Err(ConfigError::WrongType { key: named, value, allowed });
        }
        let text = fs::read_to_string(&path);
        let text = text.map_err(|source| ConfigError::SecretFile { key: named, path, source })?;
        set.insert(key.to_owned(), Value::String(text.trim().to_owned()));
    }
    Ok(())
}

fn table(config: &Config) -> Table {
    // Serialising our own plain structs into a table cannot fail; an empty one would fail loudly when read back.
    Table::try_from(config).unwrap_or_default()
}

/// All leaves by path, e.g. `auth.code_length`.
pub(super) fn flatten(table: &Table) -> BTreeMap<String, Value> {
    let mut leaves = BTreeMap::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => {
                leaves.extend(flatten(inner).into_iter().map(|(path, leaf)| (format!("{key}.{path}"), leaf)));
            }
            leaf => {
                leaves.insert(key.clone(), leaf.clone());
            }
        }
    }
    leaves
}

fn insert(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((key, rest)) => {
            if let Some(Value::Table(inner)) = table.get_mut(key) {
                insert(inner, rest, value);
            }
        }
    }
}

fn read_file(
    sources: &Sources,
    known: &BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>, ConfigError> {
    let Some(path) = &sources.file else { return Ok(BTreeMap::new()) };
    let text = fs::read_to_string(path).map_err(|source| ConfigError::unreadable(path, source))?;
    let parsed = text.parse::<Table>();
    let parsed =
        parsed.map_err(|source| ConfigError::Syntax { path: path.clone(), source: Box::new(source) })?;
    let leaves = flatten(&parsed);
    match leaves.keys().find(|key| !known.contains_key(*key)) {
        Some(key) => Err(unknown(key, known.keys().cloned())),
        None => Ok(leaves),
    }
}

fn read_env(
    sources: &Sources,
    known: &BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>, ConfigError> {
    let names: BTreeMap<String, &String> = known.keys().map(|path| (variable(path), path)).collect();
    let mut set = BTreeMap::new();
    for (name, text) in sources.env.iter().filter(|(name, _)| is_ours(name)) {
        let path = names.get(name).ok_or_else(|| unknown(name, names.keys().cloned()))?;
        set.insert((*path).clone(), parse(name, text, &known[*path])?);
    }
    Ok(set)
}

fn read_flags(
    sources: &Sources,
    known: &BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>, ConfigError> {
    let read = |(path, text): &(String, String)| {
        let default = known.get(path).ok_or_else(|| unknown(path, known.keys().cloned()))?;
        Ok((path.clone(), parse(path, text, default)?))
    };
    sources.flags.iter().map(read).collect()
}

fn is_ours(name: &str) -> bool {
    name.starts_with("VECHE_")
        && name != FILE_VARIABLE
        && !FOREIGN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// `auth.code_length` → `VECHE_AUTH_CODE_LENGTH`.
fn variable(path: &str) -> String {
    format!("VECHE_{}", path.replace('.', "_").to_ascii_uppercase())
}

/// Converts text to the type of the key's default; commas separate the elements of lists.
fn parse(key: &str, text: &str, default: &Value) -> Result<Value, ConfigError> {
    let wrong = |allowed: &str| ConfigError::WrongType {
        key: key.to_owned(),
        value: format!("{text:?}"),
        allowed: allowed.to_owned(),
    };
    match default {
        Value::Integer(_) => text.trim().parse().map(Value::Integer).map_err(|_| wrong("must be an integer")),
        Value::Boolean(_) => {
            text.trim().parse().map(Value::Boolean).map_err(|_| wrong("must be true or false"))
        }
        Value::Array(_) => Ok(Value::Array(elements(text))),
        _ => Ok(Value::String(text.to_owned())),
    }
}

fn elements(text: &str) -> Vec<Value> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    // No list holds both numbers and addresses. A number with a plus is a phone number, and stays text.
    let number = |part: &str| part.parse().ok().filter(|_| !part.starts_with('+')).map(Value::Integer);
    parts.map(|part| number(part).unwrap_or_else(|| Value::String(part.to_owned()))).collect()
}

/// The profile, which is read first because it decides the defaults.
fn profile(set: Option<&Value>) -> Result<Profile, ConfigError> {
    let Some(value) = set else { return Ok(Profile::default()) };
    Profile::deserialize_value(value).ok_or_else(|| ConfigError::WrongType {
        key: "profile".to_owned(),
        value: value.to_string(),
        allowed: "must be dev or production".to_owned(),
    })
}

impl Profile {
    fn deserialize_value(value: &Value) -> Option<Self> {
        value.clone().try_into().ok()
    }
}

fn unknown(key: &str, known: impl Iterator<Item = String>) -> ConfigError {
    let near = known.map(|name| (strsim::damerau_levenshtein(&name, key), name)).min();
    // A distance of more than half the length is no similarity.
    let nearest = near.filter(|(distance, _)| *distance <= key.len() / 2).map(|(_, name)| name);
    ConfigError::UnknownKey { key: key.to_owned(), nearest }
}
