//! Reads request bodies up to the route's limit, and JSON in the strict sense only.

use super::{ApiError, json, request};
use crate::limits::Limit;
use axum::{
    body::HttpBody,
    extract::{FromRequest, Request},
};
use bytes::Bytes;
use http::{
    HeaderMap,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use http_body_util::BodyExt;
use protocol::{error::ErrorCode, lang::Text};
use serde::de::DeserializeOwned;
use tokio::time::{error::Elapsed, timeout};

/// A JSON body. A missing body counts as `{}`. It needs no Content-Type (the vendor's client sends none), but a
/// type other than JSON is refused.
#[derive(Clone, Debug)]
pub struct Body<T>(pub T);

/// The bytes of a body.
#[derive(Clone, Debug)]
pub struct RawBody(pub Bytes);

/// Sets a route's body limit in bytes; put on the route with `axum::Extension`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimit(pub usize);

/// Refuses bodies unread while the client's address has used up this limit; put on a route with `axum::Extension`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressFirst(pub Limit);

/// Bodies up to this size are not counted: the connection's buffer holds them anyway.
const UNCOUNTED: usize = 4 * 1024;

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        if !may_be_json(request.headers()) {
            let refused = ApiError::new(ErrorCode::UnsupportedMediaType);
            return Err(refused.because(Text::UnsupportedMediaType));
        }
        let bytes = read(request).await?;
        Ok(Self(json::parse(&bytes)?))
    }
}

impl<S: Sync> FromRequest<S> for RawBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        Ok(Self(read(request).await?))
    }
}

/// Reads the whole body up to the route's limit, and charges it to the memory budget as it grows.
pub(super) async fn read(request: Request) -> Result<Bytes, ApiError> {
    let info = request::of(request.extensions())?;
    let limit = match request.extensions().get::<BodyLimit>() {
        Some(BodyLimit(limit)) => *limit,
        None => info.body_limit,
    };
    if let Some(AddressFirst(limit)) = request.extensions().get() {
        info.allowed(*limit)?;
    }
    let (parts, mut body) = request.into_parts();
    let declared = declared(&parts.headers);
    if declared.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let mut read: Vec<u8> = Vec::new();
    while let Some(frame) = timeout(info.body_idle, body.frame()).await.map_err(too_slow)? {
        let frame = frame.map_err(|error| ApiError::new(ErrorCode::BadRequest).caused_by(error))?;
        let Ok(data) = frame.into_data() else { continue };
        let needed = read.len() + data.len();
        if needed > limit {
            return Err(too_large(limit));
        }
        // Most bodies are one frame, which needs no copy.
        if read.is_empty() && body.is_end_stream() {
            if needed > UNCOUNTED {
                info.cover(needed)?;
            }
            return Ok(data);
        }
        if needed > read.capacity() {
            let room = needed.max(2 * read.capacity()).min(declared.unwrap_or(limit).max(needed));
            info.cover(room)?;
            read.reserve_exact(room - read.len());
        }
        read.extend_from_slice(&data);
    }
    Ok(read.into())
}

fn too_slow(_: Elapsed) -> ApiError {
    ApiError::new(ErrorCode::Timeout).because(Text::TimedOut)
}

pub(super) fn declared(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

pub(super) fn too_large(max: usize) -> ApiError {
    ApiError::new(ErrorCode::RequestTooLarge).because(Text::TooLarge { max })
}

fn may_be_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else { return true };
    let Ok(value) = value.to_str() else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let suffixed = essence.starts_with("application/") && essence.ends_with("+json");
    essence.is_empty() || essence == "application/json" || suffixed
}
