//! What a socket was opened with: it goes along with every command that the socket sends.

use access::cookie;
use http::{HeaderMap, HeaderName, HeaderValue, header::COOKIE};
use platform::{
    config::Config,
    http::{RequestFacts, TOKEN},
};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A token, by header or by cookie. Not printable on purpose.
#[derive(Clone)]
pub(crate) enum Credentials {
    /// In the header `Token`.
    Token(HeaderValue),
    /// In the session cookie: the whole header `Cookie`, with nothing else in it.
    Cookie(HeaderValue),
}

impl Credentials {
    /// What a request brings; the header wins, as everywhere.
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
    /// Commands of a cookie socket were sent by a page whose origin was checked when the socket was opened: they count
    /// as sent by one of our own pages.
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

/// Whether a page of a foreign origin asks for a socket that the browser's cookie would open: cross-site websocket
/// hijacking, which neither CORS nor `SameSite` prevents.
///
/// Browsers name the origin with every such request; a program that names neither origin nor site has no cookie jar
/// that a page could abuse. A header `Token` no page can set.
pub(crate) fn is_foreign(credentials: Option<&Credentials>, request: &RequestFacts, config: &Config) -> bool {
    if matches!(credentials, Some(Credentials::Token(_))) {
        return false;
    }
    match &request.origin {
        Some(origin) => !config.is_own_origin(origin),
        None => request.sec_fetch_site.is_some(),
    }
}
