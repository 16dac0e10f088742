//! Where a time leads in a log that can only be read from positions that are known: the index knows them all.

use crate::{Entry, Filter, Ledger, Order};
use chrono::{DateTime, Utc};
use event_log::Log;
use events::Position;
use platform::moment::{Halving, Moment, MomentError, SKEW, last_behind};

impl Ledger {
    /// The position up to which everything had happened at a moment: see [`Moment::position`].
    ///
    /// # Errors
    /// [`MomentError::Future`], or log or index could not be read.
    pub async fn position_of(
        &self,
        moment: Moment,
        log: &Log,
        now: DateTime<Utc>,
    ) -> Result<Position, MomentError> {
        match moment {
            Moment::Time(time) if time <= now && !log.capabilities().dense_positions => {
                self.last_until(log, time).await
            }
            _ => moment.position(log, now).await,
        }
    }

    /// Times of entries grow with their numbers only as far as the clocks of nodes agree.
    async fn last_until(&self, log: &Log, time: DateTime<Utc>) -> Result<Position, MomentError> {
        let head = self.head().await?;
        let mut search = Halving::up_to(head.chain.number);
        while let Some(number) = search.asks() {
            let entry = self.entry_number(number).await?;
            search.hears(number, entry.is_some_and(|entry| entry.at <= time));
        }
        let mut found = search.found;
        let mut position = self.entry_number(found).await?.map_or(0, |entry| entry.position);
        loop {
            let behind: Vec<Entry> = self.entries(&Filter::default(), Order::Oldest, found, SKEW).await?;
            match behind.iter().rfind(|entry| entry.at <= time) {
                Some(entry) => (found, position) = (entry.number, entry.position),
                // What it has not come to yet may be among it.
                None if behind.len() < SKEW => {
                    let tail = last_behind(log, head.position, time).await?;
                    return Ok(if tail > head.position { tail } else { position });
                }
                None => return Ok(position),
            }
        }
    }
}
