//! An operator skips an event that the shadow has applied but the served read model has not: neither has it afterwards.

use crate::{
    parked::body,
    shadow::differences,
    team_fixture::{TeamFixture, message_id, posted, stream_of},
};
use events::{ProjectionEvent, StreamName, projection};
use projection_service::{SHADOW_SCHEMA, Shadow};

/// A shadow that has applied an event which the served read model rejects.
async fn poisoned() -> (TeamFixture, Shadow) {
    let team = TeamFixture::create().await;
    let refuse = "ALTER TABLE read.message ADD CONSTRAINT no_poison CHECK (body <> 'яд')";
    sqlx::query(refuse).execute(&team.pool).await.unwrap();
    let (bad, good) = (message_id(1), message_id(2));
    team.append(stream_of(bad), posted(bad, "яд")).await;
    let last = team.append(stream_of(good), posted(good, "вода")).await;
    team.projected(last).await;
    let mut shadow = Shadow::open(team.journal.clone(), team.read.clone()).await.unwrap();
    shadow.fill(|_| {}).await.unwrap();
    assert_eq!(body(&team, bad).await, None);
    assert!(team.dump_of(SHADOW_SCHEMA).await["message"].iter().any(|row| row.contains("яд")));
    (team, shadow)
}

/// Skips the parked event and returns the position of the ruling.
async fn skip(team: &TeamFixture) -> u64 {
    let parked = team.read.parked_streams().list().await.unwrap().remove(0);
    let reason = "дурная сборка".to_owned();
    let skipped = projection::Skipped { stream: parked.stream, event: parked.event, reason };
    team.append(StreamName::projection(), ProjectionEvent::from(skipped).into()).await
}

/// Asserts that the served rows equal a rebuild and do not have the event.
async fn assert_skipped(team: TeamFixture) {
    assert_eq!(body(&team, message_id(1)).await, None);
    assert_eq!(body(&team, message_id(2)).await.unwrap(), "вода");
    assert_eq!(team.read.parked_streams().list().await.unwrap(), []);
    let served = team.dump().await;
    team.rebuild().await;
    assert_eq!(team.dump().await, served);
    team.tear_down().await;
}

#[tokio::test]
async fn event_skipped_while_a_shadow_is_filled_is_not_in_the_switched_read_model() {
    let (team, mut shadow) = poisoned().await;
    let ruled = skip(&team).await;
    team.projected(ruled).await;
    assert_eq!(shadow.switch().await.unwrap(), ruled);
    assert_skipped(team).await;
}

#[tokio::test]
async fn event_skipped_between_two_runs_makes_the_shadow_start_again() {
    let (team, shadow) = poisoned().await;
    drop(shadow);
    let ruled = skip(&team).await;
    team.projected(ruled).await;
    assert_eq!(differences(&team).await, [], "both are without it");
    let mut shadow = Shadow::open(team.journal.clone(), team.read.clone()).await.unwrap();
    assert_eq!(shadow.fill(|_| {}).await.unwrap().events, 0, "the shadow was restarted by `differences`");
    shadow.switch().await.unwrap();
    assert_skipped(team).await;
}

#[tokio::test]
async fn event_skipped_after_the_switch_stays_parked_until_its_ruling() {
    let (team, mut shadow) = poisoned().await;
    let served = team.read.known();
    team.stop();
    let ruled = skip(&team).await;
    assert_eq!(shadow.switch().await.unwrap(), served);
    assert_eq!(body(&team, message_id(1)).await, None);
    assert_eq!(team.read.parked_streams().list().await.unwrap().len(), 1, "as before");
    team.start();
    team.projected(ruled).await;
    assert_skipped(team).await;
}
