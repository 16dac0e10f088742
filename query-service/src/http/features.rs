//! `/features.json`, `/features.js`, `/ping.txt`: for clients before their first login; without an envelope.

use crate::Queries;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use platform::{
    config::Profile,
    http::{ApiError, Bare},
};
use protocol::features::{Features, Installation};

/// Clients ask at every start, and the answer changes only with a new version.
const CACHED: &str = "public, max-age=300";

/// Show the server's features and limits
#[utoipa::path(get, path = "/features.json", tag = "server",
    responses((status = 200, body = Features)), security(()))]
pub(super) async fn show_features(State(queries): State<Queries>) -> Response {
    Bare(([(CACHE_CONTROL, CACHED)], Json(features(&queries)))).into_response()
}

/// Show the server's features and limits as a script
///
/// The script sets `window.FEATURES`.
#[utoipa::path(get, path = "/features.js", tag = "server",
    responses((status = 200, content_type = "text/javascript", body = String)), security(()))]
pub(super) async fn show_features_script(State(queries): State<Queries>) -> Result<Response, ApiError> {
    let features = serde_json::to_string(&features(&queries)).map_err(ApiError::internal)?;
    let headers = [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, CACHED)];
    Ok(Bare((headers, format!("window.FEATURES = {features};\n"))).into_response())
}

/// Check that the server answers in plain text
#[utoipa::path(get, path = "/ping.txt", tag = "server",
    responses((status = 200, content_type = "text/plain", body = String)), security(()))]
pub(super) async fn ping_text() -> Response {
    Bare(([(CONTENT_TYPE, "text/plain; charset=utf-8")], "pong\n")).into_response()
}

fn features(queries: &Queries) -> Features {
    let config = &queries.access.config;
    Features::of(&Installation {
        base_url: queries.access.read.base_url(),
        version: env!("CARGO_PKG_VERSION"),
        max_upload_mb: config.uploads.max_mb.into(),
        production: config.profile == Profile::Production,
    })
}
