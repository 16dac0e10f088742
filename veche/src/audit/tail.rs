//! `veche audit tail`: follows new events as soon as the notary has hashed them.

use super::{archive::Archive, filter::FilterArgs, print};
use crate::failure::Failure;
use audit::{Filter, Order};
use clap::Args;
use std::{process::ExitCode, time::Duration};
use tokio::time::sleep;

/// Polling interval.
const EVERY: Duration = Duration::from_millis(300);
/// Number of events read at once.
const PAGE: usize = 200;

/// Arguments of `veche audit tail`.
#[derive(Debug, Args)]
pub(crate) struct Tail {
    #[command(flatten)]
    filter: FilterArgs,
    /// Number of earlier events to print first
    #[arg(long, default_value_t = 10)]
    lines: usize,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

impl Tail {
    pub(super) async fn run(self, archive: &Archive) -> Result<ExitCode, Failure> {
        let filter = Filter::from(self.filter);
        let auditor = &archive.auditor;
        let mut from = auditor.ledger().head().await?.chain.number;
        if self.lines > 0 {
            let mut before = auditor.page(&filter, Order::Latest, from + 1, self.lines).await?.found;
            before.reverse();
            print::lines(&auditor.decode(before).await?, self.json)?;
        }
        loop {
            // Entries up to this number are either printed or do not match the filter.
            let head = auditor.ledger().head().await?.chain.number;
            loop {
                let page = auditor.page(&filter, Order::Oldest, from, PAGE).await?;
                from = page.found.last().map_or(from, |found| found.entry.number);
                print::lines(&auditor.decode(page.found).await?, self.json)?;
                let Some(next) = page.next else { break };
                from = next;
            }
            from = from.max(head);
            sleep(EVERY).await;
        }
    }
}
