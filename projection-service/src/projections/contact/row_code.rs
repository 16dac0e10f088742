//! The code of a contact's row: made again with every change of what it covers, but never for a row that somebody else has changed.

use crate::batch::Batch;
use events::ContactId;
use read_model::row_code::MembershipRow;
use sqlx::{Row, postgres::PgRow};

/// Whether the row is as the projection left it, or not there yet: asked before a change.
pub(super) async fn is_ours(batch: &mut Batch<'_>, contact: ContactId) -> Result<bool, sqlx::Error> {
    let row = find(batch, contact).await?;
    Ok(row.is_none_or(|row| place(&row).is_genuine(batch.row_mac, row.get("code"))))
}

/// Gives the row its code after a change; one that was not ours before stays without rights until a rebuild.
pub(super) async fn renew(
    batch: &mut Batch<'_>,
    contact: ContactId,
    was_ours: bool,
) -> Result<(), sqlx::Error> {
    let Some(row) = find(batch, contact).await?.filter(|_| was_ours) else { return Ok(()) };
    sqlx::query("UPDATE contact SET code = $2 WHERE uid = $1")
        .bind(contact.0)
        .bind(place(&row).code(batch.row_mac))
        .execute(&mut *batch.db)
        .await?;
    Ok(())
}

async fn find(batch: &mut Batch<'_>, contact: ContactId) -> Result<Option<PgRow>, sqlx::Error> {
    sqlx::query("SELECT uid, team, account, status, inviting, archived, code FROM contact WHERE uid = $1")
        .bind(contact.0)
        .fetch_optional(&mut *batch.db)
        .await
}

fn place(row: &PgRow) -> MembershipRow<'_> {
    MembershipRow {
        contact: row.get("uid"),
        team: row.get("team"),
        account: row.get("account"),
        status: row.get("status"),
        inviting: row.get("inviting"),
        archived: row.get("archived"),
    }
}
