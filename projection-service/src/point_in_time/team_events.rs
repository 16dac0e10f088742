//! Reads the events that concern a team: the events of its own streams, the operators' rulings about parked events, and the
//! erasures of its members' accounts.
//!
//! The audit index knows the team of every event. If there is no index, or it lags, the whole log is scanned; an event of
//! another team is not decoded.

use audit::{Filter, Ledger, Order};
use event_log::{Log, RawEvent};
use events::{AccountId, Position, StreamName, TeamId};
use read_model::past::PastError;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

/// Events read at once.
const PAGE: usize = 2_000;
/// Attempts to find the audit index caught up, and the pause between them.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);
/// Stream categories in which at least the first event names the team.
const CATEGORIES_NAMING_TEAM: [&str; 5] = ["chat", "task", "message", "read", "remind"];
/// The event that adds an account to the team.
const ADDED: &str = "contact.added.v1";
/// The event that erases an account.
const ERASED: &str = "account.erased.v1";

/// Iterates over the events that concern a team, up to a position.
pub(super) struct TeamEventReader<'l> {
    log: &'l Log,
    until: Position,
    own: OwnEvents<'l>,
    /// Events of other streams that concern the team and are not yet returned.
    others: BTreeMap<Position, RawEvent>,
}

/// The events of the team's own streams.
enum OwnEvents<'l> {
    Indexed(Indexed<'l>),
    Scanned(Box<Scanned<'l>>),
}

impl<'l> TeamEventReader<'l> {
    /// Starts at the beginning of the log; `until` is the last position.
    pub(super) async fn new(
        log: &'l Log,
        ledger: &'l Ledger,
        team: TeamId,
        until: Position,
    ) -> Result<Self, PastError> {
        let own = match index_includes(ledger, until).await? {
            true => OwnEvents::Indexed(Indexed { log, ledger, team, until, number: 0 }),
            false => OwnEvents::Scanned(Box::new(Scanned::new(log, team, until))),
        };
        let mut reader = Self { log, until, own, others: BTreeMap::new() };
        reader.add_stream(&StreamName::projection(), |_| true).await?;
        Ok(reader)
    }

    /// The next events in order, at least one; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<RawEvent>>, PastError> {
        let own = match &mut self.own {
            OwnEvents::Indexed(indexed) => indexed.next().await?,
            OwnEvents::Scanned(scanned) => scanned.next().await?,
        };
        let Some(mut page) = own else {
            let rest: Vec<RawEvent> = std::mem::take(&mut self.others).into_values().collect();
            return Ok((!rest.is_empty()).then_some(rest));
        };
        for account in page.iter().filter_map(added_account) {
            self.add_stream(&StreamName::account(account), |event| event.kind == ERASED).await?;
        }
        let last = page.last().map_or(self.until, |event| event.position);
        let later = self.others.split_off(&(last + 1));
        page.extend(std::mem::replace(&mut self.others, later).into_values());
        page.sort_unstable_by_key(|event| event.position);
        Ok(Some(page))
    }

    /// Adds the matching events of another stream.
    async fn add_stream(
        &mut self,
        stream: &StreamName,
        matches: impl Fn(&RawEvent) -> bool,
    ) -> Result<(), PastError> {
        let mut from = 0;
        loop {
            let page = self.log.read_stream(stream, from, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            from = last.revision + 1;
            let matching = page.into_iter().filter(|event| event.position <= self.until && matches(event));
            self.others.extend(matching.map(|event| (event.position, event)));
        }
    }
}

/// Whether the audit index includes the position; waits a moment if it lags.
async fn index_includes(ledger: &Ledger, until: Position) -> Result<bool, PastError> {
    for _ in 0..ATTEMPTS {
        let head = ledger.head().await?;
        if head.position >= until {
            return Ok(true);
        }
        if head.position == 0 {
            break; // no notary runs
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(false)
}

/// The account that an event adds to the team.
fn added_account(event: &RawEvent) -> Option<AccountId> {
    #[derive(Deserialize)]
    struct Added {
        account: AccountId,
    }
    let added = (event.kind == ADDED).then(|| serde_json::from_slice::<Added>(&event.data));
    added?.ok().map(|added| added.account)
}

/// Reads the team's events by the audit index.
struct Indexed<'l> {
    log: &'l Log,
    ledger: &'l Ledger,
    team: TeamId,
    until: Position,
    /// The number of the last index entry that was read.
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

/// Finds the team's events by scanning the log.
struct Scanned<'l> {
    log: &'l Log,
    team: TeamId,
    /// The JSON of an event's field `team`.
    team_field: Vec<u8>,
    /// Streams known to belong to the team.
    streams: HashSet<StreamName>,
    until: Position,
    position: Position,
}

impl<'l> Scanned<'l> {
    fn new(log: &'l Log, team: TeamId, until: Position) -> Self {
        let team_field = format!("\"team\":\"{team}\"").into_bytes();
        Self { log, team, team_field, streams: HashSet::new(), until, position: 0 }
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
            category if CATEGORIES_NAMING_TEAM.contains(&category) => {
                if self.streams.contains(&event.stream) {
                    return true;
                }
                let is_ours = event.data.windows(self.team_field.len()).any(|bytes| bytes == self.team_field);
                if is_ours {
                    self.streams.insert(event.stream.clone());
                }
                is_ours
            }
            _ => false,
        }
    }
}
