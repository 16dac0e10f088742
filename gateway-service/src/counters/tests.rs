use super::Counters;
use chrono::DateTime;
use events::{ContactId, GroupId, MessageId, MessageKey, TeamId, chat::ChatRef, message::Author};
use protocol::{
    message::{ChatType, ContentType, MessageRecord},
    notice::{Audience, FeedRow, Notice, Scope},
    team::{TeamCounters, TeamUnread, Unread},
};
use read_model::reading::{ChatMark, ChatMarks};
use uuid::Uuid;

const ME: ContactId = ContactId(Uuid::from_u128(1));
const YOU: ContactId = ContactId(Uuid::from_u128(2));
const GROUP: ChatRef = ChatRef::Group(GroupId(Uuid::from_u128(3)));
const DIRECT: ChatRef = ChatRef::Direct(ME, YOU);

fn message(chat: ChatRef, author: ContactId, num: i64, mentioned: &[ContactId]) -> MessageRecord {
    let key = MessageKey { team: TeamId(Uuid::from_u128(4)), message: id(num) };
    let posted = DateTime::from_timestamp(1_569_546_004, 0).unwrap();
    MessageRecord {
        mentioned: mentioned.to_vec(),
        gentime: num * 10,
        num,
        index: Some(num - 1),
        is_last: true,
        ..MessageRecord::plain(key, chat, Author::Contact(author), "пыщ!".to_owned(), posted)
    }
}

fn id(num: i64) -> MessageId {
    MessageId(Uuid::from_u128(num.unsigned_abs().into()))
}

/// Position at which the counters are loaded.
const LOADED: u64 = 100;

fn loaded(marks: Vec<ChatMark>) -> Counters {
    Counters::new(ME, ChatMarks { position: LOADED, uncounted: vec![], marks })
}

fn mark(chat: ChatRef, base: i64, unread: u64) -> ChatMark {
    ChatMark {
        chat: chat.key(),
        kind: ChatType::of(chat),
        base,
        unread,
        mentions: vec![],
        last_read: Some(id(base).0),
        gentime: base * 10,
        version: 0,
    }
}

fn row(position: u64, notice: Notice) -> FeedRow {
    let team = TeamId(Uuid::from_u128(4));
    FeedRow {
        position,
        ordinal: 0,
        scope: Scope::Team(team),
        audience: Audience::All,
        at: DateTime::from_timestamp(0, 0).unwrap(),
        notice,
    }
}

fn posted(message: MessageRecord) -> FeedRow {
    row(LOADED + 1, Notice::MessageUpdated { message: Box::new(message), delayed: false })
}

fn edited(message: MessageRecord) -> FeedRow {
    row(LOADED + 1, Notice::MessageUpdated { message: Box::new(message), delayed: true })
}

fn read(chat: ChatRef, base: i64, num_unread: u64, mentions: &[i64]) -> FeedRow {
    let mentions = mentions.to_vec();
    let (message, gentime) = (id(base), base * 10);
    let marked = Notice::ReadMarked { contact: ME, chat, message, base, num_unread, mentions, gentime };
    row(LOADED + 1, marked)
}

#[test]
fn messages_of_others_count_once_after_loading() {
    let mut counters = loaded(vec![mark(GROUP, 5, 1)]);
    let old = FeedRow { position: LOADED, ..posted(message(GROUP, YOU, 6, &[])) };
    assert!(!counters.apply(&old), "it was loaded");
    assert!(counters.apply(&posted(message(GROUP, YOU, 7, &[ME]))));
    let of = counters.of(GROUP);
    assert_eq!((of.num_unread, of.num_unread_notices, of.last_read_message_id), (2, 1, Some(id(5).0)));
    assert_eq!((counters.team().group.chats, counters.team().group.messages, counters.badge()), (1, 2, 2));
}

#[test]
fn posting_marks_the_chat_as_read() {
    let mut counters = loaded(vec![mark(DIRECT, 3, 2)]);
    assert_eq!(counters.badge(), 2);
    counters.apply(&posted(message(DIRECT, ME, 6, &[])));
    assert_eq!((counters.of(DIRECT).num_unread, counters.badge()), (0, 0));
    assert_eq!(counters.of(DIRECT).last_read_message_id, Some(id(6).0));
}

#[test]
fn first_message_counts_in_a_direct_chat_and_earlier_ones_do_not_in_a_group() {
    let mut counters = loaded(vec![]);
    counters.apply(&posted(message(DIRECT, YOU, 1, &[])));
    counters.apply(&posted(message(GROUP, YOU, 101, &[])));
    assert_eq!((counters.of(DIRECT).num_unread, counters.of(GROUP).num_unread), (1, 1));
    assert_eq!((counters.team().direct.messages, counters.team().group.messages), (1, 1));
}

#[test]
fn read_mark_in_a_task_applies_to_participants_only() {
    let task = GroupId(Uuid::from_u128(5));
    let mut counters = loaded(vec![]);
    counters.apply(&read(ChatRef::Task(task), 7, 0, &[]));
    assert_eq!(
        counters.of(ChatRef::Task(task)).last_read_message_id,
        None,
        "a public task, read from outside"
    );
    counters.apply(&row(LOADED + 1, Notice::TaskUpdated { task, joined: vec![ME] }));
    counters.apply(&read(ChatRef::Task(task), 7, 0, &[]));
    assert_eq!(counters.of(ChatRef::Task(task)).last_read_message_id, Some(id(7).0));
    let left = Notice::TaskDeleted { task, left: vec![ME], gentime: 1 };
    counters.apply(&row(LOADED + 1, left));
    counters.apply(&read(ChatRef::Task(task), 8, 0, &[]));
    assert_eq!(counters.of(ChatRef::Task(task)).last_read_message_id, None);
}

#[test]
fn read_mark_sets_the_counters_also_backwards() {
    let mut counters = loaded(vec![mark(GROUP, 4, 5)]);
    assert!(counters.apply(&read(GROUP, 7, 2, &[9])));
    let of = counters.of(GROUP);
    assert_eq!((of.num_unread, of.num_unread_notices, of.last_read_message_id), (2, 1, Some(id(7).0)));
    counters.apply(&read(GROUP, 2, 7, &[3, 9]));
    assert_eq!((counters.of(GROUP).num_unread, counters.badge()), (7, 7));
    let theirs = Notice::ReadMarked {
        contact: YOU,
        chat: GROUP,
        message: id(9),
        base: 9,
        num_unread: 0,
        mentions: vec![],
        gentime: 1,
    };
    assert!(!counters.apply(&row(LOADED + 1, theirs)));
}

#[test]
fn deleted_unread_message_is_subtracted() {
    let mut counters = loaded(vec![ChatMark { mentions: vec![6], ..mark(GROUP, 5, 2) }]);
    let gone = |num| MessageRecord { kind: ContentType::Deleted, ..message(GROUP, YOU, num, &[]) };
    assert!(!counters.apply(&edited(gone(3))));
    assert!(counters.apply(&edited(gone(6))));
    let of = counters.of(GROUP);
    assert_eq!((of.num_unread, of.num_unread_notices, counters.badge()), (1, 0, 1));
}

#[test]
fn edit_adds_and_removes_mentions() {
    let mut counters = loaded(vec![mark(GROUP, 5, 2)]);
    assert!(counters.apply(&edited(message(GROUP, YOU, 6, &[ME]))));
    assert_eq!(counters.of(GROUP).num_unread_notices, 1);
    assert!(!counters.apply(&edited(message(GROUP, YOU, 6, &[ME]))), "as before");
    assert!(counters.apply(&edited(message(GROUP, YOU, 6, &[YOU]))));
    assert_eq!(counters.of(GROUP).num_unread_notices, 0);
}

#[test]
fn deleted_chat_is_subtracted() {
    let mut counters = loaded(vec![mark(GROUP, 4, 5), mark(DIRECT, 1, 1)]);
    assert_eq!(counters.badge(), 6);
    let group = GROUP.group().unwrap();
    counters.apply(&row(LOADED + 1, Notice::GroupDeleted { group, left: vec![YOU], gentime: 1 }));
    assert_eq!(counters.badge(), 6, "another has left");
    counters.apply(&row(LOADED + 1, Notice::GroupDeleted { group, left: vec![ME], gentime: 1 }));
    assert_eq!((counters.badge(), counters.team().group.chats), (1, 0));
}

#[test]
fn uncounted_chat_is_left_out_of_the_totals() {
    let mut counters = loaded(vec![mark(GROUP, 4, 5), mark(DIRECT, 1, 1)]);
    let kept = |counted| row(LOADED + 1, Notice::ChatSettingsChanged { contact: ME, chat: GROUP, counted });
    counters.apply(&kept(false));
    counters.apply(&posted(message(GROUP, YOU, 10, &[])));
    assert_eq!((counters.of(GROUP).num_unread, counters.badge(), counters.team().group.chats), (6, 1, 0));
    counters.apply(&kept(true));
    assert_eq!((counters.badge(), counters.team().group.chats), (7, 1));
}

#[test]
fn messages_before_joining_do_not_count() {
    let mut counters = loaded(vec![]);
    counters.apply(&read(GROUP, 8, 1, &[]));
    let gone = MessageRecord { kind: ContentType::Deleted, ..message(GROUP, YOU, 5, &[]) };
    assert!(!counters.apply(&edited(gone)), "it was there before");
    assert_eq!(counters.of(GROUP).num_unread, 1, "an old message was read");
}

#[test]
fn unread_of_other_teams_is_in_the_badge_and_returned_when_changed() {
    let mut counters = loaded(vec![mark(DIRECT, 1, 1)]);
    let (team, there) = (TeamId(Uuid::from_u128(7)), ContactId(Uuid::from_u128(8)));
    counters.set_others(vec![(team, there)]);
    let unread = TeamUnread { group: Unread { chats: 1, messages: 3 }, ..TeamUnread::default() };
    assert_eq!(counters.set_other_team(there, unread), Some(TeamCounters { uid: team.0, unread }));
    assert_eq!(counters.badge(), 4);
    assert_eq!(counters.set_other_team(there, unread), None, "as before");
    assert_eq!(counters.set_other_team(YOU, unread), None, "another's");
    counters.set_others(vec![]);
    assert_eq!(counters.badge(), 1);
}

#[test]
fn changes_and_silent_messages_do_not_count() {
    let mut counters = loaded(vec![mark(GROUP, 5, 0)]);
    let change =
        |author, num| MessageRecord { kind: ContentType::Change, ..message(GROUP, author, num, &[]) };
    let silent = |author, num| MessageRecord { silently: true, ..message(GROUP, author, num, &[ME]) };
    for message in [change(YOU, 6), silent(YOU, 7), message(GROUP, YOU, 8, &[])] {
        counters.apply(&posted(message));
    }
    let of = counters.of(GROUP);
    assert_eq!((of.num_unread, of.num_unread_notices), (1, 0));
    counters.apply(&edited(MessageRecord { kind: ContentType::Deleted, ..silent(YOU, 7) }));
    counters.apply(&posted(change(ME, 9)));
    assert_eq!(counters.of(GROUP).num_unread, 1, "a change of one's own reads nothing");
    counters.apply(&posted(silent(ME, 10)));
    assert_eq!((counters.of(GROUP).num_unread, counters.of(GROUP).last_read_message_id), (0, Some(id(10).0)));
}
