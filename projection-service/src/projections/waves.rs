//! Schedules a batch in waves. An event about a chat, a message or a read mark depends only on earlier events about the same
//! one. So events far apart in the log are applied together, with a few statements per wave, and the rows are as if the events
//! had been applied one by one.
//!
//! A notice shows the state at the time of its event, including who had read what. If notices are wanted, only posts are
//! applied together; the other events of a chat stay in log order.

use super::message_key::MessageKeys;
use events::{
    ContactId, Event, MessageEvent, MessageId, MessageKey, ReadingEvent, Recorded, TeamId,
    chat::ChatRef,
    message::{Author, Posted},
};
use sqlx::{PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// Events that can be applied phase by phase, in the order of the fields.
#[derive(Debug)]
pub(super) struct Wave<E> {
    /// Posts, applied together, in log order.
    pub(super) posts: Vec<E>,
    /// Events about existing messages, applied together; at most one per message.
    pub(super) changes: Vec<E>,
    /// Read marks, applied together; at most one per contact and chat.
    pub(super) marks: Vec<E>,
    /// The other events, applied one by one, in log order.
    pub(super) others: Vec<E>,
}

impl<E> Default for Wave<E> {
    fn default() -> Self {
        Self { posts: vec![], changes: vec![], marks: vec![], others: vec![] }
    }
}

/// The phases of a wave, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Posts,
    Changes,
    Marks,
    Others,
}

/// A row that an event changes or needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ResourceKey {
    Chat(Uuid),
    Message(MessageKey),
    /// The read mark of a contact in a chat.
    ReadMark(ContactId, Uuid),
}

/// The rows that an event depends on.
#[derive(Clone, Copy, Debug)]
enum Dependencies {
    /// Some rows.
    Some {
        phase: Phase,
        /// The rows that it changes.
        changes: [Option<ResourceKey>; 3],
        /// A row that must exist.
        needs: Option<ResourceKey>,
    },
    /// All rows: the event stays after all earlier and before all later events.
    All,
}

impl Dependencies {
    const fn changing(phase: Phase, changes: [Option<ResourceKey>; 3]) -> Self {
        Self::Some { phase, changes, needs: None }
    }
}

/// The waves of a batch, to be applied in order. `wants_notices`: any of the events produces notices.
pub(super) async fn plan<'e>(
    db: &mut PgConnection,
    events: &'e [Recorded<Event>],
    wants_notices: bool,
) -> Result<Vec<Wave<&'e Recorded<Event>>>, sqlx::Error> {
    let messages = Messages::find(db, events).await?;
    let dependencies = |recorded| match wants_notices {
        true => with_notices(recorded, &messages),
        false => without_notices(recorded, &messages),
    };
    Ok(schedule(events.iter().map(|recorded| (recorded, dependencies(recorded)))))
}

/// Puts each event into the first wave and phase in which its dependencies have been applied.
fn schedule<E>(events: impl Iterator<Item = (E, Dependencies)>) -> Vec<Wave<E>> {
    let mut waves: Vec<Wave<E>> = vec![];
    // Earlier waves take no more events.
    let mut floor = 0;
    // Wave and phase of the last event that changes a row.
    let mut reached: HashMap<ResourceKey, (usize, Phase)> = HashMap::new();
    for (event, dependencies) in events {
        let (wave, phase) = match dependencies {
            Dependencies::Some { phase, changes, needs } => {
                let earliest_wave = |key: ResourceKey| {
                    let (wave, before) = reached.get(&key)?;
                    Some(wave + usize::from(!may_follow(*before, phase, key)))
                };
                let changes = changes.into_iter().flatten();
                let wave = changes.clone().chain(needs).filter_map(earliest_wave).max().unwrap_or(floor);
                reached.extend(changes.map(|key| (key, (wave, phase))));
                (wave, phase)
            }
            Dependencies::All => {
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

/// Whether an event may be in the same wave as an earlier one that changes the same row.
fn may_follow(before: Phase, phase: Phase, key: ResourceKey) -> bool {
    let together = match phase {
        // The statement numbers posts in order, and the last one becomes the author's read mark.
        Phase::Posts => true,
        // Deletions of one chat are counted together.
        Phase::Changes => matches!(key, ResourceKey::Chat(_)),
        Phase::Marks => false,
        Phase::Others => true,
    };
    before < phase || (before == phase && together)
}

/// The dependencies of an event that produces no notices.
fn without_notices(recorded: &Recorded<Event>, messages: &Messages) -> Dependencies {
    match &recorded.event {
        Event::MessageEvent(MessageEvent::Posted(posted)) => post_dependencies(posted, |chat| {
            let reader = match posted.author {
                Author::Contact(contact) => Some(ResourceKey::ReadMark(contact, chat)),
                Author::Integration(_) => None,
            };
            [Some(ResourceKey::Chat(chat)), Some(ResourceKey::Message(posted.key())), reader]
        }),
        Event::MessageEvent(event) => message_dependencies(recorded, messages, |message, chat| {
            let deleted_in = matches!(event, MessageEvent::Deleted(_)).then_some(ResourceKey::Chat(chat));
            Dependencies::changing(Phase::Changes, [Some(ResourceKey::Message(message)), deleted_in, None])
        }),
        Event::ReadingEvent(ReadingEvent::Marked(marked)) => Dependencies::Some {
            phase: Phase::Marks,
            changes: [Some(ResourceKey::ReadMark(marked.contact, marked.chat.key().0)), None, None],
            needs: Some(ResourceKey::Message(MessageKey { team: marked.team, message: marked.message })),
        },
        _ => with_notices(recorded, messages),
    }
}

/// The dependencies of an event in a batch with notices: all but posts stay in order per chat.
fn with_notices(recorded: &Recorded<Event>, messages: &Messages) -> Dependencies {
    let other = |chat| Dependencies::changing(Phase::Others, [Some(ResourceKey::Chat(chat)), None, None]);
    match &recorded.event {
        Event::MessageEvent(MessageEvent::Posted(posted)) => {
            post_dependencies(posted, |chat| [Some(ResourceKey::Chat(chat)), None, None])
        }
        Event::MessageEvent(_) => message_dependencies(recorded, messages, |_, chat| other(chat)),
        Event::ReadingEvent(event) => other(chat_of(event).key().0),
        _ => Dependencies::All,
    }
}

fn post_dependencies(posted: &Posted, changes: impl Fn(Uuid) -> [Option<ResourceKey>; 3]) -> Dependencies {
    match posted.linked_messages.is_empty() {
        true => Dependencies::changing(Phase::Posts, changes(posted.chat.key().0)),
        // A forward copies a message of another chat as it is at that moment.
        false => Dependencies::All,
    }
}

fn message_dependencies(
    recorded: &Recorded<Event>,
    messages: &Messages,
    dependencies: impl Fn(MessageKey, Uuid) -> Dependencies,
) -> Dependencies {
    messages.of(recorded).map_or(Dependencies::All, |(message, chat)| dependencies(message, chat))
}

fn chat_of(event: &ReadingEvent) -> ChatRef {
    match event {
        ReadingEvent::Marked(marked) => marked.chat,
        ReadingEvent::SettingsChanged(changed) => changed.chat,
        ReadingEvent::DraftSaved(saved) => saved.chat,
    }
}

/// The messages that the events are about, and their chats.
struct Messages {
    keys: MessageKeys,
    chats: HashMap<MessageKey, Uuid>,
}

impl Messages {
    async fn find(db: &mut PgConnection, events: &[Recorded<Event>]) -> Result<Self, sqlx::Error> {
        let keys = MessageKeys::of(db, events.iter()).await?;
        let mut chats = HashMap::new();
        let mut asked: Vec<MessageKey> = vec![];
        for recorded in events {
            match &recorded.event {
                Event::MessageEvent(MessageEvent::Posted(posted)) => {
                    chats.insert(posted.key(), posted.chat.key().0);
                }
                Event::MessageEvent(_) => {
                    asked.extend(keys.key(recorded).filter(|key| !chats.contains_key(key)));
                }
                _ => {}
            }
        }
        if !asked.is_empty() {
            let rows = sqlx::query(
                "SELECT m.uid, m.team, m.chat FROM unnest($1::uuid[], $2::uuid[]) AS n(uid, team) \
                 JOIN message m ON m.uid = n.uid AND m.team = n.team",
            )
            .bind(asked.iter().map(|key| key.message.0).collect::<Vec<_>>())
            .bind(asked.iter().map(|key| key.team.0).collect::<Vec<_>>())
            .fetch_all(db)
            .await?;
            chats.extend(rows.iter().map(|row| {
                let key = MessageKey { team: TeamId(row.get("team")), message: MessageId(row.get("uid")) };
                (key, row.get::<Uuid, _>("chat"))
            }));
        }
        Ok(Self { keys, chats })
    }

    /// The message that an event changes, and its chat.
    fn of(&self, recorded: &Recorded<Event>) -> Option<(MessageKey, Uuid)> {
        let key = self.keys.key(recorded)?;
        Some((key, *self.chats.get(&key)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: ResourceKey = ResourceKey::Chat(Uuid::from_u128(1));
    const B: ResourceKey = ResourceKey::Chat(Uuid::from_u128(2));
    const HELLO: ResourceKey = ResourceKey::Message(message(3));

    const fn message(n: u128) -> MessageKey {
        MessageKey { team: TeamId(Uuid::nil()), message: MessageId(Uuid::from_u128(n)) }
    }

    fn changing(phase: Phase, key: ResourceKey) -> Dependencies {
        Dependencies::changing(phase, [Some(key), None, None])
    }

    fn scheduled(events: &[Dependencies]) -> Vec<Wave<usize>> {
        schedule(events.iter().copied().enumerate())
    }

    /// Wave and phase of each event.
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
                assert!(events.is_sorted(), "events of a phase are in log order");
                places.extend(events.iter().map(|event| (*event, (number, phase))));
            }
        }
        places
    }

    #[test]
    fn posts_share_a_wave_across_events_of_other_chats() {
        use Phase::{Others, Posts};
        let waves = scheduled(&[
            changing(Posts, A),
            changing(Others, A),
            changing(Posts, B),
            changing(Others, B),
            changing(Posts, A),
        ]);
        assert_eq!(waves.len(), 2);
        assert_eq!((&waves[0].posts, &waves[0].others), (&vec![0, 2], &vec![1, 3]));
        assert_eq!(waves[1].posts, [4]);
    }

    #[test]
    fn second_change_of_a_message_waits_for_the_next_wave_and_a_read_mark_does_not() {
        let needs =
            Dependencies::Some { phase: Phase::Marks, changes: [Some(B), None, None], needs: Some(HELLO) };
        let change = changing(Phase::Changes, HELLO);
        let waves = scheduled(&[changing(Phase::Posts, HELLO), change, needs, change]);
        assert_eq!((&waves[0].posts, &waves[0].changes, &waves[0].marks), (&vec![0], &vec![1], &vec![2]));
        assert_eq!(waves[1].changes, [3]);
    }

    #[test]
    fn event_that_depends_on_everything_separates_earlier_and_later_events() {
        use Dependencies::All;
        use Phase::{Others, Posts};
        let events =
            [changing(Others, A), All, changing(Posts, B), All, changing(Others, B), changing(Posts, A)];
        let places = places(&scheduled(&events));
        let waves: Vec<usize> = (0..events.len()).map(|event| places[&event].0).collect();
        assert_eq!(waves, [0, 1, 2, 3, 4, 4]);
    }

    fn any_key() -> impl Strategy<Value = ResourceKey> {
        (0_u128..4, 0..3).prop_map(|(n, kind)| match kind {
            0 => ResourceKey::Chat(Uuid::from_u128(n)),
            1 => ResourceKey::Message(message(n)),
            _ => ResourceKey::ReadMark(ContactId(Uuid::from_u128(n)), Uuid::from_u128(n)),
        })
    }

    fn any_dependencies() -> impl Strategy<Value = Dependencies> {
        let phase = prop::sample::select(vec![Phase::Posts, Phase::Changes, Phase::Marks, Phase::Others]);
        let some = (phase, prop::array::uniform3(prop::option::of(any_key())), prop::option::of(any_key()));
        prop_oneof![
            9 => some.prop_map(|(phase, changes, needs)| Dependencies::Some { phase, changes, needs }),
            1 => Just(Dependencies::All),
        ]
    }

    /// Whether the later event depends on the earlier one, and if so, whether it must be in a later wave.
    fn depends(earlier: Dependencies, later: Dependencies) -> Option<bool> {
        let (
            Dependencies::Some { phase: before, changes, .. },
            Dependencies::Some { phase, changes: own, needs },
        ) = (earlier, later)
        else {
            return Some(true);
        };
        let shared = own.into_iter().chain([needs]).flatten().filter(|key| changes.contains(&Some(*key)));
        shared.map(|key| !may_follow(before, phase, key)).max()
    }

    proptest! {
        #[test]
        fn dependent_events_keep_their_order(events in prop::collection::vec(any_dependencies(), 0..40)) {
            let places = places(&scheduled(&events));
            prop_assert_eq!(places.len(), events.len());
            for later in 0..events.len() {
                for earlier in 0..later {
                    match depends(events[earlier], events[later]) {
                        Some(true) => prop_assert!(places[&earlier].0 < places[&later].0),
                        Some(false) => prop_assert!(places[&earlier] <= places[&later]),
                        None => {}
                    }
                }
            }
        }
    }
}
