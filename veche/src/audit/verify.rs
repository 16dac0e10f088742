//! `veche audit verify`: whether history, here or in an exported file, is the one that was hashed and signed.

use super::archive::{Archive, public_key};
use crate::cli::Failure;
use audit::{Break, CheckpointFile, Report, export, read_checkpoints};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use platform::signing::PublicKey;
use std::{path::PathBuf, process::ExitCode};

/// What, and whom to trust.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// An exported file, with its manifest beside it, instead of the log
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// A public key to trust besides this installation's own, as `veche audit key` printed it; with `--file` only those
    /// that are named count, and no settings are read
    #[arg(long, value_name = "HEX")]
    key: Vec<PublicKey>,
    /// Another file of checkpoints, e.g. a copy that was kept elsewhere
    #[arg(long, value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

impl Verify {
    /// Whether the file and the keys that are named are all it takes.
    pub(super) fn needs_no_settings(&self) -> bool {
        self.file.is_some() && !self.key.is_empty()
    }

    pub(super) async fn run(self, archive: &Archive) -> Result<ExitCode, Failure> {
        if self.file.is_some() {
            return self.file(&[public_key(&archive.config)?]);
        }
        let mut trusted = self.key.clone();
        trusted.push(archive.key.public());
        let mut outside = Vec::new();
        let own = CheckpointFile::within(&archive.config.checkpoint_dir());
        for path in self.checkpoints.iter().map(PathBuf::as_path).chain([own.path()]) {
            let (checkpoints, others) = read_checkpoints(path)?;
            if others > 0 {
                eprintln!("{}: {others} lines are no checkpoints", path.display());
            }
            outside.extend(checkpoints);
        }
        let (log, ledger) = (archive.auditor.journal().log(), archive.auditor.ledger());
        let bar = bar(log.head().await?)?;
        let tell = |position| bar.set_position(position);
        let report = audit::verify(log, ledger, outside, &trusted, tell).await?;
        bar.finish_and_clear();
        self.say(&report)
    }

    /// Checks the file against the keys that were named, or else against `own`.
    pub(super) fn file(&self, own: &[PublicKey]) -> Result<ExitCode, Failure> {
        let file = self.file.as_deref().ok_or("a file is expected")?;
        let trusted = if self.key.is_empty() { own } else { &self.key };
        let bar = bar(std::fs::metadata(file)?.len())?;
        let report = export::check(file, trusted, |bytes| bar.set_position(bytes))?;
        bar.finish_and_clear();
        self.say(&report)
    }

    fn say(&self, report: &Report) -> Result<ExitCode, Failure> {
        match (self.json, &report.broken) {
            (true, _) => println!("{}", serde_json::to_string_pretty(report)?),
            (false, None) => println!("{}", in_order(report)),
            (false, Some(broken)) => println!("{}", out_of_order(report, broken)),
        }
        Ok(if report.broken.is_some() { ExitCode::from(1) } else { ExitCode::SUCCESS })
    }
}

fn in_order(report: &Report) -> String {
    let Report { events, chain, position, checkpoints, not_hashed, .. } = report;
    let signed = match &report.last_checkpoint {
        None => "nothing of it is signed".to_owned(),
        Some(last) => format!(
            "{checkpoints} checkpoints fit, the last of {}; {} events behind it are not signed yet",
            last.at.to_rfc3339(),
            report.not_signed()
        ),
    };
    let mut text =
        format!("In order: {events} events up to position {position}, hash {}; {signed}.", chain.hash);
    if *not_hashed > 0 {
        text += &format!(" The notary has not come to {not_hashed} of them.");
    }
    text
}

fn out_of_order(report: &Report, broken: &Break) -> String {
    let Break { number, position, after, why } = broken;
    let place = match position {
        Some(position) => format!("position {position}"),
        None => format!("the event behind position {after}"),
    };
    format!("BROKEN at {place} (number {number}): {why}. {} events before it are in order.", report.events)
}

fn bar(length: u64) -> Result<ProgressBar, Failure> {
    let bar = ProgressBar::new(length);
    bar.set_style(ProgressStyle::with_template(
        "{bar:40} {percent}%  {human_pos} of {human_len}, {eta} left",
    )?);
    Ok(bar)
}
