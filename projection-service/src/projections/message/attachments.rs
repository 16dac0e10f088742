//! Files attached to posts.

use crate::{batch::Batch, error::ProjectionError};
use events::{MessageKey, UploadId, message::Posted};
use protocol::{message::ContentType, upload::UploadRecord};
use read_model::upload::{COLUMNS, neutral};
use std::collections::HashMap;
use uuid::Uuid;

/// Attaches the files of posts and returns them by message. The message's row has a copy of them, because a file does not
/// change and most posts have none.
pub(super) async fn attach(
    batch: &mut Batch<'_>,
    posts: impl Iterator<Item = &Posted>,
) -> Result<HashMap<MessageKey, Vec<UploadRecord>>, ProjectionError> {
    let pairs: Vec<(MessageKey, UploadId)> =
        posts.flat_map(|posted| posted.uploads.iter().map(|upload| (posted.key(), *upload))).collect();
    if pairs.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = pairs.iter().map(|(_, upload)| upload.0).collect();
    let sql = format!("SELECT {COLUMNS} FROM upload u WHERE u.uid = ANY($1)");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(&ids).fetch_all(&mut *batch.db).await?;
    let known: Vec<UploadRecord> = rows.iter().filter_map(|row| neutral(row).ok()).collect();
    let mut found: HashMap<MessageKey, Vec<UploadRecord>> = HashMap::new();
    for (message, upload) in &pairs {
        let files = found.entry(*message).or_default();
        files.extend(known.iter().find(|known| known.id == *upload).cloned());
    }
    sqlx::query(
        "INSERT INTO attachment (upload, message, team) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) \
         ON CONFLICT DO NOTHING",
    )
    .bind(&ids)
    .bind(pairs.iter().map(|(key, _)| key.message.0).collect::<Vec<_>>())
    .bind(pairs.iter().map(|(key, _)| key.team.0).collect::<Vec<_>>())
    .execute(&mut *batch.db)
    .await?;
    let kinds: Vec<&str> = found.values().map(|files| ContentType::of(files).word()).collect();
    let files = found.values().map(serde_json::to_value).collect::<serde_json::Result<Vec<_>>>()?;
    sqlx::query(
        "UPDATE message m SET uploads = n.files, kind = n.kind \
         FROM unnest($1::uuid[], $2::uuid[], $3::jsonb[], $4::text[]) n(uid, team, files, kind) \
         WHERE m.uid = n.uid AND m.team = n.team",
    )
    .bind(found.keys().map(|key| key.message.0).collect::<Vec<_>>())
    .bind(found.keys().map(|key| key.team.0).collect::<Vec<_>>())
    .bind(files)
    .bind(kinds)
    .execute(&mut *batch.db)
    .await?;
    Ok(found)
}
