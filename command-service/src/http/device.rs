//! `/api/v3/devices`: creates, changes and removes devices.

use crate::{
    aggregates::Transacted,
    answers::Answer,
    context::Context,
    input::{Fields, checked},
    service::CommandService,
};
use access::Caller;
use axum::extract::State;
use domain::{
    account::{self, Account, DeviceChange, NamedDevice},
    limits, text,
};
use events::{Personal, StreamName, device::Settings, value::DeviceKind};
use platform::http::{ApiError, Body, FieldErrors, Params};
use protocol::{
    device::{ChangeDevice, Device, PutDevice},
    envelope::{Nothing, Success},
    lang::Text,
};

/// Create a device, or replace its settings
///
/// Replaces every setting of the device with this id.
#[utoipa::path(post, path = "/api/v3/devices", tag = "devices", request_body = PutDevice,
    responses((status = 200, body = Success<Device>)))]
pub(crate) async fn put_device(
    State(service): State<CommandService>,
    caller: Caller,
    context: Context,
    Body(input): Body<PutDevice>,
) -> Result<Answer, ApiError> {
    let context = context.named("device.put");
    let mut errors = FieldErrors::default();
    let device_id = read_device_id(&mut errors, &input.device_id);
    let kind = read_kind(&mut errors, &input.kind);
    let own = |text: String| Personal::of_account(caller.account, text);
    let name = own(errors.line("name", &input.name, limits::DEVICE_ID));
    let push = own(errors.token("notification_token", &input.notification_token, limits::PUSH_TOKEN));
    let voip =
        own(errors.token("voip_notification_token", &input.voip_notification_token, limits::PUSH_TOKEN));
    errors.finish()?;
    let settings = Settings {
        kind: checked(kind)?,
        name,
        notification_token: push,
        voip_notification_token: voip,
        allowed_notifications: input.allowed_notifications,
        data_pushes: input.data_pushes,
    };
    let command = account::Command::PutDevice { device_id: device_id.clone(), settings };
    transact_and_show(&service, &caller, &context, command, &device_id).await
}

/// Change settings of a device
///
/// Changes the fields that are sent.
#[utoipa::path(put, path = "/api/v3/devices/{device_id}", tag = "devices", request_body = ChangeDevice,
    params(("device_id" = String, Path, description = "Id of the device: free text that the client chose")),
    responses((status = 200, body = Success<Device>)))]
pub(crate) async fn change_device(
    State(service): State<CommandService>,
    caller: Caller,
    Params(device_id): Params<String>,
    context: Context,
    Body(input): Body<ChangeDevice>,
) -> Result<Answer, ApiError> {
    let context = context.named("device.change");
    let mut errors = FieldErrors::default();
    let kind = input.kind.as_deref().and_then(|word| read_kind(&mut errors, word));
    let name = input.name.map(|name| errors.line("name", &name, limits::DEVICE_ID));
    let mut token = |field: &str, text: Option<String>, max| text.map(|text| errors.token(field, &text, max));
    let change = DeviceChange {
        kind,
        name,
        notification_token: token("notification_token", input.notification_token, limits::PUSH_TOKEN),
        voip_notification_token: token(
            "voip_notification_token",
            input.voip_notification_token,
            limits::PUSH_TOKEN,
        ),
        allowed_notifications: input.allowed_notifications,
        data_pushes: input.data_pushes,
    };
    errors.finish()?;
    let command = account::Command::ChangeDevice { device_id: device_id.clone(), change };
    transact_and_show(&service, &caller, &context, command, &device_id).await
}

/// Remove a device
///
/// The sessions that belong to the device end.
#[utoipa::path(delete, path = "/api/v3/devices/{device_id}", tag = "devices",
    params(("device_id" = String, Path, description = "Id of the device: free text that the client chose")),
    responses((status = 200, body = Success<Nothing>)))]
pub(crate) async fn remove_device(
    State(service): State<CommandService>,
    caller: Caller,
    Params(device_id): Params<String>,
    context: Context,
) -> Result<Answer, ApiError> {
    let context = context.named("device.remove");
    let done = transact(&service, &caller, &context, account::Command::RemoveDevice { device_id }).await?;
    service.answers.nothing(&context, done.position).await
}

async fn transact(
    service: &CommandService,
    caller: &Caller,
    context: &Context,
    command: account::Command,
) -> Result<Transacted<Account>, ApiError> {
    let stream = StreamName::account(caller.account);
    Ok(service.aggregates.transact(context, stream, |_: &Account| command.clone()).await?)
}

async fn transact_and_show(
    service: &CommandService,
    caller: &Caller,
    context: &Context,
    command: account::Command,
    device_id: &str,
) -> Result<Answer, ApiError> {
    let done = transact(service, caller, context, command).await?;
    service
        .answers
        .show(context, done.position, || service.access.read.devices().find(caller.account, device_id))
        .await
}

/// Reads the device that a login names.
pub(super) fn read_login_device(
    errors: &mut FieldErrors,
    device_id: &str,
    kind: &str,
    name: &str,
) -> Option<NamedDevice> {
    let device_id = read_device_id(errors, device_id);
    let name = errors.line("name", name, limits::DEVICE_ID);
    read_kind(errors, kind).map(|kind| NamedDevice { device_id, kind, name })
}

/// Reads the id of a device, which the client chooses.
pub(super) fn read_device_id(errors: &mut FieldErrors, text: &str) -> String {
    if !text::shows_something(text) {
        errors.add("device_id", Text::Required);
    }
    errors.token("device_id", text, limits::DEVICE_ID)
}

/// Reads the kind of a device.
pub(super) fn read_kind(errors: &mut FieldErrors, word: &str) -> Option<DeviceKind> {
    errors.word("type", word, DeviceKind::ALL, DeviceKind::word)
}
