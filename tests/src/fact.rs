//! Appends events that no call produces to the log of a running product.

use crate::{
    exchange::Call,
    person::Person,
    world::{World, master_key},
};
use chrono::{SubsecRound, Utc};
use event_log::{Expected, Log, PostgresLog, PostgresSettings};
use events::{
    Event, MessageEvent, Meta, Personal, StreamName, Subject, TeamEvent, TeamId, message::Posted, team,
};
use http::Method;
use secrets::{
    journal::{Entry, Journal},
    keyring::Keyring,
    vault::Vault,
};
use uuid::Uuid;

/// Sets a team's quota for files, in bytes. Returns once `witness`, a member, can read it.
pub async fn uploads_size_limit(world: &World, witness: &Person, team: &str, limit: u64) {
    let id: TeamId = Uuid::parse_str(team).expect("a team's id").into();
    let settings = team::Settings {
        default_task_deadline: "18:00:00".into(),
        max_message_update_age: 86_400,
        uploads_size_limit: limit,
    };
    // Without the value the name counts as erased, which this test does not mind.
    let name = Personal { subject: Subject::Team(id), within: None, value: None };
    let event = Event::from(TeamEvent::from(team::Changed { name, settings }));
    state(world, witness, (StreamName::team(id), Expected::Exists), event).await;
}

/// Posts a message into a stream of the earlier form. Returns once `witness` can read it.
pub async fn message_of_the_earlier_form(world: &World, witness: &Person, posted: Posted) {
    let stream = StreamName::message_by_id(posted.message);
    let event = MessageEvent::from(posted).into();
    state(world, witness, (stream, Expected::NoStream), event).await;
}

async fn state(world: &World, witness: &Person, (stream, expected): (StreamName, Expected), event: Event) {
    let pool = world.pool().await;
    let opened = PostgresLog::open(pool.clone(), PostgresSettings::default()).await;
    let log = Log::Postgres(opened.expect("the log can be opened"));
    let vault = Vault::from_hex(&master_key()).expect("a master key");
    let journal = Journal::new(log, Keyring::postgres(pool, vault.clone()), &vault);
    let meta = Meta::new(Utc::now().trunc_subsecs(6), "test.fact");
    let entry = Entry { stream, expected, events: vec![event], meta, command: None };
    let appended = journal.append(entry).await.expect("the fact can be stated");
    journal.log().close().await;
    let call = Call::new(Method::GET, "/api/v3/me", crate::exchange::Body::Empty);
    witness.client.send(call.header("Min-Event-Position", appended.position.to_string())).await.ok();
}
