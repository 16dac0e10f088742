//! Files: what is stored counts into what the team stores, and into the month it came.

use super::{erasure, task, team};
use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
};
use events::{ContactId, MessageId, TeamId, UploadId, message::Posted, upload};
use protocol::{message::ContentType, upload::UploadRecord};
use read_model::upload::{COLUMNS, neutral};
use sqlx::Row;
use std::collections::HashMap;
use uuid::Uuid;

pub(super) async fn stored(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    stored: &upload::Stored,
) -> Result<(), sqlx::Error> {
    let bytes = stored.bytes().cast_signed();
    sqlx::query(
        "INSERT INTO upload (uid, team, owner, blob, name, size, stored, content_type, kind, animated, width, \
             height, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(stored.upload.0)
    .bind(stored.team.0)
    .bind(stored.owner.0)
    .bind(stored.blob.0)
    .bind(stored.name.or_default())
    .bind(stored.size.cast_signed())
    .bind(bytes)
    .bind(&stored.content_type)
    .bind(stored.kind.word())
    .bind(stored.animated)
    .bind(stored.preview.map(|preview| preview.width.cast_signed()))
    .bind(stored.preview.map(|preview| preview.height.cast_signed()))
    .bind(ctx.meta.at)
    .execute(&mut *batch.db)
    .await?;
    team::count_bytes(batch, ctx, stored.team.0, bytes, bytes).await
}

pub(super) async fn removed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    removed: &upload::Removed,
) -> Result<(), ProjectionError> {
    let gone = sqlx::query("DELETE FROM upload WHERE uid = $1 RETURNING stored, owner")
        .bind(removed.upload.0)
        .fetch_optional(&mut *batch.db)
        .await?;
    let gone = gone.ok_or(ProjectionError::DanglingReference(ctx.position))?;
    let bytes: i64 = gone.get("stored");
    erasure::file_removed(batch, team, ContactId(gone.get("owner"))).await?;
    sqlx::query("DELETE FROM attachment WHERE upload = $1")
        .bind(removed.upload.0)
        .execute(&mut *batch.db)
        .await?;
    task::file_gone(batch, ctx, removed.upload).await?;
    Ok(team::count_bytes(batch, ctx, team.0, -bytes, 0).await?)
}

/// The files that posts bring, by message: kept with the messages, since most posts bring none and none changes.
pub(super) async fn attached(
    batch: &mut Batch<'_>,
    posts: impl Iterator<Item = &Posted>,
) -> Result<HashMap<MessageId, Vec<UploadRecord>>, ProjectionError> {
    let pairs: Vec<(MessageId, UploadId)> =
        posts.flat_map(|posted| posted.uploads.iter().map(|upload| (posted.message, *upload))).collect();
    if pairs.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = pairs.iter().map(|(_, upload)| upload.0).collect();
    let sql = format!("SELECT {COLUMNS} FROM upload u WHERE u.uid = ANY($1)");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(&ids).fetch_all(&mut *batch.db).await?;
    let known: Vec<UploadRecord> = rows.iter().filter_map(|row| neutral(row).ok()).collect();
    let mut found: HashMap<MessageId, Vec<UploadRecord>> = HashMap::new();
    for (message, upload) in &pairs {
        let files = found.entry(*message).or_default();
        files.extend(known.iter().find(|known| known.id == *upload).cloned());
    }
    sqlx::query(
        "INSERT INTO attachment (upload, message) SELECT * FROM unnest($1::uuid[], $2::uuid[]) ON CONFLICT DO NOTHING",
    )
    .bind(&ids)
    .bind(pairs.iter().map(|(message, _)| message.0).collect::<Vec<_>>())
    .execute(&mut *batch.db)
    .await?;
    let kinds: Vec<&str> = found.values().map(|files| ContentType::of(files).word()).collect();
    let shown = found.iter().map(|(message, files)| Ok((message.0, serde_json::to_value(files)?)));
    let (messages, files): (Vec<Uuid>, Vec<serde_json::Value>) =
        shown.collect::<serde_json::Result<Vec<_>>>()?.into_iter().unzip();
    sqlx::query(
        "UPDATE message m SET uploads = n.files, kind = n.kind \
         FROM unnest($1::uuid[], $2::jsonb[], $3::text[]) n(uid, files, kind) WHERE m.uid = n.uid",
    )
    .bind(messages)
    .bind(files)
    .bind(kinds)
    .execute(&mut *batch.db)
    .await?;
    Ok(found)
}
