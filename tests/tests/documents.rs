//! The documents name tests, scenarios, files and terms: these tests check that each of them exists.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Number of points in the acceptance list.
const POINTS: usize = 110;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A row of the table: its number, and the names of the tests and scenarios that show it.
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

/// Collects the names of the tests below a folder.
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
fn acceptance_table_has_every_point_once() {
    let numbers: Vec<usize> = rows().iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=POINTS).collect::<Vec<_>>());
    for (number, names) in rows() {
        assert!(!names.is_empty(), "nothing shows {number}");
    }
}

/// The names of all tests in the repository.
fn tests() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    tests_in(&root(), &mut tests);
    assert!(tests.contains("acceptance_table_names_existing_tests"), "tests are found");
    tests
}

/// Names of tests in the table of the security standard: words in code font with three underscores or more.
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
fn security_doc_names_existing_tests() {
    let named = named_in_the_standards_table();
    assert!(named.len() > 50, "the table names tests: {named:?}");
    let tests = tests();
    let gone: Vec<_> = named.iter().filter(|name| !tests.contains(*name)).collect();
    assert!(gone.is_empty(), "named in docs/security.md, but nowhere to be found: {gone:#?}");
}

#[test]
fn acceptance_table_names_existing_tests() {
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

/// The documents for readers, with their paths.
fn documents() -> Vec<PathBuf> {
    let folders = ["", "docs", "deploy", "schemas"];
    let files =
        folders.iter().flat_map(|folder| std::fs::read_dir(root().join(folder)).into_iter().flatten());
    let paths = files.flatten().map(|entry| entry.path());
    let mut documents: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect();
    documents.sort();
    documents
}

/// Words in code font that are paths of files or folders: `crate/src/file.rs`, `deploy/hops`, `docs/limits.md`.
fn paths_named_in(text: &str) -> BTreeSet<String> {
    let words = text.split('`').skip(1).step_by(2);
    let in_source = |word: &str| {
        let mut parts = word.split('/');
        let (first, second) = (parts.next().unwrap_or_default(), parts.next());
        second.is_some_and(|second| ["src", "tests", "benches"].contains(&second))
            || (second.is_some() && ["docs", "deploy", "schemas"].contains(&first))
    };
    let plain = |word: &str| {
        word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c)) && !word.starts_with('/')
    };
    words.filter(|word| in_source(word) && plain(word)).map(str::to_owned).collect()
}

#[test]
fn documents_name_existing_files() {
    let mut named = 0;
    let mut missing = Vec::new();
    for document in documents() {
        let text = std::fs::read_to_string(&document).expect("a document");
        for path in paths_named_in(&text) {
            named += 1;
            if !root().join(&path).exists() && !root().join(format!("{path}.rs")).exists() {
                missing.push(format!("{}: {path}", document.file_name().expect("a name").display()));
            }
        }
    }
    assert!(named > 100, "paths are found: {named}");
    assert!(missing.is_empty(), "named in a document, but not there: {missing:#?}");
}

/// A row of the glossary: the term and the file where it is defined.
fn term(line: &str) -> Option<(String, String)> {
    let mut cells = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim);
    let (term, place) = (cells.next()?, cells.next_back()?);
    let place = place.strip_prefix('`')?.strip_suffix('`')?;
    Some((term.to_owned(), place.to_owned()))
}

#[test]
fn glossary_terms_are_defined_where_it_says() {
    let text = std::fs::read_to_string(root().join("docs/glossary.md")).expect("the glossary");
    let terms: Vec<_> = text.lines().filter_map(term).collect();
    assert!(terms.len() >= 30, "terms are found: {terms:?}");
    let mut wrong = Vec::new();
    for (term, place) in terms {
        let path = root().join(&place);
        let source = std::fs::read_to_string(&path).unwrap_or_default();
        let names = term.split('`').skip(1).step_by(2);
        let defines = |name: &str| {
            ["struct", "enum", "trait", "type", "fn"].iter().any(|kind| {
                source.match_indices(&format!("{kind} {name}")).any(|(at, found)| {
                    !source[at + found.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
                })
            })
        };
        if !path.exists() || !names.into_iter().all(defines) {
            wrong.push(format!("{term}: {place}"));
        }
    }
    assert!(wrong.is_empty(), "not where the glossary says: {wrong:#?}");
}
