//! `POST /api/v3/ping`

use platform::http::Reply;
use protocol::envelope::Success;

/// Just a check. A body, if any, is not looked at.
#[utoipa::path(post, path = "/api/v3/ping", tag = "server", responses((status = 200, body = Success<String>)),
    security(()))]
pub(super) async fn ping() -> Reply<&'static str> {
    Reply::new("pong")
}
