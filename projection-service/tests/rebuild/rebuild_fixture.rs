//! A log whose events are projected one by one; every table is then compared with a rebuild.

use crate::{
    errands::errands,
    fixture::Fixture,
    messaging::happening,
    other_team::{other_opening, with_twins},
    sample_team::*,
};
use event_log::Expected;
use events::{Event, MessageId, Meta, StreamName, chat::ChatRef};
use secrets::{journal::Entry, vault::Vault};
use std::{collections::BTreeMap, ops::Deref};

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

/// A fixture whose projection applies one event at a time.
pub(crate) struct RebuildFixture {
    fixture: Fixture,
    pub(crate) step: i64,
}

impl Deref for RebuildFixture {
    type Target = Fixture;

    fn deref(&self) -> &Fixture {
        &self.fixture
    }
}

impl RebuildFixture {
    pub(crate) async fn create() -> Self {
        Self { fixture: Fixture::create(Vault::new(&[7; 32])).await, step: 0 }
    }

    async fn append(&self, stream: StreamName, events: Vec<Event>) -> u64 {
        // Groups and tasks need an actor for their change messages.
        let needs_actor =
            events.iter().any(|event| matches!(event, Event::ChatEvent(_) | Event::TaskEvent(_)));
        let contact = needs_actor.then(|| contact_id(self.step.unsigned_abs() as u128 % 3));
        let meta = Meta { contact, ..Meta::new(at(self.step), "test") };
        let entry = Entry { stream, expected: Expected::Any, events, meta, command: None };
        self.journal.append(entry).await.unwrap().position
    }

    /// Appends events; each append is projected before the next one.
    pub(crate) async fn project(&mut self, appends: Vec<(StreamName, Vec<Event>)>) {
        let running = tokio::spawn(self.projector.clone().run());
        for (stream, events) in appends {
            let position = self.append(stream, events).await;
            self.projected(position).await;
            self.step += 1;
        }
        running.abort();
        let _ = running.await;
    }

    /// Projects the whole history of the sample team; returns its messages.
    pub(crate) async fn project_all(&mut self) -> Vec<(MessageId, ChatRef)> {
        let (mut rng, mut said) = (fastrand::Rng::with_seed(42), vec![]);
        let mut appends = opening();
        appends.extend(other_opening());
        appends.extend((0..900).flat_map(|step| with_twins(happening(&mut rng, step, &mut said))));
        appends.extend(errands(&mut rng));
        self.project(appends).await;
        said
    }

    /// The rows of all tables, by table.
    pub(crate) async fn dump(&self) -> BTreeMap<&'static str, Vec<String>> {
        let mut tables = BTreeMap::new();
        for table in TABLES {
            tables.insert(table, self.rows_of("read", table).await);
        }
        tables
    }

    /// The random history has all events about contacts and sections.
    pub(crate) async fn assert_all_kinds_happened(&self) {
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
            assert!(all.iter().any(|event| event.kind == kind), "{kind} did not happen");
        }
    }

    /// Rebuilds, and compares every table with its rows before.
    pub(crate) async fn assert_rebuild_is_equal(&self) {
        let live = self.dump().await;
        self.rebuild().await;
        let rebuilt = self.dump().await;
        for table in TABLES {
            let differ = rebuilt[table].iter().zip(&live[table]).find(|(again, was)| again != was);
            assert_eq!(differ.map(|(again, was)| (legible(again), legible(was))), None, "read.{table}");
            assert_eq!(rebuilt[table].len(), live[table].len(), "read.{table}");
        }
    }

    pub(crate) async fn tear_down(self) {
        self.fixture.drop_database().await;
    }
}
