//! `POST /api/message`: posts into a group with an integration's key. The answers have no envelope.

use crate::{
    context::Context,
    http::{command::Command, message::posting::post},
    input::Fields,
    service::CommandService,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{limits, message::Draft};
use events::{MessageId, Position, chat::ChatRef, message::Author};
use http::{HeaderValue, StatusCode, header::RETRY_AFTER};
use platform::{
    http::{ApiError, Bare, FieldErrors, Form, RequestInfo, fields::is_true},
    limits::{Key, Limit},
};
use protocol::{error::ErrorCode, integration::MessageAccepted, lang::Text};
use read_model::integration::KeyHolder;
use secrets::vault::Purpose;
use std::collections::BTreeSet;

/// Largest number of keys in one call.
const KEYS: usize = 10;

/// The form of a message.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the form")]
pub(super) struct MessageForm {
    /// Key of the integration; several keys are separated by commas.
    key: String,
    /// Text of the message.
    message: String,
    /// Id that the sender chooses; a message with a known id is not posted again.
    message_id: Option<String>,
    /// Whether the message is important: `1`, `true`, `yes` or `on`.
    important: Option<String>,
    /// Whether the message does not count as unread: `1`, `true`, `yes` or `on`.
    silently: Option<String>,
    /// Whether links get no previews: `1`, `true`, `yes` or `on`.
    nopreview: Option<String>,
    /// Whether `\n` written as two characters becomes a line break: `1`, `true`, `yes` or `on`.
    convert_linebreaks: Option<String>,
}

/// Post a message into the group of an integration
///
/// The integration's key authorises the call; several keys post into several groups.
#[utoipa::path(post, path = "/api/message", tag = "integrations",
    request_body(content((MessageForm = "multipart/form-data"), (MessageForm = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = MessageAccepted),
        (status = "default", body = MessageAccepted, description = "Not posted; `error` is a sentence for people")),
    security(()))]
pub(crate) async fn post_integration_message(
    State(service): State<CommandService>,
    request: RequestInfo,
    command: Result<Command<Form>, ApiError>,
) -> Response {
    let posted = match command {
        Ok(command) => post_by_key(&service, command).await,
        Err(error) => Err(error),
    };
    respond(posted, &request)
}

/// The message of an integration.
pub(super) struct IntegrationMessage {
    pub(super) message: MessageId,
    pub(super) text: String,
    pub(super) important: bool,
    pub(super) nopreview: bool,
    pub(super) silently: bool,
}

async fn post_by_key(service: &CommandService, command: Command<Form>) -> Result<(), ApiError> {
    let mut context = command.context.named("message.post_by_integration");
    let form = command.input;
    let mut errors = FieldErrors::default();
    let text = read_text(&form, &mut errors);
    let keys: Vec<&str> = form.text("key").unwrap_or_default().split(',').map(str::trim).collect();
    if keys.len() > KEYS {
        errors.add("key", Text::TooMany { max: KEYS });
    }
    let chosen = form.text("message_id").filter(|id| !id.is_empty());
    let chosen = chosen.and_then(|id| errors.uuid::<MessageId>("message_id", id));
    errors.finish()?;
    // All keys are checked before anything is posted: a wrong one changes nothing.
    let mut holders = Vec::with_capacity(keys.len());
    for key in distinct(keys) {
        holders.push(key_holder(service, key, context.request.client).await?);
    }
    for (index, holder) in holders.into_iter().enumerate() {
        let fresh: MessageId = context.id();
        let input = IntegrationMessage {
            // One message lives in one chat: only the first of several keys can have the chosen id.
            message: chosen.filter(|_| index == 0).unwrap_or(fresh),
            text: text.clone(),
            important: is_true(form.text("important")),
            nopreview: is_true(form.text("nopreview")),
            silently: is_true(form.text("silently")),
        };
        let context = if index == 0 { context.clone() } else { context.without_idempotency_key() };
        let position = post_by_integration(service, &context, &holder, input).await?;
        service.answers.settle(&context, position).await?;
    }
    Ok(())
}

/// Posts a message into the group of an integration.
pub(super) async fn post_by_integration(
    service: &CommandService,
    context: &Context,
    holder: &KeyHolder,
    input: IntegrationMessage,
) -> Result<Position, ApiError> {
    let IntegrationMessage { message, text, important, nopreview, silently } = input;
    let draft = Draft {
        message,
        team: holder.team(),
        chat: ChatRef::Group(holder.group()),
        author: Author::Integration(holder.integration()),
        account: None,
        text,
        important,
        nopreview,
        silently,
        reply_to: None,
        linked_messages: vec![],
        uploads: vec![],
        update_age: holder.message_update_age(),
    };
    post(service, context, draft).await
}

/// The integration of a key, if it is enabled and within its quota.
pub(super) async fn key_holder(
    service: &CommandService,
    key: &str,
    client: std::net::IpAddr,
) -> Result<KeyHolder, ApiError> {
    let limits = &service.access.limits;
    limits.allowed(Limit::ApiMessageFailuresPerAddress, &Key::Address(client))?;
    let holder = service.access.read.integrations().by_key(key).await?;
    let Some(holder) = holder.filter(KeyHolder::is_enabled) else {
        limits.failed(Limit::ApiMessageFailuresPerAddress, &Key::Address(client));
        return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::BadKey));
    };
    let counted = service.vault.keyed_hash(Purpose::ApiKey, key.as_bytes());
    limits.check(Limit::ApiMessagePerKey, &Key::ApiKey(counted))?;
    Ok(holder)
}

/// The keys without repetitions, in their order.
fn distinct(keys: Vec<&str>) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    keys.into_iter().filter(|key| seen.insert(*key)).collect()
}

/// Reads the text of a form.
pub(super) fn read_text(form: &Form, errors: &mut FieldErrors) -> String {
    let text = form.text("message").unwrap_or_default();
    let text = match is_true(form.text("convert_linebreaks")) {
        true => text.replace("\\n", "\n"),
        false => text.to_owned(),
    };
    errors.body("message", &text, limits::MESSAGE)
}

/// The answer without an envelope: `{"ok": true}`, or `{"ok": false, "error": …}` with a sentence for people.
pub(super) fn respond(posted: Result<(), ApiError>, request: &RequestInfo) -> Response {
    match posted {
        Ok(()) => Bare(Json(MessageAccepted { ok: true, error: None })).into_response(),
        Err(error) => refused(&error, request),
    }
}

fn refused(error: &ApiError, request: &RequestInfo) -> Response {
    let failure = error.failure();
    let detail =
        failure.details.iter().next().map(|(field, text)| format!("{field}: {}", text.render(request.lang)));
    let reason = failure.reason.as_ref().map(|text| text.render(request.lang));
    let text = detail.or(reason).unwrap_or_else(|| failure.code.to_string());
    let status = StatusCode::from_u16(failure.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status.is_server_error() {
        tracing::error!(request = request.id, code = %failure.code, "message not posted");
    }
    let mut response = Bare((status, Json(MessageAccepted { ok: false, error: Some(text) }))).into_response();
    if failure.code == ErrorCode::RateLimit {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("60"));
    }
    response
}
