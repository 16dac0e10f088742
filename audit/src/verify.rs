//! Verification of a log: reads and hashes all of it, and compares it with the index and the checkpoints.

use crate::{
    AuditError, Chain, Checkpoint, Entry, Filter, Ledger, Order,
    walk::{Break, Fault, Walk},
};
use event_log::{Log, RawEvent, ReadError};
use events::{EventId, Position, Subject};
use secrets::{guard::Guard, sealing, signing::PublicKey};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Number of events read at once.
const PAGE: usize = 1_000;

/// Result of a verification.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Number of verified events, up to the end or to the break.
    pub events: u64,
    /// Point up to which the history is verified.
    pub chain: Chain,
    /// Position of that point.
    pub position: Position,
    /// Number of checkpoints that matched.
    pub checkpoints: usize,
    /// Last checkpoint that matched: nothing after it is signed.
    pub last_checkpoint: Option<Checkpoint>,
    /// Number of events at the end that the notary has not hashed yet.
    pub not_hashed: u64,
    /// First break, if there is one.
    pub broken: Option<Break>,
    /// Number of checkpoints from outside the database: without any, its owner could have rewritten everything.
    pub outside: usize,
    /// Events that this installation did not write in this form.
    pub not_ours: Vec<ForeignEvent>,
    /// Subjects whose key was destroyed although no event of the log ordered an erasure.
    pub keys_lost: Vec<String>,
    /// Subjects with values in the log that had no key when the verification began.
    pub without_key: BTreeSet<Subject>,
}

/// An event that fails the guard's check: this installation did not write it in this form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ForeignEvent {
    /// Number in the chain.
    pub number: u64,
    /// Position in the log.
    pub position: Position,
    /// Name of its stream.
    pub stream: String,
    /// Id of the event.
    pub event: EventId,
    /// Reason in words.
    pub why: String,
}

/// Checks beyond the hash chain.
#[derive(Clone, Debug, Default)]
pub struct ExtraChecks {
    /// Guard that checks the code of each event; `None`: not checked.
    pub guard: Option<Guard>,
    /// State of the keys before the log is read: whether each subject's key is destroyed.
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

    /// The report if a fault was found before the log was read.
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

    /// Number of events after the last checkpoint: the database's owner could still change them unnoticed.
    pub fn not_signed(&self) -> u64 {
        self.chain.number.saturating_sub(self.last_checkpoint.as_ref().map_or(0, |last| last.number))
    }
}

/// Verifies a whole log against the hashes in the ledger, its checkpoints, and checkpoints from outside the database.
/// `progress` gets the position reached.
///
/// # Errors
/// The log or the ledger cannot be read: the history is neither confirmed nor refuted.
pub async fn verify(
    log: &Log,
    ledger: &Ledger,
    outside: Vec<Checkpoint>,
    trusted: &[PublicKey],
    progress: impl FnMut(Position),
) -> Result<Report, AuditError> {
    verify_with(log, ledger, outside, trusted, ExtraChecks::default(), progress).await
}

/// Like [`verify`], with checks beyond the hash chain.
///
/// # Errors
/// The log or the ledger cannot be read: the history is neither confirmed nor refuted.
pub async fn verify_with(
    log: &Log,
    ledger: &Ledger,
    outside: Vec<Checkpoint>,
    trusted: &[PublicKey],
    extra: ExtraChecks,
    progress: impl FnMut(Position),
) -> Result<Report, AuditError> {
    let count = outside.len();
    // In this order: whatever is added meanwhile comes after what was read first.
    let mut checkpoints = ledger.checkpoints().await?;
    checkpoints.extend(outside);
    let hashed = ledger.head().await?.chain.number;
    let walk = match Walk::begin(Chain::START, checkpoints, trusted) {
        Ok(walk) => walk,
        Err(broken) => return Ok(Report::nothing(broken)),
    };
    let mut verifier = Verifier { log, ledger, walk, hashed, findings: Findings::of(extra) };
    let broken = verifier.walk(progress).await?;
    let not_hashed = verifier.walk.chain().number.saturating_sub(hashed);
    let report = Report::of(&verifier.walk, Chain::START, not_hashed, broken);
    // After a break, later erasures were not findings.
    let keys_lost = if report.broken.is_some() { vec![] } else { verifier.findings.keys_lost() };
    let without_key = verifier.findings.without_key();
    Ok(Report { outside: count, not_ours: verifier.findings.not_ours, keys_lost, without_key, ..report })
}

/// Findings of the extra checks.
struct Findings {
    extra: ExtraChecks,
    not_ours: Vec<ForeignEvent>,
    erased: BTreeSet<Subject>,
    sealed: BTreeSet<Subject>,
}

impl Findings {
    fn of(extra: ExtraChecks) -> Self {
        Self { extra, not_ours: vec![], erased: BTreeSet::new(), sealed: BTreeSet::new() }
    }

    fn inspect(&mut self, number: u64, event: &RawEvent) {
        let checked = self.extra.guard.as_ref().map_or(Ok(()), |guard| guard.check(event));
        if let Err(wrong) = checked {
            let RawEvent { position, id, .. } = *event;
            let (stream, why) = (event.stream.to_string(), wrong.to_string());
            self.not_ours.push(ForeignEvent { number, position, stream, event: id, why });
            return;
        }
        if self.extra.keys.is_empty() {
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

    /// Subjects whose key was destroyed without an erasure.
    fn keys_lost(&self) -> Vec<String> {
        let destroyed =
            self.extra.keys.iter().filter(|(_, destroyed)| **destroyed).map(|(subject, _)| subject);
        let unasked = destroyed.filter(|subject| !self.erased.contains(subject));
        unasked.map(Subject::to_string).collect()
    }

    /// Subjects with values in the log that had no key when the verification began.
    fn without_key(&self) -> BTreeSet<Subject> {
        if self.extra.keys.is_empty() {
            return BTreeSet::new();
        }
        self.sealed.iter().filter(|subject| !self.extra.keys.contains_key(subject)).copied().collect()
    }
}

struct Verifier<'v> {
    log: &'v Log,
    ledger: &'v Ledger,
    walk: Walk,
    /// Highest number that has an entry.
    hashed: u64,
    findings: Findings,
}

impl Verifier<'_> {
    async fn walk(&mut self, mut progress: impl FnMut(Position)) -> Result<Option<Break>, AuditError> {
        loop {
            let events = match self.log.read_all(self.walk.position(), PAGE).await {
                Err(ReadError::Gap { after, .. }) if after == self.walk.position() => {
                    return Ok(Some(self.walk.break_at(Some(after + 1), Fault::Missing)));
                }
                // The events before the gap come first: they may break earlier.
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
            progress(self.walk.position());
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
            // First: the rest of the step is skipped at a break.
            self.findings.inspect(number, event);
            let entry = entries.next_if(|entry| entry.number == number);
            if entry.is_none() && number <= self.hashed {
                return Err(self.walk.break_at(Some(event.position), Fault::Index));
            }
            if let Some(entry) = entry
                && self.walk.chain().then(event) != entry.chain()
            {
                return Err(self.differing(event, entry));
            }
            let chain = self.walk.step(event)?;
            if let Some(entry) = entry
                && !entry.matches(event)
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

    /// The break at an event that differs from its entry: it was changed, or the right one is missing and this is a
    /// later one.
    fn differing(&self, event: &RawEvent, entry: &Entry) -> Break {
        let why = if entry.position < event.position { Fault::Missing } else { Fault::Changed };
        self.walk.break_at(Some(entry.position.min(event.position)), why)
    }

    /// The break at the end of the log, if it ends too early.
    async fn end(&self) -> Result<Option<Break>, AuditError> {
        let next = self.ledger.entry_number(self.walk.chain().number + 1).await?;
        if let Some(next) = next.filter(|next| next.number <= self.hashed) {
            return Ok(Some(self.walk.break_at(Some(next.position), Fault::Missing)));
        }
        Ok(self.walk.end().err())
    }
}
