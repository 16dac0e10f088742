//! Deletions. The content of a message disappears everywhere: from its row, its forwards and the feed. If the author deleted
//! it, the text is kept for the author alone, see `withdrawn.rs`.

use super::fact::MessageFact;
use crate::{batch::Batch, error::ProjectionError, withdrawn::Withdrawn};
use events::{MessageId, MessageKey, TeamId, message::Deleted};
use sqlx::{Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// Statements that delete what belongs to the messages (ids `$1`, teams `$2`), in this order.
const CLEANUP: [&str; 5] = [
    "DELETE FROM attachment a USING unnest($1::uuid[], $2::uuid[]) AS n(uid, team), forward f, attachment s \
     WHERE f.source = n.uid AND f.team = n.team AND s.message = f.source AND s.team = f.team \
         AND a.message = f.message AND a.team = f.team AND a.upload = s.upload",
    "DELETE FROM attachment a USING unnest($1::uuid[], $2::uuid[]) AS n(uid, team) \
     WHERE a.message = n.uid AND a.team = n.team",
    "UPDATE forward f SET body = '', uploads = '[]', links = '[]', deleted = true \
     FROM unnest($1::uuid[], $2::uuid[]) AS n(uid, team) WHERE f.source = n.uid AND f.team = n.team",
    "DELETE FROM forward f USING unnest($1::uuid[], $2::uuid[]) AS n(uid, team) \
     WHERE f.message = n.uid AND f.team = n.team",
    "DELETE FROM reaction r USING unnest($1::uuid[], $2::uuid[]) AS n(uid, team) \
     WHERE r.message = n.uid AND r.team = n.team",
];

/// Deletes messages; one that is deleted already is left unchanged.
pub(super) async fn deleted(
    batch: &mut Batch<'_>,
    deletions: &[MessageFact<'_, Deleted>],
) -> Result<(), ProjectionError> {
    let rows = sqlx::query(
        "SELECT m.uid, m.team, m.chat, m.since, m.author, m.by_integration, m.body \
         FROM unnest($1::uuid[], $2::uuid[]) AS n(uid, team) JOIN message m ON m.uid = n.uid AND m.team = n.team \
         WHERE NOT m.deleted",
    )
    .bind(deletions.iter().map(|deletion| deletion.message.message.0).collect::<Vec<_>>())
    .bind(deletions.iter().map(|deletion| deletion.message.team.0).collect::<Vec<_>>())
    .fetch_all(&mut *batch.db)
    .await?;
    let key = |row: &PgRow| MessageKey { team: TeamId(row.get("team")), message: MessageId(row.get("uid")) };
    let rows: HashMap<MessageKey, &PgRow> = rows.iter().map(|row| (key(row), row)).collect();
    let deleted: Vec<(&MessageFact<'_, Deleted>, &PgRow)> =
        deletions.iter().filter_map(|one| Some((one, *rows.get(&one.message)?))).collect();
    if deleted.is_empty() {
        return Ok(());
    }
    let own = deleted.iter().filter(|(deletion, row)| {
        !row.get::<bool, _>("by_integration")
            && deletion.fact.by.is_some_and(|by| by.0 == row.get::<Uuid, _>("author"))
    });
    batch.withdrawn.extend(own.map(|(deletion, row)| Withdrawn {
        message: deletion.message,
        text: row.get("body"),
        at: deletion.ctx.meta.at,
    }));
    let ids: Vec<Uuid> = deleted.iter().map(|(deletion, _)| deletion.message.message.0).collect();
    let teams: Vec<Uuid> = deleted.iter().map(|(deletion, _)| deletion.message.team.0).collect();
    sqlx::query(
        "UPDATE message m SET body = '', uploads = '[]', links = '[]', mentioned = '[]', reactions = '[]', \
             linked = '[]', deleted = true, edited = n.edited, gentime = greatest(m.gentime + 1, n.gentime) \
         FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bigint[]) AS n(uid, team, edited, gentime) \
         WHERE m.uid = n.uid AND m.team = n.team",
    )
    .bind(&ids)
    .bind(&teams)
    .bind(deleted.iter().map(|(deletion, _)| deletion.ctx.meta.at).collect::<Vec<_>>())
    .bind(deleted.iter().map(|(deletion, _)| deletion.ctx.gentime()).collect::<Vec<_>>())
    .execute(&mut *batch.db)
    .await?;
    for sql in CLEANUP {
        sqlx::query(sql).bind(&ids).bind(&teams).execute(&mut *batch.db).await?;
    }
    count_deletions(batch, &deleted).await?;
    let posts: Vec<(MessageKey, i64)> =
        deleted.iter().map(|(deletion, row)| (deletion.message, row.get("since"))).collect();
    batch.outbox.redact_messages(batch.db, &posts).await
}

/// Updates the chats' numbers of deletions, and `swept`: up to that number no remaining message counts as unread.
async fn count_deletions(
    batch: &mut Batch<'_>,
    deleted: &[(&MessageFact<'_, Deleted>, &PgRow)],
) -> Result<(), sqlx::Error> {
    // Versions are as if the deletions were applied one by one: after n deletions, that is the greatest of (row + n) and
    // (version of deletion i + n - i).
    let mut chats: HashMap<Uuid, (i64, i64)> = HashMap::new();
    for (deletion, row) in deleted {
        let (count, gentime) = chats.entry(row.get("chat")).or_insert((0, i64::MIN));
        *count += 1;
        *gentime = (*gentime).max(deletion.ctx.gentime() - *count);
    }
    sqlx::query(
        "UPDATE chat c SET deletions = c.deletions + n.count, \
             gentime = greatest(c.gentime + n.count, n.gentime + n.count), \
             swept = coalesce((SELECT m.num - 1 FROM message m WHERE m.chat = c.key AND m.num > c.swept \
                 AND m.counts ORDER BY m.num LIMIT 1), c.last_num) \
         FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS n(key, count, gentime) WHERE c.key = n.key",
    )
    .bind(chats.keys().copied().collect::<Vec<_>>())
    .bind(chats.values().map(|(count, _)| *count).collect::<Vec<_>>())
    .bind(chats.values().map(|(_, gentime)| *gentime).collect::<Vec<_>>())
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}
