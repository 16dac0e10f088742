//! Persons and teams that are forgotten: their rows stay where others lead to them, and say nothing any more.
//!
//! Forgetting is done with the fact that it is wanted, and again with the one that it is done: what came in between, from
//! requests on their way, goes then. Rows come out as a rebuild makes them, which cannot read what was sealed under keys
//! that are destroyed: so whatever was made of such values is set to the same here, whether it was legible or not.

mod person;
mod team;

use super::contact;
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
    wanted(batch, Subject::Account(account), erased.receipt).await?;
    for (team, contact) in person::forget(batch, ctx, account).await? {
        contact::updated(batch, ctx, team, vec![contact]);
    }
    Ok(())
}

pub(super) async fn account_purged(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    account: AccountId,
) -> Result<(), ProjectionError> {
    person::forget(batch, ctx, account).await?;
    done(batch, Subject::Account(account)).await
}

pub(super) async fn team_erased(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    erased: &fact::Erased,
) -> Result<(), ProjectionError> {
    wanted(batch, Subject::Team(team), erased.receipt).await?;
    team::forget(batch, ctx, team).await
}

pub(super) async fn team_purged(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
) -> Result<(), ProjectionError> {
    team::forget(batch, ctx, team).await?;
    done(batch, Subject::Team(team)).await
}

/// Counts a file, if its owner or its team is being forgotten.
pub(super) async fn file_removed(
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

/// Whoever looks at what is due finds it from now on.
async fn wanted(batch: &mut Batch<'_>, subject: Subject, receipt: ReceiptId) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO erasure (subject, receipt) VALUES ($1, $2)")
        .bind(subject.to_string())
        .bind(receipt.0)
        .execute(&mut *batch.db)
        .await?;
    Ok(())
}

async fn done(batch: &mut Batch<'_>, subject: Subject) -> Result<(), ProjectionError> {
    sqlx::query("UPDATE erasure SET purged = true WHERE subject = $1")
        .bind(subject.to_string())
        .execute(&mut *batch.db)
        .await?;
    Ok(())
}
