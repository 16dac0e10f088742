//! Whether a log is the one that was hashed and signed: all of it is read and hashed anew.

use crate::{
    AuditError, Chain, Checkpoint, Entry, Filter, Ledger, Order,
    walk::{Break, Fault, Walk},
};
use event_log::{Log, RawEvent, ReadError};
use events::{EventId, Position, Subject};
use secrets::{guard::Guard, sealing, signing::PublicKey};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Events that are read at once.
const PAGE: usize = 1_000;

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Events in order, up to the end or to the break.
    pub events: u64,
    /// The end of what is in order.
    pub chain: Chain,
    /// The position of that end.
    pub position: Position,
    /// Checkpoints that fitted.
    pub checkpoints: usize,
    /// The last of them: behind it nothing is signed.
    pub last_checkpoint: Option<Checkpoint>,
    /// Events at the end that the notary has not come to.
    pub not_hashed: u64,
    /// The first break, if there is one.
    pub broken: Option<Break>,
    /// Checkpoints from outside the database that were at hand: without any, who can write to it could have rewritten all.
    pub outside: usize,
    /// Events that this installation did not write as they are.
    pub not_ours: Vec<ForeignEvent>,
    /// Subjects whose key was destroyed without an erasure in the log that asked for it.
    pub keys_lost: Vec<String>,
    /// Subjects whose values are in the log, and who had no key when it began to be read.
    pub without_key: BTreeSet<Subject>,
}

/// An event that is not believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ForeignEvent {
    /// Its number in the chain.
    pub number: u64,
    /// Where it is.
    pub position: Position,
    /// Its stream.
    pub stream: String,
    /// Its id.
    pub event: EventId,
    /// The fault.
    pub why: String,
}

/// The checks beside the chain.
#[derive(Clone, Debug, Default)]
pub struct ExtraChecks {
    /// The rule for events that are believed; without one this is not checked.
    pub guard: Option<Guard>,
    /// The keys as they were before the log is read, and whether they were destroyed.
    pub keys: BTreeMap<Subject, bool>,
}

impl Report {
    pub(crate) fn of(walk: &Walk, start: Chain, not_hashed: u64, broken: Option<Break>) -> Self {
        let (checkpoints, last) = walk.signed();
        let chain = walk.chain();
        Self {
            events: chain.number.saturating_sub(start.number),
            chain,
            position: walk.position(),
            checkpoints,
            last_checkpoint: last.cloned(),
            not_hashed,
            broken,
            outside: 0,
            not_ours: vec![],
            keys_lost: vec![],
            without_key: BTreeSet::new(),
        }
    }

    /// Nothing was looked at, because of what was found before.
    pub(crate) fn nothing(broken: Break) -> Self {
        Self {
            events: 0,
            chain: Chain::START,
            position: 0,
            checkpoints: 0,
            last_checkpoint: None,
            not_hashed: 0,
            broken: Some(broken),
            outside: 0,
            not_ours: vec![],
            keys_lost: vec![],
            without_key: BTreeSet::new(),
        }
    }

    /// Events behind the last checkpoint: who can write the database could still change them unseen.
    pub fn not_signed(&self) -> u64 {
        self.chain.number.saturating_sub(self.last_checkpoint.as_ref().map_or(0, |last| last.number))
    }
}

/// Verifies a whole log: against the hashes of the ledger, against its checkpoints, and against those from outside.
/// `tell` hears how far it is.
///
/// # Errors
/// What is needed cannot be read: then nothing is said of history.
pub async fn verify(
    log: &Log,
    ledger: &Ledger,
    outside: Vec<Checkpoint>,
    trusted: &[PublicKey],
    tell: impl FnMut(Position),
) -> Result<Report, AuditError> {
    verify_with(log, ledger, outside, trusted, ExtraChecks::default(), tell).await
}

/// As [`verify`], and looks at what stands beside the chain too.
///
/// # Errors
/// As [`verify`].
pub async fn verify_with(
    log: &Log,
    ledger: &Ledger,
    outside: Vec<Checkpoint>,
    trusted: &[PublicKey],
    beside: ExtraChecks,
    tell: impl FnMut(Position),
) -> Result<Report, AuditError> {
    let count = outside.len();
    // In this order: whatever is added meanwhile is behind what was asked for first.
    let mut checkpoints = ledger.checkpoints().await?;
    checkpoints.extend(outside);
    let hashed = ledger.head().await?.chain.number;
    let walk = match Walk::begin(Chain::START, checkpoints, trusted) {
        Ok(walk) => walk,
        Err(broken) => return Ok(Report::nothing(broken)),
    };
    let mut verifier = Verifier { log, ledger, walk, hashed, seen: Seen::of(beside) };
    let broken = verifier.walk(tell).await?;
    let not_hashed = verifier.walk.chain().number.saturating_sub(hashed);
    let report = Report::of(&verifier.walk, Chain::START, not_hashed, broken);
    // Behind a break not all erasures were seen.
    let keys_lost = if report.broken.is_some() { vec![] } else { verifier.seen.keys_lost() };
    let without_key = verifier.seen.without_key();
    Ok(Report { outside: count, not_ours: verifier.seen.not_ours, keys_lost, without_key, ..report })
}

/// Findings about events beside their hashes.
struct Seen {
    beside: ExtraChecks,
    not_ours: Vec<ForeignEvent>,
    erased: BTreeSet<Subject>,
    sealed: BTreeSet<Subject>,
}

impl Seen {
    fn of(beside: ExtraChecks) -> Self {
        Self { beside, not_ours: vec![], erased: BTreeSet::new(), sealed: BTreeSet::new() }
    }

    fn see(&mut self, number: u64, event: &RawEvent) {
        let checked = self.beside.guard.as_ref().map_or(Ok(()), |guard| guard.check(event));
        if let Err(wrong) = checked {
            let RawEvent { position, id, .. } = *event;
            let (stream, why) = (event.stream.to_string(), wrong.to_string());
            self.not_ours.push(ForeignEvent { number, position, stream, event: id, why });
            return;
        }
        if self.beside.keys.is_empty() {
            return;
        }
        if matches!(event.kind.as_str(), "account.erased.v1" | "team.erased.v1") {
            self.erased.extend(event.stream.as_str().parse::<Subject>().ok());
        }
        for part in [&event.data, &event.meta].into_iter().filter(|part| sealing::may_contain_personal(part))
        {
            let value = serde_json::from_slice(part).ok();
            self.sealed.extend(value.and_then(|value| sealing::subjects(&value).ok()).unwrap_or_default());
        }
    }

    /// Keys that were destroyed without an erasure.
    fn keys_lost(&self) -> Vec<String> {
        let destroyed =
            self.beside.keys.iter().filter(|(_, destroyed)| **destroyed).map(|(subject, _)| subject);
        let unasked = destroyed.filter(|subject| !self.erased.contains(subject));
        unasked.map(Subject::to_string).collect()
    }

    /// Subjects whose values are in the log, and that had no key when it began to be read.
    fn without_key(&self) -> BTreeSet<Subject> {
        if self.beside.keys.is_empty() {
            return BTreeSet::new();
        }
        self.sealed.iter().filter(|subject| !self.beside.keys.contains_key(subject)).copied().collect()
    }
}

struct Verifier<'v> {
    log: &'v Log,
    ledger: &'v Ledger,
    walk: Walk,
    /// Up to this number there are entries.
    hashed: u64,
    seen: Seen,
}

impl Verifier<'_> {
    async fn walk(&mut self, mut tell: impl FnMut(Position)) -> Result<Option<Break>, AuditError> {
        loop {
            let events = match self.log.read_all(self.walk.position(), PAGE).await {
                Err(ReadError::Gap { after, .. }) if after == self.walk.position() => {
                    return Ok(Some(self.walk.broken(Some(after + 1), Fault::Missing)));
                }
                // First what is before the hole: it may break earlier.
                Err(ReadError::Gap { after, .. }) => self.before(after).await?,
                events => events?,
            };
            if events.is_empty() {
                return self.end().await;
            }
            let number = self.walk.chain().number;
            let entries =
                self.ledger.entries(&Filter::default(), Order::Oldest, number, events.len()).await?;
            if let Err(broken) = self.step(&events, &entries) {
                return Ok(Some(broken));
            }
            tell(self.walk.position());
        }
    }

    async fn before(&self, hole: Position) -> Result<Vec<RawEvent>, ReadError> {
        let count = usize::try_from(hole - self.walk.position()).unwrap_or(PAGE).min(PAGE);
        self.log.read_all(self.walk.position(), count).await
    }

    fn step(&mut self, events: &[RawEvent], entries: &[Entry]) -> Result<(), Break> {
        let mut entries = entries.iter().peekable();
        for event in events {
            let number = self.walk.chain().number + 1;
            // First: at a break nothing more is looked at.
            self.seen.see(number, event);
            let entry = entries.next_if(|entry| entry.number == number);
            if entry.is_none() && number <= self.hashed {
                return Err(self.walk.broken(Some(event.position), Fault::Index));
            }
            if let Some(entry) = entry
                && self.walk.chain().then(event) != entry.chain()
            {
                return Err(self.unlike(event, entry));
            }
            let chain = self.walk.step(event)?;
            if let Some(entry) = entry
                && !entry.is_of(event)
            {
                let (number, position) = (chain.number, Some(event.position));
                return Err(Break {
                    number,
                    position,
                    after: event.position.saturating_sub(1),
                    why: Fault::Index,
                });
            }
        }
        Ok(())
    }

    /// Another event than the one of the entry: it was changed, or the right one is gone and this is a later one.
    fn unlike(&self, event: &RawEvent, entry: &Entry) -> Break {
        let why = if entry.position < event.position { Fault::Missing } else { Fault::Changed };
        self.walk.broken(Some(entry.position.min(event.position)), why)
    }

    /// The log ends: may it?
    async fn end(&self) -> Result<Option<Break>, AuditError> {
        let next = self.ledger.entry_number(self.walk.chain().number + 1).await?;
        if let Some(next) = next.filter(|next| next.number <= self.hashed) {
            return Ok(Some(self.walk.broken(Some(next.position), Fault::Missing)));
        }
        Ok(self.walk.end().err())
    }
}
