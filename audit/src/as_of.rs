//! Finds the position of a point in history through the auditor's index, for logs without dense positions.

use crate::{Entry, Filter, Ledger, Order};
use chrono::{DateTime, Utc};
use event_log::{
    Log,
    as_of::{AsOf, AsOfError, BinarySearch, CLOCK_SKEW_EVENTS, last_event_until},
};
use events::Position;

impl Ledger {
    /// The position up to which everything had happened at a point in history, see [`AsOf::position`].
    ///
    /// # Errors
    /// [`AsOfError::Future`], or the log or the index cannot be read.
    pub async fn position_of(
        &self,
        as_of: AsOf,
        log: &Log,
        now: DateTime<Utc>,
    ) -> Result<Position, AsOfError> {
        match as_of {
            AsOf::Time(time) if time <= now && !log.capabilities().dense_positions => {
                self.last_until(log, time).await
            }
            _ => as_of.position(log, now).await,
        }
    }

    /// Searches the index by time. Times of entries grow with their numbers only as far as the clocks of nodes agree.
    async fn last_until(&self, log: &Log, time: DateTime<Utc>) -> Result<Position, AsOfError> {
        let head = self.head().await?;
        let mut search = BinarySearch::up_to(head.chain.number);
        while let Some(number) = search.next_probe() {
            let entry = self.entry_number(number).await?;
            search.record(number, entry.is_some_and(|entry| entry.at <= time));
        }
        let mut found = search.found;
        let mut position = self.entry_number(found).await?.map_or(0, |entry| entry.position);
        loop {
            let after: Vec<Entry> =
                self.entries(&Filter::default(), Order::Oldest, found, CLOCK_SKEW_EVENTS).await?;
            match after.iter().rfind(|entry| entry.at <= time) {
                Some(entry) => (found, position) = (entry.number, entry.position),
                // Events that the notary has not indexed yet may be among them.
                None if after.len() < CLOCK_SKEW_EVENTS => {
                    let tail = last_event_until(log, head.position, time).await?;
                    return Ok(if tail > head.position { tail } else { position });
                }
                None => return Ok(position),
            }
        }
    }
}
