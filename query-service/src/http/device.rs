//! `GET /api/v3/devices`, `…/{device_id}`, `…/{device_id}/address-book`

use crate::Queries;
use access::{Caller, Fresh, not_found};
use axum::extract::State;
use platform::http::{ApiError, Params, Reply};
use protocol::{
    device::{BookContact, Device},
    envelope::Success,
};

/// List the caller's devices
///
/// The oldest first.
#[utoipa::path(get, path = "/api/v3/devices", tag = "devices",
    responses((status = 200, body = Success<Vec<Device>>)))]
pub(super) async fn list_devices(
    State(queries): State<Queries>,
    caller: Caller,
    fresh: Fresh,
) -> Result<Reply<Vec<Device>>, ApiError> {
    Ok(Reply::new(queries.access.read.devices().list(caller.account).await?).at(fresh.0))
}

/// Show a device of the caller
#[utoipa::path(get, path = "/api/v3/devices/{device_id}", tag = "devices",
    params(("device_id" = String, Path, description = "Id of the device: free text that the client chose")),
    responses((status = 200, body = Success<Device>)))]
pub(super) async fn show_device(
    State(queries): State<Queries>,
    caller: Caller,
    fresh: Fresh,
    Params(device_id): Params<String>,
) -> Result<Reply<Device>, ApiError> {
    let device = queries.access.read.devices().find(caller.account, &device_id).await?;
    Ok(Reply::new(device.ok_or_else(not_found)?).at(fresh.0))
}

/// Show the address book of a device
///
/// The entries as the client sent them. `account` names the user with one of the entry's numbers, if there is one.
#[utoipa::path(get, path = "/api/v3/devices/{device_id}/address-book", tag = "devices",
    params(("device_id" = String, Path, description = "Id of the device: free text that the client chose")),
    responses((status = 200, body = Success<Vec<BookContact>>)))]
pub(super) async fn show_address_book(
    State(queries): State<Queries>,
    caller: Caller,
    fresh: Fresh,
    Params(device_id): Params<String>,
) -> Result<Reply<Vec<BookContact>>, ApiError> {
    let book = queries.access.read.address_books().of_device(caller.account, &device_id).await?;
    Ok(Reply::new(book.ok_or_else(not_found)?).at(fresh.0))
}
