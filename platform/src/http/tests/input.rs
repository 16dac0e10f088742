//! Bodies, forms and queries, good and bad.

use super::{get_json, post_json, read, request, send, send_to};
use crate::{
    budget::Budget,
    config::{Config, Http, Memory},
    http::{AddressFirst, Body, Reply, Shell},
    limits::{Key, Limit, Limits, Quota},
};
use axum::{Extension, Router, body::Body as AxumBody, routing::post};
use bytes::Bytes;
use futures::{FutureExt, stream};
use http::Method;
use serde_json::{Value, json};
use std::{collections::BTreeMap, convert::Infallible, sync::Arc, time::Duration};
use tower::ServiceExt;

fn nested(depth: usize) -> String {
    format!("{{\"a\":{}1{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1))
}

#[tokio::test]
async fn a_body_needs_no_content_type_but_may_not_have_a_foreign_one() {
    let cases = [
        (None, 200),
        (Some("application/json"), 200),
        (Some("Application/JSON; charset=utf-8"), 200),
        (Some("application/problem+json"), 200),
        (Some("text/xml"), 415),
        (Some("text/plain"), 415),
        (Some("application/x-www-form-urlencoded"), 415),
        (Some("multipart/form-data; boundary=x"), 415),
    ];
    for (content_type, expected) in cases {
        let mut builder = request(&Method::POST, "/api/v3/any");
        if let Some(content_type) = content_type {
            builder = builder.header("content-type", content_type);
        }
        let (status, _, text) = read(send(builder.body(AxumBody::from("{}")).unwrap()).await).await;
        assert_eq!(status, expected, "{content_type:?} {text}");
        assert_eq!(text.contains("UNSUPPORTED_MEDIA_TYPE"), expected == 415);
    }
}

#[tokio::test]
async fn an_encoded_body_is_refused_and_the_answer_says_what_is_accepted() {
    let cases = [
        (None, "{}", 200),
        (Some("identity"), "{}", 200),
        (Some("Identity, identity"), "{}", 200),
        (Some(""), "{}", 200),
        (Some("br"), "{}", 415),
        (Some("gzip"), "\u{1f}\u{8b}", 415),
        (Some("identity, x-gzip"), "{}", 415),
        // Nothing that is encoded is still nothing.
        (Some("gzip"), "", 200),
    ];
    for path in ["/api/v3/any", "/api/v3/form", "/api/message"] {
        for (coding, body, expected) in cases {
            let mut builder = request(&Method::POST, path);
            if let Some(coding) = coding {
                builder = builder.header("content-encoding", coding);
            }
            let (status, headers, text) = read(send(builder.body(AxumBody::from(body)).unwrap()).await).await;
            let is_refused = status == 415 && headers.contains_key("accept-encoding");
            assert_eq!(is_refused, expected == 415, "{path} {coding:?} {body:?} {status} {text}");
            if is_refused {
                assert_eq!(headers["accept-encoding"], "identity");
                assert!(text.contains("UNSUPPORTED_MEDIA_TYPE"), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn no_body_is_an_empty_object() {
    for body in ["", "  \n", "{}", "\u{feff}{}"] {
        let (status, answer) = post_json("/api/v3/any", body).await;
        assert_eq!((status, &answer["result"]), (200, &json!({})), "{body:?}");
    }
}

#[tokio::test]
async fn a_refused_body_names_the_field() {
    let cases: &[(&str, &str, &str)] = &[
        ("{}", "phone", "This field is required"),
        (r#"{"phone":7}"#, "phone", "Wrong type, expected a string"),
        (r#"{"phone":null}"#, "phone", "Wrong type, expected a string"),
        (r#"{"phone":"1","age":"x"}"#, "age", "Wrong type, expected an integer"),
        (r#"{"phone":"1","age":-1}"#, "age", "Wrong type, expected an integer"),
        (r#"{"phone":"1","age":1.5}"#, "age", "Wrong type, expected an integer"),
        (r#"{"phone":"1","role":"king"}"#, "role", "Must be one of: member, admin"),
        (r#"{"phone":"1","id":"x"}"#, "id", "Must be a UUID"),
        (r#"{"phone":"1","friends":7}"#, "friends", "Wrong type, expected an array"),
        (r#"{"phone":"1","friends":[{"name":"a"},{}]}"#, "friends.1.name", "This field is required"),
        (r#"{"phone":"1","friends":[{"name":[]}]}"#, "friends.0.name", "Wrong type, expected a string"),
        (r#"{"phone":"1","salary":1}"#, "salary", "Unknown field"),
        (r#"{"phone":"1","phone":"2"}"#, "body", "The key is repeated: phone"),
        ("[]", "body", "Wrong type, expected an object"),
        ("\"x\"", "body", "Wrong type, expected an object"),
        ("null", "body", "Wrong type, expected an object"),
        ("{", "body", "Not valid JSON (line:column 1:1)"),
        ("{\n\"phone\": }", "body", "Not valid JSON (line:column 2:10)"),
        (r#"{"phone":"1"} x"#, "body", "Not valid JSON (line:column 1:15)"),
        (r#"{"phone":"\ud800"}"#, "body", "Not valid JSON (line:column 1:17)"),
        (r#"{"age":1e999}"#, "body", "Not valid JSON (line:column 1:12)"),
        ("phone=1", "body", "Not valid JSON (line:column 1:1)"),
    ];
    for (body, field, text) in cases {
        let (status, answer) = post_json("/api/v3/people?lang=en", *body).await;
        assert_eq!((status, &answer["error"]), (422, &json!("INVALID_DATA")), "{body}");
        assert_eq!(answer["details"], json!({ *field: text }), "{body}");
    }
}

#[tokio::test]
async fn not_utf8_is_not_json() {
    let (status, answer) = post_json("/api/v3/any", Bytes::from_static(b"{\"a\":\"\xff\"}")).await;
    assert_eq!((status, &answer["error"]), (422, &json!("INVALID_DATA")));
}

#[tokio::test]
async fn depth_is_bounded_and_a_bomb_is_harmless() {
    assert_eq!(post_json("/api/v3/any", nested(64)).await.0, 200);
    let (status, answer) = post_json("/api/v3/any?lang=en", nested(65)).await;
    assert_eq!(status, 422);
    assert_eq!(answer["reason"], "JSON is nested too deeply, at most 64");
    let bomb = "[".repeat(1_000_000);
    for text in [format!("{{\"a\":{bomb}"), bomb] {
        assert_eq!(post_json("/api/v3/any", text).await.0, 422);
    }
}

#[tokio::test]
async fn a_key_twice_is_refused_at_any_depth() {
    let (status, answer) = post_json("/api/v3/any?lang=en", r#"{"a":[{"b":1,"c":2,"b":3}]}"#).await;
    assert_eq!((status, &answer["reason"]), (422, &json!("The key is repeated: b")));
}

#[tokio::test]
async fn ten_megabytes_are_too_much_declared_or_not() {
    let large = vec![b' '; 10 << 20];
    let (status, answer) = post_json("/api/v3/any", large.clone()).await;
    assert_eq!((status, &answer["error"]), (413, &json!("REQUEST_TOO_LARGE")));
    let chunks = large.chunks(64 << 10).map(|chunk| Ok::<_, Infallible>(Bytes::copy_from_slice(chunk)));
    let chunks: Vec<_> = chunks.collect();
    let (status, answer) = post_json("/api/v3/any", AxumBody::from_stream(stream::iter(chunks))).await;
    assert_eq!((status, &answer["error"]), (413, &json!("REQUEST_TOO_LARGE")));
}

#[tokio::test]
async fn a_route_may_have_a_limit_of_its_own() {
    assert_eq!(post_json("/api/v3/tiny", r#"{"a":"0123456"}"#).await.0, 200);
    let (status, answer) = post_json("/api/v3/tiny?lang=en", r#"{"a":"012345678"}"#).await;
    assert_eq!((status, &answer["reason"]), (413, &json!("At most 16 bytes")));
}

#[tokio::test]
async fn a_query_is_read_as_far_as_it_is_known() {
    assert_eq!(get_json("/api/v3/page?limit=5&offset=1&lang=en").await.1["result"], json!({ "limit": 5 }));
    assert_eq!(get_json("/api/v3/page").await.1["result"], json!({ "limit": null }));
    assert_eq!(get_json("/api/v3/page?limit=-1").await.0, 422);
}

#[tokio::test]
async fn forms_are_read_in_both_encodings() {
    let urlencoded = request(&Method::POST, "/api/v3/form")
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .body(AxumBody::from("key=a%20b&message=%D0%B4%D0%B0+%26"));
    let (_, _, text) = read(send(urlencoded.unwrap()).await).await;
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["result"], json!({ "key": "a b", "message": "да &" }));
    let parts = "--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n\
                 --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\
                 Content-Type: image/png\r\n\r\nPNG\r\n--x--\r\n";
    let multipart = request(&Method::POST, "/api/v3/form")
        .header("content-type", "multipart/form-data; boundary=x")
        .body(AxumBody::from(parts));
    let (_, _, text) = read(send(multipart.unwrap()).await).await;
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["result"], json!({ "key": "k" }), "files are of no interest");
}

/// The status and the result or the details of a form of one text.
async fn form(content_type: &str, body: impl Into<AxumBody>) -> (u16, Value) {
    let request = request(&Method::POST, "/api/v3/form?lang=en").header("content-type", content_type);
    let (status, _, text) = read(send(request.body(body.into()).unwrap()).await).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    let told = ["result", "details", "reason"].into_iter().find(|key| !answer[key].is_null()).unwrap();
    (status.as_u16(), answer[told].clone())
}

#[tokio::test]
async fn a_form_is_in_the_characters_it_says() {
    const URLENCODED: &str = "application/x-www-form-urlencoded";
    let hello = json!({ "key": "k", "message": "Привет" });
    let cyrillic = "key=k&message=%CF%F0%E8%E2%E5%F2";
    let typed = |charset: &str| format!("{URLENCODED}; charset={charset}");
    assert_eq!(form(&typed("windows-1251"), cyrillic).await, (200, hello.clone()));
    assert_eq!(
        form(&typed("\"CP1251\""), &b"key=k&message=\xcf\xf0\xe8\xe2\xe5\xf2"[..]).await,
        (200, hello.clone())
    );
    assert_eq!(form(&typed("koi8-r"), "key=k&message=%F0%D2%C9%D7%C5%D4").await, (200, hello.clone()));
    let said = format!("{cyrillic}&_charset_=windows-1251");
    assert_eq!(form(URLENCODED, said).await, (200, hello.clone()));
    let part = |head: &str, text: &[u8]| {
        [b"--x\r\nContent-Disposition: form-data; ", head.as_bytes(), b"\r\n\r\n", text, b"\r\n"].concat()
    };
    let parts = |texts: &[Vec<u8>]| [&texts.concat()[..], b"--x--"].concat();
    let cp1251 = b"\xcf\xf0\xe8\xe2\xe5\xf2";
    let own = part("name=message\r\nContent-Type: text/plain; charset=windows-1251", cp1251);
    let multipart = parts(&[part("NAME=\"key\"", b"k"), own]);
    assert_eq!(form("multipart/form-data; boundary=x", multipart).await, (200, hello.clone()));
    let said =
        parts(&[part("name=key", b"k"), part("name=message", cp1251), part("name=_charset_", b"cp1251")]);
    assert_eq!(form("multipart/form-data; boundary=x", said).await, (200, hello));

    let no_text = json!({ "message": "Characters that are not allowed" });
    assert_eq!(form(URLENCODED, cyrillic).await, (422, no_text), "nothing is guessed");
    let unknown = json!("Unknown charset: klingon");
    assert_eq!(form(&typed("klingon"), cyrillic).await, (415, unknown.clone()));
    assert_eq!(form(URLENCODED, format!("{cyrillic}&_charset_=klingon")).await, (415, unknown));
    assert_eq!(form(&typed("utf-16"), cyrillic).await.0, 415);
}

#[tokio::test]
async fn a_form_that_is_none_is_refused() {
    let cases = [
        ("application/json", "{}", 415),
        ("multipart/form-data", "", 415),
        ("multipart/form-data; boundary=x", "--y\r\n", 422),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ncut",
            422,
        ),
    ];
    for (content_type, body, expected) in cases {
        let request = request(&Method::POST, "/api/v3/form").header("content-type", content_type);
        let response = send(request.body(AxumBody::from(body)).unwrap()).await;
        assert_eq!(response.status(), expected, "{content_type} {body:?}");
    }
    let many = "a=1&".repeat(65);
    let request =
        request(&Method::POST, "/api/v3/form").header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(send(request.body(AxumBody::from(many)).unwrap()).await.status(), 422);
}

#[tokio::test]
async fn free_text_in_a_path_is_decoded_and_never_has_a_nul() {
    for (path, expected) in [("a%2Fb", "a/b"), ("%D1%8F%20%F0%9F%98%80", "я 😀"), ("%2500", "%00")] {
        let (status, answer) = get_json(&format!("/api/v3/devices/{path}")).await;
        assert_eq!((status, &answer["result"]), (200, &json!(expected)), "{path}");
    }
    for path in ["%00", "a%00b", "%FF"] {
        let (status, answer) = get_json(&format!("/api/v3/devices/{path}")).await;
        assert_eq!((status, &answer["error"]), (404, &json!("NOT_FOUND")), "{path}");
    }
}

/// A body of which nothing more comes.
fn half_sent(bytes: usize) -> AxumBody {
    let sent = stream::iter([Ok::<_, Infallible>(Bytes::from(vec![b' '; bytes]))]);
    AxumBody::from_stream(futures::StreamExt::chain(sent, stream::pending()))
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let config = Config { http: Http { body_idle_sec: 0, ..super::config().http }, ..super::config() };
    let (_, _, text) =
        read(send_to(&config, request(&Method::POST, "/api/v3/any").body(half_sent(10)).unwrap()).await)
            .await;
    assert!(text.contains("\"error\":\"TIMEOUT\""), "{text}");
}

#[tokio::test]
async fn bodies_are_counted_and_refused_before_they_are_kept() {
    let budget =
        Budget::new(&Memory { in_flight_mb: 0, in_flight_per_address_mb: 1, in_flight_per_account_mb: 0 });
    let limits = Arc::new(Limits::new(&BTreeMap::new()));
    let router = Shell::new(&super::config()).within(budget.clone(), limits).wrap(super::api());
    let post = |body: AxumBody| {
        let client = request(&Method::POST, "/api/v3/form")
            .header("x-forwarded-for", "198.51.100.7")
            .header("content-type", "application/x-www-form-urlencoded");
        router.clone().oneshot(client.body(body).unwrap())
    };
    let mut halves = vec![];
    for _ in 0..3 {
        let mut half = Box::pin(post(half_sent(300 << 10)));
        assert!((&mut half).now_or_never().is_none());
        halves.push(half);
    }
    let (status, headers, text) = read(post(half_sent(300 << 10)).await.unwrap()).await;
    assert_eq!((status.as_u16(), text.contains("RATE_LIMIT")), (429, true), "{text}");
    assert!(headers.contains_key("retry-after"));
    // What the connection's buffer holds in any case is taken, and others are not concerned.
    assert_eq!(post(AxumBody::from("key=a")).await.unwrap().status(), 200);
    let elsewhere = request(&Method::POST, "/api/v3/form")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(AxumBody::from(vec![b'a'; 300 << 10]));
    assert_eq!(router.clone().oneshot(elsewhere.unwrap()).await.unwrap().status(), 200);
    drop(halves);
    assert_eq!(post(AxumBody::from(vec![b'a'; 1 << 20])).await.unwrap().status(), 200, "all is given back");
}

#[tokio::test]
async fn an_address_that_is_refused_is_not_read() {
    let limit = Limit::SmsLoginPerAddress;
    let quota = BTreeMap::from([(limit.name().to_owned(), Quota { count: 1, seconds: 3600 })]);
    let limits = Arc::new(Limits::new(&quota));
    let handler = post(|Body(any): Body<Value>| async { Reply::new(any) });
    let router = Router::new().route("/api/v3/login", handler.layer(Extension(AddressFirst(limit))));
    let router = Shell::new(&super::config()).within(Budget::unlimited(), limits.clone()).wrap(router);
    let ask = |body: AxumBody| {
        let request = request(&Method::POST, "/api/v3/login").header("x-forwarded-for", "198.51.100.7");
        router.clone().oneshot(request.body(body).unwrap())
    };
    assert_eq!(ask(AxumBody::from("{}")).await.unwrap().status(), 200);
    let client = Key::Address("198.51.100.7".parse().unwrap());
    limits.check(limit, &client).unwrap();
    limits.check(limit, &client).unwrap_err();
    let answered = tokio::time::timeout(Duration::from_secs(30), ask(half_sent(10))).await;
    assert_eq!(answered.unwrap().unwrap().status(), 429, "without waiting for the body");
}
