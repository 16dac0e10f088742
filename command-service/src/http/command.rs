//! Extractors of commands: an input with the circumstances in which it came.

use crate::{
    context::{Context, PendingContext},
    service::CommandService,
};
use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use bytes::Bytes;
use platform::http::{ApiError, FileForm, RawBody};

/// A command's input with its circumstances. `E` reads the body. A key belongs to the account that sends it, so an extractor
/// of the caller has to come before this one.
pub(crate) struct Command<E> {
    pub(crate) input: E,
    pub(crate) context: Context,
}

impl<E> FromRequest<CommandService> for Command<E>
where
    E: FromRequest<CommandService, Rejection = ApiError>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, service: &CommandService) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let target = parts.uri.path().to_owned();
        let pending = PendingContext::read(&mut parts, target).await?;
        let (content, body) = match pending.has_key() {
            false => (Bytes::new(), body),
            true => {
                let request = Request::from_parts(parts.clone(), body);
                let RawBody(content) = RawBody::from_request(request, service).await?;
                (content.clone(), Body::from(content))
            }
        };
        let input = E::from_request(Request::from_parts(parts, body), service).await?;
        let context = pending.complete(&service.vault, service.access.clock.now(), &content);
        Ok(Self { input, context })
    }
}

/// A command with a file that is too large for memory. Its circumstances are complete once the file is received, since the
/// file belongs to the key's fingerprint.
pub(crate) struct StreamedCommand {
    pub(crate) form: FileForm,
    pub(crate) pending: PendingContext,
}

impl FromRequest<CommandService> for StreamedCommand {
    type Rejection = ApiError;

    async fn from_request(request: Request, service: &CommandService) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let target = parts.uri.to_string();
        let pending = PendingContext::read(&mut parts, target).await?;
        Ok(Self { form: FileForm::from_request(Request::from_parts(parts, body), service).await?, pending })
    }
}

/// The input of commands that read no body.
pub(crate) struct NoInput;

impl FromRequest<CommandService> for NoInput {
    type Rejection = ApiError;

    async fn from_request(_: Request, _: &CommandService) -> Result<Self, ApiError> {
        Ok(Self)
    }
}
