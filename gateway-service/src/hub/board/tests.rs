use super::Board;
use crate::hub::place::{Delivery, Ear, Place, Typing};
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

struct Ears {
    board: Board,
    queues: HashMap<u64, Receiver<Delivery>>,
}

impl Ears {
    /// Nobody, at the beginning.
    fn new() -> Self {
        let mut board = Board::default();
        board.settle(0);
        Self { board, queues: HashMap::new() }
    }

    /// A live socket with that number, of the contact with that number, hearing its team.
    fn add(&mut self, number: u64, capacity: usize) {
        let place = self.enter(number, capacity);
        assert!(self.board.go_live(number, place).is_ok());
    }

    fn enter(&mut self, number: u64, capacity: usize) -> Place {
        let (sender, queue) = channel(capacity);
        self.board.enter(number, sender, Arc::new(AtomicBool::new(false)));
        self.queues.insert(number, queue);
        let ear = Ear::Home(contact(number.into()));
        self.board.listen(number, HOME, ear);
        Place { ears: [(HOME, ear)].into(), at: self.board.at().unwrap(), groups: HashSet::new() }
    }

    /// The next event, and what it led to.
    fn accept(&mut self, row: FeedRow) {
        self.board.accept(committed(row.position - 1, row.position, &[row]));
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
    let mut ears = Ears::new();
    ears.add(1, 64);
    for position in [1, 2, 2, 3, 1] {
        ears.accept(news(position, Audience::All));
    }
    let rows: Vec<FeedRow> = (2..=5).map(|position| news(position, Audience::All)).collect();
    ears.board.accept(committed(1, 5, &rows));
    assert_eq!(ears.heard(1), [1, 2, 3, 4, 5]);
    assert!(!ears.board.take_wanted());
    assert_eq!(ears.board.given(1), Some(FeedPosition::end_of(5)));
}

#[test]
fn several_rows_of_an_event_are_all_told() {
    let mut ears = Ears::new();
    ears.add(1, 64);
    let second = FeedRow { ordinal: 1, ..news(1, Audience::All) };
    ears.board.accept(committed(0, 2, &[news(1, Audience::All), second]));
    assert_eq!(ears.heard(1), [1, 1]);
}

#[test]
fn a_gap_is_read_from_the_table_and_what_came_meanwhile_too() {
    let mut ears = Ears::new();
    ears.add(1, 64);
    ears.accept(news(1, Audience::All));
    ears.accept(news(3, Audience::All));
    assert!(ears.board.take_wanted() && !ears.board.take_wanted());
    let (scopes, after) = ears.board.begin_read().unwrap();
    assert_eq!((scopes.as_slice(), after), ([HOME].as_slice(), FeedPosition::end_of(1)));
    ears.accept(news(5, Audience::All));
    ears.board.accept_read(page(3, vec![news(2, Audience::All), news(3, Audience::All)]), &scopes);
    assert!(!ears.board.filled(), "5 came while the table was read");
    let (scopes, after) = ears.board.begin_read().unwrap();
    assert_eq!(after, FeedPosition::end_of(3));
    ears.board.accept_read(page(5, vec![news(4, Audience::All), news(5, Audience::All)]), &scopes);
    assert!(ears.board.filled());
    assert_eq!(ears.heard(1), [1, 2, 3, 4, 5]);
}

#[test]
fn a_gap_in_what_does_not_concern_anybody_is_one_too() {
    let mut ears = Ears::new();
    ears.add(1, 64);
    ears.board.accept(committed(3, 4, &[]));
    assert!(ears.board.take_wanted(), "what concerns somebody may be in it");
    assert_eq!(ears.board.at(), Some(FeedPosition::end_of(0)));
}

#[test]
fn rows_that_are_too_much_for_the_bus_are_read_at_once() {
    let mut ears = Ears::new();
    ears.add(1, 64);
    ears.board.accept(CommittedBatch { after: 0, position: 4, rows: None });
    assert!(ears.board.take_wanted());
}

#[test]
fn a_head_that_is_ahead_twice_is_a_gap() {
    let mut ears = Ears::new();
    ears.board.note_head(2, false);
    assert!(!ears.board.take_wanted(), "it may be on its way");
    ears.board.note_head(2, false);
    assert!(ears.board.take_wanted());
}

#[test]
fn after_the_bus_missed_something_the_first_look_counts() {
    let mut ears = Ears::new();
    ears.board.note_head(2, true);
    assert!(ears.board.take_wanted());
}

#[test]
fn what_came_before_it_was_known_where_to_begin_is_not_lost() {
    let mut ears = Ears { board: Board::default(), queues: HashMap::new() };
    ears.accept(news(8, Audience::All));
    assert_eq!(ears.board.settle(7), FeedPosition::end_of(7));
    assert!(ears.board.take_wanted());
    assert_eq!(ears.board.settle(9), FeedPosition::end_of(7), "that is known once");
}

#[test]
fn who_comes_while_the_table_is_read_reads_for_itself() {
    let mut ears = Ears::new();
    ears.add(1, 64);
    ears.accept(news(2, Audience::All));
    let (scopes, _) = ears.board.begin_read().unwrap();
    let place = ears.enter(2, 64);
    let account = (Scope::Account(ACCOUNT), Ear::Account);
    ears.board.listen(2, account.0, account.1);
    let place = Place { ears: place.ears.into_iter().chain([account]).collect(), ..place };
    let place = ears.board.go_live(2, place).unwrap_err();
    ears.board.accept_read(page(2, vec![news(1, Audience::All), news(2, Audience::All)]), &scopes);
    assert!(ears.board.filled());
    let place = ears.board.go_live(2, place).unwrap_err();
    assert!(ears.board.go_live(2, Place { at: FeedPosition::end_of(2), ..place }).is_ok());
    assert_eq!(ears.heard(1), [1, 2]);
}

#[test]
fn what_is_forgotten_everybody_finds_out_for_themselves() {
    let mut ears = Ears::new();
    ears.add(1, 64);
    ears.accept(news(1, Audience::All));
    ears.board.skip(9);
    assert_eq!(ears.board.at(), Some(FeedPosition::end_of(9)));
    let place = ears.board.take_place(1).unwrap();
    assert_eq!(place.at, FeedPosition::end_of(1));
    assert!(ears.board.go_live(1, place).is_err());
}

#[test]
fn who_hears_is_decided_by_the_audience() {
    let mut ears = Ears::new();
    for number in [1, 2, 3] {
        ears.add(number, 64);
    }
    let joined = Notice::GroupUpdated { group: GROUP, joined: vec![contact(1), contact(2)] };
    ears.accept(row(HOME, 1, Audience::Group(GROUP), joined));
    ears.accept(news(2, Audience::Group(GROUP)));
    ears.accept(news(3, Audience::Contacts(vec![contact(3)])));
    let left = Notice::GroupDeleted { group: GROUP, left: vec![contact(1)], gentime: 1 };
    ears.accept(row(HOME, 4, Audience::Contacts(vec![contact(1)]), left));
    ears.accept(news(5, Audience::Group(GROUP)));
    let gone = Notice::GroupDeleted { group: GROUP, left: vec![], gentime: 2 };
    ears.accept(row(HOME, 6, Audience::Group(GROUP), gone));
    ears.accept(news(7, Audience::Group(GROUP)));
    assert_eq!(ears.heard(1), [1, 2, 4]);
    assert_eq!(ears.heard(2), [1, 2, 5, 6]);
    assert_eq!(ears.heard(3), [3]);
}

#[test]
fn a_full_queue_stops_nobody_else_and_loses_nothing() {
    let mut ears = Ears::new();
    ears.add(1, 2);
    ears.add(2, 64);
    let joined = Notice::GroupUpdated { group: GROUP, joined: vec![contact(1)] };
    ears.accept(row(HOME, 1, Audience::All, joined));
    for position in 2..=6 {
        ears.accept(news(position, Audience::All));
    }
    assert_eq!(ears.heard(2), [1, 2, 3, 4, 5, 6]);
    assert_eq!(ears.heard(1), [1, 2]);
    let place = ears.board.take_place(1).unwrap();
    assert_eq!(place.at, FeedPosition::end_of(2), "the last one that fitted");
    assert!(place.groups.contains(&GROUP));
    assert!(ears.board.take_place(1).is_none(), "the place is the socket's now");
    let place = ears.board.go_live(1, place).unwrap_err();
    assert_eq!(place.at, FeedPosition::end_of(2), "four rows do not fit into two places");
}

#[test]
fn a_socket_that_comes_back_gets_what_is_remembered() {
    let mut ears = Ears::new();
    ears.add(1, 4);
    for position in 1..=5 {
        ears.accept(news(position, Audience::All));
    }
    assert_eq!(ears.heard(1), [1, 2, 3, 4]);
    let place = ears.board.take_place(1).unwrap();
    ears.accept(news(6, Audience::Contacts(vec![contact(2)])));
    ears.accept(news(7, Audience::All));
    assert!(ears.board.go_live(1, place).is_ok());
    ears.accept(news(8, Audience::All));
    assert_eq!(ears.heard(1), [5, 7, 8]);
}

#[test]
fn a_socket_that_reads_faster_than_the_hub_hears_nothing_twice() {
    let mut ears = Ears::new();
    ears.add(2, 64);
    let mut place = ears.enter(1, 64);
    place.at = FeedPosition::end_of(3);
    assert!(ears.board.go_live(1, place).is_ok());
    for position in 1..=4 {
        ears.accept(news(position, Audience::All));
    }
    assert_eq!(ears.heard(1), [4]);
    assert_eq!(ears.heard(2), [1, 2, 3, 4]);
}

#[test]
fn groups_joined_on_the_way_to_being_live_count() {
    let mut ears = Ears::new();
    ears.add(2, 64);
    let place = ears.enter(1, 64);
    let joined = Notice::GroupUpdated { group: GROUP, joined: vec![contact(1)] };
    ears.accept(row(HOME, 1, Audience::Group(GROUP), joined));
    ears.accept(news(2, Audience::Group(GROUP)));
    assert!(ears.board.go_live(1, place).is_ok());
    ears.accept(news(3, Audience::Group(GROUP)));
    assert_eq!(ears.heard(1), [1, 2, 3]);
    assert!(ears.board.is_in_group(1, GROUP));
}

#[test]
fn of_other_teams_only_their_own_news_are_heard() {
    let mut ears = Ears::new();
    let mut place = ears.enter(1, 64);
    let elsewhere = (Scope::Team(OTHER), Ear::Elsewhere(contact(50)));
    let account = (Scope::Account(ACCOUNT), Ear::Account);
    for (scope, ear) in [elsewhere, account] {
        ears.board.listen(1, scope, ear);
        place.ears.insert(scope, ear);
    }
    assert!(ears.board.go_live(1, place).is_ok());
    let updated = Notice::TeamUpdated { team: OTHER };
    let sections = Notice::SectionsUpdated { team: OTHER, of: SectionKind::Contacts, sections: vec![] };
    let removed = |who| Notice::ContactRemoved { team: OTHER, contact: contact(who) };
    ears.accept(row(Scope::Team(OTHER), 1, Audience::All, updated));
    ears.accept(row(Scope::Team(OTHER), 2, Audience::All, sections));
    ears.accept(row(Scope::Team(OTHER), 3, Audience::All, removed(51)));
    ears.accept(row(Scope::Team(OTHER), 4, Audience::All, removed(50)));
    let settings = Notice::UiSettings { settings: "{}".into() };
    ears.accept(row(Scope::Account(ACCOUNT), 5, Audience::All, settings));
    assert_eq!(ears.heard(1), [1, 4, 5]);
}

#[test]
fn typing_is_told_to_the_others_only_and_only_when_there_is_room() {
    let mut ears = Ears::new();
    for number in [1, 2] {
        ears.add(number, 256);
    }
    ears.add(3, 4);
    let joined = vec![contact(1), contact(2), contact(3)];
    ears.accept(row(HOME, 1, Audience::Contacts(vec![]), Notice::GroupUpdated { group: GROUP, joined }));
    let typing =
        |chat| Arc::new(Typing { team: TEAM, chat, actor: contact(1), composing: true, is_audio: false });
    ears.board.typing(TEAM, &typing(ChatRef::Group(GROUP)));
    ears.board.typing(TEAM, &typing(ChatRef::direct(contact(1), contact(2))));
    ears.board.typing(TEAM, &typing(ChatRef::direct(contact(1), contact(1))));
    assert_eq!(ears.queues.get(&1).unwrap().len(), 0);
    assert_eq!(ears.queues.get(&2).unwrap().len(), 2);
    assert_eq!(ears.queues.get(&3).unwrap().len(), 0);
}

#[test]
fn a_scope_that_nobody_hears_is_forgotten() {
    let mut ears = Ears::new();
    ears.add(1, 4);
    ears.board.leave(1);
    assert_eq!(ears.board.scope(TEAM.0), None);
    assert!(ears.board.begin_read().unwrap().0.is_empty());
}
