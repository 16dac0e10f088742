//! Change messages: changes of groups and tasks appear in their chats as numbered messages. They have no event of their own:
//! content and number follow from the event of the change and its position in the log.

use super::{
    insert_message::{self, Links, NewMessage, PlacedMessage},
    notices::chat_audience,
};
use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
};
use events::{ContactId, EventId, MessageId, TeamId, chat::ChatRef, message::Author};
use protocol::{
    message::{Change, ChangeKind, ContentType},
    notice::{Notice, Scope},
};
use uuid::{Builder, Uuid};

/// Inserts change messages, at most one per group, and emits their notices.
pub(super) async fn insert(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    changes: Vec<(ChatRef, Change)>,
) -> Result<(), ProjectionError> {
    if changes.is_empty() {
        return Ok(());
    }
    let new = |(chat, change): (ChatRef, Change)| NewMessage {
        ctx,
        message: id(ctx.event, chat, &change),
        team,
        stream_by_id: false,
        chat,
        author: Author::Contact(change.actor),
        kind: ContentType::Change,
        text: String::new(),
        change: Some(change),
        important: false,
        nopreview: false,
        silently: false,
        reply_to: None,
        linked_messages: vec![],
        links: Links::default(),
        editable_until: ctx.meta.at,
    };
    let new: Vec<NewMessage<'_>> = changes.into_iter().map(new).collect();
    if !batch.wants_notices(ctx) {
        return insert_message::insert(batch, &new).await;
    }
    for PlacedMessage { message, .. } in insert_message::insert_and_return(batch, new).await? {
        let audience = chat_audience(message.chat);
        let notice = Notice::MessageUpdated { message: Box::new(message), delayed: false };
        batch.emit(ctx, Scope::Team(team), audience, notice);
    }
    Ok(())
}

/// Inserts change messages about a member into several chats.
pub(super) async fn membership(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    chats: &[ChatRef],
    (contact, what): (ContactId, ChangeKind),
) -> Result<(), ProjectionError> {
    if chats.is_empty() {
        return Ok(());
    }
    let new = name(batch, contact).await?;
    let actor = ctx.meta.contact.unwrap_or(contact);
    // A contact that acts on itself joins or leaves.
    let what = match what {
        ChangeKind::Added if actor == contact => ChangeKind::Joined,
        ChangeKind::Removed if actor == contact => ChangeKind::Left,
        other => other,
    };
    let change = Change { what, actor, whom: Some(contact), was: None, old: None, new };
    insert(batch, ctx, team, chats.iter().map(|chat| (*chat, change.clone())).collect()).await
}

/// The current display name of a contact.
pub(super) async fn name(batch: &mut Batch<'_>, contact: ContactId) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT display_name FROM contact WHERE uid = $1")
        .bind(contact.0)
        .fetch_optional(&mut *batch.db)
        .await
}

/// The message id, derived from event and chat so that a rebuild produces the same. Clients cannot post under such ids, see
/// [`domain::message::is_reserved`].
fn id(event: EventId, chat: ChatRef, change: &Change) -> MessageId {
    let mut seed = chat.key().0.as_bytes().to_vec();
    // An event of a task may have several changes: one per kind, or one per contact.
    if let ChatRef::Task(_) = chat {
        seed.extend(serde_json::to_vec(&change.what).unwrap_or_default());
        seed.extend(change.whom.iter().flat_map(|whom| *whom.0.as_bytes()));
    }
    let derived = Uuid::new_v5(&event.0, &seed);
    MessageId(Builder::from_custom_bytes(derived.into_bytes()).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::GroupId;

    #[test]
    fn message_id_is_reproducible_distinct_and_reserved() {
        let [one, other] = [1, 2].map(|n| ChatRef::Group(GroupId(Uuid::from_u128(n))));
        let task = ChatRef::Task(GroupId(Uuid::from_u128(4)));
        let event = EventId(Uuid::from_u128(3));
        let actor = ContactId(Uuid::nil());
        let change = |what, whom| Change { what, actor, whom, was: None, old: None, new: None };
        let (settings, status) = (change(ChangeKind::Settings, None), change(ChangeKind::Status, None));
        assert_eq!(id(event, one, &settings), id(event, one, &settings));
        assert_ne!(id(event, one, &settings), id(event, other, &settings));
        assert!(domain::message::is_reserved(id(event, one, &settings)));
        assert_ne!(id(event, task, &settings), id(event, task, &status));
        let [ann, bob] = [5, 6].map(|n| change(ChangeKind::Added, Some(ContactId(Uuid::from_u128(n)))));
        assert_ne!(id(event, task, &ann), id(event, task, &bob));
        assert!(domain::message::is_reserved(id(event, task, &ann)));
    }
}
