//! Limits the searches that run at once: each may read much of a team, and the others leave database connections for the rest.

use crate::Queries;
use events::AccountId;
use platform::{
    connections::{ConnectionLimiter, ConnectionLimits, Permit},
    http::ApiError,
};
use std::time::Duration;

/// Maximum number of searches of one account that run at once.
const PER_ACCOUNT: usize = 2;
/// `Retry-After` of a refused search.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Lets searches use half of the database connections.
pub(crate) fn search_limiter(connections: u32) -> ConnectionLimiter {
    ConnectionLimiter::new(ConnectionLimits {
        per_process: (connections as usize / 2).max(PER_ACCOUNT),
        per_account: PER_ACCOUNT,
        ..ConnectionLimits::UNLIMITED
    })
}

impl Queries {
    /// A permit to hold while the search runs; `None` for a list without a search.
    ///
    /// # Errors
    /// `RATE_LIMIT` if the account runs too many searches, `UNAVAILABLE` if the process does.
    pub(crate) fn search(&self, account: AccountId, looks_for: bool) -> Result<Option<Permit>, ApiError> {
        if !looks_for {
            return Ok(None);
        }
        let permit = self.searches.acquire(account.0);
        permit.map(Some).map_err(|reached| reached.refusal(RETRY_AFTER))
    }
}
