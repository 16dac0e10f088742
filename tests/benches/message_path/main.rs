//! Latency and throughput of messages, beside the least that the same work costs, in one table.
//!
//! Needs a server: `VECHE_BENCH_DATABASE_URL` names a superuser's database on it; each subject gets a database of its
//! own there. The driver shares the cores with what it measures, so only ratios within one run are meaningful.
//! `VECHE_BENCH_SECONDS` sets the time of each line (default 5). An argument selects lines by name.

mod fan_out;
mod floor;
mod idle;
mod rooms;
mod stalled;
mod subject;
mod teams;
mod times;
mod wire;

use std::{error::Error, time::Duration};
use subject::{Kind, Subject};
use times::Table;

/// A failure ends the measurement.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Measuring time of each line.
pub(crate) fn measured() -> Duration {
    let seconds = std::env::var("VECHE_BENCH_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(5))
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    // The floor is a separate process like the product: this program again.
    if let [first, kind, port] = arguments.as_slice()
        && first == floor::ARGUMENT
    {
        return floor::serve(kind, port.parse()?).await;
    }
    let Ok(server) = std::env::var("VECHE_BENCH_DATABASE_URL") else {
        println!("VECHE_BENCH_DATABASE_URL is not set: nothing was measured");
        return Ok(());
    };
    let wanted = |name: &str| {
        arguments.is_empty() || arguments.iter().any(|argument| name.contains(argument.as_str()))
    };
    let mut table = Table::new();
    for kind in [Kind::FloorSingle, Kind::FloorGroup, Kind::FloorMemory, Kind::Ours] {
        let subject = Subject::start(kind, &server).await?;
        table.begin(kind.name());
        let measured = column(&subject, &mut table, &wanted).await;
        // Also after a failure, so that the database is dropped.
        subject.end().await;
        measured?;
    }
    table.print();
    Ok(())
}

async fn column(subject: &Subject, table: &mut Table, wanted: impl Fn(&str) -> bool) -> Outcome<()> {
    for (name, line) in LINES.into_iter().filter(|(name, _)| wanted(name)) {
        table.add(name, line.measure(subject).await?);
    }
    Ok(())
}

/// A line of the table.
#[derive(Clone, Copy)]
enum Line {
    ColdStart,
    Ack,
    Arrival,
    FlatOut,
    LastOfAll,
    Sustained,
    TeamsOne,
    TeamsMany,
    Ping,
    Idle,
    Stalled,
}

const LINES: [(&str, Line); 11] = [
    ("cold start to the first answer", Line::ColdStart),
    ("ack: 1 sender, room of 8 live", Line::Ack),
    ("arrival: 50 messages/s, 16 rooms of 8", Line::Arrival),
    ("flat out: 32 senders, 16 rooms of 8", Line::FlatOut),
    ("fan-out: room of 490, the last has it", Line::LastOfAll),
    ("fan-out: room of 490, sustained", Line::Sustained),
    ("teams with 3 invited, one at a time", Line::TeamsOne),
    ("teams with 3 invited, 16 at a time", Line::TeamsMany),
    ("ping over HTTP, 64 connections", Line::Ping),
    ("memory for 1,000 idle sockets", Line::Idle),
    ("arrival at 1,000 sockets beside one", Line::Stalled),
];

impl Line {
    async fn measure(self, subject: &Subject) -> Outcome<String> {
        match self {
            Self::ColdStart => subject.cold_start().await,
            Self::Ack => rooms::ack(subject).await,
            Self::Arrival => rooms::arrival(subject).await,
            Self::FlatOut => rooms::flat_out(subject).await,
            Self::LastOfAll => fan_out::last_of_all(subject).await,
            Self::Sustained => fan_out::sustained(subject).await,
            Self::TeamsOne => teams::one_at_a_time(subject).await,
            Self::TeamsMany => teams::many_at_a_time(subject).await,
            Self::Ping => wire::pings(subject).await,
            Self::Idle => idle::memory(subject).await,
            Self::Stalled => stalled::beside_a_stalled_reader(subject).await,
        }
    }
}
