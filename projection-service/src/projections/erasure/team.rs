//! Erases a team: its name, its contacts' personal values, and all content.

use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
};
use domain::{mention, name::ERASED};
use events::TeamId;

/// Statements that blank or delete the rows of a team.
const STATEMENTS: [&str; 14] = [
    "UPDATE chat SET display_name = '', description = '' WHERE team = $1",
    "UPDATE message SET body = '', links = '[]', mentioned = '[]', uploads = '[]', reactions = '[]', \
         change = CASE WHEN change IS NOT NULL \
             THEN jsonb_build_object('what', 'settings', 'actor', change -> 'actor') END WHERE team = $1",
    "UPDATE forward SET body = '', links = '[]', uploads = '[]' WHERE team = $1",
    "DELETE FROM reaction WHERE team = $1",
    "UPDATE upload SET name = '' WHERE team = $1",
    "UPDATE own_chat o SET draft = '' FROM contact c WHERE c.uid = o.contact AND c.team = $1",
    "UPDATE remind SET comment = '' WHERE team = $1",
    "UPDATE section SET name = '', description = '' WHERE team = $1",
    "UPDATE tag SET name = '' WHERE team = $1",
    "UPDATE task SET status = '', done_reason = NULL WHERE team = $1",
    "UPDATE task_item i SET body = '', reference = NULL FROM task t WHERE t.key = i.task AND t.team = $1",
    "DELETE FROM integration WHERE team = $1",
    "DELETE FROM invitation WHERE team = $1",
    "DELETE FROM retold WHERE team = $1",
];

pub(super) async fn erase(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
) -> Result<(), ProjectionError> {
    sqlx::query(
        "UPDATE team SET name = '', icon_blob = NULL, icon_width = NULL, icon_height = NULL, icon_size = 0, \
             archived = true, gentime = greatest(gentime + 1, $2) WHERE uid = $1",
    )
    .bind(team.0)
    .bind(ctx.gentime())
    .execute(&mut *batch.db)
    .await?;
    sqlx::query(
        "UPDATE contact SET phone = '', given_name = '', patronymic = '', family_name = '', display_name = $2, \
             mention = $3, role = '', mood = '', contact_email = '', contact_phone = '', preferences = '{}', \
             icon_blob = NULL, icon_width = NULL, icon_height = NULL \
         WHERE team = $1 AND account IS NOT NULL",
    )
    .bind(team.0)
    .bind(ERASED)
    .bind(mention::key(ERASED))
    .execute(&mut *batch.db)
    .await?;
    for sql in STATEMENTS {
        sqlx::query(sql).bind(team.0).execute(&mut *batch.db).await?;
    }
    batch.outbox.redact_team(batch.db, team).await
}
