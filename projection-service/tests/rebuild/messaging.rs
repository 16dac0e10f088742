//! Random messaging: posts, edits, reactions, read marks, files and changes of the group.

use crate::{
    people::team_event,
    sample_team::{GROUP, INTEGRATION, TEAM, at, contact_id, own_words, owner_of, stream_of, upload_id},
};
use events::{
    BlobId, ChatEvent, ContactId, Event, MessageEvent, MessageId, Personal, ReadingEvent, SectionId,
    StreamName, TeamEvent, UploadsEvent,
    chat::{self, ChatRef},
    contact, icon,
    message::{self, Author},
    reading, upload,
    value::{ContactStatus, GroupStatus, UploadKind},
};
use fastrand::Rng;
use uuid::Uuid;

/// One action in the team; `said` are the messages so far.
pub(crate) fn happening(
    rng: &mut Rng,
    step: i64,
    said: &mut Vec<(MessageId, ChatRef)>,
) -> (StreamName, Vec<Event>) {
    let who = contact_id(u128::from(rng.u64(..3)));
    let has_messages = !said.is_empty();
    match rng.u64(..27) {
        0 if has_messages => edit(rng, step, said),
        1 if has_messages => delete(rng, who, said),
        2 | 3 if has_messages => mark_read(rng, who, said),
        4 => join_group(),
        5 => leave_group(),
        6 => change_team_picture(rng, step),
        7 | 8 => store_file(rng, step),
        9 | 10 if has_messages => react(rng, who, said),
        20 => change_own_chat(step, who),
        21 => archive_or_restore_contact(step, who),
        22 => change_group(step, said),
        23..=26 => (StreamName::team(TEAM), vec![team_event(rng, step, who).into()]),
        _ => post(rng, step, who, said),
    }
}

fn edit(rng: &mut Rng, step: i64, said: &[(MessageId, ChatRef)]) -> (StreamName, Vec<Event>) {
    let (id, _) = said[rng.u64(..said.len() as u64) as usize];
    let text = Personal::of_team(TEAM, format!("иначе {step}"));
    let edited = message::Edited { text, important: step % 2 == 0, nopreview: false };
    (stream_of(id), vec![MessageEvent::from(edited).into()])
}

fn delete(rng: &mut Rng, who: ContactId, said: &[(MessageId, ChatRef)]) -> (StreamName, Vec<Event>) {
    let (id, _) = said[rng.u64(..said.len() as u64) as usize];
    (stream_of(id), vec![MessageEvent::from(message::Deleted { by: Some(who) }).into()])
}

fn mark_read(rng: &mut Rng, who: ContactId, said: &[(MessageId, ChatRef)]) -> (StreamName, Vec<Event>) {
    let (message, chat) = said[rng.u64(..said.len() as u64) as usize];
    let contact = match chat {
        ChatRef::Group(_) | ChatRef::Task(_) => who,
        ChatRef::Direct(a, b) => [a, b][rng.u64(..2) as usize],
    };
    let marked = reading::Marked { team: TEAM, chat, contact, message };
    (StreamName::reading(contact, chat.key()), vec![ReadingEvent::from(marked).into()])
}

fn react(rng: &mut Rng, who: ContactId, said: &[(MessageId, ChatRef)]) -> (StreamName, Vec<Event>) {
    let (id, _) = said[rng.u64(..said.len() as u64) as usize];
    let name = domain::reaction::NAMES[rng.u64(..2) as usize].to_owned();
    let event = match rng.u64(..3) {
        0 => MessageEvent::from(message::ReactionRemoved { contact: who, name }),
        _ => message::ReactionSet { contact: who, name }.into(),
    };
    (stream_of(id), vec![event.into()])
}

fn join_group() -> (StreamName, Vec<Event>) {
    let member = chat::Member { contact: contact_id(3), status: GroupStatus::Admin };
    (StreamName::chat(GROUP), vec![ChatEvent::from(chat::MemberSet { member }).into()])
}

fn leave_group() -> (StreamName, Vec<Event>) {
    let gone = chat::MemberRemoved { contact: contact_id(3) };
    (StreamName::chat(GROUP), vec![ChatEvent::from(gone).into()])
}

fn change_team_picture(rng: &mut Rng, step: i64) -> (StreamName, Vec<Event>) {
    let blob = BlobId(Uuid::from_u128(step.unsigned_abs().into()));
    let icon = icon::Changed { blob, lg_width: 10, lg_height: 10, size: rng.u64(..1_000) };
    (StreamName::team(TEAM), vec![TeamEvent::from(icon).into()])
}

fn store_file(rng: &mut Rng, step: i64) -> (StreamName, Vec<Event>) {
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
    // Some are removed at once; later messages attach the others.
    if step % 4 == 0 {
        events.push(UploadsEvent::from(upload::Removed { upload: upload_id(step) }).into());
    }
    (StreamName::uploads(TEAM), events)
}

fn change_own_chat(step: i64, who: ContactId) -> (StreamName, Vec<Event>) {
    let chat = if step % 2 == 0 { ChatRef::Group(GROUP) } else { ChatRef::direct(who, contact_id(0)) };
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

fn archive_or_restore_contact(step: i64, who: ContactId) -> (StreamName, Vec<Event>) {
    let contact = contact_id(3);
    let event: TeamEvent = if step % 2 == 0 {
        contact::Archived { contact, by: Some(who) }.into()
    } else {
        contact::Restored { contact, status: ContactStatus::Member, need_confirmation: false }.into()
    };
    (StreamName::team(TEAM), vec![event.into()])
}

fn change_group(step: i64, said: &[(MessageId, ChatRef)]) -> (StreamName, Vec<Event>) {
    let own = |text: String| Personal::of_team(TEAM, text);
    let settings = chat::Settings {
        display_name: own(format!("Чат {step}")),
        description: own("о чём".into()),
        public: step % 3 == 0,
        readonly_for_members: false,
        default_for_all: step % 2 == 0,
        autocleanup_age: (step % 5 == 0).then_some(60),
        pinned_message: said.last().map(|(id, _)| *id),
        section: (step % 3 > 0).then(|| SectionId(Uuid::from_u128(0x50 + step.unsigned_abs() as u128 % 2))),
    };
    (StreamName::chat(GROUP), vec![ChatEvent::from(chat::Changed { settings }).into()])
}

fn post(
    rng: &mut Rng,
    step: i64,
    who: ContactId,
    said: &mut Vec<(MessageId, ChatRef)>,
) -> (StreamName, Vec<Event>) {
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
    (stream_of(message), vec![MessageEvent::from(posted).into()])
}
