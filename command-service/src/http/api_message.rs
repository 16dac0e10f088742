//! `POST /api/message`: programs write into a group with an integration's key. Its answers have no envelope.

use crate::{
    Commands,
    context::{Command, Context},
    input::Checks,
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
    http::{ApiError, Bare, Form, RequestInfo},
    limits::{Key, Limit},
};
use protocol::{error::ErrorCode, integration::MessageAccepted, lang::Text};
use read_model::integration::KeyHolder;
use secrets::vault::Purpose;
use std::collections::BTreeSet;

/// Most keys that one call may name.
const KEYS: usize = 10;

/// What a program sends.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the form")]
pub(super) struct MessageForm {
    /// The integration's key; several with commas.
    key: String,
    /// The text.
    message: String,
    /// Chosen by the sender: the same message sent again is not posted again.
    message_id: Option<String>,
    /// Marks the message as important.
    important: Option<String>,
    /// It does not count as unread.
    silently: Option<String>,
    /// No link previews wanted.
    nopreview: Option<String>,
    /// StreamLocks `\n` written as two characters into line breaks.
    convert_linebreaks: Option<String>,
}

/// Posts a message into the group of the key's integration.
#[utoipa::path(post, path = "/api/message", tag = "integrations",
    request_body(content((MessageForm = "multipart/form-data"), (MessageForm = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = MessageAccepted),
        (status = "default", body = MessageAccepted, description = "Not posted: `error` is a sentence for people")),
    security(()))]
pub(super) async fn post(
    State(commands): State<Commands>,
    request: RequestInfo,
    command: Result<Command<Form>, ApiError>,
) -> Response {
    let posted = match command {
        Ok(command) => commands.post_by_key(command).await,
        Err(error) => Err(error),
    };
    match posted {
        Ok(()) => accepted(),
        Err(error) => refused(&error, &request),
    }
}

/// What an integration says.
pub(super) struct IntegrationMessage {
    /// The message's id.
    pub(super) message: MessageId,
    /// The text.
    pub(super) text: String,
    /// Marked as important.
    pub(super) important: bool,
    /// No link previews wanted.
    pub(super) nopreview: bool,
    /// It does not count as unread.
    pub(super) silently: bool,
}

impl Commands {
    async fn post_by_key(&self, command: Command<Form>) -> Result<(), ApiError> {
        let mut context = command.context.named("message.post_by_integration");
        let form = command.input;
        let mut checks = Checks::default();
        let text = said(&form, &mut checks);
        let keys: Vec<&str> = form.text("key").unwrap_or_default().split(',').map(str::trim).collect();
        if keys.len() > KEYS {
            checks.refuse("key", Text::TooMany { max: KEYS });
        }
        let chosen = form.text("message_id").filter(|id| !id.is_empty());
        let chosen = chosen.and_then(|id| checks.uuid::<MessageId>("message_id", id));
        checks.done()?;
        // All keys are looked at before anything is posted: one that is wrong changes nothing.
        let mut holders = Vec::with_capacity(keys.len());
        for key in distinct(keys) {
            holders.push(self.holder(key, context.request.client).await?);
        }
        for (index, holder) in holders.into_iter().enumerate() {
            let fresh: MessageId = context.id();
            let said = IntegrationMessage {
                // One message lives in one chat: only the first of several keys can have the chosen id.
                message: chosen.filter(|_| index == 0).unwrap_or(fresh),
                text: text.clone(),
                important: form.text("important").is_some_and(is_yes),
                nopreview: form.text("nopreview").is_some_and(is_yes),
                silently: form.text("silently").is_some_and(is_yes),
            };
            let context = if index == 0 { context.clone() } else { context.without_idempotency_key() };
            let position = self.say_by_key(&context, &holder, said).await?;
            self.settle(&context, position).await?;
        }
        Ok(())
    }

    /// Posts a message into the group of an integration.
    pub(super) async fn say_by_key(
        &self,
        context: &Context,
        holder: &KeyHolder,
        said: IntegrationMessage,
    ) -> Result<Position, ApiError> {
        let IntegrationMessage { message, text, important, nopreview, silently } = said;
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
        self.say(context, draft).await
    }

    /// Whom a key belongs to, if it may be used.
    pub(super) async fn holder(&self, key: &str, client: std::net::IpAddr) -> Result<KeyHolder, ApiError> {
        let limits = &self.access.limits;
        limits.allowed(Limit::ApiMessageFailuresPerAddress, &Key::Address(client))?;
        let holder = self.access.read.integrations().by_key(key).await?;
        let Some(holder) = holder.filter(KeyHolder::is_enabled) else {
            limits.failed(Limit::ApiMessageFailuresPerAddress, &Key::Address(client));
            return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::BadKey));
        };
        let counted = self.vault.keyed_hash(Purpose::ApiKey, key.as_bytes());
        limits.check(Limit::ApiMessagePerKey, &Key::ApiKey(counted))?;
        Ok(holder)
    }
}

/// Each key once, in the order in which they were named first.
fn distinct(keys: Vec<&str>) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    keys.into_iter().filter(|key| seen.insert(*key)).collect()
}

/// The text of a form's message.
pub(super) fn said(form: &Form, checks: &mut Checks) -> String {
    let text = form.text("message").unwrap_or_default();
    let text = match form.text("convert_linebreaks").is_some_and(is_yes) {
        true => text.replace("\\n", "\n"),
        false => text.to_owned(),
    };
    checks.body("message", &text, limits::MESSAGE)
}

/// What forms have for `true`.
pub(super) fn is_yes(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on")
}

/// `{"ok": true}`
pub(super) fn accepted() -> Response {
    Bare(Json(MessageAccepted { ok: true, error: None })).into_response()
}

/// `{"ok": false, "error": …}` with a sentence for people, as the seed has it.
pub(super) fn refused(error: &ApiError, request: &RequestInfo) -> Response {
    let failure = error.failure();
    let detail =
        failure.details.iter().next().map(|(field, text)| format!("{field}: {}", text.render(request.lang)));
    let reason = failure.reason.as_ref().map(|text| text.render(request.lang));
    let text = detail.or(reason).unwrap_or_else(|| failure.code.to_string());
    let status = StatusCode::from_u16(failure.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status.is_server_error() {
        tracing::error!(request = request.id, code = %failure.code, "a message was not posted");
    }
    let mut response = Bare((status, Json(MessageAccepted { ok: false, error: Some(text) }))).into_response();
    if failure.code == ErrorCode::RateLimit {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("60"));
    }
    response
}
