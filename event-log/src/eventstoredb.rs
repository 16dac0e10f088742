//! The log in EventStoreDB (or KurrentDB), over gRPC, with the crate `eventstore`: nothing outside this folder knows it.
//!
//! **Positions** are commit positions of `$all`. A record that gRPC wrote has its own place in the server's transaction
//! file, also among several of one append, and its commit and prepare position are that place: so each event has one
//! number, unique and growing, with gaps. (Events of one *explicit* transaction of the old TCP protocol share one; nothing
//! writes such.) The first record of a log is the server's own, so 0 is before everything.
//!
//! **Streams** are named `{namespace}.{stream}`; what is named otherwise, system streams above all, is no part of the log
//! and is skipped. Several logs can so share a server.
//!
//! **Commands** are claimed before they are carried out, see [`claims`]. Of callers who append the same events without a
//! command, in two processes, at the same moment, both may be told that they were first: the server answers a repeat like
//! a first write.
//!
//! **Following** is done by reading, as in the other adapters, woken by appends and the bus. The client's own subscription
//! is not used: it spins for ever on a stream that the server ends in peace, and its checkpoints can name a position that a
//! later event takes. `batch_append` is not used either: one conflict ends the session with everything in flight.

mod address;
mod appending;
mod claims;
mod connection;
mod failure;
mod handshake;
mod nodelay;
mod relay;
mod shared;
mod wire;

use crate::{
    Append, AppendError, Appended, Capabilities, Cause, RawEvent, ReadError, Receipt, head::KnownHead,
};
pub use connection::install_tls_provider;

use address::Address;
use appending::Job;
use events::{CommandId, Position, Revision, StreamName};
use shared::Shared;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use wire::Wire;

/// The most payload of one append: the server takes 1 MiB unless told otherwise, and counts the names of kinds too.
pub(crate) const MAX_SERVER_BYTES: usize = (1 << 20) - (64 << 10);
/// The most events that are read at once, and the fewest: others' events may be among them.
const PAGE: std::ops::RangeInclusive<usize> = 32..=1_000;

/// How the adapter behaves; the defaults suit a server.
#[derive(Clone, Debug)]
pub struct EventStoreDbSettings {
    /// How long a subscription waits before it looks by itself. 100 ms.
    pub poll: Duration,
    /// The most appends that may be in flight; more are refused as overload. 8,192.
    pub queued_appends: usize,
    /// The most payload that may be in flight, in KiB. 64 MiB.
    pub queued_kib: usize,
    /// How long one call may take. 5 s.
    pub within: Duration,
    /// How long a call is tried again while the server is away or its answer is lost. 3 s.
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

/// A log in EventStoreDB. Clones are one log over one connection.
#[derive(Clone, Debug)]
pub struct EventStoreDbLog {
    shared: Arc<Shared>,
}

impl EventStoreDbLog {
    /// Opens a log: `esdb://[user:password@]host[:port][?tls=false&namespace=veche&…]`, several hosts with commas between
    /// them for a cluster, or `esdb+discover://name` for one that a DNS name leads to. The client's own parameters are
    /// passed on.
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
        // Also warms up: the first call of a client costs several.
        log.head().await?;
        Ok(log)
    }

    /// Says whether a URL can be one of a log, and the files that it names are there, without opening it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check_url(url: &str) -> Result<(), String> {
        Address::parse(url).map_err(|error| error.to_string())?.check_files()
    }

    /// Whether two URLs lead to one log, as far as they tell: nodes may have several names.
    pub fn same_log(one: &str, other: &str) -> bool {
        let (one, other) = (Address::parse(one), Address::parse(other));
        one.is_ok_and(|one| other.is_ok_and(|other| one.leads_where(&other)))
    }

    /// The version of the server.
    ///
    /// # Errors
    /// It is not available.
    pub async fn server_version(&self) -> Result<String, ReadError> {
        let call = |client: eventstore::Client| async move { client.server_info().await };
        let info = self.shared.wire.connection.call(self.shared.settings.within, call).await;
        Ok(info.map_err(failure::Failure::of_reading)?.version().to_string())
    }

    /// How many clients were made: one, and one more for each that was given up.
    #[cfg(feature = "testing")]
    pub fn clients_made(&self) -> u32 {
        self.shared.wire.connection.clients_made()
    }

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
        // A task of its own: a caller who leaves between claim and events would leave the claim open.
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
        let mut from = self.shared.nothing_of_ours_up_to(after);
        let mut events: Vec<RawEvent> = Vec::new();
        while events.len() < limit {
            let count = (limit - events.len()).clamp(*PAGE.start(), *PAGE.end());
            let page = self.shared.wire.all_after(from, count).await.map_err(failure::Failure::of_reading)?;
            events.extend(page.events);
            from = page.looked_until.unwrap_or(from);
            if page.ended {
                break;
            }
        }
        events.truncate(limit);
        match events.last() {
            Some(last) => self.shared.saw(last.position),
            None => self.shared.found_nothing(after, from),
        }
        Ok(events)
    }

    /// One call each: who asks for many that follow each other reads them with [`Self::read_all`].
    pub(crate) async fn read_at(&self, positions: &BTreeSet<Position>) -> Result<Vec<RawEvent>, ReadError> {
        let mut events = Vec::with_capacity(positions.len());
        for position in positions {
            let found = self.shared.wire.all_at(*position).await.map_err(failure::Failure::of_reading)?;
            events.extend(found);
        }
        Ok(events)
    }

    /// From the end backwards, to the last event of ours or to where the last look began.
    pub(crate) async fn head(&self) -> Result<Position, ReadError> {
        let before = self.shared.tail();
        let mut tail = before;
        let (mut from, mut count) = (None, *PAGE.start());
        loop {
            let page =
                self.shared.wire.all_before(from, count).await.map_err(failure::Failure::of_reading)?;
            if from.is_none() {
                tail.looked_until = page.looked_from.unwrap_or_default().max(tail.looked_until);
            }
            if let Some(last) = page.events.first() {
                tail.head = last.position.max(tail.head);
                break;
            }
            if page.ended || page.looked_until.is_none_or(|until| until <= before.looked_until) {
                break;
            }
            (from, count) = (page.looked_until, *PAGE.end());
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
        // Waits for the appends in flight; those that come meanwhile do not get in.
        *self.shared.open.write().await = false;
    }

    pub(crate) fn poll_interval(&self) -> Duration {
        self.shared.settings.poll
    }
}
