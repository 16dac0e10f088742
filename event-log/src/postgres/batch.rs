//! One batch: what must be known about its appends, and what is to be written because of it. Pure.

use crate::{
    Append, AppendError, Appended, NewEvent, RawEvent, Receipt,
    judge::{Known, Verdict, fixed_place, judge},
};
use events::{CommandId, EventId, Position, Revision, StreamName};
use std::collections::{BTreeMap, HashMap};

/// What must be known about one append.
#[derive(Debug)]
pub(super) struct Question<'a> {
    /// Its stream.
    pub(super) stream: &'a str,
    /// The revision at which to look for its events, if it is not just the end of the stream.
    pub(super) first: Option<Revision>,
    /// How many events to look for.
    pub(super) amount: u64,
    /// Its command.
    pub(super) command: Option<CommandId>,
}

impl<'a> Question<'a> {
    /// The question about an append, which was `tried` before at a revision.
    pub(super) fn about(append: &'a Append, tried: Option<Revision>) -> Self {
        Self {
            stream: append.stream.as_str(),
            first: fixed_place(append.expected, tried),
            amount: append.events.len() as u64,
            command: append.command.map(|command| command.id),
        }
    }
}

/// What is known about one append.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Revision of the stream's last event.
    pub(super) last: Option<Revision>,
    /// The events found, in order, from where they were looked for.
    pub(super) stored: Vec<(EventId, Position)>,
    /// What is kept about its command.
    pub(super) receipt: Option<Receipt>,
}

/// What is to be written, column by column.
#[derive(Debug, Default)]
pub(super) struct Rows<'a> {
    // Of the events, in the order of their positions.
    pub(super) streams: Vec<&'a str>,
    pub(super) revisions: Vec<i64>,
    pub(super) events: Vec<&'a NewEvent>,
    /// Of the commands behind them.
    pub(super) receipts: BTreeMap<CommandId, Receipt>,
}

/// What becomes of a batch.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    /// Behind which position the rows go.
    pub(super) head: Position,
    /// What is written.
    pub(super) rows: Rows<'a>,
    /// One for each append, in order; true once the rows are written.
    pub(super) answers: Vec<Result<Appended, AppendError>>,
    streams: HashMap<&'a str, Grown>,
}

/// What this very batch adds to a stream.
#[derive(Debug)]
struct Grown {
    first: Revision,
    events: Vec<(EventId, Position)>,
}

impl<'a> Plan<'a> {
    /// Judges the appends one after the other, each as if those before it were stored already.
    pub(super) fn make(
        head: Position,
        appends: impl Iterator<Item = (&'a Append, Option<Revision>)>,
        looks: &[Look],
    ) -> Self {
        let mut plan = Self {
            head,
            rows: Rows::default(),
            answers: Vec::with_capacity(looks.len()),
            streams: HashMap::new(),
        };
        for ((append, tried), look) in appends.zip(looks) {
            let answer = match plan.judge(append, tried, look) {
                Verdict::Write(first) => Ok(plan.write(append, first)),
                Verdict::Repeat(appended) => Ok(appended),
                Verdict::Refuse(error) => Err(error),
            };
            plan.answers.push(answer);
        }
        plan
    }

    /// As if no stream of the appends held anything, and no command had a receipt.
    pub(super) fn of_new_streams(
        head: Position,
        appends: impl Iterator<Item = (&'a Append, Option<Revision>)> + Clone,
    ) -> Self {
        let looks: Vec<Look> = appends.clone().map(|_| Look::default()).collect();
        Self::make(head, appends, &looks)
    }

    /// The rows as they are read back.
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

    /// The position of the last event once this is written.
    pub(super) fn new_head(&self) -> Position {
        self.head + self.rows.events.len() as u64
    }

    fn judge(&self, append: &Append, tried: Option<Revision>, look: &Look) -> Verdict {
        let grown = self.streams.get(append.stream.as_str());
        let last = grown.map_or(look.last, |grown| Some(grown.first + grown.events.len() as u64 - 1));
        let known = Known { last, receipt: self.receipt(append).or(look.receipt.as_ref()), tried };
        let looked_at = fixed_place(append.expected, tried)
            .or_else(|| (look.last? + 1).checked_sub(append.events.len() as u64));
        judge(append, known, |revision| match grown {
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
        let grown =
            self.streams.entry(stream).or_insert_with(|| Grown { first: first_revision, events: Vec::new() });
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
