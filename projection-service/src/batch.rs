//! The transaction in which a batch of events is applied, and what the batch collects for its commit.

use crate::{effects::plan::Planned, feed::Outbox, withdrawn::Withdrawn};
use events::{Event, EventId, Meta, Position, Recorded};
use protocol::notice::{Audience, Notice, Scope};
use secrets::row_mac::RowMac;
use sqlx::PgConnection;
use std::str::FromStr;

/// The work of one transaction.
pub(crate) struct Batch<'c> {
    /// The open transaction.
    pub(crate) db: &'c mut PgConnection,
    /// Authenticates rows that grant rights.
    pub(crate) row_mac: &'c RowMac,
    pub(crate) outbox: Outbox,
    /// Whether effects are planned; false for read models that are not served.
    pub(crate) plans_effects: bool,
    pub(crate) planned: Vec<Planned>,
    /// Texts of messages that their authors deleted.
    pub(crate) withdrawn: Vec<Withdrawn>,
    /// Number of accounts and teams created so far; selects the colour of the next one.
    pub(crate) colour_counter: i64,
}

/// Row versions per microsecond: a version counts nanoseconds.
const VERSIONS_PER_MICROSECOND: u64 = 1_000;

/// The event being applied, without its payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventContext<'e> {
    pub(crate) position: Position,
    /// Distinguishes events of the same microsecond. Derived from stream and revision, so it is the same in every log.
    salt: u64,
    pub(crate) event: EventId,
    pub(crate) meta: &'e Meta,
}

impl<'e> EventContext<'e> {
    pub(crate) fn of(recorded: &'e Recorded<Event>) -> Self {
        let bytes = recorded.stream.as_str().bytes();
        let stream = bytes.fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let salt = (stream % VERSIONS_PER_MICROSECOND + recorded.revision % VERSIONS_PER_MICROSECOND)
            % VERSIONS_PER_MICROSECOND;
        Self { position: recorded.position, salt, event: recorded.id, meta: &recorded.meta }
    }

    /// The version that this event gives to the rows it changes: nanoseconds since 1970, distinct for the events of one
    /// append, and unchanged when the history is copied to a log with other positions. A row takes the greater of this
    /// value and its own version plus one, because the clocks of nodes differ.
    pub(crate) fn gentime(&self) -> i64 {
        let micros = self.meta.at.timestamp_micros();
        micros * VERSIONS_PER_MICROSECOND.cast_signed() + self.salt.cast_signed()
    }

    /// The position as the database stores it.
    pub(crate) fn db_position(&self) -> i64 {
        self.position.cast_signed()
    }
}

/// The id in the name of an event's stream; `None` if it does not parse.
pub(crate) fn stream_id<T: FromStr>(recorded: &Recorded<Event>) -> Option<T> {
    recorded.stream.id().parse().ok()
}

impl Batch<'_> {
    /// Whether notices of this event are written. Data that only notices need is looked up only then.
    pub(crate) fn wants_notices(&mut self, ctx: EventContext<'_>) -> bool {
        self.outbox.wants_notices(ctx.position, ctx.meta.at)
    }

    /// Adds a notice.
    pub(crate) fn emit(&mut self, ctx: EventContext<'_>, scope: Scope, audience: Audience, notice: Notice) {
        self.outbox.emit((ctx.position, ctx.meta.at), scope, audience, notice);
    }

    /// The colour of the account or team that is being created; colours are given in turn.
    pub(crate) fn next_colour(&mut self) -> i16 {
        let colour = self.colour_counter % i64::try_from(domain::icon::COLOURS.len()).unwrap_or(1);
        self.colour_counter += 1;
        i16::try_from(colour).unwrap_or(0)
    }
}
