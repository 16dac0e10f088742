//! A story in which everything happens that can happen in a team.

use chrono::{DateTime, TimeDelta, Utc};
use events::{
    AccountEvent, AccountId, BlobId, ChatEvent, ContactId, Event, GroupId, IntegrationId, InvitationId,
    MessageEvent, MessageId, Personal, ReadingEvent, RemindEvent, RemindId, SectionId, StreamName, TagEvent,
    TagId, TaskEvent, TaskItemId, TeamEvent, TeamId, UploadId, UploadsEvent, account,
    chat::{self, ChatRef},
    contact, icon, integration, invitation,
    message::{self, Author},
    reading, remind, section, tag, task, team, upload,
    value::{ContactOrigin, ContactStatus, GroupStatus, IntegrationKind, SectionKind, UploadKind},
};
use fastrand::Rng;
use uuid::Uuid;

pub(crate) const TEAM: TeamId = TeamId(Uuid::from_u128(0x100));
pub(crate) const GROUP: GroupId = GroupId(Uuid::from_u128(0x200));
pub(crate) const INTEGRATION: IntegrationId = IntegrationId(Uuid::from_u128(0x300));

pub(crate) fn account_id(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(0x1000 + n))
}

pub(crate) fn contact_id(n: u128) -> ContactId {
    ContactId(Uuid::from_u128(0x2000 + n))
}

pub(crate) fn account_of(contact: ContactId) -> AccountId {
    account_id(contact.0.as_u128() - 0x2000)
}

/// What somebody of the team says or keeps.
pub(crate) fn own_words(who: ContactId, text: String) -> Personal<String> {
    Personal::in_team(TEAM, account_of(who), text)
}

/// Time goes on, but not evenly: clocks of nodes differ.
pub(crate) fn at(step: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
        + TimeDelta::microseconds(step * 700 - (step % 7) * 5_000)
}

pub(crate) fn upload_id(step: i64) -> UploadId {
    UploadId(Uuid::from_u128(0x5_0000 + step.unsigned_abs() as u128))
}

/// Whose file it is, and so who may bring it.
pub(crate) fn owner_of(step: i64) -> ContactId {
    contact_id(step.unsigned_abs() as u128 % 3)
}

pub(crate) fn opening() -> Vec<(StreamName, Vec<Event>)> {
    let mut story = vec![];
    for n in 0..4 {
        let own = |text: &str| Personal::of_account(account_id(n), text.to_owned());
        let registered = account::Registered {
            account: account_id(n),
            phone: own(&format!("+7916666000{n}")),
            phone_hash: format!("{n:064x}"),
            given_name: own("Имя"),
            family_name: own(&format!("№{n}")),
            added_by: None,
        };
        story.push((StreamName::account(account_id(n)), vec![AccountEvent::from(registered).into()]));
    }
    let own = |text: &str| Personal::of_team(TEAM, text.to_owned());
    let settings = team::Settings {
        default_task_deadline: "18:00:00".into(),
        max_message_update_age: 86_400,
        uploads_size_limit: 1 << 30,
    };
    let mut founding: Vec<Event> = vec![
        TeamEvent::from(team::Created { team: TEAM, name: own("Полк"), owner: contact_id(0), settings })
            .into(),
        TeamEvent::from(section::Created {
            section: SectionId(Uuid::from_u128(9)),
            name: own("Общая"),
            sort_ordering: 0,
            description: None,
            kind: SectionKind::Contacts,
        })
        .into(),
    ];
    for n in 0..4 {
        let own = |text: &str| Personal::of_account(account_id(n), text.to_owned());
        let added = contact::Added {
            contact: contact_id(n),
            account: account_id(n),
            origin: ContactOrigin::Added,
            phone: own(&format!("+7916666000{n}")),
            given_name: own("Имя"),
            family_name: own(&format!("№{n}")),
            role: own(""),
            status: if n == 0 { ContactStatus::Owner } else { ContactStatus::Member },
            need_confirmation: n > 0,
        };
        founding.push(TeamEvent::from(added).into());
    }
    for (n, kind) in
        (0_u128..).zip([SectionKind::Groups, SectionKind::Groups, SectionKind::Tasks, SectionKind::Tasks])
    {
        let section = SectionId(Uuid::from_u128(0x50 + n));
        let (name, sort_ordering) = (own("Раздел дел"), 0);
        let made = section::Created { section, name, sort_ordering, description: None, kind };
        founding.push(TeamEvent::from(made).into());
    }
    story.push((StreamName::team(TEAM), founding));
    let members =
        (0..3).map(|n| chat::Member { contact: contact_id(n), status: GroupStatus::Member }).collect();
    let group = chat::Created {
        group: GROUP,
        team: TEAM,
        owner: contact_id(0),
        members,
        settings: chat::Settings {
            display_name: own("Общий чат"),
            description: own(""),
            public: true,
            readonly_for_members: false,
            default_for_all: false,
            autocleanup_age: None,
            pinned_message: None,
            section: None,
        },
    };
    story.push((StreamName::chat(GROUP), vec![ChatEvent::from(group).into()]));
    let made = integration::Created {
        integration: INTEGRATION,
        kind: IntegrationKind::Raw,
        key_sealed: "…".into(),
        key_hash: "k".into(),
        settings: integration::Settings {
            comment: own("сборка"),
            enabled: true,
            group: GROUP,
            webhook_url: own("https://example.org/hook"),
        },
    };
    story.push((StreamName::team(TEAM), vec![TeamEvent::from(made).into()]));
    story
}

/// One thing that happens; `said` are the messages so far.
pub(crate) fn happening(
    rng: &mut Rng,
    step: i64,
    said: &mut Vec<(MessageId, ChatRef)>,
) -> (StreamName, Vec<Event>) {
    let who = contact_id(u128::from(rng.u64(..3)));
    match rng.u64(..27) {
        0 if !said.is_empty() => {
            let (id, _) = said[rng.u64(..said.len() as u64) as usize];
            let text = Personal::of_team(TEAM, format!("иначе {step}"));
            let edited = message::Edited { text, important: step % 2 == 0, nopreview: false };
            (StreamName::message(id), vec![MessageEvent::from(edited).into()])
        }
        1 if !said.is_empty() => {
            let (id, _) = said[rng.u64(..said.len() as u64) as usize];
            (StreamName::message(id), vec![MessageEvent::from(message::Deleted { by: Some(who) }).into()])
        }
        9 | 10 if !said.is_empty() => {
            let (id, _) = said[rng.u64(..said.len() as u64) as usize];
            let name = domain::reaction::NAMES[rng.u64(..2) as usize].to_owned();
            let event = match rng.u64(..3) {
                0 => MessageEvent::from(message::ReactionRemoved { contact: who, name }),
                _ => message::ReactionSet { contact: who, name }.into(),
            };
            (StreamName::message(id), vec![event.into()])
        }
        2 | 3 if !said.is_empty() => {
            let (message, chat) = said[rng.u64(..said.len() as u64) as usize];
            let contact = match chat {
                ChatRef::Group(_) | ChatRef::Task(_) => who,
                ChatRef::Direct(a, b) => [a, b][rng.u64(..2) as usize],
            };
            let marked = reading::Marked { team: TEAM, chat, contact, message };
            (StreamName::reading(contact, chat.key()), vec![ReadingEvent::from(marked).into()])
        }
        4 => {
            let member = chat::Member { contact: contact_id(3), status: GroupStatus::Admin };
            (StreamName::chat(GROUP), vec![ChatEvent::from(chat::MemberSet { member }).into()])
        }
        5 => {
            let gone = chat::MemberRemoved { contact: contact_id(3) };
            (StreamName::chat(GROUP), vec![ChatEvent::from(gone).into()])
        }
        20 => {
            let chat =
                if step % 2 == 0 { ChatRef::Group(GROUP) } else { ChatRef::direct(who, contact_id(0)) };
            let text = own_words(who, format!("черновик {step}"));
            let drafted = reading::DraftSaved { team: TEAM, chat, contact: who, text };
            let settings = reading::OwnSettings {
                pinned: step % 3 == 0,
                counters_enabled: step % 5 > 0,
                feed: (step % 4 == 0).then_some(false),
                ..reading::OwnSettings::default()
            };
            let changed = reading::SettingsChanged { team: TEAM, chat, contact: who, settings };
            let events = vec![ReadingEvent::from(drafted).into(), ReadingEvent::from(changed).into()];
            (StreamName::reading(who, chat.key()), events)
        }
        21 => {
            let contact = contact_id(3);
            let event: TeamEvent = if step % 2 == 0 {
                contact::Archived { contact, by: Some(who) }.into()
            } else {
                contact::Restored { contact, status: ContactStatus::Member, need_confirmation: false }.into()
            };
            (StreamName::team(TEAM), vec![event.into()])
        }
        22 => {
            let own = |text: String| Personal::of_team(TEAM, text);
            let settings = chat::Settings {
                display_name: own(format!("Чат {step}")),
                description: own("о чём".into()),
                public: step % 3 == 0,
                readonly_for_members: false,
                default_for_all: step % 2 == 0,
                autocleanup_age: (step % 5 == 0).then_some(60),
                pinned_message: said.last().map(|(id, _)| *id),
                section: (step % 3 > 0)
                    .then(|| SectionId(Uuid::from_u128(0x50 + step.unsigned_abs() as u128 % 2))),
            };
            (StreamName::chat(GROUP), vec![ChatEvent::from(chat::Changed { settings }).into()])
        }
        6 => {
            let blob = BlobId(Uuid::from_u128(step.unsigned_abs().into()));
            let icon = icon::Changed { blob, lg_width: 10, lg_height: 10, size: rng.u64(..1_000) };
            (StreamName::team(TEAM), vec![TeamEvent::from(icon).into()])
        }
        7 | 8 => {
            let stored = upload::Stored {
                upload: upload_id(step),
                team: TEAM,
                owner: owner_of(step),
                blob: BlobId(Uuid::from_u128(step.unsigned_abs().into())),
                name: own_words(owner_of(step), format!("{step}.png")),
                size: rng.u64(..1_000),
                content_type: "image/png".into(),
                kind: UploadKind::Image,
                animated: step % 2 == 0,
                preview: (step % 3 == 0).then_some(upload::Preview { width: 3, height: 4, size: 5 }),
            };
            let mut events: Vec<Event> = vec![UploadsEvent::from(stored).into()];
            // Some are gone at once, others are there for the messages behind.
            if step % 4 == 0 {
                events.push(UploadsEvent::from(upload::Removed { upload: upload_id(step) }).into());
            }
            (StreamName::uploads(TEAM), events)
        }
        // Many things may happen to people: they get their share.
        23..=26 => (StreamName::team(TEAM), vec![of_people(rng, step, who).into()]),
        _ => {
            let message = MessageId(Uuid::from_u128(0x9_0000 + step.unsigned_abs() as u128));
            let chat = match rng.u64(..3) {
                0 => ChatRef::direct(contact_id(0), contact_id(1)),
                1 => ChatRef::direct(contact_id(2), contact_id(2)),
                _ => ChatRef::Group(GROUP),
            };
            let author = match (chat, rng.u64(..4)) {
                (ChatRef::Group(_), 0) => Author::Integration(INTEGRATION),
                (ChatRef::Group(_) | ChatRef::Task(_), _) => Author::Contact(who),
                (ChatRef::Direct(a, _), _) => Author::Contact(a),
            };
            let text = format!("@Имя_№{}, это {step}: https://example.org/{step}", step % 3);
            let posted = message::Posted {
                message,
                team: TEAM,
                chat,
                author,
                text: match author {
                    Author::Contact(author) => own_words(author, text),
                    Author::Integration(_) => Personal::of_team(TEAM, text),
                },
                important: false,
                nopreview: false,
                silently: step % 5 == 0,
                reply_to: said.last().map(|(id, _)| *id),
                linked_messages: said.iter().rev().take(rng.u64(..3) as usize).map(|(id, _)| *id).collect(),
                uploads: (step - 30..step)
                    .filter(|file| step % 5 == 0 && author == Author::Contact(owner_of(*file)))
                    .map(upload_id)
                    .collect(),
                editable_until: at(step),
            };
            said.push((message, chat));
            (StreamName::message(message), vec![MessageEvent::from(posted).into()])
        }
    }
}

/// Something that happens to people and sections.
pub(crate) fn of_people(rng: &mut Rng, step: i64, who: ContactId) -> TeamEvent {
    let account = account_of(who);
    let own = |text: &str| Personal::of_account(account, format!("{text}{step}"));
    let section = SectionId(Uuid::from_u128(0x40 + u128::from(rng.u64(..4))));
    let of_team = |text: &str| Personal::of_team(TEAM, format!("{text}{step}"));
    match rng.u64(..16) {
        0 => {
            let profile = contact::Profile {
                given_name: own("Имя"),
                patronymic: own(""),
                family_name: own("№"),
                role: own("повар"),
                mood: own("бодр"),
                contact_email: own("a@example.org"),
                contact_phone: own("+7"),
            };
            contact::ProfileChanged { contact: who, profile }.into()
        }
        1 => {
            let preferences =
                contact::Preferences { alt_send: step % 2 == 0, ..contact::Preferences::default() };
            let preferences = Personal::of_account(account, preferences);
            contact::PreferencesChanged { contact: who, preferences }.into()
        }
        2 | 3 => contact::SectionsSet { contact: who, sections: vec![section] }.into(),
        4 => contact::InvitingAllowed { contact: who, allowed: step % 2 == 0 }.into(),
        5 => contact::Confirmed { contact: who }.into(),
        6 => contact::Archived { contact: contact_id(3), by: None }.into(),
        7 => {
            let (status, need_confirmation) = (ContactStatus::Member, true);
            contact::Restored { contact: contact_id(3), status, need_confirmation }.into()
        }
        8 => {
            let (name, description, sort_ordering) = (of_team("Раздел"), of_team(""), step as u32);
            section::Changed { section: SectionId(Uuid::from_u128(9)), name, description, sort_ordering }
                .into()
        }
        9 => {
            let blob = BlobId(Uuid::from_u128(0x6_0000 + step.unsigned_abs() as u128));
            let icon = icon::Changed { blob, lg_width: 20, lg_height: 30, size: rng.u64(..1_000) };
            contact::IconChanged { contact: who, icon }.into()
        }
        10 => contact::IconRemoved { contact: who }.into(),
        11 => {
            let settings = integration::Settings {
                comment: of_team("сборка "),
                enabled: step % 3 > 0,
                group: if step % 5 > 0 { GROUP } else { GroupId(Uuid::from_u128(0x99)) },
                webhook_url: of_team("https://example.org/"),
            };
            integration::Changed { integration: INTEGRATION, settings }.into()
        }
        12 => invitation::Created {
            invitation: InvitationId(Uuid::from_u128(0xb_0000 + step.unsigned_abs() as u128)),
            token_sealed: "…".into(),
            token_hash: format!("{step:064x}"),
            by: (step % 3 > 0).then_some(who),
            expires: (step % 2 == 0).then(|| at(step)),
            max_uses: (step % 4 == 0).then_some(2),
        }
        .into(),
        13 => {
            let made = 0xb_0000 + u128::from(rng.u64(..200));
            let invitation = InvitationId(Uuid::from_u128(made));
            invitation::Used { invitation, account, contact: who }.into()
        }
        14 => {
            let status = [ContactStatus::Member, ContactStatus::Admin][rng.u64(..2) as usize];
            contact::StatusChanged { contact: who, status }.into()
        }
        _ => section::Removed { section }.into(),
    }
}

/// Tasks, tags and reminders, with somebody leaving the team and coming back in between.
pub(crate) fn errands(rng: &mut Rng) -> Vec<(StreamName, Vec<Event>)> {
    let tag = |n: u64| TagId(Uuid::from_u128(0x7_0000 + u128::from(n)));
    let task = |n: u64| GroupId(Uuid::from_u128(0x8_0000 + u128::from(n)));
    let remind = |n: u64| RemindId(Uuid::from_u128(0xa_0000 + u128::from(n)));
    let own = |text: String| Personal::of_team(TEAM, text);
    let mut story: Vec<(StreamName, Vec<Event>)> = vec![];
    let mut tell = |stream, event: Event| story.push((stream, vec![event]));
    for n in 0..4 {
        let created = tag::Created { tag: tag(n), team: TEAM, name: own(format!("тег {n}")) };
        tell(StreamName::tags(TEAM), TagEvent::from(created).into());
    }
    // The last of those that tasks name is not there.
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
        tell(StreamName::uploads(TEAM), UploadsEvent::from(stored).into());
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
        tell(StreamName::task(task(n)), TaskEvent::from(created).into());
        let set = remind::Set {
            remind: remind(n),
            team: TEAM,
            contact: contact_id(1),
            chat: ChatRef::Task(task(n)),
            fire_at: at(1_000),
            comment: own_words(contact_id(1), "напомнить".into()),
        };
        tell(StreamName::remind(remind(n)), RemindEvent::from(set).into());
    }
    let archived = contact::Archived { contact: contact_id(3), by: Some(contact_id(3)) };
    tell(StreamName::team(TEAM), TeamEvent::from(archived).into());
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
                tell(StreamName::message(message), MessageEvent::from(posted).into());
                continue;
            }
        };
        tell(StreamName::task(task(n)), event.into());
        if step == 30 {
            let restored = contact::Restored {
                contact: contact_id(3),
                status: ContactStatus::Member,
                need_confirmation: false,
            };
            tell(StreamName::team(TEAM), TeamEvent::from(restored).into());
        }
    }
    tell(StreamName::task(task(7)), TaskEvent::from(task::Archived {}).into());
    for section in [0x50, 0x52].map(|n| SectionId(Uuid::from_u128(n))) {
        tell(StreamName::team(TEAM), TeamEvent::from(section::Removed { section }).into());
    }
    let attached = upload::AttachedToTask { uploads: vec![upload_id(1_001)], task: task(1) };
    let removed = upload::Removed { upload: upload_id(1_003) };
    tell(StreamName::uploads(TEAM), UploadsEvent::from(attached).into());
    tell(StreamName::uploads(TEAM), UploadsEvent::from(removed).into());
    let gone = tag::Removed { tag: tag(1), team: TEAM };
    tell(StreamName::tags(TEAM), TagEvent::from(gone).into());
    tell(StreamName::remind(remind(1)), RemindEvent::from(remind::Removed {}).into());
    tell(StreamName::remind(remind(2)), RemindEvent::from(remind::Fired { fire_at: at(1_000) }).into());
    story
}
