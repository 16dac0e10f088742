//! The append decision: write, recognise as a repeat, or refuse. Pure.
//!
//! A repeat is found by the receipt of its command, else by comparing its event ids with the stored ones at the
//! revisions where the append would have put them. An exact expectation fixes those revisions, so the answer never
//! changes; a loose expectation looks at the end of the stream. All ids must match: a partial overlap is refused. An
//! index over all event ids would find more repeats, at the price of a second unique index on every event.

use crate::{Append, AppendError, Appended, Expected, Receipt};
use events::{EventId, Position, Revision};

/// Decision about an append.
#[derive(Debug)]
pub(crate) enum AppendDecision {
    /// Store the events, beginning at this revision.
    Write(Revision),
    /// The events are stored already.
    Repeat(Appended),
    /// Refuse the append.
    Refuse(AppendError),
}

/// Facts about the stream and the command that decide one append.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AppendFacts<'a> {
    /// Revision of the stream's last event.
    pub(crate) last: Option<Revision>,
    /// Receipt of the append's command.
    pub(crate) receipt: Option<&'a Receipt>,
    /// First revision of an earlier attempt to store this append whose outcome is unknown.
    pub(crate) tried: Option<Revision>,
}

/// Decides about an append; `stored` returns the event at a revision of the append's stream.
pub(crate) fn decide(
    append: &Append,
    known: AppendFacts<'_>,
    stored: impl Fn(Revision) -> Option<(EventId, Position)>,
) -> AppendDecision {
    if let (Some(command), Some(receipt)) = (append.command, known.receipt) {
        let same = receipt.fingerprint == command.fingerprint && receipt.stream == append.stream;
        return if same {
            AppendDecision::Repeat(receipt.repeated())
        } else {
            AppendDecision::Refuse(AppendError::CommandReused)
        };
    }
    if let Some(earlier) = earlier(append, known, stored) {
        return AppendDecision::Repeat(earlier);
    }
    let Some(last) = known.last else {
        return match append.expected {
            Expected::NoStream | Expected::Any => AppendDecision::Write(0),
            Expected::Revision(_) | Expected::Exists => conflict(append, None),
        };
    };
    match append.expected {
        Expected::Exists | Expected::Any => AppendDecision::Write(last + 1),
        Expected::Revision(expected) if expected == last => AppendDecision::Write(last + 1),
        Expected::NoStream | Expected::Revision(_) => conflict(append, Some(last)),
    }
}

/// First revision at which an earlier copy of the append would stand; `None` if only the end of the stream can tell.
pub(crate) fn fixed_first_revision(expected: Expected, tried: Option<Revision>) -> Option<Revision> {
    match expected {
        Expected::NoStream => Some(0),
        Expected::Revision(revision) => Some(revision.saturating_add(1)),
        Expected::Exists | Expected::Any => tried,
    }
}

fn conflict(append: &Append, actual: Option<Revision>) -> AppendDecision {
    AppendDecision::Refuse(AppendError::Conflict {
        stream: append.stream.clone(),
        expected: append.expected,
        actual,
    })
}

fn earlier(
    append: &Append,
    known: AppendFacts<'_>,
    stored: impl Fn(Revision) -> Option<(EventId, Position)>,
) -> Option<Appended> {
    let last = known.last?;
    let count = append.events.len() as u64;
    let first_revision =
        fixed_first_revision(append.expected, known.tried).or_else(|| (last + 1).checked_sub(count))?;
    let last_revision = first_revision.checked_add(count)?.checked_sub(1)?;
    let mut positions = Vec::with_capacity(append.events.len());
    for (revision, event) in (first_revision..=last_revision).zip(&append.events) {
        let (id, position) = stored(revision)?;
        if id != event.id {
            return None;
        }
        positions.push(position);
    }
    Some(Appended {
        stream: append.stream.clone(),
        first_revision,
        last_revision,
        first_position: *positions.first()?,
        position: *positions.last()?,
        repeated: true,
    })
}
