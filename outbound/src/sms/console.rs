//! Prints SMS to standard error, where a developer reads the code.

/// Prints SMS.
#[derive(Clone, Copy)]
pub struct ConsoleSms;

impl ConsoleSms {
    pub(super) fn send(self, phone: &str, text: &str) {
        // Not logged: the log must never contain a code.
        eprintln!("SMS to {phone}: {text}");
    }
}
