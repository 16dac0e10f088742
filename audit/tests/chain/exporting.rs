//! Exports: they continue after an interruption, and any change of the file is detected with nothing but the public
//! key.

use crate::fixture::{Fixture, event, meta, some};
use audit::{
    Break, Fault, Filter, Report,
    export::{self, CheckError, ExportError, ExportRequest, Format, Manifest, Proof},
};
use secrets::vault::Vault;
use serde_json::json;
use std::{fs, path::PathBuf};

const FORMATS: [Format; 2] = [Format::Ndjson, Format::Csv];

async fn told() -> Fixture {
    let fixture = Fixture::new().await;
    let mut odd = event("odd.v1", &json!("a \"quote\",\r\nand, a comma"), &meta("odd"));
    odd.data = [&b"\"line\r\n"[..], b"\xff\x00"].concat().into();
    let lines = event("odd.v1", &json!({"text": "x"}), &meta("odd, \"quoted\""));
    fixture.append("thing-1", some(5)).await;
    fixture.patient_notary().catch_up().await.unwrap();
    fixture.append("odd-1", vec![odd, lines]).await;
    fixture.append("thing-1", some(3)).await;
    fixture.patient_notary().catch_up().await.unwrap();
    fixture
}

fn plan(fixture: &Fixture, format: Format, filter: Filter) -> ExportRequest {
    ExportRequest { out: fixture.folder.path().join("export"), format, filter }
}

async fn exported(fixture: &Fixture, plan: &ExportRequest) -> Result<Manifest, ExportError> {
    let key = Fixture::vault().signing_key();
    export::export(&fixture.auditor(), plan, &key, chrono::Utc::now(), |_| {}).await
}

fn checked(plan: &ExportRequest) -> Report {
    export::check(&plan.out, &[Fixture::key()], |_| {}).unwrap()
}

fn broken(plan: &ExportRequest) -> Break {
    checked(plan).broken.expect("a break is reported")
}

fn clean(plan: &ExportRequest) {
    fs::remove_file(&plan.out).unwrap();
    fs::remove_file(Manifest::path_for(&plan.out)).unwrap();
}

#[tokio::test]
async fn whole_export_proves_the_chain_with_the_public_key() {
    let fixture = told().await;
    for format in FORMATS {
        let plan = plan(&fixture, format, Filter::default());
        let manifest = exported(&fixture, &plan).await.unwrap();
        assert_eq!((manifest.proves, manifest.count, manifest.checkpoints.len()), (Proof::Chain, 10, 2));
        let report = checked(&plan);
        assert_eq!((&report.broken, report.events, report.checkpoints), (&None, 10, 2));
        assert_eq!(report.chain, fixture.ledger.head().await.unwrap().chain);
        let stranger = Vault::new(&[6; 32]).signing_key().public();
        assert!(export::check(&plan.out, &[stranger], |_| {}).unwrap().broken.is_some());
        clean(&plan);
    }
}

#[tokio::test]
async fn export_of_a_range_proves_a_part_of_the_chain() {
    let fixture = told().await;
    let filter = Filter { from: Some(4), to: Some(8), ..Filter::default() };
    let plan = plan(&fixture, Format::Ndjson, filter);
    let manifest = exported(&fixture, &plan).await.unwrap();
    assert_eq!((manifest.proves, manifest.before.number, manifest.count), (Proof::Chain, 3, 5));
    assert_eq!((checked(&plan).broken, checked(&plan).events), (None, 5));
}

#[tokio::test]
async fn filtered_export_proves_each_event() {
    let fixture = told().await;
    for format in FORMATS {
        let filter = Filter { stream: Some("thing-*".into()), ..Filter::default() };
        let plan = plan(&fixture, format, filter);
        let manifest = exported(&fixture, &plan).await.unwrap();
        assert_eq!((manifest.proves, manifest.count), (Proof::Membership, 8));
        assert_eq!((checked(&plan).broken, checked(&plan).events), (None, 8));
        replace(&plan.out, "\"n\":1", "\"n\":2", 6);
        replace(&plan.out, "\"\"n\"\":1", "\"\"n\"\":2", 6);
        replace(&plan.out, "\\\"n\\\":1", "\\\"n\\\":2", 6);
        assert_eq!((broken(&plan).number, broken(&plan).why), (9, Fault::Changed));
        clean(&plan);
    }
}

/// Replaces the occurrence after `skip` equal ones, if there is one.
fn replace(file: &PathBuf, what: &str, with: &str, skip: usize) {
    let text = fs::read_to_string(file).unwrap();
    let Some((place, _)) = text.match_indices(what).nth(skip) else { return };
    let changed = format!("{}{with}{}", &text[..place], &text[place + what.len()..]);
    fs::write(file, changed).unwrap();
}

/// Edits the lines of a file.
fn edit(plan: &ExportRequest, change: impl Fn(&mut Vec<&str>)) {
    let text = fs::read_to_string(&plan.out).unwrap();
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    change(&mut lines);
    fs::write(&plan.out, lines.concat()).unwrap();
}

#[tokio::test]
async fn changed_file_fails_at_the_first_fault() {
    let fixture = told().await;
    let plan = plan(&fixture, Format::Ndjson, Filter::default());
    let named = |what: &str, change: &dyn Fn(), expected: (u64, Option<u64>)| {
        let before = fs::read(&plan.out).unwrap();
        change();
        let found = broken(&plan);
        assert_eq!((found.number, found.position), expected, "{what}: {found:?}");
        fs::write(&plan.out, before).unwrap();
        found.why
    };
    exported(&fixture, &plan).await.unwrap();
    let flip = || replace(&plan.out, "\\\"n\\\":1", "\\\"n\\\":3", 2);
    assert_eq!(named("a flipped byte", &flip, (3, Some(3))), Fault::Changed);
    let swap = || edit(&plan, |lines| lines.swap(3, 4));
    named("two events swapped", &swap, (4, None));
    let gone = || edit(&plan, |lines| lines.retain(|line| !line.contains("\"number\":6,")));
    assert_eq!(named("one gone", &gone, (6, None)), Fault::Missing);
    let cut = || edit(&plan, |lines| lines.truncate(7));
    assert!(matches!(named("the tail cut", &cut, (8, None)), Fault::Cut { number: 10, .. }));
    let torn = || {
        edit(&plan, |lines| {
            lines.truncate(2);
            lines[1] = &lines[1][..99];
        });
    };
    assert!(matches!(named("cut within a line", &torn, (2, None)), Fault::Line(_)));
    let reader = || replace(&plan.out, "\"command\":\"thing.do\"", "\"command\":\"thing.xx\"", 0);
    assert_eq!(named("a column for readers", &reader, (11, None)), Fault::File);
    assert_eq!(checked(&plan).broken, None, "all changes were undone");
    replace(&Manifest::path_for(&plan.out), "\"count\": 10", "\"count\": 9", 0);
    assert_eq!(broken(&plan).why, Fault::Manifest);
}

#[tokio::test]
async fn repeated_export_continues_after_interruption_and_end() {
    let fixture = told().await;
    for format in FORMATS {
        let plan = plan(&fixture, format, Filter::default());
        exported(&fixture, &plan).await.unwrap();
        fixture.append("thing-9", some(4)).await;
        let head = fixture.patient_notary().catch_up().await.unwrap();
        // Simulates a run that was killed after its last save.
        let mut torn = fs::read(&plan.out).unwrap();
        torn.extend_from_slice(b"{\"number\":11,\"torn");
        fs::write(&plan.out, torn).unwrap();
        let manifest = exported(&fixture, &plan).await.unwrap();
        assert_eq!(manifest.last.map(|last| last.number), Some(head.chain.number));
        assert_eq!((checked(&plan).broken, checked(&plan).chain), (None, head.chain));
        let other = ExportRequest { filter: Filter { to: Some(3), ..Filter::default() }, ..plan.clone() };
        assert!(matches!(exported(&fixture, &other).await, Err(ExportError::InTheWay(_))));
        clean(&plan);
    }
}

#[tokio::test]
async fn unfinished_export_cannot_be_verified() {
    let fixture = told().await;
    let plan = plan(&fixture, Format::Ndjson, Filter::default());
    let manifest = exported(&fixture, &plan).await.unwrap();
    let unfinished = Manifest { signature: String::new(), ..manifest };
    fs::write(Manifest::path_for(&plan.out), serde_json::to_string(&unfinished).unwrap()).unwrap();
    assert!(matches!(export::check(&plan.out, &[Fixture::key()], |_| {}), Err(CheckError::Unfinished)));
    fs::remove_file(Manifest::path_for(&plan.out)).unwrap();
    assert!(matches!(export::check(&plan.out, &[Fixture::key()], |_| {}), Err(CheckError::NoManifest(_))));
}
