//! The checked-in documents must equal those of the code. `GOLDEN=write` rewrites them.

use std::{fs, path::PathBuf};

#[test]
fn checked_in_openapi_document_equals_the_code() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../schemas/openapi/api.json");
    let current = veche::docs::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var("GOLDEN").as_deref() == Ok("write") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &current).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(stored, current, "the API changed: run with GOLDEN=write and review the difference");
}

#[test]
fn checked_in_asyncapi_document_equals_the_code() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../schemas/asyncapi/events.json");
    let current = serde_json::to_string_pretty(&veche::asyncapi::document()).unwrap() + "\n";
    if std::env::var("GOLDEN").as_deref() == Ok("write") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &current).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(stored, current, "the events changed: run with GOLDEN=write and review the difference");
}

#[test]
fn checked_in_settings_equal_the_code() {
    use platform::config::{Config, Profile};
    let schemas = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../schemas/config");
    let schema = serde_json::to_string_pretty(&Config::json_schema()).unwrap() + "\n";
    for (name, current) in [
        ("schema.json", schema),
        ("dev.toml", Config::defaults(Profile::Dev).documented_toml()),
        ("production.toml", Config::defaults(Profile::Production).documented_toml()),
    ] {
        let path = schemas.join(name);
        if std::env::var("GOLDEN").as_deref() == Ok("write") {
            fs::create_dir_all(&schemas).unwrap();
            fs::write(&path, &current).unwrap();
        }
        let stored = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(
            stored, current,
            "{name}: the settings changed: run with GOLDEN=write and review the difference"
        );
    }
}

#[test]
fn documented_quotas_equal_the_code() {
    use platform::{
        config::Profile,
        limits::{Limit, quotas},
    };
    const BEGIN: &str = "<!-- quotas: made from the code -->\n";
    const END: &str = "<!-- end of quotas -->";
    let production = quotas(Profile::Production);
    let mut table = String::from("| name | at most | counted by | why |\n| --- | --- | --- | --- |\n");
    for limit in Limit::ALL {
        let quota = production[limit.name()];
        let (name, kind, about) = (limit.name(), limit.key_kind(), limit.about());
        table += &format!("| `{name}` | {} in {} s | {kind:?} | {about} |\n", quota.count, quota.seconds);
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/limits.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (stored, after) = rest.split_once(END).unwrap();
    if std::env::var("GOLDEN").as_deref() == Ok("write") {
        fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
    } else {
        assert_eq!(stored, table, "the quotas changed: run with GOLDEN=write and review the difference");
    }
}
