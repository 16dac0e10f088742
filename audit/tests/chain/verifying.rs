//! Verification of a log: for any change by its owner the first position that fails is named.

use crate::fixture::{Fixture, some};
use audit::{Break, Checkpoint, Fault, NotaryError, Report, read_checkpoints, verify};
use secrets::vault::Vault;

/// Ten events, signed at 4 and at 8, all hashed.
async fn ten() -> Fixture {
    let fixture = Fixture::new().await;
    for count in [4, 4] {
        fixture.append("thing-1", some(count)).await;
        fixture.patient_notary().catch_up().await.unwrap();
    }
    fixture.append("thing-2", some(2)).await;
    // Hashed but not signed: the next signature is not due yet.
    let running = tokio::spawn(fixture.patient_notary().run());
    fixture.until_noted(10).await;
    running.abort();
    fixture
}

async fn verified(fixture: &Fixture) -> Report {
    let (outside, _) = read_checkpoints(fixture.file().path()).unwrap();
    verify(&fixture.log, &fixture.ledger, outside, &[Fixture::key()], |_| {}).await.unwrap()
}

async fn broken(fixture: &Fixture) -> Break {
    verified(fixture).await.broken.expect("a break is reported")
}

#[tokio::test]
async fn unchanged_log_is_verified() {
    let fixture = ten().await;
    fixture.append("thing-3", some(1)).await;
    let report = verified(&fixture).await;
    assert_eq!(report.broken, None);
    assert_eq!((report.events, report.checkpoints, report.not_hashed, report.not_signed()), (11, 2, 1, 3));
}

#[tokio::test]
async fn flipped_byte_is_reported_at_its_position() {
    for column in ["data", "meta"] {
        let fixture = ten().await;
        let flip = match column {
            "data" => {
                "update log.events set data = set_byte(data, 3, get_byte(data, 3) # 1) where position = 6"
            }
            _ => "update log.events set meta = set_byte(meta, 3, get_byte(meta, 3) # 1) where position = 6",
        };
        fixture.tamper(flip).await;
        let found = broken(&fixture).await;
        assert_eq!((found.number, found.position, found.why), (6, Some(6), Fault::Changed));
    }
}

#[tokio::test]
async fn swapped_events_are_reported() {
    let fixture = ten().await;
    fixture
        .tamper(
            "update log.events set position = 100 where position = 3;
             update log.events set position = 3 where position = 5;
             update log.events set position = 5 where position = 100",
        )
        .await;
    let found = broken(&fixture).await;
    assert_eq!((found.position, found.why), (Some(3), Fault::Changed));
}

#[tokio::test]
async fn missing_event_is_reported_with_and_without_a_gap() {
    let fixture = ten().await;
    fixture.tamper("delete from log.events where position = 7").await;
    let found = broken(&fixture).await;
    assert_eq!((found.number, found.position, found.why), (7, Some(7), Fault::Missing));
    fixture
        .tamper(
            "update log.events set position = position - 1 where position > 7; update log.head set position = 9",
        )
        .await;
    let found = broken(&fixture).await;
    assert_eq!((found.position, found.why), (Some(7), Fault::Changed));
}

#[tokio::test]
async fn cut_tail_is_reported_by_hashes_and_by_checkpoints() {
    let fixture = ten().await;
    fixture.tamper("delete from log.events where position > 5; update log.head set position = 5").await;
    let found = broken(&fixture).await;
    assert_eq!((found.number, found.position, found.after, found.why), (6, Some(6), 5, Fault::Missing));
    // If the owner also cuts the chain and the checkpoints in the database, the file reveals it.
    fixture
        .tamper(
            "delete from audit.entry where number > 5; delete from audit.checkpoint where number > 5;
             update audit.head set number = 5, position = 5,
                    hash = (select hash from audit.entry where number = 5)",
        )
        .await;
    let found = broken(&fixture).await;
    assert!(matches!(found.why, Fault::Cut { number: 8, .. }), "{found:?}");
    assert_eq!((found.number, found.after), (6, 5));
}

#[tokio::test]
async fn rehashed_history_fails_at_the_checkpoint() {
    let fixture = ten().await;
    fixture.tamper("update log.events set data = '{}' where position = 6").await;
    fixture.ledger.reset(false).await.unwrap();
    let refused = fixture.patient_notary().catch_up().await;
    assert!(matches!(refused, Err(NotaryError::Rewritten { number: 8, .. })), "{refused:?}");
    let found = broken(&fixture).await;
    assert!(matches!(found.why, Fault::NotAsSigned { from: 5, .. }), "{found:?}");
    assert_eq!((found.number, found.after), (8, 7), "between what was signed before and what was after");
}

#[tokio::test]
async fn wrong_index_entry_is_reported() {
    let fixture = ten().await;
    fixture.tamper("update audit.entry set actor = gen_random_uuid() where number = 4").await;
    let found = broken(&fixture).await;
    assert_eq!((found.number, found.position, found.why), (4, Some(4), Fault::Index));
    fixture.tamper("delete from audit.entry where number = 2").await;
    let found = broken(&fixture).await;
    assert_eq!((found.number, found.position, found.why), (2, Some(2), Fault::Index));
}

#[tokio::test]
async fn checkpoint_with_an_untrusted_key_is_refused() {
    let fixture = ten().await;
    let head = fixture.ledger.head().await.unwrap();
    let stranger = Vault::new(&[6; 32]).signing_key();
    let strange = Checkpoint::sign(head.chain, head.position, chrono::Utc::now(), &stranger);
    let keys = [Fixture::key(), stranger.public()];
    let verified = |keys| verify(&fixture.log, &fixture.ledger, vec![strange.clone()], keys, |_| {});
    assert_eq!(verified(&keys).await.unwrap().broken, None, "who trusts both, as after a change of keys");
    let found = verified(&keys[..1]).await.unwrap().broken.expect("a break is reported");
    assert!(matches!(found.why, Fault::Checkpoint(audit::BadSignature::OtherKey)), "{found:?}");
}
