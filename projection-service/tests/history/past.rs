//! A team as it was, by the auditor's index or by reading through the log.

use crate::stage::{ACCOUNT, Stage, TEAM, message_id, posted};
use audit::{Ledger, Notary, NotarySettings};
use chrono::{DateTime, TimeDelta, Utc};
use event_log::as_of::AsOf;
use events::{AccountEvent, ContactId, MessageEvent, Personal, StreamName, TeamEvent, TeamId, message, team};
use platform::clock::Clock;
use projection_service::{PointInTimeLimits, PointInTimeViews};
use read_model::past;
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

const LIMITS: PointInTimeLimits =
    PointInTimeLimits { schemas: 4, events: 1_000, idle: TimeDelta::minutes(5) };
/// What is the team's alone: people and feeds of accounts are everybody's.
const OF_TEAMS: [&str; 7] = ["team", "contact", "chat", "member", "message", "reading", "integration"];

fn only(dump: BTreeMap<String, Vec<String>>) -> BTreeMap<String, Vec<String>> {
    dump.into_iter().filter(|(table, _)| OF_TEAMS.contains(&table.as_str())).collect()
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_900_000_000, 0).unwrap()
}

#[tokio::test]
async fn point_in_time_view_by_index_or_scan_equals_the_served_rows() {
    let stage = Stage::set().await;
    Ledger::migrate(&stage.pool).await.unwrap();
    let ledger = Ledger::new(stage.pool.clone());
    for n in 0..5 {
        let id = message_id(n);
        stage.append(StreamName::message(id), posted(id, "раз")).await;
    }
    let then = {
        let deleted = message::Deleted { by: None };
        stage.append(StreamName::message(message_id(2)), MessageEvent::from(deleted).into()).await
    };
    stage.projected(then).await;
    let served = only(stage.dump_of("read").await);
    // What others do, and what comes later, is not to be seen.
    let other = TeamId(Uuid::from_u128(0x31));
    let made = team::Created {
        team: other,
        name: Personal::of_team(other, "Другие".to_owned()),
        owner: ContactId(Uuid::from_u128(0x21)),
        settings: team::Settings {
            default_task_deadline: "18:00:00".into(),
            max_message_update_age: 1,
            uploads_size_limit: 1,
        },
    };
    stage.append(StreamName::team(other), TeamEvent::from(made).into()).await;
    let id = message_id(9);
    let last = stage.append(StreamName::message(id), posted(id, "потом")).await;
    stage.projected(last).await;

    let history = PointInTimeViews::new(stage.journal.clone(), ledger.clone(), stage.read.clone(), LIMITS);
    let schema = past::schema_of(TEAM, then);
    let (_, position) = history.at(TEAM, AsOf::Position(then), now()).await.unwrap();
    assert_eq!(position, then);
    assert_eq!(only(stage.dump_of(&schema).await), served, "by the log");

    past::forget_all(&stage.pool).await.unwrap();
    let settings = NotarySettings { interval: Duration::from_secs(60), max_events: 1_000 };
    let log = stage.journal.log().clone();
    let notary = Notary::new(log, ledger.clone(), stage.vault.signing_key(), Clock::System, None, settings);
    let writing = tokio::spawn(notary.run());
    while ledger.head().await.unwrap().position < last {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    history.at(TEAM, AsOf::Position(then), now()).await.unwrap();
    assert_eq!(only(stage.dump_of(&schema).await), served, "by the index");
    writing.abort();
    stage.strike().await;
}

#[tokio::test]
async fn point_in_time_view_of_an_erased_account_has_no_personal_values() {
    let stage = Stage::set().await;
    Ledger::migrate(&stage.pool).await.unwrap();
    let then = stage.head().await;
    let erased = events::account::Erased {
        receipt: events::ReceiptId(Uuid::from_u128(0x60)),
        asked_by: events::value::ErasureAsker::Person,
        reason: events::value::ErasureReason::Wish,
    };
    let last = stage.append(StreamName::account(ACCOUNT), AccountEvent::from(erased).into()).await;
    stage.projected(last).await;
    stage.keyring.destroy(&events::Subject::Account(ACCOUNT)).await.unwrap();
    let ledger = Ledger::new(stage.pool.clone());
    let history = PointInTimeViews::new(stage.journal.clone(), ledger, stage.read.clone(), LIMITS);
    for position in [then, last] {
        history.at(TEAM, AsOf::Position(position), now()).await.unwrap();
        let rows = stage.dump_of(&past::schema_of(TEAM, position)).await;
        assert!(!rows["contact"].join("").contains("Анна"), "as of {position}: {rows:?}");
        assert!(!rows["contact"].join("").contains("+79166660001"), "as of {position}: {rows:?}");
    }
    stage.strike().await;
}
