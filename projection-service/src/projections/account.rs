//! Accounts and their client settings.

use crate::batch::{Batch, EventContext};
use events::{AccountId, Personal, account};
use protocol::notice::{Audience, Notice, Scope};

pub(super) async fn registered(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    registered: &account::Registered,
) -> Result<(), sqlx::Error> {
    let colour = batch.next_colour();
    // In accounts that a team has added, earlier versions stored the name that the team gave, not the person's own.
    let own_name = |name: &Personal<String>| match registered.added_by {
        Some(_) => String::new(),
        None => name.or_default(),
    };
    sqlx::query(
        "INSERT INTO account (uid, phone, given_name, family_name, colour, created) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(registered.account.0)
    .bind(registered.phone.or_default())
    .bind(own_name(&registered.given_name))
    .bind(own_name(&registered.family_name))
    .bind(colour)
    .bind(ctx.meta.at)
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

pub(super) async fn named(
    batch: &mut Batch<'_>,
    account: AccountId,
    named: &account::Named,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE account SET given_name = $2, family_name = $3 WHERE uid = $1")
        .bind(account.0)
        .bind(named.given_name.or_default())
        .bind(named.family_name.or_default())
        .execute(&mut *batch.db)
        .await?;
    Ok(())
}

pub(super) async fn ui_settings(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    account: AccountId,
    replaced: &account::UiSettingsReplaced,
) -> Result<(), sqlx::Error> {
    let settings = replaced.settings.value.clone().unwrap_or_else(|| "{}".into());
    sqlx::query("UPDATE account SET ui_settings = $2 WHERE uid = $1")
        .bind(account.0)
        .bind(&settings)
        .execute(&mut *batch.db)
        .await?;
    batch.emit(ctx, Scope::Account(account), Audience::All, Notice::UiSettings { settings });
    Ok(())
}
