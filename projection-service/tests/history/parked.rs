//! A damaged event parks its stream until an operator rules about it; other streams go on.

use crate::team_fixture::{TEAM, TeamFixture, message_id, posted, stream_of};
use bytes::Bytes;
use event_log::{Append, Expected, NewEvent};
use events::{EventId, MessageEvent, MessageId, Personal, ProjectionEvent, StreamName, message, projection};
use uuid::Uuid;

/// Appends an event that the program cannot decode.
async fn damage(team: &TeamFixture, stream: &StreamName, kind: &str, data: &str) -> u64 {
    let meta = r#"{"at":"2026-01-01T00:00:00Z","command":"test","app":"test"}"#;
    let event = NewEvent {
        id: EventId(Uuid::now_v7()),
        kind: kind.to_owned(),
        data: Bytes::copy_from_slice(data.as_bytes()),
        meta: Bytes::from_static(meta.as_bytes()),
    };
    let log = team.journal.log();
    let revision = log.read_stream(stream, 0, 100).await.unwrap().len() as u64;
    let event = team.vault.event_mac().mark(stream, revision, event);
    let append =
        Append { stream: stream.clone(), expected: Expected::Any, events: vec![event], command: None };
    log.append(append).await.unwrap().position
}

async fn edit(team: &TeamFixture, message: MessageId, text: &str) -> u64 {
    let edited = message::Edited {
        text: Personal::of_team(TEAM, text.to_owned()),
        important: false,
        nopreview: false,
    };
    team.append(stream_of(message), MessageEvent::from(edited).into()).await
}

pub(crate) async fn body(team: &TeamFixture, message: MessageId) -> Option<String> {
    sqlx::query_scalar("SELECT body FROM message WHERE uid = $1")
        .bind(message.0)
        .fetch_optional(&team.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn damaged_event_parks_its_stream_only() {
    let team = TeamFixture::create().await;
    let (bad, good) = (message_id(1), message_id(2));
    let stream = stream_of(bad);
    team.append(stream.clone(), posted(bad, "раз")).await;
    let at = damage(&team, &stream, "message.sung.v9", "{}").await;
    edit(&team, bad, "два").await;
    team.append(stream_of(good), posted(good, "три")).await;
    damage(&team, &stream_of(message_id(3)), "message.posted.v1", r#"{"message":"Вася"}"#).await;
    let last = edit(&team, good, "четыре").await;
    team.projected(last).await;

    assert_eq!(body(&team, good).await.unwrap(), "четыре");
    assert_eq!(body(&team, bad).await.unwrap(), "раз", "the events after the damaged one wait");
    let parked = team.read.parked_streams().list().await.unwrap();
    let place: Vec<_> =
        parked.iter().map(|parked| (&*parked.stream, parked.position, parked.waiting)).collect();
    let third = stream_of(message_id(3));
    assert_eq!(place, [(stream.as_str(), at, 1), (third.as_str(), last - 1, 0)]);
    assert!(parked[0].error.contains("message.sung.v9"), "{}", parked[0].error);
    assert!(!parked[1].error.contains("Вася"), "no value of the event: {}", parked[1].error);
    team.tear_down().await;
}

#[tokio::test]
async fn skipped_event_is_not_applied_and_rebuild_gives_the_same_rows() {
    let team = TeamFixture::create().await;
    let bad = message_id(1);
    let stream = stream_of(bad);
    team.append(stream.clone(), posted(bad, "раз")).await;
    damage(&team, &stream, "message.edited.v1", "{").await;
    edit(&team, bad, "два").await;
    damage(&team, &stream, "message.sung.v9", "{}").await;
    let last = edit(&team, bad, "три").await;
    team.projected(last).await;

    let skip = async || {
        let parked = team.read.parked_streams().list().await.unwrap().remove(0);
        let reason = "дурная сборка".to_owned();
        let skipped = projection::Skipped { stream: parked.stream, event: parked.event, reason };
        let ruled = team.append(StreamName::projection(), ProjectionEvent::from(skipped).into()).await;
        team.projected(ruled).await;
        ruled
    };
    let ruled = skip().await;
    assert_eq!(body(&team, bad).await.unwrap(), "два", "up to the next one that is damaged");
    let told: i64 = sqlx::query_scalar("SELECT max(position) FROM feed").fetch_one(&team.pool).await.unwrap();
    assert_eq!(told.unsigned_abs(), ruled, "notices of waiting events have the position of the ruling");
    skip().await;
    assert_eq!(body(&team, bad).await.unwrap(), "три");
    assert_eq!(team.read.parked_streams().list().await.unwrap(), []);

    let live = team.dump().await;
    team.rebuild().await;
    assert_eq!(team.dump().await, live);
    team.tear_down().await;
}

#[tokio::test]
async fn event_rejected_by_the_database_is_parked_and_applied_on_retry() {
    let team = TeamFixture::create().await;
    let refuse = "ALTER TABLE read.message ADD CONSTRAINT no_poison CHECK (body <> 'яд')";
    sqlx::query(refuse).execute(&team.pool).await.unwrap();
    let (bad, good) = (message_id(1), message_id(2));
    team.append(stream_of(bad), posted(bad, "яд")).await;
    let last = team.append(stream_of(good), posted(good, "вода")).await;
    team.projected(last).await;
    assert_eq!((body(&team, bad).await, body(&team, good).await), (None, Some("вода".to_owned())));
    let parked = team.read.parked_streams().list().await.unwrap().remove(0);
    assert!(parked.error.contains("23514, constraint no_poison"), "{}", parked.error);

    let retry = async || {
        let retried = projection::Retried { stream: parked.stream.clone() };
        let ruled = team.append(StreamName::projection(), ProjectionEvent::from(retried).into()).await;
        team.projected(ruled).await;
    };
    retry().await;
    assert_eq!(team.read.parked_streams().list().await.unwrap().len(), 1, "it is refused as before");
    sqlx::query("ALTER TABLE read.message DROP CONSTRAINT no_poison").execute(&team.pool).await.unwrap();
    retry().await;
    assert_eq!(team.read.parked_streams().list().await.unwrap(), []);
    assert_eq!(body(&team, bad).await.unwrap(), "яд");
    team.tear_down().await;
}
