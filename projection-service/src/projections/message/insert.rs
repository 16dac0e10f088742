//! Where new messages come to stand: numbers and predecessors come from the order of the log.

use super::{json, links::Links};
use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
};
use chrono::{DateTime, Utc};
use events::{MessageId, TeamId, chat::ChatRef, message::Author};
use protocol::message::{Change, ContentType, MessageRecord};
use sqlx::{
    AssertSqlSafe, Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};
use std::{collections::HashMap, sync::LazyLock};
use uuid::Uuid;

/// A message that is not there yet.
pub(in super::super) struct NewMessage<'e> {
    pub(in super::super) ctx: EventContext<'e>,
    pub(in super::super) message: MessageId,
    pub(in super::super) team: TeamId,
    pub(in super::super) chat: ChatRef,
    pub(in super::super) author: Author,
    pub(in super::super) kind: ContentType,
    pub(in super::super) text: String,
    pub(in super::super) change: Option<Change>,
    pub(in super::super) important: bool,
    pub(in super::super) nopreview: bool,
    pub(in super::super) silently: bool,
    pub(in super::super) reply_to: Option<MessageId>,
    pub(in super::super) linked_messages: Vec<MessageId>,
    pub(in super::super) links: Links,
    pub(in super::super) editable_until: DateTime<Utc>,
}

/// Inserts messages with their numbers, moves their chats on, and takes each post as a read mark of its author.
///
/// Versions come out as if the posts were applied one by one, each taking the greater of its own version and the row's
/// plus one: after n of them that is the greatest of (row + n) and (version of the i-th + n - i).
const INSERT: &str = "
    WITH new AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bool[], $6::text[], $7::bool[],
            $8::bool[], $9::uuid[], $10::jsonb[], $11::jsonb[], $12::jsonb[], $13::timestamptz[], $14::timestamptz[],
            $15::bigint[], $16::bigint[], $17::text[], $18::jsonb[], $19::bool[]) WITH ORDINALITY AS n(uid, team, chat,
            author, by_integration, body, important, nopreview, reply_to, linked, links, mentioned, created,
            editable_until, gentime, since, kind, change, silently, i)
    ), placed AS (
        SELECT n.*, c.last_num + row_number() OVER w AS num, coalesce(lag(n.uid) OVER w, c.last_message) AS prev,
            c.deletions, c.kind <> 'direct' AS is_shared, c.gentime AS before, row_number() OVER w AS nth,
            n.gentime - row_number() OVER w AS chat_gentime, n.gentime - row_number() OVER a AS own_gentime
        FROM new n JOIN chat c ON c.key = n.chat
        WINDOW w AS (PARTITION BY n.chat ORDER BY n.i), a AS (PARTITION BY n.chat, n.author ORDER BY n.i)
    ), stored AS (
        INSERT INTO message (uid, team, chat, num, since, prev, author, by_integration, kind, body, change,
            important, nopreview, silently, reply_to, linked, links, mentioned, created, editable_until, gentime)
        SELECT uid, team, chat, num, since, prev, author, by_integration, kind, body, change, important,
            nopreview, silently, reply_to, linked, links, mentioned, created, editable_until, gentime FROM placed
    ), moved AS (
        UPDATE chat c SET last_num = p.num, last_message = p.uid,
            gentime = greatest(c.gentime + p.posts, p.gentime + p.posts)
        FROM (SELECT chat, count(*) AS posts, max(num) AS num,
                (array_agg(uid ORDER BY num DESC))[1] AS uid, max(chat_gentime) AS gentime FROM placed GROUP BY chat) p
        WHERE c.key = p.chat
    ), marked AS (
        INSERT INTO reading AS r (contact, chat, num, message, gentime, away)
        SELECT p.author, p.chat, p.num, p.uid,
            greatest(coalesce(before.gentime, 0) + p.posts, p.gentime + p.posts),
            p.is_shared AND NOT EXISTS (SELECT FROM member b WHERE b.chat = p.chat AND b.contact = p.author)
        FROM (SELECT author, chat, bool_or(is_shared) AS is_shared, count(*) AS posts, max(num) AS num,
                (array_agg(uid ORDER BY num DESC))[1] AS uid, max(own_gentime) AS gentime
            FROM placed WHERE NOT by_integration AND kind <> 'change' GROUP BY author, chat) p
        LEFT JOIN reading before ON before.contact = p.author AND before.chat = p.chat
        ON CONFLICT (contact, chat) DO UPDATE SET num = excluded.num,
            message = excluded.message, gentime = excluded.gentime, away = excluded.away
    )";

/// How many were placed.
const COUNT: &str = "SELECT count(*) FROM placed";

/// Where each came to stand.
const PLACEMENTS: &str = "
    SELECT p.uid, p.num, p.prev, p.num - 1 - p.deletions AS index,
        greatest(p.before, max(p.chat_gentime) OVER (PARTITION BY p.chat ORDER BY p.num)) + p.nth AS chat_gentime,
        coalesce(lag(p.num) OVER (PARTITION BY p.chat, p.author ORDER BY p.num), r.num, 0) AS read
    FROM placed p LEFT JOIN reading r ON r.contact = p.author AND r.chat = p.chat";

static INSERT_AND_COUNT: LazyLock<String> = LazyLock::new(|| format!("{INSERT} {COUNT}"));
static INSERT_AND_RETURN: LazyLock<String> = LazyLock::new(|| format!("{INSERT} {PLACEMENTS}"));

/// Where a message came to stand.
struct Placement {
    num: i64,
    index: i64,
    prev: Option<Uuid>,
    chat_gentime: i64,
    read: i64,
}

/// A message that came to stand.
pub(in super::super) struct PlacedMessage {
    /// As it was when it was the newest.
    pub(in super::super) message: MessageRecord,
    /// Up to which number its author had read by then.
    pub(in super::super) read: i64,
}

/// Places messages in the order in which they are given.
pub(in super::super) async fn insert(
    batch: &mut Batch<'_>,
    new: &[NewMessage<'_>],
) -> Result<(), ProjectionError> {
    let placed: i64 = bound(&INSERT_AND_COUNT, new)?.fetch_one(&mut *batch.db).await?.get(0);
    match new {
        [first, ..] if placed != new.len() as i64 => {
            Err(ProjectionError::DanglingReference(first.ctx.position))
        }
        _ => Ok(()),
    }
}

/// Places messages in the order in which they are given, and returns them so, as somebody is told of them.
pub(in super::super) async fn insert_and_return(
    batch: &mut Batch<'_>,
    new: Vec<NewMessage<'_>>,
) -> Result<Vec<PlacedMessage>, ProjectionError> {
    let rows = bound(&INSERT_AND_RETURN, &new)?.fetch_all(&mut *batch.db).await?;
    let place = |row: &PgRow| {
        let (num, index, prev) = (row.get("num"), row.get("index"), row.get("prev"));
        let (chat_gentime, read) = (row.get("chat_gentime"), row.get("read"));
        (row.get("uid"), Placement { num, index, prev, chat_gentime, read })
    };
    let places: HashMap<Uuid, Placement> = rows.iter().map(place).collect();
    let placed = |one: NewMessage<'_>| {
        let place = places.get(&one.message.0).ok_or(ProjectionError::DanglingReference(one.ctx.position))?;
        Ok(PlacedMessage { message: placed_message(one, place), read: place.read })
    };
    new.into_iter().map(placed).collect()
}

/// A statement that begins with [`PLACE`].
fn bound<'q>(
    sql: &'q str,
    new: &'q [NewMessage<'_>],
) -> Result<Query<'q, Postgres, PgArguments>, ProjectionError> {
    let changes = new.iter().map(|one| one.change.as_ref().map(serde_json::to_value).transpose());
    Ok(sqlx::query(AssertSqlSafe(sql))
        .bind(new.iter().map(|one| one.message.0).collect::<Vec<_>>())
        .bind(new.iter().map(|one| one.team.0).collect::<Vec<_>>())
        .bind(new.iter().map(|one| one.chat.key().0).collect::<Vec<_>>())
        .bind(new.iter().map(|one| author(one.author).0).collect::<Vec<_>>())
        .bind(new.iter().map(|one| author(one.author).1).collect::<Vec<_>>())
        .bind(new.iter().map(|one| one.text.as_str()).collect::<Vec<_>>())
        .bind(new.iter().map(|one| one.important).collect::<Vec<_>>())
        .bind(new.iter().map(|one| one.nopreview).collect::<Vec<_>>())
        .bind(new.iter().map(|one| one.reply_to.map(|id| id.0)).collect::<Vec<_>>())
        .bind(json(new.iter().map(|one| &one.linked_messages))?)
        .bind(json(new.iter().map(|one| &one.links.links))?)
        .bind(json(new.iter().map(|one| &one.links.mentioned))?)
        .bind(new.iter().map(|one| one.ctx.meta.at).collect::<Vec<_>>())
        .bind(new.iter().map(|one| one.editable_until).collect::<Vec<_>>())
        .bind(new.iter().map(|one| one.ctx.gentime()).collect::<Vec<_>>())
        .bind(new.iter().map(|one| one.ctx.db_position()).collect::<Vec<_>>())
        .bind(new.iter().map(|one| one.kind.word()).collect::<Vec<_>>())
        .bind(changes.collect::<Result<Vec<_>, _>>()?)
        .bind(new.iter().map(|one| one.silently).collect::<Vec<_>>()))
}

fn author(author: Author) -> (Uuid, bool) {
    match author {
        Author::Contact(contact) => (contact.0, false),
        Author::Integration(integration) => (integration.0, true),
    }
}

fn placed_message(new: NewMessage<'_>, place: &Placement) -> MessageRecord {
    MessageRecord {
        id: new.message,
        team: new.team,
        chat: new.chat,
        author: new.author,
        kind: new.kind,
        text: new.text,
        change: new.change,
        important: new.important,
        nopreview: new.nopreview,
        silently: new.silently,
        reply_to: new.reply_to,
        linked_messages: new.linked_messages,
        uploads: vec![],
        replied: None,
        forwarded: vec![],
        links: new.links.links,
        mentioned: new.links.mentioned,
        reactions: vec![],
        created: new.ctx.meta.at,
        edited: None,
        editable_until: new.editable_until,
        gentime: new.ctx.gentime(),
        num: place.num,
        index: Some(place.index),
        prev: place.prev.map(MessageId),
        is_last: true, // when it was posted, whatever else the batch holds
        received: 0,
        chat_gentime: place.chat_gentime,
    }
}
