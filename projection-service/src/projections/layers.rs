//! In which order a batch is applied. What is about one conversation depends on what was about the same conversation
//! before, and on nothing that is about another one. So posts that stand apart in the log are placed together, by one
//! statement for each layer of a batch; the rows come out as if each event had been applied by itself.

use events::{Event, MessageEvent, MessageId, ReadingEvent, Recorded, chat::ChatRef};
use sqlx::{PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// Events that may be applied in this order: first the posts, all together, then the others.
#[derive(Debug)]
pub(super) struct Layer<E> {
    /// Posts, in the order of the log.
    pub(super) posts: Vec<E>,
    /// What happened in the same conversations afterwards.
    pub(super) others: Vec<E>,
}

/// What an event depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Concerns {
    /// A post into a conversation.
    Post(Uuid),
    /// Something else in a conversation.
    Conversation(Uuid),
    /// It has to stay between those before and those behind it.
    Everything,
}

/// Layers, to be applied one after the other.
///
/// # Errors
/// The database could not tell where messages stand.
pub(super) async fn layers<'e>(
    db: &mut PgConnection,
    events: &'e [Recorded<Event>],
) -> Result<Vec<Layer<&'e Recorded<Event>>>, sqlx::Error> {
    let chats = chats(db, events).await?;
    Ok(lay(events.iter().map(|recorded| (recorded, concerns(recorded, &chats)))))
}

/// A conversation's next event comes into the layer that it has come to, a post behind anything else into the next one.
fn lay<E>(events: impl Iterator<Item = (E, Concerns)>) -> Vec<Layer<E>> {
    let mut layers: Vec<Layer<E>> = vec![];
    // Where layers begin that must not be filled up with what comes behind them.
    let mut floor = 0;
    // The layer of each conversation, and whether others than posts are in it.
    let mut reached: HashMap<Uuid, (usize, bool)> = HashMap::new();
    for (event, concerns) in events {
        let (layer, is_post) = match concerns {
            Concerns::Post(chat) => {
                let layer = match reached.get(&chat) {
                    Some((layer, true)) => layer + 1,
                    Some((layer, false)) => *layer,
                    None => floor,
                };
                reached.insert(chat, (layer, false));
                (layer, true)
            }
            Concerns::Conversation(chat) => {
                let layer = reached.get(&chat).map_or(floor, |(layer, _)| *layer);
                reached.insert(chat, (layer, true));
                (layer, false)
            }
            Concerns::Everything => {
                reached.clear();
                floor = layers.len() + 1;
                (layers.len(), false)
            }
        };
        if layers.len() <= layer {
            layers.resize_with(layer + 1, || Layer { posts: vec![], others: vec![] });
        }
        match is_post {
            true => layers[layer].posts.push(event),
            false => layers[layer].others.push(event),
        }
    }
    layers
}

fn concerns(recorded: &Recorded<Event>, chats: &HashMap<MessageId, Uuid>) -> Concerns {
    match &recorded.event {
        // What is forwarded is taken from another conversation, as it is there at that moment.
        Event::MessageEvent(MessageEvent::Posted(posted)) if posted.linked_messages.is_empty() => {
            Concerns::Post(posted.chat.key().0)
        }
        Event::MessageEvent(MessageEvent::Posted(_)) => Concerns::Everything,
        Event::MessageEvent(_) => message(recorded)
            .and_then(|message| chats.get(&message))
            .map_or(Concerns::Everything, |chat| Concerns::Conversation(*chat)),
        Event::ReadingEvent(event) => Concerns::Conversation(read(event).key().0),
        _ => Concerns::Everything,
    }
}

fn read(event: &ReadingEvent) -> ChatRef {
    match event {
        ReadingEvent::Marked(marked) => marked.chat,
        ReadingEvent::SettingsChanged(changed) => changed.chat,
        ReadingEvent::DraftSaved(saved) => saved.chat,
    }
}

/// The message whose stream it is.
fn message(recorded: &Recorded<Event>) -> Option<MessageId> {
    recorded.stream.id().parse().ok()
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
            Event::MessageEvent(_) => asked.extend(message(recorded).filter(|id| !chats.contains_key(id))),
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

    const A: Uuid = Uuid::from_u128(1);
    const B: Uuid = Uuid::from_u128(2);

    /// The numbers of the events in the order in which layers apply them.
    fn order(layers: &[Layer<usize>]) -> Vec<usize> {
        layers.iter().flat_map(|layer| layer.posts.iter().chain(&layer.others)).copied().collect()
    }

    fn laid(events: &[Concerns]) -> Vec<Layer<usize>> {
        lay(events.iter().copied().enumerate())
    }

    #[test]
    fn posts_go_together_over_what_happens_elsewhere() {
        use Concerns::{Conversation, Post};
        let layers = laid(&[Post(A), Conversation(A), Post(B), Conversation(B), Post(A)]);
        assert_eq!(layers.len(), 2);
        assert_eq!((&layers[0].posts, &layers[0].others), (&vec![0, 2], &vec![1, 3]));
        assert_eq!(layers[1].posts, [4]);
    }

    #[test]
    fn nothing_passes_what_concerns_everything() {
        use Concerns::{Conversation, Everything, Post};
        let layers = laid(&[Conversation(A), Everything, Post(B), Everything, Conversation(B), Post(A)]);
        assert_eq!(order(&layers), [0, 1, 2, 3, 5, 4]);
    }

    fn any_concerns() -> impl Strategy<Value = Concerns> {
        let chat = || (0_u128..4).prop_map(Uuid::from_u128);
        prop_oneof![
            6 => chat().prop_map(Concerns::Post),
            3 => chat().prop_map(Concerns::Conversation),
            1 => Just(Concerns::Everything),
        ]
    }

    /// Whether one must stay before the other.
    fn depend(one: Concerns, other: Concerns) -> bool {
        let chat = |concerns| match concerns {
            Concerns::Post(chat) | Concerns::Conversation(chat) => Some(chat),
            Concerns::Everything => None,
        };
        match (chat(one), chat(other)) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        }
    }

    proptest! {
        #[test]
        fn what_depends_on_each_other_keeps_its_order(events in prop::collection::vec(any_concerns(), 0..40)) {
            let order = order(&laid(&events));
            prop_assert_eq!(order.len(), events.len());
            for (place, later) in order.iter().enumerate() {
                for sooner in &order[..place] {
                    prop_assert!(sooner < later || !depend(events[*sooner], events[*later]));
                }
            }
        }
    }
}
