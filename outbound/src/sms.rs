//! Sends SMS: through the operator's gateway, or to a developer's console.

mod console;
mod gateway;

pub use gateway::{BodyFormat, GatewayOptions};

use console::ConsoleSms;
use gateway::GatewaySms;
use protocol::lang::Lang;
use std::fmt;

/// Why a message was not sent, or may not have been.
#[derive(Debug, thiserror::Error)]
pub enum SmsError {
    /// The settings are invalid; the text names the setting.
    #[error("SMS gateway settings: {0}")]
    Settings(String),
    /// The gateway refused the message or our credentials; a retry is useless.
    #[error("the SMS gateway refused with status {0}")]
    Refused(u16),
    /// All attempts failed.
    #[error("the SMS gateway is not available: {0}")]
    Unavailable(String),
}

/// Sends SMS. Cheap to clone.
#[derive(Clone)]
pub enum Sms {
    /// Through an HTTP gateway.
    Gateway(GatewaySms),
    /// To standard error, for development.
    Console(ConsoleSms),
}

impl Sms {
    /// Sends through a gateway.
    ///
    /// # Errors
    /// [`SmsError::Settings`].
    pub fn gateway(options: GatewayOptions) -> Result<Self, SmsError> {
        GatewaySms::new(options).map(Self::Gateway)
    }

    /// Prints messages instead of sending them.
    pub fn console() -> Self {
        Self::Console(ConsoleSms)
    }

    /// Sends `text` to `phone` (`+` and digits). Retries after a timeout, so the message may arrive twice.
    ///
    /// # Errors
    /// [`SmsError::Refused`] or [`SmsError::Unavailable`].
    pub async fn send(&self, phone: &str, text: &str) -> Result<(), SmsError> {
        match self {
            Self::Gateway(gateway) => gateway.send(phone, text).await,
            Self::Console(console) => {
                console.send(phone, text);
                Ok(())
            }
        }
    }
}

impl fmt::Debug for Sms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gateway(_) => "Sms::Gateway",
            Self::Console(_) => "Sms::Console",
        })
    }
}

/// The message with a login code; fits into one SMS of 70 characters.
pub fn login_text(lang: Lang, code: &str) -> String {
    match lang {
        Lang::Ru => format!("Veche: {code} — ваш код. Никому его не сообщайте."),
        Lang::En => format!("Veche: {code} is your code. Do not tell it to anybody."),
    }
}

#[cfg(test)]
mod tests;
