//! The gateway's metrics, by name.

use metrics::{Gauge, counter, gauge};

/// Counts an open socket for as long as it lives.
pub(crate) struct OpenSocket(Gauge);

impl OpenSocket {
    /// One more.
    pub(crate) fn new() -> Self {
        let open = gauge!("veche_gateway_sockets");
        open.increment(1);
        Self(open)
    }
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

/// Frames handed to sockets for sending.
pub(crate) fn sent(frames: u64) {
    counter!("veche_gateway_frames_sent_total").increment(frames);
}

/// A frame came from a client.
pub(crate) fn received() {
    counter!("veche_gateway_frames_received_total").increment(1);
}

/// The feed of a scope is read from its table because the bus left a gap.
pub(crate) fn gap() {
    counter!("veche_gateway_catch_ups_total", "of" => "scope").increment(1);
}

/// A socket reads the feed from its table because its queue was full.
pub(crate) fn lagging() {
    counter!("veche_gateway_catch_ups_total", "of" => "socket").increment(1);
}

/// Typing or presence was not told to a socket that is busy with more important things.
pub(crate) fn transient_dropped() {
    counter!("veche_gateway_transient_dropped_total").increment(1);
}
