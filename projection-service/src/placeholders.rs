//! Fixed texts in rows and notices that erasure has to recognise or write.

use events::ContactId;

/// The device name of a session without a device, as the protocol defines it.
pub(crate) const UNKNOWN_DEVICE: &str = "(unknown device)";

/// The URL of a mention.
pub(crate) fn mention_url(contact: ContactId) -> String {
    format!("otv://d-{contact}")
}
