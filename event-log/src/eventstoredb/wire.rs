//! Calls to the server in the log's terms: stream names with namespace, limits, deadlines, retries of reads.

use super::{address::Address, connection::Connection, failure::Failure};
use crate::{NewEvent, RawEvent, ReadError};
use bytes::Bytes;
use events::{EventId, Position, Revision, StreamName};
use eventstore::{
    AppendToStreamOptions, Client, EventData, ExpectedRevision, ReadAllOptions, ReadStream,
    ReadStreamOptions, RecordedEvent, StreamPosition,
};
use serde_json::value::RawValue;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// Pause before the first retry of a read; it doubles up to [`LONGEST_PAUSE`].
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(10);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_millis(250);
/// Numbers on the wire are signed: there is nothing beyond this one.
const MAX_NUMBER: u64 = i64::MAX.cast_unsigned();

/// Result of a write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    /// Revision of the last event.
    pub(super) last: Revision,
    /// Position of the last event; 0 if the server did not return it.
    pub(super) position: Position,
}

/// A page of the whole log.
#[derive(Debug)]
pub(super) struct Page {
    /// Events of this log, in the order of reading.
    pub(super) events: Vec<RawEvent>,
    /// Position of the first record on the page, of this log or not.
    pub(super) scanned_from: Option<Position>,
    /// Position of the last record on the page.
    pub(super) scanned_until: Option<Position>,
    /// Nothing follows the page.
    pub(super) ended: bool,
}

/// Calls to one server or cluster.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) connection: Connection,
    /// Prefix of the names of this log's streams.
    prefix: String,
    /// Prefix of the names of the streams of claims, which are not part of the log.
    claims: String,
    /// Deadline of one call.
    within: Duration,
    /// How long reads are retried.
    give_up_after: Duration,
}

impl Wire {
    /// Opens calls to an address.
    ///
    /// # Errors
    /// See [`Connection::new`].
    pub(super) async fn open(
        address: Address,
        within: Duration,
        give_up_after: Duration,
    ) -> Result<Self, ReadError> {
        let prefix = format!("{}.", address.namespace);
        let claims = format!("{}-command-", address.namespace);
        Ok(Self { connection: Connection::new(address).await?, prefix, claims, within, give_up_after })
    }

    /// Name of a stream on the server.
    pub(super) fn named(&self, stream: &StreamName) -> String {
        format!("{}{stream}", self.prefix)
    }

    /// Name of the stream with a command's claims on the server.
    pub(super) fn claims_of(&self, command: Uuid) -> String {
        format!("{}{}", self.claims, command.simple())
    }

    /// Appends events at a revision, all or none; does not retry.
    ///
    /// # Errors
    /// See [`Failure`].
    pub(super) async fn append(
        &self,
        stream: String,
        first: Revision,
        events: Vec<EventData>,
    ) -> Result<Written, Failure> {
        // Always exact: only then does the server recognise a repeat for ever and report conflicts reliably.
        let expected = first.checked_sub(1).map_or(ExpectedRevision::NoStream, ExpectedRevision::Exact);
        let options = AppendToStreamOptions::default()
            .expected_revision(expected)
            .requires_leader(true)
            .deadline(self.within);
        let call =
            async move |client: eventstore::Client| client.append_to_stream(stream, &options, events).await;
        let written = self.connection.call(self.within, call).await?;
        Ok(Written { last: written.next_expected_version, position: written.position.commit })
    }

    /// Reads up to `limit` events of a stream from a revision on; empty if there is no such stream.
    ///
    /// # Errors
    /// See [`Failure`]; after retries.
    pub(super) async fn forward(
        &self,
        stream: &str,
        from: Revision,
        limit: usize,
    ) -> Result<Vec<Record>, Failure> {
        if limit == 0 || from > MAX_NUMBER {
            return Ok(Vec::new());
        }
        let options = ReadStreamOptions::default().position(StreamPosition::Position(from)).forwards();
        self.read_stream(stream, options.max_count(limit)).await
    }

    /// Revision of a stream's last event.
    ///
    /// # Errors
    /// See [`Failure`]; after retries.
    pub(super) async fn last(&self, stream: &str) -> Result<Option<Revision>, Failure> {
        let options = ReadStreamOptions::default().position(StreamPosition::End).backwards();
        let last = self.read_stream(stream, options.max_count(1)).await?;
        Ok(last.first().map(|record| record.revision))
    }

    async fn read_stream(&self, stream: &str, options: ReadStreamOptions) -> Result<Vec<Record>, Failure> {
        let options = options.requires_leader(true).deadline(self.within);
        let mut patience = RetrySchedule::of(self.give_up_after);
        loop {
            let (stream, options) = (stream.to_owned(), options.clone());
            let call =
                |client: Client| async move { all_of(client.read_stream(stream, &options).await?).await };
            match self.connection.call(self.within, call).await {
                Err(Failure::Missing) => return Ok(Vec::new()),
                Err(failure) => patience.rest(failure).await?,
                read => return read,
            }
        }
    }

    /// Reads up to `count` records after a position.
    ///
    /// # Errors
    /// See [`Failure`]; after retries.
    pub(super) async fn all_after(&self, after: Position, count: usize) -> Result<Page, Failure> {
        if after > MAX_NUMBER {
            return Ok(Page { events: Vec::new(), scanned_from: None, scanned_until: None, ended: true });
        }
        let start = match after {
            0 => StreamPosition::Start,
            commit => StreamPosition::Position(eventstore::Position { commit, prepare: commit }),
        };
        // The server returns the record at the position too: one more than wanted.
        let options = ReadAllOptions::default().forwards().position(start).max_count(count + 1);
        let records = self.read_all(options).await?;
        let ended = records.len() <= count;
        let behind = records.into_iter().filter(|record| record.position > after);
        Ok(self.page(behind.collect(), ended))
    }

    /// The event at a position, if it belongs to this log.
    ///
    /// # Errors
    /// See [`Failure`]; after retries.
    pub(super) async fn all_at(&self, position: Position) -> Result<Option<RawEvent>, Failure> {
        if position == 0 || position > MAX_NUMBER {
            return Ok(None);
        }
        let start = StreamPosition::Position(eventstore::Position { commit: position, prepare: position });
        let records =
            self.read_all(ReadAllOptions::default().forwards().position(start).max_count(1)).await?;
        let found = records.into_iter().find(|record| record.position == position);
        Ok(found.and_then(|record| self.ours(record)))
    }

    /// Reads up to `count` records before a position (`None`: from the end), latest first.
    ///
    /// # Errors
    /// See [`Failure`]; after retries.
    pub(super) async fn all_before(&self, before: Option<Position>, count: usize) -> Result<Page, Failure> {
        let start = match before {
            None => StreamPosition::End,
            Some(commit) => StreamPosition::Position(eventstore::Position { commit, prepare: commit }),
        };
        let options = ReadAllOptions::default().backwards().position(start).max_count(count);
        let records = self.read_all(options).await?;
        let ended = records.len() < count;
        Ok(self.page(records, ended))
    }

    fn page(&self, records: Vec<Record>, ended: bool) -> Page {
        let scanned_from = records.first().map(|record| record.position);
        let scanned_until = records.last().map(|record| record.position);
        let events = records.into_iter().filter_map(|record| self.ours(record)).collect();
        Page { events, scanned_from, scanned_until, ended }
    }

    async fn read_all(&self, options: ReadAllOptions) -> Result<Vec<Record>, Failure> {
        let options = options.requires_leader(true).deadline(self.within);
        let mut patience = RetrySchedule::of(self.give_up_after);
        loop {
            let options = options.clone();
            let call = |client: Client| async move { all_of(client.read_all(&options).await?).await };
            match self.connection.call(self.within, call).await {
                Err(failure) => patience.rest(failure).await?,
                read => return read,
            }
        }
    }

    /// The record as an event of this log, without the namespace; `None` if it is not one.
    pub(super) fn ours(&self, record: Record) -> Option<RawEvent> {
        let name = record.stream.strip_prefix(&self.prefix)?;
        Some(RawEvent {
            position: record.position,
            stream: StreamName::stored(name.to_owned()),
            revision: record.revision,
            id: record.id,
            kind: record.kind,
            data: record.data,
            meta: record.meta,
        })
    }
}

/// Retry schedule for reads, which change nothing and so may be repeated.
struct RetrySchedule {
    until: Instant,
    pause: Duration,
}

impl RetrySchedule {
    fn of(time: Duration) -> Self {
        Self { until: Instant::now() + time, pause: FIRST_PAUSE }
    }

    /// Waits before the next attempt, or returns the failure.
    async fn rest(&mut self, failure: Failure) -> Result<(), Failure> {
        if !failure.is_passing() || Instant::now() + self.pause >= self.until {
            return Err(failure);
        }
        tracing::debug!(?failure, "retrying a read of EventStoreDB");
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}

/// A record as the server returns it.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) stream: String,
    pub(super) position: Position,
    pub(super) revision: Revision,
    pub(super) id: EventId,
    pub(super) kind: String,
    pub(super) data: Bytes,
    pub(super) meta: Bytes,
}

impl From<&mut RecordedEvent> for Record {
    fn from(event: &mut RecordedEvent) -> Self {
        Self {
            stream: std::mem::take(&mut event.stream_id),
            position: event.position.commit,
            revision: event.revision,
            id: EventId(event.id),
            kind: std::mem::take(&mut event.event_type),
            data: std::mem::take(&mut event.data),
            meta: std::mem::take(&mut event.custom_metadata),
        }
    }
}

async fn all_of(mut answers: ReadStream) -> eventstore::Result<Vec<Record>> {
    let mut records = Vec::new();
    while let Some(mut resolved) = answers.next().await? {
        if let Some(event) = &mut resolved.event {
            records.push(Record::from(event));
        }
    }
    Ok(records)
}

/// A record for the server, declared JSON where it is, so that the server's own tools can show it.
pub(super) fn to_store(event: &NewEvent) -> EventData {
    let json = serde_json::from_slice::<&RawValue>(&event.data).ok();
    let verbatim = json.filter(|value| value.get().len() == event.data.len());
    let data = verbatim.and_then(|value| EventData::json(&event.kind, &value).ok());
    let data = data.unwrap_or_else(|| EventData::binary(&event.kind, event.data.clone()));
    data.id(event.id.0).metadata(event.meta.clone())
}
