//! The session cookie, and the cookie of a request for a login code.

use ::cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header::COOKIE};
use platform::config::Config;

/// Lifetime of the login request's cookie in seconds: no code is valid for longer.
const LOGIN_REQUEST_SEC: i64 = 600;

/// The session token in a request's cookies.
pub fn token(headers: &HeaderMap, config: &Config) -> Option<String> {
    named(headers, config.cookie_name())
}

/// The id of a request for a login code in a request's cookies.
pub fn login_request(headers: &HeaderMap, config: &Config) -> Option<String> {
    named(headers, config.login_cookie_name())
}

fn named(headers: &HeaderMap, name: &str) -> Option<String> {
    let jars = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = jars.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}

/// `Set-Cookie` for a new session.
pub fn set(token: &str, config: &Config) -> Option<HeaderValue> {
    let age = ::cookie::time::Duration::days(config.auth.cookie_days.into());
    let cookie = Cookie::build((config.cookie_name(), token.to_owned())).max_age(age);
    header(cookie.same_site(SameSite::Lax), config)
}

/// `Set-Cookie` for a request for a login code. Other sites cannot make the browser send it, so only this client uses up the
/// request's tries.
pub fn set_login_request(id: &str, config: &Config) -> Option<HeaderValue> {
    let age = ::cookie::time::Duration::seconds(LOGIN_REQUEST_SEC);
    let cookie = Cookie::build((config.login_cookie_name(), id.to_owned())).max_age(age);
    header(cookie.same_site(SameSite::Strict), config)
}

/// `Set-Cookie` that deletes the session cookie.
pub fn clear(config: &Config) -> Option<HeaderValue> {
    let cookie = Cookie::build((config.cookie_name(), "")).max_age(::cookie::time::Duration::ZERO);
    header(cookie.same_site(SameSite::Lax), config)
}

fn header(cookie: ::cookie::CookieBuilder<'_>, config: &Config) -> Option<HeaderValue> {
    let cookie = cookie.path("/").http_only(true).secure(config.is_https());
    HeaderValue::from_str(&cookie.build().to_string()).ok()
}
