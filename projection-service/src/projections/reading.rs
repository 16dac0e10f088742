//! A contact's own state of a chat: read mark, settings, draft. Its sockets receive the changes; authors receive read
//! receipts.

use super::receipts;
use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
};
use events::{
    ContactId, GroupId,
    reading::{DraftSaved, Marked, SettingsChanged},
};
use protocol::notice::{Audience, Notice, Scope};
use read_model::reading::{MENTIONS, PLACES, STANDING, UNREAD};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

/// Moves read marks; returns, in their order, each one's message number before and now, and its new version.
const MARK: &str = "
    WITH new AS (
        SELECT n.*, m.num, coalesce(r.num, 0) AS before
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[]) WITH ORDINALITY AS n(contact, chat, message, gentime, i)
        JOIN message m ON m.uid = n.message AND m.chat = n.chat
        LEFT JOIN reading r ON r.contact = n.contact AND r.chat = n.chat
    ), marked AS (
        INSERT INTO reading AS r (contact, chat, num, message, gentime, away)
        SELECT n.contact, n.chat, n.num, n.message, n.gentime, c.kind <> 'direct' AND NOT EXISTS (
            SELECT FROM member b WHERE b.chat = n.chat AND b.contact = n.contact) FROM new n JOIN chat c ON c.key = n.chat
        ON CONFLICT (contact, chat) DO UPDATE SET num = excluded.num, message = excluded.message, away = excluded.away,
            gentime = greatest(r.gentime + 1, excluded.gentime) RETURNING contact, chat, gentime
    ) SELECT n.i, n.before, n.num, r.gentime FROM new n JOIN marked r ON r.contact = n.contact AND r.chat = n.chat ORDER BY i";

/// Moves read marks, each of another contact or chat. Several at once only if no notices are wanted.
pub(super) async fn marked(
    batch: &mut Batch<'_>,
    marks: &[(EventContext<'_>, &Marked)],
) -> Result<(), ProjectionError> {
    let rows = sqlx::query(MARK)
        .bind(marks.iter().map(|(_, marked)| marked.contact.0).collect::<Vec<_>>())
        .bind(marks.iter().map(|(_, marked)| marked.chat.key().0).collect::<Vec<_>>())
        .bind(marks.iter().map(|(_, marked)| marked.message.0).collect::<Vec<_>>())
        .bind(marks.iter().map(|(ctx, _)| ctx.gentime()).collect::<Vec<_>>())
        .fetch_all(&mut *batch.db)
        .await?;
    let mut rows = rows.iter();
    for (i, (ctx, marked)) in (1_i64..).zip(marks) {
        let row = rows.next().filter(|row| row.get::<i64, _>("i") == i);
        let row = row.ok_or(ProjectionError::DanglingReference(ctx.position))?;
        let moved = Moved { before: row.get("before"), now: row.get("num"), gentime: row.get("gentime") };
        if batch.wants_notices(*ctx) {
            emit_marked(batch, *ctx, marked, moved).await?;
        }
    }
    Ok(())
}

/// A moved read mark: message numbers, and the version of its row.
struct Moved {
    before: i64,
    now: i64,
    gentime: i64,
}

async fn emit_marked(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    marked: &Marked,
    Moved { before, now, gentime }: Moved,
) -> Result<(), ProjectionError> {
    let (chat, contact) = (marked.chat, marked.contact);
    let unread = load_unread(batch, contact, chat.key().0, now).await?;
    let notice = Notice::ReadMarked {
        contact,
        chat,
        message: marked.message,
        base: unread.base,
        num_unread: unread.messages,
        mentions: unread.mentions,
        gentime,
    };
    batch.emit(ctx, Scope::Team(marked.team), Audience::Contacts(vec![contact]), notice);
    Ok(receipts::by_mark(batch, ctx, marked, (before, now)).await?)
}

/// A contact's unread messages in a chat.
struct Unread {
    base: i64,
    messages: u64,
    mentions: Vec<i64>,
}

async fn load_unread(
    batch: &mut Batch<'_>,
    contact: ContactId,
    chat: Uuid,
    num: i64,
) -> Result<Unread, sqlx::Error> {
    let sql = format!(
        "SELECT base.num AS base, {UNREAD} AS unread, {MENTIONS} AS mentions \
         FROM ({PLACES}) {STANDING} WHERE x.chat = $2"
    );
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(vec![contact.0])
        .bind(chat)
        .fetch_optional(&mut *batch.db)
        .await?;
    // There is no row if the contact has left the group.
    let nothing = Unread { base: num, messages: 0, mentions: vec![] };
    Ok(row.map_or(nothing, |row| Unread {
        base: row.get("base"),
        messages: row.get::<i64, _>("unread").unsigned_abs(),
        mentions: row.get("mentions"),
    }))
}

/// Suspends the read marks of contacts that have left a chat; if they rejoin, they start as new members.
pub(super) async fn left_chat(
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

/// Suspends the read marks of a contact that has left the team, except in direct chats.
pub(super) async fn left_team(batch: &mut Batch<'_>, contact: ContactId) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE reading r SET away = true FROM chat c WHERE r.contact = $1 AND c.key = r.chat AND c.kind <> 'direct'",
    )
    .bind(contact.0)
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

pub(super) async fn settings_changed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
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
    .bind(ctx.gentime())
    .execute(&mut *batch.db)
    .await?;
    let (contact, chat) = (changed.contact, changed.chat);
    let notice = Notice::ChatSettingsChanged { contact, chat, counted: settings.counters_enabled };
    batch.emit(ctx, Scope::Team(changed.team), Audience::Contacts(vec![contact]), notice);
    Ok(())
}

pub(super) async fn draft_saved(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
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
    .bind(ctx.gentime())
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
    batch.emit(ctx, Scope::Team(saved.team), Audience::Contacts(vec![contact]), notice);
    Ok(())
}
