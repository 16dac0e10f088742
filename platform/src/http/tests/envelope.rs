//! Shape, layout and language of answers; what fails without a handler.

use super::{get_json, quick, read, request, send, send_to};
use axum::body::Body as AxumBody;
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;

async fn text(path: &str) -> String {
    read(send(request(&Method::GET, path).body(AxumBody::empty()).unwrap()).await).await.2
}

#[tokio::test]
async fn a_result_is_wrapped_in_one_line() {
    let text = text("/api/v3/ping").await;
    assert!(
        text.starts_with(r#"{"_time":""#) && text.ends_with(r#"ms","ok":true,"result":"pong"}"#),
        "{text}"
    );
    let (status, body) = get_json("/api/v3/gone").await;
    assert_eq!((status, &body["ok"], &body["result"]), (200, &json!(true), &Value::Null));
    assert!(body.as_object().unwrap().contains_key("result"));
}

#[tokio::test]
async fn every_answer_carries_the_headers_of_the_shell() {
    for path in ["/api/v3/ping", "/api/v3/none", "/api/v3/panic"] {
        let request =
            request(&Method::GET, path).header("x-request-id", "mine-1.2_3").body(AxumBody::empty());
        let (_, headers, text) = read(send(request.unwrap()).await).await;
        assert_eq!(headers["content-type"], "application/json; charset=utf-8", "{path}");
        assert_eq!(headers["content-length"], text.len().to_string(), "{path}");
        assert_eq!(headers["cache-control"], "no-store", "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin", "{path}");
        assert_eq!(headers["x-request-id"], "mine-1.2_3", "{path}");
        assert!(!headers.contains_key("strict-transport-security"), "{path}");
    }
}

#[tokio::test]
async fn a_position_is_told_in_a_header() {
    let (_, headers, _) =
        read(send(request(&Method::GET, "/api/v3/gone").body(AxumBody::empty()).unwrap()).await).await;
    assert_eq!(headers["event-position"], "7");
}

#[tokio::test]
async fn a_request_id_that_is_not_sane_is_replaced() {
    for id in ["", "has space", &"a".repeat(65), "new\u{e9}"] {
        let request = request(&Method::GET, "/api/v3/ping").header("x-request-id", id.as_bytes());
        let (_, headers, _) = read(send(request.body(AxumBody::empty()).unwrap()).await).await;
        let given = headers["x-request-id"].to_str().unwrap();
        assert_eq!(uuid::Uuid::parse_str(given).unwrap().get_version_num(), 7, "{id}");
    }
}

#[tokio::test]
async fn debug_prints_on_many_lines() {
    for path in ["/api/v3/ping?debug=true", "/api/v3/ping?a=b&debug=True", "/api/v3/ping?debug=1"] {
        assert!(text(path).await.contains("\n  \"ok\": true,\n"), "{path}");
    }
    assert!(text("/api/v3/none?debug=TRUE").await.contains("\n  \"ok\": false,\n"));
    assert!(!text("/api/v3/ping?debug=false").await.contains('\n'));
}

#[tokio::test]
async fn texts_follow_the_language_of_the_request() {
    let cases = [
        ("/api/v3/page?limit=x", "", "Неверный тип, нужно: целое число"),
        ("/api/v3/page?limit=x", "en", "Wrong type, expected an integer"),
        ("/api/v3/page?limit=x&lang=ru", "en", "Неверный тип, нужно: целое число"),
        ("/api/v3/page?limit=x&lang=en", "ru", "Wrong type, expected an integer"),
        ("/api/v3/page?limit=x&lang=de", "en", "Wrong type, expected an integer"),
    ];
    for (path, header, expected) in cases {
        let request = request(&Method::GET, path).header("Lang", header).body(AxumBody::empty()).unwrap();
        let (status, _, text) = read(send(request).await).await;
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((status.as_u16(), &body["details"]["limit"]), (422, &json!(expected)), "{path} {header}");
    }
}

#[tokio::test]
async fn what_no_handler_answers_fails_in_the_envelope() {
    let cases = [
        (Method::GET, "/api/v3/none", 404, "NOT_FOUND"),
        (Method::GET, "/nowhere", 404, "NOT_FOUND"),
        (Method::DELETE, "/api/v3/ping", 405, "INVALID_METHOD"),
        (Method::from_bytes(b"BREW").unwrap(), "/api/v3/ping", 405, "INVALID_METHOD"),
        (Method::GET, "/api/v3/teams/not-a-uuid", 404, "NOT_FOUND"),
        (Method::GET, "/api/v3/teams/%ff", 404, "NOT_FOUND"),
        (Method::GET, "/api/v3/panic", 500, "INTERNAL_SERVER_ERROR"),
        (Method::GET, "/api/v3/broken", 500, "INTERNAL_SERVER_ERROR"),
    ];
    for (method, path, status, code) in cases {
        let response = send(request(&method, path).body(AxumBody::empty()).unwrap()).await;
        let allow = response.headers().get("allow").cloned();
        let (seen, _, text) = read(response).await;
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (seen.as_u16(), &body["error"], &body["ok"]),
            (status, &json!(code), &json!(false)),
            "{path}"
        );
        assert_eq!(allow.is_some(), status == 405, "{path}");
        assert!(body.get("details").is_none(), "{path}");
    }
}

#[tokio::test]
async fn our_fault_tells_the_request_id_and_nothing_more() {
    for path in ["/api/v3/panic", "/api/v3/broken"] {
        let request =
            request(&Method::GET, path).header("x-request-id", "find-me").body(AxumBody::empty()).unwrap();
        let (_, _, text) = read(send(request).await).await;
        assert!(text.contains("find-me") && !text.contains("boom") && !text.contains("secret"), "{text}");
    }
}

#[tokio::test]
async fn work_that_takes_too_long_is_given_up() {
    let request = request(&Method::GET, "/api/v3/slow").body(AxumBody::empty()).unwrap();
    let (status, _, text) = read(send_to(&quick(Duration::ZERO), request).await).await;
    assert_eq!(status, 504);
    assert!(text.contains("\"error\":\"TIMEOUT\""), "{text}");
}

#[tokio::test]
async fn slashes_at_the_end_are_tolerated_under_api_and_by_sockets() {
    for path in [
        "/api/v3/ping/",
        "/api/v3/ping//",
        "/api/v3/ping/?debug=false",
        "/messaging/x/",
        "/messaging/x/?from=1",
    ] {
        assert_eq!(get_json(path).await.0, 200, "{path}");
    }
    let request = request(&Method::GET, "/picture/").body(AxumBody::empty()).unwrap();
    assert_eq!(send(request).await.status(), 404);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let (status, headers, text) =
        read(send(request(&Method::HEAD, "/api/v3/ping").body(AxumBody::empty()).unwrap()).await).await;
    assert_eq!((status.as_u16(), text.as_str()), (200, ""));
    assert!(headers["content-length"].to_str().unwrap().parse::<usize>().unwrap() > 30);
}

#[tokio::test]
async fn a_bare_answer_passes_as_it_is() {
    let (status, headers, text) =
        read(send(request(&Method::GET, "/picture").body(AxumBody::empty()).unwrap()).await).await;
    assert_eq!((status.as_u16(), text.as_str()), (200, "picture"));
    assert_eq!(headers["cache-control"], "max-age=60");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let (status, _, text) =
        read(send(request(&Method::POST, "/api/message").body(AxumBody::empty()).unwrap()).await).await;
    assert_eq!((status.as_u16(), text.as_str()), (403, r#"{"ok":false}"#));
}

#[tokio::test]
async fn a_used_up_quota_says_when_to_come_back() {
    let (status, headers, text) =
        read(send(request(&Method::GET, "/api/v3/limited?lang=en").body(AxumBody::empty()).unwrap()).await)
            .await;
    assert_eq!(status, 429);
    assert_eq!(headers["ratelimit-policy"], "\"join_per_account\";q=1;w=60");
    let wait = headers["retry-after"].to_str().unwrap();
    assert_eq!(headers["ratelimit"], format!("\"join_per_account\";r=0;t={wait}"));
    assert!(text.contains("\"error\":\"RATE_LIMIT\"") && text.contains(&format!("in {wait} s")), "{text}");
}
