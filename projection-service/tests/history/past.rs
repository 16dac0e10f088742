//! Point-in-time views of a team, by the audit index and by scanning the log.

use crate::team_fixture::{ACCOUNT, TEAM, TeamFixture, message_id, posted, stream_of};
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
/// Tables whose rows belong to one team; accounts and their feeds do not.
const OF_TEAMS: [&str; 7] = ["team", "contact", "chat", "member", "message", "reading", "integration"];

fn only(dump: BTreeMap<String, Vec<String>>) -> BTreeMap<String, Vec<String>> {
    dump.into_iter().filter(|(table, _)| OF_TEAMS.contains(&table.as_str())).collect()
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_900_000_000, 0).unwrap()
}

#[tokio::test]
async fn point_in_time_view_by_index_or_scan_equals_the_served_rows() {
    let fixture = TeamFixture::create().await;
    Ledger::migrate(&fixture.pool).await.unwrap();
    let ledger = Ledger::new(fixture.pool.clone());
    for n in 0..5 {
        let id = message_id(n);
        fixture.append(stream_of(id), posted(id, "раз")).await;
    }
    let then = {
        let deleted = message::Deleted { by: None };
        fixture.append(stream_of(message_id(2)), MessageEvent::from(deleted).into()).await
    };
    fixture.projected(then).await;
    let served = only(fixture.dump_of("read").await);
    // Events of other teams, and later events, must not be visible.
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
    fixture.append(StreamName::team(other), TeamEvent::from(made).into()).await;
    let id = message_id(9);
    let last = fixture.append(stream_of(id), posted(id, "потом")).await;
    fixture.projected(last).await;

    let history =
        PointInTimeViews::new(fixture.journal.clone(), ledger.clone(), fixture.read.clone(), LIMITS);
    let schema = past::schema_of(TEAM, then);
    let (_, position) = history.at(TEAM, AsOf::Position(then), now()).await.unwrap();
    assert_eq!(position, then);
    assert_eq!(only(fixture.dump_of(&schema).await), served, "by the log");

    past::forget_all(&fixture.pool).await.unwrap();
    let settings = NotarySettings { interval: Duration::from_secs(60), max_events: 1_000 };
    let log = fixture.journal.log().clone();
    let notary = Notary::new(log, ledger.clone(), fixture.vault.signing_key(), Clock::System, None, settings);
    let writing = tokio::spawn(notary.run());
    while ledger.head().await.unwrap().position < last {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    history.at(TEAM, AsOf::Position(then), now()).await.unwrap();
    assert_eq!(only(fixture.dump_of(&schema).await), served, "by the index");
    writing.abort();
    fixture.tear_down().await;
}

#[tokio::test]
async fn point_in_time_view_of_an_erased_account_has_no_personal_values() {
    let fixture = TeamFixture::create().await;
    Ledger::migrate(&fixture.pool).await.unwrap();
    let then = fixture.head().await;
    let erased = events::account::Erased {
        receipt: events::ReceiptId(Uuid::from_u128(0x60)),
        asked_by: events::value::ErasureAsker::Person,
        reason: events::value::ErasureReason::Wish,
    };
    let last = fixture.append(StreamName::account(ACCOUNT), AccountEvent::from(erased).into()).await;
    fixture.projected(last).await;
    fixture.keyring.destroy(&events::Subject::Account(ACCOUNT)).await.unwrap();
    let ledger = Ledger::new(fixture.pool.clone());
    let history = PointInTimeViews::new(fixture.journal.clone(), ledger, fixture.read.clone(), LIMITS);
    for position in [then, last] {
        history.at(TEAM, AsOf::Position(position), now()).await.unwrap();
        let rows = fixture.dump_of(&past::schema_of(TEAM, position)).await;
        assert!(!rows["contact"].join("").contains("Анна"), "as of {position}: {rows:?}");
        assert!(!rows["contact"].join("").contains("+79166660001"), "as of {position}: {rows:?}");
    }
    fixture.tear_down().await;
}
