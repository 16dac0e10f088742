//! `veche audit export`: writes events to a file with a manifest next to it.

use super::{archive::Archive, filter::FilterArgs};
use crate::failure::Failure;
use audit::export::{self, ExportRequest, Format, Manifest, Proof};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use platform::clock::Clock;
use std::{path::PathBuf, process::ExitCode};

/// Arguments of `veche audit export`.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    filter: FilterArgs,
    /// File to write; its manifest is written to `FILE.manifest.json`
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Format of the file
    #[arg(long, value_enum, default_value_t = FormatArg::Ndjson)]
    format: FormatArg,
}

/// Names of the formats.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatArg {
    /// One JSON object per line
    Ndjson,
    /// Comma-separated values (RFC 4180)
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
        let manifest =
            export::export(&archive.auditor, &plan, &archive.key, Clock::System.now(), tell).await?;
        bar.finish_and_clear();
        let proves = match manifest.proves {
            Proof::Chain => "the complete history from its first to its last event",
            Proof::Membership => "each event on its own, as it is filtered",
        };
        println!(
            "Exported {} events to {}; the file proves {proves}. Manifest: {}; public key: {}.",
            manifest.count,
            plan.out.display(),
            Manifest::path_for(&plan.out).display(),
            manifest.key
        );
        Ok(ExitCode::SUCCESS)
    }
}
