//! The storage that a team uses: in total, and added per month.

use crate::batch::{Batch, EventContext};
use events::TeamId;

/// Adds `stored` bytes to the team's total, negative after a removal, and `added` bytes to the month of the event.
pub(super) async fn count_bytes(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    stored: i64,
    added: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE team SET uploads_size = greatest(uploads_size + $2, 0) WHERE uid = $1")
        .bind(team.0)
        .bind(stored)
        .execute(&mut *batch.db)
        .await?;
    if added > 0 {
        sqlx::query(
            "INSERT INTO usage AS u (team, year, month, size) \
             VALUES ($1, extract(year FROM $2::timestamptz AT TIME ZONE 'UTC')::int, \
                     extract(month FROM $2::timestamptz AT TIME ZONE 'UTC')::int, $3) \
             ON CONFLICT (team, year, month) DO UPDATE SET size = u.size + excluded.size",
        )
        .bind(team.0)
        .bind(ctx.meta.at)
        .bind(added)
        .execute(&mut *batch.db)
        .await?;
    }
    Ok(())
}
