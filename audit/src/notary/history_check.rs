//! Checks before signing: the history must match the checkpoints that the notary knows from outside the database, so
//! that a rewritten history is never signed.

use super::error::{NotaryError, rewritten};
use crate::{Chain, Checkpoint, CheckpointFile, Head, Ledger, Note, SignedRecords, note::NoteKind};
use event_log::{Log, RawEvent};
use events::{EventId, Position, StreamName};
use platform::clock::Clock;
use secrets::{guard::Guard, signing::SigningKey};
use serde::Deserialize;
use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// Stored name of a ruling to skip an event.
const SKIPPED: &str = "projection.skipped.v1";

/// Maximum number of events read at once.
pub(super) const BATCH: usize = 1_000;

/// Findings of a check that must be settled before the head is signed.
#[derive(Default)]
pub(super) struct OpenFindings {
    /// Newest checkpoint that the chain has not reached yet: nothing is signed before it is reached.
    pub(super) ahead: Option<Checkpoint>,
    /// Events since the last signature that fail the guard's check.
    pub(super) foreign: Vec<(Position, EventId)>,
}

/// The log and the chain, with what is known of them from outside the database. Cheap to clone.
#[derive(Clone)]
pub(super) struct HistoryCheck {
    pub(super) log: Log,
    pub(super) ledger: Ledger,
    pub(super) key: SigningKey,
    pub(super) clock: Clock,
    pub(super) file: Option<CheckpointFile>,
    guard: Option<Guard>,
    /// Newest checkpoint that this process signed or found to match.
    last: Arc<Mutex<Option<Checkpoint>>>,
    /// The checkpoint file says that the log carries codes.
    codes_noted: Arc<AtomicBool>,
}

impl HistoryCheck {
    pub(super) fn new(
        log: Log,
        ledger: Ledger,
        key: SigningKey,
        clock: Clock,
        file: Option<CheckpointFile>,
    ) -> Self {
        Self { log, ledger, key, clock, file, guard: None, last: Arc::default(), codes_noted: Arc::default() }
    }

    pub(super) fn guarded(self, guard: Guard) -> Self {
        Self { guard: Some(guard), ..self }
    }

    /// Compares the known checkpoints with the chain, and the log after the newest checkpoint with the chain's head.
    pub(super) async fn compare_with_known(&self, head: Head) -> Result<OpenFindings, NotaryError> {
        let known = self.known().await?;
        self.all_match(&known, head).await?;
        let Some(known) = known.into_iter().max_by_key(|checkpoint| checkpoint.number) else {
            let foreign = self.walk(Chain::START, 0, head).await?;
            return Ok(OpenFindings { ahead: None, foreign });
        };
        if known.number > head.chain.number {
            // A crash may have lost the end of the chain, while the log still has it.
            if self.log.head().await? <= head.position {
                return Err(rewritten(&known));
            }
            return Ok(OpenFindings { ahead: Some(known), foreign: vec![] });
        }
        let entry = self.ledger.entry_number(known.number).await?;
        let entry = entry.filter(|entry| entry.hash == known.hash).ok_or_else(|| rewritten(&known))?;
        let foreign = self.walk(entry.chain(), entry.position, head).await?;
        self.remember(Some(known));
        Ok(OpenFindings { ahead: None, foreign })
    }

    /// Fails unless all checkpoints that the chain has reached match it.
    async fn all_match(&self, known: &[Checkpoint], head: Head) -> Result<(), NotaryError> {
        for known in known.iter().filter(|known| known.number <= head.chain.number) {
            let entry = self.ledger.entry_number(known.number).await?;
            if entry.is_none_or(|entry| entry.hash != known.hash) {
                return Err(rewritten(known));
            }
        }
        Ok(())
    }

    /// Whether the end of the chain may be signed now.
    pub(super) async fn may_sign(&self, head: Head, open: &OpenFindings) -> Result<bool, NotaryError> {
        if let Some(ahead) = &open.ahead {
            if self.log.head().await? <= head.position {
                return Err(rewritten(ahead));
            }
            return Ok(false);
        }
        let known = self.known().await?;
        self.all_match(&known, head).await?;
        if known.iter().any(|known| known.number > head.chain.number) {
            // Another process is ahead: this one will find that its head is outdated.
            return Ok(false);
        }
        if let Some(position) = self.missing(head).await? {
            return Err(NotaryError::OtherHistory(position));
        }
        self.all_skipped(&open.foreign).await?;
        self.note_codes(head.chain).await?;
        Ok(true)
    }

    /// Position of the first or last entry, if the log does not hold its event as hashed.
    pub(super) async fn missing(&self, head: Head) -> Result<Option<Position>, NotaryError> {
        if head.chain == Chain::START {
            return Ok(None);
        }
        for number in [1, head.chain.number] {
            let Some(entry) = self.ledger.entry_number(number).await? else { return Ok(Some(head.position)) };
            let before = match number {
                1 => Some(Chain::START),
                _ => self.ledger.entry_number(number - 1).await?.map(|before| before.chain()),
            };
            let held = self.log.read_at(&[entry.position]).await?;
            let held = held.first().zip(before).map(|(event, before)| before.then(event));
            if held != Some(entry.chain()) {
                return Ok(Some(entry.position));
            }
        }
        Ok(None)
    }

    /// Adds an event to the list if it fails the guard's check.
    pub(super) fn check_origin(&self, event: &RawEvent, foreign: &mut Vec<(Position, EventId)>) {
        if self.guard.as_ref().is_some_and(|guard| guard.check(event).is_err()) {
            foreign.push((event.position, event.id));
        }
    }

    /// Remembers the last checkpoint that this process signed or found to match.
    pub(super) fn remember(&self, signed: Option<Checkpoint>) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = signed;
    }

    /// The newest checkpoint seen by this process, and the last one of the checkpoint file. Those in the database only
    /// count if there is no file.
    async fn known(&self) -> Result<Vec<Checkpoint>, NotaryError> {
        let own = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let key = self.key.public();
        // Checkpoints of a log in memory ended with its process.
        let file = self.file.clone().filter(|_| !matches!(self.log, Log::Memory(_)));
        let Some(file) = file else {
            let inside = self.ledger.last_checkpoint().await?;
            let inside = inside.filter(|checkpoint| checkpoint.check(&key).is_ok());
            return Ok(own.into_iter().chain(inside).collect());
        };
        let tail = blocking(move || file.tail(&key)).await?;
        let own = own.filter(|own| tail.lineage.is_none_or(|lineage| lineage.at < own.at));
        let outside = tail.checkpoint;
        Ok(own.into_iter().chain(outside).collect())
    }

    /// Hashes the log from a point to the chain's head; the result must be the head.
    async fn walk(
        &self,
        mut chain: Chain,
        mut position: Position,
        head: Head,
    ) -> Result<Vec<(Position, EventId)>, NotaryError> {
        let mut foreign = vec![];
        while position < head.position {
            let events = self.log.read_all(position, BATCH).await?;
            let Some(last) = events.last() else { return Err(NotaryError::OtherHistory(head.position)) };
            position = last.position;
            for event in events.iter().filter(|event| event.position <= head.position) {
                chain = chain.then(event);
                self.check_origin(event, &mut foreign);
            }
        }
        if chain != head.chain {
            return Err(NotaryError::OtherHistory(head.position));
        }
        Ok(foreign)
    }

    /// Events that fail the guard's check are signed only if operators have skipped them: then they are evidence.
    async fn all_skipped(&self, foreign: &[(Position, EventId)]) -> Result<(), NotaryError> {
        let Some((first, _)) = foreign.first() else { return Ok(()) };
        let skipped = self.skipped().await?;
        match foreign.iter().find(|(_, event)| !skipped.contains(event)) {
            Some((position, _)) => Err(NotaryError::ForeignEvent(*position)),
            None => {
                tracing::warn!(
                    position = first,
                    "signing events of foreign origin, since operators have skipped them"
                );
                Ok(())
            }
        }
    }

    async fn skipped(&self) -> Result<HashSet<EventId>, NotaryError> {
        #[derive(Deserialize)]
        struct Skipped {
            event: EventId,
        }
        let (mut skipped, mut from) = (HashSet::new(), 0);
        loop {
            let page = self.log.read_stream(&StreamName::projection(), from, BATCH).await?;
            let Some(last) = page.last() else { return Ok(skipped) };
            from = last.revision + 1;
            let believed = |event: &&RawEvent| {
                event.kind == SKIPPED && self.guard.as_ref().is_none_or(|guard| guard.check(event).is_ok())
            };
            let named = |event: &RawEvent| serde_json::from_slice::<Skipped>(&event.data).ok();
            skipped.extend(page.iter().filter(believed).filter_map(named).map(|skipped| skipped.event));
        }
    }

    /// Writes once to the checkpoint file that the log carries codes: it is never again taken for one without codes.
    async fn note_codes(&self, chain: Chain) -> Result<(), NotaryError> {
        let (Some(file), Some(guard)) = (self.file.clone(), &self.guard) else { return Ok(()) };
        if !guard.has_begun() || self.codes_noted.load(Ordering::Relaxed) {
            return Ok(());
        }
        let note = Note::sign(NoteKind::Guarded, chain, self.clock.now(), String::new(), &self.key);
        let key = self.key.public();
        blocking(move || match SignedRecords::read(file.path(), &[key])?.is_guarded() {
            true => Ok(()),
            false => file.append_note(&note),
        })
        .await?;
        self.codes_noted.store(true, Ordering::Relaxed);
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "the caller waits for this blocking work")]
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, NotaryError> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)??)
}
