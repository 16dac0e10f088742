//! `veche parked`: lists streams whose projection is parked, and records operators' rulings about them.
//!
//! A ruling is an event: the running projection carries it out, and so does every rebuild. A rebuild knows all skips
//! from its first event on, so a ruling must be made with the knowledge of all earlier ones: it is appended at the
//! revision that was read.

use crate::{failure::Failure, runtime::Runtime};
use clap::{Args, Subcommand};
use event_log::{AppendError, Expected, append::MAX_APPEND_EVENTS};
use events::{Event, Meta, Position, ProjectionEvent, StreamName, projection};
use platform::{clock::Clock, config::Config};
use read_model::parked::Parked as Stream;
use secrets::journal::{Entry, Journal, WriteError};
use std::time::Duration;

/// Maximum time to wait until the projection has carried out a ruling.
const PATIENCE: Duration = Duration::from_secs(10);
/// Number of rulings read at once.
const PAGE: usize = 500;

/// Arguments of `veche parked`; without a subcommand it lists the parked streams.
#[derive(Debug, Args)]
pub(crate) struct Parked {
    /// Print the list as JSON
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    ruling: Option<Ruling>,
}

#[derive(Debug, Subcommand)]
enum Ruling {
    /// Retry parked streams, e.g. after an upgrade
    Retry {
        /// Name of one stream, e.g. `message-{team}-{uid}`
        #[arg(required_unless_present = "all")]
        stream: Option<String>,
        /// Retry all parked streams
        #[arg(long, conflicts_with = "stream")]
        all: bool,
    },
    /// Skip one event for ever and continue with the next one of its stream
    Skip {
        /// Position of the event in the log
        #[arg(long)]
        position: Position,
        /// Reason; it stays in the log for ever
        #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
        reason: String,
    },
}

pub(crate) async fn run(config: Config, parked: Parked) -> Result<(), Failure> {
    let runtime = Runtime::open_without_migrating(config).await?;
    match parked.ruling {
        None if parked.json => {
            println!("{}", serde_json::to_string_pretty(&runtime.read.parked_streams().list().await?)?)
        }
        None => list(&runtime.read.parked_streams().list().await?),
        Some(ruling) => rule(&runtime, ruling).await?,
    }
    runtime.close().await;
    Ok(())
}

fn list(streams: &[Stream]) {
    if streams.is_empty() {
        println!("No stream is parked.");
    }
    for stream in streams {
        println!(
            "{} at position {} since {}: {}: {} ({} more events wait)",
            stream.stream,
            stream.position,
            stream.since.to_rfc3339(),
            stream.kind,
            stream.error,
            stream.waiting
        );
    }
}

fn rulings(streams: &[Stream], ruling: Ruling) -> Result<Vec<ProjectionEvent>, Failure> {
    let retried = |stream: &Stream| projection::Retried { stream: stream.stream.clone() }.into();
    match ruling {
        Ruling::Retry { stream: None, .. } => Ok(streams.iter().map(retried).collect()),
        Ruling::Retry { stream: Some(name), .. } => {
            let found = streams.iter().find(|stream| stream.stream == name);
            Ok(vec![retried(found.ok_or_else(|| format!("{name} is not parked"))?)])
        }
        Ruling::Skip { position, reason } => {
            let found = streams.iter().find(|stream| stream.position == position);
            let found = found.ok_or_else(|| format!("no stream is parked at position {position}"))?;
            let skipped = projection::Skipped { stream: found.stream.clone(), event: found.event, reason };
            Ok(vec![skipped.into()])
        }
    }
}

async fn rule(runtime: &Runtime, ruling: Ruling) -> Result<(), Failure> {
    let before = Ruled::so_far(&runtime.journal).await?;
    if !runtime.read.caught_up(before.position, PATIENCE).await? {
        let position = before.position;
        return Err(format!(
            "no ruling was made: the previous one, at position {position}, is not carried out yet; is the projection running?"
        )
        .into());
    }
    let rulings = rulings(&runtime.read.parked_streams().list().await?, ruling)?;
    let ruled = before.then(&runtime.journal, rulings).await?;
    if runtime.read.caught_up(ruled.position, PATIENCE).await? {
        list(&runtime.read.parked_streams().list().await?);
    } else {
        println!(
            "The ruling is at position {} of the log; the projection will carry it out when it gets there.",
            ruled.position
        );
    }
    Ok(())
}

/// All rulings up to a moment.
struct Ruled {
    /// End of the stream of rulings.
    last: Expected,
    /// Position of that end; 0 if there is no ruling.
    position: Position,
}

impl Ruled {
    async fn so_far(journal: &Journal) -> Result<Self, Failure> {
        let (mut ruled, mut from) = (Self { last: Expected::NoStream, position: 0 }, 0);
        loop {
            let page = journal.log().read_stream(&StreamName::projection(), from, PAGE).await?;
            let Some(last) = page.last() else { return Ok(ruled) };
            ruled = Self { last: Expected::Revision(last.revision), position: last.position };
            from = last.revision + 1;
        }
    }

    /// Appends rulings after these ones.
    async fn then(self, journal: &Journal, rulings: Vec<ProjectionEvent>) -> Result<Self, Failure> {
        let mut ruled = self;
        let mut rest = rulings.into_iter().map(Event::from).peekable();
        let mut done = 0;
        while rest.peek().is_some() {
            let events: Vec<Event> = rest.by_ref().take(MAX_APPEND_EVENTS).collect();
            let count = events.len();
            ruled = ruled.append(journal, events, done).await?;
            done += count;
        }
        Ok(ruled)
    }

    async fn append(self, journal: &Journal, events: Vec<Event>, done: usize) -> Result<Self, Failure> {
        let command = match events.first() {
            Some(Event::ProjectionEvent(ProjectionEvent::Skipped(_))) => "projection.skip",
            _ => "projection.retry",
        };
        let meta = Meta::new(Clock::System.now(), command);
        let entry =
            Entry { stream: StreamName::projection(), expected: self.last, events, meta, command: None };
        match journal.append(entry).await {
            Ok(appended) => {
                Ok(Self { last: Expected::Revision(appended.last_revision), position: appended.position })
            }
            Err(WriteError::Append(AppendError::Conflict { .. })) => {
                let what = if done == 0 { "nothing was".to_owned() } else { format!("only {done} were") };
                Err(format!(
                    "{what} ruled: another operator ruled at the same moment; run `veche parked` and rule again"
                )
                .into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Utc;
    use event_log::{Log, MemoryLog};
    use events::EventId;
    use secrets::{keyring::Keyring, vault::Vault};
    use uuid::Uuid;

    fn parked() -> Stream {
        Stream {
            stream: "message-1".into(),
            event: EventId(Uuid::from_u128(7)),
            position: 3,
            revision: 1,
            kind: "message.sung.v9".into(),
            error: "unknown".into(),
            waiting: 0,
            since: Utc::now(),
        }
    }

    fn skip() -> Vec<ProjectionEvent> {
        rulings(&[parked()], Ruling::Skip { position: 3, reason: "дурная сборка".into() })
            .expect("it is parked")
    }

    fn retry(streams: usize) -> Vec<ProjectionEvent> {
        rulings(&vec![parked(); streams], Ruling::Retry { stream: None, all: true }).expect("it is parked")
    }

    async fn stored(journal: &Journal) -> Vec<String> {
        let all = journal.stream(&StreamName::projection(), 0).await.expect("a log in memory");
        all.iter().map(|event| event.event.kind().to_owned()).collect()
    }

    #[tokio::test]
    async fn concurrent_ruling_is_refused_for_one_operator() {
        for (first, second, kind) in [
            (retry(1), skip(), "projection.retried.v1"),
            (skip(), retry(1), "projection.skipped.v1"),
            (skip(), skip(), "projection.skipped.v1"),
        ] {
            let journal =
                Journal::new(Log::Memory(MemoryLog::new()), Keyring::memory(), &Vault::new(&[7; 32]));
            let (one, other) =
                (Ruled::so_far(&journal).await.expect("read"), Ruled::so_far(&journal).await.expect("read"));
            one.then(&journal, first).await.expect("it was first");
            let late = other.then(&journal, second.clone()).await.err().expect("it was late");
            assert!(late.to_string().starts_with("nothing was ruled: another operator ruled"), "{late}");
            assert_eq!(stored(&journal).await, [kind]);
            // After reading again the ruling is made.
            let again = Ruled::so_far(&journal).await.expect("read").then(&journal, second).await;
            assert!(again.is_ok() && stored(&journal).await.len() == 2);
        }
    }

    #[tokio::test]
    async fn more_than_fit_into_one_append_are_ruled_in_order() {
        let journal = Journal::new(Log::Memory(MemoryLog::new()), Keyring::memory(), &Vault::new(&[7; 32]));
        let many = MAX_APPEND_EVENTS + 3;
        let ruled = Ruled::so_far(&journal).await.expect("read").then(&journal, retry(many)).await;
        assert_eq!(ruled.expect("ruled").position, many as u64);
        assert_eq!(stored(&journal).await.len(), many);
        let nothing = Ruled::so_far(&journal).await.expect("read").then(&journal, vec![]).await;
        assert_eq!(nothing.expect("nothing to rule").position, many as u64);
    }
}
