//! `veche audit list`: events that a filter lets through.

use super::{archive::Archive, filter::FilterArgs, print};
use crate::cli::Failure;
use audit::{Filter, Order};
use clap::Args;
use std::process::ExitCode;

/// Events that are read at once.
const PAGE: usize = 200;

/// Which, and how.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    filter: FilterArgs,
    /// The latest first
    #[arg(long)]
    latest: bool,
    /// At most so many; 0 for all
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Go on behind this number of the chain (before it with `--latest`)
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    /// A JSON object a line
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn run(self, archive: &Archive) -> Result<ExitCode, Failure> {
        let filter = Filter::from(self.filter);
        let order = if self.latest { Order::Latest } else { Order::Oldest };
        let mut from = self.after.unwrap_or(if self.latest { u64::MAX } else { 0 });
        let mut left = if self.limit == 0 { usize::MAX } else { self.limit };
        loop {
            let page = archive.auditor.page(&filter, order, from, left.min(PAGE)).await?;
            left -= page.found.len();
            print::lines(&archive.auditor.decode(page.found).await?, self.json)?;
            match page.next {
                Some(next) if left > 0 => from = next,
                Some(next) => {
                    eprintln!("There may be more: --after {next}");
                    return Ok(ExitCode::SUCCESS);
                }
                None => return Ok(ExitCode::SUCCESS),
            }
        }
    }
}
