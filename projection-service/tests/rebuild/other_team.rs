//! Another team with messages of the same ids.

use crate::sample_events::{group_created, group_settings, team_created};
use events::{
    ContactId, Event, GroupId, MessageEvent, MessageKey, Personal, StreamName, TeamId,
    chat::ChatRef,
    message::{self, Author},
};
use uuid::Uuid;

const OTHER: TeamId = TeamId(Uuid::from_u128(0x101));
const OTHER_GROUP: GroupId = GroupId(Uuid::from_u128(0x201));
const OTHER_CONTACT: ContactId = ContactId(Uuid::from_u128(0x3000));

/// Repeats events about a message in the other team, about the message with the same id.
pub(crate) fn with_twins(
    (stream, events): (StreamName, Vec<Event>),
) -> impl Iterator<Item = (StreamName, Vec<Event>)> {
    let twin = |event: &Event| {
        let Event::MessageEvent(event) = event else { return None };
        let text = || Personal::of_team(OTHER, "двойник https://example.org/twin".to_owned());
        let contact = OTHER_CONTACT;
        Some(Event::from(match event.clone() {
            MessageEvent::Posted(posted) => MessageEvent::from(message::Posted {
                team: OTHER,
                chat: ChatRef::Group(OTHER_GROUP),
                author: Author::Contact(contact),
                text: text(),
                uploads: vec![],
                ..posted
            }),
            MessageEvent::Edited(edited) => message::Edited { text: text(), ..edited }.into(),
            MessageEvent::Deleted(_) => message::Deleted { by: Some(contact) }.into(),
            MessageEvent::ReactionSet(set) => message::ReactionSet { contact, ..set }.into(),
            MessageEvent::ReactionRemoved(removed) => message::ReactionRemoved { contact, ..removed }.into(),
        }))
    };
    let twin = stream.message_in().map(|(_, message)| {
        let stream = StreamName::message(MessageKey { team: OTHER, message });
        (stream, events.iter().filter_map(twin).collect())
    });
    std::iter::once((stream, events)).chain(twin)
}

/// Creates the other team and its group.
pub(crate) fn other_opening() -> [(StreamName, Vec<Event>); 2] {
    let settings = group_settings(OTHER, "Комната", false);
    let group = group_created((OTHER, OTHER_GROUP), OTHER_CONTACT, settings);
    let team = team_created(OTHER, OTHER_CONTACT, "Близнец");
    [(StreamName::team(OTHER), vec![team]), (StreamName::chat(OTHER_GROUP), vec![group])]
}
