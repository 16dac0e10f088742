//! Messages. A run of posts is placed by one statement: numbers and predecessors come from the order of the log.

use super::upload;
use crate::{
    batch::{At, Batch},
    effects::plan::{self, Placed},
    projector::ProjectionError,
};
use domain::mention;
use events::{
    ContactId, Event, MessageEvent, MessageId, Recorded, TeamId,
    chat::ChatRef,
    message::{Author, Edited, Posted},
};
use protocol::{
    message::{MessageLink, NeutralMessage},
    notice::{Audience, Notice, Scope},
    upload::NeutralUpload,
};
use read_model::message::{COLUMNS, neutral};
use sqlx::Row;
use std::collections::HashMap;
use uuid::Uuid;

/// The fact, if the event is a post.
pub(super) fn post(recorded: &Recorded<Event>) -> Option<&Posted> {
    match &recorded.event {
        Event::MessageEvent(MessageEvent::Posted(posted)) => Some(posted),
        _ => None,
    }
}

/// Places a run of posts, in the order of the log.
pub(super) async fn posted(batch: &mut Batch<'_>, run: &[Recorded<Event>]) -> Result<(), ProjectionError> {
    let posts: Vec<(At<'_>, &Posted)> =
        run.iter().filter_map(|one| Some((At::of(one), post(one)?))).collect();
    open_direct_chats(batch, &posts).await?;
    let mentions = mentions(batch, &posts).await?;
    let places = place(batch, &posts, &mentions).await?;
    let mut uploads = upload::attached(batch, posts.iter().map(|(_, posted)| *posted)).await?;
    for ((at, posted), mentions) in posts.iter().zip(mentions) {
        let place = places.get(&posted.message.0).ok_or(ProjectionError::Dangling(at.position))?;
        let uploads = uploads.remove(&posted.message).unwrap_or_default();
        let message = message_of(*at, posted, mentions, uploads, place);
        let audience = audience(posted.chat);
        let notice = Notice::MessageUpdated { message: Box::new(message), delayed: false };
        batch.tell(*at, Scope::Team(posted.team), audience, notice);
    }
    let placed: Vec<Placed<'_>> =
        posts.iter().map(|(at, posted)| Placed { position: at.position, at: at.meta.at, posted }).collect();
    batch.planned.extend(plan::webhooks(&mut *batch.db, &placed).await?);
    Ok(())
}

pub(super) async fn edited(
    batch: &mut Batch<'_>,
    at: At<'_>,
    message: MessageId,
    edited: &Edited,
) -> Result<(), ProjectionError> {
    let text = edited.text.or_default();
    let team: Option<Uuid> = sqlx::query_scalar("SELECT team FROM read.message WHERE uid = $1")
        .bind(message.0)
        .fetch_optional(&mut *batch.db)
        .await?;
    let team = team.ok_or(ProjectionError::Dangling(at.position))?;
    let mentions = mentions_in(batch, TeamId(team), &text).await?;
    sqlx::query(
        "UPDATE read.message SET body = $2, important = $3, nopreview = $4, links = $5, mentioned = $6, edited = $7, \
             gentime = greatest(gentime + 1, $8) WHERE uid = $1",
    )
    .bind(message.0)
    .bind(text)
    .bind(edited.important)
    .bind(edited.nopreview)
    .bind(serde_json::to_value(&mentions.links)?)
    .bind(serde_json::to_value(&mentions.contacts)?)
    .bind(at.meta.at)
    .bind(at.gentime())
    .execute(&mut *batch.db)
    .await?;
    tell_changed(batch, at, message).await
}

pub(super) async fn deleted(
    batch: &mut Batch<'_>,
    at: At<'_>,
    message: MessageId,
) -> Result<(), ProjectionError> {
    sqlx::query(
        "UPDATE read.message SET body = '', uploads = '[]', links = '[]', mentioned = '[]', deleted = true, edited = $2, \
             gentime = greatest(gentime + 1, $3) WHERE uid = $1",
    )
    .bind(message.0)
    .bind(at.meta.at)
    .bind(at.gentime())
    .execute(&mut *batch.db)
    .await?;
    super::chat::swept(batch, at, message).await?;
    tell_changed(batch, at, message).await
}

async fn tell_changed(batch: &mut Batch<'_>, at: At<'_>, message: MessageId) -> Result<(), ProjectionError> {
    let sql =
        format!("SELECT {COLUMNS} FROM read.message m JOIN read.chat c ON c.key = m.chat WHERE m.uid = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(message.0).fetch_optional(&mut *batch.db).await?;
    let dangling = || ProjectionError::Dangling(at.position);
    let message = row.as_ref().and_then(|row| neutral(row).ok()).ok_or_else(dangling)?;
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
        "INSERT INTO read.chat (key, team, kind, low, high, created, gentime) \
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

/// Where a post came to stand.
struct Place {
    num: i64,
    prev: Option<Uuid>,
}

/// Inserts the posts with their numbers, moves their chats on, and takes each post as a read mark of its author.
///
/// Versions come out as if the posts were applied one by one, each taking the greater of its own version and the row's
/// plus one: after n of them that is the greatest of (row + n) and (version of the i-th + n - i).
const PLACE: &str = "
    WITH new AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bool[], $6::text[], $7::bool[],
            $8::bool[], $9::uuid[], $10::jsonb[], $11::jsonb[], $12::jsonb[], $13::timestamptz[], $14::timestamptz[],
            $15::bigint[]) WITH ORDINALITY AS n(uid, team, chat, author, by_integration, body, important,
            nopreview, reply_to, linked, links, mentioned, created, editable_until, gentime, i)
    ), placed AS (
        SELECT n.*, c.last_num + row_number() OVER w AS num, coalesce(lag(n.uid) OVER w, c.last_message) AS prev,
            n.gentime - row_number() OVER w AS chat_gentime, n.gentime - row_number() OVER a AS own_gentime
        FROM new n JOIN read.chat c ON c.key = n.chat
        WINDOW w AS (PARTITION BY n.chat ORDER BY n.i), a AS (PARTITION BY n.chat, n.author ORDER BY n.i)
    ), stored AS (
        INSERT INTO read.message (uid, team, chat, num, prev, author, by_integration, body, important, nopreview,
            reply_to, linked, links, mentioned, created, editable_until, gentime)
        SELECT uid, team, chat, num, prev, author, by_integration, body, important, nopreview, reply_to, linked,
            links, mentioned, created, editable_until, gentime FROM placed
    ), moved AS (
        UPDATE read.chat c SET last_num = p.num, last_message = p.uid,
            gentime = greatest(c.gentime + p.posts, p.gentime + p.posts)
        FROM (SELECT chat, count(*) AS posts, max(num) AS num, (array_agg(uid ORDER BY num DESC))[1] AS uid,
                max(chat_gentime) AS gentime FROM placed GROUP BY chat) p
        WHERE c.key = p.chat
    ), marked AS (
        INSERT INTO read.reading AS r (contact, chat, num, message, gentime)
        SELECT p.author, p.chat, p.num, p.uid, greatest(coalesce(before.gentime, 0) + p.posts, p.gentime + p.posts)
        FROM (SELECT author, chat, count(*) AS posts, max(num) AS num, (array_agg(uid ORDER BY num DESC))[1] AS uid,
                max(own_gentime) AS gentime FROM placed WHERE NOT by_integration GROUP BY author, chat) p
        LEFT JOIN read.reading before ON before.contact = p.author AND before.chat = p.chat
        ON CONFLICT (contact, chat) DO UPDATE SET num = excluded.num, message = excluded.message,
            gentime = excluded.gentime
    ) SELECT uid, num, prev FROM placed";

async fn place(
    batch: &mut Batch<'_>,
    posts: &[(At<'_>, &Posted)],
    mentions: &[Mentions],
) -> Result<HashMap<Uuid, Place>, ProjectionError> {
    let json = |values: Vec<serde_json::Result<serde_json::Value>>| {
        values.into_iter().collect::<Result<Vec<_>, _>>()
    };
    let author = |posted: &Posted| match posted.author {
        Author::Contact(contact) => (contact.0, false),
        Author::Integration(integration) => (integration.0, true),
    };
    let facts = || posts.iter().map(|(_, posted)| *posted);
    let rows = sqlx::query(PLACE)
        .bind(facts().map(|posted| posted.message.0).collect::<Vec<_>>())
        .bind(facts().map(|posted| posted.team.0).collect::<Vec<_>>())
        .bind(facts().map(|posted| posted.chat.key().0).collect::<Vec<_>>())
        .bind(facts().map(|posted| author(posted).0).collect::<Vec<_>>())
        .bind(facts().map(|posted| author(posted).1).collect::<Vec<_>>())
        .bind(facts().map(|posted| posted.text.or_default()).collect::<Vec<_>>())
        .bind(facts().map(|posted| posted.important).collect::<Vec<_>>())
        .bind(facts().map(|posted| posted.nopreview).collect::<Vec<_>>())
        .bind(facts().map(|posted| posted.reply_to.map(|id| id.0)).collect::<Vec<_>>())
        .bind(json(facts().map(|posted| serde_json::to_value(&posted.linked_messages)).collect())?)
        .bind(json(mentions.iter().map(|one| serde_json::to_value(&one.links)).collect())?)
        .bind(json(mentions.iter().map(|one| serde_json::to_value(&one.contacts)).collect())?)
        .bind(posts.iter().map(|(at, _)| at.meta.at).collect::<Vec<_>>())
        .bind(facts().map(|posted| posted.editable_until).collect::<Vec<_>>())
        .bind(posts.iter().map(|(at, _)| at.gentime()).collect::<Vec<_>>())
        .fetch_all(&mut *batch.db)
        .await?;
    let place =
        |row: &sqlx::postgres::PgRow| (row.get("uid"), Place { num: row.get("num"), prev: row.get("prev") });
    Ok(rows.iter().map(place).collect())
}

/// Whom a text mentions.
#[derive(Clone, Debug, Default)]
struct Mentions {
    links: Vec<MessageLink>,
    contacts: Vec<ContactId>,
}

async fn mentions(batch: &mut Batch<'_>, posts: &[(At<'_>, &Posted)]) -> Result<Vec<Mentions>, sqlx::Error> {
    let mut found = Vec::with_capacity(posts.len());
    for (_, posted) in posts {
        found.push(match posted.text.value.as_deref() {
            Some(text) if text.contains('@') => mentions_in(batch, posted.team, text).await?,
            _ => Mentions::default(),
        });
    }
    Ok(found)
}

async fn mentions_in(batch: &mut Batch<'_>, team: TeamId, text: &str) -> Result<Mentions, sqlx::Error> {
    let candidates = mention::candidates(text);
    if candidates.is_empty() {
        return Ok(Mentions::default());
    }
    let rows = sqlx::query(
        "SELECT uid, name FROM (SELECT uid, btrim(given_name || ' ' || family_name) AS name, since FROM read.contact \
             WHERE team = $1 AND NOT archived) c WHERE regexp_replace(name, '\\s+', '_', 'g') = ANY($2) ORDER BY since",
    )
    .bind(team.0)
    .bind(candidates.iter().map(ToString::to_string).collect::<Vec<_>>())
    .fetch_all(&mut *batch.db)
    .await?;
    let mut mentions = Mentions::default();
    for row in &rows {
        let (contact, name): (ContactId, String) = (ContactId(row.get("uid")), row.get("name"));
        let pattern = format!("@{}", mention::spelled(&name));
        mentions.links.push(MessageLink {
            pattern,
            text: format!("@{name}"),
            url: format!("otv://d-{contact}"),
        });
        mentions.contacts.push(contact);
    }
    Ok(mentions)
}

fn message_of(
    at: At<'_>,
    posted: &Posted,
    mentions: Mentions,
    uploads: Vec<NeutralUpload>,
    place: &Place,
) -> NeutralMessage {
    NeutralMessage {
        id: posted.message,
        team: posted.team,
        chat: posted.chat,
        author: posted.author,
        text: posted.text.or_default(),
        deleted: false,
        important: posted.important,
        nopreview: posted.nopreview,
        reply_to: posted.reply_to,
        linked_messages: posted.linked_messages.clone(),
        uploads,
        links: mentions.links,
        mentioned: mentions.contacts,
        created: at.meta.at,
        edited: None,
        editable_until: posted.editable_until,
        gentime: at.gentime(),
        num: place.num,
        prev: place.prev.map(MessageId),
        is_last: true, // when it was posted, whatever else the batch holds
    }
}
