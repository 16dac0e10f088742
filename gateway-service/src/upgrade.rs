//! From a request to a websocket (RFC 6455, 4.2). The framework's upgrade is not used: metering the input and
//! closing in order both need the connection below the websocket.

use crate::transport::Transport;
use axum::{body::Body, extract::FromRequestParts, response::Response};
use http::{Request, request::Parts};
use hyper::upgrade::OnUpgrade;
use platform::{budget::Purse, http::ApiError, tasks::Tasks};
use protocol::error::ErrorCode;
use tokio_tungstenite::tungstenite::handshake::server::create_response;

/// A request that asks for a websocket.
pub(crate) struct Upgrade {
    upgrading: OnUpgrade,
    response: Response,
}

impl<S: Sync> FromRequestParts<S> for Upgrade {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut request = Request::new(());
        *request.method_mut() = parts.method.clone();
        *request.version_mut() = parts.version;
        *request.headers_mut() = parts.headers.clone();
        let response = create_response(&request)
            .map_err(|error| ApiError::new(ErrorCode::BadRequest).caused_by(error))?
            .map(|()| Body::empty());
        let upgrading = parts.extensions.remove::<OnUpgrade>();
        let upgrading = upgrading.ok_or_else(|| ApiError::new(ErrorCode::BadRequest))?;
        Ok(Self { upgrading, response })
    }
}

impl Upgrade {
    /// Answers the upgrade and serves the socket in a task of its own.
    pub(crate) fn serve<F>(
        self,
        tasks: &Tasks,
        purse: Purse,
        serve: impl FnOnce(Transport) -> F + Send + 'static,
    ) -> Response
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Self { upgrading, response } = self;
        tasks.spawn("socket", async move {
            match upgrading.await {
                Ok(upgraded) => serve(Transport::socket(upgraded, purse).await).await,
                Err(error) => tracing::debug!(%error, "upgrading a connection failed"),
            }
        });
        response
    }
}
