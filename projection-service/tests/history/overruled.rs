//! An operator skips an event that the read model beside the served one has applied: it is in neither.

use crate::{
    parked::body,
    shadow::differences,
    stage::{Stage, message_id, posted},
};
use events::{ProjectionEvent, StreamName, projection};
use projection_service::{SHADOW_SCHEMA, Shadow};

/// The program that is served from refuses what the one of the shadow can apply; answers a shadow that has done so.
async fn poisoned() -> (Stage, Shadow) {
    let stage = Stage::set().await;
    let refuse = "ALTER TABLE read.message ADD CONSTRAINT no_poison CHECK (body <> 'яд')";
    sqlx::query(refuse).execute(&stage.pool).await.unwrap();
    let (bad, good) = (message_id(1), message_id(2));
    stage.append(StreamName::message(bad), posted(bad, "яд")).await;
    let last = stage.append(StreamName::message(good), posted(good, "вода")).await;
    stage.projected(last).await;
    let mut shadow = Shadow::open(stage.journal.clone(), stage.read.clone()).await.unwrap();
    shadow.fill(|_| {}).await.unwrap();
    assert_eq!(body(&stage, bad).await, None);
    assert!(stage.dump_of(SHADOW_SCHEMA).await["message"].iter().any(|row| row.contains("яд")));
    (stage, shadow)
}

/// Rules that the event is never applied; answers where that stands.
async fn skip(stage: &Stage) -> u64 {
    let parked = stage.read.parked_streams().list().await.unwrap().remove(0);
    let reason = "дурная сборка".to_owned();
    let skipped = projection::Skipped { stream: parked.stream, event: parked.event, reason };
    stage.append(StreamName::projection(), ProjectionEvent::from(skipped).into()).await
}

/// What is served is what a rebuild makes, and the event is not in it.
async fn is_obeyed(stage: Stage) {
    assert_eq!(body(&stage, message_id(1)).await, None);
    assert_eq!(body(&stage, message_id(2)).await.unwrap(), "вода");
    assert_eq!(stage.read.parked_streams().list().await.unwrap(), []);
    let served = stage.dump().await;
    stage.rebuild().await;
    assert_eq!(stage.dump().await, served);
    stage.strike().await;
}

#[tokio::test]
async fn event_skipped_while_a_shadow_is_filled_is_not_in_the_switched_read_model() {
    let (stage, mut shadow) = poisoned().await;
    let ruled = skip(&stage).await;
    stage.projected(ruled).await;
    assert_eq!(shadow.switch().await.unwrap(), ruled);
    is_obeyed(stage).await;
}

#[tokio::test]
async fn event_skipped_between_two_runs_makes_the_shadow_start_again() {
    let (stage, shadow) = poisoned().await;
    drop(shadow);
    let ruled = skip(&stage).await;
    stage.projected(ruled).await;
    assert_eq!(differences(&stage).await, [], "both are without it");
    let mut shadow = Shadow::open(stage.journal.clone(), stage.read.clone()).await.unwrap();
    assert_eq!(shadow.fill(|_| {}).await.unwrap().events, 0, "it was begun anew once");
    shadow.switch().await.unwrap();
    is_obeyed(stage).await;
}

#[tokio::test]
async fn event_skipped_after_the_switch_stays_parked_until_its_ruling() {
    let (stage, mut shadow) = poisoned().await;
    let served = stage.read.known();
    stage.still();
    let ruled = skip(&stage).await;
    assert_eq!(shadow.switch().await.unwrap(), served);
    assert_eq!(body(&stage, message_id(1)).await, None);
    assert_eq!(stage.read.parked_streams().list().await.unwrap().len(), 1, "as before");
    stage.goes_on();
    stage.projected(ruled).await;
    is_obeyed(stage).await;
}
