//! Messages on standard error, where a developer reads the code from.

/// Prints messages.
#[derive(Clone, Copy)]
pub struct ConsoleSms;

impl ConsoleSms {
    pub(super) fn send(self, phone: &str, text: &str) {
        // Not through the log, which must never hold a code.
        eprintln!("SMS to {phone}: {text}");
    }
}
