use super::Fanout;
use crate::hub::{
    cursor::{Cursor, SubscriptionKind},
    delivery::{Delivery, Typing},
};
use chrono::DateTime;
use events::{AccountId, ContactId, GroupId, Position, SectionId, TeamId, chat::ChatRef, value::SectionKind};
use protocol::{
    FeedPosition,
    notice::{Audience, CommittedBatch, FeedRow, Notice, Scope},
};
use read_model::feed::FeedPage;
use serde_json::value::to_raw_value;
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, atomic::AtomicBool},
};
use tokio::sync::mpsc::{Receiver, channel};
use uuid::Uuid;

const TEAM: TeamId = TeamId(Uuid::from_u128(100));
const OTHER: TeamId = TeamId(Uuid::from_u128(101));
const ACCOUNT: AccountId = AccountId(Uuid::from_u128(102));
const GROUP: GroupId = GroupId(Uuid::from_u128(103));
const HOME: Scope = Scope::Team(TEAM);

fn contact(number: u128) -> ContactId {
    ContactId(Uuid::from_u128(number))
}

fn row(scope: Scope, position: Position, audience: Audience, notice: Notice) -> FeedRow {
    let at = DateTime::from_timestamp(1_569_546_004, 0).unwrap();
    FeedRow { position, ordinal: 0, scope, audience, at, notice }
}

/// A row about which nothing but its audience decides.
fn news(position: Position, audience: Audience) -> FeedRow {
    let notice = Notice::SectionsUpdated {
        team: TEAM,
        of: SectionKind::Tasks,
        sections: vec![SectionId(Uuid::nil())],
    };
    row(HOME, position, audience, notice)
}

/// A batch that committed these rows and nothing else since `after`.
fn committed(after: Position, position: Position, rows: &[FeedRow]) -> CommittedBatch {
    let encoded = rows.iter().map(|row| (row.scope.uuid(), to_raw_value(row).unwrap())).collect();
    CommittedBatch { after, position, rows: Some(encoded) }
}

fn page(reached: Position, rows: Vec<FeedRow>) -> FeedPage {
    FeedPage { rows, reached: FeedPosition::end_of(reached), is_last: true }
}

struct Harness {
    fanout: Fanout,
    queues: HashMap<u64, Receiver<Delivery>>,
}

impl Harness {
    /// A fan-out without subscribers, at position 0.
    fn new() -> Self {
        let mut fanout = Fanout::default();
        fanout.settle(0);
        Self { fanout, queues: HashMap::new() }
    }

    /// Adds a live subscriber with this number, of the contact with this number, in its team.
    fn add(&mut self, number: u64, capacity: usize) {
        let cursor = self.enter(number, capacity);
        assert!(self.fanout.go_live(number, cursor).is_ok());
    }

    fn enter(&mut self, number: u64, capacity: usize) -> Cursor {
        let (sender, queue) = channel(capacity);
        self.fanout.enter(number, sender, Arc::new(AtomicBool::new(false)));
        self.queues.insert(number, queue);
        let kind = SubscriptionKind::Team(contact(number.into()));
        self.fanout.listen(number, HOME, kind);
        Cursor { subscriptions: [(HOME, kind)].into(), at: self.fanout.at().unwrap(), groups: HashSet::new() }
    }

    /// Accepts the batch of the next event.
    fn accept(&mut self, row: FeedRow) {
        self.fanout.accept(committed(row.position - 1, row.position, &[row]));
    }

    /// The positions delivered to a subscriber.
    fn delivered(&mut self, number: u64) -> Vec<Position> {
        let queue = self.queues.get_mut(&number).unwrap();
        let mut delivered = Vec::new();
        while let Ok(delivery) = queue.try_recv() {
            if let Delivery::Row(row) = delivery {
                delivered.push(row.feed.position);
            }
        }
        delivered
    }
}

#[test]
fn batches_with_repeated_rows_are_delivered_once_in_order() {
    let mut harness = Harness::new();
    harness.add(1, 64);
    for position in [1, 2, 2, 3, 1] {
        harness.accept(news(position, Audience::All));
    }
    let rows: Vec<FeedRow> = (2..=5).map(|position| news(position, Audience::All)).collect();
    harness.fanout.accept(committed(1, 5, &rows));
    assert_eq!(harness.delivered(1), [1, 2, 3, 4, 5]);
    assert!(!harness.fanout.take_wanted());
    assert_eq!(harness.fanout.given(1), Some(FeedPosition::end_of(5)));
}

#[test]
fn batch_with_several_rows_of_one_event_delivers_all() {
    let mut harness = Harness::new();
    harness.add(1, 64);
    let second = FeedRow { ordinal: 1, ..news(1, Audience::All) };
    harness.fanout.accept(committed(0, 2, &[news(1, Audience::All), second]));
    assert_eq!(harness.delivered(1), [1, 1]);
}

#[test]
fn gap_is_filled_from_the_table_including_later_batches() {
    let mut harness = Harness::new();
    harness.add(1, 64);
    harness.accept(news(1, Audience::All));
    harness.accept(news(3, Audience::All));
    assert!(harness.fanout.take_wanted() && !harness.fanout.take_wanted());
    let (scopes, after) = harness.fanout.begin_read().unwrap();
    assert_eq!((scopes.as_slice(), after), ([HOME].as_slice(), FeedPosition::end_of(1)));
    harness.accept(news(5, Audience::All));
    harness.fanout.accept_read(page(3, vec![news(2, Audience::All), news(3, Audience::All)]), &scopes);
    assert!(!harness.fanout.filled(), "5 came while the table was read");
    let (scopes, after) = harness.fanout.begin_read().unwrap();
    assert_eq!(after, FeedPosition::end_of(3));
    harness.fanout.accept_read(page(5, vec![news(4, Audience::All), news(5, Audience::All)]), &scopes);
    assert!(harness.fanout.filled());
    assert_eq!(harness.delivered(1), [1, 2, 3, 4, 5]);
}

#[test]
fn gap_before_an_empty_batch_is_read_from_the_table() {
    let mut harness = Harness::new();
    harness.add(1, 64);
    harness.fanout.accept(committed(3, 4, &[]));
    assert!(harness.fanout.take_wanted(), "what concerns somebody may be in it");
    assert_eq!(harness.fanout.at(), Some(FeedPosition::end_of(0)));
}

#[test]
fn batch_without_rows_requests_a_table_read() {
    let mut harness = Harness::new();
    harness.add(1, 64);
    harness.fanout.accept(CommittedBatch { after: 0, position: 4, rows: None });
    assert!(harness.fanout.take_wanted());
}

#[test]
fn head_seen_ahead_twice_requests_a_table_read() {
    let mut harness = Harness::new();
    harness.fanout.note_head(2, false);
    assert!(!harness.fanout.take_wanted(), "it may be on its way");
    harness.fanout.note_head(2, false);
    assert!(harness.fanout.take_wanted());
}

#[test]
fn head_ahead_after_a_missed_delivery_requests_a_table_read_at_once() {
    let mut harness = Harness::new();
    harness.fanout.note_head(2, true);
    assert!(harness.fanout.take_wanted());
}

#[test]
fn batch_before_settling_requests_a_table_read() {
    let mut harness = Harness { fanout: Fanout::default(), queues: HashMap::new() };
    harness.accept(news(8, Audience::All));
    assert_eq!(harness.fanout.settle(7), FeedPosition::end_of(7));
    assert!(harness.fanout.take_wanted());
    assert_eq!(harness.fanout.settle(9), FeedPosition::end_of(7), "that is known once");
}

#[test]
fn subscriber_entering_during_a_table_read_cannot_go_live() {
    let mut harness = Harness::new();
    harness.add(1, 64);
    harness.accept(news(2, Audience::All));
    let (scopes, _) = harness.fanout.begin_read().unwrap();
    let cursor = harness.enter(2, 64);
    let account = (Scope::Account(ACCOUNT), SubscriptionKind::Account);
    harness.fanout.listen(2, account.0, account.1);
    let cursor =
        Cursor { subscriptions: cursor.subscriptions.into_iter().chain([account]).collect(), ..cursor };
    let cursor = harness.fanout.go_live(2, cursor).unwrap_err();
    harness.fanout.accept_read(page(2, vec![news(1, Audience::All), news(2, Audience::All)]), &scopes);
    assert!(harness.fanout.filled());
    let cursor = harness.fanout.go_live(2, cursor).unwrap_err();
    assert!(harness.fanout.go_live(2, Cursor { at: FeedPosition::end_of(2), ..cursor }).is_ok());
    assert_eq!(harness.delivered(1), [1, 2]);
}

#[test]
fn skip_marks_every_subscriber_as_lagging() {
    let mut harness = Harness::new();
    harness.add(1, 64);
    harness.accept(news(1, Audience::All));
    harness.fanout.skip(9);
    assert_eq!(harness.fanout.at(), Some(FeedPosition::end_of(9)));
    let cursor = harness.fanout.take_cursor(1).unwrap();
    assert_eq!(cursor.at, FeedPosition::end_of(1));
    assert!(harness.fanout.go_live(1, cursor).is_err());
}

#[test]
fn rows_are_delivered_to_their_audience() {
    let mut harness = Harness::new();
    for number in [1, 2, 3] {
        harness.add(number, 64);
    }
    let joined = Notice::GroupUpdated { group: GROUP, joined: vec![contact(1), contact(2)] };
    harness.accept(row(HOME, 1, Audience::Group(GROUP), joined));
    harness.accept(news(2, Audience::Group(GROUP)));
    harness.accept(news(3, Audience::Contacts(vec![contact(3)])));
    let left = Notice::GroupDeleted { group: GROUP, left: vec![contact(1)], gentime: 1 };
    harness.accept(row(HOME, 4, Audience::Contacts(vec![contact(1)]), left));
    harness.accept(news(5, Audience::Group(GROUP)));
    let gone = Notice::GroupDeleted { group: GROUP, left: vec![], gentime: 2 };
    harness.accept(row(HOME, 6, Audience::Group(GROUP), gone));
    harness.accept(news(7, Audience::Group(GROUP)));
    assert_eq!(harness.delivered(1), [1, 2, 4]);
    assert_eq!(harness.delivered(2), [1, 2, 5, 6]);
    assert_eq!(harness.delivered(3), [3]);
}

#[test]
fn full_queue_makes_only_its_subscriber_lag() {
    let mut harness = Harness::new();
    harness.add(1, 2);
    harness.add(2, 64);
    let joined = Notice::GroupUpdated { group: GROUP, joined: vec![contact(1)] };
    harness.accept(row(HOME, 1, Audience::All, joined));
    for position in 2..=6 {
        harness.accept(news(position, Audience::All));
    }
    assert_eq!(harness.delivered(2), [1, 2, 3, 4, 5, 6]);
    assert_eq!(harness.delivered(1), [1, 2]);
    let cursor = harness.fanout.take_cursor(1).unwrap();
    assert_eq!(cursor.at, FeedPosition::end_of(2), "the last one that fitted");
    assert!(cursor.groups.contains(&GROUP));
    assert!(harness.fanout.take_cursor(1).is_none(), "the cursor is the socket's now");
    let cursor = harness.fanout.go_live(1, cursor).unwrap_err();
    assert_eq!(cursor.at, FeedPosition::end_of(2), "four rows do not fit into two cursors");
}

#[test]
fn lagging_subscriber_going_live_gets_recent_rows() {
    let mut harness = Harness::new();
    harness.add(1, 4);
    for position in 1..=5 {
        harness.accept(news(position, Audience::All));
    }
    assert_eq!(harness.delivered(1), [1, 2, 3, 4]);
    let cursor = harness.fanout.take_cursor(1).unwrap();
    harness.accept(news(6, Audience::Contacts(vec![contact(2)])));
    harness.accept(news(7, Audience::All));
    assert!(harness.fanout.go_live(1, cursor).is_ok());
    harness.accept(news(8, Audience::All));
    assert_eq!(harness.delivered(1), [5, 7, 8]);
}

#[test]
fn subscriber_ahead_of_the_hub_gets_no_row_twice() {
    let mut harness = Harness::new();
    harness.add(2, 64);
    let mut cursor = harness.enter(1, 64);
    cursor.at = FeedPosition::end_of(3);
    assert!(harness.fanout.go_live(1, cursor).is_ok());
    for position in 1..=4 {
        harness.accept(news(position, Audience::All));
    }
    assert_eq!(harness.delivered(1), [4]);
    assert_eq!(harness.delivered(2), [1, 2, 3, 4]);
}

#[test]
fn group_joined_before_going_live_is_subscribed() {
    let mut harness = Harness::new();
    harness.add(2, 64);
    let cursor = harness.enter(1, 64);
    let joined = Notice::GroupUpdated { group: GROUP, joined: vec![contact(1)] };
    harness.accept(row(HOME, 1, Audience::Group(GROUP), joined));
    harness.accept(news(2, Audience::Group(GROUP)));
    assert!(harness.fanout.go_live(1, cursor).is_ok());
    harness.accept(news(3, Audience::Group(GROUP)));
    assert_eq!(harness.delivered(1), [1, 2, 3]);
    assert!(harness.fanout.is_in_group(1, GROUP));
}

#[test]
fn other_team_subscription_gets_news_of_the_team_only() {
    let mut harness = Harness::new();
    let mut cursor = harness.enter(1, 64);
    let other_teams = (Scope::Team(OTHER), SubscriptionKind::OtherTeam(contact(50)));
    let account = (Scope::Account(ACCOUNT), SubscriptionKind::Account);
    for (scope, kind) in [other_teams, account] {
        harness.fanout.listen(1, scope, kind);
        cursor.subscriptions.insert(scope, kind);
    }
    assert!(harness.fanout.go_live(1, cursor).is_ok());
    let updated = Notice::TeamUpdated { team: OTHER };
    let sections = Notice::SectionsUpdated { team: OTHER, of: SectionKind::Contacts, sections: vec![] };
    let removed = |who| Notice::ContactRemoved { team: OTHER, contact: contact(who) };
    harness.accept(row(Scope::Team(OTHER), 1, Audience::All, updated));
    harness.accept(row(Scope::Team(OTHER), 2, Audience::All, sections));
    harness.accept(row(Scope::Team(OTHER), 3, Audience::All, removed(51)));
    harness.accept(row(Scope::Team(OTHER), 4, Audience::All, removed(50)));
    let settings = Notice::UiSettings { settings: "{}".into() };
    harness.accept(row(Scope::Account(ACCOUNT), 5, Audience::All, settings));
    assert_eq!(harness.delivered(1), [1, 4, 5]);
}

#[test]
fn typing_is_delivered_to_other_members_with_room() {
    let mut harness = Harness::new();
    for number in [1, 2] {
        harness.add(number, 256);
    }
    harness.add(3, 4);
    let joined = vec![contact(1), contact(2), contact(3)];
    harness.accept(row(HOME, 1, Audience::Contacts(vec![]), Notice::GroupUpdated { group: GROUP, joined }));
    let typing =
        |chat| Arc::new(Typing { team: TEAM, chat, actor: contact(1), composing: true, is_audio: false });
    harness.fanout.typing(TEAM, &typing(ChatRef::Group(GROUP)));
    harness.fanout.typing(TEAM, &typing(ChatRef::direct(contact(1), contact(2))));
    harness.fanout.typing(TEAM, &typing(ChatRef::direct(contact(1), contact(1))));
    assert_eq!(harness.queues.get(&1).unwrap().len(), 0);
    assert_eq!(harness.queues.get(&2).unwrap().len(), 2);
    assert_eq!(harness.queues.get(&3).unwrap().len(), 0);
}

#[test]
fn scope_without_subscribers_is_removed() {
    let mut harness = Harness::new();
    harness.add(1, 4);
    harness.fanout.leave(1);
    assert_eq!(harness.fanout.scope(TEAM.0), None);
    assert!(harness.fanout.begin_read().unwrap().0.is_empty());
}
