//! A walk through two logs: compares their common events, then appends those that the target lacks.

use crate::failure::Failure;
use event_log::{
    Append, AppendError, CommandRef, Expected, Log, NewEvent, RawEvent, append::MAX_APPEND_EVENTS,
};
use events::{CommandId, Position};
use indicatif::ProgressBar;
use serde::Deserialize;
use std::time::Duration;

/// Number of attempts for an append while the target is away, one second apart.
const TRIES: u32 = 30;

/// Progress of a walk.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    /// Position of the last source event that the target has.
    pub(super) source: Position,
    /// Position of that event in the target.
    pub(super) target: Position,
    /// Number of events found in both logs.
    pub(super) found: u64,
    /// Number of events appended.
    pub(super) copied: u64,
}

impl Walk {
    /// Compares the common events.
    ///
    /// # Errors
    /// The target is not a prefix of the source, or a log cannot be read.
    pub(super) async fn compare(&mut self, from: &Log, to: &Log, bar: &ProgressBar) -> Result<(), Failure> {
        loop {
            let there = to.read_all(self.target, MAX_APPEND_EVENTS).await?;
            if there.is_empty() {
                return Ok(());
            }
            let here = from.read_all(self.source, there.len()).await?;
            for (here, there) in here.iter().zip(&there) {
                if let Some(what) = difference(here, there) {
                    let (here, there) = (here.position, there.position);
                    return Err(format!(
                        "the target holds another history: {what} differs between position {here} and position {there} of \
                         the target"
                    )
                    .into());
                }
                (self.source, self.target) = (here.position, there.position);
                self.found += 1;
            }
            if here.len() < there.len() {
                return Err(format!(
                    "the target holds events that the source lacks: those after its position {}",
                    self.target
                )
                .into());
            }
            bar.set_position(self.source);
        }
    }

    /// Appends what the target lacks in the source's order, one append after the other, then reads it back.
    ///
    /// # Errors
    /// The target refuses an event, holds something else afterwards, or a log is away for too long.
    pub(super) async fn transfer(&mut self, from: &Log, to: &Log, bar: &ProgressBar) -> Result<(), Failure> {
        let mut again = self.clone();
        let most_bytes = to.capabilities().largest_append;
        loop {
            // The size of the largest append, so that the first append of a page is always whole.
            let page = from.read_all(self.source, MAX_APPEND_EVENTS).await?;
            if page.is_empty() {
                break;
            }
            let begun = self.source;
            let mut rest = &page[..];
            while let Some(first) = rest.first() {
                let command = command_of(from, first).await?;
                let (count, command) = match command {
                    Some((command, count)) => (count, Some(command)),
                    None => (run_of(rest, most_bytes), None),
                };
                // The page's end cuts this append: the next page begins with it.
                let Some((group, later)) = rest.split_at_checked(count) else { break };
                let position = first.position;
                let appended = insist(to, append_of(group, command)).await;
                self.target = appended.map_err(|error| format!("at position {position}: {error}"))?;
                self.source = group[count - 1].position;
                self.copied += count as u64;
                bar.set_position(self.source);
                rest = later;
            }
            if self.source == begun {
                return Err(format!("the append after position {begun} is incomplete in the source").into());
            }
        }
        // The second comparison finds events that others appended in between.
        again.compare(from, to, bar).await
    }
}

/// Name of the first difference between an event and its copy.
fn difference(one: &RawEvent, other: &RawEvent) -> Option<&'static str> {
    [
        ("the stream", one.stream != other.stream),
        ("the place in the stream", one.revision != other.revision),
        ("the event's id", one.id != other.id),
        ("the event's name", one.kind != other.kind),
        ("what is stored of the event", one.data != other.data || one.meta != other.meta),
    ]
    .into_iter()
    .find_map(|(what, differs)| differs.then_some(what))
}

/// The command whose first event this is, and the number of its events.
async fn command_of(from: &Log, event: &RawEvent) -> Result<Option<(CommandRef, usize)>, Failure> {
    #[derive(Deserialize)]
    struct Commanded {
        command_id: Option<CommandId>,
    }
    // Metadata of an unknown form names no command.
    let named = serde_json::from_slice::<Commanded>(&event.meta).ok().and_then(|meta| meta.command_id);
    let Some(id) = named else { return Ok(None) };
    let Some(receipt) = from.receipt(id).await? else { return Ok(None) };
    if receipt.stream != event.stream || receipt.first_revision != event.revision {
        return Ok(None);
    }
    let count = usize::try_from(receipt.last_revision - receipt.first_revision + 1)?;
    Ok(Some((CommandRef { id, fingerprint: receipt.fingerprint }, count)))
}

/// Number of consecutive events of one stream without a command.
fn run_of(events: &[RawEvent], most_bytes: usize) -> usize {
    let mut bytes = 0;
    let fits = |(index, event): &(usize, &RawEvent)| {
        bytes += event.data.len() + event.meta.len();
        let follows =
            event.stream == events[0].stream && event.revision == events[0].revision + *index as u64;
        *index == 0 || (follows && bytes <= most_bytes && !has_command(event))
    };
    events.iter().enumerate().take_while(fits).count()
}

fn has_command(event: &RawEvent) -> bool {
    event.meta.windows(12).any(|bytes| bytes == b"\"command_id\"")
}

fn append_of(group: &[RawEvent], command: Option<CommandRef>) -> Append {
    let new = |event: &RawEvent| NewEvent {
        id: event.id,
        kind: event.kind.clone(),
        data: event.data.clone(),
        meta: event.meta.clone(),
    };
    Append {
        stream: group[0].stream.clone(),
        expected: group[0].revision.checked_sub(1).map_or(Expected::NoStream, Expected::Revision),
        events: group.iter().map(new).collect(),
        command,
    }
}

async fn insist(to: &Log, append: Append) -> Result<Position, AppendError> {
    let mut tries = 1;
    loop {
        match to.append(append.clone()).await {
            Ok(appended) => return Ok(appended.position),
            Err(AppendError::Unknown(_) | AppendError::Unavailable(_) | AppendError::Overloaded)
                if tries < TRIES =>
            {
                tries += 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use event_log::MemoryLog;
    use events::{EventId, StreamName};
    use uuid::Uuid;

    const COMMAND: CommandId = CommandId(Uuid::from_u128(0xc));

    fn event(number: u128, meta: &'static str) -> NewEvent {
        NewEvent {
            id: EventId(Uuid::from_u128(number)),
            kind: "test.happened.v1".into(),
            data: Bytes::from_static(b"{}"),
            meta: Bytes::from_static(meta.as_bytes()),
        }
    }

    async fn say(
        log: &Log,
        stream: &str,
        expected: Expected,
        events: Vec<NewEvent>,
        command: Option<CommandRef>,
    ) {
        let append = Append { stream: StreamName::stored(stream.to_owned()), expected, events, command };
        log.append(append).await.expect("it fits");
    }

    /// Three events in one stream and two in another, the last two of one command.
    async fn history() -> Log {
        let log = Log::Memory(MemoryLog::new());
        say(&log, "a-1", Expected::NoStream, vec![event(1, "{}"), event(2, "{}")], None).await;
        say(&log, "b-1", Expected::NoStream, vec![event(3, "{}")], None).await;
        let meta = r#"{"command_id":"00000000-0000-0000-0000-00000000000c"}"#;
        let command = Some(CommandRef { id: COMMAND, fingerprint: [7; 32] });
        say(&log, "a-1", Expected::Revision(1), vec![event(4, meta), event(5, meta)], command).await;
        log
    }

    async fn copy(from: &Log, to: &Log) -> Result<Walk, String> {
        let (mut walk, bar) = (Walk::default(), ProgressBar::hidden());
        walk.compare(from, to, &bar).await.map_err(|error| error.to_string())?;
        walk.transfer(from, to, &bar).await.map_err(|error| error.to_string())?;
        Ok(walk)
    }

    #[tokio::test]
    async fn copy_equals_the_source_with_receipts_and_continues() {
        let (from, to) = (history().await, Log::Memory(MemoryLog::new()));
        let walk = copy(&from, &to).await.expect("copied");
        assert_eq!((walk.found, walk.copied, walk.target), (0, 5, 5));
        assert_eq!(to.read_all(0, 10).await.expect("read"), from.read_all(0, 10).await.expect("read"));
        let receipts = (to.receipt(COMMAND).await, from.receipt(COMMAND).await);
        assert_eq!(
            receipts.0.expect("read").expect("a receipt"),
            receipts.1.expect("read").expect("a receipt")
        );
        say(&from, "b-1", Expected::Revision(0), vec![event(6, "{}")], None).await;
        let walk = copy(&from, &to).await.expect("copied");
        assert_eq!((walk.found, walk.copied, walk.target), (5, 1, 6));
    }

    #[tokio::test]
    async fn target_with_another_history_is_refused_at_the_first_difference() {
        let cases = [
            ("a-2", vec![event(1, "{}")], "the stream differs between position 1 and position 1"),
            ("a-1", vec![event(9, "{}")], "the event's id differs between position 1 and position 1"),
            (
                "a-1",
                vec![event(1, "[]")],
                "what is stored of the event differs between position 1 and position 1",
            ),
            (
                "a-1",
                vec![event(1, "{}"), event(2, "{}"), event(4, "{}")],
                "the stream differs between position 3 and position 3",
            ),
        ];
        for (stream, events, refused) in cases {
            let (from, to) = (history().await, Log::Memory(MemoryLog::new()));
            say(&to, stream, Expected::NoStream, events, None).await;
            let before = to.head().await.expect("read");
            let error = copy(&from, &to).await.expect_err(refused);
            assert!(
                error.starts_with("the target holds another history: ") && error.contains(refused),
                "{error}"
            );
            assert_eq!(to.head().await.expect("read"), before, "nothing was written");
        }
    }

    #[tokio::test]
    async fn target_ahead_of_the_source_is_refused() {
        let (from, to) = (history().await, Log::Memory(MemoryLog::new()));
        copy(&from, &to).await.expect("copied");
        say(&to, "b-1", Expected::Revision(0), vec![event(6, "{}")], None).await;
        let error = copy(&from, &to).await.expect_err("it is ahead");
        assert_eq!(error, "the target holds events that the source lacks: those after its position 5");
        let error = copy(&Log::Memory(MemoryLog::new()), &to).await.expect_err("nothing to copy");
        assert_eq!(error, "the target holds events that the source lacks: those after its position 0");
    }

    #[tokio::test]
    async fn concurrent_append_to_the_target_is_detected() {
        let (from, to) = (history().await, Log::Memory(MemoryLog::new()));
        let (mut walk, bar) = (Walk::default(), ProgressBar::hidden());
        walk.compare(&from, &to, &bar).await.expect("empty");
        say(&to, "c-1", Expected::NoStream, vec![event(9, "{}")], None).await;
        let error = walk.transfer(&from, &to, &bar).await.expect_err("found").to_string();
        assert!(
            error.contains("another history: the stream differs between position 1 and position 1"),
            "{error}"
        );
        let (mut walk, to) = (Walk::default(), Log::Memory(MemoryLog::new()));
        walk.compare(&from, &to, &bar).await.expect("empty");
        say(&to, "b-1", Expected::NoStream, vec![event(9, "{}")], None).await;
        let error = walk.transfer(&from, &to, &bar).await.expect_err("no place").to_string();
        assert_eq!(error, "at position 3: stream b-1: expected no stream, its last revision is Some(0)");
    }
}
