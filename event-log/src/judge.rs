//! The one decision of the log: whether an append is written, was written before, or is refused. Pure.
//!
//! How a repeat is found: by the receipt of its command, else by its event ids, compared with those stored where the
//! append would have put them. For an exact expectation that place is fixed, so the answer is the same for ever; for
//! the loose ones it is the end of the stream. All ids must match: an append that overlaps in part is refused.
//! An index over all event ids would find more, at the price of a second unique index on every event ever written.

use crate::{Append, AppendError, Appended, Expected, Receipt};
use events::{EventId, Position, Revision};

/// What to do with an append.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Store it, from this revision on.
    Write(Revision),
    /// It is there already.
    Repeat(Appended),
    /// Say no.
    Refuse(AppendError),
}

/// What the log knows that bears on one append.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known<'a> {
    /// Revision of the stream's last event.
    pub(crate) last: Option<Revision>,
    /// What is kept about the append's command.
    pub(crate) receipt: Option<&'a Receipt>,
    /// The first revision of an attempt to store this very append whose outcome was not heard.
    pub(crate) tried: Option<Revision>,
}

/// Decides; `stored` tells which event is at a revision of the append's stream.
pub(crate) fn judge(
    append: &Append,
    known: Known<'_>,
    stored: impl Fn(Revision) -> Option<(EventId, Position)>,
) -> Verdict {
    if let (Some(command), Some(receipt)) = (append.command, known.receipt) {
        let same = receipt.fingerprint == command.fingerprint && receipt.stream == append.stream;
        return if same {
            Verdict::Repeat(receipt.repeated())
        } else {
            Verdict::Refuse(AppendError::CommandReused)
        };
    }
    if let Some(earlier) = earlier(append, known, stored) {
        return Verdict::Repeat(earlier);
    }
    let Some(last) = known.last else {
        return match append.expected {
            Expected::NoStream | Expected::Any => Verdict::Write(0),
            Expected::Revision(_) | Expected::Exists => conflict(append, None),
        };
    };
    match append.expected {
        Expected::Exists | Expected::Any => Verdict::Write(last + 1),
        Expected::Revision(expected) if expected == last => Verdict::Write(last + 1),
        Expected::NoStream | Expected::Revision(_) => conflict(append, Some(last)),
    }
}

/// The revision where an append's events are if it was stored before, `None` where only the end of the stream tells.
pub(crate) fn fixed_place(expected: Expected, tried: Option<Revision>) -> Option<Revision> {
    match expected {
        Expected::NoStream => Some(0),
        Expected::Revision(revision) => Some(revision.saturating_add(1)),
        Expected::Exists | Expected::Any => tried,
    }
}

fn conflict(append: &Append, actual: Option<Revision>) -> Verdict {
    Verdict::Refuse(AppendError::Conflict {
        stream: append.stream.clone(),
        expected: append.expected,
        actual,
    })
}

fn earlier(
    append: &Append,
    known: Known<'_>,
    stored: impl Fn(Revision) -> Option<(EventId, Position)>,
) -> Option<Appended> {
    let last = known.last?;
    let count = append.events.len() as u64;
    let first_revision =
        fixed_place(append.expected, known.tried).or_else(|| (last + 1).checked_sub(count))?;
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
