//! The description of the API is checked in and held to the code. `GOLDEN=write` rewrites it.

use std::{fs, path::PathBuf};

#[test]
fn the_checked_in_description_is_that_of_the_code() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../schemas/openapi/api.json");
    let current = veche::docs::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var("GOLDEN").as_deref() == Ok("write") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &current).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(stored, current, "the API changed: run with GOLDEN=write and look at the difference");
}

#[test]
fn the_checked_in_settings_are_those_of_the_code() {
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
            "{name}: the settings changed: run with GOLDEN=write and look at the difference"
        );
    }
}
