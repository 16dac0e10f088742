//! A team with a group in a log, and a projection that follows it: what the tests of this crate play on.

use bus::Bus;
use chrono::{DateTime, Utc};
use event_log::{Expected, Log, MemoryLog, testing::TestDatabase};
use events::{
    AccountEvent, AccountId, ChatEvent, ContactId, Event, GroupId, IntegrationId, MessageEvent, MessageId,
    Meta, Personal, StreamName, TeamEvent, TeamId, account,
    chat::{self, ChatRef},
    contact, integration,
    message::{self, Author},
    team,
    value::{ContactOrigin, ContactStatus, GroupStatus, IntegrationKind},
};
use projection_service::{Projector, rebuild};
use read_model::{
    ReadModel,
    schema::{READ_SCHEMA, inside},
};
use secrets::{
    journal::{Entry, Journal},
    keyring::Keyring,
    vault::Vault,
};
use sqlx::{AssertSqlSafe, PgPool};
use std::{collections::BTreeMap, sync::Mutex, time::Duration};
use tokio::task::JoinHandle;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const ACCOUNT: AccountId = AccountId(Uuid::from_u128(0x10));
pub(crate) const CONTACT: ContactId = ContactId(Uuid::from_u128(0x20));
pub(crate) const TEAM: TeamId = TeamId(Uuid::from_u128(0x30));
pub(crate) const GROUP: GroupId = GroupId(Uuid::from_u128(0x40));
pub(crate) const INTEGRATION: IntegrationId = IntegrationId(Uuid::from_u128(0x50));

/// See the file's head.
pub(crate) struct Stage {
    pub(crate) database: TestDatabase,
    pub(crate) pool: PgPool,
    pub(crate) vault: Vault,
    pub(crate) journal: Journal,
    pub(crate) keyring: Keyring,
    pub(crate) read: ReadModel,
    projector: Projector,
    running: Mutex<JoinHandle<()>>,
}

impl Stage {
    /// Sets it: the projection runs.
    pub(crate) async fn set() -> Self {
        let database = TestDatabase::create().await;
        let pool = PgPool::connect_with(inside(database.options(), READ_SCHEMA)).await.unwrap();
        read_model::schema::migrate(&pool, 0).await.unwrap();
        let vault = Vault::new(&[7; 32]);
        let read = ReadModel::new(pool.clone(), "http://127.0.0.1:8000", vault.clone());
        let keyring = Keyring::memory();
        let journal = Journal::new(Log::Memory(MemoryLog::new()), keyring.clone(), &vault);
        let projector = Projector::new(journal.clone(), read.clone(), vault.clone(), Bus::memory());
        let running = Mutex::new(tokio::spawn(projector.clone().run()));
        let stage = Self { database, pool, vault, journal, keyring, read, projector, running };
        for (stream, event) in opening() {
            stage.append(stream, event).await;
        }
        stage
    }

    /// One more event; answers its position.
    pub(crate) async fn append(&self, stream: StreamName, event: Event) -> u64 {
        let now = DateTime::<Utc>::from_timestamp(1_800_000_000, 0).unwrap();
        let meta = Meta { actor: Some(ACCOUNT), ..Meta::new(now, "test") };
        let entry = Entry { stream, expected: Expected::Any, events: vec![event], meta, command: None };
        self.journal.append(entry).await.unwrap().position
    }

    /// Waits until the rows show a position.
    pub(crate) async fn projected(&self, position: u64) {
        assert!(self.read.caught_up(position, PATIENCE).await.unwrap(), "the projection stands still");
    }

    /// The projection ends, and the read model is made anew.
    pub(crate) async fn rebuild(&self) {
        self.still();
        let done = rebuild(&self.projector, |_| {}).await.unwrap();
        assert_eq!(done.position, done.head);
    }

    /// The projection ends.
    pub(crate) fn still(&self) {
        self.running.lock().unwrap().abort();
    }

    /// The projection begins again.
    pub(crate) fn goes_on(&self) {
        *self.running.lock().unwrap() = tokio::spawn(self.projector.clone().run());
    }

    /// Where the log stands.
    pub(crate) async fn head(&self) -> u64 {
        self.journal.log().head().await.unwrap()
    }

    /// All rows of all tables that are served.
    pub(crate) async fn dump(&self) -> BTreeMap<String, Vec<String>> {
        self.dump_of(READ_SCHEMA).await
    }

    /// All rows of all tables of a schema.
    pub(crate) async fn dump_of(&self, schema: &str) -> BTreeMap<String, Vec<String>> {
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = $1")
                .bind(schema)
                .fetch_all(&self.pool)
                .await
                .unwrap();
        let mut dump = BTreeMap::new();
        for table in tables {
            let sql = format!("SELECT to_jsonb(t)::text FROM {schema}.{table} t ORDER BY 1");
            let rows = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&self.pool).await.unwrap();
            dump.insert(table, rows);
        }
        dump
    }

    /// The only number of a query.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    /// Takes it down.
    pub(crate) async fn strike(self) {
        self.still();
        self.pool.close().await;
        self.database.drop_now().await;
    }
}

pub(crate) fn message_id(n: u128) -> MessageId {
    MessageId(Uuid::from_u128(0x9000 + n))
}

/// A post in the group.
pub(crate) fn posted(message: MessageId, text: &str) -> Event {
    let posted = message::Posted {
        message,
        team: TEAM,
        chat: ChatRef::Group(GROUP),
        author: Author::Contact(CONTACT),
        text: Personal::of_team(TEAM, text.to_owned()),
        important: false,
        nopreview: false,
        silently: false,
        reply_to: None,
        linked_messages: vec![],
        uploads: vec![],
        editable_until: DateTime::from_timestamp(1_900_000_000, 0).unwrap(),
    };
    MessageEvent::from(posted).into()
}

/// A person with a team, a group, and an integration that hears of the group.
fn opening() -> Vec<(StreamName, Event)> {
    let own = |text: &str| Personal::of_account(ACCOUNT, text.to_owned());
    let of_team = |text: &str| Personal::of_team(TEAM, text.to_owned());
    let registered = account::Registered {
        account: ACCOUNT,
        phone: own("+79166660001"),
        phone_hash: "0".repeat(64),
        given_name: own("Анна"),
        family_name: own(""),
        added_by: None,
    };
    let settings = team::Settings {
        default_task_deadline: "18:00:00".into(),
        max_message_update_age: 86_400,
        uploads_size_limit: 1 << 30,
    };
    let team = team::Created { team: TEAM, name: of_team("Полк"), owner: CONTACT, settings };
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
    let group = chat::Created {
        group: GROUP,
        team: TEAM,
        owner: CONTACT,
        members: vec![chat::Member { contact: CONTACT, status: GroupStatus::Admin }],
        settings: chat::Settings {
            display_name: of_team("Общий чат"),
            description: of_team(""),
            public: true,
            readonly_for_members: false,
            default_for_all: false,
            autocleanup_age: None,
            pinned_message: None,
            section: None,
        },
    };
    let integration = integration::Created {
        integration: INTEGRATION,
        kind: IntegrationKind::Raw,
        key_sealed: "…".into(),
        key_hash: "k".into(),
        settings: integration::Settings {
            comment: of_team("сборка"),
            enabled: true,
            group: GROUP,
            webhook_url: of_team("https://example.org/hook"),
        },
    };
    vec![
        (StreamName::account(ACCOUNT), AccountEvent::from(registered).into()),
        (StreamName::team(TEAM), TeamEvent::from(team).into()),
        (StreamName::team(TEAM), TeamEvent::from(contact).into()),
        (StreamName::chat(GROUP), ChatEvent::from(group).into()),
        (StreamName::team(TEAM), TeamEvent::from(integration).into()),
    ]
}
