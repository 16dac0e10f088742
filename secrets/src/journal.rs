//! The journal: appends and reads typed events, seals their personal values, and refuses events that this
//! installation did not write.

mod encoded;
mod rulings;

use crate::{
    guard::{Guard, UntrustedEvent},
    keyring::{Keyring, KeyringError},
    sealing::{self, FieldLocation, SealingError, Version},
    vault::Vault,
};
use chrono::{SubsecRound, Utc};
use encoded::Encoded;
use event_log::{AppendError, Appended, CommandRef, Expected, Log, RawEvent, ReadError};
use events::{
    Event, Meta, Recorded, Revision, StreamName, Subject,
    codec::{self, DecodeError},
};
use serde_json::Value;
use std::{collections::BTreeSet, error::Error, time::Duration};
use tokio::time::{MissedTickBehavior, interval};

/// Events per page.
const PAGE: usize = 1_000;

/// Interval at which the keyring is polled for keys destroyed by other processes.
pub const KEY_POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Maximum number of retries, with the same ids, of an append whose outcome is unknown.
const REPEATS: usize = 3;

/// Maximum number of attempts, at successive ends of the stream, of an append without an expected revision.
const ENDS: usize = 20;

/// The log, and the keys that its personal values are sealed with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Journal {
    log: Log,
    keyring: Keyring,
    guard: Guard,
}

/// Events to append to one stream, all or none.
#[derive(Clone, Debug)]
pub struct Entry {
    pub stream: StreamName,
    /// The expected revision of the stream.
    pub expected: Expected,
    pub events: Vec<Event>,
    /// Metadata, the same for all events.
    pub meta: Meta,
    /// The command, for its receipt.
    pub command: Option<CommandRef>,
}

/// Why events could not be appended.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The log refused or failed.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// A key is destroyed or unavailable.
    #[error(transparent)]
    Keys(#[from] KeyringError),
    /// A value could not be sealed.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// A value has no JSON form.
    #[error("an event cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Why events could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The log said no.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The keyring failed.
    #[error(transparent)]
    Keys(#[from] KeyringError),
    /// An event cannot be decoded: a newer version wrote it, or it is damaged.
    #[error("event at position {position}: {source}")]
    Event { position: u64, source: BadEvent },
}

/// Why an event cannot be decoded.
#[derive(Debug, thiserror::Error)]
pub enum BadEvent {
    /// Somebody else wrote or changed it.
    #[error(transparent)]
    Untrusted(#[from] UntrustedEvent),
    /// It is not JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A personal value cannot be unsealed.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// Its kind or shape is unknown.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

impl Journal {
    /// A journal over a log, its keyring, and the vault of its master key. It trusts no event without a code, see
    /// [`Guard::read`].
    pub fn new(log: Log, keyring: Keyring, vault: &Vault) -> Self {
        Self { log, keyring, guard: Guard::new(vault.event_mac()) }
    }

    /// Decides which events are trusted.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Appends events. Their ids derive from the command's id, if there is one, so that a repeated command appends
    /// nothing new.
    ///
    /// # Errors
    /// [`WriteError`]; [`AppendError::Unknown`] if the outcome is still unknown after the retries.
    pub async fn append(&self, entry: Entry) -> Result<Appended, WriteError> {
        let expected = entry.expected;
        let encoded = self.encode(entry).await?;
        let mut first = match expected {
            Expected::NoStream => 0,
            Expected::Revision(last) => last.saturating_add(1),
            Expected::Any | Expected::Exists => return self.append_at_the_end(&encoded, expected).await,
        };
        self.insist(&encoded, &mut first).await
    }

    /// Finds the end of the stream first, because the code of an event covers its revision.
    async fn append_at_the_end(&self, encoded: &Encoded, expected: Expected) -> Result<Appended, WriteError> {
        // The first attempt only asks for the end of the stream: it is most likely not revision 1.
        let mut first = 1;
        for _ in 1..ENDS {
            match self.insist(encoded, &mut first).await {
                Err(WriteError::Append(AppendError::Conflict { actual: None, .. }))
                    if expected == Expected::Exists =>
                {
                    break;
                }
                Err(WriteError::Append(AppendError::Conflict { actual, .. })) => {
                    first = actual.map_or(0, |last| last + 1);
                }
                outcome => return outcome,
            }
        }
        self.insist(encoded, &mut first).await
    }

    async fn insist(&self, encoded: &Encoded, first: &mut Revision) -> Result<Appended, WriteError> {
        let append = encoded.at(*first, self.guard.mac());
        for _ in 1..REPEATS {
            match self.log.append(append.clone()).await {
                Err(AppendError::Unknown(_)) => {}
                outcome => return Ok(outcome?),
            }
        }
        Ok(self.log.append(append).await?)
    }

    /// Ensures that a subject has a key, see [`Keyring::ensure_evenly`].
    ///
    /// # Errors
    /// [`WriteError::Keys`].
    pub async fn ensure_key_evenly(&self, subject: Subject) -> Result<(), WriteError> {
        Ok(self.keyring.ensure_evenly(subject).await?)
    }

    /// Destroys a subject's key, see [`Keyring::destroy`].
    ///
    /// # Errors
    /// [`WriteError::Keys`].
    pub async fn destroy_key(&self, subject: Subject) -> Result<Duration, WriteError> {
        Ok(self.keyring.destroy(&subject).await?)
    }

    /// Follows changes of keys while it is polled: reloads wrapping keys, forgets keys that other processes
    /// destroyed, and calls `tell` after each such change, because caches may hold values that were unsealed with
    /// them.
    pub async fn follow_keys(&self, mut tell: impl FnMut()) {
        let mut known = BTreeSet::new();
        let mut beat = interval(KEY_POLL_INTERVAL);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            if let Err(error) = self.keyring.reload_wrapping() {
                tracing::warn!(%error, "wrapping keys cannot be reloaded; the previous ones stay in use");
            }
            match self.keyring.destroyed_lately().await {
                Ok(destroyed) => {
                    let fresh: Vec<&Subject> = destroyed.difference(&known).collect();
                    fresh.iter().for_each(|subject| self.keyring.forget_cached(subject));
                    if !fresh.is_empty() {
                        tell();
                    }
                    known = destroyed;
                }
                Err(error) => tracing::warn!(%error, "destroyed keys cannot be read"),
            }
        }
    }

    /// Reads the events of a stream from a revision on. A ruling of operators takes the place of an untrusted event
    /// that it skips.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn stream(
        &self,
        stream: &StreamName,
        from: Revision,
    ) -> Result<Vec<Recorded<Event>>, LoadError> {
        let mut from = from;
        let mut events = vec![];
        loop {
            let page = self.log.read_stream(stream, from, PAGE).await?;
            let last = page.len() < PAGE;
            from += page.len() as Revision;
            match self.decode(page.clone()).await {
                Err(LoadError::Event { source: BadEvent::Untrusted(_), .. }) => {
                    events.extend(self.without_skipped(page).await?);
                }
                decoded => events.extend(decoded?),
            }
            if last {
                return Ok(events);
            }
        }
    }

    /// Decodes stored events.
    ///
    /// # Errors
    /// [`LoadError`], for the first event that cannot be decoded.
    pub async fn decode(&self, raw: Vec<RawEvent>) -> Result<Vec<Recorded<Event>>, LoadError> {
        let mut parsed = Vec::with_capacity(raw.len());
        let mut subjects = BTreeSet::new();
        for event in raw {
            let position = event.position;
            let values =
                self.parse(&event, &mut subjects).map_err(|source| LoadError::Event { position, source })?;
            parsed.push((event, values));
        }
        let subjects: Vec<Subject> = subjects.into_iter().collect();
        let keys = self.keyring.get(&subjects).await?;
        let open = |(event, mut values): (RawEvent, Values)| {
            let mut opened = || -> Result<(Event, Meta), BadEvent> {
                if values.personal {
                    let (stream, event, version) = (&event.stream, event.id, values.version);
                    let place = |part| FieldLocation { stream, event, part };
                    sealing::unseal(&mut values.data, &keys, version, place("data"))?;
                    sealing::unseal(&mut values.meta, &keys, version, place("meta"))?;
                }
                if let Some(meta) = values.meta.as_object_mut() {
                    meta.remove("mac");
                }
                let meta = serde_json::from_value(values.meta.take())?;
                Ok((codec::decode(&event.kind, values.data.take())?, meta))
            };
            let (fact, meta) =
                opened().map_err(|source| LoadError::Event { position: event.position, source })?;
            let RawEvent { position, stream, revision, id, .. } = event;
            Ok(Recorded { position, stream, revision, id, meta, event: fact })
        };
        parsed.into_iter().map(open).collect()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the journal is below platform, and records the time of the append"
    )]
    async fn encode(&self, entry: Entry) -> Result<Encoded, WriteError> {
        let meta = Meta { recorded_at: Some(Utc::now().trunc_subsecs(6)), ..entry.meta };
        let meta = serde_json::to_value(&meta)?;
        let payloads = entry.events.iter().map(Event::payload).collect::<Result<Vec<_>, _>>()?;
        let mut subjects = sealing::subjects(&meta)?;
        for payload in &payloads {
            subjects.extend(sealing::subjects(payload)?);
        }
        let subjects: Vec<Subject> = subjects.into_iter().collect();
        let keys = self.keyring.ensure(&subjects).await?;
        let mut encoded = Encoded::new(entry.stream, entry.command);
        for (event, payload) in entry.events.iter().zip(payloads) {
            encoded.push(event.kind(), payload, meta.clone(), &keys)?;
        }
        Ok(encoded)
    }

    fn parse(&self, event: &RawEvent, subjects: &mut BTreeSet<Subject>) -> Result<Values, BadEvent> {
        let version = self.guard.admit(event).inspect_err(|wrong| {
            let RawEvent { position, stream, kind, .. } = event;
            metrics::counter!("veche_events_not_ours_total").increment(1);
            tracing::error!(position, %stream, kind, error = wrong as &dyn Error, "an event is not believed");
        })?;
        let values = Values {
            data: serde_json::from_slice(&event.data)?,
            meta: serde_json::from_slice(&event.meta)?,
            personal: sealing::may_contain_personal(&event.data)
                || sealing::may_contain_personal(&event.meta),
            version,
        };
        if values.personal {
            subjects.extend(sealing::subjects(&values.data)?);
            subjects.extend(sealing::subjects(&values.meta)?);
        }
        Ok(values)
    }
}

struct Values {
    data: Value,
    meta: Value,
    personal: bool,
    /// The version in which its personal values must be sealed.
    version: Version,
}

#[cfg(test)]
mod tests;
