//! `GET /api/v3/ping`, `/api/v3/time`, `/api/v3/countries`, and under v4 also `addr`, `emoji`, `alltimezones`, `releases`.

use crate::Queries;
use axum::extract::State;
use platform::http::{ApiError, Query, Reply, RequestInfo};
use protocol::{
    Timestamp,
    country::{Country, CountryV4, countries, countries_v4 as countries_now},
    emoji::{self, EmojiList},
    envelope::Success,
    error::ErrorCode,
    features::Releases,
    lang::{JsonType, Text},
    timezone::{self, TimeZones},
};
use serde::Deserialize;
use std::time::Duration;
use utoipa::IntoParams;

/// Longest delay of a ping in seconds: shorter than the time-out of a request.
const MAX_DELAY: f64 = 25.0;

/// The query string of a ping.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct Ping {
    /// Seconds before the answer, at most 25; for tests, ignored in production.
    delay_sec: Option<String>,
    /// Makes the answer a server error; for tests, ignored in production.
    error: Option<String>,
}

/// Check that the server answers
#[utoipa::path(get, path = "/api/v3/ping", tag = "server", params(Ping),
    responses((status = 200, body = Success<String>)), security(()))]
pub(super) async fn ping(
    State(queries): State<Queries>,
    Query(query): Query<Ping>,
) -> Result<Reply<&'static str>, ApiError> {
    if queries.access.config.http.debug_calls {
        if let Some(seconds) = query.delay_sec.filter(|text| !text.is_empty()) {
            delay(&queries, &seconds).await?;
        }
        if query.error.is_some() {
            let error = ApiError::new(ErrorCode::InternalServerError).because(Text::RequestedError);
            return Err(error.deliberate());
        }
    }
    Ok(Reply::new("pong"))
}

async fn delay(queries: &Queries, seconds: &str) -> Result<(), ApiError> {
    let wrong = || ApiError::field("delay_sec", Text::WrongType { expected: JsonType::Number });
    let seconds: f64 = seconds.parse().map_err(|_| wrong())?;
    if !(0.0..=MAX_DELAY).contains(&seconds) {
        return Err(ApiError::field("delay_sec", Text::OutOfRange { min: 0, max: MAX_DELAY as i64 }));
    }
    let busy = |_| {
        ApiError::new(ErrorCode::Unavailable).because(Text::Unavailable).retry_after(Duration::from_secs(1))
    };
    let _permit = queries.delays.try_acquire().map_err(busy)?;
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    Ok(())
}

/// Show the server's time
#[utoipa::path(get, path = "/api/v3/time", tag = "server",
    responses((status = 200, body = Success<Timestamp>)), security(()))]
pub(super) async fn show_time(State(queries): State<Queries>) -> Reply<Timestamp> {
    Reply::new(queries.access.clock.now().into())
}

/// List countries with dialling codes
///
/// Exactly one country has `default: true`.
#[utoipa::path(get, path = "/api/v3/countries", tag = "server",
    responses((status = 200, body = Success<Vec<Country>>)), security(()))]
pub(super) async fn list_countries() -> Reply<&'static [Country]> {
    Reply::new(countries())
}

/// Check that the server answers (v4)
#[utoipa::path(get, path = "/api/v4/ping", tag = "server",
    responses((status = 200, body = Success<String>)), security(()))]
pub(super) async fn ping_v4() -> Reply<&'static str> {
    Reply::new("pong")
}

/// Show the server's time (v4)
#[utoipa::path(get, path = "/api/v4/time", tag = "server",
    responses((status = 200, body = Success<Timestamp>)), security(()))]
pub(super) async fn show_time_v4(state: State<Queries>) -> Reply<Timestamp> {
    show_time(state).await
}

/// Show the caller's network address
#[utoipa::path(get, path = "/api/v4/addr", tag = "server",
    responses((status = 200, body = Success<String>)), security(()))]
pub(super) async fn show_client_address(request: RequestInfo) -> Reply<String> {
    Reply::new(request.client.to_string())
}

/// List countries with dialling codes and ISO codes
///
/// Exactly one country has `default: true`. Clients offer countries with `popular: true` first.
#[utoipa::path(get, path = "/api/v4/countries", tag = "server",
    responses((status = 200, body = Success<Vec<CountryV4>>)), security(()))]
pub(super) async fn list_countries_v4() -> Reply<&'static [CountryV4]> {
    Reply::new(countries_now())
}

/// List emoji
///
/// Emoji that clients offer for texts. Fewer of them can be reactions.
#[utoipa::path(get, path = "/api/v4/emoji", tag = "server",
    responses((status = 200, body = Success<EmojiList>)), security(()))]
pub(super) async fn list_emoji() -> Reply<&'static EmojiList> {
    Reply::new(emoji::all())
}

/// List time zones
///
/// Names to choose from, alphabetically. A contact's `timezone` may be any name of the IANA database.
#[utoipa::path(get, path = "/api/v4/alltimezones", tag = "server",
    responses((status = 200, body = Success<TimeZones>)), security(()))]
pub(super) async fn list_time_zones() -> Reply<TimeZones> {
    Reply::new(TimeZones { timezones: timezone::names().iter().map(|name| (*name).to_owned()).collect() })
}

/// List client releases
///
/// Always empty: this server publishes no clients.
#[utoipa::path(get, path = "/api/v4/releases", tag = "server",
    responses((status = 200, body = Success<Releases>)), security(()))]
pub(super) async fn list_releases() -> Reply<Releases> {
    Reply::new(Releases::default())
}
