//! What an auditor is shown: events that a filter lets through, each with its entry, decoded as far as keys are there.

use crate::{Entry, Filter, Ledger, Order};
use event_log::{RawEvent, ReadError};
use events::{Event, Meta, Position, Recorded};
use secrets::journal::{Journal, LoadError};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Entries that are looked at at once.
const PAGE: usize = 500;
/// Entries that one call looks at at most, when an address must be compared event by event.
const SCAN: usize = 20_000;

/// Why nothing can be shown.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The keys cannot be had.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The database failed.
    #[error("the audit's database: {0}")]
    Database(#[from] sqlx::Error),
}

/// Searches the chain and decodes what it finds. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Auditor {
    ledger: Ledger,
    journal: Journal,
}

/// An event that was found.
#[derive(Clone, Debug)]
pub struct LoadedEntry {
    /// Its entry.
    pub entry: Entry,
    /// As it is stored; nothing if the log does not hold it any more.
    pub raw: Option<RawEvent>,
}

/// Some of what was looked for.
#[derive(Clone, Debug)]
pub struct Page {
    /// In the order that was asked for.
    pub found: Vec<LoadedEntry>,
    /// From here it goes on; nothing: there is no more.
    pub next: Option<u64>,
}

/// An event as an auditor sees it. As JSON: its entry's fields, `data`, and what metadata says in the open; or `unreadable`.
#[derive(Clone, Debug)]
pub struct DecodedEntry {
    /// Its entry.
    pub entry: Entry,
    /// The event, or why it cannot be read.
    pub event: Result<Box<Recorded<Event>>, String>,
}

impl Auditor {
    /// An auditor of a journal and its chain.
    pub fn new(ledger: Ledger, journal: Journal) -> Self {
        Self { ledger, journal }
    }

    /// The chain.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The log and its keys.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Up to `limit` events behind the number `from` (or before it, latest first) that a filter lets through. There may be
    /// fewer and yet more to come: see [`Page::next`].
    ///
    /// # Errors
    /// [`AuditError`].
    pub async fn page(
        &self,
        filter: &Filter,
        order: Order,
        from: u64,
        limit: usize,
    ) -> Result<Page, AuditError> {
        let (mut from, mut found, mut scanned) = (from, Vec::new(), 0);
        loop {
            // An address is decided on after reading: then more is read than is wanted.
            let wanted = if filter.address.is_some() { PAGE } else { limit - found.len() };
            let entries = self.ledger.entries(filter, order, from, wanted).await?;
            let ended = entries.len() < wanted;
            scanned += entries.len();
            for one in self.fetch(entries).await? {
                from = one.entry.number;
                if self.is_from(&one, filter.address.as_deref()).await? {
                    found.push(one);
                }
                if found.len() == limit {
                    return Ok(Page { found, next: Some(from) });
                }
            }
            if ended || scanned >= SCAN {
                return Ok(Page { found, next: (!ended).then_some(from) });
            }
        }
    }

    /// The events of entries, in their order.
    ///
    /// # Errors
    /// [`AuditError`].
    pub async fn fetch(&self, entries: Vec<Entry>) -> Result<Vec<LoadedEntry>, AuditError> {
        let positions: Vec<Position> = entries.iter().map(|entry| entry.position).collect();
        let raw = self.journal.log().read_at(&positions).await?;
        let mut raw: HashMap<Position, RawEvent> =
            raw.into_iter().map(|event| (event.position, event)).collect();
        let join = |entry: Entry| LoadedEntry { raw: raw.remove(&entry.position), entry };
        Ok(entries.into_iter().map(join).collect())
    }

    /// Decodes what was found. What cannot be decoded does not hide the rest.
    ///
    /// # Errors
    /// The keys cannot be had.
    pub async fn decode(&self, found: Vec<LoadedEntry>) -> Result<Vec<DecodedEntry>, AuditError> {
        let mut told = Vec::with_capacity(found.len());
        for LoadedEntry { entry, raw } in found {
            let event = match raw {
                None => Err("the log does not hold it any more".to_owned()),
                Some(raw) => match self.journal.decode(vec![raw]).await {
                    Ok(mut decoded) => decoded.pop().map(Box::new).ok_or_else(String::new),
                    Err(error @ LoadError::Event { .. }) => Err(error.to_string()),
                    Err(error) => return Err(error.into()),
                },
            };
            told.push(DecodedEntry { entry, event });
        }
        Ok(told)
    }

    async fn is_from(&self, found: &LoadedEntry, address: Option<&str>) -> Result<bool, AuditError> {
        let Some(address) = address else { return Ok(true) };
        let told = self.decode(vec![found.clone()]).await?;
        Ok(told.iter().any(|told| told.address() == Some(address)))
    }
}

impl DecodedEntry {
    /// The metadata, if it can be read.
    pub fn meta(&self) -> Option<&Meta> {
        self.event.as_ref().ok().map(|recorded| &recorded.meta)
    }

    /// The client's address, unless there was none or it was erased.
    pub fn address(&self) -> Option<&str> {
        self.meta()?.address.as_ref()?.value.as_deref()
    }

    /// The client's program, likewise.
    pub fn user_agent(&self) -> Option<&str> {
        self.meta()?.user_agent.as_ref()?.value.as_deref()
    }

    /// The fact as JSON: personal values as `{"$personal": {"subject", "value"}}`, erased ones without `value`.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn data(&self) -> Result<Value, String> {
        let recorded = self.event.as_ref().map_err(Clone::clone)?;
        recorded.event.payload().map_err(|error| error.to_string())
    }
}

impl Serialize for DecodedEntry {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use serde::ser::Error;
        let entry = serde_json::to_value(&self.entry).map_err(S::Error::custom)?;
        let mut fields = match entry {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        let clear = [
            ("address", self.address()),
            ("user_agent", self.user_agent()),
            ("app", self.meta().map(|meta| &*meta.app)),
        ];
        fields.extend(clear.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into()))));
        match self.data() {
            Ok(data) => fields.insert("data".to_owned(), data),
            Err(why) => fields.insert("unreadable".to_owned(), why.into()),
        };
        let mut map = to.serialize_map(Some(fields.len()))?;
        fields.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
        map.end()
    }
}
