//! Messages that were deleted since: the past shows that they are deleted, without their content. Deleted texts are read
//! with the auditor's tools, which leave a trace.

use super::PastSchemas;
use crate::{rights::ServiceTeam, schema::READ_SCHEMA};
use events::TeamId;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

/// Statements for a schema (`PAST`), which holds one team alone, and the messages that were deleted (`$1`), in this order: they do what the deletion did
/// to the served rows.
const WITHHOLD: [&str; 6] = [
    "WITH gone AS (UPDATE PAST.message SET body = '', uploads = '[]', links = '[]', mentioned = '[]', \
         reactions = '[]', linked = '[]', deleted = true WHERE uid = ANY($1) AND NOT deleted RETURNING chat) \
     UPDATE PAST.chat c SET deletions = c.deletions + g.count \
     FROM (SELECT chat, count(*) AS count FROM gone GROUP BY chat) g WHERE c.key = g.chat",
    "DELETE FROM PAST.attachment a USING PAST.forward f, PAST.attachment s \
     WHERE f.source = ANY($1) AND s.message = f.source AND a.message = f.message AND a.upload = s.upload",
    "DELETE FROM PAST.attachment WHERE message = ANY($1)",
    "UPDATE PAST.forward SET body = '', uploads = '[]', links = '[]', deleted = true WHERE source = ANY($1)",
    "DELETE FROM PAST.forward WHERE message = ANY($1)",
    "DELETE FROM PAST.reaction WHERE message = ANY($1)",
];

impl PastSchemas<'_> {
    /// Takes out of a schema of the past what was deleted in the team since, as far as the served rows know of it. Asked
    /// before each look at the past: nothing is done if nothing was deleted since the last one.
    pub async fn withhold_deleted(self, schema: &str, team: ServiceTeam) -> Result<(), sqlx::Error> {
        let mut connection = self.0.pool.acquire().await?;
        if withheld(&mut connection, schema, "").await? == Some(deletions(&mut connection, team.0).await?) {
            return Ok(());
        }
        let mut transaction = connection.begin().await?;
        let known = withheld(&mut transaction, schema, "FOR UPDATE").await?;
        // Counted first: what is deleted meanwhile is seen by the next look.
        let count = deletions(&mut transaction, team.0).await?;
        if known.is_none_or(|known| known == count) {
            return Ok(());
        }
        let gone = format!(
            "SELECT m.uid FROM {schema}.chat c JOIN {READ_SCHEMA}.message s ON s.chat = c.key AND s.deleted \
             JOIN {schema}.message m ON m.uid = s.uid AND m.team = s.team WHERE NOT m.deleted"
        );
        let gone: Vec<Uuid> = sqlx::query_scalar(AssertSqlSafe(gone)).fetch_all(&mut *transaction).await?;
        if !gone.is_empty() {
            for sql in WITHHOLD {
                let sql = sql.replace("PAST", schema);
                sqlx::query(AssertSqlSafe(sql)).bind(&gone).execute(&mut *transaction).await?;
            }
        }
        sqlx::query("UPDATE past.scratch SET deletions = $2 WHERE schema = $1")
            .bind(schema)
            .bind(count)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }
}

/// How many deletions of its team a schema knows of; nothing if there is no such schema.
async fn withheld(
    db: &mut PgConnection,
    schema: &str,
    lock: &'static str,
) -> Result<Option<i64>, sqlx::Error> {
    let sql = format!("SELECT deletions FROM past.scratch WHERE schema = $1 {lock}");
    sqlx::query_scalar(AssertSqlSafe(sql)).bind(schema).fetch_optional(db).await
}

/// How many messages of a team have been deleted by now; the number only grows.
async fn deletions(db: &mut PgConnection, team: TeamId) -> Result<i64, sqlx::Error> {
    let sql = format!("SELECT coalesce(sum(deletions), 0)::bigint FROM {READ_SCHEMA}.chat WHERE team = $1");
    sqlx::query_scalar(AssertSqlSafe(sql)).bind(team.0).fetch_one(db).await
}
