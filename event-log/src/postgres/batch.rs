//! Plans one batch: which facts its appends need, and which rows follow from them. Pure.

use crate::{
    Append, AppendError, Appended, NewEvent, RawEvent, Receipt,
    decision::{AppendDecision, AppendFacts, decide, fixed_first_revision},
};
use events::{CommandId, EventId, Position, Revision, StreamName};
use std::collections::{BTreeMap, HashMap};

/// Lookup of the facts about one append.
#[derive(Debug)]
pub(super) struct Lookup<'a> {
    /// Stream name.
    pub(super) stream: &'a str,
    /// Revision at which to look for the append's events; `None`: at the end of the stream.
    pub(super) first: Option<Revision>,
    /// Number of events to look for.
    pub(super) amount: u64,
    /// Command id.
    pub(super) command: Option<CommandId>,
}

impl<'a> Lookup<'a> {
    /// The lookup for an append; `tried` is the first revision of an earlier attempt.
    pub(super) fn about(append: &'a Append, tried: Option<Revision>) -> Self {
        Self {
            stream: append.stream.as_str(),
            first: fixed_first_revision(append.expected, tried),
            amount: append.events.len() as u64,
            command: append.command.map(|command| command.id),
        }
    }
}

/// Facts about one append.
#[derive(Debug, Default)]
pub(super) struct StreamFacts {
    /// Revision of the stream's last event.
    pub(super) last: Option<Revision>,
    /// Events found from the looked-up revision on, in order.
    pub(super) stored: Vec<(EventId, Position)>,
    /// Receipt of its command.
    pub(super) receipt: Option<Receipt>,
}

/// Rows to write, column by column.
#[derive(Debug, Default)]
pub(super) struct Rows<'a> {
    // Columns of the events, in order of position.
    pub(super) streams: Vec<&'a str>,
    pub(super) revisions: Vec<i64>,
    pub(super) events: Vec<&'a NewEvent>,
    /// Receipts by command.
    pub(super) receipts: BTreeMap<CommandId, Receipt>,
}

/// Plan of a batch.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    /// Head that the decisions were made on; the rows follow it.
    pub(super) head: Position,
    /// Rows to write.
    pub(super) rows: Rows<'a>,
    /// One answer per append, in order; valid once the rows are written.
    pub(super) answers: Vec<Result<Appended, AppendError>>,
    streams: HashMap<&'a str, StreamTail>,
}

/// End of a stream, including the earlier appends of this batch.
#[derive(Debug)]
struct StreamTail {
    first: Revision,
    events: Vec<(EventId, Position)>,
}

impl<'a> Plan<'a> {
    /// Decides the appends one after the other, each as if the earlier ones were stored.
    pub(super) fn make(
        head: Position,
        appends: impl Iterator<Item = (&'a Append, Option<Revision>)>,
        facts: &[StreamFacts],
    ) -> Self {
        let mut plan = Self {
            head,
            rows: Rows::default(),
            answers: Vec::with_capacity(facts.len()),
            streams: HashMap::new(),
        };
        for ((append, tried), look) in appends.zip(facts) {
            let answer = match plan.decide(append, tried, look) {
                AppendDecision::Write(first) => Ok(plan.write(append, first)),
                AppendDecision::Repeat(appended) => Ok(appended),
                AppendDecision::Refuse(error) => Err(error),
            };
            plan.answers.push(answer);
        }
        plan
    }

    /// Plans without facts: as if every stream were new and no command had a receipt.
    pub(super) fn of_new_streams(
        head: Position,
        appends: impl Iterator<Item = (&'a Append, Option<Revision>)> + Clone,
    ) -> Self {
        let facts: Vec<StreamFacts> = appends.clone().map(|_| StreamFacts::default()).collect();
        Self::make(head, appends, &facts)
    }

    /// The rows as events, as they will be read back.
    pub(super) fn events(&self) -> Vec<RawEvent> {
        let rows = &self.rows;
        let row = |(index, event): (usize, &&NewEvent)| RawEvent {
            position: self.head + 1 + index as u64,
            stream: StreamName::stored(rows.streams[index]),
            revision: rows.revisions[index].cast_unsigned(),
            id: event.id,
            kind: event.kind.clone(),
            data: event.data.clone(),
            meta: event.meta.clone(),
        };
        rows.events.iter().enumerate().map(row).collect()
    }

    /// Position of the last event once the plan is written.
    pub(super) fn new_head(&self) -> Position {
        self.head + self.rows.events.len() as u64
    }

    fn decide(&self, append: &Append, tried: Option<Revision>, look: &StreamFacts) -> AppendDecision {
        let grown = self.streams.get(append.stream.as_str());
        let last = grown.map_or(look.last, |grown| Some(grown.first + grown.events.len() as u64 - 1));
        let known = AppendFacts { last, receipt: self.receipt(append).or(look.receipt.as_ref()), tried };
        let looked_at = fixed_first_revision(append.expected, tried)
            .or_else(|| (look.last? + 1).checked_sub(append.events.len() as u64));
        decide(append, known, |revision| match grown {
            Some(grown) if revision >= grown.first => at(&grown.events, revision - grown.first),
            _ => at(&look.stored, revision.checked_sub(looked_at?)?),
        })
    }

    fn receipt(&self, append: &Append) -> Option<&Receipt> {
        self.rows.receipts.get(&append.command?.id)
    }

    fn write(&mut self, append: &'a Append, first_revision: Revision) -> Appended {
        let first_position = self.new_head() + 1;
        let stream = append.stream.as_str();
        let grown = self
            .streams
            .entry(stream)
            .or_insert_with(|| StreamTail { first: first_revision, events: Vec::new() });
        for (number, event) in (0..).zip(&append.events) {
            grown.events.push((event.id, first_position + number));
            self.rows.streams.push(stream);
            self.rows.revisions.push((first_revision + number).cast_signed());
            self.rows.events.push(event);
        }
        let last = append.events.len() as u64 - 1;
        let appended = Appended {
            stream: append.stream.clone(),
            first_revision,
            last_revision: first_revision + last,
            first_position,
            position: first_position + last,
            repeated: false,
        };
        if let Some(command) = append.command {
            self.rows.receipts.insert(command.id, Receipt::of(&appended, command.fingerprint));
        }
        appended
    }
}

fn at(events: &[(EventId, Position)], index: u64) -> Option<(EventId, Position)> {
    events.get(usize::try_from(index).ok()?).copied()
}
