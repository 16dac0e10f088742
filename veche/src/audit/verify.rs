//! `veche audit verify`: verifies that the history, or an exported file, is the one that was hashed and signed.

use super::archive::{Archive, public_key};
use crate::failure::Failure;
use audit::{Break, CheckpointFile, ExtraChecks, Report, SignedRecords, export};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use secrets::signing::PublicKey;
use std::{path::PathBuf, process::ExitCode};

/// Arguments of `veche audit verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Verify an exported file, with its manifest next to it, instead of the log
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Public key to trust besides this installation's own, as printed by `veche audit key`; repeatable. With `--file`
    /// only these keys are trusted and no settings are read
    #[arg(long, value_name = "HEX")]
    key: Vec<PublicKey>,
    /// Additional checkpoint file, e.g. a copy kept elsewhere; repeatable
    #[arg(long, value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Verify {
    /// Whether the file and the keys suffice, so that no settings are needed.
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
            let read = SignedRecords::read(path, &trusted)?;
            if read.others > 0 {
                eprintln!(
                    "{}: {} lines are neither checkpoints nor trusted notes",
                    path.display(),
                    read.others
                );
            }
            for note in read.notes.iter().filter(|note| note.note == audit::NoteKind::Lineage) {
                let (at, reason) = (note.at.to_rfc3339(), &note.reason);
                eprintln!("{}: another history was accepted at {at}: {reason}", path.display());
            }
            outside.extend(read.checkpoints);
        }
        let (journal, ledger) = (archive.auditor.journal(), archive.auditor.ledger());
        let log = journal.log();
        // Before the log is read: events that order a key's destruction are in the log by then.
        let keys = journal.keyring().all().await?;
        let beside = ExtraChecks { guard: Some(journal.guard().clone()), keys };
        let bar = bar(log.head().await?)?;
        let tell = |position| bar.set_position(position);
        let mut report = audit::verify_with(log, ledger, outside, &trusted, beside, tell).await?;
        bar.finish_and_clear();
        if !report.without_key.is_empty() {
            // Keys created since then are not missing.
            let now = journal.keyring().all().await?;
            report.without_key.retain(|subject| !now.contains_key(subject));
        }
        self.print_log_report(&report)
    }

    /// Verifies a file with the given keys, or with `own` if none is given.
    pub(super) fn file(&self, own: &[PublicKey]) -> Result<ExitCode, Failure> {
        let file = self.file.as_deref().ok_or("expected a file")?;
        let trusted = if self.key.is_empty() { own } else { &self.key };
        let bar = bar(std::fs::metadata(file)?.len())?;
        let report = export::check(file, trusted, |bytes| bar.set_position(bytes))?;
        bar.finish_and_clear();
        self.say(&report)
    }

    /// Prints the report of a log, which covers more than that of a file: checkpoints from outside, origin of events,
    /// lost keys.
    fn print_log_report(&self, report: &Report) -> Result<ExitCode, Failure> {
        if report.outside == 0 {
            let line = "NO CHECKPOINT FROM OUTSIDE THE DATABASE: its owner could have rewritten the whole history \
                and the table of checkpoints; use --checkpoints FILE";
            if self.json { eprintln!("{line}") } else { println!("{line}") }
        }
        let said = self.say(report)?;
        if !self.json {
            for audit::ForeignEvent { position, stream, why, .. } in &report.not_ours {
                println!("FOREIGN EVENT at position {position}, stream {stream}: {why}.");
            }
            for subject in &report.keys_lost {
                println!("KEY DESTROYED of {subject} without an erasure in the log.");
            }
            for subject in &report.without_key {
                println!("KEY MISSING of {subject}: its values in the log are unreadable.");
            }
        }
        let well = report.not_ours.is_empty() && report.keys_lost.is_empty() && report.without_key.is_empty();
        Ok(match report.outside {
            _ if report.broken.is_some() || !well => ExitCode::from(1),
            0 => ExitCode::from(3),
            _ => said,
        })
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
        None => "nothing is signed".to_owned(),
        Some(last) => format!(
            "{checkpoints} checkpoints match, the last of {}; {} events after it are not signed yet",
            last.at.to_rfc3339(),
            report.not_signed()
        ),
    };
    let mut text =
        format!("In order: {events} events up to position {position}, hash {}; {signed}.", chain.hash);
    if *not_hashed > 0 {
        text += &format!(" The notary has not hashed {not_hashed} of them yet.");
    }
    text
}

fn out_of_order(report: &Report, broken: &Break) -> String {
    let Break { number, position, after, why } = broken;
    let place = match position {
        Some(position) => format!("position {position}"),
        None => format!("the event after position {after}"),
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
