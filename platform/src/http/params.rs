//! Extracts path parameters and query strings.

use super::{
    ApiError,
    json::{dotted, explain},
};
use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use protocol::error::ErrorCode;
use serde::de::DeserializeOwned;

/// Path parameters, decoded. Malformed ones are `NOT_FOUND`: a malformed id names nothing, and neither does a text
/// with a NUL, which no name here may have and Postgres rejects.
#[derive(Clone, Debug)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if parts.uri.path().contains("%00") {
            return Err(ApiError::new(ErrorCode::NotFound));
        }
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(params)) => Ok(Self(params)),
            Err(rejection) => Err(ApiError::new(ErrorCode::NotFound).caused_by(rejection)),
        }
    }
}

/// The query string. Unknown names are ignored, because the shell's own are among them.
#[derive(Clone, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(reader)
            .map(Self)
            .map_err(|error| explain(&dotted(error.path()), &error.inner().to_string()).into())
    }
}
