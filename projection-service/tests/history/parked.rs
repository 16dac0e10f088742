//! One bad event does not stop the others: its stream is parked, in order, until an operator has ruled.

use crate::stage::{Stage, TEAM, message_id, posted};
use bytes::Bytes;
use event_log::{Append, Expected, NewEvent};
use events::{EventId, MessageEvent, MessageId, Personal, ProjectionEvent, StreamName, message, projection};
use uuid::Uuid;

/// An event as no program of today writes it.
async fn damage(stage: &Stage, stream: &StreamName, kind: &str, data: &str) -> u64 {
    let meta = r#"{"at":"2026-01-01T00:00:00Z","command":"test","app":"test"}"#;
    let event = NewEvent {
        id: EventId(Uuid::now_v7()),
        kind: kind.to_owned(),
        data: Bytes::copy_from_slice(data.as_bytes()),
        meta: Bytes::from_static(meta.as_bytes()),
    };
    let log = stage.journal.log();
    let revision = log.read_stream(stream, 0, 100).await.unwrap().len() as u64;
    let event = stage.vault.event_mac().mark(stream, revision, event);
    let append =
        Append { stream: stream.clone(), expected: Expected::Any, events: vec![event], command: None };
    log.append(append).await.unwrap().position
}

async fn edit(stage: &Stage, message: MessageId, text: &str) -> u64 {
    let edited = message::Edited {
        text: Personal::of_team(TEAM, text.to_owned()),
        important: false,
        nopreview: false,
    };
    stage.append(StreamName::message(message), MessageEvent::from(edited).into()).await
}

pub(crate) async fn body(stage: &Stage, message: MessageId) -> Option<String> {
    sqlx::query_scalar("SELECT body FROM message WHERE uid = $1")
        .bind(message.0)
        .fetch_optional(&stage.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn damaged_event_parks_its_stream_only() {
    let stage = Stage::set().await;
    let (bad, good) = (message_id(1), message_id(2));
    let stream = StreamName::message(bad);
    stage.append(stream.clone(), posted(bad, "раз")).await;
    let at = damage(&stage, &stream, "message.sung.v9", "{}").await;
    edit(&stage, bad, "два").await;
    stage.append(StreamName::message(good), posted(good, "три")).await;
    damage(&stage, &StreamName::message(message_id(3)), "message.posted.v1", r#"{"message":"Вася"}"#).await;
    let last = edit(&stage, good, "четыре").await;
    stage.projected(last).await;

    assert_eq!(body(&stage, good).await.unwrap(), "четыре");
    assert_eq!(body(&stage, bad).await.unwrap(), "раз", "what comes behind the damaged one waits");
    let parked = stage.read.parked_streams().list().await.unwrap();
    let place: Vec<_> =
        parked.iter().map(|parked| (&*parked.stream, parked.position, parked.waiting)).collect();
    let third = StreamName::message(message_id(3));
    assert_eq!(place, [(stream.as_str(), at, 1), (third.as_str(), last - 1, 0)]);
    assert!(parked[0].error.contains("message.sung.v9"), "{}", parked[0].error);
    assert!(!parked[1].error.contains("Вася"), "no value of the event's: {}", parked[1].error);
    stage.strike().await;
}

#[tokio::test]
async fn skipped_event_is_not_applied_and_rebuild_gives_the_same_rows() {
    let stage = Stage::set().await;
    let bad = message_id(1);
    let stream = StreamName::message(bad);
    stage.append(stream.clone(), posted(bad, "раз")).await;
    damage(&stage, &stream, "message.edited.v1", "{").await;
    edit(&stage, bad, "два").await;
    damage(&stage, &stream, "message.sung.v9", "{}").await;
    let last = edit(&stage, bad, "три").await;
    stage.projected(last).await;

    let skip = async || {
        let parked = stage.read.parked_streams().list().await.unwrap().remove(0);
        let reason = "дурная сборка".to_owned();
        let skipped = projection::Skipped { stream: parked.stream, event: parked.event, reason };
        let ruled = stage.append(StreamName::projection(), ProjectionEvent::from(skipped).into()).await;
        stage.projected(ruled).await;
        ruled
    };
    let ruled = skip().await;
    assert_eq!(body(&stage, bad).await.unwrap(), "два", "up to the next one that is damaged");
    let told: i64 =
        sqlx::query_scalar("SELECT max(position) FROM feed").fetch_one(&stage.pool).await.unwrap();
    assert_eq!(told.unsigned_abs(), ruled, "what waited is told where the ruling stands");
    skip().await;
    assert_eq!(body(&stage, bad).await.unwrap(), "три");
    assert_eq!(stage.read.parked_streams().list().await.unwrap(), []);

    let live = stage.dump().await;
    stage.rebuild().await;
    assert_eq!(stage.dump().await, live);
    stage.strike().await;
}

#[tokio::test]
async fn event_rejected_by_the_database_is_parked_and_applied_on_retry() {
    let stage = Stage::set().await;
    let refuse = "ALTER TABLE read.message ADD CONSTRAINT no_poison CHECK (body <> 'яд')";
    sqlx::query(refuse).execute(&stage.pool).await.unwrap();
    let (bad, good) = (message_id(1), message_id(2));
    stage.append(StreamName::message(bad), posted(bad, "яд")).await;
    let last = stage.append(StreamName::message(good), posted(good, "вода")).await;
    stage.projected(last).await;
    assert_eq!((body(&stage, bad).await, body(&stage, good).await), (None, Some("вода".to_owned())));
    let parked = stage.read.parked_streams().list().await.unwrap().remove(0);
    assert!(parked.error.contains("23514, constraint no_poison"), "{}", parked.error);

    let retry = async || {
        let retried = projection::Retried { stream: parked.stream.clone() };
        let ruled = stage.append(StreamName::projection(), ProjectionEvent::from(retried).into()).await;
        stage.projected(ruled).await;
    };
    retry().await;
    assert_eq!(stage.read.parked_streams().list().await.unwrap().len(), 1, "it is refused as before");
    sqlx::query("ALTER TABLE read.message DROP CONSTRAINT no_poison").execute(&stage.pool).await.unwrap();
    retry().await;
    assert_eq!(stage.read.parked_streams().list().await.unwrap(), []);
    assert_eq!(body(&stage, bad).await.unwrap(), "яд");
    stage.strike().await;
}
