//! The notary: follows the log, numbers and hashes each event, keeps its entry, and signs the end from time to time.
//!
//! It works behind the append, so that no command waits for it. Several processes may run one: the head's row lets only one
//! win each batch, and all come to the same hashes. Nothing is decrypted.

mod error;
mod known;

pub use error::NotaryError;

use crate::{
    Checkpoint, CheckpointFile, Entry, Head, Ledger, ledger,
    team::{Streams, Team, team_of},
};
use chrono::{DateTime, TimeDelta, Utc};
use error::rewritten;
use event_log::{Log, RawEvent, Subscription};
use events::{EventId, Position};
use platform::clock::Clock;
use secrets::{guard::Guard, signing::SigningKey};
use sqlx::PgConnection;
use std::{
    pin::pin,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
    time::Duration,
};
use tokio::time::{Instant, sleep, sleep_until};

/// Events of one transaction at most.
const BATCH: usize = 1_000;
/// How long events gather behind a batch that was not full: nobody waits, and few transactions cost less than many.
const GATHER: Duration = Duration::from_millis(100);
/// While others append, it rests for so many times as long as it worked: they come first, as long as it is not late.
const RESTS: u32 = 9;
/// Events older than this are worked off without a rest.
const LATE: TimeDelta = TimeDelta::seconds(10);
/// The longest of those rests.
const LONGEST_REST: Duration = Duration::from_secs(1);
/// How long it rests after a failure, or when another process was faster.
const REST: Duration = Duration::from_millis(500);

/// How often one that has nothing to do looks whether the chain still ends where it did.
const LOOK: Duration = Duration::from_secs(5);

/// When the end of the chain is signed.
#[derive(Clone, Copy, Debug)]
pub struct NotarySettings {
    /// After so long, if there are events that are not covered.
    pub interval: Duration,
    /// After so many events in any case.
    pub max_events: u64,
}

/// Writes the chain. Cheap to clone.
#[derive(Clone)]
pub struct Notary {
    log: Log,
    ledger: Ledger,
    key: SigningKey,
    clock: Clock,
    file: Option<CheckpointFile>,
    settings: NotarySettings,
    streams: Streams,
    guard: Option<Guard>,
    /// The newest checkpoint that this process has signed, or has seen to fit.
    last: Arc<Mutex<Option<Checkpoint>>>,
    /// Why nothing is signed, if so.
    refused: Arc<Mutex<Option<String>>>,
    /// The file outside says that the log carries codes.
    codes_noted: Arc<AtomicBool>,
}

/// Where a notary stands.
struct Stand {
    head: Head,
    /// The last number that was signed.
    signed: u64,
    /// When the next signature is due, if there is anything to sign.
    due: Instant,
    /// When the last event happened that it added.
    last: DateTime<Utc>,
    /// The newest signed number of a history that is not hashed here yet: nothing is signed before that is reached.
    ahead: Option<Checkpoint>,
    /// Events since the last signature that are not believed.
    not_ours: Vec<(Position, EventId)>,
}

impl Notary {
    /// A notary of a log. Without a file, checkpoints are kept in the database alone.
    pub fn new(
        log: Log,
        ledger: Ledger,
        key: SigningKey,
        clock: Clock,
        file: Option<CheckpointFile>,
        settings: NotarySettings,
    ) -> Self {
        Self {
            log,
            ledger,
            key,
            clock,
            file,
            settings,
            streams: Streams::new(),
            guard: None,
            last: Arc::default(),
            refused: Arc::default(),
            codes_noted: Arc::default(),
        }
    }

    /// A notary that signs nothing that this guard does not believe.
    #[must_use]
    pub fn guarded(self, guard: Guard) -> Self {
        Self { guard: Some(guard), ..self }
    }

    /// Why it signs nothing, if it refuses.
    pub fn refusal(&self) -> Option<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says that it cannot go on; answers whether it is history that is wrong.
    fn report(&self, error: &NotaryError) -> bool {
        let refused = error.is_refusal();
        if refused {
            self.refuse(Some(error.to_string()));
        }
        let error = error as &dyn std::error::Error;
        tracing::error!(error, "the notary rests and tries again");
        refused
    }

    fn refuse(&self, why: Option<String>) {
        metrics::gauge!("veche_audit_refused").set(if why.is_some() { 1.0 } else { 0.0 });
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// Runs until it is dropped. Failures are logged and tried again: a chain that stands still is seen by its lag.
    pub async fn run(self) {
        loop {
            match self.follow().await {
                Ok(()) => tracing::debug!("another process writes the chain too"),
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

    /// Brings the chain up to the log's end of now, and signs it: what a test waits for, and an export begins with.
    ///
    /// # Errors
    /// [`NotaryError`].
    pub async fn catch_up(&self) -> Result<Head, NotaryError> {
        let mut db = self.ledger.connect().await?;
        let mut stand = self.stand().await?;
        loop {
            let events = self.log.read_all(stand.head.position, BATCH).await?;
            if events.is_empty() {
                self.sign(&mut stand).await?;
                return Ok(stand.head);
            }
            if !self.add(&mut db, &mut stand, &events).await? {
                stand = self.stand().await?;
            }
        }
    }

    /// Adds batches until one fails, or another process has moved the head.
    async fn follow(&self) -> Result<(), NotaryError> {
        let mut db = self.ledger.connect().await?;
        let mut stand = self.stand().await?;
        let mut subscription = self.log.subscribe(stand.head.position);
        while let Some(events) = self.wait(&mut subscription, &mut stand).await? {
            let (began, known) = (Instant::now(), self.known_head());
            if !self.add(&mut db, &mut stand, &events).await? {
                return Ok(());
            }
            if self.known_head() > known && !self.is_late(&stand) {
                sleep((began.elapsed() * RESTS).clamp(GATHER, LONGEST_REST)).await;
            } else if events.len() < BATCH {
                sleep(GATHER).await;
            }
            if stand.head.chain.number - stand.signed >= self.settings.max_events {
                self.sign(&mut stand).await?;
            }
        }
        Ok(())
    }

    /// Waits for events, and signs when it is time; nothing once the chain is not where it was: another process writes it too,
    /// or a crash of Postgres has taken its end, which would be missed until the next event.
    async fn wait(
        &self,
        subscription: &mut Subscription,
        stand: &mut Stand,
    ) -> Result<Option<Vec<RawEvent>>, NotaryError> {
        let mut events = pin!(subscription.next_batch(BATCH));
        loop {
            let unsigned = stand.head.chain.number > stand.signed;
            tokio::select! {
                events = &mut events => return Ok(Some(events?)),
                () = sleep_until(stand.due), if unsigned => self.sign(stand).await?,
                () = sleep(LOOK) => {
                    if self.ledger.head().await? != stand.head {
                        return Ok(None);
                    }
                }
            }
        }
    }

    fn is_late(&self, stand: &Stand) -> bool {
        self.clock.now() - stand.last > LATE
    }

    fn known_head(&self) -> Position {
        *self.log.watch_head().borrow()
    }

    /// The head, if the log holds it. A log in memory that ended with its process is forgotten.
    async fn stand(&self) -> Result<Stand, NotaryError> {
        let mut head = self.ledger.head().await?;
        self.streams.forget();
        if let Some(position) = self.missing(head).await? {
            if !matches!(self.log, Log::Memory(_)) {
                return Err(NotaryError::OtherHistory(position));
            }
            self.ledger.reset(true).await?;
            self.remember(None);
            head = self.ledger.head().await?;
        }
        let held = self.hold(head).await?;
        let signed = self.ledger.last_checkpoint().await?.map_or(0, |checkpoint| checkpoint.number);
        let due = Instant::now() + self.settings.interval;
        Ok(Stand {
            head,
            signed: signed.min(head.chain.number),
            due,
            last: self.clock.now(),
            ahead: held.ahead,
            not_ours: held.not_ours,
        })
    }

    async fn add(
        &self,
        db: &mut PgConnection,
        stand: &mut Stand,
        events: &[RawEvent],
    ) -> Result<bool, NotaryError> {
        let mut chain = stand.head.chain;
        let mut entries = Vec::with_capacity(events.len());
        for event in events {
            chain = chain.then(event);
            if let Some(ahead) = stand.ahead.take_if(|ahead| ahead.number == chain.number)
                && ahead.hash != chain.hash
            {
                return Err(rewritten(&ahead));
            }
            self.believe(event, &mut stand.not_ours);
            entries.push(Entry::of(event, chain.number, chain.hash));
        }
        self.place(db, events, &mut entries).await?;
        if !ledger::add(db, stand.head, &entries).await? {
            return Ok(false);
        }
        let Some(last) = entries.last() else { return Ok(true) };
        stand.head = Head { chain, position: last.position };
        stand.last = last.at;
        metrics::counter!("veche_audit_entries_total").increment(entries.len() as u64);
        metrics::gauge!("veche_audit_number").set(chain.number as f64);
        Ok(true)
    }

    /// Finds the teams of entries: from the events, from what is remembered, and for the rest from the ledger.
    async fn place(
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
                    self.streams.keep(stream, team);
                    Some(team)
                }
                Team::AsBefore => {
                    let team = self.streams.get(stream);
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
                self.streams.keep(&entry.stream, team);
            }
        }
        Ok(())
    }

    /// Signs the head, unless it is signed: outside first, so that no checkpoint is only in the database.
    async fn sign(&self, stand: &mut Stand) -> Result<(), NotaryError> {
        stand.due = Instant::now() + self.settings.interval;
        if !self.may_sign(stand).await? {
            return Ok(());
        }
        let last = self.ledger.last_checkpoint().await?.map_or(0, |checkpoint| checkpoint.number);
        if last < stand.head.chain.number {
            let checkpoint = self.checkpoint(stand.head, self.clock.now());
            if let Some(file) = self.file.clone() {
                let outside = checkpoint.clone();
                let written = tokio::task::spawn_blocking(move || file.append(&outside)).await;
                written.map_err(std::io::Error::other)??;
            }
            self.ledger.keep(&checkpoint).await?;
            self.remember(Some(checkpoint));
            metrics::counter!("veche_audit_checkpoints_total").increment(1);
        }
        stand.signed = stand.head.chain.number;
        stand.not_ours.clear();
        self.refuse(None);
        Ok(())
    }

    fn checkpoint(&self, head: Head, at: DateTime<Utc>) -> Checkpoint {
        Checkpoint::sign(head.chain, head.position, at, &self.key)
    }
}
