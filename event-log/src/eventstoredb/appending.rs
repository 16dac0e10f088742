//! One append, until it is settled or its time is up.
//!
//! The server is always given an exact revision. So of all attempts at one place one passes, an attempt can be repeated
//! after any failure, and a conflict is the truth; what the conflict means is judged as everywhere, from what is stored.

use super::{
    Shared,
    failure::Failure,
    wire::{FIRST_PAUSE, LONGEST_PAUSE, Record, Written, to_store},
};
use crate::{
    Append, AppendError, Appended, Cause, Receipt,
    judge::{Known, Verdict, fixed_place, judge},
};
use events::{Position, Revision};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Beyond it there is no revision on the wire.
const MAX_REVISION: Revision = i64::MAX.cast_unsigned();

/// An append in work.
pub(super) struct Job<'a> {
    pub(super) shared: &'a Shared,
    pub(super) append: &'a Append,
    /// The server's name of the stream.
    pub(super) name: String,
    /// Another caller may be writing the same events.
    pub(super) not_ours_alone: bool,
    /// What the caller expects is not so, or may not be: look before writing.
    pub(super) must_look: bool,
    until: Instant,
    pause: Duration,
    /// An attempt was not answered.
    doubt: bool,
    /// Where that attempt would have put the events.
    tried: Option<Revision>,
    /// What was known to be stored before this began.
    seen_before: Position,
}

/// Where to write, or why not to.
pub(super) enum Place {
    Free(Revision),
    Taken(Result<Appended, AppendError>),
}

impl<'a> Job<'a> {
    pub(super) fn new(shared: &'a Shared, append: &'a Append) -> Self {
        Self {
            shared,
            append,
            name: shared.wire.named(&append.stream),
            not_ours_alone: false,
            must_look: false,
            until: Instant::now() + shared.settings.give_up_after,
            pause: FIRST_PAUSE,
            doubt: false,
            tried: None,
            seen_before: shared.seen(),
        }
    }

    /// Without a command.
    pub(super) async fn run(mut self) -> Result<Appended, AppendError> {
        loop {
            let first = match self.place().await? {
                Place::Free(first) => first,
                Place::Taken(settled) => return settled,
            };
            if let Some(appended) = self.write(first).await? {
                return Ok(appended);
            }
        }
    }

    /// Where the events belong: as expected, without asking, unless there is reason to look.
    pub(super) async fn place(&self) -> Result<Place, AppendError> {
        if let (Some(first @ 0..=MAX_REVISION), false) =
            (fixed_place(self.append.expected, None), self.must_look)
        {
            return Ok(Place::Free(first));
        }
        Ok(match self.look(None).await? {
            Verdict::Write(first) => Place::Free(first),
            Verdict::Repeat(appended) => Place::Taken(Ok(appended)),
            Verdict::Refuse(error) => Place::Taken(Err(error)),
        })
    }

    /// What is to be done, from what is stored and what is kept about the command.
    pub(super) async fn look(&self, receipt: Option<&Receipt>) -> Result<Verdict, AppendError> {
        let wire = &self.shared.wire;
        let count = self.append.events.len();
        let unread = |failure: Failure| failure.of_appending(self.doubt);
        let last = wire.last(&self.name).await.map_err(unread)?;
        if let Some(last) = last {
            self.shared.grown(&self.append.stream, last);
        }
        let first = fixed_place(self.append.expected, self.tried)
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
        Ok(judge(self.append, Known { last, receipt, tried: self.tried }, at))
    }

    /// One attempt; `None`: look, and perhaps try again.
    pub(super) async fn write(&mut self, first: Revision) -> Result<Option<Appended>, AppendError> {
        let events = self.append.events.iter().map(to_store).collect();
        match self.shared.wire.append(self.name.clone(), first, events).await {
            Ok(written) => self.written(written).await.map(Some),
            Err(Failure::Conflict(actual)) => {
                if let Some(actual) = actual {
                    self.shared.grown(&self.append.stream, actual);
                }
                self.must_look = true;
                Ok(None)
            }
            Err(failure) => {
                if matches!(failure, Failure::Lost(_)) {
                    self.doubt = true;
                    self.tried = Some(first);
                }
                self.rest(failure).await.map(|()| None)
            }
        }
    }

    /// Waits before the next attempt, if there is to be one.
    pub(super) async fn rest(&mut self, failure: Failure) -> Result<(), AppendError> {
        if !failure.is_passing() || Instant::now() + self.pause >= self.until {
            tracing::error!(?failure, stream = %self.append.stream, "an append was given up");
            return Err(failure.of_appending(self.doubt));
        }
        tracing::warn!(?failure, stream = %self.append.stream, "an append is tried again");
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }

    /// The answer. Only the last event's position is told, so that of the first one is read.
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
            repeated: self.not_ours_alone || position <= self.seen_before || !first_to_hear,
        })
    }
}

fn place_of(record: Option<&Record>) -> Position {
    record.map_or(0, |record| record.position)
}
