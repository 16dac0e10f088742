//! Sends SMS by HTTP POST to the configured gateway, with the configured body.

use super::SmsError;
use http::{
    HeaderValue, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use reqwest::{Client, Url, redirect::Policy};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Format of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFormat {
    /// `application/json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// Settings of a gateway.
#[derive(Clone)]
pub struct GatewayOptions {
    /// URL of the POST.
    pub url: String,
    /// Format of the body.
    pub format: BodyFormat,
    /// Body with placeholders `{phone}` and `{text}`, such as `{"to": "{phone}", "text": "{text}"}` or
    /// `to={phone}&text={text}`. Values are escaped for the format.
    pub template: String,
    /// `Authorization` header, if the gateway requires one.
    pub authorization: Option<String>,
    /// Timeout of an attempt.
    pub timeout: Duration,
    /// Maximum number of attempts, at least 1.
    pub attempts: u32,
    /// Delay after the first failure; doubles with each further one.
    pub pause: Duration,
}

/// Sends through a gateway.
#[derive(Clone)]
pub struct GatewaySms(Arc<Gateway>);

struct Gateway {
    client: Client,
    url: Url,
    template: Template,
    authorization: Option<HeaderValue>,
    attempts: u32,
    pause: Duration,
}

enum Template {
    Json(Value),
    Form(Vec<(String, String)>),
}

/// Result of an attempt.
enum Attempt {
    Sent,
    Refused(u16),
    Failed(String),
}

impl GatewaySms {
    #[expect(clippy::disallowed_methods, reason = "the one client of the SMS gateway")]
    pub(super) fn new(options: GatewayOptions) -> Result<Self, SmsError> {
        let url = Url::parse(&options.url).map_err(|error| SmsError::Settings(format!("url: {error}")))?;
        let client = Client::builder()
            .timeout(options.timeout)
            .redirect(Policy::none())
            .build()
            .map_err(|error| SmsError::Settings(error.to_string()))?;
        Ok(Self(Arc::new(Gateway {
            client,
            url,
            template: Template::parse(options.format, &options.template)?,
            authorization: options.authorization.as_deref().map(secret_header).transpose()?,
            attempts: options.attempts.max(1),
            pause: options.pause,
        })))
    }

    pub(super) async fn send(&self, phone: &str, text: &str) -> Result<(), SmsError> {
        let (content_type, body) = self.0.template.fill(phone, text)?;
        let mut pause = self.0.pause;
        let mut attempt = 1;
        loop {
            let failure = match self.0.post(content_type, body.clone()).await {
                Attempt::Sent => return Ok(()),
                Attempt::Refused(status) => return Err(SmsError::Refused(status)),
                Attempt::Failed(failure) => failure,
            };
            if attempt >= self.0.attempts {
                return Err(SmsError::Unavailable(failure));
            }
            tracing::warn!(attempt, failure, "the SMS gateway failed; retrying");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            attempt += 1;
        }
    }
}

impl Gateway {
    async fn post(&self, content_type: &'static str, body: String) -> Attempt {
        let mut request = self.client.post(self.url.clone()).header(CONTENT_TYPE, content_type).body(body);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        match request.send().await {
            Ok(answer) => judge(answer.status()),
            // Without the URL, whose query may contain a key.
            Err(error) => Attempt::Failed(error.without_url().to_string()),
        }
    }
}

fn judge(status: StatusCode) -> Attempt {
    let passing = status.is_server_error()
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
    match status {
        status if status.is_success() => Attempt::Sent,
        status if passing => Attempt::Failed(format!("status {status}")),
        status => Attempt::Refused(status.as_u16()),
    }
}

impl Template {
    fn parse(format: BodyFormat, text: &str) -> Result<Self, SmsError> {
        let wrong = |error: String| SmsError::Settings(format!("template: {error}"));
        if !text.contains("{phone}") || !text.contains("{text}") {
            return Err(wrong("needs both {phone} and {text}".to_owned()));
        }
        match format {
            BodyFormat::Json => serde_json::from_str(text).map(Self::Json).map_err(|e| wrong(e.to_string())),
            BodyFormat::Form => {
                serde_urlencoded::from_str(text).map(Self::Form).map_err(|e| wrong(e.to_string()))
            }
        }
    }

    /// Inserts values and not text, so that they cannot break out of their place.
    fn fill(&self, phone: &str, text: &str) -> Result<(&'static str, String), SmsError> {
        match self {
            Self::Json(template) => {
                let mut body = template.clone();
                fill_json(&mut body, phone, text);
                Ok(("application/json", body.to_string()))
            }
            Self::Form(template) => {
                let body: Vec<_> =
                    template.iter().map(|(name, value)| (name, fill_text(value, phone, text))).collect();
                let body =
                    serde_urlencoded::to_string(body).map_err(|e| SmsError::Settings(e.to_string()))?;
                Ok(("application/x-www-form-urlencoded", body))
            }
        }
    }
}

fn fill_json(value: &mut Value, phone: &str, text: &str) {
    match value {
        Value::String(template) => *template = fill_text(template, phone, text),
        Value::Array(items) => items.iter_mut().for_each(|item| fill_json(item, phone, text)),
        Value::Object(fields) => fields.values_mut().for_each(|field| fill_json(field, phone, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The text is inserted last, so placeholders in it stay unchanged.
fn fill_text(template: &str, phone: &str, text: &str) -> String {
    template.replace("{phone}", phone).replace("{text}", text)
}

fn secret_header(secret: &str) -> Result<HeaderValue, SmsError> {
    let mut value = HeaderValue::from_str(secret)
        .map_err(|_| SmsError::Settings("authorization: not a header's value".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}
