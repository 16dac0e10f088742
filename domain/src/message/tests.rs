//! Examples of what may happen to a message.

use super::*;
use crate::spec::given;
use events::{GroupId, IntegrationId};
use uuid::Uuid;

const ME: ContactId = ContactId(Uuid::from_u128(1));
const YOU: ContactId = ContactId(Uuid::from_u128(2));

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn say(author: ContactId, text: &str, second: i64) -> Command {
    let draft = Draft {
        message: MessageId(Uuid::from_u128(3)),
        team: TeamId(Uuid::from_u128(9)),
        chat: ChatRef::direct(ME, YOU),
        author: Author::Contact(author),
        account: Some(AccountId(author.0)),
        text: text.into(),
        important: false,
        nopreview: false,
        silently: false,
        reply_to: None,
        linked_messages: vec![],
        uploads: vec![],
        update_age: 100,
    };
    Command::Say { draft, now: at(second) }
}

fn delete(author: ContactId, any: bool, second: i64) -> Command {
    Command::Delete { author: Author::Contact(author), any, now: at(second) }
}

#[test]
fn repeated_post_yields_no_event_and_another_text_edits() {
    let posted = given::<Message>(&[]).when(say(ME, "пыщ!", 0)).unwrap();
    assert_eq!(given::<Message>(&posted).when(say(ME, "пыщ!", 5)), Ok(vec![]));
    let edited = given::<Message>(&posted).when(say(ME, "ещё", 100)).unwrap();
    assert!(matches!(&edited[..], [MessageEvent::Edited(e)] if e.text.or_default() == "ещё"));
    assert_eq!(given::<Message>(&posted).when(say(ME, "ещё", 101)), Err(Rejection::TooOld));
}

#[test]
fn id_of_another_authors_message_is_rejected() {
    let posted = given::<Message>(&[]).when(say(ME, "пыщ!", 0)).unwrap();
    assert_eq!(given::<Message>(&posted).when(say(YOU, "пыщ!", 1)), Err(Rejection::IdTaken));
}

#[test]
fn author_deletes_within_the_time_limit_and_admin_at_any_time() {
    let posted = given::<Message>(&[]).when(say(ME, "пыщ!", 0)).unwrap();
    assert_eq!(given::<Message>(&posted).when(delete(YOU, false, 1)), Err(Rejection::NotAllowed));
    assert_eq!(given::<Message>(&posted).when(delete(ME, false, 101)), Err(Rejection::TooOld));
    assert!(given::<Message>(&posted).when(delete(YOU, true, 101)).is_ok());
    let mut gone = posted.clone();
    gone.extend(given::<Message>(&posted).when(delete(ME, false, 1)).unwrap());
    assert_eq!(given::<Message>(&gone).when(say(ME, "снова", 2)), Err(Rejection::NoMessage));
    assert_eq!(given::<Message>(&[]).when(delete(ME, false, 1)), Err(Rejection::NoMessage));
}

fn edit(author: ContactId, text: &str, second: i64) -> Command {
    let text = Some(text.to_owned());
    Command::Edit { author: Author::Contact(author), text, important: None, nopreview: None, now: at(second) }
}

#[test]
fn edit_keeps_omitted_values_and_creates_no_message() {
    let mut important = say(ME, "пыщ!", 0);
    if let Command::Say { draft, .. } = &mut important {
        draft.important = true;
    }
    let posted = given::<Message>(&[]).when(important).unwrap();
    let edited = given::<Message>(&posted).when(edit(ME, "ещё", 1)).unwrap();
    assert!(matches!(&edited[..], [MessageEvent::Edited(e)] if e.important && e.text.or_default() == "ещё"));
    assert_eq!(given::<Message>(&posted).when(edit(ME, "пыщ!", 500)), Ok(vec![]));
    assert_eq!(given::<Message>(&posted).when(edit(ME, "ещё", 101)), Err(Rejection::TooOld));
    assert_eq!(given::<Message>(&posted).when(edit(YOU, "ещё", 1)), Err(Rejection::NotAllowed));
    assert_eq!(given::<Message>(&[]).when(edit(ME, "ещё", 1)), Err(Rejection::NoMessage));
    let gone = [posted.clone(), given::<Message>(&posted).when(delete(ME, false, 1)).unwrap()].concat();
    assert_eq!(given::<Message>(&gone).when(edit(ME, "ещё", 1)), Err(Rejection::NoMessage));
}

#[test]
fn deletion_records_its_actor() {
    let posted = given::<Message>(&[]).when(say(ME, "пыщ!", 0)).unwrap();
    let deleted = given::<Message>(&posted).when(delete(YOU, true, 1)).unwrap();
    assert_eq!(deleted, vec![message::Deleted { by: Some(YOU) }.into()]);
}

#[test]
fn reserved_id_is_rejected() {
    let mut taken = say(ME, "пыщ!", 0);
    if let Command::Say { draft, .. } = &mut taken {
        draft.message = MessageId(uuid::Builder::from_custom_bytes([7; 16]).into_uuid());
    }
    assert_eq!(given::<Message>(&[]).when(taken), Err(Rejection::IdTaken));
}

fn react(contact: ContactId, name: &str) -> Command {
    Command::React { contact, name: name.to_owned() }
}

fn unreact(contact: ContactId, name: &str) -> Command {
    Command::Unreact { contact, name: name.to_owned() }
}

#[test]
fn reaction_is_set_once_per_contact_and_removed_by_its_contact() {
    let posted = given::<Message>(&[]).when(say(ME, "пыщ!", 0)).unwrap();
    let set = |contact, name: &str| message::ReactionSet { contact, name: name.to_owned() }.into();
    assert_eq!(given::<Message>(&posted).when(react(YOU, "👍")), Ok(vec![set(YOU, "👍")]));
    let liked = [posted.clone(), vec![set(YOU, "👍")]].concat();
    assert_eq!(given::<Message>(&liked).when(react(YOU, "👍")), Ok(vec![]));
    assert_eq!(given::<Message>(&liked).when(react(ME, "👍")), Ok(vec![set(ME, "👍")]));
    assert_eq!(given::<Message>(&liked).when(react(YOU, "🔥")), Ok(vec![set(YOU, "🔥")]));
    assert_eq!(given::<Message>(&liked).when(unreact(ME, "👍")), Ok(vec![]));
    let back = message::ReactionRemoved { contact: YOU, name: "👍".into() };
    assert_eq!(given::<Message>(&liked).when(unreact(YOU, "👍")), Ok(vec![back.into()]));
    let gone = [posted, vec![message::Deleted { by: None }.into()]].concat();
    for command in [react(YOU, "👍"), unreact(YOU, "👍")] {
        assert_eq!(given::<Message>(&gone).when(command.clone()), Err(Rejection::NoMessage));
        assert_eq!(given::<Message>(&[]).when(command), Err(Rejection::NoMessage));
    }
}

#[test]
fn number_of_different_reactions_is_limited() {
    let mut history = given::<Message>(&[]).when(say(ME, "пыщ!", 0)).unwrap();
    for name in &crate::reaction::NAMES[..limits::REACTIONS] {
        history.extend(given::<Message>(&history).when(react(ME, name)).unwrap());
    }
    let one_more = crate::reaction::NAMES[limits::REACTIONS];
    assert_eq!(given::<Message>(&history).when(react(ME, one_more)), Err(Rejection::TooManyReactions));
    assert!(given::<Message>(&history).when(react(YOU, crate::reaction::NAMES[0])).is_ok());
    history.extend(given::<Message>(&history).when(unreact(ME, crate::reaction::NAMES[0])).unwrap());
    assert!(given::<Message>(&history).when(react(ME, one_more)).is_ok());
}

fn deliver(integration: u128, group: u128, text: &str, second: i64) -> Command {
    let Command::Say { draft, now } = say(ME, text, second) else { panic!("a message is said") };
    let draft = Draft {
        chat: ChatRef::Group(GroupId(Uuid::from_u128(group))),
        author: Author::Integration(IntegrationId(Uuid::from_u128(integration))),
        account: None,
        ..draft
    };
    Command::Say { draft, now }
}

#[test]
fn integration_repeat_after_deletion_yields_no_event() {
    let posted = given::<Message>(&[]).when(deliver(7, 20, "сборка", 0)).unwrap();
    let removal = given::<Message>(&posted).when(delete(YOU, true, 1)).unwrap();
    let gone = [posted, removal].concat();
    assert_eq!(given::<Message>(&gone).when(deliver(7, 20, "сборка", 2)), Ok(vec![]));
    assert_eq!(given::<Message>(&gone).when(deliver(7, 20, "сборка иначе", 500)), Ok(vec![]));
    assert_eq!(given::<Message>(&gone).when(deliver(8, 20, "сборка", 2)), Err(Rejection::IdTaken));
}

#[test]
fn integration_repeat_after_its_move_yields_no_event() {
    let posted = given::<Message>(&[]).when(deliver(7, 20, "сборка", 0)).unwrap();
    assert_eq!(given::<Message>(&posted).when(deliver(7, 21, "сборка", 2)), Ok(vec![]));
    assert_eq!(given::<Message>(&posted).when(deliver(8, 20, "сборка", 2)), Err(Rejection::IdTaken));
}
