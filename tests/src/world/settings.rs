//! The environment of the product's processes, and the path of the program.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The public address, as in the examples, wherever the processes listen.
pub const PUBLIC_URL: &str = "http://127.0.0.1:8000";

/// The login code of the dev profile.
pub const CODE: &str = "5555";

/// The program's file name, see this package's manifest.
const PROGRAM: &str = "veche-under-test";

pub(super) fn environment(
    database: &str,
    bus: &str,
    data: &Path,
    settings: BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let mut all = BTreeMap::from([
        ("VECHE_PROFILE", "dev".to_owned()),
        ("VECHE_METRICS_LISTEN", String::new()),
        ("VECHE_PUBLIC_URL", PUBLIC_URL.to_owned()),
        ("VECHE_LOG", database.to_owned()),
        ("VECHE_READ", database.to_owned()),
        ("VECHE_BUS", bus.to_owned()),
        ("VECHE_DATA_DIR", data.display().to_string()),
        // Set, because roles that start together would each generate one.
        ("VECHE_MASTER_KEY", master_key()),
    ])
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect::<BTreeMap<_, _>>();
    all.extend(settings);
    all.into_iter().collect()
}

/// The master key of all tests.
pub fn master_key() -> String {
    "5e".repeat(32)
}

/// The path of the product, built with this test.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    // target/debug/deps/contract-0123456789abcdef → target/debug/veche-under-test
    let folder = test.parent().and_then(Path::parent).expect("tests lie two folders deep in target");
    let program = folder.join(PROGRAM);
    let hint = "cargo builds it before the tests of this package: cargo nextest run -p veche-tests";
    assert!(program.is_file(), "{} is missing; {hint}", program.display());
    program
}
