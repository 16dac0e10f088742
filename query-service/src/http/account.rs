//! `GET /api/v3/me`, `GET /api/v3/ui-settings`

use crate::Queries;
use access::{Caller, Fresh, not_found};
use axum::extract::State;
use platform::http::{ApiError, Reply};
use protocol::{
    ApiVersion,
    account::{Me, UiSettings},
    envelope::Success,
};
use serde_json::value::RawValue;

/// Show the caller's account
///
/// With the account's devices and teams.
#[utoipa::path(get, path = "/api/v3/me", tag = "account", responses((status = 200, body = Success<Me>)))]
pub(super) async fn show_own_account(
    State(queries): State<Queries>,
    caller: Caller,
    fresh: Fresh,
) -> Result<Reply<Me>, ApiError> {
    let me = queries.access.read.accounts().me(caller.account, ApiVersion::V3).await?;
    Ok(Reply::new(me.ok_or_else(not_found)?).at(fresh.0))
}

/// Show the caller's client settings
///
/// The JSON object exactly as a client last sent it.
#[utoipa::path(get, path = "/api/v3/ui-settings", tag = "account",
    responses((status = 200, body = Success<UiSettings>)))]
pub(super) async fn show_ui_settings(
    State(queries): State<Queries>,
    caller: Caller,
    fresh: Fresh,
) -> Result<Reply<Box<RawValue>>, ApiError> {
    let settings = queries.access.read.accounts().ui_settings(caller.account).await?;
    let settings = RawValue::from_string(settings.ok_or_else(not_found)?).map_err(ApiError::internal)?;
    Ok(Reply::new(settings).at(fresh.0))
}
