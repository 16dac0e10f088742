//! The session cookie: the seed leaves its name open.

use ::cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header::COOKIE};
use platform::config::Config;

/// The token in a request's cookies.
pub fn token(headers: &HeaderMap, config: &Config) -> Option<String> {
    let name = config.cookie_name();
    let jars = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = jars.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}

/// `Set-Cookie` for a new session.
pub fn set(token: &str, config: &Config) -> Option<HeaderValue> {
    let age = ::cookie::time::Duration::days(config.auth.cookie_days.into());
    header(Cookie::build((config.cookie_name(), token.to_owned())).max_age(age), config)
}

/// `Set-Cookie` that makes a browser forget it.
pub fn clear(config: &Config) -> Option<HeaderValue> {
    header(Cookie::build((config.cookie_name(), "")).max_age(::cookie::time::Duration::ZERO), config)
}

fn header(cookie: ::cookie::CookieBuilder<'_>, config: &Config) -> Option<HeaderValue> {
    let cookie = cookie.path("/").http_only(true).same_site(SameSite::Lax).secure(config.is_https());
    HeaderValue::from_str(&cookie.build().to_string()).ok()
}
