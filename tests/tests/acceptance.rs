//! `docs/acceptance.md` says for each point of the reference what shows it, and `docs/security.md` for each requirement of
//! the standard: these tests check that every named test and scenario exists.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Points of the list.
const POINTS: usize = 110;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A row of the table: its number, and the names of what shows it.
fn row(line: &str) -> Option<(usize, Vec<String>)> {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let number = cells.first()?.parse().ok()?;
    let names = cells.last()?.split('`').skip(1).step_by(2).map(str::to_owned);
    Some((number, names.collect()))
}

fn rows() -> Vec<(usize, Vec<String>)> {
    let table = std::fs::read_to_string(root().join("docs/acceptance.md")).expect("the table");
    table.lines().filter_map(row).collect()
}

/// The names of all tests of the project.
fn tests_in(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            tests_in(&path, names);
        } else if name.ends_with(".rs") {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let behind_marks =
                ["#[test]", "#[tokio::test"].into_iter().flat_map(|mark| text.split(mark).skip(1));
            let function = |piece: &str| Some(piece.split_once("fn ")?.1.split_once('(')?.0.to_owned());
            names.extend(behind_marks.filter_map(function));
        }
    }
}

#[test]
fn every_point_is_in_the_table_once() {
    let numbers: Vec<usize> = rows().iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=POINTS).collect::<Vec<_>>());
    for (number, names) in rows() {
        assert!(!names.is_empty(), "nothing shows {number}");
    }
}

/// All tests of the project.
fn tests() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    tests_in(&root(), &mut tests);
    assert!(tests.contains("what_the_table_names_is_there"), "tests are found");
    tests
}

/// Names of tests in the table of the standard: words in code with three underscores or more.
fn named_in_the_standards_table() -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("docs/security.md")).expect("the document");
    let (_, table) = text.split_once("\n## ASVS").expect("the section of the standard");
    let rows = table.lines().filter(|line| line.starts_with('|'));
    let words = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    let is_test = |word: &&str| {
        word.matches('_').count() >= 3
            && word.chars().all(|c| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    words.filter(is_test).map(str::to_owned).collect()
}

#[test]
fn tests_that_the_table_of_the_security_standard_names_exist() {
    let named = named_in_the_standards_table();
    assert!(named.len() > 50, "the table names tests: {named:?}");
    let tests = tests();
    let gone: Vec<_> = named.iter().filter(|name| !tests.contains(*name)).collect();
    assert!(gone.is_empty(), "named in docs/security.md, but nowhere to be found: {gone:#?}");
}

#[test]
fn what_the_table_names_is_there() {
    let tests = tests();
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract");
    let exists = |name: &str| match name.contains('/') {
        true => contract.join(format!("{name}.json")).is_file(),
        false => tests.contains(name),
    };
    let gone: Vec<String> = rows()
        .into_iter()
        .flat_map(|(number, names)| names.into_iter().map(move |name| (number, name)))
        .filter(|(_, name)| !exists(name))
        .map(|(number, name)| format!("{number}: {name}"))
        .collect();
    assert!(gone.is_empty(), "named in docs/acceptance.md, but nowhere to be found: {gone:#?}");
}
