//! The gateway's metrics.

use metrics::{Gauge, counter, gauge};

/// Counts an open socket for as long as it lives.
pub(crate) struct OpenSocket(Gauge);

impl OpenSocket {
    /// Counts one more socket.
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

/// Counts frames queued for sending.
pub(crate) fn sent(frames: u64) {
    counter!("veche_gateway_frames_sent_total").increment(frames);
}

/// Counts a frame from a client.
pub(crate) fn received() {
    counter!("veche_gateway_frames_received_total").increment(1);
}

/// Counts a read of the table because of a gap on the bus.
pub(crate) fn gap() {
    counter!("veche_gateway_catch_ups_total", "of" => "scope").increment(1);
}

/// Counts a subscriber that lags because its queue was full.
pub(crate) fn lagging() {
    counter!("veche_gateway_catch_ups_total", "of" => "socket").increment(1);
}

/// Counts a typing or presence notice dropped because the socket was busy.
pub(crate) fn transient_dropped() {
    counter!("veche_gateway_transient_dropped_total").increment(1);
}
