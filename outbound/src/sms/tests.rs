//! The gateway receives exactly what the template describes, and kinds of failures are distinguished.

use super::{BodyFormat, GatewayOptions, Sms, SmsError, login_text};
use axum::{Router, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use protocol::lang::Lang;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

type Request = (HeaderMap, String);

/// A gateway that answers with the given statuses in turn, then 200, and records requests.
struct FakeGateway {
    url: String,
    received: Arc<Mutex<Vec<Request>>>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Clone)]
struct Script {
    answers: Arc<Mutex<VecDeque<u16>>>,
    received: Arc<Mutex<Vec<Request>>>,
}

impl FakeGateway {
    async fn start(answers: &[u16]) -> Self {
        let received = Arc::<Mutex<Vec<Request>>>::default();
        let answers = Arc::new(Mutex::new(answers.iter().copied().collect()));
        let script = Script { answers, received: Arc::clone(&received) };
        let app = Router::new().route("/send", post(answer)).with_state(script);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/send?key=secret", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, received, server }
    }

    fn received(&self) -> Vec<Request> {
        self.received.lock().unwrap().clone()
    }
}

impl Drop for FakeGateway {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(script): State<Script>, headers: HeaderMap, body: String) -> StatusCode {
    script.received.lock().unwrap().push((headers, body));
    let status = script.answers.lock().unwrap().pop_front().unwrap_or(200);
    StatusCode::from_u16(status).unwrap()
}

fn options(url: &str, format: BodyFormat, template: &str) -> GatewayOptions {
    GatewayOptions {
        url: url.to_owned(),
        format,
        template: template.to_owned(),
        authorization: Some("Bearer abc".to_owned()),
        timeout: Duration::from_secs(30),
        attempts: 3,
        pause: Duration::ZERO,
    }
}

#[tokio::test]
async fn json_template_is_filled_and_escaped() {
    let gateway = FakeGateway::start(&[]).await;
    let template = r#"{"messages": [{"to": "{phone}", "text": "{text}"}], "n": 1}"#;
    let sms = Sms::gateway(options(&gateway.url, BodyFormat::Json, template)).unwrap();
    sms.send("+79161234567", "a \"quoted\" {phone}\n").await.unwrap();
    let [(headers, body)] = &gateway.received()[..] else { panic!("one request expected") };
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let message = serde_json::json!({"to": "+79161234567", "text": "a \"quoted\" {phone}\n"});
    assert_eq!(body, serde_json::json!({"messages": [message], "n": 1}));
    assert_eq!(headers["authorization"], "Bearer abc");
    assert_eq!(headers["content-type"], "application/json");
}

#[tokio::test]
async fn form_template_is_filled_and_escaped() {
    let gateway = FakeGateway::start(&[]).await;
    let template = "to={phone}&body={text}&from=Veche";
    let sms = Sms::gateway(options(&gateway.url, BodyFormat::Form, template)).unwrap();
    sms.send("+7916", "a&from=evil ы").await.unwrap();
    assert_eq!(gateway.received()[0].1, "to=%2B7916&body=a%26from%3Devil+%D1%8B&from=Veche");
}

#[tokio::test]
async fn transient_failures_are_retried_and_refusals_are_not() {
    let gateway = FakeGateway::start(&[503, 429]).await;
    let sms = Sms::gateway(options(&gateway.url, BodyFormat::Form, "{phone}={text}&p={phone}")).unwrap();
    sms.send("1", "x").await.unwrap();
    assert_eq!(gateway.received().len(), 3);

    let gateway = FakeGateway::start(&[401]).await;
    let sms = Sms::gateway(options(&gateway.url, BodyFormat::Form, "p={phone}&t={text}")).unwrap();
    assert!(matches!(sms.send("1", "x").await, Err(SmsError::Refused(401))));
    assert_eq!(gateway.received().len(), 1);

    let gateway = FakeGateway::start(&[500; 9]).await;
    let sms = Sms::gateway(options(&gateway.url, BodyFormat::Form, "p={phone}&t={text}")).unwrap();
    let error = sms.send("1", "x").await.unwrap_err();
    assert!(matches!(&error, SmsError::Unavailable(_)), "{error}");
    assert!(!error.to_string().contains("secret"));
    assert_eq!(gateway.received().len(), 3);
}

#[tokio::test]
async fn unreachable_gateway_is_reported_without_its_url() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/?key=secret", listener.local_addr().unwrap());
    drop(listener);
    let sms = Sms::gateway(options(&url, BodyFormat::Form, "p={phone}&t={text}")).unwrap();
    let error = sms.send("1", "x").await.unwrap_err();
    assert!(matches!(&error, SmsError::Unavailable(_)), "{error}");
    assert!(!error.to_string().contains("secret"));
}

#[test]
fn invalid_settings_are_refused_at_start() {
    for (url, format, template) in [
        ("not a url", BodyFormat::Form, "p={phone}&t={text}"),
        ("http://gateway/", BodyFormat::Form, "p={phone}"),
        ("http://gateway/", BodyFormat::Json, "{phone} {text}"),
    ] {
        let made = Sms::gateway(options(url, format, template));
        assert!(matches!(made, Err(SmsError::Settings(_))), "{url} {template}");
    }
}

#[test]
fn login_text_fits_one_sms() {
    assert_eq!(login_text(Lang::Ru, "5555"), "Veche: 5555 — ваш код. Никому его не сообщайте.");
    for lang in [Lang::Ru, Lang::En] {
        assert!(login_text(lang, "123456").chars().count() <= 70);
    }
}
