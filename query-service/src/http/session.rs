//! `GET /api/v4/sessions`

use crate::Queries;
use access::{Caller, Fresh};
use axum::extract::State;
use platform::http::{ApiError, Reply};
use protocol::{envelope::Success, session::Session};

/// The caller's open sessions, the newest first.
#[utoipa::path(get, path = "/api/v4/sessions", tag = "login",
    responses((status = 200, body = Success<Vec<Session>>)))]
pub(super) async fn list(
    State(queries): State<Queries>,
    caller: Caller,
    fresh: Fresh,
) -> Result<Reply<Vec<Session>>, ApiError> {
    let access = &queries.access;
    let idle = access.config.auth.idle();
    let sessions = access.read.sessions().list(caller.account, caller.id, access.clock.now(), idle);
    Ok(Reply::new(sessions.await?).at(fresh.0))
}
