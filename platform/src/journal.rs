//! The log as the services use it: typed events in, typed events out, personal values sealed on the way.

use crate::{
    keyring::{Keyring, KeyringError},
    sealing::{self, SealingError},
};
use bytes::Bytes;
use event_log::{Append, AppendError, Appended, CommandRef, Expected, Log, NewEvent, RawEvent, ReadError};
use events::{
    CommandId, Event, EventId, Meta, Recorded, Revision, StreamName, Subject,
    codec::{self, DecodeError},
};
use serde_json::Value;
use std::{collections::BTreeSet, time::Duration};
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

/// How many events are read from a stream at once.
const PAGE: usize = 1_000;

/// How often it is asked whose keys were destroyed elsewhere.
pub const HEAR_EVERY: Duration = Duration::from_secs(2);

/// How often an append whose outcome is unknown is repeated with the same ids.
const REPEATS: usize = 3;

/// The log and the keys that its personal values are sealed with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Journal {
    log: Log,
    keyring: Keyring,
}

/// Events to be stored in one stream, all or none.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where they belong.
    pub stream: StreamName,
    /// What must be true of the stream.
    pub expected: Expected,
    /// What happened.
    pub events: Vec<Event>,
    /// Who, when, why: the same for all.
    pub meta: Meta,
    /// The command behind it, for its receipt.
    pub command: Option<CommandRef>,
}

/// Why events could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The log said no.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// There is no key to seal with.
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
    /// The keys cannot be had.
    #[error(transparent)]
    Keys(#[from] KeyringError),
    /// One event cannot be read: written by a newer version, or damaged.
    #[error("event at position {position}: {source}")]
    Event {
        /// Where.
        position: u64,
        /// Why.
        source: BadEvent,
    },
}

/// Why one event cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BadEvent {
    /// Not JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A personal value does not open.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// Its name or shape is unknown.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

impl Journal {
    /// A journal over a log and the keys that belong to it.
    pub fn new(log: Log, keyring: Keyring) -> Self {
        Self { log, keyring }
    }

    /// The keys underneath.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The log underneath.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Appends events. Their ids derive from the command's, if it has one, so that a repeat writes nothing new.
    ///
    /// # Errors
    /// [`WriteError`]; an append whose outcome stays unknown after repeats is [`AppendError::Unknown`].
    pub async fn append(&self, entry: Entry) -> Result<Appended, WriteError> {
        let append = self.encode(entry).await?;
        for _ in 1..REPEATS {
            match self.log.append(append.clone()).await {
                Err(AppendError::Unknown(_)) => {}
                outcome => return Ok(outcome?),
            }
        }
        Ok(self.log.append(append).await?)
    }

    /// Sees to it that a subject has a key, see [`Keyring::ensure_evenly`].
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

    /// Keeps up with keys, as long as it is polled: takes up wrapping keys that were changed, forgets keys that were destroyed
    /// elsewhere, and tells each time that there were some. Whatever a process remembers beside the log may have been made
    /// with them.
    pub async fn follow_keys(&self, mut tell: impl FnMut()) {
        let mut known = BTreeSet::new();
        let mut beat = interval(HEAR_EVERY);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            if let Err(error) = self.keyring.reload_wrapping() {
                tracing::warn!(%error, "wrapping keys cannot be read again; those known before are in force");
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
                Err(error) => tracing::warn!(%error, "destroyed keys cannot be asked for"),
            }
        }
    }

    /// All events of a stream from a revision on.
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
            events.extend(self.decode(page).await?);
            if last {
                return Ok(events);
            }
        }
    }

    /// Decodes what the log handed out.
    ///
    /// # Errors
    /// [`LoadError`], naming the first event that cannot be read.
    pub async fn decode(&self, raw: Vec<RawEvent>) -> Result<Vec<Recorded<Event>>, LoadError> {
        let mut parsed = Vec::with_capacity(raw.len());
        let mut subjects = BTreeSet::new();
        for event in raw {
            let position = event.position;
            let values =
                parse(&event, &mut subjects).map_err(|source| LoadError::Event { position, source })?;
            parsed.push((event, values));
        }
        let subjects: Vec<Subject> = subjects.into_iter().collect();
        let keys = self.keyring.get(&subjects).await?;
        let open = |(event, mut values): (RawEvent, Values)| {
            let mut opened = || -> Result<(Event, Meta), BadEvent> {
                if values.personal {
                    sealing::unseal(&mut values.data, &keys)?;
                    sealing::unseal(&mut values.meta, &keys)?;
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

    async fn encode(&self, entry: Entry) -> Result<Append, WriteError> {
        let mut meta = serde_json::to_value(&entry.meta)?;
        let mut payloads = entry.events.iter().map(Event::payload).collect::<Result<Vec<_>, _>>()?;
        let mut subjects = sealing::subjects(&meta)?;
        for payload in &payloads {
            subjects.extend(sealing::subjects(payload)?);
        }
        let subjects: Vec<Subject> = subjects.into_iter().collect();
        let keys = self.keyring.ensure(&subjects).await?;
        sealing::seal(&mut meta, &keys)?;
        let meta = Bytes::from(serde_json::to_vec(&meta)?);
        let command = entry.command.map(|command| command.id);
        let mut events = Vec::with_capacity(payloads.len());
        for (index, (event, payload)) in entry.events.iter().zip(&mut payloads).enumerate() {
            sealing::seal(payload, &keys)?;
            let data = Bytes::from(serde_json::to_vec(payload)?);
            events.push(NewEvent {
                id: event_id(command, index),
                kind: event.kind().into(),
                data,
                meta: meta.clone(),
            });
        }
        Ok(Append { stream: entry.stream, expected: entry.expected, events, command: entry.command })
    }
}

struct Values {
    data: Value,
    meta: Value,
    personal: bool,
}

fn parse(event: &RawEvent, subjects: &mut BTreeSet<Subject>) -> Result<Values, BadEvent> {
    let values = Values {
        data: serde_json::from_slice(&event.data)?,
        meta: serde_json::from_slice(&event.meta)?,
        personal: sealing::may_contain_personal(&event.data) || sealing::may_contain_personal(&event.meta),
    };
    if values.personal {
        subjects.extend(sealing::subjects(&values.data)?);
        subjects.extend(sealing::subjects(&values.meta)?);
    }
    Ok(values)
}

/// Derived from the command and the place among its events; in time order without a command.
fn event_id(command: Option<CommandId>, index: usize) -> EventId {
    EventId(match command {
        Some(command) => Uuid::new_v5(&command.0, &index.to_be_bytes()),
        None => Uuid::now_v7(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use event_log::MemoryLog;
    use events::{AccountEvent, AccountId, Personal, account};

    fn entry() -> Entry {
        let id = AccountId(Uuid::from_u128(1));
        let settings = Personal::of_account(id, r#"{"secret":"пыщ"}"#.to_owned());
        Entry {
            stream: StreamName::account(id),
            expected: Expected::NoStream,
            events: vec![AccountEvent::from(account::UiSettingsReplaced { settings }).into()],
            meta: Meta {
                actor: Some(id),
                address: Some(Personal::of_account(id, "203.0.113.9".into())),
                ..Meta::new(DateTime::from_timestamp(1_700_000_000, 0).unwrap(), "ui_settings.replace")
            },
            command: Some(CommandRef { id: CommandId(Uuid::from_u128(7)), fingerprint: [0; 32] }),
        }
    }

    #[tokio::test]
    async fn the_log_never_sees_a_personal_value_and_the_reader_gets_it_back() {
        let log = Log::Memory(MemoryLog::default());
        let journal = Journal::new(log.clone(), Keyring::memory());
        journal.append(entry()).await.unwrap();
        let raw = log.read_all(0, 10).await.unwrap();
        let text =
            String::from_utf8_lossy(&raw[0].data).into_owned() + &String::from_utf8_lossy(&raw[0].meta);
        assert!(!text.contains("пыщ") && !text.contains("203.0.113.9"), "{text}");
        let read = journal.stream(&entry().stream, 0).await.unwrap();
        assert_eq!((&read[0].event, &read[0].meta), (&entry().events[0], &entry().meta));
        assert_eq!(read[0].meta.schema.as_deref(), Some(events::SCHEMAS));
    }

    #[tokio::test]
    async fn a_repeated_command_writes_nothing_new() {
        let journal = Journal::new(Log::Memory(MemoryLog::default()), Keyring::memory());
        let first = journal.append(entry()).await.unwrap();
        let second = journal.append(entry()).await.unwrap();
        assert_eq!((first.position, second.position, second.repeated), (1, 1, true));
    }

    #[tokio::test]
    async fn an_erased_value_reads_as_none() {
        let keyring = Keyring::memory();
        let journal = Journal::new(Log::Memory(MemoryLog::default()), keyring.clone());
        journal.append(entry()).await.unwrap();
        keyring.destroy(&Subject::Account(AccountId(Uuid::from_u128(1)))).await.unwrap();
        let read = journal.stream(&entry().stream, 0).await.unwrap();
        let Event::AccountEvent(AccountEvent::UiSettingsReplaced(replaced)) = &read[0].event else {
            panic!()
        };
        assert_eq!(replaced.settings.value, None);
    }
}
