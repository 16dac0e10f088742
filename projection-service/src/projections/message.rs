//! Messages: what is posted here, what becomes of it in the files beside. A run of events is applied by a few statements.

mod deletion;
mod insert;
mod links;
mod reaction;
mod update;

pub(super) use insert::{NewMessage, PlacedMessage, insert, insert_and_return};
pub(super) use links::Links;
pub(super) use update::changed;

use super::{
    receipts::{self, Post},
    upload,
};
use crate::{
    batch::{Batch, EventContext},
    effects::plan::{self, Placed},
    error::ProjectionError,
};
use events::{
    Event, MessageEvent, MessageId, Recorded,
    chat::ChatRef,
    message::{Author, Posted},
};
use links::links_in;
use protocol::{
    message::ContentType,
    notice::{Audience, Notice, Scope},
    upload::UploadRecord,
};
use serde::Serialize;
use std::collections::HashMap;

/// The message whose stream it is.
pub(super) fn of(recorded: &Recorded<Event>) -> Option<MessageId> {
    recorded.stream.id().parse().ok()
}

/// The fact, if the event is a post.
fn post(recorded: &Recorded<Event>) -> Option<&Posted> {
    match &recorded.event {
        Event::MessageEvent(MessageEvent::Posted(posted)) => Some(posted),
        _ => None,
    }
}

/// Places posts, in the order of the log.
pub(super) async fn posted(batch: &mut Batch<'_>, run: &[&Recorded<Event>]) -> Result<(), ProjectionError> {
    let posts: Vec<(EventContext<'_>, &Posted)> =
        run.iter().filter_map(|one| Some((EventContext::of(one), post(one)?))).collect();
    open_direct_chats(batch, &posts).await?;
    let mut new = Vec::with_capacity(posts.len());
    for (ctx, posted) in &posts {
        let text = posted.text.or_default();
        let links = links_in(batch, posted.team, &text).await?;
        new.push(NewMessage {
            ctx: *ctx,
            message: posted.message,
            team: posted.team,
            chat: posted.chat,
            author: posted.author,
            kind: ContentType::Plain,
            text,
            change: None,
            important: posted.important,
            nopreview: posted.nopreview,
            silently: posted.silently,
            reply_to: posted.reply_to,
            linked_messages: posted.linked_messages.clone(),
            links,
            editable_until: posted.editable_until,
        });
    }
    // All are asked, since the floor of the feed rises over each that nobody is told of.
    let told = posts.iter().filter(|(ctx, _)| batch.wants_notices(*ctx)).count() > 0;
    let placed = match told {
        true => insert_and_return(batch, new).await?,
        false => insert(batch, &new).await.map(|()| vec![])?,
    };
    let uploads = upload::attached(batch, posts.iter().map(|(_, posted)| *posted)).await?;
    forward(batch, &posts).await?;
    if told {
        tell(batch, &posts, placed, uploads).await?;
    }
    if batch.plans_effects {
        let placed: Vec<Placed<'_>> = posts
            .iter()
            .map(|(ctx, posted)| Placed { position: ctx.position, event: ctx.event, at: ctx.meta.at, posted })
            .collect();
        batch.planned.extend(plan::webhooks(&mut *batch.db, &placed).await?);
    }
    Ok(())
}

async fn tell(
    batch: &mut Batch<'_>,
    posts: &[(EventContext<'_>, &Posted)],
    placed: Vec<PlacedMessage>,
    mut uploads: HashMap<MessageId, Vec<UploadRecord>>,
) -> Result<(), sqlx::Error> {
    let seen = receipts::by_posts(batch, &readers(&placed)).await?;
    for (((ctx, _), PlacedMessage { mut message, .. }), seen) in posts.iter().zip(placed).zip(seen) {
        message.uploads = uploads.remove(&message.id).unwrap_or_default();
        message.kind = ContentType::of(&message.uploads);
        let (team, chat) = (message.team, message.chat);
        let notice = Notice::MessageUpdated { message: Box::new(message), delayed: false };
        batch.emit(*ctx, Scope::Team(team), audience(chat), notice);
        receipts::tell(batch, *ctx, (team, chat), seen);
    }
    Ok(())
}

/// Posts as their authors read by them.
fn readers(placed: &[PlacedMessage]) -> Vec<Post> {
    let post = |PlacedMessage { message, read }: &PlacedMessage| {
        let reader = match message.author {
            Author::Contact(contact) => Some(contact),
            Author::Integration(_) => None,
        };
        Post { chat: message.chat, reader, num: message.num, before: *read }
    };
    placed.iter().map(post).collect()
}

/// Keeps what posts forward as it is now.
async fn forward(batch: &mut Batch<'_>, posts: &[(EventContext<'_>, &Posted)]) -> Result<(), sqlx::Error> {
    let (mut bearers, mut places, mut sources) = (vec![], vec![], vec![]);
    for (_, posted) in posts {
        for (place, source) in (0_i32..).zip(&posted.linked_messages) {
            bearers.push(posted.message.0);
            places.push(place);
            sources.push(source.0);
        }
    }
    if bearers.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO forward (message, place, source, author, by_integration, kind, body, uploads, links, created, deleted) \
         SELECT f.message, f.place, m.uid, m.author, m.by_integration, m.kind, m.body, m.uploads, m.links, m.created, m.deleted \
         FROM unnest($1::uuid[], $2::int[], $3::uuid[]) AS f(message, place, source) \
             JOIN message m ON m.uid = f.source AND m.kind <> 'change'",
    )
    .bind(&bearers)
    .bind(places)
    .bind(&sources)
    .execute(&mut *batch.db)
    .await?;
    // Who may read the message that forwards a file may read the file.
    sqlx::query(
        "INSERT INTO attachment (upload, message) SELECT u.uid, f.message \
         FROM unnest($1::uuid[], $2::uuid[]) AS f(message, source) \
             JOIN message m ON m.uid = f.source AND NOT m.deleted \
             CROSS JOIN LATERAL jsonb_array_elements(m.uploads) AS file \
             JOIN upload u ON u.uid = (file ->> 'id')::uuid ON CONFLICT DO NOTHING",
    )
    .bind(&bearers)
    .bind(&sources)
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

/// Who hears of a conversation.
pub(super) fn audience(chat: ChatRef) -> Audience {
    match chat {
        ChatRef::Group(group) | ChatRef::Task(group) => Audience::Group(group),
        ChatRef::Direct(a, b) if a == b => Audience::Contacts(vec![a]),
        ChatRef::Direct(a, b) => Audience::Contacts(vec![a, b]),
    }
}

/// A direct chat comes to be with its first message.
async fn open_direct_chats(
    batch: &mut Batch<'_>,
    posts: &[(EventContext<'_>, &Posted)],
) -> Result<(), sqlx::Error> {
    let direct = posts.iter().filter_map(|(ctx, posted)| match posted.chat {
        ChatRef::Direct(low, high) => Some((*ctx, *posted, low, high)),
        ChatRef::Group(_) | ChatRef::Task(_) => None,
    });
    let direct: Vec<_> = direct.collect();
    if direct.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO chat (key, team, kind, low, high, created, gentime) \
         SELECT DISTINCT ON (key) key, team, 'direct', low, high, created, gentime \
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::bigint[]) \
             WITH ORDINALITY AS n(key, team, low, high, created, gentime, i) ORDER BY key, i ON CONFLICT DO NOTHING",
    )
    .bind(direct.iter().map(|(_, posted, ..)| posted.chat.key().0).collect::<Vec<_>>())
    .bind(direct.iter().map(|(_, posted, ..)| posted.team.0).collect::<Vec<_>>())
    .bind(direct.iter().map(|(.., low, _)| low.0).collect::<Vec<_>>())
    .bind(direct.iter().map(|(.., high)| high.0).collect::<Vec<_>>())
    .bind(direct.iter().map(|(ctx, ..)| ctx.meta.at).collect::<Vec<_>>())
    .bind(direct.iter().map(|(ctx, ..)| ctx.gentime()).collect::<Vec<_>>())
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

fn json<'v, T: Serialize + 'v>(
    values: impl Iterator<Item = &'v T>,
) -> serde_json::Result<Vec<serde_json::Value>> {
    values.map(serde_json::to_value).collect()
}
