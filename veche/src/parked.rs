//! `veche parked`: the streams whose projection stands still, and what operators rule about them.
//!
//! A ruling is an event: the running projection carries it out, and so does every rebuild.

use crate::{cli::Failure, house::House};
use chrono::Utc;
use clap::{Args, Subcommand};
use event_log::Expected;
use events::{Event, Meta, Position, ProjectionEvent, StreamName, projection};
use platform::{
    config::Config,
    journal::{Entry, Journal},
};
use read_model::parked::Parked as Stream;
use std::time::Duration;

/// How long is waited until the projection has carried out a ruling.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is asked about parked streams; lists them if nothing is.
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
    /// Try again, e.g. after an upgrade
    Retry {
        /// One stream, e.g. `message-{uid}`
        #[arg(required_unless_present = "all")]
        stream: Option<String>,
        /// All that are parked
        #[arg(long, conflicts_with = "stream")]
        all: bool,
    },
    /// Never apply one event, and go on with those behind it
    Skip {
        /// Where the event is
        #[arg(long)]
        position: Position,
        /// Why: it stays in the log for ever
        #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
        reason: String,
    },
}

pub(crate) async fn run(config: Config, parked: Parked) -> Result<(), Failure> {
    let house = House::open_as_it_is(config).await?;
    let streams = house.read.parked().await?;
    match parked.ruling {
        None if parked.json => println!("{}", serde_json::to_string_pretty(&streams)?),
        None => list(&streams),
        Some(ruling) => {
            let rulings = rulings(&streams, ruling)?;
            rule(&house, rulings).await?;
        }
    }
    house.close().await;
    Ok(())
}

fn list(streams: &[Stream]) {
    if streams.is_empty() {
        println!("Nothing is parked.");
    }
    for stream in streams {
        println!(
            "{} at position {} since {}: {}: {} ({} waiting behind it)",
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

async fn rule(house: &House, rulings: Vec<ProjectionEvent>) -> Result<(), Failure> {
    let mut position = 0;
    for ruling in rulings {
        position = append(&house.journal, ruling).await?;
    }
    if position == 0 || house.read.caught_up(position, PATIENCE).await? {
        list(&house.read.parked().await?);
    } else {
        println!(
            "It is in the log at position {position}: the projection will carry it out when it gets there."
        );
    }
    Ok(())
}

async fn append(journal: &Journal, ruling: ProjectionEvent) -> Result<Position, Failure> {
    let command = match &ruling {
        ProjectionEvent::Retried(_) => "projection.retry",
        ProjectionEvent::Skipped(_) => "projection.skip",
    };
    let meta = Meta::new(Utc::now(), command);
    let events = vec![Event::from(ruling)];
    // A ruling depends on nothing in its stream: what does not fit any more changes nothing.
    let entry =
        Entry { stream: StreamName::projection(), expected: Expected::Any, events, meta, command: None };
    Ok(journal.append(entry).await?.position)
}
