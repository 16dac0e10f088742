//! Accounts and their client settings.

use crate::batch::{At, Batch};
use events::{AccountId, account};
use protocol::notice::{Audience, Notice, Scope};

pub(super) async fn registered(
    batch: &mut Batch<'_>,
    at: At<'_>,
    registered: &account::Registered,
) -> Result<(), sqlx::Error> {
    let colour = batch.next_colour();
    sqlx::query(
        "INSERT INTO account (uid, phone, given_name, family_name, colour, created) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(registered.account.0)
    .bind(registered.phone.or_default())
    .bind(registered.given_name.or_default())
    .bind(registered.family_name.or_default())
    .bind(colour)
    .bind(at.meta.at)
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

pub(super) async fn ui_settings(
    batch: &mut Batch<'_>,
    at: At<'_>,
    account: AccountId,
    replaced: &account::UiSettingsReplaced,
) -> Result<(), sqlx::Error> {
    let settings = replaced.settings.value.clone().unwrap_or_else(|| "{}".into());
    sqlx::query("UPDATE account SET ui_settings = $2 WHERE uid = $1")
        .bind(account.0)
        .bind(&settings)
        .execute(&mut *batch.db)
        .await?;
    batch.tell(at, Scope::Account(account), Audience::All, Notice::UiSettings { settings });
    Ok(())
}
