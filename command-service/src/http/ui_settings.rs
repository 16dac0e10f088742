//! `PUT /api/v3/ui-settings`: replaces the client settings.

use crate::{
    aggregates::Transacted,
    answers::{Answer, Answers},
    context::Context,
    service::CommandService,
};
use access::Caller;
use axum::extract::State;
use domain::account::{self, Account};
use events::StreamName;
use platform::http::{ApiError, RawBody, parse_json};
use protocol::{account::UiSettings, envelope::Success};
use serde_json::value::RawValue;

/// Replace the client settings
///
/// The settings are a JSON object of at most 16000 bytes. The account's sockets get `server.uisettings`.
#[utoipa::path(put, path = "/api/v3/ui-settings", tag = "account", request_body = UiSettings,
    responses((status = 200, body = Success<UiSettings>)))]
pub(crate) async fn replace_ui_settings(
    State(service): State<CommandService>,
    caller: Caller,
    context: Context,
    RawBody(body): RawBody,
) -> Result<Answer, ApiError> {
    let context = context.named("ui_settings.replace");
    // The object is kept as it was written, but for a byte order mark and blanks around it: it becomes part of an answer.
    let settings: Box<RawValue> = parse_json(&body)?;
    let text = settings.get().to_owned();
    let done: Transacted<Account> = service
        .aggregates
        .transact(&context, StreamName::account(caller.account), |_: &Account| {
            account::Command::ReplaceUiSettings(text.clone())
        })
        .await?;
    if !service.answers.settle(&context, done.position).await? {
        return Answers::accepted(done.position);
    }
    let stored = service.access.read.accounts().ui_settings(caller.account).await?;
    let stored = RawValue::from_string(stored.unwrap_or(text)).map_err(ApiError::internal)?;
    service.answers.answer(&context, done.position, &stored)
}
