//! In which order a batch is applied. What is about one conversation, message or place of a reader depends on what was
//! about the same one before, and on nothing else. So what stands apart in the log is applied together, by a few statements
//! for each layer of a batch; the rows come out as if each event had been applied by itself.
//!
//! Notices tell how things stood when each event happened, down to who had read what. Where somebody is told, only posts go
//! together, and all else that happens in a conversation stays in the order of the log.

use crate::batch::stream_id;
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
pub(super) struct Wave<E> {
    /// Posts, in the order of the log.
    pub(super) posts: Vec<E>,
    /// What changes messages, each of which is in here once.
    pub(super) changes: Vec<E>,
    /// Read marks, each at another place.
    pub(super) marks: Vec<E>,
    /// What else happened, in the order of the log.
    pub(super) others: Vec<E>,
}

impl<E> Default for Wave<E> {
    fn default() -> Self {
        Self { posts: vec![], changes: vec![], marks: vec![], others: vec![] }
    }
}

/// In which part of a layer an event is, in the order of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Posts,
    Changes,
    Marks,
    Others,
}

/// What an event may depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ResourceKey {
    Conversation(Uuid),
    Message(MessageId),
    /// How far a contact has read a conversation.
    ReadMark(ContactId, Uuid),
}

/// What an event is about.
#[derive(Clone, Copy, Debug)]
enum Dependencies {
    /// A part of what there is.
    These {
        phase: Phase,
        /// What it changes.
        changes: [Option<ResourceKey>; 3],
        /// What has to be there.
        needs: Option<ResourceKey>,
    },
    /// It has to stay between those before and those behind it.
    Everything,
}

impl Dependencies {
    const fn some(phase: Phase, changes: [Option<ResourceKey>; 3]) -> Self {
        Self::These { phase, changes, needs: None }
    }
}

/// Layers, to be applied one after the other. `told` says whether anybody is told of any of the events.
///
/// # Errors
/// The database could not tell where messages stand.
pub(super) async fn plan<'e>(
    db: &mut PgConnection,
    events: &'e [Recorded<Event>],
    notices_wanted: bool,
) -> Result<Vec<Wave<&'e Recorded<Event>>>, sqlx::Error> {
    let chats = chats(db, events).await?;
    let dependencies = |recorded| match notices_wanted {
        true => with_notices(recorded, &chats),
        false => without_notices(recorded, &chats),
    };
    Ok(schedule(events.iter().map(|recorded| (recorded, dependencies(recorded)))))
}

/// An event comes into the first layer in which all that it depends on has been before it.
fn schedule<E>(events: impl Iterator<Item = (E, Dependencies)>) -> Vec<Wave<E>> {
    let mut waves: Vec<Wave<E>> = vec![];
    // Where layers begin that must not be filled up with what comes behind them.
    let mut floor = 0;
    // Where the last one is that has changed something.
    let mut reached: HashMap<ResourceKey, (usize, Phase)> = HashMap::new();
    for (event, dependencies) in events {
        let (wave, phase) = match dependencies {
            Dependencies::These { phase, changes, needs } => {
                let behind = |key: ResourceKey| {
                    let (wave, before) = reached.get(&key)?;
                    Some(wave + usize::from(!may_follow(*before, phase, key)))
                };
                let changes = changes.into_iter().flatten();
                let wave = changes.clone().chain(needs).filter_map(behind).max().unwrap_or(floor);
                reached.extend(changes.map(|key| (key, (wave, phase))));
                (wave, phase)
            }
            Dependencies::Everything => {
                reached.clear();
                floor = waves.len() + 1;
                (waves.len(), Phase::Others)
            }
        };
        if waves.len() <= wave {
            waves.resize_with(wave + 1, Wave::default);
        }
        let wave = &mut waves[wave];
        match phase {
            Phase::Posts => wave.posts.push(event),
            Phase::Changes => wave.changes.push(event),
            Phase::Marks => wave.marks.push(event),
            Phase::Others => wave.others.push(event),
        }
    }
    waves
}

/// Whether an event may be in the layer of the one before it that has changed the same.
fn may_follow(before: Phase, phase: Phase, key: ResourceKey) -> bool {
    let together = match phase {
        // Each gets its number; the last one is how far its author has read.
        Phase::Posts => true,
        // Conversations count what is deleted in them.
        Phase::Changes => matches!(key, ResourceKey::Conversation(_)),
        Phase::Marks => false,
        Phase::Others => true,
    };
    before < phase || (before == phase && together)
}

/// What an event concerns as long as nobody is told of it.
fn without_notices(recorded: &Recorded<Event>, chats: &HashMap<MessageId, Uuid>) -> Dependencies {
    match &recorded.event {
        Event::MessageEvent(MessageEvent::Posted(posted)) => of_post(posted, |chat| {
            let reader = match posted.author {
                Author::Contact(contact) => Some(ResourceKey::ReadMark(contact, chat)),
                Author::Integration(_) => None,
            };
            [Some(ResourceKey::Conversation(chat)), Some(ResourceKey::Message(posted.message)), reader]
        }),
        Event::MessageEvent(event) => of_message(recorded, chats, |message, chat| {
            let swept = matches!(event, MessageEvent::Deleted(_)).then_some(ResourceKey::Conversation(chat));
            Dependencies::some(Phase::Changes, [Some(ResourceKey::Message(message)), swept, None])
        }),
        Event::ReadingEvent(ReadingEvent::Marked(marked)) => Dependencies::These {
            phase: Phase::Marks,
            changes: [Some(ResourceKey::ReadMark(marked.contact, marked.chat.key().0)), None, None],
            needs: Some(ResourceKey::Message(marked.message)),
        },
        _ => with_notices(recorded, chats),
    }
}

/// What an event concerns if what happens in a conversation has to stay in order.
fn with_notices(recorded: &Recorded<Event>, chats: &HashMap<MessageId, Uuid>) -> Dependencies {
    let other = |chat| Dependencies::some(Phase::Others, [Some(ResourceKey::Conversation(chat)), None, None]);
    match &recorded.event {
        Event::MessageEvent(MessageEvent::Posted(posted)) => {
            of_post(posted, |chat| [Some(ResourceKey::Conversation(chat)), None, None])
        }
        Event::MessageEvent(_) => of_message(recorded, chats, |_, chat| other(chat)),
        Event::ReadingEvent(event) => other(read(event).key().0),
        _ => Dependencies::Everything,
    }
}

fn of_post(posted: &Posted, changes: impl Fn(Uuid) -> [Option<ResourceKey>; 3]) -> Dependencies {
    match posted.linked_messages.is_empty() {
        true => Dependencies::some(Phase::Posts, changes(posted.chat.key().0)),
        // What is forwarded is taken from another conversation, as it is there at that moment.
        false => Dependencies::Everything,
    }
}

fn of_message(
    recorded: &Recorded<Event>,
    chats: &HashMap<MessageId, Uuid>,
    dependencies: impl Fn(MessageId, Uuid) -> Dependencies,
) -> Dependencies {
    let message = stream_id(recorded);
    let place = message.and_then(|message| Some((message, *chats.get(&message)?)));
    place.map_or(Dependencies::Everything, |(message, chat)| dependencies(message, chat))
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
            Event::MessageEvent(_) => asked.extend(stream_id(recorded).filter(|id| !chats.contains_key(id))),
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

    const A: ResourceKey = ResourceKey::Conversation(Uuid::from_u128(1));
    const B: ResourceKey = ResourceKey::Conversation(Uuid::from_u128(2));
    const HELLO: ResourceKey = ResourceKey::Message(MessageId(Uuid::from_u128(3)));

    fn of(phase: Phase, key: ResourceKey) -> Dependencies {
        Dependencies::some(phase, [Some(key), None, None])
    }

    fn scheduled(events: &[Dependencies]) -> Vec<Wave<usize>> {
        schedule(events.iter().copied().enumerate())
    }

    /// Where each event is: in which layer and part.
    fn places(waves: &[Wave<usize>]) -> HashMap<usize, (usize, Phase)> {
        let mut places = HashMap::new();
        for (number, wave) in waves.iter().enumerate() {
            let phases = [
                (&wave.posts, Phase::Posts),
                (&wave.changes, Phase::Changes),
                (&wave.marks, Phase::Marks),
                (&wave.others, Phase::Others),
            ];
            for (events, phase) in phases {
                assert!(events.is_sorted(), "in the order of the log");
                places.extend(events.iter().map(|event| (*event, (number, phase))));
            }
        }
        places
    }

    #[test]
    fn posts_go_together_over_what_happens_elsewhere() {
        use Phase::{Others, Posts};
        let waves = scheduled(&[of(Posts, A), of(Others, A), of(Posts, B), of(Others, B), of(Posts, A)]);
        assert_eq!(waves.len(), 2);
        assert_eq!((&waves[0].posts, &waves[0].others), (&vec![0, 2], &vec![1, 3]));
        assert_eq!(waves[1].posts, [4]);
    }

    #[test]
    fn a_message_changes_once_in_a_layer_and_a_mark_waits_for_no_change_of_it() {
        let needs =
            Dependencies::These { phase: Phase::Marks, changes: [Some(B), None, None], needs: Some(HELLO) };
        let change = of(Phase::Changes, HELLO);
        let waves = scheduled(&[of(Phase::Posts, HELLO), change, needs, change]);
        assert_eq!((&waves[0].posts, &waves[0].changes, &waves[0].marks), (&vec![0], &vec![1], &vec![2]));
        assert_eq!(waves[1].changes, [3]);
    }

    #[test]
    fn nothing_passes_what_concerns_everything() {
        use Dependencies::Everything;
        use Phase::{Others, Posts};
        let events = [of(Others, A), Everything, of(Posts, B), Everything, of(Others, B), of(Posts, A)];
        let places = places(&scheduled(&events));
        let waves: Vec<usize> = (0..events.len()).map(|event| places[&event].0).collect();
        assert_eq!(waves, [0, 1, 2, 3, 4, 4]);
    }

    fn any_key() -> impl Strategy<Value = ResourceKey> {
        (0_u128..4, 0..3).prop_map(|(n, kind)| match kind {
            0 => ResourceKey::Conversation(Uuid::from_u128(n)),
            1 => ResourceKey::Message(MessageId(Uuid::from_u128(n))),
            _ => ResourceKey::ReadMark(ContactId(Uuid::from_u128(n)), Uuid::from_u128(n)),
        })
    }

    fn any_dependencies() -> impl Strategy<Value = Dependencies> {
        let phase = prop::sample::select(vec![Phase::Posts, Phase::Changes, Phase::Marks, Phase::Others]);
        let some = (phase, prop::array::uniform3(prop::option::of(any_key())), prop::option::of(any_key()));
        prop_oneof![
            9 => some.prop_map(|(phase, changes, needs)| Dependencies::These { phase, changes, needs }),
            1 => Just(Dependencies::Everything),
        ]
    }

    /// Whether the later of two events must come behind the other: strictly, or perhaps together with it.
    fn depends(sooner: Dependencies, later: Dependencies) -> Option<bool> {
        let (
            Dependencies::These { phase: before, changes, .. },
            Dependencies::These { phase, changes: own, needs },
        ) = (sooner, later)
        else {
            return Some(true);
        };
        let shared = own.into_iter().chain([needs]).flatten().filter(|key| changes.contains(&Some(*key)));
        shared.map(|key| !may_follow(before, phase, key)).max()
    }

    proptest! {
        #[test]
        fn what_depends_on_each_other_keeps_its_order(events in prop::collection::vec(any_dependencies(), 0..40)) {
            let places = places(&scheduled(&events));
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
