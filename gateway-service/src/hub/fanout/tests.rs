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

/// News that nothing but its audience decides about.
fn news(position: Position, audience: Audience) -> FeedRow {
    let notice = Notice::SectionsUpdated {
        team: TEAM,
        of: SectionKind::Tasks,
        sections: vec![SectionId(Uuid::nil())],
    };
    row(HOME, position, audience, notice)
}

/// A transaction that committed these rows, and nothing else since `after`.
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
    /// Nobody, at the beginning.
    fn new() -> Self {
        let mut fanout = Fanout::default();
        fanout.settle(0);
        Self { fanout, queues: HashMap::new() }
    }

    /// A live socket with that number, of the contact with that number, hearing its team.
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

    /// The next event, and what it led to.
    fn accept(&mut self, row: FeedRow) {
        self.fanout.accept(committed(row.position - 1, row.position, &[row]));
    }

    /// The positions that a socket was given.
    fn heard(&mut self, number: u64) -> Vec<Position> {
        let queue = self.queues.get_mut(&number).unwrap();
        let mut heard = Vec::new();
        while let Ok(delivery) = queue.try_recv() {
            if let Delivery::Row(row) = delivery {
                heard.push(row.feed.position);
            }
        }
        heard
    }
}

#[test]
fn rows_are_handed_out_once_and_in_order() {
    let mut subscriptions = Harness::new();
    subscriptions.add(1, 64);
    for position in [1, 2, 2, 3, 1] {
        subscriptions.accept(news(position, Audience::All));
    }
    let rows: Vec<FeedRow> = (2..=5).map(|position| news(position, Audience::All)).collect();
    subscriptions.fanout.accept(committed(1, 5, &rows));
    assert_eq!(subscriptions.heard(1), [1, 2, 3, 4, 5]);
    assert!(!subscriptions.fanout.take_wanted());
    assert_eq!(subscriptions.fanout.given(1), Some(FeedPosition::end_of(5)));
}

#[test]
fn several_rows_of_an_event_are_all_told() {
    let mut subscriptions = Harness::new();
    subscriptions.add(1, 64);
    let second = FeedRow { ordinal: 1, ..news(1, Audience::All) };
    subscriptions.fanout.accept(committed(0, 2, &[news(1, Audience::All), second]));
    assert_eq!(subscriptions.heard(1), [1, 1]);
}

#[test]
fn a_gap_is_read_from_the_table_and_what_came_meanwhile_too() {
    let mut subscriptions = Harness::new();
    subscriptions.add(1, 64);
    subscriptions.accept(news(1, Audience::All));
    subscriptions.accept(news(3, Audience::All));
    assert!(subscriptions.fanout.take_wanted() && !subscriptions.fanout.take_wanted());
    let (scopes, after) = subscriptions.fanout.begin_read().unwrap();
    assert_eq!((scopes.as_slice(), after), ([HOME].as_slice(), FeedPosition::end_of(1)));
    subscriptions.accept(news(5, Audience::All));
    subscriptions.fanout.accept_read(page(3, vec![news(2, Audience::All), news(3, Audience::All)]), &scopes);
    assert!(!subscriptions.fanout.filled(), "5 came while the table was read");
    let (scopes, after) = subscriptions.fanout.begin_read().unwrap();
    assert_eq!(after, FeedPosition::end_of(3));
    subscriptions.fanout.accept_read(page(5, vec![news(4, Audience::All), news(5, Audience::All)]), &scopes);
    assert!(subscriptions.fanout.filled());
    assert_eq!(subscriptions.heard(1), [1, 2, 3, 4, 5]);
}

#[test]
fn a_gap_in_what_does_not_concern_anybody_is_one_too() {
    let mut subscriptions = Harness::new();
    subscriptions.add(1, 64);
    subscriptions.fanout.accept(committed(3, 4, &[]));
    assert!(subscriptions.fanout.take_wanted(), "what concerns somebody may be in it");
    assert_eq!(subscriptions.fanout.at(), Some(FeedPosition::end_of(0)));
}

#[test]
fn rows_that_are_too_much_for_the_bus_are_read_at_once() {
    let mut subscriptions = Harness::new();
    subscriptions.add(1, 64);
    subscriptions.fanout.accept(CommittedBatch { after: 0, position: 4, rows: None });
    assert!(subscriptions.fanout.take_wanted());
}

#[test]
fn a_head_that_is_ahead_twice_is_a_gap() {
    let mut subscriptions = Harness::new();
    subscriptions.fanout.note_head(2, false);
    assert!(!subscriptions.fanout.take_wanted(), "it may be on its way");
    subscriptions.fanout.note_head(2, false);
    assert!(subscriptions.fanout.take_wanted());
}

#[test]
fn after_the_bus_missed_something_the_first_look_counts() {
    let mut subscriptions = Harness::new();
    subscriptions.fanout.note_head(2, true);
    assert!(subscriptions.fanout.take_wanted());
}

#[test]
fn what_came_before_it_was_known_where_to_begin_is_not_lost() {
    let mut subscriptions = Harness { fanout: Fanout::default(), queues: HashMap::new() };
    subscriptions.accept(news(8, Audience::All));
    assert_eq!(subscriptions.fanout.settle(7), FeedPosition::end_of(7));
    assert!(subscriptions.fanout.take_wanted());
    assert_eq!(subscriptions.fanout.settle(9), FeedPosition::end_of(7), "that is known once");
}

#[test]
fn who_comes_while_the_table_is_read_reads_for_itself() {
    let mut subscriptions = Harness::new();
    subscriptions.add(1, 64);
    subscriptions.accept(news(2, Audience::All));
    let (scopes, _) = subscriptions.fanout.begin_read().unwrap();
    let cursor = subscriptions.enter(2, 64);
    let account = (Scope::Account(ACCOUNT), SubscriptionKind::Account);
    subscriptions.fanout.listen(2, account.0, account.1);
    let cursor =
        Cursor { subscriptions: cursor.subscriptions.into_iter().chain([account]).collect(), ..cursor };
    let cursor = subscriptions.fanout.go_live(2, cursor).unwrap_err();
    subscriptions.fanout.accept_read(page(2, vec![news(1, Audience::All), news(2, Audience::All)]), &scopes);
    assert!(subscriptions.fanout.filled());
    let cursor = subscriptions.fanout.go_live(2, cursor).unwrap_err();
    assert!(subscriptions.fanout.go_live(2, Cursor { at: FeedPosition::end_of(2), ..cursor }).is_ok());
    assert_eq!(subscriptions.heard(1), [1, 2]);
}

#[test]
fn what_is_forgotten_everybody_finds_out_for_themselves() {
    let mut subscriptions = Harness::new();
    subscriptions.add(1, 64);
    subscriptions.accept(news(1, Audience::All));
    subscriptions.fanout.skip(9);
    assert_eq!(subscriptions.fanout.at(), Some(FeedPosition::end_of(9)));
    let cursor = subscriptions.fanout.take_cursor(1).unwrap();
    assert_eq!(cursor.at, FeedPosition::end_of(1));
    assert!(subscriptions.fanout.go_live(1, cursor).is_err());
}

#[test]
fn who_hears_is_decided_by_the_audience() {
    let mut subscriptions = Harness::new();
    for number in [1, 2, 3] {
        subscriptions.add(number, 64);
    }
    let joined = Notice::GroupUpdated { group: GROUP, joined: vec![contact(1), contact(2)] };
    subscriptions.accept(row(HOME, 1, Audience::Group(GROUP), joined));
    subscriptions.accept(news(2, Audience::Group(GROUP)));
    subscriptions.accept(news(3, Audience::Contacts(vec![contact(3)])));
    let left = Notice::GroupDeleted { group: GROUP, left: vec![contact(1)], gentime: 1 };
    subscriptions.accept(row(HOME, 4, Audience::Contacts(vec![contact(1)]), left));
    subscriptions.accept(news(5, Audience::Group(GROUP)));
    let gone = Notice::GroupDeleted { group: GROUP, left: vec![], gentime: 2 };
    subscriptions.accept(row(HOME, 6, Audience::Group(GROUP), gone));
    subscriptions.accept(news(7, Audience::Group(GROUP)));
    assert_eq!(subscriptions.heard(1), [1, 2, 4]);
    assert_eq!(subscriptions.heard(2), [1, 2, 5, 6]);
    assert_eq!(subscriptions.heard(3), [3]);
}

#[test]
fn a_full_queue_stops_nobody_else_and_loses_nothing() {
    let mut subscriptions = Harness::new();
    subscriptions.add(1, 2);
    subscriptions.add(2, 64);
    let joined = Notice::GroupUpdated { group: GROUP, joined: vec![contact(1)] };
    subscriptions.accept(row(HOME, 1, Audience::All, joined));
    for position in 2..=6 {
        subscriptions.accept(news(position, Audience::All));
    }
    assert_eq!(subscriptions.heard(2), [1, 2, 3, 4, 5, 6]);
    assert_eq!(subscriptions.heard(1), [1, 2]);
    let cursor = subscriptions.fanout.take_cursor(1).unwrap();
    assert_eq!(cursor.at, FeedPosition::end_of(2), "the last one that fitted");
    assert!(cursor.groups.contains(&GROUP));
    assert!(subscriptions.fanout.take_cursor(1).is_none(), "the cursor is the socket's now");
    let cursor = subscriptions.fanout.go_live(1, cursor).unwrap_err();
    assert_eq!(cursor.at, FeedPosition::end_of(2), "four rows do not fit into two cursors");
}

#[test]
fn a_socket_that_comes_back_gets_what_is_remembered() {
    let mut subscriptions = Harness::new();
    subscriptions.add(1, 4);
    for position in 1..=5 {
        subscriptions.accept(news(position, Audience::All));
    }
    assert_eq!(subscriptions.heard(1), [1, 2, 3, 4]);
    let cursor = subscriptions.fanout.take_cursor(1).unwrap();
    subscriptions.accept(news(6, Audience::Contacts(vec![contact(2)])));
    subscriptions.accept(news(7, Audience::All));
    assert!(subscriptions.fanout.go_live(1, cursor).is_ok());
    subscriptions.accept(news(8, Audience::All));
    assert_eq!(subscriptions.heard(1), [5, 7, 8]);
}

#[test]
fn a_socket_that_reads_faster_than_the_hub_hears_nothing_twice() {
    let mut subscriptions = Harness::new();
    subscriptions.add(2, 64);
    let mut cursor = subscriptions.enter(1, 64);
    cursor.at = FeedPosition::end_of(3);
    assert!(subscriptions.fanout.go_live(1, cursor).is_ok());
    for position in 1..=4 {
        subscriptions.accept(news(position, Audience::All));
    }
    assert_eq!(subscriptions.heard(1), [4]);
    assert_eq!(subscriptions.heard(2), [1, 2, 3, 4]);
}

#[test]
fn groups_joined_on_the_way_to_being_live_count() {
    let mut subscriptions = Harness::new();
    subscriptions.add(2, 64);
    let cursor = subscriptions.enter(1, 64);
    let joined = Notice::GroupUpdated { group: GROUP, joined: vec![contact(1)] };
    subscriptions.accept(row(HOME, 1, Audience::Group(GROUP), joined));
    subscriptions.accept(news(2, Audience::Group(GROUP)));
    assert!(subscriptions.fanout.go_live(1, cursor).is_ok());
    subscriptions.accept(news(3, Audience::Group(GROUP)));
    assert_eq!(subscriptions.heard(1), [1, 2, 3]);
    assert!(subscriptions.fanout.is_in_group(1, GROUP));
}

#[test]
fn of_other_teams_only_their_own_news_are_heard() {
    let mut subscriptions = Harness::new();
    let mut cursor = subscriptions.enter(1, 64);
    let other_teams = (Scope::Team(OTHER), SubscriptionKind::OtherTeam(contact(50)));
    let account = (Scope::Account(ACCOUNT), SubscriptionKind::Account);
    for (scope, kind) in [other_teams, account] {
        subscriptions.fanout.listen(1, scope, kind);
        cursor.subscriptions.insert(scope, kind);
    }
    assert!(subscriptions.fanout.go_live(1, cursor).is_ok());
    let updated = Notice::TeamUpdated { team: OTHER };
    let sections = Notice::SectionsUpdated { team: OTHER, of: SectionKind::Contacts, sections: vec![] };
    let removed = |who| Notice::ContactRemoved { team: OTHER, contact: contact(who) };
    subscriptions.accept(row(Scope::Team(OTHER), 1, Audience::All, updated));
    subscriptions.accept(row(Scope::Team(OTHER), 2, Audience::All, sections));
    subscriptions.accept(row(Scope::Team(OTHER), 3, Audience::All, removed(51)));
    subscriptions.accept(row(Scope::Team(OTHER), 4, Audience::All, removed(50)));
    let settings = Notice::UiSettings { settings: "{}".into() };
    subscriptions.accept(row(Scope::Account(ACCOUNT), 5, Audience::All, settings));
    assert_eq!(subscriptions.heard(1), [1, 4, 5]);
}

#[test]
fn typing_is_told_to_the_others_only_and_only_when_there_is_room() {
    let mut subscriptions = Harness::new();
    for number in [1, 2] {
        subscriptions.add(number, 256);
    }
    subscriptions.add(3, 4);
    let joined = vec![contact(1), contact(2), contact(3)];
    subscriptions.accept(row(
        HOME,
        1,
        Audience::Contacts(vec![]),
        Notice::GroupUpdated { group: GROUP, joined },
    ));
    let typing =
        |chat| Arc::new(Typing { team: TEAM, chat, actor: contact(1), composing: true, is_audio: false });
    subscriptions.fanout.typing(TEAM, &typing(ChatRef::Group(GROUP)));
    subscriptions.fanout.typing(TEAM, &typing(ChatRef::direct(contact(1), contact(2))));
    subscriptions.fanout.typing(TEAM, &typing(ChatRef::direct(contact(1), contact(1))));
    assert_eq!(subscriptions.queues.get(&1).unwrap().len(), 0);
    assert_eq!(subscriptions.queues.get(&2).unwrap().len(), 2);
    assert_eq!(subscriptions.queues.get(&3).unwrap().len(), 0);
}

#[test]
fn a_scope_that_nobody_hears_is_forgotten() {
    let mut subscriptions = Harness::new();
    subscriptions.add(1, 4);
    subscriptions.fanout.leave(1);
    assert_eq!(subscriptions.fanout.scope(TEAM.0), None);
    assert!(subscriptions.fanout.begin_read().unwrap().0.is_empty());
}
