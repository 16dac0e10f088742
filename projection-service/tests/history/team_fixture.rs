//! A team with a group and an integration, and a running projection.

use crate::{
    fixture::Fixture,
    sample_events::{group_created, group_settings, team_created},
};
use chrono::{DateTime, Utc};
use event_log::Expected;
use events::{
    AccountEvent, AccountId, ContactId, Event, GroupId, IntegrationId, MessageEvent, MessageId, MessageKey,
    Meta, Personal, StreamName, TeamEvent, TeamId, account,
    chat::ChatRef,
    contact, integration,
    message::{self, Author},
    value::{ContactOrigin, ContactStatus, IntegrationKind},
};
use read_model::schema::READ_SCHEMA;
use secrets::{
    journal::Entry,
    vault::{Place, Vault},
};
use std::{collections::BTreeMap, ops::Deref, sync::Mutex};
use tokio::task::JoinHandle;
use uuid::Uuid;

pub(crate) const ACCOUNT: AccountId = AccountId(Uuid::from_u128(0x10));
pub(crate) const CONTACT: ContactId = ContactId(Uuid::from_u128(0x20));
pub(crate) const TEAM: TeamId = TeamId(Uuid::from_u128(0x30));
pub(crate) const GROUP: GroupId = GroupId(Uuid::from_u128(0x40));
pub(crate) const INTEGRATION: IntegrationId = IntegrationId(Uuid::from_u128(0x50));

/// A fixture with a team, whose projection runs until it is stopped.
pub(crate) struct TeamFixture {
    fixture: Fixture,
    pub(crate) vault: Vault,
    running: Mutex<JoinHandle<()>>,
}

impl Deref for TeamFixture {
    type Target = Fixture;

    fn deref(&self) -> &Fixture {
        &self.fixture
    }
}

impl TeamFixture {
    pub(crate) async fn create() -> Self {
        let vault = Vault::new(&[7; 32]);
        let fixture = Fixture::create(vault.clone()).await;
        let running = Mutex::new(tokio::spawn(fixture.projector.clone().run()));
        let team = Self { fixture, vault, running };
        for (stream, event) in opening() {
            team.append(stream, event).await;
        }
        team
    }

    /// Appends an event and returns its position.
    pub(crate) async fn append(&self, stream: StreamName, event: Event) -> u64 {
        let now = DateTime::<Utc>::from_timestamp(1_800_000_000, 0).unwrap();
        let meta = Meta { actor: Some(ACCOUNT), ..Meta::new(now, "test") };
        let entry = Entry { stream, expected: Expected::Any, events: vec![event], meta, command: None };
        self.journal.append(entry).await.unwrap().position
    }

    /// Changes group and URL of the team's integration.
    pub(crate) async fn set_webhook(&self, group: GroupId, url: &str) -> u64 {
        let settings = webhook_settings((TEAM, group), url);
        let changed = integration::Changed { integration: INTEGRATION, settings };
        self.append(StreamName::team(TEAM), TeamEvent::from(changed).into()).await
    }

    /// Gives the team's integration a key that opens; the events have none.
    pub(crate) async fn seal_integration_key(&self) {
        sqlx::query("UPDATE integration SET key_sealed = $1")
            .bind(self.vault.seal(b"key", Place::Integration(TEAM, INTEGRATION)).unwrap())
            .execute(&self.pool)
            .await
            .unwrap();
    }

    /// Stops the projection and rebuilds the read model.
    pub(crate) async fn rebuild(&self) {
        self.stop();
        self.fixture.rebuild().await;
    }

    /// Stops the projection.
    pub(crate) fn stop(&self) {
        self.running.lock().unwrap().abort();
    }

    /// Starts the projection again.
    pub(crate) fn start(&self) {
        *self.running.lock().unwrap() = tokio::spawn(self.projector.clone().run());
    }

    /// The head of the log.
    pub(crate) async fn head(&self) -> u64 {
        self.journal.log().head().await.unwrap()
    }

    /// All rows of the served read model, by table.
    pub(crate) async fn dump(&self) -> BTreeMap<String, Vec<String>> {
        self.dump_of(READ_SCHEMA).await
    }

    /// All rows of a schema, by table.
    pub(crate) async fn dump_of(&self, schema: &str) -> BTreeMap<String, Vec<String>> {
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = $1")
                .bind(schema)
                .fetch_all(&self.pool)
                .await
                .unwrap();
        let mut dump = BTreeMap::new();
        for table in tables {
            let rows = self.rows_of(schema, &table).await;
            dump.insert(table, rows);
        }
        dump
    }

    /// The result of a query for one number.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    pub(crate) async fn tear_down(self) {
        self.stop();
        self.fixture.drop_database().await;
    }
}

/// Settings of an enabled integration with a webhook.
pub(crate) fn webhook_settings((team, group): (TeamId, GroupId), url: &str) -> integration::Settings {
    let own = |text: &str| Personal::of_team(team, text.to_owned());
    integration::Settings { comment: own("сборка"), enabled: true, group, webhook_url: own(url) }
}

pub(crate) fn message_id(n: u128) -> MessageId {
    MessageId(Uuid::from_u128(0x9000 + n))
}

/// The stream of a message of the team.
pub(crate) fn stream_of(message: MessageId) -> StreamName {
    StreamName::message(MessageKey { team: TEAM, message })
}

/// A post in the group.
pub(crate) fn posted(message: MessageId, text: &str) -> Event {
    MessageEvent::from(posted_in((TEAM, GROUP), CONTACT, message, text)).into()
}

/// A post in a group of any team.
pub(crate) fn posted_in(
    (team, group): (TeamId, GroupId),
    author: ContactId,
    message: MessageId,
    text: &str,
) -> message::Posted {
    message::Posted {
        message,
        team,
        chat: ChatRef::Group(group),
        author: Author::Contact(author),
        text: Personal::of_team(team, text.to_owned()),
        important: false,
        nopreview: false,
        silently: false,
        reply_to: None,
        linked_messages: vec![],
        uploads: vec![],
        editable_until: DateTime::from_timestamp(1_900_000_000, 0).unwrap(),
    }
}

/// An account with a team, a group, and an integration in the group.
fn opening() -> Vec<(StreamName, Event)> {
    let own = |text: &str| Personal::of_account(ACCOUNT, text.to_owned());
    let registered = account::Registered {
        account: ACCOUNT,
        phone: own("+79166660001"),
        phone_hash: "0".repeat(64),
        given_name: own("Анна"),
        family_name: own(""),
        added_by: None,
    };
    let contact = contact::Added {
        contact: CONTACT,
        account: ACCOUNT,
        origin: ContactOrigin::Added,
        phone: own("+79166660001"),
        given_name: own("Анна"),
        family_name: own(""),
        role: own(""),
        status: ContactStatus::Owner,
        need_confirmation: false,
    };
    let group = group_created((TEAM, GROUP), CONTACT, group_settings(TEAM, "Общий чат", true));
    let integration = integration::Created {
        integration: INTEGRATION,
        kind: IntegrationKind::Raw,
        key_sealed: "…".into(),
        key_hash: "k".into(),
        settings: webhook_settings((TEAM, GROUP), "https://example.org/hook"),
    };
    vec![
        (StreamName::account(ACCOUNT), AccountEvent::from(registered).into()),
        (StreamName::team(TEAM), team_created(TEAM, CONTACT, "Полк")),
        (StreamName::team(TEAM), TeamEvent::from(contact).into()),
        (StreamName::chat(GROUP), group),
        (StreamName::team(TEAM), TeamEvent::from(integration).into()),
    ]
}
