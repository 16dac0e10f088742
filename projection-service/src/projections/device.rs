//! Devices and their address books.

use crate::batch::{Batch, EventContext};
use events::{AccountId, address_book, device};

pub(super) async fn registered(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    account: AccountId,
    registered: &device::Registered,
) -> Result<(), sqlx::Error> {
    upsert(batch, ctx.db_position(), account, &registered.device_id.or_default(), &registered.settings).await
}

pub(super) async fn changed(
    batch: &mut Batch<'_>,
    account: AccountId,
    changed: &device::Changed,
) -> Result<(), sqlx::Error> {
    upsert(batch, 0, account, &changed.device_id.or_default(), &changed.settings).await
}

/// `since` orders the list of devices and is set for a new device only.
async fn upsert(
    batch: &mut Batch<'_>,
    since: i64,
    account: AccountId,
    device_id: &str,
    settings: &device::Settings,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO device (account, device_id, since, kind, name, notification_token, voip_notification_token, \
             allowed_notifications, data_pushes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (account, device_id) DO UPDATE SET kind = excluded.kind, name = excluded.name, \
             notification_token = excluded.notification_token, \
             voip_notification_token = excluded.voip_notification_token, \
             allowed_notifications = excluded.allowed_notifications, data_pushes = excluded.data_pushes",
    )
    .bind(account.0)
    .bind(device_id)
    .bind(since)
    .bind(settings.kind.word())
    .bind(settings.name.or_default())
    .bind(settings.notification_token.or_default())
    .bind(settings.voip_notification_token.or_default())
    .bind(settings.allowed_notifications)
    .bind(settings.data_pushes)
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

pub(super) async fn removed(
    batch: &mut Batch<'_>,
    account: AccountId,
    removed: &device::Removed,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM device WHERE account = $1 AND device_id = $2")
        .bind(account.0)
        .bind(removed.device_id.or_default())
        .execute(&mut *batch.db)
        .await?;
    Ok(())
}

pub(super) async fn address_book(
    batch: &mut Batch<'_>,
    account: AccountId,
    book: &address_book::Replaced,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE device SET address_book = $3 WHERE account = $1 AND device_id = $2")
        .bind(account.0)
        .bind(book.device_id.or_default())
        .bind(book.contacts.value.as_deref().unwrap_or("[]"))
        .execute(&mut *batch.db)
        .await?;
    Ok(())
}
