//! `veche audit export`: history into a file, with a manifest beside it.

use super::{archive::Archive, filter::FilterArgs};
use crate::cli::Failure;
use audit::export::{self, ExportRequest, Format, Manifest, Proof};
use chrono::Utc;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::{path::PathBuf, process::ExitCode};

/// What, and where to.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    filter: FilterArgs,
    /// The file; `FILE.manifest.json` is written beside it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How it is written
    #[arg(long, value_enum, default_value_t = FormatArg::Ndjson)]
    format: FormatArg,
}

/// A format's name.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatArg {
    /// A JSON object a line
    Ndjson,
    /// Comma-separated values
    Csv,
}

impl Export {
    pub(super) async fn run(self, archive: &Archive) -> Result<ExitCode, Failure> {
        let format = match self.format {
            FormatArg::Ndjson => Format::Ndjson,
            FormatArg::Csv => Format::Csv,
        };
        let plan = ExportRequest { out: self.out, format, filter: self.filter.into() };
        let bar = ProgressBar::new(archive.auditor.ledger().head().await?.chain.number);
        bar.set_style(ProgressStyle::with_template(
            "{bar:40} {percent}%  number {human_pos} of {human_len}, {eta} left",
        )?);
        let tell = |number| bar.set_position(number);
        let manifest = export::export(&archive.auditor, &plan, &archive.key, Utc::now(), tell).await?;
        bar.finish_and_clear();
        let proves = match manifest.proves {
            Proof::Chain => "all of history between its first and its last event",
            Proof::Membership => "each event alone, as it is filtered",
        };
        println!(
            "{} events in {}; the file proves {proves}. Its manifest is {}, the public key {}.",
            manifest.count,
            plan.out.display(),
            Manifest::path_for(&plan.out).display(),
            manifest.key
        );
        Ok(ExitCode::SUCCESS)
    }
}
