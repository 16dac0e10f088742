//! `veche rebuild diff`: compares the served read model with a rebuild by this program.

use super::fill::filled;
use crate::{failure::Failure, runtime::Runtime};
use clap::Args;
use event_log::Log;
use events::{Position, StreamName};
use platform::config::Config;
use projection_service::SHADOW_SCHEMA;
use read_model::{
    difference::{Difference, Found, compare},
    schema::READ_SCHEMA,
};
use serde::Serialize;
use serde_json::Value;
use std::process::ExitCode;

/// Number of latest events shown per stream.
const EVENTS: usize = 10;
/// Number of events read from a stream at once.
const PAGE: usize = 500;

/// Output options.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

/// A row that differs, with its origin.
#[derive(Debug, Serialize)]
struct Finding {
    #[serde(flatten)]
    difference: Difference,
    /// Latest events of the streams that it comes from.
    events: Vec<Origin>,
}

/// An event behind a row.
#[derive(Debug, Serialize)]
struct Origin {
    position: Position,
    stream: String,
    kind: String,
}

pub(crate) async fn run(config: Config, diff: Diff) -> Result<ExitCode, Failure> {
    let runtime = Runtime::open_without_migrating(config).await?;
    let mut shadow = filled(&runtime).await?;
    let mut snapshot = shadow.comparison_snapshot().await?;
    let log = runtime.journal.log();
    let mut count = 0_u64;
    compare(&mut snapshot.db, (READ_SCHEMA, SHADOW_SCHEMA), async |difference| {
        count += 1;
        let events = origins(log, &difference).await?;
        let finding = Finding { difference, events };
        match diff.json {
            true => println!("{}", serde_json::to_string(&finding)?),
            false => print!("{}", legible(&finding)),
        }
        Ok::<_, Failure>(())
    })
    .await?;
    eprintln!("{count} rows differ at position {}.", snapshot.position);
    runtime.close().await;
    Ok(if count == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn legible(finding: &Finding) -> String {
    let Finding { difference, events } = finding;
    let key: Vec<String> = difference.key.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let found = match difference.found {
        Found::InBoth => "differs",
        Found::OnlyBefore => "is only in the served read model",
        Found::OnlyAfter => "is only in the rebuilt read model",
    };
    let mut text = format!("{} {}: {found}\n", difference.table, key.join(", "));
    for (column, change) in &difference.columns {
        text += &format!("    {column}: {} → {}\n", change.before, change.after);
    }
    for event in events {
        text += &format!("    by {} {} at position {}\n", event.stream, event.kind, event.position);
    }
    text
}

async fn origins(log: &Log, difference: &Difference) -> Result<Vec<Origin>, Failure> {
    let mut origins = vec![];
    for stream in streams(difference) {
        let mut from = 0;
        loop {
            let page = log.read_stream(&stream, from, PAGE).await?;
            let Some(last) = page.last() else { break };
            from = last.revision + 1;
            origins.extend(page.into_iter().map(|event| Origin {
                position: event.position,
                stream: event.stream.as_str().to_owned(),
                kind: event.kind,
            }));
            origins.drain(..origins.len().saturating_sub(EVENTS));
        }
    }
    Ok(origins)
}

/// Streams that a row comes from, derived from the ids in it.
fn streams(difference: &Difference) -> Vec<StreamName> {
    let value = |column: &str| match difference.row.get(column) {
        Some(Value::String(value)) => value.as_str(),
        _ => "",
    };
    let named = |categories: &[&str], id: &str| {
        categories.iter().map(|category| StreamName::stored(format!("{category}-{id}"))).collect()
    };
    match difference.table.as_str() {
        "account" => named(&["account"], value("uid")),
        "device" | "session" | "qr_offer" => named(&["account"], value("account")),
        "team" => named(&["team"], value("uid")),
        "contact" | "section" | "invitation" | "integration" => named(&["team"], value("team")),
        "upload" | "usage" => named(&["uploads"], value("team")),
        "tag" => named(&["tags"], value("team")),
        "chat" | "task" => named(&["chat", "task"], value("key")),
        "member" | "membership_due" => named(&["chat", "task"], value("chat")),
        "task_item" | "task_tag" | "task_upload" => named(&["task"], value("task")),
        "message" => named(&["message"], value("uid")),
        "reaction" | "forward" | "retold" | "attachment" => named(&["message"], value("message")),
        "reading" | "own_chat" => named(&["read"], &format!("{}-{}", value("contact"), value("chat"))),
        "remind" => named(&["remind"], value("uid")),
        "parked" => vec![StreamName::stored(value("stream"))],
        _ => vec![],
    }
}
