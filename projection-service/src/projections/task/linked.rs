//! Messages that a task came from, kept as they were when the task named them: who sees the task need not see the
//! conversation that they come from, nor its later edits. A deletion reaches them, as it reaches what posts forward.

use crate::batch::Batch;
use events::{GroupId, MessageId};
use uuid::Uuid;

/// Places are unique: first what is there is moved aside.
const ASIDE: &str = "UPDATE forward SET place = -1 - place WHERE message = $1";
/// A message that the task named before stays as it was then; a message that is new to the task is copied as it is now.
const LINK: &str = "\
    INSERT INTO forward (message, place, source, author, by_integration, kind, body, uploads, links, created, deleted) \
    SELECT DISTINCT ON (n.i) $1, n.i - 1, k.source, k.author, k.by_integration, k.kind, k.body, k.uploads, k.links, k.created, k.deleted \
    FROM unnest($2::uuid[]) WITH ORDINALITY AS n(uid, i) JOIN forward k ON k.message = $1 AND k.source = n.uid \
    UNION ALL \
    SELECT $1, n.i - 1, m.uid, m.author, m.by_integration, m.kind, m.body, m.uploads, m.links, m.created, m.deleted \
    FROM unnest($2::uuid[]) WITH ORDINALITY AS n(uid, i) JOIN message m ON m.uid = n.uid AND m.kind <> 'change' \
        AND NOT EXISTS (SELECT FROM forward k WHERE k.message = $1 AND k.source = m.uid)";
/// Rows that are still aside have a copy at their new place, or are not named any more.
const UNLINK: &str = "DELETE FROM forward WHERE message = $1 AND place < 0";

/// Keeps the messages that a task names, in its order.
pub(super) async fn link(
    batch: &mut Batch<'_>,
    task: GroupId,
    messages: &[MessageId],
) -> Result<(), sqlx::Error> {
    let messages: Vec<Uuid> = messages.iter().map(|message| message.0).collect();
    sqlx::query(ASIDE).bind(task.0).execute(&mut *batch.db).await?;
    sqlx::query(LINK).bind(task.0).bind(&messages).execute(&mut *batch.db).await?;
    sqlx::query(UNLINK).bind(task.0).execute(&mut *batch.db).await?;
    Ok(())
}
