//! The notary's knowledge from outside the database (the file outside, what it has signed itself), held against the log before it signs more: a
//! history that was rewritten is not signed again.

use super::{BATCH, Notary, NotaryError, Stand, error::rewritten};
use crate::{Chain, Checkpoint, Head, Note, SignedRecords, note::NoteKind};
use event_log::{Log, RawEvent};
use events::{EventId, Position, StreamName};
use serde::Deserialize;
use std::{
    collections::HashSet,
    sync::{PoisonError, atomic::Ordering},
};

/// The stored name of a ruling to skip an event.
const SKIPPED: &str = "projection.skipped.v1";

/// The result of comparing all that is known with the log.
#[derive(Default)]
pub(super) struct Held {
    /// The newest checkpoint, if the chain has not come there yet.
    pub(super) ahead: Option<Checkpoint>,
    /// Events behind the newest checkpoint that are not believed.
    pub(super) not_ours: Vec<(Position, EventId)>,
}

impl Notary {
    /// Holds the newest known checkpoint against the chain, and what stands in the log behind it.
    pub(super) async fn hold(&self, head: Head) -> Result<Held, NotaryError> {
        let known = self.known().await?;
        self.all_fit(&known, head).await?;
        let Some(known) = known.into_iter().max_by_key(|checkpoint| checkpoint.number) else {
            let not_ours = self.walk(Chain::START, 0, head).await?;
            return Ok(Held { ahead: None, not_ours });
        };
        if known.number > head.chain.number {
            // The chain's end may have been lost in a crash; then the log still has it.
            if self.log.head().await? <= head.position {
                return Err(rewritten(&known));
            }
            return Ok(Held { ahead: Some(known), not_ours: vec![] });
        }
        let entry = self.ledger.entry_number(known.number).await?;
        let entry = entry.filter(|entry| entry.hash == known.hash).ok_or_else(|| rewritten(&known))?;
        let not_ours = self.walk(entry.chain(), entry.position, head).await?;
        self.remember(Some(known));
        Ok(Held { ahead: None, not_ours })
    }

    /// Whether all checkpoints that the chain has come to are the chain's.
    async fn all_fit(&self, known: &[Checkpoint], head: Head) -> Result<(), NotaryError> {
        for known in known.iter().filter(|known| known.number <= head.chain.number) {
            let entry = self.ledger.entry_number(known.number).await?;
            if entry.is_none_or(|entry| entry.hash != known.hash) {
                return Err(rewritten(known));
            }
        }
        Ok(())
    }

    /// Whether the end may be signed now.
    pub(super) async fn may_sign(&self, stand: &Stand) -> Result<bool, NotaryError> {
        if let Some(ahead) = &stand.ahead {
            if self.log.head().await? <= stand.head.position {
                return Err(rewritten(ahead));
            }
            return Ok(false);
        }
        let known = self.known().await?;
        self.all_fit(&known, stand.head).await?;
        if known.iter().any(|known| known.number > stand.head.chain.number) {
            // Another process is further on: this one will see that its end is not the chain's.
            return Ok(false);
        }
        if let Some(position) = self.missing(stand.head).await? {
            return Err(NotaryError::OtherHistory(position));
        }
        self.all_settled(&stand.not_ours).await?;
        self.note_codes(stand.head.chain).await?;
        Ok(true)
    }

    /// The end of the chain that the log does not hold as it was hashed.
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

    /// Notes an event that is not believed.
    pub(super) fn believe(&self, event: &RawEvent, not_ours: &mut Vec<(Position, EventId)>) {
        if self.guard.as_ref().is_some_and(|guard| guard.check(event).is_err()) {
            not_ours.push((event.position, event.id));
        }
    }

    /// The checkpoint that this process signed last.
    pub(super) fn remember(&self, signed: Option<Checkpoint>) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = signed;
    }

    /// The newest checkpoint that this process has seen, and the last of the file outside. What only the database has counts where
    /// there is no file.
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

    /// Hashes what stands in the log between a place and the chain's end: it must lead there.
    async fn walk(
        &self,
        mut chain: Chain,
        mut position: Position,
        head: Head,
    ) -> Result<Vec<(Position, EventId)>, NotaryError> {
        let mut not_ours = vec![];
        while position < head.position {
            let events = self.log.read_all(position, BATCH).await?;
            let Some(last) = events.last() else { return Err(NotaryError::OtherHistory(head.position)) };
            position = last.position;
            for event in events.iter().filter(|event| event.position <= head.position) {
                chain = chain.then(event);
                self.believe(event, &mut not_ours);
            }
        }
        if chain != head.chain {
            return Err(NotaryError::OtherHistory(head.position));
        }
        Ok(not_ours)
    }

    /// Events that are not believed are signed over only if operators have skipped them: then they are evidence.
    async fn all_settled(&self, not_ours: &[(Position, EventId)]) -> Result<(), NotaryError> {
        let Some((first, _)) = not_ours.first() else { return Ok(()) };
        let skipped = self.skipped().await?;
        match not_ours.iter().find(|(_, event)| !skipped.contains(event)) {
            Some((position, _)) => Err(NotaryError::ForeignEvent(*position)),
            None => {
                tracing::warn!(
                    position = first,
                    "events that are not believed are signed over: operators have skipped them"
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

    /// Notes outside, once, that the log carries codes: it is never again taken for one of before.
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

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, NotaryError> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)??)
}
