//! The notary: one entry per event, one chain whichever process extends it, signed in the database and in the file.

use crate::fixture::{Fixture, event, meta, some};
use audit::{Ledger, NotaryError, NotarySettings, read_checkpoints};
use esdb_sim::Sim;
use event_log::{EventStoreDbLog, EventStoreDbSettings, Log, MemoryLog, testing::TestDatabase};
use secrets::keyring::Keyring;
use serde_json::json;
use std::time::Duration;

const TEAM: &str = "00000000-0000-0000-0000-00000000000a";

#[tokio::test]
async fn every_event_has_an_entry_also_after_a_restart() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.patient_notary().catch_up().await.unwrap(), fixture.ledger.head().await.unwrap());
    for round in 1..4 {
        fixture.append(&format!("thing-{round}"), some(3)).await;
        let head = fixture.patient_notary().catch_up().await.unwrap();
        assert_eq!((head.chain.number, head.position), (3 * round, 3 * round));
    }
    fixture.assert_whole().await;
}

#[tokio::test]
async fn event_with_foreign_metadata_is_in_the_chain() {
    let fixture = Fixture::new().await;
    let mut odd = event("odd.v1", &json!(0), &json!({"at": 7}));
    (odd.data, odd.meta) = (b"\xff\0".as_slice().into(), b"\xfe".as_slice().into());
    let long = json!({"at": "2026-01-02T03:04:05.123456789Z", "command": "x\u{0}y", "request_id": "я".repeat(2_000)});
    fixture.append("odd-1", vec![odd, event("odd.v1", &json!(0), &long)]).await;
    fixture.patient_notary().catch_up().await.unwrap();
    fixture.assert_whole().await;
}

#[tokio::test]
async fn team_comes_from_stream_payload_or_earlier_events() {
    let fixture = Fixture::new().await;
    let posted = event("message.posted.v1", &json!({"team": TEAM}), &meta("message.post"));
    fixture.append(&format!("team-{TEAM}"), some(1)).await;
    fixture.append("message-1", vec![posted]).await;
    fixture.append("message-1", some(1)).await;
    fixture.append("account-1", some(1)).await;
    fixture.patient_notary().catch_up().await.unwrap();
    // Another process, with an empty cache.
    fixture.append("message-1", some(1)).await;
    fixture.patient_notary().catch_up().await.unwrap();
    let team = Some(TEAM.parse().unwrap());
    let teams: Vec<_> = fixture.entries().await.into_iter().map(|entry| entry.team).collect();
    assert_eq!(teams, [team, team, team, None, team]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_notaries_extend_one_chain_under_appends() {
    let fixture = Fixture::new().await;
    let settings = NotarySettings { interval: Duration::from_secs(3_600), max_events: 10 };
    let running =
        [fixture.notary(settings), fixture.notary(settings)].map(|notary| tokio::spawn(notary.run()));
    for round in 0..40 {
        fixture.append(&format!("thing-{}", round % 7), some(1 + round % 3)).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    fixture.until_noted(fixture.history().await.len() as u64).await;
    running.iter().for_each(tokio::task::JoinHandle::abort);
    fixture.assert_whole().await;
    assert!(!fixture.ledger.checkpoints().await.unwrap().is_empty(), "10 events are reason to sign");
}

#[tokio::test]
async fn head_is_signed_once_in_database_and_file() {
    let fixture = Fixture::new().await;
    fixture.append("thing-1", some(5)).await;
    let head = fixture.patient_notary().catch_up().await.unwrap();
    fixture.patient_notary().catch_up().await.unwrap();
    let inside = fixture.ledger.checkpoints().await.unwrap();
    assert_eq!(read_checkpoints(fixture.file().path()).unwrap(), (inside.clone(), 0));
    assert_eq!(inside.iter().map(audit::Checkpoint::chain).collect::<Vec<_>>(), [head.chain]);
    assert_eq!(inside[0].check(&Fixture::key()), Ok(()));
}

#[tokio::test]
async fn new_events_are_signed_after_the_interval() {
    let fixture = Fixture::new().await;
    let notary =
        fixture.notary(NotarySettings { interval: Duration::from_millis(50), max_events: 1_000_000 });
    let running = tokio::spawn(notary.run());
    for number in 1..3 {
        fixture.append("thing-1", some(1)).await;
        fixture
            .until("it is signed", async || {
                let last = fixture.ledger.last_checkpoint().await.unwrap();
                last.is_some_and(|checkpoint| checkpoint.number == number)
            })
            .await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    running.abort();
    assert_eq!(fixture.ledger.checkpoints().await.unwrap().len(), 2, "nothing new, nothing signed");
}

#[tokio::test]
async fn lost_or_changed_end_of_the_log_stops_the_notary() {
    let fixture = Fixture::new().await;
    fixture.append("thing-1", some(5)).await;
    fixture.patient_notary().catch_up().await.unwrap();
    fixture.tamper("update log.events set data = data || '!' where position = 5").await;
    let refused = fixture.patient_notary().catch_up().await;
    assert!(matches!(refused, Err(NotaryError::OtherHistory(5))), "{refused:?}");
    fixture.tamper("delete from log.events where position > 3; update log.head set position = 3").await;
    let refused = fixture.patient_notary().catch_up().await;
    assert!(matches!(refused, Err(NotaryError::OtherHistory(5))), "{refused:?}");
    assert_eq!(fixture.entries().await.len(), 5, "hashed entries are kept as evidence");
}

#[tokio::test]
async fn chain_of_a_memory_log_is_reset_after_a_restart() {
    let mut fixture = Fixture::over(Log::Memory(MemoryLog::new()), TestDatabase::create().await).await;
    fixture.append("thing-1", some(5)).await;
    fixture.patient_notary().catch_up().await.unwrap();
    fixture.log = Log::Memory(MemoryLog::new());
    fixture.append("thing-1", some(2)).await;
    fixture.patient_notary().catch_up().await.unwrap();
    fixture.assert_whole().await;
    assert_eq!(fixture.ledger.last_checkpoint().await.unwrap().map(|last| last.number), Some(2));
}

#[tokio::test]
async fn copied_history_has_equal_hashes_whatever_its_positions() {
    let postgres = Fixture::new().await;
    let sim = Sim::start().await.unwrap();
    let log = EventStoreDbLog::open(&sim.url(), EventStoreDbSettings::default()).await.unwrap();
    let esdb = Fixture::over(Log::EventStoreDb(log), TestDatabase::create().await).await;
    for stream in ["thing-1", "thing-2", "thing-1"] {
        let events = some(3);
        postgres.append(stream, events.clone()).await;
        esdb.append(stream, events).await;
    }
    for fixture in [&postgres, &esdb] {
        fixture.patient_notary().catch_up().await.unwrap();
        fixture.assert_whole().await;
    }
    let chain = async |fixture: &Fixture| fixture.ledger.head().await.unwrap().chain;
    assert_eq!(chain(&postgres).await, chain(&esdb).await);
    assert!(esdb.entries().await[0].position > 1, "the server's own records come first");
}

/// Every operator's command migrates the schemas, next to a notary and servers that write there.
#[tokio::test]
async fn migrating_an_up_to_date_schema_takes_no_lock() {
    let database = TestDatabase::create().await;
    let pool = database.pool().await;
    Ledger::migrate(&pool).await.unwrap();
    Keyring::migrate(&pool).await.unwrap();
    let mut writer = pool.begin().await.unwrap();
    let writes = "lock table audit.entry, audit.head, keys.data_keys in row exclusive mode";
    sqlx::raw_sql(writes).execute(&mut *writer).await.unwrap();
    sqlx::raw_sql("update audit.head set number = number").execute(&mut *writer).await.unwrap();
    // With a lock it would hang.
    let again = async {
        Ledger::migrate(&pool).await.unwrap();
        Keyring::migrate(&pool).await.unwrap();
    };
    tokio::time::timeout(Duration::from_secs(60), again).await.expect("it waits for nobody");
    writer.rollback().await.unwrap();
    // What is changed by a newer program, or lost, is brought up.
    sqlx::raw_sql("drop schema audit cascade").execute(&pool).await.unwrap();
    Ledger::migrate(&pool).await.unwrap();
    assert_eq!(Ledger::new(pool).head().await.unwrap().position, 0);
}
