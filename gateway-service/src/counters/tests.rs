use super::Counters;
use chrono::DateTime;
use events::{ContactId, GroupId, MessageId, TeamId, chat::ChatRef, message::Author};
use protocol::message::{ChatType, NeutralMessage};
use read_model::feed::ChatMark;
use uuid::Uuid;

const ME: ContactId = ContactId(Uuid::from_u128(1));
const YOU: ContactId = ContactId(Uuid::from_u128(2));
const GROUP: ChatRef = ChatRef::Group(GroupId(Uuid::from_u128(3)));
const DIRECT: ChatRef = ChatRef::Direct(ME, YOU);

fn message(chat: ChatRef, author: ContactId, num: i64, mentioned: &[ContactId]) -> NeutralMessage {
    let now = DateTime::from_timestamp(1_569_546_004, 0).unwrap();
    NeutralMessage {
        id: id(num),
        team: TeamId(Uuid::from_u128(4)),
        chat,
        author: Author::Contact(author),
        text: "пыщ!".into(),
        deleted: false,
        important: false,
        nopreview: false,
        reply_to: None,
        linked_messages: vec![],
        uploads: vec![],
        links: vec![],
        mentioned: mentioned.to_vec(),
        created: now,
        edited: None,
        editable_until: now,
        gentime: num * 10,
        num,
        prev: None,
        is_last: true,
    }
}

fn id(num: i64) -> MessageId {
    MessageId(Uuid::from_u128(num.unsigned_abs().into()))
}

fn mark(chat: ChatRef, last_num: i64, read_num: i64) -> ChatMark {
    ChatMark {
        chat: chat.key(),
        kind: ChatType::of(chat),
        last_num,
        read_num,
        since: 0,
        last_read: Some(id(read_num).0),
        gentime: read_num * 10,
        notices: 0,
    }
}

#[test]
fn messages_of_others_are_unread_and_count_once() {
    let mut counters = Counters::new(ME, vec![mark(GROUP, 5, 5)]);
    for num in [6, 7, 7, 5] {
        counters.posted(&message(GROUP, YOU, num, &[ME]));
    }
    let of = counters.of(GROUP);
    assert_eq!((of.num_unread, of.num_unread_notices, of.last_read_message_id), (2, 2, Some(id(5).0)));
    assert_eq!((counters.team().group.chats, counters.team().group.messages, counters.badge()), (1, 2, 2));
}

#[test]
fn who_posts_has_read_all_before() {
    let mut counters = Counters::new(ME, vec![mark(DIRECT, 5, 3)]);
    assert_eq!(counters.badge(), 2);
    counters.posted(&message(DIRECT, ME, 6, &[]));
    assert_eq!((counters.of(DIRECT).num_unread, counters.badge()), (0, 0));
    assert_eq!(counters.of(DIRECT).last_read_message_id, Some(id(6).0));
}

#[test]
fn a_new_direct_chat_begins_unread_and_a_joined_group_read() {
    let mut counters = Counters::new(ME, vec![]);
    counters.posted(&message(DIRECT, YOU, 1, &[]));
    counters.posted(&message(GROUP, YOU, 101, &[]));
    assert_eq!((counters.of(DIRECT).num_unread, counters.of(GROUP).num_unread), (1, 1));
    assert_eq!((counters.team().direct.messages, counters.team().group.messages), (1, 1));
}

#[test]
fn a_mark_counts_unless_it_is_older_than_what_was_loaded() {
    let mut counters = Counters::new(ME, vec![mark(GROUP, 9, 4)]);
    counters.read(GROUP, id(2), 7, 20);
    assert_eq!(counters.of(GROUP).num_unread, 5, "older");
    counters.read(GROUP, id(7), 2, 70);
    let of = counters.of(GROUP);
    assert_eq!((of.num_unread, of.last_read_message_id, of.gentime), (2, Some(id(7).0), 70));
    assert_eq!(counters.badge(), 2);
}

#[test]
fn a_chat_that_is_gone_counts_no_more() {
    let mut counters = Counters::new(ME, vec![mark(GROUP, 9, 4), mark(DIRECT, 2, 1)]);
    assert_eq!(counters.badge(), 6);
    counters.forget(GROUP);
    assert_eq!((counters.badge(), counters.team().group.chats), (1, 0));
}

#[test]
fn what_was_there_before_joining_never_counts() {
    let joined = ChatMark { since: 8, ..mark(GROUP, 9, 0) };
    let mut counters = Counters::new(ME, vec![joined]);
    assert_eq!(counters.of(GROUP).num_unread, 1);
    counters.read(GROUP, id(2), 7, 100);
    assert_eq!(counters.of(GROUP).num_unread, 1, "an old message was read");
}
