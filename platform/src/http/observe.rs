//! Writes the access log line and the metrics of every request. Paths appear as the router knows them, never as
//! sent.

use super::{RequestInfo, envelope::Ending};
use http::{Method, StatusCode};

/// Records a finished request.
pub(super) fn done(method: &Method, status: StatusCode, ending: Ending, info: &RequestInfo) {
    let took = info.started.elapsed();
    let method = known(method);
    let status = status.as_u16();
    let ms = (took.as_secs_f64() * 1e6).round() / 1e3;
    let account = info.account().map(tracing::field::display);
    tracing::info!(
        target: "access", method, path = info.route(), status, ms, request_id = info.id,
        client = %info.client, account
    );
    let route = info.route().to_owned();
    let class = if ending == Ending::Deliberate { "deliberate" } else { class(status) };
    metrics::counter!("veche_http_requests_total", "method" => method, "route" => route.clone(), "status" => class)
        .increment(1);
    metrics::histogram!("veche_http_request_seconds", "method" => method, "route" => route)
        .record(took.as_secs_f64());
}

/// Clients can invent methods, so only known ones become labels.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

const fn class(status: u16) -> &'static str {
    match status {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}
