//! States facts in a world's log directly: for what has happened although no call makes it happen.

use crate::{exchange::Call, person::Person, world::World};
use chrono::{SubsecRound, Utc};
use event_log::{Append, Expected, Log, NewEvent, PostgresLog, PostgresSettings};
use events::{Event, EventId, Meta, Personal, StreamName, Subject, TeamEvent, TeamId, team};
use http::Method;
use uuid::Uuid;

/// A team has room for so many bytes of files. Returns when `witness`, who is in it, can read that.
///
/// # Panics
/// The id is none, or the log cannot be written.
pub async fn uploads_size_limit(world: &World, witness: &Person, team: &str, limit: u64) {
    let id: TeamId = Uuid::parse_str(team).expect("a team's id").into();
    let settings = team::Settings {
        default_task_deadline: "18:00:00".into(),
        max_message_update_age: 86_400,
        uploads_size_limit: limit,
    };
    // Without the value it is as if the name were erased: nobody needs it here.
    let name = Personal { subject: Subject::Team(id), within: None, value: None };
    let event = Event::from(TeamEvent::from(team::Changed { name, settings }));
    let position = state(world, StreamName::team(id), &event).await;
    let call = Call::new(Method::GET, "/api/v3/me", crate::exchange::Body::Empty);
    witness.client.send(call.header("Min-Event-Position", position.to_string())).await.ok();
}

async fn state(world: &World, stream: StreamName, event: &Event) -> u64 {
    let meta = Meta::new(Utc::now().trunc_subsecs(6), "test.fact");
    let json = |value: serde_json::Result<Vec<u8>>| value.expect("an event is JSON").into();
    let fact = NewEvent {
        id: EventId(Uuid::new_v4()),
        kind: event.kind().into(),
        data: json(event.payload().and_then(|payload| serde_json::to_vec(&payload))),
        meta: json(serde_json::to_vec(&meta)),
    };
    let opened = PostgresLog::open(world.pool().await, PostgresSettings::default()).await;
    let log = Log::Postgres(opened.expect("the log can be opened"));
    let append = Append { stream, expected: Expected::Exists, events: vec![fact], command: None };
    let appended = log.append(append).await.expect("the fact can be stated");
    log.close().await;
    appended.position
}
