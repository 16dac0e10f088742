//! Files attached to posts.

use crate::{batch::Batch, error::ProjectionError};
use events::{MessageId, UploadId, message::Posted};
use protocol::{message::ContentType, upload::UploadRecord};
use read_model::upload::{COLUMNS, neutral};
use std::collections::HashMap;
use uuid::Uuid;

/// Attaches the files of posts and returns them by message. The message's row has a copy of them, because a file does not
/// change and most posts have none.
pub(super) async fn attach(
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
