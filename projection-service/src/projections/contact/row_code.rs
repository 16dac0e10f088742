//! The authentication code of a contact's row. It is renewed with every change of a column that it covers, but never for a
//! row that something other than the projection has changed.

use crate::batch::Batch;
use events::ContactId;
use read_model::row_code::MembershipRow;
use sqlx::{Row, postgres::PgRow};

/// Whether the code is valid, or the row does not exist yet; called before a change.
pub(super) async fn is_genuine(batch: &mut Batch<'_>, contact: ContactId) -> Result<bool, sqlx::Error> {
    let row = find(batch, contact).await?;
    Ok(row.is_none_or(|row| place(&row).is_genuine(batch.row_mac, row.get("code"))))
}

/// Renews the code after a change. A row that was not genuine before grants no rights until a rebuild.
pub(super) async fn renew(
    batch: &mut Batch<'_>,
    contact: ContactId,
    was_genuine: bool,
) -> Result<(), sqlx::Error> {
    let Some(row) = find(batch, contact).await?.filter(|_| was_genuine) else { return Ok(()) };
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
