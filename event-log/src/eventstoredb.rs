//! The log in EventStoreDB (or KurrentDB), over gRPC with the crate `eventstore`; nothing outside this folder uses
//! that crate.
//!
//! **Positions** are commit positions of `$all`. A record written over gRPC has its own place in the server's
//! transaction file, also among several records of one append, and its commit and prepare position are that place:
//! each event has one number, unique and growing, with gaps. (Events of one *explicit* transaction of the old TCP
//! protocol share a position; nothing writes such.) The first record of a log is the server's own, so 0 is before
//! everything.
//!
//! **Streams** are named `{namespace}.{stream}`. Streams with other names, system streams above all, are not part of
//! the log and are skipped, so several logs can share a server.
//!
//! **Commands** are claimed before they are carried out, see [`claims`]. If two processes append the same events
//! without a command at the same moment, both may be answered as the first writer: the server answers a repeat like a
//! first write.
//!
//! **Subscriptions** read, as in the other adapters, woken by appends and the bus. The client's own subscription is
//! not used: it spins for ever on a stream that the server ends regularly, and its checkpoints can name a position
//! that a later event takes. `batch_append` is not used either: one conflict ends the session with everything in
//! flight.

mod address;
mod appending;
mod claims;
mod connection;
mod failure;
mod handshake;
mod nodelay;
mod relay;
mod settings;
mod shared;
mod wire;

use crate::{
    Append, AppendError, Appended, Capabilities, Cause, RawEvent, ReadError, Receipt, head::KnownHead,
};
pub use connection::install_tls_provider;
pub use settings::EventStoreDbSettings;

use address::Address;
use appending::Job;
use events::{CommandId, Position, Revision, StreamName};
use settings::MAX_SERVER_BYTES;
use shared::Shared;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use wire::Wire;

/// Minimum and maximum number of events per read: events of others may be among them.
const PAGE: std::ops::RangeInclusive<usize> = 32..=1_000;

/// A log in EventStoreDB. Clones share one connection.
#[derive(Clone, Debug)]
pub struct EventStoreDbLog {
    shared: Arc<Shared>,
}

impl EventStoreDbLog {
    /// Opens a log by URL: `esdb://[user:password@]host[:port][?tls=false&namespace=veche&…]`, several hosts separated
    /// by commas for a cluster, or `esdb+discover://name` for a cluster behind a DNS name. The client's own parameters
    /// are passed on.
    ///
    /// # Errors
    /// The URL is wrong, or the server is not available.
    pub async fn open(url: &str, settings: EventStoreDbSettings) -> Result<Self, ReadError> {
        let address = Address::parse(url).map_err(|error| ReadError::Unavailable(Cause::new(error)))?;
        address.check_files().map_err(|problem| ReadError::Unavailable(Cause::new(problem)))?;
        match Self::open_at(address.clone(), settings).await {
            Err(error) => match handshake::explain(&address).await {
                Some(why) => Err(ReadError::Unavailable(Cause::new(why))),
                None => Err(error),
            },
            opened => opened,
        }
    }

    async fn open_at(address: Address, settings: EventStoreDbSettings) -> Result<Self, ReadError> {
        let wire = Wire::open(address, settings.within, settings.give_up_after).await?;
        let shared = Shared::new(wire, settings);
        let log = Self { shared: Arc::new(shared) };
        // Also warms up: a client's first call takes as long as several.
        log.head().await?;
        Ok(log)
    }

    /// Checks a URL and the files that it names without connecting.
    ///
    /// # Errors
    /// A description of what is wrong, without the URL's password.
    pub fn check_url(url: &str) -> Result<(), String> {
        Address::parse(url).map_err(|error| error.to_string())?.check_files()
    }

    /// Whether two URLs lead to the same log as far as the URLs tell: nodes may have several names.
    pub fn same_log(one: &str, other: &str) -> bool {
        let (one, other) = (Address::parse(one), Address::parse(other));
        one.is_ok_and(|one| other.is_ok_and(|other| one.same_log(&other)))
    }

    /// Version of the server.
    ///
    /// # Errors
    /// The server is not available.
    pub async fn server_version(&self) -> Result<String, ReadError> {
        let call = |client: eventstore::Client| async move { client.server_info().await };
        let info = self.shared.wire.connection.call(self.shared.settings.within, call).await;
        Ok(info.map_err(failure::Failure::of_reading)?.version().to_string())
    }

    /// Number of clients created so far: one, plus one for each replacement.
    #[cfg(feature = "testing")]
    pub fn clients_made(&self) -> u32 {
        self.shared.wire.connection.clients_made()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the log is below platform, and the task ends with its append"
    )]
    pub(crate) async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let (size, limit) = (append.size(), MAX_SERVER_BYTES);
        if size > limit {
            return Err(AppendError::TooLarge { what: "bytes of an append", size, limit });
        }
        let closed = || AppendError::Unavailable(Cause::new("the log is closed"));
        let open = self.shared.open.clone().try_read_owned().ok().filter(|open| **open).ok_or_else(closed)?;
        let kib = u32::try_from(size / 1024 + 1).unwrap_or(u32::MAX);
        let slot = self.shared.appends.clone().try_acquire_owned().map_err(|_| AppendError::Overloaded)?;
        let room =
            self.shared.budget.clone().try_acquire_many_owned(kib).map_err(|_| AppendError::Overloaded)?;
        let shared = self.shared.clone();
        // A task of its own: a caller that leaves between claim and events would leave the claim open.
        let work = tokio::spawn(async move {
            let job = Job::new(&shared, &append);
            let outcome = match append.command {
                None => job.run().await,
                Some(command) => claims::append(job, command).await,
            };
            drop((open, slot, room));
            outcome
        });
        work.await.unwrap_or_else(|error| Err(AppendError::Unknown(Cause::new(error))))
    }

    pub(crate) async fn read_stream(
        &self,
        stream: &StreamName,
        from: Revision,
        limit: usize,
    ) -> Result<Vec<RawEvent>, ReadError> {
        let wire = &self.shared.wire;
        let records =
            wire.forward(&wire.named(stream), from, limit).await.map_err(failure::Failure::of_reading)?;
        if let Some(last) = records.last() {
            self.shared.grown(stream, last.revision);
            self.shared.saw(last.position);
        }
        Ok(records.into_iter().filter_map(|record| wire.ours(record)).collect())
    }

    pub(crate) async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<RawEvent>, ReadError> {
        let mut from = self.shared.resume_scan_after(after);
        let mut events: Vec<RawEvent> = Vec::new();
        while events.len() < limit {
            let count = (limit - events.len()).clamp(*PAGE.start(), *PAGE.end());
            let page = self.shared.wire.all_after(from, count).await.map_err(failure::Failure::of_reading)?;
            events.extend(page.events);
            from = page.scanned_until.unwrap_or(from);
            if page.ended {
                break;
            }
        }
        events.truncate(limit);
        match events.last() {
            Some(last) => self.shared.saw(last.position),
            None => self.shared.note_empty_range(after, from),
        }
        Ok(events)
    }

    /// One call per position: for many consecutive positions use [`Self::read_all`].
    pub(crate) async fn read_at(&self, positions: &BTreeSet<Position>) -> Result<Vec<RawEvent>, ReadError> {
        let mut events = Vec::with_capacity(positions.len());
        for position in positions {
            let found = self.shared.wire.all_at(*position).await.map_err(failure::Failure::of_reading)?;
            events.extend(found);
        }
        Ok(events)
    }

    /// Reads backwards from the end to the last event of this log, or to where the previous call began.
    pub(crate) async fn head(&self) -> Result<Position, ReadError> {
        let before = self.shared.tail();
        let mut tail = before;
        let (mut from, mut count) = (None, *PAGE.start());
        loop {
            let page =
                self.shared.wire.all_before(from, count).await.map_err(failure::Failure::of_reading)?;
            if from.is_none() {
                tail.scanned_until = page.scanned_from.unwrap_or_default().max(tail.scanned_until);
            }
            if let Some(last) = page.events.first() {
                tail.head = last.position.max(tail.head);
                break;
            }
            if page.ended || page.scanned_until.is_none_or(|until| until <= before.scanned_until) {
                break;
            }
            (from, count) = (page.scanned_until, *PAGE.end());
        }
        self.shared.saw_tail(tail);
        Ok(tail.head)
    }

    pub(crate) async fn receipt(&self, command: CommandId) -> Result<Option<Receipt>, ReadError> {
        claims::receipt(&self.shared, command).await
    }

    pub(crate) fn known_head(&self) -> &KnownHead {
        &self.shared.head
    }

    pub(crate) fn capabilities() -> Capabilities {
        Capabilities {
            dense_positions: false,
            same_transaction_receipts: false,
            largest_append: MAX_SERVER_BYTES,
        }
    }

    pub(crate) async fn close(&self) {
        // Waits for the appends in flight; new ones are refused meanwhile.
        *self.shared.open.write().await = false;
    }

    pub(crate) fn poll_interval(&self) -> Duration {
        self.shared.settings.poll
    }
}
