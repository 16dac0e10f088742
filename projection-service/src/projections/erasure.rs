//! Erasure of accounts and teams: rows that other rows refer to stay, without personal values.
//!
//! Rows are erased by the event that begins the erasure, and again by the event that completes it, for what requests in
//! flight have added in between. The result equals a rebuild after the keys are destroyed: every column derived from a
//! sealed value gets the content that it has when the value cannot be decrypted.

mod person;
mod team;

use super::notices;
use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
};
use events::{AccountId, ContactId, ReceiptId, Subject, TeamId, account, team as fact};

pub(super) async fn account_erased(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    account: AccountId,
    erased: &account::Erased,
) -> Result<(), ProjectionError> {
    begin(batch, Subject::Account(account), erased.receipt).await?;
    for (team, contact) in person::erase(batch, ctx, account).await? {
        notices::contacts_updated(batch, ctx, team, vec![contact]);
    }
    Ok(())
}

pub(super) async fn account_purged(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    account: AccountId,
) -> Result<(), ProjectionError> {
    person::erase(batch, ctx, account).await?;
    complete(batch, Subject::Account(account)).await
}

pub(super) async fn team_erased(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    erased: &fact::Erased,
) -> Result<(), ProjectionError> {
    begin(batch, Subject::Team(team), erased.receipt).await?;
    team::erase(batch, ctx, team).await
}

pub(super) async fn team_purged(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
) -> Result<(), ProjectionError> {
    team::erase(batch, ctx, team).await?;
    complete(batch, Subject::Team(team)).await
}

/// Counts a removed file for the erasure of its owner or its team, if one is in progress.
pub(super) async fn count_file(
    batch: &mut Batch<'_>,
    team: TeamId,
    owner: ContactId,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE erasure SET files = files + 1 WHERE NOT purged \
             AND subject IN ('team-' || $1::text, (SELECT 'account-' || account FROM contact WHERE uid = $2))",
    )
    .bind(team.0)
    .bind(owner.0)
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

/// Registers the erasure, which `command-service/src/erasure.rs` carries out from now on.
async fn begin(batch: &mut Batch<'_>, subject: Subject, receipt: ReceiptId) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO erasure (subject, receipt) VALUES ($1, $2)")
        .bind(subject.to_string())
        .bind(receipt.0)
        .execute(&mut *batch.db)
        .await?;
    Ok(())
}

async fn complete(batch: &mut Batch<'_>, subject: Subject) -> Result<(), ProjectionError> {
    sqlx::query("UPDATE erasure SET purged = true WHERE subject = $1")
        .bind(subject.to_string())
        .execute(&mut *batch.db)
        .await?;
    Ok(())
}
