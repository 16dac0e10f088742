//! Read marks: the reader's own sockets hear of the counters, the authors that their messages were seen.

use crate::{
    batch::{At, Batch},
    projector::ProjectionError,
};
use events::{ContactId, MessageId, reading::Marked};
use protocol::notice::{Audience, Notice, Scope};
use sqlx::Row;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Of how many messages at most the authors hear that they were seen.
const TOLD: i64 = 100;

pub(super) async fn marked(
    batch: &mut Batch<'_>,
    at: At<'_>,
    marked: &Marked,
) -> Result<(), ProjectionError> {
    let chat = marked.chat.key();
    let row = sqlx::query(
        "SELECT m.num, c.last_num, coalesce(r.num, 0) AS before FROM read.message m JOIN read.chat c ON c.key = m.chat \
         LEFT JOIN read.reading r ON r.chat = m.chat AND r.contact = $2 WHERE m.uid = $1 AND m.chat = $3",
    )
    .bind(marked.message.0)
    .bind(marked.contact.0)
    .bind(chat.0)
    .fetch_optional(&mut *batch.db)
    .await?;
    let row = row.ok_or(ProjectionError::Dangling(at.position))?;
    let (num, last, before): (i64, i64, i64) = (row.get("num"), row.get("last_num"), row.get("before"));
    let gentime: i64 = sqlx::query_scalar(
        "INSERT INTO read.reading AS r (contact, chat, num, message, gentime) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (contact, chat) DO UPDATE SET num = excluded.num, message = excluded.message, \
             gentime = greatest(r.gentime + 1, excluded.gentime) RETURNING gentime",
    )
    .bind(marked.contact.0)
    .bind(chat.0)
    .bind(num)
    .bind(marked.message.0)
    .bind(at.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    let scope = Scope::Team(marked.team);
    let notice = Notice::ReadMarked {
        contact: marked.contact,
        chat: marked.chat,
        message: marked.message,
        num_unread: last - num,
        gentime,
    };
    batch.tell(at, scope, Audience::Contacts(vec![marked.contact]), notice);
    for (author, messages) in newly_seen(batch, marked, before, num).await? {
        let notice = Notice::MessagesReceived { author, chat: marked.chat, messages };
        batch.tell(at, scope, Audience::Contacts(vec![author]), notice);
    }
    Ok(())
}

/// Others' messages between two marks, by author.
async fn newly_seen(
    batch: &mut Batch<'_>,
    marked: &Marked,
    before: i64,
    num: i64,
) -> Result<BTreeMap<ContactId, Vec<MessageId>>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT uid, author FROM read.message WHERE chat = $1 AND num > greatest($2, $3 - $5) AND num <= $3 \
             AND author <> $4 AND NOT by_integration ORDER BY num",
    )
    .bind(marked.chat.key().0)
    .bind(before)
    .bind(num)
    .bind(marked.contact.0)
    .bind(TOLD)
    .fetch_all(&mut *batch.db)
    .await?;
    let mut seen: BTreeMap<ContactId, Vec<MessageId>> = BTreeMap::new();
    for row in &rows {
        let author: Uuid = row.get("author");
        seen.entry(ContactId(author)).or_default().push(MessageId(row.get("uid")));
    }
    Ok(seen)
}
