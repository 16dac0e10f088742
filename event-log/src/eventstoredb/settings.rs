//! Settings and limits of the adapter.

use std::time::Duration;

/// Maximum payload of one append in bytes: the server takes 1 MiB by default and counts the names of event types too.
pub(crate) const MAX_SERVER_BYTES: usize = (1 << 20) - (64 << 10);
/// Settings of the adapter; the defaults suit a server.
#[derive(Clone, Debug)]
pub struct EventStoreDbSettings {
    /// Interval at which a waiting subscription polls. Default 100 ms.
    pub poll: Duration,
    /// Maximum number of appends in flight; more are refused as overload. Default 8,192.
    pub queued_appends: usize,
    /// Maximum payload in flight in KiB. Default 64 MiB.
    pub queued_kib: usize,
    /// Deadline of one call. Default 5 s.
    pub within: Duration,
    /// How long a call is retried while the server is away or its answer is lost. Default 3 s.
    pub give_up_after: Duration,
}

impl Default for EventStoreDbSettings {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(100),
            queued_appends: 8_192,
            queued_kib: 64 << 10,
            within: Duration::from_secs(5),
            give_up_after: Duration::from_secs(3),
        }
    }
}
