//! `veche audit list`: lists events that match a filter.

use super::{archive::Archive, filter::FilterArgs, print};
use crate::failure::Failure;
use audit::{Filter, Order};
use clap::Args;
use std::process::ExitCode;

/// Number of events read at once.
const PAGE: usize = 200;

/// Arguments of `veche audit list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    filter: FilterArgs,
    /// Latest events first
    #[arg(long)]
    latest: bool,
    /// Maximum number of events; 0 = unlimited
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Continue after this number of the chain (before it with `--latest`)
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    /// Print one JSON object per line
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
                    eprintln!("There may be more events: continue with --after {next}");
                    return Ok(ExitCode::SUCCESS);
                }
                None => return Ok(ExitCode::SUCCESS),
            }
        }
    }
}
