//! Idempotent commands without a transaction over two streams.
//!
//! Before the events of a command are written, a *claim* is: one small event in a stream of the command's own, which
//! names where the events are going to be (stream, first revision, event ids) and the request (its fingerprint). The
//! claim promises nothing; its outcome shows at the place that it names:
//!
//! * its events are there: the claim is the command's receipt;
//! * other events are there: the claim can never be fulfilled, since its events are only accepted at that very
//!   revision;
//! * nothing is there: the claim is open. Its writer may be about to write, or may have died.
//!
//! A claim after others is written only by a caller that has seen the outcome of those, with the exact revision of the
//! command's stream. After an open claim it names the same place, so that at most one of them is fulfilled. So
//! whenever a process dies, a repetition finds the events or writes them, once:
//!
//! * before the claim, or before it was durable: nothing has happened;
//! * between claim and events: the same request with the same event ids continues at once; one that was decided again
//!   waits [`CLAIM_PATIENCE`] for the other to finish, then competes for the same place; a different request is refused while
//!   the place is free;
//! * after the events: the claim is the receipt.
//!
//! The other order, events first, would leave events that no repetition with new ids could find.

use super::{
    appending::{Job, WriteTarget},
    failure::Failure,
    shared::Shared,
    wire::{FIRST_PAUSE, LONGEST_PAUSE},
};
use crate::{
    Append, AppendError, Appended, Cause, CommandRef, ReadError, Receipt,
    decision::{AppendDecision, AppendFacts, decide, fixed_first_revision},
};
use bytes::Bytes;
use events::{CommandId, EventId, Revision, StreamName};
use eventstore::EventData;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// How long to wait for another caller's open claim.
pub(super) const CLAIM_PATIENCE: Duration = Duration::from_millis(500);
/// Stored name of a claim.
const KIND: &str = "command.claimed.v1";
/// Maximum number of claims read per command: each but the last one was superseded or refused.
const MAX_CLAIMS: usize = 4_096;

/// Where the events of a command are going to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claim {
    stream: String,
    first: Revision,
    events: Vec<Uuid>,
    /// Hexadecimal digits.
    fingerprint: String,
}

/// Outcome of a command's claims.
enum ClaimOutcome {
    /// The events of one claim are stored: this is the command's receipt.
    Fulfilled(Receipt),
    /// This claim may still be fulfilled.
    Open(Claim),
    /// No claim can be fulfilled any more.
    Superseded,
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

    async fn outcome(&self, shared: &Shared) -> Result<ClaimOutcome, Failure> {
        let stream = StreamName::stored(self.stream.clone());
        let stored = shared.wire.forward(&shared.wire.named(&stream), self.first, self.events.len()).await?;
        let agree = stored.iter().zip(&self.events).take_while(|(at, id)| at.id == EventId(**id)).count();
        let (Some(first), Some(last)) = (stored.first(), stored.last()) else {
            return Ok(ClaimOutcome::Open(self.clone()));
        };
        if agree < stored.len() {
            return Ok(ClaimOutcome::Superseded);
        }
        if agree < self.events.len() {
            // An append is all or nothing: events seen in part are about to be seen whole.
            return Ok(ClaimOutcome::Open(self.clone()));
        }
        let mut fingerprint = [0; 32];
        hex::decode_to_slice(&self.fingerprint, &mut fingerprint)
            .map_err(|error| Failure::Refused(Cause::new(error)))?;
        Ok(ClaimOutcome::Fulfilled(Receipt {
            stream,
            first_revision: first.revision,
            last_revision: last.revision,
            first_position: first.position,
            position: last.position,
            fingerprint,
        }))
    }
}

/// Receipt of a command, if the command has been carried out.
///
/// # Errors
/// The log cannot be read.
pub(super) async fn receipt(shared: &Shared, command: CommandId) -> Result<Option<Receipt>, ReadError> {
    let claims = load(shared, &shared.wire.claims_of(command.0)).await.map_err(Failure::of_reading)?;
    match outcome(shared, &claims, None).await.map_err(Failure::of_reading)? {
        ClaimOutcome::Fulfilled(receipt) => Ok(Some(receipt)),
        ClaimOutcome::Open(_) | ClaimOutcome::Superseded => Ok(None),
    }
}

/// Appends the events of a command.
///
/// # Errors
/// See [`AppendError`].
pub(super) async fn append(mut job: Job<'_>, command: CommandRef) -> Result<Appended, AppendError> {
    let stream = job.shared.wire.claims_of(command.id.0);
    let mut work =
        Work { claims: Vec::new(), known: false, own: false, open_since: None, pause: FIRST_PAUSE };
    loop {
        let mut open = None;
        match work.outcome(&job, command).await? {
            ClaimOutcome::Fulfilled(receipt) => return repeated(job.append, &receipt),
            ClaimOutcome::Open(claim) => {
                if !claim.is_like(job.append, command) && work.waits(&job, &stream).await? {
                    continue;
                }
                if !claim.is_same_request(&Claim::of(job.append, command, claim.first)) {
                    return Err(AppendError::CommandReused);
                }
                job.must_read = true;
                open = Some(claim);
            }
            ClaimOutcome::Superseded => {}
        }
        job.must_read |= !is_reached(&job);
        let first = match job.target().await? {
            WriteTarget::Free(first) => first,
            // A refusal, or a repeat of the events: but the command's own claims are read first.
            WriteTarget::Taken(settled) if work.known => return settled,
            WriteTarget::Taken(_) => {
                work.reload(&job, &stream).await?;
                continue;
            }
        };
        let claim = Claim::of(job.append, command, first);
        if open.as_ref() != Some(&claim) && !work.claim(&mut job, &stream, claim).await? {
            continue;
        }
        job.may_be_shared = !work.own;
        if let Some(appended) = job.write(first).await? {
            return Ok(appended);
        }
        job.must_read = true;
        work.reload(&job, &stream).await?;
    }
}

impl Claim {
    /// Whether the claim is for the same events and the same request.
    fn is_like(&self, append: &Append, command: CommandRef) -> bool {
        *self == Self::of(append, command, self.first)
    }
}

/// Progress of carrying out a command.
struct Work {
    claims: Vec<Claim>,
    /// The claims were read; before that there most likely are none.
    known: bool,
    /// One of the claims is this caller's.
    own: bool,
    /// When another caller's open claim was first seen.
    open_since: Option<Instant>,
    pause: Duration,
}

impl Work {
    async fn outcome(&self, job: &Job<'_>, command: CommandRef) -> Result<ClaimOutcome, AppendError> {
        let ours = |claim: &Claim| claim.is_like(job.append, command);
        let outcome = outcome(job.shared, &self.claims, Some(&ours)).await;
        outcome.map_err(|failure| failure.of_appending(false))
    }

    async fn reload(&mut self, job: &Job<'_>, stream: &str) -> Result<(), AppendError> {
        self.claims = load(job.shared, stream).await.map_err(|failure| failure.of_appending(false))?;
        self.known = true;
        Ok(())
    }

    /// Waits a little for another caller; `false` once it has waited long enough.
    async fn waits(&mut self, job: &Job<'_>, stream: &str) -> Result<bool, AppendError> {
        if self.own || self.open_since.get_or_insert_with(Instant::now).elapsed() >= CLAIM_PATIENCE {
            return Ok(false);
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.reload(job, stream).await?;
        Ok(true)
    }

    /// Writes a claim after the known ones; `false`: there are others by now, or the outcome is unknown.
    #[expect(clippy::disallowed_methods, reason = "the id of a claim is not an id of the product")]
    async fn claim(&mut self, job: &mut Job<'_>, stream: &str, claim: Claim) -> Result<bool, AppendError> {
        let unwritten = |error| Failure::Refused(Cause::new(error));
        let data = EventData::json(KIND, &claim).map_err(|error| unwritten(error).of_appending(false))?;
        // A random id: of two callers that write the same claim, one must get a conflict.
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

/// Whether the stream has certainly reached the expected revision: a claim for a later place could be fulfilled much
/// later.
fn is_reached(job: &Job<'_>) -> bool {
    match fixed_first_revision(job.append.expected, None) {
        Some(0) => true,
        Some(first) => job.shared.has_grown_to(&job.append.stream, first - 1),
        None => false,
    }
}

fn repeated(append: &Append, receipt: &Receipt) -> Result<Appended, AppendError> {
    match decide(append, AppendFacts { receipt: Some(receipt), ..AppendFacts::default() }, |_| None) {
        AppendDecision::Repeat(appended) => Ok(appended),
        AppendDecision::Refuse(error) => Err(error),
        AppendDecision::Write(_) => Err(AppendError::CommandReused),
    }
}

/// Outcome of all claims; among open ones the claim that is `ours`, else the last.
async fn outcome(
    shared: &Shared,
    claims: &[Claim],
    ours: Option<&(dyn Fn(&Claim) -> bool + Sync)>,
) -> Result<ClaimOutcome, Failure> {
    let mut open: Option<Claim> = None;
    for claim in claims {
        match claim.outcome(shared).await? {
            ClaimOutcome::Fulfilled(receipt) => return Ok(ClaimOutcome::Fulfilled(receipt)),
            ClaimOutcome::Open(claim) => {
                if !open.as_ref().is_some_and(|open| ours.is_some_and(|ours| ours(open))) {
                    open = Some(claim);
                }
            }
            ClaimOutcome::Superseded => {}
        }
    }
    Ok(open.map_or(ClaimOutcome::Superseded, ClaimOutcome::Open))
}

async fn load(shared: &Shared, stream: &str) -> Result<Vec<Claim>, Failure> {
    let stored = shared.wire.forward(stream, 0, MAX_CLAIMS).await?;
    let read = stored.iter().map(|record| serde_json::from_slice(&record.data));
    read.collect::<Result<_, _>>().map_err(|error| Failure::Refused(Cause::new(error)))
}
