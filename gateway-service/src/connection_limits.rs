//! The limits on open sockets and streams, from the configuration.

use platform::{
    config::Realtime,
    connections::{ConnectionLimits, LimitReached},
    http::ApiError,
};
use protocol::{error::ErrorCode, lang::Text};
use std::time::Duration;

/// `Retry-After` of a refused connection.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// The configured limits, in which 0 means unlimited.
pub(crate) fn configured(config: &Realtime) -> ConnectionLimits {
    let limit = |configured: u32| if configured == 0 { usize::MAX } else { configured as usize };
    ConnectionLimits {
        per_process: limit(config.sockets_per_node),
        per_address: limit(config.sockets_per_address),
        per_account: limit(config.sockets_per_account),
        per_team: limit(config.sockets_per_team),
        fair: false,
    }
}

/// `UNAVAILABLE` if the process has too many connections; `RATE_LIMIT` if the address, account or team has.
pub(crate) fn too_many(reached: LimitReached) -> ApiError {
    match reached {
        LimitReached::Process => reached.refusal(RETRY_AFTER),
        LimitReached::Address | LimitReached::Account | LimitReached::Team => {
            ApiError::new(ErrorCode::RateLimit).because(Text::TooManySockets).retry_after(RETRY_AFTER)
        }
    }
}
