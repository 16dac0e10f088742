//! One append, retried until its outcome is known or its time is up.
//!
//! The server always gets an exact revision. So of all attempts at one revision exactly one succeeds, an attempt may
//! be repeated after any failure, and a conflict is reliable. The common append decision then says from the stored
//! events what the conflict means.

use super::{
    failure::Failure,
    shared::Shared,
    wire::{FIRST_PAUSE, LONGEST_PAUSE, Record, Written, to_store},
};
use crate::{
    Append, AppendError, Appended, Cause, Receipt,
    decision::{AppendDecision, AppendFacts, decide, fixed_first_revision},
};
use events::{Position, Revision};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Highest revision on the wire.
const MAX_REVISION: Revision = i64::MAX.cast_unsigned();

/// An append in progress.
pub(super) struct Job<'a> {
    pub(super) shared: &'a Shared,
    pub(super) append: &'a Append,
    /// Name of the stream on the server.
    pub(super) name: String,
    /// Another caller may be writing the same events.
    pub(super) may_be_shared: bool,
    /// The caller's expectation does not hold, or may not hold: read before writing.
    pub(super) must_read: bool,
    until: Instant,
    pause: Duration,
    /// An attempt got no answer.
    in_doubt: bool,
    /// First revision at which that attempt would have put the events.
    tried: Option<Revision>,
    /// Highest position known to be stored before this append began.
    seen_before: Position,
}

/// Where to write, or the outcome if there is nothing to write.
pub(super) enum WriteTarget {
    Free(Revision),
    Taken(Result<Appended, AppendError>),
}

impl<'a> Job<'a> {
    pub(super) fn new(shared: &'a Shared, append: &'a Append) -> Self {
        Self {
            shared,
            append,
            name: shared.wire.named(&append.stream),
            may_be_shared: false,
            must_read: false,
            until: Instant::now() + shared.settings.give_up_after,
            pause: FIRST_PAUSE,
            in_doubt: false,
            tried: None,
            seen_before: shared.seen(),
        }
    }

    /// Runs an append without a command.
    pub(super) async fn run(mut self) -> Result<Appended, AppendError> {
        loop {
            let first = match self.target().await? {
                WriteTarget::Free(first) => first,
                WriteTarget::Taken(settled) => return settled,
            };
            if let Some(appended) = self.write(first).await? {
                return Ok(appended);
            }
        }
    }

    /// First revision for the events: derived from the expectation without reading, unless there is a reason to read.
    pub(super) async fn target(&self) -> Result<WriteTarget, AppendError> {
        if let (Some(first @ 0..=MAX_REVISION), false) =
            (fixed_first_revision(self.append.expected, None), self.must_read)
        {
            return Ok(WriteTarget::Free(first));
        }
        Ok(match self.look(None).await? {
            AppendDecision::Write(first) => WriteTarget::Free(first),
            AppendDecision::Repeat(appended) => WriteTarget::Taken(Ok(appended)),
            AppendDecision::Refuse(error) => WriteTarget::Taken(Err(error)),
        })
    }

    /// Decides about the append from the stored events and the command's receipt.
    pub(super) async fn look(&self, receipt: Option<&Receipt>) -> Result<AppendDecision, AppendError> {
        let wire = &self.shared.wire;
        let count = self.append.events.len();
        let unread = |failure: Failure| failure.of_appending(self.in_doubt);
        let last = wire.last(&self.name).await.map_err(unread)?;
        if let Some(last) = last {
            self.shared.grown(&self.append.stream, last);
        }
        let first = fixed_first_revision(self.append.expected, self.tried)
            .or_else(|| (last? + 1).checked_sub(count as u64))
            .filter(|first| last.is_some_and(|last| *first <= last));
        let stored = match first {
            Some(first) => wire.forward(&self.name, first, count).await.map_err(unread)?,
            None => Vec::new(),
        };
        let at = |revision: Revision| {
            let index = usize::try_from(revision.checked_sub(first?)?).ok()?;
            stored.get(index).map(|record| (record.id, record.position))
        };
        Ok(decide(self.append, AppendFacts { last, receipt, tried: self.tried }, at))
    }

    /// Makes one attempt; `None`: read, and perhaps retry.
    pub(super) async fn write(&mut self, first: Revision) -> Result<Option<Appended>, AppendError> {
        let events = self.append.events.iter().map(to_store).collect();
        match self.shared.wire.append(self.name.clone(), first, events).await {
            Ok(written) => self.written(written).await.map(Some),
            Err(Failure::Conflict(actual)) => {
                if let Some(actual) = actual {
                    self.shared.grown(&self.append.stream, actual);
                }
                self.must_read = true;
                Ok(None)
            }
            Err(failure) => {
                if matches!(failure, Failure::Lost(_)) {
                    self.in_doubt = true;
                    self.tried = Some(first);
                }
                self.rest(failure).await.map(|()| None)
            }
        }
    }

    /// Waits before the next attempt, or fails if the time is up.
    pub(super) async fn rest(&mut self, failure: Failure) -> Result<(), AppendError> {
        if !failure.is_passing() || Instant::now() + self.pause >= self.until {
            tracing::error!(?failure, stream = %self.append.stream, "giving up an append");
            return Err(failure.of_appending(self.in_doubt));
        }
        tracing::warn!(?failure, stream = %self.append.stream, "retrying an append");
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }

    /// The answer to the caller. The server returns the last event's position only, so the first one's is read.
    async fn written(&self, written: Written) -> Result<Appended, AppendError> {
        let count = self.append.events.len();
        let corrupt = || AppendError::Unknown(Cause::new("the server's answer does not fit the append"));
        let first_revision = (written.last + 1).checked_sub(count as u64).ok_or_else(corrupt)?;
        let (first_position, position) = match (count, written.position) {
            (1, position @ 1..) => (position, position),
            _ => {
                let stored = self.shared.wire.forward(&self.name, first_revision, count).await;
                let stored = stored.map_err(|failure| failure.of_appending(true))?;
                let found = stored.iter().zip(&self.append.events).filter(|(at, event)| at.id == event.id);
                if found.count() != count {
                    return Err(corrupt());
                }
                (place_of(stored.first()), place_of(stored.last()))
            }
        };
        let shared = self.shared;
        shared.grown(&self.append.stream, written.last);
        let first_to_hear = shared.answered(position);
        shared.saw(position);
        Ok(Appended {
            stream: self.append.stream.clone(),
            first_revision,
            last_revision: written.last,
            first_position,
            position,
            repeated: self.may_be_shared || position <= self.seen_before || !first_to_hear,
        })
    }
}

fn place_of(record: Option<&Record>) -> Position {
    record.map_or(0, |record| record.position)
}
