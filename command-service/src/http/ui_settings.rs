//! `PUT /api/v3/ui-settings`

use crate::{
    Commands,
    accounts::refused,
    context::Command,
    idempotency::Answer,
    transact::{InitialState, Transacted},
};
use access::Caller;
use axum::extract::State;
use domain::account::{self, Account};
use events::StreamName;
use platform::http::{ApiError, RawBody, parse_json};
use protocol::{account::UiSettings, envelope::Success};
use serde_json::value::RawValue;

/// Replaces the client settings whole; at most 16000 bytes. Sockets of the account hear `server.uisettings`.
#[utoipa::path(put, path = "/api/v3/ui-settings", tag = "account", request_body = UiSettings,
    responses((status = 200, body = Success<UiSettings>)))]
pub(super) async fn replace(
    State(commands): State<Commands>,
    caller: Caller,
    command: Command<RawBody>,
) -> Result<Answer, ApiError> {
    let context = command.context.named("ui_settings.replace");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    let RawBody(bytes) = command.input;
    // An object, not too deep, no key twice; kept as it was written, without what stands around it (a byte order mark,
    // blanks), which would not be JSON in the midst of an answer.
    let settings: Box<RawValue> = parse_json(&bytes)?;
    let text = settings.get().to_owned();
    let done: Transacted<Account> = commands
        .transact(&context, StreamName::account(caller.account), InitialState::Cached, |_: &Account| {
            account::Command::ReplaceUiSettings(text.clone())
        })
        .await
        .map_err(|stop| stop.or(refused))?;
    if !commands.settle(&context, done.position).await? {
        return Commands::accepted(done.position);
    }
    let stored = commands.access.read.accounts().ui_settings(caller.account).await?;
    let stored = RawValue::from_string(stored.unwrap_or(text)).map_err(ApiError::internal)?;
    commands.answer(&context, done.position, &stored).await
}
