//! Inserts messages: posts, and the change messages of groups and tasks. Their numbers and predecessors follow from the order
//! of the log.

use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
};
use chrono::{DateTime, Utc};
use events::{ContactId, MessageId, TeamId, chat::ChatRef, message::Author};
use protocol::message::{Change, ContentType, MessageLink, MessageRecord};
use serde::Serialize;
use sqlx::{
    AssertSqlSafe, Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};
use std::{collections::HashMap, sync::LazyLock};
use uuid::Uuid;

/// The links in a text, and the contacts that it mentions.
#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    pub(super) links: Vec<MessageLink>,
    pub(super) mentioned: Vec<ContactId>,
}

/// A message to be inserted.
pub(super) struct NewMessage<'e> {
    pub(super) ctx: EventContext<'e>,
    pub(super) message: MessageId,
    pub(super) team: TeamId,
    /// Whether its stream has the earlier form, see [`events::StreamName::message_by_id`].
    pub(super) stream_by_id: bool,
    pub(super) chat: ChatRef,
    pub(super) author: Author,
    pub(super) kind: ContentType,
    pub(super) text: String,
    pub(super) change: Option<Change>,
    pub(super) important: bool,
    pub(super) nopreview: bool,
    pub(super) silently: bool,
    pub(super) reply_to: Option<MessageId>,
    pub(super) linked_messages: Vec<MessageId>,
    pub(super) links: Links,
    pub(super) editable_until: DateTime<Utc>,
}

/// Inserts messages with their numbers, updates their chats, and moves the read mark of each post's author to the post.
///
/// Versions are as if the posts were applied one by one, each taking the greater of its own version and the row's version
/// plus one: after n posts, that is the greatest of (row + n) and (version of post i + n - i).
const INSERT: &str = "
    WITH new AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bool[], $6::text[], $7::bool[],
            $8::bool[], $9::uuid[], $10::jsonb[], $11::jsonb[], $12::jsonb[], $13::timestamptz[], $14::timestamptz[],
            $15::bigint[], $16::bigint[], $17::text[], $18::jsonb[], $19::bool[], $20::bool[]) WITH ORDINALITY AS n(uid, team, chat,
            author, by_integration, body, important, nopreview, reply_to, linked, links, mentioned, created,
            editable_until, gentime, since, kind, change, silently, stream_by_id, i)
    ), placed AS (
        SELECT n.*, c.last_num + row_number() OVER w AS num, coalesce(lag(n.uid) OVER w, c.last_message) AS prev,
            c.deletions, c.kind <> 'direct' AS is_shared, c.gentime AS before, row_number() OVER w AS nth,
            n.gentime - row_number() OVER w AS chat_gentime, n.gentime - row_number() OVER a AS own_gentime
        FROM new n JOIN chat c ON c.key = n.chat
        WINDOW w AS (PARTITION BY n.chat ORDER BY n.i), a AS (PARTITION BY n.chat, n.author ORDER BY n.i)
    ), stored AS (
        INSERT INTO message (uid, team, chat, num, since, prev, author, by_integration, kind, body, change,
            important, nopreview, silently, reply_to, linked, links, mentioned, created, editable_until, gentime,
            stream_by_id)
        SELECT uid, team, chat, num, since, prev, author, by_integration, kind, body, change, important,
            nopreview, silently, reply_to, linked, links, mentioned, created, editable_until, gentime, stream_by_id
        FROM placed
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

/// The number of inserted messages; a message without a chat is not inserted.
const COUNT: &str = "SELECT count(*) FROM placed";

/// The placement of each inserted message, and up to which number its author had read.
const PLACEMENTS: &str = "
    SELECT p.i, p.num, p.prev, p.num - 1 - p.deletions AS index,
        greatest(p.before, max(p.chat_gentime) OVER (PARTITION BY p.chat ORDER BY p.num)) + p.nth AS chat_gentime,
        coalesce(lag(p.num) OVER (PARTITION BY p.chat, p.author ORDER BY p.num), r.num, 0) AS read
    FROM placed p LEFT JOIN reading r ON r.contact = p.author AND r.chat = p.chat";

static INSERT_AND_COUNT: LazyLock<String> = LazyLock::new(|| format!("{INSERT} {COUNT}"));
static INSERT_AND_RETURN: LazyLock<String> = LazyLock::new(|| format!("{INSERT} {PLACEMENTS}"));

/// The place of a message in its chat.
struct Placement {
    num: i64,
    index: i64,
    prev: Option<Uuid>,
    chat_gentime: i64,
    author_read: i64,
}

/// An inserted message.
pub(super) struct PlacedMessage {
    /// The message as it was when it was the newest of its chat.
    pub(super) message: MessageRecord,
    /// The number of the last message that its author had read before.
    pub(super) author_read: i64,
}

/// Inserts messages in the given order.
pub(super) async fn insert(batch: &mut Batch<'_>, new: &[NewMessage<'_>]) -> Result<(), ProjectionError> {
    let placed: i64 = bound(&INSERT_AND_COUNT, new)?.fetch_one(&mut *batch.db).await?.get(0);
    match new {
        [first, ..] if placed != new.len() as i64 => {
            Err(ProjectionError::DanglingReference(first.ctx.position))
        }
        _ => Ok(()),
    }
}

/// Inserts messages in the given order and returns them in that order, for their notices.
pub(super) async fn insert_and_return(
    batch: &mut Batch<'_>,
    new: Vec<NewMessage<'_>>,
) -> Result<Vec<PlacedMessage>, ProjectionError> {
    let rows = bound(&INSERT_AND_RETURN, &new)?.fetch_all(&mut *batch.db).await?;
    let place = |row: &PgRow| {
        let (num, index, prev) = (row.get("num"), row.get("index"), row.get("prev"));
        let (chat_gentime, author_read) = (row.get("chat_gentime"), row.get("read"));
        (row.get("i"), Placement { num, index, prev, chat_gentime, author_read })
    };
    let places: HashMap<i64, Placement> = rows.iter().map(place).collect();
    let placed = |(i, one): (i64, NewMessage<'_>)| {
        let place = places.get(&i).ok_or(ProjectionError::DanglingReference(one.ctx.position))?;
        Ok(PlacedMessage { message: placed_message(one, place), author_read: place.author_read })
    };
    (1..).zip(new).map(placed).collect()
}

/// Binds the messages to a statement that begins with [`INSERT`].
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
        .bind(new.iter().map(|one| one.silently).collect::<Vec<_>>())
        .bind(new.iter().map(|one| one.stream_by_id).collect::<Vec<_>>()))
}

/// The author's id, and whether it is an integration.
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
        is_last: true, // at the time of the post, whatever else the batch contains
        received: 0,
        chat_gentime: place.chat_gentime,
    }
}

/// JSON values for a column of an `unnest`.
pub(super) fn json<'v, T: Serialize + 'v>(
    values: impl Iterator<Item = &'v T>,
) -> serde_json::Result<Vec<serde_json::Value>> {
    values.map(serde_json::to_value).collect()
}
