//! Sends login codes by SMS. The code is derived at the time of sending and never stored.

use super::deps::{EffectWorkerDeps, Outcome};
use chrono::{DateTime, Utc};
use outbound::sms::login_text;
use protocol::lang::Lang;
use uuid::Uuid;

/// The input of a code, and its recipient.
pub(super) struct Code<'e> {
    pub(super) phone: &'e str,
    pub(super) phone_hash: &'e str,
    pub(super) nonce: Uuid,
    pub(super) length: u8,
    pub(super) lang: &'e str,
    pub(super) valid_until: DateTime<Utc>,
}

/// Sends the code unless it has expired.
pub(super) async fn send(deps: &EffectWorkerDeps, code: Code<'_>) -> Outcome {
    if code.valid_until <= deps.clock.now() {
        return Outcome::Dropped("expired");
    }
    let mut hash = [0; 32];
    if hex::decode_to_slice(code.phone_hash, &mut hash).is_err() {
        return Outcome::Dropped("damaged");
    }
    let digits = match deps.fixed_code.as_deref() {
        Some(fixed) => fixed.to_owned(),
        None => deps.vault.login_code(&hash, code.nonce, code.length),
    };
    let lang = if code.lang == "en" { Lang::En } else { Lang::Ru };
    match deps.sms.send(code.phone, &login_text(lang, &digits)).await {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::Failed(error.to_string()),
    }
}
