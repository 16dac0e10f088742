//! `POST /api/v3/ping`: checks that the server answers.

use platform::http::Reply;
use protocol::envelope::Success;

/// Check by POST that the server answers
///
/// The body is ignored.
#[utoipa::path(post, path = "/api/v3/ping", tag = "server", responses((status = 200, body = Success<String>)),
    security(()))]
pub(crate) async fn ping() -> Reply<&'static str> {
    Reply::new("pong")
}
