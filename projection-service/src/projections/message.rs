//! Messages: posts here, edits, deletions and reactions in `message/`. A few statements apply a run of many events.

mod attachments;
mod deletion;
mod fact;
mod links;
mod reaction;
mod update;

pub(super) use update::changed;

use super::{
    insert_message::{NewMessage, PlacedMessage, insert, insert_and_return},
    notices::chat_audience,
    receipts::{self, Post},
};
use crate::{
    batch::{Batch, EventContext},
    effects::plan::{self, Placed},
    error::ProjectionError,
};
use events::{
    Event, MessageEvent, MessageKey, Recorded,
    chat::ChatRef,
    message::{Author, Posted},
};
use links::links_in;
use protocol::{
    message::ContentType,
    notice::{Notice, Scope},
    upload::UploadRecord,
};
use std::collections::HashMap;

/// The payload of a post; `None` for other events.
fn post(recorded: &Recorded<Event>) -> Option<&Posted> {
    match &recorded.event {
        Event::MessageEvent(MessageEvent::Posted(posted)) => Some(posted),
        _ => None,
    }
}

/// Inserts posts, given in log order.
pub(super) async fn posted(batch: &mut Batch<'_>, run: &[&Recorded<Event>]) -> Result<(), ProjectionError> {
    let posts: Vec<(EventContext<'_>, &Posted)> =
        run.iter().filter_map(|one| Some((EventContext::of(one), post(one)?))).collect();
    open_direct_chats(batch, &posts).await?;
    let mut new = Vec::with_capacity(posts.len());
    for (recorded, (ctx, posted)) in run.iter().zip(&posts) {
        let text = posted.text.or_default();
        let links = links_in(batch, posted.team, &text).await?;
        new.push(NewMessage {
            ctx: *ctx,
            message: posted.message,
            team: posted.team,
            stream_by_id: matches!(recorded.stream.message_in(), Some((None, _))),
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
    // `count` asks for every post, because the feed floor advances past each one without a notice; `any` would stop early.
    let wants_notices = posts.iter().filter(|(ctx, _)| batch.wants_notices(*ctx)).count() > 0;
    let placed = match wants_notices {
        true => insert_and_return(batch, new).await?,
        false => insert(batch, &new).await.map(|()| vec![])?,
    };
    let uploads = attachments::attach(batch, posts.iter().map(|(_, posted)| *posted)).await?;
    forward(batch, &posts).await?;
    if wants_notices {
        emit(batch, &posts, placed, uploads).await?;
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

async fn emit(
    batch: &mut Batch<'_>,
    posts: &[(EventContext<'_>, &Posted)],
    placed: Vec<PlacedMessage>,
    mut uploads: HashMap<MessageKey, Vec<UploadRecord>>,
) -> Result<(), sqlx::Error> {
    let receipts = receipts::by_posts(batch, &posts_as_marks(&placed)).await?;
    for (((ctx, _), PlacedMessage { mut message, .. }), receipts) in posts.iter().zip(placed).zip(receipts) {
        message.uploads = uploads.remove(&message.key()).unwrap_or_default();
        message.kind = ContentType::of(&message.uploads);
        let (team, chat) = (message.team, message.chat);
        let notice = Notice::MessageUpdated { message: Box::new(message), delayed: false };
        batch.emit(*ctx, Scope::Team(team), chat_audience(chat), notice);
        receipts::emit(batch, *ctx, (team, chat), receipts);
    }
    Ok(())
}

/// The posts as read marks of their authors.
fn posts_as_marks(placed: &[PlacedMessage]) -> Vec<Post> {
    let post = |PlacedMessage { message, author_read }: &PlacedMessage| {
        let reader = match message.author {
            Author::Contact(contact) => Some(contact),
            Author::Integration(_) => None,
        };
        Post { chat: message.chat, reader, num: message.num, before: *author_read }
    };
    placed.iter().map(post).collect()
}

/// Copies the forwarded messages as they are now, and makes their files attachments of the posts.
async fn forward(batch: &mut Batch<'_>, posts: &[(EventContext<'_>, &Posted)]) -> Result<(), sqlx::Error> {
    let (mut forwarding, mut teams, mut places, mut sources) = (vec![], vec![], vec![], vec![]);
    for (_, posted) in posts {
        for (place, source) in (0_i32..).zip(&posted.linked_messages) {
            forwarding.push(posted.message.0);
            teams.push(posted.team.0);
            places.push(place);
            sources.push(source.0);
        }
    }
    if forwarding.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO forward (message, team, place, source, author, by_integration, kind, body, uploads, links, created, deleted) \
         SELECT f.message, f.team, f.place, m.uid, m.author, m.by_integration, m.kind, m.body, m.uploads, m.links, m.created, m.deleted \
         FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[]) AS f(message, team, place, source) \
             JOIN message m ON m.uid = f.source AND m.team = f.team AND m.kind <> 'change'",
    )
    .bind(&forwarding)
    .bind(&teams)
    .bind(places)
    .bind(&sources)
    .execute(&mut *batch.db)
    .await?;
    // Access to a file follows from access to a message with it, forwards included.
    sqlx::query(
        "INSERT INTO attachment (upload, message, team) SELECT u.uid, f.message, f.team \
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS f(message, team, source) \
             JOIN message m ON m.uid = f.source AND m.team = f.team AND NOT m.deleted \
             CROSS JOIN LATERAL jsonb_array_elements(m.uploads) AS file \
             JOIN upload u ON u.uid = (file ->> 'id')::uuid ON CONFLICT DO NOTHING",
    )
    .bind(&forwarding)
    .bind(&teams)
    .bind(&sources)
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

/// Creates the direct chats whose first message is among the posts.
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
