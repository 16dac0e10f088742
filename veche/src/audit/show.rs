//! `veche audit show`: one event with its causes and effects.

use super::{
    archive::Archive,
    print::{line, plain},
};
use crate::failure::Failure;
use audit::{DecodedEntry, Entry, Related};
use clap::Args;
use projection_service::effects::EffectStatus;
use serde_json::json;
use std::{
    io::{Write, stdout},
    process::ExitCode,
};

/// Arguments of `veche audit show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Position in the log, or event id
    #[arg(value_name = "POSITION|UUID")]
    event: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) async fn run(self, archive: &Archive) -> Result<ExitCode, Failure> {
        let auditor = &archive.auditor;
        let entry = self.find(archive).await?;
        let related = auditor.related(&entry).await?;
        let effects = EffectStatus::of(&archive.read, entry.event_id).await?;
        let decoded = auditor.decode(auditor.fetch(vec![entry]).await?).await?;
        let decoded = decoded.first().ok_or("the log no longer holds the event")?;
        match self.json {
            true => as_json(decoded, &related, &effects)?,
            false => for_people(decoded, &related, &effects)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn find(&self, archive: &Archive) -> Result<Entry, Failure> {
        let ledger = archive.auditor.ledger();
        let found = match (self.event.parse(), self.event.parse()) {
            (Ok(position), _) => ledger.entry_at(position).await?,
            (_, Ok(event)) => ledger.entry(event).await?,
            _ => return Err("expected a position or an event id".into()),
        };
        Ok(found.ok_or_else(|| format!("there is no event {} in the chain", self.event))?)
    }
}

fn as_json(decoded: &DecodedEntry, related: &Related, planned: &[EffectStatus]) -> Result<(), Failure> {
    let effects: Vec<_> =
        related.effects.iter().map(|(depth, entry)| json!({"depth": depth, "event": entry})).collect();
    let all = json!({
        "event": decoded, "causes": related.causes, "effects": effects, "same_request": related.siblings,
        "planned": planned,
    });
    Ok(writeln!(stdout(), "{}", serde_json::to_string_pretty(&all)?)?)
}

fn for_people(decoded: &DecodedEntry, related: &Related, planned: &[EffectStatus]) -> Result<(), Failure> {
    let mut out = stdout().lock();
    writeln!(out, "{}", plain_lines(&serde_json::to_string_pretty(decoded)?))?;
    for (depth, cause) in related.causes.iter().enumerate() {
        writeln!(out, "{}came of {}", "  ".repeat(depth), line(cause))?;
    }
    let depth = related.causes.len();
    writeln!(out, "{}this    {}", "  ".repeat(depth), line(&decoded.entry))?;
    for (below, effect) in &related.effects {
        writeln!(out, "{}led to  {}", "  ".repeat(depth + below), line(effect))?;
    }
    for effect in planned {
        writeln!(out, "{}led to  {}", "  ".repeat(depth + 1), plain(&effect.to_string()))?;
    }
    if !related.siblings.is_empty() {
        writeln!(out, "of the same request:")?;
    }
    for sibling in &related.siblings {
        writeln!(out, "  {}", line(sibling))?;
    }
    Ok(out.flush()?)
}

fn plain_lines(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}
