//! Sessions and QR offers. A row exists while it grants access.

use crate::{
    batch::{Batch, EventContext},
    placeholders::UNKNOWN_DEVICE,
};
use events::{AccountId, session};
use protocol::notice::{Audience, Notice, Scope};
use read_model::row_code::SessionRow;

pub(super) async fn opened(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    account: AccountId,
    opened: &session::Opened,
) -> Result<(), sqlx::Error> {
    let device_id = opened.device_id.as_ref().and_then(|id| id.value.as_deref());
    let row = SessionRow {
        token_hash: &opened.token_hash,
        uid: opened.session.0,
        account: account.0,
        kind: opened.kind.word(),
        expires: opened.expires,
    };
    sqlx::query(
        "INSERT INTO session \
             (token_hash, uid, account, kind, device_id, created, expires, address, user_agent, code) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(&opened.token_hash)
    .bind(opened.session.0)
    .bind(account.0)
    .bind(opened.kind.word())
    .bind(device_id)
    .bind(ctx.meta.at)
    .bind(opened.expires)
    .bind(ctx.meta.address.as_ref().and_then(|address| address.value.as_deref()))
    .bind(ctx.meta.user_agent.as_ref().and_then(|agent| agent.value.as_deref()))
    .bind(row.code(batch.row_mac))
    .execute(&mut *batch.db)
    .await?;
    let name: Option<String> =
        sqlx::query_scalar("SELECT name FROM device WHERE account = $1 AND device_id = $2")
            .bind(account.0)
            .bind(device_id)
            .fetch_optional(&mut *batch.db)
            .await?;
    let device_name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| UNKNOWN_DEVICE.into());
    let notice = Notice::LoggedIn { session: opened.session, device_name };
    batch.emit(ctx, Scope::Account(account), Audience::All, notice);
    Ok(())
}

pub(super) async fn closed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    account: AccountId,
    closed: &session::Closed,
) -> Result<(), sqlx::Error> {
    for statement in ["DELETE FROM session WHERE uid = $1", "DELETE FROM qr_offer WHERE session = $1"] {
        sqlx::query(statement).bind(closed.session.0).execute(&mut *batch.db).await?;
    }
    let notice = Notice::SessionClosed { session: closed.session, reason: closed.reason };
    batch.emit(ctx, Scope::Account(account), Audience::All, notice);
    Ok(())
}

/// A session has one offer: a new one replaces the old.
pub(super) async fn qr_offered(
    batch: &mut Batch<'_>,
    account: AccountId,
    offered: &session::QrOffered,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO qr_offer (token_hash, uid, account, session, valid_until) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (session) DO UPDATE SET token_hash = excluded.token_hash, uid = excluded.uid, \
             valid_until = excluded.valid_until",
    )
    .bind(&offered.token_hash)
    .bind(offered.offer)
    .bind(account.0)
    .bind(offered.session.0)
    .bind(offered.valid_until)
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

pub(super) async fn qr_used(batch: &mut Batch<'_>, used: &session::QrUsed) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM qr_offer WHERE uid = $1").bind(used.offer).execute(&mut *batch.db).await?;
    Ok(())
}
