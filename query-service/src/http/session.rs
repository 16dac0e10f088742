//! `GET /api/v4/sessions`

use crate::Queries;
use access::{Caller, Fresh};
use axum::extract::State;
use platform::http::{ApiError, Reply};
use protocol::{envelope::Success, session::Session};

/// List the caller's sessions
///
/// Open sessions only, the newest first.
#[utoipa::path(get, path = "/api/v4/sessions", tag = "login",
    responses((status = 200, body = Success<Vec<Session>>)))]
pub(super) async fn list_sessions(
    State(queries): State<Queries>,
    caller: Caller,
    fresh: Fresh,
) -> Result<Reply<Vec<Session>>, ApiError> {
    let access = &queries.access;
    let (now, idle) = (access.clock.now(), access.config.auth.idle());
    Ok(Reply::new(access.read.sessions().list(caller.account, caller.id, now, idle).await?).at(fresh.0))
}
