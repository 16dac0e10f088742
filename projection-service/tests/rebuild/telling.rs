//! A log, and a projection that runs behind it; every table compared with what a rebuild makes.

use crate::story::*;
use bus::Bus;
use event_log::{Expected, Log, MemoryLog, testing::TestDatabase};
use events::{Event, MessageId, Meta, StreamName, chat::ChatRef};
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
use sqlx::{AssertSqlSafe, PgPool, Row};
use std::{collections::BTreeMap, time::Duration};

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const TABLES: [&str; 35] = [
    "account",
    "attachment",
    "chat",
    "checkpoint",
    "contact",
    "device",
    "erasure",
    "feed",
    "feed_floor",
    "feed_member",
    "forward",
    "integration",
    "invitation",
    "member",
    "membership_due",
    "message",
    "own_chat",
    "parked",
    "qr_offer",
    "reaction",
    "reading",
    "remind",
    "retold",
    "section",
    "session",
    "tag",
    "task",
    "task_item",
    "task_num",
    "task_tag",
    "task_upload",
    "team",
    "upload",
    "usage",
    "shape",
];

pub(crate) async fn append(journal: &Journal, step: i64, stream: StreamName, events: Vec<Event>) -> u64 {
    // Histories of groups and tasks tell who did it.
    let done = events.iter().any(|event| matches!(event, Event::ChatEvent(_) | Event::TaskEvent(_)));
    let contact = done.then(|| contact_id(step.unsigned_abs() as u128 % 3));
    let meta = Meta { contact, ..Meta::new(at(step), "test") };
    let entry = Entry { stream, expected: Expected::Any, events, meta, command: None };
    journal.append(entry).await.unwrap().position
}

pub(crate) async fn dump(pool: &PgPool) -> BTreeMap<&'static str, Vec<String>> {
    let mut tables = BTreeMap::new();
    for table in TABLES {
        let sql = format!("SELECT to_jsonb(t)::text FROM read.{table} t ORDER BY 1");
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(pool).await.unwrap();
        tables.insert(table, rows.iter().map(|row| row.get(0)).collect());
    }
    tables
}

/// A row of the feed with its notice as text.
pub(crate) fn legible(row: &str) -> String {
    let mut row: serde_json::Value = serde_json::from_str(row).unwrap();
    if let Some(bytes) =
        row["notice"].as_str().and_then(|hex| hex::decode(hex.trim_start_matches("\\x")).ok())
    {
        row["notice"] = String::from_utf8_lossy(&bytes).into_owned().into();
    }
    row.to_string()
}

/// A log, and a projection that runs behind it.
pub(crate) struct Telling {
    pub(crate) database: TestDatabase,
    pub(crate) pool: PgPool,
    pub(crate) keyring: Keyring,
    pub(crate) journal: Journal,
    pub(crate) read: ReadModel,
    pub(crate) projector: Projector,
    pub(crate) step: i64,
}

impl Telling {
    pub(crate) async fn begin() -> Self {
        let database = TestDatabase::create().await;
        let pool = PgPool::connect_with(inside(database.options(), READ_SCHEMA)).await.unwrap();
        read_model::schema::migrate(&pool, 0).await.unwrap();
        let vault = Vault::new(&[7; 32]);
        let read = ReadModel::new(pool.clone(), "http://127.0.0.1:8000", vault.clone());
        let keyring = Keyring::memory();
        let journal = Journal::new(Log::Memory(MemoryLog::new()), keyring.clone(), &vault);
        let projector = Projector::new(journal.clone(), read.clone(), vault, Bus::memory());
        Self { database, pool, keyring, journal, read, projector, step: 0 }
    }

    /// Tells a story, each event projected before the next happens.
    pub(crate) async fn tell(&mut self, story: Vec<(StreamName, Vec<Event>)>) {
        let running = tokio::spawn(self.projector.clone().run());
        for (stream, events) in story {
            let position = append(&self.journal, self.step, stream, events).await;
            let step = self.step;
            assert!(
                self.read.caught_up(position, PATIENCE).await.unwrap(),
                "the projection stands still at step {step}"
            );
            self.step += 1;
        }
        running.abort();
        let _ = running.await;
    }

    /// The whole story, and what is found of it.
    pub(crate) async fn tell_all(&mut self) -> Vec<(MessageId, ChatRef)> {
        let (mut rng, mut said) = (fastrand::Rng::with_seed(42), vec![]);
        let mut story = opening();
        story.extend((0..900).map(|step| happening(&mut rng, step, &mut said)));
        story.extend(errands(&mut rng));
        self.tell(story).await;
        said
    }

    /// All that the story has for people and sections did happen.
    pub(crate) async fn is_of_people_too(&self) {
        let all = self.journal.log().read_all(0, usize::MAX).await.unwrap();
        for kind in [
            "contact.profile_changed.v1",
            "contact.preferences_changed.v1",
            "contact.sections_set.v1",
            "contact.inviting_allowed.v1",
            "contact.confirmed.v1",
            "contact.archived.v1",
            "contact.restored.v1",
            "section.changed.v1",
            "section.removed.v1",
        ] {
            assert!(all.iter().any(|event| event.kind == kind), "{kind} is not told");
        }
    }

    /// Rebuilds, and compares every table with what was there.
    pub(crate) async fn rebuild_alike(&self) {
        let live = dump(&self.pool).await;
        let done = rebuild(&self.projector, |_| {}).await.unwrap();
        assert_eq!(done.position, done.head);
        let rebuilt = dump(&self.pool).await;
        for table in TABLES {
            let differ = rebuilt[table].iter().zip(&live[table]).find(|(again, was)| again != was);
            assert_eq!(differ.map(|(again, was)| (legible(again), legible(was))), None, "read.{table}");
            assert_eq!(rebuilt[table].len(), live[table].len(), "read.{table}");
        }
    }

    pub(crate) async fn end(self) {
        self.pool.close().await;
        self.database.drop_now().await;
    }
}
