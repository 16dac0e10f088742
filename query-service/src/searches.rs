//! Searches run at once: each may read much of a team, so nobody runs many of them, and all together leave connections to the
//! database for everything else.

use crate::Queries;
use events::AccountId;
use platform::{
    http::ApiError,
    places::{Full, Place, Places},
};
use protocol::{error::ErrorCode, lang::Text};
use std::time::Duration;

/// Searches at once of one account.
const PER_ACCOUNT: usize = 2;
/// When somebody who searches for too much at once should try again.
const LATER: Duration = Duration::from_secs(1);

/// Room for searches where a pool has so many connections: half of them.
pub(crate) fn room(connections: u32) -> Places {
    Places::new((connections as usize / 2).max(PER_ACCOUNT), PER_ACCOUNT)
}

impl Queries {
    /// A place for a search, held while it runs; none is needed for a list in which nothing is looked for.
    ///
    /// # Errors
    /// `RATE_LIMIT` when the account has too many searches running, `UNAVAILABLE` when all together have.
    pub(crate) fn search(&self, account: AccountId, looks_for: bool) -> Result<Option<Place>, ApiError> {
        if !looks_for {
            return Ok(None);
        }
        self.searches.take(account.0).map(Some).map_err(|full| match full {
            Full::OfTheAccount => {
                let told = Text::RateLimited { seconds: LATER.as_secs() };
                ApiError::new(ErrorCode::RateLimit).because(told).retry_after(LATER)
            }
            Full::Altogether => {
                ApiError::new(ErrorCode::Unavailable).because(Text::Unavailable).retry_after(LATER)
            }
        })
    }
}
