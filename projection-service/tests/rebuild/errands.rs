//! Tasks, tags and reminders.

use crate::sample_team::{TEAM, at, contact_id, own_words, owner_of, stream_of, upload_id};
use events::{
    BlobId, Event, GroupId, MessageEvent, MessageId, Personal, RemindEvent, RemindId, SectionId, StreamName,
    TagEvent, TagId, TaskEvent, TaskItemId, TeamEvent, UploadsEvent,
    chat::ChatRef,
    contact,
    message::{self, Author},
    remind, section, tag, task, upload,
    value::{ContactStatus, UploadKind},
};
use fastrand::Rng;
use uuid::Uuid;

/// Tasks, tags and reminders, while a contact leaves the team and returns.
pub(crate) fn errands(rng: &mut Rng) -> Vec<(StreamName, Vec<Event>)> {
    let tag = |n: u64| TagId(Uuid::from_u128(0x7_0000 + u128::from(n)));
    let task = |n: u64| GroupId(Uuid::from_u128(0x8_0000 + u128::from(n)));
    let remind = |n: u64| RemindId(Uuid::from_u128(0xa_0000 + u128::from(n)));
    let own = |text: String| Personal::of_team(TEAM, text);
    let mut appends: Vec<(StreamName, Vec<Event>)> = vec![];
    let mut push = |stream, event: Event| appends.push((stream, vec![event]));
    for n in 0..4 {
        let created = tag::Created { tag: tag(n), team: TEAM, name: own(format!("тег {n}")) };
        push(StreamName::tags(TEAM), TagEvent::from(created).into());
    }
    // Tasks also name a seventh file, which does not exist.
    for n in 0..6 {
        let stored = upload::Stored {
            upload: upload_id(1_000 + n),
            team: TEAM,
            owner: owner_of(n),
            blob: BlobId(Uuid::from_u128(0x6_0000 + n.unsigned_abs() as u128)),
            name: own_words(owner_of(n), format!("смета {n}.png")),
            size: 7,
            content_type: "image/png".into(),
            kind: UploadKind::Image,
            animated: false,
            preview: None,
        };
        push(StreamName::uploads(TEAM), UploadsEvent::from(stored).into());
    }
    let settings = |rng: &mut Rng| task::Settings {
        description: own(format!("Дело {}\nи ещё", rng.u64(..9))),
        assignee: contact_id(u128::from(rng.u64(..4))),
        observers: (0..rng.u64(..4)).map(|n| contact_id(u128::from(n))).collect(),
        public: rng.u64(..2) == 0,
        deadline: (rng.u64(..2) == 0).then(|| at(5)),
        tags: (0..rng.u64(..4)).map(tag).collect(),
        section: (rng.u64(..2) == 0).then(|| SectionId(Uuid::from_u128(0x52 + u128::from(rng.u64(..3))))),
        color_index: Some(2),
        importance: Some(3),
        urgency: None,
        complexity: None,
        spent_time: Some(7),
        linked_messages: (0..rng.u64(..4))
            .map(|n| MessageId(Uuid::from_u128(0x9_0000 + u128::from(n * 60 + rng.u64(..60)))))
            .collect(),
        uploads: (0..rng.u64(..4)).map(|_| upload_id(1_000 + rng.u64(..7).cast_signed())).collect(),
    };
    let items = |rng: &mut Rng| -> Vec<task::Item> {
        let item = |n: u64| task::Item {
            item: TaskItemId(Uuid::from_u128(0x9000 + u128::from(n))),
            text: own(if n == 1 { "#2".into() } else { format!("строка {n}") }),
            checked: n == 2,
        };
        (0..rng.u64(..5)).map(item).collect()
    };
    let status = |done| task::Status {
        word: own(if done { "done".into() } else { "в работе".into() }),
        done,
        reason: done.then(|| own("готово".into())),
    };
    for n in 0..8 {
        let created = task::Created {
            task: task(n),
            team: TEAM,
            owner: contact_id(u128::from(n % 3)),
            settings: settings(rng),
            status: status(n == 5),
            items: items(rng),
        };
        push(StreamName::task(task(n)), TaskEvent::from(created).into());
        let set = remind::Set {
            remind: remind(n),
            team: TEAM,
            contact: contact_id(1),
            chat: ChatRef::Task(task(n)),
            fire_at: at(1_000),
            comment: own_words(contact_id(1), "напомнить".into()),
        };
        push(StreamName::remind(remind(n)), RemindEvent::from(set).into());
    }
    let archived = contact::Archived { contact: contact_id(3), by: Some(contact_id(3)) };
    push(StreamName::team(TEAM), TeamEvent::from(archived).into());
    for step in 0..60 {
        let n = rng.u64(..7);
        let event = match rng.u64(..6) {
            5 => TaskEvent::from(task::DeadlinePassed { deadline: at(5) }),
            0 => TaskEvent::from(task::Changed { settings: settings(rng), described: rng.u64(..3) == 0 }),
            1 => task::StatusChanged { status: status(rng.u64(..2) == 0) }.into(),
            2 => task::ItemsReplaced { items: items(rng) }.into(),
            3 => {
                let item = TaskItemId(Uuid::from_u128(0x9000));
                task::ItemChecked { item, checked: rng.u64(..2) == 0 }.into()
            }
            _ => {
                let message = MessageId(Uuid::from_u128(0xb_0000 + u128::from(n) * 100 + step));
                let posted = message::Posted {
                    message,
                    team: TEAM,
                    chat: ChatRef::Task(task(n)),
                    author: Author::Contact(contact_id(0)),
                    text: own("сделал".into()),
                    important: false,
                    silently: false,
                    nopreview: false,
                    reply_to: None,
                    linked_messages: vec![],
                    uploads: vec![],
                    editable_until: at(5),
                };
                push(stream_of(message), MessageEvent::from(posted).into());
                continue;
            }
        };
        push(StreamName::task(task(n)), event.into());
        if step == 30 {
            let restored = contact::Restored {
                contact: contact_id(3),
                status: ContactStatus::Member,
                need_confirmation: false,
            };
            push(StreamName::team(TEAM), TeamEvent::from(restored).into());
        }
    }
    push(StreamName::task(task(7)), TaskEvent::from(task::Archived {}).into());
    for section in [0x50, 0x52].map(|n| SectionId(Uuid::from_u128(n))) {
        push(StreamName::team(TEAM), TeamEvent::from(section::Removed { section }).into());
    }
    let attached = upload::AttachedToTask { uploads: vec![upload_id(1_001)], task: task(1) };
    let removed = upload::Removed { upload: upload_id(1_003) };
    push(StreamName::uploads(TEAM), UploadsEvent::from(attached).into());
    push(StreamName::uploads(TEAM), UploadsEvent::from(removed).into());
    let gone = tag::Removed { tag: tag(1), team: TEAM };
    push(StreamName::tags(TEAM), TagEvent::from(gone).into());
    push(StreamName::remind(remind(1)), RemindEvent::from(remind::Removed {}).into());
    push(StreamName::remind(remind(2)), RemindEvent::from(remind::Fired { fire_at: at(1_000) }).into());
    appends
}
