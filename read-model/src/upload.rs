//! Uploaded files, and who may read them.

use crate::{QueryError, ReadModel, Result, rights::TeamMember};
use events::{
    BlobId, UploadId,
    value::{ContactStatus, UploadKind},
};
use protocol::upload::UploadRecord;
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

/// The columns that [`neutral`] reads from the table `u`.
pub const COLUMNS: &str =
    "u.uid, u.name, u.size, u.content_type, u.kind, u.animated, u.width, u.height, u.created";

/// Name under which the content is stored.
pub const FILE: &str = "file";
/// Name under which the preview is stored.
pub const PREVIEW: &str = "preview.jpg";
/// Name under which the double-size preview is stored.
pub const PREVIEW_2X: &str = "preview2x.jpg";

/// Files that a member may read.
#[derive(Clone, Copy, Debug)]
pub struct Uploads<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Files that a member may read.
    pub fn uploads(&self) -> Uploads<'_> {
        Uploads(self)
    }
}

impl Uploads<'_> {
    /// A file that the member may read, and its blob: the member's own, or one of a message or task that the member may read.
    pub async fn find(self, member: &TeamMember, upload: UploadId) -> Result<Option<(UploadRecord, BlobId)>> {
        let sql = format!(
            "SELECT {COLUMNS}, u.blob FROM upload u WHERE u.uid = $1 AND u.team = $2 AND (u.owner = $3 OR EXISTS ( \
                 SELECT 1 FROM attachment a JOIN message m ON m.uid = a.message AND m.team = a.team \
                 JOIN chat c ON c.key = m.chat WHERE a.upload = u.uid AND NOT m.deleted AND NOT c.archived \
                 AND (c.low = $3 OR c.high = $3 OR EXISTS (SELECT 1 FROM member n \
                     WHERE n.chat = c.key AND n.contact = $3))) OR EXISTS ( \
                 SELECT 1 FROM task_upload a JOIN chat c ON c.key = a.task \
                 WHERE a.upload = u.uid AND NOT c.archived AND ($5 OR (c.public AND $4) OR EXISTS (\
                     SELECT 1 FROM member n WHERE n.chat = c.key AND n.contact = $3))))"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(upload.0)
            .bind(member.team.0)
            .bind(member.contact.0)
            .bind(member.status > ContactStatus::Guest)
            .bind(member.status >= ContactStatus::Admin)
            .fetch_optional(&self.0.pool)
            .await?;
        let Some(row) = row else {
            self.0.ensure_complete().await?;
            return Ok(None);
        };
        Ok(Some((neutral(&row)?, BlobId(row.get("blob")))))
    }
}

/// The file of a row with [`COLUMNS`].
pub fn neutral(row: &PgRow) -> Result<UploadRecord> {
    let side = |name| row.get::<Option<i32>, _>(name).map(i32::unsigned_abs);
    Ok(UploadRecord {
        id: UploadId(row.get::<Uuid, _>("uid")),
        created: row.get("created"),
        size: row.get::<i64, _>("size").unsigned_abs(),
        name: row.get("name"),
        content_type: row.get("content_type"),
        kind: UploadKind::from_word(row.get("kind")).ok_or(QueryError::Damaged("upload.kind"))?,
        animated: row.get("animated"),
        preview: side("width").zip(side("height")),
    })
}
