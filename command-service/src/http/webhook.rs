//! `POST /api/integrations/{kind}/{api_key}`: takes the webhooks of Sentry and Bitbucket, which have the key in the URL. The
//! answer is that of `POST /api/message`.

use crate::{
    http::{
        command::Command,
        integration_message::{IntegrationMessage, key_holder, post_by_integration, respond},
    },
    service::CommandService,
    webhook,
};
use access::not_found;
use axum::{extract::State, response::Response};
use events::{MessageId, value::IntegrationKind};
use http::HeaderMap;
use platform::http::{ApiError, Params, RawBody, RequestInfo};
use protocol::{error::ErrorCode, integration::MessageAccepted, lang::Text};
use serde::Deserialize;
use uuid::Uuid;

/// The headers in which services name a delivery; a redelivery has the same name.
const DELIVERIES: [&str; 3] = ["x-request-uuid", "request-id", "x-request-id"];
/// The header that has Bitbucket's name of the event.
const EVENT: &str = "x-event-key";

#[derive(Debug, Deserialize)]
pub(super) struct Path {
    kind: String,
    api_key: String,
}

/// Take a webhook of Sentry or Bitbucket
///
/// Posts a message about it into the integration's group; webhooks that are of no interest to people are accepted without a message.
#[utoipa::path(post, path = "/api/integrations/{kind}/{api_key}", tag = "integrations",
    params(("kind" = String, Path, description = "`sentry` or `bitbucket`"),
        ("api_key" = String, Path, description = "The key of an integration of that kind")),
    request_body(content = Object, description = "The payload as the service sends it"),
    responses((status = 200, body = MessageAccepted),
        (status = "default", body = MessageAccepted, description = "Not taken; `error` is a sentence for people")),
    security(()))]
pub(crate) async fn take_webhook(
    State(service): State<CommandService>,
    request: RequestInfo,
    headers: HeaderMap,
    path: Result<Params<Path>, ApiError>,
    command: Result<Command<RawBody>, ApiError>,
) -> Response {
    let taken = match (path, command) {
        (Ok(Params(path)), Ok(command)) => post(&service, path, &headers, command).await,
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    respond(taken, &request)
}

async fn post(
    service: &CommandService,
    path: Path,
    headers: &HeaderMap,
    command: Command<RawBody>,
) -> Result<(), ApiError> {
    let Command { context, input: RawBody(body) } = command;
    let mut context = context.named("message.post_by_webhook");
    let kind = IntegrationKind::from_word(&path.kind).filter(|kind| *kind != IntegrationKind::Raw);
    let kind = kind.ok_or_else(not_found)?;
    let holder = key_holder(service, &path.api_key, context.request.client).await?;
    if holder.kind() != kind {
        return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::BadKey));
    }
    let payload = webhook::payload(&body)?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some(text) = webhook::message(kind, header(EVENT), &payload) else { return Ok(()) };
    let fresh: MessageId = context.id();
    let delivery = DELIVERIES.into_iter().map(header).find(|delivery| !delivery.is_empty());
    let message = delivery
        .map_or(fresh, |delivery| MessageId(Uuid::new_v5(&holder.integration().0, delivery.as_bytes())));
    let input = IntegrationMessage { message, text, important: false, nopreview: false, silently: false };
    let position = post_by_integration(service, &context, &holder, input).await?;
    service.answers.settle(&context, position).await?;
    Ok(())
}
