//! Text messages to phones: through the operator's gateway, or onto the screen of a developer.

mod console;
mod gateway;

pub use gateway::{BodyFormat, GatewayOptions};

use console::ConsoleSms;
use gateway::GatewaySms;
use protocol::lang::Lang;
use std::fmt;

/// Why a message was not sent, or is not known to be.
#[derive(Debug, thiserror::Error)]
pub enum SmsError {
    /// The gateway's settings make no sense: which one, and why.
    #[error("SMS gateway settings: {0}")]
    Settings(String),
    /// The gateway refuses this message or our credentials; trying again is no use.
    #[error("the SMS gateway refused with status {0}")]
    Refused(u16),
    /// The gateway was asked as often as is allowed, and failed each time.
    #[error("the SMS gateway is not available: {0}")]
    Unavailable(String),
}

/// Sends text messages. Cheap to clone.
#[derive(Clone)]
pub enum Sms {
    /// By HTTP to a gateway.
    Gateway(GatewaySms),
    /// To standard error; for development.
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

    /// Prints instead of sending.
    pub fn console() -> Self {
        Self::Console(ConsoleSms)
    }

    /// Sends `text` to `phone` (`+` and digits). After a timeout the message is tried again, so it may arrive twice.
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

/// The text that carries a login code; fits one message of 70 characters.
pub fn login_text(lang: Lang, code: &str) -> String {
    match lang {
        Lang::Ru => format!("Veche: {code} — ваш код. Никому его не сообщайте."),
        Lang::En => format!("Veche: {code} is your code. Do not tell it to anybody."),
    }
}

#[cfg(test)]
mod tests;
