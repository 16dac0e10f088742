//! One batch of events being applied: the transaction, what is told, and what is to be done outside.

use crate::{effects::plan::Planned, feed::Outbox, withdrawn::Withdrawn};
use events::{Event, EventId, Meta, Position, Recorded};
use protocol::notice::{Audience, Notice, Scope};
use secrets::row_mac::RowMac;
use sqlx::PgConnection;

/// The work of one transaction.
pub(crate) struct Batch<'c> {
    /// The transaction.
    pub(crate) db: &'c mut PgConnection,
    /// Makes the codes of rows that give rights.
    pub(crate) row_mac: &'c RowMac,
    /// What is told.
    pub(crate) outbox: Outbox,
    /// Whether anything is done outside.
    pub(crate) plans_effects: bool,
    /// What is to be done outside.
    pub(crate) planned: Vec<Planned>,
    /// Texts that authors took back.
    pub(crate) withdrawn: Vec<Withdrawn>,
    /// Accounts and teams made so far: the next one's colour.
    pub(crate) colour_counter: i64,
}

/// Versions of one microsecond: what ns leave room for.
const VERSIONS: u64 = 1_000;

/// Where an event stands and what is known about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventContext<'e> {
    /// Its position.
    pub(crate) position: Position,
    /// Tells it from others of the same microsecond, whichever log holds it.
    salt: u64,
    /// Its id.
    pub(crate) event: EventId,
    /// Who, when, why.
    pub(crate) meta: &'e Meta,
}

impl<'e> EventContext<'e> {
    /// Of an event as it was read.
    pub(crate) fn of(recorded: &'e Recorded<Event>) -> Self {
        let bytes = recorded.stream.as_str().bytes();
        let stream = bytes.fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let salt = (stream % VERSIONS + recorded.revision % VERSIONS) % VERSIONS;
        Self { position: recorded.position, salt, event: recorded.id, meta: &recorded.meta }
    }

    /// The version that the event gives to what it changes: ns since 1970, different for all events of an append, and
    /// the same after the history has moved to another log, where positions are others. Rows take the greater of
    /// this and their own version plus one, since clocks of nodes differ.
    pub(crate) fn gentime(&self) -> i64 {
        let micros = self.meta.at.timestamp_micros();
        micros * VERSIONS.cast_signed() + self.salt.cast_signed()
    }

    /// The position as the database keeps it.
    pub(crate) fn db_position(&self) -> i64 {
        self.position.cast_signed()
    }
}

impl Batch<'_> {
    /// Whether anybody is told of an event.
    pub(crate) fn wants_notices(&mut self, ctx: EventContext<'_>) -> bool {
        self.outbox.wants_notices(ctx.position, ctx.meta.at)
    }

    /// Adds a notice.
    pub(crate) fn emit(&mut self, ctx: EventContext<'_>, scope: Scope, audience: Audience, notice: Notice) {
        self.outbox.emit((ctx.position, ctx.meta.at), scope, audience, notice);
    }

    /// The colour of the account or team that comes to be now.
    pub(crate) fn next_colour(&mut self) -> i16 {
        let colour = self.colour_counter % i64::try_from(domain::icon::COLOURS.len()).unwrap_or(1);
        self.colour_counter += 1;
        i16::try_from(colour).unwrap_or(0)
    }
}
