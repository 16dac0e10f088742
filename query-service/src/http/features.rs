//! `/features.json`, `/features.js`, `/ping.txt`: for clients that know nothing yet; none of them has an envelope.

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

/// Clients ask at every start; what it says changes with a new program only.
const KEPT: &str = "public, max-age=300";

/// What this server offers, and its limits.
#[utoipa::path(get, path = "/features.json", tag = "server",
    responses((status = 200, body = Features)), security(()))]
pub(super) async fn json(State(queries): State<Queries>) -> Response {
    Bare(([(CACHE_CONTROL, KEPT)], Json(features(&queries)))).into_response()
}

/// The same as a script, which sets `window.FEATURES`.
#[utoipa::path(get, path = "/features.js", tag = "server",
    responses((status = 200, content_type = "text/javascript", body = String)), security(()))]
pub(super) async fn script(State(queries): State<Queries>) -> Result<Response, ApiError> {
    let features = serde_json::to_string(&features(&queries)).map_err(ApiError::internal)?;
    let headers = [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, KEPT)];
    Ok(Bare((headers, format!("window.FEATURES = {features};\n"))).into_response())
}

/// Just a check, for those who do not read JSON.
#[utoipa::path(get, path = "/ping.txt", tag = "server",
    responses((status = 200, content_type = "text/plain", body = String)), security(()))]
pub(super) async fn ping() -> Response {
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
