//! The notary does not sign a rewritten history, with or without rewritten tables, nor events of foreign origin;
//! verification names keys that were lost without an erasure.

use crate::fixture::{Fixture, some};
use audit::{Chain, ExtraChecks, NotaryError, Note, NoteKind, Report, SignedRecords, verify_with};
use event_log::Expected;
use events::{
    AccountEvent, AccountId, Event, Meta, Personal, ProjectionEvent, ReceiptId, StreamName, Subject, account,
    projection,
    value::{ErasureAsker, ErasureReason},
};
use secrets::{
    guard::Guard,
    journal::{Entry, Journal},
    keyring::Keyring,
};
use std::collections::BTreeMap;
use uuid::Uuid;

const ANNA: AccountId = AccountId(Uuid::from_u128(1));

/// The tables of the chain, as if nothing had ever been hashed or signed.
const FORGET: &str = "truncate audit.entry; truncate audit.checkpoint;
    update audit.head set number = 0, position = 0, hash = decode(repeat('00', 32), 'hex')";

/// Five events, signed in the database and in the checkpoint file.
async fn five() -> Fixture {
    let fixture = Fixture::new().await;
    fixture.append("thing-1", some(5)).await;
    fixture.patient_notary().catch_up().await.unwrap();
    fixture
}

fn outside(fixture: &Fixture) -> SignedRecords {
    SignedRecords::read(fixture.file().path(), &[Fixture::key()]).unwrap()
}

async fn refused(fixture: &Fixture) {
    let outcome = fixture.patient_notary().catch_up().await;
    assert!(matches!(outcome, Err(NotaryError::Rewritten { number: 5, .. })), "{outcome:?}");
    assert_eq!(fixture.ledger.checkpoints().await.unwrap(), [], "nothing is signed");
    assert_eq!(outside(fixture).checkpoints.len(), 1);
}

async fn verified(fixture: &Fixture, beside: ExtraChecks) -> Report {
    let outside = outside(fixture).checkpoints;
    verify_with(&fixture.log, &fixture.ledger, outside, &[Fixture::key()], beside, |_| {}).await.unwrap()
}

#[tokio::test]
async fn rewritten_history_with_rewritten_tables_is_not_signed() {
    let fixture = five().await;
    fixture.tamper("update log.events set data = '{}' where position = 2").await;
    fixture.tamper(FORGET).await;
    refused(&fixture).await;
    assert!(verified(&fixture, ExtraChecks::default()).await.broken.is_some());
}

#[tokio::test]
async fn restored_backup_and_later_events_are_not_signed() {
    let fixture = five().await;
    fixture.tamper("delete from log.events where position > 3; update log.head set position = 3").await;
    fixture.tamper(FORGET).await;
    refused(&fixture).await;
    fixture.append("thing-2", some(4)).await;
    refused(&fixture).await;
}

#[tokio::test]
async fn running_notary_detects_a_rewrite_before_signing() {
    let fixture = five().await;
    let notary = fixture.patient_notary();
    notary.catch_up().await.unwrap();
    fixture.append("thing-2", some(1)).await;
    fixture.tamper("update log.events set data = '{}' where position = 2").await;
    fixture.tamper(FORGET).await;
    // Also without the file, by its own last signature.
    std::fs::remove_file(fixture.file().path()).unwrap();
    let signed = fixture
        .notary(audit::NotarySettings { interval: std::time::Duration::from_secs(3_600), max_events: 1 });
    signed.catch_up().await.expect("a notary without the checkpoint file cannot tell");
    let outcome = notary.catch_up().await;
    assert!(matches!(outcome, Err(NotaryError::Rewritten { number: 5, .. })), "{outcome:?}");
}

#[tokio::test]
async fn report_without_the_checkpoint_file_says_so() {
    let fixture = five().await;
    assert_eq!(verified(&fixture, ExtraChecks::default()).await.outside, 1);
    fixture.tamper("update log.events set data = '{}' where position = 2").await;
    fixture.tamper(FORGET).await;
    let kept = std::fs::read(fixture.file().path()).unwrap();
    std::fs::remove_file(fixture.file().path()).unwrap();
    fixture.patient_notary().catch_up().await.unwrap();
    std::fs::remove_file(fixture.file().path()).unwrap();
    let report = verified(&fixture, ExtraChecks::default()).await;
    assert_eq!((report.broken.clone(), report.outside), (None, 0));
    std::fs::write(fixture.file().path(), kept).unwrap();
    assert!(verified(&fixture, ExtraChecks::default()).await.broken.is_some(), "the file tells");
}

#[tokio::test]
async fn accepted_lineage_is_signed_and_the_file_keeps_both_histories() {
    let fixture = five().await;
    fixture.tamper("update log.events set data = '{}' where position = 2").await;
    refused_in_place(&fixture).await;
    let key = Fixture::vault().signing_key();
    let last = outside(&fixture).checkpoints[0].chain();
    let note = Note::sign(NoteKind::Lineage, last, chrono::Utc::now(), "settled".into(), &key);
    fixture.file().append_note(&note).unwrap();
    fixture.ledger.reset(true).await.unwrap();
    fixture.patient_notary().catch_up().await.unwrap();
    let report = verified(&fixture, ExtraChecks::default()).await;
    assert_eq!((report.broken, report.outside, report.checkpoints), (None, 1, 1));
    assert_eq!(outside(&fixture).notes, [note]);
}

/// Here the chain's own tables reveal the change.
async fn refused_in_place(fixture: &Fixture) {
    fixture.tamper(FORGET).await;
    assert!(fixture.patient_notary().catch_up().await.is_err());
}

fn journal(fixture: &Fixture) -> Journal {
    Journal::new(fixture.log.clone(), Keyring::memory(), &Fixture::vault())
}

async fn happens(journal: &Journal, stream: StreamName, event: impl Into<Event>) -> u64 {
    let meta = Meta::new(chrono::DateTime::UNIX_EPOCH, "test");
    let entry = Entry { stream, expected: Expected::Any, events: vec![event.into()], meta, command: None };
    journal.append(entry).await.unwrap().position
}

async fn settings(journal: &Journal) {
    let settings = Personal::of_account(ANNA, "{}".to_owned());
    let replaced = AccountEvent::from(account::UiSettingsReplaced { settings });
    happens(journal, StreamName::account(ANNA), replaced).await;
}

fn guard() -> Guard {
    Guard::new(Fixture::vault().event_mac())
}

#[tokio::test]
async fn foreign_event_is_signed_only_after_it_is_skipped() {
    let fixture = Fixture::new().await;
    let journal = journal(&fixture);
    settings(&journal).await;
    fixture.append("thing-1", some(1)).await;
    let notary = || fixture.patient_notary().guarded(guard());
    for _ in 0..2 {
        let outcome = notary().catch_up().await;
        assert!(matches!(outcome, Err(NotaryError::ForeignEvent(2))), "also after a restart: {outcome:?}");
    }
    assert_eq!(fixture.ledger.checkpoints().await.unwrap(), []);
    assert_eq!(fixture.entries().await.len(), 2, "it is hashed all the same: evidence");
    let beside = || ExtraChecks { guard: Some(guard()), ..ExtraChecks::default() };
    let report = verified(&fixture, beside()).await;
    assert_eq!(
        report.not_ours.iter().map(|one| (one.position, &*one.stream)).collect::<Vec<_>>(),
        [(2, "thing-1")]
    );

    let event = fixture.history().await[1].id;
    let skipped = projection::Skipped { stream: "thing-1".into(), event, reason: "forged".into() };
    let forged = serde_json::json!({"stream": "thing-1", "event": event, "reason": "x"});
    let meta = crate::fixture::meta("projection.skip");
    fixture
        .append("projection-read", vec![crate::fixture::event("projection.skipped.v1", &forged, &meta)])
        .await;
    let outcome = notary().catch_up().await;
    assert!(
        matches!(outcome, Err(NotaryError::ForeignEvent(2))),
        "a forged ruling rules nothing: {outcome:?}"
    );
    let ruled = fixture.history().await[2].id;
    happens(&journal, StreamName::projection(), ProjectionEvent::from(skipped.clone())).await;
    let too = projection::Skipped { event: ruled, ..skipped };
    happens(&journal, StreamName::projection(), ProjectionEvent::from(too)).await;
    notary().catch_up().await.unwrap();
    assert_eq!(fixture.ledger.checkpoints().await.unwrap().len(), 1);
    assert!(outside(&fixture).is_guarded(), "the checkpoint file notes that events carry codes");
}

#[tokio::test]
async fn key_lost_without_an_erasure_is_reported() {
    let fixture = Fixture::new().await;
    let journal = journal(&fixture);
    settings(&journal).await;
    let other = Subject::Account(AccountId(Uuid::from_u128(2)));
    let beside =
        |keys: &[(Subject, bool)]| ExtraChecks { guard: Some(guard()), keys: keys.iter().copied().collect() };
    let anna = Subject::Account(ANNA);
    let report = verified(&fixture, beside(&[(anna, false)])).await;
    assert!(report.keys_lost.is_empty() && report.without_key.is_empty());
    let report = verified(&fixture, beside(&[(anna, true)])).await;
    assert_eq!(report.keys_lost, [anna.to_string()]);
    let report = verified(&fixture, beside(&[(other, false)])).await;
    assert_eq!(report.without_key.into_iter().collect::<Vec<_>>(), [anna], "its row was deleted");
    let erased = account::Erased {
        receipt: ReceiptId(Uuid::from_u128(9)),
        asked_by: ErasureAsker::Person,
        reason: ErasureReason::Wish,
    };
    happens(&journal, StreamName::account(ANNA), AccountEvent::from(erased)).await;
    let report = verified(&fixture, beside(&[(anna, true)])).await;
    assert_eq!(report.keys_lost, Vec::<String>::new());
    assert_eq!(
        report.chain,
        fixture.history().await.iter().fold(Chain::START, |chain, event| chain.then(event))
    );
    assert_eq!(verified(&fixture, ExtraChecks { guard: None, keys: BTreeMap::new() }).await.not_ours, []);
}
