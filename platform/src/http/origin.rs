//! Checks that a request with a session cookie was sent by one of our own pages (CSRF).

use super::{ApiError, RequestInfo};
use crate::config::Config;
use protocol::{error::ErrorCode, lang::Text};

/// Must be called for every request that is authenticated by the cookie and changes something, GET logout included.
///
/// Browsers send `Sec-Fetch-Site`, `Origin` or both with such requests; a program that sends neither has no cookie
/// jar that a foreign page could abuse.
///
/// # Errors
/// `ACCESS_DENIED` if a browser says that a foreign page sent it.
pub fn require_same_origin(request: &RequestInfo, config: &Config) -> Result<(), ApiError> {
    let site = request.sec_fetch_site.as_deref();
    let origin = request.origin.as_deref();
    let own_site = matches!(site, Some("same-origin" | "none"));
    let own_origin = origin.is_some_and(|origin| config.is_own_origin(origin));
    let no_browser = site.is_none() && origin.is_none();
    if own_site || own_origin || no_browser {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::AccessDenied).because(Text::ForeignOrigin))
}
