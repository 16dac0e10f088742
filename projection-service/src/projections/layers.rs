//! In which order a batch is applied. What is about one conversation, message or place of a reader depends on what was
//! about the same one before, and on nothing else. So what stands apart in the log is applied together, by a few statements
//! for each layer of a batch; the rows come out as if each event had been applied by itself.
//!
//! Notices tell how things stood when each event happened, down to who had read what. Where somebody is told, only posts go
//! together, and all else that happens in a conversation stays in the order of the log.

use super::message;
use events::{
    ContactId, Event, MessageEvent, MessageId, ReadingEvent, Recorded,
    chat::ChatRef,
    message::{Author, Posted},
};
use sqlx::{PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// Events that may be applied in this order: the posts, all together; then what changes messages, together; then how far
/// people have read, together; then the others, one by one.
#[derive(Debug)]
pub(super) struct Layer<E> {
    /// Posts, in the order of the log.
    pub(super) posts: Vec<E>,
    /// What changes messages, each of which is in here once.
    pub(super) changes: Vec<E>,
    /// Read marks, each at another place.
    pub(super) marks: Vec<E>,
    /// What else happened, in the order of the log.
    pub(super) others: Vec<E>,
}

impl<E> Default for Layer<E> {
    fn default() -> Self {
        Self { posts: vec![], changes: vec![], marks: vec![], others: vec![] }
    }
}

/// In which part of a layer an event is, in the order of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Posts,
    Changes,
    Marks,
    Others,
}

/// What an event may depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Conversation(Uuid),
    Message(MessageId),
    /// How far a contact has read a conversation.
    Place(ContactId, Uuid),
}

/// What an event is about.
#[derive(Clone, Copy, Debug)]
enum Concerns {
    /// A part of what there is.
    These {
        part: Part,
        /// What it changes.
        changes: [Option<Key>; 3],
        /// What has to be there.
        needs: Option<Key>,
    },
    /// It has to stay between those before and those behind it.
    Everything,
}

impl Concerns {
    const fn some(part: Part, changes: [Option<Key>; 3]) -> Self {
        Self::These { part, changes, needs: None }
    }
}

/// Layers, to be applied one after the other. `told` says whether anybody is told of any of the events.
///
/// # Errors
/// The database could not tell where messages stand.
pub(super) async fn layers<'e>(
    db: &mut PgConnection,
    events: &'e [Recorded<Event>],
    told: bool,
) -> Result<Vec<Layer<&'e Recorded<Event>>>, sqlx::Error> {
    let chats = chats(db, events).await?;
    let concerns = |recorded| match told {
        true => in_order(recorded, &chats),
        false => at_large(recorded, &chats),
    };
    Ok(lay(events.iter().map(|recorded| (recorded, concerns(recorded)))))
}

/// An event comes into the first layer in which all that it depends on has been before it.
fn lay<E>(events: impl Iterator<Item = (E, Concerns)>) -> Vec<Layer<E>> {
    let mut layers: Vec<Layer<E>> = vec![];
    // Where layers begin that must not be filled up with what comes behind them.
    let mut floor = 0;
    // Where the last one is that has changed something.
    let mut reached: HashMap<Key, (usize, Part)> = HashMap::new();
    for (event, concerns) in events {
        let (layer, part) = match concerns {
            Concerns::These { part, changes, needs } => {
                let behind = |key: Key| {
                    let (layer, before) = reached.get(&key)?;
                    Some(layer + usize::from(!may_follow(*before, part, key)))
                };
                let changes = changes.into_iter().flatten();
                let layer = changes.clone().chain(needs).filter_map(behind).max().unwrap_or(floor);
                reached.extend(changes.map(|key| (key, (layer, part))));
                (layer, part)
            }
            Concerns::Everything => {
                reached.clear();
                floor = layers.len() + 1;
                (layers.len(), Part::Others)
            }
        };
        if layers.len() <= layer {
            layers.resize_with(layer + 1, Layer::default);
        }
        let layer = &mut layers[layer];
        match part {
            Part::Posts => layer.posts.push(event),
            Part::Changes => layer.changes.push(event),
            Part::Marks => layer.marks.push(event),
            Part::Others => layer.others.push(event),
        }
    }
    layers
}

/// Whether an event may be in the layer of the one before it that has changed the same.
fn may_follow(before: Part, part: Part, key: Key) -> bool {
    let together = match part {
        // Each gets its number; the last one is how far its author has read.
        Part::Posts => true,
        // Conversations count what is deleted in them.
        Part::Changes => matches!(key, Key::Conversation(_)),
        Part::Marks => false,
        Part::Others => true,
    };
    before < part || (before == part && together)
}

/// What an event concerns as long as nobody is told of it.
fn at_large(recorded: &Recorded<Event>, chats: &HashMap<MessageId, Uuid>) -> Concerns {
    match &recorded.event {
        Event::MessageEvent(MessageEvent::Posted(posted)) => of_post(posted, |chat| {
            let reader = match posted.author {
                Author::Contact(contact) => Some(Key::Place(contact, chat)),
                Author::Integration(_) => None,
            };
            [Some(Key::Conversation(chat)), Some(Key::Message(posted.message)), reader]
        }),
        Event::MessageEvent(event) => of_message(recorded, chats, |message, chat| {
            let swept = matches!(event, MessageEvent::Deleted(_)).then_some(Key::Conversation(chat));
            Concerns::some(Part::Changes, [Some(Key::Message(message)), swept, None])
        }),
        Event::ReadingEvent(ReadingEvent::Marked(marked)) => Concerns::These {
            part: Part::Marks,
            changes: [Some(Key::Place(marked.contact, marked.chat.key().0)), None, None],
            needs: Some(Key::Message(marked.message)),
        },
        _ => in_order(recorded, chats),
    }
}

/// What an event concerns if what happens in a conversation has to stay in order.
fn in_order(recorded: &Recorded<Event>, chats: &HashMap<MessageId, Uuid>) -> Concerns {
    let other = |chat| Concerns::some(Part::Others, [Some(Key::Conversation(chat)), None, None]);
    match &recorded.event {
        Event::MessageEvent(MessageEvent::Posted(posted)) => {
            of_post(posted, |chat| [Some(Key::Conversation(chat)), None, None])
        }
        Event::MessageEvent(_) => of_message(recorded, chats, |_, chat| other(chat)),
        Event::ReadingEvent(event) => other(read(event).key().0),
        _ => Concerns::Everything,
    }
}

fn of_post(posted: &Posted, changes: impl Fn(Uuid) -> [Option<Key>; 3]) -> Concerns {
    match posted.linked_messages.is_empty() {
        true => Concerns::some(Part::Posts, changes(posted.chat.key().0)),
        // What is forwarded is taken from another conversation, as it is there at that moment.
        false => Concerns::Everything,
    }
}

fn of_message(
    recorded: &Recorded<Event>,
    chats: &HashMap<MessageId, Uuid>,
    concerns: impl Fn(MessageId, Uuid) -> Concerns,
) -> Concerns {
    let message = message::of(recorded);
    let place = message.and_then(|message| Some((message, *chats.get(&message)?)));
    place.map_or(Concerns::Everything, |(message, chat)| concerns(message, chat))
}

fn read(event: &ReadingEvent) -> ChatRef {
    match event {
        ReadingEvent::Marked(marked) => marked.chat,
        ReadingEvent::SettingsChanged(changed) => changed.chat,
        ReadingEvent::DraftSaved(saved) => saved.chat,
    }
}

/// In which conversations the messages are that the events speak of without saying where they are.
async fn chats(
    db: &mut PgConnection,
    events: &[Recorded<Event>],
) -> Result<HashMap<MessageId, Uuid>, sqlx::Error> {
    let mut chats = HashMap::new();
    let mut asked = vec![];
    for recorded in events {
        match &recorded.event {
            Event::MessageEvent(MessageEvent::Posted(posted)) => {
                chats.insert(posted.message, posted.chat.key().0);
            }
            Event::MessageEvent(_) => {
                asked.extend(message::of(recorded).filter(|id| !chats.contains_key(id)))
            }
            _ => {}
        }
    }
    if asked.is_empty() {
        return Ok(chats);
    }
    let asked: Vec<Uuid> = asked.into_iter().map(|id| id.0).collect();
    let rows =
        sqlx::query("SELECT uid, chat FROM message WHERE uid = ANY($1)").bind(asked).fetch_all(db).await?;
    chats.extend(rows.iter().map(|row| (MessageId(row.get("uid")), row.get::<Uuid, _>("chat"))));
    Ok(chats)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: Key = Key::Conversation(Uuid::from_u128(1));
    const B: Key = Key::Conversation(Uuid::from_u128(2));
    const HELLO: Key = Key::Message(MessageId(Uuid::from_u128(3)));

    fn of(part: Part, key: Key) -> Concerns {
        Concerns::some(part, [Some(key), None, None])
    }

    fn laid(events: &[Concerns]) -> Vec<Layer<usize>> {
        lay(events.iter().copied().enumerate())
    }

    /// Where each event is: in which layer and part.
    fn places(layers: &[Layer<usize>]) -> HashMap<usize, (usize, Part)> {
        let mut places = HashMap::new();
        for (number, layer) in layers.iter().enumerate() {
            let parts = [
                (&layer.posts, Part::Posts),
                (&layer.changes, Part::Changes),
                (&layer.marks, Part::Marks),
                (&layer.others, Part::Others),
            ];
            for (events, part) in parts {
                assert!(events.is_sorted(), "in the order of the log");
                places.extend(events.iter().map(|event| (*event, (number, part))));
            }
        }
        places
    }

    #[test]
    fn posts_go_together_over_what_happens_elsewhere() {
        use Part::{Others, Posts};
        let layers = laid(&[of(Posts, A), of(Others, A), of(Posts, B), of(Others, B), of(Posts, A)]);
        assert_eq!(layers.len(), 2);
        assert_eq!((&layers[0].posts, &layers[0].others), (&vec![0, 2], &vec![1, 3]));
        assert_eq!(layers[1].posts, [4]);
    }

    #[test]
    fn a_message_changes_once_in_a_layer_and_a_mark_waits_for_no_change_of_it() {
        let needs = Concerns::These { part: Part::Marks, changes: [Some(B), None, None], needs: Some(HELLO) };
        let change = of(Part::Changes, HELLO);
        let layers = laid(&[of(Part::Posts, HELLO), change, needs, change]);
        assert_eq!((&layers[0].posts, &layers[0].changes, &layers[0].marks), (&vec![0], &vec![1], &vec![2]));
        assert_eq!(layers[1].changes, [3]);
    }

    #[test]
    fn nothing_passes_what_concerns_everything() {
        use Concerns::Everything;
        use Part::{Others, Posts};
        let events = [of(Others, A), Everything, of(Posts, B), Everything, of(Others, B), of(Posts, A)];
        let places = places(&laid(&events));
        let layers: Vec<usize> = (0..events.len()).map(|event| places[&event].0).collect();
        assert_eq!(layers, [0, 1, 2, 3, 4, 4]);
    }

    fn any_key() -> impl Strategy<Value = Key> {
        (0_u128..4, 0..3).prop_map(|(n, kind)| match kind {
            0 => Key::Conversation(Uuid::from_u128(n)),
            1 => Key::Message(MessageId(Uuid::from_u128(n))),
            _ => Key::Place(ContactId(Uuid::from_u128(n)), Uuid::from_u128(n)),
        })
    }

    fn any_concerns() -> impl Strategy<Value = Concerns> {
        let part = prop::sample::select(vec![Part::Posts, Part::Changes, Part::Marks, Part::Others]);
        let some = (part, prop::array::uniform3(prop::option::of(any_key())), prop::option::of(any_key()));
        prop_oneof![
            9 => some.prop_map(|(part, changes, needs)| Concerns::These { part, changes, needs }),
            1 => Just(Concerns::Everything),
        ]
    }

    /// Whether the later of two events must come behind the other: strictly, or perhaps together with it.
    fn depends(sooner: Concerns, later: Concerns) -> Option<bool> {
        let (Concerns::These { part: before, changes, .. }, Concerns::These { part, changes: own, needs }) =
            (sooner, later)
        else {
            return Some(true);
        };
        let shared = own.into_iter().chain([needs]).flatten().filter(|key| changes.contains(&Some(*key)));
        shared.map(|key| !may_follow(before, part, key)).max()
    }

    proptest! {
        #[test]
        fn what_depends_on_each_other_keeps_its_order(events in prop::collection::vec(any_concerns(), 0..40)) {
            let places = places(&laid(&events));
            prop_assert_eq!(places.len(), events.len());
            for later in 0..events.len() {
                for sooner in 0..later {
                    match depends(events[sooner], events[later]) {
                        Some(true) => prop_assert!(places[&sooner].0 < places[&later].0),
                        Some(false) => prop_assert!(places[&sooner] <= places[&later]),
                        None => {}
                    }
                }
            }
        }
    }
}
