//! `/u/{colour}/{letters}/256.png`: drawn placeholders; `/u/{hex}/p/{file}`: stored pictures. Neither ever changes, so
//! clients may cache them forever.

use crate::Queries;
use access::not_found;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use events::BlobId;
use http::{
    HeaderName,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use platform::{
    http::{ApiError, Bare, Params, RequestInfo},
    limits::{Key, Limit},
};
use read_model::icon::{LARGE_FILE, SMALL_FILE};
use serde::Deserialize;
use uuid::Uuid;

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Clients embed pictures in pages of their own origin.
const CROSS_ORIGIN: (HeaderName, &str) =
    (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");

#[derive(Debug, Deserialize)]
pub(super) struct StubPath {
    colour: String,
    letters: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct StoredPath {
    colour: String,
    letters: String,
    file: String,
}

/// Draw a placeholder picture
///
/// One or two letters on a coloured square of 256 × 256 pixels.
#[utoipa::path(get, path = "/u/{colour}/{letters}/256.png", tag = "pictures",
    params(("colour" = String, Path, description = "Index of the colour"),
        ("letters" = String, Path, description = "One or two letters")),
    responses((status = 200, body = Vec<u8>, content_type = "image/png")), security(()))]
pub(super) async fn draw_placeholder(
    State(queries): State<Queries>,
    request: RequestInfo,
    Params(path): Params<StubPath>,
) -> Result<Response, ApiError> {
    queries.access.limits.check(Limit::DrawingsPerAddress, &Key::Address(request.client))?;
    let png = queries.stubs.png(&path.colour, &path.letters).map_err(|_| not_found())?;
    Ok(Bare(([(CONTENT_TYPE, "image/png"), (CACHE_CONTROL, IMMUTABLE), CROSS_ORIGIN], png)).into_response())
}

/// Download a stored picture
#[utoipa::path(get, path = "/u/{colour}/{letters}/{file}", tag = "pictures",
    params(("colour" = String, Path, description = "Id of the picture: 32 hex digits"),
        ("letters" = String, Path, description = "`p`"), ("file" = String, Path, description = "`1x.jpg`, or `256.jpg` for the small size")),
    responses((status = 200, body = Vec<u8>, content_type = "image/jpeg")), security(()))]
pub(super) async fn download_picture(
    State(queries): State<Queries>,
    Params(path): Params<StoredPath>,
) -> Result<Response, ApiError> {
    let blob =
        Uuid::try_parse(&path.colour).ok().filter(|_| path.colour.len() == 32).ok_or_else(not_found)?;
    if path.letters != "p" || ![LARGE_FILE, SMALL_FILE].contains(&path.file.as_str()) {
        return Err(not_found());
    }
    let found = queries.blobs.get(BlobId(blob), &path.file).await.map_err(ApiError::unavailable)?;
    let jpeg = found.ok_or_else(not_found)?;
    Ok(Bare(([(CONTENT_TYPE, "image/jpeg"), (CACHE_CONTROL, IMMUTABLE), CROSS_ORIGIN], jpeg)).into_response())
}
