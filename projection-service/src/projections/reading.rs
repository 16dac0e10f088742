//! What contacts keep of chats for themselves. Their own sockets hear of it, the authors that their messages were seen.

use super::seen;
use crate::{
    batch::{At, Batch},
    projector::ProjectionError,
};
use events::{
    ContactId, GroupId,
    reading::{DraftSaved, Marked, SettingsChanged},
};
use protocol::notice::{Audience, Notice, Scope};
use read_model::reading::{MENTIONS, PLACES, STANDING, UNREAD};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

pub(super) async fn marked(
    batch: &mut Batch<'_>,
    at: At<'_>,
    marked: &Marked,
) -> Result<(), ProjectionError> {
    let (chat, contact) = (marked.chat.key(), marked.contact);
    let row = sqlx::query(
        "SELECT m.num, coalesce(r.num, 0) AS before FROM message m \
         LEFT JOIN reading r ON r.chat = m.chat AND r.contact = $2 WHERE m.uid = $1 AND m.chat = $3",
    )
    .bind(marked.message.0)
    .bind(contact.0)
    .bind(chat.0)
    .fetch_optional(&mut *batch.db)
    .await?;
    let row = row.ok_or(ProjectionError::Dangling(at.position))?;
    let (num, before): (i64, i64) = (row.get("num"), row.get("before"));
    let gentime: i64 = sqlx::query_scalar(
        "INSERT INTO reading AS r (contact, chat, num, message, gentime, away) \
         SELECT $1, c.key, $3, $4, $5, c.kind <> 'direct' AND NOT EXISTS ( \
             SELECT FROM member b WHERE b.chat = c.key AND b.contact = $1) FROM chat c WHERE c.key = $2 \
         ON CONFLICT (contact, chat) DO UPDATE SET num = excluded.num, message = excluded.message, \
             away = excluded.away, gentime = greatest(r.gentime + 1, excluded.gentime) RETURNING gentime",
    )
    .bind(contact.0)
    .bind(chat.0)
    .bind(num)
    .bind(marked.message.0)
    .bind(at.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    if !batch.is_told(at) {
        return Ok(());
    }
    let left = left_unread(batch, contact, chat.0, num).await?;
    let scope = Scope::Team(marked.team);
    let notice = Notice::ReadMarked {
        contact,
        chat: marked.chat,
        message: marked.message,
        base: left.base,
        num_unread: left.messages,
        mentions: left.mentions,
        gentime,
    };
    batch.tell(at, scope, Audience::Contacts(vec![contact]), notice);
    Ok(seen::by_mark(batch, at, marked, (before, num)).await?)
}

/// What a contact has not read of a chat.
struct Left {
    base: i64,
    messages: u64,
    mentions: Vec<i64>,
}

async fn left_unread(
    batch: &mut Batch<'_>,
    contact: ContactId,
    chat: Uuid,
    num: i64,
) -> Result<Left, sqlx::Error> {
    let sql = format!(
        "SELECT base.num AS base, {UNREAD} AS unread, {MENTIONS} AS mentions \
         FROM ({PLACES}) {STANDING} WHERE x.chat = $2"
    );
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(vec![contact.0])
        .bind(chat)
        .fetch_optional(&mut *batch.db)
        .await?;
    // Nothing is left to who has gone out of a group meanwhile.
    let nothing = Left { base: num, messages: 0, mentions: vec![] };
    Ok(row.map_or(nothing, |row| Left {
        base: row.get("base"),
        messages: row.get::<i64, _>("unread").unsigned_abs(),
        mentions: row.get("mentions"),
    }))
}

/// Who has left a chat keeps no place there, and comes back as if for the first time.
pub(super) async fn left(
    batch: &mut Batch<'_>,
    chat: GroupId,
    contacts: &[ContactId],
) -> Result<(), sqlx::Error> {
    if contacts.is_empty() {
        return Ok(());
    }
    sqlx::query("UPDATE reading SET away = true WHERE chat = $1 AND contact = ANY($2)")
        .bind(chat.0)
        .bind(contacts.iter().map(|contact| contact.0).collect::<Vec<_>>())
        .execute(&mut *batch.db)
        .await?;
    Ok(())
}

pub(super) async fn settings_changed(
    batch: &mut Batch<'_>,
    at: At<'_>,
    changed: &SettingsChanged,
) -> Result<(), sqlx::Error> {
    let settings = &changed.settings;
    sqlx::query(
        "INSERT INTO own_chat AS o (contact, chat, pinned, pinned_sort_ordering, hidden, notifications_enabled, \
             counters_enabled, collapsed, feed, gentime) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (contact, chat) DO UPDATE SET pinned = excluded.pinned, \
             pinned_sort_ordering = excluded.pinned_sort_ordering, hidden = excluded.hidden, \
             notifications_enabled = excluded.notifications_enabled, counters_enabled = excluded.counters_enabled, \
             collapsed = excluded.collapsed, feed = excluded.feed, gentime = greatest(o.gentime + 1, excluded.gentime)",
    )
    .bind(changed.contact.0)
    .bind(changed.chat.key().0)
    .bind(settings.pinned)
    .bind(settings.pinned_sort_ordering)
    .bind(settings.hidden)
    .bind(settings.notifications_enabled)
    .bind(settings.counters_enabled)
    .bind(settings.collapsed)
    .bind(settings.feed)
    .bind(at.gentime())
    .execute(&mut *batch.db)
    .await?;
    let (contact, chat) = (changed.contact, changed.chat);
    let notice = Notice::ChatKept { contact, chat, counted: settings.counters_enabled };
    batch.tell(at, Scope::Team(changed.team), Audience::Contacts(vec![contact]), notice);
    Ok(())
}

pub(super) async fn draft_saved(
    batch: &mut Batch<'_>,
    at: At<'_>,
    saved: &DraftSaved,
) -> Result<(), sqlx::Error> {
    let row = sqlx::query(
        "INSERT INTO own_chat AS o (contact, chat, draft, draft_num, draft_gentime, gentime) \
         VALUES ($1, $2, $3, 1, $4, $4) ON CONFLICT (contact, chat) DO UPDATE SET draft = excluded.draft, \
             draft_num = o.draft_num + 1, draft_gentime = greatest(o.gentime + 1, excluded.gentime), \
             gentime = greatest(o.gentime + 1, excluded.gentime) RETURNING draft_num, draft_gentime",
    )
    .bind(saved.contact.0)
    .bind(saved.chat.key().0)
    .bind(saved.text.or_default())
    .bind(at.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    let (contact, chat) = (saved.contact, saved.chat);
    let notice = Notice::DraftSaved {
        contact,
        chat,
        draft: saved.text.or_default(),
        num: row.get("draft_num"),
        gentime: row.get("draft_gentime"),
    };
    batch.tell(at, Scope::Team(saved.team), Audience::Contacts(vec![contact]), notice);
    Ok(())
}
