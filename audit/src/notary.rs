//! The notary: follows the log, numbers and hashes each event, stores its index entry, and signs the head of the chain
//! at intervals.
//!
//! It runs after the append, so that no command waits for it. Several processes may run a notary: the head row lets
//! only one win each batch, and all compute the same hashes. Nothing is decrypted.

mod error;
mod history_check;

pub use error::NotaryError;

use crate::{
    Checkpoint, CheckpointFile, Entry, Head, Ledger, ledger,
    team::{Team, TeamCache, team_of},
};
use chrono::{DateTime, TimeDelta, Utc};
use error::rewritten;
use event_log::{Log, RawEvent, Subscription};
use events::Position;
use history_check::{BATCH, HistoryCheck, OpenFindings};
use platform::clock::Clock;
use secrets::{guard::Guard, signing::SigningKey};
use sqlx::PgConnection;
use std::{
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep, sleep_until};

/// Pause for events to gather after an incomplete batch: nobody waits for the notary, and few transactions cost less
/// than many.
const GATHER: Duration = Duration::from_millis(100);
/// While other processes append, the notary pauses this many times as long as it worked, unless it is late.
const RESTS: u32 = 9;
/// Events older than this are processed without a pause.
const LATE: TimeDelta = TimeDelta::seconds(10);
/// Maximum length of such a pause.
const LONGEST_REST: Duration = Duration::from_secs(1);
/// Pause after a failure, or after another process was faster.
const REST: Duration = Duration::from_millis(500);

/// Interval at which an idle notary checks that the head of the chain is unchanged.
const LOOK: Duration = Duration::from_secs(5);

/// Conditions for signing the head of the chain.
#[derive(Clone, Copy, Debug)]
pub struct NotarySettings {
    /// Maximum time between an event and the signature that covers it.
    pub interval: Duration,
    /// Maximum number of events without a signature.
    pub max_events: u64,
}

/// Extends and signs the chain. Cheap to clone.
#[derive(Clone)]
pub struct Notary {
    check: HistoryCheck,
    settings: NotarySettings,
    team_cache: TeamCache,
    /// Reason why nothing is signed, if the notary refuses.
    refused: Arc<Mutex<Option<String>>>,
}

/// Progress of a notary.
struct Progress {
    head: Head,
    /// Last signed number.
    signed: u64,
    /// Time of the next signature, if there is anything to sign.
    due: Instant,
    /// Time of the last event that was added.
    last: DateTime<Utc>,
    /// Open findings of the history check.
    open: OpenFindings,
}

impl Notary {
    /// A notary of a log. Without a file, checkpoints are stored in the database only.
    pub fn new(
        log: Log,
        ledger: Ledger,
        key: SigningKey,
        clock: Clock,
        file: Option<CheckpointFile>,
        settings: NotarySettings,
    ) -> Self {
        Self {
            check: HistoryCheck::new(log, ledger, key, clock, file),
            settings,
            team_cache: TeamCache::new(),
            refused: Arc::default(),
        }
    }

    /// Adds a guard: nothing is signed over events that fail its check.
    #[must_use]
    pub fn guarded(self, guard: Guard) -> Self {
        Self { check: self.check.guarded(guard), ..self }
    }

    /// Reason why nothing is signed, if the notary refuses.
    pub fn refusal(&self) -> Option<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Logs why the notary stops; `true` if the history is at fault.
    fn report(&self, error: &NotaryError) -> bool {
        let refused = error.is_refusal();
        if refused {
            self.refuse(Some(error.to_string()));
        }
        let error = error as &dyn std::error::Error;
        tracing::error!(error, "the notary failed and will retry");
        refused
    }

    fn refuse(&self, why: Option<String>) {
        metrics::gauge!("veche_audit_refused").set(if why.is_some() { 1.0 } else { 0.0 });
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// Runs until it is dropped. Failures are logged and retried: a chain that stands still shows in its lag.
    pub async fn run(self) {
        loop {
            match self.follow().await {
                Ok(()) => tracing::debug!("another process extends the chain"),
                Err(error) => {
                    let refused = self.report(&error);
                    if refused {
                        sleep(LOOK).await;
                    }
                }
            }
            sleep(REST).await;
        }
    }

    /// Extends the chain to the current end of the log and signs it. For tests, and before an export.
    ///
    /// # Errors
    /// See [`NotaryError`].
    pub async fn catch_up(&self) -> Result<Head, NotaryError> {
        let mut db = self.check.ledger.connect().await?;
        let mut progress = self.progress().await?;
        loop {
            let events = self.check.log.read_all(progress.head.position, BATCH).await?;
            if events.is_empty() {
                self.sign(&mut progress).await?;
                return Ok(progress.head);
            }
            if !self.add(&mut db, &mut progress, &events).await? {
                progress = self.progress().await?;
            }
        }
    }

    /// Adds batches until one fails or another process moves the head.
    async fn follow(&self) -> Result<(), NotaryError> {
        let mut db = self.check.ledger.connect().await?;
        let mut progress = self.progress().await?;
        let mut subscription = self.check.log.subscribe(progress.head.position);
        while let Some(events) = self.wait(&mut subscription, &mut progress).await? {
            let (began, known) = (Instant::now(), self.known_head());
            if !self.add(&mut db, &mut progress, &events).await? {
                return Ok(());
            }
            if self.known_head() > known && !self.is_late(&progress) {
                sleep((began.elapsed() * RESTS).clamp(GATHER, LONGEST_REST)).await;
            } else if events.len() < BATCH {
                sleep(GATHER).await;
            }
            if progress.head.chain.number - progress.signed >= self.settings.max_events {
                self.sign(&mut progress).await?;
            }
        }
        Ok(())
    }

    /// Waits for events and signs when due; `None` once the head has changed: another process extends the chain too,
    /// or a crash of Postgres lost its end, which would go unnoticed until the next event.
    async fn wait(
        &self,
        subscription: &mut Subscription,
        progress: &mut Progress,
    ) -> Result<Option<Vec<RawEvent>>, NotaryError> {
        let mut events = pin!(subscription.next_batch(BATCH));
        loop {
            let unsigned = progress.head.chain.number > progress.signed;
            tokio::select! {
                events = &mut events => return Ok(Some(events?)),
                () = sleep_until(progress.due), if unsigned => self.sign(progress).await?,
                () = sleep(LOOK) => {
                    if self.check.ledger.head().await? != progress.head {
                        return Ok(None);
                    }
                }
            }
        }
    }

    fn is_late(&self, progress: &Progress) -> bool {
        self.check.clock.now() - progress.last > LATE
    }

    fn known_head(&self) -> Position {
        *self.check.log.watch_head().borrow()
    }

    /// Progress from the stored head, if the log holds its events. The chain of a log in memory that ended with its
    /// process is reset.
    async fn progress(&self) -> Result<Progress, NotaryError> {
        let mut head = self.check.ledger.head().await?;
        self.team_cache.clear();
        if let Some(position) = self.check.missing(head).await? {
            if !matches!(self.check.log, Log::Memory(_)) {
                return Err(NotaryError::OtherHistory(position));
            }
            self.check.ledger.reset(true).await?;
            self.check.remember(None);
            head = self.check.ledger.head().await?;
        }
        let open = self.check.compare_with_known(head).await?;
        let signed = self.check.ledger.last_checkpoint().await?.map_or(0, |checkpoint| checkpoint.number);
        let due = Instant::now() + self.settings.interval;
        Ok(Progress { head, signed: signed.min(head.chain.number), due, last: self.check.clock.now(), open })
    }

    async fn add(
        &self,
        db: &mut PgConnection,
        progress: &mut Progress,
        events: &[RawEvent],
    ) -> Result<bool, NotaryError> {
        let mut chain = progress.head.chain;
        let mut entries = Vec::with_capacity(events.len());
        for event in events {
            chain = chain.then(event);
            if let Some(ahead) = progress.open.ahead.take_if(|ahead| ahead.number == chain.number)
                && ahead.hash != chain.hash
            {
                return Err(rewritten(&ahead));
            }
            self.check.check_origin(event, &mut progress.open.foreign);
            entries.push(Entry::of(event, chain.number, chain.hash));
        }
        self.find_teams(db, events, &mut entries).await?;
        if !ledger::add(db, progress.head, &entries).await? {
            return Ok(false);
        }
        let Some(last) = entries.last() else { return Ok(true) };
        progress.head = Head { chain, position: last.position };
        progress.last = last.at;
        metrics::counter!("veche_audit_entries_total").increment(entries.len() as u64);
        metrics::gauge!("veche_audit_number").set(chain.number as f64);
        Ok(true)
    }

    /// Finds the teams of entries: from the events, from the cache, and for the rest from the ledger.
    async fn find_teams(
        &self,
        db: &mut PgConnection,
        events: &[RawEvent],
        entries: &mut [Entry],
    ) -> Result<(), NotaryError> {
        let mut unknown = Vec::new();
        for (index, event) in events.iter().enumerate() {
            let stream = event.stream.as_str();
            entries[index].team = match team_of(event) {
                Team::None => None,
                Team::Of(team) => {
                    self.team_cache.insert(stream, team);
                    Some(team)
                }
                Team::AsBefore => {
                    let team = self.team_cache.get(stream);
                    if team.is_none() {
                        unknown.push(index);
                    }
                    team
                }
            };
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let streams: Vec<&str> = unknown.iter().map(|index| events[*index].stream.as_str()).collect();
        let teams = ledger::teams(db, &streams).await?;
        for index in unknown {
            let entry = &mut entries[index];
            entry.team = teams.get(&entry.stream).copied();
            if let Some(team) = entry.team {
                self.team_cache.insert(&entry.stream, team);
            }
        }
        Ok(())
    }

    /// Signs the head, unless it is signed. The checkpoint file comes first, so that no checkpoint is in the database
    /// only.
    #[expect(clippy::disallowed_methods, reason = "the caller waits for this blocking work")]
    async fn sign(&self, progress: &mut Progress) -> Result<(), NotaryError> {
        progress.due = Instant::now() + self.settings.interval;
        if !self.check.may_sign(progress.head, &progress.open).await? {
            return Ok(());
        }
        let last = self.check.ledger.last_checkpoint().await?.map_or(0, |checkpoint| checkpoint.number);
        if last < progress.head.chain.number {
            let checkpoint = self.checkpoint(progress.head, self.check.clock.now());
            if let Some(file) = self.check.file.clone() {
                let outside = checkpoint.clone();
                let written = tokio::task::spawn_blocking(move || file.append(&outside)).await;
                written.map_err(std::io::Error::other)??;
            }
            self.check.ledger.save_checkpoint(&checkpoint).await?;
            self.check.remember(Some(checkpoint));
            metrics::counter!("veche_audit_checkpoints_total").increment(1);
        }
        progress.signed = progress.head.chain.number;
        progress.open.foreign.clear();
        self.refuse(None);
        Ok(())
    }

    fn checkpoint(&self, head: Head, at: DateTime<Utc>) -> Checkpoint {
        Checkpoint::sign(head.chain, head.position, at, &self.check.key)
    }
}
