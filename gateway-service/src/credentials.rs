//! The credentials with which a socket was opened; every command of the socket carries them.

use access::cookie;
use http::{HeaderMap, HeaderName, HeaderValue, header::COOKIE};
use platform::{
    config::Config,
    http::{RequestFacts, TOKEN},
};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A token from the header or the cookie. Not printable on purpose.
#[derive(Clone)]
pub(crate) enum Credentials {
    /// The header `Token`.
    Token(HeaderValue),
    /// The header `Cookie`, reduced to the session cookie.
    Cookie(HeaderValue),
}

impl Credentials {
    /// The credentials of a request; the header wins over the cookie.
    pub(crate) fn of(headers: &HeaderMap, config: &Config) -> Option<Self> {
        let token = headers.get(TOKEN).filter(|token| !token.as_bytes().trim_ascii().is_empty());
        if let Some(token) = token {
            return Some(Self::Token(token.clone()));
        }
        let token = cookie::token(headers, config)?;
        HeaderValue::from_str(&format!("{}={token}", config.cookie_name())).ok().map(Self::Cookie)
    }

    /// The headers of a request with these credentials.
    ///
    /// The origin of a page that uses a cookie was checked when the socket was opened, so its commands count as
    /// sent by one of our own pages.
    pub(crate) fn headers(&self) -> HeaderMap {
        match self {
            Self::Token(token) => HeaderMap::from_iter([(TOKEN, token.clone())]),
            Self::Cookie(cookie) => HeaderMap::from_iter([
                (COOKIE, cookie.clone()),
                (SEC_FETCH_SITE, HeaderValue::from_static("same-origin")),
            ]),
        }
    }
}

/// Whether a page of a foreign origin asks for a socket with the browser's cookie: cross-site websocket hijacking,
/// which neither CORS nor `SameSite` prevents.
///
/// Browsers send the origin with every such request; a program that sends neither origin nor site has no cookie jar
/// that a page could abuse. No page can set a header `Token`.
pub(crate) fn is_foreign(credentials: Option<&Credentials>, request: &RequestFacts, config: &Config) -> bool {
    if matches!(credentials, Some(Credentials::Token(_))) {
        return false;
    }
    match &request.origin {
        Some(origin) => !config.is_own_origin(origin),
        None => request.sec_fetch_site.is_some(),
    }
}
