//! Posts messages to integrations' URLs: a form, the API key in the header `key`, and the signature headers of the Standard
//! Webhooks specification (webhook-id, webhook-timestamp, webhook-signature).

use super::{
    deps::{EffectWorkerDeps, Outcome},
    plan::WebhookForm,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use outbound::{OutboundError, encode_form};
use read_model::integration::Webhook;
use sha2::Sha256;
use uuid::Uuid;

/// Makes one attempt. Status 410 means that the receiver is gone for good; other statuses than 200 are retried.
pub(super) async fn send(
    deps: &EffectWorkerDeps,
    key: &str,
    integration: Uuid,
    form: &WebhookForm,
) -> Outcome {
    // The message is not sent after the integration has moved to another group, whose members chose the URL.
    let Some(group) = form.group() else { return Outcome::Dropped("damaged") };
    let target = match deps.read.integrations().webhook(integration.into(), group).await {
        Ok(Some(target)) => target,
        Ok(None) => {
            return Outcome::Dropped("the integration is removed, disabled, in another group, or has no URL");
        }
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    let Ok(body) = encode(form) else { return Outcome::Dropped("damaged") };
    let Some(headers) = headers(&target, key, deps.clock.now().timestamp(), &body) else {
        return Outcome::Dropped("damaged");
    };
    match deps.outbound.post(&target.url, headers, body).await {
        Ok(answer) if answer.status == 200 => Outcome::Done,
        Ok(answer) if answer.status == 410 => Outcome::Dropped("410: the receiver is gone"),
        Ok(answer) if answer.status >= 500 || answer.status == 429 => {
            Outcome::TargetFailed(format!("status {}", answer.status))
        }
        Ok(answer) => Outcome::Failed(format!("status {}", answer.status)),
        Err(OutboundError::Refused(refused)) => Outcome::Failed(format!("address refused: {refused}")),
        Err(error) => Outcome::TargetFailed(error.to_string()),
    }
}

fn encode(form: &WebhookForm) -> Result<String, OutboundError> {
    let fields = form.fields();
    let borrowed: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    encode_form(&borrowed)
}

fn headers(target: &Webhook, id: &str, timestamp: i64, body: &str) -> Option<HeaderMap> {
    let mut mac = Hmac::<Sha256>::new_from_slice(target.key.as_bytes()).ok()?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ("key", target.key.clone()),
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", signature),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(&value).ok()?);
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_covers_id_timestamp_and_body() {
        let target = Webhook { url: "https://example.org/".into(), key: "secret".into() };
        let sign = |id, at, body| headers(&target, id, at, body).unwrap()["webhook-signature"].clone();
        let first = sign("1:a", 100, "text=x");
        assert_eq!(first, sign("1:a", 100, "text=x"));
        for other in [sign("2:a", 100, "text=x"), sign("1:a", 101, "text=x"), sign("1:a", 100, "text=y")] {
            assert_ne!(first, other);
        }
    }
}
