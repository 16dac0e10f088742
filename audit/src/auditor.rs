//! Search and decoding for auditors: entries that match a filter, with their events decoded as far as keys exist.

use crate::{Entry, Filter, Ledger, Order};
use event_log::{RawEvent, ReadError};
use events::{Event, Meta, Position, Recorded};
use secrets::journal::{Journal, LoadError};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Maximum number of entries read at once.
const PAGE: usize = 500;
/// Maximum number of entries that one call reads when an address must be compared event by event.
const SCAN: usize = 20_000;

/// Reasons why the audit cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The keys of personal values cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The audit's database failed.
    #[error("the audit's database: {0}")]
    Database(#[from] sqlx::Error),
}

/// Searches the index and decodes the events it finds. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Auditor {
    ledger: Ledger,
    journal: Journal,
}

/// An entry with its stored event.
#[derive(Clone, Debug)]
pub struct LoadedEntry {
    /// Entry of the index.
    pub entry: Entry,
    /// Stored event; `None` if the log no longer holds it.
    pub raw: Option<RawEvent>,
}

/// A page of search results.
#[derive(Clone, Debug)]
pub struct Page {
    /// Results in the requested order.
    pub found: Vec<LoadedEntry>,
    /// Number from which the next page continues; `None` on the last page.
    pub next: Option<u64>,
}

/// An entry with its decoded event. As JSON: the entry's fields, `data`, and clear metadata; or `unreadable`.
#[derive(Clone, Debug)]
pub struct DecodedEntry {
    /// Entry of the index.
    pub entry: Entry,
    /// Decoded event, or the reason why it cannot be decoded.
    pub event: Result<Box<Recorded<Event>>, String>,
}

impl Auditor {
    /// An auditor over a journal and its chain.
    pub fn new(ledger: Ledger, journal: Journal) -> Self {
        Self { ledger, journal }
    }

    /// The chain's tables.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The log with its keys.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Finds up to `limit` entries after the number `from` (before it in the order latest first) that match a filter.
    /// A page may be short although more follow, see [`Page::next`].
    ///
    /// # Errors
    /// See [`AuditError`]; retry later.
    pub async fn page(
        &self,
        filter: &Filter,
        order: Order,
        from: u64,
        limit: usize,
    ) -> Result<Page, AuditError> {
        let (mut from, mut found, mut scanned) = (from, Vec::new(), 0);
        loop {
            // An address is compared after decoding, so more entries are read than wanted.
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

    /// Reads the events of entries, in the order of the entries.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn fetch(&self, entries: Vec<Entry>) -> Result<Vec<LoadedEntry>, AuditError> {
        let positions: Vec<Position> = entries.iter().map(|entry| entry.position).collect();
        let raw = self.journal.log().read_at(&positions).await?;
        let mut raw: HashMap<Position, RawEvent> =
            raw.into_iter().map(|event| (event.position, event)).collect();
        let join = |entry: Entry| LoadedEntry { raw: raw.remove(&entry.position), entry };
        Ok(entries.into_iter().map(join).collect())
    }

    /// Decodes events. One that cannot be decoded becomes an error text in its place.
    ///
    /// # Errors
    /// The keys cannot be read.
    pub async fn decode(&self, found: Vec<LoadedEntry>) -> Result<Vec<DecodedEntry>, AuditError> {
        let mut told = Vec::with_capacity(found.len());
        for LoadedEntry { entry, raw } in found {
            let event = match raw {
                None => Err("the log no longer holds the event".to_owned()),
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
    /// Metadata, if the event is readable.
    pub fn meta(&self) -> Option<&Meta> {
        self.event.as_ref().ok().map(|recorded| &recorded.meta)
    }

    /// IP address of the client; `None` if there was none or it was erased.
    pub fn address(&self) -> Option<&str> {
        self.meta()?.address.as_ref()?.value.as_deref()
    }

    /// User agent of the client; `None` if there was none or it was erased.
    pub fn user_agent(&self) -> Option<&str> {
        self.meta()?.user_agent.as_ref()?.value.as_deref()
    }

    /// Payload as JSON: personal values as `{"$personal": {"subject", "value"}}`, erased ones without `value`.
    ///
    /// # Errors
    /// The reason why the event is unreadable.
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
