//! Commands are carried out once, and their receipts are found again, without a transaction over two streams.
//!
//! Before the events of a command are written, a *claim* is: one small event in a stream of the command's own, which says
//! where the events are going to be (stream, first revision, event ids) and what asked for them (the fingerprint). The
//! claim promises nothing; whether it came true is seen at the place that it names:
//!
//! * its events are there: it is the command's receipt, and has all that a receipt needs;
//! * other events are there: it can never come true, as its events are only accepted at that very revision;
//! * nothing is there: it is open. Its writer may be about to write, or may have died.
//!
//! A claim behind others is written only by who has seen what became of those, with the exact revision of the command's
//! stream. Behind an open claim it names the same place, so that one of them comes true at most. So whatever dies
//! whenever, a repetition finds the events or writes them, once:
//!
//! * before the claim, or before it was durable: nothing has happened;
//! * between claim and events: the same request with the same event ids goes on at once; one that was decided anew waits
//!   [`PATIENCE`] for the other to finish, then competes for the same place; a different request is refused as long as
//!   the place is free;
//! * after the events: the claim is the receipt.
//!
//! The other order, events first, would leave events that no repetition with new ids could find.

use super::{
    Shared,
    appending::{Job, Place},
    failure::Failure,
    wire::{FIRST_PAUSE, LONGEST_PAUSE},
};
use crate::{
    Append, AppendError, Appended, Cause, CommandRef, ReadError, Receipt,
    judge::{Known, Verdict, fixed_place, judge},
};
use bytes::Bytes;
use events::{CommandId, EventId, Revision, StreamName};
use eventstore::EventData;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// How long somebody else's open claim is waited for.
pub(super) const PATIENCE: Duration = Duration::from_millis(500);
/// The stored name of a claim.
const KIND: &str = "command.claimed.v1";
/// More claims than any command gets: each but the last one was superseded or refused.
const MAX_CLAIMS: usize = 4_096;

/// Where the events of a command are to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claim {
    stream: String,
    first: Revision,
    events: Vec<Uuid>,
    /// In hexadecimal digits.
    fingerprint: String,
}

/// What became of a command's claims.
enum Fate {
    /// One came true.
    True(Receipt),
    /// This one may.
    Open(Claim),
    /// None can.
    False,
}

impl Claim {
    fn of(append: &Append, command: CommandRef, first: Revision) -> Self {
        Self {
            stream: append.stream.as_str().to_owned(),
            first,
            events: append.events.iter().map(|event| event.id.0).collect(),
            fingerprint: hex::encode(command.fingerprint),
        }
    }

    fn is_same_request(&self, other: &Self) -> bool {
        self.stream == other.stream && self.fingerprint == other.fingerprint
    }

    async fn fate(&self, shared: &Shared) -> Result<Fate, Failure> {
        let stream = StreamName::stored(self.stream.clone());
        let stored = shared.wire.forward(&shared.wire.named(&stream), self.first, self.events.len()).await?;
        let agree = stored.iter().zip(&self.events).take_while(|(at, id)| at.id == EventId(**id)).count();
        let (Some(first), Some(last)) = (stored.first(), stored.last()) else {
            return Ok(Fate::Open(self.clone()));
        };
        if agree < stored.len() {
            return Ok(Fate::False);
        }
        if agree < self.events.len() {
            // An append is all or nothing; what is seen in part is about to be seen whole.
            return Ok(Fate::Open(self.clone()));
        }
        let mut fingerprint = [0; 32];
        hex::decode_to_slice(&self.fingerprint, &mut fingerprint)
            .map_err(|error| Failure::Refused(Cause::new(error)))?;
        Ok(Fate::True(Receipt {
            stream,
            first_revision: first.revision,
            last_revision: last.revision,
            first_position: first.position,
            position: last.position,
            fingerprint,
        }))
    }
}

/// What a command led to, if it is known.
///
/// # Errors
/// The log cannot be read.
pub(super) async fn receipt(shared: &Shared, command: CommandId) -> Result<Option<Receipt>, ReadError> {
    let claims = load(shared, &shared.wire.claims_of(command.0)).await.map_err(Failure::of_reading)?;
    match fate(shared, &claims, None).await.map_err(Failure::of_reading)? {
        Fate::True(receipt) => Ok(Some(receipt)),
        Fate::Open(_) | Fate::False => Ok(None),
    }
}

/// Carries out an append with a command.
///
/// # Errors
/// [`AppendError`].
pub(super) async fn append(mut job: Job<'_>, command: CommandRef) -> Result<Appended, AppendError> {
    let stream = job.shared.wire.claims_of(command.id.0);
    let mut work =
        Work { claims: Vec::new(), known: false, own: false, open_since: None, pause: FIRST_PAUSE };
    loop {
        let mut open = None;
        match work.fate(&job, command).await? {
            Fate::True(receipt) => return repeated(job.append, &receipt),
            Fate::Open(claim) => {
                if !claim.is_like(job.append, command) && work.waits(&job, &stream).await? {
                    continue;
                }
                if !claim.is_same_request(&Claim::of(job.append, command, claim.first)) {
                    return Err(AppendError::CommandReused);
                }
                job.must_look = true;
                open = Some(claim);
            }
            Fate::False => {}
        }
        job.must_look |= !is_reached(&job);
        let first = match job.place().await? {
            Place::Free(first) => first,
            // A refusal, or a repeat of the events: but the command's own story comes first.
            Place::Taken(settled) if work.known => return settled,
            Place::Taken(_) => {
                work.reload(&job, &stream).await?;
                continue;
            }
        };
        let claim = Claim::of(job.append, command, first);
        if open.as_ref() != Some(&claim) && !work.claim(&mut job, &stream, claim).await? {
            continue;
        }
        job.not_ours_alone = !work.own;
        if let Some(appended) = job.write(first).await? {
            return Ok(appended);
        }
        job.must_look = true;
        work.reload(&job, &stream).await?;
    }
}

impl Claim {
    /// The very same events for the same request.
    fn is_like(&self, append: &Append, command: CommandRef) -> bool {
        *self == Self::of(append, command, self.first)
    }
}

/// What is known of a command's claims while it is carried out.
struct Work {
    claims: Vec<Claim>,
    /// The claims were read; before, there are most likely none.
    known: bool,
    /// One of them is ours.
    own: bool,
    /// Since when somebody else's claim has been open.
    open_since: Option<Instant>,
    pause: Duration,
}

impl Work {
    async fn fate(&self, job: &Job<'_>, command: CommandRef) -> Result<Fate, AppendError> {
        let ours = |claim: &Claim| claim.is_like(job.append, command);
        let fate = fate(job.shared, &self.claims, Some(&ours)).await;
        fate.map_err(|failure| failure.of_appending(false))
    }

    async fn reload(&mut self, job: &Job<'_>, stream: &str) -> Result<(), AppendError> {
        self.claims = load(job.shared, stream).await.map_err(|failure| failure.of_appending(false))?;
        self.known = true;
        Ok(())
    }

    /// Waits a little for somebody else; `false` once that was long enough.
    async fn waits(&mut self, job: &Job<'_>, stream: &str) -> Result<bool, AppendError> {
        if self.own || self.open_since.get_or_insert_with(Instant::now).elapsed() >= PATIENCE {
            return Ok(false);
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.reload(job, stream).await?;
        Ok(true)
    }

    /// Writes a claim behind those that are known; `false`: there are others by now, or nobody knows.
    async fn claim(&mut self, job: &mut Job<'_>, stream: &str, claim: Claim) -> Result<bool, AppendError> {
        let unwritten = |error| Failure::Refused(Cause::new(error));
        let data = EventData::json(KIND, &claim).map_err(|error| unwritten(error).of_appending(false))?;
        // An id of its own: of two who write the same claim, one must hear of a conflict.
        let event = data.id(Uuid::new_v4()).metadata(Bytes::from_static(b"{}"));
        let first = self.claims.len() as Revision;
        match job.shared.wire.append(stream.to_owned(), first, vec![event]).await {
            Ok(_) => {
                self.claims.push(claim);
                (self.own, self.known) = (true, true);
                return Ok(true);
            }
            Err(Failure::Conflict(_)) => {}
            Err(failure) => job.rest(failure).await?,
        }
        self.reload(job, stream).await?;
        Ok(false)
    }
}

/// The stream has certainly come as far as the append expects: a claim for a place further on could come true much later.
fn is_reached(job: &Job<'_>) -> bool {
    match fixed_place(job.append.expected, None) {
        Some(0) => true,
        Some(first) => job.shared.has_grown_to(&job.append.stream, first - 1),
        None => false,
    }
}

fn repeated(append: &Append, receipt: &Receipt) -> Result<Appended, AppendError> {
    match judge(append, Known { receipt: Some(receipt), ..Known::default() }, |_| None) {
        Verdict::Repeat(appended) => Ok(appended),
        Verdict::Refuse(error) => Err(error),
        Verdict::Write(_) => Err(AppendError::CommandReused),
    }
}

/// Of all claims; of open ones the one that is `ours`, else the last.
async fn fate(
    shared: &Shared,
    claims: &[Claim],
    ours: Option<&(dyn Fn(&Claim) -> bool + Sync)>,
) -> Result<Fate, Failure> {
    let mut open: Option<Claim> = None;
    for claim in claims {
        match claim.fate(shared).await? {
            Fate::True(receipt) => return Ok(Fate::True(receipt)),
            Fate::Open(claim) => {
                if !open.as_ref().is_some_and(|open| ours.is_some_and(|ours| ours(open))) {
                    open = Some(claim);
                }
            }
            Fate::False => {}
        }
    }
    Ok(open.map_or(Fate::False, Fate::Open))
}

async fn load(shared: &Shared, stream: &str) -> Result<Vec<Claim>, Failure> {
    let stored = shared.wire.forward(stream, 0, MAX_CLAIMS).await?;
    let read = stored.iter().map(|record| serde_json::from_slice(&record.data));
    read.collect::<Result<_, _>>().map_err(|error| Failure::Refused(Cause::new(error)))
}
