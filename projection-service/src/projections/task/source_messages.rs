//! Copies of the messages that a task was created from. The members of a task may not be members of the original chat, and
//! the copies do not follow edits. Deleting a message also blanks its copies, as it does in forwards.

use crate::batch::Batch;
use events::{GroupId, MessageId, TeamId};
use uuid::Uuid;

/// Moves the present copies to negative places, since places are unique.
const MOVE_ASIDE: &str = "UPDATE forward SET place = -1 - place WHERE message = $1 AND team = $2";
/// Keeps the copies of messages that the task had before, and copies the new messages as they are now.
const INSERT: &str = "\
    INSERT INTO forward (message, team, place, source, author, by_integration, kind, body, uploads, links, created, deleted) \
    SELECT DISTINCT ON (n.i) $1, $3, n.i - 1, k.source, k.author, k.by_integration, k.kind, k.body, k.uploads, k.links, k.created, k.deleted \
    FROM unnest($2::uuid[]) WITH ORDINALITY AS n(uid, i) JOIN forward k ON k.message = $1 AND k.team = $3 AND k.source = n.uid \
    UNION ALL \
    SELECT $1, $3, n.i - 1, m.uid, m.author, m.by_integration, m.kind, m.body, m.uploads, m.links, m.created, m.deleted \
    FROM unnest($2::uuid[]) WITH ORDINALITY AS n(uid, i) JOIN message m ON m.uid = n.uid AND m.team = $3 AND m.kind <> 'change' \
        AND NOT EXISTS (SELECT FROM forward k WHERE k.message = $1 AND k.team = $3 AND k.source = m.uid)";
/// Deletes the rows moved aside: they are either copied to their new place or not wanted any more.
const DELETE_ASIDE: &str = "DELETE FROM forward WHERE message = $1 AND team = $2 AND place < 0";

/// Stores copies of these messages, in their order.
pub(super) async fn store(
    batch: &mut Batch<'_>,
    (team, task): (TeamId, GroupId),
    messages: &[MessageId],
) -> Result<(), sqlx::Error> {
    let messages: Vec<Uuid> = messages.iter().map(|message| message.0).collect();
    sqlx::query(MOVE_ASIDE).bind(task.0).bind(team.0).execute(&mut *batch.db).await?;
    sqlx::query(INSERT).bind(task.0).bind(&messages).bind(team.0).execute(&mut *batch.db).await?;
    sqlx::query(DELETE_ASIDE).bind(task.0).bind(team.0).execute(&mut *batch.db).await?;
    Ok(())
}
