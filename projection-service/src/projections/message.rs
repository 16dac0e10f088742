//! Messages: posted, edited, deleted. A run of posts is placed by one statement.

mod links;
mod place;
mod reaction;

pub(super) use links::Links;
pub(crate) use links::leads_to;
pub(super) use place::{New, Standing, place};
pub(super) use reaction::{removed as reaction_removed, set as reaction_set};

use super::{
    seen::{self, Post},
    upload,
};
use crate::{
    batch::{At, Batch},
    effects::plan::{self, Placed},
    projector::ProjectionError,
    withdrawn::Withdrawn,
};
use events::{
    Event, MessageEvent, MessageId, Recorded, TeamId,
    chat::ChatRef,
    message::{Author, Deleted, Edited, Posted},
};
use links::links_in;
use protocol::{
    message::ContentType,
    notice::{Audience, Notice, Scope},
};
use read_model::message::{COLUMNS, neutral};
use sqlx::Row;
use uuid::Uuid;

/// The fact, if the event is a post.
fn post(recorded: &Recorded<Event>) -> Option<&Posted> {
    match &recorded.event {
        Event::MessageEvent(MessageEvent::Posted(posted)) => Some(posted),
        _ => None,
    }
}

/// Places posts, in the order of the log.
pub(super) async fn posted(batch: &mut Batch<'_>, run: &[&Recorded<Event>]) -> Result<(), ProjectionError> {
    let posts: Vec<(At<'_>, &Posted)> =
        run.iter().filter_map(|one| Some((At::of(one), post(one)?))).collect();
    open_direct_chats(batch, &posts).await?;
    let mut new = Vec::with_capacity(posts.len());
    for (at, posted) in &posts {
        let text = posted.text.or_default();
        let links = links_in(batch, posted.team, &text).await?;
        new.push(New {
            at: *at,
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
    let placed = place(batch, new).await?;
    let mut uploads = upload::attached(batch, posts.iter().map(|(_, posted)| *posted)).await?;
    forward(batch, &posts).await?;
    // All are asked, since the floor of the feed rises over each that nobody is told of.
    let told = posts.iter().filter(|(at, _)| batch.is_told(*at)).count() > 0;
    let seen = match told {
        true => seen::by_posts(batch, &readers(&placed)).await?,
        false => vec![vec![]; posts.len()],
    };
    for (((at, _), Standing { mut message, .. }), seen) in posts.iter().zip(placed).zip(seen) {
        message.uploads = uploads.remove(&message.id).unwrap_or_default();
        message.kind = ContentType::of(&message.uploads);
        let (team, chat) = (message.team, message.chat);
        let notice = Notice::MessageUpdated { message: Box::new(message), delayed: false };
        batch.tell(*at, Scope::Team(team), audience(chat), notice);
        seen::tell(batch, *at, (team, chat), seen);
    }
    if batch.plans {
        let placed: Vec<Placed<'_>> = posts
            .iter()
            .map(|(at, posted)| Placed { position: at.position, event: at.event, at: at.meta.at, posted })
            .collect();
        batch.planned.extend(plan::webhooks(&mut *batch.db, &placed).await?);
    }
    Ok(())
}

/// Posts as their authors read by them.
fn readers(placed: &[Standing]) -> Vec<Post> {
    let post = |Standing { message, read }: &Standing| {
        let reader = match message.author {
            Author::Contact(contact) => Some(contact),
            Author::Integration(_) => None,
        };
        Post { chat: message.chat, reader, num: message.num, before: *read }
    };
    placed.iter().map(post).collect()
}

/// Keeps what posts forward as it is now.
async fn forward(batch: &mut Batch<'_>, posts: &[(At<'_>, &Posted)]) -> Result<(), sqlx::Error> {
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

pub(super) async fn edited(
    batch: &mut Batch<'_>,
    at: At<'_>,
    message: MessageId,
    edited: &Edited,
) -> Result<(), ProjectionError> {
    let text = edited.text.or_default();
    let team: Option<Uuid> = sqlx::query_scalar("SELECT team FROM message WHERE uid = $1")
        .bind(message.0)
        .fetch_optional(&mut *batch.db)
        .await?;
    let team = team.ok_or(ProjectionError::Dangling(at.position))?;
    let links = links_in(batch, TeamId(team), &text).await?;
    sqlx::query(
        "UPDATE message SET body = $2, important = $3, nopreview = $4, links = $5, mentioned = $6, edited = $7, \
             gentime = greatest(gentime + 1, $8) WHERE uid = $1 AND NOT deleted",
    )
    .bind(message.0)
    .bind(text)
    .bind(edited.important)
    .bind(edited.nopreview)
    .bind(serde_json::to_value(&links.links)?)
    .bind(serde_json::to_value(&links.mentioned)?)
    .bind(at.meta.at)
    .bind(at.gentime())
    .execute(&mut *batch.db)
    .await?;
    tell_changed(batch, at, message).await
}

/// Nothing of what it said is left anywhere: not in what forwards it, nor in what the feed has told of it. Where its author
/// did it, the text is kept apart for a while, for them alone.
pub(super) async fn deleted(
    batch: &mut Batch<'_>,
    at: At<'_>,
    message: MessageId,
    deleted: &Deleted,
) -> Result<(), ProjectionError> {
    let row = sqlx::query(
        "SELECT chat, since, author, by_integration, body FROM message WHERE uid = $1 AND NOT deleted",
    )
    .bind(message.0)
    .fetch_optional(&mut *batch.db)
    .await?;
    // It is there, since the event speaks of it; so it was deleted before.
    let Some(row) = row else { return tell_changed(batch, at, message).await };
    let own = !row.get::<bool, _>("by_integration")
        && deleted.by.is_some_and(|by| by.0 == row.get::<Uuid, _>("author"));
    if own {
        batch.withdrawn.push(Withdrawn { message, text: row.get("body"), at: at.meta.at });
    }
    sqlx::query(
        "UPDATE message SET body = '', uploads = '[]', links = '[]', mentioned = '[]', reactions = '[]', linked = '[]', \
             deleted = true, edited = $2, gentime = greatest(gentime + 1, $3) WHERE uid = $1",
    )
    .bind(message.0)
    .bind(at.meta.at)
    .bind(at.gentime())
    .execute(&mut *batch.db)
    .await?;
    for sql in [
        "DELETE FROM attachment a USING forward f, attachment s \
         WHERE f.source = $1 AND s.message = $1 AND a.message = f.message AND a.upload = s.upload",
        "UPDATE forward SET body = '', uploads = '[]', links = '[]', deleted = true WHERE source = $1",
        "DELETE FROM forward WHERE message = $1",
        "DELETE FROM reaction WHERE message = $1",
    ] {
        sqlx::query(sql).bind(message.0).execute(&mut *batch.db).await?;
    }
    sqlx::query("UPDATE chat SET deletions = deletions + 1 WHERE key = $1")
        .bind(row.get::<Uuid, _>("chat"))
        .execute(&mut *batch.db)
        .await?;
    super::chat::swept(batch, at, message).await?;
    batch.outbox.withdraw(batch.db, message, row.get("since")).await?;
    tell_changed(batch, at, message).await
}

/// Tells of a message again.
async fn tell_changed(batch: &mut Batch<'_>, at: At<'_>, message: MessageId) -> Result<(), ProjectionError> {
    if !batch.is_told(at) {
        return Ok(());
    }
    let sql = format!("SELECT {COLUMNS} FROM message m JOIN chat c ON c.key = m.chat WHERE m.uid = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(message.0).fetch_optional(&mut *batch.db).await?;
    let dangling = || ProjectionError::Dangling(at.position);
    let message = row.as_ref().and_then(|row| neutral(row).ok()).ok_or_else(dangling)?;
    if !message.is_deleted() {
        sqlx::query("INSERT INTO retold (message, position) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(message.id.0)
            .bind(at.row())
            .execute(&mut *batch.db)
            .await?;
    }
    let (scope, audience) = (Scope::Team(message.team), audience(message.chat));
    batch.tell(at, scope, audience, Notice::MessageUpdated { message: Box::new(message), delayed: true });
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
async fn open_direct_chats(batch: &mut Batch<'_>, posts: &[(At<'_>, &Posted)]) -> Result<(), sqlx::Error> {
    let direct = posts.iter().filter_map(|(at, posted)| match posted.chat {
        ChatRef::Direct(low, high) => Some((*at, *posted, low, high)),
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
    .bind(direct.iter().map(|(at, ..)| at.meta.at).collect::<Vec<_>>())
    .bind(direct.iter().map(|(at, ..)| at.gentime()).collect::<Vec<_>>())
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}
