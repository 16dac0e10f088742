//! `POST /api/v3/devices`, `PUT` and `DELETE /api/v3/devices/{device_id}`

use crate::{
    Commands,
    accounts::refused,
    context::{Command, Context, NoInput},
    idempotency::Answer,
    input::{Checks, checked},
    transact::{InitialState, Transacted},
};
use access::Caller;
use axum::extract::State;
use domain::{
    account::{self, Account, DeviceChange},
    limits, text,
};
use events::{Personal, StreamName, device::Settings, value::DeviceKind};
use platform::http::{ApiError, Body, Params};
use protocol::{
    device::{ChangeDevice, Device, PutDevice},
    envelope::{Nothing, Success},
    lang::Text,
};

/// Makes a device, or replaces all settings of the one with this id.
#[utoipa::path(post, path = "/api/v3/devices", tag = "devices", request_body = PutDevice,
    responses((status = 200, body = Success<Device>)))]
pub(super) async fn put(
    State(commands): State<Commands>,
    caller: Caller,
    command: Command<Body<PutDevice>>,
) -> Result<Answer, ApiError> {
    let context = command.context.named("device.put");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    let Body(input) = command.input;
    let mut checks = Checks::default();
    let device_id = device_id(&mut checks, &input.device_id);
    let kind = kind(&mut checks, &input.kind);
    let own = |text: String| Personal::of_account(caller.account, text);
    let name = own(checks.line("name", &input.name, limits::DEVICE_ID));
    let push = own(checks.token("notification_token", &input.notification_token, limits::PUSH_TOKEN));
    let voip =
        own(checks.token("voip_notification_token", &input.voip_notification_token, limits::PUSH_TOKEN));
    checks.done()?;
    let settings = Settings {
        kind: checked(kind)?,
        name,
        notification_token: push,
        voip_notification_token: voip,
        allowed_notifications: input.allowed_notifications,
        data_pushes: input.data_pushes,
    };
    let command = account::Command::PutDevice { device_id: device_id.clone(), settings };
    carry_out(&commands, &caller, &context, command, &device_id).await
}

/// Changes only what is sent.
#[utoipa::path(put, path = "/api/v3/devices/{device_id}", tag = "devices", request_body = ChangeDevice,
    params(("device_id" = String, Path, description = "Chosen by the client; free text")),
    responses((status = 200, body = Success<Device>)))]
pub(super) async fn change(
    State(commands): State<Commands>,
    caller: Caller,
    Params(device_id): Params<String>,
    command: Command<Body<ChangeDevice>>,
) -> Result<Answer, ApiError> {
    let context = command.context.named("device.change");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    let Body(input) = command.input;
    let mut checks = Checks::default();
    let kind = input.kind.as_deref().and_then(|word| kind(&mut checks, word));
    let name = input.name.map(|name| checks.line("name", &name, limits::DEVICE_ID));
    let mut token = |field: &str, text: Option<String>, max| text.map(|text| checks.token(field, &text, max));
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
    checks.done()?;
    let command = account::Command::ChangeDevice { device_id: device_id.clone(), change };
    carry_out(&commands, &caller, &context, command, &device_id).await
}

/// Removes a device for good; sessions that belong to it end.
#[utoipa::path(delete, path = "/api/v3/devices/{device_id}", tag = "devices",
    params(("device_id" = String, Path, description = "Chosen by the client; free text")),
    responses((status = 200, body = Success<Nothing>)))]
pub(super) async fn remove(
    State(commands): State<Commands>,
    caller: Caller,
    Params(device_id): Params<String>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let context = command.context.named("device.remove");
    if let Some(answer) = commands.removed_before(&context).await? {
        return Ok(answer);
    }
    let done = transact(&commands, &caller, &context, account::Command::RemoveDevice { device_id }).await?;
    commands.answer_nothing(&context, done.position).await
}

async fn transact(
    commands: &Commands,
    caller: &Caller,
    context: &Context,
    command: account::Command,
) -> Result<Transacted<Account>, ApiError> {
    let stream = StreamName::account(caller.account);
    let done = commands.transact(context, stream, InitialState::Cached, |_: &Account| command.clone()).await;
    done.map_err(|stop| stop.or(refused))
}

async fn carry_out(
    commands: &Commands,
    caller: &Caller,
    context: &Context,
    command: account::Command,
    device_id: &str,
) -> Result<Answer, ApiError> {
    let done = transact(commands, caller, context, command).await?;
    commands
        .show(context, done.position, || commands.access.read.devices().find(caller.account, device_id))
        .await
}

/// The id of a device as a client chose it.
pub(super) fn device_id(checks: &mut Checks, text: &str) -> String {
    if !text::shows_something(text) {
        checks.refuse("device_id", Text::Required);
    }
    checks.token("device_id", text, limits::DEVICE_ID)
}

/// The kind of a device.
pub(super) fn kind(checks: &mut Checks, word: &str) -> Option<DeviceKind> {
    checks.word("type", word, DeviceKind::ALL, DeviceKind::word)
}
