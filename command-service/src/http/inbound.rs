//! `POST /api/integrations/{kind}/{api_key}`: where Sentry and Bitbucket send their webhooks. The key is in the address,
//! as they send no form. The answer is that of `POST /api/message`.

use super::api_message::{IntegrationMessage, accepted, refused};
use crate::{Commands, context::Command, inbound};
use access::not_found;
use axum::{extract::State, response::Response};
use events::{MessageId, value::IntegrationKind};
use http::HeaderMap;
use platform::http::{ApiError, Params, RawBody, RequestInfo};
use protocol::{error::ErrorCode, integration::MessageAccepted, lang::Text};
use serde::Deserialize;
use uuid::Uuid;

/// Names of headers in which services number what they send; sent again, it bears the same number.
const DELIVERIES: [&str; 3] = ["x-request-uuid", "request-id", "x-request-id"];
/// The header in which Bitbucket names what happened.
const EVENT: &str = "x-event-key";

/// What the path names.
#[derive(Debug, Deserialize)]
pub(super) struct Path {
    kind: String,
    api_key: String,
}

/// Takes a webhook of another service and says in the integration's group what happened. What is of no interest to
/// people is taken too, and says nothing.
#[utoipa::path(post, path = "/api/integrations/{kind}/{api_key}", tag = "integrations",
    params(("kind" = String, Path, description = "`sentry` or `bitbucket`"),
        ("api_key" = String, Path, description = "The key of an integration of that kind")),
    request_body(content = Object, description = "Whatever the service sends"),
    responses((status = 200, body = MessageAccepted),
        (status = "default", body = MessageAccepted, description = "Not taken: `error` is a sentence for people")),
    security(()))]
pub(super) async fn post(
    State(commands): State<Commands>,
    request: RequestInfo,
    headers: HeaderMap,
    path: Result<Params<Path>, ApiError>,
    command: Result<Command<RawBody>, ApiError>,
) -> Response {
    let taken = match (path, command) {
        (Ok(Params(path)), Ok(command)) => commands.take(path, &headers, command).await,
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    match taken {
        Ok(()) => accepted(),
        Err(error) => refused(&error, &request),
    }
}

impl Commands {
    async fn take(&self, path: Path, headers: &HeaderMap, command: Command<RawBody>) -> Result<(), ApiError> {
        let mut context = command.context.named("message.post_by_webhook");
        let kind = IntegrationKind::from_word(&path.kind).filter(|kind| *kind != IntegrationKind::Raw);
        let kind = kind.ok_or_else(not_found)?;
        let holder = self.holder(&path.api_key, context.request.client).await?;
        if holder.kind() != kind {
            return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::BadKey));
        }
        let payload = inbound::payload(&command.input.0)?;
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let Some(text) = inbound::message(kind, header(EVENT), &payload) else { return Ok(()) };
        let fresh: MessageId = context.id();
        let delivery = DELIVERIES.into_iter().map(header).find(|delivery| !delivery.is_empty());
        let message = delivery
            .map_or(fresh, |delivery| MessageId(Uuid::new_v5(&holder.integration().0, delivery.as_bytes())));
        let said = IntegrationMessage { message, text, important: false, nopreview: false, silently: false };
        let position = self.say_by_key(&context, &holder, said).await?;
        self.settle(&context, position).await?;
        Ok(())
    }
}
