//! Filters: each alone, combined, in both orders, page by page.

use crate::fixture::{Fixture, event, meta};
use audit::{Filter, Order};
use serde_json::{Value, json};

const ANNA: &str = "00000000-0000-0000-0000-0000000000a1";
const BORIS: &str = "00000000-0000-0000-0000-0000000000b2";
const TEAM: &str = "00000000-0000-0000-0000-00000000000a";

/// Six events of two people, in a team and outside.
async fn six_events() -> Fixture {
    let fixture = Fixture::new().await;
    let meta = |command: &str, actor: &str, day: u32, more: Value| {
        let mut all = meta(command);
        all["actor"] = json!(actor);
        all["at"] = json!(format!("2026-03-0{day}T00:00:00Z"));
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let team = format!("team-{TEAM}");
    let rows = [
        (
            team.as_str(),
            "team.created.v1",
            meta("team.create", ANNA, 1, json!({"request_id": "r1", "correlation": "r1"})),
        ),
        (
            &team,
            "contact.added.v1",
            meta("contact.add", ANNA, 2, json!({"request_id": "r2", "correlation": "c"})),
        ),
        ("account-1", "account.registered.v1", meta("login", BORIS, 3, json!({"correlation": "c"}))),
        ("message-1", "message.posted.v1", meta("message.post", BORIS, 4, json!({}))),
        ("message-1", "message.edited.v1", meta("message.edit", BORIS, 5, json!({}))),
        ("message-2", "message.posted.v1", meta("message.post", ANNA, 6, json!({}))),
    ];
    for (stream, kind, meta) in rows {
        fixture.append(stream, vec![event(kind, &json!({"team": TEAM}), &meta)]).await;
    }
    fixture.patient_notary().catch_up().await.unwrap();
    fixture
}

async fn found(fixture: &Fixture, filter: Filter) -> Vec<u64> {
    let found = fixture.ledger.entries(&filter, Order::Oldest, 0, 100).await.unwrap();
    found.into_iter().map(|entry| entry.number).collect()
}

#[tokio::test]
async fn each_filter_matches_its_events() {
    let fixture = six_events().await;
    let text = |text: &str| Some(text.to_owned());
    let day = |day: u32| Some(format!("2026-03-0{day}T00:00:00Z").parse().unwrap());
    let none = Filter::default;
    let cases = [
        (none(), vec![1, 2, 3, 4, 5, 6]),
        (Filter { actor: Some(ANNA.parse().unwrap()), ..none() }, vec![1, 2, 6]),
        (Filter { team: Some(TEAM.parse().unwrap()), ..none() }, vec![1, 2, 4, 5, 6]),
        (Filter { stream: text("message-1"), ..none() }, vec![4, 5]),
        (Filter { stream: text("message-*"), ..none() }, vec![4, 5, 6]),
        (Filter { kind: text("message.posted.v1"), ..none() }, vec![4, 6]),
        (Filter { kind: text("message.*"), ..none() }, vec![4, 5, 6]),
        (Filter { request_id: text("r2"), ..none() }, vec![2]),
        (Filter { correlation: text("c"), ..none() }, vec![2, 3]),
        (Filter { correlation: text("r1"), ..none() }, vec![1]),
        (Filter { correlation: text("*"), ..none() }, vec![1, 2, 3]),
        (Filter { correlation: text("c"), actor: Some(ANNA.parse().unwrap()), ..none() }, vec![2]),
        (Filter { command: text("message.post"), ..none() }, vec![4, 6]),
        (Filter { from: Some(2), to: Some(3), ..none() }, vec![2, 3]),
        (Filter { since: day(3), until: day(5), ..none() }, vec![3, 4]),
        (Filter { actor: Some(BORIS.parse().unwrap()), kind: text("message.*"), ..none() }, vec![4, 5]),
        (Filter { kind: text("%"), ..none() }, vec![]),
        (Filter { kind: text("message\0.*"), ..none() }, vec![4, 5, 6]),
    ];
    for (filter, expected) in cases {
        assert_eq!(found(&fixture, filter.clone()).await, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn pages_follow_without_gap_or_overlap_in_both_orders() {
    let fixture = six_events().await;
    let filter = Filter { team: Some(TEAM.parse().unwrap()), ..Filter::default() };
    let page = async |order, from| {
        let page = fixture.ledger.entries(&filter, order, from, 2).await.unwrap();
        page.into_iter().map(|entry| entry.number).collect::<Vec<_>>()
    };
    assert_eq!([page(Order::Oldest, 0).await, page(Order::Oldest, 2).await], [[1, 2], [4, 5]]);
    assert_eq!([page(Order::Latest, u64::MAX).await, page(Order::Latest, 5).await], [[6, 5], [4, 2]]);
}
