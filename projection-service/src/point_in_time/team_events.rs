//! Which events concern a team: those of its own streams, what operators have ruled about the projection, and that people
//! who were in it are forgotten.
//!
//! The auditor's index knows the team of every event. Where it does not reach (there is none, or it is behind), the log is
//! read through; an event that is not the team's is not decoded.

use audit::{Filter, Ledger, Order};
use event_log::{Log, RawEvent};
use events::{AccountId, Position, StreamName, TeamId};
use read_model::past::PastError;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

/// Events read from the log at once.
const PAGE: usize = 2_000;
/// How often, and with which pause, an index that is a little behind is waited for.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);
/// Categories of streams whose events name their team: the first one does, or all do.
const NAMING: [&str; 5] = ["chat", "task", "message", "read", "remind"];
/// The event by which somebody is in the team from then on.
const ADDED: &str = "contact.added.v1";
/// The event by which a person is forgotten, wherever they were.
const ERASED: &str = "account.erased.v1";

/// Walks over the events that concern a team, up to a position.
pub(super) struct TeamEventReader<'l> {
    log: &'l Log,
    until: Position,
    own: Own<'l>,
    /// What concerns the team and is not its own, as far as it is known and has yet to come.
    others: BTreeMap<Position, RawEvent>,
}

/// The events of the team's own streams.
enum Own<'l> {
    Indexed(Indexed<'l>),
    Scanned(Box<Scanned<'l>>),
}

impl<'l> TeamEventReader<'l> {
    /// From the beginning up to a position.
    ///
    /// # Errors
    /// Log or index could not be read.
    pub(super) async fn new(
        log: &'l Log,
        ledger: &'l Ledger,
        team: TeamId,
        until: Position,
    ) -> Result<Self, PastError> {
        let own = match reaches(ledger, until).await? {
            true => Own::Indexed(Indexed { log, ledger, team, until, number: 0 }),
            false => Own::Scanned(Box::new(Scanned::new(log, team, until))),
        };
        let mut reader = Self { log, until, own, others: BTreeMap::new() };
        reader.expect(&StreamName::projection(), |_| true).await?;
        Ok(reader)
    }

    /// The next ones in order, one at least; nothing at the end.
    ///
    /// # Errors
    /// Log or index could not be read.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<RawEvent>>, PastError> {
        let own = match &mut self.own {
            Own::Indexed(indexed) => indexed.next().await?,
            Own::Scanned(scanned) => scanned.next().await?,
        };
        let Some(mut page) = own else {
            let rest: Vec<RawEvent> = std::mem::take(&mut self.others).into_values().collect();
            return Ok((!rest.is_empty()).then_some(rest));
        };
        for account in page.iter().filter_map(added) {
            self.expect(&StreamName::account(account), |event| event.kind == ERASED).await?;
        }
        let last = page.last().map_or(self.until, |event| event.position);
        let later = self.others.split_off(&(last + 1));
        page.extend(std::mem::replace(&mut self.others, later).into_values());
        page.sort_unstable_by_key(|event| event.position);
        Ok(Some(page))
    }

    /// Notes events of another stream.
    async fn expect(
        &mut self,
        stream: &StreamName,
        concerns: impl Fn(&RawEvent) -> bool,
    ) -> Result<(), PastError> {
        let mut from = 0;
        loop {
            let page = self.log.read_stream(stream, from, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            from = last.revision + 1;
            let concerning = page.into_iter().filter(|event| event.position <= self.until && concerns(event));
            self.others.extend(concerning.map(|event| (event.position, event)));
        }
    }
}

/// Whether the index goes as far as that; it follows the log closely.
async fn reaches(ledger: &Ledger, until: Position) -> Result<bool, PastError> {
    for _ in 0..TRIES {
        let head = ledger.head().await?;
        if head.position >= until {
            return Ok(true);
        }
        if head.position == 0 {
            break; // nobody keeps it
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(false)
}

/// Whom an event brings into the team.
fn added(event: &RawEvent) -> Option<AccountId> {
    #[derive(Deserialize)]
    struct Added {
        account: AccountId,
    }
    let added = (event.kind == ADDED).then(|| serde_json::from_slice::<Added>(&event.data));
    added?.ok().map(|added| added.account)
}

/// By the auditor's index.
struct Indexed<'l> {
    log: &'l Log,
    ledger: &'l Ledger,
    team: TeamId,
    until: Position,
    /// The last number that was read.
    number: u64,
}

impl Indexed<'_> {
    async fn next(&mut self) -> Result<Option<Vec<RawEvent>>, PastError> {
        let filter = Filter { team: Some(self.team), ..Filter::default() };
        let entries = self.ledger.entries(&filter, Order::Oldest, self.number, PAGE).await?;
        let Some(last) = entries.last() else { return Ok(None) };
        self.number = last.number;
        let positions = entries.iter().map(|entry| entry.position).filter(|position| *position <= self.until);
        let positions: Vec<Position> = positions.collect();
        if positions.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.log.read_at(&positions).await?))
    }
}

/// By reading through the log.
struct Scanned<'l> {
    log: &'l Log,
    team: TeamId,
    /// As JSON says whose something is.
    named: Vec<u8>,
    /// Streams that are known to be the team's.
    streams: HashSet<StreamName>,
    until: Position,
    position: Position,
}

impl<'l> Scanned<'l> {
    fn new(log: &'l Log, team: TeamId, until: Position) -> Self {
        let named = format!("\"team\":\"{team}\"").into_bytes();
        Self { log, team, named, streams: HashSet::new(), until, position: 0 }
    }

    async fn next(&mut self) -> Result<Option<Vec<RawEvent>>, PastError> {
        while self.position < self.until {
            let mut page = self.log.read_all(self.position, PAGE).await?;
            let Some(last) = page.last() else { return Ok(None) };
            self.position = last.position;
            page.retain(|event| event.position <= self.until && self.is_own(event));
            if !page.is_empty() {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    fn is_own(&mut self, event: &RawEvent) -> bool {
        match event.stream.category() {
            "team" | "uploads" | "tags" => event.stream.id().parse() == Ok(self.team),
            category if NAMING.contains(&category) => {
                if self.streams.contains(&event.stream) {
                    return true;
                }
                let is_ours = event.data.windows(self.named.len()).any(|bytes| bytes == self.named);
                if is_ours {
                    self.streams.insert(event.stream.clone());
                }
                is_ours
            }
            _ => false,
        }
    }
}
