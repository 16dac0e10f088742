use super::Board;
use crate::hub::place::{Delivery, Ear, Place, Typing};
use chrono::DateTime;
use events::{AccountId, ContactId, GroupId, SectionId, TeamId, chat::ChatRef};
use protocol::notice::{Audience, FeedRow, Notice, Scope};
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

fn row(scope: Scope, seq: i64, audience: Audience, notice: Notice) -> FeedRow {
    let at = DateTime::from_timestamp(1_569_546_004, 0).unwrap();
    FeedRow { position: seq.unsigned_abs(), ordinal: 0, scope, seq, audience, at, notice }
}

/// News that nothing but its audience decides about.
fn news(seq: i64, audience: Audience) -> FeedRow {
    row(HOME, seq, audience, Notice::SectionsUpdated { team: TEAM, sections: vec![SectionId(Uuid::nil())] })
}

struct Ears {
    board: Board,
    queues: HashMap<u64, Receiver<Delivery>>,
}

impl Ears {
    fn new() -> Self {
        Self { board: Board::default(), queues: HashMap::new() }
    }

    /// A live socket with that number, of the contact with that number, hearing its team from `head` on.
    fn add(&mut self, number: u64, head: i64, capacity: usize) {
        let place = self.enter(number, head, capacity);
        assert!(self.board.go_live(number, place).is_ok());
    }

    fn enter(&mut self, number: u64, head: i64, capacity: usize) -> Place {
        let (sender, queue) = channel(capacity);
        self.board.enter(number, sender, Arc::new(AtomicBool::new(false)));
        self.queues.insert(number, queue);
        let ear = Ear::Home(contact(number.into()));
        let at = self.board.listen(number, HOME, ear);
        if at.is_none() {
            self.board.settle(HOME, head);
        }
        Place { cursors: [(HOME, (ear, at.unwrap_or(head)))].into(), groups: HashSet::new() }
    }

    /// The sequence numbers that a socket was given.
    fn heard(&mut self, number: u64) -> Vec<i64> {
        let queue = self.queues.get_mut(&number).unwrap();
        let mut heard = Vec::new();
        while let Ok(delivery) = queue.try_recv() {
            if let Delivery::Row(row) = delivery {
                heard.push(row.feed.seq);
            }
        }
        heard
    }
}

#[test]
fn rows_are_handed_out_once_and_in_order() {
    let mut ears = Ears::new();
    ears.add(1, 10, 64);
    for seq in [10, 11, 11, 12, 9] {
        ears.board.accept(news(seq, Audience::All));
    }
    assert_eq!(ears.heard(1), [11, 12]);
    assert!(ears.board.take_wanted().is_empty());
}

#[test]
fn a_gap_is_read_from_the_table_and_what_came_meanwhile_too() {
    let mut ears = Ears::new();
    ears.add(1, 0, 64);
    ears.board.accept(news(1, Audience::All));
    ears.board.accept(news(3, Audience::All));
    assert_eq!(ears.board.take_wanted(), HashSet::from([HOME]));
    assert_eq!(ears.board.read_from(HOME), Some(1));
    ears.board.accept_read(news(2, Audience::All));
    ears.board.accept_read(news(3, Audience::All));
    ears.board.accept(news(5, Audience::All));
    assert!(!ears.board.filled(HOME), "5 came while the table was read");
    ears.board.accept_read(news(4, Audience::All));
    assert_eq!(ears.board.read_from(HOME), Some(4));
    ears.board.accept_read(news(5, Audience::All));
    assert!(ears.board.filled(HOME));
    assert_eq!(ears.heard(1), [1, 2, 3, 4, 5]);
}

#[test]
fn a_head_that_is_ahead_twice_is_a_gap() {
    let mut ears = Ears::new();
    ears.add(1, 0, 64);
    let heads = HashMap::from([(TEAM.0, 2)]);
    ears.board.note_heads(&heads, false);
    assert!(ears.board.take_wanted().is_empty(), "it may be on its way");
    ears.board.note_heads(&heads, false);
    assert_eq!(ears.board.take_wanted(), HashSet::from([HOME]));
}

#[test]
fn after_the_bus_missed_something_the_first_look_counts() {
    let mut ears = Ears::new();
    ears.add(1, 0, 64);
    ears.board.note_heads(&HashMap::from([(TEAM.0, 2)]), true);
    assert_eq!(ears.board.take_wanted(), HashSet::from([HOME]));
}

#[test]
fn what_came_before_the_head_was_known_is_not_lost() {
    let mut ears = Ears::new();
    let (sender, queue) = channel(8);
    ears.board.enter(1, sender, Arc::new(AtomicBool::new(false)));
    ears.queues.insert(1, queue);
    assert_eq!(ears.board.listen(1, HOME, Ear::Home(contact(1))), None);
    ears.board.accept(news(8, Audience::All));
    ears.board.settle(HOME, 7);
    assert_eq!(ears.board.take_wanted(), HashSet::from([HOME]));
}

#[test]
fn who_hears_is_decided_by_the_audience() {
    let mut ears = Ears::new();
    for number in [1, 2, 3] {
        ears.add(number, 0, 64);
    }
    let joined = Notice::GroupUpdated { group: GROUP, joined: vec![contact(1), contact(2)] };
    ears.board.accept(row(HOME, 1, Audience::Group(GROUP), joined));
    ears.board.accept(news(2, Audience::Group(GROUP)));
    ears.board.accept(news(3, Audience::Contacts(vec![contact(3)])));
    let left = Notice::GroupDeleted { group: GROUP, left: vec![contact(1)], gentime: 1 };
    ears.board.accept(row(HOME, 4, Audience::Contacts(vec![contact(1)]), left));
    ears.board.accept(news(5, Audience::Group(GROUP)));
    let gone = Notice::GroupDeleted { group: GROUP, left: vec![], gentime: 2 };
    ears.board.accept(row(HOME, 6, Audience::Group(GROUP), gone));
    ears.board.accept(news(7, Audience::Group(GROUP)));
    assert_eq!(ears.heard(1), [1, 2, 4]);
    assert_eq!(ears.heard(2), [1, 2, 5, 6]);
    assert_eq!(ears.heard(3), [3]);
}

#[test]
fn a_full_queue_stops_nobody_else_and_loses_nothing() {
    let mut ears = Ears::new();
    ears.add(1, 0, 2);
    ears.add(2, 0, 64);
    let joined = Notice::GroupUpdated { group: GROUP, joined: vec![contact(1)] };
    ears.board.accept(row(HOME, 1, Audience::All, joined));
    for seq in 2..=6 {
        ears.board.accept(news(seq, Audience::All));
    }
    assert_eq!(ears.heard(2), [1, 2, 3, 4, 5, 6]);
    assert_eq!(ears.heard(1), [1, 2]);
    let place = ears.board.take_place(1).unwrap();
    assert_eq!(place.cursors[&HOME].1, 2, "the last one that fitted");
    assert!(place.groups.contains(&GROUP));
    assert!(ears.board.take_place(1).is_none(), "the place is the socket's now");
    let place = ears.board.go_live(1, place).unwrap_err();
    assert_eq!(place.cursors[&HOME].1, 2, "four rows do not fit into two places");
}

#[test]
fn a_socket_that_comes_back_gets_what_is_remembered() {
    let mut ears = Ears::new();
    ears.add(1, 0, 4);
    for seq in 1..=5 {
        ears.board.accept(news(seq, Audience::All));
    }
    assert_eq!(ears.heard(1), [1, 2, 3, 4]);
    let place = ears.board.take_place(1).unwrap();
    ears.board.accept(news(6, Audience::Contacts(vec![contact(2)])));
    ears.board.accept(news(7, Audience::All));
    assert!(ears.board.go_live(1, place).is_ok());
    ears.board.accept(news(8, Audience::All));
    assert_eq!(ears.heard(1), [5, 7, 8]);
}

#[test]
fn a_socket_that_reads_faster_than_the_hub_hears_nothing_twice() {
    let mut ears = Ears::new();
    ears.add(2, 0, 64);
    let mut place = ears.enter(1, 0, 64);
    place.cursors.insert(HOME, (Ear::Home(contact(1)), 3));
    assert!(ears.board.go_live(1, place).is_ok());
    for seq in 1..=4 {
        ears.board.accept(news(seq, Audience::All));
    }
    assert_eq!(ears.heard(1), [4]);
    assert_eq!(ears.heard(2), [1, 2, 3, 4]);
}

#[test]
fn groups_joined_on_the_way_to_being_live_count() {
    let mut ears = Ears::new();
    ears.add(2, 0, 64);
    let place = ears.enter(1, 0, 64);
    let joined = Notice::GroupUpdated { group: GROUP, joined: vec![contact(1)] };
    ears.board.accept(row(HOME, 1, Audience::Group(GROUP), joined));
    ears.board.accept(news(2, Audience::Group(GROUP)));
    assert!(ears.board.go_live(1, place).is_ok());
    ears.board.accept(news(3, Audience::Group(GROUP)));
    assert_eq!(ears.heard(1), [1, 2, 3]);
    assert!(ears.board.is_in_group(1, GROUP));
}

#[test]
fn of_other_teams_only_their_own_news_are_heard() {
    let mut ears = Ears::new();
    let mut place = ears.enter(1, 0, 64);
    let elsewhere = (Scope::Team(OTHER), Ear::Elsewhere(contact(50)));
    let account = (Scope::Account(ACCOUNT), Ear::Account);
    for (scope, ear) in [elsewhere, account] {
        ears.board.listen(1, scope, ear);
        ears.board.settle(scope, 0);
        place.cursors.insert(scope, (ear, 0));
    }
    assert!(ears.board.go_live(1, place).is_ok());
    let updated = Notice::TeamUpdated { team: OTHER };
    let sections = Notice::SectionsUpdated { team: OTHER, sections: vec![] };
    let removed = |who| Notice::ContactRemoved { team: OTHER, contact: contact(who) };
    ears.board.accept(row(Scope::Team(OTHER), 1, Audience::All, updated));
    ears.board.accept(row(Scope::Team(OTHER), 2, Audience::All, sections));
    ears.board.accept(row(Scope::Team(OTHER), 3, Audience::All, removed(51)));
    ears.board.accept(row(Scope::Team(OTHER), 4, Audience::All, removed(50)));
    let settings = Notice::UiSettings { settings: "{}".into() };
    ears.board.accept(row(Scope::Account(ACCOUNT), 1, Audience::All, settings));
    assert_eq!(ears.heard(1), [1, 4, 1]);
}

#[test]
fn typing_is_told_to_the_others_only_and_only_when_there_is_room() {
    let mut ears = Ears::new();
    for number in [1, 2] {
        ears.add(number, 0, 256);
    }
    ears.add(3, 0, 4);
    let joined = vec![contact(1), contact(2), contact(3)];
    ears.board.accept(row(
        HOME,
        1,
        Audience::Contacts(vec![]),
        Notice::GroupUpdated { group: GROUP, joined },
    ));
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
    ears.add(1, 0, 4);
    ears.board.leave(1);
    assert!(ears.board.scopes().is_empty());
    assert_eq!(ears.board.scope(TEAM.0), None);
    assert_eq!(ears.board.read_from(HOME), None);
}
